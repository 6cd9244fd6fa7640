"""The quick way writes what the library writes, byte for byte, and refuses what it refuses."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outreach.accounts.models import Sender
from outreach.errors import BadInput
from outreach.letters.models import Letter
from outreach.sending import fast_message, message

DATE = dt.datetime(2026, 3, 3, 10, 30, 5, 7, tzinfo=dt.timezone(dt.timedelta(hours=2)))
GOLDEN = sorted((Path(__file__).parent.parent / "letters" / "golden").glob("*.txt"))
SENDER = Sender(
    name="Example Association",
    from_address="letters@association.example",
    reply_to="answers@association.example",
)


def ways(sender: Sender = SENDER, *, html: bool = False, **values: Any) -> list[bytes | str]:
    """What the library writes, and what the quick way does; a refusal by its words."""
    letter = Letter(
        **{
            "subject": "A question",
            "recipient": "Ana Example",
            "address": "desk@office.example",
            "language": "en",
            "text": "Words\n",
        }
        | values
    )
    found: list[bytes | str] = []
    for build in (message.build, fast_message.build):
        try:
            found.append(
                build(
                    letter,
                    sender,
                    message_id="0f@association.example",
                    date=DATE,
                    rehearsal=False,
                    html=html,
                )
            )
        except BadInput as error:
            found.append(str(error))
    return found


@pytest.mark.parametrize("html", [False, True])
def test_every_golden_letter(html: bool) -> None:
    assert len(GOLDEN) > 20
    for path in GOLDEN:
        head, _, text = path.read_text("utf-8").partition("\n\n")
        name, _, subject = head.removeprefix("To: ").partition("\nSubject: ")
        library, quick = ways(
            html=html,
            text=text,
            subject=subject,
            recipient=name.splitlines()[0],
            language=path.name.split(".")[1],
        )
        assert isinstance(library, bytes) and quick == library, path.name


ANY = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=200)
LINES = st.lists(ANY, max_size=4).map("\n".join)
PLAIN = st.text(alphabet="abc =?_.,;:<>()\"'\\@-\t~!", max_size=120)


EDGES = st.lists(
    st.tuples(st.integers(68, 80), st.sampled_from(["ü", "=", " ", "\t", ".", "", "ж", "\0"])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(EDGES)
def test_where_a_line_is_broken(edges: list[tuple[int, str]]) -> None:
    text = "".join(f"{'x' * length}{mark}\nü{mark * length}\n{mark}\n" for length, mark in edges)
    library, quick = ways(text=text)
    assert quick == library


@settings(max_examples=200, deadline=None)
@given(text=LINES | PLAIN, subject=ANY | PLAIN, recipient=ANY | PLAIN, html=st.booleans())
@example(text="", subject="", recipient="", html=True)
@example(text=".\n..\nFrom here\n", subject="=?utf-8?q?x?=", recipient="=?utf-8?q?x?=", html=False)
@example(text="x" * 75 + " \n" + "ü" * 30 + "\t", subject="S " * 60, recipient="R " * 60, html=True)
@example(text="", subject="=?foo?q?x?=", recipient="=?utf-8?b?!?=", html=False)
@example(text="a\r\nb\rc\x0b\x0cd\x85e\u2028f", subject="a  b", recipient='"', html=False)
def test_whatever_the_words(text: str, subject: str, recipient: str, html: bool) -> None:
    library, quick = ways(text=text, subject=subject, recipient=recipient, html=html)
    assert quick == library


@pytest.mark.parametrize(
    "address",
    [
        *("desk@büro.example", "a b@office.example", "nobody", "a@-x-.example"),
        *("ü@a.example", "приклад@büro.example", "ü\u202e@a.example"),
    ],
)
def test_addresses_are_written_or_refused_alike(address: str) -> None:
    for name in ("Ana", "Ana (MP), Dr.", "Олена", ""):
        library, quick = ways(address=address, recipient=name)
        assert quick == library
    sender = Sender(name='The "Other" One', from_address=address, reply_to="")
    library, quick = ways(sender)
    assert quick == library


IDS = st.text(alphabet="abc@.<> \r\nü=-", min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(first=IDS, others=st.lists(IDS, max_size=4).map(" ".join))
@example(first="a@office.example", others="0f@x.example a@office.example")
@example(first="a@office.example", others="")
def test_what_it_answers_is_named_alike(first: str, others: str) -> None:
    library, quick = ways(in_reply_to=first, refers_to=others or None)
    assert quick == library
    if isinstance(library, bytes):
        head = library.partition(b"\r\n\r\n")[0].decode()
        assert f"\r\nIn-Reply-To: <{first}>\r\nReferences: <" in head
        assert head.count("References: ") == 1


def test_no_header_comes_in_by_a_message_id() -> None:
    for odd in ("a>\r\nBcc: b@c.example", "a b", "a\u2028b", "<a>"):
        assert ways(in_reply_to=odd) == [str(message.NOT_THE_SAME)] * 2
        assert ways(in_reply_to="a@b.example", refers_to=odd)[0] != odd
