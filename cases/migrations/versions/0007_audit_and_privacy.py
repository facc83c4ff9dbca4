"""Audit, reveals, identities and retention.

Triggers keep the audit's entries as they were written, whoever writes to the table. Somebody who may drop triggers can
still change them: `hotline audit verify` finds that.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEVER = "audit entries are never changed or deleted"


def upgrade() -> None:
    _audit()
    _privacy()
    _retention()
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sqlite()


def _audit() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_audit_entries_seq_counts_from_one")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_actor"), "audit_entries", ["actor"])
    op.create_index(op.f("ix_audit_entries_case_number"), "audit_entries", ["case_number"])
    op.create_table(
        "audit_heads",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "case_salts",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("case_number", name=op.f("pk_case_salts")),
    )


def _privacy() -> None:
    op.add_column("cases", sa.Column("accused", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "identities",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("wrapped_key", sa.String(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_identities_case_number")),
        sa.PrimaryKeyConstraint("case_number", name=op.f("pk_identities")),
    )
    op.create_table(
        "reveals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("needs_second", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.String(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("field IN ('phone', 'caller_name')", name=op.f("ck_reveals_field_word")),
        sa.CheckConstraint("(granted_by IS NULL) = (granted_at IS NULL)", name=op.f("ck_reveals_granted_has_time")),
        sa.CheckConstraint("granted_by IS NULL OR granted_by <> asked_by", name=op.f("ck_reveals_two_persons")),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_reveals_case_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reveals")),
    )
    op.create_index(op.f("ix_reveals_case_number"), "reveals", ["case_number"])


def _retention() -> None:
    archived = sa.text("state = 'archived'")
    op.create_index("ix_cases_archived", "cases", ["closed_at"], sqlite_where=archived, postgresql_where=archived)
    op.create_table(
        "legal_holds",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_legal_holds_case_number")),
        sa.PrimaryKeyConstraint("case_number", name=op.f("pk_legal_holds")),
    )
    op.create_table(
        "erasures",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("what IN ('identity', 'words', 'recording')", name=op.f("ck_erasures_what_word")),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_erasures_case_number")),
        sa.PrimaryKeyConstraint("case_number", "what", name=op.f("pk_erasures")),
    )


def _guard_on_sqlite() -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_entries_no_{event.lower()} BEFORE {event} ON audit_entries "
            f"BEGIN SELECT RAISE(ABORT, '{NEVER}'); END"
        )


def _guard_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_entries_stay() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{NEVER}'; END $$"
    )
    for event, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER audit_entries_no_{event.lower()} BEFORE {event} ON audit_entries "
            f"FOR EACH {each} EXECUTE FUNCTION audit_entries_stay()"
        )
