"""The operator's door: `outreach run`, `web`, `worker`, `clock`, `seed`, `demo run`, `contacts …`,
`letters …`, `counts …`, `replies …`.

Every command migrates the home it works on first. A command acts as `operator` with the system
user's name; approving is not possible from here.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import click
import sqlalchemy as sa

from outreach import app, cli_running, disk, walk
from outreach.accounts import demonstration as demonstration_accounts
from outreach.accounts.models import Campaign, Mode, Role
from outreach.cli_contacts import contacts
from outreach.cli_counts import counts
from outreach.cli_doctor import doctor
from outreach.cli_home import installation, now, operator
from outreach.cli_keeping import backup, restore
from outreach.cli_letters import letters
from outreach.cli_replies import replies
from outreach.cli_sending import outbox, pause, resume, send_due
from outreach.config import read_settings, shipped
from outreach.database import Database
from outreach.directory import demonstration, seeding
from outreach.errors import OutreachError
from outreach.letters import loading
from outreach.petitions import seeding as petition_seeding
from outreach.replies.consequences import forgetting
from outreach.sending.capture import CapturePostman
from outreach.sending.models import Attempt
from outreach.words import Sentence


def _no_room() -> Sentence | None:
    """What to say when the home has no room: then SQLite may only speak of an I/O error."""
    try:
        disk.require_room(read_settings(os.environ).home)
    except OutreachError as error:
        return error.sentence
    return None


def main() -> NoReturn:
    """Run the command line; one clear sentence and exit code 1 when something is wrong."""
    try:
        cli(standalone_mode=False)
    except OutreachError as error:
        click.echo(f"outreach: {error}", err=True)
        sys.exit(1)
    except (sa.exc.DBAPIError, OSError) as error:
        if told := disk.told(error) or _no_room():
            click.echo(f"outreach: {told}", err=True)
        elif isinstance(error, sa.exc.OperationalError):
            click.echo(f"outreach: the database doesn't answer: {error.orig}", err=True)
        else:
            raise
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    sys.exit(0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Outreach: letters to governments and parliaments, and every answer kept."""


for command in (
    contacts,
    letters,
    counts,
    send_due,
    outbox,
    replies,
    pause,
    resume,
    backup,
    restore,
    doctor,
    cli_running.serve,
    cli_running.web,
    cli_running.worker,
    cli_running.clock_,
    cli_running.upgrade,
):
    cli.add_command(command)


@cli.command()
def run() -> None:
    """Load what ships with Outreach (and, unless DEMO=no or the campaign is live, the
    demonstration), then serve.
    """
    with installation() as (settings, database):
        cli_running.refuse_busy_port(settings)
        demo = settings.demo and not _any_live(database)
        passwords = seed_database(database, demo=demo, home=settings.home)
        cli_running.all_in_one(settings, database, passwords)


@cli.command()
@click.option("--demo", is_flag=True, help="Load the fictional demonstration too.")
def seed(demo: bool) -> None:
    """Load the directory, the built-in campaign and its letters; what is there stays as it is."""
    with installation() as (settings, database):
        cli_running.print_accounts(seed_database(database, demo=demo, home=settings.home))


@cli.group()
def demo() -> None:
    """The demonstration: fictional targets and one account per role."""


@demo.command("run")
def demo_run() -> None:
    """Play a letter's whole life in a fresh temporary home; exit 1 when a step went wrong."""
    with tempfile.TemporaryDirectory(prefix="outreach-") as folder:
        settings = read_settings({"OUTREACH_HOME": folder})
        database = Database(settings.database_url)
        try:
            database.migrate()
            seed_database(database, demo=True)
            walk.walk(database, settings, now=now(), say=click.echo)
        finally:
            database.close()


@demo.command("clear")
def demo_clear() -> None:
    """Take the demonstration away: its targets, accounts and everything rehearsed with them."""
    with installation() as (settings, database):
        with database.writing() as session:
            counts = forgetting.clear_demonstration(session, by=operator(), now=now())
        with database.reading() as session:
            kept = session.scalars(sa.select(Attempt.message_id)).all()
        counts["captured message"] = CapturePostman(settings.capture).forget(kept)
        for what, number in counts.items():
            click.echo(f"{number:>6}  {what.replace('_', ' ')}")
        click.echo("The demonstration is gone.")


def _any_live(database: Database) -> bool:
    """Whether a campaign is live: it takes no demonstration, and has to start all the same."""
    with database.reading() as session:
        live = sa.select(Campaign.id).where(Campaign.mode == Mode.LIVE).limit(1)
        return session.scalar(live) is not None


def seed_database(
    database: Database, *, demo: bool, home: Path | None = None
) -> list[tuple[Role, str, str]]:
    """Load what ships, and the letters in `home`, which stand in the place of those that ship.

    Returns (role, e-mail, password) of the demonstration's accounts.
    """
    by, instant = operator(), now()
    with database.writing() as session:
        seeding.seed_directory(session, shipped("contacts"), now=instant, by=by)
        campaign = petition_seeding.seed_campaign(
            session, petition_seeding.BUILTIN, now=instant, by=by
        )
        _read, left_out = loading.load_installed(session, campaign, home, now=instant, by=by)
        for why in left_out:
            click.echo(f"Left out: {why}", err=True)
        if not demo:
            return []
        demonstration.seed_demonstration(session, shipped("contacts"), now=instant, by=by)
        return demonstration_accounts.seed_accounts(
            session, campaign, now=instant, hash_password=app.hash_password
        )
