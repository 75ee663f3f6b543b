-- The switch of generations: from one moment on, queries read another one. It is one call, so that nobody can fall asleep in it and hold up
-- projections, queries and other rebuilds.

-- Has the live generation of a projection stand still for a moment, so that another one can come up to it. Returns where it stands. No lock is
-- left: whoever follows it goes on when the moment is over.
--
--   p_number, p_lease_epoch   the generation that is being built, and the lease of who builds it (LF002 where it is another's);
--                             or one that is kept, and null: whoever follows that one goes on
--   p_owner                   who asks
CREATE FUNCTION hold_live(p_projection text, p_number integer, p_lease_epoch bigint, p_owner text, p_moment interval) RETURNS bigint
LANGUAGE plpgsql
SET search_path FROM CURRENT SET lock_timeout = '2s'
AS $$
DECLARE
    stands bigint;
BEGIN
    IF p_moment IS NULL OR p_moment > interval '10 seconds' THEN
        RAISE EXCEPTION 'p_moment must be 10 seconds at most' USING ERRCODE = 'LF006';
    END IF;
    PERFORM FROM followers AS f JOIN generations AS g ON g.follower = f.name
    WHERE g.projection = p_projection AND g.number = p_number AND (
        g.state = 'building' AND f.lease_epoch = p_lease_epoch AND f.lease_until > clock_timestamp()
        OR g.state = 'kept' AND p_lease_epoch IS NULL);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'generation % of % is neither being built by who asks nor kept', p_number, p_projection USING ERRCODE = 'LF002';
    END IF;
    UPDATE followers AS f
    SET lease_epoch = f.lease_epoch + 1, lease_owner = p_owner, lease_until = clock_timestamp() + p_moment
    FROM generations AS g WHERE g.follower = f.name AND g.projection = p_projection AND g.state = 'live'
    RETURNING f.position INTO stands;
    RETURN stands;
END
$$;
REVOKE EXECUTE ON FUNCTION hold_live(text, integer, bigint, text, interval) FROM PUBLIC;

-- Makes a generation the live one, and has the views show its tables. Returns null when it is done, or was before; where the live one is further,
-- nothing is done, and its position is returned.
--
-- It fails with LF002 unless the generation is being built with this lease and is at this position, or is kept and at least there: who slept
-- through the end of a lease must not switch to what others have dropped or are building. It fails with 55P03 where something is locked, and nobody has waited long for it.
--
-- Views keep what others attached to them: owner, rights, options, comments, defaults, triggers and rules. Where columns went or changed their type, a
-- view is made anew and all of that again; it fails with 2BP01 where something is built upon such a view. What others attached to the tables goes
-- over where it can (carry_over).
--
--   p_lease_epoch   null: of the first generation, which nobody builds; or of one that is kept
--   p_keep          for how many seconds the replaced one is kept, 'infinity' until it is dropped; null: it is retired
CREATE FUNCTION switch_generation(
    p_projection  text,
    p_number      integer,
    p_lease_epoch bigint,
    p_position    bigint,
    p_read_schema text,
    p_tables      text[],
    p_keep        double precision DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql
SET search_path FROM CURRENT SET lock_timeout = '2s'
AS $$
DECLARE
    log      CONSTANT name := current_schema();
    tables   CONSTANT name := concat_ws('_', log, p_projection, p_number);
    us       CONSTANT text := current_setting('role');
    owner    name;
    building record;
    live     bigint;
    replaced integer;
    shown    name;
    old      oid;
    options  text;
    kept     text[];
    again    text;
BEGIN
    -- One at a time makes or switches generations of a projection.
    PERFORM pg_advisory_xact_lock(hashtextextended(format('generations of %s %s', log, p_projection), 0));
    SELECT g.state, g.follower, f.position, f.lease_epoch INTO building
    FROM generations AS g JOIN followers AS f ON f.name = g.follower
    WHERE g.projection = p_projection AND g.number = p_number FOR UPDATE OF f;
    IF building.state = 'live' THEN
        RETURN NULL;
    END IF;
    SELECT f.position, g.number INTO live, replaced
    FROM generations AS g JOIN followers AS f ON f.name = g.follower
    WHERE g.projection = p_projection AND g.state = 'live' FOR UPDATE OF f;
    -- Of a log that has lost its end. A statement of its own: the one before may have waited for the row, and its snapshot is older than that.
    IF live IS NOT NULL THEN
        live := least(live, (SELECT coalesce(max(e.position), 0) FROM events AS e));
    END IF;
    IF NOT coalesce(CASE building.state
        WHEN 'building' THEN building.position = p_position AND (p_lease_epoch = building.lease_epoch OR p_lease_epoch IS NULL AND live IS NULL)
        WHEN 'kept' THEN building.position >= p_position AND p_lease_epoch IS NULL
    END, false) THEN
        RAISE EXCEPTION 'generation % of % is not what it was', p_number, p_projection USING ERRCODE = 'LF002';
    END IF;
    IF building.position < live THEN
        RETURN live;
    END IF;

    WITH retired AS (
        UPDATE generations AS g SET state = CASE WHEN p_keep IS NULL THEN 'retired' ELSE 'kept' END,
            kept_until = CASE WHEN p_keep = 'infinity' THEN 'infinity' ELSE clock_timestamp() + make_interval(secs => p_keep) END
        WHERE g.projection = p_projection AND g.state = 'live' RETURNING g.follower
    ), paused AS (
        SELECT f.paused_at FROM followers AS f JOIN retired AS r ON r.follower = f.name
    ), stopped AS (
        UPDATE followers AS f SET lease_epoch = f.lease_epoch + 1, lease_owner = NULL, lease_until = NULL, paused_at = NULL
        FROM retired AS r WHERE f.name = r.follower
    -- What is paused stays so, whichever generation is live. The lease is let go: those who follow what is live take it.
    ) UPDATE followers AS f SET lease_owner = NULL, lease_until = NULL, paused_at = coalesce((SELECT p.paused_at FROM paused AS p), f.paused_at)
    WHERE f.name = building.follower;
    UPDATE generations AS g SET state = 'live', live_since = clock_timestamp(), kept_until = NULL WHERE g.projection = p_projection AND g.number = p_number;

    SELECT pg_get_userbyid(n.nspowner) INTO owner FROM pg_namespace AS n WHERE n.nspname = tables;
    IF owner <> current_user AND NOT may_become(session_user, owner) THEN
        RAISE EXCEPTION 'the read tables of % belong to %, which % is no member of', p_projection, owner, current_user
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT r.relation INTO again FROM foreign_relations(p_projection, p_read_schema, p_tables) AS r LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% would be replaced, which is no view of %', again, p_projection USING ERRCODE = 'duplicate_table';
    END IF;
    -- Whoever reads a view for long holds up nobody but us: those who come later would wait behind us.
    PERFORM set_config('lock_timeout', '50ms', true);
    IF owner <> current_user THEN
        PERFORM set_config('role', owner, true);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = p_read_schema) THEN
        EXECUTE format('CREATE SCHEMA %I', p_read_schema);
    END IF;
    FOREACH shown IN ARRAY p_tables LOOP
        SELECT c.oid, ' WITH (' || (
            SELECT string_agg(format('%I = %L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ') FROM unnest(c.reloptions) AS o
        ) || ')' INTO old, options
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = p_read_schema AND c.relname = shown;
        again := format('VIEW %I.%I%s AS SELECT * FROM %I.%I', p_read_schema, shown, options, tables, shown);
        BEGIN
            EXECUTE 'CREATE OR REPLACE ' || again;
            CONTINUE;
        EXCEPTION WHEN invalid_table_definition THEN
            NULL; -- Its columns are others.
        END;
        kept := ARRAY(
            SELECT format('GRANT %s%s ON %I.%I TO %s%s', a.privilege_type, ' (' || quote_ident(r.attname) || ')', p_read_schema, shown,
                CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
            FROM (
                SELECT NULL::name AS attname, c.relacl AS acl, c.relowner FROM pg_class AS c WHERE c.oid = old
                UNION ALL
                SELECT t.attname, t.attacl, c.relowner FROM pg_attribute AS t JOIN pg_class AS c ON c.oid = t.attrelid
                WHERE t.attrelid = old AND t.attnum > 0 AND NOT t.attisdropped AND EXISTS (
                    SELECT FROM pg_attribute AS now WHERE now.attrelid = to_regclass(format('%I.%I', tables, shown)) AND now.attname = t.attname)
            ) AS r CROSS JOIN aclexplode(r.acl) AS a
            WHERE a.grantee <> r.relowner
        ) || ARRAY(
            SELECT format('COMMENT ON %s IS %L', CASE d.objsubid
                WHEN 0 THEN format('VIEW %I.%I', p_read_schema, shown)
                ELSE format('COLUMN %I.%I.%I', p_read_schema, shown, t.attname) END, d.description)
            FROM pg_description AS d LEFT JOIN pg_attribute AS t ON t.attrelid = d.objoid AND t.attnum = d.objsubid
            WHERE d.classoid = 'pg_class'::regclass AND d.objoid = old AND (d.objsubid = 0 OR EXISTS (
                SELECT FROM pg_attribute AS now WHERE now.attrelid = to_regclass(format('%I.%I', tables, shown)) AND now.attname = t.attname))
        ) || ARRAY(
            SELECT format('ALTER VIEW %I.%I ALTER COLUMN %I SET DEFAULT %s', p_read_schema, shown, t.attname, pg_get_expr(d.adbin, d.adrelid))
            FROM pg_attrdef AS d JOIN pg_attribute AS t ON t.attrelid = d.adrelid AND t.attnum = d.adnum WHERE d.adrelid = old
        ) || ARRAY(
            SELECT pg_get_triggerdef(t.oid) FROM pg_trigger AS t WHERE t.tgrelid = old AND NOT t.tgisinternal
        ) || ARRAY(
            SELECT pg_get_ruledef(w.oid) FROM pg_rewrite AS w WHERE w.ev_class = old AND w.rulename <> '_RETURN'
        );
        EXECUTE format('DROP VIEW %I.%I', p_read_schema, shown);
        EXECUTE 'CREATE ' || again;
        FOREACH again IN ARRAY kept LOOP
            EXECUTE again;
        END LOOP;
    END LOOP;
    PERFORM set_config('role', us, true);
    -- An index is made while the tables are empty, or not at all.
    PERFORM carry_over(p_projection, replaced, p_number, '{grant,policy,security,statistics,comment,trigger}');
    PERFORM pg_notify(log || '_checkpoints', 'released ' || building.follower);
    PERFORM pg_notify(log || '_checkpoints', 'switched ' || p_projection);
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION switch_generation(text, integer, bigint, bigint, text, text[], double precision) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (29, 'switching');
