"""Signatures: two ways to the same bytes, verified by dkimpy; a changed byte is noticed."""

from __future__ import annotations

import base64
import datetime as dt
import os
import shutil
import subprocess
from pathlib import Path

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.accounts.models import Sender
from outreach.errors import BadInput
from outreach.letters.models import Letter
from outreach.sending import dkim, fast_dkim, message
from outreach.sending.dkim import DkimKey

AT = dt.datetime(2026, 3, 3, 9, 30, 7, tzinfo=dt.UTC)
GOLDEN = sorted((Path(__file__).parent.parent / "letters" / "golden").glob("*.txt"))
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY = DkimKey(
    "association.example",
    "letters2026",
    _KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode(),
)


def published(name: bytes, timeout: int = 5) -> bytes:
    """The DNS as it would be."""
    assert name == b"letters2026._domainkey.association.example."
    public = _KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def written(text: str, subject: str, recipient: str = "Ana", *, html: bool = False) -> bytes:
    sender = Sender(
        name="Verein Beispiel e. V.",
        from_address="letters@association.example",
        reply_to="answers@association.example",
    )
    letter = Letter(
        subject=subject,
        recipient=recipient,
        address="desk@office.example",
        language="de",
        text=text,
    )
    return message.build(
        letter, sender, message_id="0f@association.example", date=AT, rehearsal=False, html=html
    )


def verified(signed: bytes) -> bool:
    try:
        return bool(dkimpy.DKIM(signed).verify(dnsfunc=published))
    except dkimpy.ValidationError:
        return False


def golden(path: Path) -> tuple[str, str]:
    head, _, text = path.read_text("utf-8").partition("\n\n")
    return head.rpartition("Subject: ")[2], text


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("path", GOLDEN[:: max(1, len(GOLDEN) // 24)], ids=lambda path: path.stem)
def test_both_ways_write_the_same_signature(path: Path, html: bool) -> None:
    subject, text = golden(path)
    plain = written(text, subject, html=html)
    signed = fast_dkim.sign(plain, KEY, at=AT)
    assert signed == dkim.sign(plain, KEY, at=AT)
    assert signed.endswith(plain)


def test_dkimpy_verifies_and_says_what_is_signed() -> None:
    signed = fast_dkim.sign(written("Grüße\n\n", "Zwei Fragen – kurz"), KEY, at=AT)
    assert verified(signed)
    head = signed.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
    assert b"h=from : from : to : subject : date : message-id : reply-to : " in head
    assert b"c=relaxed/simple" in head and b"t=%d" % AT.timestamp() in head


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Dear", b"dear"),
        (b"Subject: A", b"Subject: B"),
        (b"To: Ana", b"To: Eva"),
        (b"\r\nDate: Tue", b"\r\nDate: Wed"),
        (b"\r\nReply-To: ", b"\r\nReply-To: x"),
        (b"charset=", b"charsex="),
        (b"\r\nFrom: ", b"\r\nFrom: Somebody <else@where.example>\r\nFrom: "),
    ],
)
def test_a_changed_byte_or_an_added_sender_is_noticed(before: bytes, after: bytes) -> None:
    signed = dkim.sign(written("Dear Ana,\n", "A question"), KEY, at=AT)
    assert verified(signed)
    assert signed.count(before) == 1
    assert not verified(signed.replace(before, after))


@settings(max_examples=40, deadline=None)
@given(
    text=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])).map(
        lambda words: f"{words}\n \n{words}  x\n\n"
    ),
    subject=st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"])),
)
def test_whatever_the_words_both_ways_agree(text: str, subject: str) -> None:
    try:
        plain = written(text, subject)
    except BadInput:
        return
    signed = fast_dkim.sign(plain, KEY, at=AT)
    assert signed == dkim.sign(plain, KEY, at=AT)
    assert verified(signed)


def test_a_long_domain_folds_alike() -> None:
    key = DkimKey(".".join(["a" * 60] * 3) + ".example", "s" * 63, KEY.pem)
    plain = written("Words\n", "A question")
    assert fast_dkim.sign(plain, key, at=AT) == dkim.sign(plain, key, at=AT)


def test_an_address_of_another_script_is_signed_alike() -> None:
    sender = Sender(name="Verein", from_address="приклад@association.example", reply_to="")
    letter = Letter(
        subject="A question", recipient="Ana", address="ü@x.example", language="de", text="Words\n"
    )
    given = {"message_id": "0f@association.example", "date": AT, "rehearsal": False}
    plain = message.build(letter, sender, **given)  # type: ignore[arg-type]
    signed = fast_dkim.sign(plain, KEY, at=AT)
    assert signed == dkim.sign(plain, KEY, at=AT) and verified(signed)


def test_a_key_is_not_told() -> None:
    assert "PRIVATE" not in repr(KEY)


def second_program(folder: Path) -> list[str]:
    """The command that verifies files of letters named after it; skips where it isn't there."""
    program = shutil.which("opendkim") or shutil.which("/usr/sbin/opendkim")
    if program is None:
        words = "OpenDKIM is not installed: signatures are checked by dkimpy alone"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    name = b"letters2026._domainkey.association.example."
    (folder / "keys").write_bytes(name.rstrip(b".") + b" " + published(name) + b"\n")
    settings = f"Mode v\nSyslog no\nSocket inet:1@127.0.0.1\nTestPublicKeys {folder}/keys\n"
    (folder / "conf").write_text(settings)
    return [program, "-x", str(folder / "conf"), "-t"]


def test_a_second_program_verifies_them(tmp_path: Path) -> None:
    command = second_program(tmp_path)

    def said(signed: bytes) -> str:
        (tmp_path / "letter").write_bytes(signed)
        command_line = [*command, str(tmp_path / "letter")]
        told = subprocess.run(command_line, capture_output=True, text=True, check=False)
        return told.stdout + told.stderr

    for path in GOLDEN[::24]:
        subject, text = golden(path)
        signed = fast_dkim.sign(written(text, subject, html=True), KEY, at=AT)
        assert "succeeded" in said(signed), path.name
        assert "verification failed" in said(signed[:-6] + b"?" + signed[-5:])
