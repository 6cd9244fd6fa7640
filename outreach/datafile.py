"""Reads the YAML files that people write (contacts, campaign, templates' cards).

Every problem names file and line. Only strings, whole numbers, true/false and null are told apart;
`NO` stays Norway, dates stay text, a key twice is an error, aliases are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.composer import Composer

from outreach.errors import BadFile
from outreach.words import Sentence

MAX_BYTES = 5_000_000
Model = TypeVar("Model", bound=BaseModel)


class _Loader(Composer, yaml.CSafeLoader):
    """YAML 1.2's core schema, nearly: PyYAML's own reads NO as false and 2020-12 as a date.

    LibYAML tells the events, which is six times as fast; nodes are composed in Python, because
    LibYAML's composer ends the process on a file that nests a million deep.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own class attribute)

    def __init__(self, stream: str) -> None:
        yaml.CSafeLoader.__init__(self, stream)
        Composer.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases: a few lines of them unfold to gigabytes."""
        if self.check_event(yaml.AliasEvent):
            here: Any = self.peek_event()
            words = "an alias (*name) is not allowed; write it out"
            raise yaml.composer.ComposerError(None, None, words, here.start_mark)
        return super().compose_node(parent, index)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""]
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^-?[0-9]+$"), list("-0123456789")
)


def read(path: Path, model: type[Model], *, name: str | None = None) -> Model:
    """Return the file at `path` (UTF-8 YAML) as a validated `model`.

    `name` is how messages call the file (default: its path). Raises BadFile with line and, where
    a field is wrong, what to write instead.
    """
    name = name or str(path)
    return parsed(_bytes(path, name), model, name=name)


def parsed(data: bytes, model: type[Model], *, name: str) -> Model:
    """Return the content of a file called `name` as `read` does, raising the same."""
    node = _node(data, name)
    if node is None:
        raise BadFile(name, None, Sentence("The file is empty."))
    lines: dict[tuple[str | int, ...], int] = {}
    value = _value(node, (), lines, name)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = tuple(part for part in first["loc"] if isinstance(part, str | int))
        raise BadFile(name, _line(place, lines), _problem(first, place)) from error


def _bytes(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFile(name, None, Sentence("It can't be read: %(why)s.", why=str(error))) from error


def _node(data: bytes, name: str) -> yaml.Node | None:
    if len(data) > MAX_BYTES:
        raise BadFile(name, None, Sentence("It is larger than 5 MB."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadFile(name, line, Sentence("This is not UTF-8 text. Save it as UTF-8.")) from error
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadFile(
            name, line, Sentence("This is not YAML: %(why)s.", why=error.problem or str(error))
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BadFile(name, None, Sentence("This is not YAML: %(why)s.", why=str(error))) from error


def _value(
    node: yaml.Node,
    place: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    name: str,
) -> Any:
    """Turn a node into plain values and note the line of every place."""
    if place in lines:
        raise BadFile(
            name, node.start_mark.line + 1, Sentence("The key %(key)s stands twice.", key=place[-1])
        )
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return {
            str(key.value): _value(value, (*place, str(key.value)), lines, name)
            for key, value in node.value
        }
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*place, index), lines, name) for index, item in enumerate(node.value)]
    text = str(node.value)
    if node.tag.endswith(":null"):
        return None
    if node.tag.endswith(":bool"):
        return text == "true"
    return int(text) if node.tag.endswith(":int") else text


def _line(place: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> int | None:
    """Return the line of `place`, or of the nearest thing around it (for a missing field)."""
    for length in range(len(place), -1, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return None


def _problem(error: Any, place: tuple[str | int, ...]) -> Sentence:
    field = ".".join(str(part) for part in place) or "the file"
    if error["type"] == "missing":
        return Sentence("“%(field)s” is missing. Add it.", field=field)
    if error["type"] == "extra_forbidden":
        return Sentence("“%(field)s” is not a field we know. Check its spelling.", field=field)
    return Sentence(
        "“%(field)s” is %(value)r: %(why)s.",
        field=field,
        value=error["input"] if not isinstance(error["input"], dict | list) else "a list",
        why=str(error["msg"])[:1].lower() + str(error["msg"])[1:],
    )
