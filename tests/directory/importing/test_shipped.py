"""Lists as parliaments publish them, read by the mappings that come with the product."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outreach.directory.importing.formats import format_named, recognised
from outreach.directory.importing.opening import opened
from outreach.directory.importing.records import PersonRecord, Problem
from outreach.errors import BadFile

RIKSDAG = {
    "intressent_id": "1",
    "tilltalsnamn": "Anna",
    "efternamn": "Exempel",
    "parti": "X",
    "valkrets": "Skåne län",
}
MAIL = {"kod": "Officiell e-postadress", "uppgift": ["anna[på]parl.example"], "typ": "eadress"}
PHONE = {"kod": "Tjänstetelefon", "uppgift": ["08-786 40 00"], "typ": "telefonnummer"}
SCHOOL = {"kod": "Utbildning", "uppgift": ["anna@school.example"], "typ": "biografi"}
COMMONS = (
    "Honorific Title,First Name,Last Name,Constituency,Province / Territory,"
    "Political Affiliation,Start Date,End Date\n"
    "Hon.,Ann,Sample,Sample Centre,Ontario,Reds,2021-09-20 12:00:00 AM,\n"
)
COMMONS_XML = """\
<ArrayOfMemberOfParliament><MemberOfParliament>
<PersonId>1</PersonId><PersonShortHonorific/>
<PersonOfficialFirstName>Ann</PersonOfficialFirstName>
<PersonOfficialLastName>Sample</PersonOfficialLastName>
<ConstituencyName>Sample Centre</ConstituencyName>
<ConstituencyProvinceTerritoryName>Ontario</ConstituencyProvinceTerritoryName>
<CaucusShortName>Reds</CaucusShortName><FromDateTime>2021-09-20T00:00:00</FromDateTime>
</MemberOfParliament></ArrayOfMemberOfParliament>
"""
DEPUTIES = (
    "id,legislature,civ,nom,prenom,naissance,groupe,groupeAbrev,departementNom,departementCode,"
    "circo,datePriseFonction,mail\n"
    "PA1,17,Mme,Exemple,Anne,1970-01-02,Groupe A,GA,Ain,01,3,2024-07-08,anne@parl.example\n"
)
ASSEMBLY = (
    "identifiant,Prénom,Nom,Région,Département,Numéro de circonscription,Profession,"
    "Groupe politique (complet),Groupe politique (abrégé)\n"
    "1,Anne,Exemple,Région,Ain,3,Avocate,Groupe A,GA\n"
)


def people_in(folder: Path, name: str, text: str) -> tuple[str, list[PersonRecord], list[str]]:
    """Return the source, the people and what is said of a list."""
    (folder / name).write_text(text, "utf-8")
    with opened(folder / name) as upload:
        (dataset,) = recognised(upload)
        assert not dataset.unsure
        records = list(format_named(dataset.format).read(dataset))
    people = [one for one in records if isinstance(one, PersonRecord)]
    return dataset.source, people, [str(one.words) for one in records if isinstance(one, Problem)]


@pytest.mark.parametrize(
    ("name", "text", "source", "area", "start"),
    [
        ("list.csv", COMMONS, "ca-commons", "Sample Centre", "2021-09-20"),
        ("list.xml", COMMONS_XML, "ca-commons", "Sample Centre", "2021-09-20"),
        ("list.csv", DEPUTIES, "fr-deputes", "Ain, 3", "2024-07-08"),
        ("list.csv", ASSEMBLY, "fr-assemblee", "Ain, 3", ""),
    ],
)
def test_a_public_list_is_known_by_its_header(
    tmp_path: Path, name: str, text: str, source: str, area: str, start: str
) -> None:
    found, (person,), said = people_in(tmp_path, name, text)
    assert (found, said) == (source, [])
    assert person.name in ("Ann Sample", "Anne Exemple")
    assert (person.seats[0].area, person.seats[0].start) == (area, start)
    assert person.seats[0].on_behalf_of


@pytest.mark.parametrize("told", [[MAIL, PHONE, SCHOOL], [SCHOOL, MAIL], MAIL])
def test_a_mapping_says_which_item_of_a_list_is_meant(tmp_path: Path, told: Any) -> None:
    listed = [{**RIKSDAG, "personuppgift": {"uppgift": told}, "other": [{"a": 1}]}]
    text = json.dumps({"personlista": {"person": listed}})
    source, (person,), said = people_in(tmp_path, "list.json", text)
    assert source == "se-riksdag"
    assert person.contacts[0].value == "anna@parl.example"
    assert len(person.contacts) == (2 if "Tjänstetelefon" in str(told) else 1)
    assert said == ["Lists inside the objects were not read: other (1)."]


def test_the_list_that_names_people_is_taken_and_not_the_longest(tmp_path: Path) -> None:
    mail = {"@xsi:type": "AdresseMail_Type", "valElec": "anne@parl.example"}
    person = {
        "uid": {"@xsi:type": "IdActeur_type", "#text": "PA1"},
        "etatCivil": {"ident": {"civ": "Mme", "prenom": "Anne", "nom": "Exemple"}},
        "adresses": {"adresse": [{"@xsi:type": "AdressePostale_Type", "ville": "Paris"}, mail]},
    }
    bodies = [{"uid": f"PO{number}", "libelle": "Groupe"} for number in range(9)]
    text = json.dumps({"export": {"organes": {"organe": bodies}, "acteurs": {"acteur": [person]}}})
    source, (anne,), _said = people_in(tmp_path, "amo.json", text)
    assert (source, anne.name, anne.key) == ("fr-assemblee-amo", "Anne Exemple", "PA1")
    assert [one.value for one in anne.contacts] == ["anne@parl.example"]


def test_a_list_of_countries_is_no_list_of_people(tmp_path: Path) -> None:
    rows = ("name,ISO3166-1-Alpha-2,Dial", "Albania,AL,355", "Algeria,DZ,213", "Andorra,AD,376")
    with pytest.raises(BadFile, match="list of countries"):
        people_in(tmp_path, "list.csv", "\n".join(rows))


def test_what_can_t_be_read_among_others_is_told(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(COMMONS, "utf-8")
    (tmp_path / "cut.xlsx").write_bytes(b"PK\x03\x04 cut off")
    with opened(tmp_path) as upload:
        (dataset,) = recognised(upload)
        said = [one for one in format_named("tabular").read(dataset) if isinstance(one, Problem)]
    assert [one.place for one in said] == ["cut.xlsx"]
    assert "damaged" in str(said[0].words)
