-- I3 and I4 by construction: whoever inserts, a hole does not get in.
--
-- A statement that leaves none is done with, at the price of an index probe a row. One that does may be a part of a restore,
-- whose rows come in any order: it is written down here, and the end of the transaction looks at the whole log.
CREATE TABLE open_holes (transaction_id xid8 PRIMARY KEY);

CREATE FUNCTION refuse_holes() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM open_holes WHERE transaction_id = NEW.transaction_id;
    IF (SELECT count(*) <> coalesce(max(e.position), 0) OR min(e.position) < 1 FROM events AS e)
        OR EXISTS (
            SELECT FROM (
                SELECT e.version, e.position, row_number() OVER stream AS nth, lag(e.position) OVER stream AS before
                FROM events AS e WINDOW stream AS (PARTITION BY e.stream ORDER BY e.version)
            ) AS e
            WHERE e.version <> e.nth OR e.position < e.before)
    THEN
        RAISE EXCEPTION 'this would leave a hole in the log; append with %.append', TG_TABLE_SCHEMA USING ERRCODE = 'LF003';
    END IF;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION refuse_holes() FROM PUBLIC;

CREATE CONSTRAINT TRIGGER open_holes_are_closed
    AFTER INSERT ON open_holes DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_holes();
ALTER TABLE open_holes ENABLE ALWAYS TRIGGER open_holes_are_closed;

CREATE FUNCTION find_holes() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    appending text := current_setting('leftfold.appending', true);
BEGIN
    -- An append that has looked itself says so, for its one statement. Whoever may not lock the log cannot say it. (Not by SET of the
    -- function: that would take a superuser to create.)
    IF appending = 'looked' AND has_table_privilege('append_lock', 'UPDATE') THEN
        RETURN NULL;
    END IF;
    -- A subquery in place of NOT EXISTS is one index probe, always: that may become a hash of the whole log.
    IF (
        SELECT min(i.position) < 1 OR max(i.position) - min(i.position) >= count(*)
            OR min(i.position) > 1 AND (SELECT e.position FROM events AS e WHERE e.position = min(i.position) - 1) IS NULL
            OR bool_or(i.version < 1 OR i.version > 1 AND (
                SELECT e.version FROM events AS e WHERE e.stream = i.stream AND e.version = i.version - 1 AND e.position < i.position) IS NULL)
        FROM inserted AS i
    ) THEN
        IF appending = 'on' THEN
            RAISE EXCEPTION 'an append would leave a hole in the log' USING ERRCODE = 'LF003';
        END IF;
        INSERT INTO open_holes VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION find_holes() FROM PUBLIC;

CREATE TRIGGER events_have_no_holes
    AFTER INSERT ON events
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION find_holes();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_have_no_holes;

INSERT INTO migrations (number, name) VALUES (5, 'refuse_holes');
