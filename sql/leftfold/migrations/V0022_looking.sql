-- For people with psql.

-- Every stream and how long it is. Without WHERE stream = … it reads the whole log.
CREATE VIEW streams AS
SELECT stream, split_part(stream, '-', 1) AS category, max(version) AS version,
    min(position) AS first_position, max(position) AS last_position, max(recorded_at) AS last_recorded_at
FROM events
GROUP BY stream;

-- How far the followers are behind, in events and in seconds.
CREATE VIEW lag AS
SELECT f.name AS follower, f.position, h.head, h.head - f.position AS events_behind,
    CASE WHEN f.position >= h.head THEN 0
        ELSE extract(epoch FROM clock_timestamp() - n.recorded_at)::double precision END AS seconds_behind,
    f.lease_owner, f.lease_until > clock_timestamp() AND f.lease_until <= clock_timestamp() + interval '1 minute' AS leased, f.failed_position, f.failure, f.updated_at, f.paused_at
FROM followers AS f
CROSS JOIN (SELECT coalesce(max(position), 0) AS head FROM events) AS h
LEFT JOIN events AS n ON n.position = f.position + 1;

INSERT INTO migrations (number, name) VALUES (22, 'looking');
