"""Adds people and targets by hand."""

from __future__ import annotations

import datetime as dt
import re

from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.models import (
    FormOfAddress,
    Membership,
    Organization,
    Person,
    Post,
    Target,
    TargetRole,
)
from outreach.directory.offices import add_target, person_key
from outreach.directory.salutations import LATIN
from outreach.errors import BadInput
from outreach.words import Sentence

_LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")


def add_person(
    session: Session,
    body: Organization,
    *,
    name: str,
    given: str,
    family: str,
    role: TargetRole,
    post: Post | None,
    form: FormOfAddress,
    basis: str,
    by: Actor,
    now: dt.datetime,
    latin: str = "",
    title_prefix: str = "",
    honorific: str = "",
    postnominal: str = "",
    reads: str = "",
) -> Target:
    """Add somebody who holds `role` in `body` from today, and return their target.

    `reads` is a BCP 47 code or empty. Raises BadInput with the field for a form of address nobody
    has a reason for, a post of another body, or what is no language.
    """
    if form is not FormOfAddress.X and not basis.strip():
        raise BadInput(Sentence("Say how we know it, or choose “not known”."), "basis")
    if post is not None and post.organization_id != body.id:
        raise BadInput(Sentence("That post belongs to another body."), "post")
    if reads and not _LANGUAGE.match(reads):
        raise BadInput(Sentence("Write the code of a language, such as de or pt-BR."), "reads")
    person = Person(
        name=name,
        given_name=given,
        family_name=family,
        title_prefix=title_prefix,
        honorific=honorific,
        postnominal=postnominal,
        names={LATIN: latin} if latin else {},
        form_of_address=form,
        form_of_address_basis=basis.strip() if form is not FormOfAddress.X else "",
        reading_language=reads or None,
    )
    person.search_key = person_key(person)
    session.add(person)
    session.flush()
    held = Membership(
        person_id=person.id,
        organization_id=body.id,
        post_id=post.id if post else None,
        role=post.role if post else role,
        start_on=now.date(),
    )
    session.add(held)
    target = add_target(session, membership=held)
    _record(session, target, "added", by=by, now=now)
    return target


def make_target(
    session: Session, organization: Organization, *, by: Actor, now: dt.datetime
) -> Target:
    """Return the target of `organization` itself, making it when nobody wrote to it before."""
    target = add_target(session, organization=organization)
    _record(session, target, "listed", by=by, now=now)
    return target


def _record(session: Session, target: Target, name: str, *, by: Actor, now: dt.datetime) -> None:
    record(
        session,
        subject=("target", target.id),
        name=name,
        by=by,
        now=now,
        campaign_id=None,
        detail={"name": target.name},
    )
