"""Anybody suggests, staff decide; letters already sent keep the old address."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.directory import offices, proposals
from outreach.directory.identity import ContactProposal, ProposalState
from outreach.directory.models import ContactDetail, ContactKind, ContactState, Target
from outreach.directory.proposals import Correction
from outreach.errors import BadInput, Refused
from outreach.letters.lifecycle import State
from outreach.sending import consequences, gate
from tests import make
from tests.conftest import NOW
from tests.sending.conftest import sendable

VERA, SAM = Actor("Vera", user_id=4), Actor("Sam", user_id=3)
PAGE = "https://house.example/ann"


def suggested(session: Session, target: Target, new: str, **values: object) -> ContactProposal:
    old = next(iter(offices.contacts_of(session, target)), None)
    known = {"detail": old, "source": "their page", "url": PAGE} | values
    correction = Correction(kind=ContactKind.EMAIL, new=new, **known)  # type: ignore[arg-type]
    return proposals.propose(session, target, correction, by=VERA, now=NOW)


def test_a_correction_is_accepted_and_letters_sent_keep_the_old_address(session: Session) -> None:
    campaign = make.campaign(session)
    waiting = sendable(session, campaign, address="old@office.example")
    target = session.get_one(Target, waiting.target_id)
    sent = make.letter(
        session, campaign, target=target, state=State.SENT, address="old@office.example"
    )
    offices.settle_target(session, target)
    (old,) = offices.contacts_of(session, target)
    proposal = suggested(session, target, "new@office.example")
    assert target.channel is ContactKind.EMAIL and old.state is ContactState.OK
    assert proposals.open_count(session) == 1
    assert consequences.queued_to(session, old) == 1
    done = proposals.accept(session, proposal, checked=False, by=SAM, now=NOW)
    assert done.detail is not None and done.detail.verified_on is None
    assert (old.state, done.detail.person_id) == (ContactState.WITHDRAWN, old.person_id)
    assert target.verified_until is None
    assert (sent.address, waiting.address) == ("old@office.example", "old@office.example")
    stops, _waits = gate.reasons(session, waiting, now=NOW)
    assert "no longer working" in str(stops[0].words)
    with pytest.raises(Refused):
        proposals.accept(session, proposal, checked=False, by=SAM, now=NOW)
    assert [row.state for row in proposals.decided_proposals(session)] == [ProposalState.ACCEPTED]


def test_who_accepts_may_have_checked_it(session: Session) -> None:
    target = make.target(session)
    proposal = suggested(session, target, "new@office.example")
    done = proposals.accept(session, proposal, checked=True, by=SAM, now=NOW)
    assert done.detail is not None and done.detail.verified_by == "Sam"
    assert done.detail.source_url == PAGE
    assert target.verified_until is not None


def test_one_more_one_gone_and_one_we_have(session: Session) -> None:
    target = make.target(session)
    (old,) = offices.contacts_of(session, target)
    more = suggested(session, target, "more@office.example", detail=None)
    added = proposals.accept(session, more, checked=False, by=SAM, now=NOW).detail
    assert added is not None and old.state is ContactState.OK
    # What is there already is not added a second time; the old one goes.
    same = suggested(session, target, "more@office.example")
    assert proposals.accept(session, same, checked=False, by=SAM, now=NOW).detail is added
    assert old.state is ContactState.WITHDRAWN
    gone = suggested(session, target, "", detail=added)
    assert proposals.accept(session, gone, checked=False, by=SAM, now=NOW).detail is None
    assert session.get_one(ContactDetail, added.id).state is ContactState.WITHDRAWN
    assert target.channel is None


def test_a_refusal_says_why(session: Session) -> None:
    target = make.target(session)
    proposal = suggested(session, target, "new@office.example")
    with pytest.raises(BadInput):
        proposals.refuse(session, proposal, reason=" ", by=SAM, now=NOW)
    proposals.refuse(session, proposal, reason="their page says otherwise", by=SAM, now=NOW)
    (seen,) = proposals.proposals_for(session, target, reader=VERA)
    assert (seen.state, seen.answer) == (ProposalState.REFUSED, "their page says otherwise")
    assert not proposals.proposals_for(session, target, reader=SAM)


@pytest.mark.parametrize(
    ("new", "values", "field"),
    [
        ("", {"detail": None}, "value"),
        ("nonsense", {}, "value"),
        ("new@office.example", {"source": " "}, "source"),
        ("new@office.example", {"url": "their page"}, "url"),
    ],
)
def test_what_is_no_proposal(
    session: Session, new: str, values: dict[str, object], field: str
) -> None:
    target = make.target(session)
    with pytest.raises(BadInput) as refused:
        suggested(session, target, new, **values)
    assert refused.value.field == field


def test_the_address_we_have_is_no_correction(session: Session) -> None:
    target = make.target(session, address="desk@office.example")
    with pytest.raises(BadInput):
        suggested(session, target, "DESK@office.example")
