-- The generations of each projection: a set of its tables, in a schema of their own, made from event zero by one version of its
-- code. How far one is stands in the row of its follower.
CREATE TABLE generations (
    projection   text        NOT NULL COLLATE "C",
    -- Never used again: the rows of those that were dropped stay.
    number       integer     NOT NULL,
    state        text        NOT NULL DEFAULT 'building',
    -- Of the code that built it. No other version goes on with it.
    code_version integer     NOT NULL,
    follower     text        COLLATE "C",
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    live_since   timestamptz,
    CONSTRAINT generations_pkey PRIMARY KEY (projection, number),
    CONSTRAINT generations_follower_key UNIQUE (follower),
    CONSTRAINT generations_follower_fkey FOREIGN KEY (follower) REFERENCES followers (name),
    CONSTRAINT generations_state_known CHECK (state IN ('building', 'live', 'retired', 'dropped')),
    CONSTRAINT generations_followed_until_dropped CHECK ((state = 'dropped') = (follower IS NULL)),
    CONSTRAINT generations_in_range CHECK (number > 0)
);

-- Queries read one.
CREATE UNIQUE INDEX generations_one_live ON generations (projection) WHERE state = 'live';

INSERT INTO migrations (number, name) VALUES (24, 'generations');
