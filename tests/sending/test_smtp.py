"""Letters over SMTP: against a real server on loopback that answers as servers do."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from outreach.accounts.models import Security
from outreach.sending.postman import Envelope, Refusal, TransportError
from outreach.sending.smtp import Server, SMTPPostman
from tests.ports import reserved

MESSAGE = b"Subject: A question\r\n\r\n.a dot first\r\nwords\r\n"
ENVELOPE = Envelope(
    "0f@association.example",
    "letters@association.example",
    "desk@office.example",
    rehearsal=False,
    at=dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC),
)


class Handler:
    """Says what it was told to at each step; keeps what came whole."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.taken: list[tuple[str, list[str], bytes]] = []
        self.hellos: list[str] = []
        self.cut_after_data = False
        self.connections = 0

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, name: str, answers: list[str]
    ) -> list[str]:
        self.connections += 1
        self.hellos.append(name)
        session.host_name = name
        return answers

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        if self.cut_after_data:
            server.transport.abort()
            return "250 nobody hears this"
        if "DATA" not in self.answers:
            self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.answers.get("DATA", "250 2.0.0 queued as 7")


def served(handler: Handler, **options: Any) -> Controller:
    return Controller(handler, hostname="127.0.0.1", port=reserved(), **options)


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def server(handler: Handler) -> Iterator[Server]:
    """A server without encryption, as on this machine."""
    controller = served(handler)
    controller.start()
    yield Server("127.0.0.1", controller.port, "association.example", Security.NONE, timeout=30)
    controller.stop()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority that nobody trusts but who is told to."""
    return trustme.CA()


def test_a_message_arrives_byte_for_byte_and_one_connection_carries_several(
    server: Server, handler: Handler
) -> None:
    with SMTPPostman(server) as postman:
        for _ in range(3):
            assert postman.deliver(MESSAGE, ENVELOPE) == "250 2.0.0 queued as 7"
    assert handler.taken == [(ENVELOPE.sender, [ENVELOPE.recipient], MESSAGE)] * 3
    assert handler.connections == 1


def test_the_server_learns_nothing_of_this_machine(server: Server, handler: Handler) -> None:
    with SMTPPostman(server) as postman:
        postman.deliver(MESSAGE, ENVELOPE)
    assert handler.hellos == ["association.example"]


@pytest.mark.parametrize(
    ("step", "answer", "refusal"),
    [
        ("MAIL", "451 4.7.1 greylisted", Refusal.LATER),
        ("MAIL", "550 5.7.1 sender not allowed", Refusal.SENDER),
        ("RCPT", "450 4.2.1 greylisted", Refusal.LATER),
        ("RCPT", "452 4.2.2 too many", Refusal.LATER),
        ("RCPT", "550 5.1.1 no such user", Refusal.ADDRESS),
        ("RCPT", "551 not local", Refusal.ADDRESS),
        ("RCPT", "552 5.2.2 mailbox full", Refusal.LATER),
        ("RCPT", "553 bad name", Refusal.ADDRESS),
        ("DATA", "451 4.3.0 try later", Refusal.LATER),
        ("DATA", "452 4.3.1 no room", Refusal.LATER),
        ("DATA", "550 5.7.1 looks like spam", Refusal.CONTENT),
        ("DATA", "554 5.6.0 refused", Refusal.CONTENT),
    ],
)
def test_each_answer_has_its_consequence_and_the_line_is_kept(
    server: Server, handler: Handler, step: str, answer: str, refusal: Refusal
) -> None:
    with SMTPPostman(server) as postman:
        handler.answers[step] = answer
        with pytest.raises(TransportError) as refused:
            postman.deliver(MESSAGE, ENVELOPE)
        assert (refused.value.words, refused.value.refusal) == (answer, refusal)
        assert refused.value.permanent is (refusal in (Refusal.ADDRESS, Refusal.CONTENT))
        handler.answers.clear()
        assert postman.deliver(MESSAGE, ENVELOPE).startswith("250")
    assert len(handler.taken) == 1
    assert handler.connections == 1


def test_a_server_that_says_goodbye_is_called_again(server: Server, handler: Handler) -> None:
    with SMTPPostman(server) as postman:
        handler.answers["RCPT"] = "421 4.3.2 closing"
        with pytest.raises(TransportError) as refused:
            postman.deliver(MESSAGE, ENVELOPE)
        assert refused.value.refusal is Refusal.LATER
        handler.answers.clear()
        postman.deliver(MESSAGE, ENVELOPE)
    assert handler.connections == 2


def test_a_line_cut_after_the_last_byte_leaves_it_open(server: Server, handler: Handler) -> None:
    handler.cut_after_data = True
    with SMTPPostman(server) as postman, pytest.raises(Exception) as lost:
        postman.deliver(MESSAGE, ENVELOPE)
    assert not isinstance(lost.value, TransportError)


def test_a_server_that_is_not_there_is_tried_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        nobody = Server("127.0.0.1", port, "association.example", Security.NONE, timeout=30)
        with SMTPPostman(nobody) as postman, pytest.raises(TransportError) as refused:
            postman.deliver(MESSAGE, ENVELOPE)
    assert refused.value.refusal is Refusal.UNREACHED


@pytest.mark.parametrize("greeting", [b"", b"not a mail server\r\n", b"554 go away\r\n"])
def test_silence_and_nonsense_before_the_message_are_certain(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            line, _ = listening.accept()
            with line:
                line.sendall(greeting)
                line.settimeout(3)
                try:
                    while line.recv(1000):
                        pass
                except OSError:
                    pass

        threading.Thread(target=answer, daemon=True).start()
        port = listening.getsockname()[1]
        odd = Server("127.0.0.1", port, "association.example", Security.NONE, timeout=0.5)
        with SMTPPostman(odd) as postman, pytest.raises(TransportError) as refused:
            postman.deliver(MESSAGE, ENVELOPE)
    assert refused.value.refusal is Refusal.UNREACHED


def test_a_certificate_nobody_knows_is_no_safe_connection(
    handler: Handler, authority: trustme.CA
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    controller = served(handler, tls_context=context, require_starttls=True)
    controller.start()
    try:
        secure = Server(
            "localhost", controller.port, "association.example", Security.STARTTLS, timeout=30
        )
        with SMTPPostman(secure) as postman, pytest.raises(TransportError) as refused:
            postman.deliver(MESSAGE, ENVELOPE)
        assert refused.value.refusal is Refusal.ACCOUNT
        assert "no safe connection to localhost" in refused.value.words
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        with SMTPPostman(secure, trust=trust) as postman:
            assert postman.deliver(MESSAGE, ENVELOPE).startswith("250")
        other = Server(
            "127.0.0.1", controller.port, "association.example", Security.STARTTLS, timeout=30
        )
        with SMTPPostman(other, trust=trust) as postman, pytest.raises(TransportError) as named:
            postman.deliver(MESSAGE, ENVELOPE)
        assert named.value.refusal is Refusal.ACCOUNT
    finally:
        controller.stop()


def test_a_server_without_starttls_gets_neither_password_nor_letter(
    server: Server, handler: Handler
) -> None:
    careful = Server(server.host, server.port, server.hello, Security.STARTTLS, timeout=30)
    with SMTPPostman(careful) as postman, pytest.raises(TransportError) as refused:
        postman.deliver(MESSAGE, ENVELOPE)
    assert refused.value.refusal is Refusal.ACCOUNT
    assert handler.taken == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_wrong_password_is_no_letter_s_fault(handler: Handler) -> None:
    def known(
        _server: SMTP, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=data.password == b"right", handled=False)

    controller = served(handler, authenticator=known, auth_required=True, auth_require_tls=False)
    controller.start()
    try:
        for password, taken in (("wrong", 0), ("right", 1)):
            account = Server(
                "127.0.0.1",
                controller.port,
                "association.example",
                Security.NONE,
                "letters",
                password,
                timeout=30,
            )
            with SMTPPostman(account) as postman:
                if taken:
                    postman.deliver(MESSAGE, ENVELOPE)
                    continue
                with pytest.raises(TransportError) as refused:
                    postman.deliver(MESSAGE, ENVELOPE)
                assert refused.value.refusal is Refusal.ACCOUNT
                assert refused.value.words.startswith("535")
        assert len(handler.taken) == 1
        assert "right" not in repr(account)
    finally:
        controller.stop()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_server_that_cannot_look_a_password_up_is_tried_later(handler: Handler) -> None:
    def asleep(*_: Any) -> AuthResult:
        return AuthResult(success=False, handled=False, message="454 4.7.0 try later")

    controller = served(handler, authenticator=asleep, auth_required=True, auth_require_tls=False)
    controller.start()
    try:
        account = Server(
            *("127.0.0.1", controller.port, "association.example", Security.NONE),
            *("letters", "right"),
            timeout=30,
        )
        with SMTPPostman(account) as postman, pytest.raises(TransportError) as refused:
            postman.deliver(MESSAGE, ENVELOPE)
        assert refused.value.refusal is Refusal.UNREACHED
        assert refused.value.words == "454 4.7.0 try later"
    finally:
        controller.stop()


def test_an_address_in_another_script_needs_a_server_that_takes_it(handler: Handler) -> None:
    to = Envelope(
        ENVELOPE.message_id, ENVELOPE.sender, "приклад@office.example", False, ENVELOPE.at
    )
    for takes in (True, False):
        controller = served(handler, enable_SMTPUTF8=takes)
        controller.start()
        try:
            there = Server(
                "127.0.0.1", controller.port, "association.example", Security.NONE, timeout=30
            )
            with SMTPPostman(there) as postman:
                if takes:
                    postman.deliver(MESSAGE, to)
                    continue
                with pytest.raises(TransportError, match="SMTPUTF8") as refused:
                    postman.deliver(MESSAGE, to)
                assert refused.value.refusal is Refusal.ADDRESS
        finally:
            controller.stop()
    assert [taken[1] for taken in handler.taken] == [["приклад@office.example"]]


def test_a_rehearsal_never_goes_this_way(server: Server) -> None:
    postman = SMTPPostman(server)
    assert not postman.takes(rehearsal=True)
    assert postman.takes(rehearsal=False)
