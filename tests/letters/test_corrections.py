"""A correction goes to exactly those who were sent the words, once for each change of the fact."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.directory.models import SuppressionScope, TargetRole
from outreach.directory.suppression import suppress
from outreach.errors import BadInput, Refused
from outreach.letters import corrections, drafting
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, MailingState, Quotation, Template
from outreach.petitions import facts
from outreach.petitions.models import FactState
from outreach.sending import gate
from tests import make
from tests.conftest import NOW

TODAY = NOW.date()
LATER = NOW + dt.timedelta(days=1)
BODY = (
    "Our letter of {{ correction.date }} said: {{ correction.said }}\n\n"
    "{% if correction.now %}Today it says: {{ correction.now }}"
    "{% else %}We take it back.{% endif %}"
)


class Setting:
    """A fact that five letters said, and the template of a correction."""

    def __init__(self, session):
        self.session = session
        self.campaign = make.campaign(session)
        self.sam = make.sam(session, self.campaign)
        self.olga = make.olga(session, self.campaign)
        self.sender = make.sender(session, self.campaign)
        self.ask = make.ask(session, self.campaign)
        self.fact = make.fact(session, self.campaign)
        version = make.template_version(session, self.campaign, subject="A correction", body=BODY)
        self.template = session.get_one(Template, version.template_id)
        self.template.kind = LetterKind.CORRECTION
        self.template.asks = [self.ask.code]
        session.flush()

    def said(self, state=State.SENT, **values):
        """A letter in `state` that says the fact as it reads now."""
        letter = make.letter(self.session, self.campaign, state=state, ask=self.ask, **values)
        words = facts.sentence(self.fact, "en", today=TODAY)
        self.session.add(
            Quotation(
                letter_id=letter.id,
                fact_id=self.fact.id,
                fact_version=self.fact.version,
                text=words,
            )
        )
        self.session.flush()
        return letter

    def change(self, now=NOW, **values):
        before = {name: getattr(self.fact, name) for name in facts.FactValues.__dataclass_fields__}
        facts.save_fact(
            self.session,
            campaign_id=self.campaign.id,
            code=self.fact.code,
            values=facts.FactValues(**before | values),
            by=self.sam,
            now=now,
        )

    def owed(self):
        return corrections.owed(self.session, self.campaign, self.fact, today=TODAY)

    def correct(self, now=LATER):
        mailing = corrections.make(
            self.session,
            campaign=self.campaign,
            fact=self.fact,
            template=self.template,
            sender=self.sender,
            by=self.sam,
            now=now,
        )
        while mailing.state is not MailingState.MADE and mailing.done < mailing.total:
            drafting.draft_some(self.session, mailing, now=now)
        made = self.session.scalars(
            sa.select(Letter).where(Letter.mailing_id == mailing.id).order_by(Letter.id)
        ).all()
        return mailing, made


@pytest.fixture
def setting(session):
    return Setting(session)


def test_exactly_those_who_were_sent_it(setting):
    got_it = setting.said()
    setting.said(State.APPROVED)
    setting.said(State.BOUNCED)
    make.letter(setting.session, setting.campaign, state=State.SENT)
    assert setting.owed().letters == []
    setting.change(figure=32_000)
    assert setting.owed().letters == [got_it]

    mailing, (letter,) = setting.correct()

    assert (letter.kind, letter.follows_id) == (LetterKind.CORRECTION, got_it.id)
    assert (letter.target_id, letter.state) == (got_it.target_id, State.DRAFT)
    assert mailing.fact_id == setting.fact.id
    assert f"Our letter of {make_day(got_it)} said: More than" in letter.text
    assert "Today it says: More than 32,000" in letter.text
    quoted = setting.session.scalars(
        sa.select(Quotation).where(Quotation.letter_id == letter.id)
    ).one()
    assert (quoted.fact_id, quoted.fact_version) == (setting.fact.id, setting.fact.version)


def make_day(letter):
    return f"{letter.sent_at.day} {letter.sent_at:%B %Y}"


def test_the_last_letter_that_said_it_is_followed_once(setting):
    target = make.target(setting.session)
    first = setting.said(target=target, closed_on=TODAY)
    again = setting.said(target=target)
    setting.change(figure=32_000)
    assert setting.owed().letters == [again] and first.id != again.id


def test_nobody_is_corrected_twice_for_one_change(setting):
    got_it = setting.said()
    setting.change(figure=32_000)
    setting.correct()
    assert (setting.owed().letters, setting.owed().told) == ([], [got_it])
    with pytest.raises(Refused, match="Nobody is owed a correction"):
        setting.correct()

    setting.change(figure=31_000, now=LATER + dt.timedelta(days=1))
    assert setting.owed().letters == [got_it]


def test_what_no_longer_holds_is_taken_back(setting):
    setting.said()
    setting.change(state=FactState.WITHDRAWN)
    _, (letter,) = setting.correct()
    assert "We take it back." in letter.text
    assert not setting.session.scalars(
        sa.select(Quotation).where(Quotation.letter_id == letter.id)
    ).all()


def test_who_waits_to_be_checked_is_no_mistake(setting):
    setting.said()
    setting.change(review_by=TODAY - dt.timedelta(days=1))
    assert setting.owed().letters == []


def test_who_can_not_be_told_is_named(setting):
    session = setting.session
    gone = make.target(session, name="Gone")
    silent = make.target(session, name="Silent", address="stop@office.example")
    minister = make.target(session, name="Other", role=TargetRole.MINISTER)
    for target in (gone, silent, minister):
        setting.said(target=target)
    setting.change(figure=32_000)
    gone.ended_on = TODAY
    suppress(
        session,
        scope=SuppressionScope.ADDRESS,
        value="stop@office.example",
        reason="asked us to stop",
        by=setting.sam,
        now=NOW,
    )
    mailing, made = setting.correct()
    assert made == []
    reasons = {row["name"]: row["reason"] for row in mailing.left_out}
    assert sorted(reasons) == ["Gone", "Other", "Silent"]
    assert "Left office" in reasons["Gone"] and "asked us to stop" in reasons["Silent"]


def test_only_a_letter_that_corrects_corrects(setting):
    setting.said()
    setting.change(figure=32_000)
    setting.template.kind = LetterKind.FIRST
    with pytest.raises(BadInput):
        setting.correct()


def test_a_correction_needs_an_organiser_not_a_free_desk(setting):
    got_it = setting.said()
    setting.change(figure=32_000)
    _, (letter,) = setting.correct()
    office = make.office(setting.session, quiet_until=NOW + dt.timedelta(days=9))
    letter.office_id = office.id
    setting.session.flush()
    _, waits = gate.reasons(setting.session, letter, now=LATER)
    assert [str(one.words) for one in waits if "rests" in str(one.words)] == []
    letter.kind = LetterKind.FIRST
    setting.session.flush()
    _, waits = gate.reasons(setting.session, letter, now=LATER)
    assert any("rests" in str(one.words) for one in waits)
    assert got_it.state is State.SENT


def test_rehearsed_letters_are_corrected_in_rehearsal_only(setting):
    setting.said()
    setting.change(figure=32_000)
    setting.session.execute(sa.update(Letter).values(rehearsal=not setting.campaign.rehearsing))
    assert setting.owed().letters == []


def test_a_rehearsed_correction_told_nobody(setting):
    got_it = setting.said()
    setting.change(figure=32_000)
    mailing, (letter,) = setting.correct()
    drafting.finish(setting.session, mailing, now=LATER)
    assert setting.owed().letters == []
    letter.rehearsal = not setting.campaign.rehearsing
    setting.session.flush()
    assert setting.owed().letters == [got_it]
