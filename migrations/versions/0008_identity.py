"""Who a token stands for: subjects of identity providers, and programs with tokens of their own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "login",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_login"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_login_person_id_person"),
    )
    op.create_index("ix_login_person_id", "login", ["person_id"])
    op.create_table(
        "service_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", JSONB(none_as_null=True), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("expires_at", WHEN, nullable=False),
        sa.Column("last_used_at", WHEN, nullable=True),
        sa.Column("revoked_at", WHEN, nullable=True),
        sa.Column("revoked_because", sa.String(), nullable=True),
        sa.Column("replaced_by_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_service_token"),
        sa.UniqueConstraint("prefix", name="uq_service_token_prefix"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name="fk_service_token_vendor_id_vendor"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_service_token_owner_id_person"),
        sa.ForeignKeyConstraint(
            ["replaced_by_id"], ["service_token.id"], name="fk_service_token_replaced_by_id_service_token"
        ),
    )


def downgrade() -> None:
    op.drop_table("service_token")
    op.drop_table("login")
