"""How distinct a mailing is: bands, the most alike pairs side by side, what is above the limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from outreach.letters import choosing, distinctness, templates
from outreach.letters.alikeness import body_of
from outreach.letters.diff import Piece, differences
from outreach.letters.distinctness import Pair, Summary
from outreach.letters.models import Letter, Mailing
from outreach.letters.placeholders import ALTERNATIVES
from outreach.letters.wording import VARIANTS
from outreach.web.access import campaign, session


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two letters and their words between opening and closing, with what differs."""

    one: Letter
    other: Letter
    alike: int
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Distinct:
    """What a mailing's page says of its distinctness. `limit` in per cent."""

    limit: int
    summary: Summary
    pairs: Sequence[SideBySide]
    pairs_before: Sequence[SideBySide]
    above: Sequence[Letter]
    # Recipients of the letters that those above are alike to, by letter id.
    names: dict[int, str]
    # How many letters its newest texts make, in the language that makes fewest; and could make.
    different: int
    most_different: int
    template_id: int


def distinct(mailing: Mailing) -> Distinct | None:
    """Return how distinct a mailing is, or None where there was nothing to compare with."""
    limit = distinctness.most_allowed(mailing.template.kind, campaign())
    summary = distinctness.summary(session(), mailing, limit)
    if summary.highest is None and summary.highest_before is None:
        return None
    above = distinctness.above(session(), mailing, limit)
    ids = {one for letter in above for one in (letter.alike_id, letter.alike_before_id) if one}
    rows = session().execute(sa.select(Letter.id, Letter.recipient).where(Letter.id.in_(ids)))
    return Distinct(
        limit=limit,
        summary=summary,
        pairs=_beside(distinctness.most_alike(session(), mailing), mailing),
        pairs_before=_beside(distinctness.most_alike_before(session(), mailing), mailing),
        above=above,
        names={row.id: row.recipient for row in rows},
        different=_different(mailing),
        most_different=len(VARIANTS) ** len(ALTERNATIVES),
        template_id=mailing.template_id,
    )


def _different(mailing: Mailing) -> int:
    used = sa.select(Letter.language).where(Letter.mailing_id == mailing.id).distinct()
    languages = set(session().scalars(used))
    texts = templates.current_versions(session(), mailing.template_id)
    return min(
        (len(choosing.alternatives(one)) for lang, one in texts.items() if lang in languages),
        default=1,
    )


def _beside(pairs: Sequence[Pair], mailing: Mailing) -> list[SideBySide]:
    letters = _letters({one for pair in pairs for one in (pair.one, pair.other)})
    found = []
    for pair in pairs:
        one, other = letters[pair.one], letters[pair.other]
        pieces = differences(
            body_of(one.text, mailing.sender.name), body_of(other.text, mailing.sender.name)
        )
        found.append(SideBySide(one, other, pair.alike, pieces))
    return found


def _letters(ids: Iterable[int]) -> dict[int, Letter]:
    rows = session().scalars(sa.select(Letter).where(Letter.id.in_(set(ids))))
    return {letter.id: letter for letter in rows}
