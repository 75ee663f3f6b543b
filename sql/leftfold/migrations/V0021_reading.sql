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

INSERT INTO migrations (number, name) VALUES (21, 'reading');
