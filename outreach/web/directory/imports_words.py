"""Words of the imports' pages: states, effects, fields, steps; what a preview's row says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from outreach.accounts.models import Event
from outreach.directory.importing.formats import FORMATS
from outreach.directory.syncing.models import Effect, ImportRun, RunState, StagedRow
from outreach.web.directory.words import Row
from outreach.web.filters import language_name, number, say
from outreach.words import N_, Sentence

MOST_PARTS = 5
# The order in which a preview shows them; `changed` before what only needs looking at.
EFFECTS = (
    Effect.ADDED,
    Effect.CHANGED,
    Effect.ENDED,
    Effect.PROPOSED,
    Effect.CONFLICT,
    Effect.UNUSABLE,
    Effect.REMARK,
    Effect.REFRESHED,
)
WRITTEN = (Effect.ADDED, Effect.CHANGED, Effect.ENDED, Effect.CONFLICT, Effect.REFRESHED)

# Shown even when there is none of it.
ALWAYS = frozenset({Effect.ADDED, Effect.CHANGED, Effect.ENDED})
# States in which the clock has something to do.
WORKING = frozenset({RunState.WAITING, RunState.READING, RunState.CONFIRMED})

STATE_TINTS = {
    RunState.WAITING: ("waiting", "hourglass"),
    RunState.READING: ("waiting", "clock"),
    RunState.PREVIEW: ("waiting", "eye"),
    RunState.CONFIRMED: ("waiting", "clock"),
    RunState.APPLIED: ("done", "check"),
    RunState.UNDONE: ("draft", "arrow-back-up"),
    RunState.DISCARDED: ("draft", "ban"),
    RunState.FAILED: ("stop", "circle-x"),
}

FIGURES = {
    Effect.ADDED: (N_("new"), "done"),
    Effect.CHANGED: (N_("changed"), ""),
    Effect.ENDED: (N_("ended"), ""),
    Effect.PROPOSED: (N_("perhaps the same person"), "waiting"),
    Effect.CONFLICT: (N_("conflict with a hand edit"), "waiting"),
    Effect.UNUSABLE: (N_("unusable"), "stop"),
    Effect.REMARK: (N_("to know"), ""),
    Effect.REFRESHED: (N_("small print"), ""),
}

ABOUT = {
    Effect.ADDED: N_("Who is not in the directory yet and would be added."),
    Effect.CHANGED: N_("Who is in the directory and would change, field by field."),
    Effect.ENDED: N_(
        "Who is no longer on this whole list: their seats of it would end. People, letters and "
        "addresses stay."
    ),
    Effect.PROPOSED: N_(
        "New to this list, but spelt much like somebody we have. Say for each whether it is the "
        "same person; nobody is merged by name alone."
    ),
    Effect.CONFLICT: N_(
        "Changed by hand here and by the source too. What was written by hand stays; decide "
        "later, one by one."
    ),
    Effect.UNUSABLE: N_("What was left out, where it stands, and why."),
    Effect.REMARK: N_("Used, with something to know: a value left out, a cell taken apart."),
    Effect.REFRESHED: N_("The same to us, said differently: a committee, a number, a note."),
}

_FIELDS = {
    "name": N_("name"),
    "given_name": N_("given name"),
    "family_name": N_("family name"),
    "sort_name": N_("name in lists"),
    "title_prefix": N_("title"),
    "honorific": N_("honorific"),
    "postnominal": N_("letters after the name"),
    "names": N_("name in other languages"),
    "other_names": N_("other name"),
    "gender": N_("form of address"),
    "form_of_address": N_("form of address"),
    "birth_date": N_("born"),
    "death_date": N_("died"),
    "reading_language": N_("language"),
    "extras": N_("notes"),
    "identifiers": N_("number"),
    "identifier": N_("number"),
    "seat": N_("seat"),
    "party": N_("party"),
    "committee": N_("committee"),
    "group": N_("group"),
    "area": N_("elected in"),
    "label": N_("part"),
    "role": N_("role"),
    "start": N_("since"),
    "end": N_("until"),
    "start_on": N_("since"),
    "end_on": N_("until"),
    "end_reason": N_("why it ended"),
    "email": N_("e-mail"),
    "form": N_("web form"),
    "postal": N_("postal address"),
    "phone": N_("phone"),
    "fax": N_("fax"),
    "url": N_("website"),
    "social": N_("social network"),
}

_STEPS = {
    "": N_("Waiting for its turn"),
    "read": N_("Reading the file"),
    "compare": N_("Comparing with the directory"),
    "match": N_("Looking for the same people under other spellings"),
    "plan": N_("Preparing what is written"),
    "apply": N_("Writing"),
    "write": N_("Writing"),
    "settle": N_("Finding the desks"),
}


# What a column may hold, as a person chooses it.
_COLUMNS = {
    "id": N_("Number of the person in this list"),
    "name": N_("Full name"),
    "name_family_given": N_("Full name, family name first"),
    "given": N_("Given name"),
    "family": N_("Family name"),
    "sort_name": N_("Name as lists sort it"),
    "reading": N_("How the name is read"),
    "legal_name": N_("Former or legal name"),
    "prefix": N_("Earned title (Dr.)"),
    "honorific": N_("Honorific"),
    "salutation": N_("Salutation for letters"),
    "suffix": N_("Letters after the name"),
    "gender": N_("Woman or man"),
    "birth": N_("Born"),
    "death": N_("Died"),
    "language": N_("Language they read"),
    "body": N_("Body or institution"),
    "parent": N_("Body above it"),
    "role": N_("Role"),
    "post": N_("Post"),
    "jurisdiction": N_("Country or assembly"),
    "area": N_("Constituency"),
    "area_country": N_("Country of election"),
    "party": N_("Party"),
    "group": N_("Parliamentary group"),
    "committee": N_("Committee"),
    "start": N_("In office since"),
    "end": N_("In office until"),
    "active": N_("Still in office, yes or no"),
    "address": N_("Postal address"),
    "address1": N_("Address, line 1"),
    "address2": N_("Address, line 2"),
    "address3": N_("Address, line 3"),
    "address4": N_("Address, line 4"),
    "country": N_("Address, country"),
    "email": N_("E-mail"),
    "facebook": N_("Facebook"),
    "fax": N_("Fax"),
    "form": N_("Web form"),
    "instagram": N_("Instagram"),
    "locality": N_("Address, town"),
    "mobile": N_("Mobile phone"),
    "phone": N_("Phone"),
    "postcode": N_("Address, postal code"),
    "province": N_("Address, province"),
    "twitter": N_("Twitter or X"),
    "web": N_("Website"),
    "ignored": N_("Leave out"),
}
_PURPOSES = {
    "constituency": N_("constituency"),
    "parliament": N_("parliament"),
    "office": N_("office"),
    "personal": N_("private"),
    "press": N_("press"),
    "campaign": N_("campaign"),
}


_HAPPENED = {
    "uploaded": N_("file brought in"),
    "columns": N_("columns confirmed"),
    "waiting": N_("waits to be read"),
    "reading": N_("being read"),
    "preview": N_("compared with the directory"),
    "decided": N_("decided who is who"),
    "confirmed": N_("confirmed"),
    "applied": N_("written"),
    "undone": N_("undone"),
    "discarded": N_("discarded"),
    "failed": N_("could not be used"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a row: how it is called, what it was, what it would be; or only words."""

    field: str = ""
    old: str = ""
    new: str = ""
    words: str = ""
    clash: bool = False


def field_word(name: str) -> str:
    """Return what a reader calls a field of a difference; the name itself for one unknown."""
    if name.startswith("contact:"):
        return str(_("address"))
    return say(_FIELDS[name]) if name in _FIELDS else name.replace("_", " ")


def column_words(field: str) -> str:
    """Return what a column of this field (`importing/headers`) holds, for a list to choose from."""
    plain, _at, purpose = field.partition("@")
    base, _colon, tag = plain.partition(":")
    words = say(_COLUMNS.get(base, base.replace("_", " ")))
    if base == "identifier":
        return str(_("Number at %(register)s", register=tag))
    if tag:
        return f"{words} ({language_name(tag)})"
    if purpose:
        kind, _dot, door = purpose.partition(".")
        told = say(_PURPOSES[kind]) if kind in _PURPOSES else kind
        return f"{words} ({told}{f', {door}' if door else ''})"
    return words


def step_word(name: str) -> str:
    """Return what a reader calls a step of the work."""
    return say(_STEPS[name]) if name in _STEPS else say(_STEPS["read"])


def differences(row: StagedRow) -> list[Difference]:
    """Return what a staged row says, each line as a page shows it."""
    return [_difference(one) for one in row.detail]


def _difference(one: dict[str, Any]) -> Difference:
    if "words" in one:
        return Difference(words=sentence(one["words"], one.get("values", {})))
    return Difference(
        field=field_word(str(one.get("field", ""))),
        old=str(one.get("old") or ""),
        new=str(one.get("new") or ""),
        clash=bool(one.get("clash")),
    )


def sentence(words: str, values: dict[str, Any]) -> str:
    """Return a sentence that was kept as text and values, in the reader's language."""
    values = {name: _value(name, value) for name, value in values.items()}
    return say(Sentence(words, **values))


def _value(name: str, value: Any) -> Any:
    if name == "field":
        return field_word(str(value))
    # Numbers were kept as text; years, ids and days stay as they are.
    if name in ("number", "total") and re.fullmatch(r"\d+", str(value)):
        return int(value)
    return value


def count(run: ImportRun, effect: Effect) -> int:
    """Return how many rows of `effect` the preview of `run` has."""
    return int(run.counts.get(effect.value) or 0)


def would(run: ImportRun) -> str:
    """Return what confirming would do, in numbers: "388 new, 12 changed"; "" for nothing."""
    parts = [
        (count(run, Effect.ADDED), lambda n: ngettext("%(num)s new", "%(num)s new", n)),
        (
            count(run, Effect.CHANGED) + count(run, Effect.CONFLICT),
            lambda n: ngettext("%(num)s changed", "%(num)s changed", n),
        ),
        (count(run, Effect.ENDED), lambda n: ngettext("%(num)s ended", "%(num)s ended", n)),
        (
            count(run, Effect.REFRESHED),
            lambda n: ngettext("%(num)s in small print", "%(num)s in small print", n),
        ),
    ]
    return ", ".join(str(words(many)) for many, words in parts if many)


def happened(event: Event) -> Row:
    """Return an event of an import as a line of the timeline."""
    return Row(event.at, event.by, Sentence(_HAPPENED.get(event.name, event.name)), "")


def format_label(name: str) -> str:
    """Return what a reader calls a format."""
    return next((say(one.label) for one in FORMATS if one.name == name), name)


def heading(effect: Effect, about: str) -> str:
    """Return the heading of the list of rows of one kind."""
    if about == "organization":
        return str(_("New bodies and parties"))
    words = say(FIGURES[effect][0])
    return words[:1].upper() + words[1:]


def fields(run: ImportRun) -> list[tuple[str, int]]:
    """Return (field in words, number of people in whom it differs), the most frequent first."""
    told = run.counts.get("fields") or {}
    return sorted(((field_word(name), many) for name, many in told.items()), key=lambda o: -o[1])


def takes_back(run: ImportRun) -> str:
    """Return what undoing a written import would take back, in words."""
    return str(
        _(
            "Takes back what this import wrote (%(numbers)s). What people changed by hand since "
            "then stays, and letters already sent keep their addresses.",
            numbers=would(run) or _("nothing"),
        )
    )


def summary(row: StagedRow) -> str:
    """Return what a new person or body would be entered with, as long as it is known."""
    told = row.payload or {}
    seats = [
        ", ".join(filter(None, (seat.get("label", ""), seat.get("area", ""))))
        for seat in told.get("seats", ())
    ]
    ways = [contact["value"] for contact in told.get("contacts", ())]
    parts = [part for part in (*seats, *ways) if part]
    return " · ".join(parts[:MOST_PARTS]) + (" …" if len(parts) > MOST_PARTS else "")


def short_counts(run: ImportRun) -> str:
    """Return the numbers of a run for a list: what it added, changed, ended."""
    return would(run) or (_("nothing new") if run.counts else "")


def rate_words(done: int, total: int, seconds: float) -> str:
    """Return done, left and rate in words."""
    words = (
        _("%(done)s of %(total)s", done=number(done), total=number(total))
        if total
        else _("%(done)s done", done=number(done))
    )
    if total > done:
        words = _("%(words)s, %(left)s left", words=words, left=number(total - done))
    if seconds >= 1 and done:
        rate = number(round(done / seconds))
        words = _("%(words)s, %(rate)s a second", words=words, rate=rate)
    return str(words)
