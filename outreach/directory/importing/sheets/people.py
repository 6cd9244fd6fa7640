"""People and institutions out of the lines of a table; lines of one person are put together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.directory.importing import cleaning
from outreach.directory.importing.languages import language_tag
from outreach.directory.importing.records import Body, PersonRecord, Problem, Record
from outreach.directory.importing.sheets.cells import Layout, Line, lost_letters
from outreach.directory.importing.sheets.contacts import contacts, once
from outreach.directory.importing.sheets.headers import folded
from outreach.directory.importing.sheets.mapping import Mapping
from outreach.directory.importing.sheets.seats import Bodies, kind_of
from outreach.directory.importing.sheets.tables import Row
from outreach.directory.models import OrganizationKind
from outreach.errors import BadFile
from outreach.words import Sentence

# The whole world's politicians are 150,000; people are held until their last line was read.
MAX_PEOPLE = 400_000
# What programs write for a name that is missing, when it is all there is.
_NO_NAMES = frozenset(("none", "null", "nan", "undefined", "n a", "unknown", "vacant"))
# What people write into the last line, folded: "Summe", "Total: 34", "34 in total".
_SUM = re.compile(
    r"(?:\d+ )?(?:summe|gesamt|insgesamt|anzahl|total|totals|in total|grand total|sum|number|count"
    r"|somme|totale|totaal|totalt|suma|razem|ogolem|celkem|spolu|osszesen|yhteensa|kokku|kopa"
    r"|toplam|jumla|итого|всего|разом|усього|всього|сума|общо|укупно|συνολο|المجموع|סהכ"
    r"|合計|总计|합계)(?: \d+)*"
)
# What is shorter is a number of people, not one to be reached by.
_SHORTEST_WAY = 6
# Fields of a person that a later line of the same person fills when they are still empty.
_SINGLE = (
    *("given_name", "family_name", "title_prefix", "honorific", "postnominal", "sort_name"),
    *("gender", "birth_date", "death_date", "reading_language"),
)


class People:
    """Gathers the people and bodies of one table."""

    def __init__(
        self, mapping: Mapping, headers: tuple[str, ...], name: str, fallback: str, region: str
    ) -> None:
        """`name` calls the file in messages; `fallback` names the body where the list names none;
        `region` is the country of telephone numbers that say none.
        """
        self.mapping, self.name, self.region = mapping, name, region
        self.layout = Layout(mapping, headers, name)
        code = mapping.constants.jurisdiction
        self.bodies = Bodies(mapping, code, fallback if mapping.constants.body == "" else "")
        self.people: dict[str, PersonRecord] = {}
        self._parents: list[tuple[Body, str]] = []
        self._by_id: dict[str, Body] = {}

    def records(self, rows: Iterator[Row]) -> Iterator[Record]:
        """Yield problems while reading, then bodies (parents first), then people.

        Raises BadFile when there are more people than any list has.
        """
        for number, cells in rows:
            line = self.layout.line(number, cells)
            if not (line.cells or line.flags or line.extras):
                yield from line.problems
                continue
            if self.mapping.about_people and not self._is_office(line):
                yield from self._person(line)
            else:
                yield from self._institution(line)
            yield from line.problems
            if len(self.people) > MAX_PEOPLE:
                words = Sentence("It has more than 400,000 people. Split it into parts.")
                raise BadFile(self.name, number, words)
        self._hang_on_parents()
        yield from _parents_first(self.bodies.by_key)
        yield from self.people.values()

    def _person(self, line: Line) -> Iterator[Problem]:
        person = _names(line)
        if not person.name:
            yield from self._no_name(line)
            return
        if lost_letters(person.name):
            words = Sentence("Letters of the name were lost in the file; correct it by hand.")
            yield Problem(line.place, words, person.name)
        _about(person, line)
        region = self.region or self.bodies.jurisdiction
        person.contacts = contacts(line, self.mapping.constants, region)
        counted = all(len(way.value) < _SHORTEST_WAY for way in person.contacts)
        if counted and _SUM.fullmatch(folded(person.name)):
            words = Sentence("This line sums the list up; it names nobody.")
            yield Problem(line.place, words, person.name, stops=True)
            return
        person.seats = self.bodies.seats(line)
        person.extras = {**person.extras, **line.extras}
        person.place = line.place
        yield from self._gather(person, line)

    def _no_name(self, line: Line) -> Iterator[Problem]:
        """An office without its holder still has its door; anything else is left out."""
        body = self.bodies.named(line)
        found = contacts(line, self.mapping.constants, self.region or self.bodies.jurisdiction)
        if body and found and not line.first("area"):
            body.contacts = once([*body.contacts, *found])
            words = Sentence("No person is named; what is given was kept for the body.")
            yield Problem(line.place, words, body.name)
            return
        yield Problem(line.place, Sentence("There is no name in this line."), stops=True)

    def _gather(self, person: PersonRecord, line: Line) -> Iterator[Problem]:
        """Keep the person, or add this line to what earlier lines said of the same one."""
        number = line.first("id")
        scheme = self.mapping.constants.id_scheme
        person.key = number or _key_of_name(person, self.bodies.by_key)
        if number and scheme:
            person.identifiers[scheme] = number
        before = self.people.get(person.key)
        if before and number and not self._same_person(before, person):
            words = Sentence(
                "The id %(id)s is also that of %(other)s; they were kept apart.",
                id=number[:60],
                other=before.name,
            )
            yield Problem(line.place, words, person.name)
            person.key = f"{number}|{folded(person.name)}"
            before = self.people.get(person.key)
        if before is None:
            self.people[person.key] = person
            return
        if not number and _differ(before, person):
            words = Sentence(
                "%(name)s stands twice with different addresses and no id; it was taken for one"
                " person.",
                name=person.name,
            )
            yield Problem(line.place, words, person.name)
        _join(before, person)

    def _same_person(self, before: PersonRecord, person: PersonRecord) -> bool:
        if self.mapping.same_id_same_person:
            return True
        return bool(set(folded(before.name).split()) & set(folded(person.name).split()))

    def _is_office(self, line: Line) -> bool:
        """Tell the line of a body in a list of people, as our own export writes it."""
        if not line.first("id").startswith("organization/"):
            return False
        return folded(line.first("name")) == folded(line.first("body"))

    def _institution(self, line: Line) -> Iterator[Problem]:
        name = line.first("body")
        if not name:
            yield Problem(line.place, Sentence("There is no name in this line."), stops=True)
            return
        if ended := line.day("end"):
            words = Sentence("It ended on %(day)s and was left out.", day=ended)
            yield Problem(line.place, words, name, stops=True)
            return
        body = self.bodies.named(line)
        assert body is not None
        if body.kind is OrganizationKind.OTHER:
            body.kind = kind_of(name) or OrganizationKind.AUTHORITY
        found = contacts(line, self.mapping.constants, self.region or body.jurisdiction)
        body.contacts = once([*body.contacts, *found])
        body.place = body.place or line.place
        if (number := line.first("id")) and not self._is_office(line):
            body.identifiers[self.mapping.constants.id_scheme or "list"] = number
            self._by_id[number] = body
        for column, value in line.all("identifier"):
            body.identifiers[column.tag] = value
        if parent := line.first("parent"):
            self._parents.append((body, parent))

    def _hang_on_parents(self) -> None:
        """Give bodies their parents, told by id or by name, once all are known."""
        by_name = {folded(one.name): one for one in self.bodies.by_key.values()}
        for body, told in self._parents:
            parent = self._by_id.get(told) or by_name.get(folded(told))
            above, seen = parent, {body.key}
            while above and above.key not in seen:
                seen.add(above.key)
                above = self.bodies.by_key.get(above.parent)
            if parent and above is None:
                body.parent = parent.key


def _parents_first(by_key: dict[str, Body]) -> Iterator[Body]:
    done: set[str] = set()
    for body in by_key.values():
        chain = [body]
        while chain[-1].parent in by_key and chain[-1].parent not in done:
            chain.append(by_key[chain[-1].parent])
        for one in reversed(chain):
            if one.key not in done:
                done.add(one.key)
                yield one


def _names(line: Line) -> PersonRecord:
    """Return a person with the names of the line; the name is "" when there is none."""
    given, family = line.first("given"), line.first("family")
    sort = line.first("sort_name")
    plain = [(column, value) for column, value in line.all("name") if not column.tag]
    name = plain[0][1] if plain else ""
    if both := line.first("name_family_given"):
        sort = sort or both
        last, comma, first = (part.strip() for part in both.partition(","))
        if comma and first and not (given or family):
            given, family = first, last
        name = name or (f"{first} {last}" if comma and first else both)
    if not name:
        name = " ".join(filter(None, [given, family]))
    if sort and not given and not family and "," in sort:
        last, _, first = (part.strip() for part in sort.partition(","))
        if f"{first} {last}" == name:
            given, family = first, last
    names = {column.tag: value for column, value in line.all("name") if column.tag}
    if not name and names:
        name = next(iter(names.values()))
    if folded(name) in _NO_NAMES:
        name = ""
    person = PersonRecord("", name[:300], given[:200], family[:200], sort_name=sort[:300])
    person.names = names
    if reading := line.first("reading"):
        person.names["ja-Hrkt"] = reading
    return person


def _about(person: PersonRecord, line: Line) -> None:
    """Fill in what the line says of the person besides names, contacts and seats."""
    person.title_prefix = line.first("prefix")[:60]
    person.honorific = line.first("honorific")[:60]
    person.postnominal = line.first("suffix")[:60]
    person.gender = cleaning.gender(line.first("gender"))
    person.birth_date, person.death_date = line.day("birth"), line.day("death")
    for base, form in (("salutation", "address"), ("legal_name", "other")):
        if value := line.first(base):
            person.other_names.append({"name": value[:300], "form": form})
    if told := line.first("language"):
        person.reading_language = language_tag(told)
        if not person.reading_language:
            person.extras[line.all("language")[0][0].header] = told
    for column, value in line.all("identifier"):
        person.identifiers[column.tag] = value.rpartition("/")[2]


def _key_of_name(person: PersonRecord, bodies: dict[str, Body]) -> str:
    """Return the key of a person without an id: the same as long as name, body and area are."""
    seat = person.seats[0] if person.seats else None
    body = bodies[seat.organization].name if seat else ""
    parts = [person.name, body, seat.area if seat else "", person.birth_date]
    return "name|" + "|".join(map(folded, parts))


def _differ(before: PersonRecord, person: PersonRecord) -> bool:
    """Tell whether both have mailboxes and share none."""
    first, second = (
        {contact.value.casefold() for contact in one.contacts if "@" in contact.value}
        for one in (before, person)
    )
    return bool(first and second and not first & second)


def _join(before: PersonRecord, person: PersonRecord) -> None:
    """Add to `before` what another line says of the same person."""
    if lost_letters(before.name) and not lost_letters(person.name):
        before.name, person.name = person.name, before.name
    for name in _SINGLE:
        if not getattr(before, name):
            setattr(before, name, getattr(person, name))
    others = {one["name"] for one in before.other_names} | {before.name}
    if person.name not in others and not lost_letters(person.name):
        before.other_names.append({"name": person.name, "form": "other"})
    before.other_names += [one for one in person.other_names if one["name"] not in others]
    before.names = {**person.names, **before.names}
    before.identifiers = {**person.identifiers, **before.identifiers}
    before.extras = {**person.extras, **before.extras}
    before.contacts = once([*before.contacts, *person.contacts])
    before.seats += [seat for seat in person.seats if seat not in before.seats]
