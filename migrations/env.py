"""Alembic's entry: runs the migrations on the connection that `Database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from outreach.directory import calendar as _calendar  # noqa: F401
from outreach.directory import identity as _identity  # noqa: F401
from outreach.directory.syncing import models as _syncing  # noqa: F401
from outreach.petitions import pages as _pages  # noqa: F401
from outreach.replies import models as _replies  # noqa: F401  (loads the tables of every room)
from outreach.replies.deskwork import readings as _readings  # noqa: F401
from outreach.schema import Base
from outreach.sending import models as _sending  # noqa: F401

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
