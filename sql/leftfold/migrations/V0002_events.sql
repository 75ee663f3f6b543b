-- The log. Only the append functions write here; nothing ever changes or goes.
--
-- The first event of a command also carries the command's entry in the journal: an entry that is stored with what it
-- caused needs neither a table nor an index page of its own. `commands_without_events` has the others, `journal` shows both.

-- Constraints of types, not of the table: PostgreSQL parses a table's CHECK anew for each statement, that of a domain once a session.
CREATE DOMAIN stream_name AS text COLLATE "C"
    CHECK (VALUE ~ '^[a-z][a-z0-9_]*-[^\x01-\x1f\x7f]+$' AND strpos(VALUE, '-') <= 64 AND octet_length(VALUE) <= 255);
CREATE DOMAIN label AS text COLLATE "C" CHECK (octet_length(VALUE) BETWEEN 1 AND 255);
CREATE DOMAIN nonempty AS text COLLATE "C" CHECK (VALUE <> '');
CREATE DOMAIN moment AS timestamptz CHECK (isfinite(VALUE));
CREATE DOMAIN attributes AS json CHECK (json_typeof(VALUE) = 'object');

CREATE TABLE events (
    position       bigint      NOT NULL,   -- place in the whole log: dense from 1 (I4)
    version        bigint      NOT NULL,   -- place in the stream: dense from 1 (I3)
    recorded_at    moment      NOT NULL,   -- informs; orders nothing
    received_at    moment,                 -- journal
    command_id     uuid        NOT NULL,
    event_count    integer,                -- journal: of the whole command, at successive positions
    stream         stream_name NOT NULL,   -- category-id
    type           label       NOT NULL,
    principal      nonempty    NOT NULL,
    correlation_id text        NOT NULL,
    data           json        NOT NULL,   -- json, not jsonb: the bytes stay as they were given
    metadata       attributes,             -- what has no column, such as traceparent
    tags           text[],                 -- sorted; null without tags
    name           nonempty,               -- journal: the command's
    digest         bytea,                  -- journal: SHA-256 of what the id stands for
    causation_id   text,                   -- journal, if anything caused it
    CONSTRAINT events_pkey PRIMARY KEY (position),
    CONSTRAINT events_stream_version_key UNIQUE (stream, version),
    CONSTRAINT events_journal_whole
        CHECK (num_nonnulls(received_at, event_count, name, digest) = CASE WHEN digest IS NULL THEN 0 ELSE 4 END)
);

-- A command id has one effect (I10).
CREATE UNIQUE INDEX events_command_id_key ON events (command_id) WHERE digest IS NOT NULL;

-- Insert-only: let vacuum freeze as it grows, not all at once at the wraparound limit.
ALTER TABLE events SET (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_freeze_min_age = 10000000);

INSERT INTO migrations (number, name) VALUES (2, 'events');
