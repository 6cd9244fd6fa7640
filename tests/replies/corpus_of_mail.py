"""The corpus: messages that somebody wrote who had not seen the code, and what each one is."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.letters.lifecycle import State
from outreach.replies.matches import traces
from outreach.sending.models import Attempt, Outcome
from tests import make

OURS = "answers@campaign.example"
# As retyping is read back: `reply_address` does the same with real tags.
_RETYPED = str.maketrans({"l": "1", "i": "1", "o": "0"})
FOLDER = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class Expected:
    """What one message is, as its writer meant it. `letters` are ids of letters.yaml."""

    file: str
    language: str
    kind: str
    letters: tuple[str, ...]
    certain: bool
    said: dict[str, Any] = field(repr=False)

    @property
    def raw(self) -> bytes:
        """The message as a server hands it over."""
        return (FOLDER / self.file).read_bytes()

    @property
    def name(self) -> str:
        """What a test calls it."""
        return Path(self.file).stem


@functools.cache
def letters() -> list[dict[str, Any]]:
    """Return the letters that went out."""
    found: list[dict[str, Any]] = yaml.safe_load((FOLDER / "letters.yaml").read_text("utf-8"))
    return found


@functools.cache
def messages() -> list[Expected]:
    """Return every message that lies in a file."""
    rows = yaml.safe_load((FOLDER / "expected.yaml").read_text("utf-8"))
    return [
        Expected(
            file=row["file"],
            language=row["language"],
            kind=row["kind"],
            letters=tuple(row["letters"]),
            certain=row["certain"],
            said=row,
        )
        for row in rows
    ]


def send_letters(session: Session, campaign: Campaign) -> dict[str, int]:
    """Write the letters of the corpus as sent; return {their name there: their number here}."""
    found, desks = {}, {}
    for one in letters():
        mail = one["email"]
        if mail not in desks:
            desks[mail] = make.office(session, name=one["office"], key=f"email:{mail}")
        row = make.letter(
            session,
            campaign,
            target=make.target(
                session,
                name=one["name"],
                office=desks[mail],
                jurisdiction=make.jurisdiction(session, one["country"]),
            ),
            state=State.SENT,
            sent_at=dt.datetime.fromisoformat(one["date"]),
            address=mail,
            code=one["code"],
            language=one["language"],
            subject=one["subject"],
            text=one["text"],
        )
        session.add(_attempt(row.id, row.sent_at, one["message_id"].strip("<>")))
        traces.trace(session, [row])
        found[one["id"]] = row.id
    session.flush()
    return found


def _attempt(letter_id: int, at: dt.datetime | None, message_id: str) -> Attempt:
    assert at is not None
    return Attempt(
        letter_id=letter_id,
        number=1,
        message_id=message_id,
        transport="smtp",
        worker="w",
        rehearsal=False,
        started_at=at,
        lease_until=at,
        ended_at=at,
        outcome=Outcome.DELIVERED,
    )


def reader_of(numbers: dict[str, int]) -> Callable[[str], int | None]:
    """Return what reads the tags of the corpus, as `reply_address.letter_of` reads real ones."""
    tags = {one["tag"]: numbers[one["id"]] for one in letters()}

    def letter_of(address: str) -> int | None:
        local = address.strip("<>").rpartition("@")[0]
        return tags.get(local.rpartition("+")[2].lower().translate(_RETYPED))

    return letter_of
