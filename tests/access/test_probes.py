"""Every REST operation and every GraphQL field, asked by everyone about everyone's: who gets what is what the
matrix says, a foreign id answers byte for byte as one that names nothing, and no answer holds a word of a
row that is not the asker's to see.

Operations come from the OpenAPI document, fields from the GraphQL schema: what is added is asked too, and
an address whose id nobody here can fill in fails.
"""

import json
import os
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, get_named_type, is_leaf_type
from oracle import Oracle
from population import ASKERS, CALIBRATIONS, Population, Row, Who, key
from routes_of import dependencies_of, routes_of

from services.gateway.schema import schema as served
from shared.permissions import PERMISSIONS, Relation

SHARE = float(os.environ.get("ASSAY_PROBES_SHARE", "0.01"))
"""Of the probes, how many are asked; all of them by `make prove`."""
OF = ("v1-t1-a1", "v1-t1-a2", "v1-t2-a1", "v2-t1-a1", "own-t1-a1")
"""Whose rows are asked for: for each asker some are their own, their team's, another team's, their vendor's,
another vendor's, or the company's."""
CANARY = re.compile(r"canary-[a-z]+-[\w-]+")
MISSING = key("nothing has this id")


def ids(parameter: str, path: str) -> dict[str, tuple[str, UUID]]:
    """What to fill in: a name of the row → (its table, its id)."""
    by_agent = {
        "ticket_id": ("ticket", lambda agent: key("ticket", agent, "audited")),
        "review_id": ("review", lambda agent: key("review", agent)),
        "appeal_id": ("appeal", lambda agent: key("appeal", agent)),
        "person_id": ("person", lambda agent: key("person", agent)),
    }
    alone = {
        "connection_id": ("connection", key("connection")), "pull_id": ("pull", key("pull")),
        "token_id": ("service_token", key("token")), "scorecard_id": ("scorecard", key("card")),
        "delivery_id": ("delivery", key("delivery")), "hold_id": ("legal_hold", key("hold")),
        "requester_id": ("requester", key("requester")),
        "notice_id": ("notice", key("notice", "v1")),
        "erasure_id": ("erasure_request", key("erasure")),
    }  # fmt: skip
    if parameter == "calibration_id":
        return {state: ("calibration", key("calibration", state)) for state in CALIBRATIONS}
    if parameter == "run_id":
        return {name: ("sampling_run", key("run", name)) for name in ("all", "v1", "v2")}
    if parameter == "check_id":
        return {name: ("review_check", key("check", name)) for name in ("asked", "done", "v1")}
    if parameter in by_agent:
        table, make = by_agent[parameter]
        return {agent: (table, make(agent)) for agent in OF}
    if "/held-reviews/" in path:
        waiting = {"v2-t1-a1 open": key("audit", "v2-t1-a1", "open")}
        held = {f"{a} claimed": key("audit", a, "claimed") for a in OF} | waiting
        return {name: ("held_review", audit_id) for name, audit_id in held.items()}
    if parameter == "audit_id":
        states = ("reviewed", "open", "claimed")
        return {f"{a} {s}": ("audit", key("audit", a, s)) for a in OF for s in states}
    if parameter == "version_id":
        return {f"version {n}": ("scorecard_version", key("card", n)) for n in (1, 2)}
    assert parameter in alone, f"{path}: nobody knows what {{{parameter}}} may be (see `ids`)"
    return {"the one": alone[parameter]}


REASON = {"reason": "because"}
BODIES: dict[str, Any] = {
    "PATCH /people/people/{person_id}": {"name": "canary-person-renamed"},
    "PATCH /feedback/connections/{connection_id}": {"name": "zd"},
    "POST /feedback/connections/{connection_id}/rotate-secret": {"secret": "another canary-free secret"},
    "POST /feedback/connections/{connection_id}/dead-letters/replay": {"ids": [str(MISSING)]},
    "POST /feedback/connections/{connection_id}/backfills": {"from_at": "2026-01-01T00:00:00Z"},
    "POST /audit/scorecards/{scorecard_id}/versions": {"card": None},
    "PUT /audit/scorecard-versions/{version_id}": {"card": None},
    "POST /people/people/{person_id}/logins": {"issuer": "https://id", "subject": "another"},
    "DELETE /people/people/{person_id}/logins": None,
    "POST /people/service-tokens/{token_id}/revoke": REASON,
    "POST /audit/audits/{audit_id}/release": REASON,
    "POST /audit/calibrations/{calibration_id}/cancel": REASON,
    "POST /audit/calibrations/{calibration_id}/late": {
        "rater_id": str(key("person", "resolver")), "counts": True,
    },
    "POST /audit/audits/{audit_id}/reviews": {"answers": []},
    "PUT /audit/audits/{audit_id}/draft": {"answers": [], "number": 1},
    "POST /audit/reviews/{review_id}/revise": REASON | {"answers": []},
    "POST /audit/reviews/{review_id}/void": REASON,
    "POST /appeals/{appeal_id}/release": REASON,
    "POST /appeals/{appeal_id}/withdraw": REASON,
    "POST /appeals/{appeal_id}/ruling": {
        "outcome": "upheld", "reason": "review_correct", "text": "x", "changes": [],
    },
}  # fmt: skip
PUBLIC = ("/feedback/intake/", "/identity/", "/docs", "/redoc", "/openapi.json", "/static")


@dataclass
class Tally:
    """What was asked, and what was wrong."""

    everyone: Population
    oracle: Oracle
    asked: int = 0
    wrong: list[str] = field(default_factory=list)
    _words: dict[str, frozenset[str]] = field(default_factory=dict)

    def words_of(self, who: Who) -> frozenset[str]:
        """Every canary in the rows that this person may see."""
        if who.name not in self._words:
            shown = [row for table in self.everyone.rows for row in self.oracle.visible(who, table)]
            self._words[who.name] = frozenset(CANARY.findall(_text(shown)))
        return self._words[who.name]

    def check(
        self, what: str, who: Who, answer: httpx.Response, expected: bool, why: str, *, also: str = ""
    ) -> None:
        """`also`: a canary that is theirs by what they just did."""
        self.asked += 1
        if not expected:
            self.wrong.append(f"{who.name}: {what}: {answer.status_code}, {why} {answer.text[:200]}")
        if answer.status_code >= 500:
            self.wrong.append(f"{who.name}: {what}: {answer.status_code}")
        leaked = set(CANARY.findall(answer.text)) - self.words_of(who) - {"canary-person-renamed", also}
        if leaked:
            self.wrong.append(f"{who.name}: {what} leaks {sorted(leaked)[:3]}")


def _text(rows: list[Row]) -> str:
    return json.dumps(rows, default=str)


@pytest.fixture
async def tally(everyone: Population, oracle: Oracle) -> Tally:
    return Tally(everyone, oracle)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://assay") as made:
        yield made


@pytest.fixture
def headers(app: FastAPI, everyone: Population) -> dict[str, dict[str, str]]:
    return {
        name: {"authorization": f"Bearer {app.state.token_keys.issue(everyone.people[name].id)}"}
        for name in ASKERS
    }


def chosen(*what: object) -> bool:
    return zlib.crc32("/".join(map(str, what)).encode()) < SHARE * 2**32


def operations(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    """(method, path, action)"""
    for route in routes_of(app):
        actions = [call.action for call in dependencies_of(route) if hasattr(call, "action")]
        for method in (getattr(route, "methods", None) or set()) - {"HEAD"} if actions else ():
            yield method, route.path, actions[0]


def same(answer: httpx.Response, other: httpx.Response) -> bool:
    """Byte for byte, but for the id of the request."""
    texts = [one.text.replace(one.headers["x-request-id"], "…") for one in (answer, other)]
    return texts[0] == texts[1] and answer.status_code == other.status_code


async def test_every_address_with_an_id_answers_as_the_matrix_says(
    app: FastAPI, client: httpx.AsyncClient, tally: Tally, headers: dict[str, dict[str, str]]
) -> None:
    named = [one for one in operations(app) if "{" in one[1] and one[1] != "/kpi/metrics/{key}"]
    named = [one for one in named if "/metrics/{key}" not in one[1]]
    assert len(named) >= 25
    for method, path, action in sorted(named, key=lambda one: (one[0] != "GET", one)):
        parameters = re.findall(r"\{(\w+)\}", path)
        rest = {one: next(iter(ids(one, path).values()))[1] for one in parameters[1:]}
        body = None if method == "GET" else BODIES.get(f"{method} {path}", {})
        for name in ASKERS:
            who = tally.everyone.people[name]
            nothing = path.format(**rest, **{parameters[0]: MISSING})
            missing = await client.request(method, nothing, json=body, headers=headers[name])
            for of, (table, row_id) in ids(parameters[0], path).items():
                if not chosen(method, path, name, of):
                    continue
                address = path.format(**rest, **{parameters[0]: row_id})
                answer = await client.request(method, address, json=body, headers=headers[name])
                what = f"{method} {path} of {of}"
                is_seen = any(
                    row.get("id", row.get("audit_id")) == row_id for row in tally.oracle.visible(who, table)
                )
                if who.role not in PERMISSIONS[action]:
                    tally.check(what, who, answer, answer.status_code == 403, "may not do this")
                elif not is_seen:
                    tally.check(what, who, answer, same(answer, missing), "is not as if missing")
                elif (
                    PERMISSIONS[action][who.role] is Relation.MINE and row_id != who.id and table == "person"
                ):
                    tally.check(what, who, answer, answer.status_code == 403, "is not theirs to do this with")
                elif method == "GET":
                    # 409 before the reveal; 422 of whoever reviews nothing.
                    instead = {"agreement": 409, "profile": 422}.get(path.rpartition("/")[2], 200)
                    fits = answer.status_code in {200, instead}
                    tally.check(what, who, answer, fits, "may see this")
                else:
                    # Whoever came first has sent it round again, or has had the say.
                    gone = path.endswith(("/replay", "/approve", "/return"))
                    shown = f"canary-evidence-{of.replace(' ', '-')}" if path.endswith("/claim") else ""
                    expected = gone or answer.status_code != 404
                    tally.check(what, who, answer, expected, "may see this", also=shown)
    assert not tally.wrong, "\n".join(tally.wrong[:20])
    assert tally.asked >= 2000 * SHARE


LISTS = {
    "/people/people": ("person", {"vendor_id": "vendor_id"}),
    "/people/vendors": ("vendor", {}),
    "/feedback/tickets": ("ticket", {"vendor_id": "vendor_id", "assignee_id": "assignee_id"}),
    "/audit/audits": ("audit", {"agent_id": "agent_id", "ticket_id": "ticket_id"}),
    "/audit/reviews": ("review", {"agent_id": "agent_id", "ticket_id": "ticket_id"}),
    "/people/trail": ("trail_entry", {"actor_id": "actor_id"}),
    "/audit/sampling-runs": ("sampling_run", {"connection_id": "connection_id"}),
    "/audit/calibrations": ("calibration", {"state": "state"}),
    "/audit/review-checks": ("review_check", {"checker_id": "checker_id"}),
    "/appeals": ("appeal", {"agent_id": "agent_id", "review_id": "review_id"}),
}


async def test_every_list_holds_the_rows_of_the_matrix_whatever_it_is_filtered_by(
    client: httpx.AsyncClient, tally: Tally, headers: dict[str, dict[str, str]]
) -> None:
    for path, (table, filters) in LISTS.items():
        values: list[tuple[str, Any]] = [("limit", 7)]
        for parameter, column in filters.items():
            values += [(parameter, value) for value in {row[column] for row in tally.everyone.rows[table]}]
        for name in ASKERS:
            who = tally.everyone.people[name]
            visible = tally.oracle.visible(who, table)
            for parameter, value in values:
                if value is None or (parameter != "limit" and not chosen(path, name, parameter, value)):
                    continue
                column = filters.get(parameter, "")
                may = {str(row["id"]) for row in visible if not column or row[column] == value}
                got, after = [], None
                while True:
                    query = {parameter: str(value)} | ({"after": after} if after else {})
                    answer = await client.get(path, params=query, headers=headers[name])
                    page = answer.json()
                    got += [item["id"] for item in page.get("items", [])]
                    if not (after := page.get("next")):
                        break
                fits = sorted(got) == sorted(may)
                tally.check(f"{path}?{parameter}={value}", who, answer, fits, f"{len(got)} of {len(may)}")
    assert not tally.wrong, "\n".join(tally.wrong[:20])


async def test_the_numbers_are_of_the_rows_that_one_may_see(
    client: httpx.AsyncClient, tally: Tally, headers: dict[str, dict[str, str]]
) -> None:
    """Values, groups, and the tickets behind them: also of another vendor, asked for by name."""
    metrics = [one["key"] for one in (await client.get("/kpi/metrics", headers=headers["admin"])).json()]
    for metric in metrics:
        for name in ASKERS:
            who = tally.everyone.people[name]
            source = "review" if metric in ("quality_score", "auto_fail_rate") else "ticket_fact"
            rows = tally.oracle.visible(who, source)
            for vendor in (None, "v1", "v2"):
                if not chosen(metric, name, vendor):
                    continue
                query = {"vendor_id": str(key(vendor))} if vendor else {}
                mine = [row for row in rows if not vendor or row["vendor_id"] == key(vendor)]
                answer = await client.get(f"/kpi/metrics/{metric}", params=query, headers=headers[name])
                total = answer.json()["values"][0]
                counted = total["n"] + sum(total["excluded"].values())
                tally.check(f"{metric} of {vendor}", who, answer, counted == len(mine), f"not {len(mine)}")
                answer = await client.get(
                    f"/kpi/metrics/{metric}/tickets", params={**query, "limit": 100}, headers=headers[name]
                )
                got = {item["ticket_id"] for item in answer.json()["items"]}
                fits = got == {str(row["ticket_id"]) for row in mine}
                tally.check(f"tickets of {metric} of {vendor}", who, answer, fits, "other tickets")
                for group in ("vendor_id", "agent_id", "group_name"):
                    answer = await client.get(
                        f"/kpi/metrics/{metric}", params={**query, "group_by": group}, headers=headers[name]
                    )
                    groups = {str(one["group"]) for one in answer.json()["values"]}
                    facts = {row["ticket_id"]: row for row in tally.oracle.visible(who, "ticket_fact")}
                    may = {
                        str(row[group] if group in row else facts.get(row["ticket_id"], {}).get(group))
                        for row in mine
                    }
                    tally.check(f"{metric} by {group}", who, answer, groups <= may, f"{groups - may}")
    assert not tally.wrong, "\n".join(tally.wrong[:20])


# ---- GraphQL ----------------------------------------------------------------------------------------

ROOTS = {
    "ticket": ("ticket", lambda agent: key("ticket", agent, "audited")),
    "audit": ("audit", lambda agent: key("audit", agent, "reviewed")),
    "review": ("review", lambda agent: key("review", agent)),
    "appeal": ("appeal", lambda agent: key("appeal", agent)),
    "person": ("person", lambda agent: key("person", agent)),
}


def selections(schema: GraphQLSchema, type_name: str, depth: int) -> Iterator[str]:
    """Every way down from this type to a leaf, each alone: `agent { name }`, `reviews { score }`."""
    kind = schema.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    for name, one in kind.fields.items():
        inner = get_named_type(one.type)
        if is_leaf_type(inner):
            yield name
        elif depth > 0:
            yield from (f"{name} {{ {below} }}" for below in selections(schema, inner.name, depth - 1))


async def test_every_graphql_field_shows_what_the_matrix_says(
    client: httpx.AsyncClient, tally: Tally, headers: dict[str, dict[str, str]]
) -> None:
    schema = build_schema(served.as_str())
    for root, (table, make) in ROOTS.items():
        kind = get_named_type(schema.query_type.fields[root].type).name  # type: ignore[union-attr]  # it has one
        for selection in selections(schema, kind, 2):
            for name in ASKERS:
                who = tally.everyone.people[name]
                for of in (*OF, None):
                    if not chosen(root, selection, name, of):
                        continue
                    row_id = make(of) if of else MISSING
                    query = f'{{ {root}(id: "{row_id}") {{ {selection} }} }}'
                    answer = await client.post("/graphql", json={"query": query}, headers=headers[name])
                    data = answer.json()["data"]
                    is_seen = any(row["id"] == row_id for row in tally.oracle.visible(who, table))
                    fits = (data is not None and data[root] is not None) == is_seen
                    tally.check(f"{query} of {of}", who, answer, fits, f"seen: {is_seen}")
    assert not tally.wrong, "\n".join(tally.wrong[:20])
    assert tally.asked >= 2000 * SHARE


async def test_graphql_lists_hold_the_rows_of_the_matrix(
    client: httpx.AsyncClient, tally: Tally, headers: dict[str, dict[str, str]]
) -> None:
    lists = {
        "tickets": "ticket", "audits": "audit", "reviews": "review", "appeals": "appeal",
        "people": "person", "vendors": "vendor", "notices": "notice", "trail": "trail_entry",
        "scorecards": "scorecard",
    }  # fmt: skip
    for root, table in lists.items():
        for name in ASKERS:
            who = tally.everyone.people[name]
            may = {str(row["id"]) for row in tally.oracle.visible(who, table)}
            got: list[str] = []
            after = None
            while True:
                at = f', after: "{after}"' if after else ""
                query = (
                    f"{{ {root}(first: 30{at}) {{ nodes {{ id }} pageInfo {{ endCursor hasNextPage }} }} }}"
                )
                answer = await client.post("/graphql", json={"query": query}, headers=headers[name])
                page = answer.json()["data"][root]
                got += [node["id"] for node in page["nodes"]]
                after = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    break
            tally.check(root, who, answer, sorted(got) == sorted(may), f"{len(got)} of {len(may)}")
    assert not tally.wrong, "\n".join(tally.wrong[:20])


async def test_a_cursor_of_another_reader_opens_nothing(
    client: httpx.AsyncClient, tally: Tally, headers: dict[str, dict[str, str]]
) -> None:
    for path in LISTS:
        page = (await client.get(path, params={"limit": 1}, headers=headers["admin"])).json()
        for name in ASKERS:
            if name == "admin":
                continue
            query = {"limit": "1", "after": page["next"]}
            answer = await client.get(path, params=query, headers=headers[name])
            who = tally.everyone.people[name]
            tally.check(f"{path} with the cursor of another", who, answer, answer.status_code == 422, "")
    assert not tally.wrong, "\n".join(tally.wrong[:20])
