"""How alike two bodies are, as a person would say it, and finding the most alike of many."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.letters.alikeness import (
    Neighbours,
    alike_words,
    alikeness,
    body_hash,
    body_of,
    folded,
    signature,
)

BODIES = st.lists(
    st.sampled_from(
        ["we", "ask", "you", "to", "list", "omon", "of", "belarus", "62,001", "people", "now", "in"]
    ),
    max_size=40,
).map(" ".join)
WORDS = [f"word{n}" for n in range(100)]
LETTER = """Dear Ms Example,

We write about OMON.

Please answer.

Yours sincerely,

Example Association
1 Example Street

Reference 7K4-Q2M"""


@given(BODIES, BODIES)
def test_it_is_the_same_in_both_directions_and_a_per_cent(one, other):
    assert alikeness(one, other) == alikeness(other, one)
    assert 0 <= alikeness(one, other) <= 100


@given(BODIES, BODIES)
def test_it_is_100_only_for_the_same_words_and_so_is_the_hash(one, other):
    same = folded(one) == folded(other)
    assert (alikeness(one, other) == 100) is same
    assert (body_hash(one) == body_hash(other)) is same


@given(BODIES)
def test_case_breaks_and_points_make_no_difference(body):
    changed = body.upper().replace(" ", "\n\n").replace("now", "now!")
    assert alikeness(body, changed) == 100


@pytest.mark.parametrize(
    ("changed", "at_least", "at_most"),
    [(1, 97, 99), (50, 0, 0), (2, 94, 98)],
)
def test_words_exchanged_here_and_there(changed, at_least, at_most):
    other = list(WORDS)
    for n in range(changed):
        other[n * 100 // changed + 1] = f"other{n}"
    assert at_least <= alike_words(WORDS, other) <= at_most


def test_a_paragraph_of_its_own_counts_with_its_length():
    assert alike_words(WORDS, [*WORDS[:70], *(f"mine{n}" for n in range(30))]) == 70


def test_figures_and_names_are_words():
    assert alikeness("as of today 62,001 people signed", "as of today 62,002 people signed") < 100


def test_a_letter_s_own_reference_is_not_looked_at():
    one = "Answer us under 7K4-Q2M if you can."
    assert alikeness(one, one.replace("7K4-Q2M", "ABC-234")) == 100


def test_texts_shorter_than_a_run():
    assert alikeness("Thank you", "Thank you very much") > 0
    assert alikeness("Thank you", "Goodbye") == 0
    assert alikeness("", "Thank you") == 0


def test_the_body_stands_between_opening_and_closing():
    assert body_of(LETTER, "Example Association") == "We write about OMON.\n\nPlease answer."
    assert "Yours sincerely" in body_of(LETTER, "Somebody Else")


def test_the_most_alike_is_found_among_many_built_of_the_same_paragraphs():
    chance = random.Random(7)
    pieces = [[[f"p{place}v{v}w{n}" for n in range(25)] for v in range(4)] for place in range(9)]
    bodies = {}
    for key in range(400):
        words = [word for place in pieces for word in chance.choice(place)]
        bodies[key] = [*words, f"name{key}", f"town{key % 50}"]
    signatures = {key: signature(words) for key, words in bodies.items()}
    index = Neighbours(signatures)
    missed = []
    for key in range(0, 400, 8):
        found = index.nearest(signatures[key], but=key)
        assert key not in found
        got = max(alike_words(bodies[key], bodies[other]) for other in found)
        best = max(alike_words(bodies[key], bodies[n]) for n in bodies if n != key)
        missed.append(best - got)
    assert sum(missed) / len(missed) < 2, sorted(missed)
