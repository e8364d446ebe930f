"""A table is written only by the code of its owner (`shared.models.OWNERS`)."""

import ast
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from sources import CODE, ROOT, Source, dotted
from sqlalchemy import event
from sqlmodel import SQLModel

from shared.models import OWNERS

Owners = dict[str, dict[str, str]]
"""Owner → its table classes' names → their tables' names."""


def owners() -> Owners:
    return {
        owner: {
            name: str(table.__tablename__)
            for module in modules
            for name, table in vars(module).items()
            if isinstance(table, type)
            and issubclass(table, SQLModel)
            and hasattr(table, "__table__")
            and table.__module__ == module.__name__
        }
        for owner, modules in OWNERS.items()
    }


def table_class(owner: str, name: str) -> type[SQLModel]:
    found: type[SQLModel] = next(getattr(module, name) for module in OWNERS[owner] if hasattr(module, name))
    return found


def owner_of(module: str) -> str | None:
    """Which owner's code a module is; None for those that own nothing (demo, importing, gateway)."""
    parts = module.split(".")
    if parts[0] == "shared":
        return "trail" if module.startswith("shared.trail") else "shared"
    return parts[1] if parts[0] == "services" and parts[1:2] and parts[1] in OWNERS else None


# ---- What the sources say ---------------------------------------------------------------------

_WRITING = re.compile(r"(?:^|_)(?<!for_)(insert|update|delete|upsert|merge)", re.IGNORECASE)
_SQL = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY)"
    r"\s+(?:public\.)?\"?(\w+)",
    re.IGNORECASE,
)


INSIDE_THE_DATABASE = {"shared/row_security_functions.py"}
"""Functions that policies and sign-in call; what they may write is listed in `row_security.TOUCHED`."""


def foreign_writes(sources: list[Source], owned: Owners) -> list[str]:
    """Statements, new rows and SQL text that write what somebody else owns."""
    owner_of_class = {name: owner for owner, tables in owned.items() for name in tables}
    owner_of_table = {table: owner for owner, one in owned.items() for table in one.values()}
    found = []
    for source in sources:
        if source.path.startswith("shared/models/") or source.path in INSIDE_THE_DATABASE:
            continue
        me = owner_of(source.module)
        for node, table in _written_classes(source, owner_of_class.keys()):
            if owner_of_class[table] != me:
                found.append(source.at(node, f"writes {table} of {owner_of_class[table]}"))
        for node, text in _texts(source):
            for table in _SQL.findall(text):
                if owner_of_table.get(table.lower(), me) != me:
                    found.append(source.at(node, f"writes {table} of {owner_of_table[table.lower()]}"))
        for call, name in source.calls():
            if name in {"session.delete", "session.merge", "session.add_all"}:
                found.append(source.at(call, f"{name} hides which table it writes"))
    return found


def _written_classes(source: Source, tables: object) -> Iterator[tuple[ast.AST, str]]:
    """(place, class) of each call that makes a row of a table or builds a writing statement."""
    here = {name_here: name for _, module, name, name_here in source.imports() if "models" in module}

    def table(node: ast.AST) -> str | None:
        named = dotted(node)
        last = named.rsplit(".", 1)[-1]
        known = here.get(named) or (last if "." in named else None)
        return known if known in tables else None  # type: ignore[operator]  # any container of names

    for call, name in source.calls():
        if made := table(call.func):
            yield call, made
        elif _WRITING.search(name.rsplit(".", 1)[-1]):
            for given in [*call.args, *(keyword.value for keyword in call.keywords)]:
                if written := table(given):
                    yield call, written


def _texts(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """String literals that are not docstrings; the fixed parts of f-strings as one."""
    words = {
        id(node.body[0].value)
        for node in source.nodes("Module", "ClassDef", "FunctionDef", "AsyncFunctionDef")
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    words |= {id(part) for node in source.nodes("JoinedStr") for part in node.values}
    for node in source.nodes("Constant", "JoinedStr"):
        if isinstance(node, ast.JoinedStr):
            parts = [one.value for one in node.values if isinstance(one, ast.Constant)]
            yield node, "\0".join(map(str, parts))
        elif isinstance(node.value, str) and id(node) not in words:
            yield node, node.value


def test_tables_are_written_only_by_their_owners() -> None:
    assert foreign_writes(CODE, owners()) == []


def test_the_law_sees_the_writes_that_there_are() -> None:
    """Seen as nobody's code, the owners' own files would all be reported."""
    nobodys = [Source(f"elsewhere/{source.path}", source.text) for source in CODE]
    found = "\n".join(foreign_writes(nobodys, owners()))
    for owner, tables in owners().items():
        for table, name in tables.items():
            assert re.search(rf"writes ({table}|{name}) of {owner}", found), f"{table} is never written"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("services/kpi/twin.py", "insert(Review).values(rows)"),
        ("services/kpi/twin.py", "pg_insert(Review)"),
        ("services/kpi/twin.py", "insert_many(Review, rows)"),
        ("services/kpi/twin.py", "update(Review).values(score=1)"),
        ("services/kpi/twin.py", "sqlalchemy.delete(Review)"),
        ("services/kpi/twin.py", "session.add(Review(id=1))"),
        ("services/kpi/twin.py", "Verdict(id=1)"),
        ("services/kpi/twin.py", "insert(audit.Review)"),
        ("services/kpi/twin.py", "text('UPDATE review SET score = 1')"),
        ("services/kpi/twin.py", 'text(f"insert into review ({columns}) values (1)")'),
        ("services/kpi/twin.py", "session.delete(found)"),
        ("services/gateway/twin.py", "update(Review)"),
        ("services/importing.py", "Review(id=1)"),
        ("services/demo/twin.py", "text('DELETE FROM review')"),
        ("shared/twin.py", "update(Review)"),
    ],
)
def test_a_write_to_a_foreign_table_is_reported(path: str, code: str) -> None:
    head = "from shared.models.audit import Review, Review as Verdict\nfrom shared.models import audit\n"
    assert len(foreign_writes([Source(path, head + code)], owners())) == 1


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("services/audit/twin.py", "insert(Review)"),
        ("services/audit/reviews/twin.py", "Review(id=1)"),
        ("services/audit/twin.py", "text('UPDATE review SET score = 1')"),
        ("services/kpi/twin.py", "select(Review).with_for_update(of=Review)"),
        ("services/kpi/twin.py", "text('SELECT 1 FROM review FOR UPDATE SKIP LOCKED')"),
        ("services/kpi/twin.py", "def f():\n    '''UPDATE review is what audit does.'''"),
    ],
)
def test_owners_write_and_others_read(path: str, code: str) -> None:
    head = "from shared.models.audit import Review\n"
    assert foreign_writes([Source(path, head + code)], owners()) == []


# ---- What happens -----------------------------------------------------------------------------


@contextmanager
def watched(foreign: list[str]) -> Iterator[None]:
    """Notes each attribute of a row that is set by code of somebody else than its owner: what no
    reading of the sources can tell, since any function may be handed a row."""
    listeners: list[tuple[object, Callable[..., None]]] = []
    for owner, tables in owners().items():
        for name in tables:
            table = table_class(owner, name)
            for column in table.__table__.columns:
                attribute = getattr(table, column.key)

                def note(
                    row: object, value: object, old: object, initiator: object,
                    owner: str = owner, what: str = f"{name}.{column.key}",
                ) -> None:  # fmt: skip
                    writer = _writer(sys._getframe())
                    if writer and owner_of(writer) != owner:
                        foreign.append(f"{writer} sets {what} of {owner}")

                event.listen(attribute, "set", note)
                listeners.append((attribute, note))
    try:
        yield
    finally:
        for attribute, note in listeners:
            event.remove(attribute, "set", note)


def _writer(frame: FrameType | None) -> str | None:
    """The innermost module of ours on the stack."""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith((f"{ROOT}/services/", f"{ROOT}/shared/")):
            return path.removeprefix(f"{ROOT}/").removesuffix(".py").replace("/", ".")
        frame = frame.f_back
    return None


async def test_at_work_rows_are_changed_only_by_their_owners(
    play_story: Callable[[], Awaitable[None]],
) -> None:
    foreign: list[str] = []
    with watched(foreign):
        # when tickets are drawn, reviewed, appealed, ruled on and superseded
        await play_story()
    # then no row was touched by another's code
    assert foreign == []


def test_a_row_changed_by_foreign_code_is_reported() -> None:
    foreign: list[str] = []
    code = "def change(row):\n    row.score = 1\n"
    scope: dict[str, Callable[[object], None]] = {}
    exec(compile(code, f"{ROOT}/services/kpi/twin.py", "exec"), scope)
    with watched(foreign):
        scope["change"](table_class("audit", "Review")())
    assert foreign == ["services.kpi.twin sets Review.score of audit"]
