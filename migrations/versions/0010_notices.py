"""Workers are told before automated signals are used on them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("signals", JSONB(none_as_null=True), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=False),
        sa.Column("published_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_notice_vendor_id_vendor")),
        sa.ForeignKeyConstraint(["published_by"], ["person.id"], name=op.f("fk_notice_published_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_published_at", "notice", ["published_at"])
    op.create_table(
        "notice_reading",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("acknowledged_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_notice_reading_notice_id_notice")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_notice_reading_person_id_person")
        ),
        sa.PrimaryKeyConstraint("notice_id", "person_id", name=op.f("pk_notice_reading")),
    )
    op.create_index("ix_notice_reading_person_id", "notice_reading", ["person_id"])


def downgrade() -> None:
    op.drop_table("notice_reading")
    op.drop_table("notice")
