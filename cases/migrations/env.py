"""Alembic's entry: runs on the connection, and in the transaction, that `upgrade` hands in."""

from alembic import context

from cases.model import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
    transactional_ddl=False,  # `upgrade` holds the transaction
)
context.run_migrations()
