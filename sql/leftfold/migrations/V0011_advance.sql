-- Moves a follower's checkpoint: the first statement of every batch. It fails (LF002), and with it the batch, unless everything is
-- as the follower believes.
CREATE FUNCTION advance(
    p_follower text,
    p_from     bigint,
    p_to       bigint,
    p_epoch    bigint,
    p_lease    interval
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE followers AS f
    SET position = p_to, updated_at = clock_timestamp(), lease_until = clock_timestamp() + p_lease,
        failed_position = NULL, failed_at = NULL, failure = NULL
    WHERE f.name = p_follower AND f.position = p_from AND f.lease_epoch = p_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the checkpoint of % is no longer at %, or another worker has the lease', p_follower, p_from USING ERRCODE = 'LF002';
    END IF;
    IF pg_notification_queue_usage() < 0.5 THEN
        PERFORM pg_notify(current_schema() || '_checkpoints', p_follower || ' ' || p_to);
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION advance(text, bigint, bigint, bigint, interval) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (11, 'advance');
