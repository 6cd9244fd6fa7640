"""Whatever a server says, whenever it says it, by either way of talking: what the table says."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
import sqlalchemy as sa
import trustme

from outreach.accounts.models import MailAccount, Security, Task, TaskKind
from outreach.database import Database
from outreach.directory.models import ContactDetail, ContactState
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import answers, outbox
from outreach.sending.answers import Phase, meaning
from outreach.sending.capture import CapturePostman
from outreach.sending.models import Attempt
from outreach.sending.postman import Refusal, TransportError, Unanswered
from outreach.sending.smtp import SMTPPostman
from outreach.sending.ways import Ways
from tests.sending.conftest import Watch
from tests.sending.scripted import HANG_UP, PHASES, RESET, SILENCE, Scripted
from tests.sending.test_pipelined import ENVELOPE, MESSAGE
from tests.sending.test_ways import VAULT, World

ARCHITECTURE = Path(__file__).parents[2] / "ARCHITECTURE.md"
BOTH = pytest.mark.parametrize("fast", [True, False], ids=["pipelined", "library"])
# What is said, under the name it has in the table; those of one row all do the same.
ROWS: dict[str, tuple[bytes, ...]] = {
    "421": (b"421 4.3.2 closing",),
    "450, 451, 452": (b"450 4.2.1 greylisted", b"451 4.7.1 try later", b"452 4.3.1 no room"),
    "503": (b"503 5.5.1 bad sequence of commands",),
    "535": (b"535 5.7.8 sign in first",),
    "550": (b"550 5.1.1 no such user",),
    "550 5.7.1": (b"550 5.7.1 not from you", b"554 5.7.1 blocked"),
    "552": (b"552 5.2.2 mailbox full", b"552 no room", b"554 5.2.2 over quota"),
    "554": (b"554 refused",),
    "silence": (SILENCE,),
    "line cut": (RESET, HANG_UP),
    "nonsense": (b"hello to you", b"999 what"),
}
COLUMNS = {
    "greeting, EHLO": ("greeting", "EHLO"),
    "sign-in": ("AUTH",),
    "MAIL FROM": ("MAIL",),
    "RCPT TO": ("RCPT",),
    "DATA": ("DATA",),
    "message": ("message",),
}
CASES = [
    (row, column, said, phase)
    for row, several in ROWS.items()
    for column, phases in COLUMNS.items()
    for said in several
    for phase in phases
]
NAMES = {
    None: "sent",
    Refusal.LATER: "later",
    Refusal.UNREACHED: "rests",
    Refusal.ACCOUNT: "paused",
    Refusal.SENDER: "paused",
    Refusal.ADDRESS: "address",
    Refusal.CONTENT: "content",
}


def table() -> dict[tuple[str, str], str]:
    """The table in the docs, by row and column."""
    text = ARCHITECTURE.read_text("utf-8")
    rows = text.partition("<!-- answers -->\n")[2].partition("\n<!-- /answers -->")[0].split("\n")
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    head, _, *body = cells
    return {
        (row, column): cell
        for row, *said in body
        for column, cell in zip(head[1:], said, strict=True)
    }


def test_the_table_says_what_is_tried() -> None:
    assert set(table()) == {(row, column) for row in ROWS for column in COLUMNS}
    assert {phase for phases in COLUMNS.values() for phase in phases} == set(PHASES)


@pytest.mark.parametrize(
    "fast",
    [
        pytest.param(True, id="pipelined"),
        pytest.param(False, id="library", marks=pytest.mark.long),
    ],
)
def test_what_each_answer_means(fast: bool) -> None:
    """Without a database: the quick half of the test below."""
    found, wanted = {}, table()
    for row, column, said, phase in CASES:
        with Scripted(auth=True, says={phase: said}) as there:
            with SMTPPostman(there.server(), fast=fast) as postman:
                try:
                    postman.deliver(MESSAGE, ENVELOPE)
                    meant = "sent"
                except TransportError as error:
                    meant = NAMES[error.refusal]
                except Unanswered:
                    meant = "unknown"
            assert len(there.heard) == (phase == "message" or meant == "sent")
        found[row, column, said, phase] = meant
    differ = {case: meant for case, meant in found.items() if meant != wanted[case[0], case[1]]}
    assert differ == {}


@pytest.mark.long
@BOTH
def test_what_follows_from_each_answer(
    database: Database,
    now: dt.datetime,
    watch: Watch,
    tmp_path: Path,
    fast: bool,
) -> None:
    """The whole way: from a letter that is due to its state, the words kept and who must act."""
    with Scripted(auth=True) as there:
        world = World(database, [(None, there.port)], now)  # type: ignore[list-item]
        world.change(username="letters", password=VAULT.lock("a password"))
        differ, wanted = {}, table()
        for number, (row, column, said, phase) in enumerate(CASES):
            there.says = {phase: said}
            (letter_id,) = world.letters(address=f"desk@house{number}.zz")
            with Ways(CapturePostman(tmp_path), VAULT, fast=fast) as ways:
                outbox.send_due(database, ways, now=watch, worker="w")
            found = what_followed(world, letter_id, said)
            if found != wanted[row, column]:
                differ[row, column, said, phase] = found
            forget(world)
    assert differ == {}


def what_followed(world: World, letter_id: int, said: bytes) -> str:
    """The table's word for what became of a letter, its account, its address and the tasks."""
    with world.database.reading() as session:
        letter = session.get_one(Letter, letter_id)
        attempt = session.scalars(sa.select(Attempt).where(Attempt.letter_id == letter_id)).one()
        account = session.get_one(MailAccount, world.accounts[0])
        details = session.scalars(
            sa.select(ContactDetail.state).where(ContactDetail.value == letter.address)
        ).all()
        open_tasks = session.scalars(sa.select(Task).where(Task.done_at.is_(None))).all()
        session.expunge_all()
    kinds = {(task.kind, task.subject_kind) for task in open_tasks}
    bad = ContactState.BOUNCING in details
    rests, paused = account.rests_until is not None, account.paused_at is not None
    if letter.state is not State.SENT and said[:1].isalnum() and said[:3] != b"999":
        words = said.decode().split()
        assert words[-1] in attempt.server_words, (attempt.server_words, said)
        assert letter.reason == attempt.server_words
    assert attempt.server_words
    waits = letter.state is State.SCHEDULED and letter.send_after > world.now  # type: ignore[operator]
    known = {
        (State.SENT, frozenset(), False, False, False): "sent",
        (State.SCHEDULED, frozenset(), False, False, False): "later",
        (State.SCHEDULED, frozenset(), False, True, False): "rests",
        (
            State.SCHEDULED,
            frozenset({(TaskKind.OTHER, "mail_account")}),
            False,
            False,
            True,
        ): "paused",
        (State.FAILED, frozenset({(TaskKind.VERIFY_ADDRESS, "target")}), True, False, False): (
            "address"
        ),
        (State.FAILED, frozenset(), False, False, False): "content",
        (
            State.UNKNOWN,
            frozenset({(TaskKind.SETTLE_UNKNOWN, "letter")}),
            False,
            False,
            False,
        ): "unknown",
    }
    assert waits is (letter.state is State.SCHEDULED)
    state = (letter.state, frozenset(kinds), bad, rests, paused)
    return known.get(state, str(state))


def forget(world: World) -> None:
    """As if nothing had happened yet."""
    world.change(paused_at=None, paused_because="", rests_until=None)
    with world.database.writing() as session:
        session.execute(sa.update(Task).values(done_at=world.now, done_by="nobody"))


@BOTH
def test_a_certificate_of_somebody_else_pauses_the_account(
    database: Database, now: dt.datetime, watch: Watch, tmp_path: Path, fast: bool
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("somebody.example").configure_cert(context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with Scripted(context=context) as there:
        world = World(database, [(None, there.port)], now)  # type: ignore[list-item]
        world.change(security=Security.TLS, host="localhost")
        (letter_id,) = world.letters()
        with Ways(CapturePostman(tmp_path), VAULT, fast=fast, trust=trust) as ways:
            outbox.send_due(database, ways, now=watch, worker="w")
    assert what_followed(world, letter_id, b"") == "paused"
    assert "no safe connection to localhost" in world.read(Letter, letter_id).reason
    assert there.begun == 0


@pytest.mark.parametrize(
    ("phase", "code", "words", "refusal"),
    [
        (Phase.RECIPIENT, 550, "550 5.2.2 over quota", Refusal.LATER),
        (Phase.RECIPIENT, 552, "552 5.3.4 too big", Refusal.ADDRESS),
        (Phase.MESSAGE, 552, "552 5.3.4 too big", Refusal.CONTENT),
        (Phase.MESSAGE, 552, "552 5.7.0 looks bad", Refusal.CONTENT),
        (Phase.RECIPIENT, 554, "554 5.1.1 nobody", Refusal.ADDRESS),
        (Phase.RECIPIENT, 553, "553 not such a name", Refusal.ADDRESS),
        (Phase.RECIPIENT, 530, "530 5.7.0 sign in", Refusal.ACCOUNT),
        (Phase.SENDER, 530, "530 5.7.0 sign in", Refusal.ACCOUNT),
        (Phase.MESSAGE, 451, "451 5.7.1 odd", Refusal.LATER),
        (Phase.DATA, 250, "250 OK", Refusal.LATER),
    ],
)
def test_the_enhanced_code_says_more(phase: Phase, code: int, words: str, refusal: Refusal) -> None:
    assert meaning(phase, code, words) is refusal


def test_a_zero_octet_does_not_cut_the_words() -> None:
    assert answers.said(250, b"2.0.0 queued\0 as 7") == "250 2.0.0 queued\ufffd as 7"


def test_words_come_in_one_line() -> None:
    assert answers.said(550, b"one\n two \xff") == "550 one two �"
    assert answers.said(-1, b"what") == "what"
