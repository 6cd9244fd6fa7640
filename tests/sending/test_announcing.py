"""A server may mind being told of a letter behind another one: what it says then is not theirs."""

from __future__ import annotations

import pytest

from outreach.sending.postman import Answer, Fate, Refusal
from tests.sending.scripted import HANG_UP, RESET, SILENCE, Scripted
from tests.sending.test_pipelined import TAKEN, arrived, sent

# What a server may say that minds being told of a letter behind another one.
MINDS = {
    word.decode(): word
    for word in (
        *(b"421 4.7.0 bye", b"450 no", b"451 4.7.1 later", b"452 no", b"500 what?", b"501 what?"),
        *(b"503 5.5.1 bad sequence", b"535 sign in", b"550 5.7.1 no", b"550 5.1.1 nobody"),
        *(b"552 too much", b"554 5.5.0 synchronization error", b"554 no", b"999 what", b"what?"),
        *(HANG_UP, RESET, SILENCE),
    )
}


def minding(phase: str, word: bytes) -> Scripted:
    """A server that says `word` when it was told more behind a message; else it is content."""
    there = Scripted()
    there.says = {phase: lambda _: word if b".\r\nMAIL" in there.packets[-1] else None}
    return there


@pytest.mark.parametrize("word", MINDS.values(), ids=MINDS)
@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA"])
def test_a_letter_is_judged_by_what_is_said_to_it_alone(phase: str, word: bytes) -> None:
    """Whoever minds the announcing is told of one letter at a time from then on."""
    with minding(phase, word) as there:
        assert sent(there, 5) == [TAKEN] * 5
    assert arrived(there) == [1, 2, 3, 4, 5]
    assert sum(b".\r\nMAIL" in packet for packet in there.packets) == 1


@pytest.mark.parametrize("word", MINDS.values(), ids=MINDS)
def test_what_stood_behind_a_message_is_not_the_message_s_fault(word: bytes) -> None:
    """A refusal is heard again without it; where nobody knows, it costs one letter at most."""
    with minding("message", word) as there:
        answers = sent(there, 5)
    if MINDS[word.decode()][:1] in b"45":
        assert answers == [TAKEN] * 5
    else:
        assert answers[0].fate is Fate.UNKNOWN and answers[1:] == [TAKEN] * 4
    # What was refused went again, what nobody knows of did not.
    assert [whom for whom, _ in there.taken] == [
        f"desk{number}@office.example" for number, one in enumerate(answers, 1) if one == TAKEN
    ]
    assert sum(b".\r\nMAIL" in packet for packet in there.packets) == 1


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "message"])
def test_what_is_refused_alone_too_is_refused_and_announcing_goes_on(phase: str) -> None:
    """The second of six is not wanted, by whatever way it is told."""

    def unwanted(_: int) -> bytes | None:
        mails = [one for one in there.commands if one[:4] == "RCPT"]
        about = there.packets[-1] if phase == "MAIL" else (mails[-1].encode() if mails else b"")
        return b"550 5.7.1 not this one" if b"desk2@" in about else None

    with Scripted(says={phase: unwanted}) as there:
        answers = sent(there, 6)
    assert answers[1] == Answer(
        Fate.NOT_TAKEN,
        "550 5.7.1 not this one",
        Refusal.SENDER if phase == "MAIL" else Refusal.CONTENT,
    )
    assert [answers[0], *answers[2:]] == [TAKEN] * 5 and arrived(there) == [1, 3, 4, 5, 6]
    assert sum(b".\r\nMAIL" in packet for packet in there.packets) >= 4


def test_a_server_that_takes_only_so_many_over_one_line_is_still_told_ahead() -> None:
    """What it took behind a message before tells that it minds none."""
    limit = {"MAIL": lambda begun: b"421 4.7.0 enough" if begun % 4 == 0 else None}
    with Scripted(says=limit) as there:
        assert sent(there, 9) == [TAKEN] * 9
    assert there.lines == 3
    assert sum(b".\r\nMAIL" in packet for packet in there.packets) > 5
