"""The operator's door to what must not be lost: `outreach backup FILE`, `outreach restore FILE`."""

from __future__ import annotations

import os
from pathlib import Path

import click
import sqlalchemy as sa

from outreach import backup as keeping
from outreach import disk
from outreach.accounts import campaigns
from outreach.accounts.models import Actor, Campaign, Mode, Role
from outreach.cli_home import installation, now, operator
from outreach.config import read_settings
from outreach.database import Database
from outreach.errors import OutreachError
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.words import Sentence


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write everything of this home to FILE; letters may go on meanwhile.

    It holds every name, every letter and the secret key: keep it as you keep the home.
    """
    with installation() as (settings, database):
        counts = keeping.write(database, settings.home, file, now=now())
    click.echo(f"{sum(counts.values())} rows of {len(counts)} tables are in {file}.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def restore(file: Path) -> None:
    """Put FILE into this empty home. Every campaign is paused until an organiser resumes it."""
    settings = read_settings(os.environ)
    # Half a restore is none: rows, then files, then what a newer version makes of them.
    disk.require_room(settings.home, 3 * keeping.size_of(file))
    database = Database(settings.database_url)
    try:
        counts = keeping.read(database, settings.home, file)
        by = Actor(operator().name, role=Role.ADMIN)
        with database.writing() as session:
            for campaign in session.scalars(sa.select(Campaign)):
                # The other copy may still be sending: a person says which one is the live one.
                campaigns.pause(session, campaign, by=by, now=now())
            due = session.scalar(_may_have_left()) or 0
    except sa.exc.IntegrityError as error:
        raise OutreachError(
            Sentence("The backup doesn't hold together, so nothing was restored.")
        ) from error
    finally:
        database.close()
    click.echo(f"{sum(counts.values())} rows are back. Nothing leaves until somebody resumes it.")
    if due:
        click.echo(
            f"{due} scheduled letters are due. If anything was sent after this backup was made, "
            "they may have left already and would go again: look into the mail server's log, and "
            "take those that went off the schedule before you resume."
        )


def _may_have_left() -> sa.Select[int]:
    """Letters of live campaigns whose time came: the home backed up may have gone on sending."""
    due = (Letter.state == State.SCHEDULED, Letter.send_after <= now())
    live = sa.select(Campaign.id).where(Campaign.mode == Mode.LIVE)
    return sa.select(sa.func.count()).where(*due, Letter.campaign_id.in_(live))
