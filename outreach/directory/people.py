"""Adds and corrects people by hand, and makes bodies targets."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.locks import LOCKABLE
from outreach.directory.models import (
    FormOfAddress,
    Membership,
    Organization,
    Person,
    Post,
    Target,
    TargetRole,
)
from outreach.directory.offices import add_target, person_key, settle_target
from outreach.directory.salutations import LATIN
from outreach.errors import BadInput
from outreach.words import Sentence

_LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$")
# What `change_person` changes.
CHANGEABLE = (*LOCKABLE, "form_of_address_basis")


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
    label: str = "",
    by: Actor,
    now: dt.datetime,
) -> Target:
    """Add somebody who holds `role` in `body` from today, and return their target.

    `label` is the part in the source's words. Raises BadInput with the field for a form of address
    nobody has a reason for, a post of another body, or what is no language.
    """
    person = _person(new)
    session.add(person)
    session.flush()
    return seat(session, person, body, role=role, post=post, label=label, by=by, now=now)


def seat(
    session: Session,
    person: Person,
    body: Organization,
    *,
    role: TargetRole,
    post: Post | None = None,
    label: str = "",
    by: Actor,
    now: dt.datetime,
) -> Target:
    """Give `person` a seat in `body`, since a day nobody said, and return its target.

    Returns the one they hold there in that role already. Raises BadInput for a post of another
    body.
    """
    if post is not None and post.organization_id != body.id:
        raise BadInput(Sentence("That post belongs to another body."), "post")
    role = post.role if post else role
    held = session.scalar(
        sa.select(Membership).where(
            Membership.person_id == person.id,
            Membership.organization_id == body.id,
            Membership.role == role,
            Membership.end_on.is_(None),
        )
    )
    if held is None:
        held = Membership(
            person_id=person.id,
            organization_id=body.id,
            post_id=post.id if post else None,
            role=role,
            label=label,
        )
        session.add(held)
    target = add_target(session, membership=held)
    _record(session, target, "added", by=by, now=now)
    return target


def change_person(
    session: Session, person: Person, wanted: Mapping[str, Any], *, by: Actor, now: dt.datetime
) -> list[str]:
    """Set columns of `person` (locks.LOCKABLE, form_of_address_basis) as somebody typed them.

    Returns the names of those that changed; what is said of each is kept with what stood before.
    Raises BadInput with the field for a missing name, a form of address nobody has a reason for,
    or what is no language.
    """
    after = {name: getattr(person, name) for name in CHANGEABLE} | dict(wanted)
    if not str(after["name"]).strip():
        raise BadInput(Sentence("Write the name."), "name")
    _check_form(after["form_of_address"], after["form_of_address_basis"])
    for code in (after["reading_language"] or "", *after["names"]):
        _check_language(code, "reads" if code == after["reading_language"] else "names")
    changed = {
        name: [_plain(getattr(person, name)), _plain(value)]
        for name, value in after.items()
        if getattr(person, name) != value
    }
    if not changed:
        return []
    for name in changed:
        setattr(person, name, after[name])
    person.search_key = person_key(person)
    record(
        session,
        subject=("person", person.id),
        name="changed",
        by=by,
        now=now,
        campaign_id=None,
        detail={"fields": changed, "name": person.name},
    )
    seats = sa.select(Target.id).join(Membership, Membership.id == Target.membership_id)
    settle_target(session, session.scalars(seats.where(Membership.person_id == person.id)).all())
    return list(changed)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, FormOfAddress) else value


def _check_form(form: FormOfAddress, basis: str) -> None:
    if form is not FormOfAddress.X and not basis.strip():
        raise BadInput(Sentence("Say how we know it, or choose “not known”."), "basis")


def _check_language(code: str, field: str) -> None:
    if code and not _LANGUAGE.match(code):
        raise BadInput(Sentence("Write the code of a language, such as de or pt-BR."), field)


def _person(new: NewPerson) -> Person:
    _check_form(new.form, new.basis)
    _check_language(new.reads, "reads")
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
