-- The log and the journal only grow.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: the log and the journal are append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'LF001';
END
$$;
REVOKE EXECUTE ON FUNCTION refuse_change() FROM PUBLIC;

CREATE TRIGGER events_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- Also for sessions that run as a replication replica, where ordinary triggers are silent.
ALTER TABLE events ENABLE ALWAYS TRIGGER events_are_append_only;

INSERT INTO migrations (number, name) VALUES (3, 'refuse_change');
