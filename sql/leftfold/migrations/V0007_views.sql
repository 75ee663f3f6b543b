-- For people with psql.

-- Every stream and how long it is.
CREATE VIEW leftfold.streams AS
SELECT stream, split_part(stream, '-', 1) AS category, max(version) AS version,
    min(position) AS first_position, max(position) AS last_position, max(recorded_at) AS last_recorded_at
FROM leftfold.events
GROUP BY stream;

-- How far the projections are behind, in events and in seconds.
CREATE VIEW leftfold.lag AS
SELECT c.projection, c.generation, c.state, c.position, h.head, h.head - c.position AS events_behind,
    CASE WHEN c.position >= h.head THEN 0
        ELSE extract(epoch FROM clock_timestamp() - n.recorded_at)::double precision END AS seconds_behind,
    c.lease_owner, c.lease_until > clock_timestamp() AS leased, c.failed_position, c.failure, c.updated_at
FROM leftfold.checkpoints AS c
CROSS JOIN (SELECT coalesce(max(position), 0) AS head FROM leftfold.events) AS h
LEFT JOIN leftfold.events AS n ON n.position = c.position + 1
WHERE c.state <> 'retired';

INSERT INTO leftfold.migrations (number, name) VALUES (7, 'views');
