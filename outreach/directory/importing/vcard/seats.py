"""The bodies an address book names, and what somebody is in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from outreach.directory.importing import cleaning
from outreach.directory.importing.countries import country_code
from outreach.directory.importing.records import Body, Seat
from outreach.directory.importing.roles import GOVERNMENTS, LEGISLATURES, is_plain, role_in
from outreach.directory.importing.sheets.seats import kind_of
from outreach.directory.importing.vcard.properties import Properties, Property
from outreach.directory.models import OrganizationKind, TargetRole
from outreach.directory.spelling import fold

# Parts that outlive who plays them: the post owns the office's address.
_POSTS = frozenset(
    {
        TargetRole.HEAD_OF_STATE,
        TargetRole.HEAD_OF_GOVERNMENT,
        TargetRole.MINISTER,
        TargetRole.SPEAKER,
    }
)
_ROLES = {role.value: role for role in TargetRole}
_KINDS = {kind.value: kind for kind in OrganizationKind}
# What stands beside an ORG, in its group.
_BESIDE = (
    *("TITLE", "ROLE", "X-ON-BEHALF-OF", "X-AREA", "X-START", "X-END"),
    *("X-JURISDICTION", "X-ORGANIZATION-KIND"),
)
_IN_GOVERNMENT = re.compile(
    r"minist(?:er|re|ro|ra)\b|premier|chancellor|secretary of state|president|taoiseach"
    r"|міністр|министр|υπουργός",
    re.IGNORECASE,
)
_MINISTER = re.compile(r"(?:prime minister|minister (?:of|for)) ?", re.IGNORECASE)
_SPEAKER = re.compile(r"\b(?:speaker|president|presiding officer)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Part:
    """ORG, TITLE, ROLE and our own additions that belong together."""

    names: list[str]
    props: dict[str, Property] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.props[name].text if name in self.props else ""


class Organizations:
    """The bodies met so far; each is handed out once, by `new`, before who sits in it."""

    def __init__(self) -> None:
        self._known: dict[str, Body] = {}
        self._waiting: list[Body] = []

    def new(self) -> list[Body]:
        """Return the bodies nobody has been given yet, each after its parent."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def card(self, names: list[str], jurisdiction: str, place: str) -> Body:
        """Return the body that a card of its own describes; its parents wait in `new`."""
        body = self._body(names, jurisdiction)
        self._waiting = [one for one in self._waiting if one is not body]
        body.place = place
        return body

    def seats(self, card: Properties, jurisdiction: str) -> list[Seat]:
        """Return the seats of a card: one for each ORG, with the TITLE and ROLE beside it."""
        return [self._seat(part, jurisdiction) for part in _parts(card) if part.names]

    def _seat(self, part: _Part, jurisdiction: str) -> Seat:
        jurisdiction = country_code(part.text("X-JURISDICTION")) or jurisdiction
        kind = _KINDS.get(part.text("X-ORGANIZATION-KIND").lower())
        body = self._body(part.names, jurisdiction, kind)
        written = part.text("ROLE")
        label = part.text("TITLE") or ("" if written.lower() in _ROLES else written)
        role = _ROLES.get(written.lower()) or _role(body, label)
        return Seat(
            organization=body.key,
            role=role,
            label=label,
            area=part.text("X-AREA"),
            on_behalf_of=self._group(part, jurisdiction),
            start=cleaning.day(part.text("X-START")),
            end=cleaning.day(part.text("X-END")),
            post=label if role in _POSTS else "",
        )

    def _group(self, part: _Part, jurisdiction: str) -> str:
        name = part.text("X-ON-BEHALF-OF")
        if not name:
            return ""
        kind = "group" if "group" in part.props["X-ON-BEHALF-OF"].types else "party"
        return self._keep([name], jurisdiction, OrganizationKind(kind), "").key

    def _body(
        self, names: list[str], jurisdiction: str, told: OrganizationKind | None = None
    ) -> Body:
        """Return the last of `names`, each in the one before it; `told` is what the last one is."""
        body: Body | None = None
        for number, name in enumerate(names, start=1):
            kind = kind_of(name) or _unit(body)
            if told and number == len(names):
                kind = told
            parent = body.key if body else ""
            body = self._keep(names[:number], jurisdiction, kind, parent)
        assert body is not None
        return body

    def _keep(
        self, path: list[str], jurisdiction: str, kind: OrganizationKind, parent: str
    ) -> Body:
        key = "|".join((jurisdiction, *(fold(name) for name in path)))
        if key not in self._known:
            body = Body(key, jurisdiction, kind, path[-1], parent=parent, place=path[-1])
            self._known[key] = body
            self._waiting.append(body)
        return self._known[key]


def _unit(parent: Body | None) -> OrganizationKind:
    """Return what an unnamed sort of unit is: of a parliament a committee, else something."""
    if parent and parent.kind in LEGISLATURES:
        return OrganizationKind.COMMITTEE
    if parent and parent.kind is OrganizationKind.GOVERNMENT:
        return OrganizationKind.MINISTRY
    return OrganizationKind.OTHER


def _role(body: Body, label: str) -> TargetRole:
    """Return the part somebody plays; staff of a parliament or ministry are plain members."""
    kind = body.kind
    if kind is OrganizationKind.OTHER and _MINISTER.match(label):
        # The book names a department of the ministry.
        kind = OrganizationKind.MINISTRY
    known = kind not in LEGISLATURES | GOVERNMENTS
    if kind in LEGISLATURES:
        known = is_plain(label) or _SPEAKER.search(label) is not None
    elif kind in GOVERNMENTS:
        known = _IN_GOVERNMENT.search(label) is not None
    return role_in(kind, label, body.name, body.jurisdiction) if known else TargetRole.MEMBER


def _parts(card: Properties) -> list[_Part]:
    """Pair each ORG with what stands in its group; without groups there is one of each."""
    found: dict[str, _Part] = {}
    for number, org in enumerate(card.all("ORG")):
        group = org.group or f"#{'' if number == 0 else number}"
        found.setdefault(group, _Part(card.organization(org)))
    for name in _BESIDE:
        for one in card.all(name):
            part = found.get(one.group or "#")
            # Apple puts ORG in a group and TITLE beside it.
            if part is None and len(found) == 1:
                part = next(iter(found.values()))
            if part is not None:
                part.props.setdefault(name, one)
    return list(found.values())
