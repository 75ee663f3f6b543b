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
    p_epoch          integer   DEFAULT NULL,
    OUT head bigint, OUT results text[], OUT positions bigint[], OUT versions bigint[], OUT details json[]
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    before  bigint;
    known   boolean;
    looked  boolean;
    current boolean;
    tags    text[];
    guard   text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an append needs read committed' USING ERRCODE = 'LF004';
    END IF;
    LOCK TABLE append_lock IN SHARE UPDATE EXCLUSIVE MODE;
    IF current_setting('idle_in_transaction_session_timeout') <> '1s' THEN
        PERFORM limit_rest_of_transaction();
    END IF;
    SELECT coalesce((SELECT max(e.position) FROM events AS e), 0),
        EXISTS (SELECT FROM commands_without_events AS c WHERE c.command_id = p_command_id),
        p_expected = 0 OR (SELECT e.version FROM events AS e WHERE e.stream = p_stream AND e.version = p_expected) IS NOT NULL,
        p_epoch IS NULL OR EXISTS (
            SELECT FROM epochs AS e
            WHERE e.tag = p_epoch AND e.ended_after IS NULL AND e.timeline = substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))
    INTO before, known, looked, current;
    IF NOT current THEN
        RAISE EXCEPTION 'the log is not in epoch % any more', p_epoch USING ERRCODE = 'LF010';
    END IF;
    IF looked AND NOT known AND (p_tags IS NULL OR array_ndims(p_tags) = 1) AND (
        num_nonnulls(p_claim_takes, p_claim_kinds, p_claim_values) = 0 OR are_claims(p_claim_takes, p_claim_kinds, p_claim_values)) THEN
        BEGIN
            IF p_tags IS NOT NULL THEN
                tags := ARRAY(SELECT DISTINCT t.tag FROM unnest(p_tags) AS t (tag) ORDER BY t.tag);
                INSERT INTO tags (tag, position) SELECT t.tag, before + 1 FROM unnest(tags) AS t (tag);
                tags := nullif(tags, '{}');
            END IF;
            guard := set_config('leftfold.appending', 'looked', true);
            INSERT INTO events (
                position, version, recorded_at, received_at, command_id, event_count, stream, type, principal, correlation_id,
                data, metadata, tags, name, digest, causation_id)
            VALUES (before + 1, p_expected + 1, clock_timestamp(), p_received_at, p_command_id, 1, p_stream, p_event_type,
                p_principal, p_correlation_id, p_event_data, p_metadata, tags, p_name, sha256(p_content), p_causation_id);
            guard := set_config('leftfold.appending', '', true);
            IF p_claim_kinds IS NOT NULL AND NOT move_claims(
                NULL, ARRAY[p_stream], array_fill(1, ARRAY[cardinality(p_claim_kinds)]), p_claim_takes, p_claim_kinds, p_claim_values) THEN
                RAISE unique_violation;
            END IF;
            head := before + 1;
            IF pg_notification_queue_usage() < 0.5 THEN
                PERFORM pg_notify(current_schema() || '_events', head::text);
            END IF;
            RETURN;
        EXCEPTION
            WHEN integrity_constraint_violation OR data_exception THEN
                NULL;
        END;
    END IF;
    SELECT t.* INTO head, results, positions, versions, details FROM append_in_turn(
        ARRAY[p_command_id], ARRAY[p_content], ARRAY[p_name], ARRAY[p_principal], ARRAY[p_correlation_id],
        ARRAY[p_causation_id], ARRAY[p_received_at], ARRAY[p_stream], ARRAY[p_expected], ARRAY[p_event_type], ARRAY[p_event_data],
        NULL, NULL, ARRAY[p_metadata], NULL,
        array_fill(1, ARRAY[coalesce(cardinality(p_tags), 0)]), p_tags,
        array_fill(1, ARRAY[coalesce(cardinality(p_claim_kinds), 0)]), p_claim_takes, p_claim_kinds, p_claim_values, NULL, NULL) AS t;
    IF results && ARRAY['accepted_before', 'refused_before'] AND head = before THEN
        PERFORM wait_as_who_writes();
    END IF;
    IF head > before AND pg_notification_queue_usage() < 0.5 THEN
        PERFORM pg_notify(current_schema() || '_events', head::text);
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION append_one(
    uuid, bytea, text, text, text, text, timestamptz, text, bigint, text, json, json, text[], boolean[], text[], text[], integer) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (18, 'append_one');
