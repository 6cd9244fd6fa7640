from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outreach.letters.diff import Change, Piece, differences


def test_it_shows_which_words_went_and_came() -> None:
    assert differences("Please ask the council.", "Please ask the government.") == (
        Piece(Change.SAME, "Please ask the "),
        Piece(Change.OUT, "council."),
        Piece(Change.IN, "government."),
    )


def test_line_ends_of_a_browser_are_no_change() -> None:
    assert differences("One\n\nTwo", "One\r\n\r\nTwo") == (Piece(Change.SAME, "One\n\nTwo"),)


@given(st.text("ab \n", max_size=40), st.text("ab \n", max_size=40))
def test_the_pieces_spell_both_texts(before: str, after: str) -> None:
    pieces = differences(before, after)
    assert "".join(p.text for p in pieces if p.change is not Change.IN) == before
    assert "".join(p.text for p in pieces if p.change is not Change.OUT) == after
