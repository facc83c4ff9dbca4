"""Cases made public, and reports over Open311."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publications",
        sa.Column("case_number", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("summary", "place", "answer", "published_by")),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_publications_case_number"),
        sa.PrimaryKeyConstraint("case_number", name="pk_publications"),
    )
    op.create_index("ix_publications_published_at", "publications", ["published_at"])
    op.create_table(
        "reporters",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "prefix", "digest")),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_reporters"),
        sa.UniqueConstraint("prefix", name="uq_reporters_prefix"),
    )
    texts = ("case_number", "reporter", "email", "account_id", "device_id", "media_url")
    op.create_table(
        "reported",
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("latitude", "longitude")),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_reported_case_number"),
        sa.ForeignKeyConstraint(["reporter"], ["reporters.name"], name="fk_reported_reporter"),
        sa.PrimaryKeyConstraint("case_number", name="pk_reported"),
    )
    op.create_index("ix_reported_reporter", "reported", ["reporter"])
