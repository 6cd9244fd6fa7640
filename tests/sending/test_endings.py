"""A body ends: its seats, the checks of its addresses, and the letters that wait for it."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Event
from outreach.directory import endings, offices
from outreach.directory.models import Organization, Target
from outreach.directory.shelf_life import Ending
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.replies.consequences.filing import log_answer
from outreach.replies.models import Reply, ReplyChannel, ReplyKind, SignedBy
from outreach.sending import consequences, gate
from tests import make
from tests.sending.conftest import sendable

WINDOW = dt.timedelta(hours=8)


def chamber_of(session: Session, members: int) -> tuple[Organization, list[Target]]:
    body = make.organization(session, name="Chamber of Deputies")
    targets = [make.target(session, body=body) for _ in range(members)]
    offices.settle_target(session, [target.id for target in targets])
    return body, targets


def test_a_parliament_dissolves_on_the_twelfth(session: Session, now: dt.datetime) -> None:
    """140 seats end, 37 queued letters are held, answers stay with the people who gave them."""
    campaign = make.campaign(session)
    olga = make.olga(session, campaign)
    body, targets = chamber_of(session, 140)
    version = make.template_version(session, campaign)
    sender, ask = make.sender(session, campaign), make.ask(session, campaign)
    common = {"version": version, "sender": sender, "ask": ask}
    after = dt.datetime(2026, 3, 12, 9, tzinfo=dt.UTC)
    queued = [
        make.letter(
            session,
            campaign,
            target=target,
            state=State.SCHEDULED,
            send_after=after,
            send_before=after + WINDOW,
            **common,
        )
        for target in targets[:37]
    ]
    before = make.letter(session, campaign, target=targets[40], state=State.SCHEDULED, **common)
    draft = make.letter(session, campaign, target=targets[41], **common)
    sent = make.letter(session, campaign, target=targets[42], state=State.SENT, **common)
    other_house = make.letter(session, campaign, state=State.SCHEDULED, **common)
    reply = log_answer(
        session,
        letters=[sent],
        channel=ReplyChannel.EMAIL,
        received_on=now.date(),
        text="I will ask the government.",
        kind=ReplyKind.SUPPORTIVE,
        signed_by=SignedBy.MEMBER,
        by=olga,
        now=now,
    )

    plan = endings.plan(session, body, kind=Ending.DISSOLUTION, on=after.date())
    assert (len(plan.seats), plan.person_addresses) == (140, 140)
    touched = consequences.touched_by(session, plan, reader=olga, now=now)
    assert (touched.held, touched.elsewhere, touched.drafts) == (37, 0, 1)
    assert consequences.end_body(session, plan, by=olga, now=now) == 37

    assert {letter.state for letter in queued} == {State.HELD}
    assert queued[0].reason == "Dissolved on 2026-03-12: Chamber of Deputies"
    assert (before.state, draft.state) == (State.SCHEDULED, State.DRAFT)
    assert other_house.state is State.SCHEDULED
    assert {target.ended_on for target in targets} == {after.date()}
    kept = session.get_one(Reply, reply.id)
    assert (kept.undone_at, sent.answered_on is not None) == (None, True)
    stops, _ = gate.reasons(session, queued[0], now=after)
    said = [str(stop.words) for stop in stops]
    assert any("no longer holds this post" in words for words in said)

    event = session.scalars(sa.select(Event).where(Event.name == endings.ENDED)).one()
    assert consequences.undo_ending(session, event, by=olga, now=now) == (140, 37)
    assert {letter.state for letter in queued} == {State.APPROVED}
    assert {target.ended_on for target in targets} == {None}


def test_letters_of_campaigns_one_is_not_in_are_only_counted(
    session: Session, now: dt.datetime
) -> None:
    mine, theirs = make.campaign(session), make.campaign(session)
    olga = make.olga(session, mine)
    body, (target, _other) = chamber_of(session, 2)
    own = make.letter(session, mine, target=target, state=State.APPROVED)
    foreign = make.letter(session, theirs, target=target, state=State.FAILED)
    plan = endings.plan(session, body, kind=Ending.ELECTION, on=now.date())
    touched = consequences.touched_by(session, plan, reader=olga, now=now)
    assert (list(touched.queued), touched.elsewhere) == ([own], 1)
    assert consequences.end_body(session, plan, by=olga, now=now) == 2
    assert {own.state, foreign.state} == {State.HELD}
    # What somebody took up since stays as they left it.
    session.execute(sa.update(Letter).where(Letter.id == own.id).values(reason="looked at"))
    event = session.scalars(sa.select(Event).where(Event.name == endings.ENDED)).one()
    assert consequences.undo_ending(session, event, by=olga, now=now) == (2, 1)


def test_who_is_elected_again_is_checked_again(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    olga = make.olga(session, campaign)
    letter = sendable(session, campaign)
    target = session.get_one(Target, letter.target_id)
    body = session.get_one(Organization, target.body_id)
    plan = endings.plan(session, body, kind=Ending.ELECTION, on=now.date() + dt.timedelta(days=1))
    consequences.end_body(session, plan, by=olga, now=now)
    assert gate.reasons(session, letter, now=now) == ((), ())
    later = now + dt.timedelta(days=1)
    stops, _ = gate.reasons(session, letter, now=later)
    assert "since the seat it belongs to ended" in str(stops[0].words)
