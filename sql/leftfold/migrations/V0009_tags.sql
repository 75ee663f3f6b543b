-- Where each tag is: a condition on a rare tag costs the same in a small log and in a large one. Filled by append, for events that have tags.
CREATE TABLE tags (
    tag      label   NOT NULL,
    position bigint  NOT NULL,
    CONSTRAINT tags_pkey PRIMARY KEY (tag, position)
);

INSERT INTO migrations (number, name) VALUES (9, 'tags');
