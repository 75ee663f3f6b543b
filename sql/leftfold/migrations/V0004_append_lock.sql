-- Whoever appends holds this table's lock to the end of the transaction. It has no rows and no columns; nobody but its owner
-- may lock it, and that is what an advisory lock could not do. SHARE UPDATE EXCLUSIVE is the weakest mode that excludes itself: 
-- reading, dumping and replicating go on beside it.
CREATE TABLE append_lock ();

INSERT INTO migrations (number, name) VALUES (4, 'append_lock');
