-- The epochs of the log. A failover to a standby that lacked the end, or a restore from an older backup, leaves a log whose next events come
-- at positions and versions that were given out before, elsewhere. Whoever remembers the log remembers the epoch, too, and asks whether it
-- is still the one: `append` and `record` refuse what was decided in another.
-- The first one is put down by who connects first, so that the data of a dump can be restored into an empty log.
CREATE TABLE epochs (
    tag          integer     NOT NULL,    -- 0 of the first, others drawn: two servers that both went on from one log draw different ones
    number       integer     NOT NULL,
    begins_after bigint      NOT NULL,    -- the head of the log when it began
    ended_after  bigint,                  -- everything up to here is in every later epoch, too; null: it is the current one
    lost_up_to   bigint,                  -- the last position that anybody knew of in it, where that is after `ended_after`
    server       text        NOT NULL,    -- the system identifier, and the database in it
    timeline     text        NOT NULL,
    reason       text        NOT NULL,
    began_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT epochs_pkey PRIMARY KEY (tag),
    CONSTRAINT epochs_number_key UNIQUE (number),
    CONSTRAINT epochs_in_range CHECK (tag BETWEEN 0 AND 8191 AND number > 0 AND ended_after >= 0)
);
CREATE UNIQUE INDEX epochs_one_current ON epochs ((true)) WHERE ended_after IS NULL;

-- Which history this server writes. A primary's does not change while it runs.
CREATE FUNCTION server_history(OUT server text, OUT timeline text) LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT (SELECT c.system_identifier FROM pg_control_system() AS c) || '/' || (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()),
        substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)
$$;
REVOKE EXECUTE ON FUNCTION server_history() FROM PUBLIC;

-- Begins another epoch. For operators who have put an older copy of the database in the place of a newer one in a way that PostgreSQL does not
-- see, such as a snapshot of its disk.
CREATE FUNCTION begin_epoch(p_reason text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    head bigint;
    drawn integer := 0;
BEGIN
    IF p_reason IS NULL OR p_reason = '' OR octet_length(p_reason) > 1000 THEN
        RAISE EXCEPTION 'p_reason must say why, in at most 1000 bytes' USING ERRCODE = 'LF006';
    END IF;
    -- Who connects does not wait for a standby that may be away. An epoch that is lost with the server was nobody else's.
    PERFORM set_config('synchronous_commit', 'local', true);
    LOCK TABLE append_lock IN SHARE UPDATE EXCLUSIVE MODE;
    PERFORM limit_rest_of_transaction();
    SELECT coalesce(max(e.position), 0) INTO head FROM events AS e;
    -- Of thousands, the oldest are forgotten: who comes with one of those gets no answer from it.
    DELETE FROM epochs AS e WHERE e.number <= (SELECT max(o.number) FROM epochs AS o) - 4096;
    IF EXISTS (SELECT FROM epochs) THEN
        SELECT t INTO drawn FROM generate_series(1, 8191) AS t WHERE NOT EXISTS (SELECT FROM epochs AS e WHERE e.tag = t) ORDER BY random() LIMIT 1;
    END IF;
    UPDATE epochs AS e SET ended_after = least(e.ended_after, head) WHERE e.ended_after IS NULL OR e.ended_after > head;
    INSERT INTO epochs (tag, number, begins_after, server, timeline, reason)
    SELECT drawn, coalesce((SELECT max(e.number) FROM epochs AS e), 0) + 1, head, h.server, h.timeline, p_reason FROM server_history() AS h;
    RETURN drawn;
END
$$;
REVOKE EXECUTE ON FUNCTION begin_epoch(text) FROM PUBLIC;

-- Tells who has connected the epochs of the log, oldest first. Where the server writes another history than that of the current epoch, or the
-- log is shorter than the caller has seen it in the current epoch, another one begins.
--
--   p_tag, p_head   the epoch that the caller has last seen the log in, and the last position that it knew of; or null
CREATE FUNCTION enter_epoch(p_tag integer DEFAULT NULL, p_head bigint DEFAULT NULL) RETURNS SETOF epochs
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    epoch  epochs;
    here   record;
    head   bigint;
    broken text;
BEGIN
    -- Who only reads may be told, and tells nothing.
    IF NOT EXISTS (
        SELECT FROM pg_proc AS f
        WHERE f.pronamespace = current_schema()::regnamespace AND f.proname = 'append' AND has_function_privilege(session_user, f.oid, 'EXECUTE'))
    THEN
        p_head := NULL;
    END IF;
    IF NOT pg_is_in_recovery() THEN
        SELECT h.* INTO here FROM server_history() AS h;
        FOR attempt IN 1..2 LOOP
            SELECT e.* INTO epoch FROM epochs AS e WHERE e.ended_after IS NULL;
            SELECT coalesce(max(e.position), 0) INTO head FROM events AS e;
            broken := CASE
                WHEN epoch.tag IS NULL THEN 'the first'
                WHEN epoch.server <> here.server THEN format('the database was copied: it is in %s, and was in %s', here.server, epoch.server)
                WHEN epoch.timeline <> here.timeline THEN format('the server went over from timeline %s to %s', epoch.timeline, here.timeline)
                WHEN epoch.tag = p_tag AND p_head > head THEN format('the log ends at %s, and was seen to go up to %s', head, p_head)
            END;
            EXIT WHEN broken IS NULL;
            IF attempt = 1 THEN
                -- Somebody else may be quicker. Whoever connects does not wait for one who holds the lock for long: what is decided in an epoch
                -- that has ended is refused all the same, and then it is asked again.
                BEGIN
                    PERFORM set_config('lock_timeout', '1s', true);
                    LOCK TABLE append_lock IN SHARE UPDATE EXCLUSIVE MODE;
                EXCEPTION WHEN lock_not_available THEN
                    -- An append sees for itself that there is no epoch yet, or another timeline.
                    EXIT WHEN epoch.tag IS NULL OR epoch.timeline <> here.timeline;
                    RAISE;
                END;
                PERFORM limit_rest_of_transaction();
            ELSE
                PERFORM begin_epoch(broken);
            END IF;
        END LOOP;
        IF EXISTS (SELECT FROM epochs AS e WHERE e.tag = p_tag AND p_head > greatest(e.ended_after, e.lost_up_to)) THEN
            PERFORM set_config('synchronous_commit', 'local', true);
            UPDATE epochs AS e SET lost_up_to = greatest(e.lost_up_to, p_head) WHERE e.tag = p_tag;
        END IF;
    END IF;
    RETURN QUERY SELECT e.* FROM epochs AS e ORDER BY e.number;
END
$$;
REVOKE EXECUTE ON FUNCTION enter_epoch(integer, bigint) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (26, 'epochs');
