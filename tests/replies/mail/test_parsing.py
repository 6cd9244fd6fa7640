"""Messages are read whatever they are: there is text in the end, or a sentence why not."""

from __future__ import annotations

import base64
import datetime as dt
import quopri

import pytest

from outreach.replies.mail import mime, parsing
from outreach.replies.mail.parsing import Address, read
from outreach.words import Sentence

HEAD = (
    b"From: =?utf-8?q?B=C3=BCro?= des Ministers <buero@HAUS.example>\r\n"
    b'To: Campaign <answers+abc@campaign.example>, "B, C" <b@c.example>\r\n'
    b"Delivered-To: answers@campaign.example\r\nSubject: =?utf-8?b?QVc6IElocg==?= Brief\r\n"
    b"Date: Tue, 3 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@haus.example>\r\n"
    b"In-Reply-To: <our.1@campaign.example>\r\n"
    b"References: <our.0@campaign.example>\r\n <our.1@campaign.example>\r\n"
    b"Return-Path: <>\r\nAuto-Submitted: auto-replied\r\n"
    b"Authentication-Results: mx.campaign.example; spf=pass smtp.mailfrom=haus.example;\r\n"
    b" dkim=fail (bad) header.d=haus.example; dmarc=fail header.from=haus.example\r\n"
    b"MIME-Version: 1.0\r\n"
)
BASE64 = b"Content-Transfer-Encoding: base64\r\n\r\n"
QUOTED = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
UKRAINIAN = "Шановна пані, ми отримали Ваш лист щодо санкцій і передали його до комітету."


def mixed(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    head = HEAD + b"Content-Type: multipart/" + kind + b'; boundary="=_q"\r\n\r\n'
    return head + b"".join(b"--=_q\r\n" + part + b"\r\n" for part in parts) + b"--=_q--\r\n"


def part(kind: str, body: bytes, **more: str) -> bytes:
    lines = [f"Content-Type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_who_wrote_what_to_whom():
    mail = read(HEAD + b"\r\nThank you.\r\n")
    assert mail.from_ == Address("Büro des Ministers", "buero@haus.example")
    assert [one.address for one in mail.to] == ["answers+abc@campaign.example", "b@c.example"]
    assert mail.delivered_to == ("answers@campaign.example",)
    assert mail.subject == "AW: Ihr Brief"
    assert mail.date == dt.datetime(2026, 11, 3, 9, tzinfo=dt.UTC)
    assert (mail.message_id, mail.return_path) == ("1@haus.example", "")
    assert mail.in_reply_to == ("our.1@campaign.example",)
    assert mail.references == ("our.0@campaign.example", "our.1@campaign.example")
    assert [(one.server, one.method, one.result, one.domain) for one in mail.checks] == [
        ("mx.campaign.example", "spf", "pass", "haus.example"),
        ("mx.campaign.example", "dkim", "fail", "haus.example"),
        ("mx.campaign.example", "dmarc", "fail", "haus.example"),
    ]
    assert (mail.text, mail.problems) == ("Thank you.", ())


def test_of_alternatives_the_plain_one_is_text_and_the_other_is_kept():
    mail = read(
        mixed(
            part("text/plain; charset=utf-8", "Grüße".encode()),
            part("text/html", b"<p>Gr&uuml;&szlig;e</p>"),
            kind=b"alternative",
        )
    )
    assert (mail.text, mail.html, mail.attachments) == ("Grüße", "<p>Gr&uuml;&szlig;e</p>", ())


def test_html_only_is_read_and_said():
    mail = read(HEAD + b"Content-Type: text/html\r\n\r\n<p>Thank <i>you</i></p>")
    assert (mail.text, mail.problems) == ("Thank you", (Sentence(parsing.HTML_ONLY),))


@pytest.mark.parametrize("called", ["windows-1252", "utf-8", "koi8-r", "iso-8859-1", "x-no", ""])
@pytest.mark.parametrize("real", ["windows-1251", "koi8-u"])
def test_cyrillic_under_another_name_is_read(called, real):
    head = HEAD + f"Content-Type: text/plain; charset={called}\r\n\r\n".encode()
    assert read(head + UKRAINIAN.encode(real)).text == UKRAINIAN


@pytest.mark.parametrize("called", ["zip", "zlib", "rot13", "hex", "undefined", "unicode_escape"])
def test_what_makes_no_text_of_bytes_is_no_charset(called):
    words = "Перше слово".encode("windows-1251")
    head = HEAD + f"Content-Type: text/plain; charset={called}\r\n".encode()
    mail = read(head + f"X-Other: =?{called}?q?a=E4?=\r\n\r\n".encode() + words)
    assert mail.text == "Перше слово"


@pytest.mark.parametrize("called", ["windows-1252", "utf-8", "us-ascii", "ISO-8859-1"])
def test_western_letters_are_not_taken_for_cyrillic(called):
    text = "Sehr geehrte Damen und Herren, schöne Grüße über die Straße. Äußerst ärgerlich."
    head = HEAD + f"Content-Type: text/plain; charset={called}\r\n\r\n".encode()
    assert read(head + text.encode("cp1252")).text == text


def test_files_have_neutral_names_and_are_whole():
    pdf = b"%PDF-1.7 \0\xff" * 1000
    mail = read(
        mixed(
            part("text/plain", b"See the file."),
            part(
                'application/pdf; name="../../etc/passwd.pdf"',
                base64.encodebytes(pdf),
                Content_Transfer_Encoding="base64",
                Content_Disposition="attachment; filename*=utf-8''%D0%BF%0d%0aX.pdf",
            ),
            part("application/msword", b"x", Content_Disposition='attachment; filename="a.docm"'),
            part("message/rfc822", b"Subject: inner\r\nMessage-ID: <in@x>\r\n\r\nInner text"),
            part("application/ms-tnef", b"\x78\x9f\x3e\x22", Content_Disposition="attachment"),
        )
    )
    assert [(one.name, one.called, one.risky) for one in mail.attachments] == [
        ("attachment-1.pdf", "п X.pdf", False),
        ("attachment-2.bin", "a.docm", True),
        ("attachment-3.eml", "", False),
        ("attachment-4.bin", "", False),
    ]
    assert mail.attachments[0].data() == pdf
    assert mail.attachments[0].size == len(pdf)
    assert mail.attachments[2].nested
    assert [(one.subject, one.message_id, one.text) for one in mail.messages] == [
        ("inner", "in@x", "Inner text")
    ]
    assert mail.problems == (Sentence(parsing.TORN_BAG),)
    assert mail.text == "See the file."


@pytest.mark.parametrize(
    ("raw", "text", "problem"),
    [
        (b"", "", parsing.EMPTY),
        (b"\0\0\0", "", parsing.NO_TEXT),
        (b"just text, no headers\nat all", "just text, no headers\nat all", None),
        (HEAD, "", parsing.NO_TEXT),
        (HEAD + b"\r\n\0Hi\0 there", "Hi there", None),
        (HEAD + BASE64 + b"SGVsbG8*gd29ybGQ", "Hello world", mime.BROKEN_CODE),
        (HEAD + b"Content-Type: multipart/mixed\r\n\r\n--a\r\n\r\nHi", "--a\n\nHi", None),
        (HEAD + b'Content-Type: text/plain; charset="\r\n\r\nHi', "Hi", None),
        (HEAD + b"X-Long: " + b"a\r\n " * 350_000 + b"x\r\n\r\nHi", "Hi", mime.LONG_HEAD),
        (HEAD + b"From: Other <o@x.example>\r\n\r\nHi", "Hi", parsing.TWO_SENDERS),
        (HEAD.replace(b"Tue, 3 Nov", b"Someday") + b"\r\nHi", "Hi", parsing.NO_DATE),
        (HEAD + QUOTED + quopri.encodestring("=ä=".encode()), "=ä=", None),
    ],
)
def test_broken_messages_are_read_as_well_as_they_can_be(raw, text, problem):
    mail = read(raw)
    assert mail.text.strip() == text
    assert (Sentence(problem) in mail.problems) if problem else mail.problems == ()


def nested(depth: int) -> bytes:
    levels = (
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
        for number in range(depth)
    )
    return b"Subject: deep\r\n" + b"".join(levels) + b"\r\nat the bottom"


def test_two_hundred_levels_are_read_to_the_bottom():
    assert read(nested(200)).text == "at the bottom"


def test_deeper_ones_say_so():
    for raw in (nested(5_000), b"Content-Type: message/rfc822\r\n\r\n" * 3_000 + b"x"):
        assert Sentence(mime.DEEP) in read(raw).problems


def test_many_parts_stop_somewhere():
    raw = HEAD + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\nx\r\n" * 50_000
    assert Sentence(mime.MANY) in read(raw).problems


def test_nothing_that_breaks_a_line_or_turns_text_gets_through():
    raw = (
        b"Subject: =?utf-8?q?a=0D=0ABcc:_x=E2=80=AEgpj.exe?=\r\n"
        b"From: =?utf-8?q?M=0Ainister?= <m@x.example>\r\n\r\nx"
    )
    mail = read(raw)
    assert mail.subject == "a Bcc: x gpj.exe"
    assert mail.from_.name == "M inister"


def test_an_address_hidden_in_a_name_stays_a_name():
    hidden = base64.b64encode(b"minister@gov.example, Minister").decode()
    raw = f"From: =?utf-8?b?{hidden}?= <evil@x.example>\r\n\r\nx".encode()
    assert read(raw).from_ == Address("minister@gov.example, Minister", "evil@x.example")


@pytest.mark.parametrize("value", [b"<" * 20_000, b"(" * 20_000, b"a@b.c," * 5_000, b'"' * 9_999])
def test_hostile_addresses_end(value):
    mail = read(b"From: A <a@b.example>\r\nTo: " + value + b"\r\n\r\nx")
    assert mail.from_.address == "a@b.example"
    assert len(mail.to) <= parsing.MOST_ADDRESSES


@pytest.mark.parametrize(
    "html", ["<div>" * 100_000 + "x", "<p>" * 100_000 + "x", "<table><td>" * 50_000, "<" * 500_000]
)
def test_hostile_html_ends(html):
    assert isinstance(read(HEAD + b"Content-Type: text/html\r\n\r\n" + html.encode()).text, str)


@pytest.mark.long
def test_a_file_of_thirty_megabytes_is_read():
    data = bytes(range(256)) * 120_000
    mail = read(
        mixed(
            part("text/plain", b"See."),
            part(
                "application/pdf",
                base64.encodebytes(data),
                Content_Transfer_Encoding="base64",
                Content_Disposition="attachment",
            ),
        )
    )
    assert mail.text == "See."
    assert mail.attachments[0].data() == data
