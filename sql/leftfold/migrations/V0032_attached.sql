-- What others attach to the read tables of a generation: found in the catalogs, and taken along to the next one where that is certain.

-- What is at the relations of a schema, and the statement that makes the same at those of another schema: null where there is none that is
-- sure to mean the same there. What fires (undo) must not fire at two places.
CREATE FUNCTION belongings(
    p_schema text, p_onto text, OUT kind text, OUT object text, OUT statement text, OUT undo text
) RETURNS SETOF record LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    WITH t AS (
        SELECT c.*, quote_ident(c.relname) AS name, format('%I.%I', p_schema, c.relname) AS here, format('%I.%I', p_onto, c.relname) AS there,
            CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END AS word
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = p_schema AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND NOT c.relispartition
    )
    SELECT 'relation', format('%s %s', t.word, t.name), NULL::text, NULL::text FROM t
    UNION ALL
    SELECT 'function', format('function %s(%s)', quote_ident(f.proname), pg_get_function_identity_arguments(f.oid)), NULL, NULL
    FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = f.pronamespace WHERE n.nspname = p_schema
    UNION ALL
    SELECT 'column', format('column %I of %s', a.attname, t.name), NULL, NULL
    FROM t JOIN pg_attribute AS a ON a.attrelid = t.oid WHERE t.relkind <> 'S' AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'constraint', format('constraint %I on %s', k.conname, t.name), NULL, NULL
    FROM t JOIN pg_constraint AS k ON k.conrelid = t.oid WHERE k.contype IN ('c', 'f', 'p', 'u', 'x')
    UNION ALL
    SELECT 'index', format('index %I on %s', i.relname, t.name),
        -- The rows of other code may not be unique.
        CASE WHEN NOT x.indisunique THEN overlay(d.def PLACING t.there FROM strpos(d.def, ' ' || t.here || ' ') + 1 FOR length(t.here)) END, NULL
    FROM t JOIN pg_index AS x ON x.indrelid = t.oid AND x.indisvalid JOIN pg_class AS i ON i.oid = x.indexrelid AND NOT i.relispartition
    CROSS JOIN pg_get_indexdef(x.indexrelid) AS d (def)
    WHERE NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT 'statistics', format('statistics %I on %s', x.stxname, t.name),
        format('CREATE STATISTICS %I.%I', p_onto, x.stxname) || rtrim(substr(d.def,
            length(format('CREATE STATISTICS %I.%I', n.nspname, x.stxname)) + 1,
            length(d.def) - length(format('CREATE STATISTICS %I.%I', n.nspname, x.stxname)) - length(t.here))) || ' ' || t.there,
        NULL
    FROM t JOIN pg_statistic_ext AS x ON x.stxrelid = t.oid JOIN pg_namespace AS n ON n.oid = x.stxnamespace
    CROSS JOIN pg_get_statisticsobjdef(x.oid) AS d (def)
    UNION ALL
    SELECT 'trigger', format('trigger %I on %s', g.tgname, t.name),
        overlay(d.def PLACING t.there FROM strpos(d.def, ' ' || t.here || ' ') + 1 FOR length(t.here)) || CASE g.tgenabled
            WHEN 'O' THEN ''
            ELSE format('; ALTER TABLE %s %s TRIGGER %I', t.there,
                CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, g.tgname) END,
        format('DROP TRIGGER %I ON %s', g.tgname, t.here)
    FROM t JOIN pg_trigger AS g ON g.tgrelid = t.oid AND NOT g.tgisinternal CROSS JOIN pg_get_triggerdef(g.oid) AS d (def)
    UNION ALL
    SELECT 'policy', format('policy %I on %s', p.polname, t.name),
        format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', p.polname, t.there,
            CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
            CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
            (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ') FROM unnest(p.polroles) AS r))
            || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
            || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''),
        NULL
    FROM t JOIN pg_policy AS p ON p.polrelid = t.oid
    UNION ALL
    SELECT 'security', format('row security on %s', t.name), format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t.there), NULL
    FROM t WHERE t.relrowsecurity
    UNION ALL
    SELECT 'security', format('forced row security on %s', t.name), format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t.there), NULL
    FROM t WHERE t.relforcerowsecurity
    UNION ALL
    SELECT 'comment', format('comment on %s', concat_ws('.', t.name, quote_ident(a.attname))),
        format('COMMENT ON %s IS %L',
            CASE WHEN a.attname IS NULL THEN format('%s %s', t.word, t.there) ELSE format('COLUMN %s.%I', t.there, a.attname) END, d.description),
        NULL
    FROM t JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass AND d.objoid = t.oid
    LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.objsubid AND d.objsubid > 0
    UNION ALL
    SELECT 'grant', format('%s%s for %s on %s', a.privilege_type, ' (' || quote_ident(r.attname) || ')', w.grantee, coalesce(r.name, 'the schema')),
        format('GRANT %s%s ON %s %s TO %s%s', a.privilege_type, ' (' || quote_ident(r.attname) || ')', r.word,
            coalesce(r.there, quote_ident(p_onto)), w.grantee, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END),
        NULL
    FROM (
        SELECT t.name, t.there, CASE t.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS word, NULL::name AS attname, t.relacl AS acl, t.relowner AS owner
        FROM t
        UNION ALL
        SELECT t.name, t.there, 'TABLE', c.attname, c.attacl, t.relowner FROM t JOIN pg_attribute AS c ON c.attrelid = t.oid
        WHERE c.attnum > 0 AND NOT c.attisdropped
        UNION ALL
        SELECT NULL, NULL, 'SCHEMA', NULL, n.nspacl, n.nspowner FROM pg_namespace AS n WHERE n.nspname = p_schema
    ) AS r CROSS JOIN aclexplode(r.acl) AS a
    CROSS JOIN LATERAL (SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END) AS w (grantee)
    WHERE a.grantee <> r.owner
$$;
REVOKE EXECUTE ON FUNCTION belongings(text, text) FROM PUBLIC;

-- What rests on something in these schemas and is outside of them: views, foreign keys, functions with recorded dependencies, publications and
-- whatever else PostgreSQL knows of.
CREATE FUNCTION dependents(p_schemas text[]) RETURNS SETOF text LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    WITH spaces AS (
        SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = ANY (p_schemas)
    ), inside (classid, objid) AS MATERIALIZED (
        SELECT 'pg_namespace'::regclass::oid, s.oid FROM spaces AS s
        UNION ALL SELECT 'pg_class'::regclass, o.oid FROM pg_class AS o JOIN spaces AS s ON s.oid = o.relnamespace
        UNION ALL SELECT 'pg_type'::regclass, o.oid FROM pg_type AS o JOIN spaces AS s ON s.oid = o.typnamespace
        UNION ALL SELECT 'pg_proc'::regclass, o.oid FROM pg_proc AS o JOIN spaces AS s ON s.oid = o.pronamespace
        UNION ALL SELECT 'pg_constraint'::regclass, o.oid FROM pg_constraint AS o JOIN spaces AS s ON s.oid = o.connamespace
        UNION ALL SELECT 'pg_operator'::regclass, o.oid FROM pg_operator AS o JOIN spaces AS s ON s.oid = o.oprnamespace
        UNION ALL SELECT 'pg_opclass'::regclass, o.oid FROM pg_opclass AS o JOIN spaces AS s ON s.oid = o.opcnamespace
        UNION ALL SELECT 'pg_opfamily'::regclass, o.oid FROM pg_opfamily AS o JOIN spaces AS s ON s.oid = o.opfnamespace
        UNION ALL SELECT 'pg_collation'::regclass, o.oid FROM pg_collation AS o JOIN spaces AS s ON s.oid = o.collnamespace
        UNION ALL SELECT 'pg_ts_config'::regclass, o.oid FROM pg_ts_config AS o JOIN spaces AS s ON s.oid = o.cfgnamespace
        UNION ALL SELECT 'pg_ts_dict'::regclass, o.oid FROM pg_ts_dict AS o JOIN spaces AS s ON s.oid = o.dictnamespace
        UNION ALL SELECT 'pg_statistic_ext'::regclass, o.oid FROM pg_statistic_ext AS o JOIN spaces AS s ON s.oid = o.stxnamespace
    )
    SELECT DISTINCT CASE
        WHEN r.oid IS NULL OR d.classid = 'pg_constraint'::regclass THEN pg_describe_object(d.classid, d.objid, d.objsubid)
        ELSE pg_describe_object('pg_class'::regclass, r.oid, 0) END
    FROM inside AS i JOIN pg_depend AS d ON d.refclassid = i.classid AND d.refobjid = i.objid
    LEFT JOIN pg_rewrite AS w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
    LEFT JOIN pg_attrdef AS a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
    LEFT JOIN pg_trigger AS t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid
    LEFT JOIN pg_policy AS p ON d.classid = 'pg_policy'::regclass AND p.oid = d.objid
    LEFT JOIN pg_constraint AS k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
    LEFT JOIN pg_statistic_ext AS x ON d.classid = 'pg_statistic_ext'::regclass AND x.oid = d.objid
    LEFT JOIN pg_class AS r ON r.oid = coalesce(
        CASE d.classid WHEN 'pg_class'::regclass THEN d.objid END, w.ev_class, a.adrelid, t.tgrelid, p.polrelid, nullif(k.conrelid, 0), x.stxrelid)
    WHERE NOT EXISTS (SELECT FROM inside AS o WHERE o.classid = d.classid AND o.objid = d.objid)
        AND (r.oid IS NULL OR r.relkind <> 't' AND NOT EXISTS (SELECT FROM spaces AS s WHERE s.oid = r.relnamespace))
        -- What is part of something inside goes with it; an entry in a publication is its owner's.
        AND (r.oid IS NOT NULL OR d.deptype = 'n' OR d.classid IN ('pg_publication_rel'::regclass, to_regclass('pg_catalog.pg_publication_namespace')))
        AND d.classid <> 'pg_default_acl'::regclass
$$;
REVOKE EXECUTE ON FUNCTION dependents(text[]) FROM PUBLIC;

-- What somebody attached to a generation and the live one has not. With the generation, it would go.
CREATE FUNCTION attached(p_projection text, p_number integer) RETURNS SETOF text LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT b.object
    FROM generations AS g
    CROSS JOIN concat_ws('_', current_schema(), g.projection, g.number) AS s (name)
    CROSS JOIN LATERAL belongings(s.name, s.name) AS b
    WHERE g.projection = p_projection AND g.number = p_number AND b.object <> ALL (g.made) AND NOT EXISTS (
        SELECT FROM generations AS l
        CROSS JOIN concat_ws('_', current_schema(), l.projection, l.number) AS n (name)
        CROSS JOIN LATERAL belongings(n.name, n.name) AS o
        WHERE l.projection = p_projection AND l.number <> p_number AND l.state = 'live' AND o.object = b.object)
    UNION ALL
    SELECT d FROM dependents(ARRAY[concat_ws('_', current_schema(), p_projection, p_number)]) AS d
$$;
REVOKE EXECUTE ON FUNCTION attached(text, integer) FROM PUBLIC;

-- Makes at a generation what somebody attached to another one, as far as it is of these kinds and fits. What does not is told as a warning, and
-- stays where it is.
CREATE FUNCTION carry_over(p_projection text, p_from integer, p_to integer, p_kinds text[]) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    log   CONSTANT name := current_schema();
    here  CONSTANT text := concat_ws('_', log, p_projection, p_from);
    there CONSTANT text := concat_ws('_', log, p_projection, p_to);
    us    CONSTANT text := current_setting('role');
    owner CONSTANT name := (SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace AS n WHERE n.nspname = there);
    found CONSTANT text[] := ARRAY(SELECT b.object FROM belongings(there, there) AS b);
    things record;
BEGIN
    FOR things IN
        SELECT b.object, b.statement, b.undo FROM generations AS g CROSS JOIN LATERAL belongings(here, there) AS b
        WHERE g.projection = p_projection AND g.number = p_from AND b.kind = ANY (p_kinds) AND b.statement IS NOT NULL
            AND b.object <> ALL (g.made) AND b.object <> ALL (found)
    LOOP
        BEGIN
            IF owner <> current_user THEN
                PERFORM set_config('role', owner, true);
            END IF;
            EXECUTE things.statement;
            IF things.undo IS NOT NULL THEN
                EXECUTE things.undo;
            END IF;
            PERFORM set_config('role', us, true);
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN
                RAISE;
            -- The role is what it was, too.
            WHEN OTHERS THEN
                RAISE WARNING '%, which somebody attached to generation % of %, does not fit generation %: %',
                    things.object, p_from, p_projection, p_to, SQLERRM;
        END;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION carry_over(text, integer, integer, text[]) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (32, 'attached');
