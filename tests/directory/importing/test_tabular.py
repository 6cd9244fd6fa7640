"""Lists of people and institutions read from tables, by shipped, saved and guessed mappings."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from outreach.directory.importing.opening import opened
from outreach.directory.importing.records import Body, PersonRecord, Problem, as_json
from outreach.directory.importing.registry import Dataset
from outreach.directory.importing.sheets import reader as tabular
from outreach.directory.importing.sheets.cells import day, lost_letters
from outreach.directory.models import OrganizationKind, TargetRole
from outreach.errors import BadFile, BadInput
from tests.directory.importing.made_by_hand import TITLE, made_by_hand


class Read:
    """What a table gave: bodies, people, problems."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        records = list(tabular.read(dataset))
        self.people = [one for one in records if isinstance(one, PersonRecord)]
        self.bodies = {one.key: one for one in records if isinstance(one, Body)}
        self.problems = [one for one in records if isinstance(one, Problem)]
        keys: set[str] = set()
        for one in records:
            if isinstance(one, Body):
                assert not one.parent or one.parent in keys
                keys.add(one.key)
            if isinstance(one, PersonRecord):
                assert all(seat.organization in keys for seat in one.seats)
                assert all(not seat.on_behalf_of or seat.on_behalf_of in keys for seat in one.seats)

    def ways(self, kind: str, person: int = 0) -> list[str]:
        """Values of one kind of contact of a person."""
        return [one.value for one in self.people[person].contacts if one.kind == kind]


def dataset_of(folder: Path, text: str | bytes, name: str = "list.csv") -> Dataset:
    """The one dataset of a file with this content."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with opened(path) as upload:
        (found,) = tabular.datasets(upload)
    return found


def read(folder: Path, text: str | bytes, name: str = "list.csv", **options: object) -> Read:
    """What a file with this content gives, with these options."""
    found = dataset_of(folder, text, name)
    return Read(replace(found, options={**found.options, **options}))


MEPS = (
    "dxid,country,first_name,last_name,email,birthdate,gender,eugroup,party,phone,office,committee,"
    "substitute,delegation,twitter,epid,since,AFET,DEVE,ZZZZ\n"
    "a1,pl,Łucja,ŻÓŁĆ,lucja.zolc@europarl.europa.eu,1980-05-27,F,S&D,Partia Wzorowa,003222845999,"
    "15G146,AFET,,,zolc_ex,900001,2024-07-16,C,S,\n"
    "a2,?,Bob,McEXAMPLE,bob.example@gmail.com;b@mcexample.example,,M,NA,??,,,,,??|??,,900002,,,,M\n"
)


def test_the_mep_list_is_known(tmp_path):
    found = read(tmp_path, MEPS, "2024-07-24/meps.csv")
    assert found.dataset.as_of == dt.date(2024, 7, 24)
    assert (found.dataset.source, found.dataset.unsure) == ("mep-list", False)
    ann = found.people[0]
    assert (ann.key, ann.identifiers) == ("900001", {"mep": "900001"})
    assert (ann.name, ann.given_name, ann.family_name) == ("Łucja ŻÓŁĆ", "Łucja", "ŻÓŁĆ")
    assert (ann.gender, ann.birth_date) == ("f", "1980-05-27")
    assert found.ways("phone") == ["+32 2 284 59 99"]
    assert found.ways("social") == ["https://twitter.com/zolc_ex"]
    main, chair, substitute, party = ann.seats
    assert (main.role, main.area, main.start) == (TargetRole.MEP, "Poland", "2024-07-16")
    assert found.bodies[main.organization].name == "European Parliament"
    assert found.bodies[main.on_behalf_of].kind is OrganizationKind.GROUP
    assert "Socialists" in found.bodies[main.on_behalf_of].name
    assert (chair.role, chair.label) == (TargetRole.COMMITTEE_CHAIR, "Chair")
    assert found.bodies[chair.organization].name == "Committee on Foreign Affairs"
    assert found.bodies[chair.organization].parent == main.organization
    assert (substitute.role, substitute.label) == (TargetRole.MEMBER, "Substitute")
    assert found.bodies[party.organization].jurisdiction == "PL"
    assert ann.extras == {"dxid": "a1", "office": "15G146"}


def test_a_question_mark_is_unknown_and_not_a_party(tmp_path):
    found = read(tmp_path, MEPS)
    bob = found.people[1]
    assert (bob.seats[0].area, bob.extras) == ("", {"dxid": "a2"})
    assert [found.bodies[one.organization].name for one in bob.seats] == [
        *("European Parliament", "ZZZZ")
    ]
    assert [(one.value, one.purpose) for one in bob.contacts] == [
        ("bob.example@gmail.com", "office"),
        ("b@mcexample.example", "constituency"),
    ]
    assert [one for one in found.problems if one.stops] == []


def test_a_name_that_lost_letters_is_told_and_the_whole_one_wins(tmp_path):
    head = MEPS.split("\n")[0]
    rows = [
        f"{number},pl,Anna,{name},,,F,,,,,,,,,{number},,,,"
        for number, name in ((1, "MU?OZ"), (2, "MU?OZ"), (2, "MUÑOZ"))
    ]
    found = read(tmp_path, "\n".join([head, *rows]))
    assert [one.name for one in found.people] == ["Anna MU?OZ", "Anna MUÑOZ"]
    assert found.people[1].other_names == []
    assert "lost" in str(found.problems[0].words)
    assert lost_letters("Mu?oz")
    assert not lost_letters("Muñoz")


TERM = (
    "id,name,sort_name,email,twitter,facebook,group,group_id,area_id,area,chamber,term,start_date,"
    "end_date,image,gender\n"
    'u-1,Ann Ex,"Ex, Ann",ann@p.example,annex,,Greens,g,area/a,North,Riigikogu,13,,2015-05-01,'
    "http://x.example/a.jpg,female\n"
    'u-1,Ann Ex,"Ex, Ann",ann@p.example,annex,,Reds,r,area/a,North,Riigikogu,13,2015-05-02,,,\n'
    "u-2,Bob Why,Bob Why,n/a,,,INDEPENDENT,i,area/b,South,Riigikogu,13,,,,male\n"
)


def test_a_term_of_everypolitician_is_known_by_its_chamber(tmp_path):
    found = read(tmp_path, TERM, "data/Estonia/Riigikogu/term-13.csv")
    assert found.dataset.source == "everypolitician-ee-riigikogu-term-13"
    assert found.dataset.jurisdiction == "EE"
    assert [one.key for one in found.people] == ["u-1", "u-2"]
    first, second = found.people[0].seats
    assert (first.end, second.start) == ("2015-05-01", "2015-05-02")
    assert found.bodies[first.on_behalf_of].name == "Greens"
    assert found.people[0].given_name == "Ann"
    assert found.people[1].seats[0].on_behalf_of == ""
    assert found.bodies[first.organization].jurisdiction == "EE"
    alone = dataset_of(tmp_path, TERM, "term-13.csv")
    assert alone.source == "everypolitician-riigikogu-term-13"


def test_names_of_everypolitician_are_spellings_of_people(tmp_path):
    found = read(tmp_path, "name,id\nAnn Ex,u-1\nAnna Ex,u-1\nБоб,u-2\n", "names.csv")
    assert not found.dataset.complete
    assert found.people[0].other_names == [{"name": "Anna Ex", "form": "other"}]
    assert found.people[0].seats == []
    assert dataset_of(tmp_path, "name,id\nAnn Ex,u-1\n", "people.csv").unsure


def test_a_french_list_in_cp1252_with_comments(tmp_path):
    text = (
        "% Sénat\n% liste\nMatricule,Qualité,Nom usuel,Prénom usuel,État,Date naissance,"
        "Groupe politique,Commission permanente,Circonscription,Courrier électronique\n"
        "00001A,Mme,Exemple,Zoé,ACTIF,1960-02-03 00:00:00,GEST,Lois,Ain,z.exemple@senat.example\n"
        "00002B,M.,Ancien,Luc,ANCIEN,1940-02-03 00:00:00,UC,,Jura,Non public\n"
    )
    found = read(tmp_path, text.encode("cp1252"), "ODSEN_GENERAL.csv")
    assert found.dataset.source == "fr-senat"
    zoe, luc = found.people
    assert (zoe.honorific, zoe.birth_date, zoe.seats[0].area) == ("Mme", "1960-02-03", "Ain")
    assert zoe.seats[0].role is TargetRole.MEMBER_UPPER
    assert found.bodies[zoe.seats[1].organization].kind is OrganizationKind.COMMITTEE
    assert (luc.seats, luc.contacts) == ([], [])
    assert any("cp1252" in str(one.words) for one in found.problems)


def test_a_canadian_council(tmp_path):
    text = (
        "District name,Primary role,Name,First name,Last name,Email,Address line 1,Locality,"
        "Province,Postal code,Phone,Cell,Fax\n"
        "Ward 1,Councillor,Ann Ex,Ann,Ex,ann@town.example,1 Main St,Town,ON,K1A 0A6,613-555-0101,,"
        "\nTown,Mayor,Bob Why,Bob,Why,,,Town,ON,,,613-555-0102,\n"
    )
    found = read(tmp_path, text, "Exampletown 2024.csv")
    assert found.dataset.source == "represent-exampletown"
    assert {one.kind for one in found.bodies.values()} == {OrganizationKind.COUNCIL}
    assert found.ways("postal") == ["1 Main St\nTown ON K1A 0A6"]
    assert found.ways("phone") == ["+1 613-555-0101"]
    assert found.ways("postal", 1) == []
    assert found.people[1].contacts[0].label == "mobile"
    assert [one.seats[0].label for one in found.people] == ["Councillor", "Mayor"]
    assert found.bodies[found.people[0].seats[0].organization].jurisdiction == "CA"


def test_australian_labels_keep_two_doors_apart(tmp_path):
    headers = (
        "Honorific,Salutation,Post Nominals,Surname,First Name,Electorate,State,Political Party,"
        "Gender,Telephone,Electorate Address Line 1,Electorate Suburb,Electorate State,"
        "Electorate PostCode,Electorate Telephone,Electorate Postal Address,"
        "Electorate Postal Suburb,Electorate Postal State,Electorate Postal Postcode"
    )
    row = (
        "Hon,Ms,MP,Example,Ann,North,NSW,ALP,Female,(02) 6277 0101,1 High St,Newtown,NSW,2042,"
        "(02) 9555 0102,PO Box 1,Newtown,NSW,2042"
    )
    found = read(tmp_path, f"{headers}\n\n{row}\n")
    street, box = (one for one in found.people[0].contacts if one.kind == "postal")
    assert street.value == "1 High St\nNewtown NSW 2042"
    assert (street.purpose, street.bundle) == ("constituency", "constituency")
    assert (box.purpose, box.bundle) == ("constituency", "constituency.post")
    phones = [one for one in found.people[0].contacts if one.kind == "phone"]
    assert {(one.purpose, one.bundle) for one in phones} == {
        *{("parliament", ""), ("constituency", "constituency")}
    }
    assert found.people[0].other_names == [{"name": "Ms", "form": "address"}]
    assert (found.dataset.source, found.people[0].seats[0].area) == ("au-representatives", "North")
    senate = read(tmp_path, f"{headers}\n{row}\n".replace("Electorate,", "").replace("North,", ""))
    assert (senate.dataset.source, senate.people[0].seats[0].area) == ("au-senators", "NSW")
    assert senate.people[0].seats[0].role is TargetRole.MEMBER_UPPER


def test_public_bodies_are_institutions(tmp_path):
    text = (
        "id,name,abbreviation,classification,parent_id,dissolution_date,url,jurisdiction_code,email,"
        "address\n"
        "xx/b,Office of Examples,OE,office,xx/a,,http://oe.example,DE,oe@gov.example,Weg 1\n"
        "xx/a,Ministry of Samples,MS,ministry,,,,DE,ms@gov.example,\n"
        "xx/c,Gone Office,GO,office,,1999-01-01,,DE,,\n"
    )
    found = read(tmp_path, text)
    assert found.people == []
    ministry, office = found.bodies.values()
    assert ministry.identifiers == {"publicbodies": "xx/a"}
    assert office.parent == ministry.key
    assert [one.value for one in office.contacts] == [
        "oe@gov.example",
        "http://oe.example",
        "Weg 1",
    ]
    assert [(one.name, one.stops) for one in found.problems] == [("Gone Office", True)]


def test_lists_of_json_objects(tmp_path):
    sejm = [
        {
            "id": 1,
            "firstLastName": "Ann Ex",
            "lastFirstName": "Ex Ann",
            "firstName": "Ann",
            "lastName": "Ex",
            "club": "KW",
            "districtName": "Łódź",
            "active": active,
            "email": "ann.ex@sejm.example",
            "birthDate": "1970-01-02",
        }
        for active in (True, False)
    ]
    sejm[1]["id"] = 2
    found = read(tmp_path, json.dumps(sejm), "mp.json")
    assert [len(one.seats) for one in found.people] == [1, 0]
    norway = {
        "versjon": "1.6",
        "representanter_liste": [
            {
                "id": "AEX",
                "fornavn": "Ann",
                "etternavn": "Ex",
                "foedselsdato": "1970-01-02",
                "fylke": {"id": "Os", "navn": "Oslo"},
                "parti": {"id": "X", "navn": "Xparti"},
            }
        ],
    }
    found = read(tmp_path, json.dumps(norway), "rep.json")
    assert (found.dataset.jurisdiction, found.people[0].seats[0].area) == ("NO", "Oslo")


def test_a_sheet_made_by_hand_reads_by_guess_alone(tmp_path):
    path = made_by_hand(tmp_path / "Lista posłów 2026-03-03.xlsx")
    with opened(path) as upload:
        (dataset,) = tabular.datasets(upload)
    assert dataset.unsure
    assert (dataset.source, dataset.as_of) == ("sheet-lista-poslow", dt.date(2026, 3, 3))
    found = Read(replace(dataset, jurisdiction="PL"))
    assert [one.name for one in found.people] == [
        *("Łucja Zmyślona-Żółć", "Bogdan Wymyślny", "Щепан Вигаданий")
    ]
    assert found.people[0].title_prefix == "dr"
    assert found.ways("phone") == ["+48 22 555 01 01"]
    assert found.ways("postal") == ["ul. Nieistniejąca 1\n00-001"]
    assert found.ways("email", 1) == []
    assert found.ways("email", 2) == ["s.vyhadanyi@senat.example", "biuro7@senat.example"]
    assert [one.seats[0].role for one in found.people] == [
        *(TargetRole.MEMBER_LOWER, TargetRole.MEMBER_LOWER, TargetRole.MEMBER_UPPER)
    ]
    assert {one.seats[0].start for one in found.people} == {"2023-11-13"}
    assert found.people[2].seats[0].on_behalf_of == ""
    assert found.people[1].extras == {"Notes / Uwagi / Примітки": "pisze tylko listy"}
    assert not any(one.stops for one in found.problems)
    assert TITLE in str(found.problems[1].words)


def test_windows_1251_comes_out_in_cyrillic(tmp_path):
    text = "Имя;Фамилия;Почта;Партия\nЩепан;Выдуманный;s@parl.example;Образцовая партия\n"
    found = read(tmp_path, text.encode("cp1251"))
    assert found.people[0].name == "Щепан Выдуманный"
    assert any("windows-1251" in str(one.words) for one in found.problems)


@pytest.mark.parametrize("last", ["Summe: 2;;;", "TOTAL;2;;", "Разом;;;2", "2 összesen;;;"])
def test_a_line_that_sums_the_list_up_is_nobody(tmp_path, last):
    text = f"Name;Telefon;E-Mail;Partei\nAnn Lee;;ann@x.example;\nTotal Tim;;;Rot\n{last}\n"
    found = read(tmp_path, text + "Total;030 1234567;;\n")
    assert [one.name for one in found.people] == ["Ann Lee", "Total Tim", "Total"]
    assert [one.stops for one in found.problems if "sums" in str(one.words)] == [True]


def test_people_without_ids_have_keys_that_stay(tmp_path):
    text = "Name,Chamber,Area,Email\nAnn Ex,Senate,North,a@parl.example\nANN EX,Senate,North,\n"
    first = read(tmp_path, text)
    again = read(tmp_path, "Email,Area,Chamber,Name\nnew@parl.example,North,Senate,Ann  Ex\n")
    assert [one.key for one in first.people] == [one.key for one in again.people]
    assert as_json(first.people[0]) == as_json(read(tmp_path, text).people[0])


def test_namesakes_without_id_are_told(tmp_path):
    text = "Name,Email,Chamber\nAnn Ex,a@parl.example,Senate\nAnn Ex,b@parl.example,Senate\n"
    found = read(tmp_path, text)
    assert len(found.people) == 1
    assert "stands twice" in str(found.problems[0].words)


def test_one_id_for_two_names_is_no_id(tmp_path):
    text = "id,Name,Email\n7,Ann Ex,a@parl.example\n7,Bob Why,b@parl.example\n7,Ann Ex-Ample,\n"
    found = read(tmp_path, text)
    assert [one.key for one in found.people] == ["7", "7|bob why"]
    assert "kept apart" in str(found.problems[0].words)


def test_every_value_left_out_is_told_with_line_and_column(tmp_path):
    text = (
        "Name,Email,Website,Phone,Born,Country\n"
        "Ann Ex,not an address,no link,none,1st of May,Atlantis\n"
        ",x@parl.example,,,,\n"
        "Bob Why,b@parl.example,x.example,+48 22 555 01 01,45292,Polska,surplus\n"
    )
    text = text.replace("Born", "Date of birth")
    found = read(tmp_path, text, jurisdiction="PL")
    places = {one.place for one in found.problems}
    assert places >= {
        f"list.csv, line 2, column “{one}”"
        for one in ("Email", "Website", "Phone", "Date of birth", "Country")
    }
    assert [one.place for one in found.problems if one.stops] == ["list.csv, line 3"]
    assert found.people[1].extras == {"(7)": "surplus"}
    assert found.people[1].birth_date == "2024-01-01"
    assert found.bodies[found.people[1].seats[0].organization].jurisdiction == "PL"


def test_a_cell_beyond_the_header_is_told(tmp_path):
    text = "Name,Email\n" + "Ann Ex,a@parl.example\n" * 300 + "Bob Why,b@parl.example,odd\n"
    found = read(tmp_path, text)
    assert "3 cells" in str(found.problems[-1].words)
    assert found.problems[-1].place == "list.csv, line 302"


def test_two_rows_of_one_person_are_put_together(tmp_path):
    text = (
        "id,Name,Committee,Email,Chamber\n1,Ann Ex,Justice; Budget,a@parl.example,House\n"
        "1,Ann Ex,Defence,a@parl.example; a2@parl.example,House\n"
    )
    found = read(tmp_path, text)
    (ann,) = found.people
    assert found.ways("email") == ["a@parl.example", "a2@parl.example"]
    kinds = [found.bodies[one.organization].kind for one in ann.seats]
    assert kinds.count(OrganizationKind.COMMITTEE) == 3
    assert kinds.count(OrganizationKind.CHAMBER) == 1


def test_a_vacant_office_still_has_its_door(tmp_path):
    text = (
        "Organisation,Name,Position,Email\nMinistry of Health,Ann Ex,Minister of Health,\n"
        "Ministry of Justice,,Minister,office@justice.example\n"
    )
    found = read(tmp_path, text, jurisdiction="UA")
    assert found.people[0].seats[0].role is TargetRole.MINISTER
    justice = next(one for one in found.bodies.values() if "Justice" in one.name)
    assert (justice.kind, justice.jurisdiction) == (OrganizationKind.MINISTRY, "UA")
    assert [one.value for one in justice.contacts] == ["office@justice.example"]


def test_a_body_in_our_own_export_is_no_person(tmp_path):
    got = read(
        tmp_path,
        "id,name,role,organization,email\n"
        "person/1,Ann Lee,minister,Ministry of Samples,ann@mos.example\n"
        "organization/7,Ministry of Samples,ministry,Ministry of Samples,info@mos.example\n",
    )
    assert [one.name for one in got.people] == ["Ann Lee"]
    (body,) = got.bodies.values()
    assert [one.value for one in body.contacts] == ["info@mos.example"]
    assert got.problems == []


def test_a_list_without_a_body_hangs_on_its_own_name_or_on_what_is_said(tmp_path):
    text = "Name,Email\nAnn Ex,a@parl.example\n"
    found = read(tmp_path, text, "Friends 2025.csv")
    assert [one.name for one in found.bodies.values()] == ["Friends 2025"]
    found = read(tmp_path, text, body="Landtag", jurisdiction="DE", locale="de")
    (body,) = found.bodies.values()
    assert (body.name, body.kind) == ("Landtag", OrganizationKind.PARLIAMENT)
    assert (body.jurisdiction, body.names) == ("DE", {"de": "Landtag"})


def test_confirming_columns_makes_a_mapping_that_is_applied_again(tmp_path):
    text = "Who,Where to write,Colour\nAnn Ex,a@parl.example,red\n"
    dataset = dataset_of(tmp_path, text)
    shown = tabular.proposal(dataset)
    assert json.dumps([shown["headers"], shown["mapping"], shown["rows"], shown["people"]])
    assert [one["field"] for one in shown["headers"]] == ["", "email", ""]
    assert shown["needs_body"]
    saved = tabular.mapping_from_choice(
        dataset,
        {"Who": "name", "Where to write": "email", "Colour": ""},
        {"jurisdiction": "DE", "body": "Landtag", "body_kind": "parliament"},
    )
    sure = tabular.with_saved(dataset_of(tmp_path, text, "next year.csv"), [{}, saved])
    assert (sure.unsure, sure.jurisdiction) == (False, "DE")
    found = Read(sure)
    assert found.people[0].extras == {"Colour": "red"}
    assert found.bodies[found.people[0].seats[0].organization].name == "Landtag"
    assert [one["confidence"] for one in tabular.proposal(sure)["headers"]] == [1.0, 1.0, 0.0]
    other = dataset_of(tmp_path, "Who,Colour\nAnn Ex,red\n")
    assert tabular.with_saved(other, [saved]).unsure
    with pytest.raises(BadFile, match="confirmed"):
        list(tabular.read(replace(other, options={"mapping": saved})))


def test_changing_a_known_list_keeps_what_nobody_is_asked(tmp_path):
    dataset = dataset_of(tmp_path, MEPS, "meps.csv")
    columns = {one["header"]: one["field"] for one in tabular.proposal(dataset)["headers"]}
    saved = tabular.mapping_from_choice(
        dataset,
        {**columns, "office": "note", "twitter": ""},
        {"jurisdiction": "EU", "body": "European Parliament", "role": "mep"},
    )
    found = Read(replace(dataset, options={**dataset.options, "mapping": saved}))
    ann = found.people[0]
    assert (ann.identifiers, found.ways("phone")) == ({"mep": "900001"}, ["+32 2 284 59 99"])
    assert ann.seats[1].label == "Chair"
    assert (ann.extras["twitter"], found.ways("social")) == ("zolc_ex", [])


def test_another_sheet_is_looked_at_anew(tmp_path):
    path = made_by_hand(tmp_path / "list.xlsx")
    with opened(path) as upload:
        (dataset,) = tabular.datasets(upload)
    saved = tabular.proposal(dataset)["mapping"]
    options = {**dataset.options, "mapping": saved, "sheet": "Notatki"}
    shown = tabular.proposal(replace(dataset, options=options))
    assert (shown["sheet"], len(shown["headers"])) == ("Notatki", 1)


@pytest.mark.parametrize(
    "columns", [{"Nobody": "name"}, {"Name": "hat size"}, {"Name": "", "Email": "email"}]
)
def test_a_choice_that_makes_no_sense_is_refused(tmp_path, columns):
    dataset = dataset_of(tmp_path, "Name,Email\nAnn Ex,a@parl.example\n")
    with pytest.raises(BadInput):
        tabular.mapping_from_choice(dataset, columns, {})


def test_what_is_no_table_is_left_to_others(tmp_path):
    (tmp_path / "people.yaml").write_text("- name: Ann\n")
    (tmp_path / "deep.json").write_text('{"a": {"b": 1}}')
    with opened(tmp_path) as upload:
        assert tabular.datasets(upload) == []
    (tmp_path / "bad.csv").write_text("<html>")
    with opened(tmp_path / "bad.csv") as upload, pytest.raises(BadFile):
        tabular.datasets(upload)
    with opened(tmp_path / "deep.json") as upload:
        assert tabular.datasets(upload) == []


def test_a_file_kept_under_its_hash_is_called_by_its_name(tmp_path):
    kept = tmp_path / ("ab" * 32 + "-meps.csv")
    kept.write_text(TERM)
    with opened(kept, "data/term-13.csv") as upload:
        (dataset,) = tabular.datasets(upload)
    assert dataset.source == "everypolitician-riigikogu-term-13"
    assert Read(dataset).people[0].place == "data/term-13.csv, line 3"[:-1] + "2"


def test_days_as_excel_and_people_write_them():
    assert [day(one) for one in ("45292", "45292.5", "2024", "16.7.2024", "2024-07-16", "x")] == [
        *("2024-01-01", "2024-01-01", "2024", "2024-07-16", "2024-07-16", "")
    ]
    assert tabular.slug_of("MPs 2024-07-24 (2) final v3") == "mps"
    assert tabular.slug_of("2024") == "2024"
    assert tabular.slug_of("議員") != ""
