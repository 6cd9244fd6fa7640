"""Schedules many letters so that the first few of each large mailing go before the others."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.errors import MoveRefused, Refused
from outreach.letters.models import Letter
from outreach.letters.together import reasons_of
from outreach.sending import canary
from outreach.words import Sentence


@dataclass(slots=True)
class Scheduled:
    """What became of several letters: the ones scheduled, and why the others were not."""

    letters: list[Letter] = field(default_factory=list)
    refused: list[tuple[Letter, Sequence[Sentence]]] = field(default_factory=list)

    def attempt(self, letter: Letter, take: Callable[[Letter], None]) -> bool:
        """Let `take` schedule one; note it, or why it can't be. Returns whether it could."""
        try:
            take(letter)
        except (Refused, MoveRefused) as error:
            self.refused.append((letter, reasons_of(error)))
            return False
        self.letters.append(letter)
        return True


def take_first(
    session: Session,
    letters: Sequence[Letter],
    take: Callable[[Letter], None],
    result: Scheduled,
    *,
    by: Actor,
    now: dt.datetime,
) -> list[tuple[dt.datetime, list[Letter]]]:
    """Let `take` schedule what need not wait for others; return the rest, with the instant of each.

    `letters` come in the order they leave. Of a large mailing only the first few are taken; its
    rest may go from the instant (aware UTC) beside it. What can't be taken does not go first.
    """
    trials = canary.trials_of(session, {letter.mailing_id for letter in letters})
    needed = canary.needed(session, letters, trials)
    first: dict[int, list[int]] = defaultdict(list)
    rest: dict[int, list[Letter]] = defaultdict(list)
    for letter in letters:
        mailing, trial = letter.mailing_id, trials.get(letter.mailing_id)
        if mailing in needed and len(first[mailing]) >= needed[mailing]:
            rest[mailing].append(letter)
        elif mailing in needed:
            if result.attempt(letter, take):
                first[mailing].append(letter.id)
        elif trial is not None and letter.id not in trial.ids and not trial.over(now):
            rest[mailing].append(letter)
        else:
            result.attempt(letter, take)
    for mailing, ids in first.items():
        canary.go_first(session, mailing, ids, by=by, now=now)
    until = canary.trials_of(session, list(rest))
    return [
        (until[mailing].until or now if mailing in until else now, some)
        for mailing, some in rest.items()
    ]
