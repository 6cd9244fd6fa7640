"""Everything between one campaign and one desk, in the order it happened, whoever held the post."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit
from outreach.accounts.models import Actor, Event
from outreach.accounts.roles import ORGANISERS, require
from outreach.directory.models import Membership, Target
from outreach.errors import BadInput
from outreach.letters.lifecycle import happened
from outreach.letters.models import Letter
from outreach.petitions.models import Promise, Stance
from outreach.petitions.stances import TAKEN_BACK
from outreach.replies.deskwork.desk import may_see
from outreach.replies.deskwork.readers import Mark, marks_of
from outreach.replies.kinds import KINDS
from outreach.replies.models import Incoming, IncomingLetter, Reply, ReplyLetter, ThreadNote
from outreach.sending.models import Attempt, Outcome
from outreach.words import Sentence

# What the thread tells elsewhere, or what is no part of the story.
UNTOLD = frozenset({"answered", "answer_undone", "looked_at", "unread", "read"})
LONGEST_NOTE = 5_000
# The events by which a letter left: its words stand there.
_LEFT = frozenset({"deliver", "post", "confirm_sent"})


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened. `at` is a UTC instant, or the end of the day `on` if only that is
    known; `kind` and `number` name the thing (letter, attempt, message, reply, note, stance,
    promise); `void` was undone, `unread` waits for a reader, `hidden` is not for this one; `mark`
    says that an answer is not confirmed by a second reader; `words` are a letter's, where it left.
    """

    at: dt.datetime
    on: dt.date | None
    kind: str
    number: int
    by: str
    text: Sentence
    detail: str
    void: bool = False
    unread: bool = False
    hidden: bool = False
    rehearsal: bool = False
    mark: Mark | None = None
    words: str = ""


def thread(
    session: Session,
    campaign_id: int,
    office_id: int,
    *,
    by: Actor | None = None,
    rehearsal: bool | None = None,
) -> list[Row]:
    """Return all that lies between a campaign and a desk, oldest first; ten queries.

    Letters to earlier holders of the same posts are part of it, wherever they went. With `by`,
    answers that this person may not read appear without their text; `rehearsal` keeps to what was
    rehearsed, or to what was not.
    """
    letters = letters_between(session, campaign_id, office_id, rehearsal=rehearsal)
    own = {letter.id: letter for letter in letters}
    replies = session.scalars(_answers(campaign_id, office_id, own, rehearsal)).all()
    marks = marks_of(session, [reply.id for reply in replies])
    targets = {letter.target_id for letter in letters}
    rows = [
        *_moves(session, own),
        *_attempts(session, own),
        *_passed_on(session, own),
        *_messages(session, own, by),
        *(row for reply in replies for row in _answer(reply, by, marks.get(reply.id))),
        *_notes(session, campaign_id, office_id, rehearsal),
        *_stances(session, campaign_id, targets, rehearsal),
        *_promises(session, campaign_id, targets, rehearsal),
    ]
    return sorted(rows, key=lambda row: row.at)


def letters_between(
    session: Session, campaign_id: int, office_id: int, *, rehearsal: bool | None = None
) -> Sequence[Letter]:
    """Return the letters to a desk, and those to whoever held the posts behind it before.

    Also those that went elsewhere to whom we wrote there: an address came back, or changed.
    """
    desk = sa.select(Letter.target_id).where(
        Letter.office_id == office_id, Letter.campaign_id == campaign_id
    )
    behind = sa.or_(Target.office_id == office_id, Target.id.in_(desk))
    posts = (
        sa.select(Membership.post_id)
        .join(Target, Target.membership_id == Membership.id)
        .where(behind, Membership.post_id.is_not(None))
    )
    holders = (
        sa.select(Target.id)
        .join(Membership, Membership.id == Target.membership_id)
        .where(Membership.post_id.in_(posts))
    )
    rows = sa.select(Letter).where(
        Letter.campaign_id == campaign_id,
        sa.or_(
            Letter.office_id == office_id,
            Letter.target_id.in_(desk),
            Letter.target_id.in_(holders),
        ),
    )
    if rehearsal is not None:
        rows = rows.where(Letter.rehearsal == rehearsal)
    return session.scalars(rows.order_by(Letter.id)).all()


def _answers(
    campaign_id: int, office_id: int, letters: Mapping[int, Letter], rehearsal: bool | None
) -> sa.Select[Reply]:
    to_them = sa.select(ReplyLetter.reply_id).where(ReplyLetter.letter_id.in_(letters))
    rows = sa.select(Reply).where(
        Reply.campaign_id == campaign_id,
        sa.or_(Reply.office_id == office_id, Reply.id.in_(to_them)),
    )
    return rows if rehearsal is None else rows.where(Reply.rehearsal == rehearsal)


def _moves(session: Session, letters: Mapping[int, Letter]) -> Iterator[Row]:
    events = session.scalars(
        sa.select(Event)
        .where(
            Event.subject_kind == "letter",
            Event.subject_id.in_(letters),
            Event.name.not_in(UNTOLD),
        )
        .order_by(Event.id)
    )
    for event in events:
        letter = letters[event.subject_id]
        yield Row(
            at=event.at,
            on=None,
            kind="letter",
            number=event.subject_id,
            by=event.by,
            text=Sentence(
                "Letter %(code)s to %(name)s: %(what)s",
                code=letter.code,
                name=letter.recipient,
                what=Sentence(happened(event.name)),
            ),
            detail=str(event.detail.get("reason") or ""),
            rehearsal=letter.rehearsal,
            words=letter.text if event.name in _LEFT else "",
        )


def _attempts(session: Session, letters: Mapping[int, Letter]) -> Iterator[Row]:
    """Every try that ended, with what their server said."""
    rows = session.execute(
        sa.select(
            *(Attempt.id, Attempt.letter_id, Attempt.number, Attempt.outcome),
            *(Attempt.started_at, Attempt.ended_at, Attempt.server_words, Attempt.rehearsal),
        ).where(Attempt.letter_id.in_(letters), Attempt.outcome != Outcome.RUNNING)
    )
    for row in rows:
        yield Row(
            at=row.ended_at or row.started_at,
            on=None,
            kind="attempt",
            number=row.letter_id,
            by="",
            text=Sentence(
                "Letter %(code)s, try %(number)s: %(outcome)s",
                code=letters[row.letter_id].code,
                number=row.number,
                outcome=row.outcome,
            ),
            detail=row.server_words,
            rehearsal=row.rehearsal,
        )


def _passed_on(session: Session, letters: Mapping[int, Letter]) -> Iterator[Row]:
    """The letters that were written because one of these was passed on to another desk."""
    rows = session.scalars(sa.select(Letter).where(Letter.instead_of_id.in_(letters)))
    for row in rows:
        if row.id in letters:
            continue
        yield Row(
            at=row.made_at,
            on=None,
            kind="letter",
            number=row.id,
            by="",
            text=Sentence(
                "Passed on: letter %(code)s to %(name)s", code=row.code, name=row.recipient
            ),
            detail="",
            rehearsal=row.rehearsal,
        )


def _messages(session: Session, letters: Mapping[int, Letter], by: Actor | None) -> Iterator[Row]:
    """The messages that were filed with these letters, each once."""
    placed = (
        sa.select(
            IncomingLetter.incoming_id,
            sa.func.max(sa.cast(IncomingLetter.unread, sa.Integer)).label("unread"),
        )
        .where(IncomingLetter.letter_id.in_(letters))
        .group_by(IncomingLetter.incoming_id)
        .subquery()
    )
    found = session.execute(
        sa.select(Incoming, placed.c.unread).join(placed, placed.c.incoming_id == Incoming.id)
    )
    for row, unread in found:
        hidden = by is not None and row.confidential and by.role not in ORGANISERS
        yield Row(
            at=row.received_at,
            on=None,
            kind="message",
            number=row.id,
            by="" if hidden else row.from_name or row.from_address,
            text=Sentence("A message came in: %(kind)s", kind=row.kind or "?"),
            detail="" if hidden else row.subject,
            unread=bool(unread),
            hidden=hidden,
            rehearsal=row.rehearsal,
        )


def _answer(reply: Reply, by: Actor | None, mark: Mark | None) -> Iterator[Row]:
    hidden = by is not None and not may_see(reply, by)
    at = _end_of(reply.received_on, reply.logged_at)
    yield Row(
        at=at,
        on=reply.received_on,
        kind="reply",
        number=reply.id,
        by=reply.logged_by,
        text=Sentence(
            "Answer (%(channel)s): %(kind)s",
            channel=reply.channel,
            kind=Sentence(KINDS[reply.kind].label),
        ),
        detail="" if hidden else reply.text,
        void=reply.undone_at is not None,
        hidden=hidden,
        rehearsal=reply.rehearsal,
        mark=mark,
    )
    if reply.note and not hidden:
        yield Row(
            at=max(at, reply.logged_at),
            on=None,
            kind="note",
            number=reply.id,
            by=reply.logged_by,
            text=Sentence("Note on their answer"),
            detail=reply.note,
            void=reply.undone_at is not None,
            rehearsal=reply.rehearsal,
        )


def _notes(
    session: Session, campaign_id: int, office_id: int, rehearsal: bool | None
) -> Iterator[Row]:
    rows = sa.select(ThreadNote).where(
        ThreadNote.campaign_id == campaign_id, ThreadNote.office_id == office_id
    )
    if rehearsal is not None:
        rows = rows.where(ThreadNote.rehearsal == rehearsal)
    for row in session.scalars(rows):
        yield Row(
            at=row.at,
            on=None,
            kind="note",
            number=row.id,
            by=row.by,
            text=Sentence("Note"),
            detail=row.text,
            rehearsal=row.rehearsal,
        )


def add_note(
    session: Session,
    *,
    campaign_id: int,
    office_id: int,
    text: str,
    rehearsal: bool,
    by: Actor,
    now: dt.datetime,
) -> ThreadNote:
    """Write down something about the correspondence with a desk, and return it.

    Whoever may read the correspondence may. Raises NotAllowed, BadInput without words.
    """
    require(by, "replies.read")
    if not (text := text.strip()):
        raise BadInput(Sentence("Write the note first."), field="text")
    if len(text) > LONGEST_NOTE:
        raise BadInput(Sentence("A note has at most %(most)s signs.", most=LONGEST_NOTE), "text")
    note = ThreadNote(
        campaign_id=campaign_id,
        office_id=office_id,
        text=text,
        by=by.name,
        by_id=by.user_id,
        at=now,
        rehearsal=rehearsal,
    )
    session.add(note)
    session.flush()
    audit.record(
        session,
        subject=("office", office_id),
        name="note_added",
        by=by,
        now=now,
        campaign_id=campaign_id,
        detail={"note": note.id},
    )
    return note


def _stances(
    session: Session, campaign_id: int, targets: set[int], rehearsal: bool | None
) -> Iterator[Row]:
    wanted = sa.select(Stance).where(
        Stance.campaign_id == campaign_id, Stance.target_id.in_(targets)
    )
    if rehearsal is not None:
        wanted = wanted.where(Stance.rehearsal == rehearsal)
    every = session.scalars(wanted.options(joinedload(Stance.ask), joinedload(Stance.target))).all()
    mistaken = {row.source_id for row in every if row.source_kind == TAKEN_BACK}
    for row in every:
        if row.source_kind == TAKEN_BACK:
            continue
        yield Row(
            at=_end_of(row.said_on, row.at),
            on=row.said_on,
            kind="stance",
            number=row.id,
            by=row.by,
            text=Sentence(
                "%(name)s on “%(ask)s”: %(position)s",
                name=row.target.name,
                ask=row.ask.text,
                position=row.position,
            ),
            detail=row.quote,
            void=row.id in mistaken,
            rehearsal=row.rehearsal,
        )


def _promises(
    session: Session, campaign_id: int, targets: set[int], rehearsal: bool | None
) -> Iterator[Row]:
    wanted = sa.select(Promise).where(
        Promise.campaign_id == campaign_id, Promise.target_id.in_(targets)
    )
    if rehearsal is not None:
        wanted = wanted.where(Promise.rehearsal == rehearsal)
    for row in session.scalars(wanted.options(joinedload(Promise.target))):
        yield Row(
            at=row.at,
            on=None,
            kind="promise",
            number=row.id,
            by=row.by,
            text=Sentence(
                "Promise of %(name)s, due on %(day)s: %(state)s",
                name=row.target.name,
                day=row.due_on,
                state=row.state,
            ),
            detail=row.text,
            rehearsal=row.rehearsal,
        )


def _end_of(day: dt.date, logged_at: dt.datetime) -> dt.datetime:
    """Where a thing of which only the day is known stands among the others: last of its day."""
    last = dt.datetime.combine(day, dt.time(23, 59), tzinfo=dt.UTC)
    return min(last, logged_at) if logged_at.date() >= day else last
