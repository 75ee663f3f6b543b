-- One event by hand or from another language. Raises when it is refused; the same command id again is answered the same, and changes nothing.
CREATE FUNCTION write(
    stream     text,
    type       text,
    data       json,
    expected   bigint DEFAULT NULL,                -- the stream's version; null: any
    command_id uuid   DEFAULT gen_random_uuid(),
    principal  text   DEFAULT session_user,
    name       text   DEFAULT 'write',
    metadata   json   DEFAULT NULL,
    tags       text[] DEFAULT NULL,
    OUT "position" bigint, OUT version bigint
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
DECLARE
    answer record;
BEGIN
    SELECT a.* INTO answer FROM append_one(
        write.command_id,
        convert_to(json_build_array(write.name, write.stream, write.type, write.data, write.expected, write.metadata, write.tags)::text, 'UTF8'),
        write.name, write.principal, write.command_id::text, NULL, clock_timestamp(),
        write.stream, write.expected, write.type, write.data, write.metadata, write.tags) AS a;
    IF answer.results IS NULL THEN
        "position" := answer.head;
        version := write.expected + 1;
    ELSIF answer.results[1] IN ('appended', 'accepted_before') THEN
        "position" := answer.positions[1];
        version := answer.versions[1];
    ELSIF answer.results[1] = 'wrong_expected_version' THEN
        RAISE EXCEPTION '% is at version %, not at %', write.stream, answer.versions[1], write.expected USING ERRCODE = 'LF007';
    ELSIF answer.results[1] = 'command_id_reused' THEN
        RAISE EXCEPTION 'the command id % stands for something else already', write.command_id USING ERRCODE = 'LF008';
    ELSE
        RAISE EXCEPTION 'refused: % %', answer.results[1], answer.details[1] USING ERRCODE = 'LF009';
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION write(text, text, json, bigint, uuid, text, text, json, text[]) FROM PUBLIC;

INSERT INTO migrations (number, name) VALUES (20, 'write');
