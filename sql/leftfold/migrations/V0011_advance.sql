-- Moves a follower's checkpoint: the first statement of every batch. It fails (LF002), and with it the batch, unless everything is
-- as the follower believes. The move is announced with what the batch touched: '*' for everything, digests in base64, or nothing.
CREATE FUNCTION advance(
    p_follower  text,
    p_from      bigint,
    p_to        bigint,
    p_epoch     bigint,   -- of the lease
    p_lease     interval,
    p_touched   text DEFAULT '',
    p_log_epoch integer DEFAULT NULL   -- that the events were read in; where the log is in another one now, nothing is done (LF010)
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
BEGIN
    -- What listeners believe must be well-formed, and an announcement must have less than 8,000 bytes.
    IF p_touched IS NULL OR octet_length(p_touched) > 7600 OR p_touched !~ '^(\*|[A-Za-z0-9_-]*)$' THEN
        RAISE EXCEPTION 'p_touched must hold * or at most 7600 characters of base64url' USING ERRCODE = 'LF006';
    END IF;
    IF p_lease IS NULL OR p_lease > interval '1 minute' THEN
        RAISE EXCEPTION 'a lease lasts a minute at most' USING ERRCODE = 'LF006';
    END IF;
    IF NOT (
        p_log_epoch IS NULL OR EXISTS (
            SELECT FROM epochs AS e
            WHERE e.tag = p_log_epoch AND e.ended_after IS NULL AND e.timeline = substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))
    ) THEN
        RAISE EXCEPTION 'the log is not in epoch % any more', p_log_epoch USING ERRCODE = 'LF010';
    END IF;
    -- The log may have lost its end, to a failover or to an older backup: what would be skipped when it grows again must not count as applied.
    IF p_to > coalesce((SELECT max(e.position) FROM events AS e), 0) THEN
        RAISE EXCEPTION 'the checkpoint of % would be beyond the log at %', p_follower, p_to USING ERRCODE = 'LF005';
    END IF;
    UPDATE followers AS f
    SET position = p_to, updated_at = clock_timestamp(), lease_until = clock_timestamp() + p_lease,
        failed_position = NULL, failed_at = NULL, failure = NULL
    WHERE f.name = p_follower AND f.position = p_from AND f.lease_epoch = p_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the checkpoint of % is no longer at %, or another worker has the lease', p_follower, p_from USING ERRCODE = 'LF002';
    END IF;
    IF pg_notification_queue_usage() < 0.5 THEN
        PERFORM pg_notify(current_schema() || '_checkpoints', rtrim(concat_ws(' ', p_follower, p_from, p_to, p_touched)));
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION advance(text, bigint, bigint, bigint, interval, text, integer) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (11, 'advance');
