"""What a mail system reports in a form machines read: not delivered, opened, called spam.

multipart/report (RFC 6522) with message/delivery-status (RFC 3464), disposition-notification
(RFC 8098) or feedback-report (RFC 5965), and the headers of the mail it is about.
"""

from __future__ import annotations

import email.message
import email.parser
import email.policy
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from outreach.replies.mail import mime
from outreach.replies.mail.mime import Part, header

MOST_BYTES = 200_000
MOST_RECIPIENTS = 100
_PARSER = email.parser.BytesHeaderParser(policy=email.policy.compat32)
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


class ReportKind(StrEnum):
    """What a report tells of."""

    DELIVERY = "delivery"
    DISPOSITION = "disposition"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Recipient:
    """What became of a mail for one address. `action` as in RFC 3464 §2.3.3, `status` x.y.z."""

    final: str
    original: str
    action: str
    status: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report. `about` are the headers of the mail it is about: Message-ID, To, Subject, From."""

    kind: ReportKind
    recipients: tuple[Recipient, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    # The Message-ID of the mail it is about, without angle brackets.
    about_id: str = ""
    # RFC 8098 §3.2.6 (`displayed`, `deleted` …) or RFC 5965 §3.1 (`abuse` …).
    says: str = ""

    def about_header(self, name: str) -> str:
        """Return a header of the mail it is about, or nothing."""
        wanted = name.lower()
        return next((value for key, value in self.about if key.lower() == wanted), "")


_KINDS = {
    "message/delivery-status": ReportKind.DELIVERY,
    "message/global-delivery-status": ReportKind.DELIVERY,
    "message/disposition-notification": ReportKind.DISPOSITION,
    "message/global-disposition-notification": ReportKind.DISPOSITION,
    "message/feedback-report": ReportKind.FEEDBACK,
}

# RFC 6522 §3 and, for headers in UTF-8, RFC 6533 §6.
_HEADERS = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})


def report_in(root: Part, parts: Sequence[Part]) -> Report | None:
    """Return the report that a message is, None when it is none.

    The part that machines read decides, also where the outer type is wrong (Exchange, some
    gateways); but not one deep inside a forwarded mail.
    """
    told = next((one for one in parts if one.kind in _KINDS), None)
    if told is None:
        return None
    kind = _KINDS[told.kind]
    blocks = _blocks(told)
    about = _about(parts, told)
    if kind is ReportKind.DELIVERY:
        rows = tuple(_recipient(block) for block in blocks[1:][:MOST_RECIPIENTS])
        return Report(kind, rows, about, _id_of(about, blocks))
    first = blocks[0] if blocks else email.message.Message()
    if kind is ReportKind.DISPOSITION:
        says = header(first, "Disposition").rpartition(";")[2].partition("/")[0].strip().lower()
        rows = (_recipient(first),)
        return Report(kind, rows, about, _id_of(about, blocks), says)
    rows = (Recipient("", _plain(header(first, "Original-Rcpt-To")), "", "", ""),)
    return Report(kind, rows, about, _id_of(about, blocks), header(first, "Feedback-Type").lower())


def _blocks(part: Part) -> list[email.message.Message]:
    """The groups of fields of a report: the first about the mail, then one for each address.

    Some systems send no group about the mail; then an empty one stands in its place.
    """
    text = part.body()[0][:MOST_BYTES].replace(b"\r\n", b"\n").strip(b"\n")
    pieces = [one for one in re.split(rb"\n[ \t]*\n", text) if one.strip()]
    blocks = [_PARSER.parsebytes(piece + b"\n\n") for piece in pieces[: MOST_RECIPIENTS + 1]]
    blocks = [one for one in blocks if one.keys()]
    if blocks and header(blocks[0], "Final-Recipient") and _KINDS[part.kind] is ReportKind.DELIVERY:
        blocks.insert(0, email.message.Message())
    return blocks


def _recipient(block: email.message.Message) -> Recipient:
    status = _STATUS.search(header(block, "Status"))
    diagnostic = header(block, "Diagnostic-Code").partition(";")
    said = (diagnostic[2] or diagnostic[0]).strip()
    return Recipient(
        final=_plain(header(block, "Final-Recipient")),
        original=_plain(header(block, "Original-Recipient")),
        action=header(block, "Action").strip().lower(),
        status=status[0] if status else "",
        diagnostic=said[:1_000],
    )


def _plain(value: str) -> str:
    """The address of `rfc822; Name <a@b>` (RFC 3464 §2.3.1)."""
    value = value.rpartition(";")[2].strip()
    found = re.search(r"<([^<>]*)>", value)
    local, at, domain = (found[1] if found else value).strip().rpartition("@")
    return f"{local}{at}{domain.lower()}"[:320]


def _about(parts: Sequence[Part], told: Part) -> tuple[tuple[str, str], ...]:
    """The headers of the mail that came with the report, whole or headers only."""
    for part in parts:
        if part is told:
            continue
        if mime.is_message(part) and part.inner:
            return _wanted(part.inner[0].headers)
        if part.kind in _HEADERS:
            data = part.body()[0][:MOST_BYTES].replace(b"\r\n", b"\n").lstrip(b"\n")
            return _wanted(_PARSER.parsebytes(data))
    return ()


_TOLD = ("Message-ID", "From", "To", "Subject", "Date", "Reply-To", "In-Reply-To", "References")


def _wanted(head: email.message.Message) -> tuple[tuple[str, str], ...]:
    found = ((name, header(head, name)) for name in _TOLD)
    return tuple((name, value) for name, value in found if value)


def _id_of(about: Iterable[tuple[str, str]], blocks: Sequence[email.message.Message]) -> str:
    values = [value for name, value in about if name == "Message-ID"]
    values += [
        header(block, name)
        for block in blocks[:3]
        for name in ("Original-Message-ID", "X-Original-Message-ID")
    ]
    return next((value.strip().strip("<>") for value in values if value), "")[:998]
