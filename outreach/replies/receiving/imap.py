"""A mailbox on a server (IMAP, RFC 3501): look what is there, take it byte by byte, move it.

The standard library's client, not one that hands over messages it has parsed: a message nobody can
parse must come in like any other, and is never marked or changed on the server by looking.
"""

from __future__ import annotations

import base64
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from outreach.accounts.models import Security
from outreach.errors import OutreachError
from outreach.words import Sentence

SECONDS = 30
_LISTED = re.compile(rb"UID (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_GONE = re.compile(rb"FLAGS \([^)]*\\Deleted", re.I)


class MailboxTrouble(OutreachError):
    """A mailbox can't be read. The sentence holds the server's words."""


class MessageTrouble(OutreachError):
    """One message can't be taken now; the others can."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where a mailbox is and how we get in. `folder`, `move_to`: names as people read them."""

    host: str
    port: int
    security: Security
    username: str
    password: str
    folder: str
    move_to: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A message in a folder: its UID, which holds as long as UIDVALIDITY does, and its bytes.

    `gone`: it is marked as deleted, and lies there only until somebody clears the folder up.
    """

    uid: int
    size: int
    gone: bool = False


class Folder:
    """An open folder. `validity` is its UIDVALIDITY."""

    def __init__(self, line: imaplib.IMAP4, access: Access) -> None:
        self._line, self._access = line, access
        # A server tells more of what it can after the sign-in (RFC 3501 §6.2.3).
        told = line.capability()[1]
        self._can = bytes(told[-1] or b"").decode("ascii", "replace").upper().split()
        self.validity = self._select()

    def _select(self) -> str:
        name = quoted(self._access.folder)
        # Without a place to move to nothing is to be changed, and the server holds us to it.
        _expect(self._line.select(name, readonly=not self._access.move_to), self._access.folder)
        told = self._line.response("UIDVALIDITY")[1]
        return bytes(told[0]).decode() if told and told[0] else "0"

    def messages(self) -> list[Listed]:
        """Return every message there is, oldest first."""
        # Not every server takes 1:* for an empty folder.
        if self._line.response("EXISTS")[1] == [b"0"]:
            return []
        rows = _expect(
            self._line.uid("FETCH", "1:*", "(UID FLAGS RFC822.SIZE)"), self._access.folder
        )
        found = []
        for row in rows:
            text = row[0] if isinstance(row, tuple) else row
            if text and (uid := _LISTED.search(text)):
                size = _SIZE.search(text)
                gone = _GONE.search(text) is not None
                found.append(Listed(int(uid[1]), int(size[1]) if size else 0, gone))
        return sorted(found, key=lambda one: one.uid)

    def message(self, uid: int) -> bytes | None:
        """Return the bytes of a message, None when it is gone. It stays unread on the server.

        Raises MessageTrouble when the server refuses this one.
        """
        status, rows = self._line.uid("FETCH", str(uid), "(UID BODY.PEEK[])")
        if status != "OK":
            raise MessageTrouble(_said(rows))
        for row in rows:
            if isinstance(row, tuple):
                uid_told = _LISTED.search(row[0])
                if uid_told is None or int(uid_told[1]) == uid:
                    return bytes(row[1])
        return None

    def move(self, uid: int) -> None:
        """Move a message to where taken ones go (RFC 6851; without it copy, then delete it alone).

        Raises MessageTrouble when the server refuses.
        """
        there = quoted(self._access.move_to)
        if "MOVE" in self._can:
            status, rows = self._line.uid("MOVE", str(uid), there)
            if status != "OK":
                raise MessageTrouble(_said(rows))
            return
        status, rows = self._line.uid("COPY", str(uid), there)
        if status != "OK":
            raise MessageTrouble(_said(rows))
        self._line.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._can:
            # Never a plain EXPUNGE: it would take what others have marked too.
            self._line.uid("EXPUNGE", str(uid))

    def has(self, folder: str) -> bool:
        """Return whether there is a folder of that name."""
        status, rows = self._line.list(pattern=quoted(folder))
        return status == "OK" and any(rows)


@contextmanager
def opened(access: Access, trust: ssl.SSLContext | None = None) -> Iterator[Folder]:
    """Connect, sign in and open the folder; raises MailboxTrouble for whatever fails meanwhile.

    `trust` says whose certificates hold; by default those the system trusts.
    """
    line: imaplib.IMAP4 | None = None
    try:
        line = _connected(access, trust or ssl.create_default_context())
        _sign_in(line, access)
        yield Folder(line, access)
    except (imaplib.IMAP4.error, OSError, EOFError, ValueError) as error:
        raise MailboxTrouble(_words(access, error)) from error
    finally:
        if line is not None:
            with suppress(imaplib.IMAP4.error, OSError, EOFError):
                line.logout()
            with suppress(OSError):
                line.shutdown()


def _connected(access: Access, trust: ssl.SSLContext) -> imaplib.IMAP4:
    if access.security is Security.TLS:
        return imaplib.IMAP4_SSL(access.host, access.port, ssl_context=trust, timeout=SECONDS)
    line = imaplib.IMAP4(access.host, access.port, timeout=SECONDS)
    if access.security is Security.STARTTLS:
        line.starttls(trust)
    return line


def _sign_in(line: imaplib.IMAP4, access: Access) -> None:
    """SASL PLAIN where there is one: it takes passwords of every alphabet (RFC 4616)."""
    try:
        if "AUTH=PLAIN" in line.capabilities:
            words = f"\0{access.username}\0{access.password}".encode()
            line.authenticate("PLAIN", lambda _challenge: words)
        else:
            line.login(access.username, access.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise MailboxTrouble(
            Sentence(
                "The mail server turned us away (%(words)s). Check user name and password; many "
                "providers want IMAP switched on first, and a password of its own for programs.",
                words=" ".join(str(error).strip("b'\"").split())[:300],
            )
        ) from error


def _expect(answer: tuple[str, list[Any]], folder: str) -> list[Any]:
    status, rows = answer
    if status != "OK":
        raise MailboxTrouble(
            Sentence(
                "The folder %(folder)s can't be opened: %(words)s", folder=folder, words=_said(rows)
            )
        )
    return rows


def _said(rows: list[Any]) -> Sentence:
    words = b" ".join(row for row in rows if isinstance(row, bytes)).decode("utf-8", "replace")
    return Sentence("%(words)s", words=" ".join(words.split())[:300] or "?")


def _words(access: Access, error: Exception) -> Sentence:
    """What went wrong with the line, and what to do about it."""
    said = " ".join(str(error).strip("b'\"").split())[:300] or type(error).__name__
    where: dict[str, str] = {"host": access.host, "port": str(access.port), "words": said}
    if isinstance(error, ssl.SSLCertVerificationError):
        where["words"] = error.verify_message or said
        return Sentence(
            "The mail server can't prove that it is %(host)s (%(words)s), so no password was told "
            "to it. Write its name as your provider gives it; if it is written so, send the "
            "provider these words: the certificate has to be renewed.",
            host=where["host"],
            words=where["words"],
        )
    if isinstance(error, ssl.SSLError) or "STARTTLS" in said.upper():
        return Sentence(
            "No encrypted line to %(host)s, port %(port)s comes about: %(words)s. Try the other "
            "kind of encryption with its port: from the start with 993, after the greeting with "
            "143.",
            **where,
        )
    if isinstance(error, socket.gaierror):
        return Sentence(
            "There is no mail server called %(host)s (%(words)s). Check how the name is written.",
            host=where["host"],
            words=where["words"],
        )
    if isinstance(error, imaplib.IMAP4.abort | OSError | EOFError):
        return Sentence(
            "The mail server %(host)s, port %(port)s can't be reached or broke off: %(words)s",
            **where,
        )
    return Sentence("The mail server turned us away: %(words)s", words=said)


def quoted(name: str) -> str:
    """Return the name of a folder as the protocol wants it: modified UTF-7, in quotes.

    RFC 3501 §5.1.3 and §4.3.
    """
    written, run = [], ""
    for sign in name + "\0":
        if " " <= sign <= "~":
            written.append(_shifted(run) + ("&-" if sign == "&" else sign))
            run = ""
        elif sign == "\0":
            written.append(_shifted(run))
        else:
            run += sign
    return '"' + "".join(written).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shifted(run: str) -> str:
    if not run:
        return ""
    code = base64.b64encode(run.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
    return f"&{code}-"
