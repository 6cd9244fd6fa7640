"""The ways to reach somebody that a card tells; what is private is counted and left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.directory.importing import cleaning
from outreach.directory.importing.countries import country_code
from outreach.directory.importing.records import Contact, Problem
from outreach.directory.importing.vcard.properties import Properties, Property
from outreach.directory.models import ContactKind
from outreach.words import N_, Sentence

PURPOSES = frozenset(
    {"parliament", "constituency", "office", "role", "campaign", "personal", "press"}
)
# How we write down a number one carries about: `exporting` leaves it out by this word.
MOBILE = "mobile"
_NOT_SPOKEN = frozenset({"pager", "bbs", "modem", "x400"})
# As a type ("fax", "workfax") and as what the owner calls it ("Fax", "Telefax Büro").
_FAX = re.compile(r"fax(?:\b|$)|facsimile", re.IGNORECASE)
_SOCIAL = ("SOCIALPROFILE", "X-SOCIALPROFILE", "IMPP", "X-TWITTER", "X-FACEBOOK", "X-INSTAGRAM")


class Left:
    """What was left out on purpose, counted, and what could not be used, one by one."""

    def __init__(self) -> None:
        self.homes = 0
        self.groups = 0
        self.guessed = False
        self._waiting: list[Problem] = []

    def add(self, place: str, words: Sentence, name: str) -> None:
        """Note that something of a card could not be used."""
        self._waiting.append(Problem(place, words, name))

    def new(self) -> list[Problem]:
        """Return what was noted since the last call."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def counted(self, place: str) -> Iterator[Problem]:
        """Yield one remark for each sort of thing that was left out."""
        homes = N_("%(number)s home addresses and home telephones were left out.")
        groups = N_("%(number)s cards are lists of other cards; they were left out.")
        for number, text in ((self.homes, homes), (self.groups, groups)):
            if number:
                yield Problem(place, Sentence(text, number=number))
        if self.guessed:
            words = Sentence("Parts are not UTF-8; they were read as Western European (cp1252).")
            yield Problem(place, words)


def country(card: Properties) -> str:
    """Return the code of the jurisdiction a card speaks of: its office's country, or ""."""
    if said := card.first("X-JURISDICTION"):
        return country_code(said) or said[:16]
    for one in card.all("ADR"):
        named = _part(one, "country")
        if "home" not in one.types and named and (code := country_code(named)):
            return code
    return ""


def contacts(
    card: Properties, left: Left, jurisdiction: str, place: str, name: str
) -> list[Contact]:
    """Return what a card gives: e-mail, forms, addresses, numbers, links, profiles.

    `jurisdiction` tells how to read numbers without a country code. Problems go to `left`.
    """
    found = _mails(card, left, place, name)
    for one in card.all("CONTACT-URI"):
        found += _uri(one, _purpose(card, one))
    for one in (*card.all("ADR"), *card.all("TEL")):
        if _at_home(card, one) and not one.param("X-PURPOSE"):
            left.homes += 1
        else:
            found += _address(card, one) if one.name == "ADR" else _number(card, one, jurisdiction)
    for one in card.all("URL"):
        if target := cleaning.link(one.text):
            found.append(Contact(ContactKind.URL, target, _purpose(card, one), _label(card, one)))
    found += [way for one in card.all(*_SOCIAL) for way in _profile(card, one)]
    unique: list[Contact] = []
    for way in found:
        way.bundle, way.label = way.bundle[:160], way.label[:200]
        if way not in unique:
            unique.append(way)
    return unique


def _mails(card: Properties, left: Left, place: str, name: str) -> list[Contact]:
    found: list[Contact] = []
    for one in card.all("EMAIL"):
        mails, problems = cleaning.mailboxes(one.text, purpose=_purpose(card, one))
        for mail in mails:
            mail.label = mail.label or _label(card, one)
        found += mails
        for problem in problems:
            left.add(place, problem, name)
    return found


def _at_home(card: Properties, one: Property) -> bool:
    return "home" in one.types or card.label(one).lower() == "home"


def _purpose(card: Properties, one: Property) -> str:
    written = one.param("X-PURPOSE").lower()
    if written in PURPOSES:
        return written
    return "personal" if _at_home(card, one) else "office"


def _label(card: Properties, one: Property) -> str:
    label = one.param("X-LABEL") or card.label(one)
    return "" if label.lower() in ("work", "home", "other", "internet") else cleaning.text(label)


def _uri(one: Property, purpose: str) -> list[Contact]:
    """CONTACT-URI (RFC 8605) is a page to write by, or a mailto."""
    if one.text.lower().startswith("mailto:"):
        return cleaning.mailboxes(one.text, purpose=purpose)[0]
    target = cleaning.link(one.text)
    return [Contact(ContactKind.FORM, target, purpose)] if target else []


def _address(card: Properties, one: Property) -> list[Contact]:
    """Return the postal address: the label as it is to be printed, else put together."""
    label = re.sub(r"\\n", "\n", one.param("LABEL"), flags=re.IGNORECASE)
    lines = label.split("\n") if label else _lines(one)
    value = "\n".join(filter(None, (cleaning.text(line) for line in lines)))
    if not value:
        return []
    purpose = _purpose(card, one)
    return [
        Contact(ContactKind.POSTAL, value, purpose, _label(card, one), bundle=one.param("X-BUNDLE"))
    ]


def _lines(one: Property) -> list[str]:
    part = {
        name: _part(one, name)
        for name in ("box", "extended", "street", "city", "region", "code", "country")
    }
    # Where a region is named the code stands behind it, else before the town.
    if part["region"]:
        town = f"{part['city']}, {part['region']} {part['code']}".strip(" ,")
    else:
        town = f"{part['code']} {part['city']}"
    return [part["box"], part["extended"], part["street"], town, part["country"]]


def _part(one: Property, name: str) -> str:
    value = getattr(one.value, name, "")
    several = [value] if isinstance(value, str) else value
    return ", ".join(filter(None, (cleaning.text(part) for part in several)))


def _number(card: Properties, one: Property, jurisdiction: str) -> list[Contact]:
    if one.types & _NOT_SPOKEN:
        return []
    written = re.sub(r"(?i)^tel:", "", one.text)
    plain, _, extension = written.partition(";ext=")
    value = cleaning.phone(plain, jurisdiction)
    if not value:
        return []
    if extension:
        value = f"{value} ext. {extension}"
    label = _label(card, one)
    fax = any(_FAX.search(word) for word in (*one.types, label))
    label = label or (MOBILE if "cell" in one.types else "")
    kind = ContactKind.FAX if fax else ContactKind.PHONE
    return [Contact(kind, value, _purpose(card, one), label, bundle=one.param("X-BUNDLE"))]


def _profile(card: Properties, one: Property) -> list[Contact]:
    """Return a profile; an address of a messenger that is no link has no place with us."""
    known = next((kind for kind in sorted(one.types) if kind not in ("work", "home", "pref")), "")
    network = one.param("SERVICE-TYPE", "X-SERVICE-TYPE") or known
    if one.name in ("X-TWITTER", "X-FACEBOOK", "X-INSTAGRAM"):
        network = one.name.removeprefix("X-")
    found = cleaning.social(network, re.sub(r"^x-apple:", "", one.text))
    if found is None and (target := cleaning.link(one.text)):
        found = Contact(ContactKind.SOCIAL, target, label=network.lower())
    if found is not None:
        found.purpose = _purpose(card, one)
    return [found] if found else []
