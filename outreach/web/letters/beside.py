"""What an approver sees beside one letter: checks, remarks, what its recipient had before."""

from __future__ import annotations

from typing import Any

from outreach.letters import approving, checks, earlier, remarks
from outreach.letters.diff import paragraphs
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.web.access import actor, campaign, installation, may, now, session
from outreach.web.letters import panels

_SHOWN_OF_A_PARAGRAPH = 90


def beside(shown: Letter, seal: str) -> dict[str, Any]:
    """Return what helps to judge `shown`: checks, remarks, what its recipient had before.

    Opening a letter of the sample is kept with the round, under the `seal` of the words shown.
    """
    begun = approving.is_open(session(), shown, by=actor()) if may("letters.approve") else None
    if begun is not None and shown.state is State.REVIEW:
        with installation().database.writing() as writing:
            approving.note_opened(writing, shown, seal, by=actor())
    judged = shown.state in panels.UNAPPROVED
    found = checks.findings(session(), [shown], now=now())[shown.id] if judged else ()
    noted = remarks.remarks_on(session(), shown)
    return {
        "findings": found,
        "too_alike": judged and checks.too_alike(shown, campaign()),
        "since": earlier.since_last(session(), [shown]).get(shown.id),
        "remarks": noted,
        "open_remarks": [one for one in noted if one.settled_at is None],
        "round_id": begun.id if begun else None,
        "passages": _passages(shown),
    }


def _passages(shown: Letter) -> list[tuple[int, str]]:
    """The paragraphs that a remark can be about: their number and how they begin."""
    return [
        (number, one if len(one) <= _SHOWN_OF_A_PARAGRAPH else one[:_SHOWN_OF_A_PARAGRAPH] + "…")
        for number, one in enumerate(paragraphs(shown.text))
    ]


def passage_from(shown: Letter, typed: str, number: str) -> str:
    """Return the words a remark is about: those selected, else the paragraph of that number."""
    if typed.strip():
        return typed
    parts = paragraphs(shown.text)
    return parts[int(number)] if number.isdecimal() and int(number) < len(parts) else ""
