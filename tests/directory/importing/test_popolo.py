"""Popolo in its five shapes and with its usual mess becomes people, bodies and seats."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from outreach.directory.importing.opening import opened
from outreach.directory.importing.popolo import reader as popolo
from outreach.directory.importing.records import (
    Body,
    PersonRecord,
    Problem,
    as_json,
    body_from_json,
    person_from_json,
)
from outreach.directory.importing.registry import Dataset
from outreach.directory.models import ContactKind, OrganizationKind, TargetRole
from outreach.errors import BadFile

ANN = "0a1b2c3d-0000-4000-8000-00000000000a"
BO = "0a1b2c3d-0000-4000-8000-00000000000b"
HOUSE = {"id": "legislature", "name": "Riigivolikogu", "classification": "legislature"}
GREEN = {"id": "party/green", "name": "Greens", "classification": "party"}


def member(person: str, **more: Any) -> dict[str, Any]:
    return {
        "person_id": person,
        "organization_id": "legislature",
        "on_behalf_of_id": "party/green",
        "area_id": "area/north",
        "legislative_period_id": "term/2",
        "role": "member",
        **more,
    }


def parliament() -> dict[str, Any]:
    return {
        "persons": [
            {"id": ANN, "name": "Ann Lee", "email": "ann@parl.example", "gender": "female"},
            {"id": BO, "name": "Bo Ek"},
        ],
        # Tests change what they are given.
        "organizations": [dict(HOUSE), dict(GREEN)],
        "memberships": [
            member(ANN),
            member(BO, start_date="2019-05-02", end_date="2020"),
            member(BO, start_date="2021-01-01"),
        ],
        "areas": [{"id": "area/north", "name": "North"}],
        "events": [
            {"id": "term/2", "start_date": "2019-04-04", "end_date": "2023-03-05"},
        ],
    }


class Read:
    """What the reader makes of a file or folder."""

    def __init__(self, path: Path, **options: Any) -> None:
        with opened(path) as upload:
            self.datasets = popolo.FORMAT.datasets(upload)
            self.dataset: Dataset = self.datasets[0]
            self.dataset.options.update(options)
            self.records = list(popolo.FORMAT.read(self.dataset))
        self.people = {one.key: one for one in self.records if isinstance(one, PersonRecord)}
        self.bodies = {one.key: one for one in self.records if isinstance(one, Body)}
        self.problems = [one for one in self.records if isinstance(one, Problem)]

    @property
    def told(self) -> str:
        return "\n".join(f"{one.place} {one.words}" for one in self.problems)


def read(folder: Path, value: Any, name: str = "list.json", **options: Any) -> Read:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return Read(path, **options)


def test_the_arrays_of_the_specification(tmp_path: Path) -> None:
    got = read(tmp_path, parliament())
    assert got.problems == []
    assert got.bodies["legislature"].kind is OrganizationKind.PARLIAMENT
    assert got.bodies["party/green"].kind is OrganizationKind.PARTY
    assert [type(one).__name__ for one in got.records] == ["Body"] * 2 + ["PersonRecord"] * 2
    ann = got.people[ANN]
    assert (ann.name, ann.gender) == ("Ann Lee", "f")
    assert [(one.kind, one.value) for one in ann.contacts] == [
        (ContactKind.EMAIL, "ann@parl.example")
    ]
    seat = ann.seats[0]
    assert (seat.organization, seat.role, seat.label) == (
        "legislature",
        TargetRole.MEMBER_LOWER,
        "",
    )
    assert (seat.area, seat.on_behalf_of) == ("North", "party/green")


def test_missing_days_are_those_of_the_term(tmp_path: Path) -> None:
    got = read(tmp_path, parliament())
    seat = got.people[ANN].seats[0]
    assert (seat.start, seat.start_precision) == ("2019-04-04", "period")
    assert (seat.end, seat.end_precision) == ("2023-03-05", "period")
    first, second = got.people[BO].seats
    assert (first.start, first.start_precision, first.end) == ("2019-05-02", "", "2020")
    assert (second.start, second.end_precision) == ("2021-01-01", "period")


def test_keys_of_seats_are_unique_and_outlive_a_date(tmp_path: Path) -> None:
    before = [one.key for one in read(tmp_path, parliament()).people[BO].seats]
    assert len(set(before)) == 2
    changed = parliament()
    changed["memberships"][2]["end_date"] = "2022-01-01"
    assert [one.key for one in read(tmp_path, changed).people[BO].seats] == before


def test_records_survive_their_json(tmp_path: Path) -> None:
    got = read(tmp_path, parliament())
    ann = got.people[ANN]
    ann.place = ""
    assert person_from_json(json.loads(json.dumps(as_json(ann)))) == ann
    house = got.bodies["legislature"]
    house.place = ""
    assert body_from_json(as_json(house)) == house


def test_everypolitician_alone_or_in_its_tree_is_the_same_source(tmp_path: Path) -> None:
    place = "data/Estonia/House/ep-popolo-v1.0.json"
    value = parliament()
    value["persons"][0]["identifiers"] = [
        {"scheme": "everypolitician_legacy", "identifier": "1"},
        {"scheme": "wikidata", "identifier": "http://www.wikidata.org/entity/Q7"},
    ]
    index = [
        {
            "name": "Estonia",
            "code": "EE",
            "legislatures": [
                {"name": "Riigivolikogu", "slug": "House", "popolo": place, "lastmod": "1448875268"}
            ],
        }
    ]
    (tmp_path / "countries.json").write_text(json.dumps(index))
    (tmp_path / "data/Estonia/House").mkdir(parents=True)
    (tmp_path / "data/Estonia/House/names.csv").write_text("id,name\n")
    alone = read(tmp_path, value, place)
    tree = Read(tmp_path)
    assert [one.source for one in tree.datasets] == ["everypolitician-ee-riigivolikogu"]
    assert alone.dataset.source == tree.dataset.source
    assert (tree.dataset.jurisdiction, tree.dataset.rank) == ("EE", 2)
    assert str(tree.dataset.as_of) == "2015-11-30"
    assert tree.people[ANN].identifiers == {
        "everypolitician": ANN,
        "everypolitician_legacy": "1",
        "wikidata": "Q7",
    }
    (tmp_path / "countries.json").unlink()
    assert Read(tmp_path).dataset.source == alone.dataset.source
    with_day = tmp_path / "2016-02-03"
    shutil.move(tmp_path / "data", with_day / "data")
    assert str(Read(with_day / place).dataset.as_of) == "2016-02-03"


def test_one_dataset_for_each_legislature(tmp_path: Path) -> None:
    for country in ("Kenya", "New_Zealand", "Wales"):
        read(tmp_path, parliament(), f"data/{country}/House/ep-popolo-v1.0.json")
    assert [one.jurisdiction for one in Read(tmp_path).datasets] == ["KE", "NZ", "GB-WLS"]


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        (["country:gb-wls/region:north", "country:gb-wls/region:south"], "GB-WLS"),
        (["country:us/state:ca/cd:1", "country:us/state:tx/cd:2"], "US"),
        (["country:ca/province:on/x:1", "country:ca/province:on/x:2"], "CA-ON"),
        (["country:us", "country:ca"], ""),
    ],
)
def test_division_ids_tell_the_country(tmp_path: Path, areas: list[str], expected: str) -> None:
    value = parliament()
    value["areas"] = [{"id": f"ocd-division/{one}", "name": one} for one in areas]
    assert read(tmp_path, value).dataset.jurisdiction == expected


def test_hosts_tell_the_country_when_nothing_else_does(tmp_path: Path) -> None:
    value = parliament()
    value["persons"] = [
        {"id": f"p{number}", "name": "N", "email": f"n{number}@parlament.gov.ee"}
        for number in range(6)
    ]
    assert read(tmp_path, value).dataset.jurisdiction == "EE"
    value["persons"] = value["persons"][:3]
    assert read(tmp_path, value).dataset.jurisdiction == ""


def test_pages_of_results(tmp_path: Path) -> None:
    person = {
        "name": "Ann Lee",
        "family_name": "Lee",
        "memberships": [
            {"id": "m1", "organization_id": "house", "role": "Speaker"},
            {
                "id": "m2",
                "organization": {"id": "c1", "name": "Health", "classification": "committee"},
            },
        ],
    }
    page = {"total": 3, "page": 1, "per_page": 2, "has_more": True}
    first = {
        **page,
        "result": [{"id": "p1", **person}, {"id": "p2", "name": "Bo", "memberships": []}],
    }
    got = read(tmp_path / "pages", first, "persons-1.json")
    assert got.dataset.complete is False
    assert set(got.people) == {"p1", "p2"}
    second = {
        **page,
        "page": 2,
        "has_more": False,
        "result": [{"id": "p3", "name": "Cy", "memberships": []}],
    }
    read(tmp_path / "pages", second, "persons-2.json")
    bodies = [
        {
            "id": "house",
            "name": "Upper House",
            "classification": "chamber",
            "memberships": [{"id": "m1", "person_id": "p1", "role": "Speaker"}],
        }
    ]
    read(tmp_path / "pages", {"total": 1, "result": bodies}, "organizations.json")
    whole = Read(tmp_path / "pages")
    assert len(whole.datasets) == 1
    assert whole.dataset.complete is True
    assert set(whole.people) == {"p1", "p2", "p3"}
    assert [one.role for one in whole.people["p1"].seats] == [TargetRole.SPEAKER, TargetRole.MEMBER]
    assert whole.bodies["c1"].kind is OrganizationKind.COMMITTEE
    assert whole.problems == []


def test_pages_without_a_total(tmp_path: Path) -> None:
    page = {"result": [{"id": "p1", "name": "Ann", "memberships": []}], "has_more": True}
    assert read(tmp_path, page).dataset.complete is False
    assert read(tmp_path, {**page, "has_more": False}).dataset.complete is True
    assert read(tmp_path, {"result": parliament()}).dataset.complete is True
    assert len(read(tmp_path, {"result": parliament()}).people) == 2


def test_memberships_inside_people_and_bodies(tmp_path: Path) -> None:
    told_once = {"role": "member", "start_date": "2020-01-01"}
    value = {
        "persons": [
            {"id": "p1", "name": "Ann", "memberships": [{"organization_id": "h", **told_once}]},
            {"id": "p2", "name": "Bo", "memberships": [{"organization_id": "h"}] * 2},
        ],
        "organizations": [
            {
                "id": "h",
                "name": "Senate",
                "classification": "chamber",
                "memberships": [
                    {"person_id": "p1", **told_once},
                    {"person": {"id": "p3", "name": "Cy"}},
                ],
            }
        ],
    }
    got = read(tmp_path, value)
    assert {key: len(one.seats) for key, one in got.people.items()} == {"p1": 1, "p2": 2, "p3": 1}
    assert got.people["p1"].seats[0].role is TargetRole.MEMBER_UPPER


def test_a_bare_list_of_people(tmp_path: Path) -> None:
    got = read(tmp_path, [{"id": 5, "name": "Ann", "memberships": [{"organization_id": "h"}]}])
    assert list(got.people) == ["5"]


def test_names_in_many_languages(tmp_path: Path) -> None:
    value = parliament()
    value["persons"] = [
        {"id": "1", "name": {"lang:fa": "آن لی", "lang:ru": "Анна Ли"}},
        {"id": "2", "name": {"en": "Bo", "fr": "Beau"}},
        {
            "id": "3",
            "name": "Cy Ek",
            "other_names": [
                {"lang": "ru", "name": "Сай Эк", "note": "multilingual"},
                {"lang": "zh_min_nan", "name": "Cy", "note": "multilingual"},
                {"lang": "commons", "name": "Cy", "note": "multilingual"},
                {"name": "Cy Old", "end_date": "2001-05-01", "note": "maiden name"},
                {"name": "C. Ek"},
                {"name": "Cy Ek"},
            ],
        },
    ]
    value["organizations"][0]["name"] = {"lang:fa": "مجلس", "lang:en": "House"}
    value["memberships"] = [member("1")]
    got = read(tmp_path, value)
    assert got.people["1"].name == "آن لی"
    assert got.people["1"].names == {"fa": "آن لی", "ru": "Анна Ли"}
    assert got.people["2"].name == "Bo"
    assert got.people["3"].names == {"ru": "Сай Эк", "zh-min-nan": "Cy"}
    assert got.people["3"].other_names == [
        {"name": "Cy", "form": "other"},
        {"name": "Cy Old", "form": "former", "end": "2001-05-01"},
        {"name": "C. Ek", "form": "other"},
    ]
    assert got.bodies["legislature"].name == "House"
    assert read(tmp_path, value, locale="ru").people["1"].name == "Анна Ли"


def test_every_way_to_reach_somebody(tmp_path: Path) -> None:
    value = parliament()
    value["persons"][0] |= {
        "email": "ann@parl.example;ann@mail.example",
        "contact_details": [
            {"type": "voice", "value": "020 7946 0000", "note": "Constituency office"},
            {"type": "cell", "value": "+44 7700 900123"},
            {"type": "fax", "value": "020 7946 0001"},
            {"type": "address", "value": "1 High Street\n  Cardiff \n", "label": "Home"},
            {"type": "email", "value": "No tiene"},
            {"type": "twitter", "value": "annlee"},
            {"type": "pigeon", "value": "loft 3"},
            {"type": "phone", "value": "none"},
            {"type": "phone", "value": "1", "valid_until": "2001"},
        ],
        "links": [
            {"note": "facebook", "url": "ann.lee"},
            {"note": "website", "url": "http://ann.example/"},
            {"url": "https://twitter.com/annlee"},
            {"note": "Wikipedia (en)", "url": "https://en.wikipedia.org/wiki/Ann"},
        ],
        "image": "http://x.example/ann.jpg",
    }
    got = read(tmp_path / "2015-01-01" / "Wales", value)
    ann = got.people[ANN]
    assert [(one.kind.value, one.value, one.purpose) for one in ann.contacts] == [
        ("email", "ann@parl.example", "office"),
        ("email", "ann@mail.example", "office"),
        ("phone", "+44 20 7946 0000", "constituency"),
        ("phone", "+44 7700 900123", "personal"),
        ("fax", "+44 20 7946 0001", "office"),
        ("postal", "1 High Street\nCardiff", "personal"),
        ("social", "https://twitter.com/annlee", "office"),
        ("social", "https://www.facebook.com/ann.lee", "office"),
        ("url", "http://ann.example/", "office"),
    ]
    assert ann.extras == {"image": "http://x.example/ann.jpg", "pigeon": "loft 3"}
    assert "“none” is no number." in got.told


def test_names_days_and_titles(tmp_path: Path) -> None:
    value = parliament()
    value["persons"][0] |= {
        "given_name": "Ann",
        "family_name": "Lee",
        "sort_name": "Lee, Ann",
        "honorific_prefix": "Dr.",
        "honorific_suffix": "KC",
        "birth_date": "1970-02",
        "death_date": "soon",
        "identifiers": [
            {"scheme": "europarlmep", "identifier": "123"},
            {"scheme": "wikidata", "identifier": "not known"},
            {"scheme": "viaf", "identifier": "1"},
            {"scheme": "viaf", "identifier": "2"},
        ],
    }
    value["persons"][1]["honorific_prefix"] = "Hon."
    got = read(tmp_path, value)
    ann = got.people[ANN]
    assert (ann.given_name, ann.family_name, ann.sort_name) == ("Ann", "Lee", "Lee, Ann")
    assert (ann.title_prefix, ann.honorific, ann.postnominal) == ("Dr.", "", "KC")
    assert got.people[BO].honorific == "Hon."
    assert (ann.birth_date, ann.death_date) == ("1970-02", "")
    assert ann.identifiers == {
        "mep": "123",
        "viaf": "1",
        "viaf-2": "2",
        "wikidata-text": "not known",
    }
    assert "“soon” is no day." in got.told


@pytest.mark.parametrize(
    ("body", "role", "expected"),
    [
        ({"name": "Senate", "classification": "legislature"}, "member", TargetRole.MEMBER_UPPER),
        ({"name": "House", "classification": "upper house"}, "member", TargetRole.MEMBER_UPPER),
        ({"name": "House", "classification": "lower house"}, "member", TargetRole.MEMBER_LOWER),
        ({"name": "Assembly", "classification": "legislature"}, "Speaker", TargetRole.SPEAKER),
        ({"name": "A", "classification": "legislature"}, "Deputy Speaker", TargetRole.MEMBER_LOWER),
        ({"name": "European Parliament", "classification": "chamber"}, "member", TargetRole.MEP),
        ({"name": "A", "classification": "legislature"}, "Minister of Health", TargetRole.MINISTER),
        ({"name": "Cabinet", "classification": "executive"}, "member", TargetRole.MINISTER),
        (
            {"name": "C", "classification": "executive"},
            "Prime Minister",
            TargetRole.HEAD_OF_GOVERNMENT,
        ),
        (
            {"name": "C", "classification": "executive"},
            "Deputy Prime Minister",
            TargetRole.MINISTER,
        ),
        ({"name": "C", "classification": "executive"}, "President", TargetRole.HEAD_OF_STATE),
        ({"name": "Health", "classification": "committee"}, "Chair", TargetRole.COMMITTEE_CHAIR),
        ({"name": "Health", "classification": "committee"}, "Vice-Chair", TargetRole.MEMBER),
        ({"name": "Greens", "classification": "party"}, "Leader", TargetRole.MEMBER),
        ({"name": "Chess", "classification": "club"}, "member", TargetRole.MEMBER),
    ],
)
def test_parts_people_play(
    tmp_path: Path, body: dict[str, Any], role: str, expected: TargetRole
) -> None:
    value = parliament()
    value["organizations"] = [{"id": "legislature", **body}]
    value["memberships"] = [member(ANN, role=role, on_behalf_of_id="")]
    assert read(tmp_path, value).people[ANN].seats[0].role is expected


def test_posts_own_their_contacts_and_seats_their_areas(tmp_path: Path) -> None:
    value = parliament()
    value["organizations"].append(
        {"id": "gov", "name": "Government", "classification": "executive"}
    )
    value["posts"] = [
        {
            "id": "health",
            "organization_id": "gov",
            "label": "Minister of Health",
            "contact_details": [{"type": "email", "value": "minister@health.example"}],
        },
        {
            "id": "seat",
            "organization_id": "legislature",
            "label": "MP for West",
            "area": {"name": "West"},
        },
    ]
    value["memberships"] = [
        {"person_id": ANN, "post_id": "health"},
        {"person_id": BO, "post_id": "seat"},
    ]
    got = read(tmp_path, value)
    minister = got.people[ANN].seats[0]
    assert (minister.organization, minister.role, minister.post) == (
        "gov",
        TargetRole.MINISTER,
        "Minister of Health",
    )
    assert [one.value for one in minister.contacts] == ["minister@health.example"]
    mp = got.people[BO].seats[0]
    assert (mp.organization, mp.area, mp.post, mp.contacts) == ("legislature", "West", "", [])


def test_a_party_called_unknown_is_none(tmp_path: Path) -> None:
    value = parliament()
    value["organizations"][1] |= {"name": "unknown"}
    got = read(tmp_path, value)
    assert "party/green" in got.bodies
    assert got.people[ANN].seats[0].on_behalf_of == ""


def test_a_party_told_as_a_seat_is_that_of_the_open_seat(tmp_path: Path) -> None:
    value = parliament()
    value["events"] = []
    value["memberships"] = [
        member(ANN, on_behalf_of_id=None),
        member(ANN, on_behalf_of_id=None, end_date="2019"),
        {"person_id": ANN, "organization_id": "party/green", "role": "member"},
    ]
    seats = read(tmp_path, value).people[ANN].seats
    assert [one.on_behalf_of for one in seats] == ["party/green", "", ""]


def test_councillors_sit_in_a_council(tmp_path: Path) -> None:
    value = parliament()
    value["organizations"][0]["name"] = "Northtown Council"
    value["memberships"] = [member(ANN, role="councillor")]
    got = read(tmp_path, value)
    assert got.bodies["legislature"].kind is OrganizationKind.COUNCIL
    assert got.people[ANN].seats[0].role is TargetRole.MEMBER


def test_what_everypolitician_was_made_from_is_left_aside(tmp_path: Path) -> None:
    read(tmp_path, parliament(), "data/Kenya/House/ep-popolo-v1.0.json")
    read(tmp_path, parliament(), "data/Kenya/House/sources/popolo.json")
    assert len(Read(tmp_path).datasets) == 1


def test_a_body_that_is_missing_is_made_and_told(tmp_path: Path) -> None:
    value = parliament()
    value["organizations"] = [HOUSE]
    value["memberships"].append({"person_id": ANN, "organization_id": "committee/public_works"})
    got = read(tmp_path, value)
    assert got.bodies["party/green"].name == "unnamed green"
    assert got.bodies["party/green"].kind is OrganizationKind.PARTY
    assert got.bodies["committee/public_works"].kind is OrganizationKind.COMMITTEE
    assert "give it its name" in got.told
    assert len(got.people[ANN].seats) == 2


def test_bodies_come_after_their_parents_even_in_a_ring(tmp_path: Path) -> None:
    value = parliament()
    value["organizations"] = [
        {"id": "c", "name": "Committee", "classification": "committee", "parent_id": "legislature"},
        {"id": "x", "name": "X", "parent_id": "y"},
        {"id": "y", "name": "Y", "parent_id": "x"},
        HOUSE,
        GREEN,
    ]
    got = read(tmp_path, value)
    assert list(got.bodies).index("legislature") < list(got.bodies).index("c")
    assert got.bodies["c"].parent == "legislature"
    assert {got.bodies["x"].parent, got.bodies["y"].parent} == {"", "y"}


def test_what_can_not_be_used_is_told(tmp_path: Path) -> None:
    value = parliament()
    value["persons"] += [
        {"id": "nameless"},
        {"id": ANN, "name": "Ann again"},
        {"name": "No Id", "birth_date": "1980"},
        {"id": "q", "name": "Lost \ufffd"},
        "not an object",
    ]
    value["memberships"] += [
        member("stranger"),
        {"person_id": ANN, "role": "member"},
        member(ANN, start_date="first of May"),
        None,
    ]
    got = read(tmp_path, value)
    assert set(got.people) == {ANN, BO, "No Id|1980", "q"}
    for words in (
        "nameless It has no name",
        "id stands twice",
        "stranger 1 memberships of somebody who is not in the list",
        "names no organization",
        "“first of May” is no day",
        "lost on the way",
    ):
        assert words in got.told
    assert {one.name for one in got.problems if one.stops} == {"", "Ann again"}


def test_second_entries_lead_to_the_first(tmp_path: Path) -> None:
    main = {"note": "Main", "given_name": "Cy", "family_name": "Ek", "start_date": "2001-01-01"}
    old = {**main, "family_name": "Old", "start_date": "1999", "end_date": "2000-12-31"}
    value = {
        "persons": [
            {"id": "uk.org.publicwhip/person/1", "other_names": [old, main]},
            {"id": "uk.org.publicwhip/person/2", "redirect": "uk.org.publicwhip/person/1"},
        ],
        "organizations": [{"id": "lords", "name": "House of Lords", "classification": "chamber"}],
        "memberships": [
            {"id": "m1", "person_id": "uk.org.publicwhip/person/2", "organization_id": "lords"}
        ],
    }
    got = read(tmp_path, value)
    cy = got.people["uk.org.publicwhip/person/1"]
    assert (cy.name, cy.seats[0].key, cy.seats[0].role) == ("Cy Ek", "m1", TargetRole.MEMBER_UPPER)
    assert cy.other_names[0]["name"] == "Cy Old"
    assert cy.identifiers == {"parlparse": cy.key}
    assert (cy.given_name, cy.family_name) == ("Cy", "Ek")


def test_a_day_that_never_comes_and_a_second_id_of_a_membership(tmp_path: Path) -> None:
    value = parliament()
    open_end = {"end_date": "9999-12-31", "end_reason": "still_in_office"}
    value["memberships"] = [
        {"id": "m1", "person_id": ANN, "organization_id": "legislature", **open_end},
        {"id": "m2", "redirect": "m1"},
    ]
    got = read(tmp_path, value)
    (seat,) = got.people[ANN].seats
    assert (seat.key, seat.end, seat.end_reason) == ("m1", "", "")
    assert got.problems == []


@pytest.mark.parametrize(
    "value",
    [
        {"persons": [], "organizations": []},
        {"persons": {"a": 1}, "memberships": 3},
    ],
)
def test_a_list_of_nobody_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(BadFile, match="holds no persons"):
        read(tmp_path, value)


def test_odd_types_everywhere_are_survived(tmp_path: Path) -> None:
    odd: list[Any] = [None, 1, "x", [], {}, [[]], {"a": {}}]
    fields = ("name", "email", "gender", "birth_date", "identifiers", "contact_details", "links")
    value = parliament()
    value["persons"] += [
        {"id": f"{name}{number}", "name": "N", name: one}
        for name in (*fields, "other_names")
        for number, one in enumerate(odd)
    ]
    names = ("organization_id", "on_behalf_of_id", "post_id", "area_id", "role", "id", "area")
    value["memberships"] += [member(BO, **{name: one}) for name in names for one in odd]
    value["organizations"] += [
        {"id": f"o{n}", "name": one, "parent_id": one} for n, one in enumerate(odd)
    ]
    value["areas"] += odd
    value["events"] += [{"id": "e", "start_date": one} for one in odd]
    got = read(tmp_path, value)
    assert ANN in got.people
    for one in (*got.people.values(), *got.bodies.values()):
        json.dumps(as_json(one))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"id,name\n1,Ann\n",
        b'{"head": {"vars": ["item"]}}',
        b'{"type": "FeatureCollection"}',
        b'[{"name": "Estonia", "code": "EE", "legislatures": []}]',
        b"\x00\x01\x02",
        b"[]",
    ],
)
def test_other_files_are_not_popolo(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.json").write_bytes(data)
    with opened(tmp_path) as upload:
        assert popolo.FORMAT.datasets(upload) == []


def test_another_encoding_and_broken_json(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(json.dumps(parliament()).encode("utf-16"))
    assert len(Read(path).people) == 2
    path.write_text(json.dumps(parliament(), indent=1)[:-5])
    with pytest.raises(BadFile, match="not JSON"):
        Read(path)
