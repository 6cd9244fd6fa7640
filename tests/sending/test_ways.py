"""Live letters by mail account: real servers on loopback, from the claim to what follows."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import dkim as dkimpy
import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from sqlalchemy.orm import joinedload

from outreach.accounts import mail_accounts
from outreach.accounts.models import Campaign, MailAccount, Mode, Sender, Task, TaskKind
from outreach.database import Database
from outreach.directory.models import ContactDetail, ContactState
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import domains, gate, listing, outbox, reply_address
from outreach.sending.capture import CapturePostman
from outreach.sending.message import words_of
from outreach.sending.models import Attempt, DomainStop
from outreach.sending.outbox import Verdict
from outreach.sending.postman import Refusal
from outreach.sending.ways import Ways
from outreach.signing import Vault
from tests import make
from tests.sending.conftest import Watch, sendable
from tests.sending.scripted import Scripted
from tests.sending.test_smtp import Handler, served

VAULT = Vault("the key of this home")


@pytest.fixture
def servers() -> Iterator[list[tuple[Handler, int]]]:
    """Two servers, each with its handler and port."""
    with ExitStack() as stack:
        found = []
        for _ in range(2):
            handler = Handler()
            controller: Controller = served(handler)
            controller.start()
            stack.callback(controller.stop)
            found.append((handler, controller.port))
        yield found


@pytest.fixture
def ways(tmp_path: Path) -> Iterator[Ways]:
    with Ways(CapturePostman(tmp_path), VAULT) as found:
        yield found


class World:
    """A live campaign with one account per server, and letters that are due."""

    def __init__(self, database: Database, servers: list[tuple[Handler, int]], now: Any) -> None:
        self.database, self.now = database, now
        with database.writing() as session:
            make.greetings_read(session)
            campaign = make.campaign(session, mode=Mode.LIVE, live_at=make.NOW)
            self.ada = make.ada(session, campaign)
            self.campaign_id = campaign.id
            self.accounts = [
                make.mail_account(session, campaign, name=f"Account {number}", port=port).id
                for number, (_, port) in enumerate(servers, 1)
            ]

    def letters(self, number: int = 1, **values: Any) -> list[int]:
        with self.database.writing() as session:
            campaign = session.get_one(Campaign, self.campaign_id)
            return [
                sendable(
                    session,
                    campaign,
                    state=State.SCHEDULED,
                    send_after=self.now,
                    send_before=self.now + dt.timedelta(days=2),
                    **values,
                ).id
                for _ in range(number)
            ]

    def change(self, account: int = 0, **values: Any) -> None:
        with self.database.writing() as session:
            found = session.get_one(MailAccount, self.accounts[account])
            for name, value in values.items():
                setattr(found, name, value)

    def read(self, kind: type[Any], id_: int | None = None) -> Any:
        with self.database.reading() as session:
            if kind is Attempt:
                rows = sa.select(Attempt).options(joinedload(Attempt.carried))
                found: Any = session.scalars(rows).all()
            else:
                found = (
                    session.get_one(kind, id_) if id_ else session.scalars(sa.select(kind)).all()
                )
            session.expunge_all()
            return found


@pytest.fixture
def world(database: Database, servers: list[tuple[Handler, int]], now: dt.datetime) -> World:
    return World(database, servers, now)


def send(world: World, ways: Ways, watch: Watch) -> dict[str, int]:
    counts = outbox.send_due(world.database, ways, now=watch, worker="w")
    return {verdict.value: count for verdict, count in counts.items() if count}


def test_a_letter_leaves_signed_and_tagged_and_its_bytes_are_kept(
    world: World, ways: Ways, watch: Watch, servers: list[tuple[Handler, int]]
) -> None:
    world.change(reply_tags=True, bounce_address="returned@office.zz")
    with world.database.writing() as session:
        account = session.get_one(MailAccount, world.accounts[0])
        mail_accounts.make_key(
            session,
            account,
            domain="office.zz",
            selector="letters",
            vault=VAULT,
            by=world.ada,
            now=world.now,
        )
        public = account.dkim_public
    (letter_id,) = world.letters()

    assert send(world, ways, watch) == {"delivered": 1}

    ((sender, (recipient,), content),) = servers[0][0].taken
    letter, (attempt,) = world.read(Letter, letter_id), world.read(Attempt)
    assert (sender, recipient) == ("returned@office.zz", letter.address)
    assert attempt.message == content and attempt.account_id == world.accounts[0]
    assert words_of(content).strip() == letter.text.strip()
    parsed = message_from_bytes(content, policy=policy.SMTP)
    tag_key = VAULT.derived("reply tags")
    (answers,) = parsed["Reply-To"].addresses
    assert reply_address.letter_of(answers.addr_spec.upper(), tag_key) == letter_id

    def published(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"letters._domainkey.office.zz."
        return b"v=DKIM1; k=rsa; p=" + public.encode()

    assert dkimpy.DKIM(content).verify(dnsfunc=published)
    assert base64.b64decode(public)
    assert servers[1][0].connections == 0


def test_what_is_rehearsed_is_captured(
    world: World, ways: Ways, watch: Watch, servers: list[tuple[Handler, int]], tmp_path: Path
) -> None:
    with world.database.writing() as session:
        campaign = make.campaign(session)
        make.mail_account(session, campaign, port=servers[0][1])
        sendable(
            session, campaign, state=State.SCHEDULED, send_before=world.now + dt.timedelta(days=1)
        )
    assert send(world, ways, watch) == {"delivered": 1}
    assert len(list(tmp_path.rglob("*.eml"))) == 1
    assert servers[0][0].connections == 0
    with world.database.reading() as session:
        assert listing.captured(session, campaign.id).total == 1


def test_the_second_account_takes_over_when_nobody_answers_at_the_first(
    world: World, ways: Ways, watch: Watch, servers: list[tuple[Handler, int]]
) -> None:
    world.change(port=9)
    world.letters(2)
    assert send(world, ways, watch) == {"put_back": 1, "delivered": 1}
    assert world.read(MailAccount, world.accounts[0]).rests_until == world.now + dt.timedelta(
        minutes=5
    )
    assert world.read(Task) == [], "it may only be down for a moment"
    watch.forward(minutes=2)
    assert send(world, ways, watch) == {"delivered": 1}
    assert len(servers[1][0].taken) == 2
    world.change(port=servers[0][1])
    watch.forward(minutes=4)
    world.letters()
    assert send(world, ways, watch) == {"delivered": 1}
    assert len(servers[0][0].taken) == 1, "the first one is used again after its rest"


@pytest.mark.parametrize("step", ["MAIL"])
def test_an_account_that_may_not_send_is_paused_and_no_letter_fails(
    world: World, ways: Ways, watch: Watch, servers: list[tuple[Handler, int]], step: str
) -> None:
    servers[0][0].answers[step] = "550 5.7.1 sender not allowed"
    (letter_id,) = world.letters()
    assert send(world, ways, watch) == {"put_back": 1}
    account = world.read(MailAccount, world.accounts[0])
    assert account.paused_because == "550 5.7.1 sender not allowed"
    (task,) = world.read(Task)
    assert (task.subject_kind, task.subject_id) == ("mail_account", account.id)
    assert world.read(Letter, letter_id).state is State.SCHEDULED
    watch.forward(minutes=2)
    assert send(world, ways, watch) == {"delivered": 1}
    assert len(servers[1][0].taken) == 1


def test_the_second_is_not_used_for_a_letter_the_first_refused(
    world: World, ways: Ways, watch: Watch, servers: list[tuple[Handler, int]]
) -> None:
    servers[0][0].answers["RCPT"] = "550 5.1.1 no such user"
    (letter_id,) = world.letters()
    assert send(world, ways, watch) == {"refused": 1}
    letter = world.read(Letter, letter_id)
    assert letter.state is State.FAILED and letter.reason == "550 5.1.1 no such user"
    watch.forward(hours=5)
    assert send(world, ways, watch) == {}
    assert servers[1][0].connections == 0
    details = [one for one in world.read(ContactDetail) if one.value == letter.address]
    assert [one.state for one in details] == [ContactState.BOUNCING]
    (task,) = world.read(Task)
    assert task.kind is TaskKind.VERIFY_ADDRESS and letter.address in task.title


def test_limits_make_letters_wait_and_nobody_steps_in(
    world: World, ways: Ways, watch: Watch, servers: list[tuple[Handler, int]]
) -> None:
    world.change(per_hour=2, per_day=3)
    ids = world.letters(4)
    assert send(world, ways, watch) == {"delivered": 2, "waiting": 2}
    with world.database.reading() as session:
        letter = session.get_one(Letter, ids[3])
        (wait,) = gate.reasons(session, letter, now=watch())[1]
    assert "2 letters in an hour" in str(wait.words)
    assert wait.until == world.now + dt.timedelta(hours=1)
    watch.forward(hours=1)
    assert send(world, ways, watch) == {"delivered": 1, "waiting": 1}
    watch.forward(hours=2)
    assert send(world, ways, watch) == {"waiting": 1}
    watch.forward(hours=21)
    assert send(world, ways, watch) == {"delivered": 1}
    assert servers[1][0].connections == 0


def test_without_an_account_the_gate_says_so(world: World, ways: Ways, watch: Watch) -> None:
    (letter_id,) = world.letters()
    for state, words in (
        ({"enabled": False}, "switched off"),
        ({"paused_at": world.now, "paused_because": "535 no"}, "535 no"),
    ):
        for number in (0, 1):
            world.change(number, **state)
        if "paused_at" in state:
            world.change(0, enabled=True)
        with world.database.reading() as session:
            stops, (wait,) = gate.reasons(session, session.get_one(Letter, letter_id), now=watch())
        assert not stops and words in str(wait.words)
        assert wait.mend is not None and wait.mend[1] == "mail.accounts"
    with world.database.writing() as session:
        session.execute(sa.delete(MailAccount))
    assert send(world, ways, watch) == {"waiting": 1}


def test_ten_refusals_of_what_we_write_stop_that_domain_only(
    world: World, ways: Ways, watch: Watch, servers: list[tuple[Handler, int]]
) -> None:
    servers[0][0].answers["DATA"] = "550 5.7.1 looks like spam"
    for number in range(10):
        assert world.read(DomainStop) == []
        world.letters(address=f"desk{number}@Filter.zz")
        assert send(world, ways, watch) == {"refused": 1}
        watch.forward(seconds=1)
    (stop,) = world.read(DomainStop)
    assert (stop.domain, stop.words) == ("filter.zz", "550 5.7.1 looks like spam")
    (task,) = world.read(Task)
    assert task.subject_kind == "domain_stop"
    servers[0][0].answers.clear()
    world.letters(address="desk11@filter.zz")
    world.letters(address="desk@other.zz")
    assert send(world, ways, watch) == {"waiting": 1, "delivered": 1}

    with world.database.writing() as session:
        domains.open_again(session, world.campaign_id, stop.id, by=world.ada, now=watch())
    assert world.read(Task)[0].done_at is not None
    assert send(world, ways, watch) == {"delivered": 1}
    servers[0][0].answers["DATA"] = "550 5.7.1 looks like spam"
    watch.forward(seconds=1)
    world.letters(9, address="desk@filter.zz")
    send(world, ways, watch)
    assert [one for one in world.read(DomainStop) if one.lifted_at is None] == [], "one went"


def test_a_changed_account_begins_a_new_connection(
    world: World, ways: Ways, watch: Watch, servers: list[tuple[Handler, int]]
) -> None:
    world.letters()
    assert send(world, ways, watch) == {Verdict.DELIVERED.value: 1}
    world.change(hello="other.example")
    world.letters(2)
    assert send(world, ways, watch) == {"delivered": 2}
    assert servers[0][0].hellos == ["association.example", "other.example"]


def test_letters_by_two_accounts_are_answered_in_their_order(world: World, tmp_path: Path) -> None:
    """What shuts an account out is asked once, and says nothing of the other one."""
    with Scripted(says={"greeting": b"421 4.3.2 not now"}) as away, Scripted() as there:
        for number, server in enumerate((away, there)):
            world.change(number, port=server.port)
        with world.database.reading() as session:
            accounts = [session.get_one(MailAccount, one) for one in world.accounts]
            sender = make.sender(session, session.get_one(Campaign, world.campaign_id))
            session.expunge_all()
        letter = Letter(
            subject="A question", recipient="Ana", address="a@x.zz", language="en", text="Words\n"
        )
        asked = iter([True] * 5 + [False])
        with Ways(CapturePostman(tmp_path), VAULT) as ways:
            written = [
                ways.write_by(accounts[number % 2], sender, letter, now=world.now)
                for number in range(7)
            ]
            answers = list(ways.deliver_all(written, going=lambda: next(asked)))
    fates = [answer.fate.value for answer in answers]
    assert fates == ["not_taken", "taken"] * 2 + ["not_taken", "not_begun", "not_begun"]
    assert {one.refusal for one in answers[0:5:2]} == {Refusal.UNREACHED}
    assert away.lines == 1 and there.lines == 1 and len(there.taken) == 2


def test_only_what_takes_the_same_way_is_announced_ahead(world: World, tmp_path: Path) -> None:
    """What is rehearsed names nobody to a server; who stops hangs up on what was announced."""
    with Scripted() as there:
        world.change(port=there.port)
        with world.database.reading() as session:
            account = session.get_one(MailAccount, world.accounts[0])
            sender = make.sender(session, session.get_one(Campaign, world.campaign_id))
            session.expunge_all()
        asked = iter([True] * 4 + [False])
        with Ways(CapturePostman(tmp_path), VAULT) as ways:
            written = [
                ways.write_by(
                    None if number == 2 else account,
                    sender,
                    Letter(
                        subject="A question",
                        recipient="Ana",
                        address=f"desk{number}@x.zz",
                        language="en",
                        text="Words\n",
                    ),
                    now=world.now,
                )
                for number in range(5)
            ]
            answers = list(ways.deliver_all(written, going=lambda: next(asked)))
    assert [one.fate.value for one in answers] == ["taken"] * 4 + ["not_begun"]
    assert b"desk2@" not in b"".join(there.packets) and len(list(tmp_path.rglob("*.eml"))) == 1
    behind = [one for one in there.packets if b"\r\n.\r\nMAIL FROM" in one]
    assert [b"<desk1@" in behind[0], b"<desk4@" in behind[1], len(behind)] == [True, True, 2]
    assert [recipient for recipient, _ in there.heard] == [f"desk{n}@x.zz" for n in (0, 1, 3)]
    assert there.lines == 1 and "QUIT" not in there.commands


def test_the_libraries_alone_write_the_same_letter(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outreach.sending.ways.new_message_id", lambda _: "0f@office.zz")
    (letter_id,) = world.letters()
    both = []
    with world.database.reading() as session:
        account = session.scalars(sa.select(MailAccount)).first()
        letter = session.get_one(Letter, letter_id)
        sender = session.get_one(Sender, letter.sender_id)
        for fast in (True, False):
            with Ways(CapturePostman(tmp_path), VAULT, fast=fast) as ways:
                both.append(ways.write_by(account, sender, letter, now=world.now).message)
    assert both[0] == both[1]


def test_a_password_locked_with_another_key_pauses_the_account_and_costs_no_letter_anything(
    world: World, ways: Ways, watch: Watch, servers: list[tuple[Handler, int]]
) -> None:
    world.change(password=Vault("the key of another home").lock("a password"))
    (letter_id,) = world.letters()
    assert send(world, ways, watch) == {"put_back": 1}
    assert world.read(Letter, letter_id).state is State.SCHEDULED
    paused = world.read(MailAccount, world.accounts[0])
    assert "locked with another key" in paused.paused_because
    # The other account can be opened, and takes it.
    watch.forward(minutes=2)
    assert send(world, ways, watch) == {"delivered": 1}
    assert [len(handler.taken) for handler, _ in servers] == [0, 1]
