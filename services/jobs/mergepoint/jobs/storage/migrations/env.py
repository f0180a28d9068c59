"""Runs the migrations on the connection that ``Store.migrate`` passes; Alembic calls this file."""

from alembic import context

from mergepoint.jobs.storage.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
