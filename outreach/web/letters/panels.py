"""What stands beside a letter: to whom, sources, what an approver should know, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign, Event
from outreach.directory.models import Publicity
from outreach.letters import lifecycle
from outreach.letters.diff import Piece, comparison
from outreach.letters.lifecycle import State
from outreach.letters.lists import Source
from outreach.letters.models import Letter, LetterKind
from outreach.letters.reviewing import ApprovedAs
from outreach.petitions.models import FactState, ReadingState, Use
from outreach.web.filters import (
    country_name,
    day,
    instant,
    known_day,
    label,
    language_name,
    local_time,
    say,
    word,
)
from outreach.web.letters.moves import own_words
from outreach.words import Sentence

UNAPPROVED = (State.DRAFT, State.REVIEW)


@dataclass(frozen=True, slots=True)
class Approval:
    """What an approver should know before approving: who else reads it, who is named."""

    publicity: Publicity
    basis: str
    named: Sequence[str]
    # Why this person can't approve it, when the words are their own.
    own: str


def approval(session: Session, letter: Letter, by: Actor, campaign: Campaign) -> Approval | None:
    """Return what to know before approving `letter`; None once it is approved."""
    if letter.state not in UNAPPROVED:
        return None
    jurisdiction = letter.target.jurisdiction
    return Approval(
        publicity=jurisdiction.publicity,
        basis=jurisdiction.publicity_basis,
        named=[
            name for name in (letter.recipient, letter.sender.name, letter.sender.role_line) if name
        ],
        own=_(
            "You wrote these words, so somebody else has to approve them. "
            "Ask another organiser, or an admin can switch this rule off in the settings."
        )
        if own_words(letter, by, campaign)
        else "",
    )


def place(code: str, name: str) -> str:
    """Return what the reader calls a jurisdiction: the country's name, else `name`."""
    known = country_name(code)
    return name if known == code else known


def found(letter: Letter) -> list[tuple[str, str]]:
    """Return what finding a letter shows to everybody: name, office, country, day, code."""
    jurisdiction = letter.target.jurisdiction
    return [
        (_("To"), letter.recipient),
        (_("Desk"), letter.office.name),
        (_("Country or assembly"), place(jurisdiction.code, jurisdiction.name)),
        (_("Left on"), day(letter.sent_at) if letter.sent_at else _("not yet")),
        (_("Reference"), letter.code),
    ]


def about(letter: Letter, zone: str) -> list[tuple[str, str]]:
    """Return to whom, by which way and from whom a letter goes, as labelled lines.

    `zone` is the clock its desk lives by (IANA name).
    """
    jurisdiction = letter.target.jurisdiction
    rows = [
        (_("Country or assembly"), place(jurisdiction.code, jurisdiction.name)),
        (_("Body"), letter.target.body.name),
        (_("Desk"), letter.office.name),
        (_("Goes by"), label(letter.channel) if letter.channel else _("No way known")),
        (_("Address"), letter.address),
        (_("From"), letter.sender.name),
        (_("Asks for"), letter.ask.text),
        (_("Language"), language_name(letter.language)),
        (_("Reference"), letter.code),
        (_("Written by"), letter.author),
    ]
    if letter.kind is not LetterKind.FIRST:
        rows.insert(0, (_("Kind"), label(letter.kind)))
    if letter.approved_by:
        rows.append(
            (
                _("Approved by"),
                _("%(who)s, %(when)s", who=letter.approved_by, when=instant(letter.approved_at))
                + (f" ({word(letter.approved_as)})" if letter.approved_as else ""),
            )
        )
    if letter.sent_at:
        rows += [
            (_("Sent"), instant(letter.sent_at)),
            (_("Their clock then"), local_time(letter.sent_at, zone)),
        ]
    return rows


def source(one: Source) -> dict[str, Any]:
    """Return one quotation as the page shows it: the words, the source, whether it still holds."""
    if one.fact is not None:
        fact = one.fact
        good = fact.state is FactState.CURRENT and fact.use is Use.OK
        return {
            "text": one.quotation.text,
            "short": ", ".join(
                part for part in (fact.code, fact.source_publisher, fact.source_date[:4]) if part
            ),
            "words": ", ".join(
                part
                for part in (
                    fact.source_title,
                    known_day(fact.source_date),
                )
                if part
            ),
            "url": fact.source_url,
            "use": word(fact.use) if fact.state is FactState.CURRENT else word(fact.state),
            "tint": "done" if good else "waiting",
        }
    reading = one.reading
    if reading is None:
        return {
            "text": one.quotation.text,
            "short": "",
            "words": "",
            "url": "",
            "use": "",
            "tint": "",
        }
    return {
        "text": one.quotation.text,
        "short": _("Signature count of %(day)s", day=day(reading.read_on)),
        "words": _("Entered by %(who)s", who=reading.by),
        "url": reading.page_url,
        "use": word(reading.state),
        "tint": "done" if reading.state is ReadingState.ACCEPTED else "stop",
    }


def happened(event: Event) -> dict[str, Any]:
    """Return one row of a letter's history: when, by whom, what, the reason, words that changed."""
    words = Sentence(lifecycle.happened(event.name))
    detail = str(event.detail.get("reason") or event.detail.get("because") or "")
    if "void" in event.detail:
        who = event.detail.get("void_by") or ""
        words = Sentence("%(what)s: the approval by %(who)s is void", what=words, who=who)
    return {
        "at": event.at,
        "by": event.by,
        "text": say(words),
        "detail": _of_approval(event) or detail,
        "quote": str(event.detail.get("passage") or ""),
        "blocks": _changed_words(event),
    }


def _of_approval(event: Event) -> str:
    """How an approval came about: by reading it, or with others after a sample."""
    if event.name != "approve" or "as" not in event.detail:
        return ""
    how = word(ApprovedAs(event.detail["as"]))
    because = event.detail.get("alike_because")
    return f"{how}; {because}" if because else how


def _changed_words(event: Event) -> Sequence[Sequence[Piece]]:
    """What somebody changed by hand, paragraph by paragraph."""
    before, after = event.detail.get("before"), event.detail.get("after")
    if event.name != "edited" or not before or not after:
        return ()
    return [
        *comparison(before.get("subject", ""), after.get("subject", "")).differing,
        *comparison(before.get("text", ""), after.get("text", "")).differing,
    ]
