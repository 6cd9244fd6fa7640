"""Links that work once, roles, and the end of access."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, people
from outreach.accounts.models import Actor, Campaign, Invitation, Member, Role, User
from outreach.database import Database
from outreach.errors import BadInput, NotFound, OutreachError, Refused
from tests import make


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return make.campaign(session)


def admin(session: Session, campaign: Campaign, name: str = "Ada", **values: object) -> Actor:
    """An admin who can sign in."""
    actor = make.user(session, name, campaign, Role.ADMIN)
    user = session.get_one(User, actor.user_id)
    user.password = "hash"
    for key, value in values.items():
        setattr(user, key, value)
    session.flush()
    return actor


def member(session: Session, campaign: Campaign, actor: Actor) -> Member:
    assert actor.user_id is not None
    return people.member_of(session, campaign, actor.user_id)


def accept(session: Session, token: str, now: dt.datetime, **values: str) -> User:
    wanted = {"name": "Nina", "email": "nina@people.example", "password_hash": "hash"} | values
    return people.accept_invitation(session, token, now=now, **wanted)


def test_the_first_admin_comes_through_a_link(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    token = people.first_admin_link(session, now=now)
    assert token is not None

    user = accept(session, token, now)

    assert people.actor_of(session, user, campaign) == Actor("Nina", user.id, Role.ADMIN)
    assert user.password == "hash"
    assert people.first_admin_link(session, now=now) is None


def test_a_link_is_stored_only_as_a_hash(session: Session, now: dt.datetime) -> None:
    token = people.first_admin_link(session, now=now)
    row = session.scalars(sa.select(Invitation)).one()

    assert token is not None
    assert token not in (row.token_hash, *map(str, vars(row).values()))
    assert len(row.token_hash) == 64


def test_the_last_printed_first_admin_link_counts(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    old = people.first_admin_link(session, now=now)
    new = people.first_admin_link(session, now=now)
    assert old and new

    with pytest.raises(NotFound):
        accept(session, old, now)
    accept(session, new, now)


def test_a_first_admin_link_dies_when_there_is_an_admin(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    token = people.first_admin_link(session, now=now)
    admin(session, campaign)
    assert token

    with pytest.raises(NotFound):
        accept(session, token, now)


def test_demonstration_accounts_do_not_count_as_an_admin(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    admin(session, campaign, demonstration=True)

    assert people.first_admin_link(session, now=now) is not None


def test_an_invited_person_gets_in_once(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    ada = admin(session, campaign)
    token = people.invite(
        session,
        campaign,
        name=" Nina  N. ",
        email="Nina@People.example",
        role=Role.STAFF,
        by=ada,
        now=now,
    )
    user = session.scalars(sa.select(User).where(User.name == "Nina N.")).one()
    assert user.password is None

    assert accept(session, token, now, email="ignored").id == user.id
    assert people.actor_of(session, user, campaign).role is Role.STAFF
    assert user.email == "Nina@people.example"
    with pytest.raises(NotFound):
        accept(session, token, now)
    assert [event.name for event in audit.history(session, "user", user.id)] == [
        "invited",
        "link_used",
    ]


@pytest.mark.parametrize(("days", "works"), [(6.9, True), (7, False), (30, False)])
def test_a_link_runs_out(
    session: Session, campaign: Campaign, now: dt.datetime, days: float, works: bool
) -> None:
    token = people.first_admin_link(session, now=now)
    assert token
    later = now + dt.timedelta(days=days)

    if works:
        accept(session, token, later)
    else:
        with pytest.raises(NotFound):
            accept(session, token, later)


@pytest.mark.parametrize("token", ["", "x", "0" * 43])
def test_a_made_up_link_opens_nothing(session: Session, now: dt.datetime, token: str) -> None:
    people.first_admin_link(session, now=now)

    with pytest.raises(NotFound):
        accept(session, token, now)


@pytest.mark.parametrize(
    ("name", "email", "field"),
    [
        ("", "nina@people.example", "name"),
        ("x" * 121, "nina@people.example", "name"),
        ("Nina", "", "email"),
        ("Nina", "nina", "email"),
        ("Nina", "nina@", "email"),
        ("Nina", "nina@people.example\nBcc: all@people.example", "email"),
    ],
)
def test_a_person_needs_a_name_and_an_address(
    session: Session, campaign: Campaign, now: dt.datetime, name: str, email: str, field: str
) -> None:
    ada = admin(session, campaign)

    with pytest.raises(BadInput) as caught:
        people.invite(session, campaign, name=name, email=email, role=Role.STAFF, by=ada, now=now)
    assert caught.value.field == field


def test_an_address_has_one_account(session: Session, campaign: Campaign, now: dt.datetime) -> None:
    ada = admin(session, campaign)
    taken = session.get_one(User, ada.user_id).email

    with pytest.raises(BadInput) as caught:
        people.invite(
            session,
            campaign,
            name="Nina",
            email=taken.upper(),
            role=Role.STAFF,
            by=ada,
            now=now,
        )
    assert caught.value.field == "email"


def test_two_who_open_one_link_at_once(database: Database, now: dt.datetime) -> None:
    with database.writing() as session:
        make.campaign(session)
        token = people.first_admin_link(session, now=now)
    assert token
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def open_link(name: str) -> None:
        try:
            together.wait()
            with database.writing() as session:
                accept(session, token or "", now, name=name, email=f"{name}@people.example")
            outcomes.append("in")
        except OutreachError:
            outcomes.append("refused")

    threads = [threading.Thread(target=open_link, args=(name,)) for name in ("nina", "otto")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["in", "refused"]
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 1


def test_a_role_changes_and_leaves_a_row(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    ada, sam = admin(session, campaign), make.sam(session, campaign)
    held = member(session, campaign, sam)

    people.change_role(session, held, Role.ORGANISER, by=ada, now=now)
    people.change_role(session, held, Role.ORGANISER, by=ada, now=now)

    (event,) = audit.history(session, "user", held.user_id)
    assert (event.from_state, event.to_state, event.by) == ("staff", "organiser", "Ada")


def test_the_last_admin_stays(session: Session, campaign: Campaign, now: dt.datetime) -> None:
    ada = admin(session, campaign)
    admin(session, campaign, "Demo", demonstration=True)
    admin(session, campaign, "Gone", active=False)
    admin(session, campaign, "Invited", password=None)
    held = member(session, campaign, ada)

    with pytest.raises(Refused):
        people.change_role(session, held, Role.STAFF, by=ada, now=now)
    with pytest.raises(Refused):
        people.disable(session, held, by=ada, now=now)
    admin(session, campaign, "Second")
    people.disable(session, held, by=ada, now=now)
    assert not held.user.active


def test_two_admins_who_end_each_other_at_once(database: Database, now: dt.datetime) -> None:
    with database.writing() as session:
        campaign = make.campaign(session)
        both = [admin(session, campaign, name) for name in ("Ada", "Ben")]
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def end(by: Actor, whom: Actor) -> None:
        try:
            together.wait()
            with database.writing() as session:
                people.disable(session, member(session, campaign, whom), by=by, now=now)
            outcomes.append("ended")
        except OutreachError:
            outcomes.append("refused")

    threads = [threading.Thread(target=end, args=pair) for pair in (both, both[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["ended", "refused"]


def test_ending_access_ends_sessions_and_links(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    ada, sam = admin(session, campaign), make.sam(session, campaign)
    held = member(session, campaign, sam)
    token = people.new_link(session, held, by=ada, now=now)
    before = held.user.fs_uniquifier

    people.disable(session, held, by=ada, now=now)

    assert held.user.fs_uniquifier != before
    assert people.actor_of(session, held.user, campaign).role is None
    with pytest.raises(NotFound):
        accept(session, token, now)
    with pytest.raises(Refused):
        people.new_link(session, held, by=ada, now=now)
    people.enable(session, held, by=ada, now=now)
    assert people.actor_of(session, held.user, campaign).role is Role.STAFF


def test_a_new_link_replaces_earlier_ones(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    ada, sam = admin(session, campaign), make.sam(session, campaign)
    held = member(session, campaign, sam)
    old = people.new_link(session, held, by=ada, now=now)
    new = people.new_link(session, held, by=ada, now=now)
    assert people.invited(session, campaign, now=now) == [held.user_id]

    with pytest.raises(NotFound):
        accept(session, old, now)
    before = held.user.fs_uniquifier
    accept(session, new, now, name="Sam")
    assert held.user.fs_uniquifier != before
    assert not people.invited(session, campaign, now=now)


def test_a_stranger_is_found_in_no_campaign(session: Session, campaign: Campaign) -> None:
    other = make.campaign(session)
    sam = make.sam(session, other)

    with pytest.raises(NotFound):
        member(session, campaign, sam)
