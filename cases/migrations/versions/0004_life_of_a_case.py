"""The whole life of a case: returns, rulings, pauses, extensions, closing and archiving."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    of_cases = (
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("issuer", sa.String(), nullable=False, server_default=""),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retention", sa.String(), nullable=True),
    )
    of_assignments = (
        sa.Column("return_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returns", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("extensions", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("reworks", sa.Integer(), nullable=False, server_default="0"),
    )
    for table, columns in (("cases", of_cases), ("assignments", of_assignments)):
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_cases_merged_into", "cases", ["merged_into"])
    _index_where("ix_cases_closed_at", "cases", "closed_at", "state <> 'archived'")
    _index_where("ix_assignments_paused_until", "assignments", "paused_until", "progress = 'paused'")
    _extensions()
    _rulings()


def _index_where(name: str, table: str, column: str, where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, [column], unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def _extensions() -> None:
    op.create_table(
        "extensions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("assignment_id", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount >= 1", name=op.f("ck_extensions_amount_counts")),
        sa.CheckConstraint(
            "unit IN ('minutes', 'hours', 'calendar_days', 'working_days')", name=op.f("ck_extensions_unit_word")
        ),
        sa.CheckConstraint("decision IN ('granted', 'denied', 'lapsed')", name=op.f("ck_extensions_decision_word")),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_extensions_decided_has_time")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_extensions_assignment_id")),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_extensions_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extensions")),
    )
    op.create_index(op.f("ix_extensions_case_number"), "extensions", ["case_number"])
    _index_where("uq_extensions_open", "extensions", "assignment_id", "decision IS NULL", unique=True)


def _rulings() -> None:
    op.create_table(
        "rulings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("against", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_rulings_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulings")),
    )
    op.create_index(op.f("ix_rulings_case_number"), "rulings", ["case_number"])
    op.create_index("ix_rulings_category_at", "rulings", ["category", "at"])
