"""Reads letters and mailings: one with everything, or a page of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from outreach.directory.models import Membership, Target
from outreach.directory.queries import count
from outreach.errors import NotFound
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing, TemplateVersion
from outreach.petitions.models import Ask
from outreach.words import Sentence


def letters(
    campaign_id: int,
    *,
    rehearsal: bool | None = None,
    states: Collection[State] = (),
    mailing_id: int | None = None,
    target_id: int | None = None,
    office_id: int | None = None,
) -> sa.Select[Letter]:
    """Return the Select of a campaign's letters, newest first; empty values don't narrow."""
    query = sa.select(Letter).where(Letter.campaign_id == campaign_id)
    if rehearsal is not None:
        query = query.where(Letter.rehearsal == rehearsal)
    if states:
        query = query.where(Letter.state.in_(states))
    for column, value in (
        (Letter.mailing_id, mailing_id),
        (Letter.target_id, target_id),
        (Letter.office_id, office_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return query.order_by(Letter.id.desc())


def letter_page(
    session: Session, query: sa.Select[Letter], *, page: int = 1, per_page: int = 50
) -> tuple[Sequence[Letter], int]:
    """Return one page of `query` with targets and their jurisdictions, and how many there are."""
    rows = session.scalars(
        query.options(joinedload(Letter.target).joinedload(Target.jurisdiction))
        .limit(per_page)
        .offset((max(1, page) - 1) * per_page)
    ).all()
    return rows, count(session, query)


def letter_with_everything(session: Session, letter_id: int) -> Letter:
    """Return one letter with mailing, text version, sender, target, desk, ask and quotations.

    Raises NotFound.
    """
    letter = session.scalar(
        sa.select(Letter)
        .where(Letter.id == letter_id)
        .options(
            joinedload(Letter.mailing).joinedload(Mailing.template),
            joinedload(Letter.template_version).joinedload(TemplateVersion.template),
            joinedload(Letter.sender),
            joinedload(Letter.target).options(
                joinedload(Target.jurisdiction),
                joinedload(Target.body),
                joinedload(Target.group),
                joinedload(Target.membership).options(
                    joinedload(Membership.person), joinedload(Membership.post)
                ),
            ),
            joinedload(Letter.office),
            joinedload(Letter.ask).joinedload(Ask.demand),
            joinedload(Letter.event),
            selectinload(Letter.quotations),
        )
        .execution_options(populate_existing=True)
    )
    if letter is None:
        raise NotFound(Sentence("There is no such letter."))
    return letter


def mailing_with_everything(session: Session, mailing_id: int) -> Mailing:
    """Return one mailing with template, audience and sender. Raises NotFound."""
    mailing = session.scalar(
        sa.select(Mailing)
        .where(Mailing.id == mailing_id)
        .options(
            joinedload(Mailing.template),
            joinedload(Mailing.audience),
            joinedload(Mailing.sender),
        )
    )
    if mailing is None:
        raise NotFound(Sentence("There is no such mailing."))
    return mailing
