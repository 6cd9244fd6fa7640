"""A roll call is entered once: names become stances, what nobody knows is kept, undone as one."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Role, Task, TaskKind
from outreach.directory.models import Membership
from outreach.errors import BadInput, NotAllowed, Refused
from outreach.petitions.models import Position, Stance, StanceBasis
from outreach.petitions.stances import standing
from outreach.replies.models import RollCallVote, Vote
from outreach.replies.rollcalls import confirming, names, votes
from outreach.replies.rollcalls.names import Line
from outreach.replies.rollcalls.votes import Meaning
from tests import make

DAY = dt.date(2026, 2, 20)
LINK = "https://parliament.example/votes/7"
MEANING = Meaning(Position.SUPPORT, Position.OPPOSE, Position.UNDECIDED)


@pytest.fixture
def campaign(session):
    return make.campaign(session)


@pytest.fixture
def sam(session, campaign):
    return make.sam(session, campaign)


@pytest.fixture
def body(session):
    """A chamber: two Ozolas, a Żółć, and one who left before the day."""
    body = make.organization(session)
    for name in ("Anna Ozola", "Ilze Ozola", "Łukasz Żółć", "Олена Приклад"):
        make.target(session, name=name, body=body)
    gone = make.target(session, name="Gone Before", body=body)
    session.get_one(Membership, gone.membership_id).end_on = DAY
    session.flush()
    return body


def enter(session, campaign, body, by, lines, ticked=None, **values):
    values = {
        "title": "Motion 7",
        "voted_on": DAY,
        "link": LINK,
        "meaning": MEANING,
        "body_id": body.id,
        "ask_id": values.pop("ask", None) or make.ask(session, campaign).id,
    } | values
    entry = votes.Entry(**values)
    ticked = ticked or {}
    return votes.enter(session, campaign, entry, lines=lines, ticked=ticked, by=by, now=make.NOW)


@pytest.mark.parametrize(
    ("said", "name", "vote"),
    [
        ("Ozola, Anna; no", "Ozola, Anna", Vote.NO),
        ("Anna Ozola – aye", "Anna Ozola", Vote.AYE),
        ("Anna Ozola\tabstention", "Anna Ozola", Vote.ABSTAIN),
        ("Anna Ozola: Enthaltung", "Anna Ozola", Vote.ABSTAIN),
        ("Anna Ozola, za", "Anna Ozola", Vote.AYE),
        ("Ozola, Anna", "Ozola, Anna", Vote.AYE),
        ("Ozola-Kalna, Anna | absent", "Ozola-Kalna, Anna", Vote.ABSENT),
        ("Ozola, Anna – no", "Ozola, Anna", Vote.NO),
        ("Ozola, Anna (EPP), against", "Ozola, Anna (EPP)", Vote.NO),
        ("1\tAnna Ozola\tagainst\tGreens", "1\tAnna Ozola\tGreens", Vote.NO),
    ],
)
def test_a_line_is_a_name_and_perhaps_its_vote(said, name, vote) -> None:
    assert names.lines_of(f"\n  {said}\n\n", Vote.AYE) == [Line(name, vote)]


def test_of_a_table_the_column_of_votes_is_found_wherever_it_stands() -> None:
    table = "1\tAnna Ozola\tSI\tcontra\tRīga\n2\tIlze Ozola\tPRO\tno\tSi\n3\tX\tSI\tfor\tNo"
    assert [one.vote for one in names.lines_of(table, Vote.ABSENT)] == [Vote.NO, Vote.NO, Vote.AYE]
    parties = "Anna Ozola\tSI\nIlze Ozola\tEPP\nX\tGreens"
    assert [one.vote for one in names.lines_of(parties, Vote.NO)][1:] == [Vote.NO, Vote.NO]


def test_what_a_name_is_most_like_is_offered_first(session, body) -> None:
    there = votes.members(session, body.id, DAY)
    offered, sure = names.by_likeness("Ozolla, Ilse (EPP)", there)
    assert (offered[0].name, sure, len(offered)) == ("Ilze Ozola", True, 4)
    assert names.by_likeness("Somebody Else", there)[1] is False


def test_names_are_matched_only_when_they_mean_one(session, body) -> None:
    there = votes.members(session, body.id, DAY)
    assert len(there) == 4
    found = {
        said: (one := names.matched(said, there)) and one.name
        for said in (
            "OZOLA Anna",
            "A. Ozola",
            "Ozola",
            "Zolc, Lukasz",
            "Zolc",
            "Olena Pryklad",
            "Gone Before",
            "A.",
            "Anna Ozola Nobody",
            "3. Ozola, Anna (EPP)",
            "Żółć [S&D]",
            "7\tOzola\tIlze\tGreens",
            "Anna Ozola\tGreens\tRīga",
            "Ozola\tGreens",
            "Nobody\tŻółć",
        )
    }
    assert found == {
        "OZOLA Anna": "Anna Ozola",
        "A. Ozola": "Anna Ozola",
        "Ozola": None,
        "Zolc, Lukasz": "Łukasz Żółć",
        "Zolc": "Łukasz Żółć",
        "Olena Pryklad": "Олена Приклад",
        "Gone Before": None,
        "A.": None,
        "Anna Ozola Nobody": None,
        "3. Ozola, Anna (EPP)": "Anna Ozola",
        "Żółć [S&D]": "Łukasz Żółć",
        "7\tOzola\tIlze\tGreens": "Ilze Ozola",
        "Anna Ozola\tGreens\tRīga": "Anna Ozola",
        "Ozola\tGreens": None,
        "Nobody\tŻółć": None,
    }


def test_each_gets_a_stance_with_the_record_and_nothing_is_lost(session, campaign, body, sam):
    there = {one.name: one.id for one in votes.members(session, body.id, DAY)}
    lines = names.lines_of("Anna Ozola\nOzola; no\nZolc; abstain\nAnna Ozola; no", Vote.AYE)
    roll = enter(session, campaign, body, sam, lines, {there["Ilze Ozola"]: Vote.ABSENT})
    stances = session.scalars(sa.select(Stance).order_by(Stance.id)).all()
    assert [(one.position, one.basis) for one in stances] == [
        (Position.SUPPORT, StanceBasis.ACT),
        (Position.UNDECIDED, StanceBasis.ACT),
    ]
    assert LINK in stances[0].quote and stances[0].said_on == DAY
    left = [one for one in votes.votes_of(session, roll) if one.target_id is None]
    assert sorted((one.said, one.vote) for one in left) == [
        ("Anna Ozola", Vote.NO),
        ("Ozola", Vote.NO),
    ]
    unknown = next(one for one in left if one.said == "Ozola")
    with pytest.raises(BadInput, match="no vote yet"):
        votes.put_right(session, roll, unknown.id, there["Anna Ozola"], by=sam, now=make.NOW)
    votes.put_right(session, roll, unknown.id, there["Олена Приклад"], by=sam, now=make.NOW)
    assert (
        session.scalars(standing(campaign.id, rehearsal=True)).first().position is Position.OPPOSE
    )


def test_it_is_undone_as_one(session, campaign, body, sam) -> None:
    ask = make.ask(session, campaign).id
    enter(session, campaign, body, sam, [Line("Anna Ozola", Vote.AYE)], ask=ask)
    later = enter(
        session,
        campaign,
        body,
        sam,
        [Line("Anna Ozola", Vote.NO), Line("Zolc", Vote.NO)],
        ask=ask,
        voted_on=DAY + dt.timedelta(days=1),
    )
    with pytest.raises(NotAllowed):
        votes.undo(session, later, by=make.sam(session, campaign), now=make.NOW)
    votes.undo(session, later, by=sam, now=make.NOW)
    (left,) = session.scalars(standing(campaign.id, rehearsal=True)).all()
    assert left.position is Position.SUPPORT
    assert session.scalar(sa.select(sa.func.count()).select_from(RollCallVote)) == 3
    with pytest.raises(Refused):
        votes.undo(session, later, by=sam, now=make.NOW)


@pytest.mark.parametrize(
    "wrong",
    [{"title": " "}, {"link": "javascript:alert(1)"}, {"voted_on": dt.date(2026, 3, 9)}],
)
def test_what_is_missing_is_said(session, campaign, body, sam, wrong) -> None:
    with pytest.raises(BadInput):
        enter(session, campaign, body, sam, [Line("Anna Ozola", Vote.AYE)], **wrong)
    with pytest.raises(BadInput):
        enter(session, campaign, body, sam, [])
    with pytest.raises(NotAllowed):
        enter(session, campaign, body, make.vera(session, campaign), [Line("x", Vote.AYE)])


def open_tasks(session) -> list[Task]:
    rows = sa.select(Task).where(Task.subject_kind == "roll_call", Task.done_at.is_(None))
    return list(session.scalars(rows))


def test_an_organiser_compares_the_whole_list_once(session, campaign, body, sam, now) -> None:
    campaign.second_reader = True
    lines = [Line("Anna Ozola", Vote.AYE), Line("Ozola", Vote.NO)]
    roll = enter(session, campaign, body, sam, lines)
    assert confirming.waits(roll, campaign)
    assert [task.kind for task in open_tasks(session)] == [TaskKind.READ_REPLY]
    # It counts meanwhile; whoever entered it, and staff, can't confirm it.
    assert len(session.scalars(sa.select(Stance)).all()) == 1
    olga, shown = make.olga(session, campaign), confirming.fingerprint(session, roll)
    with pytest.raises(NotAllowed):
        confirming.confirm(session, roll, seen=shown, by=sam, now=now)
    confirming.confirm(session, roll, seen=shown, by=olga, now=now)
    assert (roll.confirmed_by, confirming.waits(roll, campaign)) == ("Olga", False)
    assert open_tasks(session) == []
    with pytest.raises(Refused):
        confirming.confirm(session, roll, seen=shown, by=olga, now=now)
    # A name put right is another list: who changed it does not confirm it.
    row = session.scalars(sa.select(RollCallVote).where(RollCallVote.target_id.is_(None))).one()
    ilze = session.scalars(sa.select(make.Target).where(make.Target.name == "Ilze Ozola")).one()
    votes.put_right(session, roll, row.id, ilze.id, by=olga, now=now)
    assert confirming.waits(roll, campaign)
    with pytest.raises(NotAllowed):
        confirming.confirm(session, roll, seen=shown, by=olga, now=now)
    # Nor does anybody confirm a list that was changed since they saw it.
    ada = make.ada(session, campaign)
    with pytest.raises(Refused, match="changed the list meanwhile"):
        confirming.confirm(session, roll, seen=shown, by=ada, now=now)
    shown = confirming.fingerprint(session, roll)
    confirming.confirm(session, roll, seen=shown, by=ada, now=now)
    assert not confirming.waits(roll, campaign)


def test_one_reader_is_enough_where_the_campaign_says_so(session, campaign, body, sam, now) -> None:
    campaign.second_reader = False
    roll = enter(session, campaign, body, sam, [Line("Anna Ozola", Vote.AYE)])
    assert not confirming.waits(roll, campaign) and open_tasks(session) == []
    campaign.second_reader = True
    other = enter(session, campaign, body, sam, [Line("Ilze Ozola", Vote.AYE)])
    votes.undo(session, other, by=sam, now=now)
    assert not confirming.waits(other, campaign) and open_tasks(session) == []


def test_nobody_who_changed_the_list_confirms_it(session, campaign, body, sam, now) -> None:
    campaign.second_reader = True
    olga, ada = make.olga(session, campaign), make.ada(session, campaign)
    lines = [Line("Ozola", Vote.NO), Line("Nobody", Vote.NO)]
    roll = enter(session, campaign, body, olga, lines)
    there = {one.name: one.id for one in votes.members(session, body.id, DAY)}
    names = {one.said: one.id for one in votes.votes_of(session, roll)}
    votes.put_right(session, roll, names["Ozola"], there["Anna Ozola"], by=ada, now=now)
    votes.put_right(session, roll, names["Nobody"], there["Ilze Ozola"], by=sam, now=now)
    # The last change was another's; an earlier one bars all the same.
    for earlier in (olga, ada):
        shown = confirming.fingerprint(session, roll)
        with pytest.raises(NotAllowed, match="You entered or changed it"):
            confirming.confirm(session, roll, seen=shown, by=earlier, now=now)
    other = make.user(session, "Oskar", campaign, Role.ORGANISER)
    confirming.confirm(session, roll, seen=shown, by=other, now=now)
    assert roll.confirmed_by == "Oskar"


def test_a_name_of_no_member_is_left_out_and_can_be_put_right_later(
    session, campaign, body, sam, now
) -> None:
    campaign.second_reader = True
    roll = enter(session, campaign, body, sam, [Line("The clerk", Vote.NO)])
    (row,) = votes.votes_of(session, roll)
    olga = make.olga(session, campaign)
    before = confirming.fingerprint(session, roll)
    votes.leave_out(session, roll, row.id, by=sam, now=now)
    assert confirming.left_out(session, roll)[row.id].by == "Sam"
    with pytest.raises(Refused, match="meanwhile"):
        votes.leave_out(session, roll, row.id, by=olga, now=now)
    with pytest.raises(Refused, match="changed the list"):
        confirming.confirm(session, roll, seen=before, by=olga, now=now)
    with pytest.raises(NotAllowed):
        votes.leave_out(session, roll, row.id, by=make.vera(session, campaign), now=now)
    there = votes.members(session, body.id, DAY)
    votes.put_right(session, roll, row.id, there[0].id, by=sam, now=now)
    with pytest.raises(Refused, match="who this is"):
        votes.leave_out(session, roll, row.id, by=sam, now=now)
