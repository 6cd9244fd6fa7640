"""What the frame around every page shows: sections, the person, the bands, and their links."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import get_locale

from outreach.words import N_


@dataclass(frozen=True, slots=True)
class Place:
    """A page one can go to from everywhere: where, its name, its icon, what is within.

    `stem` marks the pages that count as this place: an endpoint is within when its name begins
    with it. `key` is the letter that goes there after `g`. Who sees it is what its view needs.
    """

    endpoint: str
    label: str
    icon: str
    stem: tuple[str, ...]
    key: str = ""
    within: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A place as the page draws it."""

    url: str
    label: str
    icon: str
    key: str
    # "page" when this very page is shown, "true" when a page within it is, else "".
    current: str
    within: tuple[Link, ...]


LETTERS = (
    Place("letters.mailings", N_("Mailings"), "stack-2", ("letters.mailing",)),
    Place("letters.audiences", N_("Audiences"), "users-group", ("letters.audience",)),
    Place("letters.templates", N_("Templates"), "template", ("letters.template",)),
    Place("sending.outbox", N_("Outbox"), "send", ("sending.",)),
)

DIRECTORY = (
    Place(
        "directory.to_check",
        N_("To check"),
        "mail-check",
        ("directory.to_check", "directory.check_", "directory.verify_list"),
    ),
    Place("directory.proposed", N_("Suggested"), "pencil", ("directory.proposed",)),
    Place("directory.imports", N_("Imports"), "upload", ("directory.import", "directory.upload")),
)

REPLIES = (
    Place("reminders.time_to_remind", N_("To remind"), "clock", ("reminders.",)),
    Place("searching.search", N_("Search"), "search", ("searching.",)),
    Place("votes.roll_calls", N_("Votes"), "list-check", ("votes.",)),
)

SECTIONS = (
    Place(
        "overview.today",
        N_("Today"),
        "sun",
        ("overview.today", "overview.landing"),
        "t",
    ),
    Place(
        "letters.index",
        N_("Letters"),
        "mail",
        ("letters.", "sending."),
        "l",
        LETTERS,
    ),
    Place(
        "replies.inbox",
        N_("Inbox"),
        "inbox",
        ("replies.", "incoming.", "desk.", "threads.", "searching.", "votes.", "reminders."),
        "i",
        REPLIES,
    ),
    Place("directory.index", N_("Directory"), "address-book", ("directory.",), "d", DIRECTORY),
    Place("petitions.index", N_("Petition"), "writing", ("petitions.",), "p"),
    Place(
        "overview.board",
        N_("Board"),
        "chart-bar",
        ("overview.board", "overview.behind"),
        "b",
    ),
)

HOUSE = (
    Place("campaign.settings", N_("Settings"), "settings", ("campaign.", "mail.", "mailboxes.")),
    Place("accounts.people", N_("People"), "users", ("accounts.people",)),
)


def navigation(may: Callable[[str], bool]) -> dict[str, Any]:
    """Return what `layout.html` needs to draw the frame; `may` tells what the reader may do.

    Keys: `nav` (sections), `nav_house` (settings, people), `lang`, `dir`, and `link_to`, which
    gives the address of an endpoint, or nothing when this installation has no such page.
    """
    locale = get_locale()
    return {
        "nav": tuple(_links(SECTIONS, may)),
        "nav_house": tuple(_links(HOUSE, may)),
        "lang": str(locale).replace("_", "-") if locale else "en",
        "dir": locale.text_direction if locale else "ltr",
        "link_to": link_to,
    }


def link_to(*endpoints: str) -> str:
    """Return the address of the first of `endpoints` that exists, else an empty string."""
    for endpoint in endpoints:
        if endpoint in current_app.view_functions:
            return url_for(endpoint)
    return ""


def _links(places: tuple[Place, ...], may: Callable[[str], bool]) -> Iterator[Link]:
    here = request.endpoint or ""
    for place in places:
        url = link_to(place.endpoint)
        needed = getattr(current_app.view_functions.get(place.endpoint), "permission", None)
        if not url or (needed and not may(needed)):
            continue
        inside = any(here.startswith(stem) for stem in place.stem)
        yield Link(
            url=url,
            label=place.label,
            icon=place.icon,
            key=place.key,
            current="page" if here == place.endpoint else "true" if inside else "",
            within=tuple(_links(place.within, may)),
        )
