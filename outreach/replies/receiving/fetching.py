"""Takes messages from where they arrive, stores each, then goes on to the next.

There is no cursor: what lies in a folder and was never stored is taken, in whatever order it came
and however often the line broke. A mailbox that can't be read says so, and holds up no other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.errors import OutreachError
from outreach.replies.models import Mailbox, Way
from outreach.replies.receiving import imap, inbox, mailboxes
from outreach.replies.receiving.imap import Access, Folder, Listed, MessageTrouble
from outreach.signing import Vault
from outreach.words import N_, Sentence

# Between two looks into a mailbox.
EVERY = dt.timedelta(seconds=60)
# More wait for the next look, so that one full mailbox holds up no other.
MOST_AT_ONCE = 500
_TOO_LARGE = N_("A message of %(size)s bytes is too large to be taken; it was left there.")
_ONE_REFUSED = N_("The server does not hand out one message: %(words)s")
_TRIPPED = N_("Our program tripped over it (%(error)s).")
_NO_MAILDIR = N_("There is no Maildir that we may read at %(folder)s: no folder “new” in it.")
_NOT_READABLE = N_("A file in the folder can't be read or stored (%(error)s).")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Fetched:
    """What one look brought: messages `taken` that are new, and those we `had` already."""

    taken: int = 0
    had: int = 0
    trouble: Sentence | None = None


def fetch_due(
    database: Database,
    vault: Vault,
    *,
    now: Callable[[], dt.datetime],
    trust: ssl.SSLContext | None = None,
    every: dt.timedelta = EVERY,
) -> dict[int, Fetched]:
    """Look into each mailbox whose time has come; return {mailbox id: what it brought}.

    `now` is asked again for each. Call it where no transaction is open.
    """
    with database.writing() as session:
        due = mailboxes.claim_due(session, before=now() - every, now=now())
    return {number: fetch(database, number, vault, now=now, trust=trust) for number in due}


@dataclass(slots=True)
class _Look:
    """One look into a mailbox or folder, and what it brings."""

    database: Database
    way: Way
    campaign_id: int
    source: str
    now: Callable[[], dt.datetime]
    fetched: Fetched

    def known(self) -> set[str]:
        with self.database.reading() as session:
            return inbox.known_marks(session, self.source)

    def store(self, raw: bytes, mark: str) -> None:
        """Store one message in a transaction of its own."""
        instant = self.now()
        with self.database.writing() as session:
            campaign = session.get_one(Campaign, self.campaign_id)
            kept = inbox.keep(
                session,
                raw,
                way=self.way,
                campaign=campaign,
                now=instant,
                source=self.source,
                mark=mark,
            )
        self.fetched.taken += kept.new
        self.fetched.had += not kept.new

    def too_large(self, size: int) -> bool:
        if size > inbox.MOST_BYTES:
            self.fetched.trouble = Sentence(_TOO_LARGE, size=size)
        return size > inbox.MOST_BYTES


def fetch(
    database: Database,
    mailbox_id: int,
    vault: Vault,
    *,
    now: Callable[[], dt.datetime],
    trust: ssl.SSLContext | None = None,
) -> Fetched:
    """Take everything new out of one mailbox; note what went wrong, or that all is well."""
    fetched = Fetched()
    try:
        with database.reading() as session:
            mailbox = session.get_one(Mailbox, mailbox_id)
            source, whose = source_of(mailbox), mailbox.campaign_id
            access = access_of(mailbox, vault.unlock(mailbox.password))
        look = _Look(database, Way.IMAP, whose, source, now, fetched)
        with imap.opened(access, trust) as folder:
            _take_all(look, folder, moves=bool(access.move_to))
    except OutreachError as error:
        fetched.trouble = error.sentence
    except sa.exc.OperationalError:
        # The database is away, and the mailbox is not to blame.
        raise
    except Exception as error:
        # A server that answers what no server answers must not keep the other mailboxes waiting.
        log.error("mailbox %s: %s", mailbox_id, type(error).__name__)
        fetched.trouble = Sentence(_TRIPPED, error=type(error).__name__)
    with database.writing() as session:
        there = session.get(Mailbox, mailbox_id)
        if there is not None:
            mailboxes.note_look(session, there, fetched.trouble, now=now())
    return fetched


def access_of(mailbox: Mailbox, password: str) -> Access:
    """Return how we get into a mailbox with its `password`."""
    return Access(
        host=mailbox.host,
        port=mailbox.port,
        security=mailbox.security,
        username=mailbox.username,
        password=password,
        folder=mailbox.folder,
        move_to=mailbox.move_to,
    )


def source_of(mailbox: Mailbox) -> str:
    """Return the name under which a mailbox's messages are remembered.

    Another server, user or folder is another source: its numbers begin anew.
    """
    place = "\0".join((mailbox.host, str(mailbox.port), mailbox.username, mailbox.folder))
    return f"imap:{mailbox.id}:{hashlib.sha256(place.encode()).hexdigest()[:16]}"


def _take_all(look: _Look, folder: Folder, *, moves: bool) -> None:
    known = look.known()
    for listed in folder.messages():
        mark = f"{folder.validity}/{listed.uid}"
        try:
            stored = mark in known or _take(look, folder, listed, mark)
            # Also one that was stored before the line broke; never one that was moved, and lies
            # there still because the server can't clear up one message alone.
            if stored and moves and not listed.gone:
                folder.move(listed.uid)
        except MessageTrouble as error:
            look.fetched.trouble = Sentence(_ONE_REFUSED, words=str(error.sentence))
        if look.fetched.taken + look.fetched.had >= MOST_AT_ONCE:
            return


def _take(look: _Look, folder: Folder, listed: Listed, mark: str) -> bool:
    """Store one message; whether it is stored now. No transaction is open while it comes."""
    if look.too_large(listed.size):
        return False
    raw = folder.message(listed.uid)
    if raw is None:
        return False
    look.store(raw, mark)
    return True


def fetch_folders(
    database: Database, home: Path, *, now: Callable[[], dt.datetime]
) -> dict[str, Fetched]:
    """Take what lies in the Maildir folders of the home, `maildir/<campaign's short name>`.

    Returns {short name: what it brought}. Such a folder may be a link to where a mail server
    delivers (https://cr.yp.to/proto/maildir.html).
    """
    found = {}
    for place in _folders(database, home, now):
        fetched = Fetched()
        try:
            if not (place.path / "new").is_dir():
                fetched.trouble = Sentence(_NO_MAILDIR, folder=str(place.path))
            else:
                fetched = _take_folder(database, place.path, place.campaign_id, now)
        except OSError as error:
            fetched.trouble = Sentence(_NOT_READABLE, error=type(error).__name__)
        found[place.slug] = fetched
        if fetched.trouble is None and not fetched.taken and place.fresh:
            continue
        with database.writing() as session:
            there = session.get(Mailbox, place.mailbox_id)
            if there is not None:
                mailboxes.note_look(session, there, fetched.trouble, now=now())
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """A Maildir folder in use; `fresh` when it was well within the last minute."""

    slug: str
    campaign_id: int
    path: Path
    mailbox_id: int
    fresh: bool


def _folders(database: Database, home: Path, now: Callable[[], dt.datetime]) -> list[_Place]:
    """The Maildir folders that are there, or were: one that is gone must not be silent."""
    with database.reading() as session:
        campaigns = session.execute(sa.select(Campaign.slug, Campaign.id)).all()
        wanted = sa.select(Mailbox).where(Mailbox.way == Way.MAILDIR)
        known = {one.campaign_id: one for one in session.scalars(wanted)}
        session.expunge_all()
    found = []
    for slug, campaign_id in campaigns:
        path, box = home / "maildir" / slug, known.get(campaign_id)
        if box is None and path.is_symlink() | path.exists():
            with database.writing() as session:
                box = mailboxes.folder_of(session, campaign_id, str(path), now=now())
                session.flush()
                session.expunge(box)
        if box is not None and box.enabled:
            since = box.fetched_at if box.trouble_since is None else None
            fresh = since is not None and now() - since < EVERY
            found.append(_Place(slug, campaign_id, path, box.id, fresh))
    return found


def _take_folder(
    database: Database, folder: Path, campaign_id: int, now: Callable[[], dt.datetime]
) -> Fetched:
    source = f"maildir:{campaign_id}"
    look = _Look(database, Way.MAILDIR, campaign_id, source, now, Fetched())
    known = look.known()
    for path in [path for name in ("new", "cur") for path in sorted((folder / name).glob("*"))]:
        try:
            _take_file(look, path, known)
        except FileNotFoundError:
            # Another program moved it meanwhile: it keeps its name for the next look.
            continue
        except sa.exc.OperationalError:
            raise
        except Exception as error:
            # It stays where it is; the next one is taken.
            log.error("a file in %s: %s", source, type(error).__name__)
            look.fetched.trouble = Sentence(_NOT_READABLE, error=type(error).__name__)
    return look.fetched


def _take_file(look: _Look, path: Path, known: set[str]) -> None:
    """Store one file of a Maildir and mark it as seen there."""
    mark = path.name.partition(":")[0]
    if mark not in known:
        if not path.is_file() or look.too_large(path.stat().st_size):
            return
        look.store(path.read_bytes(), mark)
    if path.parent.name == "new":
        with suppress(OSError):
            path.rename(path.parent.parent / "cur" / f"{mark}:2,S")
