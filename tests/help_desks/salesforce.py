"""Salesforce's REST API: the client-credentials token, query, queryAll and the pages behind them."""

import hmac
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from help_desks import soql
from help_desks.data import Desk, Entry, Indexes, make_tickets
from help_desks.limits import RateLimit, basic, epoch, root
from help_desks.salesforce_rows import (
    API,
    MAKE,
    PARENTS,
    PER_TICKET,
    ROWS,
    TIMES,
    Record,
    id18,
    number_in,
    sf_id,
    tickets_of,
)  # fmt: skip

LONGEST_TARGET = 16_384
DATES = {"SystemModstamp", "CreatedDate", "LastModifiedDate", "ClosedDate", "MessageDate", "TargetDate",
         "StartDate", "CompletionDate"}  # fmt: skip
OPEN_QUERIES = 10


@dataclass
class Account:
    """`token_calls`: how many calls a token serves before it has expired. `unavailable`: so many of the
    next calls are answered 503. `limit`: 403 REQUEST_LIMIT_EXCEEDED beyond it."""

    desk: Desk
    client_id: str = "3MVG9-halcyon"
    client_secret: str = "a client secret for tests"
    org_id: str = "00D5g00000K7hQzEAJ"
    page_size: int = 2000
    smallest_batch: int = 200
    token_calls: int | None = None
    limit: RateLimit | None = None
    unavailable: int = 0
    tokens: dict[str, int] = field(default_factory=dict)  # token → calls served
    calls: int = 0


def create_app(account: Account) -> Starlette:
    api = _Api(account)
    return Starlette(
        routes=[
            Route("/services/oauth2/token", api.token, methods=["POST"]),
            Route("/services/data/v{version}/query", api.query),
            Route("/services/data/v{version}/queryAll", api.query_all),
            Route("/services/data/v{version}/query/{place}", api.more),
        ]
    )


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse([{"message": message, "errorCode": code}], status)


class _Row:
    """A row of which only the id and time are known until another field is asked for."""

    def __init__(self, desk: Desk, sobject: str, entry: Entry) -> None:
        self._desk, self._sobject, self._entry = desk, sobject, entry
        self._made: Record | None = None

    @property
    def made(self) -> Record:
        if self._made is None:
            self._made = MAKE[self._sobject](self._desk[self._entry[1]], self._entry[2])
        return self._made

    def get(self, name: str) -> Any:
        """The value as a filter sees it: times as epoch seconds."""
        at, number, which = self._entry
        if name == TIMES[self._sobject]:
            return at
        if name == "Id":
            return sf_id(self._sobject, number if self._sobject == "Case" else number * PER_TICKET + which)
        value: Any = self.made
        for part in name.split("."):
            value = None if value is None else value[part]
        return epoch(value) if name in DATES and value is not None else value

    def chosen(self, names: Iterable[str]) -> Record:
        """Only the selected fields; `Owner.Name` becomes a record in the record."""
        chosen: Record = {"attributes": self.made["attributes"]}
        for name in names:
            head, _, tail = name.partition(".")
            value = self.made[head]
            if tail and value is not None:
                inner = chosen.setdefault(head, {"attributes": value["attributes"]})
                inner[tail] = value[tail]
            else:
                chosen[head] = value
        return chosen


class _Api:
    def __init__(self, account: Account) -> None:
        self.account, self.desk = account, account.desk
        self.indexes = Indexes(account.desk, ROWS)
        self.open: OrderedDict[str, tuple[soql.Query, list[Entry], int]] = OrderedDict()
        self.opened = 0

    # ---- Who asks --------------------------------------------------------------------------------

    async def token(self, request: Request) -> Response:
        form = {
            name: values[0] for name, values in parse_qs((await request.body()).decode("latin-1")).items()
        }
        told = basic(request) or f"{form.get('client_id')}:{form.get('client_secret')}"
        if form.get("grant_type") != "client_credentials":
            return JSONResponse(
                {"error": "unsupported_grant_type", "error_description": "grant type not supported"}, 400
            )
        expected = f"{self.account.client_id}:{self.account.client_secret}"
        if not hmac.compare_digest(told.encode(), expected.encode()):
            return JSONResponse(
                {"error": "invalid_client", "error_description": "invalid client credentials"}, 400
            )
        token = f"{self.account.org_id[:15]}!AQ{len(self.account.tokens) + 1:06d}"
        self.account.tokens[token] = 0
        answer = {
            "access_token": token,
            "signature": "c2lnbmF0dXJl",
            "scope": "api",
            "instance_url": root(request),
            "id": f"{root(request)}/id/{self.account.org_id}/0055g0000000900AAA",
            "token_type": "Bearer",
            "issued_at": str(self.desk.now * 1000),
        }
        return JSONResponse(answer)

    def _refusal(self, request: Request) -> Response | None:
        account = self.account
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        served = account.tokens.get(token)
        if served is None or (account.token_calls is not None and served >= account.token_calls):
            return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if account.unavailable > 0:
            account.unavailable -= 1
            return _error(503, "SERVER_UNAVAILABLE", "Server is currently unavailable")
        if account.limit and account.limit.take() is not None:
            return _error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        account.tokens[token] = served + 1
        account.calls += 1
        return None

    # ---- Queries ---------------------------------------------------------------------------------

    async def query(self, request: Request) -> Response:
        return self._first(request, deleted_too=False)

    async def query_all(self, request: Request) -> Response:
        return self._first(request, deleted_too=True)

    def _first(self, request: Request, *, deleted_too: bool) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        if len(request.scope.get("query_string", b"")) > LONGEST_TARGET:
            return Response("<h1>414 URI Too Long</h1>", 414, media_type="text/html")
        try:
            query = soql.read(request.query_params.get("q", ""))
            self._check(query)
            entries = self._answer(query, deleted_too)
        except soql.BadQuery as bad:
            return _error(400, bad.code, bad.detail)
        if not query.fields:
            return JSONResponse({"totalSize": len(entries), "done": True, "records": []})
        size = self._batch(request)
        self.opened += 1
        locator = id18(f"01g5g{self.opened:010d}")
        self.open[locator] = (query, entries, size)
        while len(self.open) > OPEN_QUERIES:
            self.open.popitem(last=False)
        return self._page(locator, 0)

    async def more(self, request: Request) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        locator, _, start = request.path_params["place"].partition("-")
        if locator not in self.open or not (start.isascii() and start.isdigit() and len(start) < 10):
            return _error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(locator, int(start))

    def _page(self, locator: str, start: int) -> Response:
        query, entries, size = self.open[locator]
        rows = [_Row(self.desk, query.sobject, entry) for entry in entries[start : start + size]]
        answer: Record = {"totalSize": len(entries), "done": start + size >= len(entries)}
        if not answer["done"]:
            answer["nextRecordsUrl"] = f"{API}/query/{locator}-{start + size}"
        answer["records"] = [row.chosen(query.fields) for row in rows]
        usage = (
            f"api-usage={self.account.calls}/{self.account.limit.calls if self.account.limit else 100_000}"
        )
        return JSONResponse(answer, headers={"sforce-limit-info": usage})

    def _batch(self, request: Request) -> int:
        asked = request.headers.get("sforce-query-options", "").lower().replace(" ", "")
        digits = asked.removeprefix("batchsize=")
        if not (asked.startswith("batchsize=") and digits.isascii() and digits.isdigit()):
            return self.account.page_size
        return min(self.account.page_size, max(self.account.smallest_batch, int(digits[:9])))

    def _check(self, query: soql.Query) -> None:
        if query.sobject not in MAKE:
            raise soql.BadQuery(f"sObject type '{query.sobject}' is not supported.", "INVALID_TYPE")
        used = {
            *query.fields,
            *(name for name, _ in query.order),
            *(query.where.fields() if query.where else ()),
        }
        for name in sorted(used - FIELDS[query.sobject]):
            raise soql.BadQuery(f"No such column '{name}' on entity '{query.sobject}'.", "INVALID_FIELD")

    def _answer(self, query: soql.Query, deleted_too: bool) -> list[Entry]:
        where, key = query.where, TIMES[query.sobject]
        entries = []
        for entry in self._candidates(query):
            row = _Row(self.desk, query.sobject, entry)
            if where is not None and not where.holds(row.get):
                continue
            if not deleted_too and self._is_deleted(row, entry):
                continue
            entries.append(entry)
            if query.limit is not None and len(entries) >= query.limit and _natural(query.order, key):
                break
        if not _natural(query.order, key):
            for name, down in reversed(query.order):
                self._sort(query.sobject, entries, name, down)
        return entries[: query.limit]

    def _sort(self, sobject: str, entries: list[Entry], name: str, down: bool) -> None:
        entries.sort(key=lambda entry: _sortable(_Row(self.desk, sobject, entry).get(name)), reverse=down)

    def _is_deleted(self, row: _Row, entry: Entry) -> bool:
        return self.desk.fate(entry[1]) != "live" and bool(row.get("IsDeleted"))

    def _candidates(self, query: soql.Query) -> list[Entry]:
        """Rows in the order of their time and id, narrowed by what the filter surely asks."""
        sobject, where = query.sobject, query.where
        if where is not None:
            for name in ("Id", PARENTS[sobject]):
                if (only := where.only(name)) is not None:
                    return self._rows_of(sobject, only, by_id=name == "Id")
        least = where.least(TIMES[sobject]) if where else None
        if sobject == "Case":
            order = self.desk.order[self.desk.since(least or 0) :]
            return [(at, number, 0) for at, number in order]
        entries = self.indexes[sobject]
        return entries[bisect_left(entries, (least or 0, 0, 0)) :]

    def _rows_of(self, sobject: str, ids: frozenset[Any], *, by_id: bool) -> list[Entry]:
        numbers: set[int] = set()
        for told in ids:
            if by_id and sobject != "Case":
                number = number_in(sobject, told)
                numbers.update({number // PER_TICKET} if number is not None else ())
            else:
                numbers.update(tickets_of(self.desk, sobject, told))
        entries: list[Entry] = []
        for number in numbers:
            if 1 <= number <= self.desk.count:
                ticket = self.desk[number]
                rows = ROWS[sobject](ticket) if sobject != "Case" else [(ticket.updated_at, 0)]
                entries.extend((at, number, which) for at, which in rows)
        return sorted(entries)


def _natural(order: tuple[tuple[str, bool], ...], key: str) -> bool:
    return order in {(), ((key, False),), ((key, False), ("Id", False))}


def _sortable(value: Any) -> tuple[bool, Any]:
    return value is not None, value if value is not None else 0


def _fields(sobject: str) -> set[str]:
    """The names that may be asked for, read off a row of a small desk."""
    sample = make_tickets(60)
    record: Record = {}
    for number in range(1, 61):
        ticket = sample[number]
        for _, which in ROWS[sobject](ticket) if sobject in ROWS else [(0, 0)]:
            record = MAKE[sobject](ticket, which)
    names: set[str] = set()
    for name, value in record.items():
        if isinstance(value, dict):
            names.update(f"{name}.{inner}" for inner in value if inner != "attributes")
        else:
            names.add(name)
    return {name for name in names if not name.startswith("attributes")}


FIELDS = {sobject: _fields(sobject) for sobject in MAKE}
