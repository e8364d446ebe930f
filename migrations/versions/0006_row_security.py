"""What rows need so that the database can decide who sees them: who audits and what was seen stand apart,
the vendor is part of the keys, reporting logins. Roles and policies: `migrations/security.py`."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)
LIVE = sa.text("state IN ('open', 'in_review')")
OLD_ROLES = "'admin', 'lead', 'specialist', 'team_lead', 'agent', 'vendor_manager', 'analyst'"
NEW_ROLES = OLD_ROLES.replace("'analyst'", "'policy_owner', 'trainer', 'analyst'")
SAME = [
    ("review", "audit", "audit_id", "vendor_id"),
    ("review", "audit", "audit_id", "agent_id"),
    ("appeal", "review", "review_id", "vendor_id"),
    ("appeal", "review", "review_id", "agent_id"),
]
"""(table, parent, key, column): the row that the key names has the same value in the column."""


def upgrade() -> None:
    op.drop_constraint("ck_person_role", "person")
    op.create_check_constraint("role", "person", f"role IN ({NEW_ROLES})")
    for table, columns in {
        "assignment": [
            sa.Column("specialist_id", sa.Uuid(), nullable=False),
            sa.Column("claimed_at", WHEN, nullable=False),
        ],
        "evidence": [sa.Column("content", JSONB(none_as_null=True), nullable=False)],
    }.items():
        op.create_table(
            table,
            sa.Column("ticket_id", sa.Uuid(), nullable=False),
            sa.Column("audit_id", sa.Uuid(), nullable=False),
            *columns,
            sa.PrimaryKeyConstraint("ticket_id", "audit_id", name=f"pk_{table}"),
            sa.ForeignKeyConstraint(
                ["ticket_id", "audit_id"],
                ["audit.ticket_id", "audit.id"],
                name=f"fk_{table}_ticket_id_audit_id_audit",
            ),
        )
    op.create_foreign_key(
        "fk_assignment_specialist_id_person", "assignment", "person", ["specialist_id"], ["id"]
    )
    op.create_index("ix_assignment_specialist_id", "assignment", ["specialist_id"])
    op.create_table(
        "review_author",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "review_id", name="pk_review_author"),
        sa.ForeignKeyConstraint(
            ["ticket_id", "review_id"],
            ["review.ticket_id", "review.id"],
            name="fk_review_author_ticket_id_review_id_review",
        ),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"], name="fk_review_author_reviewer_id_person"),
    )
    op.create_table(
        "reporting_login",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_reporting_login"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_reporting_login_person_id_person"),
    )
    op.execute(
        "INSERT INTO assignment SELECT audit.ticket_id, audit.id, specialist_id, coalesce("
        " (SELECT max(moved_at) FROM state_change WHERE subject = 'audit' AND subject_id = audit.id AND to_state = 'claimed'),"
        " drawn_at) FROM audit WHERE specialist_id IS NOT NULL"
    )
    op.execute("INSERT INTO evidence SELECT ticket_id, id, evidence FROM audit")
    op.execute(
        "INSERT INTO review_author SELECT ticket_id, id, reviewer_id FROM review WHERE reviewer_id IS NOT NULL"
    )
    op.drop_column("audit", "specialist_id")  # its constraints go with it
    op.drop_column("audit", "evidence")
    op.drop_column("review", "reviewer_id")
    op.drop_constraint("fk_ruling_appeal_id_appeal", "ruling")
    op.add_column("ruling", sa.Column("ticket_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE ruling SET ticket_id = appeal.ticket_id FROM appeal WHERE appeal.id = ruling.appeal_id"
    )
    op.alter_column("ruling", "ticket_id", nullable=False)
    op.drop_index("uq_appeal_live", "appeal")
    op.create_index(
        "uq_appeal_live", "appeal", ["ticket_id", "review_id"], unique=True, postgresql_where=LIVE
    )
    op.create_index("ix_appeal_id", "appeal", ["id"])
    for table, key in (("appeal", "id"), ("ruling", "appeal_id")):
        op.drop_constraint(f"pk_{table}", table)
        op.create_primary_key(f"pk_{table}", table, ["ticket_id", key])
    op.create_foreign_key(
        "fk_ruling_ticket_id_appeal_id_appeal",
        "ruling",
        "appeal",
        ["ticket_id", "appeal_id"],
        ["ticket_id", "id"],
    )
    for table in ("audit", "review"):
        for column in ("vendor_id", "agent_id"):
            op.create_unique_constraint(
                f"uq_{table}_ticket_id_id_{column}", table, ["ticket_id", "id", column]
            )
    op.create_foreign_key(
        "fk_appeal_ticket_id_review_id_review",
        "appeal",
        "review",
        ["ticket_id", "review_id"],
        ["ticket_id", "id"],
    )
    for table, parent, key, column in SAME:
        op.create_foreign_key(
            f"fk_{table}_{parent}_same_{column}",
            table,
            parent,
            ["ticket_id", key, column],
            ["ticket_id", "id", column],
        )


def downgrade() -> None:
    for table, parent, _, column in SAME:
        op.drop_constraint(f"fk_{table}_{parent}_same_{column}", table)
    op.drop_constraint("fk_appeal_ticket_id_review_id_review", "appeal")
    op.drop_constraint("fk_ruling_ticket_id_appeal_id_appeal", "ruling")
    for table, key in (("ruling", "appeal_id"), ("appeal", "id")):
        op.drop_constraint(f"pk_{table}", table)
        op.create_primary_key(f"pk_{table}", table, [key])
    op.drop_index("ix_appeal_id", "appeal")
    op.drop_index("uq_appeal_live", "appeal")
    op.create_index("uq_appeal_live", "appeal", ["review_id"], unique=True, postgresql_where=LIVE)
    op.drop_column("ruling", "ticket_id")
    op.create_foreign_key("fk_ruling_appeal_id_appeal", "ruling", "appeal", ["appeal_id"], ["id"])
    for table in ("audit", "review"):
        for column in ("vendor_id", "agent_id"):
            op.drop_constraint(f"uq_{table}_ticket_id_id_{column}", table)
    op.add_column(
        "audit", sa.Column("evidence", JSONB(none_as_null=True), nullable=False, server_default="{}")
    )
    op.alter_column("audit", "evidence", server_default=None)
    op.add_column("audit", sa.Column("specialist_id", sa.Uuid(), nullable=True))
    op.add_column("review", sa.Column("reviewer_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE audit SET evidence = content FROM evidence e WHERE e.ticket_id = audit.ticket_id AND e.audit_id = audit.id"
    )
    op.execute(
        "UPDATE audit SET specialist_id = a.specialist_id FROM assignment a WHERE a.ticket_id = audit.ticket_id AND a.audit_id = audit.id"
    )
    op.execute(
        "UPDATE review SET reviewer_id = a.reviewer_id FROM review_author a WHERE a.ticket_id = review.ticket_id AND a.review_id = review.id"
    )
    op.create_foreign_key("fk_audit_specialist_id_person", "audit", "person", ["specialist_id"], ["id"])
    op.create_foreign_key("fk_review_reviewer_id_person", "review", "person", ["reviewer_id"], ["id"])
    op.create_check_constraint("open_unclaimed", "audit", "state <> 'open' OR specialist_id IS NULL")
    op.create_check_constraint("claimed_by", "audit", "state <> 'claimed' OR specialist_id IS NOT NULL")
    for table in ("assignment", "evidence", "review_author", "reporting_login"):
        op.drop_table(table)
    op.execute("UPDATE person SET role = 'analyst' WHERE role IN ('policy_owner', 'trainer')")
    op.drop_constraint("ck_person_role", "person")
    op.create_check_constraint("role", "person", f"role IN ({OLD_ROLES})")
