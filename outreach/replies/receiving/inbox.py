"""What came in: kept as it is before anybody looks into it, once by whichever way it came."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.models import INBOX, Actor, Campaign, Task
from outreach.accounts.roles import ORGANISERS, STAFF, require
from outreach.database import hold, one_at_a_time
from outreach.errors import NotAllowed, NotFound, Refused
from outreach.replies.models import Arrival, InboxState, Incoming, Original, Way
from outreach.words import Sentence

# Beyond this a message stays where it is, and somebody is told.
MOST_BYTES = 100_000_000
# What the writer's own program wrote. All else is added, dropped or rewritten on the way.
_WRITTEN = (b"message-id", b"date", b"from", b"to", b"cc", b"subject")
_ENVELOPE_LINE = re.compile(rb"\A>?From [^\n]*\n")
# How much of a head is looked at for it: a longer one is nobody's honest mail.
_HEAD = 1_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a message that came in: its number, and whether we had it before."""

    id: int
    new: bool


def fingerprint(raw: bytes) -> str:
    """Return what stays the same (SHA-256, hex) by whichever way a message comes.

    Of the headers its writer's program wrote and of the body, with line ends made alike: servers
    and programs on the way add headers and a last line end, and change CR LF (RFC 5322 §3.6.7).
    """
    text = _ENVELOPE_LINE.sub(b"", raw.replace(b"\r\n", b"\n"))
    head, _, body = text.partition(b"\n\n")
    if text.startswith(b"\n"):
        head, body = b"", text[1:]
    unfolded = re.sub(rb"\n[ \t]+", b" ", head[:_HEAD])
    lines = []
    for line in unfolded.split(b"\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() in _WRITTEN:
            lines.append(name.strip().lower() + b":" + b" ".join(value.split()))
    if not lines:
        # No mail, whatever it is: all of it counts.
        return hashlib.sha256(text.rstrip(b"\n")).hexdigest()
    digest = hashlib.sha256(b"\n".join(sorted(lines)) + b"\n\n")
    digest.update(body.rstrip(b"\n"))
    return digest.hexdigest()


def keep(
    session: Session,
    raw: bytes,
    *,
    way: Way,
    campaign: Campaign | None,
    now: dt.datetime,
    by: Actor = INBOX,
    source: str = "",
    mark: str = "",
) -> Kept:
    """Store a message as it came, and nothing else; return its number.

    `campaign` is whose mailbox it came through, None when nobody knows yet; `source` and `mark`
    say where it lay (`models.Arrival`). One that is there already is not stored again, only its
    coming is noted. Nothing is parsed. Call it in a transaction of its own.
    """
    printed = fingerprint(raw)
    came_for = campaign.id if campaign else 0
    # Nobody else stores the same message meanwhile.
    one_at_a_time(session, printed)
    known = session.scalar(_same(printed, came_for))
    number = known or _add(session, raw, printed, way=way, campaign=campaign, by=by, now=now)
    if mark and not is_known(session, source, mark):
        session.add(Arrival(incoming_id=number, way=way, source=source, mark=mark[:255], at=now))
        session.flush()
    return Kept(number, new=known is None)


def _add(
    session: Session,
    raw: bytes,
    printed: str,
    *,
    way: Way,
    campaign: Campaign | None,
    by: Actor,
    now: dt.datetime,
) -> int:
    row = Incoming(
        campaign_id=campaign.id if campaign else None,
        came_for=campaign.id if campaign else 0,
        way=way,
        fingerprint=printed,
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        received_at=now,
        rehearsal=campaign.rehearsing if campaign else False,
    )
    session.add(row)
    session.flush()
    session.add(Original(incoming_id=row.id, raw=raw))
    session.flush()
    record(session, row, "received", by=by, now=now, detail={"way": way.value, "size": row.size})
    return row.id


def _same(printed: str, came_for: int) -> sa.Select[int]:
    """The message that is this one: of this campaign or of nobody's; for the house, anybody's."""
    rows = sa.select(Incoming.id).where(Incoming.fingerprint == printed).order_by(Incoming.id)
    if came_for:
        rows = rows.where(Incoming.came_for.in_((0, came_for)))
    return rows.limit(1)


def is_known(session: Session, source: str, mark: str) -> bool:
    """Return whether the message under `mark` in `source` was stored before."""
    found = sa.select(Arrival.id).where(Arrival.source == source, Arrival.mark == mark[:255])
    return session.scalar(found) is not None


def known_marks(session: Session, source: str) -> set[str]:
    """Return the marks of every message of `source` that was stored."""
    return set(session.scalars(sa.select(Arrival.mark).where(Arrival.source == source)))


def original(session: Session, incoming_id: int) -> bytes:
    """Return the bytes of a message as they came. Raises NotFound."""
    raw = session.scalar(sa.select(Original.raw).where(Original.incoming_id == incoming_id))
    if raw is None:
        raise NotFound(Sentence("There is no such message."))
    return raw


def waiting(session: Session, campaign_id: int | None = None) -> Sequence[Incoming]:
    """Return the messages that were read and wait to be filed, oldest first.

    With `campaign_id`, only those of one campaign and those of nobody yet.
    """
    rows = sa.select(Incoming).where(Incoming.state == InboxState.READ).order_by(Incoming.id)
    if campaign_id is not None:
        rows = rows.where(_of(campaign_id))
    return session.scalars(rows).all()


def _of(campaign_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(Incoming.campaign_id == campaign_id, Incoming.campaign_id.is_(None))


def messages(campaign: Campaign, *, by: Actor) -> sa.Select[Incoming]:
    """Return the Select of the messages `by` may see, newest first.

    Organisers see all that is their campaign's, and what is nobody's yet: it may be about another
    campaign, and nobody has looked at it. Staff see what is their campaign's, but what is
    confidential; a volunteer only what they hold an open task about.
    """
    rows = (
        sa.select(Incoming)
        .where(Incoming.rehearsal.in_((campaign.rehearsing, False)))
        .order_by(Incoming.received_at.desc(), Incoming.id.desc())
    )
    if by.role in ORGANISERS:
        return rows.where(_of(campaign.id))
    rows = rows.where(Incoming.campaign_id == campaign.id, Incoming.confidential.is_(False))
    return rows if by.role in STAFF else rows.where(Incoming.id.in_(_held_by(by)))


def _held_by(by: Actor) -> sa.Select[int]:
    return sa.select(Task.subject_id).where(
        Task.subject_kind == "incoming", Task.owner_id == by.user_id, Task.done_at.is_(None)
    )


def message(session: Session, campaign: Campaign, incoming_id: int, *, by: Actor) -> Incoming:
    """Return one message that `by` may see. Raises NotFound."""
    rows = messages(campaign, by=by).where(Incoming.id == incoming_id)
    found = session.scalars(rows).one_or_none()
    if found is None:
        raise NotFound(Sentence("There is no such message, or it is not for you to read."))
    return found


def set_aside(session: Session, row: Incoming, *, by: Actor, now: dt.datetime) -> None:
    """Put a message out of the way that needs no filing; it stays readable. Staff only."""
    require(by, "replies.read")
    if row.state in (InboxState.NEW, InboxState.FILED):
        raise Refused(Sentence("This message can't be set aside now. Look at it again."))
    change_state(session, row, InboxState.SET_ASIDE, by=by, now=now)
    tasks.finish_about(session, ("incoming", row.id), by=by, now=now)


def take_back(session: Session, row: Incoming, *, by: Actor, now: dt.datetime) -> None:
    """Let a message that was set aside wait again. Staff only."""
    require(by, "replies.read")
    if row.state is not InboxState.SET_ASIDE:
        raise Refused(Sentence("This message was not set aside."))
    back = InboxState.UNMATCHED if row.kind else InboxState.UNREADABLE
    change_state(session, row, back, by=by, now=now)


def take_for(
    session: Session, row: Incoming, campaign: Campaign, *, by: Actor, now: dt.datetime
) -> None:
    """Say that a message of no campaign is for `campaign`: its staff see it then. Organisers only.

    Raises Refused when somebody said so before.
    """
    if by.role not in ORGANISERS:
        raise NotAllowed(Sentence("Only an organiser says which campaign a message is for."))
    hold(session, row)
    if row.campaign_id is not None:
        raise Refused(Sentence("This message has found its campaign meanwhile."))
    row.campaign_id, row.rehearsal = campaign.id, campaign.rehearsing
    session.flush()
    record(session, row, "taken_for", by=by, now=now)


def make_confidential(
    session: Session, row: Incoming, confidential: bool, *, by: Actor, now: dt.datetime
) -> None:
    """Let only organisers read a message, or everybody who reads answers again."""
    if by.role not in ORGANISERS:
        raise NotAllowed(Sentence("Only an organiser says who may read a message."))
    row.confidential = confidential
    session.flush()
    record(session, row, "made_confidential" if confidential else "opened", by=by, now=now)


def change_state(
    session: Session,
    row: Incoming,
    state: InboxState,
    *,
    by: Actor,
    now: dt.datetime,
    detail: dict[str, object] | None = None,
) -> None:
    """Write how far a message is, with its event. Every change of it goes through here."""
    moved = (row.state.value, state.value)
    row.state = state
    session.flush()
    record(session, row, state.value, by=by, now=now, detail=detail, moved=moved)


def record(
    session: Session,
    row: Incoming,
    name: str,
    *,
    by: Actor,
    now: dt.datetime,
    detail: dict[str, object] | None = None,
    moved: tuple[str | None, str | None] = (None, None),
) -> None:
    """Write an event about a message; never a word of what it says."""
    audit.record(
        session,
        subject=("incoming", row.id),
        name=name,
        by=by,
        now=now,
        campaign_id=row.campaign_id,
        moved=moved,
        detail=detail,
    )
