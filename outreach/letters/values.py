"""What the names in a letter's text stand for, for one recipient."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign, Sender, Voice
from outreach.directory.models import Jurisdiction, Organization, Target
from outreach.letters.models import Letter
from outreach.letters.rendering import Empty, Quoted
from outreach.petitions import counts, facts, figures
from outreach.petitions.models import Ask, Fact, Petition, Precision

# What a written question is called in the data, most fitting first.
_QUESTIONS = (
    "written_question",
    "order_paper_question",
    "question_on_notice",
    "parliamentary_question",
    "deputy_question",
    "question",
    "hearing_question",
)
# Native names that only repeat what a letter in that language says anyway.
_PLAIN = (
    "written question",
    "parliamentary question",
    "written parliamentary question",
    "question for written answer",
    "question écrite",
    "question parlementaire",
    "mp question",
)


@dataclass(frozen=True, slots=True)
class Shared:
    """What every letter of one language has in common, read once for a whole mailing."""

    facts: Mapping[str, object]
    signatures: object
    petition: Petition


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
    for code in codes:
        fact: Fact = facts.fact_by_code(session, campaign.id, code)
        text = facts.sentence(fact, language, today=today)
        quoted[code] = Quoted.fact(text, fact_id=fact.id, version=fact.version)
    return Shared(
        quoted,
        _signatures(session, campaign, language, today),
        session.get_one(Petition, petition_id),
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
) -> dict[str, object]:
    """Return {top name: {name: value}} for `rendering.render`; what is missing is `Empty`.

    `target` is loaded with `directory.queries.with_list`, `ask` with its demand.
    """
    named: dict[str, dict[str, object]] = {
        "recipient": _recipient(target, language),
        **_place(target.jurisdiction, language),
        "ask": {"code": ask.code},
        "demand": {"wording": _of(ask.demand.wording, language)},
        "petition": {"author": shared.petition.author},
        "sender": {
            "name": sender.name,
            "role": sender.role_line,
            "is_person": sender.voice is Voice.I,
        },
        "letter": {"code": code},
        "previous": _previous(previous, campaign, language),
    }
    values: dict[str, object] = {
        top: {name: _or_empty(f"{top}.{name}", value) for name, value in inner.items()}
        for top, inner in named.items()
    }
    return values | {
        "fact": shared.facts,
        "signatures": _or_empty("signatures", shared.signatures),
        "variant": variant,
    }


def _place(place: Jurisdiction, language: str) -> dict[str, dict[str, object]]:
    return {
        "jurisdiction": {
            "name": country_name(place, language),
            "code": place.code,
            "eu_member": place.eu_member,
        },
        "instrument": {
            "name": own_law(place, language),
            "authority": _of(place.designation.get("authority_in"), language),
        },
        "tool": {"question": question_name(place)},
    }


def _recipient(target: Target, language: str) -> dict[str, object]:
    held = target.membership
    post = held.post if held else None
    return {
        "name": target.name,
        "office": _name_in(post.labels, post.label, language) if post else "",
        "body": body_name(target.body, language),
        "group": body_name(target.group, language) if target.group else "",
        "constituency": held.area.name if held and held.area else "",
        "role": target.role.value,
    }


def credit(petition: Petition, language: str) -> str:
    """Return the line that credits the petition's author in `language`, else in English."""
    return _of(petition.credit, language) or petition.credit.get("en", "")


def body_name(body: Organization, language: str) -> str:
    """Return the name of a body in `language`, else its own name."""
    return _name_in(body.names, body.name, language)


def country_name(place: Jurisdiction, language: str) -> str:
    """Return the name of a jurisdiction in `language`, else the directory's own (English) one."""
    try:
        known = Locale.parse(language, sep="-").territories
    except (UnknownLocaleError, ValueError):
        return place.name
    return str(known.get(place.code, place.name))


def own_law(place: Jurisdiction, language: str) -> str:
    """Return the country's own law for a listing, or '' where it has only the Union's."""
    cite = _of(place.designation.get("cite"), language)
    return "" if place.eu_member and "2001/931" in cite else cite


def question_name(place: Jurisdiction) -> str:
    """Return what a written question is called there in the native language, or ''."""
    natives = {tool.get("kind"): tool.get("native") or "" for tool in place.tools}
    native = next((natives[kind] for kind in _QUESTIONS if natives.get(kind)), "")
    native = str(native).split(" / ")[0].split(" (")[0].strip()
    return "" if native.casefold() in _PLAIN else native


def _previous(previous: Letter | None, campaign: Campaign, language: str) -> dict[str, object]:
    if previous is None or previous.sent_at is None:
        return {"date": "", "subject": "", "code": ""}
    day = campaign.day_of(previous.sent_at)
    return {
        "date": figures.day(day, Precision.DAY, language),
        "subject": previous.subject,
        "code": previous.code,
    }


def _signatures(session: Session, campaign: Campaign, language: str, today: dt.date) -> object:
    reading = counts.latest_reading(session, campaign.id)
    if reading is None or counts.too_old(reading, campaign, today):
        return ""
    return Quoted.reading(counts.sentence(reading, language), reading_id=reading.id)


def _or_empty(name: str, value: object) -> object:
    return Empty(name) if value is None or value == "" else value


def _name_in(names: dict[str, str], name: str, language: str) -> str:
    return figures.in_language(names, language) or name


def _of(texts: object, language: str) -> str:
    return (figures.in_language(texts, language) or "") if isinstance(texts, dict) else ""
