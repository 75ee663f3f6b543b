-- What GetUserHistory reads: every change of a user, in order. Filled by the projection user_history.
CREATE TABLE user_history (
    user_id     uuid        NOT NULL,
    version     bigint      NOT NULL,
    position    bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    command_id  uuid        NOT NULL,
    type        text        NOT NULL,
    data        json        NOT NULL,
    principal   text,
    CONSTRAINT user_history_pkey PRIMARY KEY (user_id, version)
);
