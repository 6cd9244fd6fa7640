"""The way out by SMTP (RFC 5321): one connection, kept; every answer told apart by its phase.

What the server said before it was given the whole message is certain: the letter did not go, and
may be tried again or not. Between the last byte of the message and the server's answer nobody
knows, and the letter becomes `unknown`.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from outreach.accounts.models import Security
from outreach.sending import pipelined
from outreach.sending.answers import Phase, meaning, said, sense
from outreach.sending.pipelined import Pipelined, Said, announcement, taken
from outreach.sending.plain import Plain, one_by_one
from outreach.sending.postman import (
    Answer,
    Envelope,
    Refusal,
    TransportError,
    Unanswered,
    Written,
)

TIMEOUT = 60.0
# The server hangs up (RFC 5321 §3.8).
_GONE = 421


class _LineEnded(TransportError):
    """The line ended before the server had heard of the letter, or with no word about it."""


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
    """Hands messages to one server over one connection. Not for several threads at once.

    `fast` says several things at once to servers that take that (`pipelined`).
    """

    name = "smtp"

    def __init__(
        self, server: Server, *, trust: ssl.SSLContext | None = None, fast: bool = True
    ) -> None:
        self.server = server
        self._fast = fast
        # Certificates are checked against the names we were given (RFC 6125).
        self._trust = trust
        self._line: smtplib.SMTP | None = None
        # Where several things are said at once, that goes through here.
        self._quick: Pipelined | None = None
        # Whether the server heard of a letter on this line and has not ended it.
        self._in_letter = False
        # Whose announcement went along with the letter before, and is not answered yet.
        self._ahead: Envelope | None = None
        # Until a letter is taken alone that was not when something was announced behind a message.
        self._announces_ahead = True
        # Whether such an announcement was taken on this line: what is refused then is the letter.
        self._proved = False

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

    def deliver_all(
        self, letters: Sequence[Written], *, going: Callable[[], bool]
    ) -> Iterator[Answer]:
        """Hand over one after the other, each announced with the one before where that is taken."""
        try:
            yield from one_by_one(
                lambda one, ahead: self.deliver(one.message, one.envelope, ahead=ahead),
                letters,
                going=going,
            )
        finally:
            self.let_go()

    def deliver(self, message: bytes, envelope: Envelope, *, ahead: Written | None = None) -> str:
        """Hand over `message` (CRLF) and return the server's answer to it.

        The letter `ahead` may be announced in the same breath; it is delivered next, or else
        `let_go`. Raises TransportError when `message` certainly was not taken, Unanswered when
        nobody knows.
        """
        line = self._announced(message, envelope)
        behind = self._announcement(line, ahead)
        self._ahead = ahead.envelope if ahead is not None and behind else None
        try:
            return self._hand_over(line, message, behind)
        except Unanswered:
            if behind and not self._proved:
                self._announces_ahead = False
            raise
        except TransportError:
            if not behind or self._proved:
                raise
        # What stood behind its dot may be what they minded: alone it may be taken.
        self._drop()
        words = self._hand_over(self._announced(message, envelope), message)
        self._announces_ahead = False
        return words

    def _hand_over(self, line: smtplib.SMTP, message: bytes, behind: bytes = b"") -> str:
        """Say the message, which the server waits for, and what goes `behind`; see `deliver`."""
        whole = _stuffed(message) + b".\r\n"
        try:
            if self._quick is None:
                line.send(whole)
            else:
                self._quick.give(whole, behind)
        except (OSError, smtplib.SMTPException) as error:
            # What could not be written whole lacks its end, so they don't have it.
            self._drop()
            raise TransportError(_told(error), refusal=Refusal.LATER) from error
        try:
            code, words = self._quick.answer() if self._quick else line.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise Unanswered(f"No answer to the whole message: {_told(error)}") from error
        self._in_letter = self._ahead is not None
        if code == 250:
            return said(code, words)
        if not sense(code):
            self._drop()
            raise Unanswered(f"No answer to the whole message, but: {said(code, words)}")
        raise self._refused(Phase.MESSAGE, code, words)

    def let_go(self) -> None:
        """Hang up if a letter was announced that won't come: nothing of its message went."""
        if self._ahead is not None:
            self._drop()

    def connected(self) -> smtplib.SMTP:
        """Return the line to the server, opened if need be. Raises TransportError."""
        return self._ready()

    def close(self) -> None:
        """Say goodbye, if anybody listens and is not in the middle of a letter."""
        if self._in_letter:
            self._drop()
        line, self._line = self._line, None
        if line is not None:
            try:
                line.quit()
            except (OSError, smtplib.SMTPException):
                line.close()

    def _announcement(self, line: smtplib.SMTP, ahead: Written | None) -> bytes:
        """What goes behind a message to announce `ahead`; b"" where it waits for its turn."""
        if ahead is None or self._quick is None or not self._announces_ahead:
            return b""
        one = ahead.envelope
        # What can't be announced is told when it is its turn.
        with contextlib.suppress(TransportError, ValueError):
            options = self._options(line, ahead.message, one)
            return announcement(one.sender, one.recipient, options)
        return b""

    def _announced(self, message: bytes, envelope: Envelope) -> smtplib.SMTP:
        """The line, once the server waits for the message. Raises TransportError.

        A kept line may have ended since its last letter: then a new one is tried at once. The same
        when a letter announced behind another is refused by a server that took none so far: it may
        mind the announcing (some call it a protocol error), and only what it says to the letter
        alone says anything of the letter.
        """
        if self._ahead is not envelope:
            self.let_go()
        kept, ahead, proved = self._line is not None, self._ahead is envelope, self._proved
        try:
            return self._announce(message, envelope)
        except TransportError as first:
            if not (ahead and not proved) and not (kept and isinstance(first, _LineEnded)):
                raise
            if ahead and isinstance(first.__cause__, TimeoutError):
                # Waited out once is enough.
                self._announces_ahead = False
        self._drop()
        line = self._announce(message, envelope)
        if ahead and not proved:
            self._announces_ahead = False
        return line

    def _ready(self) -> smtplib.SMTP:
        """The kept line, with no letter half said on it; else a new one."""
        if self._line is not None and self._line.sock is not None:
            try:
                if not self._in_letter or self._line.rset()[0] == 250:
                    return self._line
            except (OSError, smtplib.SMTPException):
                pass
        self._drop()
        try:
            self._line = line = self._open()
        except smtplib.SMTPAuthenticationError as error:
            # 454: it can't look the password up now (RFC 4954 §6), which says nothing against it.
            busy = not 500 <= error.smtp_code < 600
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
        self._proved = False
        self._quick = Pipelined(line) if self._fast and line.has_extn("pipelining") else None
        return line

    def _open(self) -> smtplib.SMTP:
        """A new connection: greeted, encrypted as we were told, signed in."""
        server = self.server
        if self._trust is None and server.security is not Security.NONE:
            self._trust = ssl.create_default_context()
        where: dict[str, Any] = {"local_hostname": server.hello, "timeout": server.timeout}
        if server.security is Security.TLS:
            where["context"] = self._trust
        kind = smtplib.SMTP_SSL if server.security is Security.TLS else smtplib.SMTP
        line: smtplib.SMTP = kind(server.host, server.port, **where)
        try:
            # The end of a message must not wait until its beginning was acknowledged.
            assert line.sock is not None
            line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _greet(line)
            if server.security is Security.STARTTLS:
                line.starttls(context=self._trust)
                _greet(line)
            if server.username:
                line.login(server.username, server.password)
        except BaseException:
            line.close()
            raise
        return line

    def _announce(self, message: bytes, envelope: Envelope) -> smtplib.SMTP:
        """Everything before the message: from whom, to whom, and whether it may come."""
        announced, self._ahead = self._ahead is envelope, None
        line = self._line if announced and self._line is not None else self._ready()
        options = [] if announced else self._options(line, message, envelope)
        self._in_letter = True
        try:
            if self._quick is None:
                answers = _in_turn(line, envelope.sender, envelope.recipient, options)
            else:
                if not announced:
                    said_now = announcement(envelope.sender, envelope.recipient, options)
                    self._quick.announce(said_now)
                answers = self._quick.answers()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise _LineEnded(_told(error), refusal=Refusal.LATER) from error
        finally:
            line.command_encoding = "ascii"
        for phase, (code, words) in zip(Phase, answers, strict=False):
            if code != pipelined.GO_ON if phase is Phase.DATA else not taken((code, words)):
                raise self._refused(phase, code, words)
        self._proved = self._proved or announced
        return line

    def _options(self, line: smtplib.SMTP, message: bytes, envelope: Envelope) -> list[str]:
        """What is said beside the sender. Raises TransportError when the server lacks it."""
        options = [f"SIZE={len(message)}"] if line.has_extn("size") else []
        # Our bodies are ASCII as they travel: what is not is an address, in a header or said now.
        if not (message.isascii() and envelope.sender.isascii() and envelope.recipient.isascii()):
            options += self._other_letters(line, envelope)
        return options

    def _other_letters(self, line: smtplib.SMTP, envelope: Envelope) -> list[str]:
        """What to ask for when an address is not of ASCII alone (RFC 6531 §3.4)."""
        if not line.has_extn("smtputf8"):
            theirs = not envelope.recipient.isascii()
            raise TransportError(
                f"{self.server.host}, which sends our mail, takes no address with letters like "
                f"those of {envelope.recipient if theirs else 'our sender'} (it does not offer "
                "SMTPUTF8), so nothing was sent",
                refusal=Refusal.ADDRESS if theirs else Refusal.SENDER,
            )
        return ["SMTPUTF8", "BODY=8BITMIME"]

    def _refused(self, phase: Phase, code: int, words: bytes) -> TransportError:
        """What to raise. A server that says 421 or nonsense gets no other letter on this line."""
        told = said(code, words)
        if sense(code) and code != _GONE:
            return TransportError(told, refusal=meaning(phase, code, told))
        self._drop()
        kind = _LineEnded if phase is Phase.SENDER else TransportError
        return kind(told, refusal=Refusal.LATER)

    def _drop(self) -> None:
        line, self._line, self._quick = self._line, None, None
        self._in_letter, self._ahead = False, None
        if line is not None:
            line.close()


def _greet(line: smtplib.SMTP) -> None:
    """EHLO; a server that does not know it is older than what we need."""
    code, words = line.ehlo()
    if not taken((code, words)):
        raise smtplib.SMTPHeloError(code, words)


def _in_turn(line: smtplib.SMTP, sender: str, recipient: str, options: Sequence[str]) -> list[Said]:
    """Announce a letter word by word; return the answers up to the first that refuses."""
    answers = [line.mail(sender, list(options))]
    if taken(answers[-1]):
        answers.append(line.rcpt(recipient))
        if taken(answers[-1]):
            answers.append(line.docmd("DATA"))
    return answers


def _stuffed(message: bytes) -> bytes:
    """A dot that begins a line is doubled (RFC 5321 §4.5.2); one alone ends the message."""
    doubled = message.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if message.startswith(b".") else doubled


def _told(error: Exception) -> str:
    """The server's own words where there are any, else what the network says."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return said(error.smtp_code, words if isinstance(words, bytes) else words.encode())
    return str(error) or type(error).__name__
