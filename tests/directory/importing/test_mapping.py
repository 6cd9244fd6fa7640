"""What headers mean, how a mapping is guessed, kept and applied again."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.directory.importing.countries import country_code, country_name
from outreach.directory.importing.languages import language_tag
from outreach.directory.importing.sheets import mapping
from outreach.directory.importing.sheets.guessing import Guess, guess
from outreach.directory.importing.sheets.headers import SYNONYMS, is_field, meaning, purpose_in
from outreach.directory.importing.sheets.mapping import (
    Mapping,
    as_json,
    from_json,
    matches,
    shipped,
)
from outreach.directory.importing.sheets.tables import table
from outreach.errors import BadInput


def guessed(folder: Path, text: str) -> Guess:
    """The guess for a CSV with this content."""
    path = folder / "list.csv"
    path.write_text(text)
    return guess(table(path, "list.csv"))


def fields(folder: Path, text: str) -> dict[str, str]:
    """{header: guessed field}."""
    return {one.header: one.field for one in guessed(folder, text).columns}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("epid", "id"),
        ("fullName", "name"),
        ("PersonOfficialFirstName", "given"),
        ("Prénom usuel", "given"),
        ("NACHNAME", "family"),
        ("議員氏名", "name"),
        ("会派", "group"),
        ("選挙区", "area"),
        ("任期満了", "end"),
        ("読み方", "reading"),
        ("Courrier électronique", "email"),
        ("EMAIL ADDRESS", "email"),
        ("e-mail 2", "email"),
        ("электронная почта", "email"),
        ("ηλεκτρονικό ταχυδρομείο", "email"),
        ("sähköposti", "email"),
        ("Electorate Address Line 1", "address1@constituency"),
        ("Telefon (Wahlkreis)", "phone@constituency"),
        ("press email", "email@press"),
        ("Address line 2", "address2"),
        ("Postal code", "postcode"),
        ("name_uk", "name:uk"),
        ("E-Mail / Courriel / Пошта", "email"),
        ("First name / Imię / Ім'я", "given"),
        ("Name, Vorname", "name"),
        ("Wikidata", "identifier:wikidata"),
        ("FromDateTime", "start"),
        ("MDBWP_VON", "start"),
        ("Post Nominals", "suffix"),
        ("valkrets", "area"),
        ("klub", "group"),
    ],
)
def test_headers_of_real_lists_are_known(header, field):
    found = meaning(header)
    assert found is not None
    assert found.field == field
    assert is_field(found.field)


@pytest.mark.parametrize("header", ["Favourite colour", "", "Contact", "Phone / Email", "(3)"])
def test_other_headers_are_not(header):
    assert meaning(header) is None


def test_every_word_leads_to_a_field():
    assert {one for one in SYNONYMS.values() if not is_field(one)} == {"contact_word"}


def test_a_header_above_others_names_a_purpose():
    assert purpose_in("Wahlkreis / Okręg") == "constituency"
    assert purpose_in("Person") == ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Name,Vorname,Mail\nEx,Ann,a@b.example\n", ["family", "given", "email"]),
        ("Nombre,Apellidos\nAna,Ejemplo Dos\n", ["given", "family"]),
        ("Nom,Prénom,Mél\nEx,Zoé,z@b.example\n", ["family", "given", "email"]),
        ('Name,E-Mail\n"Ex, Ann",a@b.example\n', ["name_family_given", "email"]),
        ("Name,Reach them here\nAnn Ex,a@b.example\n", ["name", "email"]),
        ("Name,Title\nAnn Ex,Minister of Health\n", ["name", "role"]),
        ("Name,Title\nAnn Ex,Dr.\n", ["name", "prefix"]),
        ("Name,Photo URL,Homepage\nA B,http://x.example/p,x.example\n", ["name", "ignored", "web"]),
        ("Name,Email,E-Mail 2\nA B,a@b.example,c@b.example\n", ["name", "email", "email"]),
        ("Name,Full name\nAnn,Ann Ex\n", ["name", ""]),
        ("Name,Email\nMinistry of Health,a@b.example\n", ["body", "email"]),
    ],
)
def test_columns_are_guessed_by_header_and_content(tmp_path, text, wanted):
    assert list(fields(tmp_path, text).values()) == wanted


def test_an_email_column_without_addresses_is_doubted(tmp_path):
    found = guessed(tmp_path, "Name,Email\n" + "Ann Ex,call her\n" * 20)
    assert found.columns[1].confidence < 0.5


def test_columns_of_committees_are_found_by_their_letters(tmp_path):
    found = guessed(tmp_path, "Name,AFET,DEVE,ENVI,PARTY\nAnn Ex,M,,S,Greens\nBob Why,,C,,\n")
    assert found.mapping.flags is not None
    assert found.mapping.flags.headers == "AFET|DEVE|ENVI"
    assert found.mapping.field_of("PARTY") == "party"


def test_the_country_is_told_by_the_addresses(tmp_path):
    text = "Name,Email\n" + "Ann Ex,ann@parl.uk\n" * 5
    assert guessed(tmp_path, text).country == "GB"
    assert guessed(tmp_path, text + "Bob,b@x.eu\n" * 5).country == ""


def test_the_rows_can_still_be_read_after_the_guess(tmp_path):
    (tmp_path / "list.csv").write_text("Name,Email\n" + "Ann Ex,ann@parl.example\n" * 500)
    found = table(tmp_path / "list.csv", "list.csv")
    assert len(guess(found).rows) == 200
    assert len(list(found.rows)) == 500


def test_a_saved_mapping_fits_the_same_headers_only():
    saved = Mapping(headers=("Name", "E-Mail"), columns={"Name": "name"})
    assert matches(saved, ["e-mail", "name"])
    assert not matches(saved, ["Name", "E-Mail", "Phone"])
    assert not matches(saved, ["Name"])


def test_a_mapping_survives_being_json():
    for one in shipped():
        assert from_json(as_json(one)) == one


@pytest.mark.parametrize(
    "value",
    [
        {"columns": {"Name": "surname of sorts"}},
        {"columns": {"Name": "name@office"}},
        {"flags": {"headers": "(", "values": {}}},
        {"constants": {"role": "king"}},
        {"nonsense": True},
    ],
)
def test_a_mapping_that_is_none_is_refused(value):
    with pytest.raises(BadInput):
        from_json(value)


def test_shipped_mappings_do_not_take_each_others_lists():
    names = [one.name for one in shipped()]
    assert len(names) == len(set(names)) >= 11
    for one in shipped():
        headers = [*one.required, *one.columns]
        assert mapping.shipped_for(headers, "names.csv" if one.file else "list.csv") == one


def test_countries_and_languages_in_many_languages():
    assert [country_code(one) for one in ("gr", "EL", "Греция", "Griechenland", "Grèce")] == [
        "GR"
    ] * 5
    assert [country_code(one) for one in ("NA", "us-ca", "Nowhere", "", "EU", "UK", "xx")] == [
        *("NA", "US-CA", "", "", "EU", "GB", "")
    ]
    assert country_name("cz") == country_name("Czech Republic") == "Czechia"
    assert country_name("Atlantis") == "Atlantis"
    assert [language_tag(one) for one in ("uk", "Ukrainisch", "français", "pt-BR", "?")] == [
        *("uk", "uk", "fr", "pt-BR", "")
    ]
