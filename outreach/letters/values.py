"""What the names in a letter's text stand for, for one recipient."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign, Sender, Voice
from outreach.directory.models import Organization, Post, Target
from outreach.letters import claims, placeholders, places
from outreach.letters.background import NOTHING, Background, Earlier
from outreach.letters.models import Letter
from outreach.letters.rendering import Empty, Quoted
from outreach.petitions import counts, facts, figures
from outreach.petitions.models import Ask, Fact, Petition, Precision


@dataclass(frozen=True, slots=True)
class Shared:
    """What every letter of one language has in common, read once for a whole mailing."""

    facts: Mapping[str, object]
    # The count as a sentence: a round number surely exceeded, and the very number.
    signatures: object
    signatures_exact: object
    petition: Petition
    # The day the letters are made.
    today: dt.date
    # The facts behind `facts` by id, and {conflict group: what to say instead}.
    used: Mapping[int, Fact] = field(default_factory=dict)
    resolutions: Mapping[str, str] = field(default_factory=dict)

    def refuse_conflicting(self, quotations: Iterable[Quoted]) -> None:
        """Raise Refused when facts of one conflict stand side by side among `quotations`."""
        ids = [one.fact_id for one in quotations if one.fact_id is not None]
        claims.refuse_conflicting(
            (self.used[one] for one in ids if one in self.used), self.resolutions
        )


def shared_values(
    session: Session,
    campaign: Campaign,
    *,
    codes: Iterable[str],
    language: str,
    petition_id: int,
    today: dt.date,
) -> Shared:
    """Return facts `codes`, signature count and petition as `language` prints them `today`.

    An accepted count older than the campaign's `reading_max_age_days` is left out. Raises
    Refused when a fact may not be printed, NotFound when there is none.
    """
    quoted: dict[str, object] = {}
    used: dict[int, Fact] = {}
    for code in codes:
        fact: Fact = facts.fact_by_code(session, campaign.id, code)
        used[fact.id] = fact
        text = facts.sentence(fact, language, today=today)
        quoted[code.replace("-", "_")] = Quoted.fact(text, fact_id=fact.id, version=fact.version)
    return Shared(
        quoted,
        *_signatures(session, campaign, language, today),
        session.get_one(Petition, petition_id),
        today,
        used,
        claims.resolutions(session, campaign.id),
    )


def values_for(
    target: Target,
    *,
    campaign: Campaign,
    ask: Ask,
    sender: Sender,
    shared: Shared,
    language: str,
    code: str,
    previous: Letter | None = None,
    variant: str = "a",
    background: Background = NOTHING,
) -> dict[str, object]:
    """Return {top name: {name: value}} for `rendering.render`; what is missing is `Empty`.

    `target` is loaded with `directory.queries.with_list`, `ask` with its demand. `previous` is
    the letter a reminder or correction follows; `background` is read by `background.for_targets`.
    """
    earlier = background.earlier.get(target.id)
    named: dict[str, dict[str, object]] = {
        **_around(target, ask, background, language),
        "ask": {"code": ask.code},
        "demand": {"wording": figures.in_language(ask.demand.wording, language)},
        "petition": {"author": shared.petition.author},
        "sender": _sender(sender),
        "letter": {"code": code},
        "previous": _previous(previous, earlier, background, campaign, language),
        "correction": _correction(previous, background, campaign, language, shared.today),
    }
    values: dict[str, object] = {
        top: {name: _or_empty(f"{top}.{name}", value) for name, value in inner.items()}
        for top, inner in named.items()
        if top
    }
    alone = named[""] | {
        "signatures": shared.signatures,
        "signatures_exact": shared.signatures_exact,
    }
    values |= {name: _or_empty(name, value) for name, value in alone.items()}
    return values | {"fact": shared.facts} | _alternatives(variant)


def _alternatives(variant: str) -> dict[str, object]:
    """Which alternative each place of a text takes; places past the last follow that one."""
    chosen = variant.ljust(len(placeholders.ALTERNATIVES), variant[-1])
    return dict(zip(placeholders.ALTERNATIVES, chosen, strict=True))


def _around(
    target: Target, ask: Ask, background: Background, language: str
) -> dict[str, dict[str, object]]:
    """The recipient, their place, where they stand; names without a top under ''."""
    stands = background.positions.get((target.id, ask.id))
    return {
        "recipient": _recipient(target, language, background.committees.get(target.id)),
        **_place(target, background, language),
        "stance": {"position": stands.value if stands else ""},
    }


def _place(target: Target, background: Background, language: str) -> dict[str, dict[str, object]]:
    key = (target.jurisdiction_code, target.body_id, language)
    kept = background.places if background.places is not None else {}
    if key not in kept:
        exists = places.measures_of(target.jurisdiction, background.measures)
        kept[key] = places.named(target, language, exists, background.union)
    return kept[key]


def _sender(sender: Sender) -> dict[str, object]:
    return {
        "name": sender.name,
        "role": sender.role_line,
        "is_person": sender.voice is Voice.I,
    }


def _recipient(target: Target, language: str, committee: Organization | None) -> dict[str, object]:
    held = target.membership
    post = held.post if held else None
    return {
        "name": target.name,
        "office": _label_in(post, language) if post else "",
        "body": body_name(target.body, language),
        "group": body_name(target.group, language) if target.group else "",
        "constituency": held.area.name if held and held.area else "",
        "committee": _own_name(committee, target, language) if committee else "",
        "role": target.role.value,
    }


def _label_in(post: Post, language: str) -> str:
    """The name of a post in `language`; the directory's own is English."""
    found = figures.in_language(post.labels, language)
    return found or (post.label if figures.base(language) == "en" else "")


def _own_name(body: Organization, target: Target, language: str) -> str:
    """The name of a body in `language`; its plain name is in a language of its country."""
    spoken = {figures.base(one) for one in target.jurisdiction.languages}
    found = figures.in_language(body.names, language)
    return found or (body.name if figures.base(language) in spoken else "")


def credit(petition: Petition, language: str) -> str:
    """Return the line that credits the petition's author in `language`, else in English."""
    return figures.in_language(petition.credit, language) or petition.credit.get("en", "")


def body_name(body: Organization, language: str) -> str:
    """Return the name of a body in `language`, else its own name."""
    return _name_in(body.names, body.name, language)


def _previous(
    previous: Letter | None,
    newest: Earlier | None,
    background: Background,
    campaign: Campaign,
    language: str,
) -> dict[str, object]:
    """The letter this one follows, else the newest that reached the same desk or person.

    What it said is repeated in its own language only.
    """
    if previous is not None and previous.sent_at is not None:
        newest = Earlier(
            letter_id=previous.id,
            sent_at=previous.sent_at,
            subject=previous.subject,
            code=previous.code,
            language=previous.language,
            answered=previous.last_reply_kind or "",
        )
    if newest is None:
        return dict.fromkeys(("date", "subject", "code", "signatures", "answered"), "")
    same = figures.base(newest.language) == figures.base(language)
    return {
        "date": _day_of(campaign, newest.sent_at, language),
        "subject": newest.subject if same else "",
        "code": newest.code,
        "signatures": background.told.get(newest.letter_id, "") if same else "",
        "answered": newest.answered,
    }


def _correction(
    previous: Letter | None,
    background: Background,
    campaign: Campaign,
    language: str,
    today: dt.date,
) -> dict[str, object]:
    fact = background.fact
    if fact is None or previous is None or previous.sent_at is None:
        return dict.fromkeys(("said", "now", "date"), "")
    holds = facts.refusal(fact, language, today=today) is None
    now = facts.sentence(fact, language, today=today) if holds else ""
    return {
        "said": background.said.get(previous.id, ""),
        "now": Quoted.fact(now, fact_id=fact.id, version=fact.version) if now else "",
        "date": _day_of(campaign, previous.sent_at, language),
    }


def _day_of(campaign: Campaign, at: dt.datetime, language: str) -> str:
    return figures.day(campaign.day_of(at), Precision.DAY, language)


def _signatures(
    session: Session, campaign: Campaign, language: str, today: dt.date
) -> tuple[object, object]:
    """The count as letters say it, carefully and exactly; both empty without a good one."""
    count = counts.current_count(session, campaign.id, today)
    if count is None or counts.too_old(count, campaign, today):
        return "", ""
    quoted = tuple(reading.id for reading in count.readings)
    return (
        Quoted.readings(counts.careful_sentence(count, language), reading_ids=quoted),
        Quoted.readings(counts.exact_sentence(count, language), reading_ids=quoted),
    )


def _or_empty(name: str, value: object) -> object:
    return Empty(name) if value is None or value == "" else value


def _name_in(names: dict[str, str], name: str, language: str) -> str:
    return figures.in_language(names, language) or name
