"""Whether this home is the one that sends, or a copy of it (law 9).

`OUTREACH_HOME/instance` holds an id made of machine and path, and the number of the last attempt.
A live campaign whose home was copied, moved or put back to an older day is paused at start: two
copies would send each letter twice, an older one what has gone already. A person says which one is
the live one by resuming.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import CLOCK, Campaign, MailAccount, Mode
from outreach.database import Database
from outreach.errors import OutreachError
from outreach.sending.models import Attempt
from outreach.signing import Vault
from outreach.words import N_, Sentence

FILE = "instance"
MOVED = N_("This home was moved or copied from another machine or folder.")
BEHIND = N_("The database is older than the last letter that left from here.")
MISSING = N_("This home never sent from here, but its campaign is live.")
OTHER_KEY = N_(
    "The secret-key in %(home)s is not the one that this database's passwords and keys were locked "
    "with. Copy the secret-key of the home they were typed in at (mode 0600) here, and start "
    "again. If it is lost, type every password in again and make new keys, in the browser."
)


def check(
    database: Database, home: Path, *, now: dt.datetime, machine: str = ""
) -> Sentence | None:
    """Pause live campaigns when `home` is not the one that sent last; return why, or None.

    `machine` is what tells this machine from others (default: its own id). Call it before the
    clock starts; `note` keeps the answer for the next start.
    """
    with database.writing() as session:
        live = session.scalars(
            sa.select(Campaign).where(Campaign.mode == Mode.LIVE, Campaign.paused_at.is_(None))
        ).all()
        why = _wrong(home, _here(home, machine), _last(session)) if live else None
        if why is not None:
            for campaign in live:
                _pause(session, campaign, why, now)
    note(database, home, machine=machine)
    return why


def note(database: Database, home: Path, *, machine: str = "") -> None:
    """Keep that this home sends, and how far it is."""
    with database.reading() as session:
        said = {"id": _here(home, machine), "attempt": _last(session)}
    path = home / FILE
    text = json.dumps(said)
    if path.is_file() and path.read_text(encoding="ascii") == text:
        return
    beside = path.with_name(f".{FILE}.{os.getpid()}")
    beside.write_text(text, encoding="ascii")
    beside.replace(path)


def require_key(database: Database, home: Path, vault: Vault) -> None:
    """Raise OutreachError when `vault`, of the key in `home`, opens no account's password or key.

    Machines that share a database share a key: with another one no letter could be signed in for,
    and the tags in answer addresses would be a stranger's.
    """
    with database.reading() as session:
        secrets = sa.select(MailAccount.password, MailAccount.dkim_key)
        locked = session.execute(secrets.where(MailAccount.enabled)).all()
    for secret in {one for row in locked for one in row if one}:
        try:
            vault.unlock(secret)
        except OutreachError as error:
            raise OutreachError(Sentence(OTHER_KEY, home=str(home))) from error


def _wrong(home: Path, here: str, last: int) -> Sentence | None:
    try:
        said = json.loads((home / FILE).read_text(encoding="ascii"))
        was, attempt = said["id"], int(said["attempt"])
    except (OSError, ValueError, KeyError, TypeError):
        return Sentence(MISSING)
    if was != here:
        return Sentence(MOVED)
    return Sentence(BEHIND) if last < attempt else None


def _here(home: Path, machine: str) -> str:
    known = machine or _machine()
    return hashlib.sha256(f"{known}\n{home.resolve()}".encode()).hexdigest()[:16]


def _machine() -> str:
    """The id systemd gives a machine (machine-id(5)), else its name."""
    try:
        return Path("/etc/machine-id").read_text(encoding="ascii").strip() or platform.node()
    except OSError:
        return platform.node()


def _last(session: Session) -> int:
    return session.scalar(sa.select(sa.func.max(Attempt.id))) or 0


def _pause(session: Session, campaign: Campaign, why: Sentence, now: dt.datetime) -> None:
    campaign.paused_at, campaign.paused_by = now, CLOCK.name
    audit.record(
        session,
        subject=("campaign", campaign.id),
        name="paused",
        by=CLOCK,
        now=now,
        campaign_id=campaign.id,
        detail={"because": str(why)},
    )
