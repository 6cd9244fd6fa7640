"""Which letter a message answers: what proves it, what speaks for it, and what must not count."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.directory.models import Target
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.replies.matches import matching, traces
from outreach.replies.matches.matching import Match
from outreach.replies.matches.signs import Signs
from outreach.sending import reply_address
from outreach.sending.models import Attempt, Outcome
from tests import make
from tests.browser import counted_queries

KEY = b"a key of the tests"
SENT = make.NOW - dt.timedelta(days=10)
OURS = "answers@campaign.example"


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return make.campaign(session)


def letter(session: Session, campaign: Campaign, name: str, **values: Any) -> Letter:
    address = values.pop("address", f"{name.split()[-1].lower()}@parliament.example")
    row = make.letter(
        session,
        campaign,
        target=make.target(session, name=name, office=make.office(session, name=name)),
        state=State.SENT,
        address=address,
        subject=values.pop("subject", "Request to list two police units"),
        text=f"Dear {name},\n\nI ask you to table a question on the listing of two police units.\n",
        sent_at=values.pop("sent_at", SENT),
        **values,
    )
    traces.trace(session, [row])
    return row


def attempt(session: Session, row: Letter, message_id: str) -> None:
    session.add(
        Attempt(
            letter_id=row.id,
            number=1,
            message_id=message_id,
            transport="smtp",
            worker="w",
            rehearsal=False,
            started_at=SENT,
            lease_until=SENT,
            ended_at=SENT,
            outcome=Outcome.DELIVERED,
        )
    )
    session.flush()


def match(session: Session, **said: Any) -> Match:
    signs = {
        "recipients": (OURS,),
        "references": (),
        "senders": (("Somebody", "somebody@elsewhere.example"),),
        "subject": "Your letter",
        "text": "Thank you.",
        "at": make.NOW,
        "own": frozenset({OURS}),
    } | said
    return matching.match(
        session, Signs(**signs), letter_of=lambda address: reply_address.letter_of(address, KEY)
    )


def retyped(address: str) -> str:
    """As an official types it from paper: capitals, l for 1, o for 0."""
    return address.replace("1", "l").replace("0", "o").upper()


@pytest.mark.parametrize("typed", [str, retyped])
def test_the_tagged_address_proves(session, campaign, typed) -> None:
    anna, _ = letter(session, campaign, "Anna Ivars"), letter(session, campaign, "Berta Kuhn")
    found = match(session, recipients=(typed(reply_address.tagged(OURS, anna.id, KEY)),))
    assert found.certain == (anna.id,)
    assert found.guesses[0].letter_id == anna.id
    assert "only this letter gave" in str(found.guesses[0].reasons[0].words)


def test_two_tags_prove_two_letters(session, campaign) -> None:
    both = [letter(session, campaign, name) for name in ("Anna Ivars", "Berta Kuhn")]
    tags = tuple(reply_address.tagged(OURS, one.id, KEY) for one in both)
    assert set(match(session, recipients=tags).certain) == {one.id for one in both}


def test_the_message_that_is_answered_proves(session, campaign) -> None:
    anna, berta = letter(session, campaign, "Anna Ivars"), letter(session, campaign, "Berta Kuhn")
    attempt(session, anna, "one@campaign.example")
    attempt(session, berta, "two@campaign.example")
    found = match(session, references=("theirs@office.example", "two@campaign.example"))
    assert found.certain == (berta.id,)


def test_the_printed_code_proves_as_it_stands_and_hints_when_misread(session, campaign) -> None:
    anna = letter(session, campaign, "Anna Ivars", code="7K4-B2M")
    assert match(session, text="Your letter, ref. 7k4‑b2m, was received.").certain == (anna.id,)
    assert match(session, text="Your letter, Ref: 7K4 B2M").certain == (anna.id,)
    misread = match(session, text="Your letter, ref. 7K4-82M, was received.")
    assert misread.certain == ()
    assert misread.guesses[0].letter_id == anna.id
    assert "misread" in str(misread.guesses[0].reasons[0].words)


def test_proofs_that_disagree_prove_nothing(session, campaign) -> None:
    anna, berta = letter(session, campaign, "Anna Ivars"), letter(session, campaign, "Berta Kuhn")
    attempt(session, berta, "two@campaign.example")
    found = match(
        session,
        recipients=(reply_address.tagged(OURS, anna.id, KEY),),
        references=("two@campaign.example",),
    )
    assert found.certain == ()
    assert [one.letter_id for one in found.guesses[:2]] == [anna.id, berta.id]


def test_a_quoted_correspondence_answers_its_newest_letter(session, campaign) -> None:
    first = letter(session, campaign, "Anna Ivars", code="7K4-B2M", sent_at=SENT)
    reminder = make.letter(
        session,
        campaign,
        target=session.get_one(Target, first.target_id),
        kind=LetterKind.REMINDER,
        follows_id=first.id,
        state=State.SENT,
        sent_at=SENT + dt.timedelta(days=5),
        code="9QX-A3M",
    )
    assert match(session, text="Ref. 7K4-B2M\n\n> Ref. 9QX-A3M").certain == (reminder.id,)


def test_codes_of_two_desks_in_one_message_are_left_to_a_person(session, campaign) -> None:
    letter(session, campaign, "Anna Ivars", code="7K4-B2M")
    letter(session, campaign, "Berta Kuhn", code="9QX-A3M")
    found = match(session, text="Ref. 7K4-B2M\n\n> Ref. 9QX-A3M")
    assert (found.certain, len(found.guesses)) == ((), 2)


@pytest.mark.parametrize("state", [State.DRAFT, State.APPROVED, State.SCHEDULED])
def test_a_letter_that_never_left_is_answered_by_nobody(session, campaign, state) -> None:
    draft = make.letter(session, campaign, state=state, code="7K4-B2M")
    tag = reply_address.tagged(OURS, draft.id, KEY)
    assert match(session, recipients=(tag,), text="Ref. 7K4-B2M") == Match()


def test_an_answer_older_than_its_letter_is_none(session, campaign) -> None:
    anna = letter(session, campaign, "Anna Ivars")
    tag = reply_address.tagged(OURS, anna.id, KEY)
    assert match(session, recipients=(tag,), at=SENT - dt.timedelta(days=2)).certain == ()


def test_a_tag_of_another_house_means_nothing(session, campaign) -> None:
    letter(session, campaign, "Anna Ivars")
    tag = reply_address.tagged(OURS, 1, b"another key")
    found = match(session, recipients=(tag,))
    assert found.certain == ()
    assert all(reason.weight < 100 for guess in found.guesses for reason in guess.reasons)


def test_a_forward_from_a_new_address_is_guessed_with_reasons(session, campaign) -> None:
    for number in range(20):
        letter(session, campaign, f"Person{number} Other", address=f"p{number}@ministry.example")
    anna = letter(session, campaign, "Anna Ivars", address="minister@interior.gov.uk")
    found = match(
        session,
        senders=(("Private Office", "po.correspondence@interior.gov.uk"),),
        subject="FW: FW: Request to list two police units",
        text="Please see below.\n\n> Dear Anna Ivars,\n>\n> I ask you to table a question on the\n"
        "> listing of two police units.",
    )
    best = found.guesses[0]
    assert (found.certain, best.letter_id) == ((), anna.id)
    said = " ".join(str(reason.words) for reason in best.reasons)
    for words in ("same house (interior.gov.uk)", "subject", "names Anna Ivars", "quotes"):
        assert words in said
    assert best.weight > 2 * found.guesses[1].weight


def test_a_public_suffix_is_no_house(session, campaign) -> None:
    letter(session, campaign, "Anna Ivars", address="office@interior.gov.uk")
    found = match(session, senders=(("A clerk", "clerk@health.gov.uk"),))
    assert not any("same house" in str(one.words) for g in found.guesses for one in g.reasons)


def test_without_any_sign_the_newest_are_offered(session, campaign) -> None:
    letters = [letter(session, campaign, f"Q{number} Z{number}") for number in range(5)]
    found = match(session, text="Good day", subject="")
    assert found.certain == ()
    assert [one.letter_id for one in found.guesses] == [one.id for one in letters[:1:-1]]


def test_matching_asks_the_same_few_questions_however_many_letters(session, campaign) -> None:
    def ask() -> int:
        with counted_queries(session.get_bind().engine, at_most=12) as statements:
            match(
                session,
                senders=(("Anna Ivars", "anna@parliament.example"),),
                references=("x@y.example",),
                text="Ref. 7K4-B2M Anna Ivars",
            )
        return len(statements)

    for number in range(12):
        letter(session, campaign, f"Anna{number} Ivars")
    few = ask()
    for number in range(30):
        letter(session, campaign, f"Berta{number} Ivars")
    assert ask() <= few
