"""Deadlines keep what they were counted by, and when an assignment is signed automatically."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("due_provisional", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("due_rules", sa.String(), nullable=False, server_default=""),
        sa.Column("due_calendar", sa.String(), nullable=False, server_default=""),
        sa.Column("sign_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_by", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("assignments", column)
    waiting = text("progress = 'waiting'")
    op.create_index(
        "ix_assignments_sign_by", "assignments", ["sign_by"], sqlite_where=waiting, postgresql_where=waiting
    )
