"""What a mail server's answer means for the letter, by when it came (RFC 5321 §4.2, RFC 3463).

Both ways of talking to a server ask here; what follows from each meaning is in `results` and
`refusals`.
"""

from __future__ import annotations

import re
from enum import StrEnum

from outreach.sending.postman import Refusal


class Phase(StrEnum):
    """What we had said when the answer came."""

    SENDER = "MAIL FROM"
    RECIPIENT = "RCPT TO"
    DATA = "DATA"
    MESSAGE = "message"


# The enhanced code that may begin the words (RFC 3463 §2): class, subject, detail.
_ENHANCED = re.compile(r"5\.(\d{1,3})\.(\d{1,3})\b")
# They want us to sign in, or better (RFC 4954 §6).
_SIGN_IN = (530, 534, 535, 538)
# They did not understand what we said (RFC 5321 §4.2.1, x0z): no letter is at fault.
_NOT_UNDERSTOOD = range(500, 505)
# RFC 5321 §4.5.3.1.10: 552 is what old servers say for a mailbox that is full for now.
_NO_ROOM = 552


def sense(code: int) -> bool:
    """Return whether `code` is an answer that refuses; anything else was no answer to a letter."""
    return 400 <= code < 600


def meaning(phase: Phase, code: int, words: str) -> Refusal:
    """Return why the letter was not taken, when `code` and `words` were said in `phase`.

    The enhanced code goes before the code where it says more: a full mailbox is no bad address,
    and a server that wants nothing from us (5.7.x) says nothing against an address.
    """
    if code < 500 or not sense(code) or code in _NOT_UNDERSTOOD:
        return Refusal.LATER
    if code in _SIGN_IN:
        return Refusal.ACCOUNT
    found = _ENHANCED.search(words)
    subject, detail = found.groups() if found else ("", "")
    if (subject, detail) == ("2", "2") or (code == _NO_ROOM and not subject):
        return Refusal.LATER
    if phase is Phase.SENDER:
        return Refusal.SENDER
    if phase is Phase.RECIPIENT and (subject != "7" and (code != 554 or subject == "1")):
        return Refusal.ADDRESS
    return Refusal.CONTENT


def said(code: int, words: bytes) -> str:
    """Return an answer in one line, with its code when it had one."""
    # No database keeps a text with a zero octet whole.
    told = " ".join(words.decode("utf-8", "replace").replace("\0", "\ufffd").split())
    return f"{code} {told}".strip() if code > 0 else told or "an empty answer"
