"""The filters of an audience as a form, as an address and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from outreach.directory.models import ContactKind, TargetRole
from outreach.letters.audiences import Filters
from outreach.letters.selections import Choices
from outreach.petitions.models import Position
from outreach.web.filters import country_name, label, language_name

MANY = ("jurisdictions", "roles", "bodies", "groups", "languages", "channels", "stances")
YES_OR_NO = ("reachable", "verified", "written_to", "answered", "demonstration")
# More boxes than this are no choice any more: choose a country first.
MOST_BOXES = 40

Options = Sequence[tuple[str, str]]


def many(choices: Choices) -> list[tuple[str, str, Options]]:
    """Return every filter of several values: its name, its label, (value, words) of each box."""
    bodies, groups = choices.bodies, choices.groups
    return [
        (
            "jurisdictions",
            _("Country or assembly"),
            _sorted((code, _place(code, name)) for code, name in choices.jurisdictions),
        ),
        ("roles", _("Role"), [(role.value, label(role)) for role in choices.roles]),
        ("bodies", _("Chamber or body"), _numbered(bodies)),
        ("groups", _("Political group or party"), _numbered(groups)),
        (
            "languages",
            _("Language we write in"),
            _sorted((code, language_name(code)) for code in choices.languages),
        ),
        (
            "channels",
            _("Reached by"),
            [
                (kind.value, label(kind))
                for kind in (ContactKind.EMAIL, ContactKind.FORM, ContactKind.POSTAL)
            ],
        ),
        ("stances", _("Stands"), [(one.value, label(one)) for one in Position]),
    ]


def yes_or_no() -> list[tuple[str, str, Options]]:
    """Return every filter that asks yes, no or either."""
    return [
        ("reachable", _("Can be reached"), _either(_("Reachable"), _("No way known"))),
        ("verified", _("Address checked by a person"), _either(_("Checked"), _("Not checked"))),
        ("written_to", _("Written to by this campaign"), _either(_("Yes"), _("Not yet"))),
        ("answered", _("Has answered"), _either(_("Yes"), _("No"))),
        ("demonstration", _("Demonstration"), _either(_("Only made-up ones"), _("Only real ones"))),
    ]


def picked(filters: Filters) -> dict[str, Any]:
    """Return what is chosen, as the values of the boxes."""
    chosen: dict[str, Any] = {
        name: {str(value) for value in getattr(filters, name)} for name in MANY
    }
    for name in YES_OR_NO:
        answer = getattr(filters, name)
        chosen[name] = "" if answer is None else "yes" if answer else "no"
    return chosen


def address(filters: Filters) -> dict[str, Any]:
    """Return `filters` as the values of an address."""
    return {name: values for name, values in (picked(filters) | {"q": filters.q}).items() if values}


def names(choices: Choices) -> Mapping[str, Mapping[str, str]]:
    """Return {filter: {value: words}} for telling a selection in words."""
    every = {name: dict(options) for name, _label, options in many(choices)}
    every["bodies"] = {str(value): name for value, name in choices.bodies}
    every["groups"] = {str(value): name for value, name in choices.groups}
    every["roles"] = {role.value: label(role) for role in TargetRole}
    return every


def in_words(filters: Filters, known: Mapping[str, Mapping[str, str]]) -> str:
    """Return what a selection asks for: "Germany, Latvia · minister · not yet written to"."""
    chosen = picked(filters)
    parts = [
        ", ".join(known.get(name, {}).get(value, value) for value in sorted(chosen[name]))
        for name in MANY
        if chosen[name]
    ]
    for name, words, options in yes_or_no():
        if chosen[name]:
            parts.append(f"{words}: {dict(options)[chosen[name]]}")
    if filters.q:
        parts.append(f"“{filters.q}”")
    return " · ".join(parts) or _("Everybody in office")


def _either(yes: str, no: str) -> Options:
    return [("yes", yes), ("no", no)]


def _numbered(pairs: Sequence[tuple[int, str]]) -> Options:
    return [(str(value), name) for value, name in pairs] if len(pairs) <= MOST_BOXES else []


def _sorted(options: Iterable[tuple[str, str]]) -> Options:
    return sorted(options, key=lambda option: option[1].casefold())


def _place(code: str, name: str) -> str:
    known = country_name(code)
    return name if known == code else known
