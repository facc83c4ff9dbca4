"""What the figures need."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_case_events_at", "case_events", ["at"])
    op.create_index("ix_assignments_due_at_dispatched_at", "assignments", ["due_at", "dispatched_at"])
    _exclusions()
    op.create_table(
        "published_rankings",
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_published_rankings")),
    )


def _exclusions() -> None:
    op.create_table(
        "figure_exclusions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("figure", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("because", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(granted IS NULL) = (decided_at IS NULL)", name=op.f("ck_figure_exclusions_decided_has_time")
        ),
        sa.CheckConstraint(
            "(decided_by = '') = (decided_at IS NULL)", name=op.f("ck_figure_exclusions_decided_has_person")
        ),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_figure_exclusions_two_persons")),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_figure_exclusions_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_exclusions")),
    )
    op.create_index("ix_figure_exclusions_asked_at", "figure_exclusions", ["asked_at", "id"])
    _partial("ix_figure_exclusions_granted", ["case_number"], "granted")
    _partial("uq_figure_exclusions_open", ["case_number", "figure"], "granted IS NULL OR granted", unique=True)


def _partial(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    rows = sa.text(where)
    op.create_index(name, "figure_exclusions", columns, unique=unique, sqlite_where=rows, postgresql_where=rows)
