"""The letters of a campaign as lists: filtered, paged, with what each one waits for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, defer, joinedload

from outreach.accounts.models import Campaign
from outreach.database import remembered
from outreach.directory import offices
from outreach.directory.models import Jurisdiction, Organization, Target
from outreach.directory.queries import count, found_by
from outreach.letters import queries
from outreach.letters.lifecycle import UNSENT, State
from outreach.letters.models import (
    Letter,
    LetterKind,
    Mailing,
    Quotation,
    Template,
    TemplateVersion,
)
from outreach.petitions.models import Fact, Reading
from outreach.words import N_, Sentence

PER_PAGE = 50
# Posted, not sent: no machine of ours can bring these there.
BY_HAND = frozenset({None, *offices.BY_HAND})


# What a letter in each state waits for; the others say the reason of their last move.
WAITS: Mapping[State, str] = {
    State.DRAFT: N_("Its author has to submit it"),
    State.REVIEW: N_("Somebody other than its author has to approve it"),
    State.APPROVED: N_("Somebody has to schedule it"),
    State.SCHEDULED: N_("It goes when its time has come"),
    State.SENDING: N_("Being handed over"),
    State.UNKNOWN: N_("Nobody knows whether it went: an organiser has to say"),
    State.MISSED: N_("Its time passed: choose a new one"),
}


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which letters of one campaign to list; empty values don't narrow.

    `unsent`: only letters that have not left and still can. `unanswered`: only sent ones nobody
    answered. `q`: part of a recipient's name, in any script we fold, or a reference code.
    """

    rehearsal: bool
    state: State | None = None
    jurisdiction: str = ""
    mailing_id: int | None = None
    unsent: bool = False
    unanswered: bool = False
    q: str = ""


@dataclass(frozen=True, slots=True)
class LetterPage:
    """One page of a list: its rows, how many there are in all, and which page this is."""

    rows: Sequence[Letter]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """How many pages there are; one even when there is nothing."""
        return max(1, -(-self.total // self.per_page))


def letters_in(campaign_id: int, wanted: LetterFilter) -> sa.Select[Letter]:
    """Return the Select of the letters `wanted` in a campaign, joined to their targets."""
    select = queries.letters(
        campaign_id,
        rehearsal=wanted.rehearsal,
        states=(wanted.state,) if wanted.state else (),
        mailing_id=wanted.mailing_id,
    ).join(Letter.target)
    if wanted.jurisdiction:
        select = select.where(Target.jurisdiction_code == wanted.jurisdiction)
    if wanted.unsent:
        select = select.where(Letter.state.in_(UNSENT))
    if wanted.unanswered:
        select = select.where(Letter.state == State.SENT, Letter.answered_on.is_(None))
    if wanted.q.strip():
        code = wanted.q.strip().upper().replace(" ", "").replace("-", "")
        by_code = sa.func.replace(Letter.code, "-", "").contains(code, autoescape=True)
        by_name = sa.and_(sa.true(), *found_by(wanted.q))
        select = select.where(sa.or_(by_name, by_code))
    return select


def letter_rows(
    session: Session,
    campaign_id: int,
    wanted: LetterFilter,
    page: int,
    *,
    counts: Mapping[State, int] | None = None,
) -> LetterPage:
    """Return page `page` (from 1) of the letters `wanted`, the newest draft first; two queries.

    One with `counts`: what `state_counts` says of the letters `wanted` in whatever state.
    """
    select = letters_in(campaign_id, wanted)
    if counts is None or wanted.unanswered:
        total = count(session, select)
    else:
        states = {wanted.state} if wanted.state else set(counts)
        states &= UNSENT if wanted.unsent else states
        total = sum(counts.get(state, 0) for state in states)
    page = min(max(page, 1), max(1, -(-total // PER_PAGE)))
    rows = session.scalars(
        select.options(
            # What a row shows, and not the laws of a country or a whole text.
            contains_eager(Letter.target).options(
                defer(Target.search_key),
                joinedload(Target.jurisdiction).load_only(Jurisdiction.name),
                joinedload(Target.body).load_only(Organization.name),
            ),
            joinedload(Letter.mailing).load_only(Mailing.name),
            joinedload(Letter.template_version).load_only(TemplateVersion.read_on),
        )
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    return LetterPage(rows, total, page, PER_PAGE)


def state_counts(session: Session, campaign_id: int, wanted: LetterFilter) -> dict[State, int]:
    """Return how many of the letters `wanted` are in each state, in the order of their life."""
    letters = letters_in(campaign_id, wanted).order_by(None).group_by(Letter.state)
    query = letters.with_only_columns(Letter.state, sa.func.count(), maintain_column_froms=True)

    def count_anew() -> dict[State, int]:
        counted: Mapping[State, int] = dict(session.execute(query).all())
        return {state: counted[state] for state in State if state in counted}

    return remembered(session, ("letters by state", campaign_id, wanted), count_anew)


def jurisdictions_written_to(session: Session, campaign_id: int) -> Sequence[tuple[str, str]]:
    """Return (code, name) of every jurisdiction that has a letter of this campaign, by name."""
    written_to = (
        sa.select(Target.jurisdiction_code)
        .join(Letter, Letter.target_id == Target.id)
        .where(Letter.campaign_id == campaign_id)
    )
    query = (
        sa.select(Jurisdiction.code, Jurisdiction.name)
        .where(Jurisdiction.code.in_(written_to))
        .order_by(Jurisdiction.name)
    )
    return remembered(session, ("written to", campaign_id), lambda: session.execute(query).all())


def mailing_names(session: Session, campaign_id: int) -> Sequence[tuple[int, str]]:
    """Return (id, name) of every mailing of a campaign, newest first."""
    return session.execute(
        sa.select(Mailing.id, Mailing.name)
        .where(Mailing.campaign_id == campaign_id)
        .order_by(Mailing.id.desc())
    ).all()


@dataclass(frozen=True, slots=True)
class MailingRow:
    """A mailing with its numbers: letters in all, not yet left, left, answered."""

    mailing: Mailing
    letters: int
    unsent: int
    sent: int
    answered: int


def mailing_rows(session: Session, campaign_id: int) -> Sequence[MailingRow]:
    """Return every mailing of a campaign with its numbers, newest first; one query."""
    counted = (
        sa.select(
            Letter.mailing_id,
            sa.func.count().label("letters"),
            sa.func.count(sa.case((Letter.state.in_(UNSENT), Letter.id))).label("unsent"),
            sa.func.count(Letter.sent_at).label("sent"),
            sa.func.count(Letter.answered_on).label("answered"),
        )
        .where(Letter.campaign_id == campaign_id)
        .group_by(Letter.mailing_id)
        .subquery()
    )
    numbers = (counted.c.letters, counted.c.unsent, counted.c.sent, counted.c.answered)
    rows = session.execute(
        sa.select(Mailing, *(sa.func.coalesce(number, 0) for number in numbers))
        .outerjoin(counted, counted.c.mailing_id == Mailing.id)
        .where(Mailing.campaign_id == campaign_id)
        .order_by(Mailing.id.desc())
        .options(joinedload(Mailing.template), joinedload(Mailing.audience))
    )
    return [MailingRow(*row) for row in rows]


def first_in_review(session: Session, mailing_id: int, *, after: int = 0) -> int | None:
    """Return the id of a letter of a mailing that waits for approval, or None.

    The first behind the letter `after`; when none is, the first of all but `after` itself.
    """
    return session.scalar(
        sa.select(Letter.id)
        .where(Letter.mailing_id == mailing_id, Letter.state == State.REVIEW, Letter.id != after)
        .order_by(sa.case((Letter.id > after, 0), else_=1), Letter.id)
        .limit(1)
    )


def is_rehearsal(session: Session, mailing: Mailing, campaign: Campaign) -> bool:
    """Return whether the letters of `mailing` were rehearsed; the campaign's mode without any."""
    found = session.scalar(
        sa.select(Letter.rehearsal).where(Letter.mailing_id == mailing.id).limit(1)
    )
    return campaign.rehearsing if found is None else found


def reminder_of(session: Session, letter: Letter) -> Letter | None:
    """Return the reminder that follows `letter` and was not withdrawn, or None."""
    return session.scalar(
        sa.select(Letter).where(
            Letter.follows_id == letter.id,
            Letter.kind == LetterKind.REMINDER,
            Letter.state != State.WITHDRAWN,
        )
    )


def unread_languages(session: Session, mailing: Mailing) -> Sequence[str]:
    """Return the languages of a mailing's letters that no native speaker has read yet."""
    return session.scalars(
        sa.select(TemplateVersion.language)
        .join(Letter, Letter.template_version_id == TemplateVersion.id)
        .where(Letter.mailing_id == mailing.id, TemplateVersion.read_on.is_(None))
        .distinct()
        .order_by(TemplateVersion.language)
    ).all()


def waits_for(letter: Letter, *, today: dt.date) -> Sentence:
    """Return what a listed letter waits for; `today` counts the days of silence."""
    if letter.state is State.DRAFT and letter.reason:
        return Sentence("Returned: %(reason)s", reason=letter.reason)
    if letter.state is State.APPROVED and letter.channel in BY_HAND:
        return Sentence("Somebody has to post it by hand")
    if letter.state is State.SENT:
        return _silence(letter, today)
    words = WAITS.get(letter.state)
    return Sentence(words) if words else Sentence("%(reason)s", reason=letter.reason)


def _silence(letter: Letter, today: dt.date) -> Sentence:
    if letter.answered_on is not None:
        return Sentence("Answered")
    if letter.parked_until is not None and letter.parked_until > today:
        return Sentence("They are away until %(day)s: no reminder before", day=letter.parked_until)
    if letter.sent_at is None:
        return Sentence("Waiting for an answer")
    days = (today - letter.sent_at.date()).days
    if days < 1:
        return Sentence("Waiting for an answer")
    return Sentence("No answer for %(days)s days", days=days)


@dataclass(frozen=True, slots=True)
class Source:
    """A quotation of a letter and what it quotes: a fact or a reading."""

    quotation: Quotation
    fact: Fact | None
    reading: Reading | None


def sources(session: Session, letter: Letter) -> Sequence[Source]:
    """Return what `letter` quotes from where, in the order of the text; one query."""
    rows = session.execute(
        sa.select(Quotation, Fact, Reading)
        .outerjoin(Fact, Fact.id == Quotation.fact_id)
        .outerjoin(Reading, Reading.id == Quotation.reading_id)
        .where(Quotation.letter_id == letter.id)
        .order_by(Quotation.id)
    )
    return [Source(*row) for row in rows]


def current_versions(session: Session, campaign_id: int) -> dict[int, list[TemplateVersion]]:
    """Return {template id: the newest text of each language} of a campaign; one query."""
    newest = (
        sa.select(sa.func.max(TemplateVersion.id))
        .join(Template, Template.id == TemplateVersion.template_id)
        .where(Template.campaign_id == campaign_id)
        .group_by(TemplateVersion.template_id, TemplateVersion.language)
    )
    found: dict[int, list[TemplateVersion]] = {}
    for version in session.scalars(
        sa.select(TemplateVersion)
        .where(TemplateVersion.id.in_(newest))
        .order_by(TemplateVersion.language)
    ):
        found.setdefault(version.template_id, []).append(version)
    return found


def only_letter(session: Session, mailing: Mailing) -> int | None:
    """Return the id of a mailing's letter when it has exactly one, else None."""
    found = session.scalars(
        sa.select(Letter.id).where(Letter.mailing_id == mailing.id).limit(2)
    ).all()
    return found[0] if len(found) == 1 else None
