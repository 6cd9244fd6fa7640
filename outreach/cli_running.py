"""The operator's door to processes: `run` (all in one), `web`, `worker`, `clock`, `upgrade`."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

import click
import sqlalchemy as sa
import waitress

from outreach import app, clock, disk, engine, logs, work
from outreach.accounts import demonstration as demonstration_accounts
from outreach.accounts import people
from outreach.accounts.models import Role
from outreach.cli_home import installation, now
from outreach.config import Settings
from outreach.database import Database
from outreach.errors import OutreachError
from outreach.sending import instance, ways
from outreach.signing import Vault
from outreach.words import N_, Sentence

THREADS = 8
KINDS = ("letters", "imports", "drafts")
# What an engine wakes is looked for all the same, but not as often.
SECONDS_WITH_ENGINE = 30
TIDY_SECONDS = 60
# How often a process looks whether the database was brought beyond its code.
LOOK_SECONDS = 5.0
# A page that takes longer is stuck: its process is replaced.
PAGE_SECONDS = 120
_NO_SERVER = N_(
    "Several web processes need gunicorn, which is not installed. Run “make postgres”, or install "
    "outreach[postgres]; “outreach serve” serves with one process and without it."
)

log = logging.getLogger(__name__)
Accounts = list[tuple[Role, str, str]]


@click.command()
def serve() -> None:
    """Serve what is there, with clock and worker in this one process; load nothing."""
    with installation() as (settings, database):
        refuse_busy_port(settings)
        all_in_one(settings, database, [])


@click.command()
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
def web(workers: int) -> None:
    """Serve the pages with several processes; clock and workers run beside it."""
    try:
        from gunicorn.app.base import BaseApplication
    except ModuleNotFoundError as error:
        raise OutreachError(Sentence(_NO_SERVER)) from error
    with installation() as (settings, database):
        refuse_busy_port(settings)
        token = _before_serving(settings, database)
    logs.set_up(settings.log)
    _print_welcome(settings, token, [])

    class Pages(BaseApplication):  # type: ignore[misc]
        """Our application in gunicorn; each process opens the database anew."""

        def load_config(self) -> None:
            """Hand over the settings of the server."""
            for name, value in _gunicorn(settings, workers).items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            """Return the application of one process."""
            opened = Database(settings.database_url)
            engine.engine_of(opened)
            made = app.create_app(settings, opened)
            gc.freeze()
            return made

    Pages().run()


def _gunicorn(settings: Settings, workers: int) -> dict[str, Any]:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "bind": f"{host}:{settings.port}",
        "workers": workers,
        "threads": THREADS,
        "worker_class": "gthread",
        "timeout": PAGE_SECONDS,
        "graceful_timeout": 30,
        # Whatever says who came stays unsaid (no access log), the rest goes through our lines.
        "accesslog": None,
        "logger_class": _OurLines,
        "proc_name": "outreach",
        "control_socket_disable": True,
    }


class _OurLines:
    """gunicorn's log, by way of ours: it would name the machines that connect."""

    def __init__(self, _config: Any) -> None:
        self._log = logging.getLogger("gunicorn.error")
        self.debug, self.info = self._log.debug, self._log.debug
        self.warning, self.error = self._log.warning, self._log.error
        self.critical, self.exception = self._log.critical, self._log.exception
        self.log = self._log.log

    def access(self, *_told: Any) -> None:
        """Keep nothing of who asked for what."""

    def reopen_files(self) -> None:
        """Do nothing: there is no file."""

    def close_on_exec(self) -> None:
        """Do nothing: there is no file."""


@click.command()
@click.option("--once", is_flag=True, help="Do what there is to do now, then end.")
@click.option("--only", type=click.Choice(KINDS), multiple=True, help="Leave the rest to others.")
def worker(once: bool, only: tuple[str, ...]) -> None:
    """Send due letters, import lists, make drafts; as many of these as there is work for."""
    with installation() as (settings, database), ways.ways_of(settings) as out:
        logs.set_up(settings.log)
        disk.require_room(settings.home)
        instance.require_key(database, settings.home, Vault(settings.secret_key))
        if why := instance.check(database, settings.home, now=now()):
            log.warning("paused: %s Is this the live one? Then an organiser resumes it.", why)
        # What stands now stands until the end: Python need not look through it between letters.
        gc.freeze()
        name, stopped = work.new_worker(), _told_to_stop()
        going, home = (lambda: not stopped.is_set()), settings.home
        duties = work.duties(database, out, now=now, worker=name, home=home, going=going)
        duties = {kind: duty for kind, duty in duties.items() if not only or kind in only}
        if once:
            for duty in duties.values():
                duty.do()
            instance.note(database, settings.home)
            return
        waking = engine.engine_of(database)
        jobs: dict[str, Callable[[], object]] = {k: d.look for k, d in duties.items()}
        jobs["instance"] = lambda: work.part(
            "instance", lambda: instance.note(database, settings.home), None
        )
        beat = work.beat(jobs, SECONDS_WITH_ENGINE if waking else clock.SECONDS)
        if waking is not None:
            waking.start({k: d.do for k, d in duties.items()})
        log.info("worker %s is at work", name)
        try:
            _until(stopped, database)
        finally:
            stopped.set()
            if waking is not None:
                waking.stop()
            work.stop(beat)
            log.info("worker %s stopped; what it had begun is finished", name)


@click.command("clock")
def clock_() -> None:
    """Tick. One at a time: a second clock idles, and takes over when the first one is gone."""
    with installation() as (settings, database):
        logs.set_up(settings.log)
        vault = Vault(settings.secret_key)
        instance.require_key(database, settings.home, vault)
        waking, stopped = engine.engine_of(database), _told_to_stop()
        name = work.new_worker()
        jobs = clock.jobs(
            database,
            now=now,
            worker=name,
            contact=settings.contact,
            home=settings.home,
            vault=vault,
        )
        beat = work.beat(jobs, clock.SECONDS)
        tidying = work.beat({"tidy": _tidying(waking)}, TIDY_SECONDS) if waking else None
        log.info("clock %s is at work", name)
        try:
            _until(stopped, database)
        finally:
            work.stop(beat)
            if tidying is not None:
                work.stop(tidying)
            clock.release(database, name)
            log.info("clock %s stopped", name)


def _tidying(waking: engine.Engine) -> Callable[[], object]:
    return lambda: work.part("engine", waking.tidy, None)


@click.command()
def upgrade() -> None:
    """Bring the database up to this version, and do nothing else. Every other command does too."""
    with installation() as (_settings, database):
        click.echo(f"The database is up to date (revision {database.revision()}).")


def _told_to_stop() -> threading.Event:
    """Return what SIGTERM or Ctrl-C sets; a second one ends the process as a power cut would."""
    stopped = threading.Event()

    def stop(number: int, _frame: object) -> None:
        if stopped.is_set():
            os._exit(128 + number)
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopped


def _until(stopped: threading.Event, database: Database) -> None:
    """Wait until it is `stopped`.

    Raises OutreachError when somebody brought the database beyond this code meanwhile.
    """
    while not stopped.wait(LOOK_SECONDS):
        try:
            database.up_to_date()
        except sa.exc.SQLAlchemyError as error:
            log.warning("the database doesn't answer: %s", type(error).__name__)


def all_in_one(settings: Settings, database: Database, passwords: Accounts) -> None:
    """Serve, tick and work in this process until it is told to stop; a letter is finished first."""
    token = _before_serving(settings, database)
    logs.set_up(settings.log)
    engine.engine_of(database)  # workers of other processes are woken, should there be any
    application = app.create_app(settings, database)
    try:
        server: Any = waitress.create_server(
            application, host=settings.host, port=settings.port, threads=THREADS, ident=None
        )
    except OSError as error:
        raise _port_taken(settings, error) from error
    # What stands now stands until the end: Python need not look through it in the middle of a page.
    gc.freeze()
    _print_welcome(settings, token, passwords)
    if why := instance.check(database, settings.home, now=now()):
        click.echo(f"Paused: {why} Is this the live one? Then an organiser resumes it.")
    out = ways.ways_of(settings)
    vault = Vault(settings.secret_key)
    running = clock.start(database, out, home=settings.home, contact=settings.contact, vault=vault)
    signal.signal(signal.SIGTERM, _stop)
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        signal.signal(signal.SIGTERM, lambda number, _frame: os._exit(128 + number))
        running.stop()
        out.close()
        server.close()
        click.echo("Stopped. Nothing was lost.")


def _stop(_signal: int, _frame: object) -> None:
    raise SystemExit(0)


def _before_serving(settings: Settings, database: Database) -> str | None:
    """Refuse what must not be served; return the token of the link that makes the first admin."""
    disk.require_room(settings.home)
    try:
        instance.require_key(database, settings.home, Vault(settings.secret_key))
    except OutreachError as error:
        # Served all the same: where the key is lost, passwords are typed in again in the browser.
        click.echo(str(error), err=True)
    with database.writing() as session:
        if not settings.on_loopback and demonstration_accounts.exist(session):
            raise OutreachError(
                Sentence(
                    "The demonstration's accounts are still here, so Outreach serves on this "
                    "machine only. Run `outreach demo clear`, or leave OUTREACH_HOST out."
                )
            )
        return people.first_admin_link(session, now=now())


def refuse_busy_port(settings: Settings) -> None:
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


def _print_welcome(settings: Settings, token: str | None, passwords: Accounts) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    click.echo(f"\nOutreach is at {address}   (Ctrl-C stops it)\n")
    print_accounts(passwords)
    if token:
        click.echo("No admin yet. Whoever opens this link becomes the first one; it works once:")
        click.echo(f"  {address}/welcome/{token}\n")


def print_accounts(passwords: Accounts) -> None:
    """Print how to sign in as the demonstration's people; nothing when there are none."""
    if not passwords:
        return
    click.echo("Sign in as one of the demonstration's people (new passwords at every start):")
    for role, email, password in passwords:
        click.echo(f"  {role.value:<10} {email:<32} {password}")
    click.echo("")
