-- Puts refusals on record (I8), so that a command id keeps its one answer (I10).
--
-- Inserts first, too, and goes one by one when a key or a constraint objects. Answers a row as append does; its arrays are null when every
-- refusal was recorded. Results: recorded, accepted_before (position, version, details: {"versions"}), refused_before (details:
-- {"outcome", "code"}), command_id_reused.
CREATE FUNCTION record(
    p_command_ids     uuid[],
    p_contents        bytea[],        -- what the id stands for; only its SHA-256 is kept
    p_names           text[],
    p_principals      text[],
    p_correlation_ids text[],
    p_causation_ids   text[],         -- or null
    p_received_at     timestamptz[],
    p_streams         text[],         -- null: it did not get as far as a stream
    p_outcomes        text[],         -- rejected, denied, invalid, conflict or failed
    p_codes           text[],
    p_epoch           integer DEFAULT NULL,  -- as of append
    OUT head bigint, OUT results text[], OUT positions bigint[], OUT versions bigint[], OUT details json[]
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
DECLARE
    commands integer := cardinality(p_command_ids);
    known    record;
    answered boolean;
    recorded boolean := true;
    current  boolean;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a record needs read committed' USING ERRCODE = 'LF004';
    END IF;
    LOCK TABLE append_lock IN SHARE UPDATE EXCLUSIVE MODE;
    IF current_setting('idle_in_transaction_session_timeout') <> '1s' THEN
        PERFORM limit_rest_of_transaction();
    END IF;
    SELECT coalesce((SELECT max(e.position) FROM events AS e), 0),
        EXISTS (SELECT FROM events AS e WHERE e.command_id = ANY (p_command_ids) AND e.digest IS NOT NULL),
        p_epoch IS NULL OR EXISTS (
            SELECT FROM epochs AS e
            WHERE e.tag = p_epoch AND e.ended_after IS NULL AND e.timeline = substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))
    INTO head, answered, current;
    IF NOT current THEN
        RAISE EXCEPTION 'the log is not in epoch % any more', p_epoch USING ERRCODE = 'LF010';
    END IF;

    IF NOT answered AND commands > 0 AND array_dims(p_streams) = array_dims(p_command_ids) AND array_position(p_streams, '') IS NULL
        AND (p_causation_ids IS NULL OR array_dims(p_causation_ids) = array_dims(p_command_ids))
    THEN
        BEGIN
            INSERT INTO commands_without_events (
                position, received_at, finished_at, command_id, digest, name, principal, correlation_id, causation_id, outcome, code, streams)
            SELECT head, p_received_at[k], clock_timestamp(), p_command_ids[k], sha256(p_contents[k]), p_names[k], p_principals[k],
                p_correlation_ids[k], p_causation_ids[k], p_outcomes[k], p_codes[k], array_remove(ARRAY[p_streams[k]], NULL)
            FROM generate_series(1, greatest(
                commands, cardinality(p_contents), cardinality(p_names), cardinality(p_principals), cardinality(p_correlation_ids),
                cardinality(p_received_at), cardinality(p_outcomes), cardinality(p_codes))) AS k;
            RETURN;
        EXCEPTION WHEN integrity_constraint_violation THEN
            NULL;
        END;
    END IF;

    PERFORM check_commands(p_command_ids, p_contents, p_names, p_principals, p_correlation_ids, p_causation_ids, p_received_at);
    IF is_ill_formed(p_streams, commands, true) OR array_position(p_streams, '') IS NOT NULL THEN
        RAISE EXCEPTION 'p_streams must hold one stream or null a command' USING ERRCODE = 'LF006';
    ELSIF is_ill_formed(p_outcomes, commands)
        OR NOT p_outcomes <@ ARRAY['rejected', 'denied', 'invalid', 'conflict', 'failed'] THEN
        RAISE EXCEPTION 'p_outcomes must hold rejected, denied, invalid, conflict or failed' USING ERRCODE = 'LF006';
    ELSIF is_ill_formed(p_codes, commands) OR array_position(p_codes, '') IS NOT NULL THEN
        RAISE EXCEPTION 'p_codes must hold one code a command' USING ERRCODE = 'LF006';
    END IF;
    FOR k IN 1 .. commands LOOP
        SELECT a.* INTO known FROM answer_to(p_command_ids[k]) AS a;
        IF NOT FOUND THEN
            INSERT INTO commands_without_events (
                position, received_at, finished_at, command_id, digest, name, principal, correlation_id, causation_id, outcome, code, streams)
            VALUES (head, p_received_at[k], clock_timestamp(), p_command_ids[k], sha256(p_contents[k]), p_names[k], p_principals[k],
                p_correlation_ids[k], p_causation_ids[k], p_outcomes[k], p_codes[k], array_remove(ARRAY[p_streams[k]], NULL));
            results[k] := 'recorded'; positions[k] := NULL; versions[k] := NULL; details[k] := NULL;
            CONTINUE;
        END IF;
        recorded := false;
        IF known.digest <> sha256(p_contents[k]) THEN
            results[k] := 'command_id_reused'; positions[k] := NULL; versions[k] := NULL; details[k] := NULL;
        ELSIF known.outcome = 'accepted' THEN
            results[k] := 'accepted_before'; positions[k] := known.position; versions[k] := known.versions[1];
            details[k] := versions_of(known.streams, known.versions);
        ELSE
            results[k] := 'refused_before'; positions[k] := NULL; versions[k] := NULL;
            details[k] := json_build_object('outcome', known.outcome, 'code', known.code);
        END IF;
    END LOOP;
    IF NOT recorded AND array_position(results, 'recorded') IS NULL THEN
        PERFORM wait_as_who_writes();
    END IF;
    IF recorded THEN
        results := NULL; positions := NULL; versions := NULL; details := NULL;
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION record(
    uuid[], bytea[], text[], text[], text[], text[], timestamptz[], text[], text[], text[], integer) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (19, 'record');
