from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outreach.letters.diff import Change, Piece, changed_paragraphs, comparison, differences


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


def test_paragraphs_are_compared_and_long_stretches_left_out() -> None:
    long = " ".join(str(number) for number in range(40))
    found = comparison(f"Same.\n\n{long} old end", f"Same.\n\n{long} new end\n\nMore.")
    (block,) = found.differing
    assert [(piece.change, piece.text) for piece in block] == [
        (Change.SAME, " … 32 33 34 35 36 37 38 39 "),
        (Change.OUT, "old"),
        (Change.IN, "new"),
        (Change.SAME, " end"),
        (Change.IN, "\n\nMore."),
    ]
    assert found.blocks[1][0].text.startswith("0 1 2 3")
    assert changed_paragraphs(f"Same.\n\n{long}", f"Same.\n\n{long} x\n\nMore.") == 2
    assert changed_paragraphs("Same.\n\nA", "Same.\r\n\r\nA") == 0
