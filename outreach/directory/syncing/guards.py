"""What a person must say yes to before an import is written, and the numbers it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.syncing.models import ImportRun, RunState
from outreach.words import N_

if TYPE_CHECKING:
    from outreach.directory.syncing.staging import Staging

# One in ten: an ordinary month changes far less, an election or a broken list far more.
SHARE = 0.1

ENDS = N_(
    "%(number)s of the %(total)s people we have from this list are no longer on it. After an "
    "election that is right; otherwise the list may be broken. End their seats?"
)
UNSEATS = N_(
    "%(number)s of the %(total)s people we have from this list are still on it, but without a "
    "seat they had. The list may be broken. End those seats?"
)
EMPTIES = N_(
    "“%(field)s” is empty now for %(number)s of the %(total)s people who are still on the list. "
    "Nothing will be deleted, but the list may be broken. Take the rest of it?"
)
OLDER = N_(
    "This list is of %(day)s, older than the one of %(newest)s that was read before. Write it "
    "all the same?"
)


def summary(session: Session, run: ImportRun, staging: Staging) -> dict[str, Any]:
    """Return {"counts": …, "questions": […]} of what was staged.

    A question is {"code", "words", "values"}; the words are a sentence with gaps.
    """
    counts = staging.counts
    total = sum(1 for _said, _person, gone in staging.known.values() if not gone)
    questions: list[dict[str, Any]] = []
    if counts["ended"] > SHARE * total:
        questions.append(_question("ends", ENDS, number=counts["ended"], total=total))
    if counts["unseated"] > SHARE * total:
        questions.append(_question("unseats", UNSEATS, number=counts["unseated"], total=total))
    both = len(staging.seen & staging.known.keys())
    for field, number in sorted(staging.emptied.items()):
        if number > SHARE * both:
            questions.append(
                _question(f"empties:{field}", EMPTIES, field=field, number=number, total=both)
            )
    newest = session.scalar(
        sa.select(sa.func.max(ImportRun.as_of)).where(
            ImportRun.source_id == run.source_id, ImportRun.state == RunState.APPLIED
        )
    )
    if newest is not None and newest > run.as_of:
        questions.append(
            _question("older", OLDER, day=run.as_of.isoformat(), newest=newest.isoformat())
        )
    return {
        "counts": {
            **dict(counts),
            "fields": dict(staging.fields),
            "emptied": dict(staging.emptied),
            "read": len(staging.seen),
            "follows": staging.follows,
        },
        "questions": questions,
    }


def _question(code: str, words: str, **values: object) -> dict[str, Any]:
    return {
        "code": code,
        "words": words,
        "values": {name: str(value) for name, value in values.items()},
    }
