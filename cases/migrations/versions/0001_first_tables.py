"""The first tables: people, calls, cases, deliveries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


_TABLES = (
    "api_keys",
    "calls",
    "case_numbers",
    "department_endpoints",
    "feed",
    "idempotency_keys",
    "inbound_events",
    "login_tries",
    "people",
    "call_events",
    "drafts",
    "legs",
    "presence",
    "recordings",
    "tokens",
    "transcripts",
    "cases",
    "assignments",
    "case_events",
    "deliveries",
)


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
    )
    op.create_index(op.f("ix_api_keys_department"), "api_keys", ["department"], unique=False)
    op.create_table(
        "calls",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("dialled", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index("ix_calls_caller_started_at", "calls", ["caller", "started_at"], unique=False)
    op.create_index(op.f("ix_calls_started_at"), "calls", ["started_at"], unique=False)
    op.create_table(
        "case_numbers",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_case_numbers")),
    )
    op.create_table(
        "department_endpoints",
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("secrets", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("networks", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("disabled_because", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "channel IN ('page', 'webhook', 'open311', 'email')", name=op.f("ck_department_endpoints_channel_word")
        ),
        sa.PrimaryKeyConstraint("department", name=op.f("pk_department_endpoints")),
    )
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_feed_at"), "feed", ["at"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_digest", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "inbound_events",
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("department", "id", name=op.f("pk_inbound_events")),
    )
    op.create_table(
        "login_tries",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_login_tries")),
    )
    op.create_table(
        "people",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("sip_digest", sa.String(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(role = 'clerk') = (department IS NOT NULL)", name=op.f("ck_people_clerk_has_department")),
        sa.CheckConstraint(
            "role IN ('operator', 'dispatcher', 'clerk', 'supervisor', 'administrator')",
            name=op.f("ck_people_role_word"),
        ),
        sa.CheckConstraint(
            "sip_digest IS NULL OR role IN ('operator', 'supervisor')", name=op.f("ck_people_telephone_of_role")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_people")),
    )
    op.create_table(
        "call_events",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_call_events_seq_counts_from_one")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_events_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "seq", name=op.f("pk_call_events")),
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("proposed", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("corrected", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("corrected_by", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_drafts_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("call_id", name=op.f("uq_drafts_call_id")),
    )
    op.create_table(
        "legs",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_legs_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "id", name=op.f("pk_legs")),
    )
    op.create_table(
        "presence",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('ready', 'paused', 'away')", name=op.f("ck_presence_status_word")),
        sa.ForeignKeyConstraint(["name"], ["people.name"], name=op.f("fk_presence_name"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_presence")),
    )
    op.create_table(
        "recordings",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_recordings_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "path", name=op.f("pk_recordings")),
    )
    op.create_table(
        "tokens",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('api', 'page')", name=op.f("ck_tokens_kind_word")),
        sa.ForeignKeyConstraint(["name"], ["people.name"], name=op.f("fk_tokens_name"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_expires_at"), "tokens", ["expires_at"], unique=False)
    op.create_index(op.f("ix_tokens_name"), "tokens", ["name"], unique=False)
    op.create_table(
        "transcripts",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("covers", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state <> 'done' OR content IS NOT NULL", name=op.f("ck_transcripts_done_has_content")),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_transcripts_state_word")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_transcripts_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_transcripts")),
    )
    op.create_index(
        "ix_transcripts_due",
        "transcripts",
        ["due_at"],
        unique=False,
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    )
    op.create_table(
        "cases",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("confidentiality", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("caller_name", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("draft_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "confidentiality IN ('ordinary', 'confidential', 'tip_off')", name=op.f("ck_cases_confidentiality_word")
        ),
        sa.CheckConstraint(
            "kind <> 'tip_off' OR confidentiality = 'tip_off'", name=op.f("ck_cases_tip_off_is_protected")
        ),
        sa.CheckConstraint(
            "kind IN ('consultation', 'help', 'complaint', 'tip_off', 'suggestion', 'praise')",
            name=op.f("ck_cases_kind_word"),
        ),
        sa.CheckConstraint(
            "state IN ('registered', 'accepted', 'rejected', 'answered', 'dispatched', 'return_requested', 'disputed', "
            "'handling', 'paused', 'replied', 'rework', 'return_visit', 'closed', 'closed_unresolved', 'merged', "
            "'cancelled', 'archived')",
            name=op.f("ck_cases_state_word"),
        ),
        sa.CheckConstraint("urgency IN ('at_once', 'urgent', 'ordinary')", name=op.f("ck_cases_urgency_word")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_cases_version_counts")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_cases_call_id")),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_cases_draft_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_call_id"), "cases", ["call_id"], unique=False)
    op.create_index("ix_cases_created_at_number", "cases", ["created_at", "number"], unique=False)
    op.create_index("ix_cases_phone", "cases", ["phone"], unique=False)
    op.create_index(op.f("ix_cases_state"), "cases", ["state"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("progress", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_explained", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.String(), nullable=False),
        sa.CheckConstraint(
            "progress NOT IN ('replied', 'approved') OR replied_at IS NOT NULL",
            name=op.f("ck_assignments_replied_has_time"),
        ),
        sa.CheckConstraint("part IN ('lead', 'assisting')", name=op.f("ck_assignments_part_word")),
        sa.CheckConstraint(
            "progress NOT IN ('signed', 'paused', 'replied', 'rework', 'approved') OR signed_at IS NOT NULL",
            name=op.f("ck_assignments_signed_has_time"),
        ),
        sa.CheckConstraint(
            "progress IN ('waiting', 'return_requested', 'disputed', 'signed', 'paused', 'replied', 'rework', "
            "'approved', 'waived', 'returned', 'recalled')",
            name=op.f("ck_assignments_progress_word"),
        ),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_assignments_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    op.create_index(op.f("ix_assignments_department"), "assignments", ["department"], unique=False)
    at_work = "progress NOT IN ('returned', 'recalled', 'approved', 'waived')"
    for name, columns, where in (
        ("uq_assignments_department", ["case_number", "department"], at_work),
        ("uq_assignments_lead", ["case_number"], f"part = 'lead' AND {at_work}"),
    ):
        op.create_index(
            name, "assignments", columns, unique=True, sqlite_where=text(where), postgresql_where=text(where)
        )
    op.create_table(
        "case_events",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_case_events_seq_counts_from_one")),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_case_events_case_number")),
        sa.PrimaryKeyConstraint("case_number", "seq", name=op.f("pk_case_events")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("assignment_id", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries_since", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'delivered') = (delivered_at IS NOT NULL)", name=op.f("ck_deliveries_delivered_has_time")
        ),
        sa.CheckConstraint(
            "(state = 'sending') = (claimed_until IS NOT NULL)", name=op.f("ck_deliveries_sending_is_claimed")
        ),
        sa.CheckConstraint(
            "channel IN ('page', 'webhook', 'open311', 'email')", name=op.f("ck_deliveries_channel_word")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'delivered', 'dead')", name=op.f("ck_deliveries_state_word")
        ),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_deliveries_assignment_id")),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_deliveries_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "case_number", "department", "place", name=op.f("uq_deliveries_case_number_department_place")
        ),
    )
    op.create_index(op.f("ix_deliveries_assignment_id"), "deliveries", ["assignment_id"], unique=False)
    op.create_index(op.f("ix_deliveries_department"), "deliveries", ["department"], unique=False)
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["due_at"],
        unique=False,
        sqlite_where=text("state IN ('waiting', 'sending')"),
        postgresql_where=text("state IN ('waiting', 'sending')"),
    )


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
