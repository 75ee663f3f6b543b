-- Who may do what. set_up_roles makes these roles; none of them can log in, programs log in as members of them:
--     owner      owns the log. For those who migrate
--     service    appends, and reads the log and the read tables: serve, send, ask, import
--     projector  moves followers, and owns the read tables: project, rebuild
--     operator   reads everything, and may do what the projector may: doctor, events, journal, projections, rebuild
--     reader     reads the log and the read tables
--     writer     appends, and sees nothing
-- A role is called by the prefix of the log's roles and its kind, such as leftfold_service. Nobody but the owner may UPDATE, DELETE or
-- TRUNCATE log and journal, and the triggers stand against the owner, too.

-- What the kinds may do to the log, one right a row.
CREATE FUNCTION rights(OUT kind text, OUT type text, OUT object text, OUT privilege text, OUT columns text[]) RETURNS SETOF record
LANGUAGE sql IMMUTABLE
SET search_path FROM CURRENT
AS $$
    SELECT k.kind, r.type, o.object, r.privilege, r.columns
    FROM (VALUES
        ('{service,projector,operator,reader,writer}'::text[], 'schema', '{-}'::text[], 'USAGE', NULL::text[]),
        ('{service,projector,operator,reader}', 'table',
            '{events,commands_without_events,claims,tags,followers,generations,migrations,follower_operations,skipped_events,parked_streams,epochs,scratches,verifications}',
            'SELECT', NULL),
        ('{service,projector,operator,reader}', 'table', '{journal,streams,lag,projections,skips}', 'SELECT', NULL),
        ('{service,projector,operator,reader}', 'function',
            '{read_stream,read_category,read_log,page_end,is_wanted,matching,matching_positions,matching_item,items_of,guards}', 'EXECUTE', NULL),
        ('{service,projector,operator,reader,writer}', 'function', '{enter_epoch}', 'EXECUTE', NULL),
        ('{service,writer}', 'function', '{append,append_one,record}', 'EXECUTE', NULL),
        ('{writer}', 'function', '{write}', 'EXECUTE', NULL),
        -- Whoever moves a follower in an append takes it over first.
        ('{service}', 'table', '{followers}', 'INSERT', '{name,lease_epoch}'),
        ('{service}', 'table', '{followers}', 'UPDATE', '{lease_epoch,lease_owner,lease_until}'),
        -- Not the position: that is for advance.
        ('{projector,operator}', 'function', '{advance,no_such_row,hold_live,switch_generation,foreign_relations,share_work}', 'EXECUTE', NULL),
        ('{projector,operator}', 'function', '{belongings,dependents,attached,carry_over,drop_generation}', 'EXECUTE', NULL),
        ('{projector,operator}', 'table', '{followers}', 'INSERT', '{name}'),
        ('{projector,operator}', 'table', '{followers}', 'UPDATE',
            '{lease_epoch,lease_owner,lease_until,failed_position,failed_at,failure,paused_at}'),
        ('{projector,operator}', 'table', '{followers}', 'DELETE', NULL),
        ('{projector,operator}', 'table', '{generations}', 'INSERT', '{projection,number,code_version,follower,tables}'),
        ('{projector,operator}', 'table', '{generations}', 'UPDATE', '{state,follower,live_since,kept_until,made}'),
        ('{projector,operator}', 'table', '{parked_streams}', 'UPDATE', '{from_version,resuming,failure}'),
        ('{projector,operator}', 'table', '{parked_streams}', 'DELETE', NULL),
        ('{projector,operator}', 'table', '{scratches,verifications}', 'INSERT', NULL),
        ('{projector,operator}', 'table', '{scratches}', 'UPDATE', '{position,kept_until}'),
        ('{projector,operator}', 'table', '{verifications}', 'UPDATE', '{generation,position,differing,verified_at}'),
        ('{projector,operator}', 'table', '{scratches}', 'DELETE', NULL),
        ('{operator}', 'function', '{operate,begin_epoch}', 'EXECUTE', NULL),
        ('{operator}', 'table', '{follower_operations}', 'INSERT', '{operation,projection,follower,principal,reason}'),
        -- Each generation has a schema of its own.
        ('{projector,operator}', 'database', '{-}', 'CREATE', NULL)
    ) AS r (kinds, type, objects, privilege, columns)
    CROSS JOIN unnest(r.kinds) AS k (kind)
    CROSS JOIN unnest(r.objects) AS o (object)
$$;

-- What a role lacks of the rights of a kind, in words and as the statement that gives it. Empty when it has them all. What is not there, because a
-- migration is missing, is no right that is.
CREATE FUNCTION missing_rights(p_role name, p_kind text, OUT type text, OUT what text, OUT statement text) RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT r.type,
        CASE r.type
            WHEN 'database' THEN format('%s in the database %s', r.privilege, current_database())
            WHEN 'schema' THEN format('%s on the schema %s', r.privilege, current_schema())
            ELSE format('%s on %s.%s', concat_ws(' of ', r.privilege, array_to_string(r.columns, ', ')), current_schema(), r.object)
        END,
        CASE r.type
            WHEN 'database' THEN format('GRANT %s ON DATABASE %I TO %I', r.privilege, current_database(), p_role)
            WHEN 'schema' THEN format('GRANT %s ON SCHEMA %I TO %I', r.privilege, current_schema(), p_role)
            WHEN 'function' THEN format('GRANT %s ON FUNCTION %I.%I TO %I', r.privilege, current_schema(), r.object, p_role)
            ELSE format('GRANT %s ON %I.%I TO %I', r.privilege || coalesce(' (' || array_to_string(r.columns, ', ') || ')', ''),
                current_schema(), r.object, p_role)
        END
    FROM (
        SELECT r.kind, r.type, r.object, r.privilege, CASE WHEN r.columns IS NOT NULL THEN ARRAY(
            SELECT c.name FROM unnest(r.columns) WITH ORDINALITY AS c (name, nth)
            JOIN pg_attribute AS a ON a.attrelid = to_regclass(r.object) AND a.attname = c.name AND NOT a.attisdropped ORDER BY c.nth) END AS columns
        FROM rights() AS r WHERE r.kind = p_kind
    ) AS r
    LEFT JOIN pg_namespace AS n ON n.nspname = current_schema()
    LEFT JOIN pg_class AS c ON r.type = 'table' AND c.relnamespace = n.oid AND c.relname = r.object
    LEFT JOIN pg_proc AS f ON r.type = 'function' AND f.pronamespace = n.oid AND f.proname = r.object
    WHERE (r.type NOT IN ('table', 'function') OR num_nonnulls(c.oid, f.oid) = 1) AND NOT coalesce(
        CASE r.type
            WHEN 'database' THEN has_database_privilege(p_role, current_database(), r.privilege)
            WHEN 'schema' THEN has_schema_privilege(p_role, n.oid, r.privilege)
            WHEN 'function' THEN has_function_privilege(p_role, f.oid, r.privilege)
            ELSE CASE WHEN r.columns IS NULL THEN has_table_privilege(p_role, c.oid, r.privilege)
                ELSE (SELECT bool_and(has_column_privilege(p_role, c.oid, k, r.privilege)) FROM unnest(r.columns) AS k) END
        END, false)
$$;

-- Whether a role may SET ROLE to another one.
CREATE FUNCTION may_become(p_role name, p_other name) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
BEGIN
    IF current_setting('server_version_num')::integer >= 160000 THEN
        RETURN pg_has_role(p_role, p_other, 'SET');
    END IF;
    RETURN pg_has_role(p_role, p_other, 'MEMBER');
END
$$;

-- What the names of this log's roles begin with; null where it has none: then whoever migrated owns it.
CREATE FUNCTION role_prefix() RETURNS text
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT left(o.rolname, -6)
    FROM pg_class AS c JOIN pg_roles AS o ON o.oid = c.relowner JOIN pg_roles AS p ON p.rolname = left(o.rolname, -6) || '_projector'
    WHERE c.oid = 'followers'::regclass AND o.rolname LIKE '%\_owner' AND has_table_privilege(p.oid, c.oid, 'SELECT')
$$;

-- Whose the next tables of a projection are: so that whoever rebuilds, a superuser for one, leaves them to those who go on.
CREATE FUNCTION read_table_owner(p_projection text) RETURNS name
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT coalesce(
        role_prefix() || '_projector',
        (SELECT pg_get_userbyid(n.nspowner) FROM generations AS g
            JOIN pg_namespace AS n ON n.nspname = concat_ws('_', current_schema(), g.projection, g.number)
            WHERE g.projection = p_projection AND g.state = 'live'),
        (SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c
            WHERE c.oid = 'followers'::regclass AND may_become(current_user, pg_get_userbyid(c.relowner))),
        current_user)::name
$$;

-- Gives a schema and all that is in it to a role.
CREATE FUNCTION give_schema(p_schema name, p_owner name) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    change text;
BEGIN
    FOR change IN
        SELECT format('SCHEMA %I', n.nspname) FROM pg_namespace AS n WHERE n.nspname = p_schema AND pg_get_userbyid(n.nspowner) <> p_owner
        UNION ALL
        -- A sequence that belongs to a column goes with its table.
        SELECT format('TABLE %s', c.oid::regclass) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = p_schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND pg_get_userbyid(c.relowner) <> p_owner
            AND NOT EXISTS (SELECT FROM pg_depend AS d
                WHERE c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
        UNION ALL
        SELECT format('ROUTINE %s', f.oid::regprocedure) FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = f.pronamespace
        WHERE n.nspname = p_schema AND pg_get_userbyid(f.proowner) <> p_owner
        UNION ALL
        SELECT format('TYPE %s', t.oid::regtype) FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
        LEFT JOIN pg_class AS c ON c.oid = t.typrelid
        WHERE n.nspname = p_schema AND pg_get_userbyid(t.typowner) <> p_owner AND (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c')
    LOOP
        EXECUTE format('ALTER %s OWNER TO %I', change, p_owner);
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION give_schema(name, name) FROM PUBLIC;

-- Gives the log's roles what they lack of their rights, after each migration. What is to do with the database is only for whoever may give that.
CREATE FUNCTION grant_rights(p_prefix text) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    given text;
BEGIN
    FOR given IN
        SELECT m.statement FROM (SELECT DISTINCT r.kind FROM rights() AS r) AS k
        CROSS JOIN LATERAL missing_rights((p_prefix || '_' || k.kind)::name, k.kind) AS m
        WHERE m.type <> 'database' OR has_database_privilege(current_database(), 'CREATE WITH GRANT OPTION')
            OR (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database AS d WHERE d.datname = current_database())
    LOOP
        EXECUTE given;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION grant_rights(text) FROM PUBLIC;

-- Makes the roles, and gives them the log, the read tables and exactly the rights that are theirs. Changes nothing where all is so.
-- For a superuser; or for whoever owns the database, the log and the read tables, and may create roles.
CREATE FUNCTION set_up_roles(p_prefix text, p_read_schema name DEFAULT 'public', OUT role name, OUT created boolean) RETURNS SETOF record
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    log       CONSTANT name := current_schema();
    owner     CONSTANT text := p_prefix || '_owner';
    projector CONSTANT text := p_prefix || '_projector';
    readers   CONSTANT text := format('%I, %I, %I', p_prefix || '_service', p_prefix || '_operator', p_prefix || '_reader');
    kind      text;
    member    text;
    schema    name;
    view      regclass;
BEGIN
    IF coalesce(p_prefix, '') = '' OR octet_length(p_prefix) > 53 THEN
        RAISE EXCEPTION 'the prefix of roles has 1 to 53 bytes' USING ERRCODE = 'LF006';
    END IF;
    FOREACH kind IN ARRAY ARRAY['owner', 'service', 'projector', 'operator', 'reader', 'writer'] LOOP
        role := p_prefix || '_' || kind;
        created := NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = role);
        IF created THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
        RETURN NEXT;
    END LOOP;
    -- Whoever gives something to a role must be able to act as it; and who migrates or rebuilds makes tables for the projector.
    FOREACH role IN ARRAY ARRAY[owner, projector]::name[] LOOP
        IF NOT may_become(current_user, role) THEN
            EXECUTE format('GRANT %I TO %I', role, current_user);
        END IF;
    END LOOP;
    FOREACH member IN ARRAY ARRAY[owner, p_prefix || '_operator'] LOOP
        IF NOT may_become(member::name, projector::name) THEN
            EXECUTE format('GRANT %I TO %I', projector, member);
        END IF;
    END LOOP;

    PERFORM give_schema(log, owner::name);
    FOREACH kind IN ARRAY ARRAY['service', 'projector', 'operator', 'reader', 'writer'] LOOP
        role := p_prefix || '_' || kind;
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', log, role);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', log, role);
        EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA %I FROM %I', log, role);
    END LOOP;
    PERFORM grant_rights(p_prefix);

    IF NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = p_read_schema) THEN
        EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %I', p_read_schema, projector);
    END IF;
    IF NOT (has_schema_privilege(projector::name, p_read_schema, 'USAGE') AND has_schema_privilege(projector::name, p_read_schema, 'CREATE')) THEN
        EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO %I', p_read_schema, projector);
    END IF;
    FOREACH kind IN ARRAY ARRAY['service', 'operator', 'reader'] LOOP
        IF NOT has_schema_privilege((p_prefix || '_' || kind)::name, p_read_schema, 'USAGE') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', p_read_schema, p_prefix || '_' || kind);
        END IF;
    END LOOP;
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT ON TABLES TO %s', projector, p_read_schema, readers);
    FOR schema IN
        SELECT n.nspname FROM generations AS g JOIN pg_namespace AS n ON n.nspname = concat_ws('_', log, g.projection, g.number)
    LOOP
        PERFORM give_schema(schema, projector::name);
        -- Of the views of these names, those that show these tables.
        FOR view IN
            SELECT v.oid FROM pg_class AS v
            JOIN pg_namespace AS n ON n.oid = v.relnamespace AND n.nspname = p_read_schema
            JOIN pg_rewrite AS w ON w.ev_class = v.oid
            JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
            JOIN pg_class AS t ON t.oid = d.refobjid AND t.relname = v.relname
            JOIN pg_namespace AS s ON s.oid = t.relnamespace AND s.nspname = schema
            WHERE v.relkind = 'v' GROUP BY v.oid
        LOOP
            EXECUTE format('ALTER VIEW %s OWNER TO %I', view, projector);
            EXECUTE format('GRANT SELECT ON %s TO %s', view, readers);
        END LOOP;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION set_up_roles(text, name) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (28, 'roles');
