"""The letters that the corpus answers: nothing certain is wrong, the rest is among the guesses."""

from __future__ import annotations

import datetime as dt
import sys

import pytest
from sqlalchemy.orm import Session

from outreach.letters.lifecycle import State
from outreach.replies import matching, parsing, traces
from outreach.replies.signs import signs_of
from outreach.sending.models import Attempt, Outcome
from tests import make
from tests.replies.corpus_of_mail import letters, messages

OURS = "answers@campaign.example"
RETYPED = str.maketrans({"l": "1", "i": "1", "o": "0"})


@pytest.fixture
def numbers(session: Session) -> dict[str, int]:
    """The letters of the corpus, sent: {their name there: their number here}."""
    campaign = make.campaign(session)
    found, desks = {}, {}
    for one in letters():
        mail = one["email"]
        if mail not in desks:
            desks[mail] = make.office(session, name=one["office"], key=f"email:{mail}")
        place = make.jurisdiction(session, one["country"])
        row = make.letter(
            session,
            campaign,
            target=make.target(session, name=one["name"], office=desks[mail], jurisdiction=place),
            state=State.SENT,
            sent_at=dt.datetime.fromisoformat(one["date"]),
            address=mail,
            code=one["code"],
            language=one["language"],
            subject=one["subject"],
            text=one["text"],
        )
        session.add(_attempt(row.id, row.sent_at, one["message_id"].strip("<>")))
        traces.trace(session, [row])
        found[one["id"]] = row.id
    session.flush()
    return found


def _attempt(letter_id: int, at: dt.datetime | None, message_id: str) -> Attempt:
    assert at is not None
    return Attempt(
        letter_id=letter_id,
        number=1,
        message_id=message_id,
        transport="smtp",
        worker="w",
        rehearsal=False,
        started_at=at,
        lease_until=at,
        ended_at=at,
        outcome=Outcome.DELIVERED,
    )


def test_the_corpus_is_matched(session: Session, numbers: dict[str, int]) -> None:
    names = {number: name for name, number in numbers.items()}
    tags = {one["tag"]: numbers[one["id"]] for one in letters()}

    def letter_of(address: str) -> int | None:
        local = address.strip("<>").rpartition("@")[0]
        return tags.get(local.rpartition("+")[2].lower().translate(RETYPED))

    wrong, missed, proofs, guessed, findable = [], [], 0, 0, 0
    for one in messages():
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
