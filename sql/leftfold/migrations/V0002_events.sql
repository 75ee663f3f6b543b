-- The log. Only the append functions write here; nothing ever changes or goes.
--
-- The first event of a command also carries the command's entry in the journal: an entry that is stored with what it
-- caused needs neither a table nor an index page of its own. `commands_without_events` has the others, `journal` shows both.
CREATE TABLE events (
    position       bigint      NOT NULL,                 -- place in the whole log: dense from 1 (I4)
    version        bigint      NOT NULL,                 -- place in the stream: dense from 1 (I3)
    recorded_at    timestamptz NOT NULL,                 -- informs; orders nothing
    received_at    timestamptz,                          -- journal
    command_id     uuid        NOT NULL,
    event_count    integer,                              -- journal: of the whole command, at successive positions
    stream         text        COLLATE "C" NOT NULL,     -- category-id
    type           text        COLLATE "C" NOT NULL,
    principal      text        NOT NULL,
    correlation_id text        NOT NULL,
    data           json        NOT NULL,                 -- json, not jsonb: the bytes stay as they were given
    metadata       json,                                 -- what has no column, such as traceparent
    tags           text[]      COLLATE "C",              -- sorted; null without tags
    name           text,                                 -- journal: the command's
    digest         bytea,                                -- journal: SHA-256 of what the id stands for
    causation_id   text,                                 -- journal, if anything caused it
    CONSTRAINT events_pkey PRIMARY KEY (position),
    CONSTRAINT events_stream_version_key UNIQUE (stream, version),
    CONSTRAINT events_in_range CHECK (position > 0 AND version > 0),
    CONSTRAINT events_times_finite CHECK (isfinite(recorded_at) AND isfinite(received_at)),
    -- A stream's first event answers for the name of all: no later one gets in without it.
    CONSTRAINT events_stream_well_formed
        CHECK (version > 1 OR stream ~ '^[a-z][a-z0-9_]{0,62}-[^\x01-\x1f\x7f]+$' AND octet_length(stream) <= 255),
    CONSTRAINT events_type_named CHECK (octet_length(type) BETWEEN 1 AND 255),
    CONSTRAINT events_principal_named CHECK (principal <> ''),
    CONSTRAINT events_metadata_object CHECK (json_typeof(metadata) = 'object'),
    CONSTRAINT events_journal_whole
        CHECK (num_nulls(received_at, event_count, name, digest) IN (0, 4)
            AND (digest IS NOT NULL OR causation_id IS NULL) AND event_count > 0 AND name <> '')
);

-- A command id has one effect (I10).
CREATE UNIQUE INDEX events_command_id_key ON events (command_id) WHERE digest IS NOT NULL;

-- Insert-only: let vacuum freeze as it grows, not all at once at the wraparound limit.
ALTER TABLE events SET (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_freeze_min_age = 10000000);

INSERT INTO migrations (number, name) VALUES (2, 'events');
