"""Renews the sentence of a fact in letters that have not left: what was approved is void then."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign, Event
from outreach.errors import OutreachError
from outreach.letters import claims, distinctness, frame, moving
from outreach.letters.lifecycle import SEALED, UNSENT, Hand, State
from outreach.letters.models import Letter, Quotation
from outreach.petitions import facts
from outreach.petitions.models import Fact
from outreach.words import Sentence

# So many letters are renewed in one go: somebody waits for the page.
AT_ONCE = 500


class Fate(StrEnum):
    """What became of a letter that quotes the fact, or would."""

    # Says what the fact says.
    GOOD = "good"
    # The fact may not be printed: nothing but mending the fact helps.
    BLOCKED = "blocked"
    # Reads differently than the fact does now.
    OLD = "old"
    # Its sentence was renewed; what was approved is void.
    RENEWED = "renewed"
    # Held for this fact, and the words are good again.
    RELEASED = "released"
    # The sentence doesn't stand in it word for word any more.
    BY_HAND = "by_hand"


@dataclass(slots=True)
class Renewal:
    """Letters by what became of them."""

    by_fate: dict[Fate, list[Letter]] = field(default_factory=dict)

    def add(self, fate: Fate, letter: Letter) -> None:
        """Note what became of `letter`."""
        self.by_fate.setdefault(fate, []).append(letter)

    def number(self, fate: Fate) -> int:
        """Return how many letters met that fate."""
        return len(self.by_fate.get(fate, ()))


def unsent_quoting(
    session: Session, fact: Fact, *, held: bool = False
) -> Sequence[tuple[Letter, Quotation]]:
    """Return the letters that have not left and quote `fact`, with their targets; oldest first.

    `held`: as they are by now, and nobody else moves them until the transaction ends.
    """
    query = (
        sa.select(Letter, Quotation)
        .join(Quotation, Quotation.letter_id == Letter.id)
        .where(Quotation.fact_id == fact.id, Letter.state.in_(UNSENT))
        .options(joinedload(Letter.target))
        .order_by(Letter.id)
    )
    if held:
        query = query.with_for_update(of=Letter).execution_options(populate_existing=True)
    return [(letter, quotation) for letter, quotation in session.execute(query)]


def outlook(session: Session, fact: Fact, *, today: dt.date) -> Renewal:
    """Return what `fact` means for each letter that has not left: good, blocked or old."""
    found = Renewal()
    for letter, quotation in unsent_quoting(session, fact):
        found.add(_fate(letter, quotation, fact, today), letter)
    return found


def _fate(letter: Letter, quotation: Quotation, fact: Fact, today: dt.date) -> Fate:
    if facts.refusal(fact, letter.language, today=today) is not None:
        return Fate.BLOCKED
    good = claims.problem(quotation, fact, letter.language, today=today) is None
    return Fate.GOOD if good else Fate.OLD


def renew(session: Session, fact: Fact, *, by: Actor, now: dt.datetime) -> Renewal:
    """Put what `fact` says now into the letters that have not left and said it otherwise.

    An approved letter becomes a draft again, and its history says why; the author of the new
    words is who changed the fact last, unless somebody edited the letter by hand (law 4). A letter
    that was held for this fact and says it well again is released, if `by` may. At most `AT_ONCE`
    letters; ask again for more.
    """
    today = session.get_one(Campaign, fact.campaign_id).day_of(now)
    editor = _last_editor(session, fact)
    found = Renewal()
    for letter, quotation in unsent_quoting(session, fact, held=True):
        fate = _fate(letter, quotation, fact, today)
        if fate is Fate.OLD and found.number(Fate.RENEWED) < AT_ONCE:
            fate = _renewed(session, letter, quotation, fact, editor, today, by, now)
        elif fate is Fate.GOOD and _held_for(session, letter, fact):
            fate = _released(session, letter, by, now)
        found.add(fate, letter)
    session.flush()
    distinctness.measure_again(session, found.by_fate.get(Fate.RENEWED, ()))
    return found


def _held_for(session: Session, letter: Letter, fact: Fact) -> bool:
    """Whether the gate held it for this fact: `R2` is not part of `R21`; a person's hold stays."""
    code = rf"(?<![\w-]){re.escape(fact.code)}(?![\w-])"
    if letter.state is not State.HELD or not re.search(code, letter.reason):
        return False
    holder = session.scalar(
        sa.select(Event.user_id)
        .where(Event.subject_kind == "letter", Event.subject_id == letter.id, Event.name == "hold")
        .order_by(Event.id.desc())
        .limit(1)
    )
    return holder is None


def _last_editor(session: Session, fact: Fact) -> Event | None:
    return session.scalar(
        sa.select(Event)
        .where(Event.subject_kind == "fact", Event.subject_id == fact.id)
        .where(Event.name.in_(("fact added", "fact changed")))
        .order_by(Event.id.desc())
        .limit(1)
    )


def _renewed(
    session: Session,
    letter: Letter,
    quotation: Quotation,
    fact: Fact,
    editor: Event | None,
    today: dt.date,
    by: Actor,
    now: dt.datetime,
) -> Fate:
    before = quotation.text
    if before not in letter.text and before not in letter.subject:
        return Fate.BY_HAND
    if letter.state in SEALED:
        why = Sentence("Fact %(code)s reads differently now.", code=fact.code)
        # Whoever may change a fact voids with it what rests on it; nothing else is let through.
        hand = replace(by, hands=by.hands | {Hand.APPROVER.value})
        moving.make(session, letter, "revise", by=hand, now=now, reason=str(why))
    after = frame.typeset(
        facts.sentence(fact, letter.language, today=today),
        letter.language,
        letter.target.jurisdiction_code,
    )
    letter.subject = letter.subject.replace(before, after)
    letter.text = letter.text.replace(before, after)
    distinctness.hash_again(session, letter)
    # Who edited a letter by hand wrote the rest of it and stays its author.
    by_hand = letter.customised_at is not None
    if editor is not None and editor.user_id is not None and not by_hand:
        letter.author_id, letter.author = editor.user_id, editor.by
    quotation.text, quotation.fact_version = after, fact.version
    session.flush()
    detail = {"fact": fact.code, "before": before, "after": after}
    detail["because"] = f"{fact.code}: {before} → {after}"
    _tell(session, letter, detail, by, now)
    return Fate.RENEWED


def _tell(
    session: Session, letter: Letter, detail: dict[str, str], by: Actor, now: dt.datetime
) -> None:
    audit.record(
        session,
        subject=("letter", letter.id),
        name="renewed",
        by=by,
        now=now,
        campaign_id=letter.campaign_id,
        detail=detail,
    )


def _released(session: Session, letter: Letter, by: Actor, now: dt.datetime) -> Fate:
    try:
        moving.make(session, letter, "release", by=by, now=now)
    except OutreachError:
        return Fate.GOOD  # it stays held until an organiser looks
    return Fate.RELEASED
