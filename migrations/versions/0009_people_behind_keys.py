"""Who asks for help is sealed behind keys of their own; what is readable becomes redacted.

Names and addresses move at once, and need the deployment's key where there are any. Texts that are here
already (redaction_version 0) are sealed and redacted by the worker, a few tickets at a time.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import JSONB, insert

from shared.config import Settings
from shared.crypto import Sealer

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)
TEXT, ID, INT, BYTES = sa.String(), sa.Uuid(), sa.Integer(), sa.LargeBinary()
JSON = JSONB(none_as_null=True)
PARTITIONS = 16
IDENTITY = ("name", "email")
REMOVED = ("originals_removed_at", "texts_removed_at")
JSON_TEXTS = ("custom_fields", "extra")


def upgrade() -> None:
    _create_tables()
    op.add_column("ticket", sa.Column("is_erased", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("ticket", "is_erased", server_default=None)
    op.add_column("ticket", sa.Column("redaction_version", INT, nullable=False, server_default=sa.text("0")))
    op.alter_column("ticket", "redaction_version", server_default=None)
    for name in REMOVED:
        op.add_column("ticket", sa.Column(name, WHEN, nullable=True))
        kept = sa.text(f"{name} IS NULL")
        op.create_index(f"ix_ticket_{name.split('_')[0]}", "ticket", ["created_at"], postgresql_where=kept)
    _seal_identities()
    op.drop_column("ticket", "requester_name")
    op.drop_column("ticket", "requester_email")
    op.execute("UPDATE message SET author_name = NULL WHERE author_kind = 'requester'")
    op.create_index("ix_ticket_requester", "ticket", ["connection_id", "requester_key"])
    op.create_index("ix_ticket_redaction_version", "ticket", ["redaction_version"])
    of_requesters = sa.text("author_kind = 'requester'")
    op.create_index("ix_message_author", "message", ["author_key"], postgresql_where=of_requesters)


def downgrade() -> None:
    op.drop_index("ix_message_author", table_name="message")
    op.drop_index("ix_ticket_redaction_version", table_name="ticket")
    op.drop_index("ix_ticket_requester", table_name="ticket")
    op.add_column("ticket", sa.Column("requester_name", TEXT, nullable=True))
    op.add_column("ticket", sa.Column("requester_email", TEXT, nullable=True))
    _open_everything()
    for name in REMOVED:
        op.drop_index(f"ix_ticket_{name.split('_')[0]}", table_name="ticket")
        op.drop_column("ticket", name)
    op.drop_column("ticket", "redaction_version")
    op.drop_column("ticket", "is_erased")
    for name in ("retention", "legal_hold", "erasure_request", "original_text", "requester"):
        op.drop_table(name)


def _create_tables() -> None:
    def column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
        return sa.Column(name, kind, nullable=nullable)

    def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
        return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))

    def points(table: str, name: str, to: str) -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint([name], [f"{to}.id"], name=op.f(f"fk_{table}_{name}_{to}"))

    def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
        return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))

    op.create_table(
        "requester",
        column("id", ID),
        column("connection_id", ID),
        column("external_key", TEXT, nullable=True),
        column("ticket_id", ID, nullable=True),
        column("sealed_key", BYTES, nullable=True),
        column("sealed_name", BYTES, nullable=True),
        column("name_hash", BYTES, nullable=True),
        column("name_told_at", WHEN, nullable=True),
        column("sealed_email", BYTES, nullable=True),
        column("email_hash", BYTES, nullable=True),
        column("email_told_at", WHEN, nullable=True),
        column("erased_at", WHEN, nullable=True),
        check("requester", "erased_for_good", "erased_at IS NULL OR sealed_key IS NULL"),
        points("requester", "connection_id", "connection"),
        key("requester", "id"),
    )
    op.create_index("ix_requester_email_hash", "requester", ["email_hash"])
    op.create_index("ix_requester_connection", "requester", ["connection_id", "external_key"])
    op.create_table(
        "original_text",
        column("ticket_id", ID),
        column("item_id", ID),
        column("field", TEXT),
        column("requester_id", ID),
        column("sealed", BYTES, nullable=True),
        check(
            "original_text",
            "field",
            "field IN ('subject', 'description', 'custom_fields', 'body', 'comment', 'extra')",
        ),
        points("original_text", "ticket_id", "ticket"),
        key("original_text", "ticket_id", "item_id", "field"),
        postgresql_partition_by="HASH (ticket_id)",
    )
    for number in range(PARTITIONS):
        op.execute(
            f"CREATE TABLE original_text_{number} PARTITION OF original_text "
            f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
        )
    op.create_index("ix_original_text_requester", "original_text", ["requester_id"])
    op.create_table(
        "erasure_request",
        column("id", ID),
        column("requester_id", ID),
        column("state", TEXT),
        column("reason", TEXT),
        column("requested_by", ID),
        column("requested_at", WHEN),
        column("decided_by", ID, nullable=True),
        column("decided_at", WHEN, nullable=True),
        column("began_at", WHEN, nullable=True),
        column("scanned_to", ID, nullable=True),
        column("scanned", INT),
        column("done_at", WHEN, nullable=True),
        column("proof", JSON),
        check("erasure_request", "state", "state IN ('requested', 'approved', 'done', 'refused')"),
        points("erasure_request", "requester_id", "requester"),
        points("erasure_request", "requested_by", "person"),
        points("erasure_request", "decided_by", "person"),
        key("erasure_request", "id"),
    )
    op.create_index(
        "uq_erasure_request_open",
        "erasure_request",
        ["requester_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('requested', 'approved')"),
    )
    op.create_table(
        "legal_hold",
        column("id", ID),
        column("requester_id", ID, nullable=True),
        column("ticket_id", ID, nullable=True),
        column("reason", TEXT),
        column("placed_by", ID),
        column("placed_at", WHEN),
        column("released_by", ID, nullable=True),
        column("released_at", WHEN, nullable=True),
        check("legal_hold", "of_one", "(requester_id IS NULL) <> (ticket_id IS NULL)"),
        points("legal_hold", "requester_id", "requester"),
        points("legal_hold", "placed_by", "person"),
        points("legal_hold", "released_by", "person"),
        key("legal_hold", "id"),
    )
    held = sa.text("released_at IS NULL")
    op.create_index("ix_legal_hold_requester", "legal_hold", ["requester_id"], postgresql_where=held)
    op.create_index("ix_legal_hold_ticket", "legal_hold", ["ticket_id"], postgresql_where=held)
    op.create_table(
        "retention",
        column("data_class", TEXT),
        column("keep_days", INT),
        column("changed_at", WHEN),
        check("retention", "data_class", "data_class IN ('originals', 'texts')"),
        key("retention", "data_class"),
    )


# ---- What was readable ---------------------------------------------------------------------------------

_TOLD = """
    SELECT connection_id, requester_key AS key, external_id AS ticket_key, id AS ticket_id,
        requester_name AS name, requester_email AS email, updated_at AS at
    FROM ticket WHERE requester_name IS NOT NULL OR requester_email IS NOT NULL
    UNION ALL
    SELECT ticket.connection_id, coalesce(message.author_key, ticket.requester_key), ticket.external_id,
        ticket.id, message.author_name, NULL, message.version_at
    FROM message JOIN ticket ON ticket.id = message.ticket_id
    WHERE message.author_kind = 'requester' AND message.author_name IS NOT NULL
    ORDER BY at
"""


def _sealer() -> Sealer:
    settings: Settings | None = context.config.attributes.get("settings")
    if settings is None:
        raise RuntimeError("There are people's names in this database: migrate with the deployment's key.")
    return Sealer(settings)


def _seal_identities() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text(_TOLD)).all()
    if not rows:
        return
    sealer = _sealer()
    found: dict[UUID, dict[str, Any]] = {}
    for row in rows:  # the oldest first, so that the newest stays
        owner = (
            sealer.id_of(row.connection_id, "requester", row.key)
            if row.key
            else sealer.id_of(row.connection_id, "requester of", row.ticket_key)
        )
        if owner not in found:
            found[owner] = {
                "id": owner, "connection_id": row.connection_id, "external_key": row.key or None,
                "ticket_id": None if row.key else row.ticket_id, "sealed_key": sealer.new_data_key(owner),
            } | _no_identity()  # fmt: skip
        _tell(sealer, found[owner], row.at, {"name": row.name, "email": row.email})
    table = sa.Table("requester", sa.MetaData(), autoload_with=connection)
    every = list(found.values())
    for start in range(0, len(every), 500):
        connection.execute(insert(table), every[start : start + 500])


def _no_identity() -> dict[str, Any]:
    return {f"{begin}{name}{end}": None for name in IDENTITY for begin, end in _PARTS}


_PARTS = (("sealed_", ""), ("", "_hash"), ("", "_told_at"))


def _tell(sealer: Sealer, row: dict[str, Any], at: datetime, words: dict[str, str | None]) -> None:
    key = sealer.data_key(row["sealed_key"], row["id"])
    for name, word in words.items():
        if word:
            hashed = sealer.hash_of(name, word.strip().casefold() if name == "email" else word)
            row |= {
                f"sealed_{name}": key.seal(word, row["id"], name),
                f"{name}_hash": hashed,
                f"{name}_told_at": at,
            }


_PLACES = {
    "subject": ("ticket", ""), "description": ("ticket", ""), "custom_fields": ("ticket", ""),
    "body": ("message", " AND ticket_id = :ticket_id"), "comment": ("rating", " AND ticket_id = :ticket_id"),
    "extra": ("rating", " AND ticket_id = :ticket_id"),
}  # fmt: skip
"""Field → the table where it is readable, and what more names its row."""


def _open_everything() -> None:
    """Texts as they were sent, and names, back to where they were; those of erased people are gone."""
    connection = op.get_bind()
    people = connection.execute(sa.text("SELECT * FROM requester WHERE sealed_key IS NOT NULL")).all()
    if not people:
        return
    sealer = _sealer()
    keys = {row.id: sealer.data_key(row.sealed_key, row.id) for row in people}
    for row in people:
        words = {
            name: keys[row.id].open(sealed, row.id, name)
            for name in IDENTITY
            if (sealed := getattr(row, f"sealed_{name}")) is not None
        }
        theirs = (
            "id = :ticket" if row.external_key is None else "connection_id = :scope AND requester_key = :key"
        )
        connection.execute(
            sa.text(f"UPDATE ticket SET requester_name = :name, requester_email = :email WHERE {theirs}"),
            {
                "name": words.get("name"), "email": words.get("email"), "ticket": row.ticket_id,
                "scope": row.connection_id, "key": row.external_key,
            },
        )  # fmt: skip
    originals = sa.text("SELECT * FROM original_text WHERE sealed IS NOT NULL")
    for row in connection.execute(originals):
        if row.requester_id in keys:
            words = keys[row.requester_id].open(row.sealed, row.ticket_id, row.item_id, row.field)
            table, more = _PLACES[row.field]
            value = "CAST(:words AS jsonb)" if row.field in JSON_TEXTS else ":words"
            connection.execute(
                sa.text(f"UPDATE {table} SET {row.field} = {value} WHERE id = :item_id{more}"),
                {"words": words, "item_id": row.item_id, "ticket_id": row.ticket_id},
            )
