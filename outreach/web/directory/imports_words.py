"""Words of the imports' pages: states, effects, fields, steps; what a preview's row says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from outreach.accounts.models import Event
from outreach.directory.importing.formats import FORMATS
from outreach.directory.syncing import work
from outreach.directory.syncing.models import Effect, ImportRun, RunState, StagedRow
from outreach.web.directory.words import FIELD_WORDS, Row
from outreach.web.filters import number, say
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
WORKING = frozenset(work.BEGUN)

STATE_TINTS = {
    RunState.WAITING: ("waiting", "hourglass"),
    RunState.READING: ("waiting", "clock"),
    RunState.PREVIEW: ("waiting", "eye"),
    RunState.CONFIRMED: ("waiting", "clock"),
    RunState.APPLIED: ("done", "check"),
    RunState.UNDOING: ("waiting", "clock"),
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
    Effect.REFRESHED: (N_("details only"), ""),
}

ABOUT = {
    Effect.ADDED: N_("Not in the directory before."),
    Effect.CHANGED: N_("In the directory before; what differs, field by field."),
    Effect.ENDED: N_(
        "No longer on this whole list: their seats end by the day it speaks of. The people, "
        "letters and addresses stay."
    ),
    Effect.PROPOSED: N_(
        "New to this list, but spelt much like somebody we have; or named quite differently under "
        "an id that we know. Say for each whether it is the same person; nobody is merged by name "
        "alone."
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
    **FIELD_WORDS,
    "other_names": N_("other name"),
    "gender": N_("form of address"),
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
    "undo": N_("Taking back what was written"),
}


_WRITTEN = (
    ("added", N_("new people: %(n)s")),
    ("changed", N_("changed people: %(n)s")),
    ("ended", N_("ended: %(n)s")),
    ("seats added", N_("seats: %(n)s")),
    ("contacts added", N_("addresses: %(n)s")),
    ("organizations added", N_("bodies: %(n)s")),
)
_HAPPENED = {
    "uploaded": N_("file brought in"),
    "columns": N_("columns confirmed"),
    "waiting": N_("waits to be read"),
    "reading": N_("being read"),
    "preview": N_("compared with the directory"),
    "decided": N_("decided who is who"),
    "confirmed": N_("confirmed"),
    "applied": N_("written"),
    "undoing": N_("asked for it to be undone"),
    "not_undone": N_("could not be undone"),
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


def would(run: ImportRun, matched: int = 0) -> str:
    """Return what confirming would do, in numbers: "388 new, 12 changed"; "" for nothing.

    `matched` is how many proposals were decided.
    """
    return _numbers([run], matched)


def would_together(several: Sequence[ImportRun]) -> str:
    """Return what confirming all of them would do, in numbers."""
    return _numbers(several)


def _numbers(several: Sequence[ImportRun], matched: int = 0) -> str:
    def many(*effects: Effect) -> int:
        return sum(count(run, effect) for run in several for effect in effects)

    new, ended = many(Effect.ADDED), many(Effect.ENDED)
    changed, small = many(Effect.CHANGED, Effect.CONFLICT), many(Effect.REFRESHED)
    parts = [
        new and ngettext("%(num)s new", "%(num)s new", new),
        changed and ngettext("%(num)s changed", "%(num)s changed", changed),
        ended and ngettext("%(num)s ended", "%(num)s ended", ended),
        matched and ngettext("%(num)s decided", "%(num)s decided", matched),
        small and ngettext("%(num)s in details", "%(num)s in details", small),
    ]
    bodies = sum(int(run.counts.get("organizations added") or 0) for run in several)
    if bodies and not any(parts):
        parts = [ngettext("%(num)s body", "%(num)s bodies", bodies)]
    return ", ".join(str(part) for part in parts if part)


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
    written = run.counts.get("written") or {}
    parts = [say(Sentence(words, n=written[name])) for name, words in _WRITTEN if written.get(name)]
    return str(
        _(
            "Takes back what this import wrote: %(parts)s. What people changed by hand since then "
            "stays, and letters already sent keep their addresses.",
            parts=", ".join(parts) or _("nothing"),
        )
    )


def taken_back(run: ImportRun) -> str:
    """Return what undoing an import did, in words; "" for one that stands."""
    done = run.counts.get("undone") or {}
    if not done:
        return ""
    words = N_("%(removed)s entries taken out, %(restored)s put back as they were.")
    told = say(Sentence(words, **done))
    if done.get("stayed"):
        stayed = N_("%(stayed)s stay, because letters or work by hand hang on them.")
        told = f"{told} {say(Sentence(stayed, **done))}"
    return told


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
