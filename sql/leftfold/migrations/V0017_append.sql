-- Whether a command's condition excludes an event before it, of the log or of an earlier command of this call; all are stored already.
CREATE FUNCTION excludes_earlier(
    p_head bigint, p_conditions json[], p_write_commands integer[], p_event_writes integer[], p_writes integer
) RETURNS boolean LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    command_begins integer[] := beginnings(p_write_commands, cardinality(p_conditions));
    write_begins   integer[] := beginnings(p_event_writes, p_writes);
    condition      json;
BEGIN
    FOR k IN 1 .. cardinality(p_conditions) LOOP
        FOR condition IN SELECT c.value FROM json_array_elements(p_conditions[k]) AS c LOOP
            IF first_match(condition) < p_head + write_begins[command_begins[k]] THEN RETURN true; END IF;
        END LOOP;
    END LOOP;
    RETURN false;
END
$$;
REVOKE EXECUTE ON FUNCTION excludes_earlier(bigint, json[], integer[], integer[], integer) FROM PUBLIC;

-- The way to write to the log.
--
-- Order: positions are given out under one lock, from a snapshot taken after the lock was granted. PostgreSQL makes a transaction
-- visible before it releases its locks, so the next holder sees it: positions become visible in order and without holes, and a
-- reader needs no more than `position > checkpoint`.
--
-- It inserts first and lets the keys and the guard decide; only when something is wrong, append_in_turn looks at each command and says what.
-- A bad command never fails the others.
--
-- A session whose idle_in_transaction_session_timeout is 1s is believed not to dawdle; see limit_rest_of_transaction.
--
-- Answers one row. The arrays have one element a command; they are null when every command was appended, in order, to exactly the versions
-- expected. Results:
--   appended                  position: its last event's; version: of the first stream it wrote to, after it
--   accepted_before           position, version, details: the command's first answer
--   refused_before            details: {"outcome", "code"}, the command's first answer
--   command_id_reused         the id stands for other content
--   predecessor_not_appended
--   checkpoint_moved          position: where it is, if anywhere; details: {"follower"}
--   wrong_expected_version    version: the actual one; details: {"stream"}
--   condition_failed          position: of an event that matches
--   claim_taken               details: {"kind", "value"}
-- Details of accepted_before, and of appended with several writes or with any version expected, are {"versions": [[stream, version], ...]}:
-- of the streams that the command wrote to, in that order, or of all that it looked at if it wrote to none. A command without any write has
-- no version.
CREATE FUNCTION append(
    -- One element a command
    p_command_ids     uuid[],
    p_contents        bytea[],        -- what the id stands for; only its SHA-256 is kept
    p_names           text[],
    p_principals      text[],
    p_correlation_ids text[],
    p_causation_ids   text[],         -- or null
    p_received_at     timestamptz[],
    -- One element a stream write
    p_streams         text[],
    p_expected        bigint[],       -- null: any version
    -- One element an event, in the order of the writes
    p_event_types     text[],
    p_event_data      json[],
    -- Absent in the usual case
    p_write_commands  integer[] DEFAULT NULL,  -- the command of each write, ascending; null: the k-th write is the k-th command's
    p_event_writes    integer[] DEFAULT NULL,  -- the write of each event, ascending; null: the k-th event is the k-th write's
    p_metadata        json[]    DEFAULT NULL,  -- of each event
    p_follows         boolean[] DEFAULT NULL,  -- of each command: only if this call appended the command before it
    p_tag_events      integer[] DEFAULT NULL,
    p_tags            text[]    DEFAULT NULL,
    p_claim_writes    integer[] DEFAULT NULL,
    p_claim_takes     boolean[] DEFAULT NULL,  -- taken (true) or released (false)
    p_claim_kinds     text[]    DEFAULT NULL,
    p_claim_values    text[]    DEFAULT NULL,
    p_conditions      json[]    DEFAULT NULL,  -- of each command: [{"after": 17, "items": [{"types": ["A"], "tags": ["x"]}]}], see matching
    p_progress        json[]    DEFAULT NULL,  -- of each command: {"follower": "f", "from": 3, "to": 7, "epoch": 2}
    p_epoch           integer   DEFAULT NULL,  -- of the log, in which all were decided; where it is in another one now, nothing is written (LF010)
    OUT head bigint, OUT results text[], OUT positions bigint[], OUT versions bigint[], OUT details json[]
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    -- As many as the longest array has: where another one is shorter, a value is missing that its column demands.
    events   integer := greatest(
        cardinality(p_command_ids), cardinality(p_contents), cardinality(p_names), cardinality(p_principals), cardinality(p_correlation_ids),
        cardinality(p_causation_ids), cardinality(p_received_at), cardinality(p_streams), cardinality(p_expected),
        cardinality(p_event_types), cardinality(p_event_data), cardinality(p_metadata), cardinality(p_follows));
    several  boolean := num_nonnulls(
        p_write_commands, p_event_writes, p_tag_events, p_tags, p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) > 0;
    before   bigint;
    known    boolean;
    looked   boolean;
    current  boolean;
    recorded timestamptz;
    guard    text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- An older snapshot would not see the newest positions. The primary key would refuse the result; say why instead.
        RAISE EXCEPTION 'an append needs read committed' USING ERRCODE = 'LF004';
    END IF;

    LOCK TABLE append_lock IN SHARE UPDATE EXCLUSIVE MODE;
    IF current_setting('idle_in_transaction_session_timeout') <> '1s' THEN
        PERFORM limit_rest_of_transaction();
    END IF;
    -- A new statement, hence a new snapshot: it sees all that earlier holders of the lock committed. No key spans both tables of the journal,
    -- and no key sees that the event is missing which an expected version means.
    SELECT coalesce((SELECT max(e.position) FROM events AS e), 0),
        EXISTS (SELECT FROM commands_without_events AS c WHERE c.command_id = ANY (p_command_ids)),
        0 = ALL (p_expected) OR (
            SELECT count(*) FROM generate_series(1, cardinality(p_streams)) AS w
            WHERE p_expected[w] <> 0 AND (SELECT e.version FROM events AS e WHERE e.stream = p_streams[w] AND e.version = p_expected[w]) IS NULL
        ) = 0,
        p_epoch IS NULL OR EXISTS (
            SELECT FROM epochs AS e
            WHERE e.tag = p_epoch AND e.ended_after IS NULL AND e.timeline = substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))
    INTO before, known, looked, current;
    IF NOT current THEN
        RAISE EXCEPTION 'the log is not in epoch % any more', p_epoch USING ERRCODE = 'LF010';
    END IF;

    -- Without a chain, a missing event before means a wrong version: that need not be tried.
    IF NOT known AND (looked OR p_follows IS NOT NULL) AND p_progress IS NULL
        AND (p_conditions IS NULL OR array_dims(p_conditions) = array_dims(p_command_ids))
        AND (p_causation_ids IS NULL OR array_dims(p_causation_ids) = array_dims(p_command_ids))
        AND (p_metadata IS NULL OR array_dims(p_metadata) = array_dims(p_event_types))
        AND (p_follows IS NULL OR array_dims(p_follows) = array_dims(p_command_ids) AND NOT p_follows[1] AND array_position(p_follows, NULL) IS NULL)
        AND (NOT several OR is_complete(
            p_command_ids, p_contents, p_names, p_principals, p_correlation_ids, p_received_at, p_streams, p_expected, p_event_types, p_event_data,
            p_write_commands, p_event_writes, p_tag_events, p_tags, p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values))
    THEN
        BEGIN
            IF num_nonnulls(p_write_commands, p_event_writes, p_tags) = 0 THEN
                -- In a chain, an event may follow on one of this call: let the guard look.
                guard := set_config('leftfold.appending', CASE WHEN looked THEN 'looked' ELSE 'on' END, true);
                recorded := clock_timestamp();
                INSERT INTO events (
                    position, version, recorded_at, received_at, command_id, event_count, stream, type, principal, correlation_id,
                    data, metadata, name, digest, causation_id)
                SELECT before + k, p_expected[k] + 1, recorded, p_received_at[k], p_command_ids[k], 1, p_streams[k], p_event_types[k],
                    p_principals[k], p_correlation_ids[k], p_event_data[k], p_metadata[k], p_names[k], sha256(p_contents[k]), p_causation_ids[k]
                FROM generate_series(1, events) AS k;
                guard := set_config('leftfold.appending', '', true);
                head := before + events;
            ELSE
                PERFORM insert_events(
                    before, ARRAY(SELECT generate_subscripts(p_command_ids, 1)), beginnings(p_write_commands, cardinality(p_command_ids)),
                    beginnings(p_event_writes, cardinality(p_streams)), p_expected,
                    p_command_ids, p_contents, p_names, p_principals, p_correlation_ids, p_causation_ids, p_received_at,
                    p_streams, p_event_types, p_event_data, p_event_writes, p_metadata, p_tag_events, p_tags);
                head := before + cardinality(p_event_types);
            END IF;
            IF p_claim_kinds IS NOT NULL AND NOT move_claims(NULL, p_streams, p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) THEN
                RAISE unique_violation;
            END IF;
            IF p_conditions IS NOT NULL AND excludes_earlier(before, p_conditions, p_write_commands, p_event_writes, cardinality(p_streams)) THEN
                RAISE unique_violation;
            END IF;
        EXCEPTION
            WHEN integrity_constraint_violation OR data_exception OR SQLSTATE 'LF003' OR SQLSTATE 'LF006' THEN
                head := NULL;
        END;
    END IF;
    IF head IS NULL THEN
        SELECT t.* INTO head, results, positions, versions, details FROM append_in_turn(
            p_command_ids, p_contents, p_names, p_principals, p_correlation_ids, p_causation_ids, p_received_at,
            p_streams, p_expected, p_event_types, p_event_data, p_write_commands, p_event_writes, p_metadata, p_follows,
            p_tag_events, p_tags, p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values, p_conditions, p_progress) AS t;
    END IF;

    IF results && ARRAY['accepted_before', 'refused_before'] AND head = before THEN
        PERFORM wait_as_who_writes();
    END IF;
    -- In the same transaction, so that it is told exactly when it is visible. A hint, never the data: readers poll as well, and when the
    -- queue fills up because some listener sleeps, appending matters more than announcing.
    IF head > before AND pg_notification_queue_usage() < 0.5 THEN
        PERFORM pg_notify(current_schema() || '_events', head::text);
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION append(
    uuid[], bytea[], text[], text[], text[], text[], timestamptz[], text[], bigint[], text[], json[], integer[], integer[], json[], boolean[],
    integer[], text[], integer[], boolean[], text[], text[], json[], json[], integer) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (17, 'append');
