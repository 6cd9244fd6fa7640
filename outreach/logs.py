"""What a process tells of itself: plain words, or one JSON object a line with OUTREACH_LOG=json.

No line holds an address, a name or a word of a letter: an error is told by its kind and its place,
never by its message; whatever still looks like an address is struck out.
"""

from __future__ import annotations

import contextvars
import datetime as dt
import json
import logging
import re
import sys
import traceback
from types import TracebackType
from typing import Any

WORDS, JSON = "words", "json"
# What a line belongs to: the id of the web request it was written in.
REQUEST: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="")
# Written for every request: of use to a program that reads, noise to a person.
REQUESTS = "outreach.requests"

_STRUCK = (
    (re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+"), "(address)"),
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b"), "(machine)"),
    (re.compile(r"(?<![\w:])([0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{0,4}(?![\w:])"), "(machine)"),
    # Paths of pages hold numbers of letters, and some the words that were searched for.
    (re.compile(r"(?<=request )/\S*"), "(page)"),
)
# Others' lines: what they tell at INFO is about themselves.
_QUIET = ("apscheduler", "procrastinate", "psycopg.pool", "gunicorn.access", "waitress", "alembic")

Error = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def set_up(form: str, stream: Any = None) -> None:
    """Write every line of this process to `stream` (default: standard error) in `form`."""
    lines = logging.StreamHandler(stream or sys.stderr)
    lines.setFormatter(JsonLines() if form == JSON else Words())
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # One that was lost is looked for at the next beat; nothing to warn of.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    logging.getLogger(REQUESTS).setLevel(logging.INFO if form == JSON else logging.WARNING)


def struck(text: str) -> str:
    """Return `text` without what looks like the address of a person or a machine."""
    for pattern, instead in _STRUCK:
        text = pattern.sub(instead, text)
    return text


class Words(logging.Formatter):
    """A line for a person: the time, who tells it, what."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the places of an error below it."""
        return struck(super().format(record))

    def formatException(self, ei: Error) -> str:  # noqa: N802  (the library's name)
        """Return the kind of an error and where it happened, never what it said."""
        return "\n".join(places(ei))


class JsonLines(logging.Formatter):
    """A line for a program: {at, level, from, what, request?, error?}."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one JSON object without a line break."""
        told: dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(),
            "level": record.levelname.lower(),
            "from": record.name,
            "what": struck(record.getMessage()),
        }
        if request := REQUEST.get():
            told["request"] = request
        told |= getattr(record, "told", {})
        if record.exc_info:
            told["error"] = places(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def places(error: Error) -> list[str]:
    """Return the kind of `error` and, line by line, where it came from."""
    kind, _value, trace = error
    if kind is None:
        return []
    lines = [
        f"  {frame.filename.rsplit('/site-packages/', 1)[-1]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]
    return [kind.__name__, *lines]
