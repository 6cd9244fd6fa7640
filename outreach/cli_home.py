"""What every command stands on: the home and its database, who acts, what time it is."""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import os
from collections.abc import Iterator

from outreach.accounts.models import Actor
from outreach.config import Settings, read_settings
from outreach.database import Database


@contextlib.contextmanager
def installation() -> Iterator[tuple[Settings, Database]]:
    """Give the settings and the migrated database of this environment."""
    settings = read_settings(os.environ)
    database = Database(settings.database_url)
    try:
        database.migrate()
        yield settings, database
    finally:
        database.close()


def operator() -> Actor:
    """Return the actor a command acts as: `operator` with the system user's name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return Actor(f"operator {name}")


def now() -> dt.datetime:
    """Return the instant it is, aware, in UTC."""
    return dt.datetime.now(dt.UTC)
