"""Letters on paper: a PDF with letterhead and window (DIN 5008 form B), tagged for screen readers.

The words are those of the letter; they reach the typesetter as data, so nothing in them is markup.
What is added is the envelope of paper: letterhead, date, address, page numbers.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Any

from babel import Locale

from outreach.directory.models import ContactKind
from outreach.errors import Refused
from outreach.letters.directions import LATIN_RUN, is_right_to_left
from outreach.letters.models import Letter
from outreach.letters.typesetting import Sheet
from outreach.petitions import figures
from outreach.petitions.models import Precision
from outreach.words import Sentence

# Scripts the fonts have; a letter with another one would be printed with empty boxes.
_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW", "GEORGIAN")
_ISOLATE, _POP = "\u2066", "\u2069"


def sheet_of(letter: Letter, *, on: dt.date, mark: str = "") -> Sheet:
    """Return `letter`, loaded with its sender, target and jurisdiction, as printed on the day `on`.

    Raises Refused when it holds a script that no font of ours has.
    """
    _refuse_unprintable(letter)
    language = figures.base(letter.language)
    rtl = is_right_to_left(letter.language)
    blocks = [block.split("\n") for block in letter.text.split("\n\n")]
    # The last block of a letter is its small print; hand-edited ones may have none.
    small = blocks.pop() if len(blocks) > 1 and letter.code in blocks[-1][-1] else []
    region = letter.target.jurisdiction_code
    return Sheet(
        lang=language,
        region=region if re.fullmatch("[A-Z]{2}", region) and region != "EU" else None,
        rtl=rtl,
        subject=_isolated(letter.subject, rtl),
        blocks=[[_isolated(line, rtl) for line in block] for block in blocks],
        small=[_isolated(line, rtl) for line in small],
        code=letter.code,
        date=figures.day(on, Precision.DAY, letter.language),
        mark=mark,
        address=_address(letter),
        sender=_letterhead(letter),
    )


def _address(letter: Letter) -> list[str]:
    """The lines of the window: the envelope; for post the address, with the country in capitals.

    The Universal Postal Union wants the country's name as the last line, in capitals
    (Convention Manual, article 17-004).
    """
    lines = letter.envelope.splitlines()
    if letter.channel is not ContactKind.POSTAL:
        return lines
    place = letter.address.splitlines()
    country = Locale("en").territories.get(letter.target.jurisdiction_code, "")
    known = {country.casefold(), letter.target.jurisdiction.name.casefold()}
    if country and letter.target.jurisdiction_code != "EU":
        place = [line for line in place if line.strip().casefold() not in known]
        place.append(country.upper())
    return [*lines, *(line for line in place if line not in lines)]


def _letterhead(letter: Letter) -> dict[str, Any]:
    sender = letter.sender
    postal = sender.postal_address.splitlines()
    return {
        "name": sender.name,
        "role": sender.role_line,
        "back": ", ".join([sender.name, *postal]),
        "lines": [line for line in (*postal, sender.reply_to or sender.from_address) if line],
    }


def _isolated(text: str, rtl: bool) -> str:
    return LATIN_RUN.sub(lambda run: f"{_ISOLATE}{run[0]}{_POP}", text) if rtl else text


def _refuse_unprintable(letter: Letter) -> None:
    words = "".join((letter.subject, letter.text, letter.envelope, letter.address))
    unknown = sorted(
        char
        for char in set(words)
        if char.isalpha() and not unicodedata.name(char, "").startswith(_SCRIPTS)
    )
    if unknown:
        raise Refused(
            Sentence(
                "The letter to %(name)s can't be printed here: no font has “%(letters)s”. Write "
                "these names in Latin letters.",
                name=letter.recipient,
                letters="".join(unknown[:10]),
            )
        )
