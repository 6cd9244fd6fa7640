"""Where targets stand on an ask: a ledger. Rows are added and taken back, never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.errors import BadInput
from outreach.petitions.models import Position, Stance, StanceBasis
from outreach.words import Sentence

# A row of this kind says that the stance named by `source_id` was logged by mistake.
TAKEN_BACK = "taken back"


def record_stance(
    session: Session,
    *,
    campaign_id: int,
    target_id: int,
    ask_id: int,
    position: Position,
    basis: StanceBasis | None,
    quote: str,
    said_on: dt.date,
    source: tuple[str, int],
    rehearsal: bool,
    by: Actor,
    now: dt.datetime,
) -> Stance:
    """Add where a target stood on an ask on a day, and return the row.

    `source` is where it was said, as (kind, id). Any position but unknown needs a basis, a basis
    of quote needs the sentence. Raises BadInput with the field.
    """
    _check(position, basis, quote, said_on, now)
    stance = Stance(
        campaign_id=campaign_id,
        target_id=target_id,
        ask_id=ask_id,
        position=position,
        basis=basis,
        quote=quote.strip(),
        said_on=said_on,
        source_kind=source[0],
        source_id=source[1],
        by=by.name,
        at=now,
        rehearsal=rehearsal,
    )
    session.add(stance)
    session.flush()
    _tell(session, stance, by=by, now=now)
    return stance


def _check(
    position: Position, basis: StanceBasis | None, quote: str, said_on: dt.date, now: dt.datetime
) -> None:
    if position is not Position.UNKNOWN and basis is None:
        raise BadInput(
            Sentence("Say what this stance rests on: a quote, an act or a note."), "basis"
        )
    if basis is StanceBasis.QUOTE and not quote.strip():
        raise BadInput(
            Sentence("Copy the sentence that shows the stance, in their words."), "quote"
        )
    # One day of grace: a day is told in the zone of whoever logs it, which may be ahead of UTC.
    if said_on > (now + dt.timedelta(days=1)).date():
        raise BadInput(Sentence("This day is still to come. Give the day they said it."), "said_on")


def _tell(session: Session, stance: Stance, *, by: Actor, now: dt.datetime) -> None:
    audit.record(
        session,
        subject=("stance", stance.id),
        name="stance recorded",
        by=by,
        now=now,
        campaign_id=stance.campaign_id,
        moved=(None, stance.position.value),
        detail={
            "target": stance.target_id,
            "ask": stance.ask_id,
            "source": [stance.source_kind, stance.source_id],
        },
    )


def take_back(
    session: Session, *, source: tuple[str, int], by: Actor, now: dt.datetime
) -> Sequence[Stance]:
    """Take back every stance that came from `source`; the one before it holds again.

    Returns the stances taken back. Nothing is deleted: a row is added for each.
    """
    mistaken = session.scalars(
        sa.select(Stance).where(
            Stance.source_kind == source[0], Stance.source_id == source[1], _stands()
        )
    ).all()
    for stance in mistaken:
        record_stance(
            session,
            campaign_id=stance.campaign_id,
            target_id=stance.target_id,
            ask_id=stance.ask_id,
            position=Position.UNKNOWN,
            basis=None,
            quote="",
            said_on=stance.said_on,
            source=(TAKEN_BACK, stance.id),
            rehearsal=stance.rehearsal,
            by=by,
            now=now,
        )
    return mistaken


def standing(campaign_id: int, *, rehearsal: bool) -> sa.Select[Stance]:
    """Return the query of the latest stance per target and ask, rehearsed ones apart.

    The latest is the one said last; of one day, the one recorded last.
    """
    rank = (
        sa.func.row_number()
        .over(
            partition_by=(Stance.target_id, Stance.ask_id),
            order_by=(Stance.said_on.desc(), Stance.id.desc()),
        )
        .label("rank")
    )
    ranked = (
        sa.select(Stance.id, rank)
        .where(Stance.campaign_id == campaign_id, Stance.rehearsal == rehearsal, _stands())
        .subquery()
    )
    return (
        sa.select(Stance)
        .join(ranked, ranked.c.id == Stance.id)
        .where(ranked.c.rank == 1)
        .order_by(Stance.said_on.desc(), Stance.id.desc())
    )


def _stands() -> sa.ColumnElement[bool]:
    """A row that says something itself and wasn't taken back."""
    undo = aliased(Stance)
    taken_back = sa.exists().where(undo.source_kind == TAKEN_BACK, undo.source_id == Stance.id)
    return sa.and_(Stance.source_kind != TAKEN_BACK, ~taken_back)
