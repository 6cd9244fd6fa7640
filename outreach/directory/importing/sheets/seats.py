"""Bodies and seats, from the cells of one line."""

from __future__ import annotations

import re

from outreach.directory.importing.countries import country_code, country_name
from outreach.directory.importing.records import Body, Seat
from outreach.directory.importing.roles import role_in
from outreach.directory.importing.sheets.cells import Line
from outreach.directory.importing.sheets.headers import folded
from outreach.directory.importing.sheets.mapping import Mapping
from outreach.directory.models import OrganizationKind, TargetRole
from outreach.words import Sentence

Kind = OrganizationKind

# What a body is, by a word in its name; the first that fits. Folded: no accents, no case.
_KINDS = (
    (Kind.COMMITTEE, r"(sub)?committee|.*ausschuss|comision|commissione|komisja|komitet|комитет"),
    (
        Kind.MINISTRY,
        r"ministr(y|ies)|ministeri\w*|minister[sz]two\w*|ministere|ministero|міністерство|"
        r"министерство|υπουργειο|foreign office|home office|treasury|.*ministerium|.*departement",
    ),
    (Kind.CHAMBER, r"senat\w*|lords|commons|chamber|house|камера|палата|bundesrat|kammer|chambre"),
    (
        Kind.PARLIAMENT,
        r"parl[ai]+ment\w*|parlement|assembl\w*|asamblea|sejm|bundestag|riksdag\w*|congres\w*|"
        r"knesset|rada|рада|duma|дума|storting\w*|eduskunta|folketing\w*|riigikogu|seimas|saeima|"
        r"althingi|alþingi|legislat\w*|cortes|diet|парламент|βουλη|landtag|nationalrat",
    ),
    (Kind.GOVERNMENT, r"government|cabinet|regierung|gouvernement|gobierno|governo|rzad|уряд"),
    (Kind.COUNCIL, r"council\w*|conseil|.*gemeinderat|stadtrat|city|town|ayuntamiento|gmina"),
    (Kind.PARTY, r"party|partei|partido|partito|partia"),
)
# Upper houses in the languages that `roles` does not read.
_UPPER = re.compile(r"\b(?:senat\w*|сенат\w*|standerat)\b|参議院")
_ROLES = (
    (
        TargetRole.HEAD_OF_GOVERNMENT,
        r"(prime minister|first minister|premier ministre|premierminister\w*|federal chancellor|"
        r"bundeskanzler\w*|primer ministro|primo ministro|primeiro ministro|"
        r"прем ?єр\b.*|премьер.*)",
    ),
    (TargetRole.HEAD_OF_STATE, r"(head of state|president of the republic|bundesprasident\w*)"),
    (
        TargetRole.MINISTER,
        r"(minist(er|re|ro|ra|ru|erin)\b.*|.* minist(er|re|ro|ra|erin)|міністр.*|министр.*|"
        r"secretary of state.*|υπουργος.*)",
    ),
    (TargetRole.AMBASSADOR, r"(ambassador.*|botschafter\w*|ambassadeur.*|посол)"),
    (TargetRole.SPEAKER, r"(speaker.*|president of the (senate|house|assembly|parliament).*)"),
)
_ROLES_COMPILED = tuple((role, re.compile(pattern)) for role, pattern in _ROLES)
_KINDS_COMPILED = tuple((kind, re.compile(rf"\b(?:{pattern})\b")) for kind, pattern in _KINDS)
# Words that name no party and no group.
_NO_PARTY = frozenset(
    {
        *("independent", "independents", "independiente", "independente", "indipendente", "none"),
        *("independant", "parteilos", "partijloos", "bezpartyjny", "sans etiquette", "sans parti"),
        *("unabhangig", "nonpartisan", "non partisan", "no party", "позапартійний"),
        *("беспартийный", "sitoutumaton"),
    }
)
# Parts with a post that outlives its holder.
_POSTS = frozenset(
    {
        *(TargetRole.HEAD_OF_STATE, TargetRole.HEAD_OF_GOVERNMENT, TargetRole.MINISTER),
        *(TargetRole.COMMISSIONER, TargetRole.AMBASSADOR),
    }
)
# As our own export writes them; the single words mean the same in other lists.
_OURS = {
    str(role): role
    for role in TargetRole
    if "_" in role or role in (TargetRole.MEP, TargetRole.MINISTER, TargetRole.MEMBER)
}
_SEVERAL = re.compile(r"\s*[;|\n]\s*")
_NOT_NOW = frozenset(
    {
        *("false", "0", "no", "n", "nein", "non", "нет", "ні", "ancien", "ancienne", "former"),
        *("inactive", "past", "ended", "nie", "nej"),
    }
)


class Bodies:
    """The bodies met so far, by key; each is made when a line first names it."""

    def __init__(self, mapping: Mapping, jurisdiction: str, fallback: str) -> None:
        """`fallback` names the body of people whose list names none; "" leaves them without."""
        self.mapping, self.constants = mapping, mapping.constants
        self.jurisdiction, self.fallback = jurisdiction, fallback
        self.by_key: dict[str, Body] = {}

    def seats(self, line: Line) -> list[Seat]:
        """Return the seats that a line gives its person."""
        active = folded(line.first("active"))
        ended = line.day("end")
        if active in _NOT_NOW and not ended:
            return []
        main = self._main(line)
        if main is None:
            return []
        area = _area(line)
        if country := line.first("area_country"):
            area = country_name(country)
        party, group = self._party(line), self._group(line, main)
        label, post = line.first("role"), line.first("post")
        ours = _OURS.get(label)
        if ours:
            # Our own export: the role in our word, the title beside it.
            label, post = ("", post) if ours in _POSTS else (post, "")
        seat = Seat(
            main.key,
            ours or self._role(label or post, main),
            label[:300],
            area[:200],
            on_behalf_of=group or party,
            start=line.day("start"),
            end=ended,
            post=post[:200],
        )
        seats = [seat, *self._committees(line, main), *self._flags(line, main)]
        if party and group:
            seats.append(Seat(party, TargetRole.MEMBER))
        return seats

    def body(
        self, kind: Kind, name: str, parent: str = "", jurisdiction: str | None = None
    ) -> Body:
        """Return the body of this name, made when it is new."""
        code = self.jurisdiction if jurisdiction is None else jurisdiction
        under = f"{parent}/" if parent else f"{code}/" if code else ""
        key = f"{under}{kind.value}:{folded(name).replace(' ', '-')}"[:300]
        if key not in self.by_key:
            names = {self.constants.locale: name} if self.constants.locale else {}
            self.by_key[key] = Body(key, code, kind, name[:300], names, parent)
        return self.by_key[key]

    def named(self, line: Line) -> Body | None:
        """Return the body a line names in a column of its own, or None."""
        name = line.first("body")
        if not name:
            return None
        kind = self.constants.body_kind or kind_of(name) or Kind.OTHER
        body = self.body(kind, name, jurisdiction=self._jurisdiction(line))
        for column, value in line.all("body"):
            if column.tag:
                body.names.setdefault(column.tag, value)
        return body

    def _main(self, line: Line) -> Body | None:
        found = self.named(line)
        if found:
            return found
        code = self._jurisdiction(line)
        if name := self.constants.body:
            kind = self.constants.body_kind or kind_of(name) or Kind.OTHER
            return self.body(kind, name, jurisdiction=code)
        role = _role_of(line.first("role") or line.first("post"))
        if role in (TargetRole.MINISTER, TargetRole.HEAD_OF_GOVERNMENT):
            return self.body(Kind.GOVERNMENT, "Government", jurisdiction=code)
        if not self.fallback:
            return None
        kind = self.constants.body_kind or Kind.OTHER
        return self.body(kind, self.fallback, jurisdiction=code)

    def _jurisdiction(self, line: Line) -> str:
        for column, value in line.all("jurisdiction"):
            if code := country_code(value):
                return code
            words = Sentence("“%(value)s” is no country we know.", value=value[:60])
            line.wrong(column, words)
        return self.jurisdiction

    def _role(self, label: str, body: Body) -> TargetRole:
        if self.constants.role:
            return self.constants.role
        if found := _role_of(label):
            return found
        if body.jurisdiction != "EU" and _UPPER.search(folded(body.name)):
            return TargetRole.MEMBER_UPPER
        return role_in(body.kind, label, body.name, body.jurisdiction)

    def _party(self, line: Line) -> str:
        name = line.first("party")
        if not name or folded(name) in _NO_PARTY:
            return ""
        # A party of a member of the European Parliament is one of the country of election.
        country = country_code(line.first("area_country"))
        code = country or self._jurisdiction(line)
        return self.body(Kind.PARTY, self._full("party", name), jurisdiction=code).key

    def _group(self, line: Line, main: Body) -> str:
        name = line.first("group")
        if not name or folded(name) in _NO_PARTY:
            return ""
        full = self._full("group", name)
        return self.body(Kind.GROUP, full, main.key, main.jurisdiction).key

    def _full(self, base: str, name: str) -> str:
        return self.mapping.values.get(base, {}).get(name, name)

    def _committees(self, line: Line, main: Body) -> list[Seat]:
        names = [
            part for _, value in line.all("committee") for part in _SEVERAL.split(value) if part
        ]
        return [
            Seat(self.committee(name, main).key, TargetRole.MEMBER) for name in dict.fromkeys(names)
        ]

    def committee(self, name: str, main: Body) -> Body:
        """Return the committee of `main` of this name."""
        return self.body(Kind.COMMITTEE, name, main.key, main.jurisdiction)

    def _flags(self, line: Line, main: Body) -> list[Seat]:
        flags = self.mapping.flags
        seats = []
        for column, value in line.flags if flags else ():
            assert flags is not None
            label = flags.values.get(value, "")
            if not label:
                words = Sentence("“%(value)s” is no part we know.", value=value[:60])
                line.wrong(column, words)
                continue
            name = flags.names.get(column.header, column.header)
            chair = label.casefold() in ("chair", "chairman", "chairwoman", "president")
            role = TargetRole.COMMITTEE_CHAIR if chair else TargetRole.MEMBER
            seats.append(Seat(self.committee(name, main).key, role, label))
        return seats


def kind_of(name: str) -> Kind | None:
    """Return what a body is by the words of its name, or None when they don't tell."""
    plain = folded(name)
    return next((kind for kind, words in _KINDS_COMPILED if words.search(plain)), None)


def _area(line: Line) -> str:
    """Return the area of a seat; a number alone ("3") goes with the region it is counted in."""
    told = [value for _, value in line.all("area")]
    return ", ".join(told) if any(map(str.isdigit, told)) else line.first("area")


def _role_of(label: str) -> TargetRole | None:
    plain = folded(label)
    if not plain:
        return None
    return next((role for role, words in _ROLES_COMPILED if words.fullmatch(plain)), None)
