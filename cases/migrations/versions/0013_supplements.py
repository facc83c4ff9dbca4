"""What citizens add to their cases."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "supplements",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "case_number", "text", "by")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_supplements_case_number"),
        sa.PrimaryKeyConstraint("id", name="pk_supplements"),
    )
    op.create_index("ix_supplements_case_number_at", "supplements", ["case_number", "at"])
