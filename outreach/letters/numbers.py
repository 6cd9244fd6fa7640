"""The count that a letter quotes: what its reader is told, and why it can't be said any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only

from outreach.accounts.models import Campaign
from outreach.letters.lifecycle import UNSENT, State
from outreach.letters.models import Letter, Quotation
from outreach.petitions import counts
from outreach.petitions.counts import Count
from outreach.petitions.models import Reading, ReadingState
from outreach.words import Sentence

# What a page shows of letters whose number changed.
_SHOWN = (Letter.id, Letter.language, Letter.state, Letter.customised_at, Letter.recipient)


@dataclass(frozen=True, slots=True)
class Told:
    """The number a letter says, the words it says it in, and the oldest day it rests on."""

    value: int
    words: str
    as_of: dt.date | None


def told(quoted: Iterable[tuple[Quotation, Reading]]) -> Told | None:
    """Return the number that quotations of readings say; None when there are none.

    Readings behind one sentence are parts of one number. Of two sentences the higher counts.
    """
    sentences: dict[str, list[Reading]] = {}
    for quotation, reading in quoted:
        sentences.setdefault(quotation.text, []).append(reading)
    said = [
        Told(
            sum(one.value for one in parts),
            words,
            min((one.read_on for one in parts if one.read_on), default=None),
        )
        for words, parts in sentences.items()
    ]
    return max(said, key=lambda one: one.value, default=None)


def problems(
    quoted: Sequence[tuple[Quotation, Reading]],
    count: Count | None,
    campaign: Campaign,
    *,
    today: dt.date,
) -> list[Sentence]:
    """Return why the number a letter quotes can't be said on day `today` (law 5).

    `count` is the campaign's number now. A fall below what is quoted, a reading that isn't
    accepted or is too old; a rise is none: a dated sentence stays true.
    """
    said = told(quoted)
    if said is None:
        return []
    if any(reading.state is not ReadingState.ACCEPTED for _, reading in quoted):
        return [Sentence("The count it quotes is not accepted.")]
    found = []
    if count is None or count.value < said.value:
        found.append(_fell(said, count))
    if said.as_of is not None and (today - said.as_of).days > campaign.reading_max_age_days:
        found.append(
            Sentence(
                "The number is %(age)s days old; this campaign prints one for %(days)s days.",
                age=(today - said.as_of).days,
                days=campaign.reading_max_age_days,
            )
        )
    return found


def _fell(said: Told, count: Count | None) -> Sentence:
    if count is None:
        return Sentence("Number changed: no count stands any more.")
    return Sentence(
        "Number changed: this letter rests on %(said)s signatures, and the count is %(now)s.",
        said=said.value,
        now=count.value,
    )


def problems_of(session: Session, letter: Letter, *, now: dt.datetime) -> list[Sentence]:
    """Return what `problems` says of one letter on the day that `now` is in the campaign's zone."""
    quoted = quoted_readings(session, [letter.id]).get(letter.id, [])
    if not quoted:
        return []
    campaign = session.get_one(Campaign, letter.campaign_id)
    today = campaign.day_of(now)
    return problems(
        quoted, counts.current_count(session, campaign.id, today), campaign, today=today
    )


def quoted_readings(
    session: Session, letter_ids: Sequence[int]
) -> dict[int, list[tuple[Quotation, Reading]]]:
    """Return {letter id: its quotations of readings}; letters without any are left out."""
    rows = session.execute(
        sa.select(Quotation, Reading)
        .join(Reading, Reading.id == Quotation.reading_id)
        .where(Quotation.letter_id.in_(letter_ids))
        .order_by(Quotation.id)
    )
    found: dict[int, list[tuple[Quotation, Reading]]] = {}
    for quotation, reading in rows:
        found.setdefault(quotation.letter_id, []).append((quotation, reading))
    return found


@dataclass(frozen=True, slots=True)
class Changed:
    """Letters of a mailing that have not left and say a number that can't be said any more."""

    why: Sentence
    letters: tuple[Letter, ...]

    @property
    def drafts(self) -> tuple[Letter, ...]:
        """Those that can be drawn anew as they are: nobody edited them by hand."""
        return tuple(
            one for one in self.letters if one.state is State.DRAFT and one.customised_at is None
        )


def changed_in(
    session: Session, campaign: Campaign, mailing_id: int, *, today: dt.date
) -> Changed | None:
    """Return the unsent letters of a mailing whose number changed or is too old, or None.

    Judged by sentence, of which a mailing has a few, however many letters it has.
    """
    unsent = (Letter.mailing_id == mailing_id, Letter.state.in_(UNSENT))
    rows = session.execute(
        sa.select(Quotation.text, Reading)
        .join(Letter, Letter.id == Quotation.letter_id)
        .join(Reading, Reading.id == Quotation.reading_id)
        .where(*unsent)
        .group_by(Quotation.text, Reading.id)
    )
    sentences: dict[str, list[tuple[Quotation, Reading]]] = {}
    for words, reading in rows:
        sentences.setdefault(words, []).append((Quotation(text=words), reading))
    if not sentences:
        return None
    count = counts.current_count(session, campaign.id, today)
    wrong = {
        words: found[0]
        for words, quoted in sentences.items()
        if (found := problems(quoted, count, campaign, today=today))
    }
    if not wrong:
        return None
    letters = session.scalars(
        sa.select(Letter)
        .where(
            *unsent,
            sa.exists().where(Quotation.letter_id == Letter.id, Quotation.text.in_(wrong)),
        )
        .order_by(Letter.id)
        # A page counts them; their words are long.
        .options(load_only(*_SHOWN))
    ).all()
    return Changed(next(iter(wrong.values())), tuple(letters))
