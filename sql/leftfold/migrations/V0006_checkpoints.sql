-- How far each generation of each projection has come. The checkpoint moves in the transaction that changes the read
-- tables (I5), by compare-and-set: two projectors, or one that woke up late, cannot apply a position twice.
CREATE TABLE leftfold.checkpoints (
    projection      text        NOT NULL COLLATE "C",
    generation      integer     NOT NULL,
    state           text        NOT NULL DEFAULT 'building',
    position        bigint      NOT NULL DEFAULT 0,
    -- Who works on it. A lease spares useless work; the epoch in the compare-and-set is what keeps it right.
    lease_epoch     bigint      NOT NULL DEFAULT 0,
    lease_owner     text,
    lease_until     timestamptz,
    -- The event that stopped it, if one did.
    failed_position bigint,
    failed_at       timestamptz,
    failure         text,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    live_since      timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT checkpoints_pkey PRIMARY KEY (projection, generation),
    CONSTRAINT checkpoints_state_known CHECK (state IN ('building', 'live', 'retired')),
    CONSTRAINT checkpoints_position_positive CHECK (position >= 0)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

CREATE UNIQUE INDEX checkpoints_one_live ON leftfold.checkpoints (projection) WHERE state = 'live';

-- I7: a checkpoint never goes back. A rebuild is a new generation, a row of its own.
CREATE FUNCTION leftfold.refuse_going_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.position < OLD.position THEN
        RAISE EXCEPTION 'the checkpoint of % (generation %) would go back from % to %',
            OLD.projection, OLD.generation, OLD.position, NEW.position USING ERRCODE = 'LF005';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER checkpoints_never_go_back
    BEFORE UPDATE OF position ON leftfold.checkpoints
    FOR EACH ROW EXECUTE FUNCTION leftfold.refuse_going_back();

-- The first statement of every batch. It fails, and with it the batch, unless everything is as the projector believes.
CREATE FUNCTION leftfold.advance(
    p_projection text,
    p_generation integer,
    p_from       bigint,
    p_to         bigint,
    p_epoch      bigint,
    p_lease      interval
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    reached text;
BEGIN
    UPDATE leftfold.checkpoints AS c
    SET position = p_to, updated_at = clock_timestamp(), lease_until = clock_timestamp() + p_lease,
        failed_position = NULL, failed_at = NULL, failure = NULL
    WHERE c.projection = p_projection AND c.generation = p_generation AND c.position = p_from
        AND c.lease_epoch = p_epoch AND c.state <> 'retired'
    RETURNING c.state INTO reached;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the checkpoint of % (generation %) is no longer at %, or another projector has the lease',
            p_projection, p_generation, p_from USING ERRCODE = 'LF002';
    END IF;
    IF reached = 'live' AND pg_notification_queue_usage() < 0.5 THEN
        PERFORM pg_notify('leftfold_checkpoints', p_projection || ' ' || p_to);
    END IF;
END
$$;

INSERT INTO leftfold.migrations (number, name) VALUES (6, 'checkpoints');
