"""Changes that are made only while a thing is still as its reader saw it (RFC 9110 §13.1.1)."""

import hashlib
from typing import Annotated, TypeVar

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from shared.errors import PreconditionFailed

Shown = TypeVar("Shown", bound=BaseModel)


def tagged(response: Response, shown: Shown) -> Shown:
    """The answer, with its ETag: what a later If-Match names."""
    response.headers["etag"] = tag_of(shown)
    return shown


def tag_of(shown: BaseModel) -> str:
    """The ETag of what is shown."""
    return f'"{hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:32]}"'


class Unchanged:
    """What the request's If-Match says. A PATCH names the fields it changes, so that two who change different
    ones do not undo each other, and needs none; whoever decides by what they saw sends it."""

    def __init__(self, request: Request) -> None:
        given = ",".join(request.headers.getlist("if-match"))
        self._tags = (
            {tag.strip() for tag in given.split(",")} - {""} if "if-match" in request.headers else None
        )

    def check(self, shown: BaseModel) -> None:
        """To be asked with the row locked. Raises PreconditionFailed (412)."""
        if self._tags is not None and self._tags.isdisjoint({"*", tag_of(shown)}):
            raise PreconditionFailed


IfUnchanged = Annotated[Unchanged, Depends(Unchanged)]
