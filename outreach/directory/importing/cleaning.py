"""Tidies what sources put into fields: text, e-mail columns, links, numbers, days.

Every reader uses these, so that the same mess is cleaned once. None raises for bad input: what
can't be used comes back as a sentence for the report.
"""

from __future__ import annotations

import re
import unicodedata

from outreach.directory.importing.records import Contact
from outreach.directory.models import ContactKind
from outreach.words import Sentence

_INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\x00-\x08\x0b\x0c\x0e-\x1f]"
)
_SPACE = re.compile(r"\s+")


def text(value: object) -> str:
    """Return `value` as one line of NFC text: odd spaces become one, invisible marks go."""
    if value is None:
        return ""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFC", str(value)))
    return _SPACE.sub(" ", plain).strip()


def mailboxes(value: object, *, purpose: str = "office") -> tuple[list[Contact], list[Sentence]]:
    """Return the ways to reach somebody that an e-mail column holds, and what could not be used.

    A link there is a web form. Several addresses, run together or separated, are taken apart.
    """
    raise NotImplementedError


def link(value: object) -> str:
    """Return `value` as an absolute http(s) link, or "" when it is none."""
    raise NotImplementedError


def social(network: str, value: object) -> Contact | None:
    """Return a profile on `network` ("twitter", "facebook" …) from a handle or a link."""
    raise NotImplementedError


def phone(value: object, region: str) -> str:
    """Return a number in international form when it can be read for `region` (ISO 3166-1), else
    as it was written; "" when it holds no digits. A float ("4.15E+10") is made digits again.
    """
    raise NotImplementedError


def day(value: object) -> str:
    """Return "2012", "2012-05", "2012-05-31" or "" from ISO dates, instants and their like."""
    raise NotImplementedError


def gender(value: object) -> str:
    """Return "m" or "f" when the source says so in a word we know, else ""."""
    raise NotImplementedError


def purpose_of(value: str) -> ContactKind | None:
    """Placeholder for the table of words for kinds of contact."""
    raise NotImplementedError
