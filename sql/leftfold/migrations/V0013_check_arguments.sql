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
        OR NOT p_nulls AND array_position(p_array, NULL) IS NOT NULL;
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
    texts nonempty[];
    times moment[];
BEGIN
    IF argument IS NOT NULL THEN
        RAISE EXCEPTION '% must hold one value a command', argument USING ERRCODE = 'LF006';
    END IF;
    -- The types of the tables say what else is wrong.
    argument := 'p_names';       texts := p_names;
    argument := 'p_principals';  texts := p_principals;
    argument := 'p_received_at'; times := p_received_at;
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
    commands   integer := cardinality(p_command_ids);
    writes     integer := cardinality(p_streams);
    events     integer := cardinality(p_event_types);
    tags       integer := coalesce(cardinality(p_tags), 0);
    claims     integer := coalesce(cardinality(p_claim_kinds), 0);
    wrong      text;
    argument   text;
    streams    stream_name[];
    labels     label[];
    texts      nonempty[];
    attributes attributes[];
    lease      interval;
    value      json;
BEGIN
    PERFORM check_commands(p_command_ids, p_contents, p_names, p_principals, p_correlation_ids, p_causation_ids, p_received_at);
    wrong := CASE
        WHEN writes IS NULL OR is_ill_formed(p_streams, writes)
            THEN 'p_streams must hold one stream a write'
        WHEN is_ill_formed(p_expected, writes, true) OR 0 > ANY (p_expected)
            THEN 'p_expected must hold one version or null a write'
        WHEN events IS NULL OR is_ill_formed(p_event_types, events)
            THEN 'p_event_types must hold one name an event'
        WHEN is_ill_formed(p_event_data::text[], events)
            THEN 'p_event_data must hold one value an event'
        WHEN p_write_commands IS NULL AND writes <> commands
            THEN 'without p_write_commands each command has one write'
        WHEN p_write_commands IS NOT NULL AND (is_ill_formed(p_write_commands, writes) OR is_out_of_order(p_write_commands, commands))
            THEN 'p_write_commands must hold numbers of commands, ascending'
        WHEN p_event_writes IS NULL AND events <> writes
            THEN 'without p_event_writes each write has one event'
        WHEN p_event_writes IS NOT NULL AND (is_ill_formed(p_event_writes, events) OR is_out_of_order(p_event_writes, writes))
            THEN 'p_event_writes must hold numbers of writes, ascending'
        WHEN p_metadata IS NOT NULL AND is_ill_formed(p_metadata::text[], events, true)
            THEN 'p_metadata must hold one object or null an event'
        WHEN p_follows IS NOT NULL AND (is_ill_formed(p_follows, commands) OR p_follows[1])
            THEN 'p_follows must hold one boolean a command, false for the first one'
        WHEN (tags > 0 OR p_tag_events IS NOT NULL)
            AND (is_ill_formed(p_tag_events, tags) OR 1 > ANY (p_tag_events) OR events < ANY (p_tag_events))
            THEN 'p_tag_events must hold the number of an event a tag'
        WHEN tags > 0 AND is_ill_formed(p_tags, tags)
            THEN 'p_tags must hold tags'
        WHEN (claims > 0 OR p_claim_writes IS NOT NULL)
            AND (is_ill_formed(p_claim_writes, claims) OR 1 > ANY (p_claim_writes) OR writes < ANY (p_claim_writes))
            THEN 'p_claim_writes must hold the number of a write a claim'
        WHEN (claims > 0 OR p_claim_takes IS NOT NULL) AND is_ill_formed(p_claim_takes, claims)
            THEN 'p_claim_takes must hold one boolean a claim'
        WHEN claims > 0 AND is_ill_formed(p_claim_kinds, claims)
            THEN 'p_claim_kinds must hold one name a claim'
        WHEN (claims > 0 OR p_claim_values IS NOT NULL) AND is_ill_formed(p_claim_values, claims)
            THEN 'p_claim_values must hold one value a claim'
        WHEN p_conditions IS NOT NULL AND is_ill_formed(p_conditions::text[], commands, true)
            THEN 'p_conditions must hold one array or null a command'
        WHEN p_progress IS NOT NULL AND is_ill_formed(p_progress::text[], commands, true)
            THEN 'p_progress must hold one object or null a command'
    END;
    IF wrong IS NULL AND p_write_commands IS NOT NULL AND EXISTS (
        SELECT FROM unnest(p_write_commands, p_streams) AS w (command, stream) GROUP BY w.command, w.stream HAVING count(*) > 1)
    THEN
        wrong := 'a command must not write twice to one stream';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', wrong USING ERRCODE = 'LF006';
    END IF;

    -- The types of the tables say what else is wrong.
    argument := 'p_streams';      streams := p_streams;
    argument := 'p_event_types';  labels := p_event_types;
    argument := 'p_metadata';     attributes := p_metadata;
    argument := 'p_tags';         labels := p_tags;
    argument := 'p_claim_kinds';  texts := p_claim_kinds;
    argument := 'p_claim_values'; texts := p_claim_values;
    argument := 'p_conditions';
    IF EXISTS (SELECT FROM unnest(p_conditions) AS c (value) WHERE json_typeof(c.value) <> 'array') THEN
        RAISE EXCEPTION 'p_conditions must hold one array or null a command' USING ERRCODE = 'LF006';
    END IF;
    FOR value IN SELECT d.value FROM unnest(p_conditions) AS c (value) CROSS JOIN LATERAL json_array_elements(c.value) AS d (value) LOOP
        PERFORM check_condition(value);
        PERFORM FROM items_of(value -> 'items');
    END LOOP;
    argument := 'p_progress';
    FOR value IN SELECT p.value FROM unnest(p_progress) AS p (value) WHERE p.value IS NOT NULL LOOP
        IF json_typeof(value) <> 'object' OR coalesce(json_typeof(value -> 'follower'), '') <> 'string'
            OR coalesce(value ->> 'from', '') !~ '^[0-9]{1,18}$' OR coalesce(value ->> 'to', '') !~ '^[0-9]{1,18}$'
            OR coalesce(value ->> 'epoch', '') !~ '^[0-9]{1,18}$' OR (value ->> 'to')::bigint < (value ->> 'from')::bigint
            OR value::jsonb - ARRAY['follower', 'from', 'to', 'epoch', 'lease'] <> '{}'
        THEN
            RAISE EXCEPTION 'p_progress must hold {"follower": name, "from": position, "to": position, "epoch": number} or null a command'
                USING ERRCODE = 'LF006';
        END IF;
        lease := value ->> 'lease';
    END LOOP;
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
        IF number IS NULL OR number NOT IN (greatest(last, 1), last + 1) THEN RETURN false; END IF;
        last := number;
    END LOOP;
    RETURN last = p_count AND array_dims(p_numbers) = '[1:' || cardinality(p_numbers) || ']';
END
$$;
REVOKE EXECUTE ON FUNCTION names_each(integer[], integer) FROM PUBLIC;

-- Whether these arrays say of each claim what it needs.
CREATE FUNCTION are_claims(p_takes boolean[], p_kinds text[], p_values text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE
SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN num_nulls(p_takes, p_kinds, p_values) = 0
        AND array_dims(p_takes) IS NOT DISTINCT FROM array_dims(p_kinds) AND array_dims(p_values) IS NOT DISTINCT FROM array_dims(p_kinds)
        AND array_position(p_takes, NULL) IS NULL AND array_position(p_kinds, NULL) IS NULL AND array_position(p_values, NULL) IS NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION are_claims(boolean[], text[], text[]) FROM PUBLIC;

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
    ELSIF cardinality(p_write_commands) <> writes OR NOT names_each(p_write_commands, commands) THEN
        RETURN false;
    ELSIF (SELECT count(DISTINCT (w.command, w.stream)) FROM unnest(p_write_commands, p_streams) AS w (command, stream)) <> writes THEN
        RETURN false;
    END IF;
    IF p_event_writes IS NULL THEN
        IF events <> writes THEN RETURN false; END IF;
    ELSIF cardinality(p_event_writes) <> events OR NOT names_each(p_event_writes, writes) THEN
        RETURN false;
    END IF;
    IF num_nonnulls(p_tag_events, p_tags) > 0 AND (
        array_dims(p_tag_events) IS DISTINCT FROM array_dims(p_tags)
        OR (1 <= ALL (p_tag_events) AND events >= ALL (p_tag_events)) IS NOT TRUE)
    THEN
        RETURN false;
    END IF;
    IF num_nonnulls(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) > 0 AND (
        NOT are_claims(p_claim_takes, p_claim_kinds, p_claim_values) OR array_dims(p_claim_writes) IS DISTINCT FROM array_dims(p_claim_kinds)
        OR (1 <= ALL (p_claim_writes) AND writes >= ALL (p_claim_writes)) IS NOT TRUE)
    THEN
        RETURN false;
    END IF;
    -- One that is released and taken by two: it matters who comes first.
    IF false = ANY (p_claim_takes)
        AND (SELECT count(DISTINCT (c.kind, c.value)) <> count(*) FROM unnest(p_claim_kinds, p_claim_values) AS c (kind, value))
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
