"""A selection before anybody writes: rows, who is left out, and desks that several share."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.directory.models import TargetRole
from outreach.errors import BadInput
from outreach.letters import drafting, selections
from outreach.letters.audiences import Filters
from outreach.letters.models import Letter, LetterKind, Template
from outreach.letters.sharing import SharedDesk, shared_desks
from outreach.sending import desks, timetable
from tests import make
from tests.conftest import NOW

TODAY = NOW.date()


def test_only_the_first_left_out_are_listed_and_all_are_counted(
    session: Session, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selections, "MOST_LEFT_OUT", 2)
    for _ in range(3):
        make.target(session, address=None)
    make.target(session)
    left_out = selections.left_out(session, campaign, Filters(), today=TODAY)
    assert (len(left_out.rows), left_out.total) == (2, 3)
    _rows, found = selections.page(session, campaign, Filters(), today=TODAY, page=9)
    assert (found.total, found.page) == (4, 1)


class Ministries:
    """Two ministries behind info@gov.example, a third elsewhere, and a letter for all of them."""

    def __init__(self, session: Session, campaign: Campaign, codes: list[str]) -> None:
        self.session, self.campaign = session, campaign
        role = TargetRole.MINISTRY
        for code in codes:
            make.ask(session, campaign, code=code, roles=[role.value])
        # One desk never gets the same words twice: the letters differ by what they ask.
        body = '{% if ask.code == "A" %}Please list it.{% else %}Please speak about it.{% endif %}'
        version = make.template_version(session, campaign, body=body)
        self.template = session.get_one(Template, version.template_id)
        self.template.roles, self.template.asks = [role.value], codes
        self.sender = make.sender(session, campaign)
        self.sam = make.sam(session, campaign)
        office = make.office(session, key="email:info@gov.example", name="Government")
        self.targets = [
            make.target(session, name="Interior", role=role, office=office),
            make.target(session, name="Justice", role=role, office=office),
            make.target(session, name="Labour", role=role),
        ]

    def drafts(self, choice: SharedDesk | None) -> tuple[list[Letter], dict[str, str]]:
        mailing = drafting.make_drafts(
            self.session,
            campaign=self.campaign,
            template=self.template,
            targets=self.targets,
            sender=self.sender,
            desks=choice,
            by=self.sam,
            now=NOW,
        )
        letters = self.session.scalars(
            sa.select(Letter).where(Letter.mailing_id == mailing.id).order_by(Letter.id)
        ).all()
        return list(letters), {line["name"]: line["reason"] for line in mailing.left_out}


def test_nothing_is_drafted_before_somebody_says_what_of_a_shared_desk(
    session: Session, campaign: Campaign
) -> None:
    made = Ministries(session, campaign, ["A", "B"])
    (sharing,) = shared_desks(session, made.template, [one.id for one in made.targets])
    assert (sharing.desk, sharing.names) == ("Government", ["Interior", "Justice"])
    with pytest.raises(BadInput) as refused:
        made.drafts(None)
    assert refused.value.field == "desks"
    assert session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 0
    made.template.kind = LetterKind.REMINDER
    assert shared_desks(session, made.template, [one.id for one in made.targets]) == []


def test_one_of_them_is_written_to(session: Session, campaign: Campaign) -> None:
    letters, left_out = Ministries(session, campaign, ["A", "B"]).drafts(SharedDesk.ONE)
    assert [letter.recipient for letter in letters] == ["Interior", "Labour"]
    assert left_out == {"Justice": "Shares its desk with Interior, who gets this letter already."}


def test_one_after_the_other_each_is_asked_something_else(
    session: Session, campaign: Campaign
) -> None:
    letters, left_out = Ministries(session, campaign, ["A", "B"]).drafts(SharedDesk.IN_TURN)
    assert [letter.recipient for letter in letters] == ["Interior", "Justice", "Labour"]
    assert left_out == {}
    first, second, _third = letters
    assert first.office_id == second.office_id
    assert first.ask_id != second.ask_id


def test_with_one_ask_alone_the_second_waits_for_its_turn(
    session: Session, campaign: Campaign
) -> None:
    letters, left_out = Ministries(session, campaign, ["A"]).drafts(SharedDesk.IN_TURN)
    assert [letter.recipient for letter in letters] == ["Interior", "Labour"]
    assert "Its turn comes when that ask is closed" in left_out["Justice"]


def test_letters_to_one_desk_are_scheduled_a_rest_apart(
    session: Session, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters, _ = Ministries(session, campaign, ["A", "B"]).drafts(SharedDesk.IN_TURN)
    windows: dict[str, tuple[dt.datetime, dt.datetime]] = {}

    def keep(_session: Session, letter: Letter, **said: dt.datetime) -> None:
        windows[letter.recipient] = (said["send_after"], said["send_before"])

    monkeypatch.setattr(timetable, "schedule", keep)
    olga: Actor = make.olga(session, campaign)
    timetable.schedule_many(session, letters, send_after=NOW, by=olga, now=NOW)
    rest = desks.after_working_days(NOW, campaign.cooling_days)
    assert windows["Interior"][0] == windows["Labour"][0] == NOW
    assert windows["Justice"] == (rest, rest + timetable.WINDOW)
