"""A scan of an answer on paper: kept as what came by mail is, in a message that carries it."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import Sequence
from email.message import EmailMessage

from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.errors import BadInput, Refused
from outreach.letters.models import Letter
from outreach.replies.consequences import placing
from outreach.replies.models import InboxState, Incoming, MailKind, Way
from outreach.replies.receiving import inbox
from outreach.words import N_, Sentence

MOST_BYTES = 15_000_000
# How the kinds we take begin, whatever they are called.
KINDS = {
    b"%PDF-": ("application", "pdf"),
    b"\xff\xd8\xff": ("image", "jpeg"),
    b"\x89PNG\r\n\x1a\n": ("image", "png"),
}
WHY = N_("%(name)s added it as a scan.")


def keep_scan(
    session: Session, letters: Sequence[Letter], data: bytes, *, by: Actor, now: dt.datetime
) -> Incoming:
    """Keep a scan (PDF, JPEG or PNG) with the `letters` that it answers; return the message.

    It is downloaded from there, never shown in a page. Raises BadInput (field `scan`), Refused
    for one that is there already.
    """
    kind = next((kind for start, kind in KINDS.items() if data.startswith(start)), None)
    if kind is None:
        raise BadInput(Sentence("A scan is a PDF, a JPEG or a PNG."), "scan")
    if len(data) > MOST_BYTES:
        raise BadInput(Sentence("This scan is larger than 15 MB. Scan it less finely."), "scan")
    campaign = session.get_one(Campaign, letters[0].campaign_id)
    raw = _wrapped(data, kind, letters, now=now)
    kept = inbox.keep(session, raw, way=Way.UPLOAD, campaign=campaign, now=now, by=by)
    if not kept.new:
        raise Refused(Sentence("This scan was added before."))
    row = session.get_one(Incoming, kept.id)
    row.kind, row.kind_reason = MailKind.OTHER, Sentence(WHY, name=by.name).as_json()
    row.subject, row.read_at = str(Sentence("Scan")), now
    inbox.change_state(session, row, InboxState.READ, by=by, now=now)
    placing.place(session, row, letters, unread=False, by=by, now=now)
    return row


def _wrapped(
    data: bytes, kind: tuple[str, str], letters: Sequence[Letter], *, now: dt.datetime
) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Scan"
    message["Date"] = email.utils.format_datetime(now)
    message["Message-ID"] = f"<scan-{letters[0].code}-{now:%Y%m%d%H%M%S%f}@scan.invalid>"
    message.set_content(", ".join(one.code for one in letters))
    message.add_attachment(data, maintype=kind[0], subtype=kind[1], filename=f"scan.{kind[1]}")
    return message.as_bytes()
