-- Tables of a projection that somebody builds beside its generations, to look at: to compare them with the live ones, to watch one row come about,
-- or to have the read model as it once was. Each has a schema of its own, called as its row here. Whoever builds one prolongs it with each batch;
-- what a killed one leaves is dropped by the next one who builds any.
CREATE TABLE scratches (
    name         text        NOT NULL COLLATE "C",
    projection   text        NOT NULL COLLATE "C",
    purpose      text        NOT NULL,
    code_version integer     NOT NULL,
    -- All events up to here are in it; it is to have those up to the goal.
    position     bigint      NOT NULL DEFAULT 0,
    goal         bigint      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    kept_until   timestamptz NOT NULL,
    CONSTRAINT scratches_pkey PRIMARY KEY (name),
    CONSTRAINT scratches_purpose_known CHECK (purpose IN ('verify', 'explain', 'as_of'))
) WITH (fillfactor = 50);

-- What the last comparison of each projection's live tables with the log came to.
CREATE TABLE verifications (
    projection  text        NOT NULL COLLATE "C",
    generation  integer     NOT NULL,
    position    bigint      NOT NULL,
    differing   bigint      NOT NULL,   -- rows
    verified_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT verifications_pkey PRIMARY KEY (projection)
);

INSERT INTO migrations (number, name) VALUES (31, 'scratches');
