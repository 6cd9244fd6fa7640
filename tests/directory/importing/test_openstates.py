"""Files as OpenStates writes them, of people and places that don't exist."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from outreach.directory.importing.opening import opened
from outreach.directory.importing.openstates import reader as openstates
from outreach.directory.importing.records import Body, PersonRecord, Problem
from outreach.directory.models import ContactKind, OrganizationKind, TargetRole

ANN = """\
id: ocd-person/0000000a
name: Ann Sample
given_name: Ann
family_name: Sample
birth_date: 1972-01-12
gender: Female
suffix: Jr.
email: ann@senate.va.example
party:
- name: Republican
  end_date: 2020-01-01
- name: Democratic/Working Families
roles:
- start_date: 2024-01-10
  type: upper
  jurisdiction: ocd-jurisdiction/country:us/state:va/government
  district: '21'
- start_date: 2021-01-11
  end_date: 2024-01-08
  end_reason: elected elsewhere
  type: lower
  jurisdiction: ocd-jurisdiction/country:us/state:va/government
  district: '21'
offices:
- classification: capitol
  address: Room 507; P.O. Box 396; Richmond, VA 23218
  voice: 804-698-7521
  fax: 804-698-7451
- classification: home
  address: 1 Private Lane; Norfolk, VA 23502
  voice: 757-524-0000
- classification: district-mail
  address: P.O. Box 41359, Norfolk, VA 23502
links:
- url: https://va.example/member?id=S130
- url: https://ann.example/
  note: homepage
other_names:
- name: A. Sample
- name: Ann Before
  end_date: 2019-05-01
ids:
  twitter: annsample
  wikidata: Q900000002
other_identifiers:
- scheme: legacy_openstates
  identifier: VAL000001
- scheme: legacy_openstates
  identifier: VAL000002
- scheme: thomas
  identifier: 01826
"""
BEN = """\
id: ocd-person/0000000b
name: Ben Form
email: https://www.form.example/contact
roles:
- {type: lower, jurisdiction: 'ocd-jurisdiction/country:us/state:va/government', district: Northern,
   start_date: 2020-01-08, end_date: 2022-01-12}
- {type: dogcatcher, jurisdiction: somewhere}
contact_details:
- {note: District Office, address: '1 Main St;Town, VA 20000', voice: 804-555-0100,
   email: ben@district.example}
"""
GOVERNOR = """\
id: ocd-person/0000000c
name: Gail Governor
email: not an address
roles:
- {type: lt_governor, jurisdiction: 'ocd-jurisdiction/country:us/state:va/government'}
"""
MAYOR = """\
id: ocd-person/0000000d
name: Max Mayor
roles:
- {type: mayor, jurisdiction: 'ocd-jurisdiction/country:us/state:va/place:sample_falls/government',
   end_date: '2028-12-31'}
"""
OLD = """\
id: ocd-person/0000000e
name: Olive Old
roles:
- {type: lower, jurisdiction: 'ocd-jurisdiction/country:us/state:va/government', district: '7',
   start_date: '2010-01-13'}
"""
COMMITTEE = """\
id: ocd-organization/11111111
jurisdiction: ocd-jurisdiction/country:us/state:va/government
classification: committee
name: Appropriations
chamber: lower
links: [{url: https://apro.va.example}]
members:
- {name: Ann Sample, role: chair, person_id: ocd-person/0000000a}
- {name: Ann Sample, role: chair, person_id: ocd-person/0000000a}
- {name: Ben Form, role: vice chair, person_id: ocd-person/0000000b}
- {name: Somebody Else, role: member}
- {name: Unknown One, role: member, person_id: ocd-person/0000000f}
"""
SUBCOMMITTEE = """\
id: ocd-organization/00000000
jurisdiction: ocd-jurisdiction/country:us/state:va/government
classification: subcommittee
name: Education
parent: ocd-organization/11111111
members:
- {name: Ann Sample, role: chair, person_id: ocd-person/0000000a}
"""
FILES = {
    "legislature/Ann.yml": ANN,
    "legislature/Ben.yml": BEN,
    "legislature/Broken.yml": "id: ocd-person/x\nname: [\n",
    "legislature/List.yml": "- id: ocd-person/y\n",
    "executive/Gail.yml": GOVERNOR,
    "municipalities/Max.yml": MAYOR,
    "retired/Olive.yml": OLD,
    "committees/appropriations.yml": COMMITTEE,
    "committees/education.yml": SUBCOMMITTEE,
}


class Found:
    """What a reader yielded, by kind, in order."""

    def __init__(self, records: list[Body | PersonRecord | Problem]) -> None:
        self.records = records
        self.bodies = {one.key: one for one in records if isinstance(one, Body)}
        self.people = {one.key[-1]: one for one in records if isinstance(one, PersonRecord)}
        self.said = [f"{one.place}: {one.words}" for one in records if isinstance(one, Problem)]


def read(path: Path) -> Found:
    with opened(path) as upload:
        (dataset,) = openstates.datasets(upload)
        return Found(list(openstates.read(dataset)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "people-2026-01-05"
    for name, text in FILES.items():
        file = folder / "data" / "va" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def test_each_state_is_a_list_of_its_own(folder: Path) -> None:
    other = folder / "data" / "dc" / "executive"
    other.mkdir(parents=True)
    council = GOVERNOR.replace("state:va", "district:dc").replace("lt_governor", "legislature")
    (other / "one.yml").write_text(council, encoding="utf-8")
    with opened(folder) as upload:
        dc, va = openstates.datasets(upload)
        found = Found(list(openstates.read(dc)))
    assert (va.source, va.jurisdiction, va.complete) == ("openstates-va", "US-VA", True)
    assert (dc.source, dc.jurisdiction, dc.complete) == ("openstates-dc", "US-DC", False)
    assert (va.as_of, va.licence, va.rank) == (dt.date(2026, 1, 5), "CC0-1.0", 2)
    assert found.people["c"].seats[0].label == "Councilmember"
    assert [one.name for one in found.bodies.values()] == ["Council of the District of Columbia"]


@pytest.mark.parametrize("part", ["data/va", "data/va/legislature", "data/va/legislature/Ann.yml"])
def test_a_part_of_the_tree_is_recognised(folder: Path, part: str) -> None:
    with opened(folder / part) as upload:
        (dataset,) = openstates.datasets(upload)
    assert dataset.source == "openstates-va"
    assert dataset.complete is not part.endswith(".yml")


def test_a_zip_is_read_as_its_folder(folder: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "va"), "zip", folder / "data" / "va")
    assert read(Path(archive)).people.keys() == read(folder).people.keys()


def test_other_yaml_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "one.yml").write_text("id: something\nname: Ann\n", encoding="utf-8")
    with opened(tmp_path) as upload:
        assert openstates.datasets(upload) == []


def test_bodies_come_before_those_who_sit_in_them(folder: Path) -> None:
    seen: set[str] = set()
    for record in read(folder).records:
        if isinstance(record, Body):
            assert not record.parent or record.parent in seen
            seen.add(record.key)
        elif isinstance(record, PersonRecord):
            named = {seat.organization for seat in record.seats}
            assert named | {seat.on_behalf_of for seat in record.seats} - {""} <= seen


def test_a_person_has_names_and_ids(folder: Path) -> None:
    ann = read(folder).people["a"]
    assert (ann.key, ann.name, ann.postnominal) == ("ocd-person/0000000a", "Ann Sample", "Jr.")
    assert (ann.birth_date, ann.gender) == ("1972-01-12", "f")
    assert ann.identifiers == {
        "ocd-person": "ocd-person/0000000a",
        "wikidata": "Q900000002",
        "legacy_openstates": "VAL000001",
        "thomas": "01826",
    }
    assert ann.other_names == [
        {"name": "A. Sample", "form": "other"},
        {"name": "Ann Before", "form": "former", "end": "2019-05-01"},
    ]


def test_a_role_is_a_seat_in_its_chamber(folder: Path) -> None:
    found = read(folder)
    upper, lower, *_ = found.people["a"].seats
    assert (upper.organization, upper.role, upper.label) == (
        "US-VA/upper",
        TargetRole.MEMBER_UPPER,
        "Senator",
    )
    assert (upper.area, upper.end) == ("Senate district 21", "")
    assert (lower.label, lower.area) == ("Delegate", "House district 21")
    assert (lower.end, lower.end_reason) == ("2024-01-08", "elected elsewhere")
    assert found.bodies[upper.on_behalf_of].name == "Democratic/Working Families"
    chamber = found.bodies["US-VA/lower"]
    assert (chamber.name, chamber.kind, chamber.parent, chamber.jurisdiction) == (
        "Virginia House of Delegates",
        OrganizationKind.CHAMBER,
        "US-VA/legislature",
        "US-VA",
    )
    assert found.people["b"].seats[0].area == "Northern"


def test_governments_and_towns(folder: Path) -> None:
    found = read(folder)
    (vice,) = found.people["c"].seats
    assert (vice.organization, vice.post) == ("US-VA/government", "Lieutenant Governor")
    assert found.bodies["US-VA/government"].name == "Government of Virginia"
    (mayor,) = found.people["d"].seats
    town = found.bodies[mayor.organization]
    assert (town.name, town.kind) == ("Sample Falls, VA", OrganizationKind.COUNCIL)
    assert (mayor.post, mayor.end) == ("Mayor", "2028-12-31")


def test_the_address_for_letters_comes_first_and_homes_never(folder: Path) -> None:
    found = read(folder)
    ann = found.people["a"]
    told = [(one.kind.value, one.purpose, one.bundle, one.value) for one in ann.contacts]
    assert told[:5] == [
        ("email", "parliament", "", "ann@senate.va.example"),
        ("postal", "constituency", "district", "P.O. Box 41359, Norfolk, VA 23502"),
        ("postal", "parliament", "capitol", "Room 507\nP.O. Box 396\nRichmond, VA 23218"),
        ("phone", "parliament", "capitol", "+1 804-698-7521"),
        ("fax", "parliament", "capitol", "+1 804-698-7451"),
    ]
    assert "Private Lane" not in repr(found.people)
    assert "757-524-0000" not in repr(found.people)
    assert any("1 home addresses were left out" in one for one in found.said)


def test_links_begin_with_the_home_page(folder: Path) -> None:
    ann = read(folder).people["a"]
    links = [one for one in ann.contacts if one.kind in (ContactKind.URL, ContactKind.SOCIAL)]
    assert [one.value for one in links] == [
        "https://ann.example/",
        "https://va.example/member?id=S130",
        "https://twitter.com/annsample",
    ]


def test_an_email_may_be_a_form_and_older_files_say_contact_details(folder: Path) -> None:
    found = read(folder)
    ben = found.people["b"]
    assert [(one.kind.value, one.value) for one in ben.contacts] == [
        ("form", "https://www.form.example/contact"),
        ("email", "ben@district.example"),
        ("postal", "1 Main St\nTown, VA 20000"),
        ("phone", "+1 804-555-0100"),
    ]
    assert "Ben.yml: We don't know the office “dogcatcher”." in found.said
    assert any(one.startswith("Gail.yml: ") and "no e-mail address" in one for one in found.said)


def test_who_retired_has_no_open_seat(folder: Path) -> None:
    (seat,) = read(folder).people["e"].seats
    assert (seat.end, seat.end_precision, seat.end_reason) == ("2026-01-05", "unknown", "retired")
    undated = folder.rename(folder.parent / "people")
    found = read(undated)
    assert not found.people["e"].seats
    assert any("1 seats of retired people have no last day" in one for one in found.said)


def test_committees_have_parents_and_each_member_once(folder: Path) -> None:
    found = read(folder)
    full, sub = found.bodies["ocd-organization/11111111"], found.bodies["ocd-organization/00000000"]
    assert (full.parent, sub.parent) == ("US-VA/lower", "ocd-organization/11111111")
    assert full.contacts[0].value == "https://apro.va.example"
    seats = [one for one in found.people["a"].seats if one.organization.startswith("ocd-")]
    assert [(one.organization, one.role, one.label) for one in seats] == [
        (full.key, TargetRole.COMMITTEE_CHAIR, "Chair"),
        (sub.key, TargetRole.MEMBER, "Chair"),
    ]
    assert found.people["b"].seats[-1].label == "Vice chair"
    assert any("1 members of committees have no id" in one for one in found.said)
    assert "ocd-person/0000000f: A member of a committee has no file among the people." in (
        found.said
    )


def test_a_broken_file_is_one_problem(folder: Path) -> None:
    found = read(folder)
    assert any(one.startswith("Broken.yml, line 3: This is not YAML") for one in found.said)
    assert "List.yml: It does not hold a person or a committee." in found.said
    assert found.people.keys() == set("abcde")


def test_members_of_congress_sit_where_congress_legislators_puts_them(tmp_path: Path) -> None:
    file = tmp_path / "us" / "legislature" / "ann.yml"
    file.parent.mkdir(parents=True)
    file.write_text(ANN.replace("/state:va", ""), encoding="utf-8")
    found = read(tmp_path)
    assert [one.organization for one in found.people["a"].seats] == ["us/senate", "us/house"]
    assert found.bodies["us/senate"].parent == "us/congress"
