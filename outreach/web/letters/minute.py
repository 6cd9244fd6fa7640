"""Why a letter goes at its minute, and what would change that."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _

from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending.hours import Place
from outreach.sending.models import Attempt, Outcome
from outreach.web.filters import instant, local_time, say


@dataclass(frozen=True, slots=True)
class Why:
    """The panel: labelled lines, and what would change the time, each with an address or ""."""

    rows: list[tuple[str, str]]
    changes: list[tuple[str, str]]


def why(letter: Letter, place: Place, last: Attempt | None = None) -> Why | None:
    """Return why `letter`, loaded with its event, goes when it does; None without a time.

    `last` is its newest try, if there was one.
    """
    if letter.send_after is None or letter.send_before is None:
        return None
    zone = place.zone.key
    rows = [
        (_("Goes after"), instant(letter.send_after)),
        (_("Their clock then"), local_time(letter.send_after, zone)),
        (_("Not after"), instant(letter.send_before)),
    ]
    if letter.send_because:
        rows.append((_("Why then"), letter.send_because))
    if letter.state is State.SCHEDULED and last is not None and last.outcome is Outcome.PUT_BACK:
        when = instant(last.ended_at or last.started_at)
        rows.append((_("Put back"), f"{when}: {last.server_words}"))
    if place.why is not None:
        rows.append((_("Why this clock"), say(place.why)))
    changes = _changes(letter, place) if letter.state is State.SCHEDULED else []
    return Why(rows, changes)


def _changes(letter: Letter, place: Place) -> list[tuple[str, str]]:
    calendar = url_for("directory.calendar", code=place.code)
    found = []
    if letter.event is not None:
        meeting = url_for("directory.calendar", code=letter.event.jurisdiction_code)
        found += [
            (_("“%(name)s” moves: the letter moves with it.", name=letter.event.name), meeting),
            (_("It is cancelled, or moves too near: the letter is held."), meeting),
        ]
    else:
        found.append(
            (
                _("Somebody enters a recess or closed days: the calendar offers another hour."),
                calendar,
            )
        )
    found += [
        (_("Nobody is sending then: it becomes “missed” and waits for a new time."), ""),
        (_("Something stands in its way at that minute: it waits, or is held and says why."), ""),
        (_("Their clocks change: it keeps the hour of their clock."), ""),
    ]
    return found
