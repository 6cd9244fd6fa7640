"""The mailboxes that a campaign's answers come to: set up, tried, and what is wrong with one."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.mail_accounts import checked_host, refuse_kept_password
from outreach.accounts.models import INBOX, Actor, Campaign, Security, TaskKind
from outreach.accounts.roles import require
from outreach.database import one_at_a_time
from outreach.errors import BadInput, NotFound, OutreachError
from outreach.replies.models import Mailbox, Way
from outreach.replies.receiving import imap
from outreach.replies.receiving.imap import Access
from outreach.sending.finding import Finding, Found
from outreach.signing import Vault
from outreach.words import Sentence

# A short break of the line is nothing to trouble anybody with.
PATIENCE = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class MailboxValues:
    """What a person says about a mailbox. `password` None keeps the one that is there."""

    name: str
    host: str
    port: int
    security: Security
    username: str
    password: str | None = None
    folder: str = "INBOX"
    move_to: str = ""
    checked_by: str = ""
    enabled: bool = True


def mailboxes(session: Session, campaign_id: int) -> Sequence[Mailbox]:
    """Return the campaign's mailboxes, first set up first."""
    return session.scalars(
        sa.select(Mailbox).where(Mailbox.campaign_id == campaign_id).order_by(Mailbox.id)
    ).all()


def in_trouble(session: Session, campaign_id: int) -> Sequence[Mailbox]:
    """Return the mailboxes in use that could not be read when somebody last looked."""
    rows = sa.select(Mailbox).where(
        Mailbox.campaign_id == campaign_id, Mailbox.enabled, Mailbox.trouble_since.is_not(None)
    )
    return session.scalars(rows.order_by(Mailbox.trouble_since)).all()


def mailbox_by_id(session: Session, campaign_id: int, mailbox_id: int) -> Mailbox:
    """Return one mailbox of the campaign. Raises NotFound."""
    found = session.get(Mailbox, mailbox_id)
    if found is None or found.campaign_id != campaign_id:
        raise NotFound(Sentence("There is no such mailbox in this campaign."))
    return found


def save_mailbox(
    session: Session,
    campaign: Campaign,
    mailbox: Mailbox | None,
    values: MailboxValues,
    *,
    vault: Vault,
    by: Actor,
    now: dt.datetime,
) -> Mailbox:
    """Add a mailbox (`mailbox` None) or change one; return it. It is looked into at once.

    Raises BadInput naming the field, NotAllowed for all but admins.
    """
    require(by, "campaign.write")
    wanted = _checked(session, campaign, mailbox, values)
    password = wanted.pop("password")
    if mailbox is not None and password is None:
        refuse_kept_password(mailbox.host, mailbox.port, wanted)
    name = "changed" if mailbox else "added"
    if mailbox is None:
        mailbox = Mailbox(campaign_id=campaign.id, **wanted)
        session.add(mailbox)
        changed = sorted(wanted)
    else:
        changed = [key for key in wanted if getattr(mailbox, key) != wanted[key]]
        for key in changed:
            setattr(mailbox, key, wanted[key])
    if password is not None:
        mailbox.password = vault.lock(password)
        changed.append("password")
    if changed:
        mailbox.tried_at, mailbox.trouble, mailbox.trouble_since = None, None, None
        session.flush()
        tasks.finish_about(session, ("mailbox", mailbox.id), by=by, now=now)
        _record(session, mailbox, name, by=by, now=now, detail={"fields": changed})
    return mailbox


def folder_of(session: Session, campaign_id: int, path: str, *, now: dt.datetime) -> Mailbox:
    """Return the row of a campaign's Maildir folder, made if there is none: it keeps its trouble.

    `path` is where it lies; of a long one the end is kept.
    """
    one_at_a_time(session, f"maildir:{campaign_id}")
    wanted = sa.select(Mailbox).where(
        Mailbox.campaign_id == campaign_id, Mailbox.way == Way.MAILDIR
    )
    found = session.scalar(wanted)
    if found is None:
        found = Mailbox(
            campaign_id=campaign_id,
            way=Way.MAILDIR,
            name=f"Maildir …/{path[-60:].rpartition('maildir/')[2]}",
            host="",
            port=0,
            security=Security.NONE,
            username="",
            folder=path[-255:],
        )
        session.add(found)
        session.flush()
        _record(session, found, "added", by=INBOX, now=now, detail={"folder": path})
    return found


def change_folder(
    session: Session,
    mailbox: Mailbox,
    *,
    checked_by: str,
    enabled: bool,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Say whether a Maildir folder is looked into, and whose checks in it count. Admins only."""
    require(by, "campaign.write")
    name = checked_by.strip().lower()
    if not name.isprintable() or len(name) > 253:
        raise BadInput(Sentence("This holds an invisible control mark."), "checked_by")
    if (mailbox.checked_by, mailbox.enabled) == (name, enabled):
        return
    mailbox.checked_by, mailbox.enabled = name, enabled
    mailbox.trouble, mailbox.trouble_since = None, None
    session.flush()
    tasks.finish_about(session, ("mailbox", mailbox.id), by=by, now=now)
    _record(session, mailbox, "changed", by=by, now=now)


def remove_mailbox(session: Session, mailbox: Mailbox, *, by: Actor, now: dt.datetime) -> None:
    """Forget a mailbox with its password; what came through it stays. Admins only."""
    require(by, "campaign.write")
    tasks.finish_about(session, ("mailbox", mailbox.id), by=by, now=now)
    _record(session, mailbox, "removed", by=by, now=now, detail={"name": mailbox.name})
    session.delete(mailbox)
    session.flush()


def claim_due(session: Session, *, before: dt.datetime, now: dt.datetime) -> Sequence[int]:
    """Return the mailboxes that nobody has looked into since `before`, as looked into `now`."""
    return session.scalars(
        sa.update(Mailbox)
        .where(Mailbox.way == Way.IMAP, Mailbox.enabled)
        .where(sa.or_(Mailbox.tried_at.is_(None), Mailbox.tried_at <= before))
        .values(tried_at=now)
        .returning(Mailbox.id)
        .execution_options(synchronize_session=False)
    ).all()


def note_look(
    session: Session, mailbox: Mailbox, trouble: Sentence | None, *, now: dt.datetime
) -> None:
    """Note how a look into a mailbox ended; a lasting trouble becomes a task, its end ends it."""
    if trouble is None:
        mailbox.fetched_at = now
        if mailbox.trouble_since is not None:
            mailbox.trouble, mailbox.trouble_since = None, None
            _record(session, mailbox, "well_again", by=INBOX, now=now)
            tasks.finish_about(session, ("mailbox", mailbox.id), by=INBOX, now=now)
        session.flush()
        return
    mailbox.trouble = trouble.as_json()
    if mailbox.trouble_since is None:
        mailbox.trouble_since = now
        _record(session, mailbox, "in_trouble", by=INBOX, now=now, detail={"words": str(trouble)})
    session.flush()
    if now - mailbox.trouble_since >= PATIENCE and not _has_task(session, mailbox):
        campaign = session.get_one(Campaign, mailbox.campaign_id)
        tasks.open_task(
            session,
            campaign_id=campaign.id,
            kind=TaskKind.OTHER,
            subject=("mailbox", mailbox.id),
            title=str(
                Sentence("Answers don't come in: see to the mailbox %(name)s", name=mailbox.name)
            ),
            due_on=campaign.day_of(now),
            rehearsal=campaign.rehearsing,
            now=now,
            by=INBOX,
        )


def _has_task(session: Session, mailbox: Mailbox) -> bool:
    return bool(tasks.open_about(session, ("mailbox", mailbox.id)))


def keep_findings(
    session: Session,
    mailbox: Mailbox,
    said: Sequence[Finding],
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Keep what a test of a mailbox found, for its page."""
    mailbox.findings = {"connection": [one.as_json() for one in said], "at": now.isoformat()}
    session.flush()
    _record(session, mailbox, "checked", by=by, now=now)


def try_mailbox(access: Access, trust: ssl.SSLContext | None = None) -> list[Finding]:
    """Sign in and open the folder, take nothing; return what was found. For no open transaction."""
    try:
        with imap.opened(access, trust) as folder:
            words = Sentence(
                "Signed in; %(count)s messages lie in %(folder)s.",
                count=len(folder.messages()),
                folder=access.folder,
            )
            found = [Finding("line", Found.GOOD, words)]
            if access.move_to:
                there = folder.has(access.move_to)
                words = (
                    Sentence("There is a folder %(folder)s to move them to.", folder=access.move_to)
                    if there
                    else Sentence(
                        "There is no folder %(folder)s; make it first.", folder=access.move_to
                    )
                )
                found.append(Finding("move", Found.GOOD if there else Found.WRONG, words))
    except OutreachError as error:
        return [Finding("line", Found.WRONG, error.sentence)]
    return found


def _checked(
    session: Session, campaign: Campaign, mailbox: Mailbox | None, values: MailboxValues
) -> dict[str, Any]:
    wanted = asdict(values)
    for field in ("name", "username", "folder", "move_to", "checked_by"):
        wanted[field] = wanted[field].strip()
        if not wanted[field].isprintable():
            raise BadInput(Sentence("This holds an invisible control mark."), field)
    if not (values.password or "").isprintable():
        raise BadInput(Sentence("This holds an invisible control mark."), "password")
    if not wanted["name"] or len(wanted["name"]) > 80:
        raise BadInput(Sentence("Give the mailbox a name, at most 80 letters long."), "name")
    taken = sa.select(Mailbox.id).where(
        Mailbox.campaign_id == campaign.id, Mailbox.name == wanted["name"]
    )
    if mailbox is not None:
        taken = taken.where(Mailbox.id != mailbox.id)
    if session.scalar(taken) is not None:
        raise BadInput(Sentence("Another mailbox of this campaign has this name."), "name")
    if not wanted["folder"]:
        raise BadInput(Sentence("Name the folder that answers come to, such as INBOX."), "folder")
    if wanted["folder"] == wanted["move_to"]:
        raise BadInput(Sentence("Name another folder than the one they come to."), "move_to")
    wanted["checked_by"] = wanted["checked_by"].lower()
    wanted["host"] = checked_host(values.host, values.port, values.security)
    return wanted


def _record(
    session: Session,
    mailbox: Mailbox,
    name: str,
    *,
    by: Actor,
    now: dt.datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        session,
        subject=("mailbox", mailbox.id),
        name=name,
        by=by,
        now=now,
        campaign_id=mailbox.campaign_id,
        detail=dict(detail or {}),
    )
