"""Opens JSON, YAML and XML that strangers wrote, without trusting any of it.

Every reader returns plain values or raises BadFile with the line. Ways to exhaust memory by few
bytes (nesting, aliases, entities) are refused.
"""

from __future__ import annotations

import contextlib
import gc
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree

import defusedxml
import yaml
from defusedxml.ElementTree import fromstring

from outreach.errors import BadFile
from outreach.words import Sentence

# The largest single file known holds a country's whole history in 60 MB.
MAX_BYTES = 200_000_000
MAX_YAML_BYTES = 30_000_000
MAX_DEPTH = 60
# So many values may stand in a YAML file by an alias; what lists repeat is a term or an address.
MAX_UNFOLDED = 100_000
_UNFOLDING = Sentence(
    "Its aliases (*name) unfold to far more than such lists are, or lead nowhere. Write them out."
)
# Expat's number for a byte that can't stand there.
_INVALID_TOKEN = 4
_LABEL = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding=[\"']([\w.-]+)[\"'][^>]*\?>")


def read_json(path: Path, name: str, max_depth: int = MAX_DEPTH) -> Any:
    """Return the JSON document at `path`: UTF-8 with or without mark, UTF-16 or UTF-32.

    Raises BadFile (`name`, line) for what is empty, no JSON, or nested deeper than `max_depth`.
    Texts may hold halves of letters ("\\ud800"): pass them through `cleaning.text`.
    """
    data = _bytes(path, name, MAX_BYTES)
    try:
        written = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        _not_text(data, error, name)
    try:
        with _uncollected():
            value = json.loads(
                written.removeprefix("\ufeff"),
                parse_constant=lambda _word: None,
                object_pairs_hook=_once_each,
            )
    except _Twice as error:
        words = Sentence(
            "“%(key)s” stands twice in one object, with different values: which one is meant can't"
            " be told. Remove one.",
            key=str(error)[:100],
        )
        raise BadFile(name, None, words) from error
    except json.JSONDecodeError as error:
        raise BadFile(
            name, error.lineno, Sentence("This is not JSON: %(why)s.", why=error.msg)
        ) from error
    except RecursionError as error:
        raise BadFile(name, None, _too_deep(max_depth)) from error
    except ValueError as error:
        # Python refuses whole numbers of more than 4,300 digits.
        raise BadFile(name, None, Sentence("It holds a number that is too long.")) from error
    _check_depth(value, name, max_depth)
    return value


class _Twice(Exception):
    """A key that stands twice in one JSON object."""


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; Python would silently keep the last of several values of a key."""
    found = dict(pairs)
    if len(found) != len(pairs):
        for key, value in pairs:
            if found[key] != value:
                raise _Twice(key)
    return found


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Hold the collection of garbage: it makes building a million objects thrice as slow."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _check_depth(value: Any, name: str, max_depth: int) -> None:
    """Refuse what is nested too deeply, level by level: recursion would be what we guard from."""
    level = [value]
    for _depth in range(max_depth + 1):
        # Through itertools, as the lists of a whole parliament have a million nodes.
        tables = [one for one in level if one.__class__ is dict]
        lists = [one for one in level if one.__class__ is list]
        if not tables and not lists:
            return
        level = [*chain.from_iterable(map(dict.values, tables)), *chain.from_iterable(lists)]
    raise BadFile(name, None, _too_deep(max_depth))


class _Loader(yaml.CSafeLoader):
    """LibYAML's reader with next to nothing implied: NO is Norway, 2020-12 and 1.10 are text.

    Only null, true, false and whole numbers without a leading zero are told apart from text.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own class attribute)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""]
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^(?:0|-?[1-9][0-9]{0,17})$"), list("-0123456789")
)
# "<<: *name" takes over what the part holds.
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])
# What may be an alias, or nest deeply in few bytes; most files have neither and are not scanned.
_ALIAS = re.compile(rb"(?:^|[\s,\[{:])\*[^\s*]", re.MULTILINE)
_DEEP = re.compile(rb"(?:[-?:][ \t]+){40}|^ {120}", re.MULTILINE)


def read_yaml(source: Path | bytes, name: str) -> Any:
    """Return the YAML document at `source` (a path, or its bytes) as plain values.

    Raises BadFile (`name`, line) for what is empty, no YAML, nested too deeply, or unfolds by its
    aliases to far more than it is.
    """
    data = _bytes(source, name, MAX_YAML_BYTES)
    try:
        if _suspicious(data):
            _check_events(data, name)
        return yaml.load(data, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadFile(
            name,
            mark.line + 1 if mark else None,
            Sentence("This is not YAML: %(why)s.", why=error.problem or error.context or "?"),
        ) from error
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError) as error:
        # A tag that its value does not fit (!!int "x") surprises PyYAML in many ways.
        why = str(error).replace("\n", " ")[:200]
        raise BadFile(name, None, Sentence("This is not YAML: %(why)s.", why=why)) from error


def _suspicious(data: bytes) -> bool:
    """Tell whether `data` may hold aliases or deep nesting; only then is it read twice."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    brackets = data.count(b"[") + data.count(b"{")
    return brackets > MAX_DEPTH or bool(_ALIAS.search(data) or _DEEP.search(data))


@dataclass(slots=True)
class _Part:
    """A part of a YAML document: how much it holds and how deep it is, aliases unfolded."""

    anchor: str | None = None
    nodes: int = 1
    height: int = 0

    def add(self, part: _Part) -> None:
        self.nodes += part.nodes
        self.height = max(self.height, part.height + 1)


def _check_events(data: bytes, name: str) -> None:
    """Refuse deep nesting and aliases that unfold to much before anything is built.

    LibYAML has no limits of its own. A part that stands within itself is not known yet.
    """
    known: dict[str, _Part] = {}
    within = [_Part()]
    unfolded = 0
    for event in yaml.parse(data, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else None
        part = _Part(getattr(event, "anchor", None))
        if isinstance(event, yaml.CollectionStartEvent):
            within.append(part)
        elif isinstance(event, yaml.CollectionEndEvent):
            part = within.pop()
        elif isinstance(event, yaml.AliasEvent):
            part = known.get(event.anchor or "", _Part(nodes=MAX_UNFOLDED + 1))
            unfolded += part.nodes
        if len(within) - 1 + part.height > MAX_DEPTH:
            raise BadFile(name, line, _too_deep(MAX_DEPTH))
        if unfolded > MAX_UNFOLDED:
            raise BadFile(name, line, _UNFOLDING)
        if isinstance(event, yaml.CollectionEndEvent | yaml.ScalarEvent | yaml.AliasEvent):
            within[-1].add(part)
            known |= {part.anchor: part} if part.anchor else {}


def read_xml(path: Path, name: str) -> ElementTree.Element:
    """Return the root of the XML document at `path`.

    Raises BadFile (`name`, line) for what is empty, no XML, has a DTD or entities, or is nested
    too deeply.
    """
    data = _bytes(path, name, MAX_BYTES)
    try:
        root: ElementTree.Element = fromstring(_rightly_labelled(data), forbid_dtd=True)
    except ElementTree.ParseError as error:
        if error.code == _INVALID_TOKEN and not data.isascii():
            words = Sentence(
                "Its letters are not in the encoding that its first line names. Save it as UTF-8."
            )
            raise BadFile(name, error.position[0], words) from error
        why = str(error).partition(":")[0]
        raise BadFile(
            name, error.position[0], Sentence("This is not XML: %(why)s.", why=why)
        ) from error
    except defusedxml.DefusedXmlException as error:
        raise BadFile(
            name,
            None,
            Sentence("It has a document type or entities. Such XML is not read: save it without."),
        ) from error
    except (ValueError, LookupError) as error:
        raise BadFile(
            name, None, Sentence("This is not XML: %(why)s.", why=str(error)[:200])
        ) from error
    level = [root]
    for _depth in range(MAX_DEPTH + 1):
        level = [part for node in level for part in node]
        if not level:
            return root
    raise BadFile(name, None, _too_deep(MAX_DEPTH))


def _rightly_labelled(data: bytes) -> bytes:
    """Return the document without a first line that calls UTF-8 something else.

    Text in the encoding of one byte a letter is never UTF-8 by chance.
    """
    label = _LABEL.match(data)
    if not label or label[1].lower().replace(b"-", b"") == b"utf8" or data.isascii():
        return data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data
    return data[label.end() :]


def _bytes(source: Path | bytes, name: str, most: int) -> bytes:
    try:
        if isinstance(source, Path) and source.stat().st_size > most:
            raise BadFile(name, None, _too_large(most))
        data = source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise BadFile(name, None, Sentence("It can't be read: %(why)s.", why=str(error))) from error
    if len(data) > most:
        raise BadFile(name, None, _too_large(most))
    if not data.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise BadFile(name, None, Sentence("The file is empty."))
    return data


def _not_text(data: bytes, error: UnicodeDecodeError, name: str) -> NoReturn:
    line = data[: error.start].count(b"\n") + 1
    raise BadFile(name, line, Sentence("This is not UTF-8 text. Save it as UTF-8.")) from error


def _too_large(most: int) -> Sentence:
    return Sentence("It is larger than %(limit)s MB. Split it into parts.", limit=most // 1_000_000)


def _too_deep(most: int) -> Sentence:
    return Sentence("It is nested more than %(limit)s levels deep.", limit=most)
