"""change.org: the count stands in the data of a script; what the page shows says 0 at first.

As served (seen in public scrapers from 2016 to 2024): a script sets `window.changeTargetingData`
to an object with `petition.slug` and `petition.signatureCount.total`; newer pages hold the same
object deeper in other data. The words of the page ("0 have signed") are filled in by a script
later, so they are never read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from outreach.petitions.sources.reading import (
    Answer,
    Found,
    NoCount,
    Source,
    instead_of_count,
    parsed,
    shape_of,
)
from outreach.words import N_, Sentence

_SET = re.compile(r"changeTargetingData\s*=\s*(?=\{)")
# What a script may hold where JSON may not.
_UNDEFINED = re.compile(r"(?<=[:,\[])\s*undefined\s*(?=[,}\]])")
_DEEPEST = 40


def _read(answer: Answer, _url: str, _options: Mapping[str, str]) -> Found:
    slug = _slug(answer.url)
    others = False
    for where, petition in _petitions(answer):
        total = _total(petition)
        if total is None:
            continue
        if slug and petition.get("slug") not in (None, slug) and str(petition.get("id")) != slug:
            others = True
            continue
        if where != "changeTargetingData.petition" and petition.get("slug") is None:
            continue
        # An address that leads to another petition by now has another shape: its count is held.
        whose = str(petition.get("id") or petition.get("slug") or "")
        return Found(total, shape_of("change_org", where, whose), f"signatureCount.total: {total}")
    if others:
        raise NoCount(
            Sentence(
                "The page holds the counts of other petitions only: the address leads to another "
                "petition. Look at it in a browser."
            )
        )
    raise NoCount(instead_of_count(answer))


def _slug(url: str) -> str:
    parts = [part for part in urlsplit(url).path.split("/") if part]
    if len(parts) > 1 and parts[0] == "p":
        return unquote(parts[1])
    return ""


def _total(petition: Mapping[str, Any]) -> int | None:
    """The whole number of a petition's data; its weekly count and its goal are others."""
    inner = petition.get("signatureState")
    for place in (petition, inner if isinstance(inner, dict) else {}):
        count = place.get("signatureCount")
        total = count.get("total") if isinstance(count, dict) else None
        if isinstance(total, int) and not isinstance(total, bool):
            return total
    return None


def _petitions(answer: Answer) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in the page's scripts that may be a petition, with where it stands."""
    for script in parsed(answer).css("script"):
        words = script.text() or ""
        set_ = _SET.search(words)
        if set_:
            data = _json(words[set_.end() :])
            if isinstance(data, dict) and isinstance(data.get("petition"), dict):
                yield "changeTargetingData.petition", data["petition"]
        elif "signatureCount" in words and words.lstrip().startswith(("{", "[")):
            yield from _within(_json(words.lstrip()), script.attributes.get("id") or "script", 0)


def _json(words: str) -> Any:
    try:
        return json.JSONDecoder().raw_decode(_UNDEFINED.sub("null", words))[0]
    except (ValueError, RecursionError):
        return None


def _within(data: Any, where: object, depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
    if depth > _DEEPEST:
        return
    if isinstance(data, dict):
        if "signatureCount" in data or "signatureState" in data:
            yield str(where), data
        for name, inner in data.items():
            # Numbers in names are those of one petition, not of the page's shape.
            yield from _within(inner, f"{where}.{re.sub(r'[0-9]+', '#', name)}", depth + 1)
    elif isinstance(data, list):
        for inner in data:
            yield from _within(inner, f"{where}[]", depth + 1)


SOURCE = Source(
    name="change_org",
    label=Sentence(N_("change.org")),
    about=Sentence(
        N_("Reads the count out of the data of the page's script, never the words on the page.")
    ),
    accept="text/html",
    read=_read,
)
