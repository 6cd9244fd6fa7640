"""Letters claimed, handed over and kept together: what happens to one happens to that one only."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.accounts import audit
from outreach.accounts.models import Campaign, Event, MailAccount
from outreach.database import Database
from outreach.directory.models import ContactDetail, Office
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import (
    beginning,
    claiming,
    desks,
    due,
    gate,
    looking_ahead,
    outbox,
    plain,
    rescue,
    results,
)
from outreach.sending.claiming import Verdict
from outreach.sending.models import Attempt, Outcome
from outreach.sending.postman import Answer, Fate, Refusal, TransportError, Written
from tests import make
from tests.sending.conftest import (
    EVERYBODY,
    FakePostman,
    Watch,
    claim_all,
    live,
    note,
    sendable,
)


class Batches(FakePostman):
    """Takes letters of a live campaign, twenty at a time."""

    together = 20

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, for_rehearsal=False, **values)


def queue(database: Database, count: int, **values: Any) -> list[int]:
    """Letters of one live campaign that are due now."""
    with database.writing() as session:
        campaign = live(session)
        shared = {
            "sender": make.sender(session, campaign, from_address="letters@office.zz"),
            "version": make.template_version(
                session, campaign, read_by="Nora", read_on=make.NOW.date()
            ),
        }
        return [
            sendable(session, campaign, state=State.SCHEDULED, **shared, **values).id
            for _ in range(count)
        ]


def noted(database: Database, watch: Watch, count: int) -> list[results.Result]:
    """What a postman answered about letters that were claimed and noted: all taken."""
    claims = claim_all(database, queue(database, count), watch.now).claims
    for one in claims:
        assert note(database, one, watch.now)
    taken = Answer(Fate.TAKEN, "250 ok")
    return [results.Result(one.letter, one.attempt_id, watch.now, taken) for one in claims]


def states(database: Database, ids: Sequence[int]) -> list[str]:
    with database.reading() as session:
        rows = session.execute(sa.select(Letter.id, Letter.state).where(Letter.id.in_(ids)))
        found = {row.id: row.state.value for row in rows}
    return [found[one] for one in ids]


def send(database: Database, postman: Any, watch: Watch, limit: int = 500) -> dict[str, int]:
    counts = outbox.send_due(database, postman, now=watch, worker="w", limit=limit)
    return {verdict.value: count for verdict, count in counts.items() if count}


def change(database: Database, *statements: Any) -> None:
    with database.writing() as session:
        for statement in statements:
            session.execute(statement.execution_options(synchronize_session=False))


@pytest.mark.parametrize("limited", [False, True])
def test_twenty_leave_in_two_or_three_transactions(
    database: Database, watch: Watch, limited: bool
) -> None:
    ids = queue(database, 20)
    change(database, sa.update(MailAccount).values(per_hour=50 if limited else None))
    commits: list[Any] = []

    def committed(connection: Any) -> None:
        commits.append(connection)

    sa.event.listen(database.engine, "commit", committed)
    postman = Batches()
    assert send(database, postman, watch) == {"delivered": 20}
    sa.event.remove(database.engine, "commit", committed)
    ahead = database.one_writer and not limited
    assert len(commits) == (2 if ahead else 3), "claim, note (at once where written), results"
    assert states(database, ids) == ["sent"] * 20
    with database.reading() as session:
        rows = sa.select(Attempt).options(joinedload(Attempt.carried)).order_by(Attempt.id)
        attempts = session.scalars(rows).all()
        assert [one.message for one in attempts] == [message for message, _ in postman.taken]
        assert {one.message_id for one in attempts} == {e.message_id for _, e in postman.taken}
        assert all(one.outcome is Outcome.DELIVERED and one.data_at for one in attempts)
        for letter_id in ids:
            names = [event.name for event in audit.history(session, "letter", letter_id)]
            assert names == ["claim", "deliver"]


def test_each_letter_of_a_batch_has_its_own_fate(database: Database, watch: Watch) -> None:
    ids = queue(database, 20)
    held, gone, shared = ids[3], ids[7], (ids[10], ids[11])
    with database.writing() as session:
        letter = session.get_one(Letter, held)
        session.execute(
            sa.update(ContactDetail)
            .where(ContactDetail.value == letter.address)
            .values(verified_on=None, verified_by=None)
        )
        both = [session.get_one(Letter, one) for one in shared]
        both[1].office_id = both[0].office_id
        session.flush()
        both[1].seal = gate.look_at_many(session, [both[1]], now=watch.now)[both[1].id].seal
        moving.make(
            session, session.get_one(Letter, gone), "hold", by=EVERYBODY, now=watch.now, reason="x"
        )
    assert send(database, Batches(), watch) == {"delivered": 17, "waiting": 1, "held": 1}
    expected = ["sent"] * 20
    expected[3] = expected[7] = "held"
    expected[11] = "scheduled"
    assert states(database, ids) == expected


def test_one_that_somebody_moves_during_the_claim_stops_no_other(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = queue(database, 5)
    real = desks.take_desks

    def meanwhile(session: Any, *args: Any, **values: Any) -> set[int]:
        # As another transaction would leave it; SQLite has one writer.
        moved = sa.text("UPDATE letter SET state = 'held' WHERE id = :id")
        session.execute(moved, {"id": ids[2]})
        return real(session, *args, **values)

    monkeypatch.setattr(desks, "take_desks", meanwhile)
    done = claim_all(database, ids, watch.now)
    assert [one.letter.id for one in done.claims] == [*ids[:2], *ids[3:]]
    assert done.others == {ids[2]: Verdict.TAKEN}
    with database.reading() as session:
        office = session.get_one(Office, session.get_one(Letter, ids[2]).office_id)
        assert office.quiet_until is None, "its desk is free again"


def test_what_the_account_still_takes_is_not_exceeded(database: Database, watch: Watch) -> None:
    ids = queue(database, 8)
    change(database, sa.update(MailAccount).values(per_hour=5, per_day=7))
    assert send(database, Batches(), watch) == {"delivered": 5, "waiting": 3}
    watch.forward(hours=1)
    assert send(database, Batches(), watch) == {"delivered": 2, "waiting": 1}
    assert states(database, ids).count("scheduled") == 1


@pytest.mark.parametrize("together", [1, 3, 20])
def test_the_red_button_in_mid_batch(database: Database, watch: Watch, together: int) -> None:
    ids = queue(database, 6)

    def press() -> None:
        if len(postman.taken) == 1:
            change(database, sa.update(Campaign).values(paused_at=watch.now, paused_by="Sam"))

    postman = Batches(on_deliver=press)
    postman.together = together
    send(database, postman, watch)
    assert len(postman.taken) == 2, "the letter in progress is the last"
    assert states(database, ids) == ["sent"] * 2 + ["scheduled"] * 4
    with database.reading() as session:
        running = session.scalar(
            sa.select(sa.func.count()).where(Attempt.outcome == Outcome.RUNNING)
        )
        offices = session.execute(
            sa.select(Office.quiet_until)
            .join(Letter, Letter.office_id == Office.id)
            .order_by(Letter.id)
        )
        assert running == 0
        assert [row.quiet_until is None for row in offices] == [False] * 2 + [True] * 4


def test_no_letter_is_begun_when_the_lease_runs_out(database: Database, watch: Watch) -> None:
    ids = queue(database, 4)
    postman = Batches(on_deliver=lambda: watch.forward(minutes=2))
    assert send(database, postman, watch) == {"delivered": 2, "put_back": 2}
    assert states(database, ids) == ["sent"] * 2 + ["scheduled"] * 2
    # Nothing was tried, so there is nothing to wait for.
    postman.on_deliver = lambda: None
    assert send(database, postman, watch) == {"delivered": 2}


def test_letters_behind_a_slow_campaign_of_the_same_page_are_put_back(
    database: Database, watch: Watch
) -> None:
    """Their lease ends while those of another campaign are handed over."""
    first, second = queue(database, 1), queue(database, 2)
    postman = Batches(on_deliver=lambda: watch.forward(minutes=6))
    assert send(database, postman, watch) == {"delivered": 1, "put_back": 2}
    assert states(database, first + second) == ["sent", "scheduled", "scheduled"]
    postman.on_deliver = lambda: None
    assert send(database, postman, watch) == {"delivered": 2}


@pytest.mark.parametrize(("failures", "sent"), [(1, 3), (2, 0)])
def test_a_claim_that_met_another_worker_is_tried_once_more(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch, failures: int, sent: int
) -> None:
    ids, real, left = queue(database, 3), claiming.claim, iter([True] * failures)

    def claim(*told: Any, **more: Any) -> Any:
        if next(left, False):
            raise sa.exc.OperationalError("deadlock", None, Exception("deadlock"))
        return real(*told, **more)

    monkeypatch.setattr(claiming, "claim", claim)
    send(database, Batches(), watch)
    assert states(database, ids).count("sent") == sent


def test_killed_between_claim_and_note_all_are_put_back(database: Database, watch: Watch) -> None:
    ids = queue(database, 20)
    assert len(claim_all(database, ids, watch.now).claims) == 20
    assert rescue.sweep(database, now=watch.forward(minutes=5))[Verdict.PUT_BACK] == 20
    watch.forward(minutes=1)
    assert send(database, Batches(), watch) == {"delivered": 20}


def test_killed_after_the_note_nobody_knows_of_the_batch_only(
    database: Database, watch: Watch
) -> None:
    ids = queue(database, 25)

    def die() -> None:
        if len(postman.taken) == 22:
            raise KeyboardInterrupt

    postman = Batches(on_deliver=die)
    real = results.keep
    with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
        # Killed, a process keeps nothing more.
        patched.setattr(results, "keep", lambda *_, **__: None)
        send(database, postman, watch)
    assert results.keep is real
    assert states(database, ids) == ["sent"] * 20 + ["sending"] * 5
    assert rescue.sweep(database, now=watch.forward(minutes=6))[Verdict.UNKNOWN] == 5
    assert send(database, Batches(), watch) == {}


def test_where_a_batch_can_not_be_claimed_each_letter_is(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = queue(database, 5)
    numbers = iter(("a", "a", "b", "c", "d", "e", "f", "g", "h", "i"))
    for room in (beginning, plain):
        monkeypatch.setattr(room, "new_message_id", lambda _: f"{next(numbers)}@office.zz")
    assert send(database, Batches(), watch) == {"delivered": 5}
    assert states(database, ids) == ["sent"] * 5


def test_one_letter_that_can_not_be_judged_stops_no_other(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    ids = queue(database, 5)
    real = gate.judged

    def judged(situation: Any) -> Any:
        if situation.letter.id == ids[1]:
            raise RuntimeError("secret")
        return real(situation)

    monkeypatch.setattr(gate, "judged", judged)
    assert send(database, Batches(), watch) == {"delivered": 4, "error": 1}
    assert "secret" not in caplog.text


def test_letters_that_wait_are_walked_past_without_a_claim_for_each(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, claims = queue(database, 9), []
    real, judged = claiming.claim, gate.judged

    def claim(*told: Any, **more: Any) -> Any:
        claims.append(told)
        return real(*told, **more)

    def waiting(situation: Any) -> Any:
        stops, waits = judged(situation)
        return (stops, waits) if situation.letter.id == ids[6] else (stops, [*waits, "later"])

    monkeypatch.setattr(claiming, "claim", claim)
    monkeypatch.setattr(gate, "judged", waiting)
    monkeypatch.setattr(looking_ahead, "AT_ONCE", 2)
    postman = FakePostman(for_rehearsal=False)
    assert send(database, postman, watch) == {"delivered": 1, "waiting": 8}
    assert states(database, ids) == ["scheduled"] * 6 + ["sent"] + ["scheduled"] * 2
    assert len(claims) == 3, "the first, the one that goes, the one behind it"


def test_an_ask_that_is_open_already_holds_that_letter_only(
    database: Database, watch: Watch
) -> None:
    ids = queue(database, 4)
    with database.writing() as session:
        # A rehearsed twin that stands where the claim would put the letter.
        one = session.get_one(Letter, ids[0])
        twin = sendable(
            session,
            session.get_one(Campaign, one.campaign_id),
            sender=make.sender(
                session, session.get_one(Campaign, one.campaign_id), from_address="b@office.zz"
            ),
            state=State.DRAFT,
        )
        one.rehearsal = True
        session.flush()
        twin.office_id, twin.ask_id = one.office_id, one.ask_id
    assert send(database, Batches(), watch) == {"delivered": 3, "held": 1}
    assert states(database, ids) == ["held", "sent", "sent", "sent"]
    with database.reading() as session:
        assert "already open at this desk" in session.get_one(Letter, ids[0]).reason


class Scripted(Batches):
    """Answers as it is told, in order."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers = answers

    def deliver_all(
        self, letters: Sequence[Written], *, going: Callable[[], bool]
    ) -> Iterator[Answer]:
        assert going()
        return iter(self.answers[: len(letters)])


def test_all_kinds_of_answers_in_one_batch(database: Database, watch: Watch) -> None:
    ids = queue(database, 5)
    postman = Scripted(
        Answer(Fate.TAKEN, "250 ok"),
        Answer(Fate.NOT_TAKEN, "550 nobody", Refusal.ADDRESS),
        Answer(Fate.UNKNOWN, "reset"),
        Answer(Fate.NOT_TAKEN, "451 later", Refusal.LATER),
        Answer(Fate.NOT_BEGUN),
    )
    counts = send(database, postman, watch)
    assert counts == {"delivered": 1, "refused": 1, "unknown": 1, "put_back": 2}
    assert states(database, ids) == ["sent", "failed", "unknown", "scheduled", "scheduled"]
    with database.reading() as session:
        words = session.scalars(sa.select(Attempt.server_words).order_by(Attempt.id)).all()
    assert words == ["250 ok", "550 nobody", "reset", "451 later", results.STOPPED]


def test_results_are_kept_though_somebody_settled_one_meanwhile(
    database: Database, watch: Watch
) -> None:
    told = noted(database, watch, 3)
    results.lost_sight(database, told[1].attempt_id, "swept", now=watch.now)
    results.keep(database, told, now=watch.forward(seconds=1))
    assert states(database, [one.letter.id for one in told]) == ["sent"] * 3
    with database.reading() as session:
        assert session.scalars(sa.select(Attempt.outcome)).all() == [Outcome.DELIVERED] * 3


def test_what_was_kept_and_not_heard_of_is_kept_once(database: Database, watch: Watch) -> None:
    some = noted(database, watch, 2)
    for _ in range(2):
        results.keep(database, some, now=watch())
    assert states(database, [one.letter.id for one in some]) == ["sent", "sent"]
    with database.reading() as session:
        names = session.scalars(sa.select(Event.name).where(Event.subject_kind == "letter")).all()
    assert (names.count("deliver"), names.count("late_answer")) == (2, 0)


def test_a_late_answer_is_told_once_however_often_it_is_kept(
    database: Database, watch: Watch
) -> None:
    (told,) = noted(database, watch, 1)
    results.lost_sight(database, told.attempt_id, "swept", now=watch.now)
    late = replace(told, answer=Answer(Fate.NOT_TAKEN, "550 no", Refusal.ADDRESS))
    for _ in range(3):
        results.keep(database, [late], now=watch())
    with database.reading() as session:
        names = session.scalars(sa.select(Event.name).where(Event.subject_kind == "letter")).all()
    assert names.count("late_answer") == 1


def test_one_that_can_not_be_kept_stops_no_other(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = noted(database, watch, 3)

    def trip(session: Any, result: results.Result, now: dt.datetime) -> None:
        if result is some[0]:
            raise KeyError("odd")
        keep_one(session, result, now)

    keep_one = results._keep_one
    monkeypatch.setattr(results, "_keep_one", trip)
    results.lost_sight(database, some[0].attempt_id, "swept", now=watch.now)
    with pytest.raises(KeyError):
        results.keep(database, some, now=watch())
    assert states(database, [one.letter.id for one in some]) == ["unknown", "sent", "sent"]


def test_a_batch_that_was_swept_is_not_begun(database: Database, watch: Watch) -> None:
    ids = queue(database, 3)
    claims = claim_all(database, ids, watch.now).claims
    results.never_began(database, [claims[0].attempt_id], "swept", now=watch.now)
    written = [(one, Written(b"x", None)) for one in claims]  # type: ignore[arg-type]
    going = beginning.about_to_go(database, written, now=watch.now)
    assert going == {claims[1].attempt_id, claims[2].attempt_id}


def test_many_moves_at_once_tell_the_same_as_one_by_one(session: Any, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    letters = [sendable(session, campaign) for _ in range(3)]
    single = sendable(session, campaign)
    window = {"send_after": now, "send_before": now + dt.timedelta(hours=2)}
    moving.make(session, single, "schedule", by=EVERYBODY, now=now, **window)
    letters[1].state = State.HELD
    own = {letters[0].id: {"send_because": "first"}}
    refused = moving.make_many(
        session, letters, "schedule", by=EVERYBODY, now=now, each=own, **window
    )
    assert list(refused) == [letters[1].id]
    assert [one.state for one in letters] == [State.SCHEDULED, State.HELD, State.SCHEDULED]
    session.expire_all()
    assert (letters[0].send_because, letters[2].send_because) == ("first", "")
    events = {
        event.subject_id: (event.name, event.from_state, event.to_state, event.by, event.detail)
        for event in session.scalars(sa.select(Event).where(Event.subject_kind == "letter"))
    }
    assert events[letters[0].id] == events[letters[2].id] == events[single.id]
    assert letters[1].id not in events
    with pytest.raises(ValueError, match="letter by letter"):
        moving.make_many(session, letters, "approve", by=EVERYBODY, now=now)


def test_the_gate_takes_no_more_queries_for_fifty(session: Any, now: dt.datetime) -> None:
    campaign = live(session)
    letters = [sendable(session, campaign) for _ in range(30)]
    statements: list[str] = []

    def watch(*args: Any) -> None:
        statements.append(args[2])

    counts = []
    for some in (letters[:2], letters):
        session.expire_all()
        for letter in some:
            session.refresh(letter)
        session.refresh(campaign)
        statements.clear()
        sa.event.listen(session.get_bind(), "before_cursor_execute", watch)
        found = gate.reasons_of_many(session, some, now=now)
        sa.event.remove(session.get_bind(), "before_cursor_execute", watch)
        assert all(one == ((), ()) for one in found.values()), found
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_what_turns_a_letter_away_frees_its_desk_in_a_batch(
    database: Database, watch: Watch
) -> None:
    queue(database, 3)
    refusing = Batches(TransportError("451", refusal=Refusal.LATER))
    assert send(database, refusing, watch) == {"put_back": 3}
    with database.reading() as session:
        assert set(session.scalars(sa.select(Office.quiet_until))) == {None}


def test_what_is_due_is_found_along_an_index(empty_sqlite: Database, now: dt.datetime) -> None:
    # PostgreSQL reads an empty table from end to end, whatever its indexes are: see benchmarks.
    with empty_sqlite.reading() as session:
        for after in (None, (now, 7)):
            query, told = due.page_query(due.Page(after, 50), now=now)
            sql = query.params(told).compile(
                empty_sqlite.engine, compile_kwargs={"literal_binds": True}
            )
            plan = [row[-1] for row in session.execute(sa.text(f"EXPLAIN QUERY PLAN {sql}"))]
            assert plan[0].startswith("SEARCH letter USING INDEX ix_letter_due"), plan
            assert not any("TEMP B-TREE" in line for line in plan), plan


def away_after(letters: int) -> Callable[..., Any]:
    """A database that stops answering whether letters may go, after so many were asked about."""

    @contextlib.contextmanager
    def glancing(_database: Database, _statement: Any) -> Iterator[Callable[[], None]]:
        asked = itertools.count()

        def look() -> None:
            if next(asked) >= letters:
                raise sa.exc.OperationalError("gone", None, Exception("gone"))

        if letters < 0:
            raise sa.exc.OperationalError("gone", None, Exception("gone"))
        yield look

    return glancing


@pytest.mark.parametrize("answers", [-1, 0, 2])
def test_nothing_begins_while_the_database_is_away(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    """Who can't ask whether somebody pressed the button sends nothing; what went is known."""
    ids = queue(database, 4)
    postman = Batches()
    monkeypatch.setattr(Database, "glancing", away_after(answers))
    send(database, postman, watch)
    went = max(0, answers)
    assert len(postman.taken) == went
    assert states(database, ids) == ["sent"] * went + ["scheduled"] * (4 - went)


def test_an_answer_waits_for_a_database_that_is_away(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = queue(database, 1)
    keep, away = results.keep, iter([True, True])

    def slow(*told: Any, **more: Any) -> None:
        if next(away, False):
            raise sa.exc.OperationalError("gone", None, Exception("gone"))
        keep(*told, **more)

    monkeypatch.setattr(results, "keep", slow)
    monkeypatch.setattr(outbox, "AWAY", (0.0, 0.0))
    send(database, Batches(), watch)
    assert states(database, ids) == ["sent"]


def test_a_note_that_was_kept_and_not_heard_of_leaves_nothing_unknown(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was gone before it could say that it had committed."""
    ids, postman, real = queue(database, 3), Batches(), beginning.about_to_go

    def noted(*told: Any, **more: Any) -> None:
        real(*told, **more)
        raise sa.exc.OperationalError("gone", None, Exception("gone"))

    monkeypatch.setattr(beginning, "about_to_go", noted)
    monkeypatch.setattr(outbox, "look_ahead", lambda *_, **__: None)
    send(database, postman, watch)
    assert not postman.taken
    assert states(database, ids) == ["scheduled"] * 3
