"""Callers who are blocked for a time, or go first."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listed_callers",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "phone", "list", "reason", "added_by")),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("list IN ('blocked', 'priority')", name="ck_listed_callers_list_word"),
        sa.CheckConstraint("list <> 'blocked' OR until IS NOT NULL", name="ck_listed_callers_blocked_has_an_end"),
        sa.PrimaryKeyConstraint("id", name="pk_listed_callers"),
        sa.UniqueConstraint("phone", name="uq_listed_callers_phone"),
    )
