-- The journal: one row for every command that reached authentication, with its true outcome (I8), and the memory that
-- makes a command id have one effect and one answer (I10). No payload: it may hold secrets and personal data.
CREATE TABLE leftfold.commands (
    id             uuid        NOT NULL,
    received_at    timestamptz NOT NULL,
    finished_at    timestamptz NOT NULL,
    version        bigint,                            -- of the stream after it, when accepted
    first_position bigint,                            -- null when it changed nothing
    last_position  bigint,                            -- the position told to the client, when accepted
    digest         bytea       NOT NULL,              -- SHA-256 of what the id stands for
    name           text        NOT NULL,
    principal      text        NOT NULL,
    tenant         text,
    correlation_id text        NOT NULL,
    causation_id   text,
    stream         text        COLLATE "C",
    outcome        text        NOT NULL,
    code           text,
    CONSTRAINT commands_pkey PRIMARY KEY (id),
    CONSTRAINT commands_outcome_known
        CHECK (outcome IN ('accepted', 'rejected', 'denied', 'invalid', 'conflict', 'failed')),
    CONSTRAINT commands_accepted_or_coded CHECK ((outcome = 'accepted') = (code IS NULL)),
    CONSTRAINT commands_accepted_has_answer
        CHECK ((outcome = 'accepted') = (version IS NOT NULL AND last_position IS NOT NULL))
);

-- The newest first, for people. Times only grow, so appending touches just its last page.
CREATE INDEX commands_finished_at ON leftfold.commands (finished_at);

CREATE TRIGGER commands_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON leftfold.commands
    FOR EACH STATEMENT EXECUTE FUNCTION leftfold.refuse_change();
ALTER TABLE leftfold.commands ENABLE ALWAYS TRIGGER commands_are_append_only;

INSERT INTO leftfold.migrations (number, name) VALUES (3, 'commands');
