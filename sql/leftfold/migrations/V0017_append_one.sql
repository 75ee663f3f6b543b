-- `append` for one command with one event on one stream: the same answer for less.
CREATE FUNCTION append_one(
    p_command_id     uuid,
    p_content        bytea,
    p_name           text,
    p_principal      text,
    p_correlation_id text,
    p_causation_id   text,          -- or null
    p_received_at    timestamptz,
    p_stream         text,
    p_expected       bigint,        -- null: any version
    p_event_type     text,
    p_event_data     json,
    p_metadata       json      DEFAULT NULL,
    p_tags           text[]    DEFAULT NULL,
    p_claim_takes    boolean[] DEFAULT NULL,
    p_claim_kinds    text[]    DEFAULT NULL,
    p_claim_values   text[]    DEFAULT NULL,
    OUT head bigint, OUT results text[], OUT positions bigint[], OUT versions bigint[], OUT details json[]
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
BEGIN
    SELECT t.* INTO head, results, positions, versions, details FROM append(
        ARRAY[p_command_id], ARRAY[p_content], ARRAY[p_name], ARRAY[p_principal], ARRAY[p_correlation_id],
        ARRAY[p_causation_id], ARRAY[p_received_at], ARRAY[p_stream], ARRAY[p_expected], ARRAY[p_event_type], ARRAY[p_event_data],
        p_metadata => ARRAY[p_metadata],
        p_tag_events => array_fill(1, ARRAY[coalesce(cardinality(p_tags), 0)]), p_tags => p_tags,
        p_claim_writes => array_fill(1, ARRAY[coalesce(cardinality(p_claim_kinds), 0)]), p_claim_takes => p_claim_takes,
        p_claim_kinds => p_claim_kinds, p_claim_values => p_claim_values) AS t;
END
$$;
REVOKE EXECUTE ON FUNCTION append_one(
    uuid, bytea, text, text, text, text, timestamptz, text, bigint, text, json, json, text[], boolean[], text[], text[]) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (17, 'append_one');
