-- What operators do to projections when something is wrong, with who did it and why.
--
-- What is left out is left out by a follower, and so by one generation: a rebuild begins a new one, which applies everything.

CREATE TABLE follower_operations (
    number       bigint      GENERATED ALWAYS AS IDENTITY,
    performed_at moment      NOT NULL DEFAULT clock_timestamp(),
    operation    text        NOT NULL,
    projection   text        NOT NULL COLLATE "C",
    follower     text        COLLATE "C",                    -- its live one at that time
    position     bigint,                                     -- of the event that was meant
    stream       text        COLLATE "C",
    failure      text,                                       -- what had stopped it
    session_role text        NOT NULL DEFAULT session_user,  -- as the database knows who did it
    principal    nonempty    NOT NULL,                       -- as they said who they are
    reason       nonempty,
    CONSTRAINT follower_operations_pkey PRIMARY KEY (number),
    CONSTRAINT follower_operations_known CHECK (operation IN ('retry', 'skip', 'park', 'unpark', 'pause', 'resume', 'remove', 'rollback', 'drop')),
    CONSTRAINT follower_operations_have_a_reason CHECK (reason IS NOT NULL OR operation IN ('retry', 'unpark', 'resume')),
    CONSTRAINT follower_operations_bounded CHECK (octet_length(principal) <= 512 AND octet_length(reason) <= 2000)
);

CREATE TRIGGER follower_operations_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON follower_operations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE follower_operations ENABLE ALWAYS TRIGGER follower_operations_are_append_only;

-- Events that a follower passes without applying them.
CREATE TABLE skipped_events (
    follower  text   NOT NULL COLLATE "C",
    position  bigint NOT NULL,
    operation bigint NOT NULL,   -- by which
    CONSTRAINT skipped_events_pkey PRIMARY KEY (follower, position),
    CONSTRAINT skipped_events_follower_fkey FOREIGN KEY (follower) REFERENCES followers (name) ON DELETE CASCADE,
    CONSTRAINT skipped_events_operation_fkey FOREIGN KEY (operation) REFERENCES follower_operations (number)
);

-- Streams whose events a follower passes without applying them, from this version on, until they are taken back. Which those are, the log
-- tells: all of the stream from that version up to the follower's position.
CREATE TABLE parked_streams (
    follower     text        NOT NULL COLLATE "C",
    stream       stream_name NOT NULL,
    from_version bigint      NOT NULL,
    -- To be taken back by whoever works for the follower.
    resuming     boolean     NOT NULL DEFAULT false,
    -- Why that failed the last time.
    failure      text,
    operation    bigint      NOT NULL,
    CONSTRAINT parked_streams_pkey PRIMARY KEY (follower, stream),
    CONSTRAINT parked_streams_follower_fkey FOREIGN KEY (follower) REFERENCES followers (name) ON DELETE CASCADE,
    CONSTRAINT parked_streams_operation_fkey FOREIGN KEY (operation) REFERENCES follower_operations (number)
);

-- Does something to a projection's live generation, and puts it on record. What it answers: 'done', or why nothing was done: 'unchanged' (it is so
-- already), 'unknown_projection', 'not_stopped_there' (no such event stopped it), 'not_parked'.
--
--   retry   lets it try the event again that stopped it
--   skip    lets it pass the event at p_position, which stopped it
--   park    lets it pass p_stream from the event that stopped it, which is one of that stream
--   unpark  has what was passed of p_stream applied
--   pause   takes the lease away, and nobody gets it until
--   resume
--
-- Whoever works for it loses the lease: what he believes of skips and pauses may no longer be so. The next one looks.
CREATE FUNCTION operate(
    p_projection text,
    p_operation  text,
    p_principal  text,
    p_reason     text   DEFAULT NULL,
    p_position   bigint DEFAULT NULL,
    p_stream     text   DEFAULT NULL
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
DECLARE
    f        followers%ROWTYPE;
    first    bigint;
    recorded bigint;
BEGIN
    IF p_operation IS NULL OR p_operation NOT IN ('retry', 'skip', 'park', 'unpark', 'pause', 'resume') THEN
        RAISE EXCEPTION 'p_operation must be retry, skip, park, unpark, pause or resume' USING ERRCODE = 'LF006';
    END IF;
    IF coalesce(octet_length(p_principal), 0) NOT BETWEEN 1 AND 512 THEN
        RAISE EXCEPTION 'p_principal must have 1 to 512 bytes' USING ERRCODE = 'LF006';
    END IF;
    IF octet_length(p_reason) NOT BETWEEN 1 AND 2000 OR p_reason IS NULL AND p_operation IN ('skip', 'park', 'pause') THEN
        RAISE EXCEPTION 'p_reason must have 1 to 2000 bytes' USING ERRCODE = 'LF006';
    END IF;
    IF (p_position IS NULL) = (p_operation = 'skip') OR (p_stream IS NULL) = (p_operation IN ('park', 'unpark')) THEN
        RAISE EXCEPTION 'skip takes p_position, park and unpark take p_stream, and nothing else takes either' USING ERRCODE = 'LF006';
    END IF;
    LOOP
        SELECT l.* INTO f FROM followers AS l JOIN generations AS g ON g.follower = l.name
        WHERE g.projection = p_projection AND g.state = 'live' FOR UPDATE OF l;
        IF NOT FOUND THEN RETURN 'unknown_projection'; END IF;
        -- A switch that was under way may have made another one live. It needs the row that we hold.
        EXIT WHEN EXISTS (SELECT FROM generations AS g WHERE g.follower = f.name AND g.state = 'live');
    END LOOP;
    CASE p_operation
        WHEN 'pause' THEN IF f.paused_at IS NOT NULL THEN RETURN 'unchanged'; END IF;
        WHEN 'resume' THEN IF f.paused_at IS NULL THEN RETURN 'unchanged'; END IF;
        WHEN 'retry' THEN IF f.failed_position IS NULL THEN RETURN 'unchanged'; END IF;
        -- One that stopped because the log has lost its end did not stop at an event.
        WHEN 'skip' THEN IF (f.failed_position = p_position AND p_position > f.position) IS NOT TRUE THEN RETURN 'not_stopped_there'; END IF;
        WHEN 'park' THEN
            SELECT e.version INTO first FROM events AS e
            WHERE e.position = f.failed_position AND e.position > f.position AND e.stream = p_stream;
            IF NOT FOUND THEN RETURN 'not_stopped_there'; END IF;
        WHEN 'unpark' THEN
            IF NOT EXISTS (SELECT FROM parked_streams AS p WHERE p.follower = f.name AND p.stream = p_stream) THEN RETURN 'not_parked'; END IF;
    END CASE;

    INSERT INTO follower_operations (operation, projection, follower, position, stream, failure, principal, reason)
    VALUES (p_operation, p_projection, f.name, CASE WHEN p_operation IN ('retry', 'skip', 'park') THEN f.failed_position END, p_stream,
        CASE WHEN p_operation IN ('retry', 'skip', 'park') THEN f.failure END, p_principal, p_reason)
    RETURNING number INTO recorded;
    IF p_operation = 'skip' THEN
        INSERT INTO skipped_events (follower, position, operation) VALUES (f.name, p_position, recorded);
    ELSIF p_operation = 'park' THEN
        INSERT INTO parked_streams (follower, stream, from_version, operation) VALUES (f.name, p_stream, first, recorded);
    ELSIF p_operation = 'unpark' THEN
        UPDATE parked_streams AS p SET resuming = true, failure = NULL WHERE p.follower = f.name AND p.stream = p_stream;
    END IF;
    UPDATE followers AS l SET
        lease_epoch = l.lease_epoch + 1, lease_owner = NULL, lease_until = NULL,
        paused_at = CASE p_operation WHEN 'pause' THEN clock_timestamp() WHEN 'resume' THEN NULL ELSE l.paused_at END,
        failed_position = CASE WHEN p_operation IN ('retry', 'skip', 'park') THEN NULL ELSE l.failed_position END,
        -- What is no event's fault is nobody's while nobody works.
        failed_at = CASE WHEN p_operation IN ('retry', 'skip', 'park') OR p_operation = 'pause' AND l.failed_position IS NULL THEN NULL
            ELSE l.failed_at END,
        failure = CASE WHEN p_operation IN ('retry', 'skip', 'park') OR p_operation = 'pause' AND l.failed_position IS NULL THEN NULL
            ELSE l.failure END
    WHERE l.name = f.name;
    PERFORM pg_notify(current_schema() || '_checkpoints', 'retry ' || f.name);
    RETURN 'done';
END
$$;
REVOKE EXECUTE ON FUNCTION operate(text, text, text, text, bigint, text) FROM PUBLIC;

-- What an update of a row that is not there ends in.
CREATE FUNCTION no_such_row() RETURNS boolean LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    RAISE EXCEPTION 'the row that it changes is not there' USING ERRCODE = 'no_data_found';
END
$$;
REVOKE EXECUTE ON FUNCTION no_such_row() FROM PUBLIC;

-- For people with psql: what the followers leave out, and why.
CREATE VIEW skips AS
SELECT g.projection, g.number AS generation, g.state, e.position, e.stream::text, e.type::text, NULL::bigint AS from_version, NULL::bigint AS waiting,
    false AS resuming, NULL::text AS failure, o.performed_at::timestamptz, o.session_role, o.principal::text, o.reason::text
FROM skipped_events AS s
JOIN generations AS g ON g.follower = s.follower
JOIN events AS e ON e.position = s.position
JOIN follower_operations AS o ON o.number = s.operation
UNION ALL
SELECT g.projection, g.number, g.state, o.position, p.stream::text, NULL, p.from_version,
    (SELECT count(*) FROM events AS e WHERE e.stream = p.stream AND e.version >= p.from_version AND e.position <= f.position),
    p.resuming, p.failure, o.performed_at::timestamptz, o.session_role, o.principal::text, o.reason::text
FROM parked_streams AS p
JOIN followers AS f ON f.name = p.follower
JOIN generations AS g ON g.follower = p.follower
JOIN follower_operations AS o ON o.number = p.operation;

INSERT INTO migrations (number, name) VALUES (27, 'operations');
