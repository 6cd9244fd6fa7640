"""What every way of reading a page has in common: what it is given, finds, and says instead."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from outreach.directory.importing.fetching import answers
from outreach.errors import OutreachError
from outreach.words import Sentence

_SIGN_IN_PATH = re.compile(r"/(log-?in|sign-?in|auth|sso|account/login|session/new)\b", re.I)
# Elements that can stand in one another; those that close by themselves don't count.
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|td|th|tr|dd|dt|img|br|hr|meta|link|input|option|source|path)\b)[a-z]", re.I
)
_DEEPEST = 1_000
_CHALLENGE_HEADERS = ("cf-mitigated", "x-amzn-waf-action", "x-datadome")
# A whole number, plain or in groups of three behind one kind of sign.
_NUMBER = re.compile(r"\d{1,3}(?:([.,'’ \u00a0\u202f])\d{3})(?:\1\d{3})*|\d+")
# More figures than any count has, with the signs between them.
_LONGEST = 30
_FIGURES = re.compile(r"\d(?:[\d.,'’ \u00a0\u202f]*\d)?")


class NoCount(OutreachError):
    """What came is no count; the sentence says what it was and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. `url` is where it came from in the end, header names are small."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text: by the charset it names, else UTF-8."""
        kind = self.headers.get("content-type", "")
        named = re.search(r"charset=[\"']?([\w-]+)", kind, re.I)
        try:
            return self.body.decode(named.group(1) if named else "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Found:
    """A count on a page: its value, where it stood (a fingerprint), the words it stood in."""

    value: int
    shape: str
    words: str


@dataclass(frozen=True, slots=True)
class Option:
    """Something a way of reading has to be told: name, and label and hint for people."""

    name: str
    label: Sentence
    hint: Sentence


@dataclass(frozen=True, slots=True)
class Source:
    """A way of reading a page.

    `address` makes the address to ask out of the page's own; `read` takes the answer, the page's
    address and the options, and raises NoCount when there is no count in it.
    """

    name: str
    label: Sentence
    about: Sentence
    accept: str
    read: Callable[[Answer, str, Mapping[str, str]], Found]
    address: Callable[[str], str] = lambda url: url
    options: tuple[Option, ...] = ()


def parsed(answer: Answer) -> LexborHTMLParser:
    """Return an answer as a page. Raises NoCount for one that nests deeper than any real page.

    Parsing takes the longer the deeper a page nests: one made so could keep us busy for hours.
    """
    text = answer.text
    depth = deepest = 0
    for tag in _NESTING.finditer(text):
        depth += -1 if tag.group(1) else 1
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise NoCount(
            Sentence("The page is built so that a program can't read it. Enter its count by hand.")
        )
    return LexborHTMLParser(text)


def shape_of(*where: str) -> str:
    """Return the fingerprint of a place on a page."""
    return hashlib.sha256("\n".join(where).encode()).hexdigest()


def number_in(words: str) -> int:
    """Return the one whole number in `words`: "62,001 have signed" is 62001.

    Raises NoCount for none, for several, and for a shortened one such as "62.1K".
    """
    found = list(_FIGURES.finditer(words))
    if not found:
        raise NoCount(
            Sentence(
                "There is no number in “%(words)s”."
                " Read the number in a browser and enter it by hand.",
                words=_short(words),
            )
        )
    if len(found) > 1:
        raise NoCount(
            Sentence(
                "There are several numbers in “%(words)s”. Point to the count alone.",
                words=_short(words),
            )
        )
    (one,) = found
    after = words[one.end() : one.end() + 1]
    if len(one.group()) > _LONGEST:
        raise too_large()
    if not _NUMBER.fullmatch(one.group()) or after.isalpha() or after == "%":
        raise NoCount(
            Sentence(
                "“%(words)s” is a shortened number, and letters need the whole one."
                " Read the number in a browser and enter it by hand.",
                words=_short(words),
            )
        )
    return int(re.sub(r"\D", "", one.group()))


def refuse_no_answer(answer: Answer) -> None:
    """Raise NoCount for an answer that says by its head that it is not the page."""
    status = str(answer.status)
    if any(name in answer.headers for name in _CHALLENGE_HEADERS):
        raise NoCount(_challenge())
    if answer.status != 200 and _challenged(answer):
        raise NoCount(_challenge())
    if answer.status in (401, 403, 407):
        raise NoCount(
            Sentence(
                "The server asks for a sign-in or refuses programs (%(status)s). "
                "Read the number in a browser and enter it by hand.",
                status=status,
            )
        )
    if answer.status in (404, 410):
        raise NoCount(
            Sentence(
                "There is nothing at this address any more (%(status)s). Look for the page in a "
                "browser and correct its address.",
                status=status,
            )
        )
    if answer.status == 429 or answer.status >= 500:
        raise NoCount(
            Sentence(
                "The server is too busy or wants fewer questions (%(status)s). It is asked again "
                "at the next hour set for this page.",
                status=status,
            )
        )
    if answer.status != 200:
        raise NoCount(
            Sentence(
                "The server answered with %(status)s."
                " Read the number in a browser and enter it by hand.",
                status=status,
            )
        )


def _challenged(answer: Answer) -> bool:
    return answers.challenged(answer.headers, answer.body[: answers.HEAD])


def _challenge() -> Sentence:
    return Sentence(
        "The server wants proof that a browser is asking (a challenge page), which a program "
        "can't give. Read the number in a browser and enter it by hand."
    )


def instead_of_count(answer: Answer) -> Sentence:
    """Return what a page shows that has no count where one was looked for."""
    if _challenged(answer):
        return _challenge()
    asks_for_password = parsed(answer).css_first("input[type=password]") is not None
    if _SIGN_IN_PATH.search(urlsplit(answer.url).path) or asks_for_password:
        return Sentence(
            "The server shows a sign-in page in place of the petition."
            " Read the number in a browser and enter it by hand."
        )
    return Sentence(
        "There is no count where it is looked for: this is another page, or the page was built "
        "anew. Look at it in a browser, then correct its address or the way it is read."
    )


def zero() -> Sentence:
    """Return what is said of a page that shows 0: it hadn't counted yet."""
    return Sentence(
        "The page says that 0 have signed: it shows that before it has counted. The last good "
        "count stays."
        " Read the number in a browser and enter it by hand."
    )


def too_large() -> NoCount:
    """Return what is said of a number that no petition can have."""
    return NoCount(
        Sentence(
            "The number there is larger than any petition's."
            " Read the number in a browser and enter it by hand."
        )
    )


def _short(words: str) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= 80 else plain[:79] + "…"
