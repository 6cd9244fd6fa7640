"""An address we don't know, of a message that files itself: proposed once, or by nobody."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach.directory.identity import ContactProposal
from outreach.directory.proposals import refuse
from outreach.replies.models import InboxState, Incoming
from tests import make
from tests.web.desk_world import arrives, mail, sent_letter

WORDS = "Thank you for your letter 7K4-Q2M."


@pytest.fixture
def campaign(database):
    with database.writing() as session:
        campaign = make.campaign(session)
    sent_letter(database, campaign, "Jānis Ozoliņš", "7K4-Q2M", address="janis@house.example")
    return campaign


def proposed(database) -> list[tuple[str, str, str]]:
    with database.reading() as session:
        rows = session.scalars(sa.select(ContactProposal).order_by(ContactProposal.id))
        return [(one.new_value, one.source, one.by) for one in rows]


def comes(database, campaign, words: str = WORDS, **heads: str) -> Incoming:
    """A message that its code files; what became of it."""
    number = arrives(database, campaign, mail(words, **heads))
    with database.reading() as session:
        row = session.get_one(Incoming, number)
        session.expunge(row)
    return row


def test_it_is_proposed_with_its_source_and_only_once(database, campaign) -> None:
    came = comes(database, campaign, who="secretary@house.example")
    assert came.state is InboxState.FILED
    assert proposed(database) == [("secretary@house.example", "message of 2026-03-03", "inbox")]
    # Also when somebody turned it down.
    with database.writing() as session:
        row = session.scalars(sa.select(ContactProposal)).one()
        refuse(session, row, reason="Nobody's", by=make.sam(session, campaign), now=make.NOW)
    comes(database, campaign, WORDS + " Again.", who="Secretary@house.example")
    assert len(proposed(database)) == 1


def test_what_anybody_may_have_is_flagged(database, campaign) -> None:
    comes(database, campaign, who="janis@gmail.com")
    ((_value, source, _by),) = proposed(database)
    assert "anybody may have a mailbox at this provider" in source


@pytest.mark.parametrize(
    "heads",
    [
        {"Auto_Submitted": "auto-replied", "subject": "Automatic reply"},
        {"List_Id": "<news.house.example>", "List_Post": "<mailto:news@house.example>"},
        {"In_Reply_To": "<1@campaign.example>", "List_Id": "<office.house.example>"},
        {"Precedence": "bulk"},
        {"who": "MAILER-DAEMON@house.example", "subject": "Undelivered Mail Returned to Sender"},
        {"who": "no-reply@house.example"},
        {"who": "janis@house.example"},
        {"who": "office@house.example", "Reply_To": "x@elsewhere.example"},
    ],
    ids=["automatic", "list", "group", "bulk", "bounce", "no-reply", "known", "doubtful"],
)
def test_nothing_is_proposed_of_machines_lists_and_doubtful_mail(database, campaign, heads) -> None:
    comes(database, campaign, **heads)
    assert proposed(database) == []
