"""What sources write into fields becomes usable, or is told."""

from __future__ import annotations

import datetime as dt

import pytest

from outreach.directory.importing.cleaning import (
    day,
    gender,
    link,
    mailboxes,
    phone,
    social,
    text,
)
from outreach.directory.models import ContactKind


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ""),
        (7, "7"),
        ("  Ann\u00a0 Lee\n", "Ann Lee"),
        ("山田\u3000花子", "山田 花子"),
        ("A\u200bn\u202en\ufeff", "Ann"),
        ("Zoe\u0301", "Zoé"),
        ("a\x00b\ud800c", "abc"),
        ("a  b", "a b"),
    ],
)
def test_text_is_one_tidy_line(given: object, expected: str) -> None:
    assert text(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ann@parl.example", ["ann@parl.example"]),
        ("Ann.Lee@Parl.Example", ["Ann.Lee@parl.example"]),
        ("ann@x.commailto:bo@y.com", ["ann@x.com", "bo@y.com"]),
        ("mailto:ann@x.org?subject=Hello; bo@y.org", ["ann@x.org", "bo@y.org"]),
        ("a@x.org.kemailto:b@y.org.kemailto:a@x.org.ke", ["a@x.org.ke", "b@y.org.ke"]),
        ("ann@house.example.bo@house.example", ["ann@house.example", "bo@house.example"]),
        ("ann@gmail.combo@parl.org", ["ann@gmail.com", "bo@parl.org"]),
        ("ann@x.orgbo@y.org", ["ann@x.org", "bo@y.org"]),
        ("ann@parliament.go.kebo@x.com", ["ann@parliament.go.ke", "bo@x.com"]),
        ("a@x.org; b@x.org, c@x.org d@x.org/e@x.org", [f"{one}@x.org" for one in "abcde"]),
        ("ann[på]riksdag.example", ["ann@riksdag.example"]),
        ("ann [at] parl [dot] example", ["ann@parl.example"]),
        ("ann (at) parl.example", ["ann@parl.example"]),
        ("ann at parl.example", ["ann@parl.example"]),
        ("ann @ parl.example", ["ann@parl.example"]),
        ("ann&#64;parl.example", ["ann@parl.example"]),
        ('<a href="mailto:ann@x.org">ann@x.org</a>', ["ann@x.org"]),
        ("E-mail: ann@x.org.", ["ann@x.org"]),
        ("ann@x.org, ANN@x.org", ["ann@x.org"]),
        ("пошта@приклад.укр", ["пошта@приклад.укр"]),
    ],
)
def test_addresses_are_taken_apart(given: str, expected: list[str]) -> None:
    contacts, problems = mailboxes(given, purpose="parliament")
    assert [one.value for one in contacts] == expected
    assert {(one.kind, one.purpose) for one in contacts} == {(ContactKind.EMAIL, "parliament")}
    # Addresses that ran together are told: somebody may look whether the cut is right.
    assert [problem for problem in problems if "run together" not in problem.text] == []


@pytest.mark.parametrize("given", ["", None, " ", "-", "n/a", "No tiene", "Non public", "None"])
def test_words_for_nothing_are_nothing(given: object) -> None:
    assert mailboxes(given) == ([], [])


@pytest.mark.parametrize(
    "given",
    ["ann@x.frank@y.org", "ann@@x.org", "ann@x", "ann", "a b@", "@x.org", "x" * 300 + "@y.org"],
)
def test_what_is_no_address_is_told(given: str) -> None:
    contacts, problems = mailboxes(given)
    assert contacts == []
    assert "is no e-mail address" in str(problems[0])


def test_the_good_half_of_a_bad_column_is_kept() -> None:
    contacts, problems = mailboxes("ann@x.org and ask Bo")
    assert [one.value for one in contacts] == ["ann@x.org"]
    assert str(problems[0]) == "“ask Bo” is no e-mail address."


def test_names_become_labels() -> None:
    contacts, problems = mailboxes('"Lee, Ann" <ann@x.org>; Bo <mailto:bo@y.org>')
    assert [(one.value, one.label) for one in contacts] == [
        ("ann@x.org", "Lee, Ann"),
        ("bo@y.org", "Bo"),
    ]
    assert problems == []


def test_letters_that_look_latin_are_repaired_and_told() -> None:
    contacts, problems = mailboxes("ann@house.bу")
    assert [one.value for one in contacts] == ["ann@house.by"]
    assert "another alphabet" in str(problems[0])


def test_a_link_in_the_column_is_a_form() -> None:
    contacts, problems = mailboxes("https://x.example/contact?id=1, ann@x.org")
    assert [(one.kind, one.value) for one in contacts] == [
        (ContactKind.FORM, "https://x.example/contact?id=1"),
        (ContactKind.EMAIL, "ann@x.org"),
    ]
    assert problems == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://x.example/a", "https://x.example/a"),
        ("www.x.example", "http://www.x.example"),
        ("x.example/a b", ""),
        ("https://x.example/a b", "https://x.example/a%20b"),
        ("//x.example/a", "https://x.example/a"),
        ('http://x.example/"><script>', "http://x.example/%22%3E%3Cscript%3E"),
        ("javascript:alert(1)", ""),
        ("mailto:a@x.org", ""),
        ("https://user:secret@x.example/", ""),
        ("https://x.example:99999/", ""),
        ("http://[", ""),
        ("Ann", ""),
        ("", ""),
    ],
)
def test_links(given: str, expected: str) -> None:
    assert link(given) == expected


@pytest.mark.parametrize(
    ("network", "given", "expected"),
    [
        ("twitter", "@ann", "https://twitter.com/ann"),
        ("Twitter", "http://www.twitter.com/#!/ann?lang=en", "https://twitter.com/ann"),
        ("twitter", "https://twitter.com/annhttps://twitter.com/ann", "https://twitter.com/ann"),
        ("twitter", "ttps://twitter.com/ann", "https://twitter.com/ann"),
        ("x", "https://x.com/ann", "https://twitter.com/ann"),
        ("facebook", "ann.lee", "https://www.facebook.com/ann.lee"),
        ("facebook", "https://facebook.com/ann", "https://facebook.com/ann"),
        ("youtube", "UC" + "a" * 22, "https://www.youtube.com/channel/UC" + "a" * 22),
        ("mastodon", "@ann@social.example", "https://social.example/@ann"),
    ],
)
def test_profiles_are_links(network: str, given: str, expected: str) -> None:
    profile = social(network, given)
    assert profile is not None
    assert (profile.kind, profile.value) == (ContactKind.SOCIAL, expected)
    assert profile.label == network.lower()


@pytest.mark.parametrize(
    ("network", "given"), [("twitter", ""), ("other", "ann"), ("twitter", "a b")]
)
def test_what_is_no_profile(network: str, given: str) -> None:
    assert social(network, given) is None


@pytest.mark.parametrize(
    ("given", "region", "expected"),
    [
        ("(202) 555-0101", "US", "+1 202-555-0101"),
        ("0044 20 7946 0000", "", "+44 20 7946 0000"),
        ("+44 20 7946 0000", "ZZ", "+44 20 7946 0000"),
        ("020 7946 0000", "GB-WLS", "+44 20 7946 0000"),
        ("4.4207946E+11", "GB", "+44 20 7946 0000"),
        ("442079460000.0", "GB", "+44 20 7946 0000"),
        (2025550101.0, "US", "+1 202-555-0101"),
        ("ext 12", "US", "ext 12"),
        ("none", "US", ""),
        (None, "US", ""),
    ],
)
def test_numbers(given: object, region: str, expected: str) -> None:
    assert phone(given, region) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2012", "2012"),
        ("2012-5", "2012-05"),
        ("2012-05-31", "2012-05-31"),
        ("2012-05-31T00:00:00Z", "2012-05-31"),
        ("+2012-05-31T00:00:00Z", "2012-05-31"),
        ("2012-00-00", "2012"),
        ("2012-05-00", "2012-05"),
        ("20120531", "2012-05-31"),
        ("2012/05/31", "2012-05-31"),
        ("31.5.2012", "2012-05-31"),
        ("31/05/2012", "2012-05-31"),
        ("05/31/2012", "2012-05-31"),
        ("05/06/2012", ""),
        (dt.date(2012, 5, 31), "2012-05-31"),
        (2012, "2012"),
        ("2012-02-31", ""),
        ("2012-13", ""),
        ("9999-12-31", ""),
        ("0001-01-01", ""),
        ("-0044-03-15T00:00:00Z", ""),
        ("soon", ""),
        (None, ""),
    ],
)
def test_days(given: object, expected: str) -> None:
    assert day(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Female", "f"),
        ("M", "m"),
        ("kvinna", "f"),
        ("чоловіча", "m"),
        ("http://www.wikidata.org/entity/Q6581072", "f"),
        ("Mr", ""),
        ("unknown", ""),
        (None, ""),
    ],
)
def test_genders(given: object, expected: str) -> None:
    assert gender(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        "xy" * 500_000,
        "a <" * 300_000,
        "@" * 1_000_000,
        "a@b.c" * 200_000,
        ("a at " * 500)[:1999],
        "<a" * 999,
        ("a." * 900 + "@x"),
    ],
)
def test_a_hostile_column_takes_no_time(given: str) -> None:
    contacts, problems = mailboxes(given)
    assert contacts == []
    assert problems
    assert len(str(problems[0])) < 300
    assert len(phone(given + "1", "GB")) <= 200
    assert link(given) == ""
    assert day(given) == ""


def test_a_cut_between_addresses_is_told() -> None:
    _contacts, problems = mailboxes("ann@x.commailto:bo@y.com")
    assert "held 2 addresses run together" in str(problems[0])
    assert mailboxes("ann@x.com, bo@y.com")[1] == []
