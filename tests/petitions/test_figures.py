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


# As ICU prints them (CLDR), checked in a browser's Intl; `1er` is a rule of French spelling.
@pytest.mark.parametrize(
    ("language", "small", "large", "day", "month"),
    [
        ("en", "6,201", "62,001", "1 March 2021", "March 2021"),
        ("de", "6.201", "62.001", "1. März 2021", "März 2021"),
        ("de-AT", "6\xa0201", "62\xa0001", "1. März 2021", "März 2021"),
        ("de-CH", "6’201", "62’001", "1. März 2021", "März 2021"),
        ("fr", "6\u202f201", "62\u202f001", "1er mars 2021", "mars 2021"),
        ("es", "6201", "62.001", "1 de marzo de 2021", "marzo de 2021"),
        ("it", "6201", "62.001", "1º marzo 2021", "marzo 2021"),
        ("it-CH", "6201", "62’001", "1º marzo 2021", "marzo 2021"),
        ("nl", "6.201", "62.001", "1 maart 2021", "maart 2021"),
        ("pl", "6201", "62\xa0001", "1 marca 2021\xa0r.", "marzec 2021\xa0r."),
        ("cs", "6\xa0201", "62\xa0001", "1. března 2021", "březen 2021"),
        ("sk", "6\xa0201", "62\xa0001", "1. marca 2021", "marec 2021"),
        ("uk", "6\xa0201", "62\xa0001", "1 березня 2021\xa0року", "березень 2021\xa0року"),
        ("lt", "6\xa0201", "62\xa0001", "2021 m. kovo 1 d.", "2021 m. kovas"),
        ("lv", "6201", "62\xa0001", "2021. gada 1. marts", "2021. g. marts"),
        ("et", "6201", "62\xa0001", "1. märts 2021", "märts 2021"),
        ("sv", "6\xa0201", "62\xa0001", "1 mars 2021", "mars 2021"),
        ("da", "6.201", "62.001", "1. marts 2021", "marts 2021"),
        ("nb", "6\xa0201", "62\xa0001", "1. mars 2021", "mars 2021"),
        ("fi", "6\xa0201", "62\xa0001", "1. maaliskuuta 2021", "maaliskuu 2021"),
        ("pt", "6201", "62\xa0001", "1 de março de 2021", "março de 2021"),
        ("pt-BR", "6.201", "62.001", "1 de março de 2021", "março de 2021"),
        ("ro", "6.201", "62.001", "1 martie 2021", "martie 2021"),
    ],
)
def test_every_language_has_its_own_groups_and_days(
    language: str, small: str, large: str, day: str, month: str
) -> None:
    first = dt.date(2021, 3, 1)
    assert figures.number(6_201, language) == small
    assert figures.number(62_001, language) == large
    assert figures.day(first, Precision.DAY, language) == day
    assert figures.day(first, Precision.MONTH, language) == month
    assert figures.day(first, Precision.YEAR, language) == "2021"


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
