"""The way out by SMTP (RFC 5321): one connection, kept; every answer told apart by its phase.

What the server said before it was given the whole message is certain: the letter did not go, and
may be tried again or not. Between the last byte of the message and the server's answer nobody
knows; then whatever went wrong is raised as it is, and the letter becomes `unknown`.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from outreach.accounts.models import Security
from outreach.sending.plain import Plain
from outreach.sending.postman import Envelope, Refusal, TransportError

TIMEOUT = 60.0
_FIRST_DOT = re.compile(rb"^\.", re.MULTILINE)
# RFC 5321 §4.5.3.1.10: 552 at RCPT is what old servers say for a mailbox that is full for now.
_FULL = 552
# The server hangs up (RFC 5321 §3.8); smtplib's word for an answer that never came.
_GONE, _NOTHING = 421, -1


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server that takes our letters, and how we get in.

    `hello` is what we call ourselves (EHLO): a domain of the sender, never this machine's name.
    """

    host: str
    port: int
    hello: str
    security: Security = Security.TLS
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = TIMEOUT


class SMTPPostman(Plain):
    """Hands messages to one server over one connection. Not for several threads at once."""

    name = "smtp"

    def __init__(self, server: Server, *, trust: ssl.SSLContext | None = None) -> None:
        self.server = server
        # Certificates are checked against the names we were given (RFC 6125).
        self._trust = trust or ssl.create_default_context()
        self._line: smtplib.SMTP | None = None

    def __enter__(self) -> SMTPPostman:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def takes(self, *, rehearsal: bool) -> bool:
        """Return whether this way is meant for a rehearsal: never."""
        return not rehearsal

    def deliver(self, message: bytes, envelope: Envelope) -> str:
        """Hand over `message` (CRLF) and return the server's answer to it.

        Raises TransportError when it certainly was not taken; anything else leaves it open.
        """
        line = self._ready()
        try:
            self._announce(line, message, envelope)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise TransportError(_told(error), refusal=Refusal.LATER) from error
        try:
            # A dot that begins a line is doubled (RFC 5321 §4.5.2); one alone ends the message.
            line.send(_FIRST_DOT.sub(b"..", message) + b".\r\n")
            code, words = line.getreply()
        except (OSError, smtplib.SMTPException):
            self._drop()
            raise
        if code == 250:
            return _said(code, words)
        self._quiet(line, code)
        raise TransportError(_said(code, words), refusal=_after_content(code))

    def connected(self) -> smtplib.SMTP:
        """Return the line to the server, opened if need be. Raises TransportError."""
        return self._ready()

    def close(self) -> None:
        """Say goodbye, if anybody listens."""
        line, self._line = self._line, None
        if line is not None:
            try:
                line.quit()
            except (OSError, smtplib.SMTPException):
                line.close()

    def _ready(self) -> smtplib.SMTP:
        """The kept connection if it still answers, else a new one."""
        if self._line is not None:
            try:
                if self._line.rset()[0] == 250:
                    return self._line
            except (OSError, smtplib.SMTPException):
                pass
            self._drop()
        try:
            self._line = self._open()
        except smtplib.SMTPAuthenticationError as error:
            # 454: it can't look the password up now (RFC 4954 §6), which says nothing against it.
            busy = error.smtp_code < 500
            refusal = Refusal.UNREACHED if busy else Refusal.ACCOUNT
            raise TransportError(_told(error), refusal=refusal) from error
        except smtplib.SMTPNotSupportedError as error:
            # No STARTTLS, no AUTH: it is not the server that the account describes.
            raise TransportError(_told(error), refusal=Refusal.ACCOUNT) from error
        except ssl.SSLError as error:
            words = f"no safe connection to {self.server.host}: {error.reason or error}"
            raise TransportError(words, refusal=Refusal.ACCOUNT) from error
        except (OSError, smtplib.SMTPException) as error:
            raise TransportError(_told(error), refusal=Refusal.UNREACHED) from error
        return self._line

    def _open(self) -> smtplib.SMTP:
        """A new connection: greeted, encrypted as we were told, signed in."""
        server = self.server
        where: dict[str, Any] = {"local_hostname": server.hello, "timeout": server.timeout}
        if server.security is Security.TLS:
            where["context"] = self._trust
        kind = smtplib.SMTP_SSL if server.security is Security.TLS else smtplib.SMTP
        line: smtplib.SMTP = kind(server.host, server.port, **where)
        try:
            line.ehlo_or_helo_if_needed()
            if server.security is Security.STARTTLS:
                line.starttls(context=self._trust)
                line.ehlo_or_helo_if_needed()
            if server.username:
                line.login(server.username, server.password)
        except BaseException:
            line.close()
            raise
        return line

    def _announce(self, line: smtplib.SMTP, message: bytes, envelope: Envelope) -> None:
        """Everything before the message: from whom, to whom, and whether it may come."""
        options = [f"SIZE={len(message)}"] if line.has_extn("size") else []
        plain = envelope.sender.isascii() and envelope.recipient.isascii()
        if not plain:
            if not line.has_extn("smtputf8"):
                raise TransportError(
                    f"{self.server.host} takes no addresses with such letters (SMTPUTF8)",
                    refusal=Refusal.ADDRESS,
                )
            line.command_encoding = "utf-8"
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            self._step(line, *line.mail(envelope.sender, options), _at_sender)
            self._step(line, *line.rcpt(envelope.recipient), _at_recipient)
            code, words = line.docmd("DATA")
            if code != 354:
                self._step(line, code, words, _after_content)
                # 250 and its like are no answer to DATA.
                raise TransportError(_said(code, words), refusal=Refusal.LATER)
        finally:
            line.command_encoding = "ascii"

    def _step(
        self, line: smtplib.SMTP, code: int, words: bytes, judge: Callable[[int], Refusal]
    ) -> None:
        if 200 <= code < 300:
            return
        self._quiet(line, code)
        raise TransportError(_said(code, words), refusal=judge(code))

    def _quiet(self, line: smtplib.SMTP, code: int) -> None:
        """A server that says 421 hangs up; every other one waits for the next letter."""
        if code in (_GONE, _NOTHING):
            self._drop()

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()


def _at_sender(code: int) -> Refusal:
    return Refusal.SENDER if code >= 500 else Refusal.LATER


def _at_recipient(code: int) -> Refusal:
    return Refusal.ADDRESS if code >= 500 and code != _FULL else Refusal.LATER


def _after_content(code: int) -> Refusal:
    return Refusal.CONTENT if code >= 500 else Refusal.LATER


def _said(code: int, words: bytes) -> str:
    return f"{code} {words.decode('utf-8', 'replace')}".replace("\n", " ").strip()


def _told(error: Exception) -> str:
    """The server's own words where there are any, else what the network says."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return _said(error.smtp_code, words if isinstance(words, bytes) else words.encode())
    return str(error) or type(error).__name__
