"""A desk with letters that left and messages that came in, for tests of its pages."""

from __future__ import annotations

import datetime as dt

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.directory.spelling import search_key
from outreach.letters.lifecycle import State
from outreach.replies.matches import sorting, traces
from outreach.replies.models import Incoming, Way
from outreach.replies.receiving import inbox, intake
from tests import make

OUR_WORDS = (
    "Dear Member,\n\nWe ask you to support the listing of the border guards responsible.\n\n"
    "Will you table a question to the minister before the recess?\n\nYours sincerely,\nExample"
)


def sent_letter(database: Database, campaign: Campaign, name: str, code: str, **values) -> int:
    """A letter that left, with what it is found by."""
    with database.writing() as session:
        if session.get(make.Jurisdiction, "LV") is None:
            make.jurisdiction(session, "LV", name="Latvia")
        to = make.target(session, name=name, jurisdiction_code="LV")
        to.search_key = search_key(to.name)
        values = {"state": State.SENT, "target": to, "code": code, "text": OUR_WORDS} | values
        letter = make.letter(session, campaign, **values)
        traces.trace(session, traces.untraced(session))
        return letter.id


def mail(
    words: str, *, who: str = "secretary@office.example", subject: str = "FW: FW:", **heads: str
) -> bytes:
    """The bytes of a message."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in heads.items())
    return (
        f"From: Secretary <{who}>\r\nTo: answers@campaign.example\r\nSubject: {subject}\r\n"
        f"Date: Tue, 3 Mar 2026 09:00:00 +0000\r\nMessage-ID: <{hash(words + who)}@x.example>\r\n"
        f"{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
    ).encode()


def arrives(
    database: Database, campaign: Campaign, raw: bytes, *, now: dt.datetime = make.NOW
) -> int:
    """Store, read and sort a message as the clock does; return its number."""
    with database.writing() as session:
        number = inbox.keep(session, raw, way=Way.PIPE, campaign=campaign, now=now).id
    intake.read_new(database, now=now)
    sorting.sort_waiting(database, now=now, letter_of=lambda _address: None)
    return number


def incoming(database: Database, number: int) -> Incoming:
    """The message as it is now."""
    with database.reading() as session:
        row = session.get_one(Incoming, number)
        session.expunge(row)
        return row
