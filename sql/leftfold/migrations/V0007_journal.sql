-- The journal: one row for every command that reached authentication, with its true outcome (I8).
--
-- `position, number` is its order, whatever the clocks said: newest first is ORDER BY position DESC, number DESC. Each half is in this order by
-- an index, and no constant stands in it, or PostgreSQL would sort the whole journal to find the newest fifty.
-- `stream` is the first one that the command wrote to; its further streams are those of its events, from first_position to last_position.
CREATE VIEW journal AS
(
    SELECT e.position, e.position - e.position AS number, e.command_id, e.name::text, e.principal::text, e.correlation_id, e.causation_id,
        e.stream::text, e.received_at::timestamptz, e.recorded_at::timestamptz AS finished_at, 'accepted'::text AS outcome, NULL::text AS code,
        CASE WHEN e.event_count = 1 THEN e.version ELSE (
            SELECT o.version FROM events AS o
            -- Not by the stream's index, which would read the stream from its end.
            WHERE o.position BETWEEN e.position AND e.position + e.event_count - 1 AND o.stream || '' = e.stream
            ORDER BY o.position DESC LIMIT 1
        ) END AS version,
        e.position AS first_position, e.position + e.event_count - 1 AS last_position
    FROM events AS e
    WHERE e.digest IS NOT NULL
    ORDER BY e.position DESC, number DESC
)
UNION ALL
(
    SELECT c.position, c.number, c.command_id, c.name::text, c.principal::text, c.correlation_id, c.causation_id,
        c.streams[1], c.received_at::timestamptz, c.finished_at::timestamptz, c.outcome, c.code::text,
        c.versions[1],
        NULL::bigint, CASE WHEN c.outcome = 'accepted' THEN c.position END
    FROM commands_without_events AS c
    ORDER BY c.position DESC, c.number DESC
);

-- What became of a command; no row if it is not known. Of an accepted one, the streams that it wrote to, or all that it looked at if it wrote to none.
CREATE FUNCTION answer_to(
    p_command_id uuid, OUT digest bytea, OUT outcome text, OUT code text, OUT "position" bigint, OUT streams text[], OUT versions bigint[]
) RETURNS SETOF record LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN QUERY
    SELECT e.digest, 'accepted', NULL, e.position + e.event_count - 1, w.streams, w.versions
    FROM events AS e
    CROSS JOIN LATERAL (
        SELECT array_agg(w.stream::text ORDER BY w.first) AS streams, array_agg(w.version::bigint ORDER BY w.first) AS versions
        FROM (
            SELECT w.stream, max(w.version) AS version, min(w.position) AS first FROM events AS w
            WHERE w.position BETWEEN e.position AND e.position + e.event_count - 1 GROUP BY w.stream
        ) AS w
    ) AS w
    WHERE e.command_id = p_command_id AND e.digest IS NOT NULL;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT c.digest, c.outcome, c.code::text, c.position, c.streams, c.versions
        FROM commands_without_events AS c WHERE c.command_id = p_command_id;
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION answer_to(uuid) FROM PUBLIC;

-- What an answer tells of several streams, in the order in which they were written to: {"versions": [["user-2", 3], ["user-1", 7]]}.
CREATE FUNCTION versions_of(p_streams text[], p_versions bigint[]) RETURNS json
LANGUAGE plpgsql IMMUTABLE
SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN json_build_object('versions', coalesce((
        SELECT json_agg(json_build_array(v.stream, v.version) ORDER BY v.nth)
        FROM unnest(p_streams, p_versions) WITH ORDINALITY AS v (stream, version, nth)), '[]'));
END
$$;
REVOKE EXECUTE ON FUNCTION versions_of(text[], bigint[]) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (7, 'journal');
