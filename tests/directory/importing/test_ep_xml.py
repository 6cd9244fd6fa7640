"""The European Parliament's list of members in XML."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.directory.importing import ep_xml
from outreach.directory.importing.opening import opened
from outreach.directory.importing.records import Body, PersonRecord, Problem
from outreach.directory.models import OrganizationKind, TargetRole
from outreach.errors import BadFile


def mep(name: str, number: str = "900001", party: str = "Partia Wzorowa", more: str = "") -> str:
    """One member."""
    return (
        f"<mep><fullName>{name}</fullName><country>Poland</country>"
        f"<politicalGroup>Renew Europe Group</politicalGroup><id>{number}</id>"
        f"<nationalPoliticalGroup>{party}</nationalPoliticalGroup>{more}</mep>"
    )


def records(folder: Path, text: str, name: str = "full-list.xml") -> list:
    """What a list with this content gives."""
    path = folder / name
    path.write_text(text)
    with opened(path) as upload:
        (dataset,) = ep_xml.datasets(upload)
        return list(ep_xml.read(dataset))


def test_a_member_has_a_group_a_party_and_a_country(tmp_path):
    found = records(tmp_path, f"<?xml version='1.0'?><meps>{mep('Łucja ŻÓŁĆ')}</meps>")
    bodies = {one.key: one for one in found if isinstance(one, Body)}
    (person,) = (one for one in found if isinstance(one, PersonRecord))
    assert (person.key, person.identifiers) == ("900001", {"mep": "900001"})
    assert (person.name, person.given_name, person.family_name) == ("Łucja ŻÓŁĆ", "Łucja", "ŻÓŁĆ")
    main, party = person.seats
    assert (main.role, main.area, main.start, main.end) == (TargetRole.MEP, "Poland", "", "")
    assert bodies[main.organization].name == "European Parliament"
    assert bodies[main.on_behalf_of].kind is OrganizationKind.GROUP
    assert bodies[main.on_behalf_of].parent == main.organization
    assert (bodies[party.organization].name, bodies[party.organization].jurisdiction) == (
        *("Partia Wzorowa", "PL"),
    )
    assert person.contacts == []


@pytest.mark.parametrize("party", ["Independent", "-", ""])
def test_no_party_is_no_party(tmp_path, party):
    found = records(tmp_path, f"<meps>{mep('Ann EX', party=party)}</meps>")
    assert len(found[-1].seats) == 1


def test_mandates_with_days_and_members_without_id(tmp_path):
    days = "<mandate-start>16/07/2024</mandate-start><mandate-end>31/08/2024</mandate-end>"
    found = records(tmp_path, f"<meps>{mep('Ann EX', more=days)}{mep('Bob WHY', number='')}</meps>")
    people = [one for one in found if isinstance(one, PersonRecord)]
    assert (people[0].seats[0].start, people[0].seats[0].end) == ("2024-07-16", "2024-08-31")
    assert people[1].key.startswith("name|")
    assert [one.name for one in found if isinstance(one, Problem)] == ["Bob WHY"]


@pytest.mark.parametrize(
    ("name", "given", "family"),
    [
        ("David McEXAMPLE", "David", "McEXAMPLE"),
        ("Pilar del CASTILLO EJEMPLO", "Pilar", "del CASTILLO EJEMPLO"),
        ("Pilar DEL CASTILLO EJEMPLO", "Pilar", "DEL CASTILLO EJEMPLO"),
        ("Esther de VOORBEELD", "Esther", "de VOORBEELD"),
        ("Sophia in 't VOORBEELD", "Sophia", "in 't VOORBEELD"),
        ("Maria da Graça EXEMPLO", "Maria da Graça", "EXEMPLO"),
        ("Volker BEIẞPIEL", "Volker", "BEIẞPIEL"),
        ("Volker BEIßPIEL", "Volker", "BEIßPIEL"),
        ("Ευάγγελος ΠΑΡΆΔΕΙΓΜΑ", "Ευάγγελος", "ΠΑΡΆΔΕΙΓΜΑ"),
        ("Seán Ó SAMPLA", "Seán", "Ó SAMPLA"),
        ("Grace O'SAMPLE", "Grace", "O'SAMPLE"),
        ("Charles d'EXEMPLE", "Charles", "d'EXEMPLE"),
        ("J. A. SAMPLE", "J. A.", "SAMPLE"),
        ("Róża Gräfin von MUSTER UND PROBE", "Róża Gräfin", "von MUSTER UND PROBE"),
        ("Cher", "", ""),
        ("ALL CAPITALS", "", ""),
        ("", "", ""),
    ],
)
def test_a_name_is_split_where_capitals_begin(name, given, family):
    assert ep_xml.at_capitals(name) == (given, family)


def test_a_page_that_checks_for_robots_is_told_apart(tmp_path):
    page = tmp_path / "xml"
    page.write_text("<!DOCTYPE html><html><script>window.gokuProps = {}</script></html>")
    with opened(page) as upload, pytest.raises(BadFile, match="robots"):
        ep_xml.datasets(upload)
    page.write_text("<html><body>Something else</body></html>")
    with opened(page) as upload:
        assert ep_xml.datasets(upload) == []


def test_a_list_in_a_namespace_is_read(tmp_path):
    plain = "<meps>" + mep("Ann LEE") + "</meps>"
    found = [
        [one for one in records(tmp_path, text) if isinstance(one, PersonRecord)]
        for text in (plain, plain.replace("<meps", '<meps xmlns="urn:list"'))
    ]
    assert found[0] == found[1] != []


def test_a_list_with_a_document_type_or_nobody_in_it_is_refused(tmp_path):
    bomb = "<?xml version='1.0'?><!DOCTYPE meps [<!ENTITY a 'aaaa'>]><meps><mep>&a;</mep></meps>"
    for text, word in ((bomb, "document type"), ("<meps></meps>", "no member")):
        with pytest.raises(BadFile, match=word):
            records(tmp_path, text)
