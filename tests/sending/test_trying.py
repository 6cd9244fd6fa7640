"""A mail account tried against a real server on loopback, before a letter depends on it."""

from __future__ import annotations

import dataclasses
import ssl

import pytest
import trustme

from outreach.accounts.models import Security
from outreach.sending.finding import Found
from outreach.sending.smtp import Server
from outreach.sending.trying import try_connection
from tests.sending.scripted import Scripted
from tests.sending.test_smtp import Handler, authority, handler, served, server

__all__ = ["authority", "handler", "server"]


def test_a_server_is_asked_and_no_letter_is_handed_over(server: Server, handler: Handler) -> None:
    said = try_connection(server, sender="a@association.example", probe="b+t@office.example")
    assert [(one.name, one.found) for one in said] == [
        ("line", Found.GOOD),
        ("hello", Found.GOOD),
        ("tag", Found.GOOD),
    ]
    assert "SIZE" in str(said[1].words)
    assert handler.taken == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_a_mailbox_without_tags_is_told(server: Server, handler: Handler, step: str) -> None:
    handler.answers[step] = "550 5.1.1 no such user"
    said = try_connection(server, sender="a@association.example", probe="b+t@office.example")
    assert said[-1].found is Found.WRONG and "550 5.1.1 no such user" in str(said[-1].words)


def test_encryption_and_certificate_are_told(handler: Handler, authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    controller = served(handler, tls_context=context, require_starttls=True)
    controller.start()
    try:
        there = Server(
            "localhost", controller.port, "association.example", Security.STARTTLS, timeout=30
        )
        (refused,) = try_connection(there, sender="a@association.example")
        # Nothing is wrong with the sign-in: we never came so far.
        assert (refused.name, refused.found) == ("line", Found.WRONG)
        assert "can't prove that it is localhost" in str(refused.words)
        assert "as your provider gives it" in str(refused.words)
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        line, *_ = try_connection(there, sender="a@association.example", trust=trust)
        assert "TLSv1.3" in str(line.words)
    finally:
        controller.stop()


def test_nobody_there_is_told(server: Server) -> None:
    nobody = dataclasses.replace(server, port=9)
    (said,) = try_connection(nobody, sender="a@association.example")
    assert (said.name, said.found) == ("line", Found.WRONG)
    assert "port 9" in str(said.words)


def test_a_server_without_the_encryption_we_ask_for_is_told(server: Server) -> None:
    there = dataclasses.replace(server, security=Security.STARTTLS)
    (said,) = try_connection(there, sender="a@association.example")
    assert (said.name, said.found) == ("line", Found.WRONG)
    assert "587" in str(said.words)


@pytest.mark.parametrize(
    ("phase", "word", "told"),
    [
        ("greeting", b"421 4.3.2 too busy", "turns us away for now: 421 4.3.2 too busy"),
        ("EHLO", b"450 later", "turns us away for now: 450"),
        ("greeting", b"hello to you", "No mail server answers us"),
    ],
)
def test_a_busy_server_is_not_taken_for_none(phase: str, word: bytes, told: str) -> None:
    with Scripted(says={phase: word}) as there:
        (found,) = try_connection(there.server(), sender="")
    assert found.found is Found.WRONG and told in str(found.words)
