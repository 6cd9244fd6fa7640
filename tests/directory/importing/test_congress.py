"""The files of congress-legislators, in small and with people who don't exist."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from outreach.directory.importing.congress import reader as congress
from outreach.directory.importing.opening import opened
from outreach.directory.importing.records import Body, Contact, PersonRecord, Problem, Seat
from outreach.directory.models import ContactKind, OrganizationKind, TargetRole
from outreach.errors import BadFile

LEGISLATORS = """\
- id:
    bioguide: S000001
    thomas: '00172'
    govtrack: 300018
    fec:
    - S8XX00001
    - H2XX00002
    wikidata: Q900000001
  name:
    first: Maria
    middle: J.
    last: Sample
    nickname: Mia
    suffix: Jr.
    official_full: Maria J. Sample, Jr.
  bio:
    birthday: '1958-10-13'
    gender: F
  terms:
  - {type: rep, start: '1993-01-05', end: '1995-01-03', state: WA, district: 1, party: Democrat,
     phone: 202-555-0100, url: 'https://old.example'}
  - type: sen
    start: '2019-01-03'
    end: '2025-01-03'
    state: WA
    class: 1
    party: Independent
    how: appointment
    end-type: special-election
    party_affiliations:
    - {start: '2019-01-03', end: '2022-12-08', party: Democrat}
    - {start: '2022-12-09', end: '2025-01-03', party: Independent, caucus: Democrat}
    url: https://www.sample.senate.example
    contact_form: https://www.sample.senate.example/contact
    address: 511 Specimen Senate Office Building Washington DC 20510
    office: 511 Specimen Senate Office Building
    phone: 202-224-3441
    fax: 202-228-0514
- id: {bioguide: D000002}
  name: {first: Dan, last: Delegate, suffix: II}
  bio: {gender: M}
  terms:
  - {type: rep, start: '2025-01-03', end: '2027-01-03', state: DC, district: 0, party: Democrat}
- id: {bioguide: R000003}
  name: {first: Rosa, last: Resident, official_full: Rosa Resident}
  bio: {}
  terms:
  - {type: rep, start: '2025-01-03', end: '2029-01-03', state: PR, district: 0, party: New}
- id: {govtrack: 7}
  name: {first: No, last: Number}
  terms: []
"""
OFFICES = """\
- id: {bioguide: S000001}
  offices:
  - {id: S000001-everett, address: 2930 Wetmore Ave., suite: '9', building: Old Mill, city: Everett,
     state: WA, zip: '09820', latitude: 47.1, phone: 425-555-0114, fax: 425-555-0115}
- id: {bioguide: Z000009}
  offices: [{id: Z000009-x, address: 1 Main St., city: Nowhere, state: OH, zip: '01234'}]
"""
SOCIAL = """\
- id: {bioguide: S000001}
  social: {twitter: SenSample, twitter_id: 12345, facebook: sensample, instagram_id: 77}
"""
COMMITTEES = """\
- type: senate
  name: Senate Committee on Samples
  url: https://samples.senate.example/
  thomas_id: SSSA
  senate_committee_id: SSSA
  address: 328A RSOB; Washington, DC 20510-6000
  phone: (202) 224-2035
  subcommittees:
  - {name: Specimens, thomas_id: '07', address: 328A RSOB}
- {type: joint, name: Joint Committee on Patterns, thomas_id: JSPA}
- {type: house, name: Nameless}
"""
MEMBERSHIP = """\
SSSA:
- {name: Maria J. Sample, party: majority, rank: 1, title: Chairwoman, bioguide: S000001}
- {name: Gone Member, party: minority, rank: 1, title: Ranking Member, bioguide: G000004}
SSSA07:
- {name: Maria J. Sample, party: majority, rank: 1, title: Chairman, bioguide: S000001}
JSPA:
- {name: Dan Delegate, rank: 2, bioguide: D000002, chamber: house}
XXXX:
- {name: Dan Delegate, rank: 2, bioguide: D000002}
"""
EXECUTIVE = """\
- id: {govtrack: 41}
  name: {first: Prudence, last: Presidente}
  bio: {gender: F, birthday: '1790-01'}
  terms:
  - {type: viceprez, start: '1829-03-04', end: '1833-03-04', party: no party, how: election}
  - {type: prez, start: '1833-03-04', end: '1837-03-04', party: Whig, how: election}
"""
FILES = {
    "legislators-current.yaml": LEGISLATORS,
    "legislators-district-offices.yaml": OFFICES,
    "legislators-social-media.yaml": SOCIAL,
    "committees-current.yaml": COMMITTEES,
    "committee-membership-current.yaml": MEMBERSHIP,
    "executive.yaml": EXECUTIVE,
}


class Found:
    """What a reader yielded, by kind."""

    def __init__(self, records: list[Body | PersonRecord | Problem]) -> None:
        self.bodies = {one.key: one for one in records if isinstance(one, Body)}
        self.people = {one.key: one for one in records if isinstance(one, PersonRecord)}
        self.problems = [one for one in records if isinstance(one, Problem)]

    def said(self) -> str:
        return "\n".join(f"{one.place}: {one.words}" for one in self.problems)


def read(path: Path) -> Found:
    with opened(path) as upload:
        (dataset,) = congress.datasets(upload)
        return Found(list(congress.read(dataset)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "2025-01-21"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_folder_is_one_complete_list_with_its_day(folder: Path) -> None:
    with opened(folder) as upload:
        (dataset,) = congress.datasets(upload)
    assert dataset.source == "congress-legislators"
    assert (dataset.jurisdiction, dataset.licence, dataset.rank) == ("US", "CC0-1.0", 2)
    assert dataset.as_of == dt.date(2025, 1, 21)
    assert dataset.complete
    assert dataset.files[0].name == "legislators-current.yaml"


def test_two_days_in_one_folder_are_two_lists_the_earlier_first(folder: Path) -> None:
    later = folder.parent / "2025-03-01"
    later.mkdir()
    (later / "legislators-current.yaml").write_text(LEGISLATORS, encoding="utf-8")
    with opened(folder.parent) as upload:
        days = [str(one.as_of) for one in congress.datasets(upload)]
    assert days == ["2025-01-21", "2025-03-01"]


def test_a_person_has_names_ids_and_the_contacts_of_the_last_term(folder: Path) -> None:
    maria = read(folder).people["S000001"]
    assert (maria.name, maria.given_name, maria.family_name) == (
        "Maria J. Sample, Jr.",
        "Maria",
        "Sample",
    )
    assert maria.postnominal == "", "a letter says Jr. once"
    assert maria.other_names == [{"name": "Mia Sample", "form": "other"}]
    assert (maria.gender, maria.birth_date) == ("f", "1958-10-13")
    assert maria.identifiers == {
        "bioguide": "S000001",
        "thomas": "00172",
        "govtrack": "300018",
        "fec": "S8XX00001",
        "wikidata": "Q900000001",
    }
    at_work = [one for one in maria.contacts if one.purpose == "parliament"]
    assert [(one.kind.value, one.value) for one in at_work] == [
        ("form", "https://www.sample.senate.example/contact"),
        ("postal", "511 Specimen Senate Office Building\nWashington DC 20510"),
        ("phone", "+1 202-224-3441"),
        ("fax", "+1 202-228-0514"),
        ("url", "https://www.sample.senate.example"),
    ]


def test_an_office_keeps_its_parts_together(folder: Path) -> None:
    maria = read(folder).people["S000001"]
    office = [one for one in maria.contacts if one.bundle == "S000001-everett"]
    assert office[0] == Contact(
        ContactKind.POSTAL,
        "Old Mill\n2930 Wetmore Ave., Suite 9\nEverett, WA 09820",
        purpose="constituency",
        label="Everett",
        bundle="S000001-everett",
    )
    assert [one.kind for one in office] == [ContactKind.POSTAL, ContactKind.PHONE, ContactKind.FAX]


def test_numbers_of_profiles_are_left_out(folder: Path) -> None:
    maria = read(folder).people["S000001"]
    social = [one for one in maria.contacts if one.kind is ContactKind.SOCIAL]
    assert [one.label for one in social] == ["twitter", "facebook"]


def test_a_term_is_a_seat_and_a_change_of_party_makes_two(folder: Path) -> None:
    found = read(folder)
    house, before, after, *committees = found.people["S000001"].seats
    assert house == Seat(
        "us/house",
        TargetRole.MEMBER_LOWER,
        "Representative",
        area="WA-1",
        on_behalf_of="us/party/Democrat",
        start="1993-01-05",
        end="1995-01-03",
    )
    assert (before.on_behalf_of, before.end, before.end_reason) == (
        "us/party/Democrat",
        "2022-12-08",
        "change of party",
    )
    assert (after.on_behalf_of, after.start, after.end) == (
        "us/party/Independent",
        "2022-12-09",
        "2025-01-03",
    )
    assert (after.area, after.label, after.role) == ("WA", "Senator", TargetRole.MEMBER_UPPER)
    assert after.end_reason == "special-election"
    assert found.people["S000001"].extras["took_office"] == "2019-01-03 appointment"
    assert len(committees) == 2


def test_those_without_a_vote_have_their_own_titles(folder: Path) -> None:
    people = read(folder).people
    (delegate, _) = people["D000002"].seats
    assert (delegate.label, delegate.area) == ("Delegate", "DC-0")
    assert (people["D000002"].name, people["D000002"].postnominal) == ("Dan Delegate", "II")
    assert people["R000003"].seats[0].label == "Resident Commissioner"


def test_chambers_are_named_as_the_directory_names_them(folder: Path) -> None:
    bodies = read(folder).bodies
    named = {key: (one.name, one.kind, one.parent) for key, one in bodies.items()}
    congress_name = "Congress of the United States"
    assert named["us/congress"] == (congress_name, OrganizationKind.PARLIAMENT, "")
    assert named["us/house"] == (
        "House of Representatives",
        OrganizationKind.CHAMBER,
        "us/congress",
    )
    assert named["us/senate"] == ("Senate", OrganizationKind.CHAMBER, "us/congress")
    assert named["us/party/New"] == ("New", OrganizationKind.PARTY, "")


def test_committees_have_parents_contacts_and_chairs(folder: Path) -> None:
    found = read(folder)
    full, sub = found.bodies["SSSA"], found.bodies["SSSA07"]
    assert (full.parent, sub.parent) == ("us/senate", "SSSA")
    assert found.bodies["JSPA"].parent == "us/congress"
    assert [(one.kind.value, one.value) for one in full.contacts] == [
        ("postal", "328A RSOB\nWashington, DC 20510-6000"),
        ("phone", "+1 202-224-2035"),
        ("url", "https://samples.senate.example/"),
    ]
    seats = {one.organization: one for one in found.people["S000001"].seats}
    assert (seats["SSSA"].role, seats["SSSA"].label) == (TargetRole.COMMITTEE_CHAIR, "Chairwoman")
    assert (seats["SSSA07"].role, seats["SSSA07"].label) == (TargetRole.MEMBER, "Chairman")
    assert found.people["D000002"].seats[-1].label == "Member"


def test_what_fits_nobody_is_said(folder: Path) -> None:
    said = read(folder).said()
    assert "SSSA: G000004: A member of this committee is not among the legislators." in said
    assert "XXXX: The list of committees has no committee of this id." in said
    assert "Z000009: Offices or profiles of somebody who is not among the legislators." in said
    assert "A person has no bioguide id." in said
    assert "A committee has no id, no name or no chamber." in said
    assert "executive.yaml: It lists the presidents of all times" in said


def test_former_members_come_without_their_old_telephones(folder: Path) -> None:
    old = LEGISLATORS.replace("S000001", "S000099").replace("D000002", "D000099")
    (folder / "legislators-historical.yaml").write_text(old, encoding="utf-8")
    found = read(folder)
    assert not found.people["S000099"].contacts
    assert len(found.people["S000099"].seats) == 3
    assert "4 people no longer sit in Congress." in found.said()
    assert found.said().count("stands in the files twice") == 1, "Rosa is in both files"


@pytest.mark.parametrize(
    "name", ["legislators-district-offices.yaml", "legislators-social-media.yaml"]
)
def test_a_file_that_only_adds_to_people_is_refused_with_advice(folder: Path, name: str) -> None:
    with pytest.raises(BadFile, match="Give the whole folder"):
        read(folder / name)


def test_the_people_alone_are_complete_whatever_the_file_is_called(folder: Path) -> None:
    renamed = folder / "download.yaml"
    (folder / "legislators-current.yaml").rename(renamed)
    with opened(renamed) as upload:
        (dataset,) = congress.datasets(upload)
        assert dataset.complete
        assert "S000001" in Found(list(congress.read(dataset))).people


def test_committees_alone_end_nobody(folder: Path) -> None:
    with opened(folder / "committees-current.yaml") as upload:
        (dataset,) = congress.datasets(upload)
    assert not dataset.complete
    assert "SSSA" in Found(list(congress.read(dataset))).bodies


def test_presidents_are_a_list_of_their_own(folder: Path) -> None:
    with opened(folder / "executive.yaml") as upload:
        (dataset,) = congress.datasets(upload)
        found = Found(list(congress.read(dataset)))
    assert dataset.source == "us-executive"
    person = found.people["govtrack:41"]
    assert (person.name, person.birth_date) == ("Prudence Presidente", "1790-01")
    vice, president = person.seats
    assert (vice.label, vice.role, vice.on_behalf_of) == ("Vice President", TargetRole.MEMBER, "")
    assert (president.role, president.post) == (TargetRole.HEAD_OF_STATE, "President")
    assert president.on_behalf_of == "us/party/Whig"
    assert found.bodies[president.organization].kind is OrganizationKind.GOVERNMENT


def test_another_projects_yaml_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text("- name: Ann\n", encoding="utf-8")
    with opened(tmp_path) as upload:
        assert congress.datasets(upload) == []
    (tmp_path / "legislators-current.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(BadFile, match="does not hold a list"):
        read(tmp_path / "legislators-current.yaml")
