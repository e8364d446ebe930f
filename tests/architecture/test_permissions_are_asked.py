"""Nothing is reachable without a permission: routes depend on `permit(action)`, GraphQL's fields
call `check(actor, action)` or go through the owner's route, and every action is asked somewhere.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from routes_of import app_without_database, dependencies_of, routes_of
from sources import CODE, Source, matching

from services.gateway.schema import schema
from shared.auth import Actor, permit
from shared.permissions import PERMISSIONS

PUBLIC = {
    "POST /feedback/intake/zendesk/{connection_key}": "signed by the help desk over the raw bytes",
    "POST /feedback/intake/generic/{connection_key}": "signed by the sender over the raw bytes",
    "POST /feedback/intake/salesforce/{connection_key}": "signed by the sender over the raw bytes",
    "POST /feedback/intake/salesforce/{connection_key}/{token}": "an unguessable address: nothing is signed",
    "POST /feedback/intake/freshdesk/{connection_key}": "user, password and a secret header",
    "POST /graphql": "needs a token; every field asks for itself (see below)",
    "/graphql": "its WebSocket: needs a token as the first message; every field asks for itself",
    "GET /graphql/explorer": "a page; what it asks takes a token",
    "GET /graphql/explorer/{name}": "its scripts and styles",
    "GET /graphql/schema.graphql": "documentation",
    "GET /identity/.well-known/openid-configuration": "public by its nature; not in production",
    "GET /identity/jwks": "public keys; not in production",
    "GET /healthz": "asked by the machine that starts processes; says nothing but `ok`",
    "GET /readyz": "asked by balancers; says nothing but `ready`",
    "GET /metrics": "counts only, no names; asked by the monitoring",
    "GET /problems": "documentation",
    "GET /docs": "documentation",
    "GET /redoc": "documentation",
    "GET /openapi.json": "documentation",
    "/static-offline-docs": "scripts and styles of the documentation",
}
"""Addresses that need no permission, each with the reason."""
TOPICS = matching(CODE, r"services/gateway/topics/\w+\.py")


# ---- REST -------------------------------------------------------------------------------------


def name_of(route: Any) -> str:
    methods = sorted((getattr(route, "methods", None) or set()) - {"HEAD"})
    return " ".join([*methods, str(route.path)])


def actions_of(route: Any) -> set[str]:
    return {call.action for call in dependencies_of(route) if hasattr(call, "action")}


def open_routes(app: FastAPI, public: Mapping[str, str]) -> list[str]:
    """Routes that ask for no permission, or for several; and reasons that explain nothing."""
    found, seen = [], set()
    for route in routes_of(app):
        name, actions = name_of(route), actions_of(route)
        seen.add(name)
        if len(actions) > 1:
            found.append(f"{name} asks for several: {sorted(actions)}")
        elif bool(actions) == (name in public):
            found.append(f"{name} asks for no permission, or is listed as public needlessly")
    return found + [f"{name} is listed as public, but there is none" for name in public.keys() - seen]


def test_every_route_asks_for_a_permission() -> None:
    assert open_routes(app_without_database(), PUBLIC) == []


def app_with(*dependencies: Any, prefix: str = "/twins") -> FastAPI:
    app = FastAPI(openapi_url=None)
    router = APIRouter(prefix=prefix)
    router.add_api_route("", lambda: None, dependencies=dependencies)
    app.include_router(router)
    return app


def test_a_route_that_asks_for_nothing_is_reported() -> None:
    complaint = "GET /twins asks for no permission, or is listed as public needlessly"
    assert open_routes(app_with(), {}) == [complaint]
    assert open_routes(app_with(), {"GET /twins": "a reason"}) == []
    asking = Depends(permit("tickets.read"))
    assert open_routes(app_with(asking), {}) == []
    assert open_routes(app_with(asking), {"GET /twins": "a reason"}) == [complaint]


def test_a_permission_is_seen_however_deep_it_is_asked() -> None:
    def filters(_: Annotated[Actor, Depends(permit("tickets.read"))]) -> None: ...

    assert open_routes(app_with(Depends(filters)), {}) == []


def test_a_route_that_asks_twice_is_reported() -> None:
    twice = app_with(Depends(permit("tickets.read")), Depends(permit("audits.read")))
    assert open_routes(twice, {}) == ["GET /twins asks for several: ['audits.read', 'tickets.read']"]


def test_a_public_address_that_is_gone_is_reported() -> None:
    assert open_routes(FastAPI(openapi_url=None), {"GET /gone": "a reason"}) == [
        "GET /gone is listed as public, but there is none"
    ]


# ---- GraphQL ----------------------------------------------------------------------------------


def root_fields(sources: list[Source]) -> list[tuple[Source, ast.ClassDef, ast.AST]]:
    """The resolvers of `…Query`, `…Subscription` and `…Mutation` classes."""
    return [
        (source, owner, field)
        for source in sources
        for owner in source.nodes("ClassDef")
        if owner.name.endswith(("Query", "Subscription", "Mutation"))
        for field in owner.body
        if isinstance(field, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def open_fields(sources: list[Source]) -> list[str]:
    """Query fields that call no `check(actor, action)` first, mutations that do not go through
    `command(…)`, directly or by a function of the same file."""
    found = []
    for source, owner, field in root_fields(sources):
        name = f"{owner.name}.{field.name}"  # type: ignore[attr-defined]  # a function has a name
        if owner.name.endswith(("Query", "Subscription")):
            if not asked_first(field):
                found.append(source.at(field, f"{name} does not begin with check(actor, action)"))
        elif "command" not in called(field) and not any(
            "command" in called(function)
            for function in source.tree.body
            if getattr(function, "name", None) in called(field)
        ):
            found.append(source.at(field, f"{name} does not go through command()"))
    return found


def asked_first(field: Any) -> bool:
    first = field.body[1] if ast.get_docstring(field) else field.body[0]
    return isinstance(first, ast.Expr) and bool(checked([first]))


def called(node: ast.AST) -> set[str]:
    return {
        call.func.id
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }


def checked(nodes: Iterable[ast.AST]) -> set[str]:
    """The actions that are asked for by `check(actor, "an action")`."""
    return {
        call.args[1].value
        for node in nodes
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "check"
        and len(call.args) == 2
        and isinstance(call.args[1], ast.Constant)
        and isinstance(call.args[1].value, str)
    }


def test_every_root_field_of_graphql_asks_for_a_permission() -> None:
    assert open_fields(TOPICS) == []


def test_no_root_field_is_overlooked() -> None:
    """What the schema serves is what the law above has read."""
    read = {field.name.replace("_", "").lower() for _, _, field in root_fields(TOPICS)}  # type: ignore[attr-defined]  # a function has a name
    served = schema._schema
    fields = {
        name.lower()
        for root in (served.query_type, served.mutation_type, served.subscription_type)
        for name in (root.fields if root else {})
    }
    assert read == fields


@pytest.mark.parametrize(
    ("owner", "body", "reports"),
    [
        ("TwinQuery", "check(info.context.actor, 'tickets.read')", 0),
        ("TwinQuery", "return 1", 1),
        ("TwinQuery", "rows = load()\n        check(info.context.actor, 'tickets.read')", 1),
        ("TwinQuery", "check(info.context.actor, action)", 1),
        ("TwinSubscription", "check(info.context.actor, 'tickets.read')", 0),
        ("TwinSubscription", "yield 1", 1),
        ("TwinMutation", "return await command(info.context, 'audit', '/x')", 0),
        ("TwinMutation", "return await _through(info, '/x')", 0),
        ("TwinMutation", "return await info.context.call('audit', 'POST', '/x')", 1),
    ],
)
def test_a_root_field_that_asks_for_nothing_is_reported(owner: str, body: str, reports: int) -> None:
    code = f"class {owner}:\n    async def twin(self, info):\n        {body}\n"
    code += "async def _through(info, path):\n    return await command(info.context, 'audit', path)\n"
    assert len(open_fields([Source("services/gateway/topics/twin.py", code)])) == reports


# ---- Actions ----------------------------------------------------------------------------------


def misused_actions(asked: Iterable[str], declared: Iterable[str]) -> list[str]:
    asked, declared = set(asked), set(declared)
    return [f"{action} is asked for by nobody" for action in sorted(declared - asked)] + [
        f"{action} is asked for, but not in shared/permissions.py" for action in sorted(asked - declared)
    ]


def test_every_action_is_asked_for_somewhere() -> None:
    by_routes = {action for route in routes_of(app_without_database()) for action in actions_of(route)}
    by_fields = checked(source.tree for source in CODE)
    (policies,) = matching(CODE, r"shared/row_security\.py")
    by_policies = set(re.findall(r'MAY\["([a-z_.]+)"\]', policies.text))
    assert misused_actions(by_routes | by_fields | by_policies, PERMISSIONS) == []


def test_a_misused_action_is_reported() -> None:
    assert misused_actions({"a.read", "b.read"}, {"a.read", "c.read"}) == [
        "c.read is asked for by nobody",
        "b.read is asked for, but not in shared/permissions.py",
    ]
