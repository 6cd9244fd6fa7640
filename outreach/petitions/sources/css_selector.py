"""Any web page whose count is written in its words: a CSS selector points to it."""

from __future__ import annotations

from collections.abc import Mapping

from bs4 import BeautifulSoup, Tag
from soupsieve import SelectorSyntaxError

from outreach.petitions.sources.reading import (
    Answer,
    Found,
    NoCount,
    Option,
    Source,
    instead_of_count,
    number_in,
    shape_of,
)
from outreach.words import N_, Sentence

_LONGEST = 300


def _read(answer: Answer, _url: str, options: Mapping[str, str]) -> Found:
    selector = options.get("selector", "").strip()
    if not selector or len(selector) > _LONGEST:
        raise NoCount(Sentence("Say where the count stands, as a CSS selector."))
    page = BeautifulSoup(answer.text, "html.parser")
    try:
        places = page.select(selector, limit=2)
    except (SelectorSyntaxError, NotImplementedError) as error:
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
    words = " ".join(places[0].get_text(" ").split())
    return Found(number_in(words), shape_of("css_selector", *_way_to(places[0])), words[:200])


def _way_to(place: Tag) -> list[str]:
    """The elements around a place with their classes: another build of the page has others."""
    around = [place, *(one for one in place.parents if one.name != "[document]")]
    return [f"{one.name}.{'.'.join(one.get_attribute_list('class') or [])}" for one in around[:4]]


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
