"""Who can decide and can't be reached: the work list of ministries without a written address.

The law of a jurisdiction names in words who decides (`designation.authority`). Which bodies of ours
it means is found by their names and posts, until somebody says so (`designation.bodies`: slugs).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
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
    """A body that could be the one that decides, as far as this list reads it."""

    id: int
    slug: str
    parent_id: int | None
    kind: OrganizationKind
    name: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Gap:
    """A body that can decide and has no written address, or (`body` None) isn't in the directory.

    `law` is the designation of the jurisdiction, `posts` the labels of the body's posts.
    """

    jurisdiction: Jurisdiction
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
    places = [
        place
        for place in session.scalars(
            sa.select(Jurisdiction)
            .order_by(Jurisdiction.name)
            # Not the tools, precedents and notes of two hundred countries.
            .options(load_only(Jurisdiction.name, Jurisdiction.designation, raiseload=True))
        )
        if _decides_itself(place)
    ]
    bodies, posts = _bodies(session), _posts(session)
    found = []
    for place in places:
        there, law = bodies.get(place.code, []), _law(place)
        deciders = [body for body in there if _is_meant(law, body, posts)]
        if not deciders or _lacks_government(law, there):
            found.append(Gap(place, None, ()))
        found += [Gap(place, body, posts.get(body.id, ())) for body in deciders]
    reached = _reached(session, [gap.body.id for gap in found if gap.body])
    return sorted(
        (gap for gap in found if gap.body is None or gap.body.id not in reached),
        key=lambda gap: _importance(gap.jurisdiction),
    )


def count(session: Session) -> int:
    """Return how many rows the work list has."""
    return len(gaps(session))


def _importance(place: Jurisdiction) -> tuple[int, str]:
    word = str(place.designation.get("has_list") or "")
    return (_ORDER.index(word) if word in _ORDER else len(_ORDER), place.name)


def _decides_itself(place: Jurisdiction) -> bool:
    authority = fold(str(place.designation.get("authority") or ""))
    return bool(authority) and not authority.startswith("none")


# Who can decide anywhere, and is no invention.
_CAN_DECIDE = (
    Organization.kind.in_(DECIDING),
    Organization.ended_on.is_(None),
    Organization.demonstration.is_(False),
)


def _bodies(session: Session) -> dict[str, list[Decider]]:
    """The bodies that can decide in each country."""
    rows = session.execute(
        sa.select(
            *(Organization.jurisdiction_code, Organization.id, Organization.slug),
            *(Organization.parent_id, Organization.kind, Organization.name, Organization.names),
        )
        .where(*_CAN_DECIDE)
        .order_by(Organization.id)
    )
    found: dict[str, list[Decider]] = {}
    for row in rows:
        body = Decider(row.id, row.slug, row.parent_id, row.kind, row.name, row.names)
        found.setdefault(row.jurisdiction_code, []).append(body)
    return found


def _posts(session: Session) -> dict[int, tuple[str, ...]]:
    """The labels of the posts of those bodies."""
    found: dict[int, tuple[str, ...]] = {}
    query = (
        sa.select(Post.organization_id, Post.label)
        .join(Organization, Organization.id == Post.organization_id)
        .where(*_CAN_DECIDE)
    )
    for body_id, label in session.execute(query.order_by(Post.id)):
        found[body_id] = (*found.get(body_id, ()), label)
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


@dataclass(frozen=True, slots=True)
class _Law:
    """What the law of a country says of who decides, folded, and the bodies a person named."""

    text: str
    words: frozenset[str]
    government: bool
    named: frozenset[str]
    # Words of names that tell no body from another here.
    weak: frozenset[str]


def _law(place: Jurisdiction) -> _Law:
    said = str(place.designation.get("authority") or "")
    text = fold(re.sub(r"\bEU\b", "European Union", said))
    return _Law(
        text,
        frozenset(text.split()),
        bool(_GOVERNMENT.search(text)),
        frozenset(place.designation.get("bodies") or ()),
        _WEAK | frozenset(fold(place.name).split()),
    )


def _lacks_government(law: _Law, there: list[Decider]) -> bool:
    """Whether the law names the government and we have none, nor anybody's word who it is."""
    return (
        law.government
        and not law.named
        and all(body.kind is not OrganizationKind.GOVERNMENT for body in there)
    )


# Thousands of posts share a label, and names are read again with every page.
@lru_cache(maxsize=16_384)
def _folded(name: str) -> tuple[str, frozenset[str]]:
    plain = fold(name)
    return plain, frozenset(plain.split())


def _is_meant(law: _Law, body: Decider, posts: dict[int, tuple[str, ...]]) -> bool:
    """Whether the law's words for who decides mean this body."""
    if body.slug in law.named:
        return True
    if body.kind is OrganizationKind.GOVERNMENT and body.parent_id is None:
        return law.government and not fold(body.name).startswith("european")
    for name in (body.name, *body.names.values(), *posts.get(body.id, ())):
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
