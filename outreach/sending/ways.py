"""The way out of one process: live letters by their campaign's mail account, the rest captured."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

from outreach.accounts.models import MailAccount, Sender
from outreach.config import Settings
from outreach.errors import OutreachError
from outreach.letters.models import Letter
from outreach.sending import dkim, fast_dkim, fast_message, message, reply_address
from outreach.sending.capture import CapturePostman
from outreach.sending.dkim import DkimKey
from outreach.sending.message import new_message_id, wire_address
from outreach.sending.plain import one_by_one
from outreach.sending.postman import (
    OF_THE_ACCOUNT,
    Answer,
    Envelope,
    Postman,
    Refusal,
    TransportError,
    Written,
)
from outreach.sending.smtp import Server, SMTPPostman
from outreach.signing import Vault


class Ways:
    """Writes, signs and hands over; keeps one connection per account. For one worker at a time.

    `vault` opens the accounts' passwords and keys, `fast` writes, signs and talks to servers by our
    own code (the same letters), `together` letters are claimed and kept at a time, `trust` says
    whose certificates hold.
    """

    name = "smtp"

    def __init__(
        self,
        capture: Postman,
        vault: Vault,
        *,
        fast: bool = True,
        together: int = 1,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.together = together
        self._capture = capture
        self._vault = vault
        self._tags = reply_address.key_of(vault)
        self._build = fast_message.build if fast else message.build
        self._sign = fast_dkim.sign if fast else dkim.sign
        self._fast = fast
        self._trust = trust
        # What was unlocked already: opening takes longer than writing.
        self._known: dict[str, str] = {}
        self._lines: dict[int, SMTPPostman] = {}
        # Accounts whose password or key was locked with another home's key, and the words for it.
        self._shut: dict[int, str] = {}
        self._one_at_a_time = threading.Lock()

    def __enter__(self) -> Ways:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def takes(self, *, rehearsal: bool) -> bool:
        """Return True: what is rehearsed is captured, what is live goes by SMTP."""
        return True

    def write_by(
        self,
        account: MailAccount | None,
        sender: Sender,
        letter: Letter,
        *,
        now: dt.datetime,
        message_id: str = "",
        html: bool = False,
        rehearsal: bool = False,
    ) -> Written:
        """Return `letter`, kept or not, signed where there is a key; see `Postman.write_by`."""
        if account is None:
            how: dict[str, Any] = {"html": html, "rehearsal": True, "message_id": message_id}
            return self._capture.write_by(None, sender, letter, now=now, **how)
        key = self._ready_for(account, sender)
        message_id = message_id or new_message_id(sender.from_address)
        written = self._build(
            letter,
            sender,
            message_id=message_id,
            date=now,
            rehearsal=rehearsal,
            html=html,
            reply_to=self._answers(account, sender, letter),
        )
        if key is not None:
            written = self._sign(written, key, at=now)
        envelope = Envelope(
            message_id=message_id,
            sender=wire_address(account.bounce_address or sender.from_address).addr_spec,
            recipient=wire_address(letter.address).addr_spec,
            rehearsal=rehearsal,
            at=now,
            account_id=account.id,
        )
        return Written(written, envelope)

    def deliver(self, message: bytes, envelope: Envelope, *, ahead: Written | None = None) -> str:
        """Hand over `message` by the account it was written for, and return the server's answer.

        `ahead` is delivered next, or nothing of it goes. Raises TransportError when `message`
        certainly was not taken, Unanswered when nobody knows.
        """
        if envelope.rehearsal:
            return self._capture.deliver(message, envelope)
        line = self._lines.get(envelope.account_id or 0)
        if envelope.account_id in self._shut:
            raise TransportError(self._shut[envelope.account_id], refusal=Refusal.ACCOUNT)
        if line is None:
            raise TransportError("this worker does not know the account", refusal=Refusal.LATER)
        if ahead is not None and _way(ahead.envelope) != _way(envelope):
            ahead = None
        with self._one_at_a_time:
            return line.deliver(message, envelope, ahead=ahead)

    def deliver_all(
        self, letters: Sequence[Written], *, going: Callable[[], bool]
    ) -> Iterator[Answer]:
        """Hand over one after the other, and give what became of each.

        What turned an account away or could not reach it holds for the rest of its letters here.
        """
        shut: dict[int | None, TransportError] = {}

        def deliver(one: Written, ahead: Written | None) -> str:
            account = one.envelope.account_id
            if account in shut:
                raise shut[account]
            try:
                return self.deliver(one.message, one.envelope, ahead=ahead)
            except TransportError as error:
                if error.refusal in OF_THE_ACCOUNT:
                    shut[account] = error
                raise

        try:
            yield from one_by_one(deliver, letters, going=going)
        finally:
            with self._one_at_a_time:
                for line in self._lines.values():
                    line.let_go()

    def close(self) -> None:
        """Say goodbye to every server."""
        lines, self._lines = self._lines, {}
        for line in lines.values():
            line.close()

    def _ready_for(self, account: MailAccount, sender: Sender) -> DkimKey | None:
        """Keep how to reach the account; return its key. What can't be opened is told by `deliver`.

        That is no fault of the letter, which stays unsigned and does not go.
        """
        self._shut.pop(account.id, None)
        try:
            self._remember(account)
            return self._key(account, sender)
        except OutreachError as error:
            self._shut[account.id] = str(error)
            return None

    def _remember(self, account: MailAccount) -> None:
        """Keep how to reach the account; a change of it begins a new connection."""
        server = server_of(account, self._opened(account.password))
        known = self._lines.get(account.id)
        if known is None or known.server != server:
            if known is not None:
                known.close()
            self._lines[account.id] = SMTPPostman(server, trust=self._trust, fast=self._fast)

    def _answers(self, account: MailAccount, sender: Sender, letter: Letter) -> str:
        """Where answers go: with a tag where the mailbox takes tags, "" for the sender's own."""
        if not account.reply_tags:
            return ""
        plain = sender.reply_to or sender.from_address
        return reply_address.tagged(plain, letter.id or 0, self._tags)

    def _key(self, account: MailAccount, sender: Sender) -> DkimKey | None:
        """The account's key, when it speaks for the domain in From (RFC 7489 §3.1.1, relaxed)."""
        domain = wire_address(sender.from_address).domain
        if not account.dkim_key or not f".{domain}".endswith(f".{account.dkim_domain}"):
            return None
        pem = self._opened(account.dkim_key)
        return DkimKey(account.dkim_domain, account.dkim_selector, pem)

    def _opened(self, locked: str) -> str:
        if locked not in self._known:
            self._known[locked] = self._vault.unlock(locked)
        return self._known[locked]


def _way(envelope: Envelope) -> int | None:
    """By which account a letter goes; None for one that is captured."""
    return None if envelope.rehearsal else envelope.account_id


def ways_of(settings: Settings) -> Ways:
    """Return the way out of an installation."""
    vault = Vault(settings.secret_key)
    capture = CapturePostman(settings.capture)
    return Ways(capture, vault, fast=settings.fast, together=settings.batch)


def server_of(account: MailAccount, password: str) -> Server:
    """Return the server of an account as we reach it with its `password`."""
    return Server(
        host=account.host,
        port=account.port,
        hello=account.hello,
        security=account.security,
        username=account.username,
        password=password,
    )
