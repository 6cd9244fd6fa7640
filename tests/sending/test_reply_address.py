"""Reply tags: bound to a letter, safe to retype, made by nobody else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.sending.reply_address import letter_of, tag, tagged, untag
from outreach.signing import Vault

KEY = Vault("the key of this home").derived("reply tags")


@given(st.integers(min_value=0, max_value=2**40 - 1))
def test_a_tag_names_its_letter_however_it_is_retyped(letter_id: int) -> None:
    address = tagged("answers@association.example", letter_id, KEY)
    assert address.startswith("answers+") and address.endswith("@association.example")
    assert letter_of(address, KEY) == letter_id
    retyped = address.upper().replace("1", "l").replace("0", "O")
    assert letter_of(retyped, KEY) == letter_id
    assert letter_of(f" <{retyped.replace('L', 'I')}> ", KEY) == letter_id


def test_a_tag_is_whole_or_nothing() -> None:
    right = tag(57, KEY)
    assert untag(f"{right[:4]}-{right[4:]}", KEY) == 57
    assert untag(right, Vault("another home").derived("reply tags")) is None
    for place in range(16):
        for other in "07bz":
            if other != right[place]:
                assert untag(right[:place] + other + right[place + 1 :], KEY) is None
    for wrong in ("", right[:-1], right + "0", "ü" * 16, "u" * 16):
        assert untag(wrong, KEY) is None


def test_nobody_guesses_one() -> None:
    chance = random.Random(3)
    made = ("".join(chance.choices("0123456789abcdefghjkmnpqrstvwxyz", k=16)) for _ in range(2000))
    assert all(untag(text, KEY) is None for text in made)


def test_neighbours_look_nothing_alike() -> None:
    one, other = tag(1, KEY), tag(2, KEY)
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 6


def test_plain_addresses_and_long_ones_carry_none() -> None:
    assert letter_of("answers@association.example", KEY) is None
    assert letter_of("answers+news@association.example", KEY) is None
    assert letter_of("nonsense", KEY) is None
    long = "a" * 48 + "@association.example"
    assert tagged(long, 7, KEY) == long
    with pytest.raises(OverflowError):
        tag(2**40, KEY)
