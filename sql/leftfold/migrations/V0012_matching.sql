-- Which events a query matches. A query is a JSON array of items, [{"types": ["A", "B"], "tags": ["x", "y"]}]: an event matches
-- when it matches any item: any of its types (none given: whatever type) and all of its tags. {} matches every event, [] none.

-- The positions that one item matches, ascending. By its rarest tag, if it has any; else by reading on from p_after.
CREATE FUNCTION matching_item(p_types text[], p_tags text[], p_after bigint, p_limit integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE
-- A bitmap of a frequent tag would be filled whole before its first row.
SET search_path FROM CURRENT SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
DECLARE
    rarest text := p_tags[1];
BEGIN
    IF p_tags IS NULL THEN
        RETURN QUERY
        SELECT e.position FROM events AS e
        WHERE e.position > p_after AND (p_types IS NULL OR e.type = ANY (p_types))
        ORDER BY e.position LIMIT p_limit;
        RETURN;
    END IF;
    IF cardinality(p_tags) > 1 THEN
        -- Counted up to a bound: which of two frequent tags is the rarer one does not matter much.
        SELECT w.tag INTO rarest FROM unnest(p_tags) AS w (tag)
        ORDER BY (SELECT count(*) FROM (SELECT FROM tags AS t WHERE t.tag = w.tag AND t.position > p_after LIMIT 256) AS s)
        LIMIT 1;
    END IF;
    RETURN QUERY
    SELECT t.position FROM tags AS t
    CROSS JOIN LATERAL (
        SELECT FROM events AS e
        WHERE e.position = t.position AND (p_types IS NULL OR e.type = ANY (p_types)) AND e.tags @> p_tags LIMIT 1
    ) AS e
    WHERE t.tag = rarest AND t.position > p_after
    ORDER BY t.position LIMIT p_limit;
END
$$;

-- The items of a query. Refuses whatever is none.
CREATE FUNCTION items_of(p_query json, OUT types text[], OUT tags text[]) RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    item json;
BEGIN
    IF json_typeof(p_query) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'a query is an array of items' USING ERRCODE = 'LF006';
    END IF;
    FOR item IN SELECT i.value FROM json_array_elements(p_query) AS i LOOP
        IF json_typeof(item) <> 'object' OR item::jsonb - ARRAY['types', 'tags'] <> '{}'
            OR item::jsonb @? 'strict $.* ? (@.type() != "array")' OR item::jsonb @? 'strict $.*[*] ? (@.type() != "string")'
        THEN
            RAISE EXCEPTION 'an item of a query is an object of types and tags, each an array of strings' USING ERRCODE = 'LF006';
        END IF;
        SELECT nullif(r.types, '{}'), nullif(r.tags, '{}') INTO types, tags FROM json_to_record(item) AS r (types text[], tags text[]);
        RETURN NEXT;
    END LOOP;
END
$$;

-- The positions that a query matches, each once, ascending.
CREATE FUNCTION matching_positions(p_query json, p_after bigint, p_limit integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    item  record;
    found bigint[] := '{}';
BEGIN
    IF p_after IS NULL OR p_after < 0 OR p_limit IS NULL OR p_limit < 0 THEN
        RAISE EXCEPTION 'the position and the limit of a query must not be null or negative' USING ERRCODE = 'LF006';
    END IF;
    FOR item IN SELECT i.* FROM items_of(p_query) AS i LOOP
        found := found || ARRAY(SELECT m FROM matching_item(item.types, item.tags, p_after, p_limit) AS m);
    END LOOP;
    RETURN QUERY SELECT DISTINCT f FROM unnest(found) AS f ORDER BY f LIMIT p_limit;
END
$$;

-- The events that a query matches, in order.
CREATE FUNCTION matching(p_query json, after_position bigint DEFAULT 0, "limit" integer DEFAULT 1000)
RETURNS TABLE (
    "position" bigint, version bigint, recorded_at timestamptz, command_id uuid, stream text, type text, principal text, correlation_id text,
    data json, metadata json, tags text[])
LANGUAGE sql STABLE
SET search_path FROM CURRENT SET enable_seqscan = off
AS $$
    SELECT e.position, e.version, e.recorded_at, e.command_id, e.stream, e.type, e.principal, e.correlation_id, e.data, e.metadata, e.tags
    FROM matching_positions($1, $2, $3) AS m
    CROSS JOIN LATERAL (SELECT e.* FROM events AS e WHERE e.position = m LIMIT 1) AS e
    ORDER BY e.position
$$;

REVOKE EXECUTE ON FUNCTION matching_item(text[], text[], bigint, integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION matching_positions(json, bigint, integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION items_of(json) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION matching(json, bigint, integer) FROM PUBLIC;

-- A condition of an append is {"after": 17, "items": [...]}.
CREATE FUNCTION check_condition(p_condition json) RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path FROM CURRENT
AS $$
BEGIN
    IF json_typeof(p_condition) <> 'object' OR coalesce(p_condition ->> 'after', '') !~ '^[0-9]{1,18}$'
        OR p_condition::jsonb - ARRAY['after', 'items'] <> '{}'
    THEN
        RAISE EXCEPTION 'a condition is {"after": position, "items": [...]}' USING ERRCODE = 'LF006';
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION check_condition(json) FROM PUBLIC;

-- The first position that a condition excludes; null if there is none.
CREATE FUNCTION first_match(p_condition json) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    item  record;
    first bigint;
BEGIN
    PERFORM check_condition(p_condition);
    FOR item IN SELECT i.* FROM items_of(p_condition -> 'items') AS i LOOP
        first := least(first, (SELECT m FROM matching_item(item.types, item.tags, (p_condition ->> 'after')::bigint, 1) AS m));
    END LOOP;
    RETURN first;
END
$$;
REVOKE EXECUTE ON FUNCTION first_match(json) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (12, 'matching');
