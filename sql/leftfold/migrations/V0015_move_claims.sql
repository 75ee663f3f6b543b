-- Releases claims and takes others, those of the writes in p_writes (null: of all). A claim that another stream holds stays where it is;
-- answers whether there is none such. Called under the lock.
CREATE FUNCTION move_claims(
    p_writes boolean[], p_streams text[], p_claim_writes integer[], p_claim_takes boolean[], p_claim_kinds text[], p_claim_values text[]
) RETURNS boolean LANGUAGE plpgsql
SET search_path FROM CURRENT SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
BEGIN
    IF false = ANY (p_claim_takes) THEN
        DELETE FROM claims AS d
        USING (
            SELECT h.row
            FROM unnest(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) AS c (write, takes, kind, value)
            CROSS JOIN LATERAL (
                SELECT h.ctid AS row, h.stream FROM claims AS h WHERE h.kind = c.kind AND h.value = c.value LIMIT 1
            ) AS h
            WHERE NOT c.takes AND h.stream = p_streams[c.write] AND (p_writes IS NULL OR p_writes[c.write])
        ) AS r
        WHERE d.ctid = r.row;
    END IF;
    INSERT INTO claims (kind, value, stream)
    SELECT c.kind, c.value, p_streams[c.write]
    FROM unnest(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) AS c (write, takes, kind, value)
    WHERE c.takes AND (p_writes IS NULL OR p_writes[c.write])
    ON CONFLICT (kind, value) DO NOTHING;
    RETURN (
        SELECT count(*) FROM unnest(p_claim_writes, p_claim_takes, p_claim_kinds, p_claim_values) AS c (write, takes, kind, value)
        WHERE c.takes AND (p_writes IS NULL OR p_writes[c.write])
            AND (SELECT h.stream FROM claims AS h WHERE h.kind = c.kind AND h.value = c.value) <> p_streams[c.write]) = 0;
END
$$;
REVOKE EXECUTE ON FUNCTION move_claims(boolean[], text[], integer[], boolean[], text[], text[]) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (15, 'move_claims');
