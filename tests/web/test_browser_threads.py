"""Correspondence, search, roll calls and what was passed on, in a real browser on every screen."""

from __future__ import annotations

import pytest

from outreach.accounts.models import Actor, Campaign
from outreach.database import Database
from outreach.directory.models import OrganizationKind
from outreach.letters.lifecycle import State
from outreach.petitions.models import Objection, Position
from outreach.replies.consequences.filing import log_answer
from outreach.replies.models import ReplyChannel, ReplyKind, SignedBy, Vote
from outreach.replies.rollcalls import names, votes
from outreach.replies.story.threads import add_note
from outreach.sending.models import Attempt, Outcome
from tests import make
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)


@pytest.fixture
def pages(database: Database, campaign: Campaign, people: dict[str, Actor]) -> dict[str, str]:
    """A desk with a story, a roll call, a referral; {name: path of its page}."""
    sam = people["sam"]
    with database.writing() as session:
        session.add(
            Objection(
                campaign_id=campaign.id,
                code="O1",
                says="State bodies can't be on a terrorist list, they say again and again.",
                answer="They are.",
            )
        )
        body = make.organization(session, name="Saeima of Latvia", kind=OrganizationKind.CHAMBER)
        for name in ("Anna Ozola", "Ilze Ozola"):
            make.target(session, name=name, body=body)
        to = make.target(session, name="Jānis Ozoliņš", body=body)
        letter = make.letter(session, campaign, state=State.SENT, target=to, code="7K4-Q2M")
        session.add(
            Attempt(
                letter_id=letter.id,
                number=1,
                message_id="1@us.example",
                transport="smtp",
                worker="w",
                rehearsal=True,
                started_at=make.NOW,
                ended_at=make.NOW,
                lease_until=make.NOW,
                outcome=Outcome.DELIVERED,
                server_words="250 2.0.0 Ok: queued as 4XyZ1234567890",
                message=b"Subject: x\r\n\r\nWords\r\n",
            )
        )
        reply = log_answer(
            session,
            letters=[letter],
            by=sam,
            now=make.NOW,
            channel=ReplyChannel.EMAIL,
            received_on=make.NOW.date(),
            text="Paldies. We have forwarded your letter to the Ministry of the Interior.",
            kind=ReplyKind.REFERRAL,
            signed_by=SignedBy.STAFF,
            note="Called back: the desk is called Division 4.",
        )
        same = {"campaign_id": campaign.id, "office_id": letter.office_id, "rehearsal": True}
        add_note(session, text="Write again in May.", by=sam, now=make.NOW, **same)
        make.target(session, name="Ministry of the Interior", role="ministry", address=None)
        entry = votes.Entry(
            body_id=body.id,
            ask_id=make.ask(session, campaign).id,
            title="Motion 7 on the listing of OMON of Belarus",
            voted_on=make.NOW.date(),
            link="https://record.example/votes/2026/7",
            meaning=votes.Meaning(Position.SUPPORT, Position.OPPOSE, Position.UNDECIDED),
        )
        lines = [names.Line("Ozolins", Vote.AYE), names.Line("Ozola", Vote.NO)]
        roll = votes.enter(session, campaign, entry, lines=lines, ticked={}, by=sam, now=make.NOW)
        return {
            "thread": f"/desks/{letter.office_id}",
            "reply": f"/answers/{reply.id}",
            "passed_on": f"/answers/{reply.id}/passed-on",
            "search": "/inbox/search?q=paldies+letter",
            "votes": "/votes",
            "vote": f"/votes/{roll.id}",
            "vote_new": f"/votes/new?body={body.id}&day={make.NOW.date()}",
        }


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_every_page_is_read_on_every_screen(window: Open, pages: dict[str, str], size: str) -> None:
    for name, path in pages.items():
        page = window("olga", path, size=size)
        take_picture(page, f"threads-{name}-{size}")
        assert_no_sideways_scroll(page)
        assert_accessible(page)
