"""The turns of phrase that letters in one language share, as `templates/phrases` has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel import Locale
from pydantic import BaseModel, ConfigDict, Field, model_validator

from outreach import datafile
from outreach.config import shipped
from outreach.errors import Refused
from outreach.petitions import figures
from outreach.petitions.models import Precision
from outreach.words import Sentence

_OTHER = "other"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CountForms(_Strict):
    """The sentences about the count: the very number, and a round one that is surely exceeded.

    Each is {plural category of CLDR: sentence with {day} and {number}}.
    """

    exact: dict[str, str]
    careful: dict[str, str]

    @model_validator(mode="after")
    def _complete(self) -> CountForms:
        for forms in (self.exact, self.careful):
            if _OTHER not in forms:
                raise ValueError("write a sentence for “other”")
            if any("{day}" not in text or "{number}" not in text for text in forms.values()):
                raise ValueError("every sentence needs {day} and {number}")
        return self


class Phrases(_Strict):
    """What letters of one language have in common."""

    language: str
    # {precision: words with {day}}, and what stands between the day and the source.
    as_of: dict[Precision, str]
    between: str
    count: CountForms
    # What stands before the reference code of a letter.
    reference: str
    # The line before what somebody wrote to us, with {day} and {name}.
    wrote: str
    # What tells a new reader that an earlier letter came to them, with {day} and {name}.
    passed_on: str
    # The line about the reader's data (art. 14 of Regulation (EU) 2016/679), for senders who wrote
    # none of their own.
    data_notice: str
    # Turns of a closing that change when the sender says “we”.
    we: dict[str, str] = Field(default_factory=dict)


def phrases(language: str) -> Phrases | None:
    """Return the phrases of `language` (BCP 47), else of its base language, else None."""
    known = all_phrases()
    return known.get(language) or known.get(figures.base(language))


@cache
def all_phrases(folder: Path | None = None) -> Mapping[str, Phrases]:
    """Return {language: phrases} of every file in `folder` (default: those that ship).

    Read once for the life of the process. Raises BadFile.
    """
    folder = folder or shipped("templates") / "phrases"
    found = (
        datafile.read(path, Phrases, name=f"phrases/{path.name}")
        for path in sorted(folder.glob("*.yaml"))
    )
    return {one.language: one for one in found}


def wrote(day: dt.date, name: str, language: str) -> str:
    """Return the line that stands before the quoted words of `name`, written on `day`.

    Raises Refused for a language nobody gave the words for.
    """
    return _said(_known(language).wrote, day, name, language)


def passed_on(day: dt.date, name: str, language: str) -> str:
    """Return the sentence that the letter of `day` was passed on by `name`. Raises Refused."""
    return _said(_known(language).passed_on, day, name, language)


def _known(language: str) -> Phrases:
    known = phrases(language)
    if known is None:
        raise Refused(Sentence("Nobody has given the turns of phrase of this language yet."))
    return known


def _said(words: str, day: dt.date, name: str, language: str) -> str:
    written = figures.day(day, Precision.DAY, language)
    return words.replace("{day}", written).replace("{name}", name)


def in_number(forms: Mapping[str, str], value: int, language: str) -> str:
    """Return the form that `language` uses with the whole number `value` (CLDR plural rules)."""
    category = Locale.parse(language.replace("-", "_")).plural_form(value)
    return forms.get(category) or forms[_OTHER]
