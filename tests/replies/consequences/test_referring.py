"""They passed our letter on: the new desk gets a letter that says so, and nobody has refused."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Task, TaskKind
from outreach.directory.models import TargetRole
from outreach.errors import Refused
from outreach.letters.lifecycle import State
from outreach.letters.models import Template
from outreach.petitions.models import Stance
from outreach.replies.consequences import referring
from outreach.replies.models import ReplyKind
from outreach.replies.story.threads import thread
from tests import make
from tests.replies.consequences.test_filing import campaign, letter, log, vera

__all__ = ["campaign", "letter", "vera"]


@pytest.fixture
def interior(session, campaign, letter):
    """A ministry of the same country, and a text that is written for it."""
    make.ask(session, campaign, roles=["ministry"], code="DM")
    version = make.template_version(session, campaign, body="First words.\n\nSecond words.")
    template = session.get_one(Template, version.template_id)
    template.roles, template.asks = ["ministry"], ["DM"]
    ministry = make.target(session, name="Ministry of the Interior", role=TargetRole.MINISTRY)
    ministry.search_key = "ministry of the interior"
    return ministry


def test_the_new_desk_gets_a_letter_and_the_first_has_not_refused(
    session, campaign, letter, vera, interior, now
) -> None:
    sam = make.sam(session, campaign)
    text = "We have forwarded your letter to the Ministry of the Interior."
    reply = log(session, letter, vera, kind=ReplyKind.REFERRAL, text=text)
    # No refusal: the ask stays open, nobody took a stand.
    assert letter.closed_on is None and letter.answered_on is not None
    assert session.scalar(sa.select(sa.func.count()).select_from(Stance)) == 0
    task = session.scalar(sa.select(Task).where(Task.kind == TaskKind.FOLLOW_REFERRAL))
    assert task is not None and task.done_at is None
    today = now.date()
    assert [one.id for one in referring.places(session, reply, "", today=today)] == [interior.id]
    assert referring.places(session, reply, "INTERIOR", today=today)[0].id == interior.id

    made = referring.follow(session, reply, interior, by=sam, now=now)
    assert (made.state, made.target_id, made.instead_of_id) == (
        State.DRAFT,
        interior.id,
        letter.id,
    )
    said = f"The letter of 3 March 2026 on this matter was passed on to you by {letter.recipient}."
    assert made.text.index("First words.") < made.text.index(said) < made.text.index("Second")
    assert task.done_at is not None
    assert made.author_id == sam.user_id
    assert referring.written_since(session, [letter]) == [made]
    here = [str(row.text) for row in thread(session, campaign.id, letter.office_id)]
    assert f"Passed on: letter {made.code} to Ministry of the Interior" in here
    there = [str(row.text) for row in thread(session, campaign.id, made.office_id)]
    assert any("because a letter was passed on" in one for one in there)
    with pytest.raises(Refused, match="already asked"):
        referring.follow(session, reply, interior, by=sam, now=now)


def test_only_what_was_passed_on_is_followed(session, campaign, letter, vera, interior, now):
    sam = make.sam(session, campaign)
    reply = log(session, letter, vera, kind=ReplyKind.SUPPORTIVE)
    with pytest.raises(Refused, match="did not pass"):
        referring.follow(session, reply, interior, by=sam, now=now)
    reply = log(session, letter, vera, kind=ReplyKind.REFERRAL)
    other = make.target(session, role=TargetRole.SPEAKER)
    with pytest.raises(Refused, match="No letter is written for this office"):
        referring.follow(session, reply, other, by=sam, now=now)
