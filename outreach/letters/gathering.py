"""What is known before letters to some targets are made, read at once for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.directory import offices, suppression
from outreach.directory.models import ContactDetail, Suppression, Target
from outreach.directory.wishes import Wish, wishes_of
from outreach.letters.chains import Chain, chains_to
from outreach.letters.lifecycle import ASK_FREE, State
from outreach.letters.models import Letter, LetterKind, Mailing
from outreach.petitions import asks
from outreach.petitions.models import Ask

# Targets whose suppressions are asked for with one statement: every address is a condition.
_TOGETHER = 50


@dataclass(slots=True)
class Gathered:
    """What drafting decides by, for the targets of one step; each letter made is noted in it."""

    contacts: Mapping[int, Sequence[ContactDetail]]
    forbidden: Mapping[int, Suppression]
    wishes: Mapping[int, Wish]
    asks: Mapping[str, Ask]
    # {jurisdiction: who there can take one of the asks}, where somebody chosen can't.
    able: Mapping[str, Sequence[Target]]
    # The letter that a reminder or correction follows, where somebody chose one.
    handed: Mapping[int, Letter]
    # Reminders only: the correspondence, or why there is none.
    chains: Mapping[int, Chain | str]
    # (desk, ask) of open first letters; (desk, hash of the words) of all that were not taken back.
    taken: set[tuple[int, int]] = field(default_factory=set)
    said: set[tuple[int, str]] = field(default_factory=set)
    # desk -> the asks put to it by this mailing, each with the name that got the letter.
    written: dict[int, dict[str, str]] = field(default_factory=dict)
    # body -> how often each alternative went there; language -> the same in this mailing.
    variants: dict[int, Counter[str]] = field(default_factory=dict)
    mailing_variants: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, target: Target, ask: Ask, row: Mapping[str, Any]) -> None:
        """Remember a letter that was just worded; `row` are its columns."""
        self.written.setdefault(row["office_id"], {})[ask.code] = row["recipient"]
        self.said.add((row["office_id"], row["body_hash"]))
        self.variants.setdefault(target.body_id, Counter())[row["variant"]] += 1
        self.mailing_variants.setdefault(row["language"], Counter())[row["variant"]] += 1
        if row["kind"] is LetterKind.FIRST:
            self.taken.add((row["office_id"], ask.id))


def gather(
    session: Session,
    campaign: Campaign,
    mailing: Mailing,
    targets: Sequence[Target],
    *,
    handed: Mapping[int, Letter],
) -> Gathered:
    """Read what letters of `mailing` (with its template) to `targets` hang on, in a few queries.

    `targets` are loaded with `queries.with_list`; `handed` are letters to follow.
    """
    contacts = offices.contacts_of_many(session, targets)
    known = {ask.code: ask for ask in asks.asks(session, campaign.id)}
    reminding = mailing.template.kind is LetterKind.REMINDER
    found = Gathered(
        contacts=contacts,
        forbidden=_forbidden(session, targets, contacts),
        wishes=wishes_of(session, [one.id for one in targets if one.channel is None]),
        asks=known,
        able=_able(session, campaign, mailing, targets, known),
        handed=handed,
        chains=chains_to(session, campaign, targets, handed) if reminding else {},
    )
    _read_desks(session, campaign, mailing, targets, found)
    _read_variants(session, campaign, mailing, targets, found)
    return found


def _able(
    session: Session,
    campaign: Campaign,
    mailing: Mailing,
    targets: Sequence[Target],
    known: Mapping[str, Ask],
) -> dict[str, Sequence[Target]]:
    """Who to write to instead, in each country where somebody chosen has no power to do it."""
    template = mailing.template
    if template.kind is not LetterKind.FIRST:
        return {}
    today = campaign.day_of(mailing.at)
    powerless = {
        one.jurisdiction_code: one.jurisdiction
        for one in targets
        if one.role.value not in template.roles or not asks.first_able(known, one, template.asks)
    }
    return {
        code: asks.able(session, campaign, place, template.asks, today=today, among=template.roles)
        for code, place in powerless.items()
    }


def _forbidden(
    session: Session,
    targets: Sequence[Target],
    contacts: Mapping[int, Sequence[ContactDetail]],
) -> dict[int, Suppression]:
    """Suppressions are few: whole groups are looked up, single targets where one is met."""
    found: dict[int, Suppression] = {}
    if session.scalar(sa.select(Suppression.id).limit(1)) is None:
        return found
    for some in _groups(targets):
        details = [detail for one in some for detail in contacts[one.id]]
        desks = {one.office_id for one in some}
        if not suppression.forbidding(session, details, offices=desks):
            continue
        for one in some:
            rows = suppression.forbidding(session, contacts[one.id], offices=[one.office_id])
            if rows:
                found[one.id] = rows[0]
    return found


def _groups(targets: Sequence[Target]) -> Iterator[Sequence[Target]]:
    return (targets[start : start + _TOGETHER] for start in range(0, len(targets), _TOGETHER))


def _read_desks(
    session: Session,
    campaign: Campaign,
    mailing: Mailing,
    targets: Sequence[Target],
    found: Gathered,
) -> None:
    """What these desks were asked, and in which words, by any campaign of the house."""
    code_of = {ask.id: ask.code for ask in found.asks.values()}
    rows = session.execute(
        sa.select(
            *(Letter.campaign_id, Letter.mailing_id, Letter.office_id, Letter.ask_id, Letter.kind),
            *(Letter.closed_on, Letter.state, Letter.body_hash, Letter.recipient),
        )
        .where(
            Letter.office_id.in_({one.office_id for one in targets}),
            Letter.rehearsal == campaign.rehearsing,
            Letter.state.not_in(ASK_FREE),
        )
        .order_by(Letter.id)
    )
    for row in rows:
        if row.body_hash:
            found.said.add((row.office_id, row.body_hash))
        if row.campaign_id != campaign.id:
            continue
        if row.kind is LetterKind.FIRST and row.closed_on is None:
            found.taken.add((row.office_id, row.ask_id))
        if row.mailing_id == mailing.id and row.ask_id in code_of:
            found.written.setdefault(row.office_id, {})[code_of[row.ask_id]] = row.recipient


def _read_variants(
    session: Session,
    campaign: Campaign,
    mailing: Mailing,
    targets: Sequence[Target],
    found: Gathered,
) -> None:
    """How often each alternative went to these bodies, and in this mailing by language."""
    alive = sa.and_(
        Letter.campaign_id == campaign.id,
        Letter.rehearsal == campaign.rehearsing,
        Letter.state != State.WITHDRAWN,
    )
    counted = sa.func.count()
    by_body = (
        sa.select(Target.body_id, Letter.variant, counted)
        .join(Target, Target.id == Letter.target_id)
        .where(alive, Target.body_id.in_({one.body_id for one in targets}))
        .group_by(Target.body_id, Letter.variant)
    )
    for body_id, variant, many in session.execute(by_body):
        found.variants.setdefault(body_id, Counter())[variant] = many
    by_language = (
        sa.select(Letter.language, Letter.variant, counted)
        .where(Letter.mailing_id == mailing.id, Letter.state != State.WITHDRAWN)
        .group_by(Letter.language, Letter.variant)
    )
    for language, variant, many in session.execute(by_language):
        found.mailing_variants.setdefault(language, Counter())[variant] = many
