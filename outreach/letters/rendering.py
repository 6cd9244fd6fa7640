"""Fills the gaps of a text, in a sandbox that can't loop, reach or grow.

Texts are written by campaigners, so they may hold only words, `{{ names }}`, `{% if %}` and the
marks `ref("…")` and `date("…")`. Everything else is refused by line before anything is compiled.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes, pass_context
from jinja2.environment import Template as Compiled
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from outreach.errors import Refused
from outreach.letters import placeholders
from outreach.words import Sentence

MAX_SOURCE = 20_000
MAX_OUTPUT = 40_000
# Any word with a digit in it; superscripts, fractions, single-character Roman and ringed ones too.
_FIGURE = re.compile(
    r"\S*[\d\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2079\u2080-\u2089\u2150-\u2189"
    r"\u2460-\u249b\u24ea-\u24ff\u2776-\u2793]\S*"
)
# What a text may be made of. No loops, filters, arithmetic, assignments, macros or includes.
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.Name,
    nodes.Getattr,
    nodes.Const,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
    nodes.Call,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a text, on which line of the checked source."""

    line: int
    words: Sentence


class Quoted(str):
    """A sentence that quotes a fact or a reading; printing it notes the quotation."""

    __slots__ = ("fact_id", "fact_version", "reading_id")

    fact_id: int | None
    fact_version: int | None
    reading_id: int | None

    @classmethod
    def fact(cls, text: str, *, fact_id: int, version: int) -> Quoted:
        """Return `text` as a quotation of a fact at a version."""
        quoted = cls(text)
        quoted.fact_id, quoted.fact_version, quoted.reading_id = fact_id, version, None
        return quoted

    @classmethod
    def reading(cls, text: str, *, reading_id: int) -> Quoted:
        """Return `text` as a quotation of an accepted signature count."""
        quoted = cls(text)
        quoted.fact_id, quoted.fact_version, quoted.reading_id = None, None, reading_id
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
    if not isinstance(value, str) or not value.strip() or value.strip().lower() == "none":
        raise _Gap(str(getattr(value, "_undefined_name", value)))
    if isinstance(value, Quoted):
        noted: list[Quoted] = context["noted quotations"]
        if value not in noted:
            noted.append(value)
    return value


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        finalize=_printed,
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    environment.globals.update(ref=str, date=str)
    return environment


_ENVIRONMENT = _environment()


def problems(source: str) -> list[Problem]:
    """Return everything wrong with a text's source, by line: law 5, misspelt names, tricks."""
    if len(source) > MAX_SOURCE:
        return [Problem(1, Sentence("The text is longer than %(n)s characters.", n=MAX_SOURCE))]
    try:
        found = [
            *_wrong_nodes(_ENVIRONMENT.parse(source), printing=False),
            *_bare_digits(source),
        ]
        if not found:
            _ENVIRONMENT.compile(source)
    except TemplateSyntaxError as error:
        return [Problem(error.lineno, _unreadable(error.message or str(error)))]
    except (RecursionError, ValueError, SyntaxError):
        return [Problem(1, Sentence("This can't be read: it is nested too deeply."))]
    return sorted(found, key=lambda problem: problem.line)


def _unreadable(why: str) -> Sentence:
    """Say in a campaigner's words what the parser missed."""
    if "end of print statement" in why:
        return Sentence("Between {{ and }} stands one name, nothing else, and both must be there.")
    if "end of statement block" in why:
        return Sentence("A {% is not closed by %}, or more than a condition stands between them.")
    if "looking for the following tags" in why:
        return Sentence("An {% if … %} has no {% endif %}, or another {% … %} stands in it.")
    return Sentence("This can't be read: %(why)s", why=why)


def names_in(source: str) -> frozenset[str]:
    """Return the dotted names that a text without `problems` uses."""
    tree = _ENVIRONMENT.parse(source)
    return frozenset(
        name
        for node in tree.find_all((nodes.Getattr, nodes.Name))
        if (name := _dotted(node)) and placeholders.is_known(name)
    )


def render(subject: str, body: str, values: Mapping[str, object]) -> Rendered:
    """Return the text with its gaps filled from `values` (see `context.values_for`).

    Raises Refused when a gap can't be filled for this recipient, or the text is broken.
    """
    noted: list[Quoted] = []
    handed = {**values, "noted quotations": noted}
    try:
        rendered = Rendered(
            _one_line(_compiled(subject).render(handed)),
            paragraphs(_compiled(body).render(handed)),
            tuple(noted),
        )
    except _Gap as gap:
        raise Refused(
            Sentence("The text needs {{ %(name)s }}, which is empty here.", name=gap.name)
        ) from gap
    except UndefinedError as error:
        raise Refused(
            Sentence("The text needs something that is missing here: %(why)s", why=str(error))
        ) from error
    if len(rendered.text) > MAX_OUTPUT:
        raise Refused(Sentence("The text is longer than %(n)s characters.", n=MAX_OUTPUT))
    return rendered


def paragraphs(text: str) -> str:
    """Return `text` with one line a paragraph: lines joined, blanks folded, empty ones dropped.

    A line that begins with a dash stays a line of its own. No-break spaces are kept.
    """
    blocks = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))
    return "\n\n".join(block for block in map(_paragraph, blocks) if block)


def _paragraph(block: str) -> str:
    lines: list[str] = []
    for line in block.split("\n"):
        words = _one_line(line)
        if lines and words and not words.startswith(("- ", "– ")):
            lines[-1] += " " + words
        elif words:
            lines.append(words)
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return re.sub(r"[ \t\n]+", " ", text).strip(" ")


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


def _dotted(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        before = _dotted(node.node)
        return f"{before}.{node.attr}" if before else None
    return None


def _wrong_nodes(node: nodes.Node, *, printing: bool) -> Iterator[Problem]:
    """Walk the tree; names are looked at whole, everything unknown is refused where it stands."""
    if not isinstance(node, _ALLOWED):
        yield Problem(
            node.lineno,
            Sentence(
                'Only words, {{ names }}, {%% if … %%}, ref("…") and date("…") may stand here; '
                "“%(kind)s” may not.",
                kind=type(node).__name__.lower(),
            ),
        )
        return
    if isinstance(node, nodes.Name | nodes.Getattr):
        yield from _wrong_name(node, printing=printing)
        return
    if isinstance(node, nodes.Call):
        yield from _wrong_call(node)
        return
    if isinstance(node, nodes.Const) and (printing or not isinstance(node.value, str)):
        yield Problem(node.lineno, Sentence("Write these words without {{ }}."))
        return
    if printing and not isinstance(node, nodes.TemplateData):
        yield Problem(node.lineno, Sentence("Between {{ and }} stands one name, nothing else."))
        return
    for child in node.iter_child_nodes():
        yield from _wrong_nodes(child, printing=isinstance(node, nodes.Output))


def _wrong_name(node: nodes.Node, *, printing: bool) -> Iterator[Problem]:
    name = _dotted(node)
    if name is None:
        yield Problem(node.lineno, Sentence("Between {{ and }} stands one name, nothing else."))
        return
    if not placeholders.is_known(name):
        near = placeholders.nearest(name)
        if near:
            words = Sentence(
                "“%(name)s” is not a name we know. Did you mean “%(near)s”?", name=name, near=near
            )
        else:
            words = Sentence(
                "“%(name)s” is not a name we know. The README beside the letters lists all names.",
                name=name,
            )
        yield Problem(node.lineno, words)
    elif printing and name in placeholders.BY_NAME and placeholders.BY_NAME[name].asked_only:
        yield Problem(
            node.lineno, Sentence("“%(name)s” may only stand in {%% if … %%}.", name=name)
        )


def _wrong_call(node: nodes.Call) -> Iterator[Problem]:
    plain = (
        isinstance(node.node, nodes.Name)
        and node.node.name in placeholders.MARKS
        and len(node.args) == 1
        and isinstance(node.args[0], nodes.Const)
        and isinstance(node.args[0].value, str)
        and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    )
    if not plain:
        yield Problem(
            node.lineno,
            Sentence('Only ref("…") and date("…") may be called, with words in quotes.'),
        )


def _bare_digits(source: str) -> Iterator[Problem]:
    """Law 5: every digit comes from a placeholder or is marked as a reference or a date."""
    for line, kind, data in _ENVIRONMENT.lex(source):
        if kind != "data":
            continue
        for number, words in enumerate(data.split("\n")):
            figure = _FIGURE.search(words)
            if figure:
                yield Problem(
                    line + number,
                    Sentence(
                        "“%(figure)s” is a figure of the text's own. Use a fact such as "
                        '{{ fact.R02 }}, or mark a legal reference as {{ ref("…") }} and a '
                        'date as {{ date("…") }}.',
                        figure=figure.group().strip(),
                    ),
                )
