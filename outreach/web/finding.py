"""The filters of targets as one form, as an address and in words: the directory's and audiences'.

Everything chosen stands in the address under the name of its filter. A control for several values
adds one; what is chosen already are chips, each with a link that takes it off.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from flask_babel import gettext as _
from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from outreach.directory import places, suggesting
from outreach.directory.models import ContactKind, OrganizationKind, TargetRole
from outreach.directory.narrowing import AddressCheck
from outreach.directory.queries import Sort, TargetFilter
from outreach.directory.suggesting import TYPED, Named
from outreach.web import access
from outreach.web.filters import country_name, day, label, language_name

Wanted = TypeVar("Wanted", bound=TargetFilter)
Options = Sequence[tuple[str, str]]

UNDECLARED = "undeclared"
YES_OR_NO = {"yes": True, "no": False}
# Filters of one answer; `current` asks for those in office unless the address says otherwise.
ONE = ("reachable", "verified", "written_to", "answered", "demonstration", "current")
# Short names that links elsewhere use.
ALIASES = {"jurisdiction": "jurisdictions", "role": "roles", "channel": "channels"}


@dataclass(frozen=True, slots=True)
class Control:
    """One control of the form. `kind`: add (a list that adds), one, typed (search) or day."""

    name: str
    label: str
    kind: str
    options: Options = ()
    value: str = ""
    # What a typed name may mean, when it may mean several things; the text that was typed.
    meant: Sequence[Named] | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that was chosen, in words, and the address of the list without it."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Finder:
    """What the form draws: what is asked, what was chosen, and what can be."""

    q: str
    chips: Sequence[Chip]
    hidden: Sequence[tuple[str, str]]
    first: Sequence[Control]
    more: Sequence[Control]
    sorts: Options
    sort: str
    more_open: bool = field(default=False)


def read(args: MultiDict[str, str], kind: type[Wanted], typed: Mapping[str, int]) -> Wanted:
    """Return the filters an address asks for; what can't be read asks nothing.

    `typed`: {filter: id} of names that were typed and mean one thing.
    """
    picked: dict[str, Any] = {"q": args.get("q", "").strip()[:200]}
    for name, known in kind.model_fields.items():
        if isinstance(known.default, tuple):
            picked[name] = list(dict.fromkeys(filter(None, args.getlist(name))))
        elif name in ONE and args.get(name) in YES_OR_NO:
            picked[name] = YES_OR_NO[args[name]]
    for short, name in ALIASES.items():
        picked[name] += [one for one in args.getlist(short) if one and one not in picked[name]]
    for name, number in typed.items():
        picked[name].append(number)
    _read_rest(args, kind, picked)
    return _valid(kind, picked)


def _read_rest(args: MultiDict[str, str], kind: type[Wanted], picked: dict[str, Any]) -> None:
    if "none" in picked["channels"]:
        picked["reachable"] = False
    if args.get("current") == "both":
        picked["current"] = None
    if args.get("held") == "ended":
        picked["current"] = False
    if "stances" in kind.model_fields:
        picked["undeclared"] = UNDECLARED in picked["stances"]
        picked["ask"] = args.get("ask") or None
        picked["written_since"] = args.get("written_since") or None


def _valid(kind: type[Wanted], picked: dict[str, Any]) -> Wanted:
    """Drop each value the filters refuse and keep the others."""
    try:
        return kind.model_validate(picked)
    except ValidationError as error:
        for problem in reversed(error.errors()):
            name, at = problem["loc"][0], problem["loc"][1:]
            if at and isinstance(at[0], int):
                picked[str(name)].pop(at[0])
            else:
                picked.pop(str(name), None)
    return kind.model_validate(picked)


def understood(args: MultiDict[str, str]) -> tuple[dict[str, int], dict[str, Sequence[Named]]]:
    """Look up the names typed under `find_<filter>`: those that mean one thing, and the others.

    Returns ({filter: id}, {filter: what it may mean}).
    """
    certain: dict[str, int] = {}
    unsure: dict[str, Sequence[Named]] = {}
    within = args.getlist("jurisdictions")
    for name in TYPED:
        text = args.get(f"find_{name}", "").strip()[:200]
        if not text:
            continue
        found = suggesting.meant(access.session(), name, text, jurisdictions=within)
        if len(found) == 1:
            certain[name] = found[0].id
        else:
            unsure[name] = found
    return certain, unsure


def address(wanted: TargetFilter) -> dict[str, Any]:
    """Return `wanted` as the values of an address; what asks nothing is left out."""
    said: dict[str, Any] = {}
    for name, value in wanted.model_dump(mode="json", exclude_defaults=True).items():
        if name == "current":
            said[name] = "both" if value is None else "no"
        elif name == "undeclared":
            said["stances"] = [*said.get("stances", ()), UNDECLARED]
        elif isinstance(value, bool):
            said[name] = "yes" if value else "no"
        elif isinstance(value, list):
            said[name] = [str(one) for one in value] + said.get(name, [])
        else:
            said[name] = str(value)
    return said


def finder(
    wanted: TargetFilter,
    args: MultiDict[str, str],
    unsure: Mapping[str, Sequence[Named]],
    url: Callable[..., str],
    *,
    known: Callable[[str, str], str] | None = None,
    further: Sequence[Control] = (),
) -> Finder:
    """Return the form of `wanted`; `url` makes the address of the list.

    `known` tells a value in words (default: what the directory knows), `further` are more controls
    of the caller's own.
    """
    session = access.session()
    said = address(wanted)
    sort = sort_of(args)
    kept = {} if sort is Sort.PLACE else {"sort": sort.value}
    known = known or names(suggesting.names_of(session, [wanted]))
    chips = [
        Chip(words, url(**_without(said, name, value), **kept))
        for name, value, words in _told(said, known)
    ]
    lists = {name for name, value in said.items() if isinstance(value, list)}
    hidden = [(name, value) for name in sorted(lists) for value in said[name]]
    hidden += [("verified", said["verified"])] if "verified" in said else []
    first, more = _controls(session, said, args, unsure)
    return Finder(
        q=wanted.q,
        chips=chips,
        hidden=hidden,
        first=first,
        more=[*more, *further],
        sorts=[(one.value, words) for one, words in _sorts().items()],
        sort=sort.value,
        more_open=bool(unsure),
    )


def sort_of(args: MultiDict[str, str]) -> Sort:
    """Return what the address sorts by."""
    return next((one for one in Sort if one.value == args.get("sort")), Sort.PLACE)


def _without(said: Mapping[str, Any], name: str, value: str) -> dict[str, Any]:
    rest = dict(said)
    left = [one for one in rest[name] if one != value] if isinstance(rest[name], list) else None
    rest.pop(name)
    return rest | ({name: left} if left else {})


def names(of_ids: Mapping[str, Mapping[int, str]]) -> Callable[[str, str], str]:
    """Return what tells (filter, value) in words; `of_ids` holds the names of what has ids."""

    def told(name: str, value: str) -> str:
        if name in of_ids:
            return of_ids[name].get(int(value), _("no longer there"))
        if name == "jurisdictions":
            return country_name(value)
        if name == "languages":
            return language_name(value)
        one = WORDS.get(name, {}).get(value)
        if one is not None:
            return label(one)
        return _either(name).get(value) or day_or_text(value)

    return told


def in_words(wanted: TargetFilter, known: Callable[[str, str], str]) -> str:
    """Return what a selection asks for: "Germany, Latvia · minister · not yet written to"."""
    parts: dict[str, list[str]] = {}
    for name, _value, words in _told(address(wanted), known):
        parts.setdefault(name, []).append(words)
    return " · ".join(", ".join(several) for several in parts.values()) or _("Everybody in office")


def _told(
    said: Mapping[str, Any], known: Callable[[str, str], str]
) -> Iterable[tuple[str, str, str]]:
    """Every value that was chosen: (filter, value, words)."""
    for name, value in said.items():
        if name == "q":
            yield name, value, f"“{value}”"
        elif isinstance(value, list):
            for one in value:
                yield name, one, known(name, one)
        elif name == "written_since":
            yield name, value, _("since %(day)s", day=day_or_text(value))
        else:
            yield name, value, known(name, value)


def day_or_text(value: str) -> str:
    """Return a day of an address written out; other text as it is."""
    try:
        return day(dt.date.fromisoformat(value))
    except ValueError:
        return value


# What the values of a filter are words of; `petitions` adds stances where they are asked.
WORDS: dict[str, dict[str, StrEnum]] = {
    "roles": {one.value: one for one in TargetRole},
    "kinds": {one.value: one for one in OrganizationKind},
    "channels": {one.value: one for one in ContactKind},
    "ways": {one.value: one for one in ContactKind},
    "checks": {one.value: one for one in AddressCheck},
}


def _either(name: str) -> dict[str, str]:
    """The answers to a filter of one answer, as they read where the question is not shown."""
    return {
        "reachable": {"yes": _("can be reached"), "no": _("can't be reached")},
        "verified": {"yes": _("address checked"), "no": _("address not checked")},
        "written_to": {"yes": _("written to"), "no": _("not written to")},
        "answered": {"yes": _("has answered"), "no": _("has not answered")},
        "demonstration": {"yes": _("made up for practice"), "no": _("real")},
        "current": {"no": _("no longer in office"), "both": _("in office or not")},
        "stances": {UNDECLARED: _("undeclared")},
    }.get(name, {})


def yes_or_no(name: str, words: str, said: Mapping[str, Any]) -> Control:
    """Return a control of one answer, with what the address says."""
    return Control(name, words, "one", list(_either(name).items()), said.get(name, ""))


def _sorts() -> dict[Sort, str]:
    return {
        Sort.PLACE: _("Country, role, name"),
        Sort.NAME: _("Name"),
        Sort.ROLE: _("Role, name"),
        Sort.CHECKED: _("Longest without a check"),
    }


def _controls(
    session: Any,
    said: Mapping[str, Any],
    args: MultiDict[str, str],
    unsure: Mapping[str, Sequence[Named]],
) -> tuple[list[Control], list[Control]]:
    def add(name: str, words: str, options: Iterable[tuple[str, str]]) -> Control:
        chosen = set(said.get(name, ()))
        return Control(name, words, "add", [one for one in options if one[0] not in chosen])

    def typed(name: str, words: str) -> Control:
        text = args.get(f"find_{name}", "") if name in unsure else ""
        return Control(name, words, "typed", value=text, meant=unsure.get(name))

    listed = places.with_targets(session)
    tongues = sorted({one for row in listed for one in row.languages})
    first = [
        add("jurisdictions", _("Country or assembly"), [(one.code, one.name) for one in listed]),
        add("roles", _("Role"), _words("roles")),
        typed("bodies", _("Chamber or body")),
        add("checks", _("Address"), _words("checks")),
    ]
    more = [
        typed("committees", _("Committee")),
        typed("groups", _("Party or group")),
        typed("areas", _("Constituency")),
        add("kinds", _("Kind of body"), _words("kinds")),
        add("languages", _("Language we write in"), [(one, language_name(one)) for one in tongues]),
        add("ways", _("Can be reached by"), _words("ways")),
        add("channels", _("Written to by"), _words("channels")[:3]),
        yes_or_no("reachable", _("Any way to write"), said),
        yes_or_no("current", _("Post"), said),
        add("sources", _("Source"), [(str(n), s) for n, s in suggesting.source_names(session)]),
        yes_or_no("demonstration", _("Practice"), said),
    ]
    return first, [control for control in more if control.kind != "add" or control.options]


def _words(name: str) -> list[tuple[str, str]]:
    return [(value, label(one)) for value, one in WORDS[name].items()]
