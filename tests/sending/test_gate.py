"""Each reason alone, all of them together, on both databases."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from outreach.accounts.models import Mode
from outreach.directory import rules
from outreach.directory.identity import RuleKind, SalutationReading
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Membership,
    Office,
    Organization,
    Person,
    Suppression,
    SuppressionScope,
    Target,
)
from outreach.directory.suppression import suppress
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Quotation
from outreach.petitions.models import FactState, Petition, Reading, ReadingState, Use
from outreach.petitions.page_rules import page_of
from outreach.sending import gate
from tests import make
from tests.sending.conftest import EVERYBODY, live, sendable


def said(session: Session, letter: Letter, now: dt.datetime) -> list[str]:
    stops, waits = gate.reasons(session, letter, now=now)
    return [str(reason.words) for reason in (*stops, *waits)]


def reading(session: Session, letter_campaign: Any, value: int = 50_000, **values: Any) -> Reading:
    petition_id = values.pop("petition_id", None) or make.petition(session, letter_campaign).id
    petition = session.get_one(Petition, petition_id)
    row = Reading(
        **{
            "campaign_id": letter_campaign.id,
            "petition_id": petition_id,
            "page_id": page_of(session, petition, "https://petition.example/").id,
            "value": value,
            "page_url": "https://petition.example/",
            "read_on": make.NOW.date() - dt.timedelta(days=3),
            "by": "Sam",
            "at": make.NOW,
            "state": ReadingState.ACCEPTED,
            "decided_by": "Olga",
            "decided_at": make.NOW,
        }
        | values
    )
    session.add(row)
    session.flush()
    return row


def test_nothing_is_wrong_with_a_good_letter(session: Session, now: dt.datetime) -> None:
    assert gate.reasons(session, sendable(session, make.campaign(session)), now=now) == ((), ())
    assert gate.reasons(session, sendable(session, live(session)), now=now) == ((), ())


def test_no_address(session: Session, now: dt.datetime) -> None:
    letter = sendable(session, make.campaign(session), channel=None, address="")
    assert said(session, letter, now) == ["We know no address for this desk."]


@pytest.mark.parametrize(
    ("kind", "word"), [(ContactKind.FORM, "form"), (ContactKind.POSTAL, "print")]
)
def test_by_hand(session: Session, now: dt.datetime, kind: ContactKind, word: str) -> None:
    letter = sendable(session, make.campaign(session), channel=kind, address="over there")
    person_id = session.scalar(sa.select(Membership.person_id))
    session.execute(
        sa.update(ContactDetail)
        .where(ContactDetail.person_id == person_id)
        .values(kind=kind, value="over there", normalised="over there")
    )
    session.expire_all()
    (stop,), waits = gate.reasons(session, letter, now=now)
    assert word in str(stop.words) and stop.by_hand and not waits


@pytest.mark.parametrize("scope", list(SuppressionScope))
def test_suppressed(session: Session, now: dt.datetime, scope: SuppressionScope) -> None:
    letter = sendable(session, make.campaign(session))
    office = session.get_one(Office, letter.office_id)
    value = office.key if scope is SuppressionScope.OFFICE else letter.address
    session.add(Suppression(scope=scope, value=value, reason="They objected.", by="Sam", at=now))
    session.flush()
    assert said(session, letter, now) == ["Nobody may write there: They objected."]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"verified_on": None, "verified_by": None}, "Nobody has checked this address"),
        ({"verified_on": dt.date(2020, 1, 1)}, "the check is too old"),
        ({"state": ContactState.BOUNCING}, "no longer working"),
        ({"state": ContactState.WITHDRAWN}, "no longer working"),
        ({"value": "new@office.example", "normalised": "new@office.example"}, "no longer the one"),
    ],
)
def test_an_address_that_is_not_good(
    session: Session, now: dt.datetime, values: dict[str, Any], words: str
) -> None:
    letter = sendable(session, make.campaign(session))
    session.execute(sa.update(ContactDetail).values(**values))
    session.expire_all()
    (only,) = said(session, letter, now)
    assert words in only


def wished(session: Session, letter: Letter, kind: RuleKind, value: str = "") -> None:
    rules.add_rule(
        session,
        session.get_one(Target, letter.target_id),
        kind=kind,
        value=value,
        source="letter of the secretariat",
        said_on=make.NOW.date(),
        by=EVERYBODY,
        now=make.NOW,
    )


def test_write_to_us_only_in_french_and_by_post(session: Session, now: dt.datetime) -> None:
    letter = sendable(session, make.campaign(session))
    wished(session, letter, RuleKind.LANGUAGE, "fr-BE")
    wished(session, letter, RuleKind.CHANNEL, "postal")
    stops, _ = gate.reasons(session, letter, now=now)
    assert ["one language only" in str(stops[0].words), "one way only" in str(stops[1].words)] == [
        True,
        True,
    ]
    assert stops[0].mend is not None and stops[0].mend[1] == "directory.target"
    french = sendable(session, make.campaign(session), language="fr", target=None)
    wished(session, french, RuleKind.LANGUAGE, "fr-BE")
    assert said(session, french, now) == []


def test_never_holds_in_every_seat_of_the_person(session: Session, now: dt.datetime) -> None:
    letter = sendable(session, make.campaign(session))
    held = session.get_one(Membership, session.get_one(Target, letter.target_id).membership_id)
    other = make.target(session, person=session.get_one(Person, held.person_id), address=None)
    there = make.letter(session, make.campaign(session), target=other)
    wished(session, there, RuleKind.NEVER)
    assert said(session, letter, now) == [
        "They asked us not to write to them (letter of the secretariat)."
    ]


def test_what_looks_private_waits_for_a_person(session: Session, now: dt.datetime) -> None:
    letter = sendable(session, make.campaign(session))
    session.execute(
        sa.update(ContactDetail).values(personal=True, verified_on=None, verified_by=None)
    )
    session.expire_all()
    assert "looks private" in said(session, letter, now)[0]


def test_holder_left_office(session: Session, now: dt.datetime) -> None:
    letter = sendable(session, make.campaign(session))
    session.execute(sa.update(Membership).values(end_on=now.date()))
    assert "no longer holds this post" in said(session, letter, now)[0]
    session.execute(sa.update(Membership).values(end_on=now.date() + dt.timedelta(days=1)))
    assert said(session, letter, now) == []
    session.execute(sa.update(Organization).values(ended_on=now.date()))
    assert "no longer holds this post" in said(session, letter, now)[0]


def test_live_refuses_what_is_made_up(session: Session, now: dt.datetime) -> None:
    campaign = live(session)
    letter = sendable(session, campaign, address="desk@office.example")
    session.execute(sa.update(Target).values(demonstration=True))
    session.expire_all()
    letter_said = " ".join(said(session, letter, now))
    assert "demonstration" in letter_said and "reserved" in letter_said
    shown = sendable(
        session, campaign, sender=make.sender(session, campaign, from_address="a@b.test")
    )
    assert said(session, shown, now) == ["The sender is an example: nobody could answer."]


def test_paused_and_resting_only_wait(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session, paused_at=now, paused_by="Sam")
    letter = sendable(session, campaign)
    until = now + dt.timedelta(days=2)
    session.get_one(Office, letter.office_id).quiet_until = until
    session.flush()
    stops, waits = gate.reasons(session, letter, now=now)
    assert not stops
    assert [wait.until for wait in waits] == [None, until]


def test_thanks_need_no_free_desk(session: Session, now: dt.datetime) -> None:
    letter = sendable(session, make.campaign(session), kind=LetterKind.THANKS)
    session.get_one(Office, letter.office_id).quiet_until = now + dt.timedelta(days=2)
    session.flush()
    assert said(session, letter, now) == []


def test_unread_text_may_only_be_rehearsed(session: Session, now: dt.datetime) -> None:
    rehearsing, campaign = make.campaign(session), live(session)
    version = make.template_version(session, rehearsing)
    assert said(session, sendable(session, rehearsing, version=version), now) == []
    unread = sendable(session, campaign, version=make.template_version(session, campaign))
    assert said(session, unread, now) == ["No native speaker has read this text yet."]


def test_live_waits_for_a_native_reader_of_the_form_of_address(
    session: Session, now: dt.datetime
) -> None:
    campaign = live(session)
    letter = sendable(session, campaign)
    assert said(session, letter, now) == []

    session.execute(sa.delete(SalutationReading))
    (stop,) = gate.reasons(session, letter, now=now)[0]
    assert str(stop.words) == (
        "No native speaker has read yet how letters in this language (en-GB) address this office."
    )
    assert stop.mend is not None
    assert stop.mend[1:] == ("directory.forms_of_address_in", {"language": "en-GB"})

    # Rehearsing nothing leaves: it is only remarked on.
    campaign.mode, campaign.live_at = Mode.REHEARSAL, None
    assert "address this office" not in " ".join(said(session, letter, now))


def test_a_broken_seal_stops(session: Session, now: dt.datetime) -> None:
    letter = sendable(session, make.campaign(session))
    session.execute(sa.update(Letter).values(text="Dear Member,\n\nSomething else."))
    session.refresh(letter)
    assert said(session, letter, now) == ["Something in this letter changed after it was approved."]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": FactState.WITHDRAWN}, "withdrawn"),
        ({"state": FactState.DISPUTED}, "disputed"),
        ({"state": FactState.STALE}, "is stale"),
        ({"review_by": dt.date(2026, 3, 2)}, "was to be checked"),
        ({"use": Use.AVOID}, "marked “avoid”"),
        ({"version": 2}, "changed after"),
    ],
)
def test_a_fact_that_no_longer_holds(
    session: Session, now: dt.datetime, values: dict[str, Any], words: str
) -> None:
    campaign = make.campaign(session)
    fact = make.fact(session, campaign)
    quote = Quotation(fact_id=fact.id, fact_version=1, text="More than 37,000 people.")
    letter = sendable(session, campaign, quotes=[quote])
    assert said(session, letter, now) == []
    for name, value in values.items():
        setattr(fact, name, value)
    session.flush()
    (only,) = said(session, letter, now)
    assert words in only and fact.code in only


def test_facts_found_to_clash_after_the_approval_stop(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    facts = [make.fact(session, campaign) for _ in range(2)]
    quotes = [Quotation(fact_id=one.id, fact_version=1, text=f"Over {one.id}.") for one in facts]
    letter = sendable(session, campaign, quotes=quotes)
    assert said(session, letter, now) == []
    for one in facts:
        one.conflict_group = "C1"
    session.flush()
    (only,) = said(session, letter, now)
    assert "don't go together" in only


@pytest.mark.parametrize(("value", "stops"), [(49_999, True), (60_000, False)])
def test_a_fall_stops_a_rise_does_not(
    session: Session, now: dt.datetime, value: int, stops: bool
) -> None:
    campaign = make.campaign(session)
    quoted = reading(session, campaign)
    letter = sendable(session, campaign, quotes=[Quotation(reading_id=quoted.id, text="50,000")])
    reading(session, campaign, value, petition_id=quoted.petition_id, read_on=now.date())
    reading(
        session,
        campaign,
        7,
        petition_id=quoted.petition_id,
        read_on=now.date(),
        state=ReadingState.HELD,
        decided_at=None,
        decided_by=None,
    )
    assert bool(said(session, letter, now)) is stops


def test_an_old_or_refused_reading_stops(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    quoted = reading(session, campaign)
    letter = sendable(session, campaign, quotes=[Quotation(reading_id=quoted.id, text="50,000")])
    assert said(session, letter, now + dt.timedelta(days=58)) == [
        "The number is 61 days old; this campaign prints one for 60 days."
    ]
    quoted.state = ReadingState.REFUSED
    session.flush()
    assert said(session, letter, now) == ["The count it quotes is not accepted."]


def test_the_newest_count_is_of_today_where_the_campaign_is(
    session: Session, now: dt.datetime
) -> None:
    campaign = make.campaign(session, timezone="Pacific/Auckland")
    late = now.replace(hour=20)
    quoted = reading(session, campaign, read_on=campaign.day_of(late))
    letter = sendable(session, campaign, quotes=[Quotation(reading_id=quoted.id, text="50,000")])
    assert said(session, letter, late) == []


def test_a_reminder_asks_about_the_letter_it_follows(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    first = sendable(session, campaign, state=State.SENT)
    reminder = sendable(session, campaign, kind=LetterKind.REMINDER, follows_id=first.id)
    assert said(session, reminder, now) == []
    first.parked_until = now.date() + dt.timedelta(days=9)
    session.flush()
    assert said(session, reminder, now) == ["The reminder is parked."]
    first.answered_on = now.date()
    session.flush()
    assert "They have answered" in said(session, reminder, now)[0]


def test_all_reasons_at_once_in_a_fixed_number_of_queries(
    session: Session, now: dt.datetime
) -> None:
    campaign = live(session, paused_at=now, paused_by="Sam")
    quotes = []
    for n in range(5):
        fact = make.fact(session, campaign, state=FactState.STALE)
        quotes.append(Quotation(fact_id=fact.id, fact_version=1, text="x"))
        quoted = reading(session, campaign)
        quotes.append(Quotation(reading_id=quoted.id, text=f"{n}: 50,000"))
    letter = sendable(session, campaign, quotes=quotes, address="a@x.example")
    session.execute(sa.update(ContactDetail).values(verified_on=None, verified_by=None))
    session.expire_all()
    session.refresh(letter)
    statements: list[str] = []

    def watch(*args: Any) -> None:
        statements.append(args[2])

    event.listen(session.get_bind(), "before_cursor_execute", watch)
    stops, waits = gate.reasons(session, letter, now=now)
    event.remove(session.get_bind(), "before_cursor_execute", watch)
    assert len(stops) == 7 and len(waits) == 1
    assert len(statements) <= 18


def test_an_answer_to_any_letter_of_the_chain_stops_its_reminder(
    session: Session, now: dt.datetime
) -> None:
    campaign = make.campaign(session)
    first = make.letter(session, campaign, state=State.SENT)
    one = make.letter(
        session, campaign, state=State.SENT, kind=LetterKind.REMINDER, follows_id=first.id
    )
    two = sendable(session, campaign, kind=LetterKind.REMINDER, follows_id=one.id)
    assert said(session, two, now) == []
    first.answered_on = now.date()
    session.flush()
    assert said(session, two, now) == ["They have answered, so there is nothing to remind them of."]
    first.answered_on, first.closed_on = None, now.date()
    session.flush()
    assert said(session, two, now) == ["This ask is closed, so there is nothing to remind them of."]


def test_nothing_really_leaves_after_what_was_only_rehearsed(
    session: Session, now: dt.datetime
) -> None:
    campaign = live(session)
    first = make.letter(session, campaign, state=State.SENT, rehearsal=True)
    reminder = sendable(session, campaign, kind=LetterKind.REMINDER, follows_id=first.id)
    assert said(session, reminder, now) == ["The letter this reminds of was only rehearsed."]
    letter = sendable(session, campaign, approved_at=now - dt.timedelta(minutes=1))
    assert said(session, letter, now) == ["It was approved while the campaign rehearsed."]


def test_an_objection_holds_for_every_spelling_of_an_address(
    session: Session, now: dt.datetime
) -> None:
    campaign = make.campaign(session)
    who = make.person(session)
    spelt = "Info@xn--bcher-kva.example"
    make.contact(session, who, value=spelt, normalised="info@bücher.example")
    letter = sendable(
        session, campaign, target=make.target(session, person=who, address=None), address=spelt
    )
    assert said(session, letter, now) == []
    suppress(
        session,
        scope=SuppressionScope.ADDRESS,
        value="INFO@Bücher.example",
        reason="they object",
        by=EVERYBODY,
        now=now,
    )
    assert said(session, letter, now) == ["Nobody may write there: they object"]


def test_nobody_signs_who_is_out_of_use(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    sender = make.sender(session, campaign, name="Old Association")
    letter = sendable(session, campaign, sender=sender)
    assert said(session, letter, now) == []
    sender.active = False
    session.flush()
    assert said(session, letter, now) == ["The sender Old Association is out of use."]


def test_an_address_that_came_back_is_checked_first(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    letter = sendable(session, campaign)
    to = session.get_one(Target, letter.target_id)
    gone = make.letter(
        session, campaign, target=to, address=letter.address.upper(), state=State.SENT
    )
    moving.make(session, gone, "bounce", by=EVERYBODY, now=now, reason="550 unknown")
    later = now + dt.timedelta(days=1)
    words = "A letter to this address came back, and nobody has checked it since."
    assert said(session, letter, later) == [words]
    session.execute(sa.update(ContactDetail).values(verified_on=later.date()))
    session.expire_all()
    assert said(session, letter, later) == []
    session.execute(sa.update(ContactDetail).values(verified_on=now.date()))
    session.expire_all()
    moving.make(session, gone, "unbounce", by=EVERYBODY, now=later, reason="it was a slip")
    assert said(session, letter, later) == []
