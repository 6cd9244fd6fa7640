"""Takes the demonstration away: fictional targets, everything rehearsed with them, its people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from outreach.accounts import audit, demonstration
from outreach.accounts.models import Actor, Campaign, Event, Task
from outreach.directory.demonstration import remove_demonstration
from outreach.directory.models import (
    ContactDetail,
    Membership,
    Office,
    Organization,
    Person,
    Post,
    Suppression,
    Target,
)
from outreach.errors import Refused
from outreach.letters.audiences import chosen_targets, filters_of
from outreach.letters.models import Audience, Letter, Mailing, Quotation
from outreach.petitions.models import Promise, Stance
from outreach.replies.models import Reply, ReplyLetter
from outreach.sending.models import Attempt
from outreach.words import Sentence

# Rows deleted with one statement; SQLite takes at most 32,766 values.
AT_ONCE = 5_000
Ids = Sequence[int]


def clear_demonstration(session: Session, *, by: Actor, now: dt.datetime) -> dict[str, int]:
    """Delete every fictional target with all that was rehearsed with it; return counts by word.

    Goes with them: their letters, tries, answers, stances, promises and tasks, the mailings and
    audiences that held nobody else, the demonstration's accounts and sender. The history of what
    is gone goes too (a new row may get its number); one event says what was cleared and by whom.

    Raises Refused while a letter that is no rehearsal points at a fictional target.
    """
    _refuse_live(session)
    gone = _what_goes(session)
    gone["suppression"] = _rehearsed_objections(session, gone)
    mailings = _mailings_of_only(session, gone["letter"])
    audiences = _audiences_of_only(session, mailings, now.date())
    _delete_letters(session, gone)
    _delete(session, Mailing.id, mailings)
    _delete(session, Audience.id, audiences)
    _delete_targets(session, gone)
    _delete_traces(session, gone | {"mailing": mailings, "audience": audiences})
    counts = {name: len(set(ids)) for name, ids in gone.items()}
    counts |= {"mailing": len(mailings), "audience": len(audiences)}
    counts["account"] = demonstration.remove_accounts(session)
    session.expire_all()
    campaign_id = session.scalar(sa.select(sa.func.min(Campaign.id)))
    audit.record(
        session,
        subject=("demonstration", 0),
        name="cleared",
        by=by,
        now=now,
        campaign_id=campaign_id,
        detail=dict(counts),
    )
    session.flush()
    return counts


def _refuse_live(session: Session) -> None:
    live = session.scalar(
        sa.select(sa.func.count())
        .select_from(Letter)
        .join(Target, Target.id == Letter.target_id)
        .where(Target.demonstration, ~Letter.rehearsal)
    )
    if live:
        raise Refused(
            Sentence(
                "%(live)d letters that are no rehearsal are addressed to the demonstration. "
                "Withdrawn or not, they stay readable, so the demonstration stays too.",
                live=live,
            )
        )


def _what_goes(session: Session) -> dict[str, Ids]:
    """Return the ids of everything fictional, and of everything rehearsed with it, by kind."""
    targets = sa.select(Target.id).where(Target.demonstration)
    letters = sa.select(Letter.id).where(Letter.target_id.in_(targets))
    people = sa.select(Person.id).where(Person.demonstration)
    bodies = sa.select(Organization.id).where(Organization.demonstration)
    posts = sa.select(Post.id).where(Post.organization_id.in_(bodies))
    selects: dict[str, sa.Select[Any]] = {
        "target": targets,
        "letter": letters.order_by(Letter.id.desc()),
        "reply": sa.select(ReplyLetter.reply_id)
        .where(ReplyLetter.letter_id.in_(letters))
        .distinct(),
        "stance": sa.select(Stance.id).where(Stance.target_id.in_(targets)),
        "promise": sa.select(Promise.id).where(Promise.target_id.in_(targets)),
        "person": people,
        "organization": bodies.order_by(Organization.id.desc()),
        "post": posts,
        "membership": sa.select(Membership.id).where(
            Membership.person_id.in_(people) | Membership.organization_id.in_(bodies)
        ),
        "contact_detail": sa.select(ContactDetail.id).where(
            ContactDetail.person_id.in_(people)
            | ContactDetail.post_id.in_(posts)
            | ContactDetail.organization_id.in_(bodies)
        ),
        "office": _offices(targets),
    }
    return {name: session.scalars(select).all() for name, select in selects.items()}


def _offices(targets: sa.Select[Any]) -> sa.Select[Any]:
    """The desks of fictional targets that nobody else sits at."""
    own = sa.select(Target.office_id).where(Target.demonstration)
    written = sa.select(Letter.office_id).where(Letter.target_id.in_(targets))
    real = sa.select(Target.office_id).where(~Target.demonstration)
    others = sa.select(Letter.office_id).where(Letter.target_id.not_in(targets))
    return sa.select(Office.id).where(
        Office.id.in_(own) | Office.id.in_(written),
        Office.id.not_in(real),
        Office.id.not_in(others),
    )


def _mailings_of_only(session: Session, letters: Ids) -> Ids:
    """The mailings that hold these letters and no other."""
    held = _chunked(session, sa.select(Letter.mailing_id).distinct(), Letter.id, letters)
    kept = _chunked(
        session,
        sa.select(Letter.mailing_id)
        .join(Target, Target.id == Letter.target_id)
        .where(~Target.demonstration)
        .distinct(),
        Letter.mailing_id,
        sorted(held),
    )
    return sorted(held - kept)


def _audiences_of_only(session: Session, mailings: Ids, today: dt.date) -> Ids:
    """The audiences that select nobody but the demonstration, and that no kept mailing used."""
    kept = set(session.scalars(sa.select(Mailing.audience_id).where(Mailing.id.not_in(mailings))))
    rows = session.execute(
        sa.select(Audience, Campaign).join(Campaign, Campaign.id == Audience.campaign_id)
    )
    return [
        audience.id
        for audience, campaign in rows.all()
        if audience.id not in kept and _only_fictional(session, audience, campaign, today)
    ]


def _only_fictional(
    session: Session, audience: Audience, campaign: Campaign, today: dt.date
) -> bool:
    chosen = chosen_targets(campaign, filters_of(audience), today=today)
    fictional = set(session.scalars(chosen.with_only_columns(Target.demonstration).distinct()))
    return fictional == {True}


def _chunked(
    session: Session, select: sa.Select[Any], column: InstrumentedAttribute[Any], ids: Ids
) -> set[Any]:
    found: set[Any] = set()
    for some in _some(ids):
        found.update(session.scalars(select.where(column.in_(some))))
    return found


def _delete_letters(session: Session, gone: Mapping[str, Ids]) -> None:
    letters, replies = gone["letter"], gone["reply"]
    _delete(session, ReplyLetter.letter_id, letters)
    _delete(session, ReplyLetter.reply_id, replies)
    _delete(session, Reply.id, replies)
    _delete(session, Attempt.letter_id, letters)
    _delete(session, Quotation.letter_id, letters)
    # Newest first: a reminder goes before the letter it follows.
    _delete(session, Letter.id, letters)


def _delete_targets(session: Session, gone: Mapping[str, Ids]) -> None:
    _delete(session, Suppression.id, gone["suppression"])
    _delete(session, Stance.id, gone["stance"])
    _delete(session, Promise.id, gone["promise"])
    remove_demonstration(session)
    # Desks that only an old letter still named.
    _delete(session, Office.id, gone["office"])


def _rehearsed_objections(session: Session, gone: Mapping[str, Ids]) -> Ids:
    """The suppressions of fictional desks and of addresses that fictional letters went to."""
    values = _chunked(session, sa.select(Office.key), Office.id, gone["office"])
    values |= _chunked(
        session, sa.select(ContactDetail.normalised), ContactDetail.id, gone["contact_detail"]
    )
    values |= _chunked(session, sa.select(sa.func.lower(Letter.address)), Letter.id, gone["letter"])
    others = sa.union(
        sa.select(ContactDetail.normalised).where(ContactDetail.id.not_in(gone["contact_detail"])),
        sa.select(sa.func.lower(Letter.address)).where(Letter.id.not_in(gone["letter"])),
    )
    values -= set(session.scalars(others))
    return sorted(_chunked(session, sa.select(Suppression.id), Suppression.value, sorted(values)))


def _delete_traces(session: Session, gone: Mapping[str, Ids]) -> None:
    """Tasks about what is gone, and the history of both."""
    for kind, ids in gone.items():
        tasks: set[int] = set()
        for some in _some(ids):
            about = sa.and_(Task.subject_kind == kind, Task.subject_id.in_(some))
            tasks.update(session.scalars(sa.select(Task.id).where(about)))
            _forget(session, kind, some)
        _delete(session, Task.id, sorted(tasks))
        for some in _some(sorted(tasks)):
            _forget(session, "task", some)


def _forget(session: Session, kind: str, ids: Sequence[int]) -> None:
    session.execute(
        sa.delete(Event)
        .where(Event.subject_kind == kind, Event.subject_id.in_(ids))
        .execution_options(synchronize_session=False)
    )


def _delete(session: Session, column: InstrumentedAttribute[Any], ids: Ids) -> None:
    for some in _some(ids):
        session.execute(
            sa.delete(column.class_)
            .where(column.in_(some))
            .execution_options(synchronize_session=False)
        )


def _some(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))
