"""How failures leave over HTTP: every one becomes an RFC 9457 problem, none quotes what was sent."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from sqlalchemy import exc as sa_exc
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from shared import errors, strict
from shared.errors import Fault, Problem, ValidationFailed

log = structlog.get_logger()

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MAX_FAULTS = 20


UNIQUE_VIOLATION = "23505"


def answer_problems(app: FastAPI) -> None:
    """Every exception that has an answer of its own; what is left is caught in `edges.py`."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)
    for error in (sa_exc.TimeoutError, OSError):
        app.add_exception_handler(error, _on_database_away)
    app.add_exception_handler(sa_exc.DBAPIError, _on_database_error)
    app.add_exception_handler(sa_exc.IntegrityError, _on_conflict)


def problem_response(problem: Problem, request_id: str | None) -> Response:
    return JSONResponse(
        problem.body(request_id),
        problem.status,
        headers=dict(problem.headers),
        media_type="application/problem+json",
    )


def _answer(request: Request, problem: Problem) -> Response:
    return problem_response(problem, request.scope.get("request_id"))


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _answer(request, error)


# ---- Input that breaks a schema -----------------------------------------------------------------

_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown-field",
    "literal_error": "unknown-value",
    "enum": "unknown-value",
    "union_tag_invalid": "unknown-value",
    "greater_than": "out-of-range",
    "greater_than_equal": "out-of-range",
    "less_than": "out-of-range",
    "less_than_equal": "out-of-range",
    "int_parsing_size": "out-of-range",
    "finite_number": "out-of-range",
    "string_too_long": "too-long",
    "string_too_short": "too-short",
    "too_long": "too-many-items",
    "too_short": "too-few-items",
    "string_pattern_mismatch": "wrong-form",
    "uuid_parsing": "wrong-form",
    "datetime_parsing": "invalid-date",
    "datetime_from_date_parsing": "invalid-date",
    "datetime_object_invalid": "invalid-date",
    "timezone_aware": "invalid-date",
}
_NOT_A_TIME = "Not a time such as 2026-03-04T09:00:00Z."
_WORDS = {
    "extra_forbidden": "No such field here.",
    "missing": "Required.",
    "union_tag_invalid": "There is no such kind of it.",  # the library's own words quote the input
    "uuid_parsing": "Not an id.",  # and a character of it
    "datetime_parsing": _NOT_A_TIME,
    "datetime_from_date_parsing": _NOT_A_TIME,
    "datetime_object_invalid": _NOT_A_TIME,
}
_NOWHERE = object()


def faults_of(
    found: Sequence[Any],
    *,
    skip: int = 0,
    document: Any = _NOWHERE,
    read_only: Mapping[str, Any] = {},
) -> list[Fault]:
    """pydantic's errors as faults: where and which rule, never the value.

    With the `document`, the pointers lead into it (pydantic's own may name the members of a
    union). `read_only` are the fields that the answer has and the request does not.
    """
    faults: dict[str, Fault] = {}
    for one in found:
        path, kind = one["loc"][skip:], one["type"]
        if document is not _NOWHERE:
            path = _within(document, path, missing=kind == "missing")
        code = _CODES.get(kind, "wrong-type" if "_" in kind else kind)
        words = _WORDS.get(kind, one["msg"])
        if kind == "extra_forbidden" and len(path) == 1 and path[0] in read_only:
            code, words = "read-only-field", "Assay sets this field itself."
        at = strict.pointer(*path)
        faults.setdefault(at, Fault(at, code, words))
        if len(faults) == MAX_FAULTS:
            break
    return list(faults.values())


def _within(document: Any, path: Sequence[Any], *, missing: bool) -> list[Any]:
    """As much of the path as leads into the document; a missing field's own name is its end."""
    known: list[Any] = []
    for number, part in enumerate(path, 1):
        if (isinstance(document, dict) and part in document) or (
            isinstance(document, list) and isinstance(part, int) and part < len(document)
        ):
            document = document[part]
        elif not (missing and number == len(path) and isinstance(document, dict)):
            continue  # the name of a union's member: no part of the document
        known.append(part)
    return known


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["loc"][0] == "path" for one in found):
        return _answer(request, errors.NotFound())  # an id that cannot be one names nothing
    if any(one["loc"] == ("body",) and one["type"] == "missing" for one in found):
        fault = Fault("", "wrong-type", "Must be an object, not null.")
        return _answer(request, ValidationFailed(faults=[fault]))
    in_body = [one for one in found if one["loc"][0] == "body"]
    elsewhere = [one for one in found if one["loc"][0] != "body"]
    faults = faults_of(elsewhere, skip=1)
    faults += faults_of(in_body, skip=1, document=error.body, read_only=_shown_fields(request))
    return _answer(request, ValidationFailed(faults=faults[:MAX_FAULTS]))


def _shown_fields(request: Request) -> Mapping[str, Any]:
    model = getattr(request.scope.get("route"), "response_model", None)
    return model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}


# ---- What the framework refuses -----------------------------------------------------------------


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        response = _answer(request, errors.MethodNotAllowed())
        response.headers["Allow"] = ", ".join(_allowed(request))
        return response
    by_status = {400: errors.MalformedJson, 404: errors.NotFound, 413: errors.PayloadTooLarge}
    return _answer(request, by_status.get(error.status_code, Problem)())


def _allowed(request: Request) -> list[str]:
    """Every method of this address, whichever of its routes they belong to. Where a word of the address
    could also be somebody's id, it is the word."""
    fitting: dict[int, set[str]] = {}
    for route in iter_route_contexts(request.scope["app"].routes):
        path, methods = getattr(route, "path", None), getattr(route, "methods", None)
        if path and methods and compile_path(path)[0].match(request.scope["path"]):
            fitting.setdefault(path.count("{"), set()).update(methods)
    named = fitting[min(fitting)] if fitting else set()
    allowed = [method for method in METHODS if method in named]
    return [*allowed, "HEAD"] if "GET" in allowed else allowed


# ---- The database --------------------------------------------------------------------------------

_PASSING = {"08", "40", "53", "55", "57", "58"}
"""Classes of SQLSTATE that say nothing about the request: it may well succeed a moment later."""
_STANDBY = "25006"
"""Read-only: while a standby is taking over."""


async def _on_database_away(request: Request, error: Exception) -> Response:
    log.error("the database does not answer", error=type(error).__name__)
    return _answer(request, errors.Overloaded())


async def _on_database_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, sa_exc.DBAPIError)
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or state is None or state[:2] in _PASSING or state == _STANDBY:
        return await _on_database_away(request, error)
    raise error


async def _on_conflict(request: Request, error: Exception) -> Response:
    """A key that is taken is the caller's to mend; any other broken constraint is our fault."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state == UNIQUE_VIOLATION:
        return _answer(request, errors.Conflict("Something with the same name or key exists already."))
    log.error("a constraint refused the change", sqlstate=state)
    return _answer(request, Problem())
