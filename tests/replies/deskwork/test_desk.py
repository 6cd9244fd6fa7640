"""The desk: finding a letter, taking it, and seeing no more than one may."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach.accounts import tasks
from outreach.accounts.models import Event, TaskKind
from outreach.directory.spelling import search_key
from outreach.errors import BadInput, NotFound, Refused
from outreach.letters.lifecycle import State
from outreach.replies.deskwork import desk
from outreach.replies.matches import finding
from outreach.replies.models import ReplyKind
from tests import make
from tests.replies.consequences.test_filing import TODAY, campaign, letter, log, vera

__all__ = ["campaign", "letter", "vera"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("7K4-Q2M", "7K4-Q2M"),
        ("7k4q2m", "7K4-Q2M"),
        (" 7K4 q2m ", "7K4-Q2M"),
        ("lk4-o2m", "7K4-Q2M"),
        ("1K4-02M", "7K4-Q2M"),
        ("7K4–QZM", "7K4-Q2M"),
        ("Ref. 7K4-Q2M", "7K4-Q2M"),
        ("réf 7k4q2m.", "7K4-Q2M"),
    ],
)
def test_a_code_is_understood_however_it_is_typed(typed: str, meant: str) -> None:
    assert meant in finding.code_variants(typed)


@pytest.mark.parametrize("typed", ["", "7K4", "Müller", "7K4-Q2MX", "%_"])
def test_what_is_no_code_means_none(typed: str) -> None:
    assert finding.code_variants(typed) == []


def test_the_code_as_typed_comes_first() -> None:
    assert finding.code_variants("5B2-G8S")[0] == "5B2-G8S"


def _to(session, campaign, name, code="LV", state=State.SENT, **values):
    make.jurisdiction(session, code, name=values.pop("country", "Latvia"))
    target = make.target(session, name=name, jurisdiction_code=code)
    target.search_key = search_key(name)
    session.flush()
    return make.letter(session, campaign, state=state, target=target, **values)


@pytest.mark.parametrize(
    "typed",
    [
        *("ozol", "Ozoliņš", "OZOLINS", "7k4 q2m", "1K4-O2M", "Ref. 7K4-Q2M."),
        *("latv", "LV", "Lettland", "Латвия", "Ozoliņš, Latvia", "lettonie janis"),
    ],
)
def test_a_letter_is_found(session, campaign, typed) -> None:
    letter = _to(session, campaign, "Jānis Ozoliņš", code="LV")
    letter.code = "7K4-Q2M"
    session.flush()
    _to(session, campaign, "Somebody Else", code="EE", country="Estonia")
    found = desk.find_letters(session, campaign.id, typed)
    assert [(it.letter_id, it.name, it.country, it.code) for it in found] == [
        (letter.id, "Jānis Ozoliņš", "Latvia", "7K4-Q2M")
    ]


@pytest.mark.parametrize("typed", ["UK", "Great Britain", "sample Großbritannien", "SAMPLE gb"])
def test_a_country_is_found_by_what_people_call_it(session, campaign, typed) -> None:
    letter = _to(session, campaign, "Jane Sample", code="GB", country="United Kingdom")
    _to(session, campaign, "Zofia Wzór", code="PL", country="Poland")
    found = desk.find_letters(session, campaign.id, typed)
    assert [it.letter_id for it in found] == [letter.id]


@pytest.mark.parametrize(
    "typed", ["", "   ", "nobody", "%", "_", "🙂", "Ozoliņš, Estonia", "Ref.", "Polen"]
)
def test_nothing_is_found(session, campaign, typed) -> None:
    _to(session, campaign, "Jānis Ozoliņš")
    assert list(desk.find_letters(session, campaign.id, typed)) == []


def test_only_what_left_is_found(session, campaign) -> None:
    _to(session, campaign, "Jānis Ozoliņš", state=State.APPROVED)
    assert list(desk.find_letters(session, campaign.id, "ozol")) == []


def test_another_campaign_is_not_found(session, campaign) -> None:
    _to(session, make.campaign(session), "Jānis Ozoliņš")
    assert list(desk.find_letters(session, campaign.id, "ozol")) == []


def test_a_look_makes_the_task_mine_and_is_noted(session, letter, vera, now) -> None:
    task = desk.take_letter(session, letter, by=vera, now=now)
    again = desk.take_letter(session, letter, by=vera, now=now)
    assert task.id == again.id
    assert (task.kind, task.owner_id, task.rehearsal) == (TaskKind.LOG_ANSWER, vera.user_id, True)
    looks = session.scalars(sa.select(Event).where(Event.name == "looked_at")).all()
    assert [(look.subject_id, look.by) for look in looks] == [(letter.id, "Vera")] * 2


def test_a_free_task_is_taken_not_doubled(session, letter, vera, now) -> None:
    task = desk.take_letter(session, letter, by=vera, now=now)
    tasks.release(session, task, by=vera, now=now)
    assert desk.take_letter(session, letter, by=vera, now=now).id == task.id


def test_the_second_hears_who_is_on_it(session, campaign, letter, vera, now) -> None:
    desk.take_letter(session, letter, by=vera, now=now)
    with pytest.raises(Refused) as caught:
        desk.take_letter(
            session, letter, by=make.user(session, "Viktor", campaign, "volunteer"), now=now
        )
    assert "Vera" in str(caught.value.sentence)


def test_a_letter_that_has_not_left_is_not_taken(session, campaign, vera, now) -> None:
    with pytest.raises(BadInput):
        desk.take_letter(session, make.letter(session, campaign), by=vera, now=now)


def test_a_volunteer_sees_the_text_only_after_taking_it(session, letter, vera, now) -> None:
    with pytest.raises(Refused):
        desk.letter_to_answer(session, letter.campaign_id, letter.id, by=vera)
    desk.take_letter(session, letter, by=vera, now=now)
    seen = desk.letter_to_answer(session, letter.campaign_id, letter.id, by=vera)
    assert seen.id == letter.id


def test_staff_see_it_at_once(session, campaign, letter) -> None:
    sam = make.sam(session, campaign)
    assert desk.letter_to_answer(session, campaign.id, letter.id, by=sam).id == letter.id


def test_a_letter_of_another_campaign_is_not_there(session, letter, vera) -> None:
    with pytest.raises(NotFound):
        desk.letter_to_answer(session, make.campaign(session).id, letter.id, by=vera)


def test_tasks_are_mine_or_free(session, campaign, letter, vera, now) -> None:
    kinds = (TaskKind.OTHER, TaskKind.FIND_ADDRESS, TaskKind.READ_REPLY)
    for kind in kinds:
        tasks.open_task(
            session,
            campaign_id=campaign.id,
            kind=kind,
            subject=("reply", 1),
            title=kind.value,
            due_on=None,
            rehearsal=True,
            now=now,
            by=vera,
        )
    held = desk.take_letter(session, letter, by=vera, now=now)
    mine, free = desk.open_tasks(session, campaign, by=vera, today=TODAY)
    assert [it.id for it in mine] == [held.id]
    assert [it.kind for it in free] == [TaskKind.FIND_ADDRESS]
    _, free = desk.open_tasks(session, campaign, by=make.sam(session, campaign), today=TODAY)
    assert {it.kind for it in free} == {TaskKind.OTHER, TaskKind.FIND_ADDRESS}
    _, free = desk.open_tasks(session, campaign, by=make.olga(session, campaign), today=TODAY)
    assert {it.kind for it in free} == set(kinds)


def test_who_sees_which_answers(session, campaign, letter, vera, now) -> None:
    sam, olga = make.sam(session, campaign), make.olga(session, campaign)
    log(session, letter, vera, kind=ReplyKind.ACKNOWLEDGEMENT)
    log(session, letter, olga, kind=ReplyKind.HOSTILE)
    seen = {}
    for who in (vera, sam, olga):
        rows = desk.answers_of(campaign.id, rehearsal=True, by=who)
        found = desk.answer_rows(session, rows, limit=10)
        seen[who.name] = {it.reply.kind.value for it in found}
        assert all((it.code, it.letter_id) == (letter.code, letter.id) for it in found)
    assert seen == {
        "Vera": {"acknowledgement"},
        "Sam": {"acknowledgement"},
        "Olga": {"acknowledgement", "hostile"},
    }


def test_one_answer_is_seen_by_the_same_rule(session, campaign, letter, vera) -> None:
    sam, olga = make.sam(session, campaign), make.olga(session, campaign)
    reply = log(session, letter, olga, kind=ReplyKind.HOSTILE)
    assert desk.answer(session, campaign.id, reply.id, by=olga).id == reply.id
    for who in (vera, sam):
        with pytest.raises(NotFound):
            desk.answer(session, campaign.id, reply.id, by=who)
