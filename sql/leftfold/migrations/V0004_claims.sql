-- Values that one stream at a time may hold, such as an e-mail address. Taken and released within leftfold.append.
CREATE TABLE leftfold.claims (
    kind   text NOT NULL COLLATE "C",
    value  text NOT NULL COLLATE "C",
    stream text NOT NULL COLLATE "C",
    CONSTRAINT claims_pkey PRIMARY KEY (kind, value)
);

INSERT INTO leftfold.migrations (number, name) VALUES (4, 'claims');
