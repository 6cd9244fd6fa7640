"""Numbers and days as each language prints them."""

from __future__ import annotations

import datetime as dt

import pytest

from outreach.errors import Refused
from outreach.petitions import figures
from outreach.petitions.models import Precision


@pytest.mark.parametrize(
    ("language", "printed"),
    [
        ("en", "62,001"),
        ("en-US", "62,001"),
        ("de", "62.001"),
        ("fr", "62\u202f001"),
        ("sv", "62\xa0001"),
    ],
)
def test_number_has_the_digit_groups_of_the_language(language: str, printed: str) -> None:
    assert figures.number(62_001, language) == printed


@pytest.mark.parametrize(
    ("language", "precision", "printed"),
    [
        ("en", Precision.DAY, "1 December 2020"),
        ("en-US", Precision.DAY, "December 1, 2020"),
        ("en", Precision.MONTH, "December 2020"),
        ("en", Precision.YEAR, "2020"),
        ("de", Precision.DAY, "1. Dezember 2020"),
        ("de", Precision.MONTH, "Dezember 2020"),
        ("fr", Precision.DAY, "1er décembre 2020"),
        ("fr", Precision.MONTH, "décembre 2020"),
    ],
)
def test_day_is_no_more_exact_than_it_is_known(
    language: str, precision: Precision, printed: str
) -> None:
    assert figures.day(dt.date(2020, 12, 1), precision, language) == printed


def test_french_ordinal_is_for_the_first_day_only() -> None:
    assert figures.day(dt.date(2021, 3, 11), Precision.DAY, "fr") == "11 mars 2021"


def test_an_unknown_language_is_refused_with_what_to_do() -> None:
    with pytest.raises(Refused, match="Choose another language"):
        figures.number(1, "xx-nowhere")


def test_texts_fall_back_to_the_base_language_and_no_further() -> None:
    texts = {"en": "yes", "fr": ""}

    assert figures.in_language(texts, "en-CA") == "yes"
    assert figures.in_language(texts, "de") is None
    assert figures.in_language(texts, "fr") is None
