"""Files that belong to a case."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    texts = ("id", "case_number", "name", "media_type", "digest", "by")
    op.create_table(
        "attachments",
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size > 0", name="ck_attachments_size_counts"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_attachments_case_number"),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
    )
    op.create_index("ix_attachments_case_number_at", "attachments", ["case_number", "at"])
