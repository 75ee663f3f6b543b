"""What schemathesis has to know about the service beyond its contract. scripts/check-contract loads it.

No check is turned off. What a schema cannot say is said here: that positions and cursors come from answers, and which refusals
a request that fits the schema may get. Whatever else such a request is refused with is a failure.
"""
import re

import schemathesis

head = 0
cursors = set()

# What the schema cannot tell of a text: its bytes, its normal form, whether it is an address. `command` and `offset` stand for
# rules between two fields. Other fields have their limits in the schema.
TEXTS = {"email", "name", "reason", "prefix", "search", "command", "offset"}


def is_position(value):
    return re.fullmatch("[0-9]+", str(value)) is not None and not isinstance(value, bool)


@schemathesis.hook
def before_call(context, case, kwargs):
    # None but a position that the log has may be waited for.
    for container, name in ((case.query, "after"), (case.headers, "Leftfold-Position")):
        if container and name in container and is_position(container[name]) and int(container[name]) > head:
            container[name] = type(container[name])(int(container[name]) % (head + 1))
    session = (case.headers or {}).get("Leftfold-Session")
    if session:
        case.headers["Leftfold-Session"] = re.sub(
            r"(?<=1\.)[1-9][0-9]*", lambda position: str(int(position[0]) % (head + 1)), str(session))
    # One that nobody gave is a refusal of its own (`invalid_cursor`), also where the pattern fits.
    for container in (case.query, case.body):
        cursor = container.get("cursor") if isinstance(container, dict) else None
        if isinstance(cursor, str) and re.fullmatch("[A-Za-z0-9_-]*", cursor) and cursor not in cursors:
            del container["cursor"]


@schemathesis.hook
def after_call(context, case, response):
    global head
    position = response.headers.get("leftfold-position", [""])[0]
    if position.isdigit():
        head = max(head, int(position))
    if "json" in response.headers.get("content-type", [""])[0] and response.status_code == 200:
        body = response.json()
        if isinstance(body, dict):
            cursors.update(body[name] for name in ("next", "previous") if isinstance(body.get(name), str))


def may_be_refused(case, response):
    try:
        problem = response.json()
    except ValueError:
        return False
    code = problem.get("code")
    if code == "validation_failed":
        return all(error["field"] in TEXTS for error in problem["errors"])
    if code == "invalid_if_match":
        # Schemathesis has its own idea of this header, whatever the schema says, and takes for valid what does not fit the schema.
        return re.fullmatch(r'"(0|[1-9][0-9]{0,17})"', (case.headers or {}).get("If-Match", "")) is None
    if code == "invalid_last_event_id":
        # The same.
        return re.fullmatch(r"(0|[1-9][0-9]{0,17})\.[A-Za-z0-9_-]{16}", (case.headers or {}).get("Last-Event-ID", "")) is None
    # The state of the stream, or of the journal.
    return code in ("wrong_expected_version", "command_id_reused")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether it is one."""
    if type(failure).__name__ == "RejectedPositiveData":
        return not may_be_refused(case, response)
    return True
