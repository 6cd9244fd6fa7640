"""Never twice, never lost: claims, crashes, clocks at once, on both databases."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit
from outreach.accounts.models import Campaign, Task, TaskKind
from outreach.database import Database
from outreach.directory.models import ContactDetail, Office
from outreach.errors import BadInput, MoveRefused
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.sending import desks, message, outbox, rescue
from outreach.sending.beginning import LEASE, Claim
from outreach.sending.capture import CapturePostman
from outreach.sending.claiming import Verdict
from outreach.sending.message import carries
from outreach.sending.models import Attempt, Outcome
from outreach.sending.postman import Refusal, TransportError
from tests import make
from tests.sending.conftest import EVERYBODY, FakePostman, Watch, claim_all, live, note, sendable


def scheduled(
    database: Database, count: int = 1, *, for_real: bool = False, **values: Any
) -> list[int]:
    """Letters whose window is open now, of one new campaign."""
    with database.writing() as session:
        campaign = live(session) if for_real else make.campaign(session)
        return [
            sendable(session, campaign, state=State.SCHEDULED, **values).id for _ in range(count)
        ]


def state_of(database: Database, letter_id: int) -> State:
    with database.reading() as session:
        return session.get_one(Letter, letter_id).state


def the_attempt(database: Database, letter_id: int) -> Any:
    with database.reading() as session:
        attempt = session.scalars(
            sa.select(Attempt)
            .options(joinedload(Attempt.carried))
            .where(Attempt.letter_id == letter_id)
            .order_by(Attempt.number.desc())
        ).first()
        session.expunge_all()
        return attempt


def send(database: Database, postman: Any, watch: Watch, limit: int = 500) -> dict[str, int]:
    counts = outbox.send_due(database, postman, now=watch, worker="w", limit=limit)
    return {verdict.value: count for verdict, count in counts.items() if count}


def test_a_due_letter_is_captured_as_approved(
    database: Database, watch: Watch, tmp_path: Path
) -> None:
    (letter_id,) = scheduled(database)
    postman = CapturePostman(tmp_path / "capture")
    assert send(database, postman, watch) == {"delivered": 1}
    with database.reading() as session:
        letter = session.get_one(Letter, letter_id)
        attempt = session.scalars(sa.select(Attempt).options(joinedload(Attempt.carried))).one()
        assert (letter.state, letter.rehearsal, letter.sent_at) == (State.SENT, True, watch.now)
        assert attempt.outcome is Outcome.DELIVERED and attempt.data_at == watch.now
        (file,) = (tmp_path / "capture").rglob("*.eml")
        assert file.read_bytes() == attempt.message
        assert carries(file.read_bytes(), letter.text)
        names = [event.name for event in audit.history(session, "letter", letter_id)]
        assert names == ["claim", "deliver"]
    assert send(database, postman, watch) == {}


def test_not_before_its_window(database: Database, watch: Watch) -> None:
    scheduled(database, send_after=watch.now + dt.timedelta(minutes=1))
    assert send(database, FakePostman(), watch) == {}
    watch.forward(minutes=1)
    assert send(database, FakePostman(), watch) == {"delivered": 1}


def test_the_attempt_is_committed_before_the_postman_hears_of_it(
    database: Database, watch: Watch
) -> None:
    (letter_id,) = scheduled(database)
    seen: list[Any] = []

    def look() -> None:
        with database.reading() as session:
            attempt = session.scalars(sa.select(Attempt)).one()
            seen.append((attempt.outcome, attempt.data_at, attempt.message_id))
            seen.append(session.get_one(Letter, letter_id).state)

    postman = FakePostman(on_deliver=look)
    send(database, postman, watch)
    (_, envelope) = postman.taken[0]
    assert seen == [(Outcome.RUNNING, watch.now, envelope.message_id), State.SENDING]


def test_the_gate_is_asked_again(database: Database, watch: Watch) -> None:
    (letter_id,) = scheduled(database)
    with database.writing() as session:
        session.execute(sa.update(ContactDetail).values(verified_on=None, verified_by=None))
    postman = FakePostman()
    assert send(database, postman, watch) == {"held": 1}
    with database.reading() as session:
        letter = session.get_one(Letter, letter_id)
        assert letter.state is State.HELD
        assert "Nobody has checked this address" in letter.reason
    assert not postman.taken


def test_what_can_not_be_a_message_is_held(database: Database, watch: Watch) -> None:
    (letter_id,) = scheduled(database, subject="x\nBcc: all@world.example")
    assert send(database, FakePostman(), watch) == {"held": 1}
    assert state_of(database, letter_id) is State.HELD
    attempt = the_attempt(database, letter_id)
    assert (attempt.outcome, attempt.data_at) == (Outcome.PUT_BACK, None)


def test_a_paused_campaign_waits(database: Database, watch: Watch) -> None:
    (letter_id,) = scheduled(database)
    with database.writing() as session:
        session.execute(sa.update(Campaign).values(paused_at=watch.now, paused_by="Sam"))
    assert send(database, FakePostman(), watch) == {}
    assert claim_all(database, [letter_id], watch.now).others == {letter_id: Verdict.WAITING}
    assert state_of(database, letter_id) is State.SCHEDULED


def test_the_red_button_in_mid_run(database: Database, watch: Watch) -> None:
    scheduled(database, 4)

    def press() -> None:
        with database.writing() as session:
            session.execute(sa.update(Campaign).values(paused_at=watch.now, paused_by="Sam"))

    postman = FakePostman(on_deliver=press)
    assert send(database, postman, watch) == {"delivered": 1}


def test_the_red_button_between_claim_and_data(database: Database, watch: Watch) -> None:
    (letter_id,) = scheduled(database, for_real=True)
    claimed = claim(database, letter_id, watch)
    with database.writing() as session:
        session.execute(sa.update(Campaign).values(paused_at=watch.now, paused_by="Sam"))
    assert note(database, claimed, watch.now) is None
    outbox.results.never_began(database, [claimed.attempt_id], "paused", now=watch.now)
    assert state_of(database, letter_id) is State.SCHEDULED
    with database.reading() as session:
        assert session.scalars(sa.select(Office.quiet_until)).all() == [None]


def claim(database: Database, letter_id: int, watch: Watch) -> Claim:
    (claimed,) = claim_all(database, [letter_id], watch.now).claims
    return claimed


def test_killed_between_claim_and_data_it_is_put_back(database: Database, watch: Watch) -> None:
    (letter_id,) = scheduled(database)
    claim(database, letter_id, watch)
    assert send(database, FakePostman(), watch) == {}, "the claim is somebody's"
    assert rescue.sweep(database, now=watch.forward(minutes=4))[Verdict.PUT_BACK] == 0
    assert rescue.sweep(database, now=watch.forward(minutes=1))[Verdict.PUT_BACK] == 1
    assert state_of(database, letter_id) is State.SCHEDULED
    assert the_attempt(database, letter_id).outcome is Outcome.PUT_BACK
    watch.forward(minutes=1)
    assert send(database, FakePostman(), watch) == {"delivered": 1}
    assert the_attempt(database, letter_id).number == 2


def test_killed_after_data_nobody_knows(database: Database, watch: Watch) -> None:
    (letter_id,) = scheduled(database)
    claimed = claim(database, letter_id, watch)
    assert note(database, claimed, watch.now)
    watch.forward(minutes=5)
    assert rescue.sweep(database, now=watch.now)[Verdict.UNKNOWN] == 1
    assert state_of(database, letter_id) is State.UNKNOWN
    assert send(database, FakePostman(), watch) == {}, "never tried again by itself"


def test_a_late_answer_settles_it(database: Database, watch: Watch) -> None:
    (letter_id,) = scheduled(database)
    claimed = claim(database, letter_id, watch)
    note(database, claimed, watch.now)
    began = watch.now
    rescue.sweep(database, now=watch.forward(minutes=6))
    outbox.results.delivered(database, claimed.attempt_id, "250 late", now=watch.now)
    with database.reading() as session:
        letter = session.get_one(Letter, letter_id)
        assert (letter.state, letter.sent_at) == (State.SENT, began)


def test_a_worker_whose_lease_ended_keeps_its_hands_off(database: Database, watch: Watch) -> None:
    (letter_id,) = scheduled(database)
    claimed = claim(database, letter_id, watch)
    watch.now += LEASE
    assert not note(database, claimed, watch.now)
    rescue.sweep(database, now=watch.now)
    assert not note(database, claimed, watch.now)


def test_process_killed_while_delivering(database: Database, watch: Watch) -> None:
    (letter_id,) = scheduled(database)
    with pytest.raises(KeyboardInterrupt):
        send(database, FakePostman(KeyboardInterrupt()), watch)
    assert state_of(database, letter_id) is State.SENDING
    rescue.sweep(database, now=watch.forward(minutes=6))
    assert state_of(database, letter_id) is State.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "verdict", "state"),
    [
        (TransportError("550 no such user", refusal=Refusal.ADDRESS), "refused", State.FAILED),
        (TransportError("451 try later", refusal=Refusal.LATER), "put_back", State.SCHEDULED),
        (RuntimeError("connection reset"), "unknown", State.UNKNOWN),
    ],
)
def test_what_the_other_side_says(
    database: Database, watch: Watch, answer: Exception, verdict: str, state: State
) -> None:
    (letter_id,) = scheduled(database, for_real=True)
    assert send(database, FakePostman(answer, for_rehearsal=False), watch) == {verdict: 1}
    with database.reading() as session:
        letter = session.get_one(Letter, letter_id)
        assert letter.state is state
        rests = session.get_one(Office, letter.office_id).quiet_until is not None
        assert rests is (state is State.UNKNOWN), "unknown counts as sent"
    words = the_attempt(database, letter_id).server_words
    assert words == getattr(answer, "words", "RuntimeError while sending")


def test_put_back_is_tried_again_later_inside_its_window(database: Database, watch: Watch) -> None:
    (letter_id,) = scheduled(database)
    refusing = FakePostman(TransportError("451", refusal=Refusal.LATER))
    for minutes in (1, 5, 15):
        assert send(database, refusing, watch) == {"put_back": 1}
        assert send(database, refusing, watch) == {}
        watch.forward(minutes=minutes)
    assert send(database, FakePostman(), watch) == {"delivered": 1}
    assert state_of(database, letter_id) is State.SENT


def test_one_failing_letter_never_stops_the_others(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    ids = scheduled(database, 3)
    real = message.build

    def build(letter: Letter, *args: Any, **values: Any) -> bytes:
        if letter.id == ids[0]:
            raise RuntimeError(f"secret {letter.address}")
        return real(letter, *args, **values)

    monkeypatch.setattr(message, "build", build)
    assert send(database, FakePostman(), watch) == {"error": 1, "delivered": 2}
    assert "RuntimeError" in caplog.text and "office.example" not in caplog.text


def test_waiting_letters_never_use_up_the_limit(database: Database, watch: Watch) -> None:
    waiting = scheduled(database, 5, for_real=True)
    scheduled(database, 3)
    assert send(database, FakePostman(), watch, limit=2) == {"waiting": 5, "delivered": 2}
    assert state_of(database, waiting[0]) is State.SCHEDULED


def test_nothing_that_should_leave_is_only_captured(
    database: Database, watch: Watch, tmp_path: Path
) -> None:
    scheduled(database, for_real=True)
    assert send(database, CapturePostman(tmp_path), watch) == {"waiting": 1}
    scheduled(database)
    assert send(database, FakePostman(for_rehearsal=False), watch) == {
        "waiting": 1,
        "delivered": 1,
    }


# -- one desk -------------------------------------------------------------------------------------


def two_to_one_desk(database: Database, **values: Any) -> list[int]:
    with database.writing() as session:
        campaign = live(session) if values.pop("for_real", True) else make.campaign(session)
        desk = make.office(session)
        both = [
            sendable(
                session,
                campaign,
                state=State.SCHEDULED,
                target=make.target(session, address=f"shared{n}@office.zz", office=desk),
                address=f"shared{n}@office.zz",
                send_before=make.NOW + dt.timedelta(days=20),
                **values,
            )
            for n in range(2)
        ]
        return [letter.id for letter in both]


def test_between_two_letters_to_one_desk_lie_five_working_days(
    database: Database, watch: Watch
) -> None:
    first, second = two_to_one_desk(database)
    postman = FakePostman(for_rehearsal=False)
    assert send(database, postman, watch) == {"delivered": 1}
    assert (state_of(database, first), state_of(database, second)) == (State.SENT, State.SCHEDULED)
    watch.forward(days=6)
    assert send(database, postman, watch) == {}
    watch.forward(days=1)
    assert send(database, postman, watch) == {"delivered": 1}


def test_a_rehearsal_starts_no_cooling(database: Database, watch: Watch) -> None:
    two_to_one_desk(database, for_real=False)
    assert send(database, FakePostman(), watch) == {"delivered": 2}
    with database.reading() as session:
        assert set(session.scalars(sa.select(Office.quiet_until))) == {None}


def test_thanks_go_to_a_resting_desk(database: Database, watch: Watch) -> None:
    two_to_one_desk(database, kind=LetterKind.THANKS)
    assert send(database, FakePostman(for_rehearsal=False), watch) == {"delivered": 2}


def test_two_workers_at_one_desk(database: Database, watch: Watch) -> None:
    ids = two_to_one_desk(database)
    barrier = threading.Barrier(2)
    postman = FakePostman(for_rehearsal=False)

    def work(letter_id: int) -> None:
        barrier.wait()
        outbox.send_due(database, postman, now=watch, worker=str(letter_id))

    threads = [threading.Thread(target=work, args=(letter_id,)) for letter_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(postman.taken) == 1


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-03-03", 5, "2026-03-10"),
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-07", 1, "2026-03-09"),
        ("2026-03-03", 0, "2026-03-03"),
        ("2026-03-06", 60, "2026-05-29"),
    ],
)
def test_working_days(start: str, days: int, end: str) -> None:
    begin = dt.datetime.fromisoformat(f"{start}T09:00+00:00")
    assert desks.after_working_days(begin, days).isoformat() == f"{end}T09:00:00+00:00"


# -- too late, and unknown ------------------------------------------------------------------------


def test_after_downtime_nothing_leaves_whose_window_passed(
    database: Database, watch: Watch
) -> None:
    ids = scheduled(database, 2)
    watch.forward(days=2)
    assert send(database, FakePostman(), watch) == {}
    assert rescue.miss_overdue(database, now=watch.now) == 2
    assert {state_of(database, letter_id) for letter_id in ids} == {State.MISSED}
    assert rescue.miss_overdue(database, now=watch.now) == 0


def test_one_letter_that_fails_keeps_no_other_on_the_schedule(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = scheduled(database, 2)
    watch.forward(days=2)
    real = moving.make

    def make(session: Session, letter: Letter, *args: Any, **values: Any) -> None:
        if letter.id == first:
            raise ValueError("it can't be")
        real(session, letter, *args, **values)

    monkeypatch.setattr(moving, "make", make)
    assert rescue.miss_overdue(database, now=watch.now) == 1
    assert state_of(database, second) is State.MISSED


def test_swept_after_its_window_it_is_missed_not_sent(database: Database, watch: Watch) -> None:
    (letter_id,) = scheduled(database)
    claim(database, letter_id, watch)
    watch.forward(days=2)
    rescue.sweep(database, now=watch.now)
    rescue.miss_overdue(database, now=watch.now)
    assert send(database, FakePostman(), watch) == {}
    assert state_of(database, letter_id) is State.MISSED


def unknown(database: Database, watch: Watch) -> int:
    (letter_id,) = scheduled(database, for_real=True)
    send(database, FakePostman(RuntimeError(), for_rehearsal=False), watch)
    return letter_id


def test_it_went(database: Database, watch: Watch) -> None:
    letter_id = unknown(database, watch)
    began = watch.now
    watch.forward(hours=3)
    with database.writing() as session:
        letter = session.get_one(Letter, letter_id)
        with pytest.raises(BadInput):
            outbox.settle(session, letter, True, reason="", by=EVERYBODY, now=watch.now)
        (task,) = session.scalars(sa.select(Task))
        assert (task.kind, task.done_at) == (TaskKind.SETTLE_UNKNOWN, None)
        outbox.settle(session, letter, True, reason="in the log", by=EVERYBODY, now=watch.now)
        assert task.done_by == "Olga"
        assert (letter.state, letter.sent_at) == (State.SENT, began)
        with pytest.raises(MoveRefused):
            outbox.settle(session, letter, False, reason="no", by=EVERYBODY, now=watch.now)


def test_it_did_not_go(database: Database, watch: Watch) -> None:
    letter_id = unknown(database, watch)
    with database.writing() as session:
        letter = session.get_one(Letter, letter_id)
        assert session.get_one(Office, letter.office_id).quiet_until is not None
        # Its own worker said that it doesn't know: nobody is at it any more.
        who = {"reason": "not in the log", "by": EVERYBODY}
        outbox.settle(session, letter, False, now=watch.now, **who)
        assert letter.state is State.FAILED
        session.expire_all()
        assert session.get_one(Office, letter.office_id).quiet_until is None


def test_it_did_not_go_says_nobody_while_its_worker_may_be_slow(
    database: Database, watch: Watch
) -> None:
    (letter_id,) = scheduled(database, for_real=True)
    (claimed,) = claim_all(database, [letter_id], watch.now).claims
    note(database, claimed, watch.now)
    swept_at = watch.forward(minutes=5)
    rescue.sweep(database, now=swept_at)
    who = {"reason": "not in the log", "by": EVERYBODY}
    with database.writing() as session:
        letter = session.get_one(Letter, letter_id)
        assert letter.state is State.UNKNOWN
        with pytest.raises(MoveRefused) as refused:
            outbox.settle(session, letter, False, now=swept_at, **who)
        assert refused.value.sentence.values["until"] == swept_at + LEASE
        outbox.settle(session, letter, False, now=swept_at + LEASE, **who)
        assert letter.state is State.FAILED


def test_the_database_allows_one_running_attempt(session: Session, now: dt.datetime) -> None:
    letter = make.letter(session, make.campaign(session), state=State.SENDING)
    for number in (1, 2):
        session.add(
            Attempt(
                letter_id=letter.id,
                number=number,
                message_id=f"{number}@x.example",
                transport="fake",
                worker="w",
                rehearsal=True,
                started_at=now,
                lease_until=now + LEASE,
            )
        )
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
