"""Freshdesk's REST API as a puller meets it: numbered pages that shift while they are read, credits."""

import hmac
import re
from bisect import bisect_left
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from help_desks import freshdesk_rows as rows
from help_desks.data import DAY, Desk, Indexes, Ticket
from help_desks.limits import RateLimit, basic, epoch, number_of, root

Record = dict[str, Any]
Handler = Callable[[Request], Awaitable[Response]]
MAX_PAGE_SIZE = 100
IN_TICKET = 10  # conversations that include=conversations brings
FILTERS = {None: {"live", "merged"}, "deleted": {"deleted"}, "spam": {"spam"}}
INCLUDES = {"stats", "requester", "description", "company"}


@dataclass
class Account:
    """`limit` is in credits: a call costs 1, and 2 more for each include."""

    desk: Desk
    api_key: str = "fdApiKeyForTests1"
    limit: RateLimit | None = None
    most_pages: int = 300


def create_app(account: Account) -> Starlette:
    api = _Api(account)
    paths: dict[str, Handler] = {
        "/api/v2/tickets": api.tickets,
        "/api/v2/tickets/{number}": api.ticket,
        "/api/v2/tickets/{number}/conversations": api.conversations,
        "/api/v2/surveys/satisfaction_ratings": api.ratings,
        "/api/v2/surveys": api.surveys,
        "/api/v2/ticket_fields": api.ticket_fields,
        "/api/v2/groups": api.groups,
    }
    return Starlette(routes=[Route(path, api.guarded(handler)) for path, handler in paths.items()])


def _invalid(field: str, message: str) -> Response:
    errors = [{"field": field, "message": message, "code": "invalid_value"}]
    return JSONResponse({"description": "Validation failed", "errors": errors}, 400)


def _cost(request: Request) -> int:
    return 1 + 2 * len(_includes(request))


def _includes(request: Request) -> set[str]:
    return {word for word in request.query_params.get("include", "").split(",") if word}


class _Api:
    def __init__(self, account: Account) -> None:
        self.account, self.desk = account, account.desk
        self.indexes = Indexes(
            account.desk,
            {
                "ratings": lambda t: [(s.at, s.index) for s in t.steps if s.rating],
                "created": lambda t: [(t.created_at, 0)],
            },
        )

    def guarded(self, handler: Handler) -> Handler:
        async def guard(request: Request) -> Response:
            key, _, _ = (basic(request) or "").partition(":")
            limit, cost, headers = self.account.limit, _cost(request), dict[str, str]()
            if limit is not None:
                wait = limit.take(cost)  # refused and unauthorised calls count too
                headers = {
                    "x-ratelimit-total": str(limit.calls),
                    "x-ratelimit-remaining": str(limit.remaining),
                    "x-ratelimit-used-currentrequest": str(cost),
                }
                if wait is not None:
                    message = {"message": "You have exceeded the limit of requests per minute"}
                    return JSONResponse(message, 429, headers={**headers, "retry-after": str(wait)})
            if hmac.compare_digest(key.encode(), self.account.api_key.encode()):
                answer = await handler(request)
            else:
                message = {
                    "code": "invalid_credentials",
                    "message": "You have to be logged in to perform this action.",
                }
                answer = JSONResponse(message, 401)
            answer.headers.update(headers)
            return answer

        return guard

    # ---- Tickets ---------------------------------------------------------------------------------

    async def tickets(self, request: Request) -> Response:
        query = request.query_params
        asked, includes = query.get("filter"), _includes(request)
        since = epoch(query["updated_since"]) if "updated_since" in query else None
        by, down = query.get("order_by", "created_at"), query.get("order_type", "desc")
        if asked not in FILTERS:
            return _invalid("filter", "It should be one of these values: 'deleted,spam'")
        if "updated_since" in query and since is None:
            return _invalid("updated_since", "It should be a/an valid date")
        if by not in {"created_at", "updated_at"} or down not in {"asc", "desc"}:
            return _invalid("order_by", "It should be one of these values: 'created_at,updated_at'")
        if includes - INCLUDES:
            return _invalid(
                "include", "It should be one of these values: 'stats,requester,description,company'"
            )
        found = [n for n in self._numbers(since, by) if self.desk.fate(n) in FILTERS[asked]]
        if down == "desc":
            found.reverse()
        return self._page(request, found, lambda number: _with(self.desk[number], includes))

    def _numbers(self, since: int | None, by: str) -> list[int]:
        """Changed since then; without `since`, created in the last 30 days."""
        if since is not None and by == "updated_at":
            return [number for _, number in self.desk.order[self.desk.since(since) :]]
        created = self.indexes["created"]
        if since is not None:
            changed = {number for _, number in self.desk.order[self.desk.since(since) :]}
            return [number for _, number, _ in created if number in changed]
        recent = [
            number for _, number, _ in created[bisect_left(created, (self.desk.now - 30 * DAY, 0, 0)) :]
        ]
        if by == "created_at":
            return recent
        wanted = set(recent)
        return [number for _, number in self.desk.order if number in wanted]

    def _ticket(self, request: Request) -> Ticket | None:
        text = request.path_params["number"]
        if not re.fullmatch(r"[0-9]{1,15}", text):
            return None
        number = int(text) - rows.FIRST_TICKET
        return self.desk[number] if 1 <= number <= self.desk.count else None

    async def ticket(self, request: Request) -> Response:
        ticket, includes = self._ticket(request), _includes(request)
        if ticket is None:
            return Response(status_code=404)
        told = _with(ticket, includes | {"description"})
        if "conversations" in includes:
            told["conversations"] = rows.conversations(ticket)[:IN_TICKET]
        return JSONResponse(told)

    async def conversations(self, request: Request) -> Response:
        ticket = self._ticket(request)
        if ticket is None:
            return Response(status_code=404)
        return self._page(request, rows.conversations(ticket), lambda told: told)

    # ---- Ratings and the account's words ---------------------------------------------------------

    async def ratings(self, request: Request) -> Response:
        since = epoch(request.query_params["created_since"]) if "created_since" in request.query_params else 0
        if since is None:
            return _invalid("created_since", "It should be a/an valid date")
        found = self.indexes.since("ratings", since)
        return self._page(request, found, lambda entry: rows.rating(self.desk[entry[1]], entry[2]))

    async def surveys(self, request: Request) -> Response:
        return self._page(request, rows.SURVEYS, lambda told: told)

    async def ticket_fields(self, request: Request) -> Response:
        return self._page(request, rows.TICKET_FIELDS, lambda told: told)

    async def groups(self, request: Request) -> Response:
        return self._page(request, rows.GROUP_ROWS, lambda told: told)

    def _page(self, request: Request, found: list[Any], make: Callable[[Any], Record]) -> Response:
        size = number_of(request, "per_page", 30, most=MAX_PAGE_SIZE)
        page = number_of(request, "page", 1)
        if size is None:
            return _invalid("per_page", "It should be a Positive Integer less than or equal to 100")
        if page is None or page > self.account.most_pages:
            return _invalid("page", f"You cannot access tickets beyond the {self.account.most_pages}th page")
        start = (page - 1) * size
        headers = {}
        if start + size < len(found):
            query = urlencode({**request.query_params, "page": page + 1})
            headers["link"] = f'<{root(request)}{request.url.path}?{query}>; rel="next"'
        return JSONResponse([make(each) for each in found[start : start + size]], headers=headers)


def _with(ticket: Ticket, includes: set[str]) -> Record:
    told = rows.row(ticket)
    if "description" in includes:
        told |= rows.description(ticket)
    if "requester" in includes:
        told["requester"] = rows.requester(ticket)
    if "stats" in includes:
        told["stats"] = rows.stats(ticket)
    return told
