"""Fills the gaps of a text, in a sandbox that can't loop, reach or grow.

What a text may hold at all is in `grammar.py`; here its values are held short.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import UndefinedError, pass_context
from jinja2.environment import Template as Compiled
from jinja2.runtime import Context

from outreach.errors import Refused
from outreach.letters.grammar import ENVIRONMENT, names_in, problems
from outreach.words import Sentence

__all__ = ["Empty", "Quoted", "Rendered", "names_in", "paragraphs", "problems", "render"]

MAX_OUTPUT = 40_000
# What one name may stand for; a fact with its source is some 400 characters.
MAX_VALUE = 4_000


class Quoted(str):
    """A sentence that quotes a fact or readings; printing it notes the quotation."""

    __slots__ = ("fact_id", "fact_version", "reading_ids")

    fact_id: int | None
    fact_version: int | None
    reading_ids: tuple[int, ...]

    @classmethod
    def fact(cls, text: str, *, fact_id: int, version: int) -> Quoted:
        """Return `text` as a quotation of a fact at a version."""
        quoted = cls(text)
        quoted.fact_id, quoted.fact_version, quoted.reading_ids = fact_id, version, ()
        return quoted

    @classmethod
    def readings(cls, text: str, *, reading_ids: tuple[int, ...]) -> Quoted:
        """Return `text` as a quotation of the accepted readings that make a signature count."""
        quoted = cls(text)
        quoted.fact_id, quoted.fact_version, quoted.reading_ids = None, None, reading_ids
        return quoted


@dataclass(frozen=True, slots=True)
class Rendered:
    """A subject and a body with every gap filled, and what they quote, in order."""

    subject: str
    text: str
    quotations: tuple[Quoted, ...]


class Empty:
    """A value this recipient lacks: false in `{% if %}`, refused when printed."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Empty)

    def __hash__(self) -> int:
        return hash(Empty)


class _Gap(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@pass_context
def _printed(context: Context, value: Any) -> str:
    """Let only real text out (law 6), and note what it quotes."""
    if isinstance(value, Empty):
        raise _Gap(value.name)
    if isinstance(value, str) and len(value) > MAX_VALUE:
        raise Refused(
            Sentence(
                "“%(begin)s…” is longer than %(n)s characters. Look it up in the directory.",
                begin=value[:40],
                n=MAX_VALUE,
            )
        )
    if not isinstance(value, str) or not _has_ink(value) or value.strip().lower() == "none":
        raise _Gap(str(getattr(value, "_undefined_name", value)))
    if isinstance(value, Quoted):
        noted: list[Quoted] = context["noted quotations"]
        if value not in noted:
            noted.append(value)
        return value
    # A name is one line, wherever it was copied from: it begins no paragraph of its own.
    return " ".join(value.splitlines())


def _has_ink(value: str) -> bool:
    """Whether anybody would see a letter or a figure; Korean fillers are letters, and empty."""
    return any(sign.isalnum() and sign not in "\u115f\u1160\u3164\uffa0" for sign in value)


_ENVIRONMENT = ENVIRONMENT.overlay(finalize=_printed)


def render(subject: str, body: str, values: Mapping[str, object]) -> Rendered:
    """Return the text with its gaps filled from `values` (see `values.values_for`).

    Raises Refused when a gap can't be filled for this recipient, or the text is broken.
    """
    noted: list[Quoted] = []
    handed = {**values, "noted quotations": noted}
    try:
        title = _compiled(subject).render(handed)
        words = _compiled(body).render(handed)
    except _Gap as gap:
        raise Refused(
            Sentence("The text needs {{ %(name)s }}, which is empty here.", name=gap.name)
        ) from gap
    except UndefinedError as error:
        raise Refused(
            Sentence("The text needs something that is missing here: %(why)s", why=str(error))
        ) from error
    if len(title) + len(words) > MAX_OUTPUT:
        raise Refused(Sentence("The text is longer than %(n)s characters.", n=MAX_OUTPUT))
    return Rendered(
        " ".join(_folded(title).split("\n")).strip(" "), paragraphs(words), tuple(noted)
    )


def paragraphs(text: str) -> str:
    """Return `text` with one line a paragraph: lines joined, blanks folded, empty ones dropped.

    A line that begins with a dash stays a line of its own. No-break spaces are kept.
    """
    blocks = (_paragraph(block) for block in _folded(text).split("\n\n"))
    return "\n\n".join(block for block in blocks if block)


def _paragraph(block: str) -> str:
    lines = [line for line in block.split("\n") if line]
    if "- " not in block and "– " not in block:
        return " ".join(lines)
    kept: list[str] = []
    for line in lines:
        if kept and not line.startswith(("- ", "– ")):
            kept[-1] += " " + line
        else:
            kept.append(line)
    return "\n".join(kept)


def _folded(text: str) -> str:
    """Return `text` with one blank where there were several, and none at the ends of lines.

    Plain replacements: they take a tenth of the time of a pattern, on every letter of a mailing.
    """
    text = text.replace("\r\n", "\n").replace("\t", " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text.replace("\n ", "\n").replace(" \n", "\n").strip(" ")


@functools.lru_cache(maxsize=256)
def _compiled(source: str) -> Compiled:
    # Checked again here: a version in the database may be older than today's rules.
    wrong = problems(source)
    if wrong:
        raise Refused(
            Sentence(
                "The text is broken on line %(line)s: %(why)s",
                line=wrong[0].line,
                why=str(wrong[0].words),
            )
        )
    return _ENVIRONMENT.from_string(source)
