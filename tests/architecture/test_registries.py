"""What is registered by name is complete on both sides: problems, events, handlers."""

import ast
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from routes_of import app_without_database, routes_of
from sources import CODE, Source

from services.run import SERVICES, handlers
from shared import events
from shared.config import Settings
from shared.errors import Problem, all_problems

SETTINGS = Settings(secret_key=SecretStr("a secret key for tests, long enough."))

UNDECLARED = {
    "internal-error": "any address can fail by our fault; nobody can act on it",
    "malformed-request": "refused on the wire, before there is a request",
    "method-not-allowed": "answers a method that has no route",
    "origin-not-allowed": "answers browsers before they ask, wherever",
    "subprotocol-not-supported": "answers a WebSocket's handshake, which the document does not know",
}
"""Problems that no route names in `responses=`, each with the reason."""


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return app_without_database()


def problems() -> list[type[Problem]]:
    """Ours; tests may have made others."""
    ours = ("shared.", "services.")
    return [problem for problem in all_problems() if problem.__module__.startswith(ours)]


# ---- Problems ---------------------------------------------------------------------------------


def misdeclared_problems(found: Iterable[Any]) -> list[str]:
    """Slugs name one problem each, for ever; the docstring is the title; the status is an error's."""
    complaints = []
    seen: dict[str, str] = {}
    for problem in found:
        name = problem.__name__
        if problem.slug in seen:
            complaints.append(f"{name}: the slug {problem.slug} is already {seen[problem.slug]}'s")
        seen[problem.slug] = name
        if not all(part.isalnum() and part.islower() for part in problem.slug.split("-")):
            complaints.append(f"{name}: the slug {problem.slug} is not in kebab-case")
        if not (problem.__doc__ or "").strip():
            complaints.append(f"{name}: no docstring, so no title")
        if not 400 <= problem.status < 600:
            complaints.append(f"{name}: {problem.status} is no error's status")
    return complaints


def undocumented_problems(
    found: Iterable[Any], declared: Iterable[str], listed: Iterable[str], excused: Mapping[str, str]
) -> list[str]:
    """`declared`: slugs in the routes' responses; `listed`: types that /problems shows."""
    declared, listed, slugs = set(declared), set(listed), set()
    complaints = []
    for problem in found:
        slugs.add(problem.slug)
        if f"/problems/{problem.slug}" not in listed:
            complaints.append(f"{problem.__name__} is not shown by /problems")
        if (problem.slug in declared) == (problem.slug in excused):
            complaints.append(f"{problem.__name__} is declared by no route, or excused needlessly")
    complaints += [f"{slug} is excused, but there is none" for slug in excused.keys() - slugs]
    return complaints


def declared_slugs(app: FastAPI) -> set[str]:
    """`answers()` writes each problem into its status's description, as "Title (`slug`)"."""
    return {
        part.split("`")[1]
        for route in routes_of(app)
        for response in getattr(route, "responses", {}).values()
        for part in response.get("description", "").split("; ")
        if "`" in part
    }


async def shown_problems(app: FastAPI) -> list[str]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://assay") as client:
        return [one["type"] for one in (await client.get("/problems")).json()]


def test_problems_are_named_once_and_titled() -> None:
    assert misdeclared_problems(problems()) == []


async def test_problems_are_documented(app: FastAPI) -> None:
    listed = await shown_problems(app)
    assert undocumented_problems(problems(), declared_slugs(app), listed, UNDECLARED) == []


def twin(name: str = "Twin", slug: str = "twin", status: int = 409, title: str | None = "T") -> Any:
    """A problem class's look-alike: a true one would show up in every later /problems."""
    return SimpleNamespace(__name__=name, slug=slug, status=status, __doc__=title)


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        ([twin(), twin("Other")], "Other: the slug twin is already Twin's"),
        ([twin(slug="Two_Words")], "Twin: the slug Two_Words is not in kebab-case"),
        ([twin(title=None)], "Twin: no docstring, so no title"),
        ([twin(status=200)], "Twin: 200 is no error's status"),
    ],
)
def test_a_problem_that_breaks_the_form_is_reported(found: list[Any], complaint: str) -> None:
    assert misdeclared_problems(found) == [complaint]


@pytest.mark.parametrize(
    ("declared", "listed", "excused", "complaint"),
    [
        (["twin"], [], {}, "Twin is not shown by /problems"),
        ([], ["/problems/twin"], {}, "Twin is declared by no route, or excused needlessly"),
        (["twin"], ["/problems/twin"], {"twin": "?"},
         "Twin is declared by no route, or excused needlessly"),
        (["twin"], ["/problems/twin"], {"gone": "?"}, "gone is excused, but there is none"),
    ],
)  # fmt: skip
def test_an_undocumented_problem_is_reported(
    declared: list[str], listed: list[str], excused: dict[str, str], complaint: str
) -> None:
    assert undocumented_problems([twin()], declared, listed, excused) == [complaint]


# ---- Events -----------------------------------------------------------------------------------

Subscribers = Mapping[type[events.Event], tuple[str, ...]]


def unheard(subscribers: Subscribers, handled: Iterable[str]) -> list[str]:
    """Names that no handler has, and handlers that nobody calls."""
    wanted = [name for names in subscribers.values() for name in names]
    handled = set(handled)
    return (
        [f"{name} is subscribed, but there is no such handler" for name in wanted if name not in handled]
        + [f"{name} hears no event" for name in sorted(handled - set(wanted))]
        + [f"{name} is subscribed twice" for name in sorted(set(wanted)) if wanted.count(name) > 1]
    )


def unpublished(kinds: Iterable[type[events.Event]], sources: list[Source]) -> list[str]:
    """Event classes that no `publish(session, ThatEvent(…))` anywhere makes, and no statement with
    `PUBLISH_DUE` and `ThatEvent.__name__` writes."""
    made = {
        inner.func.id
        for source in sources
        for call, name in source.calls()
        if name.rsplit(".", 1)[-1] == "publish"
        for argument in call.args
        for inner in ast.walk(_value(source, argument))
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name)
    }
    made |= {
        node.value.id
        for source in sources
        if "PUBLISH_DUE" in source.text
        for node in source.nodes("Attribute")
        if node.attr == "__name__" and isinstance(node.value, ast.Name)
    }
    return [f"{kind.__name__} is never published" for kind in kinds if kind.__name__ not in made]


def _value(source: Source, node: ast.AST) -> ast.AST:
    """What is published; for `*found`, the whole of whatever `found` was made of in this file."""
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    made = [
        statement
        for statement in source.nodes("Assign", "AnnAssign")
        if names & {one.id for one in ast.walk(statement) if isinstance(one, ast.Name)}
    ]
    return ast.Module([node, *made], [])  # type: ignore[list-item]  # only walked, never compiled


def misplaced_handlers(by_service: Mapping[str, Iterable[str]]) -> list[str]:
    return [
        f"{name} is a handler of {service}"
        for service, names in by_service.items()
        for name in names
        if not name.startswith(f"{service}.")
    ]


def test_subscribers_and_handlers_fit_together() -> None:
    assert unheard(events.SUBSCRIBERS, handlers(SETTINGS)) == []
    assert misplaced_handlers({name: one.handlers(SETTINGS) for name, one in SERVICES.items()}) == []


def test_every_event_stands_in_the_table_and_is_published() -> None:
    kinds = [kind for kind in events.Event.__subclasses__() if kind.__module__ == events.__name__]
    assert set(kinds) == set(events.SUBSCRIBERS)
    assert unpublished(kinds, CODE) == []


class Twinned(events.Event):
    """Lives in this file only: the law above asks for the events of shared/events.py."""


@pytest.mark.parametrize(
    ("names", "handled", "complaint"),
    [
        (("kpi.gone",), [], "kpi.gone is subscribed, but there is no such handler"),
        ((), ["kpi.idle"], "kpi.idle hears no event"),
        (("kpi.twice", "kpi.twice"), ["kpi.twice"], "kpi.twice is subscribed twice"),
    ],
)
def test_a_subscription_that_leads_nowhere_is_reported(
    names: tuple[str, ...], handled: list[str], complaint: str
) -> None:
    assert unheard({Twinned: names}, handled) == [complaint]


@pytest.mark.parametrize(
    ("code", "reports"),
    [
        ("await outbox.publish(session, Twinned(1))", 0),
        ("found = [Twinned(one) for one in rows]\nawait publish(session, *found)", 0),
        ("Twinned(1)", 1),
        ("await outbox.publish(session, Another(1))", 1),
    ],
)
def test_an_event_that_nobody_publishes_is_reported(code: str, reports: int) -> None:
    assert len(unpublished([Twinned], [Source("services/twin/service.py", code)])) == reports


def test_a_handler_in_another_services_name_is_reported() -> None:
    assert misplaced_handlers({"kpi": ["audit.draw_samples"]}) == ["audit.draw_samples is a handler of kpi"]
