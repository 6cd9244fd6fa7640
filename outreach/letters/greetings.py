"""How many letters wait for a native speaker to read the form of address they open with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.models import Target, TargetRole
from outreach.directory.salutation_readings import greeting_of
from outreach.letters.lifecycle import UNSENT
from outreach.letters.models import Letter


def unsent_by_greeting(session: Session) -> Mapping[tuple[str, TargetRole], int]:
    """Return {(block, role): unsent letters of every campaign that open with it}."""
    named = Target.membership_id.is_not(None)
    rows = session.execute(
        sa.select(Letter.language, Target.role, Target.jurisdiction_code, named, sa.func.count())
        .join(Target, Target.id == Letter.target_id)
        .where(Letter.state.in_(UNSENT))
        .group_by(Letter.language, Target.role, Target.jurisdiction_code, named)
    )
    found: Counter[tuple[str, TargetRole]] = Counter()
    for language, role, code, is_named, number in rows:
        greeting = greeting_of(language, role=role, named=is_named, code=code)
        if greeting is not None:
            found[greeting.block.language, greeting.role] += number
    return found
