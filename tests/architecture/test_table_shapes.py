"""How tables look: where their rows live, what their columns are called, who owns them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from sources import Source, matching, read
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Interval,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlmodel import SQLModel

from shared.models import OWNERS

DISTRIBUTIONS = {"ticket", "reference", "local"}
CONVENTION = SQLModel.metadata.naming_convention
OWNED = {
    owner: [
        row.__table__
        for module in modules
        for row in vars(module).values()
        if getattr(row, "__module__", "") == module.__name__ and hasattr(row, "__table__")
    ]
    for owner, modules in OWNERS.items()
}
OURS = [table for tables in OWNED.values() for table in tables]
"""Not those that a test has made for itself."""


def problems_of(table: Table) -> list[str]:
    laws = (distribution, ticket_keys, foreign_keys, columns, names, what_the_database_does)
    return [f"{table.name}: {complaint}" for law in laws for complaint in law(table)]


def lives(table: Table) -> str:
    return str(table.info.get("distribution"))


def ticket_column(table: Table) -> str:
    return str(table.info.get("ticket_column", "ticket_id"))


# ---- The laws ---------------------------------------------------------------------------------


def distribution(table: Table) -> Iterator[str]:
    if lives(table) not in DISTRIBUTIONS:
        yield f"its rows live {lives(table)}: say ticket, reference or local"


def ticket_keys(table: Table) -> Iterator[str]:
    """Rows that belong to a ticket are spread by it: every key of theirs holds it."""
    if lives(table) != "ticket":
        return
    wanted = ticket_column(table)
    if wanted not in table.primary_key.columns:
        yield f"{wanted} is not in the primary key"
    unique: list[UniqueConstraint | Index] = [index for index in table.indexes if index.unique]
    unique += [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    for one in unique:
        if wanted not in one.columns:
            yield f"{wanted} is not in the unique {sorted(one.columns.keys())}"


def foreign_keys(table: Table) -> Iterator[str]:
    """To tickets' rows along the ticket; else only to what is the same everywhere, or beside."""
    for key in table.foreign_key_constraints:
        target = key.referred_table
        name = f"the key to {target.name}"
        pairs = {(one.parent.name, one.column.name) for one in key.elements}
        if lives(target) == "ticket" and lives(table) == "ticket":
            if (ticket_column(table), ticket_column(target)) not in pairs:
                yield f"{name} leaves out {ticket_column(table)}"
        elif lives(target) not in ("reference", lives(table)):
            yield f"{name} leads from {lives(table)} rows to {lives(target)} rows"


def columns(table: Table) -> Iterator[str]:
    for column in table.columns:
        kind, name = column.type, column.name
        if isinstance(kind, DateTime):
            if not kind.timezone or not name.endswith("_at"):
                yield f"{name}: times are timestamptz and called …_at"
        elif isinstance(kind, Date):
            if not name.endswith("_on"):
                yield f"{name}: local days are called …_on"
        elif name.endswith(("_at", "_on")):
            yield f"{name} is called like a time and is {kind!r}"
        elif isinstance(kind, Interval | Time):
            yield f"{name}: durations are integer seconds called …_s"
        elif isinstance(kind, Float):
            yield f"{name}: numbers are exact"
        elif isinstance(kind, Integer):
            is_duration = any(word in name for word in ("seconds", "minutes", "duration", "wait"))
            if is_duration and not name.endswith("_s"):
                yield f"{name}: durations are integer seconds called …_s"
        elif name.endswith("_s"):
            yield f"{name} is called like a duration and is {kind!r}"


def names(table: Table) -> Iterator[str]:
    """Constraints have the names that the convention makes, so that migrations can find them."""
    if table.metadata.naming_convention != CONVENTION:
        yield "its MetaData has another naming convention"
        return
    preparer: Any = PGDialect().identifier_preparer  # type: ignore[no-untyped-call]  # the library's
    begins = {
        "PrimaryKeyConstraint": "pk", "UniqueConstraint": "uq", "CheckConstraint": "ck",
        "ForeignKeyConstraint": "fk",
    }  # fmt: skip
    for one in table.constraints:
        found, short = preparer.format_constraint(one), begins[type(one).__name__]
        exact = f"pk_{table.name}" if short == "pk" else None
        if found is None or not (found == exact or found.startswith(f"{short}_{table.name}_")):
            yield f"a constraint is called {found}, not {exact or f'{short}_{table.name}_…'}"
    for index in table.indexes:
        begin = f"{'uq' if index.unique else 'ix'}_{table.name}_"
        if not str(index.name).startswith(begin):
            yield f"an index is called {index.name}, not {begin}…"


def what_the_database_does(table: Table) -> Iterator[str]:
    """Nothing behind our backs: values come from the code, which tests can see."""
    for column in table.columns:
        if column.server_default is not None or column.server_onupdate is not None:
            yield f"{column.name} gets its value from the database"
        if column.identity is not None or column.computed is not None:
            yield f"{column.name} gets its value from the database"
    if any(getattr(table.dispatch, when) for when in ("after_create", "before_create")):
        yield "something is done to the database beside creating it"


def ownership(tables: Iterable[Table], owned: Mapping[str, Iterable[Table]]) -> list[str]:
    """Every table belongs to one owner."""
    found = []
    for table in tables:
        mine = [owner for owner, one in owned.items() if any(table is other for other in one)]
        if len(mine) != 1:
            found.append(f"{table.name} belongs to {' and '.join(mine) or 'nobody'}")
    return found


def triggers(sources: list[Source]) -> list[str]:
    """Migrations make none: a trigger runs where no test of ours looks, and not on every node.
    A default may fill a new column of a table that has rows, if the same migration takes it away."""
    found = []
    for source in sources:
        code = " ".join(source.text.lower().split())
        forbidden = ["create trigger", "create or replace trigger"]
        if "server_default=none" not in code:
            forbidden.append("server_default=")
        found += [f"{source.path}: {word}" for word in forbidden if word in code]
    return found


# ---- They hold --------------------------------------------------------------------------------


@pytest.mark.parametrize("table", OURS, ids=lambda table: table.name)
def test_tables_keep_their_form(table: Table) -> None:
    assert problems_of(table) == []


def test_every_table_has_one_owner() -> None:
    declared = {table for name, table in SQLModel.metadata.tables.items() if not name.startswith("twin")}
    assert ownership(declared, OWNED) == []


def test_migrations_make_no_triggers_and_no_defaults() -> None:
    assert triggers(matching(read("migrations"), r"migrations/versions/\w+\.py")) == []


# ---- And each is reported when it is broken ---------------------------------------------------


def twin(*parts: Any, info: str | None = "local", convention: bool = True, **more: Any) -> Table:
    """A small table `twin`, with a `ticket` and a `vendor` to point at, in a MetaData of its own."""
    metadata = MetaData(naming_convention=CONVENTION) if convention else MetaData()
    ticket_info = {"distribution": "ticket", "ticket_column": "id"}
    Table("ticket", metadata, Column("id", Integer, primary_key=True), info=ticket_info)
    Table("vendor", metadata, Column("id", Integer, primary_key=True), info={"distribution": "reference"})
    Table("appeal", metadata, Column("id", Integer, primary_key=True), info={"distribution": "local"})
    return Table("twin", metadata, *parts, info={"distribution": info} if info else {}, **more)


def key(name: str = "id") -> Column[int]:
    return Column(name, Integer, primary_key=True)


BROKEN: list[tuple[Table, str]] = [
    (twin(key(), info=None), "its rows live None: say ticket, reference or local"),
    (twin(key(), info="everywhere"), "its rows live everywhere: say ticket, reference or local"),
    (twin(key(), Column("ticket_id", Integer), info="ticket"), "ticket_id is not in the primary key"),
    (
        twin(key("ticket_id"), key(), UniqueConstraint("id"), info="ticket"),
        "ticket_id is not in the unique ['id']",
    ),
    (
        twin(key("ticket_id"), key(), Index("uq_twin_id", "id", unique=True), info="ticket"),
        "ticket_id is not in the unique ['id']",
    ),
    (
        twin(key("ticket_id"), Column("other", Integer, ForeignKey("ticket.id")), info="ticket"),
        "the key to ticket leaves out ticket_id",
    ),
    (
        twin(key(), Column("ticket_id", Integer, ForeignKey("ticket.id"))),
        "the key to ticket leads from local rows to ticket rows",
    ),
    (
        twin(key("ticket_id"), Column("appeal_id", Integer, ForeignKey("appeal.id")), info="ticket"),
        "the key to appeal leads from ticket rows to local rows",
    ),
    (
        twin(key(), Column("appeal_id", Integer, ForeignKey("appeal.id")), info="reference"),
        "the key to appeal leads from reference rows to local rows",
    ),
    (twin(key(), Column("sent_at", DateTime())), "sent_at: times are timestamptz and called …_at"),
    (twin(key(), Column("sent", DateTime(True))), "sent: times are timestamptz and called …_at"),
    (twin(key(), Column("day", Date())), "day: local days are called …_on"),
    (twin(key(), Column("sent_at", BigInteger())), "sent_at is called like a time and is BigInteger()"),
    (twin(key(), Column("took", Interval())), "took: durations are integer seconds called …_s"),
    (twin(key(), Column("wait", Integer())), "wait: durations are integer seconds called …_s"),
    (twin(key(), Column("wait_s", Numeric())), "wait_s is called like a duration and is Numeric()"),
    (twin(key(), Column("score", Float())), "score: numbers are exact"),
    (twin(key(), convention=False), "its MetaData has another naming convention"),
    (
        twin(key(), UniqueConstraint("id", name="only_one")),
        "a constraint is called only_one, not uq_twin_…",
    ),
    (twin(key(), Index("by_id", "id")), "an index is called by_id, not ix_twin_…"),
    (
        twin(key(), Index("ix_twin_id", "id", unique=True)),
        "an index is called ix_twin_id, not uq_twin_…",
    ),
    (
        twin(key(), Column("state", String(), server_default=text("'open'"))),
        "state gets its value from the database",
    ),
]


@pytest.mark.parametrize(("table", "complaint"), BROKEN, ids=[complaint for _, complaint in BROKEN])
def test_a_table_that_breaks_the_form_is_reported(table: Table, complaint: str) -> None:
    assert problems_of(table) == [f"twin: {complaint}"]


def test_a_well_formed_table_is_not_reported() -> None:
    table = twin(
        key("ticket_id"), key(),
        Column("vendor_id", Integer, ForeignKey("vendor.id")), Column("sent_at", DateTime(True)),
        Column("wait_s", Integer), Column("is_open", Boolean),
        ForeignKeyConstraint(["ticket_id"], ["ticket.id"]), UniqueConstraint("ticket_id", "sent_at"),
        CheckConstraint("wait_s > 0", name="wait"), Index("ix_twin_id", "id"), info="ticket",
    )  # fmt: skip
    assert problems_of(table) == []


def test_a_table_without_one_owner_is_reported() -> None:
    table, other = twin(key()), twin(key())
    assert ownership([table], {"kpi": [other]}) == ["twin belongs to nobody"]
    assert ownership([table], {"kpi": [table], "audit": [table]}) == ["twin belongs to kpi and audit"]
    assert ownership([table], {"kpi": [table], "audit": [other]}) == []


@pytest.mark.parametrize("code", ["CREATE   TRIGGER t", "sa.Column('x', server_default='1')"])
def test_a_trigger_in_a_migration_is_reported(code: str) -> None:
    assert len(triggers([Source("migrations/versions/0002_twin.py", f'op.execute("""{code}""")')])) == 1


def test_a_default_that_the_migration_takes_away_again_is_not_reported() -> None:
    code = "Column('x', server_default='1'); op.alter_column('t', 'x', server_default=None)"
    assert triggers([Source("migrations/versions/0002_twin.py", code)]) == []
