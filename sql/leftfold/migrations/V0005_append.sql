-- The one way to write to the log.
--
-- Order: positions are given out under one advisory lock, from a snapshot taken after the lock was granted. PostgreSQL
-- makes a transaction visible before it releases its locks, so the next holder sees it: positions become visible in
-- order and without holes, and a reader needs no more than `position > checkpoint`. Hence: call it as one statement
-- outside any transaction block, so that nobody holds the lock across a round trip.

-- 'leftfold' in ASCII. Whoever holds it is the one that appends; see pg_locks.
CREATE FUNCTION leftfold.append_lock() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT x'6c656674666f6c64'::bigint $$;

-- Decides each item on its own, in order; a bad item never fails the others. Answers in the order of the items:
--   appended                version, position
--   refusal_recorded
--   accepted_before         version, position       the command's first answer
--   refused_before          outcome, code           the command's first answer
--   command_id_reused
--   wrong_expected_version  version                 the actual one
--   claim_taken             code, detail            kind and value of a claim that another stream holds
--   predecessor_not_appended
--
-- The arrays of one group are parallel. Events and claims name their item by its number, from 1; an event's offset is
-- its number within the item, from 1.
CREATE FUNCTION leftfold.append(
    p_command_ids     uuid[],
    p_contents        bytea[],        -- what the id stands for; only its SHA-256 is kept
    p_names           text[],
    p_principals      text[],
    p_tenants         text[],
    p_correlation_ids text[],
    p_causation_ids   text[],
    p_received_at     timestamptz[],
    p_streams         text[],
    p_expected        bigint[],       -- null: any version
    p_follows         integer[],      -- null, or the number of the earlier item that must have been appended, too
    p_outcomes        text[],         -- null: append; else the refusal to put on record
    p_codes           text[],
    p_metadata        json[],
    p_event_counts    integer[],

    p_event_items     integer[],
    p_event_offsets   integer[],
    p_event_types     text[],
    p_event_data      json[],

    p_claim_items     integer[],
    p_claim_takes     boolean[],      -- taken (true) or released (false)
    p_claim_kinds     text[],
    p_claim_values    text[]
) RETURNS TABLE (result text, version bigint, "position" bigint, outcome text, code text, detail text)
LANGUAGE plpgsql
-- A session plans this once, perhaps while the tables are empty, and keeps the plan while they grow to millions of rows.
-- So nothing may be left to statistics: every table is looked up by its index, once for each row that needs it; hence
-- also the LATERAL … LIMIT 1 below, which the planner cannot turn into a join that reads whole tables.
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    head     bigint;
    before   bigint;
    recorded timestamptz;
    items    integer := cardinality(p_command_ids);
    apart    boolean;
    n        integer := 0;
    command  record;
    known    record;
    claim    record;
    actual   bigint;
    appended boolean[] := '{}';
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- An older snapshot would not see the newest positions. The primary key would refuse the result; say why instead.
        RAISE EXCEPTION 'leftfold.append needs read committed' USING ERRCODE = 'LF004';
    END IF;

    -- The first and only lock, and the first statement: no lock order to get wrong.
    PERFORM pg_advisory_xact_lock(leftfold.append_lock());
    -- A new statement, hence a new snapshot: it sees all that earlier holders of the lock committed.
    SELECT coalesce(max(e.position), 0) INTO head FROM leftfold.events AS e;
    before := head;

    -- Items that have nothing in common are decided all at once. Others are decided one after the other, and so is a
    -- lone one: it is not worth setting up the large statement. The rules are the same; a change of one is one of both.
    IF items > 1 THEN
        apart := (SELECT count(DISTINCT i.id) = items AND count(DISTINCT i.stream) = count(i.stream) AND count(i.follows) = 0
                  FROM (
                      SELECT u.id, u.follows, CASE WHEN u.refusal IS NULL THEN u.stream END AS stream  -- a refusal leaves its stream alone
                      FROM unnest(p_command_ids, p_streams, p_follows, p_outcomes) AS u (id, stream, follows, refusal)
                  ) AS i)
            AND (SELECT count(DISTINCT (c.kind, c.value)) = count(*) FROM unnest(p_claim_kinds, p_claim_values) AS c (kind, value));
    END IF;

    IF items = 1 OR NOT apart THEN
        FOR command IN
            SELECT i.*, sha256(i.content) AS digest, e.offsets, e.types, e.data
            FROM unnest(
                p_command_ids, p_contents, p_names, p_principals, p_tenants, p_correlation_ids, p_causation_ids, p_received_at,
                p_streams, p_expected, p_follows, p_outcomes, p_codes, p_metadata, p_event_counts
            ) WITH ORDINALITY AS i (
                id, content, name, principal, tenant, correlation_id, causation_id, received_at,
                stream, expected, follows, refusal, code, metadata, events, n)
            LEFT JOIN (
                SELECT e.item, array_agg(e.nth) AS offsets, array_agg(e.type) AS types, array_agg(e.data) AS data
                FROM unnest(p_event_items, p_event_offsets, p_event_types, p_event_data) AS e (item, nth, type, data)
                GROUP BY e.item
            ) AS e ON e.item = i.n
            ORDER BY i.n
        LOOP
            n := n + 1;
            recorded := clock_timestamp();
            version := NULL; "position" := NULL; outcome := NULL; code := NULL; detail := NULL;

            SELECT c.digest, c.outcome, c.code, c.version, c.last_position INTO known FROM leftfold.commands AS c WHERE c.id = command.id;
            IF FOUND THEN
                IF known.digest <> command.digest THEN
                    result := 'command_id_reused';
                ELSIF known.outcome = 'accepted' THEN
                    result := 'accepted_before'; version := known.version; "position" := known.last_position;
                ELSE
                    result := 'refused_before'; outcome := known.outcome; code := known.code;
                END IF;
            ELSIF command.follows IS NOT NULL AND appended[command.follows] IS NOT TRUE THEN
                result := 'predecessor_not_appended';
            ELSIF command.refusal IS NOT NULL THEN
                result := 'refusal_recorded';
            ELSE
                actual := coalesce(
                    (SELECT e.version FROM leftfold.events AS e WHERE e.stream = command.stream ORDER BY e.version DESC LIMIT 1), 0);
                IF command.expected <> actual THEN
                    result := 'wrong_expected_version'; version := actual;
                ELSE
                    result := 'appended';
                    IF n = ANY (p_claim_items) THEN
                        SELECT w.kind, w.value INTO code, detail
                        FROM unnest(p_claim_items, p_claim_takes, p_claim_kinds, p_claim_values) WITH ORDINALITY AS w (item, takes, kind, value, nth)
                        CROSS JOIN LATERAL (
                            SELECT c.stream FROM leftfold.claims AS c WHERE c.kind = w.kind AND c.value = w.value LIMIT 1
                        ) AS c
                        WHERE w.item = n AND w.takes AND c.stream <> command.stream
                        ORDER BY w.nth LIMIT 1;
                        IF FOUND THEN result := 'claim_taken'; END IF;
                    END IF;
                END IF;
            END IF;
            appended[n] := result = 'appended';

            IF result = 'appended' THEN
                INSERT INTO leftfold.events (position, version, recorded_at, command_id, stream, type, data, metadata)
                SELECT head + e.nth, actual + e.nth, recorded, command.id, command.stream, e.type, e.data, command.metadata
                FROM unnest(command.offsets, command.types, command.data) AS e (nth, type, data);
                head := head + command.events;
                version := actual + command.events;
                "position" := head;

                IF n = ANY (p_claim_items) THEN
                    FOR claim IN
                        SELECT w.* FROM unnest(p_claim_items, p_claim_takes, p_claim_kinds, p_claim_values) AS w (item, takes, kind, value)
                        WHERE w.item = n ORDER BY w.takes
                    LOOP
                        IF claim.takes THEN
                            INSERT INTO leftfold.claims (kind, value, stream) VALUES (claim.kind, claim.value, command.stream)
                            ON CONFLICT (kind, value) DO NOTHING;  -- its own already
                        ELSE
                            DELETE FROM leftfold.claims AS c WHERE c.kind = claim.kind AND c.value = claim.value AND c.stream = command.stream;
                        END IF;
                    END LOOP;
                END IF;
            END IF;

            IF result IN ('appended', 'refusal_recorded') THEN
                INSERT INTO leftfold.commands (
                    id, received_at, finished_at, version, first_position, last_position, digest, name, principal, tenant,
                    correlation_id, causation_id, stream, outcome, code)
                VALUES (command.id, command.received_at, recorded, version,
                    CASE WHEN command.events > 0 THEN "position" - command.events + 1 END, "position",
                    command.digest, command.name, command.principal, command.tenant, command.correlation_id, command.causation_id, command.stream,
                    coalesce(command.refusal, 'accepted'), command.code);
            END IF;
            RETURN NEXT;
        END LOOP;
    ELSE
        recorded := clock_timestamp();
        RETURN QUERY
        WITH item AS (
            SELECT i.*, sha256(i.content) AS digest
            FROM unnest(
                p_command_ids, p_contents, p_names, p_principals, p_tenants, p_correlation_ids, p_causation_ids, p_received_at,
                p_streams, p_expected, p_outcomes, p_codes, p_metadata, p_event_counts
            ) WITH ORDINALITY AS i (
                id, content, name, principal, tenant, correlation_id, causation_id, received_at,
                stream, expected, refusal, code, metadata, events, n)
        ),
        -- Claims that were to be taken and that another stream holds; one for each item that has any.
        held AS (
            SELECT DISTINCT ON (w.item) w.item, w.kind, w.value
            FROM unnest(p_claim_items, p_claim_takes, p_claim_kinds, p_claim_values) WITH ORDINALITY AS w (item, takes, kind, value, nth)
            JOIN item AS i ON i.n = w.item
            CROSS JOIN LATERAL (
                SELECT c.stream FROM leftfold.claims AS c WHERE c.kind = w.kind AND c.value = w.value LIMIT 1
            ) AS c
            WHERE w.takes AND c.stream <> i.stream
            ORDER BY w.item, w.nth
        ),
        decided AS (
            SELECT i.*, coalesce(s.version, 0) AS actual, k.version AS known_version, k.last_position AS known_position,
                k.outcome AS known_outcome, k.code AS known_code, t.kind AS taken_kind, t.value AS taken_value,
                CASE
                    WHEN k.digest <> i.digest THEN 'command_id_reused'
                    WHEN k.outcome = 'accepted' THEN 'accepted_before'
                    WHEN k.outcome IS NOT NULL THEN 'refused_before'
                    WHEN i.refusal IS NOT NULL THEN 'refusal_recorded'
                    WHEN i.expected <> coalesce(s.version, 0) THEN 'wrong_expected_version'
                    WHEN t.kind IS NOT NULL THEN 'claim_taken'
                    ELSE 'appended'
                END AS result
            FROM item AS i
            LEFT JOIN LATERAL (
                SELECT c.digest, c.outcome, c.code, c.version, c.last_position FROM leftfold.commands AS c WHERE c.id = i.id LIMIT 1
            ) AS k ON true
            LEFT JOIN LATERAL (
                SELECT e.version FROM leftfold.events AS e WHERE e.stream = i.stream ORDER BY e.version DESC LIMIT 1
            ) AS s ON i.refusal IS NULL
            LEFT JOIN held AS t ON t.item = i.n
        ),
        placed AS (
            SELECT d.*,
                head + coalesce(sum(d.events) FILTER (WHERE d.result = 'appended') OVER (ORDER BY d.n), 0) AS last_position
            FROM decided AS d
        ),
        appended AS (
            INSERT INTO leftfold.events (position, version, recorded_at, command_id, stream, type, data, metadata)
            SELECT p.last_position - p.events + e.nth, p.actual + e.nth, recorded, p.id, p.stream, e.type, e.data, p.metadata
            FROM unnest(p_event_items, p_event_offsets, p_event_types, p_event_data) AS e (item, nth, type, data)
            JOIN placed AS p ON p.n = e.item
            WHERE p.result = 'appended'
        ),
        journaled AS (
            INSERT INTO leftfold.commands (
                id, received_at, finished_at, version, first_position, last_position, digest, name, principal, tenant,
                correlation_id, causation_id, stream, outcome, code)
            SELECT p.id, p.received_at, recorded,
                CASE WHEN p.refusal IS NULL THEN p.actual + p.events END,
                CASE WHEN p.refusal IS NULL AND p.events > 0 THEN p.last_position - p.events + 1 END,
                CASE WHEN p.refusal IS NULL THEN p.last_position END,
                p.digest, p.name, p.principal, p.tenant, p.correlation_id, p.causation_id, p.stream,
                coalesce(p.refusal, 'accepted'), p.code
            FROM placed AS p
            WHERE p.result IN ('appended', 'refusal_recorded')
        ),
        released AS (
            DELETE FROM leftfold.claims AS d
            USING (
                SELECT c.row
                FROM unnest(p_claim_items, p_claim_takes, p_claim_kinds, p_claim_values) AS w (item, takes, kind, value)
                JOIN placed AS p ON p.n = w.item
                CROSS JOIN LATERAL (
                    SELECT c.ctid AS row, c.stream FROM leftfold.claims AS c WHERE c.kind = w.kind AND c.value = w.value LIMIT 1
                ) AS c
                WHERE NOT w.takes AND p.result = 'appended' AND c.stream = p.stream
            ) AS r
            WHERE d.ctid = r.row
        ),
        taken AS (
            INSERT INTO leftfold.claims (kind, value, stream)
            SELECT w.kind, w.value, p.stream
            FROM unnest(p_claim_items, p_claim_takes, p_claim_kinds, p_claim_values) AS w (item, takes, kind, value)
            JOIN placed AS p ON p.n = w.item
            WHERE w.takes AND p.result = 'appended'
            ON CONFLICT (kind, value) DO NOTHING  -- its own already: another stream's made it claim_taken
        )
        SELECT p.result,
            CASE p.result
                WHEN 'appended' THEN p.actual + p.events
                WHEN 'wrong_expected_version' THEN p.actual
                WHEN 'accepted_before' THEN p.known_version
            END,
            CASE p.result WHEN 'appended' THEN p.last_position::bigint WHEN 'accepted_before' THEN p.known_position END,
            CASE p.result WHEN 'refused_before' THEN p.known_outcome END,
            CASE p.result WHEN 'refused_before' THEN p.known_code WHEN 'claim_taken' THEN p.taken_kind END,
            CASE p.result WHEN 'claim_taken' THEN p.taken_value END
        FROM placed AS p
        ORDER BY p.n;

        SELECT coalesce(max(e.position), 0) INTO head FROM leftfold.events AS e;
    END IF;

    -- In the same transaction, so that it is told exactly when it is visible. A hint, never the data: readers poll as
    -- well, and when the queue fills up because some listener sleeps, appending matters more than announcing.
    IF head > before AND pg_notification_queue_usage() < 0.5 THEN
        PERFORM pg_notify('leftfold_events', head::text);
    END IF;
END
$$;

INSERT INTO leftfold.migrations (number, name) VALUES (5, 'append');
