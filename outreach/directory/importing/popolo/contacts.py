"""Ways to reach somebody in Popolo: contact_details, e-mail, links; and identifiers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from outreach.directory.importing.cleaning import day, link, mailboxes, phone, social, text
from outreach.directory.importing.popolo.shapes import Item, items, said
from outreach.directory.importing.records import Contact
from outreach.directory.models import ContactKind
from outreach.words import Sentence

_TYPES = {
    ContactKind.EMAIL: "email e-mail mail-address",
    ContactKind.PHONE: "phone voice telephone tel work cell cellphone mobile home landline pager",
    ContactKind.FAX: "fax",
    ContactKind.POSTAL: "address postal postal_address post mail office address_office",
    ContactKind.URL: "url website web homepage link blog rss",
    ContactKind.FORM: "form contact_form webform",
}
PURPOSES = frozenset(
    {"parliament", "constituency", "office", "role", "campaign", "personal", "press"}
)
_KIND = {word: kind for kind, words in _TYPES.items() for word in words.split()}
_PRIVATE = frozenset({"cell", "cellphone", "mobile", "home"})
_PURPOSES = (
    ("personal", re.compile(r"home|private|personal|residence", re.IGNORECASE)),
    ("constituency", re.compile(r"constituen|district|electorate|local", re.IGNORECASE)),
    ("parliament", re.compile(r"parliament|legislat|capitol|assembly|house of", re.IGNORECASE)),
    ("campaign", re.compile(r"campaign|party", re.IGNORECASE)),
    ("press", re.compile(r"press|media", re.IGNORECASE)),
)
_NETWORKS = frozenset(
    {"twitter", "facebook", "instagram", "youtube", "linkedin", "flickr", "mastodon"}
    | {"telegram", "tiktok", "bluesky", "threads", "vk"}
)
_SCHEMES = {
    "europarlmep": "mep",
    "european_parliament": "mep",
    "datadotparl_id": "mnis",
    "uk.org.publicwhip": "parlparse",
    "wikidata_id": "wikidata",
}
_SHAPES = {"wikidata": r"(?:.*/)?(Q[1-9]\d*)", "mep": r"(?:.*/)?(\d{1,9})"}
_ENCYCLOPAEDIA = re.compile(r"wikipedia|wikidata|wikimedia|commons", re.IGNORECASE)
_ENCYCLOPAEDIA_HOST = re.compile(r"//[\w.-]*wiki(?:pedia|data|media)\.org")
_MOST = 60


@dataclass(slots=True)
class Reached:
    """What the contact fields of one object hold."""

    contacts: list[Contact] = field(default_factory=list)
    problems: list[Sentence] = field(default_factory=list)
    # Details of a type we don't know: {type: value}.
    unknown: dict[str, str] = field(default_factory=dict)


def reached(item: Item, region: str, as_of: str = "") -> Reached:
    """Return the ways to reach whom `item` describes; the same value once.

    `as_of` leaves out details that were valid only until before that day (ISO 8601).
    """
    found = Reached()
    emails = item.get("email")
    for one in emails if isinstance(emails, list) else [emails]:
        _mailbox(found, one)
    for detail in items(item.get("contact_details")):
        until = day(detail.get("valid_until"))
        if not (until and as_of and until < as_of[: len(until)]):
            _detail(found, detail, region)
    for one in items(item.get("links")):
        _link(found, one)
    for network in ("twitter", "facebook"):
        if isinstance(item.get(network), str):
            _add(found, social(network, item[network]))
    unique: dict[tuple[ContactKind, str], Contact] = {}
    for contact in found.contacts:
        unique.setdefault((contact.kind, contact.value.casefold()), contact)
    found.contacts = list(unique.values())[:_MOST]
    return found


def _add(found: Reached, contact: Contact | None) -> None:
    if contact is not None:
        found.contacts.append(contact)


def _mailbox(found: Reached, value: object, purpose: str = "office", label: str = "") -> None:
    contacts, problems = mailboxes(value, purpose=purpose)
    for one in contacts:
        one.label = one.label or label
    found.contacts += contacts
    found.problems += problems


def _detail(found: Reached, detail: Item, region: str) -> None:
    kind_word = said(detail.get("type")).casefold().replace(" ", "_")
    value = detail.get("value")
    note = said(detail.get("note"))[:200]
    # Our own export says there what an address is for, in our words.
    label = said(detail.get("label"))[:200] or ("" if note in PURPOSES else note)
    plain = said(value)
    if not plain:
        return
    kind = _KIND.get(kind_word)
    if kind_word in ("mail", "home", "office", "work") and "@" in plain:
        kind = ContactKind.EMAIL
    purpose = note if note in PURPOSES else _purpose(f"{label} {note}")
    purpose = "personal" if kind_word in _PRIVATE else purpose
    if kind is ContactKind.EMAIL:
        _mailbox(found, plain, purpose, label)
    elif kind in (ContactKind.PHONE, ContactKind.FAX):
        _number(found, Contact(kind, phone(plain, region), purpose, label), plain)
    elif kind is ContactKind.POSTAL:
        _add(found, Contact(kind, _lines(value), purpose, label))
    elif kind in (ContactKind.URL, ContactKind.FORM):
        _target(found, kind, plain, purpose, label)
    elif kind_word in _NETWORKS or kind_word == "x":
        _profile(found, kind_word, plain)
    else:
        found.unknown.setdefault(kind_word[:60] or "contact", plain[:300])


def _number(found: Reached, contact: Contact, plain: str) -> None:
    if contact.value:
        found.contacts.append(contact)
    else:
        found.problems.append(Sentence("“%(value)s” is no number.", value=plain[:120]))


def _target(found: Reached, kind: ContactKind, plain: str, purpose: str, label: str) -> None:
    if target := link(plain):
        network = _network(target)
        profile = social(network, target) if network and kind is ContactKind.URL else None
        found.contacts.append(profile or Contact(kind, target, purpose, label))
    else:
        found.problems.append(Sentence("“%(value)s” is no link.", value=plain[:120]))


def _profile(found: Reached, network: str, plain: str) -> None:
    profile = social(network, plain)
    _add(found, profile)
    if profile is None:
        found.problems.append(
            Sentence(
                "“%(value)s” is no profile on %(network)s.", value=plain[:120], network=network
            )
        )


def _link(found: Reached, one: Item) -> None:
    """Take a link; encyclopaedias are no way to reach somebody and stay out."""
    note = said(one.get("note"))
    plain = said(one.get("url"))
    if not plain or _ENCYCLOPAEDIA.match(note):
        return
    network = note.casefold().partition(" ")[0]
    if network in _NETWORKS:
        _profile(found, network, plain)
    elif not _ENCYCLOPAEDIA_HOST.search(plain):
        _target(found, ContactKind.URL, plain, "office", note[:200])


def _network(target: str) -> str:
    host = (urlsplit(target).hostname or "").removeprefix("www.").removeprefix("m.")
    name = host.partition(".")[0]
    return (
        "twitter"
        if host == "x.com"
        else name
        if name in _NETWORKS and host == f"{name}.com"
        else ""
    )


def _purpose(words: str) -> str:
    if words.isspace() or not words:
        return "office"
    return next((name for name, pattern in _PURPOSES if pattern.search(words)), "office")


def _lines(value: object) -> str:
    """Return a postal address with its lines kept."""
    lines = (text(line).strip(" ,") for line in str(value).splitlines())
    return "\n".join(line for line in lines if line)[:1000]


def identifiers(item: Item) -> dict[str, str]:
    """Return {scheme: value}, schemes under the names the directory uses.

    A second value of one scheme gets a number behind the scheme: nothing is lost.
    """
    found: dict[str, str] = {}
    for one in items(item.get("identifiers")):
        scheme = said(one.get("scheme")).casefold()[:50]
        value = said(one.get("identifier"))[:300]
        if not scheme or not value:
            continue
        scheme = _SCHEMES.get(scheme, scheme)
        if shape := _SHAPES.get(scheme):
            match = re.fullmatch(shape, value)
            scheme, value = (scheme, match[1]) if match else (f"{scheme}-text", value)
        name, number = scheme, 1
        while found.get(name, value) != value and number < 10:
            number += 1
            name = f"{scheme}-{number}"
        found[name] = value
    return found
