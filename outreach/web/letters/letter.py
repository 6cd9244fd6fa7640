"""One letter: what it says, to whom, from what sources, why it can't leave, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts import audit
from outreach.database import transaction
from outreach.errors import BadInput, MoveRefused, NotFound, Refused
from outreach.letters import editing, lists, looking, moving, queries
from outreach.letters.diff import Piece, differences
from outreach.letters.lifecycle import UNSENT, State
from outreach.letters.models import Letter
from outreach.letters.sealing import seal_of
from outreach.replies.consequences.next_way import next_ways
from outreach.replies.consequences.rules import ANSWERABLE
from outreach.replies.deskwork import desk
from outreach.replies.deskwork.readers import marks_of
from outreach.replies.kinds import KINDS
from outreach.replies.models import Reply, ReplyLetter
from outreach.sending import events, gate, listing
from outreach.sending.models import Attempt
from outreach.sending.places import place_of
from outreach.sending.postman import Refusal
from outreach.sending.reasons import Wait
from outreach.web.access import (
    actor,
    campaign,
    installation,
    may,
    needs,
    now,
    reader_in,
    session,
)
from outreach.web.filters import say
from outreach.web.letters import beside, minute, moves, panels
from outreach.web.letters.blueprint import bp
from outreach.web.letters.listing import waits
from outreach.words import Sentence


def this_letter(letter_id: int) -> Letter:
    """Return a letter of the current campaign. Raises NotFound."""
    found = queries.letter_with_everything(session(), letter_id)
    if found.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such letter in this campaign."))
    return found


@bp.get("/letters/<int:letter_id>")
@needs("letters.find")
def letter(letter_id: int) -> str:
    """The letter's page; without the right to read letters, only what finding one shows."""
    shown = this_letter(letter_id)
    if not may("letters.read"):
        holders = looking.open_tasks_about(session(), shown)
        with installation().database.writing() as writing:
            looking.note_look(writing, shown, by=actor(), now=now())
        if actor().user_id not in {task.owner_id for task in holders}:
            return _closed(shown, holders)
    return render_template("pages/letters/letter.html", **_shown(shown))


def _closed(shown: Letter, holders: Sequence[Any]) -> str:
    free = [task for task in holders if task.owner_id is None and desk.may_take(task, actor())]
    owners = [task.owner.name for task in holders if task.owner is not None]
    return render_template(
        "pages/letters/closed.html",
        letter=shown,
        about=panels.found(shown),
        may_take=bool(free) or (not owners and shown.state in ANSWERABLE),
        taken_by=owners[0] if owners else "",
    )


def _shown(shown: Letter) -> dict[str, Any]:
    """Return what the page of a letter shows to somebody who may read it."""
    by = actor()
    stops, gate_waits = (
        gate.reasons(session(), shown, now=now()) if shown.state in UNSENT else ((), ())
    )
    quoted = lists.sources(session(), shown)
    place = place_of(session(), shown, after=now())
    seen = seal_of(session(), shown)
    last = listing.last_attempts(session(), [shown]).get(shown.id)
    return {
        "letter": shown,
        "waits": waits(shown),
        "changed": _by_hand(shown),
        "next_id": lists.first_in_review(session(), shown.mailing_id, after=shown.id)
        if may("letters.approve")
        else None,
        "occasions": _occasions(shown),
        "bar": moves.bar(shown, by, campaign()),
        # Approving says what was read: other words since then are other words.
        "seen": seen,
        **beside.beside(shown, seen),
        "may_edit": may("letters.write") and shown.state is State.DRAFT,
        "zone": place.zone.key,
        "minute": minute.why(shown, place, last),
        "here_now": now(),
        "stops": stops,
        "gate_waits": [_for_reader(wait) for wait in gate_waits],
        "approval": panels.approval(session(), shown, by, campaign()),
        "about": panels.about(shown, place.zone.key),
        "sources": [panels.source(one) for one in quoted],
        "quotations": [one.quotation for one in quoted],
        "history": [
            panels.happened(event) for event in audit.history(session(), "letter", shown.id)
        ],
        **_after_leaving(shown, last),
    }


def _for_reader(wait: Wait) -> Wait:
    """What another campaign wrote is linked only for who belongs to it."""
    other = wait.mend[2].get("campaign") if wait.mend else None
    if other is None or reader_in(other) is not None:
        return wait
    return replace(wait, mend=None)


def _occasions(shown: Letter) -> Sequence[Any]:
    """Return the meetings that a letter could hang on."""
    if shown.state is not State.APPROVED:
        return ()
    codes = [shown.target.jurisdiction_code]
    return events.occasions(session(), codes, today=campaign().day_of(now()))


def _by_hand(shown: Letter) -> Sequence[Piece]:
    """Return what was changed by hand since the draft was made, if anything was."""
    if shown.customised_at is None:
        return ()
    _subject, text = editing.words_made(session(), shown)
    return differences(text, shown.text)


def _after_leaving(shown: Letter, last: Attempt | None) -> dict[str, Any]:
    """Return what a letter has once it left: its message, answers, a reminder."""
    left = shown.sent_at is not None or shown.state is State.UNKNOWN
    tried = session().scalar(
        sa.select(Attempt.id).where(Attempt.letter_id == shown.id, Attempt.data_at.is_not(None))
    )
    reminder = lists.reminder_of(session(), shown)
    silent = shown.state is State.SENT and shown.answered_on is None and shown.closed_on is None
    return {
        "message_url": url_for("sending.message", letter_id=shown.id) if tried else "",
        "left": left,
        "answer_url": url_for("replies.log", letter_id=shown.id) if left else "",
        "replies": _answers(shown) if left else (),
        "next_ways": next_ways(session(), [shown], today=campaign().day_of(now())),
        "refused": _refused(shown, last),
        "reminder": reminder,
        "reminder_url": url_for("reminders.remind", letter_id=shown.id)
        if silent and reminder is None and may("letters.write")
        else "",
    }


def _refused(shown: Letter, last: Attempt | None) -> Attempt | None:
    """Return the try in which their server took the address and not the words, if it was so."""
    wanted = shown.state is State.FAILED and last is not None and last.refusal is Refusal.CONTENT
    return last if wanted else None


def _answers(shown: Letter) -> list[dict[str, Any]]:
    """Return the answers to a letter that this person may see, the newest first."""
    select = (
        desk.answers_of(shown.campaign_id, rehearsal=shown.rehearsal, by=actor())
        .join(ReplyLetter, ReplyLetter.reply_id == Reply.id)
        .where(ReplyLetter.letter_id == shown.id, Reply.undone_at.is_(None))
        .order_by(Reply.received_on.desc(), Reply.id.desc())
    )
    rows = session().scalars(select).all()
    marks = marks_of(session(), [reply.id for reply in rows])
    return [
        {
            "id": reply.id,
            "received_on": reply.received_on,
            "channel": reply.channel,
            "words": say(KINDS[reply.kind].label),
            "mark": marks.get(reply.id),
        }
        for reply in rows
    ]


@bp.post("/letters/<int:letter_id>/take")
@needs("tasks.take")
def take(letter_id: int) -> Response:
    """Take the task of a letter, so that its text can be read."""
    shown = this_letter(letter_id)
    free = [
        task
        for task in looking.open_tasks_about(session(), shown)
        if task.owner_id is None and desk.may_take(task, actor())
    ]
    try:
        with transaction(session()):
            if free:
                looking.take(session(), free[0], shown, by=actor(), now=now())
            else:
                desk.take_letter(session(), shown, by=actor(), now=now())
    except (Refused, BadInput) as error:
        flash(say(error.sentence), "error")
    else:
        flash(_("The task is yours. Give it back in the inbox if you can't finish it."), "success")
    return redirect(url_for("letters.letter", letter_id=letter_id))


def _of_form(shown: Letter, move: str) -> dict[str, Any]:
    """Return what some moves take beside a reason."""
    if move == "return":
        typed, number = request.form.get("passage", ""), request.form.get("paragraph", "")
        return {"passage": beside.passage_from(shown, typed, number)}
    because = request.form.get("alike_because", "").strip()
    return {"alike_because": because} if move == "approve" and because else {}


@bp.post(f"/letters/<int:letter_id>/<any({', '.join(moves.HERE)}):move>")
@needs("letters.write")
def move(letter_id: int, move: str) -> Response:
    """Make a move and say what happens next; a second press finds it made and says so."""
    shown = this_letter(letter_id)
    try:
        with transaction(session()):
            moving.make(
                session(),
                shown,
                move,
                by=actor(),
                now=now(),
                reason=request.form.get("reason", ""),
                # Nobody approves what no page has shown them.
                seen=request.form.get("seen", "" if move == "approve" else None),
                **_of_form(shown, move),
            )
    except (BadInput, MoveRefused) as error:
        flash(say(error.sentence), "warning")
    except Refused as error:
        flash(" ".join(map(say, (error.sentence, *error.reasons))), "error")
    else:
        flash(say(moves.next_step(move, shown)), "success")
    return redirect(url_for("letters.letter", letter_id=letter_id))
