-- Values that one stream at a time may hold, such as an e-mail address. Taken and released by an append.
CREATE TABLE claims (
    kind   nonempty    NOT NULL,
    value  nonempty    NOT NULL,
    stream stream_name NOT NULL,
    CONSTRAINT claims_pkey PRIMARY KEY (kind, value)
);

INSERT INTO migrations (number, name) VALUES (8, 'claims');
