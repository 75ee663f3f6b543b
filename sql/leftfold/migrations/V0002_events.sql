-- The log. Only leftfold.append writes here; nothing ever changes or goes.
CREATE TABLE leftfold.events (
    position    bigint      NOT NULL,                 -- place in the whole log: dense from 1 (I4)
    version     bigint      NOT NULL,                 -- place in the stream: dense from 1 (I3)
    recorded_at timestamptz NOT NULL,                 -- informs; orders nothing
    command_id  uuid        NOT NULL,
    stream      text        COLLATE "C" NOT NULL,     -- category-id
    type        text        COLLATE "C" NOT NULL,
    data        json        NOT NULL,                 -- json, not jsonb: the bytes stay as they were given
    metadata    json        NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (position),
    CONSTRAINT events_stream_version_key UNIQUE (stream, version),
    CONSTRAINT events_position_positive CHECK (position > 0),
    CONSTRAINT events_version_positive CHECK (version > 0),
    CONSTRAINT events_stream_has_category CHECK (stream LIKE '_%-_%')
);

-- Insert-only: let vacuum freeze as it grows, not all at once at the wraparound limit.
ALTER TABLE leftfold.events SET (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_freeze_min_age = 10000000);

CREATE FUNCTION leftfold.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on leftfold.% is refused: the log and the journal are append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'LF001';
END
$$;

CREATE TRIGGER events_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON leftfold.events
    FOR EACH STATEMENT EXECUTE FUNCTION leftfold.refuse_change();
-- Also for sessions that run as a replication replica, where ordinary triggers are silent.
ALTER TABLE leftfold.events ENABLE ALWAYS TRIGGER events_are_append_only;

-- I3 and I4 by construction: whoever inserts, a hole does not get in. One check for a whole statement.
CREATE FUNCTION leftfold.refuse_holes() RETURNS trigger LANGUAGE plpgsql
-- Planned once a session, perhaps while the log is empty: nothing may be left to statistics.
SET enable_seqscan = off
AS $$
BEGIN
    -- Counting is one index probe, always; NOT EXISTS may become a hash of the whole log.
    IF (
        SELECT max(i.position) - min(i.position) >= count(*)
            OR min(i.position) > 1 AND (SELECT count(*) FROM leftfold.events AS e WHERE e.position = min(i.position) - 1) = 0
        FROM inserted AS i
    ) OR EXISTS (
        SELECT FROM inserted AS i
        WHERE i.version > 1
            AND (SELECT count(*) FROM leftfold.events AS e WHERE e.stream = i.stream AND e.version = i.version - 1) = 0
    ) THEN
        RAISE EXCEPTION 'this would leave a hole in the log; append with leftfold.append' USING ERRCODE = 'LF003';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER events_have_no_holes
    AFTER INSERT ON leftfold.events
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION leftfold.refuse_holes();

INSERT INTO leftfold.migrations (number, name) VALUES (2, 'events');
