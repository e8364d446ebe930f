"""Routes are thin, and one place commits."""

import ast

import pytest
from sources import CODE, Source, dotted, matching

MAX_BODY = 8
VERBS = {"get", "post", "put", "patch", "delete"}
THE_ONE_THAT_COMMITS = "shared/db.py"
THE_ONE_THAT_ONLY_READS = "shared/readers.py"
"""It ends what it began, and there is nothing to keep."""
OF_A_TRANSACTION = {
    "commit": "commits",
    "rollback": "rolls back",
    "begin": "opens a transaction",
    "close_all": "closes sessions",
}
OF_A_SESSION = {"AsyncSession", "Session", "sessionmaker", "async_sessionmaker"}


# ---- Routes -----------------------------------------------------------------------------------


def thick_routes(source: Source) -> list[str]:
    """A route's body has at most 8 lines: one call into service, and what it needs for it."""
    return [
        source.at(node, f"{node.name} has {lines} lines, at most {MAX_BODY}")
        for node in source.nodes("FunctionDef", "AsyncFunctionDef")
        if _is_route(node) and (lines := _body_lines(node)) > MAX_BODY
    ]


def statements(source: Source) -> list[str]:
    """Whatever a route says in SQL: imported builders, SQL text, a session that executes."""
    found = [
        source.at(node, f"imports {module}.{name}")
        for node, module, name, _ in source.imports()
        if module.split(".")[0] in {"sqlalchemy", "sqlmodel"}
        and name in {"select", "insert", "update", "delete", "text"}
    ]
    found += [
        source.at(call, f"calls {name}") for call, name in source.calls() if name.startswith("session.")
    ]
    return found


def _is_route(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr in VERBS
        for one in node.decorator_list
    )


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


ROUTES = matching(CODE, r"services/.*/routes\.py|shared/web\.py")


@pytest.mark.parametrize("source", ROUTES, ids=lambda source: source.path)
def test_routes_are_thin(source: Source) -> None:
    assert any(map(_is_route, source.nodes("FunctionDef", "AsyncFunctionDef"))), "no route found"
    assert thick_routes(source) == []


@pytest.mark.parametrize("source", ROUTES[:-1], ids=lambda source: source.path)
def test_routes_build_no_statement(source: Source) -> None:
    assert statements(source) == []


def test_a_thick_route_is_reported() -> None:
    lines = "\n".join(f"    x{n} = {n}" for n in range(9))
    code = f'@routes.get("/x")\nasync def look():\n    """Words do not count."""\n{lines}\n'
    assert thick_routes(Source("services/twin/routes.py", code)) == [
        "services/twin/routes.py:2: look has 9 lines, at most 8"
    ]
    not_a_route = code.replace("routes.get", "cache.keep")
    assert thick_routes(Source("services/twin/routes.py", not_a_route)) == []


@pytest.mark.parametrize(
    "code",
    [
        "from sqlalchemy import select",
        "from sqlmodel import update",
        "from sqlalchemy.dialects.postgresql import insert",
        "from sqlalchemy import text as words",
        "async def look(session):\n    await session.execute(some)",
        "async def look(session):\n    await session.get(Ticket, 1)",
    ],
)
def test_a_statement_in_a_route_is_reported(code: str) -> None:
    assert len(statements(Source("services/twin/routes.py", code))) == 1


# ---- Transactions -----------------------------------------------------------------------------


def transactions(sources: list[Source]) -> list[str]:
    """Commits, roll-backs, and sessions that somebody opened beside `shared/db.py`."""
    found = []
    for source in sources:
        if source.path == THE_ONE_THAT_COMMITS:
            continue
        for call, name in source.calls():
            last = name.rsplit(".", 1)[-1]
            if "." in name and last in OF_A_TRANSACTION:
                found.append(source.at(call, f"{OF_A_TRANSACTION[last]}: {name}()"))
            elif last in OF_A_SESSION or last in {"create_async_engine", "create_engine"}:
                found.append(source.at(call, f"opens its own way to the database: {name}()"))
        for node in source.nodes("Constant"):
            said = node.value.strip().upper() if isinstance(node.value, str) else ""
            if said == "COMMIT" or (said == "ROLLBACK" and source.path != THE_ONE_THAT_ONLY_READS):
                found.append(source.at(node, f"says {node.value} in SQL"))
    return found


def test_only_the_database_module_commits() -> None:
    assert transactions(CODE) == []


def test_the_database_module_opens_transactions() -> None:
    (db,) = matching(CODE, THE_ONE_THAT_COMMITS)
    assert any(dotted(call.func).endswith(".begin") for call, _ in db.calls())


@pytest.mark.parametrize(
    "code",
    [
        "await session.commit()",
        "await self.session.rollback()",
        "async with session.begin(): pass",
        "async with AsyncSession(engine) as session: pass",
        "engine = create_async_engine(url)",
        "await session.execute(text('COMMIT'))",
    ],
)
def test_a_second_committer_is_reported(code: str) -> None:
    inside = f"async def f():\n    {code}\n"
    assert len(transactions([Source("services/twin/service.py", inside)])) == 1
    assert transactions([Source(THE_ONE_THAT_COMMITS, inside)]) == []


def test_a_savepoint_is_not_reported() -> None:
    code = "async def f():\n    async with session.begin_nested(): pass\n"
    assert transactions([Source("services/twin/service.py", code)]) == []
