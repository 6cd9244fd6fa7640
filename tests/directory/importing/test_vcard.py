"""Address books as phones, Outlook, Google and Apple write them; nobody in them exists."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from outreach.directory.importing.opening import opened
from outreach.directory.importing.records import Body, PersonRecord, Problem
from outreach.directory.importing.vcard import reader as vcard
from outreach.directory.models import ContactKind, OrganizationKind, TargetRole

FOUR = """\
BEGIN:VCARD
VERSION:4.0
UID:urn:uuid:1
KIND:individual
FN:Dr. Ann Żółć
FN;LANGUAGE=uk;ALTID=1:Анна Жовч
N:Żółć;Ann;Maria;Hon. Dr.;MBE
NICKNAME:Annie
GENDER:F;woman
BDAY:19720112
LANG;PREF=2:en
LANG;PREF=1:pl
ORG:Sejm;Committee on Samples
TITLE:Chair
EMAIL;TYPE=home;PREF=50:ann@home.example
EMAIL;TYPE=work;PREF=1:ann@sejm.example
EMAIL:not an address
TEL;VALUE=uri;TYPE="voice,work":tel:+48-22-694-25-00;ext=5
TEL;TYPE=cell:+48 601 234 567
TEL;TYPE=fax:+48 22 694 25 01
TEL;TYPE=home:+48 22 000 00 00
TEL;TYPE=pager:+48 22 000 00 01
ADR;TYPE=work:;;Wiejska 4\\, 6;Warszawa;;00-902;Polska
ADR;TYPE=home:;;Secret 1;Warszawa;;00-001;Poland
URL:https://ann.sejm.example
CONTACT-URI:https://ann.sejm.example/write
SOCIALPROFILE;SERVICE-TYPE=Mastodon:https://social.example/@ann
X-SOCIALPROFILE;TYPE=twitter:https://twitter.com/annsample
IMPP:xmpp:ann@jabber.example
NOTE:Said a private thing\\, once.
PHOTO:data:image/jpeg;base64,AAAA
 BBBBCCCC
REV:20260105T000000Z
END:VCARD
"""
THREE = """\
begin:vcard
version:3.0
fn:Ben Example
n:Example;Ben;;;
org:Ministry of Sam
 ples;Department of Patterns
title:Minister of Samples and\\, also\\, Patterns
email;type=internet,work,pref:ben@samples.example
item1.adr;type=work:Box 7;Floor 2;1 Main St;Town;ST;01234;United States of America
item1.x-ablabel:_$!<Work>!$_
item2.tel:202-555-0100
item2.x-ablabel:Press desk
x-skype:ben
bday:1960
end:vcard
"""
OLD = (
    b"BEGIN:VCARD\r\n"
    b"VERSION:2.1\r\n"
    b"N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C5=BB=C3=B3=C5=82=C4=87;Ola;;;\r\n"
    b"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Ola =C5=BB=C3=B3=\r\n"
    b"=C5=82=C4=87; senior\r\n"
    b"ORG;CHARSET=windows-1251:\xcf\xe0\xf0\xeb\xe0\xec\xe5\xed\xf2\r\n"
    b"TEL;WORK;VOICE:+48 22 694 25 02\r\n"
    b"EMAIL;INTERNET;HOME:ola@home.example\r\n"
    b"ADR;WORK;ENCODING=QUOTED-PRINTABLE:;;Main =3B Street=0D=0A2;Town;;1;\r\n"
    b"PHOTO;ENCODING=BASE64;TYPE=JPEG:\r\n"
    b" /9j/4AAQSkZJRgABAQ\r\n"
    b"\r\n"
    b"END:VCARD\r\n"
)


class Found:
    """What a reader yielded, by kind, in order."""

    def __init__(self, records: list[Body | PersonRecord | Problem]) -> None:
        self.records = records
        self.bodies = {one.name: one for one in records if isinstance(one, Body)}
        self.people = [one for one in records if isinstance(one, PersonRecord)]
        self.said = [f"{one.place}: {one.words}" for one in records if isinstance(one, Problem)]


def read(tmp_path: Path, cards: str | bytes, **options: str) -> Found:
    path = tmp_path / "book.vcf"
    path.write_bytes(cards if isinstance(cards, bytes) else cards.encode())
    with opened(path) as upload:
        (dataset,) = vcard.datasets(upload)
        dataset.options.update(options)
        return Found(list(vcard.read(dataset)))


def card(*lines: str, version: str = "4.0") -> str:
    return "\r\n".join(("BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""))


def test_an_address_book_is_recognised_and_never_complete(tmp_path: Path) -> None:
    (tmp_path / "a.vcf").write_text(FOUR, encoding="utf-8")
    (tmp_path / "b.vcf").write_text("\ufeff" + THREE, encoding="utf-8")
    (tmp_path / "c.txt").write_text("hello", encoding="utf-8")
    with opened(tmp_path) as upload:
        (dataset,) = vcard.datasets(upload)
        people = Found(list(vcard.read(dataset))).people
    assert (dataset.source, dataset.complete, len(dataset.files)) == ("vcard", False, 2)
    assert dataset.as_of == dt.date(2026, 1, 5)
    assert [one.name for one in people] == ["Dr. Ann Żółć", "Ben Example"]
    with opened(tmp_path / "c.txt") as upload:
        assert vcard.datasets(upload) == []


def test_a_card_of_today(tmp_path: Path) -> None:
    found = read(tmp_path, FOUR)
    (ann,) = found.people
    assert ann.key == "urn:uuid:1"
    assert ann.identifiers == {"vcard": "urn:uuid:1"}
    assert (ann.given_name, ann.family_name) == ("Ann Maria", "Żółć")
    assert (ann.title_prefix, ann.honorific, ann.postnominal) == ("Dr.", "Hon.", "MBE")
    assert ann.names == {"uk": "Анна Жовч"}
    assert ann.other_names == [{"name": "Annie", "form": "other"}]
    assert (ann.gender, ann.birth_date, ann.reading_language) == ("f", "1972-01-12", "pl")
    assert "private" not in repr(ann)


def test_contacts_by_preference_and_nothing_of_the_home(tmp_path: Path) -> None:
    found = read(tmp_path, FOUR)
    told = [(one.kind.value, one.value, one.purpose, one.label) for one in found.people[0].contacts]
    assert told == [
        ("email", "ann@sejm.example", "office", ""),
        ("email", "ann@home.example", "personal", ""),
        ("form", "https://ann.sejm.example/write", "office", ""),
        ("postal", "Wiejska 4, 6\n00-902 Warszawa\nPolska", "office", ""),
        ("phone", "+48 22 694 25 00 ext. 5", "office", ""),
        ("phone", "+48 601 234 567", "office", "mobile"),
        ("fax", "+48 22 694 25 01", "office", ""),
        ("url", "https://ann.sejm.example", "office", ""),
        ("social", "https://social.example/@ann", "office", "mastodon"),
        ("social", "https://twitter.com/annsample", "office", "twitter"),
    ]
    assert "Secret" not in repr(found.records)
    assert any("2 home addresses and home telephones were left out" in one for one in found.said)
    assert any("“not an address” is no e-mail address" in one for one in found.said)


def test_units_stand_in_their_body_and_the_country_is_the_office_s(tmp_path: Path) -> None:
    found = read(tmp_path, FOUR)
    (seat,) = found.people[0].seats
    sejm, committee = found.bodies["Sejm"], found.bodies["Committee on Samples"]
    assert (sejm.kind, sejm.jurisdiction) == (OrganizationKind.PARLIAMENT, "PL")
    assert (committee.kind, committee.parent) == (OrganizationKind.COMMITTEE, sejm.key)
    assert (seat.organization, seat.role) == (committee.key, TargetRole.COMMITTEE_CHAIR)
    assert seat.label == "Chair"


def test_a_card_of_version_3(tmp_path: Path) -> None:
    found = read(tmp_path, THREE)
    (ben,) = found.people
    (seat,) = ben.seats
    department = found.bodies["Department of Patterns"]
    assert (department.jurisdiction, department.parent) == (
        "US",
        found.bodies["Ministry of Samples"].key,
    )
    assert (seat.role, seat.post) == (TargetRole.MINISTER, seat.label)
    assert seat.label == "Minister of Samples and, also, Patterns"
    told = [(one.kind.value, one.value, one.label) for one in ben.contacts]
    assert told == [
        ("email", "ben@samples.example", ""),
        ("postal", "Box 7\nFloor 2\n1 Main St\nTown, ST 01234\nUnited States of America", ""),
        ("phone", "+1 202-555-0100", "Press desk"),
    ]
    assert ben.birth_date == "1960"


def test_a_card_of_version_2_1(tmp_path: Path) -> None:
    found = read(tmp_path, OLD)
    (ola,) = found.people
    assert (ola.name, ola.family_name) == ("Ola Żółć; senior", "Żółć")
    assert "Парламент" in found.bodies
    assert [(one.kind.value, one.value, one.purpose) for one in ola.contacts] == [
        ("email", "ola@home.example", "personal"),
        ("postal", "Main ; Street 2\n1 Town", "office"),
        ("phone", "+48 22 694 25 02", "office"),
    ]


def test_a_fold_may_split_a_letter_and_bytes_may_be_western(tmp_path: Path) -> None:
    folded = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Ż".encode()
    folded = folded[:-1] + b"\r\n " + folded[-1:] + b"ak\r\nEND:VCARD\r\n"
    assert read(tmp_path, folded).people[0].name == "Ann Żak"
    western = read(tmp_path, card("FN:Jürgen").encode("cp1252"))
    assert western.people[0].name == "Jürgen"
    assert any("cp1252" in one for one in western.said)
    assert read(tmp_path, card("FN:Jürgen").encode("utf-16")).people[0].name == "Jürgen"


def test_a_broken_card_is_one_problem_with_its_line(tmp_path: Path) -> None:
    open_card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Lost\r\n"
    cards = card("FN:One") + open_card + card("FN:Two", "this is no line") + card("FN:Three")
    found = read(tmp_path, cards + card("EMAIL:a@x.example"))
    assert [one.name for one in found.people] == ["One", "Three"]
    assert [one.partition(": ")[0] for one in found.said] == [
        "book.vcf, line 5",
        "book.vcf, line 11",
        "book.vcf, line 17",
    ]


def test_companies_and_groups(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        card("FN:Ann", "UID:1", "ORG:Ministry of Samples", "TITLE:Press officer")
        + card("KIND:org", "UID:2", "FN:MoS", "ORG:Ministry of Samples", "EMAIL:info@mos.example")
        + card("FN:Samples Ltd", "N:;;;;", "ORG:Samples Ltd", "X-ABSHOWAS:COMPANY", version="3.0")
        + card("KIND:group", "FN:Friends", "MEMBER:urn:uuid:1"),
    )
    ministry = found.bodies["Ministry of Samples"]
    assert found.records[0] is ministry, "a body comes before those who sit in it"
    assert [one.value for one in ministry.contacts] == ["info@mos.example"]
    assert ministry.identifiers == {"vcard": "2"}
    assert len([one for one in found.records if isinstance(one, Body)]) == 2
    (ann,) = found.people
    assert ann.seats[0].role is TargetRole.MEMBER, "who works in a ministry is no minister"
    assert any("1 cards are lists of other cards" in one for one in found.said)


@pytest.mark.parametrize(
    ("organization", "title", "role"),
    [
        ("House of Representatives", "Member", TargetRole.MEMBER_LOWER),
        ("Senate", "Senator", TargetRole.MEMBER_UPPER),
        ("Parliament", "Speaker", TargetRole.SPEAKER),
        ("Parliament", "Secretary of the committee", TargetRole.MEMBER),
        ("Ministry of Health", "Minister of Health", TargetRole.MINISTER),
        ("Government", "Prime Minister", TargetRole.HEAD_OF_GOVERNMENT),
        ("Acme", "President", TargetRole.MEMBER),
    ],
)
def test_parts_by_title(tmp_path: Path, organization: str, title: str, role: TargetRole) -> None:
    found = read(tmp_path, card("FN:Ann", f"ORG:{organization}", f"TITLE:{title}"))
    (seat,) = found.people[0].seats
    assert (seat.role, seat.label) == (role, title)


def test_without_a_uid_the_name_and_the_address_are_the_key(tmp_path: Path) -> None:
    cards = card("FN:Ann B", "EMAIL:a@x.example") + card("FN:Ann B", "EMAIL:b@x.example")
    found = read(tmp_path, cards + card("FN:ANN B", "EMAIL:A@x.example"))
    assert len({one.key for one in found.people}) == 2
    assert any("stands twice" in one for one in found.said)


def test_what_the_person_says_goes_before_the_card(tmp_path: Path) -> None:
    found = read(tmp_path, card("FN:Ann", "ORG:Council", "TEL:020 7219 3000"), jurisdiction="GB")
    assert found.bodies["Council"].jurisdiction == "GB"
    assert found.people[0].contacts[0].value == "+44 20 7219 3000"


def test_escapes_in_labels(tmp_path: Path) -> None:
    lines = ("ADR;LABEL=\"1 Main St^nThe ^'Old^' Town\\nX\":;;;;;;", "FN:Ann\\, B\\; C")
    (ann,) = read(tmp_path, card(*lines)).people
    assert ann.name == "Ann, B; C"
    (address,) = ann.contacts
    assert address.kind is ContactKind.POSTAL
    assert address.value == '1 Main St\nThe "Old" Town\nX'


def test_somebody_with_one_name_is_no_company(tmp_path: Path) -> None:
    seat = ("N:;;;;", "ORG:Ministry of Samples;Unit")
    found = read(
        tmp_path,
        card("KIND:individual", "FN:Ministry of Samples", *seat)
        + card("FN:Suharti", *seat)
        + card("FN:Ministry of Samples", "EMAIL:info@mos.example", *seat, version="3.0"),
    )
    assert [one.name for one in found.people] == ["Ministry of Samples", "Suharti"]
    assert found.bodies["Unit"].contacts[0].value == "info@mos.example"


def test_a_bare_comma_cuts_nothing_off(tmp_path: Path) -> None:
    lines = ("FN:Casey, Ann; Jr.", "ORG:Ministry of A, B;Unit, C", "NICKNAME:Annie,Nan")
    found = read(tmp_path, card(*lines, "URL:https://x.example/a,b;c"))
    (ann,) = found.people
    assert ann.name == "Casey, Ann; Jr."
    assert ann.contacts[0].value == "https://x.example/a,b;c"
    assert [one["name"] for one in ann.other_names] == ["Annie", "Nan"]
    assert list(found.bodies) == ["Ministry of A, B", "Unit, C"]


def test_an_endless_line_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, card("FN:Ann", "NOTE:" + "x" * 2_500_000) + card("FN:Ben"))
    assert [one.name for one in found.people] == ["Ben"]
    assert any("longer than a card is" in one for one in found.said)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("BDAY:--0412", ""),
        ("BDAY;VALUE=date;X-APPLE-OMIT-YEAR=1604:1604-04-12", ""),
        ("BDAY:1604-04-12", ""),
        ("BDAY:1971-04-12", "1971-04-12"),
    ],
)
def test_a_birthday_without_a_year_is_none(tmp_path: Path, line: str, expected: str) -> None:
    (ann,) = read(tmp_path, card("FN:Ann", line, version="3.0")).people
    assert ann.birth_date == expected


@pytest.mark.parametrize(
    "lines",
    [
        ("TEL;TYPE=fax:+48226942501",),
        ("TEL;TYPE=WORK,FAX:+48226942501",),
        ("TEL;TYPE=workfax:+48226942501",),
        ("TEL;FAX:+48226942501",),
        ("item1.TEL:+48226942501", "item1.X-ABLabel:_$!<WorkFAX>!$_"),
    ],
)
def test_a_fax_is_known_however_it_is_called(tmp_path: Path, lines: tuple[str, ...]) -> None:
    (ann,) = read(tmp_path, card("FN:Ann", *lines, version="3.0")).people
    assert [one.kind for one in ann.contacts] == [ContactKind.FAX]
