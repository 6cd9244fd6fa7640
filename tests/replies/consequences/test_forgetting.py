"""Clearing the demonstration: all of it goes, nothing else does, one row tells of it."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts import audit, demonstration
from outreach.accounts.models import Actor, Event, Role, Sender, Task, User
from outreach.directory.models import (
    ContactDetail,
    Membership,
    Office,
    Organization,
    Person,
    Suppression,
    Target,
)
from outreach.errors import Refused
from outreach.letters.lifecycle import State
from outreach.letters.models import Audience, Letter, LetterKind, Mailing, Quotation
from outreach.petitions.models import Position, Promise, Stance
from outreach.replies.consequences.forgetting import clear_demonstration
from outreach.replies.models import (
    Reply,
    ReplyKind,
    ReplyLetter,
    RollCall,
    RollCallVote,
    SearchText,
    ThreadNote,
    Vote,
)
from outreach.replies.rollcalls import names, votes
from outreach.replies.story import searching
from outreach.replies.story.threads import add_note
from outreach.sending.models import Attempt
from tests import make
from tests.replies.consequences.test_filing import TODAY, log

OPERATOR = Actor("operator")


@pytest.fixture
def campaign(session):
    return make.campaign(session)


def _count(session, model) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(model))


ROOMS = (
    Target,
    Membership,
    Person,
    Organization,
    ContactDetail,
    Office,
    Letter,
    Mailing,
    Quotation,
    Attempt,
    Reply,
    ReplyLetter,
    Stance,
    Promise,
    Task,
    Suppression,
    Audience,
)


def _story(session, campaign, *, fictional: bool):
    """A person, a letter with its reminder, a try, a quotation, answers and what follows."""
    body = make.organization(session, demonstration=fictional)
    person = make.person(session, demonstration=fictional)
    target = make.target(session, person=person, body=body, demonstration=fictional)
    vera = make.vera(session, campaign)
    letter = make.letter(session, campaign, state=State.SENT, target=target)
    letter.address = f"desk{target.id}@office.example"
    mailing = session.get_one(Mailing, letter.mailing_id)
    reminder = make.letter(
        session,
        campaign,
        state=State.SENT,
        target=target,
        kind=LetterKind.REMINDER,
        follows_id=letter.id,
        mailing=mailing,
    )
    fact = make.fact(session, campaign)
    session.add_all(
        [
            Quotation(letter_id=letter.id, fact_id=fact.id, fact_version=1, text="37,000"),
            Attempt(
                letter_id=letter.id,
                number=1,
                message_id=f"{letter.code}@association.example",
                transport="capture",
                worker="w",
                rehearsal=True,
                started_at=make.NOW,
                lease_until=make.NOW,
                ended_at=make.NOW,
                outcome="delivered",
            ),
        ]
    )
    session.flush()
    log(
        session,
        letter,
        vera,
        stance=Position.SUPPORT,
        quote="I support it.",
        promise="Asks",
        due_on=TODAY,
    )
    log(session, [letter, reminder], vera, kind=ReplyKind.OBJECTION_DATA)
    return target


def test_everything_fictional_goes_and_nothing_else(session, campaign, now) -> None:
    _story(session, campaign, fictional=False)
    before = {model: _count(session, model) for model in ROOMS}
    events = _count(session, Event)
    number = _story(session, campaign, fictional=True).id
    counts = clear_demonstration(session, by=OPERATOR, now=now)
    assert {model: _count(session, model) for model in ROOMS} == before
    assert _count(session, Event) == events + 1
    assert (counts["target"], counts["letter"], counts["reply"]) == (1, 2, 2)
    assert session.get(Target, number) is None
    (row,) = audit.history(session, "demonstration", 0)
    assert (row.name, row.by, row.detail["letter"]) == ("cleared", "operator", 2)


def test_a_new_letter_inherits_no_history(session, campaign, now) -> None:
    target = _story(session, campaign, fictional=True)
    old = session.scalars(
        sa.select(Letter.id).where(Letter.target_id == target.id).order_by(Letter.id)
    ).all()
    clear_demonstration(session, by=OPERATOR, now=now)
    for number in old:
        assert audit.history(session, "letter", number) == []


def test_a_mailing_that_holds_others_stays(session, campaign, now) -> None:
    fictional = make.target(session, person=make.person(session, demonstration=True))
    fictional.demonstration = True
    letter = make.letter(session, campaign, target=fictional)
    mailing = session.get_one(Mailing, letter.mailing_id)
    real = make.letter(session, campaign, mailing=mailing)
    clear_demonstration(session, by=OPERATOR, now=now)
    assert session.scalars(sa.select(Letter.id)).all() == [real.id]
    assert _count(session, Mailing) == 1


def test_only_an_audience_of_the_demonstration_goes(session, campaign, now) -> None:
    for name, filters in (
        ("everybody", {}),
        ("fictional", {"demonstration": True}),
        ("real", {"demonstration": False}),
    ):
        session.add(Audience(campaign_id=campaign.id, name=name, filters=filters, by="Sam", at=now))
    _story(session, campaign, fictional=True)
    _story(session, campaign, fictional=False)
    counts = clear_demonstration(session, by=OPERATOR, now=now)
    assert counts["audience"] == 1
    names = session.scalars(sa.select(Audience.name).order_by(Audience.name)).all()
    assert names == ["everybody", "real"]


def test_a_desk_that_a_real_target_shares_stays(session, campaign, now) -> None:
    office = make.office(session)
    fictional = make.target(session, person=make.person(session, demonstration=True), office=office)
    fictional.demonstration = True
    make.target(session, office=office)
    clear_demonstration(session, by=OPERATOR, now=now)
    assert session.get(Office, office.id) is not None


def test_its_people_and_sender_go(session, campaign, now) -> None:
    demonstration.seed_accounts(session, campaign, now=now, hash_password=str)
    kept = make.ada(session, campaign)
    counts = clear_demonstration(session, by=OPERATOR, now=now)
    assert counts["account"] == len(Role)
    assert session.scalars(sa.select(User.id)).all() == [kept.user_id]
    assert session.scalars(sa.select(Sender)).all() == []


def test_a_live_letter_keeps_it(session, campaign, now) -> None:
    target = _story(session, campaign, fictional=True)
    make.letter(session, campaign, target=target, rehearsal=False)
    before = _count(session, Letter)
    with pytest.raises(Refused):
        clear_demonstration(session, by=OPERATOR, now=now)
    assert _count(session, Letter) == before


def test_twice_is_as_good_as_once(session, campaign, now) -> None:
    _story(session, campaign, fictional=True)
    clear_demonstration(session, by=OPERATOR, now=now)
    counts = clear_demonstration(session, by=OPERATOR, now=now + dt.timedelta(minutes=1))
    assert set(counts.values()) == {0}


@pytest.mark.parametrize("fictional", [True, False])
def test_notes_words_and_votes_go_with_what_they_are_about(session, campaign, fictional) -> None:
    _story(session, campaign, fictional=fictional)
    letter = session.scalars(sa.select(Letter).order_by(Letter.id)).first()
    sam = make.sam(session, campaign)
    same = {"campaign_id": campaign.id, "office_id": letter.office_id, "rehearsal": True}
    add_note(session, text="A note", by=sam, now=make.NOW, **same)
    searching.index(session)
    target = session.get_one(Target, letter.target_id)
    meaning = votes.Meaning(Position.SUPPORT, Position.OPPOSE, Position.UNDECIDED)
    entry = votes.Entry(
        target.body_id, letter.ask_id, "Motion", TODAY, "https://record.example", meaning
    )
    lines = [names.Line(target.name, Vote.AYE), names.Line("Nobody", Vote.NO)]
    votes.enter(session, campaign, entry, lines=lines, ticked={}, by=sam, now=make.NOW)
    clear_demonstration(session, by=OPERATOR, now=make.NOW)
    left = [_count(session, one) for one in (ThreadNote, SearchText, RollCall, RollCallVote)]
    assert all(left) is not fictional
    assert any(left) is not fictional
