"""Channels to departments: their endpoints, receipts and breakers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _widen_endpoints_and_deliveries()
    _add_breakers()
    _add_foreign_requests()
    _add_signing_links()
    _widen_inbound_events()


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, server_default="")


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _widen_endpoints_and_deliveries() -> None:
    for column in (
        _words("approved_host"),
        _words("email"),
        sa.Column("full_body", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("options", sa.JSON(none_as_null=True), nullable=False, server_default="{}"),
    ):
        op.add_column("department_endpoints", column)
    op.add_column("deliveries", _words("receipt"))
    op.add_column("deliveries", _moment("alarm_at"))
    open_ = text("state <> 'delivered'")
    op.create_index("ix_deliveries_alarm_at", "deliveries", ["alarm_at"], sqlite_where=open_, postgresql_where=open_)
    op.create_index("ix_deliveries_created_at_id", "deliveries", ["created_at", "id"])


def _add_breakers() -> None:
    op.create_table(
        "department_breakers",
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        _moment("since"),
        _moment("open_until"),
        _moment("probing_until"),
        sa.PrimaryKeyConstraint("department", name=op.f("pk_department_breakers")),
    )


def _add_foreign_requests() -> None:
    op.create_table(
        "foreign_requests",
        sa.Column("assignment_id", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        _words("token"),
        _words("number"),
        _words("status"),
        _moment("sent_at", nullable=False),
        _moment("due_at"),
        sa.Column("turn", sa.Integer(), nullable=False),
        _words("last_error"),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_foreign_requests_assignment_id")),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_foreign_requests")),
    )
    due = text("due_at IS NOT NULL")
    op.create_index(
        "ix_foreign_requests_due_at", "foreign_requests", ["due_at"], sqlite_where=due, postgresql_where=due
    )


def _add_signing_links() -> None:
    op.create_table(
        "signing_links",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("assignment_id", sa.String(), nullable=False),
        _moment("created_at", nullable=False),
        _moment("expires_at", nullable=False),
        _moment("used_at"),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_signing_links_assignment_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_signing_links")),
    )
    op.create_index(op.f("ix_signing_links_assignment_id"), "signing_links", ["assignment_id"])


def _widen_inbound_events() -> None:
    for column in (
        _words("case_number"),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        _moment("updated_at"),
        sa.Column("outcome", sa.String(), nullable=False, server_default="applied"),
        _words("said"),
    ):
        op.add_column("inbound_events", column)
    op.create_index("ix_inbound_events_case_number", "inbound_events", ["case_number", "department"])
