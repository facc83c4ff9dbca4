"""Supervision notices, their numbers, the mayor's instructions, and drafts of replies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_numbers",
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_document_numbers")),
    )
    op.create_table(
        "instructions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("demand", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("report_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_instructions_state_word")),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_instructions_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instructions")),
    )
    op.create_index(op.f("ix_instructions_case_number"), "instructions", ["case_number"], unique=False)
    op.create_index("ix_instructions_made_at", "instructions", ["made_at"], unique=False)
    op.create_index(
        "ix_instructions_report_by",
        "instructions",
        ["report_by"],
        unique=False,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    )
    op.create_table(
        "reply_drafts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_reply_drafts_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_drafts")),
        sa.UniqueConstraint("case_number", "author", name=op.f("uq_reply_drafts_case_number_author")),
    )
    op.create_table(
        "supervision_watches",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_supervision_watches_case_number")),
        sa.PrimaryKeyConstraint("case_number", name=op.f("pk_supervision_watches")),
    )
    op.create_index(
        "ix_supervision_watches_look_at",
        "supervision_watches",
        ["look_at"],
        unique=False,
        sqlite_where=text("look_at IS NOT NULL"),
        postgresql_where=text("look_at IS NOT NULL"),
    )
    op.create_table(
        "instruction_events",
        sa.Column("instruction_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'extend') = (until IS NOT NULL)", name=op.f("ck_instruction_events_extension_has_end")
        ),
        sa.CheckConstraint("kind IN ('report', 'extend', 'close')", name=op.f("ck_instruction_events_kind_word")),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["instructions.id"], name=op.f("fk_instruction_events_instruction_id")
        ),
        sa.PrimaryKeyConstraint("instruction_id", "seq", name=op.f("pk_instruction_events")),
    )
    op.create_table(
        "supervisions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("assignment_id", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("later", sa.String(), nullable=False),
        sa.Column("demand", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signatories", sa.JSON(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tell_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_by", sa.String(), nullable=False),
        sa.Column("answer_signed_by", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(number IS NOT NULL) = (issued_at IS NOT NULL AND level <> 'reminder')",
            name=op.f("ck_supervisions_issued_has_number"),
        ),
        sa.CheckConstraint(
            "level IN ('reminder', 'blue', 'yellow', 'red', 'transfer')", name=op.f("ck_supervisions_level_word")
        ),
        sa.CheckConstraint(
            "state <> 'answered' OR answered_at IS NOT NULL", name=op.f("ck_supervisions_answered_has_time")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'issued', 'answered', 'cancelled', 'dismissed')",
            name=op.f("ck_supervisions_state_word"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('cancelled', 'dismissed') OR ended_because <> ''",
            name=op.f("ck_supervisions_ended_has_reason"),
        ),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_supervisions_assignment_id")),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_supervisions_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervisions")),
    )
    op.create_index(op.f("ix_supervisions_assignment_id"), "supervisions", ["assignment_id"], unique=False)
    op.create_index(op.f("ix_supervisions_case_number"), "supervisions", ["case_number"], unique=False)
    op.create_index(op.f("ix_supervisions_department"), "supervisions", ["department"], unique=False)
    op.create_index("ix_supervisions_made_at", "supervisions", ["made_at"], unique=False)
    op.create_index(
        "ix_supervisions_tell_at",
        "supervisions",
        ["tell_at"],
        unique=False,
        sqlite_where=text("tell_at IS NOT NULL AND told_at IS NULL"),
        postgresql_where=text("tell_at IS NOT NULL AND told_at IS NULL"),
    )
    op.create_index("uq_supervisions_number", "supervisions", ["number"], unique=True)
    op.create_index(
        "uq_supervisions_open",
        "supervisions",
        ["assignment_id", "level"],
        unique=True,
        sqlite_where=text("state IN ('proposed', 'issued') AND level <> 'reminder'"),
        postgresql_where=text("state IN ('proposed', 'issued') AND level <> 'reminder'"),
    )
    op.create_index("ix_cases_state_version", "cases", ["state", "number", "version"])
