"""The whole life of a case: returns, rulings, pauses, extensions."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
