-- Whoever appends holds this table's lock to the end of the transaction. It has no rows and no columns; nobody but its owner
-- may lock it, and that is what an advisory lock could not do. SHARE UPDATE EXCLUSIVE is the weakest mode that excludes itself:
-- reading, dumping and replicating go on beside it.
CREATE TABLE append_lock ();

-- Others wait for the lock until the transaction ends. Within somebody's transaction block, what comes after an append gets about a second:
-- each statement, and each pause between two; where the server can, all of it together two seconds. Lower limits stay.
CREATE FUNCTION limit_rest_of_transaction() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    limits CONSTANT text[] := ARRAY[
        ['idle_in_transaction_session_timeout', '1s'], ['statement_timeout', '1s'], ['transaction_timeout', '2s']];
    present interval;
BEGIN
    FOR n IN 1 .. 3 LOOP
        present := current_setting(limits[n][1], true)::interval;  -- null: the server does not know this one
        IF present = interval '0' OR present > limits[n][2]::interval THEN
            PERFORM set_config(limits[n][1], limits[n][2], true);
        END IF;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION limit_rest_of_transaction() FROM PUBLIC;

-- To be called where an answer of before is told again and nothing is written. Such a transaction would end at once, while the one that
-- wrote the answer may still wait for a synchronous standby, or may have been cut off while it did (its backend ended, the server
-- restarted): the client would be told of events that a failover takes away. With something in the WAL the commit waits, and all that
-- was written before is with the standby then, too.
CREATE FUNCTION wait_as_who_writes() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pg_logical_emit_message(true, 'leftfold', '');
END
$$;
REVOKE EXECUTE ON FUNCTION wait_as_who_writes() FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (4, 'append_lock');
