-- The journal of the commands that caused no event: the refused ones, and the accepted ones that changed nothing. No payload:
-- it may hold secrets and personal data.
CREATE TABLE commands_without_events (
    number         bigint      GENERATED ALWAYS AS IDENTITY,   -- their order
    position       bigint      NOT NULL,                       -- of the log's last event at that time
    received_at    moment      NOT NULL,
    finished_at    moment      NOT NULL,
    command_id     uuid        NOT NULL,
    digest         bytea       NOT NULL,                       -- SHA-256 of what the id stands for
    name           nonempty    NOT NULL,
    principal      nonempty    NOT NULL,
    correlation_id text        NOT NULL,
    causation_id   text,
    outcome        text        NOT NULL,
    code           nonempty,
    streams        text[]      COLLATE "C" NOT NULL,
    versions       bigint[],                                   -- of the streams, when accepted
    CONSTRAINT commands_without_events_pkey PRIMARY KEY (command_id),
    CONSTRAINT commands_without_events_order_key UNIQUE (position, number),
    CONSTRAINT commands_without_events_outcome_known
        CHECK (outcome IN ('accepted', 'rejected', 'denied', 'invalid', 'conflict', 'failed')),
    CONSTRAINT commands_without_events_accepted_or_coded CHECK ((outcome = 'accepted') = (code IS NULL)),
    CONSTRAINT commands_without_events_accepted_has_versions
        CHECK (cardinality(versions) IS NOT DISTINCT FROM CASE WHEN outcome = 'accepted' THEN cardinality(streams) END)
);

CREATE TRIGGER commands_without_events_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON commands_without_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE commands_without_events ENABLE ALWAYS TRIGGER commands_without_events_are_append_only;

INSERT INTO migrations (number, name) VALUES (6, 'commands_without_events');
