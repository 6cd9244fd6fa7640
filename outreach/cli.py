"""The operator's door: `outreach run`, `serve`, `seed`, `demo run`, `contacts …`, `letters …`,
`counts …`.

Every command migrates the home it works on first. A command acts as `operator` with the system
user's name; approving is not possible from here.
"""

from __future__ import annotations

import gc
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import click
import sqlalchemy as sa
import waitress

from outreach import app, clock, walk
from outreach.accounts import demonstration as demonstration_accounts
from outreach.accounts import people
from outreach.accounts.models import Role
from outreach.cli_contacts import contacts
from outreach.cli_counts import counts
from outreach.cli_doctor import doctor
from outreach.cli_home import installation, now, operator
from outreach.cli_keeping import backup, restore
from outreach.cli_letters import letters
from outreach.cli_sending import outbox, pause, resume, send_due
from outreach.config import Settings, read_settings, shipped
from outreach.database import Database
from outreach.directory import demonstration, seeding
from outreach.errors import OutreachError
from outreach.letters import loading
from outreach.petitions import seeding as petition_seeding
from outreach.replies import forgetting
from outreach.sending import instance, ways
from outreach.sending.capture import CapturePostman
from outreach.sending.models import Attempt
from outreach.words import Sentence


def main() -> NoReturn:
    """Run the command line; one clear sentence and exit code 1 when something is wrong."""
    try:
        cli(standalone_mode=False)
    except OutreachError as error:
        click.echo(f"outreach: {error}", err=True)
        sys.exit(1)
    except sa.exc.OperationalError as error:
        click.echo(f"outreach: the database doesn't answer: {error.orig}", err=True)
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
    pause,
    resume,
    backup,
    restore,
    doctor,
):
    cli.add_command(command)


@cli.command()
def run() -> None:
    """Load what ships with Outreach (and, unless DEMO=no, the demonstration), then serve."""
    with installation() as (settings, database):
        _refuse_busy_port(settings)
        passwords = seed_database(database, demo=settings.demo, home=settings.home)
        _serve(settings, database, passwords)


@cli.command()
def serve() -> None:
    """Serve what is there, and run the clock; load nothing."""
    with installation() as (settings, database):
        _refuse_busy_port(settings)
        _serve(settings, database, [])


@cli.command()
@click.option("--demo", is_flag=True, help="Load the fictional demonstration too.")
def seed(demo: bool) -> None:
    """Load the directory, the built-in campaign and its letters; what is there stays as it is."""
    with installation() as (settings, database):
        _print_accounts(seed_database(database, demo=demo, home=settings.home))


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


def _serve(settings: Settings, database: Database, passwords: list[tuple[Role, str, str]]) -> None:
    """Serve and run the clock until Ctrl-C or SIGTERM; a letter on its way is finished first."""
    with database.writing() as session:
        if not settings.on_loopback and demonstration_accounts.exist(session):
            raise OutreachError(
                Sentence(
                    "The demonstration's accounts are still here, so Outreach serves on this "
                    "machine only. Run `outreach demo clear`, or leave OUTREACH_HOST out."
                )
            )
        token = people.first_admin_link(session, now=now())
    application = app.create_app(settings, database)
    try:
        server: Any = waitress.create_server(
            application, host=settings.host, port=settings.port, threads=8, ident=None
        )
    except OSError as error:
        raise _port_taken(settings, error) from error
    # What stands now stands until the end: Python need not look through it in the middle of a page.
    gc.freeze()
    _print_welcome(settings, token, passwords)
    if why := instance.check(database, settings.home, now=now()):
        click.echo(f"Paused: {why} Is this the live one? Then an organiser resumes it.")
    out = ways.ways_of(settings)
    scheduler = clock.start(
        database,
        out,
        home=settings.home,
        contact=settings.contact,
    )
    signal.signal(signal.SIGTERM, _stop)
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        clock.stop(scheduler)
        out.close()
        server.close()
        click.echo("Stopped. Nothing was lost.")


def _stop(_signal: int, _frame: object) -> None:
    raise SystemExit(0)


def _refuse_busy_port(settings: Settings) -> None:
    """Say so before anything is loaded; the server asks again when it binds."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise _port_taken(settings, error) from error


def _port_taken(settings: Settings, error: OSError) -> OutreachError:
    return OutreachError(
        Sentence(
            "Can't serve on %(host)s port %(port)s: %(why)s. Is Outreach running already? "
            "Choose another port, for example PORT=8001 make run.",
            host=settings.host,
            port=settings.port,
            why=(error.strerror or str(error)).lower(),
        )
    )


def _print_welcome(
    settings: Settings, token: str | None, passwords: list[tuple[Role, str, str]]
) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    click.echo(f"\nOutreach is at {address}   (Ctrl-C stops it)\n")
    _print_accounts(passwords)
    if token:
        click.echo("No admin yet. Whoever opens this link becomes the first one; it works once:")
        click.echo(f"  {address}/welcome/{token}\n")


def _print_accounts(passwords: list[tuple[Role, str, str]]) -> None:
    if not passwords:
        return
    click.echo("Sign in as one of the demonstration's people (new passwords at every start):")
    for role, email, password in passwords:
        click.echo(f"  {role.value:<10} {email:<32} {password}")
    click.echo("")
