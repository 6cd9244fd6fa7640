"""`outreach doctor`: is everything there that letters need? In plain words, one line a part."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign, Event, MailAccount, Sender
from outreach.cli_home import now
from outreach.config import Settings, read_settings
from outreach.database import Database
from outreach.errors import OutreachError
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import domain_checks, instance, lease, trying, ways
from outreach.sending import finding as mail
from outreach.sending.domain_checks import Resolver
from outreach.sending.finding import Found
from outreach.sending.resolving import SystemResolver
from outreach.signing import Vault

# Below this a day of captured letters may not fit any more.
FREE = 200_000_000
# A clock that is behind what was written already was set back.
SLACK = dt.timedelta(minutes=2)
# Leases of several machines hold as long as their clocks differ by less.
SKEW = dt.timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: whether it is well, and what to do when it isn't."""

    part: str
    well: bool
    words: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON object.")
def doctor(as_json: bool) -> None:
    """Look at settings, home, disk, database, clock, outbox, mail servers and the DNS.

    Mail servers are greeted and signed in to; no letter is handed over. Exit 1 when something is
    wrong.
    """
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
        yield from _key(database, settings)
        yield from _time(database)
        yield from _letters(database)
        yield from _mail(database, settings)
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


def _key(database: Database, settings: Settings) -> Iterator[Finding]:
    try:
        instance.require_key(database, settings.home, Vault(settings.secret_key))
    except OutreachError as error:
        yield Finding("secret-key", False, str(error))
    else:
        yield Finding("secret-key", True, "it opens what is locked")


def _time(database: Database) -> Iterator[Finding]:
    with database.reading() as session:
        last = session.scalar(sa.select(sa.func.max(Event.at)))
        ticked_at = lease.last_tick(session)
        theirs = _their_time(session) if database.url.get_backend_name() == "postgresql" else None
    behind = last is not None and last > now() + SLACK
    words = "it goes forward"
    if behind:
        words = "the clock was set back: letters wait until it is right."
    skew = abs(theirs - now()) if theirs else dt.timedelta()
    if skew > SKEW:
        words = f"it differs from the database's by {skew.total_seconds():.0f} s: set both by NTP."
    yield Finding("clock", not behind and skew <= SKEW, words)
    if ticked_at is None:
        yield Finding("ticks", True, "none yet: `outreach run` or `outreach clock` ticks.")
        return
    silent = abs(now() - ticked_at)
    words = f"the last one was {silent.total_seconds():.0f} s ago"
    if silent > lease.SILENT:
        words += ": start `outreach run`, or `outreach clock`, or nothing leaves by itself."
    yield Finding("ticks", silent <= lease.SILENT, words)


def _their_time(session: Session) -> dt.datetime:
    theirs: dt.datetime = session.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    return theirs


def _letters(database: Database) -> Iterator[Finding]:
    with database.reading() as session:
        unknown = session.scalar(sa.select(sa.func.count()).where(Letter.state == State.UNKNOWN))
        paused = session.scalars(
            sa.select(Campaign.slug).where(Campaign.paused_at.is_not(None))
        ).all()
    words = "nothing is unknown"
    if unknown:
        words = (
            f"nobody knows of {unknown} letters whether they went: `outreach outbox` lists them."
        )
    yield Finding("outbox", not unknown, words)
    words = f"paused: {', '.join(paused)}" if paused else "none is paused"
    yield Finding("campaigns", True, words)


def resolver() -> Resolver:
    """Return who asks the DNS; tests hand in their own."""
    return SystemResolver()


def trust() -> ssl.SSLContext | None:
    """Return whose certificates hold; None: those the system trusts."""
    return None


def _mail(database: Database, settings: Settings) -> Iterator[Finding]:
    """Every account that takes letters: its server, and the domains it speaks for."""
    vault = Vault(settings.secret_key)
    with database.reading() as session:
        accounts = session.scalars(
            sa.select(MailAccount).where(MailAccount.enabled).order_by(MailAccount.id)
        ).all()
        senders = session.execute(sa.select(Sender.campaign_id, Sender.from_address)).all()
        session.expunge_all()
    for account in accounts:
        froms = sorted(
            {address for campaign, address in senders if campaign == account.campaign_id}
        )
        yield from _server(account, froms, vault)
        for domain in sorted({address.rpartition("@")[2] for address in froms}):
            # The part before the @ plays no role in what a domain says.
            found = domain_checks.check_domain(account, f"x@{domain}", resolver())
            yield from _each(f"domain {domain}", found)


def _server(account: MailAccount, froms: Sequence[str], vault: Vault) -> Iterator[Finding]:
    part = f"mail server {account.name}"
    if account.paused_at is not None:
        yield Finding(part, False, f"it rests until somebody looks: {account.paused_because}")
        return
    try:
        server = ways.server_of(account, vault.unlock(account.password))
    except OutreachError as error:
        yield Finding(part, False, str(error))
        return
    sender = froms[0] if froms else ""
    yield from _each(part, trying.try_connection(server, sender=sender, trust=trust()))


def _each(part: str, found: Sequence[mail.Finding]) -> Iterator[Finding]:
    """A line for each, with the record to publish where one is missing."""
    for one in found:
        wrong = one.found in (Found.WRONG, Found.MISSING)
        told = ""
        if wrong and one.record:
            told = f" Publish {one.record.kind} {one.record.name}: {one.record.value}"
        yield Finding(f"{part}, {_CALLED.get(one.name, one.name)}", not wrong, f"{one.words}{told}")


# What is called by its short name everywhere.
_CALLED = {"spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC", "mx": "MX", "reverse": "reverse name"}
