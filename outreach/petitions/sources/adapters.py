"""Every way of reading a page, by the name that is kept, and one try of reading."""

from __future__ import annotations

from collections.abc import Mapping

from outreach.petitions.counts import LARGEST
from outreach.petitions.sources import change_org, css_selector, json_path, uk_parliament
from outreach.petitions.sources.reading import (
    Found,
    NoCount,
    Source,
    refuse_no_answer,
    too_large,
    zero,
)
from outreach.petitions.sources.wire import Wire
from outreach.words import Sentence

SOURCES: dict[str, Source] = {
    module.SOURCE.name: module.SOURCE
    for module in (change_org, uk_parliament, json_path, css_selector)
}


def read_page(wire: Wire, url: str, adapter: str, options: Mapping[str, str]) -> Found:
    """Ask for a page and return the count it shows. Touches no database.

    Raises NoCount for whatever is no count above 0: unreachable, a sign-in page, another page.
    """
    source = SOURCES.get(adapter)
    if source is None:
        raise NoCount(Sentence("Nobody knows how to read this page. Choose how it is read."))
    answer = wire.answer(source.address(url), source.accept)
    refuse_no_answer(answer)
    found = source.read(answer, url, options)
    if found.value <= 0:
        raise NoCount(zero())
    if found.value > LARGEST:
        raise too_large()
    return found
