-- Stores commands that are decided, in this order: their events with the journal, tags and claims; those without events in their own
-- table. Writes of command k begin at p_command_begins[k], events of write w at p_write_begins[w]. Called under the lock.
CREATE FUNCTION append_decided(
    p_head bigint, p_commands integer[], p_command_begins integer[], p_write_begins integer[], p_versions bigint[],  -- of each write's stream before it
    p_command_ids uuid[], p_contents bytea[], p_names text[], p_principals text[], p_correlation_ids text[], p_causation_ids text[],
    p_received_at timestamptz[],
    p_streams text[], p_event_types text[], p_event_data json[], p_event_writes integer[], p_metadata json[],
    p_tag_events integer[], p_tags text[],
    p_claim_writes integer[], p_claim_takes boolean[], p_claim_kinds text[], p_claim_values text[]
) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
DECLARE
    recorded timestamptz := clock_timestamp();
BEGIN
    INSERT INTO events (
        position, version, recorded_at, received_at, command_id, event_count, stream, type, principal, correlation_id,
        data, metadata, tags, name, digest, causation_id)
    SELECT p_head + row_number() OVER (ORDER BY c.nth, n), p_versions[w.write] + n - p_write_begins[w.write] + 1, recorded,
        CASE WHEN n = c.first THEN p_received_at[c.k] END, p_command_ids[c.k],
        CASE WHEN n = c.first THEN c.past - n END,
        p_streams[w.write], p_event_types[n], p_principals[c.k], p_correlation_ids[c.k],
        p_event_data[n], p_metadata[c.k], t.tags,
        CASE WHEN n = c.first THEN p_names[c.k] END,
        CASE WHEN n = c.first THEN sha256(p_contents[c.k]) END,
        CASE WHEN n = c.first THEN p_causation_ids[c.k] END
    FROM (
        SELECT c.k, c.nth, p_write_begins[p_command_begins[c.k]] AS first, p_write_begins[p_command_begins[c.k + 1]] AS past
        FROM unnest(p_commands) WITH ORDINALITY AS c (k, nth)
    ) AS c
    CROSS JOIN LATERAL generate_series(c.first, c.past - 1) AS n
    CROSS JOIN LATERAL (VALUES (CASE WHEN p_event_writes IS NULL THEN n ELSE p_event_writes[n] END)) AS w (write)
    LEFT JOIN (
        SELECT t.event, array_agg(DISTINCT t.tag ORDER BY t.tag) AS tags FROM unnest(p_tag_events, p_tags) AS t (event, tag) GROUP BY t.event
    ) AS t ON t.event = n;

    IF cardinality(p_tags) > 0 THEN
        INSERT INTO tags (tag, position)
        SELECT t.tag, e.position FROM events AS e CROSS JOIN LATERAL unnest(e.tags) AS t (tag) WHERE e.position > p_head;
    END IF;

    IF cardinality(p_claim_kinds) > 0 THEN
        DELETE FROM claims AS d
        USING (
            SELECT h.row
            FROM unnest(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) AS c (write, takes, kind, value)
            CROSS JOIN LATERAL (
                SELECT h.ctid AS row, h.stream FROM claims AS h WHERE h.kind = c.kind AND h.value = c.value LIMIT 1
            ) AS h
            WHERE NOT c.takes AND h.stream = p_streams[c.write]
                AND EXISTS (SELECT FROM unnest(p_commands) AS k WHERE c.write >= p_command_begins[k] AND c.write < p_command_begins[k + 1])
        ) AS r
        WHERE d.ctid = r.row;
        INSERT INTO claims (kind, value, stream)
        SELECT c.kind, c.value, p_streams[c.write]
        FROM unnest(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) AS c (write, takes, kind, value)
        WHERE c.takes
            AND EXISTS (SELECT FROM unnest(p_commands) AS k WHERE c.write >= p_command_begins[k] AND c.write < p_command_begins[k + 1])
        ON CONFLICT (kind, value) DO NOTHING;  -- its own already
    END IF;

    INSERT INTO commands_without_events (
        position, received_at, finished_at, command_id, digest, name, principal, correlation_id, causation_id, outcome, streams, versions)
    SELECT c.position, p_received_at[c.k], recorded, p_command_ids[c.k], sha256(p_contents[c.k]), p_names[c.k], p_principals[c.k],
        p_correlation_ids[c.k], p_causation_ids[c.k], 'accepted',
        p_streams[p_command_begins[c.k]:p_command_begins[c.k + 1] - 1], p_versions[p_command_begins[c.k]:p_command_begins[c.k + 1] - 1]
    FROM (
        SELECT c.k, c.events, p_head + sum(c.events) OVER (ORDER BY c.nth) AS position
        FROM (
            SELECT c.k, c.nth, p_write_begins[p_command_begins[c.k + 1]] - p_write_begins[p_command_begins[c.k]] AS events
            FROM unnest(p_commands) WITH ORDINALITY AS c (k, nth)
        ) AS c
    ) AS c
    WHERE c.events = 0;
END
$$;
REVOKE EXECUTE ON FUNCTION append_decided(
    bigint, integer[], integer[], integer[], bigint[],
    uuid[], bytea[], text[], text[], text[], text[], timestamptz[], text[], text[], json[], integer[], json[],
    integer[], text[], integer[], boolean[], text[], text[]) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (14, 'append_decided');
