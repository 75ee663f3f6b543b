-- What GetUser and ListUsers read. Filled by the projection user_directory; one generation of it lives in one schema.
CREATE TABLE user_directory (
    id         uuid        NOT NULL,
    listed_at  bigint      NOT NULL,          -- the position at which the user was created: the order of the list
    version    bigint      NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    status     text        NOT NULL,
    email      text        NOT NULL,
    name       text        NOT NULL,
    -- For searching and sorting: folded, at most 400 bytes, compared byte by byte. Made in Swift: what the server folds, and how it sorts, depends
    -- on the locale of the database.
    email_folded text COLLATE "C" NOT NULL,
    name_folded  text COLLATE "C" NOT NULL,
    CONSTRAINT user_directory_pkey PRIMARY KEY (id),
    CONSTRAINT user_directory_status_known CHECK (status IN ('active', 'deactivated'))
) WITH (fillfactor = 90);

-- One for each order of the list, and one for each with the status; the position tells equals apart. Those by name and by address find prefixes too.
CREATE UNIQUE INDEX user_directory_listed_at ON user_directory (listed_at);
CREATE INDEX user_directory_name ON user_directory (name_folded, listed_at);
CREATE INDEX user_directory_email ON user_directory (email_folded, listed_at);
CREATE INDEX user_directory_status_listed_at ON user_directory (status, listed_at);
CREATE INDEX user_directory_status_name ON user_directory (status, name_folded, listed_at);
CREATE INDEX user_directory_status_email ON user_directory (status, email_folded, listed_at);

-- Where the extension pg_trgm is there when the table is made, parts of names and addresses are found by index.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_opclass WHERE opcname = 'gin_trgm_ops' AND pg_catalog.pg_opclass_is_visible(oid)) THEN
        CREATE INDEX user_directory_parts ON user_directory USING gin (name_folded gin_trgm_ops, email_folded gin_trgm_ops);
    END IF;
END
$$;
