"""What an answer changes beyond its own row, and how each change is taken back."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import tasks
from outreach.accounts.models import Actor, Campaign, Task, TaskKind
from outreach.accounts.roles import ORGANISERS
from outreach.directory import suppression
from outreach.directory.models import ContactKind, Office, Suppression, SuppressionScope
from outreach.directory.offices import normalised
from outreach.errors import MoveRefused
from outreach.letters import chains, moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.petitions import promises, stances
from outreach.petitions.models import Promise, PromiseState
from outreach.replies.consequences.rules import Answer
from outreach.replies.kinds import KINDS
from outreach.replies.models import Reply, ReplyKind, ReplyLetter
from outreach.sending import timetable
from outreach.sending.desks import after_working_days, code_of
from outreach.words import Sentence

# What the task of a second reader is about: the answer.
SECOND_READING = "second_reading"
Value = tuple[SuppressionScope, str]


def change_letters(
    session: Session, reply: Reply, letters: Sequence[Letter], *, by: Actor, now: dt.datetime
) -> None:
    """Mark `letters` as answered, parked or come back, as the kind of `reply` says.

    What answers a reminder answers the letters it reminds of.
    """
    kind = KINDS[reply.kind]
    for letter in and_earlier(session, letters) if kind.stops else ():
        newest = standing(session, letter)[0]
        moving.mark_answered(
            session,
            letter,
            kind=newest.kind.value,
            on=newest.received_on,
            closes=kind.closes,
            by=by,
            now=now,
        )
    for letter in letters:
        if reply.back_on:
            until = _first_day_after(session, letter, reply.back_on)
            moving.park(session, letter, until=until, by=by, now=now)
            _move_reminders(session, letter, until, by=by, now=now)
        if reply.kind is ReplyKind.BOUNCE_HARD and letter.state is not State.BOUNCED:
            nameless = Sentence("Logged as come back (answer %(id)s)", id=str(reply.id))
            reason = reply.note.strip() or str(nameless)
            moving.make(
                session, letter, "bounce", by=with_hand(by, "inbox"), now=now, reason=reason
            )


def _move_reminders(
    session: Session, letter: Letter, until: dt.date | None, *, by: Actor, now: dt.datetime
) -> None:
    """Give a reminder that is on its way the same hours on the day `until`: else it would miss."""
    campaign = session.get_one(Campaign, letter.campaign_id)
    zone = ZoneInfo(campaign.timezone)
    reminders = sa.select(Letter).where(
        Letter.follows_id == letter.id,
        Letter.kind == LetterKind.REMINDER,
        Letter.state == State.SCHEDULED,
    )
    for reminder in session.scalars(reminders).all():
        if until is None or reminder.send_after is None or reminder.send_before is None:
            continue
        later = until - campaign.day_of(reminder.send_after)
        # One whose window is over is missed, and a person says when it goes.
        if later <= dt.timedelta(0) or reminder.send_before <= now:
            continue
        # A worker that was faster has it: then it goes, and the absence is filed all the same.
        with contextlib.suppress(MoveRefused):
            timetable.move_window(
                session,
                reminder,
                # On the clock of the zone, whatever the season.
                send_after=(reminder.send_after.astimezone(zone) + later).astimezone(dt.UTC),
                send_before=(reminder.send_before.astimezone(zone) + later).astimezone(dt.UTC),
                because=str(Sentence("They are away; they are written to when they are back.")),
                by=with_hand(by, "inbox"),
                now=now,
            )


def restore_letters(
    session: Session, reply: Reply, letters: Sequence[Letter], *, by: Actor, now: dt.datetime
) -> None:
    """Give `letters` the state that the answers still standing give them.

    A letter that came back by a slip is set right at once by an organiser; for anybody else a
    task for an organiser says so, since only they may make that move.
    """
    for letter in and_earlier(session, letters) if KINDS[reply.kind].stops else ():
        left = standing(session, letter)
        closes = any(KINDS[it.kind].closes for it in left)
        newest = (left[0].kind.value, left[0].received_on, closes) if left else None
        moving.unmark_answered(session, letter, left=newest, by=by, now=now)
    for letter in letters:
        if reply.back_on:
            until = _parked_until(session, letter)
            moving.park(session, letter, until=until, by=by, now=now)
        if reply.kind is not ReplyKind.BOUNCE_HARD or letter.state is not State.BOUNCED:
            continue
        if by.role in ORGANISERS:
            reason = str(
                Sentence("Logged as come back by mistake (answer %(id)s)", id=str(reply.id))
            )
            moving.make(session, letter, "unbounce", by=by, now=now, reason=reason)
        else:
            title = Sentence("Letter %(code)s was logged as come back by mistake", code=letter.code)
            _ask_organiser(session, reply, title, by=by, now=now)


def and_earlier(session: Session, letters: Sequence[Letter]) -> Sequence[Letter]:
    """Return `letters` and those they remind of, each once: what answers one answers them all."""
    found = {one.id: one for it in letters for one in (it, *chains.earlier(session, it))}
    return list(found.values())


def standing(session: Session, letter: Letter) -> Sequence[Reply]:
    """Return the answers to `letter` or to a reminder of it that still count, newest first.

    Those that stop a reminder and were not undone.
    """
    stopping = [kind for kind, row in KINDS.items() if row.stops]
    return session.scalars(
        _answers(*chains.letters_of(session, letter))
        .where(Reply.kind.in_(stopping))
        .order_by(Reply.received_on.desc(), Reply.id.desc())
    ).all()


def _parked_until(session: Session, letter: Letter) -> dt.date | None:
    answers = session.scalars(
        _answers(letter).where(Reply.back_on.is_not(None)).order_by(Reply.id.desc())
    ).first()
    return _first_day_after(session, letter, answers.back_on) if answers else None


def _first_day_after(session: Session, letter: Letter, back_on: dt.date | None) -> dt.date | None:
    """One working day after they are back, as nobody answers letters on the first one."""
    if back_on is None:
        return None
    return after_working_days(back_on, 1, code_of(session, letter.target_id))


def _answers(*letters: Letter) -> sa.Select[Reply]:
    answered = sa.select(ReplyLetter.reply_id).where(
        ReplyLetter.letter_id.in_([letter.id for letter in letters])
    )
    return sa.select(Reply).where(Reply.id.in_(answered), Reply.undone_at.is_(None))


def record_position(
    session: Session, reply: Reply, letter: Letter, answer: Answer, *, by: Actor, now: dt.datetime
) -> None:
    """Add the stance and the promise of `answer` to their ledgers, with the answer as source."""
    source = ("reply", reply.id)
    if answer.stance is not None:
        stances.record_stance(
            session,
            campaign_id=letter.campaign_id,
            target_id=letter.target_id,
            ask_id=letter.ask_id,
            position=answer.stance,
            basis=answer.basis,
            quote=answer.quote,
            said_on=answer.received_on,
            source=source,
            rehearsal=letter.rehearsal,
            by=by,
            now=now,
        )
    if answer.promise and answer.due_on:
        promises.record_promise(
            session,
            campaign_id=letter.campaign_id,
            target_id=letter.target_id,
            ask_id=letter.ask_id,
            text=answer.promise,
            due_on=answer.due_on,
            source=source,
            rehearsal=letter.rehearsal,
            by=by,
            now=now,
        )


def withdraw_position(session: Session, reply: Reply, *, by: Actor, now: dt.datetime) -> None:
    """Take back what `reply` said: a further row in the ledger of stances, promises withdrawn.

    A promise that was settled meanwhile stays as it was settled.
    """
    stances.take_back(session, source=("reply", reply.id), by=by, now=now)
    made = sa.select(Promise).where(
        Promise.source_kind == "reply",
        Promise.source_id == reply.id,
        Promise.state == PromiseState.OPEN,
    )
    for promise in session.scalars(made).all():
        promises.settle(session, promise, state=PromiseState.WITHDRAWN, by=by, now=now)


def suppress_desk(
    session: Session, reply: Reply, letters: Sequence[Letter], *, by: Actor, now: dt.datetime
) -> list[Value]:
    """Suppress the desk and the addresses of `letters` at once, for the whole installation.

    Returns what was not suppressed before, so that undoing lifts no older objection.
    """
    office = session.get_one(Office, reply.office_id)
    values: list[Value] = [(SuppressionScope.OFFICE, office.key)]
    written_to = {it.address for it in letters if it.channel is ContactKind.EMAIL and it.address}
    values += [
        (SuppressionScope.ADDRESS, normalised(ContactKind.EMAIL, address))
        for address in sorted(written_to)
    ]
    new = [value for value in values if _suppressed(session, value) is None]
    reason = str(Sentence("They asked for no more letters (answer %(id)s)", id=str(reply.id)))
    for scope, value in new:
        suppression.suppress(session, scope=scope, value=value, reason=reason, by=by, now=now)
    return new


def lift_desk(
    session: Session, reply: Reply, values: Sequence[Value], *, by: Actor, now: dt.datetime
) -> None:
    """Lift what `suppress_desk` set, by an organiser's hand; else ask an organiser to do it."""
    rows = [row for value in values if (row := _suppressed(session, value)) is not None]
    if not rows:
        return
    if by.role not in ORGANISERS:
        title = Sentence("A desk was suppressed by mistake: lift it if they did not object")
        _ask_organiser(session, reply, title, by=by, now=now)
        return
    reason = str(Sentence("The answer %(id)s was logged by mistake", id=str(reply.id)))
    for row in rows:
        suppression.lift(session, row, reason=reason, by=by, now=now)


def _suppressed(session: Session, value: Value) -> Suppression | None:
    return session.scalars(
        sa.select(Suppression).where(Suppression.scope == value[0], Suppression.value == value[1])
    ).one_or_none()


def open_next_step(
    session: Session, reply: Reply, letter: Letter, *, today: dt.date, by: Actor, now: dt.datetime
) -> Task | None:
    """Open the task that the kind of `reply` asks for, due some working days from `today`."""
    kind = KINDS[reply.kind]
    if kind.task is None:
        return None
    return tasks.open_task(
        session,
        campaign_id=reply.campaign_id,
        kind=kind.task,
        subject=("reply", reply.id),
        title=str(Sentence(kind.task_title, name=letter.recipient)),
        due_on=after_working_days(today, kind.due_days),
        rehearsal=reply.rehearsal,
        now=now,
        by=by,
    )


def ask_second_reader(
    session: Session, reply: Reply, letter: Letter, answer: Answer, *, by: Actor, now: dt.datetime
) -> Task | None:
    """Open the task to read `reply` a second time, where it changes a stance or closes a thread."""
    campaign = session.get_one(Campaign, reply.campaign_id)
    matters = answer.stance is not None or KINDS[reply.kind].closes
    if not (campaign.second_reader and matters) or KINDS[reply.kind].guarded:
        return None
    return tasks.open_task(
        session,
        campaign_id=reply.campaign_id,
        kind=TaskKind.READ_REPLY,
        subject=(SECOND_READING, reply.id),
        title=str(Sentence("Read a second time what %(name)s answered", name=letter.recipient)),
        due_on=after_working_days(campaign.day_of(now), 2),
        rehearsal=reply.rehearsal,
        now=now,
        by=by,
    )


def finish_logging(
    session: Session, letters: Sequence[Letter], *, by: Actor, now: dt.datetime
) -> None:
    """Finish the open tasks that asked for the answers to `letters` to be logged."""
    rows = session.scalars(
        sa.select(Task).where(
            Task.kind == TaskKind.LOG_ANSWER,
            Task.subject_kind == "letter",
            Task.subject_id.in_([letter.id for letter in letters]),
            Task.done_at.is_(None),
        )
    ).all()
    for task in rows:
        tasks.finish(session, task, by=by, now=now)


def _ask_organiser(
    session: Session, reply: Reply, title: Sentence, *, by: Actor, now: dt.datetime
) -> None:
    tasks.open_task(
        session,
        campaign_id=reply.campaign_id,
        kind=TaskKind.OTHER,
        subject=("office", reply.office_id),
        title=str(title),
        due_on=now.date(),
        rehearsal=reply.rehearsal,
        now=now,
        by=by,
    )


def with_hand(by: Actor, hand: str) -> Actor:
    """Return the same person, holding one hand more: who did it stays in the row."""
    return dataclasses.replace(by, hands=by.hands | {hand})
