"""What a letter's text may be made of, and what is wrong with one, by line.

Texts are written by campaigners, so they may hold only words, `{{ names }}`, `{% if %}` and the
marks `ref("…")` and `date("…")`. Everything else is refused before anything is compiled, which is
what keeps a text from looping, reaching for attributes or growing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from outreach.letters import placeholders
from outreach.words import Sentence

MAX_SOURCE = 20_000
# How deep conditions may lie in one another, each `and`, `or` and `not` counted: Python takes
# seconds to read two hundred of them.
MAX_DEPTH = 30
# How much of a word with a digit in it is said back.
_MOST_SAID = 40
# Any digit; superscripts, fractions, single-character Roman and ringed ones too.
_DIGIT = re.compile(
    r"[\d\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2079\u2080-\u2089\u2150-\u2189"
    r"\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\u3248-\u324f\u3251-\u325f\u32b1-\u32bf]"
)
# A count hidden in a mark: figures in groups of three, or a share; no reference is written so.
_COUNTED = re.compile(r"(?<![\d/])\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+(?![\d/])|\d\s?[%‰]")
# What no keyboard types: databases and mail refuse it, and two of them turn letters round.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202d\u202e]")
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
    """What is wrong with a text, on which line of the checked source.

    `word` is what stands there and may not, `near` the name that was probably meant; else empty.
    """

    line: int
    words: Sentence
    word: str = ""
    near: str = ""


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    environment.globals.update(ref=str, date=str)
    return environment


ENVIRONMENT = _environment()


def problems(source: str) -> list[Problem]:
    """Return everything wrong with a text's source, by line: law 5, misspelt names, tricks."""
    if len(source) > MAX_SOURCE:
        return [Problem(1, Sentence("The text is longer than %(n)s characters.", n=MAX_SOURCE))]
    unseen = _UNSEEN.search(source)
    if unseen:
        line = source[: unseen.start()].count("\n") + 1
        return [Problem(line, Sentence("An unseen control character stands here. Type it anew."))]
    try:
        found = [
            *_wrong_nodes(ENVIRONMENT.parse(source), printing=False),
            *_bare_digits(source),
        ]
        if not found:
            ENVIRONMENT.compile(source)
    except TemplateSyntaxError as error:
        return [Problem(error.lineno, _unreadable(error.message or str(error)))]
    except (RecursionError, ValueError, SyntaxError, MemoryError):
        return [Problem(1, Sentence("This can't be read: it is nested too deeply."))]
    return sorted(found, key=lambda problem: problem.line)


def _unreadable(why: str) -> Sentence:
    """Say in a campaigner's words what the parser missed."""
    if "end of print statement" in why:
        return Sentence("Between {{ and }} stands one name, nothing else, and both must be there.")
    if "looking for the following tags" in why:
        return Sentence("An {% if … %} has no {% endif %}, or another {% … %} stands in it.")
    if "end of statement block" in why or "end of template" in why:
        return Sentence("A {% is not closed by %}, or more than a condition stands between them.")
    return Sentence("This can't be read: %(why)s", why=why)


def names_in(source: str) -> frozenset[str]:
    """Return the dotted names that a text without `problems` uses."""
    tree = ENVIRONMENT.parse(source)
    return frozenset(
        name
        for node in tree.find_all((nodes.Getattr, nodes.Name))
        if (name := _dotted(node)) and placeholders.is_known(name)
    )


def facts_named(source: str) -> dict[str, int]:
    """Return {code: first line} of every fact a text without `problems` names, printed or asked."""
    return dict(reversed(list(_facts_in(ENVIRONMENT.parse(source)))))


def facts_together(source: str) -> tuple[dict[str, int], set[frozenset[str]]]:
    """Return the facts a text without `problems` prints, and which two can stand in one letter.

    ({code: first line}, {pairs of codes}). Two branches of one `{% if %}` never meet.
    """
    return _facts_of(ENVIRONMENT.parse(source).body)


def _facts_of(parts: Iterable[nodes.Node]) -> tuple[dict[str, int], set[frozenset[str]]]:
    lines: dict[str, int] = {}
    pairs: set[frozenset[str]] = set()
    for part in parts:
        if isinstance(part, nodes.If):
            branches = [_facts_of(part.body), _facts_of(part.elif_), _facts_of(part.else_)]
            if part.elif_:
                # Each further condition is an If of its own; of all of them one is taken.
                branches[1:2] = [_facts_of([one]) for one in part.elif_]
            here = {code: line for found, _ in branches for code, line in found.items()}
            pairs |= {pair for _, found in branches for pair in found}
        else:
            here = dict(_facts_in(part))
            pairs |= {frozenset(two) for two in itertools.combinations(here, 2)}
        pairs |= {frozenset((old, new)) for old in lines for new in here if old != new}
        lines = here | lines
    return lines, pairs


def _facts_in(part: nodes.Node) -> Iterator[tuple[str, int]]:
    for node in part.find_all(nodes.Getattr):
        code = placeholders.fact_code(_dotted(node) or "")
        if code:
            yield code, node.lineno


def _dotted(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        before = _dotted(node.node)
        return f"{before}.{node.attr}" if before else None
    return None


def _wrong_nodes(node: nodes.Node, *, printing: bool, depth: int = 0) -> Iterator[Problem]:
    """Walk the tree; names are looked at whole, everything unknown is refused where it stands."""
    if depth > MAX_DEPTH:
        # The parts of a comparison have no line of their own.
        yield Problem(node.lineno or 1, Sentence("This can't be read: it is nested too deeply."))
        return
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
        yield from _wrong_nodes(child, printing=isinstance(node, nodes.Output), depth=depth + 1)


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
        yield Problem(node.lineno, words, word=name, near=near or "")
    elif printing and name in placeholders.BY_NAME and placeholders.BY_NAME[name].asked_only:
        yield Problem(
            node.lineno,
            Sentence("“%(name)s” may only stand in {%% if … %%}.", name=name),
            word=name,
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
        return
    assert isinstance(node.args[0], nodes.Const)
    counted = _COUNTED.search(node.args[0].value)
    if counted:
        yield Problem(
            node.lineno,
            Sentence(
                "“%(figure)s” counts something, so it is no reference and no date. Use a fact such "
                "as {{ fact.R02 }}.",
                figure=counted.group(),
            ),
            word=counted.group(),
        )


def _bare_digits(source: str) -> Iterator[Problem]:
    """Law 5: every digit comes from a placeholder or is marked as a reference or a date."""
    for line, kind, data in ENVIRONMENT.lex(source):
        if kind != "data":
            continue
        for number, words in enumerate(data.split("\n")):
            figure = _figure_in(words)
            if figure:
                yield Problem(
                    line + number,
                    Sentence(
                        "“%(figure)s” is a figure of the text's own. Use a fact such as "
                        '{{ fact.R02 }}, or mark a legal reference as {{ ref("…") }} and a '
                        'date as {{ date("…") }}.',
                        figure=figure,
                    ),
                    word=figure,
                )


def _figure_in(words: str) -> str:
    """Return the first word of a line that holds a digit, cut where it is long, or ''."""
    found = _DIGIT.search(words)
    if found is None:
        return ""
    before = "".join(
        reversed(list(itertools.takewhile(_is_ink, reversed(words[: found.start()][-_MOST_SAID:]))))
    )
    return before + "".join(itertools.takewhile(_is_ink, words[found.start() :][:_MOST_SAID]))


def _is_ink(sign: str) -> bool:
    return not sign.isspace()
