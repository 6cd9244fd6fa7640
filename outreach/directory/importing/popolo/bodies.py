"""Bodies and seats of a Popolo list: organizations, posts, areas, terms and memberships."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from outreach.directory.importing import roles
from outreach.directory.importing.cleaning import day, text
from outreach.directory.importing.countries import country_code
from outreach.directory.importing.popolo.contacts import Reached, identifiers, reached
from outreach.directory.importing.popolo.shapes import (
    Document,
    Item,
    by_language,
    identity,
    items,
    language_tag,
    reference,
    said,
)
from outreach.directory.importing.records import Body, Problem, Record, Seat
from outreach.directory.models import OrganizationKind
from outreach.words import Sentence

_LOCAL = frozenset({"councillor", "councilor", "alderman", "mayor", "deputy mayor"})
# What databases of the United Kingdom, Australia and South Africa write for "has not ended".
_NEVER = "9999"
_NO_PARTY = re.compile(r"unknown|none|n/?a|-+|\?+|no party", re.IGNORECASE)


class Frame:
    """What memberships refer to, by id; it makes bodies and seats."""

    def __init__(self, found: Document, jurisdiction: str, locale: str, legislature: str) -> None:
        self.jurisdiction, self.locale, self.legislature = jurisdiction, locale, legislature
        self.posts = {identity(one): one for one in found.posts}
        self.areas = {identity(one): said(one.get("name"), locale) for one in found.areas}
        self.terms = {identity(one): one for one in found.events}
        self.bodies: dict[str, Body] = {}
        # All that names a body, for telling an upper house from a lower one.
        self._words: dict[str, str] = {}
        # {body: its way to be reached}, of posts.
        self._posts_reached: dict[str, Reached] = {}
        # Lists of councillors call a town's council a legislature.
        self._councils: set[str] = set()

    def read_bodies(self, found: Document) -> Iterator[Record]:
        """Yield a body for every organization, parents first, and for every one that is missing."""
        self._councils = set(self._local_councils(found))
        given: dict[str, Item] = {}
        for one in found.organizations:
            if key := identity(one) or said(one.get("name"), self.locale)[:300]:
                given.setdefault(key, one)
            else:
                words = Sentence("An organization without id and name can't be used.")
                yield Problem("", words, stops=True)
        for key in given:
            yield from self._with_parents(key, given)
        yield from self._missing(found)

    def _with_parents(self, key: str, given: dict[str, Item]) -> Iterator[Record]:
        chain: list[str] = []
        while key in given and key not in self.bodies and key not in chain:
            chain.append(key)
            key = reference(given[key], "parent")
        for one in reversed(chain):
            yield from self._body(one, given[one])

    def _body(self, key: str, item: Item) -> Iterator[Record]:
        classification = said(item.get("classification"))
        name = said(item.get("name"), self.locale)
        if not name:
            name = f"unnamed {_from_id(key)}"
            yield Problem(key, Sentence("This organization has no name."), name)
        names = by_language(item.get("name"))
        for other in items(item.get("other_names")):
            tag = language_tag(other.get("lang") or other.get("language"))
            if tag and text(other.get("name")):
                names.setdefault(tag, text(other.get("name"))[:300])
        parent = reference(item, "parent")
        body = Body(
            key=key,
            # Popolo has no such field; our own export, of many countries, writes it.
            jurisdiction=country_code(said(item.get("jurisdiction"))) or self.jurisdiction,
            kind=self._kind(key, classification),
            name=name[:300],
            names=names,
            parent=parent if parent in self.bodies else "",
            identifiers=identifiers(item),
            place=key,
        )
        ways = reached(item, self.jurisdiction)
        body.contacts = ways.contacts
        yield from (Problem(key, words, name) for words in ways.problems)
        self._keep(body, f"{classification} {' '.join(names.values())}")
        yield body

    def _local_councils(self, found: Document) -> Iterator[str]:
        for one in found.memberships:
            role = one.get("role")
            if isinstance(role, str) and role.casefold() in _LOCAL:
                yield self.organization_of(one)

    def _kind(self, key: str, classification: str) -> OrganizationKind:
        kind = roles.kind_of(classification or key.partition("/")[0])
        local = key in self._councils and kind in roles.LEGISLATURES
        return OrganizationKind.COUNCIL if local else kind

    def _keep(self, body: Body, words: str = "") -> None:
        self.bodies[body.key] = body
        self._words[body.key] = f"{body.name} {words} {body.key}"

    def _missing(self, found: Document) -> Iterator[Record]:
        """Yield bodies that memberships and posts name and the list lacks."""
        wanted: dict[str, bool] = {}
        for one in found.memberships:
            wanted.setdefault(self.organization_of(one), False)
            wanted[reference(one, "on_behalf_of")] = True
        for key, is_party in wanted.items():
            if not key or key in self.bodies:
                continue
            body, words = self._unnamed(key, is_party)
            self._keep(body)
            yield body
            yield Problem(key, words, body.name)

    def _unnamed(self, key: str, is_party: bool) -> tuple[Body, Sentence]:
        """Return a body for an id that the list does not explain."""
        if self.legislature and roles.kind_of(key) in roles.LEGISLATURES:
            kind, name = OrganizationKind.CHAMBER, self.legislature
            words = Sentence("The organization “%(key)s” is not in the list.", key=key)
        else:
            kind = OrganizationKind.PARTY if is_party else roles.kind_of(key.partition("/")[0])
            name = f"unnamed {_from_id(key)}"
            words = Sentence(
                "The organization “%(key)s” is not in the list. It was added as “%(name)s”:"
                " give it its name.",
                key=key,
                name=name,
            )
        return Body(key, self.jurisdiction, kind, name[:300], place=key), words

    def organization_of(self, membership: Item) -> str:
        """Return the key of the body somebody sits in: named, or the post's, or the term's."""
        if named := reference(membership, "organization"):
            return named
        post = self.posts.get(reference(membership, "post"), {})
        term = self.terms.get(reference(membership, "legislative_period"), {})
        return reference(post, "organization") or reference(term, "organization")

    def seats(self, memberships: list[Item], problems: list[Sentence]) -> list[Seat]:
        """Return one seat for each membership of one person; `problems` tells of the others."""
        found: list[Seat] = []
        keys: Counter[str] = Counter()
        for one in memberships:
            body = self.bodies.get(self.organization_of(one))
            if body is None:
                problems.append(Sentence("A membership names no organization and was left out."))
                continue
            seat = self._seat(one, body, problems)
            keys[seat.key] += 1
            if keys[seat.key] > 1:
                seat.key = f"{seat.key}#{keys[seat.key]}"
            found.append(seat)
        self._take_party(found)
        return found

    def _take_party(self, seats: list[Seat]) -> None:
        """Give an open seat the one party its holder is in, where the list tells it as a seat."""
        still = [one for one in seats if not one.end]
        kinds = {one.organization: self.bodies[one.organization].kind for one in still}
        parties = [key for key, kind in kinds.items() if kind is OrganizationKind.PARTY]
        for seat in still:
            if len(parties) == 1 and kinds[seat.organization] in roles.LEGISLATURES:
                seat.on_behalf_of = seat.on_behalf_of or parties[0]

    def _party(self, one: Item) -> str:
        """Return the key of the party or group; lists hold one that is called "unknown"."""
        key = reference(one, "on_behalf_of")
        return "" if key in self.bodies and _NO_PARTY.fullmatch(self.bodies[key].name) else key

    def _seat(self, one: Item, body: Body, problems: list[Sentence]) -> Seat:
        post = self.posts.get(reference(one, "post"), {})
        label = said(one.get("label"), self.locale) or said(one.get("role"), self.locale)
        of_post = said(post.get("label"), self.locale) or said(post.get("role"), self.locale)
        in_house = body.kind in roles.LEGISLATURES
        if roles.is_plain(label) and of_post and not in_house:
            label = of_post
        role = said(one.get("role"), "en")
        shown = "" if roles.is_plain(label) else label
        seat = Seat(
            organization=body.key,
            role=roles.role_in(
                body.kind,
                " ".join(dict.fromkeys(filter(None, (role[:300], label[:300])))),
                self._words[body.key],
                body.jurisdiction,
            ),
            label=shown[:300],
            area=self._area(one, post)[:200],
            on_behalf_of=self._party(one),
            end_reason=said(one.get("end_reason"), self.locale)[:200],
            key=(identity(one) or _composed(one, body.key))[:390],
        )
        if not in_house and (of_post or (body.kind in roles.GOVERNMENTS and shown)):
            seat.post = (of_post or shown)[:200]
            seat.contacts = self._reached_at(post, problems)
        self._dates(seat, one, problems)
        if not seat.end:
            # "still_in_office" is none.
            seat.end_reason = ""
        return seat

    def _reached_at(self, post: Item, problems: list[Sentence]) -> list[Any]:
        if not post:
            return []
        key = identity(post)
        if key not in self._posts_reached:
            self._posts_reached[key] = reached(post, self.jurisdiction)
            problems += self._posts_reached[key].problems
        return list(self._posts_reached[key].contacts)

    def _area(self, one: Item, post: Item) -> str:
        """Return the constituency: the membership's own, or the post's, by name."""
        for item in (one, post):
            if isinstance(item.get("area"), dict) and (name := said(item["area"].get("name"))):
                return name
            if key := reference(item, "area"):
                return self.areas.get(key) or _from_id(key)
        return ""

    def _dates(self, seat: Seat, one: Item, problems: list[Sentence]) -> None:
        term = self.terms.get(reference(one, "legislative_period"), {})
        for side in ("start", "end"):
            given = text(one.get(f"{side}_date"))
            value = day(given)
            if side == "end" and given.startswith(_NEVER):
                given = ""
            if given and not value:
                problems.append(Sentence("“%(value)s” is no day.", value=given[:60]))
            if not value and (of_term := day(term.get(f"{side}_date"))):
                value = of_term
                setattr(seat, f"{side}_precision", "period")
            setattr(seat, side, value)


def _from_id(key: str) -> str:
    """Return the readable part of an id, `area/tartu_linn` → tartu linn."""
    last = re.split(r"[/:]", key.rstrip("/:"))[-1]
    return re.sub(r"[_\s]+", " ", last).strip() or key


def _composed(one: Item, body: str) -> str:
    """Return a key from what does not change when a date is filled in later."""
    names = ("post", "legislative_period", "area", "on_behalf_of")
    return "|".join((body, said(one.get("role")), *(reference(one, name) for name in names)))
