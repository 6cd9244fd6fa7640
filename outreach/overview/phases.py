"""The phases of a letter as the board tells them: each letter is in exactly one."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.words import N_


class Phase(StrEnum):
    """Where a letter is, in fewer words than its states; in the order of its life."""

    WRITING = "writing"
    APPROVAL = "approval"
    READY = "ready"
    LEAVING = "leaving"
    SILENT = "silent"
    ANSWERED = "answered"
    STUCK = "stuck"
    WITHDRAWN = "withdrawn"


LABELS: dict[Phase, str] = {
    Phase.WRITING: N_("Draft"),
    Phase.APPROVAL: N_("For approval"),
    Phase.READY: N_("Approved"),
    Phase.LEAVING: N_("Scheduled"),
    Phase.SILENT: N_("Sent, no answer"),
    Phase.ANSWERED: N_("Answered"),
    Phase.STUCK: N_("Stopped"),
    Phase.WITHDRAWN: N_("Withdrawn"),
}

STATES: dict[Phase, frozenset[State]] = {
    Phase.WRITING: frozenset({State.DRAFT}),
    Phase.APPROVAL: frozenset({State.REVIEW}),
    Phase.READY: frozenset({State.APPROVED}),
    Phase.LEAVING: frozenset({State.SCHEDULED, State.SENDING}),
    Phase.SILENT: frozenset({State.SENT}),
    Phase.ANSWERED: frozenset({State.SENT}),
    Phase.STUCK: frozenset({State.UNKNOWN, State.MISSED, State.HELD, State.FAILED, State.BOUNCED}),
    Phase.WITHDRAWN: frozenset({State.WITHDRAWN}),
}


def is_in(phase: Phase) -> sa.ColumnElement[bool]:
    """Return the condition under which a letter is in `phase`."""
    states = Letter.state.in_(STATES[phase])
    if phase is Phase.SILENT:
        return sa.and_(states, Letter.answered_on.is_(None))
    if phase is Phase.ANSWERED:
        return sa.and_(states, Letter.answered_on.is_not(None))
    return states


def phase_of() -> sa.Case[str]:
    """Return the column that says the phase of each letter."""
    return sa.case(*((is_in(phase), phase.value) for phase in Phase))
