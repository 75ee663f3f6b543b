-- Drops a generation that is not live, with its tables and its follower. Where somebody attached something to it that would go with it, nothing is
-- done, and what that is is returned; nothing is returned when it is dropped, or was.
--
--   p_cascade   drops that, too
CREATE FUNCTION drop_generation(p_projection text, p_number integer, p_cascade boolean DEFAULT false) RETURNS text[] LANGUAGE plpgsql
SET search_path FROM CURRENT SET lock_timeout = '2s'
AS $$
DECLARE
    log      CONSTANT name := current_schema();
    tables   CONSTANT name := concat_ws('_', log, p_projection, p_number);
    us       CONSTANT text := current_setting('role');
    owner    name;
    gone     text;
    relation text;
    others   text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('generations of %s %s', log, p_projection), 0));
    -- In the order in which a batch locks: the follower before the tables.
    SELECT f.name INTO gone FROM generations AS g JOIN followers AS f ON f.name = g.follower
    WHERE g.projection = p_projection AND g.number = p_number AND g.state <> 'live' FOR UPDATE OF f;
    IF gone IS NULL THEN
        RETURN '{}';
    END IF;
    SELECT pg_get_userbyid(n.nspowner) INTO owner FROM pg_namespace AS n WHERE n.nspname = tables;
    IF owner <> current_user THEN
        IF NOT may_become(session_user, owner) THEN
            RAISE EXCEPTION 'the tables of generation % of % belong to %, which % is no member of', p_number, p_projection, owner, current_user
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        PERFORM set_config('role', owner, true);
    END IF;
    -- Nobody attaches anything from here on.
    FOR relation IN
        SELECT format('%I.%I', tables, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = tables AND c.relkind IN ('r', 'p') ORDER BY c.oid
    LOOP
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', relation);
    END LOOP;
    PERFORM set_config('role', us, true);
    others := CASE WHEN p_cascade THEN '{}' ELSE ARRAY(SELECT attached(p_projection, p_number)) END;
    IF others <> '{}' THEN
        RETURN others;
    END IF;
    UPDATE generations AS g SET state = 'dropped', follower = NULL, kept_until = NULL
    WHERE g.projection = p_projection AND g.number = p_number;
    DELETE FROM followers AS f WHERE f.name = gone;
    IF owner <> current_user THEN
        PERFORM set_config('role', owner, true);
    END IF;
    -- All that this reaches is in the schema, or the caller knows of it.
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', tables);
    PERFORM set_config('role', us, true);
    RETURN '{}';
END
$$;
REVOKE EXECUTE ON FUNCTION drop_generation(text, integer, boolean) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (33, 'dropping');
