-- How processes spread followers among themselves. All of it is a hint: that nothing is applied twice rests on `advance` alone.

-- Who is there to work, and on what. Not logged: who is there says so again within seconds.
CREATE UNLOGGED TABLE workers (
    name       nonempty    NOT NULL,
    -- What it could work on, or works on.
    followers  text[]      NOT NULL COLLATE "C",
    seen_until timestamptz NOT NULL,
    CONSTRAINT workers_pkey PRIMARY KEY (name),
    CONSTRAINT workers_bounded CHECK (octet_length(name) <= 512 AND cardinality(followers) BETWEEN 1 AND 10000)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

-- Says for this long that a worker is there, and what it could work on; nothing: it goes. Where it holds at least two leases more than another one that
-- could do some of the work, one is handed to that one, who has as long to take it. Returns which; null if none.
--
-- A follower amid a batch is not handed over.
CREATE FUNCTION share_work(p_worker text, p_followers text[], p_lease interval) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET lock_timeout = '2s'
AS $$
#variable_conflict use_variable
DECLARE
    until CONSTANT timestamptz := clock_timestamp() + p_lease;
    handed record;
BEGIN
    IF p_worker IS NULL OR p_followers IS NULL OR array_position(p_followers, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'p_worker and p_followers must be given' USING ERRCODE = 'LF006';
    END IF;
    IF p_lease IS NULL OR p_lease > interval '1 minute' THEN
        RAISE EXCEPTION 'a lease lasts a minute at most' USING ERRCODE = 'LF006';
    END IF;
    -- One after the other, so that no two of them hand something to the same one.
    PERFORM pg_advisory_xact_lock(hashtextextended(format('workers of %s', current_schema()), 0));
    -- One that goes further than it can was written by a clock that has gone back since.
    DELETE FROM workers AS w
    WHERE w.name = p_worker AND p_followers = '{}' OR w.seen_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + interval '1 minute';
    IF p_followers = '{}' THEN
        RETURN NULL;
    END IF;
    INSERT INTO workers AS w (name, followers, seen_until) VALUES (p_worker, p_followers, until)
    ON CONFLICT (name) DO UPDATE SET followers = p_followers, seen_until = until;

    WITH held AS MATERIALIZED (
        SELECT w.name, w.followers, count(f.name) AS leases
        FROM workers AS w
        LEFT JOIN followers AS f ON f.lease_owner = w.name
            AND f.lease_until BETWEEN clock_timestamp() AND clock_timestamp() + interval '1 minute'
        GROUP BY w.name
    )
    SELECT f.name AS follower, other.name AS worker INTO handed
    FROM held AS mine
    JOIN held AS other ON other.leases + 2 <= mine.leases
    JOIN followers AS f ON f.lease_owner = mine.name AND f.lease_until > clock_timestamp()
        AND f.name = ANY (mine.followers) AND f.name = ANY (other.followers)
    WHERE mine.name = p_worker
    ORDER BY other.leases, f.name LIMIT 1
    FOR NO KEY UPDATE OF f SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE followers AS f
    SET lease_epoch = f.lease_epoch + 1, lease_owner = handed.worker, lease_until = until, handed_over_in = f.lease_epoch + 1
    WHERE f.name = handed.follower AND f.lease_owner = p_worker;
    PERFORM pg_notify(current_schema() || '_checkpoints', 'released ' || handed.follower);
    RETURN handed.follower;
END
$$;
REVOKE EXECUTE ON FUNCTION share_work(text, text[], interval) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (30, 'workers');
