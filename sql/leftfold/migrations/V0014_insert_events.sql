-- Stores the events of commands that are decided, in this order, with the journal and the tags. Writes of command k begin at
-- p_command_begins[k], events of write w at p_write_begins[w]. Called under the lock.
CREATE FUNCTION insert_events(
    p_head bigint, p_commands integer[], p_command_begins integer[], p_write_begins integer[],
    p_versions bigint[],  -- of each write's stream before it
    p_command_ids uuid[], p_contents bytea[], p_names text[], p_principals text[], p_correlation_ids text[], p_causation_ids text[],
    p_received_at timestamptz[],
    p_streams text[], p_event_types text[], p_event_data json[], p_event_writes integer[], p_metadata json[],
    p_tag_events integer[], p_tags text[]
) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
DECLARE
    recorded timestamptz := clock_timestamp();
    guard    text := set_config('leftfold.appending', 'on', true);
BEGIN
    INSERT INTO events (
        position, version, recorded_at, received_at, command_id, event_count, stream, type, principal, correlation_id,
        data, metadata, tags, name, digest, causation_id)
    SELECT p_head + row_number() OVER (ORDER BY c.nth, n), p_versions[w.write] + n - p_write_begins[w.write] + 1, recorded,
        CASE WHEN n = c.first THEN p_received_at[c.k] END, p_command_ids[c.k],
        CASE WHEN n = c.first THEN c.past - n END,
        p_streams[w.write], p_event_types[n], p_principals[c.k], p_correlation_ids[c.k],
        p_event_data[n], p_metadata[n], t.tags,
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
    guard := set_config('leftfold.appending', '', true);

    IF cardinality(p_tags) > 0 THEN
        INSERT INTO tags (tag, position)
        SELECT t.tag, e.position FROM events AS e CROSS JOIN LATERAL unnest(e.tags) AS t (tag) WHERE e.position > p_head;
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION insert_events(
    bigint, integer[], integer[], integer[], bigint[], uuid[], bytea[], text[], text[], text[], text[], timestamptz[],
    text[], text[], json[], integer[], json[], integer[], text[]) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (14, 'insert_events');
