-- A log is a schema. No file names it: whoever applies them has created it and put it first in the search path,
--     CREATE SCHEMA leftfold; SET search_path = leftfold, pg_temp;
-- and every function keeps that path for good. Two logs in one database share nothing.
DO $$
BEGIN
    IF current_schema() IS NULL OR current_schema() IN ('public', 'pg_catalog') OR current_schema() LIKE 'pg\_%' THEN
        RAISE EXCEPTION 'the search path must begin with the schema of the log, not %', coalesce(current_schema(), 'nothing')
            USING ERRCODE = 'LF006';
    ELSIF octet_length(current_schema()) > 48 THEN
        -- With the suffix of its channels it must still be a name.
        RAISE EXCEPTION 'the name of a log has at most 48 bytes' USING ERRCODE = 'LF006';
    END IF;
END
$$;

-- What is applied. Each migration ends by recording itself, so that `psql -1 -f` and the service's own migrator agree.
CREATE TABLE migrations (
    number     integer     PRIMARY KEY,
    name       text        NOT NULL,
    -- SHA-256 of the file, filled in by the migrator: an applied file must never change.
    digest     bytea,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A dump of the data brings its own rows along. What is recorded already stays as it is.
CREATE FUNCTION keep_what_is_recorded() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM migrations AS m WHERE m.number = NEW.number AND m.name = NEW.name) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION keep_what_is_recorded() FROM PUBLIC;

CREATE TRIGGER migrations_keep_what_is_recorded
    BEFORE INSERT ON migrations
    FOR EACH ROW EXECUTE FUNCTION keep_what_is_recorded();

INSERT INTO migrations (number, name) VALUES (1, 'migrations');
