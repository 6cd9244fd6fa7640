"""Sender, recipient and DATA in one write, where the server says it takes that (RFC 2920).

A letter costs two round trips: this group, then the message. Nothing of the next letter travels
behind it, so that every answer belongs to the letter that was said last.
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence

Said = tuple[int, bytes]
GO_ON = 354


def together(line: smtplib.SMTP, sender: str, recipient: str, options: Sequence[str]) -> list[Said]:
    """Announce a letter on `line` and return the answers to MAIL, RCPT and DATA, in order.

    Stops at what is no answer at all, and closes the line then. Raises OSError or SMTPException
    when the line broke before anything was refused; ValueError for what is no address.
    """
    line.send(_group(sender, recipient, options))
    answers: list[Said] = []
    try:
        while len(answers) < 3:
            answers.append(line.getreply())
            if not 200 <= answers[-1][0] < 600:
                line.close()
                return answers
        if answers[2][0] == GO_ON and not all(map(taken, answers[:2])):
            _nothing(line, answers)
    except (OSError, smtplib.SMTPException):
        line.close()
        if all(map(taken, answers)):
            raise
    return answers


def taken(answer: Said) -> bool:
    """Return whether MAIL or RCPT was taken."""
    return 200 <= answer[0] < 300


def _group(sender: str, recipient: str, options: Sequence[str]) -> bytes:
    """The three commands; DATA must be the last of a group (RFC 2920 §3.1)."""
    if any(mark in f"{sender}{recipient}" for mark in "\r\n<>"):
        raise ValueError("an address ends its line")
    mail = " ".join((f"MAIL FROM:<{sender}>", *options))
    return f"{mail}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode()


def _nothing(line: smtplib.SMTP, answers: list[Said]) -> None:
    """The server waits for a message that it has no recipient for: a lone dot (§3.1) ends it.

    Where it has one all the same, an empty letter would reach them: then we hang up.
    """
    if taken(answers[1]):
        line.close()
        return
    line.send(b".\r\n")
    line.getreply()
