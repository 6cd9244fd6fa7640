"""The pile of letters that go by hand, and ticking them off."""

from __future__ import annotations

import datetime as dt

import pytest

from outreach.directory.models import ContactKind
from outreach.errors import BadInput
from outreach.letters.lifecycle import State
from outreach.sending import posting
from tests import make


def by_post(session, campaign, place, name, **values):
    there = make.jurisdiction(session, place, name=place)
    to = make.target(session, jurisdiction_code=there.code, name=name)
    values = {
        "state": State.APPROVED,
        "channel": ContactKind.POSTAL,
        "address": f"1 {name} Street",
        "recipient": name,
    } | values
    return make.letter(session, campaign, target=to, **values)


def test_the_pile_is_sorted_by_country_and_holds_only_what_is_carried(session) -> None:
    campaign = make.campaign(session)
    last = by_post(session, campaign, "PL", "Anna")
    first = by_post(session, campaign, "CZ", "Zdena")
    second = by_post(session, campaign, "ES", "Berta", channel=ContactKind.FORM)
    by_post(session, campaign, "DE", "By mail", channel=ContactKind.EMAIL, address="a@b.example")
    by_post(session, campaign, "FR", "Not approved", state=State.REVIEW)
    found = posting.pile(session, campaign.id)
    assert [one.id for one in found.rows] == [first.id, second.id, last.id]
    assert found.total == 3
    only = posting.pile(session, campaign.id, only={second.id})
    assert [one.id for one in only.rows] == [second.id]
    assert posting.pile(session, campaign.id, mailing_id=first.mailing_id).total == 1


def test_each_ticked_letter_is_posted_or_says_why_not(session, now, monkeypatch) -> None:
    campaign = make.campaign(session)
    olga = make.olga(session, campaign)
    monkeypatch.setattr(posting.channels.gate, "reasons", lambda *_args, **_named: ((), ()))
    good = by_post(session, campaign, "PL", "Anna", approved_at=now)
    gone = by_post(session, campaign, "CZ", "Zdena", approved_at=now, channel=ContactKind.EMAIL)
    outcome = posting.post_many(
        session, [good, gone], on=now.date(), proof="Receipts 1 to 2", by=olga, now=now
    )
    assert outcome.moved == 1
    assert good.state is State.SENT
    assert gone.state is State.APPROVED
    assert "by e-mail" in str(outcome.refused[0].reasons[0])


def test_a_day_to_come_is_refused_for_all(session, now) -> None:
    campaign = make.campaign(session)
    olga = make.olga(session, campaign)
    letter = by_post(session, campaign, "PL", "Anna", approved_at=now)
    with pytest.raises(BadInput, match="not come yet"):
        posting.post_many(
            session, [letter], on=now.date() + dt.timedelta(days=1), proof="x", by=olga, now=now
        )
    assert letter.state is State.APPROVED
