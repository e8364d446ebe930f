"""Zendesk's REST API as a puller meets it: exports, audits, comments, ratings, metric events, deletions."""

import base64
import binascii
import hmac
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from help_desks import zendesk_rows as rows
from help_desks.data import Desk, Indexes, Ticket
from help_desks.limits import RateLimit, basic, number_of, root

Record = dict[str, Any]
Handler = Callable[[Request], Awaitable[Response]]
LATEST = 1 << 62


@dataclass
class Account:
    """`limit` is for the whole account, `export_limit` for the incremental exports (really 10 a minute).
    The exports leave out what happened less than `hold_back_s` before the desk's clock."""

    desk: Desk
    email: str = "intake@halcyon.test"
    token: str = "an api token for tests"
    bearer: str | None = None
    limit: RateLimit | None = None
    export_limit: RateLimit | None = None
    hold_back_s: int = 60
    export_page: int = 1000


def create_app(account: Account) -> Starlette:
    api = _Api(account)
    paths: dict[str, Handler] = {
        "/api/v2/incremental/tickets/cursor.json": api.exported,
        "/api/v2/incremental/ticket_metric_events.json": api.metric_events,
        "/api/v2/tickets/{number}/audits.json": api.audits,
        "/api/v2/tickets/{number}/comments.json": api.comments,
        "/api/v2/tickets/{number}.json": api.ticket,
        "/api/v2/satisfaction_ratings.json": api.ratings,
        "/api/v2/deleted_tickets.json": api.deleted,
        "/api/v2/{directory}.json": api.directory,
    }
    return Starlette(routes=[Route(path, api.guarded(handler)) for path, handler in paths.items()])


def _error(status: int, error: str, description: str, **headers: str) -> Response:
    return JSONResponse({"error": error, "description": description}, status, headers=headers)


NOT_FOUND = ("RecordNotFound", "Not found")


class _Api:
    def __init__(self, account: Account) -> None:
        self.account, self.desk = account, account.desk
        self.indexes = Indexes(
            account.desk,
            {
                "ratings": lambda t: [(s.at, s.index) for s in t.steps if s is t.rated],
                "metrics": lambda t: [(at, which) for which, (at, _) in enumerate(rows.metric_events(t))],
                "deleted": lambda t: rows.deletions(t, self.desk.now),
            },
        )

    # ---- Who asks --------------------------------------------------------------------------------

    def guarded(self, handler: Handler) -> Handler:
        async def guard(request: Request) -> Response:
            if not self._known(request):
                return JSONResponse({"error": "Couldn't authenticate you"}, 401)
            limits = [("account", self.account.limit)]
            if "/incremental/" in request.url.path:
                limits.append(("incremental export", self.account.export_limit))
            headers: dict[str, str] = {}
            for name, limit in limits:
                if limit is None:
                    continue
                wait = limit.take()
                told = {"limit": str(limit.calls), "remaining": str(limit.remaining), "reset": str(wait or 1)}
                headers |= {f"ratelimit-{key}": value for key, value in told.items()}
                headers |= {"x-rate-limit": told["limit"], "x-rate-limit-remaining": told["remaining"]}
                if wait is not None:
                    message = f"Number of allowed {name} API requests per minute exceeded"
                    headers["retry-after"] = str(wait)
                    return _error(429, "APIRateLimitExceeded", message, **headers)
            answer = await handler(request)
            answer.headers.update(headers)
            return answer

        return guard

    def _known(self, request: Request) -> bool:
        account, told = self.account, basic(request)
        if told is None:
            bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
            return account.bearer is not None and hmac.compare_digest(
                bearer.encode(), account.bearer.encode()
            )
        return hmac.compare_digest(told.encode(), f"{account.email}/token:{account.token}".encode())

    # ---- Exports ---------------------------------------------------------------------------------

    async def exported(self, request: Request) -> Response:
        """The cursor is the (generated_timestamp, id) of the last row given."""
        per_page = number_of(request, "per_page", self.account.export_page)
        cursor = request.query_params.get("cursor")
        start = _time(request, "start_time")
        place = _place(cursor) if cursor is not None else (start - 1, LATEST) if start is not None else None
        if per_page is None or place is None:
            return _error(400, "InvalidValue", "start_time, cursor or per_page is missing or invalid")
        if cursor is None and start is not None and self._too_recent(start):
            return _too_recent()
        order, size = self.desk.order, min(per_page, self.account.export_page)
        first = bisect_right(order, place)
        ready = self.desk.until(self.desk.now - self.account.hold_back_s)
        page = order[first : max(first, min(first + size, ready))]
        tickets = [self.desk[number] for _, number in page]
        after = _cursor(*page[-1]) if page else cursor
        link = f"{root(request)}{request.url.path}?{urlencode({'cursor': after})}" if after else None
        answer: Record = {
            "tickets": [
                rows.ticket_row(ticket, root(request)) | {"generated_timestamp": stamp}
                for (stamp, _), ticket in zip(page, tickets, strict=True)
            ],
            "after_url": link, "after_cursor": after, "before_url": None, "before_cursor": None,
            "end_of_stream": first + len(page) >= ready,
        }  # fmt: skip
        if "users" in request.query_params.get("include", ""):
            users = {user["id"]: user for ticket in tickets for user in rows.users_of(ticket)}
            answer["users"] = list(users.values())
        return JSONResponse(answer)

    async def metric_events(self, request: Request) -> Response:
        """By time alone: a page ends with a whole second, and the next begins with that same second."""
        start = _time(request, "start_time")
        if start is None:
            return _error(400, "InvalidValue", "start_time is missing or invalid")
        if self._too_recent(start):
            return _too_recent()
        entries = self.indexes["metrics"]
        ready = bisect_left(entries, (self.desk.now - self.account.hold_back_s + 1, 0, 0))
        first = bisect_left(entries, (start, 0, 0))
        end = min(first + self.account.export_page, ready)
        if end < ready and entries[end - 1][0] == start:  # one second fills the page: it must not be the seam
            end = min(bisect_left(entries, (start + 1, 0, 0)) + 1, ready)
        end = max(first, min(bisect_left(entries, (entries[end - 1][0] + 1, 0, 0)), ready)) if end else first
        page = entries[first:end]
        told = [rows.metric_events(self.desk[number])[which][1] for _, number, which in page]
        end_time = page[-1][0] if page else start
        return JSONResponse({
            "ticket_metric_events": told,
            "next_page": f"{root(request)}{request.url.path}?start_time={end_time}",
            "count": len(told), "end_time": end_time, "end_of_stream": end >= ready,
        })  # fmt: skip

    def _too_recent(self, start: int) -> bool:
        return start > max(self.desk.now, int(time.time())) - 60

    # ---- One ticket ------------------------------------------------------------------------------

    def _ticket(self, request: Request) -> Ticket | None:
        text = request.path_params["number"]
        if not re.fullmatch(r"[0-9]{1,15}", text):
            return None
        number = int(text) - rows.FIRST_TICKET
        return self.desk[number] if 1 <= number <= self.desk.count else None

    async def ticket(self, request: Request) -> Response:
        ticket = self._ticket(request)
        if ticket is None or rows.status(ticket) == "deleted":
            return _error(404, *NOT_FOUND)
        return JSONResponse({"ticket": rows.ticket_row(ticket, root(request))})

    async def audits(self, request: Request) -> Response:
        ticket = self._ticket(request)
        if ticket is None or rows.status(ticket) == "deleted":
            return _error(404, *NOT_FOUND)
        return self._list(request, "audits", [rows.audit(ticket, step) for step in ticket.steps], ticket)

    async def comments(self, request: Request) -> Response:
        ticket = self._ticket(request)
        if ticket is None or rows.status(ticket) == "deleted":
            return _error(404, *NOT_FOUND)
        return self._list(request, "comments", [rows.comment(ticket, s) for s in ticket.messages], ticket)

    # ---- Lists -----------------------------------------------------------------------------------

    async def ratings(self, request: Request) -> Response:
        start = _time(request, "start_time") if "start_time" in request.query_params else 0
        if start is None:
            return _error(400, "InvalidValue", "start_time is invalid")
        found = self.indexes.since("ratings", start)
        here = root(request)
        return self._list(
            request,
            "satisfaction_ratings",
            found,
            make=lambda e: rows.rating_row(self.desk[e[1]], e[2], here),
        )

    async def deleted(self, request: Request) -> Response:
        found = self.indexes["deleted"]
        return self._list(
            request, "deleted_tickets", found, make=lambda e: rows.deleted_row(self.desk[e[1]], e[2])
        )

    async def directory(self, request: Request) -> Response:
        name = request.path_params["directory"]
        if name not in {"groups", "brands", "users"}:
            return _error(404, "InvalidEndpoint", "Not found")
        return self._list(request, name, rows.directory(name, root(request)))

    def _list(
        self, request: Request, name: str, found: list[Any], ticket: Ticket | None = None,
        make: Callable[[Any], Record] = lambda row: row,
    ) -> Response:  # fmt: skip
        """Cursor paging when page[size] or page[after] is asked for, else numbered pages of 100."""
        query = request.query_params
        by_cursor = "page[size]" in query or "page[after]" in query
        size = number_of(request, "page[size]" if by_cursor else "per_page", 100)
        after = _decoded(query.get("page[after]", ""))
        page = number_of(request, "page", 1)
        if size is None or page is None or not (after == "" or re.fullmatch("[0-9]{1,12}", after)):
            return _error(400, "InvalidPaginationParameter", "page is invalid")
        size = min(size, 100)
        start = int(after or 0) if by_cursor else (page - 1) * size
        end = min(start + size, len(found))
        answer: Record = {name: [make(row) for row in found[start:end]]}
        if ticket is not None and query.get("include") == "users":
            answer["users"] = rows.users_of(ticket)
        more = end < len(found)
        if by_cursor:
            here, end_cursor = {"page[size]": str(size)}, _encoded(str(end))
            back = max(0, start - size)
            next_, prev = here | {"page[after]": end_cursor}, here | {"page[after]": _encoded(str(back))}
            answer["meta"] = {
                "has_more": more,
                "after_cursor": end_cursor if answer[name] else None,
                "before_cursor": _encoded(str(start)) if answer[name] else None,
            }
            answer["links"] = {
                "prev": _link(request, prev) if start else None,
                "next": _link(request, next_) if more else None,
            }
        else:
            answer["count"] = len(found)
            answer["next_page"] = _link(request, {"page": str(page + 1)}) if more else None
            answer["previous_page"] = _link(request, {"page": str(page - 1)}) if page > 1 else None
        return JSONResponse(answer)


def _too_recent() -> Response:
    return _error(422, "StartTimeTooRecent", "Too recent start_time. Use a start_time older than 60 seconds")


def _link(request: Request, change: dict[str, str]) -> str:
    return f"{root(request)}{request.url.path}?{urlencode({**request.query_params, **change})}"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return "?"


def _cursor(stamp: int, number: int) -> str:
    return _encoded(f"{stamp}.0||{rows.ticket_id(number)}")


def _place(cursor: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"([0-9]{1,12})\.0\|\|([0-9]{1,15})", _decoded(cursor))
    return (int(match[1]), int(match[2]) - rows.FIRST_TICKET) if match else None


def _time(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    return int(text) if re.fullmatch("[0-9]{1,12}", text) else None
