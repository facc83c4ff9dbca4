"""Return visits, their tries, and the links citizens answer by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "return_visits",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("opened_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("instruction", sa.Boolean(), nullable=False),
        sa.Column("not_by", sa.String(), nullable=False),
        sa.Column("solved", sa.String(), nullable=True),
        sa.Column("satisfied", sa.String(), nullable=True),
        sa.Column("contacted", sa.Boolean(), nullable=True),
        sa.Column("is_true", sa.Boolean(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'answered') = (answered_at IS NOT NULL)", name=op.f("ck_return_visits_answered_has_time")
        ),
        sa.CheckConstraint(
            "satisfied IN ('very', 'yes', 'basically', 'no')", name=op.f("ck_return_visits_satisfied_word")
        ),
        sa.CheckConstraint("solved IN ('yes', 'partly', 'no')", name=op.f("ck_return_visits_solved_word")),
        sa.CheckConstraint(
            "state IN ('waiting', 'answered', 'unreached', 'dropped')", name=op.f("ck_return_visits_state_word")
        ),
        sa.CheckConstraint(
            "way IN ('call', 'sms', 'web', 'in_person', 'letter', 'email')", name=op.f("ck_return_visits_way_word")
        ),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_return_visits_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_visits")),
        sa.UniqueConstraint("case_number", "opened_version", name=op.f("uq_return_visits_case_number_opened_version")),
    )
    op.create_index(
        "ix_return_visits_due_at",
        "return_visits",
        ["due_at"],
        unique=False,
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    )
    op.create_index("ix_return_visits_opened_at", "return_visits", ["opened_at"], unique=False)
    op.create_index(
        "uq_return_visits_open",
        "return_visits",
        ["case_number"],
        unique=True,
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    )
    op.create_table(
        "return_visit_tries",
        sa.Column("visit_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('reached', 'no_answer', 'busy', 'refused', 'wrong_number', 'later', 'failed')",
            name=op.f("ck_return_visit_tries_outcome_word"),
        ),
        sa.CheckConstraint(
            "way IN ('call', 'sms', 'web', 'in_person', 'letter', 'email')", name=op.f("ck_return_visit_tries_way_word")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["return_visits.id"], name=op.f("fk_return_visit_tries_visit_id")),
        sa.PrimaryKeyConstraint("visit_id", "n", name=op.f("pk_return_visit_tries")),
    )
    op.create_index("uq_return_visit_tries_call", "return_visit_tries", ["call_id"], unique=True)
    op.create_table(
        "visit_links",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("visit_id", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["return_visits.id"], name=op.f("fk_visit_links_visit_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_visit_links")),
    )
    op.create_index(op.f("ix_visit_links_visit_id"), "visit_links", ["visit_id"], unique=False)
