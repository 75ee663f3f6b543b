-- The careful way to append: called when a key, the guard or an argument says that something is wrong or unusual. Here, and only here,
-- are the rules, in their order. Each command is decided on what the ones before it left, so a bad one never fails the others.
-- What concerns no other command of the call is looked up for all at once, and such commands are stored together. Called under the lock.
CREATE FUNCTION append_in_turn(
    p_command_ids uuid[], p_contents bytea[], p_names text[], p_principals text[], p_correlation_ids text[], p_causation_ids text[],
    p_received_at timestamptz[],
    p_streams text[], p_expected bigint[], p_event_types text[], p_event_data json[],
    p_write_commands integer[], p_event_writes integer[], p_metadata json[], p_follows boolean[],
    p_tag_events integer[], p_tags text[],
    p_claim_writes integer[], p_claim_takes boolean[], p_claim_kinds text[], p_claim_values text[],
    p_conditions json[], p_progress json[],
    OUT head bigint, OUT results text[], OUT positions bigint[], OUT versions bigint[], OUT details json[]
) LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
DECLARE
    commands       integer := cardinality(p_command_ids);
    command_begins integer[];          -- first write of each command
    write_begins   integer[];          -- first event of each write
    before         bigint[];           -- version of each write's stream before it
    shares         integer[];          -- commands that have something in common with an earlier one of this call
    answered       integer[];          -- commands whose ids are known
    contested      integer[];          -- commands that take a claim which is held, or named more than once
    decided        integer[] := '{}';  -- to be stored next
    decided_writes boolean[] := '{}';
    idle           boolean := false;   -- whether some of them have no events
    stored         bigint;             -- the head without them
    appended       boolean := false;   -- the command before this one
    result         text;
    at             bigint;
    version        bigint;
    detail         json;
    first          integer;            -- its first and last write; first > last: it has none
    last           integer;
    several        boolean;            -- versions to tell, or one that the caller did not know
    known          record;
    claim          record;
    progress       json;
    condition      json;
BEGIN
    PERFORM check_append(
        p_command_ids, p_contents, p_names, p_principals, p_correlation_ids, p_causation_ids, p_received_at,
        p_streams, p_expected, p_event_types, p_event_data, p_write_commands, p_event_writes, p_metadata, p_follows,
        p_tag_events, p_tags, p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values, p_conditions, p_progress);
    command_begins := beginnings(p_write_commands, commands);
    write_begins := beginnings(p_event_writes, cardinality(p_streams));
    SELECT coalesce(max(e.position), 0) INTO head FROM events AS e;
    stored := head;

    IF commands > 1 THEN
        SELECT coalesce(array_agg(t.command), '{}') INTO shares
        FROM (
            SELECT i.n AS command, row_number() OVER (PARTITION BY i.id ORDER BY i.n) AS nth FROM unnest(p_command_ids) WITH ORDINALITY AS i (id, n)
            UNION ALL
            SELECT w.command, row_number() OVER (PARTITION BY w.stream ORDER BY w.command)
            FROM unnest(p_streams, coalesce(p_write_commands, ARRAY(SELECT generate_series(1, commands)))) AS w (stream, command)
            UNION ALL
            SELECT p.n, row_number() OVER (PARTITION BY p.progress ->> 'follower' ORDER BY p.n)
            FROM unnest(p_progress) WITH ORDINALITY AS p (progress, n) WHERE p.progress IS NOT NULL
            UNION ALL
            SELECT c.command, dense_rank() OVER (PARTITION BY c.kind, c.value ORDER BY c.command)
            FROM (
                SELECT coalesce(p_write_commands[c.write], c.write) AS command, c.kind, c.value
                FROM unnest(p_claim_writes, p_claim_kinds, p_claim_values) AS c (write, kind, value)
            ) AS c
        ) AS t
        WHERE t.nth > 1;
    END IF;
    SELECT coalesce(array_agg(i.n), '{}') INTO answered
    FROM unnest(p_command_ids) WITH ORDINALITY AS i (id, n)
    WHERE (SELECT e.position FROM events AS e WHERE e.command_id = i.id AND e.digest IS NOT NULL) IS NOT NULL
        OR (SELECT c.position FROM commands_without_events AS c WHERE c.command_id = i.id) IS NOT NULL;
    before := ARRAY(
        SELECT coalesce((SELECT e.version FROM events AS e WHERE e.stream = w.stream ORDER BY e.version DESC LIMIT 1), 0)
        FROM unnest(p_streams) WITH ORDINALITY AS w (stream, n) ORDER BY w.n);
    IF cardinality(p_claim_kinds) > 0 THEN
        SELECT coalesce(array_agg(coalesce(p_write_commands[c.write], c.write)), '{}') INTO contested
        FROM (
            SELECT c.*, count(*) OVER (PARTITION BY c.kind, c.value) AS times
            FROM unnest(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) AS c (write, takes, kind, value)
        ) AS c
        WHERE c.takes
            AND (c.times > 1 OR (SELECT h.stream FROM claims AS h WHERE h.kind = c.kind AND h.value = c.value) <> p_streams[c.write]);
    END IF;

    FOR k IN 1 .. commands + 1 LOOP
        IF cardinality(decided) > 0 AND (k > commands OR k = ANY (shares) OR p_conditions[k] IS NOT NULL) THEN
            PERFORM insert_events(
                stored, decided, command_begins, write_begins, before,
                p_command_ids, p_contents, p_names, p_principals, p_correlation_ids, p_causation_ids, p_received_at,
                p_streams, p_event_types, p_event_data, p_event_writes, p_metadata, p_tag_events, p_tags);
            IF idle THEN
                INSERT INTO commands_without_events (
                    position, received_at, finished_at, command_id, digest, name, principal, correlation_id, causation_id, outcome, streams, versions)
                SELECT positions[d], p_received_at[d], clock_timestamp(), p_command_ids[d], sha256(p_contents[d]), p_names[d], p_principals[d],
                    p_correlation_ids[d], p_causation_ids[d], 'accepted',
                    p_streams[command_begins[d]:command_begins[d + 1] - 1], before[command_begins[d]:command_begins[d + 1] - 1]
                FROM unnest(decided) AS d WHERE write_begins[command_begins[d]] = write_begins[command_begins[d + 1]];
            END IF;
            IF cardinality(p_claim_kinds) > 0 THEN
                PERFORM move_claims(decided_writes, p_streams, p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values);
            END IF;
            decided := '{}';
            idle := false;
            decided_writes := '{}';
            stored := head;
        END IF;
        EXIT WHEN k > commands;
        result := NULL; at := NULL; version := NULL; detail := NULL;
        first := command_begins[k];
        last := command_begins[k + 1] - 1;
        several := last > first OR last = first AND p_expected[first] IS NULL;

        -- 1. A command id has one effect and one answer.
        IF k = ANY (answered) OR k = ANY (shares) THEN
            SELECT a.* INTO known FROM answer_to(p_command_ids[k]) AS a;
            IF FOUND THEN
                IF known.digest <> sha256(p_contents[k]) THEN
                    result := 'command_id_reused';
                ELSIF known.outcome = 'accepted' THEN
                    result := 'accepted_before'; at := known.position; version := known.versions[1];
                    -- Decided again, it may be to write to other streams than at first, or to none.
                    detail := versions_of(known.streams, known.versions);
                ELSE
                    result := 'refused_before'; detail := json_build_object('outcome', known.outcome, 'code', known.code);
                END IF;
            END IF;
        END IF;

        -- 2. A link of a chain needs the one before it.
        IF result IS NULL AND p_follows[k] AND NOT appended THEN
            result := 'predecessor_not_appended';
        END IF;

        -- 3. The follower is where the caller believes. Whoever is just moving it is not waited for: others wait for the append lock.
        progress := p_progress[k];
        IF result IS NULL AND progress IS NOT NULL THEN
            PERFORM FROM followers AS f
            WHERE f.name = progress ->> 'follower' AND f.position = (progress ->> 'from')::bigint AND f.lease_epoch = (progress ->> 'epoch')::bigint
            FOR NO KEY UPDATE SKIP LOCKED;
            IF NOT FOUND THEN
                result := 'checkpoint_moved'; detail := json_build_object('follower', progress ->> 'follower');
                SELECT f.position INTO at FROM followers AS f WHERE f.name = progress ->> 'follower';
            END IF;
        END IF;

        -- 4. The streams have the expected versions.
        IF result IS NULL THEN
            FOR w IN first .. last LOOP
                IF k = ANY (shares) THEN
                    before[w] := coalesce((SELECT e.version FROM events AS e WHERE e.stream = p_streams[w] ORDER BY e.version DESC LIMIT 1), 0);
                END IF;
                IF p_expected[w] <> before[w] THEN
                    result := 'wrong_expected_version'; version := before[w]; detail := json_build_object('stream', p_streams[w]);
                    EXIT;
                END IF;
            END LOOP;
        END IF;

        -- 5. Nothing has happened that the command excludes.
        IF result IS NULL AND p_conditions[k] IS NOT NULL THEN
            FOR condition IN SELECT c.value FROM json_array_elements(p_conditions[k]) AS c LOOP
                at := first_match(condition);
                IF at IS NOT NULL THEN
                    result := 'condition_failed';
                    EXIT;
                END IF;
            END LOOP;
        END IF;

        -- 6. Its claims are free or its own, once it has released what it releases.
        IF result IS NULL AND k = ANY (contested) THEN
            SELECT c.kind, c.value INTO claim
            FROM unnest(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) WITH ORDINALITY AS c (write, takes, kind, value, nth)
            WHERE c.write BETWEEN first AND last AND c.takes AND (
                EXISTS (
                    SELECT FROM claims AS h WHERE h.kind = c.kind AND h.value = c.value AND h.stream <> p_streams[c.write] AND NOT EXISTS (
                        SELECT FROM unnest(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) AS r (write, takes, kind, value)
                        WHERE r.write BETWEEN first AND last AND NOT r.takes AND r.kind = h.kind AND r.value = h.value AND p_streams[r.write] = h.stream))
                OR EXISTS (  -- for another one of its streams already
                    SELECT FROM unnest(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) WITH ORDINALITY AS o (write, takes, kind, value, nth)
                    WHERE o.write BETWEEN first AND last AND o.takes AND o.kind = c.kind AND o.value = c.value AND o.nth < c.nth AND o.write <> c.write))
            ORDER BY c.nth LIMIT 1;
            IF FOUND THEN
                result := 'claim_taken'; detail := json_build_object('kind', claim.kind, 'value', claim.value);
            END IF;
        END IF;

        appended := result IS NULL;
        IF appended THEN
            result := 'appended';
            decided := decided || k;
            FOR w IN first .. last LOOP decided_writes[w] := true; END LOOP;
            idle := idle OR write_begins[last + 1] = write_begins[first];
            head := head + write_begins[last + 1] - write_begins[first];
            at := head;
            version := before[first] + write_begins[first + 1] - write_begins[first];
            IF several THEN
                -- Of the streams that it wrote to: a repeat can say no more.
                SELECT array_agg(p_streams[w] ORDER BY w) AS streams,
                    array_agg(before[w] + write_begins[w + 1] - write_begins[w] ORDER BY w) AS versions
                INTO known
                FROM generate_series(first, last) AS w
                WHERE write_begins[w + 1] > write_begins[w] OR write_begins[last + 1] = write_begins[first];
                version := known.versions[1];
                detail := versions_of(known.streams, known.versions);
            ELSIF first > last THEN
                version := NULL;
            END IF;
            IF progress IS NOT NULL THEN
                UPDATE followers AS f
                SET position = (progress ->> 'to')::bigint, updated_at = clock_timestamp(),
                    lease_until = coalesce(clock_timestamp() + (progress ->> 'lease')::interval, f.lease_until),
                    failed_position = NULL, failed_at = NULL, failure = NULL
                WHERE f.name = progress ->> 'follower';
                IF pg_notification_queue_usage() < 0.5 THEN
                    PERFORM pg_notify(current_schema() || '_checkpoints',
                        concat_ws(' ', progress ->> 'follower', progress ->> 'from', progress ->> 'to'));
                END IF;
            END IF;
        END IF;
        results[k] := result; positions[k] := at; versions[k] := version; details[k] := detail;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION append_in_turn(
    uuid[], bytea[], text[], text[], text[], text[], timestamptz[], text[], bigint[], text[], json[], integer[], integer[], json[], boolean[],
    integer[], text[], integer[], boolean[], text[], text[], json[], json[]) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (16, 'append_in_turn');
