-- The append functions believe nothing. What their keys and constraints would not refuse, or would refuse without a word about the
-- argument, is looked for here once something is wrong.

-- Whether an array is not what it should be: of this many elements, numbered from 1, without nulls.
CREATE FUNCTION is_ill_formed(p_array anyarray, p_count integer, p_nulls boolean DEFAULT false) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE
SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN p_array IS NULL OR cardinality(p_array) <> p_count
        OR p_count > 0 AND (array_ndims(p_array) <> 1 OR array_lower(p_array, 1) <> 1)
        OR NOT p_nulls AND EXISTS (SELECT FROM unnest(p_array) AS e (value) WHERE e.value IS NULL);
END
$$;
REVOKE EXECUTE ON FUNCTION is_ill_formed(anyarray, integer, boolean) FROM PUBLIC;

-- Whether numbers that name one of p_count things are out of range, or go down.
CREATE FUNCTION is_out_of_order(p_numbers integer[], p_count integer) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    last   integer := 1;
    number integer;
BEGIN
    FOREACH number IN ARRAY p_numbers LOOP
        IF number NOT BETWEEN last AND p_count THEN RETURN true; END IF;
        last := number;
    END LOOP;
    RETURN false;
END
$$;
REVOKE EXECUTE ON FUNCTION is_out_of_order(integer[], integer) FROM PUBLIC;

-- Where each thing begins in a list of numbers that name it, in ascending order; one more for the end. Null: one each.
CREATE FUNCTION beginnings(p_numbers integer[], p_count integer) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    begins integer[];
    n      integer := 1;
BEGIN
    IF p_numbers IS NULL THEN
        RETURN ARRAY(SELECT generate_series(1, p_count + 1));
    END IF;
    FOR k IN 1 .. p_count + 1 LOOP
        WHILE p_numbers[n] < k LOOP n := n + 1; END LOOP;
        begins[k] := n;
    END LOOP;
    RETURN begins;
END
$$;
REVOKE EXECUTE ON FUNCTION beginnings(integer[], integer) FROM PUBLIC;

-- What every command says about itself.
CREATE FUNCTION check_commands(
    p_command_ids uuid[], p_contents bytea[], p_names text[], p_principals text[], p_correlation_ids text[], p_causation_ids text[],
    p_received_at timestamptz[]
) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    commands integer := cardinality(p_command_ids);
    argument text := CASE
        WHEN commands IS NULL OR commands = 0 OR is_ill_formed(p_command_ids, commands) THEN 'p_command_ids'
        WHEN is_ill_formed(p_contents, commands) THEN 'p_contents'
        WHEN is_ill_formed(p_names, commands) THEN 'p_names'
        WHEN is_ill_formed(p_principals, commands) THEN 'p_principals'
        WHEN is_ill_formed(p_correlation_ids, commands) THEN 'p_correlation_ids'
        WHEN p_causation_ids IS NOT NULL AND is_ill_formed(p_causation_ids, commands, true) THEN 'p_causation_ids'
        WHEN is_ill_formed(p_received_at, commands) THEN 'p_received_at'
    END;
BEGIN
    IF argument IS NOT NULL THEN
        RAISE EXCEPTION '% must hold one value a command', argument USING ERRCODE = 'LF006';
    END IF;
    argument := 'p_names';       PERFORM p_names::nonempty[];
    argument := 'p_principals';  PERFORM p_principals::nonempty[];
    argument := 'p_received_at'; PERFORM p_received_at::moment[];
EXCEPTION WHEN check_violation THEN
    RAISE EXCEPTION '%: %', argument, SQLERRM USING ERRCODE = 'LF006';
END
$$;
REVOKE EXECUTE ON FUNCTION check_commands(uuid[], bytea[], text[], text[], text[], text[], timestamptz[]) FROM PUBLIC;

-- Everything that an append is given.
CREATE FUNCTION check_append(
    p_command_ids uuid[], p_contents bytea[], p_names text[], p_principals text[], p_correlation_ids text[], p_causation_ids text[],
    p_received_at timestamptz[],
    p_streams text[], p_expected bigint[], p_event_types text[], p_event_data json[],
    p_write_commands integer[], p_event_writes integer[], p_metadata json[], p_follows boolean[],
    p_tag_events integer[], p_tags text[],
    p_claim_writes integer[], p_claim_takes boolean[], p_claim_kinds text[], p_claim_values text[],
    p_conditions json[], p_progress json[]
) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    commands integer := cardinality(p_command_ids);
    writes   integer := cardinality(p_streams);
    events   integer := cardinality(p_event_types);
    tags     integer := coalesce(cardinality(p_tags), 0);
    claims   integer := coalesce(cardinality(p_claim_kinds), 0);
    wrong    text;
    argument text;
BEGIN
    PERFORM check_commands(p_command_ids, p_contents, p_names, p_principals, p_correlation_ids, p_causation_ids, p_received_at);
    wrong := CASE
        WHEN writes IS NULL OR is_ill_formed(p_streams, writes)
            THEN 'p_streams must hold one stream a write'
        WHEN is_ill_formed(p_expected, writes, true) OR EXISTS (SELECT FROM unnest(p_expected) AS v (version) WHERE v.version < 0)
            THEN 'p_expected must hold one version or null a write'
        WHEN events IS NULL OR is_ill_formed(p_event_types, events)
            THEN 'p_event_types must hold one name an event'
        WHEN is_ill_formed(p_event_data, events)
            THEN 'p_event_data must hold one value an event'
        WHEN p_write_commands IS NULL AND writes <> commands
            THEN 'without p_write_commands each command has one write'
        WHEN p_write_commands IS NOT NULL AND (is_ill_formed(p_write_commands, writes) OR is_out_of_order(p_write_commands, commands))
            THEN 'p_write_commands must hold numbers of commands, ascending'
        WHEN p_event_writes IS NULL AND events <> writes
            THEN 'without p_event_writes each write has one event'
        WHEN p_event_writes IS NOT NULL AND (is_ill_formed(p_event_writes, events) OR is_out_of_order(p_event_writes, writes))
            THEN 'p_event_writes must hold numbers of writes, ascending'
        WHEN p_write_commands IS NOT NULL AND EXISTS (
            SELECT FROM unnest(p_write_commands, p_streams) AS s (command, stream) GROUP BY s.command, s.stream HAVING count(*) > 1)
            THEN 'a command must not write twice to one stream'
        WHEN p_metadata IS NOT NULL AND is_ill_formed(p_metadata, events, true)
            THEN 'p_metadata must hold one object or null an event'
        WHEN p_follows IS NOT NULL AND (is_ill_formed(p_follows, commands) OR p_follows[1])
            THEN 'p_follows must hold one boolean a command, false for the first one'
        WHEN (tags > 0 OR p_tag_events IS NOT NULL) AND (is_ill_formed(p_tag_events, tags)
            OR EXISTS (SELECT FROM unnest(p_tag_events) AS t (event) WHERE t.event NOT BETWEEN 1 AND events))
            THEN 'p_tag_events must hold the number of an event a tag'
        WHEN tags > 0 AND is_ill_formed(p_tags, tags)
            THEN 'p_tags must hold tags'
        WHEN (claims > 0 OR p_claim_writes IS NOT NULL) AND (is_ill_formed(p_claim_writes, claims)
            OR EXISTS (SELECT FROM unnest(p_claim_writes) AS c (write) WHERE c.write NOT BETWEEN 1 AND writes))
            THEN 'p_claim_writes must hold the number of a write a claim'
        WHEN (claims > 0 OR p_claim_takes IS NOT NULL) AND is_ill_formed(p_claim_takes, claims)
            THEN 'p_claim_takes must hold one boolean a claim'
        WHEN claims > 0 AND is_ill_formed(p_claim_kinds, claims)
            THEN 'p_claim_kinds must hold one name a claim'
        WHEN (claims > 0 OR p_claim_values IS NOT NULL) AND is_ill_formed(p_claim_values, claims)
            THEN 'p_claim_values must hold one value a claim'
        WHEN p_conditions IS NOT NULL AND is_ill_formed(p_conditions, commands, true)
            OR EXISTS (SELECT FROM unnest(p_conditions) AS c (value) WHERE json_typeof(c.value) <> 'array')
            OR EXISTS (
                SELECT FROM unnest(p_conditions) AS c (value) CROSS JOIN LATERAL json_array_elements(c.value) AS d (value)
                WHERE json_typeof(d.value) <> 'object' OR coalesce(d.value ->> 'after', '') !~ '^[0-9]{1,18}$'
                    OR json_typeof(d.value -> 'items') IS DISTINCT FROM 'array' OR (SELECT count(*) FROM json_object_keys(d.value)) <> 2)
            THEN 'p_conditions must hold null or [{"after": position, "items": [...]}] a command'
        WHEN p_progress IS NOT NULL AND is_ill_formed(p_progress, commands, true)
            OR EXISTS (
                SELECT FROM unnest(p_progress) AS p (value)
                WHERE p.value IS NOT NULL AND (json_typeof(p.value) <> 'object' OR json_typeof(p.value -> 'follower') IS DISTINCT FROM 'string'
                    OR coalesce(p.value ->> 'from', '') !~ '^[0-9]{1,18}$' OR coalesce(p.value ->> 'to', '') !~ '^[0-9]{1,18}$'
                    OR coalesce(p.value ->> 'epoch', '') !~ '^[0-9]{1,18}$'
                    OR (p.value ->> 'to')::bigint < (p.value ->> 'from')::bigint))
            THEN 'p_progress must hold null or {"follower": name, "from": position, "to": position, "epoch": number} a command'
    END;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', wrong USING ERRCODE = 'LF006';
    END IF;
    argument := 'p_streams';      PERFORM p_streams::stream_name[];
    argument := 'p_event_types';  PERFORM p_event_types::label[];
    argument := 'p_metadata';     PERFORM p_metadata::attributes[];
    argument := 'p_tags';         PERFORM p_tags::label[];
    argument := 'p_claim_kinds';  PERFORM p_claim_kinds::nonempty[];
    argument := 'p_claim_values'; PERFORM p_claim_values::nonempty[];
    argument := 'p_progress';     PERFORM (p.value ->> 'lease')::interval FROM unnest(p_progress) AS p (value);
    PERFORM names_of(i.value, 'types'), names_of(i.value, 'tags')
    FROM unnest(p_conditions) AS c (value) CROSS JOIN LATERAL json_array_elements(c.value) AS d (value)
    CROSS JOIN LATERAL json_array_elements(d.value -> 'items') AS i (value);
EXCEPTION WHEN check_violation OR invalid_datetime_format OR datetime_field_overflow THEN
    RAISE EXCEPTION '%: %', argument, SQLERRM USING ERRCODE = 'LF006';
END
$$;
REVOKE EXECUTE ON FUNCTION check_append(
    uuid[], bytea[], text[], text[], text[], text[], timestamptz[], text[], bigint[], text[], json[], integer[], integer[], json[], boolean[],
    integer[], text[], integer[], boolean[], text[], text[], json[], json[]) FROM PUBLIC;

-- Whether each of p_count things is named, in ascending order.
CREATE FUNCTION names_each(p_numbers integer[], p_count integer) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    last   integer := 0;
    number integer;
BEGIN
    FOREACH number IN ARRAY p_numbers LOOP
        IF number IS NULL OR number NOT IN (last, last + 1) THEN RETURN false; END IF;
        last := number;
    END LOOP;
    RETURN last = p_count AND array_dims(p_numbers) = '[1:' || cardinality(p_numbers) || ']';
END
$$;
REVOKE EXECUTE ON FUNCTION names_each(integer[], integer) FROM PUBLIC;

-- Whether an append may insert first although it has more than one event a command: every command and every write has events, every version is
-- known, and what the arrays say of each other is so. What else could be wrong, keys and constraints refuse.
CREATE FUNCTION is_complete(
    p_command_ids uuid[], p_contents bytea[], p_names text[], p_principals text[], p_correlation_ids text[], p_received_at timestamptz[],
    p_streams text[], p_expected bigint[], p_event_types text[], p_event_data json[],
    p_write_commands integer[], p_event_writes integer[], p_tag_events integer[], p_tags text[],
    p_claim_writes integer[], p_claim_takes boolean[], p_claim_kinds text[], p_claim_values text[]
) RETURNS boolean LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    commands integer := cardinality(p_command_ids);
    writes   integer := cardinality(p_streams);
    events   integer := cardinality(p_event_types);
BEGIN
    IF (cardinality(p_contents) = commands AND cardinality(p_names) = commands AND cardinality(p_principals) = commands
        AND cardinality(p_correlation_ids) = commands AND cardinality(p_received_at) = commands
        AND cardinality(p_expected) = writes AND cardinality(p_event_data) = events) IS NOT TRUE
    THEN
        RETURN false;
    END IF;
    IF p_write_commands IS NULL THEN
        IF writes <> commands THEN RETURN false; END IF;
    ELSIF cardinality(p_write_commands) <> writes OR NOT names_each(p_write_commands, commands)
        OR (SELECT count(DISTINCT (w.command, w.stream)) FROM unnest(p_write_commands, p_streams) AS w (command, stream)) <> writes
    THEN
        RETURN false;
    END IF;
    IF p_event_writes IS NULL THEN
        IF events <> writes THEN RETURN false; END IF;
    ELSIF cardinality(p_event_writes) <> events OR NOT names_each(p_event_writes, writes) THEN
        RETURN false;
    END IF;
    IF num_nonnulls(p_tag_events, p_tags) > 0 AND (
        array_dims(p_tag_events) IS DISTINCT FROM array_dims(p_tags)
        OR EXISTS (SELECT FROM unnest(p_tag_events) AS t (event) WHERE t.event IS NULL OR t.event NOT BETWEEN 1 AND events))
    THEN
        RETURN false;
    END IF;
    IF num_nonnulls(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) > 0 AND (
        num_nulls(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) > 0
        OR array_dims(p_claim_takes) <> array_dims(p_claim_writes) OR array_dims(p_claim_kinds) <> array_dims(p_claim_writes)
        OR array_dims(p_claim_values) <> array_dims(p_claim_writes) OR array_position(p_claim_takes, NULL) IS NOT NULL
        OR EXISTS (SELECT FROM unnest(p_claim_writes) AS c (write) WHERE c.write IS NULL OR c.write NOT BETWEEN 1 AND writes)
        -- One that is released and taken by two: it matters who comes first.
        OR false = ANY (p_claim_takes)
            AND (SELECT count(DISTINCT (c.kind, c.value)) <> count(*) FROM unnest(p_claim_kinds, p_claim_values) AS c (kind, value)))
    THEN
        RETURN false;
    END IF;
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION is_complete(
    uuid[], bytea[], text[], text[], text[], timestamptz[], text[], bigint[], text[], json[],
    integer[], integer[], integer[], text[], integer[], boolean[], text[], text[]) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (13, 'check_arguments');
