"""Forms of address: office before name, sex never guessed, no gap, one block for one letter."""

from __future__ import annotations

import pytest

from outreach.directory.models import (
    Confidence,
    FormOfAddress,
    Organization,
    OrganizationKind,
    Person,
    TargetRole,
)
from outreach.directory.salutations import Salutation, salutation_for
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
        office_address=spoken,
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
        greeted("lv", "LV", TargetRole.MINISTER)


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
