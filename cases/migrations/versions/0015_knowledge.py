"""The knowledge base."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    texts = ("id", "title", "answer", "category", "legal_basis", "owner", "folded", "changed_by")
    op.create_table(
        "knowledge",
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        sa.Column("review_on", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("used", "unhelpful", "version")),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("used >= 0 AND unhelpful >= 0", name="ck_knowledge_counts_count"),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge"),
    )
