"""The filters that only a campaign can answer, beside those of the directory, and their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from outreach.directory import suggesting
from outreach.directory.queries import TargetFilter
from outreach.petitions import asks
from outreach.petitions.models import Position
from outreach.web import access, finding
from outreach.web.filters import label
from outreach.web.finding import UNDECLARED, Control

finding.WORDS["stances"] = {one.value: one for one in Position}


def controls(said: Mapping[str, Any]) -> list[Control]:
    """Return the controls of letters, answers and stances; `said` is the address of the filters."""
    chosen = set(said.get("stances", ()))
    stances = [(UNDECLARED, _("Undeclared"))]
    stances += [(one.value, label(one)) for one in Position if one is not Position.UNKNOWN]
    return [
        finding.yes_or_no("written_to", _("Written to by this campaign"), said),
        Control("written_since", _("… since"), "day", value=said.get("written_since", "")),
        finding.yes_or_no("answered", _("Has answered"), said),
        Control("stances", _("Stands"), "add", [one for one in stances if one[0] not in chosen]),
        Control("ask", _("… on"), "one", _asks(), said.get("ask", "")),
    ]


def names(several: Sequence[TargetFilter]) -> Callable[[str, str], str]:
    """Return what tells a value of these filters in words, asks by their code."""
    of_ids = suggesting.names_of(access.session(), several)
    if any(getattr(one, "ask", None) for one in several):
        of_ids["ask"] = {int(value): words for value, words in _asks()}
    return finding.names(of_ids)


def _asks() -> list[tuple[str, str]]:
    rows = asks.asks(access.session(), access.campaign().id)
    return [(str(one.id), f"{one.code}: {one.text}"[:80]) for one in rows]
