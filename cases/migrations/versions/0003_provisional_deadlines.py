"""Deadlines counted over a year that is not announced yet are found again."""

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    guessed = text("due_provisional")
    op.create_index(
        "ix_assignments_provisional", "assignments", ["due_calendar"], sqlite_where=guessed, postgresql_where=guessed
    )
