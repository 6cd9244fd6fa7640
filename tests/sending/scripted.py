"""A mail server on loopback that says what it was told to, when it was told to."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from outreach.accounts.models import Security
from outreach.sending.smtp import Server

# What may stand for an answer: nothing at all, a line cut (RST), a line closed.
SILENCE, RESET, HANG_UP = b"<silence>", b"<reset>", b"<hang up>"
PHASES = ("greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "message")
GOOD = {
    "greeting": b"220 here",
    "AUTH": b"235 come in",
    "MAIL": b"250 OK",
    "RCPT": b"250 OK",
    "DATA": b"354 go on",
    "message": b"250 2.0.0 queued as 7",
}


class _Ended(Exception):
    """This line is over."""


class _Impatient(socket.socket):
    """A client's end whose time is up when the server says nothing on purpose, and not before.

    So that nobody waits for a silence, and none is heard where the machine is only busy.
    """

    silent: set[int]

    def recv(self, *about: Any) -> bytes:
        self._wait()
        return super().recv(*about)

    def recv_into(self, *about: Any) -> int:
        self._wait()
        return super().recv_into(*about)

    def _wait(self) -> None:
        ends = time.monotonic() + 60
        while True:
            # Asked first: what was said before is here by then.
            over = self.getsockname()[1] in self.silent or time.monotonic() > ends
            if select.select([self], [], [], 0 if over else 0.01)[0]:
                return
            if over:
                raise TimeoutError("timed out")


@dataclass
class Scripted:
    """What the server says, and what it heard.

    `says` gives another answer for a phase: bytes, or a function of how many letters were begun
    (the first is 1) that returns bytes, or None for the usual. `by_piece` sends every answer byte
    by byte; `deaf` ends the line instead of reading a message, `once` after taking one. `heard`
    holds (recipient, message) for whatever came with its last dot; `taken` those that were answered
    with 250.
    """

    pipelining: bool = True
    smtputf8: bool = False
    auth: bool = False
    by_piece: bool = False
    deaf: bool = False
    once: bool = False
    says: Mapping[str, bytes | Callable[[int], bytes | None]] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    # What came, read by read.
    packets: list[bytes] = field(default_factory=list)
    lines: int = 0
    begun: int = 0
    # Ports of clients to whom nothing is said any more.
    silent: set[int] = field(default_factory=set)

    def __enter__(self) -> Scripted:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._talks: list[threading.Thread] = []
        self._connects = mock.patch.object(
            socket, "create_connection", self._impatient(socket.create_connection)
        )
        self._connects.start()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A listening socket that is only closed leaves its accept() waiting.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._connects.stop()
        # What a client said before it hung up is heard to its end.
        for thread in (self._thread, *self._talks):
            thread.join(timeout=5)

    def server(self, *, timeout: float = 10, host: str = "127.0.0.1") -> Server:
        """How to reach it."""
        security = Security.TLS if self.context else Security.NONE
        user = ("letters", "a password") if self.auth else ("", "")
        return Server(host, self.port, "association.example", security, *user, timeout=timeout)

    def _impatient(self, connect: Callable[..., socket.socket]) -> Callable[..., socket.socket]:
        def connected(address: tuple[str, int], *about: Any, **more: Any) -> socket.socket:
            line = connect(address, *about, **more)
            if address[1] != self.port:
                return line
            seconds = line.gettimeout()
            ours = _Impatient(fileno=line.detach())
            ours.settimeout(seconds)
            ours.silent = self.silent
            return ours

        return connected

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            self.lines += 1
            talk = threading.Thread(target=self._one, args=(line,), daemon=True)
            self._talks.append(talk)
            talk.start()

    def _one(self, line: socket.socket) -> None:
        try:
            if self.context is not None:
                line = self.context.wrap_socket(line, server_side=True)
            with line:
                _Talk(self, line).run()
        except (OSError, _Ended):
            line.close()


class _Talk:
    def __init__(self, server: Scripted, line: socket.socket) -> None:
        self.server, self.line, self.waiting = server, line, b""
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self) -> None:
        self.answer("greeting")
        mail, recipient = False, ""
        while True:
            command = self.until(b"\r\n").decode()
            verb = command[:4].upper()
            # The library says some of them in small letters.
            self.server.commands.append(verb + command[4:])
            if verb == "EHLO":
                self.answer("EHLO", self.hello())
            elif verb == "AUTH":
                assert base64.b64decode(command.split()[-1])
                self.answer("AUTH")
            elif verb == "MAIL":
                self.server.begun += 1
                mail, recipient = self.answer("MAIL"), ""
            elif verb == "RCPT":
                told = mail or "RCPT" in self.server.says
                good = self.answer("RCPT") if told else self.say(b"503 MAIL first")
                recipient = command[9:-1] if good else ""
            elif verb == "DATA":
                if self.data(recipient):
                    mail, recipient = False, ""
            elif verb == "RSET":
                mail, recipient = False, ""
                self.say(b"250 OK")
            else:
                self.say(b"221 bye" if verb == "QUIT" else b"502 what?")

    def data(self, recipient: str) -> bool:
        """Whether a message ended here, taken or not."""
        asked = "DATA" in self.server.says
        if not recipient and not asked:
            return self.say(b"503 RCPT first") and False
        if not self.answer("DATA"):
            return False
        if self.server.deaf:
            self.say(RESET)
        whole = self.until(b"\r\n.\r\n")
        if not recipient:
            assert whole == b"", "something was said to nobody"
            return self.say(b"554 no valid recipients") or True
        message = whole.replace(b"\r\n..", b"\r\n.") + b"\r\n"
        self.server.heard.append((recipient, message))
        words = self.words("message")
        if _good(words):
            # Before it is said: whoever hears it may look at once.
            self.server.taken.append((recipient, message))
        self.say(words)
        if self.server.once:
            self.say(HANG_UP)
        return True

    def hello(self) -> bytes:
        extras = ["SIZE 10000000", "8BITMIME"]
        extras += ["PIPELINING"] * self.server.pipelining + ["SMTPUTF8"] * self.server.smtputf8
        extras += ["AUTH PLAIN"] * self.server.auth
        return b"250-here\r\n" + b"\r\n".join(
            f"250{' ' if one == extras[-1] else '-'}{one}".encode() for one in extras
        )

    def answer(self, phase: str, usual: bytes = b"") -> bool:
        return self.say(self.words(phase, usual))

    def words(self, phase: str, usual: bytes = b"") -> bytes:
        said = self.server.says.get(phase)
        if callable(said):
            said = said(self.server.begun)
        return usual or GOOD[phase] if said is None else said

    def say(self, words: bytes) -> bool:
        """Send an answer, or what stands for one; return whether it was a good one."""
        if words == SILENCE:
            there = self.line.getpeername()[1]
            self.server.silent.add(there)
            with contextlib.suppress(OSError):
                while self.line.recv(65536):
                    pass
            self.server.silent.discard(there)
            raise _Ended
        if words == RESET:
            linger = struct.pack("ii", 1, 0)
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            raise _Ended
        if words == HANG_UP:
            raise _Ended
        whole = words if words.endswith(b"\r\n") else words + b"\r\n"
        for piece in [bytes([one]) for one in whole] if self.server.by_piece else [whole]:
            self.line.sendall(piece)
            if self.server.by_piece:
                time.sleep(0.0005)
        if words.startswith(b"421"):
            raise _Ended
        return _good(words)

    def until(self, end: bytes) -> bytes:
        """What came before `end`, which a lone dot is when nothing stands before it."""
        while True:
            if end.startswith(b"\r\n.") and self.waiting.startswith(b".\r\n"):
                self.waiting = self.waiting[3:]
                return b""
            found, there, rest = self.waiting.partition(end)
            if there:
                self.waiting = rest
                return found
            more = self.line.recv(65536)
            if not more:
                raise _Ended
            self.waiting += more
            self.server.packets.append(more)


def _good(words: bytes) -> bool:
    return words[:1] in b"23"
