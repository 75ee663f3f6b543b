-- For people, and for other languages. Those who call them need SELECT on the tables.

CREATE FUNCTION read_stream(name text, after_version bigint DEFAULT 0, "limit" integer DEFAULT 1000)
RETURNS TABLE (
    "position" bigint, version bigint, recorded_at timestamptz, command_id uuid, stream text, type text, principal text, correlation_id text,
    data json, metadata json, tags text[])
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT e.position, e.version, e.recorded_at, e.command_id, e.stream, e.type, e.principal, e.correlation_id, e.data, e.metadata, e.tags
    FROM events AS e WHERE e.stream = $1 AND e.version > $2 ORDER BY e.version LIMIT $3
$$;

-- In the order of the log. Reads on from after_position until it has found enough.
CREATE FUNCTION read_category(name text, after_position bigint DEFAULT 0, "limit" integer DEFAULT 1000)
RETURNS TABLE (
    "position" bigint, version bigint, recorded_at timestamptz, command_id uuid, stream text, type text, principal text, correlation_id text,
    data json, metadata json, tags text[])
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT e.position, e.version, e.recorded_at, e.command_id, e.stream, e.type, e.principal, e.correlation_id, e.data, e.metadata, e.tags
    FROM events AS e WHERE starts_with(e.stream, $1 || '-') AND e.position > $2 ORDER BY e.position LIMIT $3
$$;

CREATE FUNCTION read_log(after_position bigint DEFAULT 0, "limit" integer DEFAULT 1000)
RETURNS TABLE (
    "position" bigint, version bigint, recorded_at timestamptz, command_id uuid, stream text, type text, principal text, correlation_id text,
    data json, metadata json, tags text[])
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT e.position, e.version, e.recorded_at, e.command_id, e.stream, e.type, e.principal, e.correlation_id, e.data, e.metadata, e.tags
    FROM events AS e WHERE e.position > $1 ORDER BY e.position LIMIT $2
$$;

REVOKE EXECUTE ON FUNCTION read_stream(text, bigint, integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION read_category(text, bigint, integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION read_log(bigint, integer) FROM PUBLIC;

-- Pages of the log for followers: bounded by events looked at and by bytes, without what nobody wants.

-- Whether a follower wants an event: of these categories, null for all, without these types, each as "category type", null for none.
-- Its words are bound when it is made: it has no search path of its own, which would keep it from being inlined.
CREATE FUNCTION is_wanted(stream text, type text, categories text[], unwanted text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (categories IS NULL OR split_part(stream, '-', 1) COLLATE "C" = ANY (categories))
    AND (unwanted IS NULL OR (split_part(stream, '-', 1) || ' ' || type) COLLATE "C" <> ALL (unwanted));

-- Where a page ends that begins after p_after: at the last of p_count events, or before the one with which the data of those that are
-- wanted would have more than p_bytes; one such event alone makes a page. Null at the end of the log. A hole is corruption, and stops
-- whoever reads (I4).
CREATE FUNCTION page_end(p_after bigint, p_count integer, p_bytes integer, p_categories text[] DEFAULT NULL, p_unwanted text[] DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT SET jit = off
AS $$
DECLARE
    looked integer;
    last   bigint;
    bytes  bigint;
    wanted boolean;
    event  record;
BEGIN
    -- What is compressed may be anything: it counts as too much here, and is measured one by one below.
    SELECT count(*), max(e.position), coalesce(sum(CASE WHEN is_wanted(e.stream, e.type, p_categories, p_unwanted)
        THEN CASE WHEN pg_column_compression(e.data) IS NULL THEN pg_column_size(e.data) ELSE p_bytes + 1 END END), 0)
    INTO looked, last, bytes
    FROM events AS e WHERE e.position > p_after AND e.position <= p_after + p_count;
    IF looked <> last - p_after OR last IS NULL AND EXISTS (SELECT FROM events AS e WHERE e.position > p_after) THEN
        RAISE EXCEPTION 'the log has a hole between the positions % and %', p_after, last USING ERRCODE = 'data_corrupted';
    END IF;
    IF bytes <= p_bytes THEN RETURN last; END IF;
    bytes := NULL;
    FOR event IN
        SELECT e.position, e.stream, e.type, e.data FROM events AS e
        WHERE e.position > p_after AND e.position <= last ORDER BY e.position
    LOOP
        IF is_wanted(event.stream, event.type, p_categories, p_unwanted) THEN
            bytes := bytes + octet_length(event.data::text);
            IF bytes > p_bytes THEN RETURN event.position - 1; END IF;
            bytes := coalesce(bytes, octet_length(event.data::text));
        END IF;
    END LOOP;
    RETURN last;
END
$$;
REVOKE EXECUTE ON FUNCTION is_wanted(text, text, text[], text[]) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION page_end(bigint, integer, integer, text[], text[]) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (21, 'reading');
