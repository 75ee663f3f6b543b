-- What is applied. Each migration ends by recording itself, so that `psql -1 -f` and the service's own migrator agree.

CREATE TABLE leftfold.migrations (
    number     integer     PRIMARY KEY,
    name       text        NOT NULL,
    -- SHA-256 of the file, filled in by the migrator: an applied file must never change.
    digest     bytea,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

INSERT INTO leftfold.migrations (number, name) VALUES (1, 'migrations');
