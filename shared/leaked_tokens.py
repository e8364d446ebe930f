"""A service token in an address stands in logs and histories by now: it is good for nothing more."""

from urllib.parse import unquote

import structlog
from fastapi import FastAPI
from sqlalchemy import exc as sa_exc
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import ASGIApp, Receive, Scope, Send

from shared import service_tokens
from shared.auth import enter
from shared.errors import Overloaded, Problem, Unauthenticated
from shared.problems_http import problem_response
from shared.tokens import Verifier
from shared.trail import note_change

log = structlog.get_logger()


class LeakedTokens:
    """Before every route, and where there is none: whatever the address is, it was seen on the way."""

    def __init__(self, app: ASGIApp, owner: FastAPI) -> None:
        self._app, self._owner = app, owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = service_tokens.find_in(_address(scope)) if scope["type"] == "http" else []
        if not found:
            await self._app(scope, receive, send)
            return
        await problem_response(await self._refusal(found), scope.get("request_id"))(scope, receive, send)

    async def _refusal(self, found: list[str]) -> Problem:
        state = self._owner.state
        for token in found:
            try:
                async with state.db.transaction("service_tokens.leaked") as session:
                    await _revoke(session, state.verifier, token)
            except Unauthenticated:
                continue  # it was good for nothing already
            except (sa_exc.SQLAlchemyError, OSError) as error:
                log.error("a leaked service token could not be revoked", error=type(error).__name__)
                return Overloaded()
        return Unauthenticated()


async def _revoke(session: AsyncSession, verifier: Verifier, token: str) -> None:
    """In its own name: the trail says which one it was."""
    actor = await enter(session, verifier, token)
    name, digest = service_tokens.parse(token) or ("", b"")
    await session.execute(_REVOKE, {"prefix": name, "hash": digest})
    note_change(session, "service_token", actor.id, ("revoked_at", "revoked_because"))
    log.warning("a service token stood in an address: it is revoked", token_id=str(actor.id))


_REVOKE = text("SELECT revoke_leaked(:prefix, :hash)")


def _address(scope: Scope) -> str:
    """Path and query, as a reader of logs would understand them."""
    path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
    whole = path + b"?" + scope.get("query_string", b"")
    return unquote(whole.decode("latin-1")) if b"assay" in whole or b"%" in whole else ""
