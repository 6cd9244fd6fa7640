"""Makes people and committees of the files of OpenStates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from outreach.directory.importing import cleaning
from outreach.directory.importing.congress.bodies import dicts
from outreach.directory.importing.openstates.bodies import (
    CHAMBERS,
    Bodies,
    code_of,
    member_label,
)
from outreach.directory.importing.records import Body, Contact, PersonRecord, Problem, Seat
from outreach.directory.models import ContactKind, OrganizationKind, TargetRole
from outreach.words import N_, Sentence

_PURPOSES = {"capitol": "parliament", "district": "constituency", "primary": "office"}
_LABELS = {"capitol": "Capitol office", "district": "District office", "primary": "Primary office"}
_CHAIRS = frozenset({"chair", "chairman", "chairwoman", "chairperson"})
_HOME_LINKS = frozenset({"homepage", "website", "official website"})
_FORM_LINKS = frozenset({"contact form", "contact", "email form"})


class Remarks:
    """What was left out on purpose, counted, and what could not be used, one by one."""

    def __init__(self) -> None:
        self.homes = 0
        self.nameless = 0
        self.open_ends = 0
        self._waiting: list[Problem] = []

    def add(self, place: str, words: Sentence, name: str) -> None:
        """Note that something of a person could not be used."""
        self._waiting.append(Problem(place, words, name))

    def new(self) -> list[Problem]:
        """Return what was noted since the last call."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def counted(self, place: str) -> Iterator[Problem]:
        """Yield one remark for each sort of thing that was left out."""
        for number, text in (
            (
                self.homes,
                N_("%(number)s home addresses were left out; nobody is written to at home."),
            ),
            (self.nameless, N_("%(number)s members of committees have no id; they were left out.")),
            (
                self.open_ends,
                N_("%(number)s seats of retired people have no last day; they were left out."),
            ),
        ):
            if number:
                yield Problem(place, Sentence(text, number=number))


def person(
    row: dict[str, Any],
    bodies: Bodies,
    remarks: Remarks,
    *,
    retired: bool,
    as_of: str,
    place: str,
) -> PersonRecord | Problem:
    """Return the person of one file; the bodies they sit in wait in `bodies`."""
    key, name = cleaning.text(row.get("id")), cleaning.text(row.get("name"))
    if not key.startswith("ocd-person/") or not name:
        return Problem(place, Sentence("It has no ocd-person id or no name."), name, stops=True)
    found = _named(row, key, name, place)
    party = bodies.party(_party(row))
    for role in dicts(row.get("roles")):
        seat = _seat(role, party, bodies)
        if seat is None:
            words = Sentence("We don't know the office “%(type)s”.", type=str(role.get("type")))
            remarks.add(place, words, name)
        elif retired and not seat.end and not as_of:
            remarks.open_ends += 1
        else:
            if retired and not seat.end:
                # The folder says that it is over; nothing says since when.
                seat.end, seat.end_precision, seat.end_reason = as_of, "unknown", "retired"
            found.seats.append(seat)
    found.contacts = _contacts(row, remarks, found)
    return found


def _named(row: dict[str, Any], key: str, name: str, place: str) -> PersonRecord:
    suffix = cleaning.text(row.get("suffix"))
    return PersonRecord(
        key=key,
        name=name,
        given_name=cleaning.text(row.get("given_name")),
        family_name=cleaning.text(row.get("family_name")),
        postnominal="" if suffix and re.search(rf"\b{re.escape(suffix)}$", name) else suffix,
        sort_name=cleaning.text(row.get("sort_name")),
        other_names=_other_names(row, name),
        gender=cleaning.gender(row.get("gender")),
        birth_date=cleaning.day(row.get("birth_date")),
        death_date=cleaning.day(row.get("death_date")),
        identifiers={"ocd-person": key} | _identifiers(row),
        place=place,
    )


def _other_names(row: dict[str, Any], name: str) -> list[dict[str, str]]:
    found = []
    if nickname := cleaning.text(row.get("nickname")):
        family = cleaning.text(row.get("family_name"))
        found.append({"name": f"{nickname} {family}".strip(), "form": "other"})
    for one in dicts(row.get("other_names")):
        other = cleaning.text(one.get("name"))
        dates = {part: cleaning.day(one.get(f"{part}_date")) for part in ("start", "end")}
        entry = {"name": other, "form": "former" if dates["end"] else "other"}
        if other and other != name:
            found.append(entry | {part: day for part, day in dates.items() if day})
    return found


def _identifiers(row: dict[str, Any]) -> dict[str, str]:
    """Return {scheme: id}; of several in one scheme the first."""
    found: dict[str, str] = {}
    for one in (*dicts(row.get("other_identifiers")), *dicts(row.get("identifiers"))):
        scheme, value = cleaning.text(one.get("scheme")), cleaning.text(one.get("identifier"))
        if scheme and value:
            found.setdefault(scheme, value)
    ids = row.get("ids")
    wikidata = cleaning.text(ids.get("wikidata")) if isinstance(ids, dict) else ""
    return {"wikidata": wikidata} | found if wikidata else found


def _party(row: dict[str, Any]) -> str:
    """Return the party of today: the last that has not ended, else the last."""
    parties = dicts(row.get("party"))
    standing = [one for one in parties if not one.get("end_date")] or parties
    return cleaning.text(standing[-1].get("name")) if standing else ""


def _seat(role: dict[str, Any], party: str, bodies: Bodies) -> Seat | None:
    kind = cleaning.text(role.get("type") or role.get("chamber")).lower()
    jurisdiction = cleaning.text(role.get("jurisdiction"))
    code = code_of(jurisdiction)
    if not kind or not code:
        return None
    start, end = cleaning.day(role.get("start_date")), cleaning.day(role.get("end_date"))
    reason = cleaning.text(role.get("end_reason"))
    if kind in CHAMBERS or kind == "legislature":
        body = bodies.chamber(jurisdiction, kind)
        return Seat(
            organization=body,
            role=CHAMBERS.get(kind, TargetRole.MEMBER_LOWER),
            label=member_label(code, kind),
            area=_area(code, kind, cleaning.text(role.get("district"))),
            on_behalf_of=party,
            start=start,
            end=end,
            end_reason=reason,
        )
    title = {"lt_governor": "Lieutenant Governor"}.get(kind, kind.replace("_", " ").title())
    town = kind == "mayor" or "/place:" in jurisdiction
    return Seat(
        organization=bodies.town(jurisdiction) if town else bodies.government(jurisdiction),
        # A governor is no prime minister: our forms of address for heads of government don't fit.
        role=TargetRole.MEMBER,
        label=title.replace(" Of ", " of "),
        post=title.replace(" Of ", " of "),
        on_behalf_of=party,
        start=start,
        end=end,
        end_reason=reason,
    )


def _area(code: str, kind: str, district: str) -> str:
    """Return the district; a bare number says which chamber counts so."""
    if not district or code == "US" or not re.search(r"\d", district):
        return district
    word = {"upper": "Senate district", "lower": "House district"}.get(kind, "District")
    if kind == "lower" and member_label(code, kind) == "Assembly Member":
        word = "Assembly district"
    return f"{word} {district}"


def _contacts(row: dict[str, Any], remarks: Remarks, found: PersonRecord) -> list[Contact]:
    """Return the ways to reach somebody, those preferred for letters first."""
    sits = any(seat.role in CHAMBERS.values() for seat in found.seats)
    purpose = "parliament" if sits else "office"
    contacts, problems = cleaning.mailboxes(row.get("email"), purpose=purpose)
    offices = [_office(one) for one in dicts(row.get("offices"))]
    offices += [_office(one) for one in dicts(row.get("contact_details"))]
    remarks.homes += sum(one["class"] == "home" for one in offices)
    offices = [one for one in offices if one["class"] != "home"]
    offices.sort(key=lambda one: not one["mail"])
    times: Counter[str] = Counter()
    for office in offices:
        times[office["class"]] += 1
        number = times[office["class"]]
        bundle = office["class"] if number == 1 else f"{office['class']}-{number}"
        mails, wrong = cleaning.mailboxes(office["email"], purpose=_PURPOSES[office["class"]])
        contacts += [one for one in mails if one not in contacts]
        problems += wrong
        contacts += _ways(office, bundle)
    contacts += _links(row)
    for problem in problems:
        remarks.add(found.place, problem, found.name)
    return contacts


def _office(office: dict[str, Any]) -> dict[str, Any]:
    """Return an office with its class: of today's files or by the note of older ones."""
    written = cleaning.text(office.get("classification") or office.get("note")).lower()
    words = set(re.findall(r"[a-z]+", written))
    known = next((one for one in ("home", "capitol", "district") if one in words), "primary")
    return {
        **{part: office.get(part) for part in ("address", "voice", "fax", "email", "name")},
        "class": known,
        "mail": written.endswith("-mail") or "mailing" in words,
    }


def _ways(office: dict[str, Any], bundle: str) -> list[Contact]:
    purpose, label = _PURPOSES[office["class"]], _LABELS[office["class"]]
    lines = (cleaning.text(line) for line in re.split(r"[;\n]", str(office["address"] or "")))
    return [
        Contact(kind, value, purpose, cleaning.text(office["name"]) or label, bundle=bundle)
        for kind, value in (
            (ContactKind.POSTAL, "\n".join(line for line in lines if line)),
            (ContactKind.PHONE, cleaning.phone(office["voice"], "US")),
            (ContactKind.FAX, cleaning.phone(office["fax"], "US")),
        )
        if value
    ]


def _links(row: dict[str, Any]) -> list[Contact]:
    """Return links, the home page first, and profiles."""
    found: list[Contact] = []
    links = dicts(row.get("links"))
    links.sort(key=lambda one: cleaning.text(one.get("note")).lower() not in _HOME_LINKS)
    for one in links:
        target, note = cleaning.link(one.get("url")), cleaning.text(one.get("note"))
        kind = ContactKind.FORM if note.lower() in _FORM_LINKS else ContactKind.URL
        if target:
            found.append(Contact(kind, target, label=note))
    ids = row.get("ids")
    for network in ("twitter", "facebook", "instagram", "youtube"):
        handle = ids.get(network) if isinstance(ids, dict) else None
        if handle and (profile := cleaning.social(network, handle)):
            found.append(profile)
    return found


def committee(row: dict[str, Any], bodies: Bodies, known: set[str], place: str) -> Body | Problem:
    """Return the body of a committee's file; the chamber above it waits in `bodies`."""
    key, name = cleaning.text(row.get("id")), cleaning.text(row.get("name"))
    jurisdiction = cleaning.text(row.get("jurisdiction"))
    code = code_of(jurisdiction)
    if not key or not name or not code:
        words = Sentence("A committee has no id, no name or no state.")
        return Problem(place, words, name, stops=True)
    parent = cleaning.text(row.get("parent"))
    if parent not in known:
        chamber = cleaning.text(row.get("chamber")) or parent
        parent = bodies.chamber(jurisdiction, chamber)
    links = (cleaning.link(one.get("url")) for one in dicts(row.get("links")))
    return Body(
        key,
        code,
        OrganizationKind.COMMITTEE,
        name,
        names={"en": name},
        parent=parent,
        identifiers={"ocd-organization": key},
        contacts=[Contact(ContactKind.URL, link) for link in dict.fromkeys(links) if link],
        place=place,
    )


def seats_in_committee(
    row: dict[str, Any], key: str, remarks: Remarks
) -> Iterator[tuple[str, Seat]]:
    """Yield (ocd-person id, seat) for the members a committee's file names."""
    sub = cleaning.text(row.get("classification")) == "subcommittee"
    for one in (*dicts(row.get("members")), *dicts(row.get("memberships"))):
        person = cleaning.text(one.get("person_id") or one.get("id"))
        if not person:
            remarks.nameless += 1
            continue
        title = cleaning.text(one.get("role")) or "member"
        chair = title.lower() in _CHAIRS and not sub
        role = TargetRole.COMMITTEE_CHAIR if chair else TargetRole.MEMBER
        yield person, Seat(key, role, title[:1].upper() + title[1:])
