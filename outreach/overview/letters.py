"""Letters on the board: by phase and jurisdiction, unanswered, waiting for approval, stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Event
from outreach.directory.models import Jurisdiction, Target
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.overview.phases import Phase, is_in, phase_of
from outreach.overview.scope import Scope

Letters = sa.Select[Letter]
# What a person has to look at; `bounced` waits for another way to reach them.
TROUBLE = (State.UNKNOWN, State.MISSED, State.HELD, State.FAILED, State.BOUNCED)


def every(scope: Scope) -> Letters:
    """Return the letters of the campaign, newest first; of one phase or jurisdiction if asked."""
    rows = _of(scope).order_by(Letter.id.desc())
    if scope.phase is not None:
        rows = rows.where(is_in(scope.phase))
    return rows


def awaiting_approval(scope: Scope) -> Letters:
    """Return the letters that somebody submitted and nobody has approved, oldest first."""
    return _of(scope).where(Letter.state == State.REVIEW).order_by(Letter.id)


def unanswered(scope: Scope) -> Letters:
    """Return the letters that left and that nobody answered, the longest silence first."""
    return (
        _of(scope)
        .where(
            is_in(Phase.SILENT),
            Letter.kind.in_((LetterKind.FIRST, LetterKind.REMINDER)),
            Letter.closed_on.is_(None),
        )
        .order_by(Letter.sent_at, Letter.id)
    )


def in_state(scope: Scope, state: State) -> Letters:
    """Return the letters in `state`, oldest first."""
    return _of(scope).where(Letter.state == state).order_by(Letter.id)


def went_wrong(scope: Scope) -> sa.Select[Event]:
    """Return what stopped, failed or came back since `scope.since`, newest first."""
    mine = _of(scope).with_only_columns(Letter.id)
    return (
        sa.select(Event)
        .where(
            Event.subject_kind == "letter",
            Event.subject_id.in_(mine),
            Event.to_state.in_([state.value for state in TROUBLE]),
            Event.at >= scope.since,
        )
        .order_by(Event.id.desc())
    )


def _of(scope: Scope) -> Letters:
    rows = sa.select(Letter).where(
        Letter.campaign_id == scope.campaign_id, Letter.rehearsal == scope.rehearsal
    )
    if scope.jurisdiction:
        rows = rows.join(Target, Target.id == Letter.target_id).where(
            Target.jurisdiction_code == scope.jurisdiction
        )
    return rows


@dataclass(frozen=True, slots=True)
class Line:
    """One jurisdiction of the matrix: its code, its name, and how many letters in each phase."""

    code: str
    name: str
    phases: dict[Phase, int]

    @property
    def total(self) -> int:
        """All letters to this jurisdiction, withdrawn ones included."""
        return sum(self.phases.values())


def by_jurisdiction(session: Session, scope: Scope) -> Sequence[Line]:
    """Return the matrix of phases and jurisdictions, by name; one query over `every`."""
    # In a subquery: PostgreSQL doesn't see that two equal CASEs with values of their own are one.
    of_one = (
        every(scope)
        .order_by(None)
        .with_only_columns(Letter.target_id, phase_of().label("phase"))
        .subquery()
    )
    counted = session.execute(
        sa.select(Jurisdiction.code, Jurisdiction.name, of_one.c.phase, sa.func.count())
        .select_from(of_one)
        .join(Target, Target.id == of_one.c.target_id)
        .join(Jurisdiction, Jurisdiction.code == Target.jurisdiction_code)
        .group_by(Jurisdiction.code, Jurisdiction.name, of_one.c.phase)
    )
    lines: dict[str, Line] = {}
    for code, name, phase, many in counted:
        line = lines.setdefault(code, Line(code, name, dict.fromkeys(Phase, 0)))
        line.phases[Phase(phase)] += many
    return sorted(lines.values(), key=lambda line: line.name)


def letters_of(session: Session, events: Sequence[Event]) -> dict[int, Letter]:
    """Return {letter id: letter} for the letters that `events` tell of, in one query."""
    ids = {event.subject_id for event in events}
    rows = session.scalars(sa.select(Letter).where(Letter.id.in_(ids)))
    return {letter.id: letter for letter in rows}
