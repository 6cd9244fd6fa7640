"""Giving letters their windows, one or many at once, and taking many off the schedule again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as Answer

from outreach.database import transaction
from outreach.directory.models import Target
from outreach.directory.offices import BY_HAND
from outreach.errors import BadInput, MoveRefused, NotFound, Refused
from outreach.letters import together
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing
from outreach.sending import events, taking_back, timetable
from outreach.sending.going_first import Scheduled
from outreach.sending.taking_back import Act
from outreach.web.access import actor, campaign, may, needs, now, session
from outreach.web.filters import instant as written
from outreach.web.filters import say
from outreach.web.sending.blueprint import bp
from outreach.web.sending.letter import all_of, back, this_letter, to_letter
from outreach.web.sending_forms import WindowForm
from outreach.words import Sentence


@bp.post("/letters/<int:letter_id>/schedule")
@needs("letters.approve")
def schedule(letter_id: int) -> Answer:
    """Give an approved, missed or failed letter its window."""
    letter, form = this_letter(letter_id), WindowForm()
    if not form.validate():
        return back(letter_id, form.complaints())
    if form.when.data in ("good", "event"):
        _schedule_all(sa.select(Letter).where(Letter.id == letter_id), form)
        return to_letter(letter_id)
    begins, ends = form.window(campaign().timezone, now())
    try:
        with transaction(session()):
            waits = timetable.schedule(
                session(),
                letter,
                send_after=begins,
                send_before=ends,
                because=form.because.data or "",
                by=actor(),
                now=now(),
            )
    except (BadInput, Refused, MoveRefused) as error:
        return back(letter_id, all_of(error))
    flash(_said_window(letter), "success")
    for wait in waits:
        flash(say(wait.words), "warning")
    return to_letter(letter_id)


@bp.post("/letters/<int:letter_id>/window")
@needs("letters.approve")
def move(letter_id: int) -> Answer:
    """Give a scheduled letter another window, and say why."""
    letter, form = this_letter(letter_id), WindowForm()
    if not form.validate():
        return back(letter_id, form.complaints())
    begins, ends = form.window(campaign().timezone, now())
    try:
        with transaction(session()):
            timetable.move_window(
                session(),
                letter,
                send_after=begins,
                send_before=ends,
                because=form.because.data or "",
                by=actor(),
                now=now(),
            )
    except (BadInput, Refused, MoveRefused) as error:
        return back(letter_id, all_of(error))
    flash(_said_window(letter), "success")
    return to_letter(letter_id)


@bp.post("/mailings/<int:mailing_id>/schedule")
@needs("letters.approve")
def schedule_mailing(mailing_id: int) -> Answer:
    """Give the approved letters of a mailing a window, all but those that a person carries."""
    _mailing(mailing_id)
    act, form = None, WindowForm()
    if form.validate():
        act = _schedule_all(
            sa.select(Letter).where(
                Letter.mailing_id == mailing_id,
                Letter.state == State.APPROVED,
                Letter.channel.not_in(BY_HAND),
            ),
            form,
        )
    else:
        flash(form.complaints(), "error")
    return redirect(url_for("letters.mailing", mailing_id=mailing_id, scheduled=_named(act)))


@bp.post("/outbox/missed")
@needs("letters.approve")
def again() -> Answer:
    """Confirm a new window for every letter that missed its own, in one act."""
    act, form = None, WindowForm()
    if form.validate():
        act = _schedule_all(
            sa.select(Letter).where(
                Letter.campaign_id == campaign().id, Letter.state == State.MISSED
            ),
            form,
        )
    else:
        flash(form.complaints(), "error")
    return redirect(url_for("sending.outbox", scheduled=_named(act)))


@bp.post("/outbox/scheduled/<name>/undo")
@needs("letters.approve")
def undo(name: str) -> Answer:
    """Take the letters that were scheduled in one act off the schedule again."""
    act, mailing_id = _act(name), request.form.get("mailing", type=int)
    if act is None:
        raise NotFound(Sentence("There is no such act."))
    with transaction(session()):
        done = taking_back.take_back(session(), campaign().id, act, by=actor(), now=now())
    if done:
        flash(
            ngettext(
                "%(num)s letter taken off the schedule. It is approved and waits for a new time.",
                "%(num)s letters taken off the schedule. "
                "They are approved and wait for a new time.",
                done,
            ),
            "success",
        )
    else:
        flash(_("Nothing was left to undo: they have gone, or were given another time."), "info")
    if mailing_id is not None:
        return redirect(url_for("letters.mailing", mailing_id=mailing_id))
    return redirect(url_for("sending.outbox"))


@bp.post("/mailings/<int:mailing_id>/unschedule")
@needs("letters.approve")
def unschedule_mailing(mailing_id: int) -> Answer:
    """Take every letter of a mailing that waits for its time off the schedule."""
    mailing = _mailing(mailing_id)
    with transaction(session()):
        done = together.unschedule_all(session(), mailing, by=actor(), now=now()).moved
    flash(
        ngettext(
            "%(num)s letter taken off the schedule. It stays approved until you choose a time.",
            "%(num)s letters taken off the schedule. They stay approved until you choose a time.",
            done,
        ),
        "success" if done else "info",
    )
    return redirect(url_for("letters.mailing", mailing_id=mailing_id))


@dataclass(frozen=True, slots=True)
class Undo:
    """What a page offers to undo: letters that were scheduled together and still wait."""

    url: str
    letters: int


def undo_offer() -> Undo | None:
    """Return what the act named in the address (`?scheduled=`) leaves to undo."""
    act = _act(request.args.get("scheduled", ""))
    if act is None or not may("letters.approve"):
        return None
    left = taking_back.still_scheduled(session(), campaign().id, act)
    return Undo(url_for("sending.undo", name=_named(act)), left) if left else None


def _named(act: Act | None) -> str | None:
    return f"{act.first}-{act.last}" if act else None


def _act(name: str) -> Act | None:
    found = re.fullmatch(r"([0-9]{1,15})-([0-9]{1,15})", name)
    return Act(int(found[1]), int(found[2])) if found else None


def _mailing(mailing_id: int) -> Mailing:
    mailing = session().get(Mailing, mailing_id)
    if mailing is None or mailing.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such mailing in this campaign."))
    return mailing


def _schedule_all(query: sa.Select[Letter], form: WindowForm) -> Act | None:
    """Schedule what `query` finds; tell how many, and why not the others. Return the act."""
    there = joinedload(Letter.target).joinedload(Target.jurisdiction)
    try:
        with transaction(session()):
            letters = session().scalars(query.options(there).order_by(Letter.id)).all()
            result = _scheduled(letters, form)
            act = taking_back.act_of(session(), result.letters)
    except (BadInput, NotFound) as error:
        flash(all_of(error), "error")
        return None
    done = len(result.letters)
    if done:
        flash(ngettext("%(num)s letter scheduled.", "%(num)s letters scheduled.", done), "success")
    for words, number in _counted([reasons for _one, reasons in result.refused]):
        flash(
            ngettext(
                "%(num)s letter stays as it is: %(why)s",
                "%(num)s letters stay as they are: %(why)s",
                number,
                why=words,
            ),
            "warning",
        )
    if not done and not result.refused:
        flash(_("There was nothing to schedule."), "warning")
    return act


def _scheduled(letters: Sequence[Letter], form: WindowForm) -> Scheduled:
    """Schedule `letters` in the way that was chosen. Raises BadInput, NotFound."""
    begins, ends = form.window(campaign().timezone, now())
    who: dict[str, Any] = {"by": actor(), "now": now()}
    if form.when.data == "event":
        event_id, days = form.tie()
        return events.schedule_by(session(), letters, entry_id=event_id, offset=days, **who)
    if form.when.data == "good":
        return timetable.schedule_at_good_hours(session(), letters, send_after=begins, **who)
    return timetable.schedule_many(
        session(),
        letters,
        send_after=begins,
        send_before=ends,
        because=form.because.data or "",
        **who,
    )


def _counted(several: Sequence[Sequence[Sentence]]) -> list[tuple[str, int]]:
    """Return each different explanation once, with how many letters it holds for."""
    counts: dict[str, int] = {}
    for reasons in several:
        words = " ".join(map(say, reasons))
        counts[words] = counts.get(words, 0) + 1
    return list(counts.items())


def _said_window(letter: Letter) -> str:
    return str(
        _(
            "Scheduled: it goes after %(start)s, and not after %(end)s.",
            start=written(letter.send_after),
            end=written(letter.send_before),
        )
    )
