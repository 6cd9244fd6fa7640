"""A letter that came back goes again: the next way, once, with the same words."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Actor, Campaign, Task, TaskKind
from outreach.directory import verification
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Membership,
    Office,
    Person,
    Target,
)
from outreach.directory.offices import settle_target
from outreach.directory.suppression import SuppressionScope, suppress
from outreach.errors import NotAllowed, Refused
from outreach.letters import moving
from outreach.letters.lifecycle import SEALED, State
from outreach.letters.models import Letter, LetterKind, Quotation
from outreach.petitions.models import Ask
from outreach.replies.consequences.next_way import next_way, next_ways, write_again
from outreach.replies.models import ReplyKind
from outreach.replies.story.threads import thread
from outreach.sending import gate, refusals
from tests import make
from tests.replies.consequences.test_filing import log

TEXT = "Dear Member,\n\nPlease ask the government.\n\nYours sincerely,\nExample\n\nRef. 7K4-Q2M"


@pytest.fixture
def campaign(session) -> Campaign:
    return make.campaign(session)


@pytest.fixture
def sam(session, campaign) -> Actor:
    return make.sam(session, campaign)


@pytest.fixture
def letter(session, campaign) -> Letter:
    to = make.target(session, name="Ida Example", address="ida@house.example")
    return make.letter(
        session,
        campaign,
        target=to,
        state=State.SENT,
        address="ida@house.example",
        code="7K4-Q2M",
        text=TEXT,
        author_id=7,
        author="Nora",
    )


def way(session, letter: Letter, kind: ContactKind, value: str, **values) -> ContactDetail:
    """One more way to reach the letter's recipient."""
    held = session.get_one(Membership, session.get_one(Target, letter.target_id).membership_id)
    person = session.get_one(Person, held.person_id)
    return make.contact(session, person, kind=kind, value=value, **values)


@pytest.fixture
def came_back(session, letter, sam):
    """Log that the letter came back, and mark its address as the inbox does."""
    log(session, letter, sam, kind=ReplyKind.BOUNCE_HARD, text="550 5.1.1")
    refusals.mark_address(session, letter.address, "550 5.1.1", by=sam, now=make.NOW)
    return letter


def offered(session, letter) -> ContactDetail | None:
    return next_way(session, letter, today=make.NOW.date()).contact


def test_the_next_way_is_a_checked_address_then_the_form_then_post(session, came_back) -> None:
    settle_target(session, [came_back.target_id])
    words = next_way(session, came_back, today=make.NOW.date())
    assert words.contact is None and "no other way to reach Ida Example" in str(words.why_not)
    postal = way(session, came_back, ContactKind.POSTAL, "1 Street\n1000 Town")
    assert offered(session, came_back) is postal
    form = way(session, came_back, ContactKind.FORM, "https://house.example/write")
    assert offered(session, came_back) is form
    # An address nobody has checked, or not lately, is none; nor one that comes back, nor a home.
    unchecked = way(
        session, came_back, ContactKind.EMAIL, "x@house.example", verified_on=None, verified_by=None
    )
    way(session, came_back, ContactKind.EMAIL, "home@house.example", purpose="personal")
    way(session, came_back, ContactKind.EMAIL, "b@house.example", state=ContactState.BOUNCING)
    assert offered(session, came_back) is form
    unchecked.verified_on, unchecked.verified_by = make.NOW.date(), "Sam"
    session.flush()
    assert offered(session, came_back) is unchecked


def test_an_address_to_check_is_named(session, came_back) -> None:
    way(
        session, came_back, ContactKind.EMAIL, "x@house.example", verified_on=None, verified_by=None
    )
    found = next_way(session, came_back, today=make.NOW.date())
    assert found.contact is None and "x@house.example" in str(found.why_not)


def test_it_goes_again_once_with_the_same_words_and_is_a_letter_as_any(
    session, campaign, came_back, sam, now
) -> None:
    form = way(session, came_back, ContactKind.FORM, "https://house.example/write")
    target = session.get_one(Target, came_back.target_id)
    settle_target(session, target)
    session.refresh(target)
    fact = make.fact(session, campaign)
    session.add(
        Quotation(letter_id=came_back.id, fact_id=fact.id, fact_version=1, text="many people")
    )
    session.flush()
    made = write_again(session, came_back, by=sam, now=now)
    assert (made.state, made.kind, made.instead_of_id, made.target_id) == (
        State.DRAFT,
        LetterKind.FIRST,
        came_back.id,
        came_back.target_id,
    )
    assert (made.channel, made.address) == (ContactKind.FORM, form.value)
    assert made.office_id == target.office_id != came_back.office_id
    assert made.code != "7K4-Q2M" and made.text == TEXT.replace("7K4-Q2M", made.code)
    assert (made.author_id, made.made_by_id) == (7, sam.user_id)
    quoted = session.scalars(sa.select(Quotation.fact_id).where(Quotation.letter_id == made.id))
    assert quoted.all() == [fact.id]
    # What came back is nothing they got: the same words are no repetition.
    assert made.alike_before is None
    task = session.scalars(sa.select(Task).where(Task.kind == TaskKind.FIND_ADDRESS)).one()
    assert task.done_at is not None
    # Whoever is second, or presses twice, gets the one that waits.
    assert write_again(session, came_back, by=sam, now=now) is made
    (found,) = next_ways(session, [came_back, made], today=now.date())
    assert found.again is made and found.contact is None
    # Both conversations tell it.
    for office_id in (came_back.office_id, made.office_id):
        told = [str(row.text) for row in thread(session, campaign.id, office_id)]
        assert f"Letter {made.code} to Ida Example: drafted" in told
        assert any("written again by another way" in one for one in told)
        assert not any("Passed on" in one for one in told)
    moving.make(session, made, "submit", by=sam, now=now)
    stops, _waits = gate.reasons(session, made, now=now)
    assert all(stop.by_hand for stop in stops)
    # Withdrawn, it is offered again.
    moving.make(session, made, "withdraw", by=sam, now=now, reason="No")
    assert offered(session, came_back) is form


def test_what_came_back_twice_goes_the_third_way(session, came_back, sam, now) -> None:
    way(session, came_back, ContactKind.EMAIL, "second@house.example")
    form = way(session, came_back, ContactKind.FORM, "https://house.example/write")
    second = write_again(session, came_back, by=sam, now=now)
    assert second.address == "second@house.example"
    values = {"seal": "0" * 64, "approved_at": now, "sent_at": now, "state": State.BOUNCED}
    session.execute(sa.update(Letter).where(Letter.id == second.id).values(**values))
    session.refresh(second)
    # In a rehearsal no address is marked: those that were tried are remembered by the letters.
    assert offered(session, second) is form


@pytest.mark.parametrize("what", ["rehearsed", "answered", "left", "objected", "other"])
def test_nobody_writes_again_who_may_not(session, campaign, came_back, sam, now, what: str) -> None:
    way(session, came_back, ContactKind.FORM, "https://house.example/write")
    if what == "rehearsed":
        campaign.mode, campaign.live_at = "live", now
    elif what == "answered":
        came_back.answered_on = now.date()
    elif what == "left":
        session.get_one(Target, came_back.target_id).ended_on = now.date() - dt.timedelta(days=1)
    elif what == "objected":
        suppress(
            session,
            scope=SuppressionScope.ADDRESS,
            value=came_back.address,
            reason="No more letters",
            by=sam,
            now=now,
        )
    else:
        came_back.state = State.SENT
    session.flush()
    with pytest.raises(Refused):
        write_again(session, came_back, by=sam, now=now)
    assert session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 1


def test_a_volunteer_writes_nothing(session, campaign, came_back, now) -> None:
    way(session, came_back, ContactKind.FORM, "https://house.example/write")
    with pytest.raises(NotAllowed):
        write_again(session, came_back, by=make.vera(session, campaign), now=now)


def reminder_of(session, first: Letter, before: Letter) -> Letter:
    """A reminder after `before` that left to where `first` went."""
    return make.letter(
        session,
        session.get_one(Campaign, first.campaign_id),
        target=session.get_one(Target, first.target_id),
        ask=session.get_one(Ask, first.ask_id),
        kind=LetterKind.REMINDER,
        follows_id=before.id,
        state=State.SENT,
        address="ida@house.example",
    )


def test_a_reminder_that_came_back_reminds_by_another_way(session, letter, sam, now) -> None:
    reminder = reminder_of(session, letter, letter)
    way(session, letter, ContactKind.FORM, "https://house.example/write")
    log(session, reminder, sam, kind=ReplyKind.BOUNCE_HARD)
    again = write_again(session, reminder, by=sam, now=now)
    assert (again.kind, again.follows_id) == (LetterKind.REMINDER, reminder.id)
    stops, _waits = gate.reasons(session, again, now=now)
    assert "did not go" not in " ".join(str(stop.words) for stop in stops)


def test_whoever_answered_the_first_letter_is_reminded_by_no_other_way(
    session, letter, sam, now
) -> None:
    """Also where the answer comes after the second reminder was written again."""
    first = reminder_of(session, letter, letter)
    second = reminder_of(session, letter, first)
    way(session, letter, ContactKind.FORM, "https://house.example/write")
    log(session, second, sam, kind=ReplyKind.BOUNCE_HARD)
    again = write_again(session, second, by=sam, now=now)
    log(session, letter, sam, kind=ReplyKind.SUPPORTIVE)
    stops, _waits = gate.reasons(session, again, now=now)
    assert "They have answered" in " ".join(str(stop.words) for stop in stops)
    log(session, first, sam, kind=ReplyKind.BOUNCE_HARD)
    assert "They have answered" in str(next_way(session, first, today=now.date()).why_not)


def test_an_address_of_another_desk_that_was_asked_meanwhile_is_refused(
    session, campaign, came_back, sam, now
) -> None:
    way(session, came_back, ContactKind.FORM, "https://house.example/write")
    target = session.get_one(Target, came_back.target_id)
    settle_target(session, target)
    session.refresh(target)
    other = make.target(session, office=session.get_one(Office, target.office_id), name="Ministry")
    ask = session.get_one(Ask, came_back.ask_id)
    make.letter(session, campaign, target=other, state=State.SENT, ask=ask, code="AAA-AAA")
    with pytest.raises(Refused, match="already asked"):
        write_again(session, came_back, by=sam, now=now)
    assert verification.details_at(session, came_back.address)


def test_what_their_server_refused_is_withdrawn_and_goes_another_way(
    session, campaign, letter, sam, now
) -> None:
    way(session, letter, ContactKind.FORM, "https://house.example/write")
    values = {"state": State.FAILED, "sent_at": None, "seal": None, "approved_at": None}
    if State.FAILED in SEALED:
        values |= {"seal": "0" * 64, "approved_at": now}
    session.execute(sa.update(Letter).where(Letter.id == letter.id).values(**values))
    session.refresh(letter)
    # Refused for another reason: it is mended and scheduled again.
    assert next_ways(session, [letter], today=now.date()) == []
    with pytest.raises(Refused, match="did not come back"):
        write_again(session, letter, by=sam, now=now)
    refusals.mark_address(session, letter.address, "550 5.1.1", by=sam, now=now)
    made = write_again(session, letter, by=sam, now=now)
    assert (made.state, made.channel) == (State.DRAFT, ContactKind.FORM)
    assert letter.state is State.WITHDRAWN
    with pytest.raises(Refused):
        write_again(session, letter, by=sam, now=now)


@pytest.mark.long
def test_of_two_at_once_one_draft_comes(database, now) -> None:
    with database.writing() as session:
        campaign = make.campaign(session)
        sam = make.sam(session, campaign)
        to = make.target(session, address="ida@house.example")
        values = {"state": State.BOUNCED, "address": "ida@house.example", "target": to}
        letter = make.letter(session, campaign, **values)
        way(session, letter, ContactKind.FORM, "https://house.example/write")
        number = letter.id
    together = threading.Barrier(2)

    def press() -> int:
        together.wait()
        with database.writing() as session:
            return write_again(session, session.get_one(Letter, number), by=sam, now=now).id

    with ThreadPoolExecutor(2) as pool:
        made = [one.result() for one in (pool.submit(press), pool.submit(press))]
    assert made[0] == made[1]
