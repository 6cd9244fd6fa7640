"""A milestone is told to those who were told fewer and have not answered, and to nobody else."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign, Task
from outreach.errors import BadInput, MoveRefused, NotAllowed, Refused
from outreach.letters import drafting, moving, numbers, proposals, redrawing
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Quotation
from outreach.petitions import counts, milestones
from outreach.petitions.models import Petition, Reading, ReadingState
from outreach.petitions.pages import MilestoneState
from tests import make
from tests.letters.setting import Setting

PAGE = "https://petition.example/en"


@pytest.fixture
def setting(session, now):
    setting = Setting(session, now)
    setting.olga = make.olga(session, setting.campaign)
    setting.version.body = "{{ signatures }}"
    setting.day = now.date() - dt.timedelta(days=30)
    setting.petition = session.scalars(
        sa.select(Petition).where(Petition.campaign_id == setting.campaign.id)
    ).one()
    return setting


def counted(setting, *values: int) -> None:
    """The page shows `values` on one day after the other; an organiser accepts what is held."""
    for value in values:
        setting.day += dt.timedelta(days=1)
        reading = counts.add_reading(
            setting.session,
            petition=setting.petition,
            value=value,
            page_url=PAGE,
            read_on=setting.day,
            by=setting.olga,
            now=setting.now,
        )
        if reading.state is ReadingState.HELD:
            counts.accept(setting.session, reading, by=setting.olga, now=setting.now)


def told(setting, *targets) -> dict[str, Letter]:
    """Letters with the count of today to `targets`, sent an hour ago."""
    letters, left_out = setting.drafts(*targets)
    assert left_out == {}
    for letter in letters:
        _sent(setting, letter)
    return {letter.recipient: letter for letter in letters}


def _sent(setting, letter) -> None:
    at = setting.now - dt.timedelta(hours=1)
    setting.session.execute(
        sa.update(Letter)
        .where(Letter.id == letter.id)
        .values(state=State.SENT, sent_at=at, seal="0" * 64, approved_at=at)
    )
    setting.session.refresh(letter)


def proposed(setting, milestone) -> dict[str, int]:
    found = proposals.follow_ups(setting.session, setting.campaign, milestone)
    return {one.letter.recipient: one.told.value for one in found}


def reached(setting, value: int = 75_000):
    every = milestones.milestones_of(setting.session, setting.campaign.id)
    return next(row for row in every if row.value == value)


def people(setting, *names: str):
    return [make.target(setting.session, name=name) for name in names]


def test_a_flapping_count_proposes_follow_ups_exactly_once(setting):
    campaign, session = setting.campaign, setting.session
    milestones.set_values(session, campaign, [75_000], by=setting.olga, now=setting.now)
    counted(setting, 62_001)
    letters = told(setting, *people(setting, "Ana", "Ben", "Cleo", "Dora", "Egon"))
    letters["Ben"].answered_on = setting.now.date()
    letters["Cleo"].closed_on = setting.now.date()
    letters["Dora"].rehearsal = not campaign.rehearsing
    session.flush()
    counted(setting, 67_000, 72_000, 74_990, 75_010, 74_995)
    assert reached(setting).state is MilestoneState.AHEAD
    counted(setting, 75_020)
    milestone = reached(setting)
    assert milestone.state is MilestoneState.REACHED
    told(setting, *people(setting, "Flora"))  # was told more than 75,000 already

    assert proposed(setting, milestone) == {"Ana": 62_001, "Egon": 62_001}
    before = session.scalar(sa.select(sa.func.count(Letter.id)))

    setting.template.kind = LetterKind.REMINDER
    setting.version.body = "We wrote: {{ previous.date }}. {{ signatures }}"
    session.flush()
    mailing = proposals.write(
        session,
        campaign=campaign,
        milestone=milestone,
        template=setting.template,
        sender=setting.sender,
        by=setting.sam,
        now=setting.now,
    )
    while mailing.done < mailing.total:
        drafting.draft_some(session, mailing, now=setting.now)
    drafts = session.scalars(sa.select(Letter).where(Letter.mailing_id == mailing.id)).all()

    assert {one.recipient: one.follows_id for one in drafts} == {
        name: letters[name].id for name in ("Ana", "Egon")
    }
    assert {one.state for one in drafts} == {State.DRAFT}, "proposed, never sent"
    assert all("more than 75,000" in one.text for one in drafts)
    assert session.scalar(sa.select(sa.func.count(Letter.id))) == before + 2
    assert milestone.state is MilestoneState.DONE
    assert proposed(setting, milestone) == {}
    # Whatever the count does from now on, nobody is proposed this milestone again.
    counted(setting, 74_000, 75_100, 75_200)
    assert len(session.scalars(sa.select(Task).where(Task.subject_kind == "milestone")).all()) == 1
    with pytest.raises(Refused, match="Nobody is left"):
        proposals.write(
            session,
            campaign=campaign,
            milestone=milestone,
            template=setting.template,
            sender=setting.sender,
            by=setting.sam,
            now=setting.now,
        )


def test_an_organiser_can_say_no_and_only_a_following_letter_tells(setting):
    session, campaign = setting.session, setting.campaign
    milestones.set_values(session, campaign, [62_500], by=setting.olga, now=setting.now)
    counted(setting, 62_001)
    told(setting, *people(setting, "Ana"))
    counted(setting, 62_600, 62_700)
    milestone = reached(setting, 62_500)
    with pytest.raises(BadInput, match="follows another"):
        proposals.write(
            session,
            campaign=campaign,
            milestone=milestone,
            template=setting.template,
            sender=setting.sender,
            by=setting.sam,
            now=setting.now,
        )
    with pytest.raises(NotAllowed):
        milestones.settle(session, milestone, wrote=False, by=setting.sam, now=setting.now)
    milestones.settle(session, milestone, wrote=False, by=setting.olga, now=setting.now)
    assert milestone.decided_by == "Olga"
    with pytest.raises(MoveRefused):
        setting.template.kind = LetterKind.REMINDER
        proposals.write(
            session,
            campaign=campaign,
            milestone=milestone,
            template=setting.template,
            sender=setting.sender,
            by=setting.sam,
            now=setting.now,
        )


def test_a_fall_marks_unsent_letters_and_drafts_are_drawn_anew(setting):
    session = setting.session
    counted(setting, 62_001)
    letters, _ = setting.drafts(*people(setting, "Ana", "Ben", "Cleo"))
    session.get_one(Letter, letters[1].id).customised_at = setting.now
    _sent(setting, letters[2])
    mailing_id, today = letters[0].mailing_id, setting.now.date()

    def changed() -> numbers.Changed | None:
        return numbers.changed_in(session, setting.campaign, mailing_id, today=today)

    assert changed() is None
    counted(setting, 62_900)
    assert changed() is None, "a rise changes nothing: a dated sentence stays true"
    counted(setting, 61_400)
    found = changed()
    assert found is not None
    assert str(found.why).startswith("Number changed: this letter rests on 62001 signatures")
    assert [one.recipient for one in found.letters] == ["Ana", "Ben"], "what left is past"
    assert [one.recipient for one in found.drafts] == ["Ana"], "nobody's own words are touched"
    late = setting.now + dt.timedelta(days=61)
    assert len(numbers.problems_of(session, letters[0], now=late)) == 2

    redrawing.redraw(
        session, found.drafts, by=setting.sam, now=setting.now, because="the number changed"
    )

    session.refresh(letters[0])
    assert "more than 61,000" in letters[0].text
    found = changed()
    assert found is not None and [one.recipient for one in found.letters] == ["Ben"]
    # What was submitted can't be approved with a number that fell.
    session.execute(
        sa.update(Letter)
        .where(Letter.id == letters[1].id)
        .values(state=State.REVIEW, customised_at=None, alike=None, alike_before=None)
    )
    session.refresh(letters[1])
    with pytest.raises(Refused) as refused:
        moving.make(session, letters[1], "approve", by=setting.olga, now=setting.now)
    assert "Number changed" in str(refused.value.reasons[0])


def test_several_pages_in_one_sentence_are_one_number():
    def reading(value: int):
        return Reading(value=value, read_on=dt.date(2026, 3, value % 28 + 1))

    first, second = reading(62_001), reading(800)
    quoted = [
        (Quotation(text="62,801 people"), first),
        (Quotation(text="62,801 people"), second),
        (Quotation(text="you were told 60,000"), reading(60_000)),
    ]
    said = numbers.told(quoted)
    assert said is not None
    assert (said.value, said.words) == (62_801, "62,801 people")
    assert said.as_of == min(first.read_on, second.read_on)
    assert numbers.told([]) is None
    assert numbers.problems([], None, Campaign(), today=dt.date(2026, 3, 3)) == []
