"""What a line of the log holds, and what it never does."""

from __future__ import annotations

import io
import json
import logging
import re
import sys

import pytest

from outreach import logs


@pytest.fixture(params=[logs.WORDS, logs.JSON])
def lines(request: pytest.FixtureRequest):
    """A stream that our lines go to, in each form."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.set_up(request.param, stream)
    yield stream
    root.handlers[:], root.level = before[0], before[1]


def test_an_error_is_told_without_what_it_said(lines: io.StringIO) -> None:
    try:
        raise ValueError("Dear Canary Person, canary@office.example")
    except ValueError:
        logging.getLogger("outreach.x").error("it failed", exc_info=sys.exc_info())
    said = lines.getvalue()
    assert "ValueError" in said and "test_logs.py" in said and "it failed" in said
    assert "Canary" not in said and "canary" not in said


@pytest.mark.parametrize(
    "told",
    [
        "to canary@office.example: no",
        "Invalid request from ip=192.0.2.77: bad",
        "connection from 2001:db8::77:1 closed",
        "Error handling request /people?q=192.0.2.77",
    ],
)
def test_what_looks_like_an_address_is_struck_out(lines: io.StringIO, told: str) -> None:
    logging.getLogger("gunicorn.error").error(told)
    # The time of day holds any digits.
    said = re.sub(r"\d\d:\d\d:\d\d(\.\d+)?", "", lines.getvalue())
    assert not any(one in said for one in ("canary@", "192.0.2", ".77", "2001:db8", ":77:1"))


def test_times_and_numbers_stay(lines: io.StringIO) -> None:
    logging.getLogger("outreach.x").info("letters: 3 delivered at 12:30:05")
    assert "letters: 3 delivered at 12:30:05" in lines.getvalue()


def test_a_line_of_json_is_one_object() -> None:
    record = logging.LogRecord("outreach.x", logging.INFO, "f", 1, "two\nlines", (), None)
    told = json.loads(logs.JsonLines().format(record))
    assert told["what"] == "two\nlines" and told["level"] == "info"
    assert "\n" not in logs.JsonLines().format(record)
