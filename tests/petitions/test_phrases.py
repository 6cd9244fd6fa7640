"""Turns of phrase per language: a sentence for every plural, the right one for every number."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from babel import Locale
from pydantic import ValidationError

from outreach.directory.salutation_blocks import blocks
from outreach.petitions import figures, phrases
from outreach.petitions.models import Precision
from outreach.petitions.phrases import CountForms

ALL = phrases.all_phrases()
DAY = dt.date(2021, 3, 1)
NUMBERS = (1, 2, 5, 21, 22, 25, 101, 62_001)
# Categories that only numbers with a fraction have: no count has one.
FRACTIONS = {"cs": {"many"}, "sk": {"many"}, "lt": {"many"}}


def _exact(language: str, number: int) -> str:
    form = phrases.in_number(ALL[language].count.exact, number, language)
    return form.format(
        day=figures.day(DAY, Precision.DAY, language), number=figures.number(number, language)
    )


def test_there_are_phrases_for_every_language_we_can_address_somebody_in() -> None:
    assert set(ALL) == {name.split("-")[0] for name in blocks()}


@pytest.mark.parametrize("language", list(ALL))
def test_every_plural_of_the_language_has_a_sentence(language: str) -> None:
    known = set(Locale.parse(language).plural_form.tags) - FRACTIONS.get(language, set())
    assert known <= set(ALL[language].count.exact)
    # Nothing is written that no number ever uses.
    assert set(ALL[language].count.exact) <= known | {"other"}
    assert set(ALL[language].count.careful) <= known | {"other"}


@pytest.mark.parametrize(("language", "categories"), FRACTIONS.items())
def test_what_is_left_out_no_whole_number_uses(language: str, categories: set[str]) -> None:
    plural = Locale.parse(language).plural_form
    some = [*range(2_000), 10_000, 62_000, 62_001, 1_000_000, 2_000_000]
    assert not categories & {plural(number) for number in some}


@pytest.mark.parametrize("language", list(ALL))
def test_each_number_is_printed_once_with_its_day(language: str) -> None:
    for number in (*NUMBERS, 62_000, 1_000_000):
        said = _exact(language, number)
        assert said.count(figures.number(number, language)) >= 1
        assert figures.day(DAY, Precision.DAY, language) in said
        assert said.endswith((".", ")."))
        # The day ends in a year: a number right behind it would read as one number.
        assert not re.search(rf"2021 {re.escape(figures.number(number, language))}", said)


@pytest.mark.parametrize("language", list(ALL))
def test_a_fact_says_of_when_it_is(language: str) -> None:
    for precision in Precision:
        day = figures.day(DAY, precision, language)
        assert day in ALL[language].as_of[precision].format(day=day)


# One line per number 1, 2, 5, 21, 22, 25, 101, 62,001: what a native clerk would write.
@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "pl",
            "podpisała _ osoba|podpisały _ osoby|podpisało _ osób|podpisało _ osób|"
            "podpisały _ osoby|podpisało _ osób|podpisało _ osób|podpisało _ osób",
        ),
        (
            "cs",
            "podepsal _ člověk|podepsali _ lidé|podepsalo _ lidí|podepsalo _ lidí|"
            "podepsalo _ lidí|podepsalo _ lidí|podepsalo _ lidí|podepsalo _ lidí",
        ),
        (
            "sk",
            "podpísal petíciu _ človek|podpísali petíciu _ ľudia|podpísalo petíciu _ ľudí|"
            "podpísalo petíciu _ ľudí|podpísalo petíciu _ ľudí|podpísalo petíciu _ ľudí|"
            "podpísalo petíciu _ ľudí|podpísalo petíciu _ ľudí",
        ),
        (
            "uk",
            "підписала _ особа|підписали _ особи|підписало _ осіб|підписала _ особа|"
            "підписали _ особи|підписало _ осіб|підписала _ особа|підписала _ особа",
        ),
        (
            "lt",
            "pasirašė _ žmogus|pasirašė _ žmonės|pasirašė _ žmonės|pasirašė _ žmogus|"
            "pasirašė _ žmonės|pasirašė _ žmonės|pasirašė _ žmogus|pasirašė _ žmogus",
        ),
        (
            "lv",
            "parakstījis _ cilvēks|parakstījuši _ cilvēki|parakstījuši _ cilvēki|"
            "parakstījis _ cilvēks|parakstījuši _ cilvēki|parakstījuši _ cilvēki|"
            "parakstījis _ cilvēks|parakstījis _ cilvēks",
        ),
        (
            "ro",
            "de _ persoană|de _ persoane|de _ persoane|de _ de persoane|"
            "de _ de persoane|de _ de persoane|de _ persoane|de _ persoane",
        ),
    ],
)
def test_number_and_noun_agree(language: str, words: str) -> None:
    for number, wanted in zip(NUMBERS, words.split("|"), strict=True):
        assert wanted.replace("_", figures.number(number, language)) in _exact(language, number)


@pytest.mark.parametrize(
    ("language", "round_one", "million"),
    [
        ("pl", "podpisało ponad 62\xa0000 osób", None),
        ("uk", "підписало понад 62\xa0000 осіб", None),
        ("lv", "parakstījuši vairāk nekā 62\xa0000 cilvēku", None),
        ("lt", "pasirašė daugiau kaip 62\xa0000 žmonių", None),
        ("ro", "de peste 62.000 de persoane", None),
        ("et", "üle 62\xa0000 inimese", None),
        ("es", "más de 62.000 personas", "más de 1.000.000 de personas"),
        ("it", "più di 62.000 persone", "più di 1.000.000 di persone"),
        ("pt", "mais de 62\xa0000 pessoas", "mais de 1\xa0000\xa0000 de pessoas"),
        ("fr", "plus de 62\u202f000 personnes", "plus de 1\u202f000\u202f000 de personnes"),
    ],
)
def test_round_numbers_are_said_carefully(
    language: str, round_one: str, million: str | None
) -> None:
    for number, wanted in ((62_000, round_one), (1_000_000, million)):
        form = phrases.in_number(ALL[language].count.careful, number, language)
        said = form.format(day="", number=figures.number(number, language))
        assert wanted is None or wanted in said


def test_a_language_without_phrases_has_none() -> None:
    assert phrases.phrases("el") is None
    assert phrases.phrases("pt-BR") == ALL["pt"]


@pytest.mark.parametrize("forms", [{"one": "{day} {number}"}, {"other": "{day}"}])
def test_a_sentence_without_its_parts_is_refused(forms: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        CountForms(exact=forms, careful={"other": "{day} {number}"})


@pytest.mark.parametrize("language", list(ALL))
def test_quoting_and_passing_on_name_who_and_when(language: str) -> None:
    day = figures.day(DAY, Precision.DAY, language)
    quoted = phrases.wrote(DAY, "A. Example", language)
    assert day in quoted and "A. Example" in quoted and quoted.endswith(":")
    told = phrases.passed_on(DAY, "A. Example", language)
    assert day in told and "A. Example" in told and told.endswith(".")
