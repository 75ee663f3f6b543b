-- The triggers that keep the log right and are not as they should be: missing, disabled, or no longer ALWAYS, as `pg_dump --disable-triggers`
-- leaves them. Empty when all is well.
CREATE FUNCTION guards(OUT "table" text, OUT trigger text, OUT state text) RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT g.relation, g.trigger,
        CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'O' THEN 'not always' WHEN 'R' THEN 'on replicas only' ELSE 'missing' END
    FROM (VALUES
        ('events', 'events_are_append_only'),
        ('events', 'events_have_no_holes'),
        ('open_holes', 'open_holes_are_closed'),
        ('commands_without_events', 'commands_without_events_are_append_only'),
        ('followers', 'followers_never_go_back'),
        ('generations', 'generations_never_show_less'),
        ('generations', 'generations_remember_what_was_shown'),
        ('follower_operations', 'follower_operations_are_append_only')
    ) AS g (relation, trigger)
    LEFT JOIN pg_trigger AS t ON t.tgrelid = to_regclass(g.relation) AND t.tgname = g.trigger::name
    WHERE t.tgenabled IS DISTINCT FROM 'A'
$$;
REVOKE EXECUTE ON FUNCTION guards() FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (23, 'guards');
