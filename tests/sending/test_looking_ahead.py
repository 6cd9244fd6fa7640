"""What is seen before the claim counts only as long as nothing has changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign, MailAccount
from outreach.database import Database
from outreach.directory.models import ContactDetail
from outreach.letters.models import Letter, Mailing
from outreach.sending import claiming, due, looking_ahead
from outreach.sending.models import Attempt
from outreach.sending.situation import look_at_many
from tests.sending.conftest import Watch, claim_all
from tests.sending.test_batches import Batches, change, queue, send, states


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Lets something happen once, just before the first claim."""

    def wait_for(act: Callable[[], object]) -> None:
        acts, real = [act], claiming.claim

        def claim(*told: Any, **more: Any) -> Any:
            while acts:
                acts.pop()()
            return real(*told, **more)

        monkeypatch.setattr(claiming, "claim", claim)

    return wait_for


def test_what_ended_meanwhile_holds_its_letter(
    database: Database, watch: Watch, meanwhile: Any
) -> None:
    ids = queue(database, 3)
    with database.reading() as session:
        address = session.get_one(Letter, ids[1]).address
    its = sa.update(ContactDetail).where(ContactDetail.value == address)
    meanwhile(lambda: change(database, its.values(verified_on=None, verified_by=None)))
    assert send(database, Batches(), watch) == {"delivered": 2, "held": 1}
    assert states(database, ids) == ["sent", "held", "sent"]


def test_words_approved_anew_meanwhile_are_those_that_go(
    database: Database, watch: Watch, meanwhile: Any
) -> None:
    (one,) = queue(database, 1)

    def rewrite() -> None:
        with database.writing() as session:
            letter = session.get_one(Letter, one)
            letter.subject = "Words of a moment ago"
            session.flush()
            letter.seal = look_at_many(session, [letter], now=watch.now)[one].seal

    meanwhile(rewrite)
    postman = Batches()
    assert send(database, postman, watch) == {"delivered": 1}
    ((message, envelope),) = postman.taken
    assert b"Subject: Words of a moment ago" in message
    with database.reading() as session:
        kept = session.execute(sa.select(Attempt.message_id)).scalars().all()
        assert kept == [envelope.message_id]


def test_a_campaign_paused_meanwhile_sends_nothing(
    database: Database, watch: Watch, meanwhile: Any
) -> None:
    ids, postman = queue(database, 3), Batches()
    pause = sa.update(Campaign).values(paused_at=watch.now, paused_by="Sam")
    meanwhile(lambda: change(database, pause))
    send(database, postman, watch)
    assert not postman.taken
    assert states(database, ids) == ["scheduled"] * 3


def test_what_another_worker_took_meanwhile_is_its_own(
    database: Database, watch: Watch, meanwhile: Any
) -> None:
    ids, postman = queue(database, 60), Batches()
    meanwhile(lambda: claim_all(database, ids[:20], watch.now))
    counts = send(database, postman, watch)
    assert counts["delivered"] == 40
    assert states(database, ids) == ["sending"] * 20 + ["sent"] * 40
    with database.reading() as session:
        tries = sa.select(sa.func.count()).select_from(Attempt)
        assert session.scalar(tries) == 60, "nobody began a letter of the other's again"


def test_one_worker_keeps_to_the_order(database: Database, watch: Watch) -> None:
    ids, postman = queue(database, 50), Batches()
    send(database, postman, watch)
    with database.reading() as session:
        codes = [session.get_one(Letter, one).address for one in ids]
    assert [envelope.recipient for _, envelope in postman.taken] == codes


def test_two_workers_that_met_look_at_different_pages(
    database: Database, watch: Watch, meanwhile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever goes further on leaves nothing behind."""
    monkeypatch.setattr("random.randrange", lambda most: most - 1)
    ids, postman = queue(database, 30), Batches()
    postman.together = 2
    meanwhile(lambda: claim_all(database, ids[:2], watch.now))
    assert send(database, postman, watch)["delivered"] == 28
    order = [envelope.recipient for _, envelope in postman.taken]
    with database.reading() as session:
        codes = [session.get_one(Letter, one).address for one in ids]
    assert sorted(order, key=codes.index) == codes[2:]
    assert order != codes[2:] or not database.one_writer


def test_where_others_write_all_the_time_every_second_look_is_saved(
    empty_sqlite: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, real, looks, claims = queue(empty_sqlite, 80), claiming.claim, [], []

    def claim(*told: Any, **more: Any) -> Any:
        looks.append(more["ahead"] is not None)
        change(empty_sqlite, sa.update(Campaign).values(goal=len(looks)))
        claims.append(real(*told, **more))
        return claims[-1]

    monkeypatch.setattr(claiming, "claim", claim)
    assert send(empty_sqlite, Batches(), watch) == {"delivered": 80}
    assert looks == [True, False, True, False, True]
    assert all(one.written is None for done in claims for one in done.claims)
    assert states(empty_sqlite, ids) == ["sent"] * 80


def seen(database: Database, watch: Watch) -> looking_ahead.Looked | None:
    with database.reading() as session:
        return looking_ahead.look_ahead(session, due.Page(most=5), now=watch.now)


def still_holds(database: Database, looked: Any, now: dt.datetime) -> bool:
    with database.reading() as session:
        return looking_ahead.holds(session, looked, now=now)


def test_what_workers_write_themselves_changes_nothing(
    empty_sqlite: Database, watch: Watch
) -> None:
    ids = queue(empty_sqlite, 8)
    looked = seen(empty_sqlite, watch)
    assert looked is not None
    claim_all(empty_sqlite, ids[5:], watch.now)
    assert still_holds(empty_sqlite, looked, watch.now)
    assert not still_holds(empty_sqlite, looked, watch.now + looking_ahead.LASTS)
    change(empty_sqlite, sa.update(Campaign).values(goal=1))
    assert not still_holds(empty_sqlite, looked, watch.now)


@pytest.mark.parametrize(
    "limit",
    [
        sa.update(MailAccount).values(per_hour=5),
        sa.update(MailAccount).values(per_day=5),
    ],
)
def test_only_the_claim_knows_what_a_limited_account_still_takes(
    empty_sqlite: Database, watch: Watch, limit: Any
) -> None:
    queue(empty_sqlite, 2)
    assert seen(empty_sqlite, watch) is not None
    change(empty_sqlite, limit)
    assert seen(empty_sqlite, watch) is None


def test_only_the_claim_knows_how_a_trial_stands(empty_sqlite: Database, watch: Watch) -> None:
    ids = queue(empty_sqlite, 2)
    change(empty_sqlite, sa.update(Mailing).values(canary_ids=[ids[0]]))
    assert seen(empty_sqlite, watch) is None
    change(
        empty_sqlite, sa.update(Mailing).values(rest_released_by="Olga", rest_released_at=watch.now)
    )
    assert seen(empty_sqlite, watch) is not None
