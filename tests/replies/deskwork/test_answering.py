"""Our answer to what they wrote: a draft in the same conversation; machines get none."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import INBOX, Actor, Campaign, Event
from outreach.directory import suppression
from outreach.directory.models import Membership, Office, Person, SuppressionScope, Target
from outreach.errors import MoveRefused, NotAllowed, Refused
from outreach.letters import moving
from outreach.letters.checks import stopping
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Template
from outreach.letters.quoted import own_words
from outreach.letters.sealing import seal_of
from outreach.petitions.models import Objection
from outreach.replies.consequences import placing
from outreach.replies.consequences.filing import log_answer
from outreach.replies.deskwork import answering
from outreach.replies.models import (
    InboxState,
    Incoming,
    MailKind,
    Reply,
    ReplyChannel,
    ReplyKind,
    SignedBy,
    Way,
)
from outreach.replies.receiving import inbox
from outreach.sending import gate, message, outbox, timetable
from tests import make
from tests.sending.conftest import FakePostman, live, sendable, watch

__all__ = ["watch"]

RAW = """From: "Office of A. Example" <{sender}>
Subject: {subject}
Message-ID: <their@office.example>
References: <first@us.example> <odd id> <our@us.example>
Date: Mon, 02 Mar 2026 10:00:00 +0000
{more}
OMON is Russian, 12,000 say.
 Why?
"""


@pytest.fixture
def campaign(session: Session) -> Campaign:
    campaign = make.campaign(session)
    for kind in answering.CHOICES:
        made = make._keep(
            session,
            Template(
                campaign_id=campaign.id,
                slug=kind.value,
                name=kind.value,
                kind=kind,
                roles=["member_lower"],
                asks=[],
            ),
        )
        make.template_version(session, campaign, template=made, body="Thank you for writing.")
    return campaign


@pytest.fixture
def sam(session: Session, campaign: Campaign) -> Actor:
    return make.sam(session, campaign)


@pytest.fixture
def letter(session: Session, campaign: Campaign) -> Letter:
    target = make.target(session, address="desk@office.example")
    return make.letter(session, campaign, state=State.SENT, target=target)


def came(
    session: Session,
    letter: Letter,
    by: Actor,
    *,
    more: str = "",
    subject: str = "AW: Re: A question",
    sender: str = "secretary@office.example",
    kind: ReplyKind = ReplyKind.NONCOMMITTAL,
    mail_kind: MailKind = MailKind.ANSWER,
) -> Reply:
    """A message that was read, placed with `letter` and said to be of a kind."""
    raw = RAW.format(sender=sender, subject=subject, more=more and f"{more}\n").encode()
    campaign = session.get_one(Campaign, letter.campaign_id)
    kept = inbox.keep(session, raw, way=Way.UPLOAD, campaign=campaign, now=make.NOW)
    row = session.get_one(Incoming, kept.id)
    row.kind, row.subject, row.from_address = mail_kind, subject, sender
    row.from_name = "Office of A. Example"
    inbox.change_state(session, row, InboxState.READ, by=INBOX, now=make.NOW)
    placing.place(session, row, [letter], unread=True, by=INBOX, now=make.NOW)
    return log_answer(
        session,
        letters=[letter],
        incoming=row,
        by=by,
        now=make.NOW,
        channel=ReplyChannel.EMAIL,
        received_on=make.NOW.date(),
        text="OMON is Russian, 12,000 say.\n\nWhy?",
        kind=kind,
        signed_by=SignedBy.UNIT,
    )


def draft(session, reply, by, kind=LetterKind.ANSWER, **values) -> Letter:
    return answering.draft(session, reply, kind=kind, by=by, now=make.NOW, **values)


@pytest.mark.parametrize("kind", answering.CHOICES)
def test_one_click_makes_a_draft_in_the_same_conversation(session, letter, sam, kind) -> None:
    made = draft(session, came(session, letter, sam), sam, kind)
    assert (made.kind, made.state, made.follows_id) == (kind, State.DRAFT, letter.id)
    assert (made.office_id, made.language) == (letter.office_id, letter.language)
    assert made.subject == "Re: A question"
    assert made.in_reply_to == "their@office.example"
    assert made.refers_to == "first@us.example our@us.example their@office.example"
    assert made.text.endswith(
        "\n\nOn 3 March 2026, Office of A. Example wrote:\n"
        "> OMON is Russian, 12,000 say.\n>\n> Why?"
    )
    # Nothing of theirs is held against us.
    assert stopping(made) == []
    assert not {"12,000", "wrote:"} & set(own_words(made).split())


def test_only_what_they_wrote_is_theirs(session, letter, sam) -> None:
    made = draft(session, came(session, letter, sam), sam)
    typed = "> The European OMON list counts 40,000.\n>Another mark\nOn 4 March somebody wrote:"
    made.text = made.text.replace("> Why?", f"> Why? And how?\n{typed}")
    own = own_words(made)
    assert "Why? And how?" in own and typed in own
    assert "12,000" not in own
    assert any("OMON" in str(one) for one in stopping(made))
    # Where nothing was quoted nothing is theirs.
    made.theirs = None
    assert own_words(made) == made.text


def test_it_leaves_with_the_headers_under_the_seal(session, letter, sam) -> None:
    made = draft(session, came(session, letter, sam), sam)
    before = seal_of(session, made)
    sender = make.sender(session, session.get_one(Campaign, made.campaign_id))
    sent = message.build(made, sender, message_id="new@us.example", date=make.NOW, rehearsal=False)
    said = dict(message.headers_of(sent))
    assert said["In-Reply-To"] == "<their@office.example>"
    assert said["References"].split() == [f"<{one}>" for one in (made.refers_to or "").split()]
    made.refers_to = "other@us.example"
    assert seal_of(session, made) != before


@pytest.mark.parametrize(("checked", "to"), [(True, "secretary@"), (False, "desk@")])
def test_only_a_checked_address_of_the_desk_is_written_to(
    session, letter, sam, checked, to
) -> None:
    target = session.get_one(Target, letter.target_id)
    person_id = session.get_one(Membership, target.membership_id).person_id
    make.contact(
        session,
        session.get_one(Person, person_id),
        value="Secretary@office.example",
        verified_on=make.NOW.date() if checked else None,
        verified_by="Sam" if checked else None,
    )
    made = draft(session, came(session, letter, sam), sam)
    assert made.address.lower().startswith(to)


def test_the_prepared_answer_stands_before_the_closing(session, campaign, letter, sam) -> None:
    objection = Objection(campaign_id=campaign.id, code="O1", says="No.", answer="They are listed.")
    made = draft(session, came(session, letter, sam), sam, objection=objection)
    blocks = made.text.split("\n\n")
    assert blocks.index("They are listed.") == blocks.index("Thank you for writing.") + 1
    assert made.author_id == sam.user_id


@pytest.mark.parametrize(
    "more",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; x=y",
        "Return-Path: <>",
        "List-Id: News <news.office.example>",
        "Precedence: bulk",
    ],
)
def test_what_a_machine_sent_is_never_answered(session, letter, sam, more) -> None:
    """Even if a person says it holds a real answer: two machines would write to each other."""
    reply = came(session, letter, sam, more=more, kind=ReplyKind.SUPPORTIVE)
    with pytest.raises(Refused, match="machine sent this"):
        draft(session, reply, sam)
    assert answering.why_not(session, reply) is not None
    assert session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 1


@pytest.mark.parametrize(
    ("kind", "mail_kind"),
    [
        (ReplyKind.AUTO_REPLY, MailKind.ANSWER),
        (ReplyKind.OUT_OF_OFFICE, MailKind.AUTO_REPLY),
        (ReplyKind.ACKNOWLEDGEMENT, MailKind.LIST),
        (ReplyKind.HOSTILE, MailKind.ANSWER),
    ],
)
def test_nor_what_somebody_called_automatic_or_hostile(
    session, campaign, letter, kind, mail_kind
) -> None:
    olga = make.olga(session, campaign)
    reply = came(session, letter, olga, kind=kind, mail_kind=mail_kind)
    with pytest.raises(Refused):
        draft(session, reply, olga)


def test_two_clicks_make_one_draft(session, letter, sam) -> None:
    reply = came(session, letter, sam)
    assert draft(session, reply, sam).id == draft(session, reply, sam).id


def test_who_drafts_does_not_approve_and_no_desk_rests(session, campaign, letter, sam) -> None:
    olga = make.olga(session, campaign)
    made = draft(session, came(session, letter, olga), olga)
    moving.make(session, made, "submit", by=olga, now=make.NOW)
    with pytest.raises((NotAllowed, MoveRefused, Refused)):
        moving.make(session, made, "approve", by=olga, now=make.NOW)
    office = session.get_one(Office, made.office_id)
    office.quiet_until = make.NOW.replace(year=2027)
    stops, waits = gate.reasons(session, made, now=make.NOW)
    assert "rests" not in " ".join(str(one.words) for one in (*stops, *waits))


def test_a_suppressed_desk_is_not_answered(session, campaign, letter, sam) -> None:
    reply = came(session, letter, sam)
    office = session.get_one(Office, letter.office_id)
    suppression.suppress(
        session,
        scope=SuppressionScope.OFFICE,
        value=office.key,
        reason="They objected",
        by=make.olga(session, campaign),
        now=make.NOW,
    )
    with pytest.raises(Refused, match="They objected"):
        draft(session, reply, sam)


def test_volunteers_draft_nothing(session, campaign, letter, sam) -> None:
    reply = came(session, letter, sam)
    with pytest.raises(NotAllowed):
        draft(session, reply, make.vera(session, campaign))


def test_a_call_is_answered_under_the_subject_of_our_letter(session, letter, sam) -> None:
    reply = log_answer(
        session,
        letters=[letter],
        by=sam,
        now=make.NOW,
        channel=ReplyChannel.PHONE,
        received_on=make.NOW.date(),
        text="She asked for the sources.",
        kind=ReplyKind.EVIDENCE_REQUEST,
        signed_by=SignedBy.STAFF,
    )
    made = draft(session, reply, sam)
    assert (made.subject, made.in_reply_to) == ("Re: A question", None)
    names = session.scalars(
        sa.select(Event.name).where(Event.subject_kind == "letter", Event.subject_id == made.id)
    ).all()
    assert names == ["drafted", "answers", "edited"]


def test_it_passes_review_gate_and_outbox_while_the_desk_rests(database, watch) -> None:
    """For real: approved by another person, sent although the desk had a letter today."""
    with database.writing() as session:
        campaign = live(session)
        version = make.template_version(session, campaign, read_by="Nora", read_on=make.NOW.date())
        template = session.get_one(Template, version.template_id)
        template.kind, version.body = LetterKind.ANSWER, "Thank you for writing."
        sam, olga = make.sam(session, campaign), make.olga(session, campaign)
        first = sendable(session, campaign, state=State.SENT, sent_at=make.NOW)
        session.get_one(Office, first.office_id).quiet_until = make.NOW + dt.timedelta(days=10)
        made = draft(session, came(session, first, sam), sam)
        assert made.address == first.address
        moving.make(session, made, "submit", by=sam, now=make.NOW)
        seen = seal_of(session, made)
        moving.make(session, made, "approve", by=olga, now=make.NOW, seen=seen)
        assert made.seal == seen
        timetable.schedule(session, made, send_after=make.NOW, by=olga, now=make.NOW)
        letter_id = made.id
    postman = FakePostman(for_rehearsal=False)
    outbox.send_due(database, postman, now=watch, worker="w")
    ((sent, _envelope),) = postman.taken
    said = dict(message.headers_of(sent))
    assert said["In-Reply-To"] == "<their@office.example>"
    assert said["Subject"] == "Re: A question"
    assert "> OMON is Russian" in message.words_of(sent)
    with database.reading() as session:
        assert session.get_one(Letter, letter_id).state is State.SENT
