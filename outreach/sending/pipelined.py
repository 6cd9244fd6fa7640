"""Several things in one write, where the server says it takes that (RFC 2920).

Sender, recipient and DATA go together; the next letter's go behind the dot of the one before
(§3.1), so that a letter costs one round trip. Announced is not given: its message waits for the
answers to its own three commands, which the server gives in the order it was told.
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence

Said = tuple[int, bytes]
GO_ON = 354
# More than that without a line end is no answer (RFC 5321 §4.5.3.1.5 asks for 512).
_LONGEST_LINE = 8192
# What TLS sends whole or not at all (RFC 8446 §5.1). Of more, what went before it broke isn't told.
_RECORD = 16384


class Pipelined:
    """An open `line` on which everything is said through here; for one letter after the other."""

    def __init__(self, line: smtplib.SMTP) -> None:
        assert line.sock is not None
        self._line, self._sock = line, line.sock
        # What came and belongs to the next answers.
        self._heard = b""

    def announce(self, announcement: bytes) -> None:
        """Say what `announcement` made. Raises OSError or SMTPException when the line broke."""
        if self._heard:
            raise smtplib.SMTPServerDisconnected("The server said more than it was asked")
        self._sock.sendall(announcement)

    def answers(self) -> list[Said]:
        """Return the answers to an announcement's MAIL, RCPT and DATA, in order.

        Stops at what is no answer at all, and closes the line then. Raises OSError or SMTPException
        when the line broke before anything was refused.
        """
        answers: list[Said] = []
        try:
            while len(answers) < 3:
                answers.append(self.answer())
                if not 200 <= answers[-1][0] < 600:
                    self._line.close()
                    return answers
            if answers[2][0] == GO_ON:
                if not all(map(taken, answers[:2])):
                    self._nothing(answers)
                elif self._heard:
                    # Nobody asked for more: no answer after it would be the message's for certain.
                    answers[2] = (-1, self._heard)
                    self._line.close()
        except (OSError, smtplib.SMTPException):
            self._line.close()
            if all(map(taken, answers)):
                raise
        return answers

    def give(self, message: bytes, following: bytes) -> None:
        """Say the whole `message`, dot included, and the next announcement (b"" for none).

        Raises OSError when the message's end certainly did not go. What breaks behind it shows when
        the answer is asked for.
        """
        whole, begin = memoryview(message + following), 0
        try:
            while begin < len(whole):
                begin += self._sock.send(whole[begin : begin + _RECORD])
        except OSError:
            if begin < len(message):
                raise

    def answer(self) -> Said:
        """Return the next answer (RFC 5321 §4.2.1), its code -1 when it is none.

        Raises OSError or SMTPException when none comes.
        """
        words: list[bytes] = []
        while True:
            line = self._next_line()
            words.append(line[4:].strip(b" \t\r"))
            code = int(line[:3]) if line[:3].isdigit() else -1
            if code < 0 or line[3:4] != b"-":
                return code, b"\n".join(words)

    def _next_line(self) -> bytes:
        line, end, rest = self._heard.partition(b"\n")
        while not end:
            if len(self._heard) > _LONGEST_LINE:
                raise smtplib.SMTPResponseException(500, "Line too long.")
            try:
                more = self._sock.recv(_LONGEST_LINE)
            except TimeoutError:
                raise
            except OSError as error:
                words = f"Connection unexpectedly closed: {error}"
                raise smtplib.SMTPServerDisconnected(words) from error
            if not more:
                raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
            self._heard += more
            line, end, rest = self._heard.partition(b"\n")
        self._heard = rest
        return line

    def _nothing(self, answers: list[Said]) -> None:
        """The server waits for a message that it has no recipient for: a lone dot (§3.1) ends it.

        Where it has one all the same, an empty letter would reach them: then we hang up.
        """
        if taken(answers[1]):
            self._line.close()
            return
        self._sock.sendall(b".\r\n")
        self.answer()


def taken(answer: Said) -> bool:
    """Return whether MAIL or RCPT was taken."""
    return 200 <= answer[0] < 300


def announcement(sender: str, recipient: str, options: Sequence[str]) -> bytes:
    """Return the three commands; DATA must be the last of a group (RFC 2920 §3.1).

    Raises ValueError for what is no address.
    """
    if any(mark in f"{sender}{recipient}" for mark in "\r\n<>"):
        raise ValueError("an address ends its line")
    mail = " ".join((f"MAIL FROM:<{sender}>", *options))
    return f"{mail}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode()
