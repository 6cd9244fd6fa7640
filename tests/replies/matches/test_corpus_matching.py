"""The letters that the corpus answers: nothing certain is wrong, the rest is among the guesses."""

from __future__ import annotations

import datetime as dt
import sys

import pytest
from sqlalchemy.orm import Session

from outreach.replies.mail import parsing
from outreach.replies.matches import matching
from outreach.replies.matches.signs import signs_of
from tests import make
from tests.replies.corpus_of_mail import OURS, messages, reader_of, send_letters


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.long, id="all"), 9])
def test_the_corpus_is_matched(session: Session, step: int) -> None:
    """Every message among the long tests, else each ninth."""
    numbers = send_letters(session, make.campaign(session))
    names = {number: name for name, number in numbers.items()}
    letter_of = reader_of(numbers)
    wrong, missed, proofs, guessed, findable = [], [], 0, 0, 0
    for one in messages()[::step]:
        mail = parsing.read(one.raw)
        at = mail.date or dt.datetime(2026, 12, 31, tzinfo=dt.UTC)
        signs = signs_of(mail, at=at, own=frozenset({OURS}))
        found = matching.match(session, signs, letter_of=letter_of)
        certain = {names[number] for number in found.certain}
        if certain and certain != set(one.letters):
            wrong.append((one.name, certain, one.letters))
        proofs += bool(certain)
        if not one.letters or certain:
            continue
        findable += 1
        offered = [names[guess.letter_id] for guess in found.guesses[:3]]
        if set(one.letters) <= set(offered):
            guessed += 1
        else:
            missed.append((one.name, offered, one.letters))
    unproved = [
        one.name for one in messages() if one.certain and one.name in {it[0] for it in missed}
    ]
    say = sys.stdout.write
    say(f"certain: {proofs} of {len(messages())}, wrong: {len(wrong)}\n")
    say(f"offered among three: {guessed} of {findable}; missed: {missed}\n")
    assert wrong == []
    assert unproved == []
    assert guessed >= 0.95 * findable
