"""A mail server as a process of its own that counts, and that kills and cuts when it is told to.

Every message it takes is a line of JSON in its book BEFORE it says 250, so the book is what really
happened. It reads orders (JSON, one a line) from standard input and tells of deeds on standard
output; it ends when its input ends.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

MESSAGE_ID = re.compile(rb"^Message-ID: *<([^>]+)>", re.MULTILINE | re.IGNORECASE)
CODE = re.compile(rb"[A-Z0-9]{3}-[A-Z0-9]{3}")
# Up to here the killer looks at nothing but the watch; longer delays let others work meanwhile.
SPIN = 0.001
# Where a line can be cut, by what has happened to the message until then.
BEFORE_THE_MESSAGE = ("mail", "rcpt", "data")
CUTS = (*BEFORE_THE_MESSAGE, "middle", "dot", "taken", "answered")


class MailServer:
    """Takes everything, unless it has an order.

    kill    {pids, after, when, delay, any}: once, at the letter that follows `after` others,
            `delay` seconds behind `when`: "whole" (its last byte is here), "taken" (it is in the
            book), "answered" (250 is written); who is at the wire dies, with `any` the first pid
    cut     {where, chance, seed}: a message's line is cut with that chance at one of `where`
    delay   seconds before a message is taken
    refuse  the answer to every recipient
    """

    def __init__(self, book: Path) -> None:
        self.book = os.open(book, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.port = 0
        self.lines = 0
        self.kill: dict[str, Any] = {}
        self.cut: dict[str, Any] = {}
        self.chance = random.Random(0)
        self.delay = 0.0
        self.refuse = ""

    def order(self, what: dict[str, Any]) -> None:
        """Do from now on what is asked."""
        if "cut" in what:
            self.chance = random.Random(what["cut"].get("seed", 0))
        for name, value in what.items():
            setattr(self, name, value)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client, line after line; what is pipelined is answered in its turn."""
        self.lines += 1
        line = Line(self, self.lines, reader, writer)
        try:
            await line.talk()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    def write(self, **what: Any) -> None:
        """Add a line to the book."""
        os.write(self.book, json.dumps({"at": time.time(), **what}).encode() + b"\n")


class Cut(OSError):
    """The line was cut on purpose."""


class Line:
    """One connection."""

    def __init__(
        self,
        server: MailServer,
        number: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.server, self.number, self.reader, self.writer = server, number, reader, writer
        self.recipient = ""
        self.cut_at = ""

    async def talk(self) -> None:
        self.say("220 chaos ESMTP")
        while True:
            command = (await self.reader.readline()).decode("utf-8", "replace")
            if not command:
                return
            verb = command[:4].upper().strip()
            if verb == "QUIT":
                self.say("221 bye")
                return
            if verb == "DATA":
                await self.data()
            elif verb == "EHLO":
                self.say("250-chaos", "250-PIPELINING", "250-SIZE", "250-8BITMIME", "250 SMTPUTF8")
            else:
                self.envelope(verb, command)

    def envelope(self, verb: str, command: str) -> None:
        if verb == "MAIL":
            self.cut_at = self.fate()
            self.cut("mail")
        if verb == "RCPT":
            self.cut("rcpt")
            self.recipient = command.partition("<")[2].partition(">")[0]
            if self.server.refuse:
                self.say(self.server.refuse)
                return
        self.say("250 ok")

    async def data(self) -> None:
        self.cut("data")
        self.say("354 go on")
        if self.cut_at == "middle":
            await self.reader.readline()
            self.cut("middle")
        message = await self.reader.readuntil(b"\r\n.\r\n")
        self.cut("dot")
        if self.server.delay:
            await asyncio.sleep(self.server.delay)
        victim = self.victim()
        if self.strike(victim, "whole"):
            return
        self.take(message[:-3])
        self.strike(victim, "taken")
        self.cut("taken")
        self.say("250 taken")
        self.strike(victim, "answered")
        self.cut("answered")

    def take(self, message: bytes) -> None:
        """Into the book: from here on the message is delivered, whoever knows of it."""
        plain = message.replace(b"\r\n..", b"\r\n.")
        found, code = MESSAGE_ID.search(plain), CODE.search(plain.partition(b"\r\n\r\n")[2])
        self.server.write(
            id=found.group(1).decode() if found else "",
            code=code.group(0).decode() if code else "",
            to=self.recipient,
            digest=hashlib.sha256(plain).hexdigest(),
            line=self.number,
        )

    def say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())

    def fate(self) -> str:
        """Where this message's line will be cut, or ""."""
        order, chance = self.server.cut, self.server.chance
        if order and chance.random() < order["chance"]:
            return str(chance.choice(order["where"]))
        return ""

    def cut(self, where: str) -> None:
        """Reset the connection (RFC 9293 §3.5.2) when it is the place for it."""
        if self.cut_at != where:
            return
        self.server.write(cut=where, line=self.number)
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        raise Cut(where)

    def victim(self) -> int:
        """The process at the other end, when it is one of those to be killed now; else 0."""
        order = self.server.kill
        if not order:
            return 0
        if order["after"] > 0:
            order["after"] -= 1
            return 0
        if order.get("any"):
            return int(order["pids"][0])
        return process_at(self.writer.get_extra_info("peername")[1], order["pids"])

    def strike(self, victim: int, when: str) -> bool:
        """Kill it when this is the moment; whether it was."""
        order = self.server.kill
        if not victim or order.get("when") != when:
            return False
        self.server.kill = {}
        delay = order["delay"]
        if delay > SPIN:
            asyncio.get_running_loop().call_later(delay, kill, victim)
            return True
        until = time.perf_counter() + delay
        while time.perf_counter() < until:
            pass
        kill(victim)
        return True


def kill(victim: int) -> None:
    """End the process as no process can prevent."""
    try:
        os.kill(victim, signal.SIGKILL)
    finally:
        print(json.dumps({"killed": victim}), flush=True)


def process_at(port: int, pids: list[int]) -> int:
    """Which of `pids` holds the client's end of the connection from `port` of this machine; or 0.

    Read from /proc (proc(5)).
    """
    wanted = f":{port:04X}"
    rows = (row.split() for row in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:])
    inodes = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(wanted)}
    for pid in pids:
        try:
            held = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
        except OSError:
            continue
        if inodes & held:
            return pid
    return 0


async def main(book: Path) -> None:
    """Serve on a free port of this machine until standard input ends."""
    server = MailServer(book)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=2**22)
    print(json.dumps({"port": listening.sockets[0].getsockname()[1]}), flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    while order := await orders.readline():
        server.order(json.loads(order))
        print(json.dumps({"done": True}), flush=True)


class Server:
    """The server's process, as a test holds it."""

    def __init__(self, folder: Path) -> None:
        self.book = folder / "book.jsonl"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.server", str(self.book)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd=Path(__file__).parents[2],
        )
        self._deeds: list[dict[str, Any]] = []
        self.port = int(self._next()["port"])

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.communicate(timeout=60)

    def order(self, **what: Any) -> None:
        """Give an order and wait until it holds. What it tells meanwhile is kept for `told`."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        while not (deed := self._next()).get("done"):
            self._deeds.append(deed)

    def told(self, *, within: float) -> dict[str, Any]:
        """The next thing it tells, or {} when it keeps silent for `within` seconds."""
        if self._deeds:
            return self._deeds.pop(0)
        ready, _, _ = select.select([self.process.stdout], [], [], within)
        return self._next() if ready else {}

    def _next(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    def taken(self) -> list[dict[str, Any]]:
        """Every message it took, in order."""
        return [one for one in self._written() if "id" in one]

    def cuts(self) -> list[str]:
        """Where it cut lines, in order."""
        return [one["cut"] for one in self._written() if "cut" in one]

    def _written(self) -> list[dict[str, Any]]:
        if not self.book.exists():
            return []
        return [json.loads(line) for line in self.book.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
