"""The bytes that travel: what was approved, and nothing about us."""

from __future__ import annotations

import datetime as dt
import re
import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.accounts.models import Sender
from outreach.errors import BadInput
from outreach.letters import hypertext
from outreach.letters.models import Letter
from outreach.sending.message import (
    REHEARSAL_HEADER,
    build,
    carries,
    headers_of,
    html_in,
    new_message_id,
    wire_address,
    words_of,
)

DATE = dt.datetime(2026, 3, 3, 10, 30, 5, 7, tzinfo=dt.timezone(dt.timedelta(hours=2)))
TEXT = "Dear Member,\n\nPlease ask the government.\n\nYours sincerely,\nExample\n"


def written(*, rehearsal: bool = True, html: bool = False, **values: Any) -> bytes:
    sender = Sender(
        name=values.pop("name", "Example Association"),
        from_address=values.pop("from_address", "letters@association.example"),
        reply_to=values.pop("reply_to", ""),
    )
    letter = Letter(
        **{
            "subject": "A question",
            "recipient": "Ana Example",
            "address": "desk@office.example",
            "language": "en",
            "text": TEXT,
        }
        | values
    )
    message_id = "0f@association.example"
    return build(letter, sender, message_id=message_id, date=DATE, rehearsal=rehearsal, html=html)


def read(message: bytes) -> EmailMessage:
    parsed = message_from_bytes(message, policy=policy.SMTP)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_the_envelope_and_nothing_else() -> None:
    message = read(written(reply_to="answers@association.example"))
    assert list(dict(message)) == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Reply-To",
        "Content-Language",
        "X-Outreach-Rehearsal",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    ]
    assert message["From"] == "Example Association <letters@association.example>"
    assert message["To"] == "Ana Example <desk@office.example>"
    assert message["Date"].endswith(" 08:30:05 +0000")
    assert parsedate_to_datetime(message["Date"]) == DATE.replace(microsecond=0)
    assert message["Message-ID"] == "<0f@association.example>"
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"


def test_no_host_or_client_is_named() -> None:
    whole = written().decode().casefold()
    for word in (socket.gethostname().casefold(), "python", "mailer", "user-agent", "received"):
        assert word not in whole


def test_only_a_rehearsal_says_so() -> None:
    assert read(written())[REHEARSAL_HEADER] == "yes"
    assert REHEARSAL_HEADER not in read(written(rehearsal=False))


def test_every_line_ends_in_crlf() -> None:
    for message in (written(), written(text=TEXT + "Žižek, Ω, ولا\n" * 30)):
        assert b"\n" not in message.replace(b"\r\n", b"")
        assert max(map(len, message.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.rstrip("\n"),
        TEXT + "\n\n",
        "Čćžšđ Ωδ أهلا Привет\u00a0“quoted” — dash",
        "a line with trailing blanks  \nand a tab\t\nFrom here on\n.\n..dots\n-- \nsignature",
        "x" * 2000 + "\n" + "ж" * 2000,
        "=3D=20 =\n=",
    ],
)
def test_the_words_arrive_byte_for_byte(text: str) -> None:
    message = written(text=text)
    assert carries(message, text)
    assert words_of(message).removesuffix("\n") == text.removesuffix("\n")


def test_other_words_are_noticed() -> None:
    assert not carries(written(), TEXT.replace("ask", "tell"))
    assert not carries(written(), TEXT + "\n")


@settings(max_examples=60, deadline=None)
@given(
    st.text(
        st.characters(exclude_categories=("Cs", "Cc")) | st.just("\n"), min_size=1, max_size=300
    ).filter(lambda text: text.strip("\n"))
)
def test_any_text_arrives(text: str) -> None:
    assert carries(written(text=text), text)


def test_a_text_that_would_change_on_the_way_is_refused() -> None:
    with pytest.raises(BadInput, match="exactly what was approved"):
        written(text="one\r\ntwo")


@pytest.mark.parametrize(
    "subject",
    [
        "A question on Article 15 of the regulation " * 6,
        "Запрос о признании организации террористической и о внесении её в перечень " * 3,
        "Frage zu § 129a StGB: Förmliche Anfrage für Frau Müller-Lüdenscheidt",
        "سؤال إلى الحكومة",
    ],
)
def test_subjects_survive_folding(subject: str) -> None:
    assert read(written(subject=subject.strip()))["Subject"] == subject.strip()


@pytest.mark.parametrize(
    "name",
    ["Frau Dr. Žofie Ňuňuková, MdB", "Ο Υπουργός Εξωτερικών", "O’Neill “Tip”", "وزير الخارجية"],
)
def test_names_survive(name: str) -> None:
    message = read(written(recipient=name, name=name))
    assert message["To"].addresses[0].display_name == name
    assert message["From"].addresses[0].display_name == name
    assert dict(headers_of(written(recipient=name)))["To"].endswith("<desk@office.example>")


def test_international_domains_travel_in_ascii() -> None:
    assert b"<amt@xn--bro-hoa.example>" in written(address="amt@Büro.example")
    assert new_message_id("post@büro.example").endswith("@xn--bro-hoa.example")


@pytest.mark.parametrize(
    "address",
    [
        *("", "nobody", "a b@x.example", "a@", "@x.example", "a@x..example"),
        # A blank, an invisible mark and a mark that turns the direction, all beyond ASCII.
        *("ž\u00a0b@x.example", "ž\u200bb@x.example", "ž\u202eb@x.example", "ž..b@x.example"),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadInput):
        wire_address(address)


@pytest.mark.parametrize("name", ["Ana Example", "Ana (MP), Dr.", "Олена Приклад", ""])
def test_a_local_part_of_another_script_travels_as_it_stands(name: str) -> None:
    """RFC 6532 §3.2: such an address stands in its header as UTF-8."""
    whole = written(recipient=name, name=name, address="приклад@Büro.example")
    assert "приклад@xn--bro-hoa.example".encode() in whole
    said = dict(headers_of(whole))["To"]
    assert parseaddr(said)[1] == "приклад@xn--bro-hoa.example" and name.split(",")[0] in said
    assert carries(whole, TEXT)


@pytest.mark.parametrize("bad", ["x\nBcc: all@world.example", "x\rB: c", "x\u2028y", "x\x00y"])
@pytest.mark.parametrize("place", ["subject", "recipient", "name", "address", "reply_to"])
def test_no_header_is_smuggled_in(place: str, bad: str) -> None:
    with pytest.raises(BadInput):
        written(**{place: bad})


def test_message_ids_are_random_and_say_nothing() -> None:
    several = {new_message_id("letters@association.example") for _ in range(100)}
    assert len(several) == 100
    assert all(re.fullmatch(r"[0-9a-f]{32}@association\.example", one) for one in several)


PARAGRAPHS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\r"), min_size=1
).filter(lambda line: line.strip() == line != "")


@given(st.lists(st.lists(PARAGRAPHS, min_size=1, max_size=3), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_html_part_says_the_same_words(blocks: list[list[str]]) -> None:
    text = "\n\n".join("\n".join(lines) for lines in blocks)
    assert hypertext.words_in(hypertext.html_of(text, "en")) == text


def test_a_campaign_may_add_html_made_of_the_same_words() -> None:
    text = "Dear <Member> & others,\n\nsee https://example.org/a?b=1&c=2.\nSecond line"
    message = written(text=text, html=True)
    parsed = read(message)
    kinds = [part.get_content_type() for part in parsed.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    assert words_of(message) == text + "\n"
    assert carries(message, text)
    html = html_in(message)
    assert '<a href="https://example.org/a?b=1&amp;c=2">' in html
    assert "<Member>" not in html and "<img" not in html and "style" not in html


def test_an_html_part_with_other_words_is_noticed() -> None:
    message = written(text="Dear Member,\n\nPlease ask.", html=True)
    assert carries(message, "Dear Member,\n\nPlease ask.")
    changed = message.replace(b"<p>Please ask.</p>", b"<p>Please pay.</p>")
    assert changed != message
    assert not carries(changed, "Dear Member,\n\nPlease ask.")


def test_html_of_a_language_from_right_to_left_says_so() -> None:
    assert 'lang="ar" dir="rtl"' in html_in(written(language="ar", html=True))


def test_a_long_name_in_another_script_is_read_as_it_was_written() -> None:
    name = "Комітет з питань зовнішньої політики та міжпарламентського співробітництва"
    message = written(recipient=name)
    assert f"{name} <desk@office.example>" in dict(headers_of(message)).values()
