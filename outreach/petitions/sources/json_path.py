"""Any server that answers with JSON: the count stands at a path, such as `data.count`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from outreach.directory.importing.fetching import answers
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

_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


def data_of(answer: Answer) -> Any:
    """Return the JSON of an answer. Raises NoCount saying what came in its place."""
    if answers.is_page(answer.headers, answer.body[: answers.HEAD]):
        raise NoCount(instead_of_count(answer))
    try:
        return json.loads(answer.text)
    except (ValueError, RecursionError) as error:
        raise NoCount(
            Sentence(
                "The answer is no whole JSON: it broke off, or the address gives something else. "
                "Look at it in a browser."
            )
        ) from error


def at(data: Any, path: str) -> Any:
    """Return what stands at `path` (`data.attributes.count`, `rows[0].n`). Raises NoCount."""
    for step in _STEP.findall(path):
        name = step.strip("[]")
        if isinstance(data, dict) and name in data:
            data = data[name]
        elif isinstance(data, list) and name.isdigit() and int(name) < len(data):
            data = data[int(name)]
        else:
            raise NoCount(
                Sentence(
                    "The answer has nothing at “%(path)s”: the address gives something else, or "
                    "“%(step)s” was renamed. Look at it in a browser.",
                    path=path,
                    step=name,
                )
            )
    return data


def whole(value: Any, path: str) -> int:
    """Return a value that is a whole number or says one. Raises NoCount."""
    if isinstance(value, str):
        return number_in(value)
    plain = isinstance(value, int) and not isinstance(value, bool)
    # Infinity and NaN, which Python reads as numbers, are no whole ones either.
    if not plain and not (isinstance(value, float) and value.is_integer()):
        raise NoCount(
            Sentence("What stands at “%(path)s” is no whole number. Correct the path.", path=path)
        )
    return int(value)


def _read(answer: Answer, _url: str, options: Mapping[str, str]) -> Found:
    path = options.get("path", "").strip()
    if not path:
        raise NoCount(Sentence("Say at which path the count stands, such as data.count."))
    data = data_of(answer)
    value = whole(at(data, path), path)
    parent, _, _ = path.rpartition(".")
    around = at(data, parent)
    names = sorted(around) if isinstance(around, dict) else []
    return Found(value, shape_of("json_path", path, *names), f"{path}: {value}")


SOURCE = Source(
    name="json_path",
    label=Sentence(N_("a server that answers with JSON")),
    about=Sentence(N_("Reads the number at one path of the answer.")),
    accept="application/json",
    read=_read,
    options=(
        Option(
            "path",
            Sentence(N_("Where the count stands")),
            Sentence(N_("Names with dots between, such as data.count or petitions[0].signatures.")),
        ),
    ),
)
