"""What is known of many recipients, read at once: what went before, committees, stances, places."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.directory.models import (
    Jurisdiction,
    Membership,
    Organization,
    OrganizationKind,
    Target,
    TargetRole,
)
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Quotation
from outreach.letters.numbers import quoted_readings, told
from outreach.letters.places import UNION
from outreach.petitions import stances
from outreach.petitions.models import Fact, Measure, Position, ReadingState, Stance

# Ids in one query: both databases take more, but plans and memory stay small.
_AT_ONCE = 500
# Committees whose work is what we ask for; other seats are nobody's reason to read on.
_CLOSE = re.compile(
    r"foreign|external|human rights|interior|home affairs|security|defen[cs]e|justice|sanction"
    r"|auswärtig|menschenrecht|inneres|innen|recht|verteidigung|sicherheit"
    r"|étrang|droits|intérieur|sécurité|défense|esteri|exteriores|zagranicz|zahranič|väli|ārlietu"
    r"|užsienio|buitenland|utrik|utenriks|udenrigs",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A letter of ours that they had: what it was called, what number it told, what came back."""

    letter_id: int
    sent_at: dt.datetime
    subject: str
    code: str
    language: str
    answered: str


@dataclass(frozen=True, slots=True)
class Background:
    """What `values.values_for` knows beside the target itself. Empty: nothing is known."""

    # {target id: the newest letter that left to the same desk or person}
    earlier: Mapping[int, Earlier] = field(default_factory=dict)
    # {letter id: the sentence about signatures that stood in it}
    told: Mapping[int, str] = field(default_factory=dict)
    # {letter id: the words about the fact that is corrected}
    said: Mapping[int, str] = field(default_factory=dict)
    fact: Fact | None = None
    # {target id: committee}
    committees: Mapping[int, Organization] = field(default_factory=dict)
    # {(target id, ask id): where they stand}
    positions: Mapping[tuple[int, int], Position] = field(default_factory=dict)
    measures: Sequence[Measure] = ()
    union: Sequence[Any] = ()
    # What letters to one body in one language say of its place: worked out once, then found here.
    # {(jurisdiction, body id, language): {top name: {name: value}}}; None: not kept.
    places: dict[tuple[str, int, str], dict[str, dict[str, object]]] | None = None


NOTHING = Background()


def for_targets(
    session: Session,
    campaign: Campaign,
    targets: Sequence[Target],
    *,
    today: dt.date,
    fact: Fact | None = None,
) -> Background:
    """Read what letters to `targets` may draw on, in a number of queries that grows by hundreds.

    `targets` are loaded with `directory.queries.with_list`. `fact` is what a mailing corrects.
    """
    sent = _sent(session, campaign, targets)
    every = {one.letter_id for letters in sent.values() for one in letters}
    union = session.get(Jurisdiction, UNION)
    return Background(
        earlier={key: max(letters, key=_left) for key, letters in sent.items() if letters},
        told=_told(session, every),
        said=_said(session, every, fact) if fact else {},
        fact=fact,
        committees=_committees(session, targets, today),
        positions=_positions(session, campaign, targets),
        measures=session.scalars(
            sa.select(Measure).where(Measure.campaign_id == campaign.id).order_by(Measure.code)
        ).all(),
        union=union.precedents if union else (),
        places={},
    )


def _left(letter: Earlier) -> tuple[dt.datetime, int]:
    return letter.sent_at, letter.letter_id


def _pieces(ids: set[int]) -> Iterator[list[int]]:
    listed = sorted(ids)
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]


def _sent(
    session: Session, campaign: Campaign, targets: Sequence[Target]
) -> dict[int, list[Earlier]]:
    """Per target, the letters that left to its desk or to the person, in whatever post."""
    people = {row.membership.person_id for row in targets if row.membership}
    posts = {
        target_id: person_id
        for piece in _pieces(people)
        for target_id, person_id in session.execute(
            sa.select(Target.id, Membership.person_id)
            .join(Membership, Membership.id == Target.membership_id)
            .where(Membership.person_id.in_(piece))
        )
    }
    by_desk: dict[int, list[Earlier]] = {}
    by_person: dict[int, list[Earlier]] = {}
    offices = {row.office_id for row in targets}
    for row in _rows(session, campaign, Letter.office_id, offices):
        by_desk.setdefault(row.office_id, []).append(_earlier(row))
    for row in _rows(session, campaign, Letter.target_id, set(posts)):
        by_person.setdefault(posts[row.target_id], []).append(_earlier(row))
    return {
        row.id: by_desk.get(row.office_id, [])
        + (by_person.get(row.membership.person_id, []) if row.membership else [])
        for row in targets
    }


def _rows(session: Session, campaign: Campaign, column: Any, ids: set[int]) -> Iterator[Any]:
    for piece in _pieces(ids):
        yield from session.execute(
            sa.select(
                *(Letter.id, Letter.office_id, Letter.target_id, Letter.sent_at, Letter.subject),
                *(Letter.code, Letter.language, Letter.last_reply_kind),
            ).where(
                column.in_(piece),
                Letter.campaign_id == campaign.id,
                Letter.rehearsal == campaign.rehearsing,
                Letter.state == State.SENT,
            )
        )


def _earlier(row: Any) -> Earlier:
    return Earlier(
        letter_id=row.id,
        sent_at=row.sent_at,
        subject=row.subject,
        code=row.code,
        language=row.language,
        answered=row.last_reply_kind or "",
    )


def _told(session: Session, letters: set[int]) -> dict[int, str]:
    """The sentence about signatures of each letter, unless the count was refused since."""
    return {
        letter_id: said.words
        for piece in _pieces(letters)
        for letter_id, quoted in quoted_readings(session, piece).items()
        if all(reading.state is ReadingState.ACCEPTED for _quotation, reading in quoted)
        and (said := told(quoted))
    }


def _said(session: Session, letters: set[int], fact: Fact) -> dict[int, str]:
    return {
        letter_id: text
        for piece in _pieces(letters)
        for letter_id, text in session.execute(
            sa.select(Quotation.letter_id, Quotation.text).where(
                Quotation.letter_id.in_(piece), Quotation.fact_id == fact.id
            )
        )
    }


def _committees(
    session: Session, targets: Sequence[Target], today: dt.date
) -> dict[int, Organization]:
    """The committee of each person that is close to what we ask; the one they chair before all."""
    people = {row.membership.person_id for row in targets if row.membership}
    seats: dict[tuple[int, str], tuple[bool, Organization]] = {}
    for piece in _pieces(people):
        rows = session.execute(
            sa.select(Membership.person_id, Membership.role, Organization)
            .join(Organization, Organization.id == Membership.organization_id)
            .where(
                Membership.person_id.in_(piece),
                Organization.kind == OrganizationKind.COMMITTEE,
                sa.or_(Organization.ended_on.is_(None), Organization.ended_on > today),
                sa.or_(Membership.end_on.is_(None), Membership.end_on > today),
                sa.or_(Membership.start_on.is_(None), Membership.start_on <= today),
            )
            .order_by(Organization.name, Organization.id)
        )
        for person_id, role, committee in rows:
            chair = role is TargetRole.COMMITTEE_CHAIR
            called = " ".join([committee.name, *committee.names.values()])
            if not chair and not _CLOSE.search(called):
                continue
            key = (person_id, committee.jurisdiction_code)
            if key not in seats or (chair and not seats[key][0]):
                seats[key] = (chair, committee)
    return {
        row.id: found[1]
        for row in targets
        if row.membership
        and (found := seats.get((row.membership.person_id, row.jurisdiction_code)))
        and found[1].id != row.body_id
    }


def _positions(
    session: Session, campaign: Campaign, targets: Sequence[Target]
) -> dict[tuple[int, int], Position]:
    standing = stances.standing(campaign.id, rehearsal=campaign.rehearsing)
    found: dict[tuple[int, int], Position] = {}
    for piece in _pieces({row.id for row in targets}):
        rows = session.execute(
            standing.where(Stance.target_id.in_(piece))
            .with_only_columns(Stance.target_id, Stance.ask_id, Stance.position)
            .order_by(None)
        )
        for target_id, ask_id, position in rows:
            if position is not Position.UNKNOWN:
                found[target_id, ask_id] = cast("Position", position)
    return found
