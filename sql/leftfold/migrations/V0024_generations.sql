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
    CONSTRAINT generations_pkey PRIMARY KEY (projection, number),
    CONSTRAINT generations_follower_key UNIQUE (follower),
    CONSTRAINT generations_follower_fkey FOREIGN KEY (follower) REFERENCES followers (name),
    CONSTRAINT generations_state_known CHECK (state IN ('building', 'live', 'retired', 'dropped')),
    CONSTRAINT generations_followed_until_dropped CHECK ((state = 'dropped') = (follower IS NULL)),
    CONSTRAINT generations_in_range CHECK (number > 0)
);

-- Queries read one.
CREATE UNIQUE INDEX generations_one_live ON generations (projection) WHERE state = 'live';

-- Queries never see less than they saw: what goes live has applied all that an earlier one had. All of them stand still meanwhile.
CREATE FUNCTION refuse_showing_less() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    reached bigint;
    shown   bigint;
BEGIN
    SELECT f.position INTO reached FROM followers AS f WHERE f.name = NEW.follower FOR UPDATE;
    SELECT max(e.position) INTO shown FROM (
        SELECT f.position FROM generations AS g JOIN followers AS f ON f.name = g.follower
        WHERE g.projection = NEW.projection AND g.number <> NEW.number AND g.state IN ('live', 'retired') FOR UPDATE OF f) AS e;
    -- Of a log that has lost its end nothing more can be shown than there is.
    IF reached < shown AND reached < (SELECT coalesce(max(e.position), 0) FROM events AS e) THEN
        RAISE EXCEPTION 'generation % of % is at %, and queries have seen %', NEW.number, NEW.projection, reached, shown
            USING ERRCODE = 'LF005';
    END IF;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION refuse_showing_less() FROM PUBLIC;

CREATE TRIGGER generations_never_show_less
    BEFORE INSERT OR UPDATE OF state ON generations
    FOR EACH ROW WHEN (NEW.state = 'live') EXECUTE FUNCTION refuse_showing_less();
ALTER TABLE generations ENABLE ALWAYS TRIGGER generations_never_show_less;

INSERT INTO migrations (number, name) VALUES (24, 'generations');
