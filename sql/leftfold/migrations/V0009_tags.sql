-- Where each tag is: what makes a condition on a rare tag cost the same in a small log and in a large one. Filled by append, for events that have tags.
CREATE TABLE tags (
    tag      text   NOT NULL COLLATE "C",
    position bigint NOT NULL,
    CONSTRAINT tags_pkey PRIMARY KEY (tag, position),
    CONSTRAINT tags_named CHECK (octet_length(tag) BETWEEN 1 AND 255)
);

INSERT INTO migrations (number, name) VALUES (9, 'tags');
