-- How far each follower of the log has come. A checkpoint moves in the transaction that holds what was made of the events (I5),
-- by compare-and-set: two workers, or one that woke up late, cannot apply a position twice.
CREATE TABLE followers (
    name            nonempty    NOT NULL,
    position        bigint      NOT NULL DEFAULT 0,
    -- Who works on it. A lease spares useless work; the epoch in the compare-and-set is what keeps it right. No lease is longer than a
    -- minute: one that seems to be was written by a clock that has gone back since, and is none.
    lease_epoch     bigint      NOT NULL DEFAULT 0,
    lease_owner     text,
    lease_until     timestamptz,
    -- The epoch in which the lease is handed to the owner, who has not taken it yet.
    handed_over_in  bigint,
    -- The event that stopped it, if one did.
    failed_position bigint,
    failed_at       timestamptz,
    failure         text,
    -- Nobody gets the lease while this is set.
    paused_at       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT followers_pkey PRIMARY KEY (name),
    CONSTRAINT followers_in_range CHECK (position >= 0)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

-- I7: a checkpoint never goes back. A rebuild is a follower of its own.
CREATE FUNCTION refuse_going_back() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.position < OLD.position THEN
        RAISE EXCEPTION 'the checkpoint of % would go back from % to %', OLD.name, OLD.position, NEW.position USING ERRCODE = 'LF005';
    END IF;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION refuse_going_back() FROM PUBLIC;

CREATE TRIGGER followers_never_go_back
    BEFORE UPDATE OF position ON followers
    FOR EACH ROW EXECUTE FUNCTION refuse_going_back();
ALTER TABLE followers ENABLE ALWAYS TRIGGER followers_never_go_back;

INSERT INTO migrations (number, name) VALUES (10, 'followers');
