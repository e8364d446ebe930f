"""A POST with an Idempotency-Key acts once: the same key and body get the same answer again."""

import hashlib
from collections.abc import Coroutine
from contextlib import closing
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from shared import clock
from shared.auth import Caller
from shared.body import read_body
from shared.db import Session
from shared.errors import IdempotencyKeyInvalid, IdempotencyKeyReused
from shared.models.queue import IdempotencyKey
from shared.trail import note_read

MAX_KEY = 255


def read_key(request: Request) -> str | None:
    """Raises IdempotencyKeyInvalid (400)."""
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    key = given[0]
    if len(given) > 1 or not (0 < len(key.strip()) <= len(key) <= MAX_KEY and key.isascii()):
        raise IdempotencyKeyInvalid
    if not key.isprintable():
        raise IdempotencyKeyInvalid
    return key


class Once:
    """Runs the work, or replays the kept answer. Without a key it just runs the work.

    The key's row is inserted before the work, in the same transaction: a second request with
    the same key waits at that row until the first has committed (and then replays it) or
    failed (and then runs). Nothing is kept of a request that failed.
    """

    def __init__(
        self,
        request: Request,
        session: Session,
        actor: Caller,
        idempotency_key: Annotated[
            str | None,
            Header(
                description="Any text; a repeat with the same key acts once.",
                json_schema_extra={"minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]([ -~]*[!-~])?$"},
            ),
        ] = None,  # for the docs: the header is read by `read_key`
    ) -> None:
        self._request, self._session, self._actor = request, session, actor
        self._key = read_key(request)

    async def __call__(
        self,
        work: Coroutine[Any, Any, Any],
        answer: type[BaseModel],
        *,
        status: int = 201,
        shown_once: tuple[str, ...] = (),
        is_secret: bool = False,
    ) -> Response:
        """`await once(service.verb(…), ThingOut)` → the response. Fields that are `shown_once` are null in
        the answer that is kept.

        `is_secret`: the answer is not kept, and a repeat asks again (for what changes nothing)."""
        self._shown_once = shown_once
        with closing(work):  # where it is not run, it is not left lying about either
            if self._key is None:
                return self._response(answer, await work, status)
            return await self._once(work, answer, status, is_secret)

    async def _once(
        self, work: Coroutine[Any, Any, Any], answer: type[BaseModel], status: int, is_secret: bool
    ) -> Response:
        row = {"actor_id": self._actor.id, "key": self._key}
        request_hash = await self._hash()
        new = {"request_hash": request_hash, "status": 0, "answer": {}, "created_at": clock.now()}
        mine = await self._session.execute(
            insert(IdempotencyKey)
            .values(row | new)
            .on_conflict_do_nothing()
            .returning(col(IdempotencyKey.key))
        )
        if mine.first() is None:
            kept = (await self._session.execute(select(IdempotencyKey).filter_by(**row))).scalar_one()
            if kept.request_hash != request_hash:
                raise IdempotencyKeyReused
            if is_secret:
                return self._response(answer, await work, status)
            shown = kept.answer.get("id")
            note_read(self._session, "answers.replayed", [shown] if shown else [])
            return JSONResponse(kept.answer, kept.status, headers={"Idempotency-Replayed": "true"})
        response = self._response(answer, await work, status)
        if is_secret:
            return response
        await self._session.execute(
            update(IdempotencyKey)
            .filter_by(**row)
            .values(status=status, answer=self._content | dict.fromkeys(self._shown_once))
        )
        return response

    def _response(self, answer: type[BaseModel], result: Any, status: int) -> Response:
        self._content = jsonable_encoder(answer.model_validate(result))
        return JSONResponse(self._content, status)

    async def _hash(self) -> str:
        request = self._request
        whole = f"{request.method} {request.url.path}\n".encode() + await read_body(request)
        return hashlib.sha256(whole).hexdigest()


Idempotent = Annotated[Once, Depends(Once)]
