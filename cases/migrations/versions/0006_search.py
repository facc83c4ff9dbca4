"""Search over cases, and which are alike."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STATES = (
    "'registered', 'accepted', 'rejected', 'answered', 'dispatched', 'return_requested', 'disputed', 'handling', "
    "'paused', 'replied', 'rework', 'return_visit', 'closed', 'closed_unresolved', 'merged', 'cancelled', "
    "'archived'"
)

# Pairs of neighbouring characters, as `cases/search_words.py` makes them.
_FUNCTION = r"""
CREATE FUNCTION case_pairs(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
    SELECT coalesce(array_agg(DISTINCT pair), '{}') FROM (
        SELECT letter || lead(letter) OVER (ORDER BY place) AS pair
        FROM unnest(string_to_array(words, NULL)) WITH ORDINALITY AS each(letter, place)
    ) AS all_pairs WHERE pair !~ '\s'
$$"""


def upgrade() -> None:
    op.create_table(
        "case_words",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_number"], ["cases.number"], name=op.f("fk_case_words_case_number"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_number", name=op.f("pk_case_words")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE case_pairs USING fts5(pairs, content='', columnsize=0, detail=none, tokenize=ascii)"
        )
    else:
        op.execute(_FUNCTION)
        op.execute("CREATE INDEX ix_case_words_pairs ON case_words USING gin (case_pairs(words))")
    op.create_table(
        "case_shares",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_case_shares_state_word")),
        sa.ForeignKeyConstraint(
            ["case_number"], ["cases.number"], name=op.f("fk_case_shares_case_number"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_number", "department", name=op.f("pk_case_shares")),
    )
    op.create_index("ix_case_shares_state", "case_shares", ["department", "state", "created_at", "case_number"])
    op.create_index("ix_case_shares_created_at", "case_shares", ["department", "created_at", "case_number"])
    op.drop_index("ix_cases_state", "cases")
    op.create_index("ix_cases_state_created_at", "cases", ["state", "created_at", "number"])
    op.create_index("ix_cases_category_created_at", "cases", ["category", "created_at", "number"])
    unreplied = sa.text("replied_at IS NULL")
    op.create_index(
        "ix_assignments_unreplied", "assignments", ["due_at"], sqlite_where=unreplied, postgresql_where=unreplied
    )
    op.create_index("ix_assignments_case_number", "assignments", ["case_number", "department"])
    op.create_table(
        "merge_members",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("primary_number", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["cases.number"], name=op.f("fk_merge_members_number")),
        sa.ForeignKeyConstraint(
            ["primary_number"], ["merge_members.number"], name=op.f("fk_merge_members_primary_number")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_merge_members")),
    )
    op.create_index(op.f("ix_merge_members_primary_number"), "merge_members", ["primary_number"])
    op.create_table(
        "repeat_links",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("earlier_number", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("case_number <> earlier_number", name=op.f("ck_repeat_links_not_of_itself")),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_repeat_links_case_number")),
        sa.ForeignKeyConstraint(["earlier_number"], ["cases.number"], name=op.f("fk_repeat_links_earlier_number")),
        sa.PrimaryKeyConstraint("case_number", name=op.f("pk_repeat_links")),
    )
    op.create_index(op.f("ix_repeat_links_earlier_number"), "repeat_links", ["earlier_number"])
