"""What every command stands on: the home and its database, who acts, what time it is."""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import os
from collections.abc import Iterator

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.config import Settings, read_settings
from outreach.database import Database
from outreach.errors import NotFound
from outreach.words import Sentence


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


def campaign_named(session: Session, name: str) -> Campaign:
    """Return the campaign called `name`, or the only one there is. Raises NotFound, UsageError."""
    known = session.scalars(sa.select(Campaign).order_by(Campaign.slug)).all()
    found = [one for one in known if not name or one.slug == name]
    if len(found) == 1:
        return found[0]
    if not known:
        raise NotFound(Sentence("There is no campaign yet. Run “outreach seed” first."))
    raise click.UsageError(f"Say --campaign: {', '.join(one.slug for one in known)}.")
