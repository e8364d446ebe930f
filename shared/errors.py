"""Every failure is a `Problem`: one class per state of the world, rendered as RFC 9457.

A subclass's docstring is its title, `slug` names it for ever, `status` is what HTTP says.
A service's own problems live in its `errors.py`; here are only those that any service can meet.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the input: where (JSON pointer), which rule (`code`), in words.

    The refused value itself is never part of it: it may be personal data.
    """

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """Something went wrong on our side"""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, detail: str = "", *, faults: Sequence[Fault] = (), **extras: Any) -> None:
        super().__init__(detail or self.title())
        self.detail = detail
        self.faults = tuple(faults)
        self.extras = extras

    @classmethod
    def title(cls) -> str:
        return re.split(r"\n\s*\n", (cls.__doc__ or "").strip())[0].rstrip(".")

    def body(self, instance: str | None = None) -> dict[str, Any]:
        """The problem+json document. `instance` is the request id."""
        document: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": self.title(),
            "status": self.status,
        }
        if self.detail:
            document["detail"] = self.detail
        if instance:
            document["instance"] = instance
        if self.faults:
            document["errors"] = [vars(fault) for fault in self.faults]
        return document | self.extras


class MalformedJson(Problem):
    """The body is not well-formed JSON"""

    status, slug = 400, "malformed-json"


class MalformedRequest(Problem):
    """This is not HTTP, or two readers could read it in two ways"""

    status, slug = 400, "malformed-request"


class MalformedUri(Problem):
    """The address is not well-formed"""

    status, slug = 400, "malformed-uri"


class IdempotencyKeyInvalid(Problem):
    """The idempotency key is empty, longer than 255 characters, not plain ASCII, or given twice"""

    status, slug = 400, "idempotency-key-invalid"


class Unauthenticated(Problem):
    """Who are you? Send a valid bearer token"""

    status, slug = 401, "unauthenticated"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class RoleNotInToken(Problem):
    """Your token does not carry the role that you have here"""

    status, slug = 403, "role-not-in-token"


class InsufficientScope(Problem):
    """Your token does not reach this far"""

    status, slug = 403, "insufficient-scope"


class Forbidden(Problem):
    """You may see this, but not do that"""

    status, slug = 403, "forbidden"


class OriginNotAllowed(Problem):
    """Pages of that origin may not ask, or not like this"""

    status, slug = 403, "origin-not-allowed"


class NotFound(Problem):
    """There is no such thing, or you may not see it"""

    status, slug = 404, "not-found"


class MethodNotAllowed(Problem):
    """This address does not answer that method"""

    status, slug = 405, "method-not-allowed"


class NotAcceptable(Problem):
    """Answers are application/json, or application/problem+json when something is wrong"""

    status, slug = 406, "not-acceptable"


class RequestTimeout(Problem):
    """The body did not come in time"""

    status, slug = 408, "request-timeout"
    headers: ClassVar[Mapping[str, str]] = {"Connection": "close"}


class Conflict(Problem):
    """Something else with the same name or key is already there"""

    status, slug = 409, "conflict"


class IllegalMove(Problem):
    """It is not in a state that allows this"""

    status, slug = 409, "illegal-move"


class PreconditionFailed(Problem):
    """It has changed since you read it: read it again"""

    status, slug = 412, "precondition-failed"


class PayloadTooLarge(Problem):
    """The body is larger than this address accepts"""

    status, slug = 413, "payload-too-large"
    headers: ClassVar[Mapping[str, str]] = {"Connection": "close"}
    """What was not read is not waited for."""


class AddressTooLong(Problem):
    """The address, with its parameters, is longer than 8 kB"""

    status, slug = 414, "address-too-long"
    headers: ClassVar[Mapping[str, str]] = {"Connection": "close"}


class UnsupportedMediaType(Problem):
    """Only application/json is understood here, uncompressed"""

    status, slug = 415, "unsupported-media-type"


class ValidationFailed(Problem):
    """The input breaks the rules listed under errors"""

    status, slug = 422, "validation-failed"


class UrlNotAllowed(Problem):
    """We do not go to that address"""

    status, slug = 422, "url-not-allowed"


class IdempotencyKeyReused(Problem):
    """This idempotency key was used before for another request"""

    status, slug = 422, "idempotency-key-reused"


class RateLimited(Problem):
    """You ask too often: wait as long as Retry-After says"""

    status, slug = 429, "rate-limited"


class TooManyAtOnce(Problem):
    """Too many of your requests are under way: wait for their answers"""

    status, slug = 429, "too-many-at-once"


class HeadersTooLarge(Problem):
    """The headers together are larger than 16 kB"""

    status, slug = 431, "headers-too-large"
    headers: ClassVar[Mapping[str, str]] = {"Connection": "close"}


class Overloaded(Problem):
    """The database cannot be reached or is busy: try again shortly"""

    status, slug = 503, "overloaded"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "30"}


def all_problems(base: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every problem class that has been imported, the base first."""
    yield base
    for child in base.__subclasses__():
        yield from all_problems(child)
