"""What Outlook wraps into winmail.dat comes out again: words, files, and of a torn one some."""

from __future__ import annotations

import random
import struct

import pytest

from outreach.replies.mail import parsing
from outreach.replies.mail.parsing import read
from outreach.replies.mail.rich_text import unpacked, words_in
from outreach.replies.mail.tnef import SIGNATURE, opened
from outreach.words import Sentence

# The example of [MS-OXRTFCP] §3.1.1.
PACKED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232"
    "0af32068656c090020627705b06c647d0a800fa0"
)
RICH = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}}{\info{\title X}}"
    rb"{\*\generator Y;}F\'fcr Gr\'fc\'dfe\par \u1044?\u1072?\tab {\f1\'c4\'e0}\line \{ok\}}"
)


def attribute(name: int, value: bytes, level: int = 1) -> bytes:
    checksum = struct.pack("<H", sum(value) & 0xFFFF)
    return struct.pack("<BHHI", level, name, 6, len(value)) + value + checksum


def prop(name: int, kind: int, value: bytes) -> bytes:
    padding = b"\0" * (-len(value) % 4)
    return struct.pack("<HHII", kind, name, 1, len(value)) + value + padding


def bag(*attributes: bytes) -> bytes:
    code_page = attribute(0x9007, struct.pack("<II", 1252, 0))
    return SIGNATURE + b"\1\0" + code_page + b"".join(attributes)


def properties(*several: bytes) -> bytes:
    flag = struct.pack("<HHHH", 0x0B, 0x1234, 1, 0)
    # A property with a name of its own, and one with several values.
    named = struct.pack("<HH16sII", 0x1F, 0x8001, b"G" * 16, 1, 6) + b"a\0b\0\0\0\0\0"
    named += struct.pack("<II", 1, 4) + b"c\0\0\0"
    many = struct.pack("<HHIII", 0x1003, 0x1111, 2, 7, 8)
    everything = [flag, named, many, *several]
    return struct.pack("<I", len(everything)) + b"".join(everything)


FILE = (
    attribute(0x9002, b"\1\0" + b"\0" * 12, 2)
    + attribute(0x8010, b"BESCHE~1.PDF\0", 2)
    + attribute(0x800F, b"%PDF-1.7 \0\xff\0\0", 2)
    + attribute(
        0x9005, properties(prop(0x3707, 0x1F, "Bescheid für Sie.pdf\0".encode("utf-16-le"))), 2
    )
)


def mail(data: bytes, text: str = "") -> parsing.Mail:
    head = "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n"
    said = f"--x\nContent-Type: text/plain\n\n{text}\n" if text else ""
    named = "--x\nContent-Type: application/ms-tnef; name=winmail.dat\n\n"
    return read((head + said + named).encode() + data + b"\n--x--\n")


@pytest.mark.parametrize(
    "said",
    [
        attribute(0x800C, "Für Grüße\r\n\0".encode("cp1252")),
        attribute(0x9003, properties(prop(0x1000, 0x1F, "Für Grüße\0".encode("utf-16-le")))),
        attribute(0x9003, properties(prop(0x1000, 0x1E, "Für Grüße\0".encode("cp1252")))),
        attribute(0x9003, properties(prop(0x1013, 0x102, "<p>Für <b>Grüße</b></p>".encode()))),
    ],
    ids=["body", "wide property", "narrow property", "html"],
)
def test_its_words_are_read_where_nothing_else_speaks(said) -> None:
    assert mail(bag(said)).text.strip() == "Für Grüße"
    assert mail(bag(said), "See there.").text.strip() == "See there."


def test_its_files_come_out_whole_and_by_their_names() -> None:
    found = mail(bag(FILE, FILE), "See there.")
    assert [(one.name, one.called, one.risky) for one in found.attachments] == [
        ("attachment-1.pdf", "Bescheid für Sie.pdf", False),
        ("attachment-2.pdf", "Bescheid für Sie.pdf", False),
    ]
    # Also the zero bytes at its end.
    assert found.attachments[1].data() == b"%PDF-1.7 \0\xff\0\0"
    assert found.problems == (Sentence(parsing.OUTLOOK_BAG),)


def test_rich_text_is_unpacked_and_read() -> None:
    assert unpacked(PACKED) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    found = mail(bag(attribute(0x9003, properties(prop(0x1009, 0x102, PACKED)))))
    assert found.text.strip() == "hello world"
    plain = struct.pack("<II4sI", len(RICH) + 12, len(RICH), b"MELA", 0) + RICH
    assert words_in(unpacked(plain)) == "Für Grüße\nДа\tДа\n{ok}"


def test_of_a_torn_one_comes_what_stands_before_and_it_stays_a_file() -> None:
    found = mail(bag(attribute(0x800C, b"Yes.\0"), FILE, FILE[:60]))
    assert found.text.strip() == "Yes."
    assert [one.called for one in found.attachments] == ["winmail.dat", "Bescheid für Sie.pdf"]
    assert found.problems[0] == Sentence(parsing.TORN_BAG)


def test_hostile_counts_and_broken_bytes_neither_hang_nor_raise() -> None:
    endless = struct.pack("<IHHI", 0xFFFFFFFF, 0x1000, 0x1111, 0xFFFFFFFF)
    assert opened(bag(attribute(0x9003, endless))).whole is False
    whole = bag(
        attribute(0x9003, properties(prop(0x1009, 0x102, PACKED), prop(0x1000, 0x1E, b"Yes."))),
        FILE,
    )
    chance = random.Random(6)
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(6, len(data))] = chance.randrange(256)
        assert opened(bytes(data[: chance.randint(6, len(data))])) is not None
    for _ in range(200):
        data = bytearray(RICH)
        data[chance.randrange(len(data))] = chance.randrange(256)
        words_in(bytes(data))
    assert opened(b"no bag") is None


def test_of_more_files_than_are_taken_none_gets_the_bytes_of_another() -> None:
    def file(number: int) -> bytes:
        begins = attribute(0x9002, b"\1\0" + b"\0" * 12, 2)
        name = attribute(0x8010, f"{number}.txt\0".encode(), 2)
        return begins + name + attribute(0x800F, str(number).encode(), 2)

    found = opened(bag(*(file(number) for number in range(102))))
    assert found is not None and (len(found.files), found.whole) == (100, False)
    assert (found.files[-1].name, found.files[-1].data) == ("99.txt", b"99")
