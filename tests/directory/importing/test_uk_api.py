"""Saved pages of the United Kingdom's Members API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outreach.directory.importing import uk_api
from outreach.directory.importing.opening import opened
from outreach.directory.importing.records import Body, PersonRecord, Problem
from outreach.directory.models import TargetRole
from outreach.errors import BadFile


def member(number: int, name: str, sort: str, house: int = 1, **held: Any) -> dict[str, Any]:
    """One item of a page of the list."""
    return {
        "value": {
            "id": number,
            "nameListAs": sort,
            "nameDisplayAs": name,
            "gender": "F",
            "nameFullTitle": f"Rt Hon {name} MP",
            "nameAddressAs": f"Dear {name}",
            "latestParty": {"id": 15, "name": "Sample Party"},
            "latestHouseMembership": {
                "membershipFrom": "Exampleshire North",
                "house": house,
                "membershipStartDate": "2024-07-04T00:00:00",
                "membershipEndDate": None,
                "membershipStatus": {"statusIsActive": True},
                **held,
            },
        },
        "links": [],
    }


CONTACT = {
    "value": [
        {
            "type": "Parliamentary office",
            "isPreferred": True,
            "isWebAddress": False,
            "line1": "House of Commons",
            "line2": "London",
            "postcode": "SW1A 0AA",
            "phone": "020 7219 0101",
            "email": "ann.sample.mp@parliament.example",
            "fax": None,
        },
        {
            "type": "Constituency office",
            "isWebAddress": False,
            "line1": "1 High St",
            "line2": "Exampleton",
            "postcode": "EX1 1AA",
            "phone": "ask",
            "email": "not one",
        },
        {"type": "Website", "isWebAddress": True, "line1": "https://ann.example/"},
        {"type": "X (formerly Twitter)", "isWebAddress": True, "line1": "https://x.com/annsample"},
    ],
    "links": [{"rel": "self", "href": "/Members/9001/Contact", "method": "GET"}],
}


def folder(path: Path, total: int, *items: dict[str, Any]) -> Path:
    """A folder of pages of two members each, and one page of ways to reach the first."""
    for skip in range(0, len(items), 2):
        page = {"items": items[skip : skip + 2], "totalResults": total, "skip": skip, "take": 2}
        (path / f"page-{skip:05}.json").write_text(json.dumps(page))
    (path / "contact-9001.json").write_text(json.dumps(CONTACT))
    return path


def read(path: Path) -> tuple[Any, list]:
    """The dataset of a folder and its records."""
    with opened(path) as upload:
        (dataset,) = uk_api.datasets(upload)
        return dataset, list(uk_api.read(dataset))


ANN = member(9001, "Dr Ann Sample", "Sample, Dr Ann")
BOB = member(9002, "Mr Bob van Test", "van Test, Mr Bob")


def test_members_with_both_their_offices(tmp_path):
    dataset, found = read(folder(tmp_path, 2, ANN, BOB))
    assert (dataset.source, dataset.complete, dataset.jurisdiction) == ("uk-commons", True, "GB")
    ann, bob = (one for one in found if isinstance(one, PersonRecord))
    assert (ann.key, ann.identifiers) == ("9001", {"mnis": "9001"})
    assert (ann.given_name, ann.family_name, ann.title_prefix) == ("Ann", "Sample", "Dr")
    assert (ann.sort_name, ann.honorific) == ("Sample, Dr Ann", "Rt Hon")
    assert ann.other_names == [{"name": "Dear Dr Ann Sample", "form": "address"}]
    assert (bob.given_name, bob.family_name) == ("Bob", "van Test")
    assert [(one.kind, one.purpose) for one in ann.contacts] == [
        *(("email", "parliament"), ("postal", "parliament"), ("phone", "parliament")),
        *(("postal", "constituency"), ("url", "office"), ("social", "office")),
    ]
    assert ann.contacts[1].value == "House of Commons\nLondon\nSW1A 0AA"
    assert ann.contacts[1].bundle == ann.contacts[2].bundle == "parliament"
    assert ann.contacts[5].value == "https://twitter.com/annsample"
    (seat,) = ann.seats
    assert (seat.organization, seat.role, seat.area, seat.start) == (
        *("commons", TargetRole.MEMBER_LOWER, "Exampleshire North", "2024-07-04"),
    )
    bodies = {one.key: one for one in found if isinstance(one, Body)}
    assert bodies[seat.on_behalf_of].name == "Sample Party"
    assert bodies["commons"].parent == "parliament"
    told = [one for one in found if isinstance(one, Problem)]
    assert [(one.name, one.stops) for one in told] == [("Dr Ann Sample", False)]


def test_a_missing_page_makes_the_list_a_part(tmp_path):
    dataset, found = read(folder(tmp_path, 3, ANN, BOB))
    assert not dataset.complete
    assert "Pages are missing" in str(found[0].words)


def test_lords_have_no_area_and_those_who_left_no_seat(tmp_path):
    lord = member(9003, "Lord Sample", "Sample, L.", 2, membershipFrom="Life peer")
    gone = member(9004, "Ann Gone", "Gone, Ann", membershipStatus={"statusIsActive": False})
    ended = member(9005, "Ann End", "End, Ann", membershipEndDate="2024-05-30T00:00:00")
    nobody = member(9006, "", "")
    dataset, found = read(folder(tmp_path, 4, lord, gone, ended, nobody))
    assert dataset.source == "uk-parliament"
    people = {one.key: one for one in found if isinstance(one, PersonRecord)}
    (seat,) = people["9003"].seats
    assert (seat.role, seat.area, seat.label) == (TargetRole.MEMBER_UPPER, "", "Life peer")
    assert people["9004"].seats == []
    assert people["9005"].seats[0].end == "2024-05-30"
    assert [one.stops for one in found if isinstance(one, Problem)] == [True]


def test_odd_pages_do_no_harm(tmp_path):
    folder(tmp_path, 2, ANN, BOB)
    odd: dict[str, Any] = {"items": [None, {"value": None}, {"value": {"id": 1}}, {"value": []}]}
    (tmp_path / "page-9.json").write_text(json.dumps({**odd, "totalResults": "many"}))
    (tmp_path / "contact-9002.json").write_text('{"value": null, "links": [null, 3]}')
    (tmp_path / "list.json").write_text("[1, 2]")
    _, found = read(tmp_path)
    assert len([one for one in found if isinstance(one, PersonRecord)]) == 2
    (tmp_path / "page-torn.json").write_text('{"items": [')
    with pytest.raises(BadFile):
        read(tmp_path)


def test_pages_in_one_file_are_a_list_and_empty_entries_are_told(tmp_path):
    pages = [{"items": [ANN, {"value": None}], "totalResults": 2}]
    pages += [{"items": [BOB], "totalResults": 2}]
    (tmp_path / "pages.json").write_text(json.dumps(pages))
    dataset, found = read(tmp_path)
    assert [one.key for one in found if isinstance(one, PersonRecord)] == ["9001", "9002"]
    assert dataset.complete
    told = [str(one.words) for one in found if isinstance(one, Problem)]
    assert told == ["Entries that name nobody: 1."]


def test_other_json_is_left_to_others(tmp_path):
    (tmp_path / "list.json").write_text('{"items": [{"name": "Ann"}]}')
    with opened(tmp_path) as upload:
        assert uk_api.datasets(upload) == []
