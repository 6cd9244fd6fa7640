"""Brings the five shapes of Popolo JSON into one: lists of persons, bodies and memberships.

(a) arrays as in the specification, (b) EveryPolitician's, (c) pages wrapped in "result", (d)
memberships inside persons or organizations, (e) texts as {"lang:en": …}.
https://www.popoloproject.com/specs/
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from outreach.directory.importing.cleaning import text

Item = dict[str, Any]
_LISTS = ("persons", "organizations", "memberships", "posts", "areas", "events")
_ALIASES = {"people": "persons", "organisations": "organizations", "legislative_periods": "events"}


@dataclass(slots=True)
class Document:
    """All objects of one list, memberships outside of what held them."""

    persons: list[Item] = field(default_factory=list)
    organizations: list[Item] = field(default_factory=list)
    memberships: list[Item] = field(default_factory=list)
    posts: list[Item] = field(default_factory=list)
    areas: list[Item] = field(default_factory=list)
    events: list[Item] = field(default_factory=list)
    # {id of a person's second entry: id of the one to use}
    redirects: dict[str, str] = field(default_factory=dict)


def gathered(values: Iterable[Any]) -> Document:
    """Return the objects in `values`, the documents of one list (pages of it, or parts)."""
    found = Document()
    for value in values:
        _gather(found, value)
    _unfold(found)
    return found


def is_popolo(value: Any) -> bool:
    """Tell whether `value` holds any object of Popolo."""
    found = Document()
    _gather(found, value)
    return bool(found.persons or found.organizations or found.memberships)


def identity(item: Item) -> str:
    """Return the id of an object as text, "" when it has none."""
    value = item.get("id", item.get("_id"))
    if isinstance(value, dict):
        value = value.get("$oid")
    return "" if isinstance(value, dict | list) else text(value)


def reference(item: Item, name: str) -> str:
    """Return the id that `item` refers to as `name`, by id or by holding the object itself."""
    value = item.get(f"{name}_id")
    if value.__class__ is str and value:
        return _plain(value)
    if value is None or value == "":
        value = item.get(name)
    if isinstance(value, dict):
        return identity(value)
    return "" if isinstance(value, list) else text(value)


@functools.lru_cache(maxsize=100_000)
def _plain(key: str) -> str:
    return text(key)


def said(value: Any, locale: str = "") -> str:
    """Return a text, which may be given in several languages: the locale's, English, or any."""
    if value is None:
        return ""
    if value.__class__ is str:
        return text(value)
    if not isinstance(value, dict):
        return "" if isinstance(value, list) else text(value)
    several = by_language(value)
    for language in (locale, locale.partition("-")[0], "en"):
        if several.get(language):
            return several[language]
    return next(iter(several.values()), "")


def by_language(value: Any) -> dict[str, str]:
    """Return {language: text} of {"lang:en": …} or {"en": …}; nothing for a plain text."""
    if not isinstance(value, dict):
        return {}
    return {
        tag: words
        for key, one in value.items()
        if (tag := language_tag(str(key).removeprefix("lang:"))) and (words := text(one))
    }


def language_tag(value: Any) -> str:
    """Return a BCP 47 tag, `zh_min_nan` → zh-min-nan, or "" for what is none ("commons")."""
    return _tag(value) if isinstance(value, str) else ""


@functools.lru_cache(maxsize=2000)
def _tag(value: str) -> str:
    tag = text(value).replace("_", "-")
    first, _, rest = tag.partition("-")
    good = first.isascii() and first.isalpha() and len(first) in (2, 3)
    good = good and all(len(one) <= 8 and one.isalnum() for one in rest.split("-") if rest)
    return f"{first.lower()}-{rest}"[:35] if good and rest else first.lower() if good else ""


def items(value: Any) -> Iterator[Item]:
    """Yield the objects of a list, or of {id: object}."""
    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, dict):
                yield {"id": key, **one}
    elif isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _gather(found: Document, value: Any) -> None:
    if isinstance(value, list):
        for one in items(value):
            _sort_in(found, one)
        return
    if not isinstance(value, dict):
        return
    if isinstance(result := value.get("result"), list | dict):
        _gather(found, result)
        return
    named = [name for name in (*_LISTS, *_ALIASES) if isinstance(value.get(name), list | dict)]
    if identity(value) or not named:
        _sort_in(found, value)
        return
    for name in named:
        getattr(found, _ALIASES.get(name, name)).extend(items(value[name]))


def _sort_in(found: Document, one: Item) -> None:
    """Put an object that stands alone, as on a page of results, where it belongs."""
    if reference(one, "person") and (reference(one, "organization") or reference(one, "post")):
        found.memberships.append(one)
    elif "classification" in one or "founding_date" in one:
        found.organizations.append(one)
    elif reference(one, "organization"):
        found.posts.append(one)
    elif identity(one) and ("name" in one or "other_names" in one or "family_name" in one):
        found.persons.append(one)


def _unfold(found: Document) -> None:
    """Take memberships out of persons, bodies and posts, and objects out of memberships."""
    embedded = list(_embedded(found))
    if embedded:
        known = {identity(one) for one in found.memberships} - {""}
        alike = {_likeness(one) for one in found.memberships}
        for one in embedded:
            # The same membership may be told by the person and again by the body.
            name, same = identity(one), _likeness(one)
            if name in known or (not name and same in alike):
                continue
            known |= {name} - {""}
            alike.add(same)
            found.memberships.append(one)
    _unfold_objects(found)
    found.persons = [one for one in found.persons if not _is_redirect(found, one)]
    # The second id of a membership that stands in the list under its first.
    found.memberships = [one for one in found.memberships if not text(one.get("redirect"))]


def _embedded(found: Document) -> Iterator[Item]:
    # Two seats that look the same within one holder are two; only across holders they are one.
    for person in found.persons:
        counted: dict[object, int] = {}
        for one in items(person.get("memberships")):
            membership = {"person_id": identity(person), **one}
            same = _likeness(membership)
            counted[same] = counted.get(same, 0) + 1
            if counted[same] > 1 and not identity(one):
                membership["id"] = f"{same}#{counted[same]}"
            yield membership
    for body in found.organizations:
        for post in items(body.get("posts")):
            found.posts.append({"organization_id": identity(body), **post})
        for one in items(body.get("memberships")):
            yield {"organization_id": identity(body), **one}
    for post in found.posts:
        for one in items(post.get("memberships")):
            yield {
                "post_id": identity(post),
                "organization_id": reference(post, "organization"),
            } | one


def _likeness(one: Item) -> str:
    named = (reference(one, name) for name in ("person", "organization", "post", "on_behalf_of"))
    rest = (said(one.get(name)) for name in ("role", "start_date", "end_date"))
    return "|".join((*named, reference(one, "legislative_period"), reference(one, "area"), *rest))


def _unfold_objects(found: Document) -> None:
    holders = (
        ("person", found.persons),
        ("organization", found.organizations),
        ("on_behalf_of", found.organizations),
        ("post", found.posts),
        ("area", found.areas),
        ("legislative_period", found.events),
    )
    for name, target in holders:
        known: set[str] | None = None
        for source in (found.memberships, found.posts):
            for one in source:
                held = one.get(name)
                if not isinstance(held, dict) or not (key := identity(held)):
                    continue
                known = {identity(each) for each in target} if known is None else known
                if key not in known:
                    known.add(key)
                    target.append(held)


def _is_redirect(found: Document, person: Item) -> bool:
    """Note a person's second entry, which some lists keep as {"id", "redirect"}."""
    goal = text(person.get("redirect"))
    if goal:
        found.redirects[identity(person)] = goal
    return bool(goal)
