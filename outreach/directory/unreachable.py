"""Who can decide and can't be reached: the work list of ministries without a written address.

The law of a jurisdiction names in words who decides (`designation.authority`). Which bodies of ours
it means is found by their names and posts, until somebody says so (`designation.bodies`: slugs).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.database import remembered
from outreach.directory.adding import Origin, add_body, add_by_hand
from outreach.directory.addresses import kind_of, region, tidy
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    Jurisdiction,
    Membership,
    Organization,
    OrganizationKind,
    Post,
)
from outreach.directory.offices import HOME, USABLE, WRITTEN_BY
from outreach.directory.people import make_target
from outreach.directory.spelling import fold
from outreach.directory.verification import verify
from outreach.errors import BadInput, NotFound
from outreach.schema import asked
from outreach.words import Sentence

DECIDING = (OrganizationKind.GOVERNMENT, OrganizationKind.MINISTRY, OrganizationKind.AUTHORITY)
# Lists that exist come before those a law would allow.
_ORDER = ("yes", "partly", "a list exists, long unused", "the law allows it, no entries seen")
# Words by which a law names the government as a whole.
_GOVERNMENT = re.compile(
    r"\b(government|council of ministers|cabinet|governor in council|federal council"
    r"|prime minister)\b(?! regulation)"
)
# Words that many bodies share: alone they name none.
_WEAK = frozenset(
    fold(
        "of the for and on in by to a its federal ministry department office minister secretary"
        " state republic authority affairs presidency prime security public"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Decider:
    """A body that could be the one that decides, as far as this list shows it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Law:
    """What the law of a country says of who decides, folded, and the bodies a person named."""

    text: str
    words: frozenset[str]
    government: bool
    named: frozenset[str]
    # Words of names that tell no body from another here.
    weak: frozenset[str]


@dataclass(frozen=True, slots=True)
class Place:
    """A jurisdiction, as far as this list reads it: `designation` as there, `law` taken apart."""

    code: str
    name: str
    designation: Mapping[str, Any]
    law: Law


@dataclass(frozen=True, slots=True)
class Gap:
    """A body that can decide and has no written address, or (`body` None) isn't in the directory.

    `law` is the designation of the jurisdiction, `posts` the labels of the body's posts.
    """

    jurisdiction: Place
    body: Decider | None
    posts: tuple[str, ...]

    @property
    def key(self) -> str:
        """What names the row in an address: a body's number, or the code of its country."""
        return str(self.body.id) if self.body else self.jurisdiction.code

    @property
    def authority(self) -> str:
        """Who decides, in the words of the law's description."""
        return str(self.jurisdiction.designation.get("authority") or "")

    @property
    def suggestion(self) -> str:
        """A first guess at the name of a body that isn't there, for a person to mend."""
        first = re.split(r"[;(/]|, | by | on ", re.sub(r"^\(\d\)\s*", "", self.authority))[0]
        return first.removeprefix("head of the ").strip()[:300]

    @property
    def likely_kind(self) -> OrganizationKind:
        """A first guess at what it is."""
        text = fold(self.suggestion)
        if _GOVERNMENT.search(text):
            return OrganizationKind.GOVERNMENT
        named = re.search(r"\b(minist\w+|secretary|department)\b", text)
        return OrganizationKind.MINISTRY if named else OrganizationKind.AUTHORITY


def gaps(session: Session) -> list[Gap]:
    """Return who can decide and can't be reached, most important first; four queries.

    Countries with a list of their own come first, then by name.
    """
    # Turning a page of the list asks for the same.
    return remembered(session, ("gaps",), lambda: _gaps(session))


def _gaps(session: Session) -> list[Gap]:
    bodies, posts = _bodies(session), _posts(session)
    found = []
    for place in _places(session):
        there = bodies.get(place.code, [])
        meant = [body for body in there if _is_meant(place.law, body, posts.get(body.id, ()))]
        if not meant or _lacks_government(place.law, there):
            found.append(Gap(place, None, ()))
        found += [
            Gap(place, Decider(body.id, body.name), tuple(posts.get(body.id, ()))) for body in meant
        ]
    reached = _reached(session, [gap.body.id for gap in found if gap.body])
    return sorted(
        (gap for gap in found if gap.body is None or gap.body.id not in reached),
        key=lambda gap: _importance(gap.jurisdiction),
    )


def count(session: Session) -> int:
    """Return how many rows the work list has."""
    return len(gaps(session))


def _importance(place: Place) -> tuple[int, str]:
    word = str(place.designation.get("has_list") or "")
    return (_ORDER.index(word) if word in _ORDER else len(_ORDER), place.name)


def _places(session: Session) -> list[Place]:
    """The jurisdictions whose law says who decides, by name."""
    # As text: what two hundred laws say is long, and seldom another than a moment ago.
    said = sa.cast(Jurisdiction.designation, sa.Text)
    rows = session.execute(
        sa.select(Jurisdiction.code, Jurisdiction.name, said).order_by(Jurisdiction.name)
    )
    places = [_place(*row) for row in rows]
    return [place for place in places if place.law.text and not place.law.text.startswith("none")]


@lru_cache(maxsize=1_024)
def _place(code: str, name: str, said: str) -> Place:
    designation = json.loads(said)
    authority = str(designation.get("authority") or "")
    text = fold(re.sub(r"\bEU\b", "European Union", authority))
    law = Law(
        text,
        frozenset(text.split()),
        bool(_GOVERNMENT.search(text)),
        frozenset(designation.get("bodies") or ()),
        _WEAK | frozenset(fold(name).split()),
    )
    return Place(code, name, designation, law)


# Who can decide anywhere, and is no invention.
_CAN_DECIDE = (
    Organization.kind.in_(DECIDING),
    Organization.ended_on.is_(None),
    Organization.demonstration.is_(False),
)


# Code of the country, id, slug, parent_id, name, governs, names (as JSON).
_Body = sa.Row[str, int, str, int | None, str, bool, str]


def _bodies(session: Session) -> dict[str, list[_Body]]:
    """The bodies that can decide in each country: thousands of them, so as plain rows."""
    rows = asked(
        session,
        sa.select(
            *(Organization.jurisdiction_code, Organization.id, Organization.slug),
            *(Organization.parent_id, Organization.name),
            (Organization.kind == OrganizationKind.GOVERNMENT).label("governs"),
            sa.cast(Organization.names, sa.Text).label("names"),
        )
        .where(*_CAN_DECIDE)
        .order_by(Organization.id),
    )
    found: dict[str, list[_Body]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


def _posts(session: Session) -> dict[int, list[str]]:
    """The labels of the posts of those bodies."""
    found: dict[int, list[str]] = {}
    query = (
        sa.select(Post.organization_id, Post.label)
        .join(Organization, Organization.id == Post.organization_id)
        .where(*_CAN_DECIDE)
    )
    for body_id, label in asked(session, query.order_by(Post.id)):
        found.setdefault(body_id, []).append(label)
    return found


def _reached(session: Session, ids: list[int]) -> set[int]:
    """Which of these bodies one can write to: themselves, at a post or through who holds it."""
    written = sa.and_(
        ContactDetail.kind.in_(WRITTEN_BY),
        ContactDetail.state.in_(USABLE),
        ContactDetail.purpose != HOME,
    )
    own = sa.exists().where(ContactDetail.organization_id == Organization.id, written)
    of_post = sa.exists().where(
        Post.organization_id == Organization.id, ContactDetail.post_id == Post.id, written
    )
    of_holder = sa.exists().where(
        Membership.organization_id == Organization.id,
        Membership.end_on.is_(None),
        ContactDetail.person_id == Membership.person_id,
        written,
    )
    query = sa.select(Organization.id).where(sa.or_(own, of_post, of_holder))
    return set(session.scalars(query.where(Organization.id.in_(ids))))


def _lacks_government(law: Law, there: Sequence[_Body]) -> bool:
    """Whether the law names the government and we have none, nor anybody's word who it is."""
    return law.government and not law.named and not any(body.governs for body in there)


# Thousands of posts share a label, and names are read again with every page.
@lru_cache(maxsize=16_384)
def _folded(name: str) -> tuple[str, frozenset[str]]:
    plain = fold(name)
    return plain, frozenset(plain.split())


@lru_cache(maxsize=16_384)
def _names(said: str) -> tuple[str, ...]:
    return tuple(json.loads(said).values())


def _is_meant(law: Law, body: _Body, posts: Sequence[str]) -> bool:
    """Whether the law's words for who decides mean this body."""
    # By their place: thousands of rows are asked, and a name takes thrice as long to find.
    _code, _id, slug, parent_id, own, governs, others = body
    if slug in law.named:
        return True
    if governs and parent_id is None:
        return law.government and not fold(own).startswith("european")
    for name in (own, *_names(others), *posts):
        plain, words = _folded(name)
        if law.words.isdisjoint(words):
            continue
        strong = words - law.weak
        if f" {plain} " in f" {law.text} " or (strong and strong <= law.words):
            return True
    return False


def reach(
    session: Session,
    body: Organization,
    *,
    value: str,
    url: str,
    seen: bool,
    by: Actor,
    now: dt.datetime,
) -> ContactDetail:
    """Add a written address to a body, which becomes a target, and return it.

    What kind it is, is seen from `value`: mail, a link of a form, else a postal address. `seen`:
    `by` saw it on the page `url` today, so it counts as checked. Raises BadInput with the field.
    """
    if not url.strip():
        raise BadInput(Sentence("Paste the link of the page that shows it."), "url")
    kind = kind_of(value) or ContactKind.POSTAL
    if kind is ContactKind.PHONE:
        raise BadInput(Sentence("A number can't be written to. Paste an address."), "value")
    if kind is ContactKind.POSTAL and ("@" in value or len(fold(value).split()) < 3):
        raise BadInput(
            Sentence("“%(value)s” is no e-mail, form or postal address.", value=value), "value"
        )
    value = tidy(kind, value, region(body.jurisdiction_code))
    origin = Origin(Sentence("its own page").text, url)
    detail = add_by_hand(session, body, kind, value, origin, by=by, now=now)
    if seen:
        verify(session, detail, url=url, by=by, now=now)
    make_target(session, body, by=by, now=now)
    return detail


def add_decider(
    session: Session,
    code: str,
    *,
    name: str,
    kind: OrganizationKind,
    by: Actor,
    now: dt.datetime,
) -> Organization:
    """Add the body that decides in the jurisdiction `code`, and remember that it does.

    Raises NotFound for an unknown code, BadInput with the field.
    """
    place = session.get(Jurisdiction, code)
    if place is None:
        raise NotFound(Sentence("This country or assembly is not in the directory."))
    if kind not in DECIDING:
        raise BadInput(Sentence("Choose a government, a ministry or an authority."), "kind")
    body = add_body(session, jurisdiction=code, kind=kind, name=name, by=by, now=now)
    name_decider(session, place, body, by=by, now=now)
    return body


def name_decider(
    session: Session, place: Jurisdiction, body: Organization, *, by: Actor, now: dt.datetime
) -> None:
    """Remember that `body` is one of those who decide in `place`.

    Raises BadInput (field `body`) for a body of another country.
    """
    if body.jurisdiction_code != place.code:
        raise BadInput(Sentence("That body belongs to another country."), "body")
    before = list(place.designation.get("bodies") or [])
    if body.slug in before:
        return
    place.designation = place.designation | {"bodies": [*before, body.slug]}
    session.flush()
    record(
        session,
        subject=("organization", body.id),
        name="named as deciding",
        by=by,
        now=now,
        campaign_id=None,
        detail={"jurisdiction": place.code, "name": body.name},
    )


def bodies_to_name(session: Session, codes: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
    """Return {code: (id, name)} of the bodies that could be the one that decides there."""
    rows = session.execute(
        sa.select(Organization.jurisdiction_code, Organization.id, Organization.name)
        .where(
            Organization.jurisdiction_code.in_(codes),
            Organization.kind.in_(DECIDING),
            Organization.ended_on.is_(None),
        )
        .order_by(Organization.name)
    )
    found: dict[str, list[tuple[int, str]]] = {code: [] for code in codes}
    for row in rows:
        found[row.jurisdiction_code].append((row.id, row.name))
    return found
