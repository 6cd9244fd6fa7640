"""Audiences are saved questions; the directory and what we know of the letters answer them."""

from __future__ import annotations

import datetime as dt

import pytest

from outreach.directory.models import Membership, TargetRole
from outreach.errors import BadInput, NotFound
from outreach.letters import audiences
from outreach.letters.audiences import Filters
from outreach.letters.lifecycle import State
from outreach.letters.models import Audience
from outreach.petitions import stances
from outreach.petitions.models import Position, Stance, StanceBasis
from tests import make
from tests.conftest import NOW


def names(session, campaign, **wanted):
    found = audiences.audience_targets(session, campaign, Filters(**wanted), today=NOW.date())
    return [target.name for target in found]


def stance(session, campaign, target, ask, position, now, rehearsal=True, days_ago=0):
    session.add(
        Stance(
            campaign_id=campaign.id,
            target_id=target.id,
            ask_id=ask.id,
            position=position,
            basis=StanceBasis.NOTE,
            said_on=now.date() - dt.timedelta(days=days_ago),
            source_kind="reply",
            source_id=1,
            by="Sam",
            at=now,
            rehearsal=rehearsal,
        )
    )
    session.flush()


def test_letters_and_answers_narrow_the_directory(session, campaign, now):
    written, answered, never, shared = (
        make.target(session, name=name) for name in ("Written", "Answered", "Never", "Shared")
    )
    first = make.letter(session, campaign, target=written, state=State.SENT)
    shared.office_id = written.office_id
    make.letter(session, campaign, target=answered, state=State.SENT, answered_on=now.date())
    make.letter(session, campaign, target=never, state=State.DRAFT)
    make.letter(session, make.campaign(session), target=never, state=State.SENT)
    make.letter(session, campaign, target=never, state=State.SENT, rehearsal=False)
    assert first.office_id == shared.office_id
    assert names(session, campaign, written_to=True) == ["Answered", "Shared", "Written"]
    assert names(session, campaign, written_to=False) == ["Never"]
    assert names(session, campaign, answered=True) == ["Answered"]
    assert names(session, campaign, answered=False, written_to=True) == ["Shared", "Written"]


def test_the_newest_stance_on_any_ask_counts(session, campaign, now):
    one, two, three = (make.target(session, name=name) for name in ("One", "Two", "Three"))
    ask, other = make.ask(session, campaign), make.ask(session, campaign)
    stance(session, campaign, one, ask, Position.SUPPORT, now)
    stance(session, campaign, one, ask, Position.OPPOSE, now)
    stance(session, campaign, two, ask, Position.SUPPORT, now)
    stance(session, campaign, two, other, Position.UNDECIDED, now)
    stance(session, campaign, three, ask, Position.SUPPORT, now, rehearsal=False)
    assert names(session, campaign, stances=[Position.SUPPORT]) == ["Two"]
    assert names(session, campaign, stances=["oppose", "undecided"]) == ["One", "Two"]


def test_a_stance_logged_late_does_not_outdo_what_was_said_later(session, campaign, now):
    target, ask = make.target(session, name="One"), make.ask(session, campaign)
    stance(session, campaign, target, ask, Position.OPPOSE, now)
    stance(session, campaign, target, ask, Position.SUPPORT, now, days_ago=9)
    assert names(session, campaign, stances=[Position.SUPPORT]) == []
    assert names(session, campaign, stances=[Position.OPPOSE]) == ["One"]


def test_a_stance_taken_back_selects_nobody(session, campaign, now):
    target, ask = make.target(session, name="One"), make.ask(session, campaign)
    stance(session, campaign, target, ask, Position.SUPPORT, now)
    sam = make.sam(session, campaign)
    stances.take_back(session, source=("reply", 1), by=sam, now=now)
    for position in Position:
        assert names(session, campaign, stances=[position]) == []


def test_an_audience_keeps_its_question(session, campaign, now):
    sam = make.sam(session, campaign)
    wanted = Filters(roles=(TargetRole.MEP,), written_to=False, q="ida")
    saved = audiences.save_audience(
        session, campaign=campaign, name="  MEPs  new ", filters=wanted, by=sam, now=now
    )
    assert (saved.name, saved.by) == ("MEPs new", "Sam")
    assert saved.filters == {"roles": ["mep"], "written_to": False, "q": "ida"}
    session.expire(saved)
    assert audiences.filters_of(saved) == wanted
    assert audiences.audiences_of(session, campaign.id) == [saved]
    changed = audiences.save_audience(
        session, campaign=campaign, name="MEPs", filters=Filters(), audience=saved, by=sam, now=now
    )
    assert (changed.id, changed.filters) == (saved.id, {})
    for name in ("", "MEPs"):
        with pytest.raises(BadInput):
            audiences.save_audience(
                session, campaign=campaign, name=name, filters=wanted, by=sam, now=now
            )
    assert audiences.audience_by_id(session, campaign.id, saved.id) is saved
    with pytest.raises(NotFound):
        audiences.audience_by_id(session, make.campaign(session).id, saved.id)


def test_an_audience_is_counted_by_target_desk_and_language(session, campaign):
    one = make.target(session, language="de")
    make.target(session, language="de", office_id=one.office_id)
    make.target(session, language="fr", address=None)
    counted = audiences.count(session, campaign, Filters(), today=NOW.date())
    assert (counted.targets, counted.offices, counted.unreachable) == (3, 2, 1)
    assert counted.languages == {"de": 2, "fr": 1}


def test_of_very_many_desks_it_is_known_that_there_are_more(session, campaign, monkeypatch):
    monkeypatch.setattr(audiences, "MOST_DESKS", 2)
    one = make.target(session)
    make.target(session, office_id=one.office_id)
    make.target(session)
    assert audiences.count(session, campaign, Filters(), today=NOW.date()).offices == 2
    for _ in range(3):
        make.target(session)
    found = audiences.count(session, campaign, Filters(), today=NOW.date())
    assert (found.targets, found.offices) == (6, 3)


def test_undeclared_no_letter_since_june_on_a_committee(session, campaign, now):
    """Members of a committee, undeclared, no letter since June, address checked."""
    committee = make.organization(session, name="Committee on Foreign Affairs")
    ask, other = make.ask(session, campaign), make.ask(session, campaign)
    june = dt.datetime(2025, 6, 1, tzinfo=dt.UTC)
    meps = {}
    for name in ("Fits", "Old letter", "New letter", "Declared", "Unknown", "Unchecked", "Other"):
        until = None if name == "Unchecked" else now.date()
        mep = make.target(session, name=name, role=TargetRole.MEP, verified_until=until)
        meps[name] = mep
        if name != "Other":
            person = session.get_one(Membership, mep.membership_id).person_id
            session.add(
                Membership(person_id=person, organization_id=committee.id, role=TargetRole.MEMBER)
            )
    session.flush()
    for name, sent in (("Old letter", june - dt.timedelta(days=1)), ("New letter", june)):
        make.letter(session, campaign, target=meps[name], state=State.SENT, sent_at=sent)
    stance(session, campaign, meps["Declared"], ask, Position.OPPOSE, now)
    stance(session, campaign, meps["Unknown"], ask, Position.UNKNOWN, now)
    stance(session, campaign, meps["Old letter"], other, Position.SUPPORT, now)
    wanted = {
        "roles": ["mep"],
        "committees": [committee.id],
        "written_to": False,
        "written_since": "2025-06-01",
        "checks": ["checked"],
        "undeclared": True,
    }
    assert names(session, campaign, **wanted) == ["Fits", "Unknown"]
    assert names(session, campaign, **wanted, ask=ask.id) == ["Fits", "Old letter", "Unknown"]
    assert names(session, campaign, **wanted, ask=other.id) == ["Declared", "Fits", "Unknown"]
    widened = wanted | {"stances": ["oppose"]}
    assert names(session, campaign, **widened) == ["Declared", "Fits", "Unknown"]
    assert names(session, campaign, written_to=True, written_since="2025-06-01") == ["New letter"]


def test_an_audience_saved_before_loads_as_it_was(session, campaign):
    old = {"q": "ida", "roles": ["mep"], "verified": True, "written_to": False, "bodies": [7]}
    kept = Audience(campaign_id=campaign.id, name="Old", filters=old, by="Sam", at=NOW)
    filters = audiences.filters_of(kept)
    assert filters.model_dump(mode="json", exclude_defaults=True) == old
    assert (filters.committees, filters.undeclared, filters.written_since) == ((), False, None)
