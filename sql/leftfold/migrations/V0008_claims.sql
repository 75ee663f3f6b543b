-- Values that one stream at a time may hold, such as an e-mail address. Taken and released by an append.
CREATE TABLE claims (
    kind   text NOT NULL COLLATE "C",
    value  text NOT NULL COLLATE "C",
    stream text NOT NULL COLLATE "C",
    CONSTRAINT claims_pkey PRIMARY KEY (kind, value),
    CONSTRAINT claims_named CHECK (kind <> '' AND value <> '')
);

INSERT INTO migrations (number, name) VALUES (8, 'claims');
