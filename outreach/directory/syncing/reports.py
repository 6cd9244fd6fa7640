"""Numbers about imports and about the directory, the same on pages and on the command line."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Membership,
    Organization,
    Person,
)
from outreach.directory.syncing.models import ImportRun
from outreach.words import Sentence

_EFFECTS = ("added", "changed", "refreshed", "ended", "unchanged")
_OTHERS = ("proposed", "conflict", "conflicts", "unusable", "remark")


def report(run: ImportRun) -> dict[str, Any]:
    """Return what `run` (its source loaded) would change or changed, as JSON.

    `people`: how many are added, changed, refreshed (small print only: a committee, another
    language's name), ended and unchanged; somebody with a conflict counts as changed. `fields`:
    people by what differs. `written` is there once it was written.
    """
    counts = run.counts
    people = {name: counts.get(name, 0) for name in _EFFECTS}
    people["changed"] += counts.get("conflict", 0)
    others = {name: counts.get(name, 0) for name in _OTHERS if name != "conflict"}
    return {
        "run": run.id,
        "source": run.source.slug if run.source else "",
        "format": run.format,
        "file": run.file_name,
        "sha256": run.sha256,
        "as_of": run.as_of.isoformat(),
        "complete": run.complete,
        "state": run.state.value,
        "problem": run.problem,
        "read": counts.get("read", 0),
        "people": people,
        "organizations": {
            name: counts.get(f"organizations {name}", 0)
            for name in ("added", "changed", "unchanged")
        },
        **others,
        "fields": counts.get("fields", {}),
        "emptied": counts.get("emptied", {}),
        "questions": [
            {"code": one["code"], "words": str(Sentence(one["words"], **one["values"]))}
            for one in run.questions
        ],
        "written": counts.get("written", {}),
    }


def counts(session: Session, today: dt.date) -> dict[str, Any]:
    """Return how much the directory holds, as JSON.

    A membership is current when it has begun and not ended on `today`; e-mail addresses are those
    not withdrawn, shared when they belong to several owners.
    """
    current = (
        sa.or_(Membership.start_on.is_(None), Membership.start_on <= today),
        sa.or_(Membership.end_on.is_(None), Membership.end_on >= today),
    )
    held = sa.select(sa.func.count(Membership.id))
    return {
        "people": _one(
            session, sa.select(sa.func.count(Person.id)).where(Person.merged_into_id.is_(None))
        ),
        "current_memberships": _one(session, held.where(*current)),
        "memberships": _one(session, held),
        "organizations": _one(session, sa.select(sa.func.count(Organization.id))),
        "jurisdictions": _one(
            session, sa.select(sa.func.count(sa.distinct(Organization.jurisdiction_code)))
        ),
        **_contact_counts(session),
    }


def _contact_counts(session: Session) -> dict[str, Any]:
    """Count what is not withdrawn."""
    number, standing = sa.func.count(), ContactDetail.state != ContactState.WITHDRAWN
    email = sa.and_(ContactDetail.kind == ContactKind.EMAIL, standing)
    owners = (
        sa.select(ContactDetail.normalised)
        .where(email)
        .group_by(ContactDetail.normalised)
        .having(number > 1)
        .subquery()
    )
    found: Any = session.execute(
        sa.select(ContactDetail.kind, number).where(standing).group_by(ContactDetail.kind)
    )
    by_kind = {kind.value: total for kind, total in found}
    people = sa.func.count(sa.distinct(ContactDetail.person_id))
    values = sa.func.count(sa.distinct(ContactDetail.normalised))
    return {
        "people_with_email": _one(
            session, sa.select(people).where(email, ContactDetail.person_id.is_not(None))
        ),
        "distinct_emails": _one(session, sa.select(values).where(email)),
        "shared_emails": _one(session, sa.select(number).select_from(owners)),
        "contact_details": {kind.value: by_kind.get(kind.value, 0) for kind in ContactKind},
    }


def _one(session: Session, query: sa.Select[Any]) -> int:
    return int(session.scalar(query) or 0)
