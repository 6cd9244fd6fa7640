"""Everything between one campaign and one desk, in the order it happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts.models import Actor, Event
from outreach.letters.lifecycle import happened
from outreach.letters.models import Letter
from outreach.petitions.models import Promise, Stance
from outreach.petitions.stances import TAKEN_BACK
from outreach.replies.desk import may_see
from outreach.replies.kinds import KINDS
from outreach.replies.models import Reply
from outreach.words import Sentence

# What the thread tells elsewhere, or what is no part of the story.
UNTOLD = frozenset({"answered", "answer_undone", "looked_at"})


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened. `at` is a UTC instant, or the end of the day `on` if only that is
    known; `kind` and `number` name the thing (letter, reply, stance, promise); `void` was undone.
    """

    at: dt.datetime
    on: dt.date | None
    kind: str
    number: int
    by: str
    text: Sentence
    detail: str
    void: bool = False


def thread(
    session: Session, campaign_id: int, office_id: int, *, by: Actor | None = None
) -> list[Row]:
    """Return all that lies between a campaign and a desk, oldest first; five queries.

    With `by`, answers that this person may not read appear without their text. Rehearsed letters
    and what followed from them are included: each of their rows says so in its own list.
    """
    letters = session.scalars(
        sa.select(Letter).where(Letter.campaign_id == campaign_id, Letter.office_id == office_id)
    ).all()
    replies = session.scalars(
        sa.select(Reply).where(Reply.campaign_id == campaign_id, Reply.office_id == office_id)
    ).all()
    targets = {letter.target_id for letter in letters}
    rows = [
        *_moves(session, letters),
        *(_answer(reply, by) for reply in replies),
        *_stances(session, campaign_id, targets),
        *_promises(session, campaign_id, targets),
    ]
    return sorted(rows, key=lambda row: row.at)


def _moves(session: Session, letters: Sequence[Letter]) -> Iterator[Row]:
    codes = {letter.id: letter.code for letter in letters}
    events = session.scalars(
        sa.select(Event)
        .where(
            Event.subject_kind == "letter",
            Event.subject_id.in_(codes),
            Event.name.not_in(UNTOLD),
        )
        .order_by(Event.id)
    )
    for event in events:
        yield Row(
            at=event.at,
            on=None,
            kind="letter",
            number=event.subject_id,
            by=event.by,
            text=Sentence(
                "Letter %(code)s: %(what)s",
                code=codes[event.subject_id],
                what=Sentence(happened(event.name)),
            ),
            detail=str(event.detail.get("reason") or ""),
        )


def _answer(reply: Reply, by: Actor | None) -> Row:
    hidden = by is not None and not may_see(reply, by)
    return Row(
        at=_end_of(reply.received_on, reply.logged_at),
        on=reply.received_on,
        kind="reply",
        number=reply.id,
        by=reply.logged_by,
        text=Sentence("Answer: %(kind)s", kind=Sentence(KINDS[reply.kind].label)),
        detail="" if hidden else reply.text,
        void=reply.undone_at is not None,
    )


def _stances(session: Session, campaign_id: int, targets: set[int]) -> Iterator[Row]:
    every = session.scalars(
        sa.select(Stance)
        .where(Stance.campaign_id == campaign_id, Stance.target_id.in_(targets))
        .options(joinedload(Stance.ask), joinedload(Stance.target))
    ).all()
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
        )


def _promises(session: Session, campaign_id: int, targets: set[int]) -> Iterator[Row]:
    every = session.scalars(
        sa.select(Promise)
        .where(Promise.campaign_id == campaign_id, Promise.target_id.in_(targets))
        .options(joinedload(Promise.target))
    )
    for row in every:
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
        )


def _end_of(day: dt.date, logged_at: dt.datetime) -> dt.datetime:
    """Where a thing of which only the day is known stands among the others: last of its day."""
    last = dt.datetime.combine(day, dt.time(23, 59), tzinfo=dt.UTC)
    return min(last, logged_at) if logged_at.date() >= day else last
