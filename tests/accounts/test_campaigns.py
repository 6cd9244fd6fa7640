"""Settings, the red button, senders, and the one-way switch to live."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, campaigns, demonstration, senders
from outreach.accounts.models import (
    Actor,
    Campaign,
    Event,
    Mode,
    Role,
    Sender,
    SenderKind,
    User,
    Voice,
)
from outreach.accounts.senders import SenderValues
from outreach.database import Database
from outreach.errors import BadInput, MoveRefused, NotAllowed, NotFound, Refused
from tests import make


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return make.campaign(session, title="A long title", short_title="Short")


@pytest.fixture
def ada(session: Session, campaign: Campaign) -> Actor:
    return make.ada(session, campaign)


def change(session: Session, campaign: Campaign, by: Actor, now: dt.datetime, **more: Any) -> None:
    values: dict[str, Any] = {
        "goal": campaign.goal,
        "cooling_days": campaign.cooling_days,
        "timezone": campaign.timezone,
        "four_eyes": campaign.four_eyes,
        "second_reader": campaign.second_reader,
        "html_part": campaign.html_part,
        "most_alike": campaign.most_alike,
    } | more
    campaigns.change_settings(session, campaign, campaigns.Settings(**values), by=by, now=now)


def test_a_campaign_begins_rehearsing_with_the_admins_of_the_house(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    make.sam(session, campaign)
    made = campaigns.create_campaign(
        session,
        slug="second",
        title="Second",
        short_title="Second",
        summary="",
        goal=10,
        now=now,
        by=ada,
    )

    assert made.rehearsing and made.four_eyes
    assert campaigns.campaign_by_slug(session, "second") is made
    (only,) = campaigns.members(session, made.id)
    assert (only.user_id, only.role) == (ada.user_id, Role.ADMIN)


def test_settings_change_and_say_what_was_before(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    change(session, campaign, ada, now, goal=80_000, timezone="Europe/Vilnius")
    change(session, campaign, ada, now)

    (event,) = audit.history(session, "campaign", campaign.id)
    assert event.detail == {
        "goal": {"from": 75_000, "to": 80_000},
        "timezone": {"from": "UTC", "to": "Europe/Vilnius"},
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"goal": 0}, "goal"),
        ({"goal": -1}, "goal"),
        ({"cooling_days": -1}, "cooling_days"),
        ({"cooling_days": 400}, "cooling_days"),
        ({"most_alike": 0}, "most_alike"),
        ({"most_alike": 101}, "most_alike"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"four_eyes": False}, "reason"),
        ({"four_eyes": False, "reason": "   ok   "}, "reason"),
    ],
)
def test_nonsense_is_refused_at_its_field(
    session: Session,
    campaign: Campaign,
    ada: Actor,
    now: dt.datetime,
    values: dict[str, Any],
    field: str,
) -> None:
    with pytest.raises(BadInput) as caught:
        change(session, campaign, ada, now, **values)
    assert caught.value.field == field
    assert not audit.history(session, "campaign", campaign.id)


def test_four_eyes_end_only_with_a_reason_that_is_kept(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    why = "Ada runs this campaign alone."
    change(session, campaign, ada, now, four_eyes=False, reason=why)
    assert (campaign.four_eyes, campaign.self_approval_under) == (False, why)
    change(session, campaign, ada, now, goal=5)
    assert campaign.self_approval_under == why

    change(session, campaign, ada, now, four_eyes=True, reason=why)
    assert (campaign.four_eyes, campaign.self_approval_under) == (True, None)
    events = audit.history(session, "campaign", campaign.id)
    assert events[0].detail["self_approval_under"]["to"] == why
    assert events[2].detail["four_eyes"] == {"from": False, "to": True}


@pytest.mark.parametrize("who", ["olga", "sam", "vera"])
def test_only_admins_change_settings(
    session: Session, campaign: Campaign, now: dt.datetime, who: str
) -> None:
    with pytest.raises(NotAllowed):
        change(session, campaign, getattr(make, who)(session, campaign), now, goal=1)


@pytest.mark.parametrize(
    ("who", "presses", "resumes"),
    [("ada", 1, 1), ("olga", 1, 1), ("sam", 1, 0), ("vera", 0, 0)],
)
def test_the_red_button(
    session: Session, campaign: Campaign, now: dt.datetime, who: str, presses: int, resumes: int
) -> None:
    actor = getattr(make, who)(session, campaign)
    if presses:
        campaigns.pause(session, campaign, by=actor, now=now)
        campaigns.pause(session, campaign, by=actor, now=now + dt.timedelta(hours=1))
        assert (campaign.paused_at, campaign.paused_by) == (now, actor.name)
    else:
        with pytest.raises(NotAllowed):
            campaigns.pause(session, campaign, by=actor, now=now)
        campaign.paused_at, campaign.paused_by = now, "Ada"
    if resumes:
        campaigns.resume(session, campaign, by=actor, now=now)
        assert campaign.paused_at is None
    else:
        with pytest.raises(NotAllowed):
            campaigns.resume(session, campaign, by=actor, now=now)


def test_who_resumes_wakes_the_workers(database: Database, now: dt.datetime) -> None:
    woken: list[object] = []
    database.waker = lambda _, wakes: woken.append(dict(wakes))
    with database.writing() as session:
        campaign = make.campaign(session)
        by = make.olga(session, campaign)
        campaigns.pause(session, campaign, by=by, now=now)
    assert not woken
    with database.writing() as session:
        campaigns.resume(session, session.get_one(Campaign, campaign.id), by=by, now=now)
    assert woken == [{"letters": None}]


VALUES = SenderValues(
    kind=SenderKind.ORGANISATION,
    voice=Voice.WE,
    name=" Human  Rights House ",
    from_address="letters@house.org",
    postal_address="1 Street\nTown",
    imprint="Human Rights House, 1 Street, Town",
    data_notice={"en": "We keep\nyour address.", "de": "  "},
)


def test_a_sender_is_added_and_changed(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    made = campaigns.save_sender(session, campaign, None, VALUES, by=ada, now=now)
    assert made.name == "Human Rights House"
    assert made.data_notice == {"en": "We keep your address."}
    assert not made.demonstration

    campaigns.save_sender(session, campaign, made, VALUES, by=ada, now=now)
    again = SenderValues(**{**_plain(VALUES), "name": "House", "active": False})
    campaigns.save_sender(session, campaign, made, again, by=ada, now=now)
    events = audit.history(session, "sender", made.id)
    assert [event.name for event in events] == ["added", "changed"]
    assert events[1].detail == {"fields": ["name", "active"]}
    assert campaigns.senders(session, campaign.id) == [made]


def _plain(values: SenderValues) -> dict[str, Any]:
    return {name: getattr(values, name) for name in SenderValues.__slots__}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("name", "x" * 201),
        ("from_address", "house"),
        ("from_address", "a@house.org\r\nBcc: b@house.org"),
        ("reply_to", "nobody"),
    ],
)
def test_a_sender_must_be_reachable(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime, name: str, value: str
) -> None:
    with pytest.raises(BadInput) as caught:
        senders.save_sender(
            session,
            campaign,
            None,
            SenderValues(**{**_plain(VALUES), name: value}),
            by=ada,
            now=now,
        )
    assert caught.value.field == name


def test_two_senders_of_one_name_are_refused(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    made = senders.save_sender(session, campaign, None, VALUES, by=ada, now=now)

    with pytest.raises(BadInput):
        senders.save_sender(session, campaign, None, VALUES, by=ada, now=now)
    with pytest.raises(NotFound):
        senders.sender_by_id(session, make.campaign(session).id, made.id)


def ready(session: Session, campaign: Campaign) -> Actor:
    """Make everything so that the campaign can go live; return its organiser."""
    for make_one in (make.ada, make.olga):
        actor = make_one(session, campaign)
        session.get_one(User, actor.user_id).password = "hash"
    make.sender(session, campaign, from_address="letters@house.org")
    session.flush()
    return actor


def test_going_live_needs_people_and_a_sender(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    olga = make.olga(session, campaign)
    make.sender(session, campaign)

    with pytest.raises(Refused) as caught:
        campaigns.go_live(session, campaign, confirmation="Short", by=olga, now=now)
    assert len(caught.value.reasons) == 3
    assert campaign.rehearsing


def test_going_live_is_for_good_and_ends_the_demonstration(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    demonstration.seed_accounts(session, campaign, now=now, hash_password=str)
    olga = ready(session, campaign)
    for wrong in ("", "short", "A long title"):
        with pytest.raises(BadInput):
            campaigns.go_live(session, campaign, confirmation=wrong, by=olga, now=now)

    campaigns.go_live(session, campaign, confirmation=" Short ", by=olga, now=now)

    assert (campaign.mode, campaign.live_at) == (Mode.LIVE, now)
    assert not demonstration.exist(session)
    with pytest.raises(MoveRefused):
        campaigns.go_live(session, campaign, confirmation="Short", by=olga, now=now)
    with pytest.raises(Refused):
        demonstration.seed_accounts(session, campaign, now=now, hash_password=str)
    event = session.scalars(sa.select(Event).where(Event.name == "went_live")).one()
    assert (event.from_state, event.to_state) == ("rehearsal", "live")


def test_staff_and_demonstration_accounts_do_not_switch_it_live(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    demonstration.seed_accounts(session, campaign, now=now, hash_password=str)
    ready(session, campaign)

    for actor in (
        make.sam(session, campaign),
        demonstration.actors(session, campaign)[Role.ORGANISER],
    ):
        with pytest.raises(NotAllowed):
            campaigns.go_live(session, campaign, confirmation="Short", by=actor, now=now)


def test_one_person_is_enough_without_four_eyes(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    session.get_one(User, ada.user_id).password = "hash"
    make.sender(session, campaign, from_address="letters@house.org")
    assert [one.met for one in campaigns.checklist(session, campaign)] == [True, False, True]

    change(session, campaign, ada, now, four_eyes=False, reason="Ada runs it alone.")
    assert all(one.met for one in campaigns.checklist(session, campaign))


@pytest.mark.parametrize(
    "values",
    [
        {"demonstration": True},
        {"active": False},
        {"imprint": " "},
        {"postal_address": ""},
        {"from_address": "letters@house.example"},
    ],
)
def test_not_every_sender_can_go_live(
    session: Session, campaign: Campaign, values: dict[str, Any]
) -> None:
    make.sender(session, campaign, **({"from_address": "letters@house.org"} | values))

    assert not campaigns.checklist(session, campaign)[2].met
    assert session.scalar(sa.select(sa.func.count()).select_from(Sender)) == 1
