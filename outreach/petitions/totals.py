"""How many signed in all: which readings make the campaign's number, and how letters say it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.errors import Refused
from outreach.petitions import figures, phrases
from outreach.petitions.models import Precision, Reading, ReadingState
from outreach.petitions.pages import Page, PageRule
from outreach.words import Sentence

# (the count is at least this, the step it is rounded down to): a smaller one is printed as it is.
STEPS = ((1_000_000, 10_000), (10_000, 1_000), (1_000, 100))


@dataclass(frozen=True, slots=True)
class Count:
    """The campaign's number: the newest of the pool, plus the newest of each page that adds.

    `as_of` is the newest day among `readings`: as many had signed by then, and perhaps more, since
    signatures are not taken back; before, that many had not. `oldest` tells how old the number is.
    """

    value: int
    as_of: dt.date
    readings: tuple[Reading, ...]

    @property
    def oldest(self) -> dt.date:
        """The day of the oldest reading: where it differs from `as_of`, the sum is no exact one."""
        return min(map(_day, self.readings), default=self.as_of)


_RANK = sa.func.row_number().over(
    partition_by=Reading.page_id, order_by=(Reading.read_on.desc(), Reading.id.desc())
)
_PLACES = (
    sa.select(Reading.id, _RANK.label("place"))
    .where(
        Reading.campaign_id == sa.bindparam("campaign"),
        Reading.state == ReadingState.ACCEPTED,
        Reading.read_on <= sa.bindparam("today"),
    )
    .subquery()
)
# The newest accepted reading of each page up to a day.
_NEWEST = (
    sa.select(Reading, Page.id, Page.rule)
    .join(_PLACES, _PLACES.c.id == Reading.id)
    .join(Page, Page.id == Reading.page_id)
    .where(_PLACES.c.place == 1)
    .order_by(Reading.read_on, Reading.id)
)


def current_count(
    session: Session,
    campaign_id: int,
    today: dt.date,
    *,
    rules: Mapping[int, PageRule] | None = None,
) -> Count | None:
    """Return the campaign's number by the accepted readings up to `today`; None without any.

    `rules` ({page id: rule}) tries other rules than those kept.
    """
    newest: dict[int, tuple[Reading, PageRule]] = {}
    rows = session.execute(_NEWEST, {"campaign": campaign_id, "today": today})
    for reading, page_id, rule in rows:
        newest[page_id] = (reading, (rules or {}).get(page_id, rule))
    return _sum(newest.values())


def _sum(newest: Iterable[tuple[Reading, PageRule]]) -> Count | None:
    """Add up the newest reading of each page, oldest first: the pool counts once, by its last."""
    pool: Reading | None = None
    parts: list[Reading] = []
    for reading, rule in newest:
        if rule is PageRule.POOL:
            pool = reading
        elif rule is PageRule.ADD:
            parts.append(reading)
    if pool is not None:
        parts.insert(0, pool)
    if not parts:
        return None
    return Count(
        value=sum(reading.value for reading in parts),
        as_of=max(map(_day, parts)),
        readings=tuple(parts),
    )


def over_time(readings: Sequence[Reading], rules: Mapping[int, PageRule]) -> list[Count]:
    """Return the campaign's number after each accepted reading, in the order of their days.

    `readings` may hold others too; `rules` is {page id: rule}. A reading of a page that is left
    out gives no number.
    """
    accepted = [one for one in readings if one.state is ReadingState.ACCEPTED and one.page_id]
    accepted.sort(key=lambda one: (_day(one), one.id))
    newest: dict[int, tuple[Reading, PageRule]] = {}
    found = []
    for reading in accepted:
        assert reading.page_id is not None
        rule = rules.get(reading.page_id, PageRule.POOL)
        newest.pop(reading.page_id, None)
        newest[reading.page_id] = (reading, rule)
        count = _sum(newest.values()) if rule is not PageRule.EXCLUDE else None
        if count is not None:
            found.append(count)
    return found


def age_in_days(count: Count, today: dt.date) -> int:
    """Return how many days ago the oldest reading of `count` was read."""
    return (today - count.oldest).days


def too_old(count: Count, campaign: Campaign, today: dt.date) -> bool:
    """Return whether `count` is older than the campaign lets a letter print."""
    return age_in_days(count, today) > campaign.reading_max_age_days


def exact_sentence(count: Count, language: str) -> str:
    """Return the very number as a dated sentence of `language`, in its digits and grammar.

    "As of 3 March 2021, 62,001 people had signed the petition." A sum of readings of several days
    is said as what it surely exceeds. Raises Refused for a language without such a sentence.
    """
    known = _known(language)
    if count.oldest != count.as_of:
        least = min(rounded_down(count.value), count.value - 1)
        form = phrases.in_number(known.count.careful, least, language)
        return _said(form, count, language, least)
    return _said(phrases.in_number(known.count.exact, count.value, language), count, language)


def careful_sentence(count: Count, language: str) -> str:
    """Return a round number that is surely exceeded, as a dated sentence of `language`.

    "As of 3 March 2021, more than 62,000 people had signed the petition." A number that is round
    or small is said as it is. Raises Refused as `exact_sentence` does.
    """
    rounded = rounded_down(count.value)
    if rounded == count.value:
        return exact_sentence(count, language)
    known = _known(language)
    form = phrases.in_number(known.count.careful, rounded, language)
    return _said(form, count, language, rounded)


def rounded_down(value: int) -> int:
    """Return the round number below `value`, or `value` itself below a thousand."""
    step = next((step for least, step in STEPS if value >= least), 1)
    return value - value % step


def _said(form: str, count: Count, language: str, number: int | None = None) -> str:
    return form.format(
        day=figures.day(count.as_of, Precision.DAY, language),
        number=figures.number(count.value if number is None else number, language),
    )


def _known(language: str) -> phrases.Phrases:
    known = phrases.phrases(language)
    if known is None:
        raise Refused(
            Sentence(
                "There is no sentence for the count in “%(language)s”. Leave the count out.",
                language=language,
            )
        )
    return known


def _day(reading: Reading) -> dt.date:
    assert reading.read_on is not None  # the table's constraint `accepted`
    return reading.read_on
