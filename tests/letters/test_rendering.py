"""Texts are filled, never run: no gap gets out, no trick gets in."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.errors import Refused
from outreach.letters import rendering
from outreach.letters.rendering import Empty, Quoted, paragraphs, problems, render

VALUES = {
    "recipient": {"name": "Ida", "group": Empty("recipient.group"), "role": "mep"},
    "signatures": Empty("signatures"),
    "sender": {"is_person": False, "name": "Example"},
    "ask": {"code": "D2a"},
    "fact": {"R02": Quoted.fact("Over 37,000 people (as of 2021; X).", fact_id=7, version=2)},
}


def filled(body: str, **values: object) -> str:
    return render("A question", body, VALUES | values).text


def test_names_are_filled_and_conditions_asked():
    assert filled(
        "To {{ recipient.name }}{% if sender.is_person %}, I{% else %}, we{% endif %}."
    ) == ("To Ida, we.")
    assert filled('{% if ask.code == "D2a" and not signatures %}x{% endif %}') == "x"


def test_marks_let_figures_through():
    assert filled('{{ ref("article 1(3)") }} on {{ date("9 August 2020") }}') == (
        "article 1(3) on 9 August 2020"
    )


def test_quotations_are_noted_once_and_only_when_printed():
    body = "{% if fact.R02 %}{{ fact.R02 }} {{ fact.R02 }}{% endif %}"
    rendered = render("A question", body, VALUES)
    assert [(one.fact_id, one.fact_version, one.reading_ids) for one in rendered.quotations] == [
        (7, 2, ())
    ]
    assert render("A", "{% if fact.R02 %}x{% endif %}", VALUES).quotations == ()


@pytest.mark.parametrize(
    "value",
    [None, "", "  ", "None", 7, ["x"], Empty("recipient.name"), "\u200b", "\u3164", "\u00ad", "-"],
)
def test_a_gap_is_refused_never_printed(value):
    with pytest.raises(Refused) as caught:
        filled("Dear {{ recipient.name }},", recipient={"name": value})
    assert "empty" in str(caught.value) or "missing" in str(caught.value)


def test_a_value_is_one_line_wherever_it_was_copied_from():
    for name in ("Ida\n\nExample", "Ida\rExample", "Ida\u2029Example", "Ida\x0bExample"):
        assert filled("To {{ recipient.name }}.", recipient={"name": name}).split() == [
            "To",
            "Ida",
            "Example.",
        ]
        assert "\n" not in filled("To {{ recipient.name }}.", recipient={"name": name})


def test_a_name_nobody_filled_is_refused():
    with pytest.raises(Refused):
        filled("{{ recipient.office }}")
    with pytest.raises(Refused):
        filled("{{ fact.R03 }}")


def test_one_line_a_paragraph_and_empty_ones_vanish():
    empty = "{% if signatures %}\n{{ signatures }}\n{% endif %}"
    text = f"one\ntwo  three\n\n{empty}\n\n– a\nb\n– c\n\n\nend"
    assert filled(text) == "one two three\n\n– a b\n– c\n\nend"
    assert paragraphs("a\u00a0b\r\nc") == "a\u00a0b c"


@pytest.mark.parametrize(
    ("source", "line", "word"),
    [
        ("{% if signatures", 1, "not closed"),
        ("{{ recipient name }}", 1, "one name"),
        ("{% endif %}", 1, "can't be read"),
        ("ok\n{{ recipient.nmae }}", 2, "“recipient.name”"),
        ("{{ recipient.name\n", 1, "both must be there"),
        ("a\n\nb {% if signatures %}", 3, "no {% endif %}"),
        ("a\nmore than 33,000 people", 2, "“33,000”"),
        ("a ² b", 1, "²"),
        ("a ٣ b", 1, "٣"),
        ("{{ ask.code }}", 1, "may only stand in"),
        ("{{ 'words' }}", 1, "without {{ }}"),
        ("{{ recipient.name + recipient.name }}", 1, "add"),
        ("{{ recipient.name.upper() }}", 1, "ref("),
        ("{{ recipient.name|upper }}", 1, "filter"),
        ("{{ recipient['name'] }}", 1, "getitem"),
        ("{{ recipient.name if signatures }}", 1, "condexpr"),
        ("{{ not signatures }}", 1, "one name"),
        ("{{ ref(recipient.name) }}", 1, "ref("),
        ('{{ ref("62,000 people") }}', 1, "counts something"),
        ('{{ date("62.000") }}', 1, "counts something"),
        ('{{ ref("83 % of all") }}', 1, "counts something"),
        ("\u32bf of them", 1, "figure of the text"),
        ("{{ ref('a', 'b') }}", 1, "ref("),
        ("{% if recipient.name == 5 %}x{% endif %}", 1, "without {{ }}"),
    ],
)
def test_what_may_not_stand_is_named_by_line(source, line, word):
    first = problems(source)[0]
    assert first.line == line
    assert word in str(first.words)


TRICKS = [
    "{% for x in range(10**9) %}x{% endfor %}",
    "{% for a in 'abc' %}{% for b in 'abc' %}x{% endfor %}{% endfor %}",
    "{% set a = 'x' * 10**9 %}{{ a }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ recipient.__class__.__init__.__globals__ }}",
    "{{ self.__init__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum(10) }}",
    "{{ 9 ** 9 ** 9 ** 9 }}",
    "{% include 'x' %}",
    "{% extends 'x' %}",
    "{% raw %}{{ 1 }}{% endraw %}",
    "{{ [1] * 10**9 }}",
    "{{ '%99999999s' % 'a' }}",
    "{{" + "(" * 4000 + "signatures" + ")" * 4000 + "}}",
    "{% if " + "not " * 4000 + "signatures %}x{% endif %}",
    "{% if signatures %}" * 150 + "x" + "{% endif %}" * 150,
    "\u2460\u2461 people",
    "{% if signatures %}" * 900 + "{% endif %}" * 900,
    "x" * 30_000,
    "{{ " + "9" * 6000 + " }}",
]


@pytest.mark.parametrize("source", TRICKS, ids=range(len(TRICKS)))
def test_loops_tricks_and_bulk_are_stopped_at_once(source):
    before = time.monotonic()
    assert problems(source)
    with pytest.raises(Refused):
        render("A", source, VALUES)
    assert time.monotonic() - before < 30


def test_the_longest_value_stays_within_bounds():
    with pytest.raises(Refused, match="longer"):
        filled("{{ recipient.name }}", recipient={"name": "x" * rendering.MAX_OUTPUT + "y"})


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            ["{{", "}}", "{%", "%}", "{#", "#}", " if ", " endif ", " else ", " for x in y "]
        ),
        st.sampled_from(
            ["recipient.name", "signatures", "fact.R02", "ref", "(", ")", "==", ".", "|", "\n", "7"]
        ),
        st.text(max_size=8),
    ),
    max_size=25,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(PIECES)
def test_whatever_is_typed_is_refused_or_rendered_whole(source):
    if problems(source):
        with pytest.raises(Refused):
            render("A", source, VALUES)
        return
    try:
        text = render("A", source, VALUES).text
    except Refused:
        return
    assert "None" not in text.replace(source, "")
    assert len(text) <= len(source) + 40 * source.count("{{")


@given(st.text(max_size=60).map(lambda text: f"{text}a"))
def test_a_value_is_printed_as_it_is_on_one_line_and_never_read_as_a_text(value):
    line = " ".join(value.splitlines())
    assert filled("x{{ recipient.name }}x", recipient={"name": value}) == paragraphs(f"x{line}x")
