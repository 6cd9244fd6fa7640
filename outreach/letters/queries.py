"""Reads letters: one with everything, a page of them, counts, and what volunteers look up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from outreach.directory.models import Jurisdiction, Membership, Target
from outreach.directory.queries import search_key
from outreach.errors import NotFound
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Mailing, Template, TemplateVersion
from outreach.petitions.models import Ask
from outreach.words import Sentence

MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody who looks a letter up may see of it: no address and no words."""

    letter_id: int
    name: str
    country: str
    code: str
    kind: LetterKind
    state: State


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
    total = session.scalar(sa.select(sa.func.count()).select_from(query.order_by(None).subquery()))
    rows = session.scalars(
        query.options(joinedload(Letter.target).joinedload(Target.jurisdiction))
        .limit(per_page)
        .offset((max(1, page) - 1) * per_page)
    ).all()
    return rows, total or 0


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
            selectinload(Letter.quotations),
        )
        .execution_options(populate_existing=True)
    )
    if letter is None:
        raise NotFound(Sentence("There is no such letter."))
    return letter


def mailing_counts(session: Session, mailing_id: int) -> dict[State, int]:
    """Return how many letters of one mailing are in each state; states without one are missing."""
    rows = session.execute(
        sa.select(Letter.state, sa.func.count())
        .where(Letter.mailing_id == mailing_id)
        .group_by(Letter.state)
    )
    return {row[0]: row[1] for row in rows}


def mailings(session: Session, campaign_id: int) -> Sequence[Mailing]:
    """Return every mailing of the campaign with its template, newest first."""
    return session.scalars(
        sa.select(Mailing)
        .where(Mailing.campaign_id == campaign_id)
        .options(joinedload(Mailing.template), joinedload(Mailing.audience))
        .order_by(Mailing.id.desc())
    ).all()


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


def find_letters(session: Session, campaign_id: int, text: str) -> Sequence[Found]:
    """Return up to 20 letters that left, by name, country or reference code, newest first.

    Enough to recognise the right one, nothing more: volunteers look letters up with it.
    """
    words = search_key(text).split()
    code = "".join(text.upper().split())
    if not words:
        return []
    query = (
        sa.select(Letter)
        .join(Letter.target)
        .join(Target.jurisdiction)
        .where(
            Letter.campaign_id == campaign_id,
            Letter.state.in_((State.SENT, State.UNKNOWN, State.BOUNCED)),
        )
        .options(joinedload(Letter.target).joinedload(Target.jurisdiction))
        .order_by(Letter.id.desc())
        .limit(MOST_FOUND)
    )
    for word in words:
        query = query.where(_found_by(word, code))
    return [
        Found(
            letter.id,
            letter.recipient,
            letter.target.jurisdiction.name,
            letter.code,
            letter.kind,
            letter.state,
        )
        for letter in session.scalars(query).unique()
    ]


def _found_by(word: str, code: str) -> sa.ColumnElement[bool]:
    """A word of a name, of a country, or the whole code, with or without its dash."""
    return sa.or_(
        Target.search_key.contains(word, autoescape=True),
        sa.func.lower(Jurisdiction.name).contains(word, autoescape=True),
        sa.func.lower(Jurisdiction.code) == word,
        Letter.code == code,
        sa.func.replace(Letter.code, "-", "") == code,
    )


def template_by_id(session: Session, campaign_id: int, template_id: int) -> Template:
    """Return one template of the campaign. Raises NotFound."""
    template = session.scalar(
        sa.select(Template).where(Template.id == template_id, Template.campaign_id == campaign_id)
    )
    if template is None:
        raise NotFound(Sentence("There is no such letter text."))
    return template
