"""Asks one server for one file: who we are, how long we wait, when we try again, when not."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from outreach.directory.importing.fetching import answers
from outreach.directory.importing.fetching.endpoints import Shape
from outreach.directory.importing.opening import MAX_FILE_BYTES
from outreach.errors import OutreachError
from outreach.words import Sentence

CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
# A server that drips bytes for longer than this is broken off.
WHOLE_SECONDS = 900.0
# How long we wait before each further try, unless the server says how long.
TRIES = (2.0, 8.0, 30.0)
# Longer than this nobody watches a terminal: the operator comes back by themselves.
LONGEST_WAIT = 300.0
BUSY = (429, 500, 502, 503, 504)
MOST_REDIRECTS = 5
ACCEPT = {
    Shape.JSON: "application/sparql-results+json, application/json",
    Shape.YAML: "text/yaml, text/plain, */*",
    Shape.XML: "application/xml, text/xml",
    Shape.CSV: "text/csv, text/plain",
    Shape.ZIP: "application/zip, application/octet-stream",
}


class Refusal(OutreachError):
    """What came from `url` is not the list."""

    def __init__(self, url: str, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.url = url


class _Again(Exception):
    """Worth another try. `wait` is what the server asked for, in seconds."""

    def __init__(self, sentence: Sentence, wait: float | None = None) -> None:
        super().__init__(str(sentence))
        self.sentence, self.wait = sentence, wait


def user_agent(contact: str) -> str:
    """Return how we introduce ourselves: the product, its version, and how to reach us."""
    known = f"Outreach/{importlib.metadata.version('outreach')}"
    words = " ".join(contact.encode("ascii", "ignore").decode().split())
    return f"{known} ({words})" if words else known


class Wire:
    """One visit to one server. `pause` waits so many seconds; tests hand in one that doesn't."""

    def __init__(self, contact: str, pause: Callable[[float], None]) -> None:
        self.pause = pause
        self.session = requests.Session()
        self.session.headers["User-Agent"] = user_agent(contact)

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        self.session.close()

    def file(
        self, url: str, path: Path, shape: Shape, before: Mapping[str, Any]
    ) -> dict[str, str] | None:
        """Write what `url` gives to `path`; return its headers (names in small letters).

        None when the server says that it is as it was: `before` is what the card says of it.
        Raises Refusal when what came is no data of `shape`, also after a few tries.
        """
        waits = iter(TRIES)
        while True:
            try:
                return self._once(url, path, shape, before)
            except _Again as again:
                wait = next(waits, None)
                asked = again.wait if again.wait is not None else wait
                if wait is None or asked is None or asked > LONGEST_WAIT:
                    raise Refusal(url, again.sentence) from again
                self.pause(max(wait, asked))

    def _once(
        self, url: str, path: Path, shape: Shape, before: Mapping[str, Any]
    ) -> dict[str, str] | None:
        wanted = {"Accept": ACCEPT[shape]}
        if before.get("etag"):
            wanted["If-None-Match"] = before["etag"]
        if before.get("last_modified"):
            wanted["If-Modified-Since"] = before["last_modified"]
        try:
            with self._answer(url, wanted) as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                if answer.status_code == 304 and before:
                    return None
                _write(url, answer, path)
        except requests.exceptions.RequestException as error:
            raise _unreachable(url, error) from error
        with path.open("rb") as file:
            head = file.read(answers.HEAD)
        _refuse_status(url, answer.status_code, headers, head)
        wrong = answers.page_instead(headers, head) or answers.not_data(path, shape)
        if wrong:
            raise Refusal(url, wrong)
        return headers

    def _answer(self, url: str, headers: dict[str, str]) -> requests.Response:
        """Ask, and follow redirects on the same host alone."""
        here = url
        for _ in range(MOST_REDIRECTS):
            answer = self.session.get(
                here,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
            )
            if not answer.is_redirect:
                return answer
            there = urljoin(here, answer.headers["location"])
            answer.close()
            old, new = urlsplit(here), urlsplit(there)
            if new.hostname != old.hostname or (old.scheme == "https" and new.scheme != "https"):
                raise Refusal(
                    url,
                    Sentence(
                        "It sends on to another place, %(there)s, which we do not follow: it may "
                        "be a sign-in page. Look at it in a browser.",
                        there=f"{new.scheme}://{new.netloc}",
                    ),
                )
            here = there
        raise Refusal(url, Sentence("It sends on in a circle. Look at it in a browser."))


def _write(url: str, answer: requests.Response, path: Path) -> None:
    ends, size = time.monotonic() + WHOLE_SECONDS, 0
    with path.open("wb") as file:
        for chunk in answer.iter_content(1 << 16):
            size += len(chunk)
            if size > MAX_FILE_BYTES:
                raise Refusal(url, Sentence("It is larger than 300 MB, so it was broken off."))
            if time.monotonic() > ends:
                raise Refusal(url, Sentence("It came so slowly that it was broken off."))
            file.write(chunk)


def _unreachable(url: str, error: requests.exceptions.RequestException) -> Exception:
    if isinstance(error, requests.exceptions.SSLError):
        return Refusal(url, Sentence("The server can't prove who it is (its certificate)."))
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return _Again(Sentence("The download broke off before its end. Try again later."))
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return _Again(Sentence("The download came damaged. Try again later."))
    if isinstance(error, requests.exceptions.Timeout):
        return _Again(Sentence("The server does not answer in time. Try again later."))
    if isinstance(error, requests.exceptions.ConnectionError):
        return _Again(Sentence("The server can't be reached. Are you online?"))
    return Refusal(url, Sentence("The address can't be asked (%(why)s).", why=type(error).__name__))


def _refuse_status(url: str, status: int, headers: Mapping[str, str], head: bytes) -> None:
    """Raise for an answer that is not 200; `_Again` when it is worth another try."""
    challenge = answers.page_instead(headers, head) if answers.challenged(headers, head) else None
    if challenge and status != 429:
        raise Refusal(url, challenge)
    if status == 200:
        return
    if status in BUSY:
        words = Sentence(
            "The server is too busy or wants fewer questions (%(status)s). Try again later.",
            status=str(status),
        )
        raise _Again(words, _retry_after(headers))
    if status in (401, 403, 407):
        words = Sentence(
            "The server asks for a sign-in or refuses programs (%(status)s). Download the file in "
            "a browser and import the file.",
            status=str(status),
        )
    elif status in (404, 410):
        words = Sentence(
            "There is nothing at this address any more (%(status)s). Look for its new one.",
            status=str(status),
        )
    else:
        words = Sentence(
            "The server answered with %(status)s. %(words)s", status=str(status), words=_told(head)
        )
    raise Refusal(url, words)


def _told(head: bytes) -> str:
    try:
        words = answers.excuse(json.loads(head))
    except (ValueError, RecursionError):
        words = None
    return str(words) if words else ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a server asks us to wait (RFC 9110, 10.2.3): a number or a day."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until, sent = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - sent) / dt.timedelta(seconds=1))
    except (ValueError, TypeError):
        return None
