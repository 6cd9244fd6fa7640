"""Adds people and targets by hand."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What somebody typed about a person; `reads` is a BCP 47 code or empty."""

    name: str
    family: str
    given: str = ""
    latin: str = ""
    title_prefix: str = ""
    honorific: str = ""
    postnominal: str = ""
    form: FormOfAddress = FormOfAddress.X
    basis: str = ""
    reads: str = ""


def add_person(
    session: Session,
    body: Organization,
    new: NewPerson,
    *,
    role: TargetRole,
    post: Post | None,
    by: Actor,
    now: dt.datetime,
) -> Target:
    """Add somebody who holds `role` in `body` from today, and return their target.

    Raises BadInput with the field for a form of address nobody has a reason for, a post of another
    body, or what is no language.
    """
    if post is not None and post.organization_id != body.id:
        raise BadInput(Sentence("That post belongs to another body."), "post")
    person = _person(new)
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


def _person(new: NewPerson) -> Person:
    if new.form is not FormOfAddress.X and not new.basis.strip():
        raise BadInput(Sentence("Say how we know it, or choose “not known”."), "basis")
    if new.reads and not _LANGUAGE.match(new.reads):
        raise BadInput(Sentence("Write the code of a language, such as de or pt-BR."), "reads")
    person = Person(
        name=new.name,
        given_name=new.given,
        family_name=new.family,
        title_prefix=new.title_prefix,
        honorific=new.honorific,
        postnominal=new.postnominal,
        names={LATIN: new.latin} if new.latin else {},
        form_of_address=new.form,
        form_of_address_basis=new.basis.strip() if new.form is not FormOfAddress.X else "",
        reading_language=new.reads or None,
    )
    person.search_key = person_key(person)
    return person


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
