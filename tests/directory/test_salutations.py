"""Forms of address: office before name, sex never guessed, no gap, one block for one letter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from outreach import datafile
from outreach.config import shipped
from outreach.directory.files import SourcesFile
from outreach.directory.models import (
    Confidence,
    FormOfAddress,
    Organization,
    OrganizationKind,
    Person,
    TargetRole,
)
from outreach.directory.salutation_blocks import block_for, blocks
from outreach.directory.salutations import (
    OF_BODY,
    OF_PERSON,
    OF_POST,
    Salutation,
    salutation_for,
)
from outreach.errors import Refused

M, F, X = FormOfAddress.M, FormOfAddress.F, FormOfAddress.X


def greeted(
    language: str,
    code: str,
    role: TargetRole,
    form: FormOfAddress = X,
    *,
    spoken: str = "",
    post: str = "",
    **values: object,
) -> Salutation:
    body = Organization(
        slug="a/b",
        jurisdiction_code=code,
        kind=OrganizationKind.CHAMBER,
        name="Chamber",
        names={},
        confidence=Confidence.HIGH,
    )
    person = {
        "name": "Ada Beispiel",
        "given_name": "Ada",
        "family_name": "Beispiel",
        "title_prefix": "",
        "honorific": "",
        "postnominal": "",
        "names": {},
        "form_of_address": form,
        "form_of_address_basis": "own page",
    } | values
    return salutation_for(
        language=language,
        role=role,
        person=Person(**person) if role is not TargetRole.MINISTRY else None,
        organization=body,
        jurisdiction_code=code,
        post_label=post,
        labels={"en-x-address": spoken},
        country="Country",
    )


@pytest.mark.parametrize(
    ("language", "code", "role", "form", "opening", "closing"),
    [
        ("de", "DE", TargetRole.MINISTER, F, "Sehr geehrte Frau Bundesministerin,", "Mit"),
        ("de", "DE", TargetRole.MINISTER, X, "Guten Tag Ada Beispiel,", "Mit"),
        ("de", "PL", TargetRole.MINISTER, F, "Sehr geehrte Frau Ministerin,", "Mit"),
        ("de", "CH", TargetRole.MEMBER_LOWER, M, "Sehr geehrter Herr Nationalrat", "Mit"),
        ("de", "AT", TargetRole.PARTY_GROUP_LEADER, F, "Sehr geehrte Frau Klubobfrau,", "Mit"),
        ("fr", "FR", TargetRole.MINISTER, F, "Madame la Ministre,", "Madame la Ministre,"),
        ("fr", "FR", TargetRole.MINISTER, X, "Madame, Monsieur,", "Madame, Monsieur,"),
        ("fr", "DE", TargetRole.HEAD_OF_GOVERNMENT, M, "Monsieur le Chancelier,", "Chancelier,"),
        ("en", "GB", TargetRole.MEMBER_LOWER, F, "Dear Ms Beispiel,", "Yours sincerely,"),
        ("en", "GB", TargetRole.MEMBER_LOWER, X, "Dear Ada Beispiel,", "Yours sincerely,"),
        ("en", "LT", TargetRole.MEMBER_LOWER, F, "Dear Ada Beispiel,", "Yours sincerely,"),
        ("en", "IE", TargetRole.MEMBER_LOWER, X, "Dear Deputy Beispiel,", "Yours sincerely,"),
        ("en", "IE", TargetRole.HEAD_OF_GOVERNMENT, X, "Dear Taoiseach,", "Yours sincerely,"),
        ("en", "US", TargetRole.MEMBER_UPPER, X, "Dear Senator Beispiel:", "Sincerely,"),
        ("en", "DE", TargetRole.MINISTRY, X, "Dear Sir or Madam,", "Yours faithfully,"),
        ("de", "DE", TargetRole.MINISTRY, X, "Sehr geehrte Damen und Herren,", "Mit"),
        ("fr", "FR", TargetRole.MINISTRY, X, "Madame, Monsieur,", "Madame, Monsieur,"),
    ],
)
def test_the_opening_and_the_closing_belong_together(
    language: str,
    code: str,
    role: TargetRole,
    form: FormOfAddress,
    opening: str,
    closing: str,
) -> None:
    said = greeted(language, code, role, form)
    assert said.opening == opening
    assert closing in said.closing


def test_swiss_german_has_no_sharp_s_and_goes_on_with_a_capital() -> None:
    said = greeted("de", "CH", TargetRole.MINISTER, F)
    assert "ß" not in said.opening + said.closing
    assert not said.lowercase_first
    assert greeted("de", "DE", TargetRole.MINISTER, F).lowercase_first


def test_the_spoken_office_is_for_its_home() -> None:
    at_home = greeted("en", "GB", TargetRole.MINISTER, F, spoken="Home Secretary")
    assert at_home.opening == "Dear Home Secretary,"
    assert greeted("en", "GB", TargetRole.MINISTER, F).opening == "Dear Minister,"


def test_a_missing_name_falls_back_and_never_leaves_a_gap() -> None:
    said = greeted("en", "GB", TargetRole.MEMBER_LOWER, M, family_name="")
    assert said.opening == "Dear Ada Beispiel,"
    assert said.form is X
    with pytest.raises(Refused):
        greeted("en", "GB", TargetRole.MEMBER_UPPER, X)
    with pytest.raises(Refused):
        greeted("en", "US", TargetRole.MEMBER_UPPER, X, family_name="  ")


def test_a_language_without_forms_is_refused() -> None:
    with pytest.raises(Refused):
        greeted("el", "GR", TargetRole.MINISTER)


def test_a_name_brings_no_line_of_its_own() -> None:
    said = greeted("en", "LT", TargetRole.MEMBER_LOWER, name="Ada\nBcc: x@y.example")
    assert "\n" not in said.opening
    assert said.envelope.count("\n") == 1


def test_a_name_of_another_script_is_written_in_latin_where_we_know_it() -> None:
    names = {"und-Latn": "Nour Mithal"}
    said = greeted("en", "IL", TargetRole.MEMBER_LOWER, name="نور مثال", names=names)
    assert said.opening == "Dear Nour Mithal,"
    assert greeted("en", "IL", TargetRole.MEMBER_LOWER, name="نور مثال").opening == (
        "Dear نور مثال,"
    )


# -- every block, every role, every form ----------------------------------------------------------


def _every(name: str) -> list[tuple[TargetRole, FormOfAddress]]:
    return [(role, form) for role in blocks()[name].roles for form in FormOfAddress]


def _home(name: str, role: TargetRole) -> str:
    """A country the lines are for; abroad where the office doesn't exist at home."""
    block = blocks()[name]
    return block.home[0] if block.home and block.roles[role].applicable else "XX"


def _everything_known(language: str, form: FormOfAddress) -> dict[str, Any]:
    """A person, post and body with every value a gap could ask for."""
    typed = {f"{language}-x-{key}": f"<{gap}>" for gap, key in OF_PERSON.items()}
    return {
        "person": Person(
            name="Ada Beispiel",
            given_name="Ada",
            family_name="van Beispiel",
            title_prefix="Dr.",
            honorific="The Rt Hon",
            postnominal="MP",
            names=typed | {"en-GB-x-title": "Beispiel", "en-GB-x-formal": "Baroness Beispiel"},
            form_of_address=form,
            form_of_address_basis="own page",
        ),
        "organization": Organization(
            slug="a/b",
            kind=OrganizationKind.CHAMBER,
            name="Chamber",
            names={f"{language}-x-{key}": f"<{gap}>" for gap, key in OF_BODY.items()},
            confidence=Confidence.HIGH,
        ),
        "labels": {f"{language}-x-{key}": f"<{gap}>" for gap, key in OF_POST.items()},
        "post_label": "Minister of Examples",
        "country": "Country",
        "group": "Group",
    }


@pytest.mark.parametrize("name", list(blocks()))
def test_every_line_fills(name: str) -> None:
    language = name.split("-")[0]
    for role, form in _every(name):
        said = salutation_for(
            language=language,
            role=role,
            jurisdiction_code=_home(name, role),
            **_everything_known(language, form),
        )
        for part in (said.opening, said.closing, said.envelope):
            assert part
            assert not {"{", "}", "|"} & set(part), part
            assert "  " not in part
        if role is not TargetRole.MINISTRY:
            assert said.form is form


@pytest.mark.parametrize("name", list(blocks()))
def test_a_bare_person_is_addressed_too(name: str) -> None:
    """With a name and nothing else no inflected gap is ever filled with the plain name."""
    names = {"en-GB-x-formal": "Baroness Beispiel"} if name == "en-GB" else {}
    for role, form in _every(name):
        said = greeted(name.split("-")[0], _home(name, role), role, form, names=names)
        assert all((said.opening, said.closing, said.envelope))
        assert not {"{", "}"} & set(said.opening + said.closing + said.envelope)


@pytest.mark.parametrize("name", list(blocks()))
def test_sources_are_named_or_it_is_said_that_there_is_none(name: str) -> None:
    known = datafile.read(shipped("contacts") / "sources.yaml", SourcesFile).sources
    for form in blocks()[name].roles.values():
        assert form.basis or form.sources
        assert set(form.sources) <= set(known)


def test_twenty_two_languages_and_nobody_is_said_to_have_read_them() -> None:
    assert set(blocks()) == {
        *("de", "en-GB", "en-US", "en-CA", "en-AU", "fr", "pl", "lt", "lv", "et", "cs"),
        *("es", "it", "nl", "sv", "uk", "da", "nb", "fi", "pt", "sk", "ro"),
    }
    assert all(block.read_by_native_speaker is None for block in blocks().values())
    # A mere member of a committee or a party is nobody we write to in that part.
    roles = set(TargetRole) - {TargetRole.MEMBER}
    assert all(set(block.roles) == roles for block in blocks().values())


@pytest.mark.parametrize(
    ("language", "code", "role", "form", "opening", "closing", "lower"),
    [
        ("pl", "PL", "minister", F, "Szanowna Pani Minister,", "Z wyrazami szacunku", True),
        ("pl", "PL", "minister", M, "Szanowny Panie Ministrze,", "Z wyrazami szacunku", True),
        ("lt", "LT", "member_lower", X, "Laba diena,", "Pagarbiai", True),
        ("lv", "LV", "minister", F, "Godātā ministres kundze!", "Ar cieņu", False),
        ("et", "EE", "minister", F, "Lugupeetud minister", "Lugupidamisega", False),
        ("cs", "CZ", "minister", F, "Vážená paní ministryně,", "S úctou", True),
        ("es", "ES", "minister", X, "Excelencia:", "Atentamente,", False),
        ("it", "IT", "member_upper", F, "Senatrice Beispiel,", "Distinti saluti,", True),
        ("nl", "NL", "member_lower", M, "Geachte heer Beispiel,", "Hoogachtend,", False),
        ("nl", "BE", "minister", F, "Mevrouw de minister,", "Hoogachtend,", False),
        ("sv", "SE", "minister", F, "Bästa statsråd,", "Med vänlig hälsning", False),
        ("uk", "UA", "minister", M, "Шановний пане Міністре!", "З повагою", False),
        ("fi", "FI", "minister", X, "Arvoisa ministeri,", "Kunnioittavasti", False),
        ("ro", "MD", "minister", M, "Stimate domnule ministru,", "Cu deosebită", True),
        ("de", "LU", "minister", F, "Sehr geehrte Frau Ministerin,", "Mit", True),
    ],
)
def test_each_language_in_its_own_way(
    language: str,
    code: str,
    role: str,
    form: FormOfAddress,
    opening: str,
    closing: str,
    lower: bool,
) -> None:
    said = greeted(language, code, TargetRole(role), form)
    assert said.opening == opening
    assert said.closing.startswith(closing)
    assert said.lowercase_first is lower


def test_lines_for_an_office_at_home_are_not_used_abroad() -> None:
    with pytest.raises(Refused, match="at home only"):
        greeted("pl", "DE", TargetRole.MEMBER_LOWER, F)
    assert greeted("pl", "EU", TargetRole.MEP, F).opening == "Szanowna Pani Poseł,"
    assert greeted("lt", "US", TargetRole.MEMBER_UPPER, F).opening == "Gerbiamoji senatore,"
    with pytest.raises(Refused, match="no form of address"):
        greeted("lt", "LT", TargetRole.MEMBER_UPPER, F)


def test_a_case_is_only_used_where_somebody_typed_it() -> None:
    plain = greeted("uk", "UA", TargetRole.MEMBER_LOWER, F, name="Олена Приклад")
    assert plain.envelope == "Верховна Рада України\nОлена Приклад"
    typed = greeted(
        *("uk", "UA", TargetRole.MEMBER_LOWER, F),
        name="Олена Приклад",
        names={"uk-x-dat": "Олені Приклад"},
    )
    assert typed.envelope == "Народній депутатці України\nОлені Приклад"
    # What is typed for one language is nothing to another.
    other = greeted(
        "lv", "LV", TargetRole.MEMBER_LOWER, F, names={"uk-x-dat": "Олені", "lt-x-dat": "Adai"}
    )
    assert other.envelope == "Latvijas Republikas Saeimai\nAda Beispiel"


def test_how_somebody_wants_to_be_greeted_comes_first() -> None:
    wish = {"uk-x-opening": "Шановна Олено Петрівно!"}
    said = greeted("uk", "UA", TargetRole.MINISTER, F, names=wish)
    assert (said.opening, said.closing) == ("Шановна Олено Петрівно!", "З повагою")
    assert greeted("en", "UA", TargetRole.MINISTER, F, names=wish).opening == "Dear Minister,"
    # A French closing repeats the opening: one is not changed without the other.
    lone = greeted("fr", "FR", TargetRole.MINISTER, F, names={"fr-x-opening": "Madame,"})
    assert lone.opening == "Madame la Ministre,"
    both = {"fr-x-opening": "Madame,", "fr-x-closing": "Veuillez agréer, Madame, mes hommages."}
    assert greeted("fr", "FR", TargetRole.MINISTER, F, names=both).opening == "Madame,"


def test_a_dutch_prefix_has_a_capital_after_the_title_but_not_in_belgium() -> None:
    for code, opening in (
        ("NL", "Geachte heer Van den Berg,"),
        ("BE", "Geachte heer van den Berg,"),
    ):
        said = greeted("nl", code, TargetRole.MEMBER_LOWER, M, family_name="van den Berg")
        assert said.opening == opening


def test_a_ukrainian_letter_writes_a_name_in_its_own_letters() -> None:
    cyrillic = greeted("uk", "UA", TargetRole.SPEAKER, name="Олена Приклад")
    assert "Олена Приклад" in cyrillic.envelope
    known = greeted("uk", "EU", TargetRole.MEP, name="Ada Beispiel", names={"uk": "Ада Байшпіль"})
    assert "Ада Байшпіль" in known.envelope


def test_a_typed_case_is_never_taken_for_a_name_of_the_body() -> None:
    body = Organization(
        slug="a/b",
        kind=OrganizationKind.CHAMBER,
        name="Senate",
        names={"pl-x-gen": "Senatu", "pl": "Senat"},
        confidence=Confidence.HIGH,
    )
    said = salutation_for(
        language="de",
        role=TargetRole.MINISTRY,
        person=None,
        organization=body,
        jurisdiction_code="PL",
    )
    assert said.envelope == "Senat"


HEBREW = """
language: he
name: Hebrew
home: [IL]
lowercase_first: false
you: "the third person or plural"
native_review: needed
read_by_native_speaker: null
traps: [An invented block for this test.]
roles:
  minister:
    opening: {m: "כבוד השר,", f: "כבוד השרה,", x: "שלום רב,"}
    closing: {all: "בכבוד רב"}
    envelope: {all: "{full_name}\\n{office}"}
    confidence: low
"""


def test_a_language_gets_its_letters_with_a_block_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no forms of address"):
        block_for("he", "IL")
    (tmp_path / "he.yaml").write_text(HEBREW, encoding="utf-8")
    block = block_for("he", "IL", tmp_path)
    values = _everything_known("he", F) | {"labels": {}}
    values["person"].names = {"he": "עדה דוגמה"}
    said = salutation_for(
        language="he",
        role=TargetRole.MINISTER,
        jurisdiction_code="IL",
        block=block,
        **values,
    )
    assert (said.opening, said.closing) == ("כבוד השרה,", "בכבוד רב")
    assert said.envelope.startswith("עדה דוגמה\n")
    # An office this block doesn't know.
    with pytest.raises(Refused):
        block.form(TargetRole.SPEAKER, "IL")


def test_an_address_keeps_the_lines_that_are_known() -> None:
    """A minister whose portfolio nobody typed is still Madame, with her ministry below."""
    said = greeted("fr", "FR", TargetRole.MINISTER, F)
    assert said.envelope == "Madame Ada Beispiel\nChamber"
    assert "Madame" not in greeted("fr", "FR", TargetRole.MINISTER, X).envelope


@pytest.mark.parametrize("role", ["minister", "member_lower", "member_upper"])
@pytest.mark.parametrize("language", ["de", "fr"])
def test_a_swiss_office_is_called_the_same_on_the_envelope(language: str, role: str) -> None:
    said = greeted(language, "CH", TargetRole(role), F)
    title = said.opening.rstrip(",").split(" ", 2)[2].removeprefix("Frau ")
    assert title in said.envelope
