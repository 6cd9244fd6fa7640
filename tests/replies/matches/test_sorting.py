"""What the machine does with what came in: the corpus, each message on its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import INBOX, Actor, Campaign, Mode, Task, TaskKind
from outreach.database import Database
from outreach.directory import verification
from outreach.directory.models import ContactDetail, ContactState, Suppression
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.replies.consequences import placing
from outreach.replies.consequences.filing import undo_answer
from outreach.replies.mail import parsing
from outreach.replies.mail.recognising import recognise
from outreach.replies.matches import sorting
from outreach.replies.models import InboxState, Incoming, MailKind, Reply, ReplyKind, Way
from outreach.replies.receiving import inbox
from tests import make
from tests.replies.corpus_of_mail import Expected, messages, reader_of, send_letters

AUTOMATIC = {"auto_reply", "bounce_permanent", "bounce_temporary", "delayed", "receipt"}


@pytest.fixture(params=[pytest.param(1, marks=pytest.mark.long, id="all"), 15])
def step(request: pytest.FixtureRequest) -> int:
    """Every message among the long tests, else each fifteenth."""
    return int(request.param)


def test_one_that_fails_pauses_longer_each_time_and_then_waits_for_a_person(
    database, monkeypatch
) -> None:
    begun = []

    def trip(_database: Database, incoming_id: int, **_more: object) -> None:
        begun.append(incoming_id)
        raise RuntimeError

    with database.writing() as session:
        campaign = make.campaign(session)
        ids = [_read(session, campaign, number) for number in (1, 2)]
    sort, failing = sorting.sort, ids[0]
    monkeypatch.setattr(
        sorting, "sort", lambda it, one, **more: (trip if one == failing else sort)(it, one, **more)
    )
    for seconds in (0, 5, 59, 61, 65, 300, 362, 400, 2_100):
        at = make.NOW + dt.timedelta(seconds=seconds)
        sorting.sort_waiting(database, now=at, letter_of=lambda _address: None)
    # At once, after a minute, after five more; the other one was sorted meanwhile.
    assert begun == [failing] * 3
    with database.reading() as session:
        states = [session.get_one(Incoming, one).state for one in ids]
        assert states == [InboxState.READ, InboxState.UNMATCHED]
    later = make.NOW + dt.timedelta(hours=1)
    for _ in range(2):
        sorting.sort_waiting(database, now=later, letter_of=lambda _address: None)
    with database.reading() as session:
        assert session.get_one(Incoming, failing).state is InboxState.UNMATCHED
        task = session.scalars(sa.select(Task)).one()
        assert (task.subject_kind, task.subject_id) == ("incoming", failing)
    assert len(begun) == 3


def test_a_busy_database_costs_a_message_no_try(database, monkeypatch) -> None:
    class Lock(Exception):
        sqlstate = "55P03"

    class Full(Exception):
        sqlstate = "53100"

    with database.writing() as session:
        one = _read(session, make.campaign(session), 1)
    said: list[Exception] = [Lock(), Lock(), Lock(), Lock(), Full()]

    def fail(*_told: object, **_more: object) -> None:
        raise sa.exc.OperationalError("", {}, said.pop(0))

    monkeypatch.setattr(sorting, "sort", fail)
    tries = []
    for hours in range(5):
        at = make.NOW + dt.timedelta(hours=hours)
        sorting.sort_waiting(database, now=at, letter_of=lambda _address: None)
        with database.reading() as session:
            row = session.get_one(Incoming, one)
            tries.append(row.sort_tries)
            assert row.state is InboxState.READ
            assert row.sort_again_at == at + sorting.PAUSES[0]
    assert tries == [0, 0, 0, 0, 1]


def _read(session: Session, campaign: Campaign, number: int) -> int:
    raw = f"From: a{number}@b.example\n\nHello {number}.".encode()
    kept = inbox.keep(session, raw, way=Way.PIPE, campaign=campaign, now=make.NOW)
    row = session.get_one(Incoming, kept.id)
    row.kind = MailKind.ANSWER
    inbox.change_state(session, row, InboxState.READ, by=INBOX, now=make.NOW)
    return row.id


class World:
    """The letters of the corpus as sent by a live campaign, and an inbox to put messages in."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.campaign: Campaign = make.campaign(session, mode=Mode.LIVE, live_at=make.NOW)
        self.numbers = send_letters(session, self.campaign)

    def letters(self, one: Expected) -> list[Letter]:
        return [self.session.get_one(Letter, self.numbers[name]) for name in one.letters]

    def arrives(self, one: Expected) -> Incoming:
        """Store, read and sort one message as the machine does."""
        session, mail = self.session, parsing.read(one.raw)
        at = mail.date or dt.datetime(2026, 12, 31, tzinfo=dt.UTC)
        kept = inbox.keep(session, one.raw, way=Way.IMAP, campaign=self.campaign, now=at)
        row = session.get_one(Incoming, kept.id)
        said = recognise(mail, received_on=at.date())
        row.kind, row.back_on = said.kind, said.back_on
        inbox.change_state(session, row, InboxState.READ, by=INBOX, now=at)
        found = sorting.match_of(session, row, mail, letter_of=reader_of(self.numbers))
        sorting.decide(session, row, mail, found, now=at)
        return row

    def replies(self, row: Incoming) -> list[Reply]:
        wanted = sa.select(Reply).where(Reply.incoming_id == row.id).order_by(Reply.id)
        return list(self.session.scalars(wanted))


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def certain(kind: str, **said: object) -> list[Expected]:
    return [
        one
        for one in messages()
        if one.kind == kind
        and one.certain
        and all(one.said.get(key) == value for key, value in said.items())
    ]


def each(world: World, step: int, wanted: list[Expected]) -> Iterator[tuple[Expected, Incoming]]:
    """Let each message come into a world that knows none of the others."""
    assert wanted
    for one in wanted[::step]:
        nested = world.session.begin_nested()
        yield one, world.arrives(one)
        nested.rollback()
        world.session.expire_all()


def test_what_people_wrote_waits_to_be_read_and_is_judged_by_nobody(world, step) -> None:
    for one, row in each(world, step, certain("answer")):
        assert row.state is InboxState.FILED, one.name
        assert row.kind is MailKind.ANSWER, one.name
        assert world.replies(row) == []
        for letter in world.letters(one):
            assert (letter.unread_since is None, letter.answered_on) == (False, None), one.name


def test_absences_park_the_reminder_and_stop_nothing(world, step) -> None:
    for one, row in each(world, step, certain("auto_reply")):
        assert row.state is InboxState.FILED, one.name
        if row.kind is not MailKind.AUTO_REPLY:
            continue
        for letter, reply in zip(world.letters(one), world.replies(row), strict=True):
            assert (letter.unread_since, letter.answered_on) == (None, None), one.name
            # Whether the day is read rightly is measured where it is read.
            assert reply.back_on == row.back_on, one.name
            if row.back_on is None:
                assert letter.parked_until is None, one.name
                continue
            assert reply.kind is ReplyKind.OUT_OF_OFFICE, one.name
            # One working day later, over a weekend and feast days at most eight.
            assert letter.parked_until is not None
            assert 1 <= (letter.parked_until - row.back_on).days <= 8, one.name


def contact_of(world: World, letter: Letter) -> ContactDetail:
    """The address we wrote to, as the directory knows it."""
    return make.contact(
        world.session,
        make.person(world.session),
        value=letter.address,
        normalised=letter.address.lower(),
    )


def test_a_bounce_of_ours_marks_letter_and_address(world, step) -> None:
    ours = certain("bounce_permanent", ours=True)
    details = {one.name: contact_of(world, world.letters(one)[0]) for one in ours if one.letters}
    for one, row in each(world, step, ours):
        letter = world.letters(one)[0]
        assert letter.state is State.BOUNCED, one.name
        assert letter.reason and not letter.reason.startswith("Logged"), one.name
        right = one.said.get("address_right", False)
        marked = details[one.name].state is ContactState.BOUNCING
        assert marked is not right, one.name
        about = sa.select(Task.kind).where(Task.subject_id == world.replies(row)[0].id)
        assert TaskKind.FIND_ADDRESS in world.session.scalars(about).all()


@pytest.mark.parametrize("kind", ["bounce_permanent", "bounce_temporary", "delayed"])
def test_what_failed_elsewhere_or_for_a_while_marks_nothing(world, step, kind) -> None:
    wanted = [one for one in certain(kind) if kind != "bounce_permanent" or not one.said["ours"]]
    for one, row in each(world, step, wanted):
        assert row.state is InboxState.FILED, one.name
        for letter in world.letters(one):
            assert letter.state is State.SENT, one.name
            assert letter.answered_on is None


def test_a_complaint_is_an_objection(world, step) -> None:
    for one, _row in each(world, step, certain("complaint")):
        desk = world.letters(one)[0]
        values = world.session.scalars(sa.select(Suppression.value)).all()
        assert desk.address.lower() in values, one.name


def test_without_proof_nothing_happens_to_any_letter(world, step) -> None:
    for one, row in each(world, step, [one for one in messages() if not one.certain]):
        assert row.state in (InboxState.UNMATCHED, InboxState.SET_ASIDE), one.name
        touched = sa.select(Letter.id).where(
            sa.or_(
                Letter.unread_since.is_not(None),
                Letter.answered_on.is_not(None),
                Letter.parked_until.is_not(None),
                Letter.state != State.SENT,
            )
        )
        assert world.session.scalars(touched).all() == [], one.name


def test_lists_and_receipts_of_nobody_are_put_aside(world, step) -> None:
    idle = [one for one in messages() if one.kind in ("list", "receipt") and not one.certain]
    for one, row in each(world, step, idle):
        assert row.state is InboxState.SET_ASIDE, one.name


def test_an_absence_that_is_an_answer_after_all_is_turned_round(world) -> None:
    one = next(one for one in certain("auto_reply") if one.said["return_on"])
    olga: Actor = make.olga(world.session, world.campaign)
    row = world.arrives(one)
    letter = world.letters(one)[0]
    undo_answer(world.session, world.replies(row)[0], by=olga, now=make.NOW)
    assert letter.parked_until is None
    assert letter.unread_since is not None
    assert [letter] == list(placing.letters_of(world.session, row))


def test_a_second_bounce_of_the_same_letter_changes_nothing(world) -> None:
    first, *_ = certain("bounce_permanent", ours=True)
    row = world.arrives(first)
    assert len(world.replies(row)) == 1
    again = inbox.keep(
        world.session,
        first.raw.replace(b"Subject: ", b"Subject: Again: ", 1),
        way=Way.IMAP,
        campaign=world.campaign,
        now=row.received_at,
    )
    other = world.session.get_one(Incoming, again.id)
    mail = parsing.read(inbox.original(world.session, other.id))
    other.kind = MailKind.BOUNCE_PERMANENT
    inbox.change_state(world.session, other, InboxState.READ, by=INBOX, now=make.NOW)
    found = sorting.match_of(world.session, other, mail, letter_of=reader_of(world.numbers))
    sorting.decide(world.session, other, mail, found, now=make.NOW)
    assert world.replies(other) == []
    assert other.state is InboxState.FILED


def test_a_new_check_lifts_the_mark_of_a_bounce(world) -> None:
    one = certain("bounce_permanent", ours=True)[0]
    detail = contact_of(world, world.letters(one)[0])
    world.arrives(one)
    assert detail.state is ContactState.BOUNCING
    sam = make.sam(world.session, world.campaign)
    verification.verify(
        world.session, detail, url="https://office.example/contact", by=sam, now=make.NOW
    )
    assert detail.state is ContactState.OK
