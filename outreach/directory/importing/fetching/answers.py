"""Tells data from what servers send in its place: sign-in pages, challenges, errors, half a file.

Everything here returns a sentence that says what came instead and what to do, or nothing.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import defusedxml
import defusedxml.ElementTree

from outreach.directory.importing.fetching.endpoints import Shape
from outreach.words import Sentence

HEAD = 65_536
_CHALLENGE_HEADERS = ("x-amzn-waf-action", "cf-mitigated", "x-datadome")
_CHALLENGE = (
    b"awswaf",
    b"challenge-platform",
    b"cf-chl",
    b"just a moment",
    b"captcha",
    b"enable javascript",
    b"ddos-guard",
    b"incapsula",
)
_SIGN_IN = (b'type="password"', b"type='password'", b"sign in", b"log in", b"login", b"anmelden")
# Keys that an answer holds when it is an excuse, and no list beside them.
_EXCUSES = frozenset(
    {"error", "errors", "message", "msg", "status", "code", "detail", "details", "title", "type"}
    | {"statuscode", "traceid", "success", "reason", "timestamp", "path", "documentation_url"}
)
_TIMED_OUT = re.compile(rb"TimeoutException|QueryTimeout")


def challenged(headers: Mapping[str, str], head: bytes) -> bool:
    """Tell whether an answer asks its reader to prove to be a browser."""
    if any(name in headers for name in _CHALLENGE_HEADERS):
        return True
    small = head.lower()
    return is_page(headers, head) and any(mark in small for mark in _CHALLENGE)


def is_page(headers: Mapping[str, str], head: bytes) -> bool:
    """Tell whether an answer is a web page: by what it says it is, or by how it begins."""
    kind = headers.get("content-type", "").lower()
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "html" in kind or begins.startswith((b"<!doctype html", b"<html"))


def page_instead(headers: Mapping[str, str], head: bytes) -> Sentence | None:
    """Return what kind of web page came where data was expected, or None for data."""
    if challenged(headers, head):
        return Sentence(
            "The server wants proof that a browser is asking (a challenge page), which a program "
            "can't give. Open the address in a browser, save the file, and import the file."
        )
    if not is_page(headers, head):
        return None
    small = head.lower()
    if any(mark in small for mark in _SIGN_IN):
        return Sentence(
            "The server shows a sign-in page in place of the list. If you have an account there, "
            "download the file in a browser and import the file."
        )
    if b"<script" in small and len(head) < 5000:
        return Sentence(
            "The server sent a web page with a script in place of the list, perhaps a challenge. "
            "Open the address in a browser, save the file, and import the file."
        )
    return Sentence(
        "The server sent a web page in place of the list: its address may have changed. "
        "Look at it in a browser."
    )


def not_data(path: Path, shape: Shape) -> Sentence | None:
    """Return what is wrong with a whole file that should be of `shape`, or None."""
    return _CHECKS[shape](path)


def things_in(path: Path, shape: Shape) -> int:
    """Return how many things a file holds, measured alike each time: to notice half a list."""
    if shape is Shape.ZIP:
        with zipfile.ZipFile(path) as archive:
            return len(archive.namelist())
    mark = {Shape.JSON: b"{", Shape.YAML: b"\n- ", Shape.XML: b"</", Shape.CSV: b"\n"}[shape]
    return path.read_bytes().count(mark)


def excuse(value: Any) -> Sentence | None:
    """Return what an answer in JSON says when it is an error and no list, or None."""
    if not isinstance(value, dict):
        return None
    names = {str(name).lower() for name in value}
    if value and names <= _EXCUSES and not any(isinstance(v, list) and v for v in value.values()):
        return _says(json.dumps(value, ensure_ascii=False))
    told = value.get("error") or value.get("errors")
    return _says(json.dumps(told, ensure_ascii=False)) if told else None


def _json(path: Path) -> Sentence | None:
    data = path.read_bytes()
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        if _TIMED_OUT.search(data[-20_000:]):
            return Sentence(
                "The question took longer than the server allows, and its answer ends in the "
                "middle. Ask for less, or again at a quieter hour."
            )
        return _early()
    if value in ({}, [], None):
        return _empty()
    return excuse(value) if isinstance(value, dict | list) else _other()


def _yaml(path: Path) -> Sentence | None:
    # Readers parse it whole; here only what a cut or an excuse shows in the text.
    data = path.read_bytes()
    begins = re.sub(rb"\A(?:\s*#[^\n]*\n|---\s*\n|\s*\n)*", b"", data.lstrip(b"\xef\xbb\xbf"))
    if not begins.strip():
        return _empty()
    if begins.startswith(b"{"):
        return _json(path)
    if not re.match(rb"- |-\n|[\w'\"-]+ ?:(\s|$)", begins):
        return _other()
    return None if data.endswith(b"\n") else _early()


def _xml(path: Path) -> Sentence | None:
    try:
        root = defusedxml.ElementTree.parse(path).getroot()
    except ParseError:
        data = path.read_bytes()
        return _early() if data.lstrip().startswith(b"<") else _other()
    except defusedxml.DefusedXmlException:
        return Sentence("The file holds definitions (a DTD) that a list has no use for.")
    if root is None:
        return _empty()
    name = str(root.tag).rsplit("}", 1)[-1].lower()
    if name in ("error", "errors", "fault", "exception", "serviceexceptionreport"):
        return _says(" ".join(part.strip() for part in root.itertext() if part.strip()))
    return None if len(root) else _empty()


def _csv(path: Path) -> Sentence | None:
    data = path.read_bytes()
    text = data[:HEAD].decode("utf-8", "replace").strip()
    if not text:
        return _empty()
    if text.startswith("{"):
        return _json(path) or _other()
    rows = list(csv.reader(io.StringIO(text)))
    return None if len(rows) > 1 and any(sign in text for sign in ",;\t") else _other()


def _zip(path: Path) -> Sentence | None:
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError):
        with path.open("rb") as file:
            head = file.read(4)
        return _early() if head.startswith(b"PK") else _other()
    return _early() if broken else None


_CHECKS: dict[Shape, Callable[[Path], Sentence | None]] = {
    Shape.JSON: _json,
    Shape.YAML: _yaml,
    Shape.XML: _xml,
    Shape.CSV: _csv,
    Shape.ZIP: _zip,
}


def _early() -> Sentence:
    return Sentence("The file can't be read to its end: it was cut off. Try again later.")


def _empty() -> Sentence:
    return Sentence("The server sent an empty list. Look at its page in a browser.")


def _other() -> Sentence:
    return Sentence(
        "What came is not the list: its address may lead elsewhere now. Look at it in a browser."
    )


def _says(words: str) -> Sentence:
    return Sentence("The server answers with an error: %(words)s", words=words[:300])
