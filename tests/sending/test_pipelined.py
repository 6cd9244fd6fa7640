"""Several things said at once: every answer belongs to its letter, whatever the server does."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import trustme

from outreach.sending.pipelined import Pipelined
from outreach.sending.postman import Answer, Envelope, Fate, Refusal, TransportError, Written
from outreach.sending.smtp import SMTPPostman
from tests.sending.scripted import HANG_UP, PHASES, RESET, SILENCE, Scripted

MESSAGE = b"Subject: A question\r\n\r\n.a dot first\r\n..two\r\n.\r\nwords\r\n"
ENVELOPE = Envelope(
    "0f@association.example",
    "letters@association.example",
    "desk@office.example",
    rehearsal=False,
    at=dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC),
)
BOTH = pytest.mark.parametrize("fast", [True, False], ids=["pipelined", "library"])
TAKEN = Answer(Fate.TAKEN, "250 2.0.0 queued as 7")


def letters(number: int) -> list[Written]:
    """Letters that differ in whom they go to and what they say."""
    return [
        Written(MESSAGE + b"%d\r\n" % one, replace(ENVELOPE, recipient=f"desk{one}@office.example"))
        for one in range(1, number + 1)
    ]


def sent(
    there: Scripted,
    number: int,
    *,
    fast: bool = True,
    timeout: float = 10,
    going: Callable[[], bool] = lambda: True,
) -> list[Answer]:
    with SMTPPostman(there.server(timeout=timeout), fast=fast) as postman:
        return list(postman.deliver_all(letters(number), going=going))


def arrived(there: Scripted) -> list[int]:
    """Which letters the server took; what it took must be what was handed over."""
    whole = {one.envelope.recipient: one.message for one in letters(20)}
    for recipient, message in there.taken:
        assert whole[recipient] == message
    return [int(recipient[4:].partition("@")[0]) for recipient, _ in there.taken]


@BOTH
@pytest.mark.parametrize("by_piece", [False, True])
def test_letters_arrive_whole_over_one_line(fast: bool, by_piece: bool) -> None:
    with Scripted(by_piece=by_piece) as there:
        assert sent(there, 5, fast=fast) == [TAKEN] * 5
    assert arrived(there) == [1, 2, 3, 4, 5]
    assert there.lines == 1


def test_each_letter_is_announced_with_the_one_before_where_the_server_takes_that() -> None:
    for pipelining in (True, False):
        with Scripted(pipelining=pipelining) as there:
            assert sent(there, 4) == [TAKEN] * 4
        assert arrived(there) == [1, 2, 3, 4]
        first = [one.count(b"\r\n") for one in there.packets if one[:4].upper() == b"MAIL"]
        behind = [one for one in there.packets if b"\r\n.\r\nMAIL FROM" in one]
        assert (first, len(behind)) == (([3], 3) if pipelining else ([1] * 4, 0))
        assert all(one.endswith(b"\r\nDATA\r\n") for one in behind)
        verbs = [command[:4] for command in there.commands]
        assert verbs == ["EHLO", *["MAIL", "RCPT", "DATA"] * 4, "QUIT"]


def test_answers_of_several_lines_and_words_of_any_script() -> None:
    words = "550-5.1.1 nobody here\r\n550-5.1.1 is called so\r\n550 5.1.1 немає".encode()
    says = {"RCPT": lambda begun: words if begun == 3 else None, "MAIL": b"250-yes\r\n250 OK"}
    with Scripted(says=says, by_piece=True) as there:
        answers = sent(there, 4)
    refused = Answer(
        Fate.NOT_TAKEN,
        "550 5.1.1 nobody here 5.1.1 is called so 5.1.1 немає",
        Refusal.ADDRESS,
    )
    assert answers == [TAKEN, TAKEN, refused, TAKEN]
    assert arrived(there) == [1, 2, 4]


@pytest.mark.parametrize("waits_all_the_same", [False, True])
@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_a_refused_letter_is_nobody_else_s(step: str, waits_all_the_same: bool) -> None:
    """RFC 2920 §3.1: DATA may be answered 354 though nobody is there to read the message."""
    says = {step: lambda begun: b"550 5.1.1 no" if begun in (3, 5) else None}
    if waits_all_the_same:
        says["DATA"] = lambda _: b"354 go on"
    with Scripted(says=says) as there:
        fates = [answer.fate for answer in sent(there, 6)]
    assert fates == [Fate.TAKEN, Fate.TAKEN, *[Fate.NOT_TAKEN, Fate.TAKEN] * 2]
    assert arrived(there) == [1, 2, 4, 6] and len(there.heard) == 4
    assert there.lines == 1


def test_no_empty_letter_reaches_anybody() -> None:
    """A server that refuses MAIL, takes RCPT and waits for a message would deliver a lone dot."""
    lying = {"MAIL": b"550 no", "RCPT": b"250 OK", "DATA": b"354 go on"}
    with Scripted(says=lying) as there:
        (answer,) = sent(there, 1)
    assert (answer.fate, answer.refusal) == (Fate.NOT_TAKEN, Refusal.SENDER)
    assert there.heard == []


# What a server does, by phase, and what must be known of the letter then.
MISHAPS = {
    "silence": SILENCE,
    "reset": RESET,
    "hang up": HANG_UP,
    "421": b"421 4.3.2 closing",
    "nonsense": b"hello to you",
    "empty": b"",
    "number": b"999 what",
    "yes and no": b"354 go on",
}


@BOTH
@pytest.mark.parametrize("phase", PHASES[3:])
@pytest.mark.parametrize("mishap", MISHAPS)
def test_whatever_happens_to_one_letter(fast: bool, phase: str, mishap: str) -> None:
    """Five letters; something happens to the third: what is said of each is true."""
    if (phase, mishap) == ("DATA", "yes and no"):
        return
    what = MISHAPS[mishap]
    with Scripted(says={phase: lambda begun: what if begun == 3 else None}) as there:
        answers = sent(there, 5, fast=fast, timeout=1 if mishap == "silence" else 10)
    fates = [answer.fate for answer in answers]
    assert fates[:2] == fates[3:] == [Fate.TAKEN] * 2
    whole = [recipient for recipient, _ in there.heard]
    assert len(whole) == len(set(whole)), "a letter went twice"
    if phase != "message":
        # Nothing of the message went: certain, and a new line may be tried for it at once.
        assert fates[2] in (Fate.TAKEN, Fate.NOT_TAKEN)
        assert arrived(there) == [1, 2, 3, 4, 5] if fates[2] is Fate.TAKEN else [1, 2, 4, 5]
        assert fates[2] is Fate.TAKEN or answers[2].refusal is Refusal.LATER
    elif mishap == "421":
        assert (fates[2], answers[2].refusal) == (Fate.NOT_TAKEN, Refusal.LATER)
    else:
        assert fates[2] is Fate.UNKNOWN
        assert answers[2].words.startswith("No answer to the whole message")
        assert "hello" not in mishap or "hello" in answers[2].words


@BOTH
def test_a_line_that_breaks_again_and_again_is_certain(fast: bool) -> None:
    with Scripted(says={"RCPT": RESET}) as there:
        answers = sent(there, 2, fast=fast)
    assert {(one.fate, one.refusal) for one in answers} == {(Fate.NOT_TAKEN, Refusal.LATER)}
    assert there.heard == []


@BOTH
def test_a_line_closed_while_nobody_wrote_costs_no_letter_anything(fast: bool) -> None:
    with Scripted() as there, SMTPPostman(there.server(), fast=fast) as postman:
        assert postman.deliver(MESSAGE, ENVELOPE).startswith("250")
        line = postman.connected().sock
        assert line is not None
        line.shutdown(2)
        assert postman.deliver(MESSAGE, ENVELOPE).startswith("250")
    assert there.lines == 2 and len(there.taken) == 2


def test_a_message_that_could_not_be_written_whole_is_certain() -> None:
    """The server ends the line instead of reading; far more is written than a line can hold."""
    big = MESSAGE + b"x" * 70 + b"\r\n" + b"words and more words\r\n" * 1_000_000
    with Scripted(deaf=True) as there:
        postman = SMTPPostman(there.server())
        with pytest.raises(TransportError) as certain:
            postman.deliver(big, ENVELOPE)
    assert certain.value.refusal is Refusal.LATER
    assert there.heard == []


def test_going_is_asked_before_each_letter_and_the_rest_never_begin() -> None:
    asked = itertools.count(1)
    with Scripted() as there:
        answers = sent(there, 5, going=lambda: next(asked) <= 2)
    assert answers == [TAKEN, TAKEN, *[Answer(Fate.NOT_BEGUN)] * 3]
    # The third was announced, and the line ended when it was not to go.
    assert arrived(there) == [1, 2] and there.begun == 3
    assert len(there.heard) == 2 and "QUIT" not in there.commands


@pytest.mark.parametrize("fate", [b"550 5.7.1 spam", b"421 4.3.2 bye", SILENCE, RESET])
@pytest.mark.parametrize("stops", [False, True])
def test_what_becomes_of_one_says_nothing_of_the_one_announced_behind(
    fate: bytes, stops: bool
) -> None:
    """The second letter meets its fate while the third is announced already."""
    asked = itertools.count(1)
    with Scripted(says={"message": lambda begun: fate if begun == 2 else None}) as there:
        answers = sent(
            there,
            4,
            timeout=0.5 if fate == SILENCE else 10,
            going=lambda: next(asked) <= (2 if stops else 9),
        )
    sure = fate[:1].isdigit()
    assert answers[0] == TAKEN
    assert answers[1].fate is (Fate.NOT_TAKEN if sure else Fate.UNKNOWN)
    assert answers[2:] == [Answer(Fate.NOT_BEGUN) if stops else TAKEN] * 2
    assert arrived(there) == ([1] if stops else [1, 3, 4])
    assert there.lines == (1 if stops or fate.startswith(b"550") else 2)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("code", [b"550 5.1.1 no", b"452 4.3.1 full", b"421 4.3.2 bye"])
def test_an_announced_letter_that_is_refused_is_the_one_refused(step: str, code: bytes) -> None:
    with Scripted(says={step: lambda begun: code if begun == 3 else None}) as there:
        answers = sent(there, 4)
    assert [one.fate for one in answers[:2]] == [Fate.TAKEN] * 2 and answers[3] == TAKEN
    if (step, code[:3]) == ("MAIL", b"421"):
        # The line ended between two letters: that costs none of them anything.
        assert answers[2] == TAKEN and arrived(there) == [1, 2, 3, 4]
    else:
        assert answers[2].words == code.decode() and arrived(there) == [1, 2, 4]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_more_than_was_asked_is_nobody_s_answer(step: str) -> None:
    """A server out of step could seem to have taken a letter that it never had."""
    extra = {"DATA": b"354 go on"}.get(step, b"250 OK") + b"\r\n250 2.0.0 queued as 8"
    with Scripted(says={step: lambda begun: extra if begun == 3 else None}) as there:
        answers = sent(there, 4)
    assert answers[0] == answers[1] == answers[3] == TAKEN
    assert (answers[2].fate, answers[2].refusal) == (Fate.NOT_TAKEN, Refusal.LATER)
    assert arrived(there) == [1, 2, 4] and len(there.heard) == 3


def test_a_server_that_ends_the_line_after_every_letter() -> None:
    """What was announced behind it goes over the next line; its answer still counts."""
    with Scripted(once=True) as there:
        assert sent(there, 4) == [TAKEN] * 4
    assert arrived(there) == [1, 2, 3, 4] and there.lines == 4


def test_a_server_that_forgets_what_came_behind_a_message_is_told_by_itself() -> None:
    """Else each letter would wait out its time, and a batch its lease."""

    def forgets(_begun: int) -> bytes | None:
        return SILENCE if b".\r\nMAIL" in there.packets[-1] else None

    with Scripted(says={"MAIL": forgets}) as there:
        assert sent(there, 5, timeout=0.3) == [TAKEN] * 5
    assert arrived(there) == [1, 2, 3, 4, 5] and there.lines == 2


def test_a_letter_announced_and_not_delivered_next_gives_way() -> None:
    one, other, third = letters(3)
    with Scripted() as there, SMTPPostman(there.server()) as postman:
        postman.deliver(one.message, one.envelope, ahead=other)
        postman.deliver(third.message, third.envelope)
        postman.deliver(other.message, other.envelope, ahead=one)
        postman.let_go()
    assert arrived(there) == [1, 3, 2] and len(there.heard) == 3


def test_what_can_not_be_announced_is_told_in_its_turn() -> None:
    first, last = letters(2)
    odd = Written(MESSAGE, replace(ENVELOPE, recipient="приклад@office.example"))
    forged = Written(MESSAGE, replace(ENVELOPE, recipient="a\r\nb@office.example"))
    with Scripted() as there, SMTPPostman(there.server()) as postman:
        answers = list(postman.deliver_all([first, odd, forged, last], going=lambda: True))
    assert [one.refusal for one in answers] == [None, Refusal.ADDRESS, None, None]
    assert [answers[0], answers[3]] == [TAKEN] * 2 and arrived(there) == [1, 2]


class Narrow:
    """A line that takes some bytes, piece by piece, and then no more."""

    def __init__(self, room: int) -> None:
        self.sock: Any = self
        self.room = room

    def send(self, part: memoryview) -> int:
        if not self.room:
            raise ConnectionResetError
        taken = min(len(part), self.room, 3)
        self.room -= taken
        return taken


@pytest.mark.parametrize("room", [0, 1, 6, 7, 8, 11])
def test_a_message_written_to_its_dot_may_have_been_taken(room: int) -> None:
    """The line breaks within what follows the message: only its answer can tell."""
    line: Any = Narrow(room)
    whole = room >= len(b"Hi\r\n.\r\n")
    with contextlib.nullcontext() if whole else pytest.raises(ConnectionResetError):
        Pipelined(line).give(b"Hi\r\n.\r\n", b"MAIL")
    assert line.room == 0


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's certificate, and whoever trusts it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return context, trust


def test_a_message_that_went_whole_in_an_encrypted_record_may_have_been_taken(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """TLS says of several records only that they did not all go (RFC 8446 §5.1: 2^14 bytes)."""
    message, came = b"x" * (2**14 - 5) + b"\r\n.\r\n", b""
    near, far = socket.socketpair()

    def hear() -> None:
        nonlocal came
        with contexts[0].wrap_socket(far, server_side=True) as line:
            while not came.endswith(b"\r\n.\r\n"):
                came += line.recv(2**14)

    hearing = threading.Thread(target=hear, daemon=True)
    hearing.start()
    with contexts[1].wrap_socket(near, server_hostname="localhost") as sock:
        line: Any = Narrow(0)
        line.sock = sock
        # So much that it can't all have been written when the line ends.
        Pipelined(line).give(message, b"NOOP\r\n" * 1_000_000)
    hearing.join(timeout=5)
    assert came == message


def test_encrypted_and_signed_in(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    context, trust = contexts
    with Scripted(context=context, auth=True) as there:
        postman = SMTPPostman(there.server(host="localhost"), trust=trust)
        given = list(postman.deliver_all(letters(3), going=lambda: True))
        postman.close()
    assert given == [TAKEN] * 3 and arrived(there) == [1, 2, 3]
    assert any(command.startswith("AUTH PLAIN") for command in there.commands)


@BOTH
@pytest.mark.parametrize("takes", [True, False])
def test_addresses_in_other_scripts_go_where_they_are_taken(fast: bool, takes: bool) -> None:
    to = replace(ENVELOPE, recipient="приклад@office.example")
    with Scripted(smtputf8=takes) as there, SMTPPostman(there.server(), fast=fast) as postman:
        (answer, after) = postman.deliver_all(
            [Written(MESSAGE, to), Written(MESSAGE, ENVELOPE)], going=lambda: True
        )
    assert after == TAKEN
    mails = [command for command in there.commands if command.startswith("MAIL")]
    if takes:
        assert answer == TAKEN
        assert mails[0].endswith("SMTPUTF8 BODY=8BITMIME") and "UTF8" not in mails[1]
        assert there.taken[0][0] == "приклад@office.example"
    else:
        assert (answer.fate, answer.refusal) == (Fate.NOT_TAKEN, Refusal.ADDRESS)
        assert "SMTPUTF8" in answer.words and "приклад@office.example" in answer.words
        assert len(mails) == 1


@pytest.mark.parametrize("takes", [True, False])
def test_our_own_address_in_another_script_is_no_fault_of_theirs(takes: bool) -> None:
    """It may stand in From alone: the envelope sender is where bounces go."""
    ours = "From: <приклад@association.example>\r\n".encode() + MESSAGE
    with Scripted(smtputf8=takes) as there, SMTPPostman(there.server()) as postman:
        (answer,) = postman.deliver_all([Written(ours, ENVELOPE)], going=lambda: True)
    assert answer == TAKEN if takes else answer.refusal is Refusal.SENDER
    assert there.begun == (1 if takes else 0)


@pytest.mark.parametrize("mark", ["\r\nRCPT TO:<all@world.example", "\n", ">", "<"])
@pytest.mark.parametrize("place", ["sender", "recipient"])
def test_an_address_says_nothing_to_the_server(place: str, mark: str) -> None:
    forged = replace(ENVELOPE, **{place: f"a{mark}b@office.example"})
    with Scripted() as there:
        postman = SMTPPostman(there.server())
        with pytest.raises(ValueError, match="address"):
            postman.deliver(MESSAGE, forged)
        postman.close()
    assert there.begun == 0
