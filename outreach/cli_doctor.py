"""`outreach doctor`: is everything there that letters need? In plain words, one line a part."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext

from outreach.accounts.models import Campaign, Event
from outreach.cli_home import now
from outreach.config import Settings, read_settings
from outreach.database import Database
from outreach.errors import OutreachError
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter

# Below this a day of captured letters may not fit any more.
FREE = 200_000_000
# A clock that is behind what was written already was set back.
SLACK = dt.timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: whether it is well, and what to do when it isn't."""

    part: str
    well: bool
    words: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON object.")
def doctor(as_json: bool) -> None:
    """Look at settings, home, disk, database, clock and outbox. Exit 1 when something is wrong."""
    found = list(findings())
    if as_json:
        click.echo(json.dumps({"well": all(f.well for f in found), "parts": [*map(asdict, found)]}))
    else:
        for one in found:
            click.echo(f"{'ok   ' if one.well else 'WRONG'}  {one.part}: {one.words}")
    if not all(one.well for one in found):
        raise SystemExit(1)


def findings() -> Iterator[Finding]:
    """Yield what there is to say of each part; what hangs on a broken one is left out."""
    try:
        settings = read_settings(os.environ)
    except OutreachError as error:
        yield Finding("settings", False, str(error))
        return
    yield Finding("settings", True, f"the home is {settings.home}")
    yield from _home(settings)
    database = Database(settings.database_url)
    try:
        yield from _database(database)
    except sa.exc.SQLAlchemyError as error:
        yield Finding("database", False, f"it doesn't answer: {getattr(error, 'orig', error)}")
    except OutreachError as error:
        yield Finding("database", False, str(error))
    finally:
        database.close()


def _home(settings: Settings) -> Iterator[Finding]:
    probe = settings.home / ".doctor"
    try:
        probe.write_text("well", encoding="ascii")
        probe.unlink()
    except OSError as error:
        yield Finding("home", False, f"nothing can be written there ({error.strerror}).")
    else:
        yield Finding("home", True, "it can be written to")
    free = shutil.disk_usage(settings.home).free
    megabytes = free // 1_000_000
    yield Finding(
        "disk",
        free > FREE,
        f"{megabytes} MB are free" + ("" if free > FREE else ": make room before letters stop."),
    )
    fonts = Path(__file__).parent / "web" / "static" / "vendor" / "fonts"
    yield Finding(
        "fonts",
        fonts.is_dir(),
        "letters can be printed" if fonts.is_dir() else "run `make` again: the fonts are missing.",
    )


def _database(database: Database) -> Iterator[Finding]:
    database.migrate()
    with database.engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        words = f"{connection.dialect.name}, revision {revision}"
        if connection.dialect.name == "sqlite":
            told = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if told != "ok":
                yield Finding("database", False, f"it is damaged ({told}): restore a backup.")
                return
        yield Finding("database", True, words)
    with database.reading() as session:
        last = session.scalar(sa.select(sa.func.max(Event.at)))
        behind = last is not None and last > now() + SLACK
        yield Finding(
            "clock",
            not behind,
            "the clock was set back: letters wait until it is right."
            if behind
            else "it goes forward",
        )
        unknown = session.scalar(sa.select(sa.func.count()).where(Letter.state == State.UNKNOWN))
        yield Finding(
            "outbox",
            not unknown,
            f"nobody knows of {unknown} letters whether they went: `outreach outbox` lists them."
            if unknown
            else "nothing is unknown",
        )
        paused = session.scalars(
            sa.select(Campaign.slug).where(Campaign.paused_at.is_not(None))
        ).all()
        yield Finding(
            "campaigns", True, f"paused: {', '.join(paused)}" if paused else "none is paused"
        )
