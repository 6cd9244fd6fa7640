"""Any web page whose count is written in its words: a CSS selector points to it."""

from __future__ import annotations

from collections.abc import Mapping

from selectolax.lexbor import LexborNode, SelectolaxError

from outreach.petitions.sources.reading import (
    Answer,
    Found,
    NoCount,
    Option,
    Source,
    instead_of_count,
    number_in,
    parsed,
    shape_of,
)
from outreach.words import N_, Sentence

_LONGEST = 300


def _read(answer: Answer, _url: str, options: Mapping[str, str]) -> Found:
    selector = options.get("selector", "").strip()
    if not selector or len(selector) > _LONGEST:
        raise NoCount(Sentence("Say where the count stands, as a CSS selector."))
    page = parsed(answer)
    try:
        places = page.css(selector)
    except SelectolaxError as error:
        raise NoCount(Sentence("“%(selector)s” is no CSS selector.", selector=selector)) from error
    if not places:
        raise NoCount(instead_of_count(answer))
    if len(places) > 1:
        raise NoCount(
            Sentence(
                "“%(selector)s” points to several places of the page. Point to one.",
                selector=selector,
            )
        )
    words = " ".join(places[0].text(separator=" ").split())
    return Found(number_in(words), shape_of("css_selector", *_way_to(places[0])), words[:200])


def _way_to(place: LexborNode) -> list[str]:
    """The elements around a place with their classes: another build of the page has others."""
    way: list[str] = []
    around: LexborNode | None = place
    while around is not None and around.tag and not around.tag.startswith("-") and len(way) < 4:
        way.append(f"{around.tag}.{around.attributes.get('class') or ''}")
        around = around.parent
    return way


SOURCE = Source(
    name="css_selector",
    label=Sentence(N_("a web page that shows the number")),
    about=Sentence(N_("Reads the number that one element of the page shows, without its scripts.")),
    accept="text/html",
    read=_read,
    options=(
        Option(
            "selector",
            Sentence(N_("Where the count stands")),
            Sentence(N_("A CSS selector of one element, such as .signatures strong.")),
        ),
    ),
)
