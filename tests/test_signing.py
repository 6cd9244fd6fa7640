"""A seal is the hash of one way to write things down, whoever writes it."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.signing import seal

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda some: st.lists(some) | st.dictionaries(TEXT, some),
    max_leaves=20,
)


@given(st.dictionaries(TEXT, VALUES))
def test_a_seal_is_of_canonical_json(content: dict[str, object]) -> None:
    said = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert seal(content) == hashlib.sha256(said.encode()).hexdigest()


def test_a_seal_given_long_ago_is_the_same_today() -> None:
    content = {"text": "Sehr geehrte Frau Müller,\n\t“…”\x7f\u2028", "b": [1, None], "a": {"z": ""}}
    assert seal(content) == "c1b17036d9ccd78f8f5f00fdc27f582c073f40cc097925e66dcf3f36cfe7a690"


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        seal({"text": "\ud800"})
