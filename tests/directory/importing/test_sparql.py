"""Answers of Wikidata's query service in all their forms become people, bodies and seats."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from outreach.directory.importing.opening import opened
from outreach.directory.importing.records import Body, PersonRecord, Problem
from outreach.directory.importing.registry import Dataset
from outreach.directory.importing.wikidata import reader as sparql
from outreach.directory.importing.wikidata.reader import query
from outreach.directory.models import ContactKind, OrganizationKind, TargetRole
from outreach.errors import BadFile, BadInput

ENTITY = "http://www.wikidata.org/entity/"


def uri(of: str) -> dict[str, str]:
    return {"type": "uri", "value": ENTITY + of}


def word(value: str, language: str = "") -> dict[str, str]:
    tagged = {"xml:lang": language} if language else {}
    return {"type": "literal", "value": value, **tagged}


def row(item: str = "Q1", **more: Any) -> dict[str, Any]:
    return {
        "item": uri(item),
        "itemLabel": word("Ann Lee", "en"),
        "statement": uri(f"statement/{item}-AAA"),
        "position": uri("Q9"),
        "positionLabel": word("member of the Riigivolikogu", "en"),
        "org": uri("Q8"),
        "orgLabel": word("Riigivolikogu", "en"),
        "countryCode": word("EE"),
        **more,
    }


def answer(*rows: dict[str, Any]) -> str:
    return json.dumps({"head": {"vars": ["item", "itemLabel"]}, "results": {"bindings": rows}})


def read(path: Path, written: str) -> tuple[Dataset, dict[str, PersonRecord], list[Any]]:
    path.write_text(written, encoding="utf-8")
    with opened(path) as upload:
        (dataset,) = sparql.FORMAT.datasets(upload)
        records = list(sparql.FORMAT.read(dataset))
    return dataset, {one.key: one for one in records if isinstance(one, PersonRecord)}, records


def test_rows_of_one_statement_are_one_seat(tmp_path: Path) -> None:
    first = row(party=uri("Q7"), partyLabel=word("Greens", "en"), name_et=word("Anne Li", "et"))
    second = row(
        district=uri("Q5"),
        districtLabel=word("North", "en"),
        party={"type": "bnode", "value": "t1"},
    )
    dataset, people, records = read(tmp_path / "a.json", answer(first, second, first))
    assert (dataset.source, dataset.jurisdiction, dataset.rank) == ("wikidata-q8", "EE", 3)
    assert (dataset.source_name, dataset.licence) == ("Wikidata: Riigivolikogu", "CC0-1.0")
    ann = people["Q1"]
    assert (ann.name, ann.identifiers) == ("Ann Lee", {"wikidata": "Q1"})
    assert ann.names == {"en": "Ann Lee", "et": "Anne Li"}
    (seat,) = ann.seats
    assert (seat.organization, seat.role, seat.area, seat.on_behalf_of, seat.key) == (
        "Q8",
        TargetRole.MEMBER_LOWER,
        "North",
        "Q7",
        "Q1-AAA",
    )
    bodies = {one.key: one for one in records if isinstance(one, Body)}
    assert bodies["Q8"].kind is OrganizationKind.CHAMBER
    assert bodies["Q7"].kind is OrganizationKind.PARTY
    assert bodies["Q8"].identifiers == {"wikidata": "Q8"}


@pytest.mark.parametrize(
    ("start", "precision", "expected"),
    [
        ("2018-01-01T00:00:00Z", "", "2018"),
        ("2018-01-01T00:00:00Z", "11", "2018-01-01"),
        ("2018-10-01T00:00:00Z", "", "2018-10-01"),
        ("2018-10-01T00:00:00Z", "10", "2018-10"),
        ("2018-10-01T00:00:00Z", "9", "2018"),
        ("2010-01-01T00:00:00Z", "8", ""),
        ("t123456789", "", ""),
        ("http://www.wikidata.org/.well-known/genid/abc", "", ""),
    ],
)
def test_days_are_as_exact_as_known(
    tmp_path: Path, start: str, precision: str, expected: str
) -> None:
    more = {"startPrecision": word(precision)} if precision else {}
    _, people, _ = read(tmp_path / "a.json", answer(row(start=word(start), **more)))
    assert people["Q1"].seats[0].start == expected


def test_ways_to_reach_somebody(tmp_path: Path) -> None:
    rows = [
        row(
            email={"type": "uri", "value": "mailto:ann@parl.example"},
            website={"type": "uri", "value": "https://ann.example/"},
            twitter=word("annlee"),
            gender=uri("Q6581072"),
            birth=word("1970-03-04T00:00:00Z"),
        ),
        row(email={"type": "uri", "value": "mailto:bad"}, facebook=word("ann.lee")),
    ]
    _, people, records = read(tmp_path / "a.json", answer(*rows))
    ann = people["Q1"]
    assert [(one.kind, one.value) for one in ann.contacts] == [
        (ContactKind.EMAIL, "ann@parl.example"),
        (ContactKind.URL, "https://ann.example/"),
        (ContactKind.SOCIAL, "https://twitter.com/annlee"),
        (ContactKind.SOCIAL, "https://www.facebook.com/ann.lee"),
    ]
    assert (ann.gender, ann.birth_date) == ("f", "1970-03-04")
    assert [str(one.words) for one in records if isinstance(one, Problem)] == [
        "“mailto:bad” is no e-mail address."
    ]


def test_ministers_sit_in_a_government_and_hold_a_post(tmp_path: Path) -> None:
    minister = row(position=uri("Q20"), positionLabel=word("Minister of Health"))
    leader = row("Q2", position=uri("Q21"), positionLabel=word("Prime Minister of Estonia"))
    for one in (minister, leader):
        del one["org"], one["orgLabel"]
    dataset, people, records = read(tmp_path / "a.json", answer(minister, leader))
    assert dataset.source == "wikidata-ee"
    assert people["Q1"].seats[0].role is TargetRole.MINISTER
    assert people["Q1"].seats[0].post == "Minister of Health"
    assert people["Q2"].seats[0].role is TargetRole.HEAD_OF_GOVERNMENT
    bodies = [one for one in records if isinstance(one, Body)]
    assert [(one.name, one.kind) for one in bodies] == [
        ("Government of Estonia", OrganizationKind.GOVERNMENT)
    ]


def test_a_chamber_named_by_the_position_alone(tmp_path: Path) -> None:
    one = row(positionLabel=word("member of the Senate of Somewhere"))
    del one["org"], one["orgLabel"]
    _, people, records = read(tmp_path / "a.json", answer(one))
    assert people["Q1"].seats[0].role is TargetRole.MEMBER_UPPER
    (body,) = (one for one in records if isinstance(one, Body))
    assert (body.key, body.name, body.identifiers) == ("Q9", "Senate of Somewhere", {})


def test_csv_and_plain_json_say_the_same(tmp_path: Path) -> None:
    plain = {name: cell["value"] for name, cell in row(start=word("2018-10-01T00:00:00Z")).items()}
    _, from_json, _ = read(tmp_path / "a.json", json.dumps([plain]))
    with (tmp_path / "b.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, plain)
        writer.writeheader()
        writer.writerow(plain)
    dataset, from_csv, _ = read(tmp_path / "b.csv", "\ufeff" + (tmp_path / "b.csv").read_text())
    assert from_json == from_csv
    assert from_csv["Q1"].seats[0].start == "2018-10-01"
    assert dataset.jurisdiction == "EE"


def test_variables_of_somebody_elses_query_are_understood(tmp_path: Path) -> None:
    held = {
        "person": uri("Q1"),
        "personLabel": word("Ann Lee", "en"),
        "body": uri("Q8"),
        "bodyLabel": word("Riigivolikogu", "en"),
        "group": uri("Q7"),
        "groupLabel": word("Greens", "en"),
        "mail": word("ann@volikogu.example"),
    }
    shown = {"head": {"vars": [*held]}, "results": {"bindings": [held]}}
    plain = [{name: cell["value"] for name, cell in held.items()}]
    table = ",".join(held) + "\n" + ",".join(plain[0].values()) + "\n"
    for written in (json.dumps(shown), json.dumps(plain), table):
        dataset, people, records = read(tmp_path / "theirs.json", written)
        assert people["Q1"].name == "Ann Lee"
        assert [one.value for one in people["Q1"].contacts] == ["ann@volikogu.example"]
        assert {one.name for one in records if isinstance(one, Body)} >= {"Riigivolikogu", "Greens"}
        assert dataset.source == "wikidata-q8"


def test_who_has_no_name_is_told(tmp_path: Path) -> None:
    nameless = row("Q2", itemLabel=word("Q2"))
    nobody = {"itemLabel": word("Somebody")}
    _, people, records = read(tmp_path / "a.json", answer(row(), nameless, nobody))
    assert list(people) == ["Q1"]
    told = {one.place: str(one.words) for one in records if isinstance(one, Problem)}
    assert "no name" in told["Q2"]
    assert "1 rows name nobody" in told["a.json"]


@pytest.mark.parametrize(
    "written",
    [
        '{"head": {"vars": ["item"]}, "results": {"bindings": 3}}',
        '{"head": {"vars": ["item"]}, "results"',
    ],
)
def test_a_broken_answer_is_refused(tmp_path: Path, written: str) -> None:
    with pytest.raises(BadFile):
        read(tmp_path / "a.json", written)


@pytest.mark.parametrize(
    "data", [b"", b"item,name\nx,Ann\n", b'{"persons": []}', b'[{"item": "x"}]', b"\x00"]
)
def test_other_files_are_no_answers(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    with opened(tmp_path) as upload:
        assert sparql.FORMAT.datasets(upload) == []


@pytest.mark.parametrize("kind", ["holders", "legislature", "ministers"])
def test_queries_ask_for_what_the_reader_reads(kind: str) -> None:
    asked = query("Q486839", kind)
    assert "wd:Q486839" in asked
    assert asked.count("{") == asked.count("}")
    for variable in ("?item", "?statement", "?startPrecision", "?email", "?countryCode"):
        assert variable in asked


@pytest.mark.parametrize(
    ("of", "kind"), [("486839", "holders"), ("Q1 } #", "holders"), ("Q1", "x")]
)
def test_queries_take_numbers_only(of: str, kind: str) -> None:
    with pytest.raises(BadInput):
        query(of, kind)
