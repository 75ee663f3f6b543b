-- The journal: one row for every command that reached authentication, with its true outcome (I8).
--
-- `position, number` is its order, whatever the clocks said: newest first is ORDER BY position DESC, number DESC.
-- `streams` holds the streams of a command without events, `stream` the first one of any; a command's further streams are those of
-- its events, from first_position to last_position.
CREATE VIEW journal AS
SELECT e.position, 0::bigint AS number, e.command_id, e.name, e.principal, e.correlation_id, e.causation_id, e.stream,
    e.received_at, e.recorded_at AS finished_at, 'accepted'::text AS outcome, NULL::text AS code,
    CASE WHEN e.event_count = 1 THEN e.version ELSE (
        SELECT max(o.version) FROM events AS o
        WHERE o.position BETWEEN e.position AND e.position + e.event_count - 1 AND o.stream = e.stream
    ) END AS version,
    e.position AS first_position, e.position + e.event_count - 1 AS last_position
FROM events AS e
WHERE e.digest IS NOT NULL
UNION ALL
SELECT c.position, c.number, c.command_id, c.name, c.principal, c.correlation_id, c.causation_id, c.streams[1],
    c.received_at, c.finished_at, c.outcome, c.code,
    c.versions[1],
    NULL::bigint, CASE WHEN c.outcome = 'accepted' THEN c.position END
FROM commands_without_events AS c;

INSERT INTO migrations (number, name) VALUES (7, 'journal');
