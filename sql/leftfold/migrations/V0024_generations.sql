-- The generations of each projection: a set of its tables, in a schema of their own, made from event zero by one version of its
-- code. How far one is stands in the row of its follower.
CREATE TABLE generations (
    projection   text        NOT NULL COLLATE "C",
    -- Never used again: the rows of those that were dropped stay.
    number       integer     NOT NULL,
    state        text        NOT NULL DEFAULT 'building',
    -- Of the code that built it. No other version goes on with it.
    code_version integer     NOT NULL,
    follower     text        COLLATE "C",
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    live_since   timestamptz,
    -- How far queries had seen it when another one went live.
    shown_to     bigint,
    -- Of one that is followed although another one is live.
    kept_until   timestamptz,
    -- Those that queries see.
    tables       text[]      NOT NULL DEFAULT '{}',
    -- What the code made. Whatever else is found at its tables is somebody's.
    made         text[]      NOT NULL DEFAULT '{}',
    CONSTRAINT generations_pkey PRIMARY KEY (projection, number),
    CONSTRAINT generations_follower_key UNIQUE (follower),
    CONSTRAINT generations_follower_fkey FOREIGN KEY (follower) REFERENCES followers (name),
    -- building -> live -> retired -> dropped; what is kept may go live again, and is retired in the end.
    CONSTRAINT generations_state_known CHECK (state IN ('building', 'live', 'kept', 'retired', 'dropped')),
    CONSTRAINT generations_followed_until_dropped CHECK ((state = 'dropped') = (follower IS NULL)),
    CONSTRAINT generations_kept_for_a_while CHECK ((state = 'kept') = (kept_until IS NOT NULL)),
    CONSTRAINT generations_in_range CHECK (number > 0)
);

-- Queries read one.
CREATE UNIQUE INDEX generations_one_live ON generations (projection) WHERE state = 'live';

-- Queries never see less than they saw: what goes live has applied all that the last one had when it went. Both stand still meanwhile.
CREATE FUNCTION refuse_showing_less() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    reached bigint;
    last    record;
BEGIN
    SELECT f.position INTO reached FROM followers AS f WHERE f.name = NEW.follower FOR UPDATE;
    SELECT g.shown_to, g.live_since INTO last FROM generations AS g
    WHERE g.projection = NEW.projection AND g.number <> NEW.number AND g.live_since IS NOT NULL
        -- Where nothing is left of what was shown, the projection was removed.
        AND g.state <> 'dropped'
    ORDER BY g.live_since DESC LIMIT 1;
    -- Of a log that has lost its end nothing more can be shown than there is.
    IF reached < last.shown_to AND reached < (SELECT coalesce(max(e.position), 0) FROM events AS e) THEN
        RAISE EXCEPTION 'generation % of % is at %, and queries have seen %', NEW.number, NEW.projection, reached, last.shown_to
            USING ERRCODE = 'LF005';
    END IF;
    -- Whichever way the clock went.
    NEW.live_since := greatest(clock_timestamp(), last.live_since + interval '1 microsecond');
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION refuse_showing_less() FROM PUBLIC;

CREATE TRIGGER generations_never_show_less
    BEFORE INSERT OR UPDATE OF state ON generations
    FOR EACH ROW WHEN (NEW.state = 'live') EXECUTE FUNCTION refuse_showing_less();
ALTER TABLE generations ENABLE ALWAYS TRIGGER generations_never_show_less;

CREATE FUNCTION remember_what_was_shown() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    SELECT f.position INTO NEW.shown_to FROM followers AS f WHERE f.name = OLD.follower FOR UPDATE;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION remember_what_was_shown() FROM PUBLIC;

CREATE TRIGGER generations_remember_what_was_shown
    BEFORE UPDATE OF state ON generations
    FOR EACH ROW WHEN (OLD.state = 'live' AND NEW.state <> 'live') EXECUTE FUNCTION remember_what_was_shown();
ALTER TABLE generations ENABLE ALWAYS TRIGGER generations_remember_what_was_shown;

-- What has the name of a projection's read table in the schema of the views, and is none of its views: not ours to replace.
CREATE FUNCTION foreign_relations(p_projection text, p_read_schema text, p_tables text[], OUT relation text) RETURNS SETOF text
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT format('the %s %I.%I', CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
        WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE 'table' END, n.nspname, c.relname)
    FROM unnest(p_tables) AS t (name)
    JOIN pg_namespace AS n ON n.nspname = p_read_schema
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.name
    WHERE NOT (c.relkind = 'v' AND EXISTS (
        SELECT FROM pg_rewrite AS w
        JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
        JOIN pg_class AS shown ON shown.oid = d.refobjid AND shown.relname = c.relname
        JOIN pg_namespace AS s ON s.oid = shown.relnamespace
        JOIN generations AS g ON g.projection = p_projection AND s.nspname = concat_ws('_', current_schema(), g.projection, g.number)
        WHERE w.ev_class = c.oid))
    ORDER BY c.relname
$$;
REVOKE EXECUTE ON FUNCTION foreign_relations(text, text, text[]) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (24, 'generations');
