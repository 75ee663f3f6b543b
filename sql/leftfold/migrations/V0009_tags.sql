-- Where each tag is: what makes a condition on a rare tag cost the same in a small log and in a large one. Filled by append, for events that have tags.
CREATE TABLE tags (
    tag      label   NOT NULL,
    position bigint  NOT NULL,
    CONSTRAINT tags_pkey PRIMARY KEY (tag, position)
);

INSERT INTO migrations (number, name) VALUES (9, 'tags');
