"""What making drafts would give, tried in a transaction that is thrown away."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign, Sender
from outreach.letters import distinctness
from outreach.letters.drafting import make_drafts
from outreach.letters.models import Letter, Mailing, Quotation, Template
from outreach.letters.sharing import SharedDesk

# A larger audience is tried with its first targets only: whoever looks is waiting.
MOST_TRIED = 300
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A letter as one target would get it; the reference code in it will be another one."""

    recipient: str
    envelope: str
    language: str
    subject: str
    text: str
    quotations: Sequence[Quotation]


@dataclass(frozen=True, slots=True)
class Trial:
    """How many of the `tried` targets would get a draft, examples, and who would be left out.

    `languages`: [(language, how many drafts)], most first. `highest` is how alike the most alike
    two of them are, in per cent, None where there is nothing to compare.
    """

    tried: int
    made: int
    examples: Sequence[Example]
    left_out: Sequence[dict[str, Any]]
    languages: Sequence[tuple[str, int]]
    highest: int | None
    highest_before: int | None


def trial(
    session: Session,
    *,
    campaign: Campaign,
    template: Template,
    targets: Sequence[int],
    sender: Sender,
    fallback_language: str | None,
    follows: Letter | None,
    desks: SharedDesk | None = None,
    by: Actor,
    now: dt.datetime,
) -> Trial:
    """Make drafts as `make_drafts` does, raising the same; keep what they say, throw them away.

    `session` must be one that writes and that nothing else uses: it is rolled back.
    """
    tried = targets[:MOST_TRIED]
    mailing = make_drafts(
        session,
        campaign=campaign,
        template=template,
        targets=tried,
        sender=sender,
        fallback_language=fallback_language,
        follows=follows,
        desks=desks or SharedDesk.ONE,  # undecided, each desk is shown one letter
        by=by,
        now=now,
    )
    result = _seen(session, mailing, len(tried))
    session.rollback()
    return result


def _seen(session: Session, mailing: Mailing, tried: int) -> Trial:
    letters = session.scalars(
        sa.select(Letter).where(Letter.mailing_id == mailing.id).order_by(Letter.id)
    ).all()
    distinct = distinctness.summary(session, mailing, 100)
    return Trial(
        tried=tried,
        made=len(letters),
        examples=[_example(session, letter) for letter in _different(letters)],
        left_out=list(mailing.left_out),
        languages=Counter(letter.language for letter in letters).most_common(),
        highest=distinct.highest,
        highest_before=distinct.highest_before,
    )


def _different(letters: Sequence[Letter]) -> Sequence[Letter]:
    """Up to three letters, one of each language first."""
    first_of_language = {letter.language: letter for letter in reversed(letters)}.values()
    chosen = sorted(first_of_language, key=lambda letter: letter.id)
    rest = [letter for letter in letters if letter not in chosen]
    return [*chosen, *rest][:SHOWN]


def _example(session: Session, letter: Letter) -> Example:
    quotations = session.scalars(
        sa.select(Quotation).where(Quotation.letter_id == letter.id).order_by(Quotation.id)
    ).all()
    session.expunge_all()
    return Example(
        recipient=letter.recipient,
        envelope=letter.envelope,
        language=letter.language,
        subject=letter.subject,
        text=letter.text,
        quotations=quotations,
    )
