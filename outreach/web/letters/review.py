"""Reviewing a mailing: each text once, then only what differs; approving many after a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.accounts import audit
from outreach.database import transaction
from outreach.directory.models import Jurisdiction
from outreach.errors import MoveRefused, Refused
from outreach.letters import approving, earlier, sampling
from outreach.letters.checks import Finding, Verdict
from outreach.letters.diff import Comparison, Piece, comparison, differences, paragraphs
from outreach.letters.earlier import Since
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing
from outreach.letters.reviewing import ApprovalRound
from outreach.letters.sealing import seals_of
from outreach.letters.together import Outcome
from outreach.web.access import actor, installation, may, needs, now, session
from outreach.web.filters import say
from outreach.web.letters.blueprint import bp
from outreach.web.letters.mailing import this_mailing
from outreach.web.letters.panels import place

# Letters on one page of the review, and rows of a round's table shown at once.
READ_PER_PAGE = 50
ROWS_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class Row:
    """What one letter says that its text's commonest letter doesn't."""

    letter: Letter
    country: str
    opening: str
    subject: Sequence[Piece]
    changes: Comparison
    since: Since | None
    # The checks that have something to say.
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Check:
    """What one check says of a mailing: how many letters, and the first of them."""

    name: str
    verdict: Verdict
    count: int
    examples: Sequence[tuple[Letter, Finding]]


@bp.get("/mailings/<int:mailing_id>/review")
@needs("letters.read")
def review(mailing_id: int) -> str:
    """Everything of a mailing that waits for approval, each text once."""
    shown = this_mailing(mailing_id)
    found = approving.candidates(session(), shown, by=actor(), now=now())
    letters = found.waiting
    page = _page(len(letters), READ_PER_PAGE)
    return render_template(
        "pages/letters/review.html",
        mailing=shown,
        letters=letters,
        texts=sampling.texts_of(letters),
        rows=_rows(letters, _part(letters, page, READ_PER_PAGE), found.findings),
        page={"page": page, "per_page": READ_PER_PAGE, "total": len(letters)},
        checks=_checks(letters, found.findings),
        together=found.letters if may("letters.approve") else (),
        left_out=found.left_out,
        public=_public(letters),
    )


@bp.post("/mailings/<int:mailing_id>/rounds")
@needs("letters.approve")
def begin_round(mailing_id: int) -> Response:
    """Pick a sample, to approve many letters after reading it."""
    shown = this_mailing(mailing_id)
    try:
        with transaction(session()):
            begun = approving.begin(session(), shown, by=actor(), now=now())
            round_id = begun.id
    except Refused as error:
        flash(say(error.sentence), "warning")
        return redirect(url_for("letters.review", mailing_id=mailing_id))
    return redirect(url_for("letters.approval_round", round_id=round_id))


@bp.get("/rounds/<int:round_id>")
@needs("letters.approve")
def approval_round(round_id: int) -> str:
    """The sample to read, the table of what differs, and at its end the button."""
    one, shown = _mine(round_id)
    session().expunge(one)
    letters = approving.letters_of(session(), one)
    if one.approved_at is not None:
        return _done(one, shown, letters)
    page = _page(len(letters), ROWS_PER_PAGE)
    part = _part(letters, page, ROWS_PER_PAGE)
    # The seals are those of the very rows that this page shows.
    seals = seals_of(session(), part)
    rows = _rows(letters, part, approving.findings(session(), part, now=now()))
    with installation().database.writing() as writing:
        approving.note_shown(writing, approving.this_round(writing, one.id, by=actor()), seals)
    one.seals = {**one.seals, **{str(key): seal for key, seal in seals.items()}}
    waiting = [letter for letter in letters if letter.state is State.REVIEW]
    return render_template(
        "pages/letters/round.html",
        mailing=shown,
        round=one,
        sample=[letter for letter in letters if letter.id in one.sample],
        unread={letter.id for letter in approving.unread(one, letters)},
        unseen=len(approving.unseen(one, letters)),
        rows=rows,
        page={"page": page, "per_page": ROWS_PER_PAGE, "total": len(letters)},
        last=page * ROWS_PER_PAGE >= len(letters),
        waiting=waiting,
        states=State,
        public=_public(waiting),
        texts=sampling.texts_of(letters),
    )


def _done(one: ApprovalRound, shown: Mailing, letters: Sequence[Letter]) -> str:
    told = [
        event
        for event in audit.history(session(), "mailing", shown.id)
        if event.name == "approved_together" and event.detail.get("round") == one.id
    ]
    reasons = told[-1].detail["stayed"] if told else {}
    return render_template(
        "pages/letters/round_done.html",
        mailing=shown,
        round=one,
        approved=[letter for letter in letters if letter.approval_round_id == one.id],
        stayed=[
            (letter, reasons.get(str(letter.id), ""))
            for letter in letters
            if letter.approval_round_id != one.id
        ],
    )


@bp.post("/rounds/<int:round_id>/approve")
@needs("letters.approve")
def approve_round(round_id: int) -> Response:
    """Approve the letters of a round as they were shown; what changed meanwhile stays."""
    one, shown = _mine(round_id)
    here = redirect(url_for("letters.approval_round", round_id=round_id))
    try:
        with transaction(session()):
            known = request.form.get("public_known") == "yes"
            ids = approving.close(session(), one, public_known=known, by=actor(), now=now())
    except MoveRefused as error:
        flash(say(error.sentence), "info")
        return here
    except Refused as error:
        flash(" ".join(map(say, (error.sentence, *error.reasons))), "warning")
        return here
    outcome = _approve_all(one, ids)
    with transaction(session()):
        approving.tell(session(), one, shown, outcome, by=actor(), now=now())
    flash(
        ngettext(
            "%(num)s letter approved and frozen.",
            "%(num)s letters approved and frozen.",
            outcome.moved,
        ),
        "success" if outcome.moved else "warning",
    )
    return here


def _approve_all(one: ApprovalRound, ids: Sequence[int]) -> Outcome:
    """Approve in steps, so that nobody else waits long for the database."""
    done = Outcome(0, ())
    for start in range(0, len(ids), approving.AT_ONCE):
        some = ids[start : start + approving.AT_ONCE]
        with transaction(session()):
            part = approving.approve_some(session(), one, some, by=actor(), now=now())
        done = Outcome(done.moved + part.moved, (*done.refused, *part.refused))
    return done


def _mine(round_id: int) -> tuple[ApprovalRound, Mailing]:
    one = approving.this_round(session(), round_id, by=actor())
    return one, this_mailing(one.mailing_id)


def _page(total: int, per_page: int) -> int:
    wanted = request.args.get("page", 1, type=int)
    return min(max(wanted, 1), max(1, -(-total // per_page)))


def _part(letters: Sequence[Letter], page: int, per_page: int) -> Sequence[Letter]:
    return letters[(page - 1) * per_page : page * per_page]


def _rows(
    letters: Sequence[Letter],
    part: Sequence[Letter],
    findings: Mapping[int, Sequence[Finding]],
) -> list[Row]:
    """What the letters of `part` say that the commonest letter of their text doesn't."""
    commonest = {
        letter.id: text.commonest for text in sampling.texts_of(letters) for letter in text.letters
    }
    since = earlier.since_last(session(), part)
    return [_row(one, commonest[one.id], since.get(one.id), findings[one.id]) for one in part]


def _row(letter: Letter, base: Letter, since: Since | None, found: Sequence[Finding]) -> Row:
    jurisdiction = letter.target.jurisdiction
    return Row(
        letter=letter,
        country=place(jurisdiction.code, jurisdiction.name),
        opening=next(iter(paragraphs(letter.text)), ""),
        subject=differences(base.subject, letter.subject) if base.subject != letter.subject else (),
        changes=comparison(_rest(base).replace(base.code, letter.code), _rest(letter)),
        since=since,
        findings=[one for one in found if one.verdict is not Verdict.PASSED],
    )


def _rest(letter: Letter) -> str:
    """What stands behind the opening, which has a column of its own.

    The reference code differs in every letter and tells nobody anything.
    """
    return "\n\n".join(paragraphs(letter.text)[1:])


def _checks(letters: Sequence[Letter], findings: Mapping[int, Sequence[Finding]]) -> list[Check]:
    """What every check says of the whole mailing, the gravest first."""
    grouped: dict[tuple[str, Verdict], list[tuple[Letter, Finding]]] = {}
    for letter in letters:
        for one in findings[letter.id]:
            grouped.setdefault((one.check, one.verdict), []).append((letter, one))
    order = (Verdict.FAILING, Verdict.LOOK, Verdict.PASSED)
    return [
        Check(name, verdict, len({letter.id for letter, _one in found}), found[:10])
        for (name, verdict), found in sorted(
            grouped.items(), key=lambda item: (order.index(item[0][1]), item[0][0])
        )
    ]


def _public(letters: Sequence[Letter]) -> list[dict[str, Any]]:
    """Where strangers may read how many of these letters."""
    places: dict[Jurisdiction, int] = approving.public_places(letters)
    return [
        {
            "name": place(one.code, one.name),
            "count": count,
            "publicity": one.publicity,
            "basis": one.publicity_basis,
        }
        for one, count in places.items()
    ]
