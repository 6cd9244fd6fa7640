"""How words that nobody saved yet would read, and for whom they fail. Keeps nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign, Sender
from outreach.directory import queries
from outreach.directory.models import FormOfAddress, Membership, Person, Target
from outreach.errors import OutreachError
from outreach.letters import audiences, background, grammar, placeholders, templates, values
from outreach.letters.models import Letter, LetterKind, Template, TemplateVersion
from outreach.letters.rendering import Empty
from outreach.letters.wording import Worded, Wording
from outreach.petitions import asks, facts, figures
from outreach.petitions.models import Ask, Petition
from outreach.words import N_, Sentence

# A larger audience is tried with its first targets only: whoever types is waiting.
MOST_TRIED = 300
LONGEST, FORM, LACKS = "longest", "form", "lacks"
SAMPLE_CODE = placeholders.BY_NAME["letter.code"].sample
# Names whose values a preview of a letter that follows another one makes up.
_MADE_UP = ("previous.", "correction.")
# What is the same for every recipient, so that nobody lacks it alone.
_OF_ALL = ("signatures", "signatures_exact", "petition", "sender", "letter", "fact")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language as they stand in the editor."""

    language: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A letter as one target would get it, or why there is none; and what is made up in it."""

    target: Target
    worded: Worded | None
    refusal: Sentence | None
    made_up: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Failing:
    """How many of an audience's `total` would get these words and were tried; who fails, why."""

    tried: int
    total: int
    rows: Sequence[tuple[Target, Sentence]]


@dataclass(frozen=True, slots=True)
class Room:
    """Where words are tried: template, sender, day, alternative; for whom (no filters: all)."""

    session: Session
    campaign: Campaign
    template: Template
    sender: Sender
    today: dt.date
    filters: audiences.Filters | None = None
    variant: str = "a"


def lacking(words: Words) -> list[str]:
    """Return the names of `words` that one recipient may lack while another has them."""
    if grammar.problems(words.subject) or grammar.problems(words.body):
        return []
    used = grammar.names_in(words.subject) | grammar.names_in(words.body)
    return sorted(
        name
        for name in used
        if (known := placeholders.BY_NAME.get(name))
        and known.optional
        and name.split(".")[0] not in (*_OF_ALL, *placeholders.ALTERNATIVES)
    )


def pickable(room: Room, language: str, *, q: str = "") -> Sequence[Target]:
    """Return the first targets to choose from, those who read `language` first."""
    query = _chosen(room, language)
    if q.strip():
        query = query.where(*queries.found_by(q))
    return room.session.scalars(query.options(*queries.with_row()).limit(MOST_TRIED)).all()


def total(room: Room) -> int:
    """Return how many targets there are for this template in the audience."""
    return queries.count(room.session, _chosen(room, "").order_by(None))


def seen_by(room: Room, words: Words, who: str) -> Seen | None:
    """Return the letter to the one `who` names; None when there is nobody to show it for.

    `who` is the id of a target, `longest` (name), `form:m`, `form:f`, `form:x` (form of address)
    or `lacks:recipient.group` (a name from `lacking`); anything else is the first of the audience.
    """
    kind, _, which = who.partition(":")
    made_up: list[Sentence] = []
    target = None
    if who.isdigit():
        target = _first(room, _of_template(room).where(Target.id == int(who)))
    elif kind == LONGEST:
        longest = sa.func.length(Target.name).desc()
        target = _first(room, _chosen(room, words.language).order_by(None).order_by(longest))
    elif kind == FORM and which in [form.value for form in FormOfAddress]:
        target = _addressed(room, words, FormOfAddress(which), made_up)
    elif kind == LACKS and not _is_made_up(room, which):
        target = _one_without(room, words, which, made_up)
    if target is None:
        target = _first(room, _chosen(room, words.language))
    if target is None:
        return None
    return _seen(room, words, target, made_up, which if kind == LACKS else "")


def failing(room: Room, words: Words) -> Failing:
    """Return for whom of the audience the words fail, of those who would get this language."""
    query = _chosen(room, words.language).options(*queries.with_list()).limit(MOST_TRIED)
    written = {*templates.current_versions(room.session, room.template.id), words.language}
    rows = [
        target
        for target in room.session.scalars(query)
        if templates.language_for(target.language, written) == words.language
    ]
    wording, made_up = _wording(room, rows, words)
    version = _version(room, words)
    known = {ask.code: ask for ask in asks.asks(room.session, room.campaign.id)}
    failed = [
        (target, why)
        for target in rows
        if (why := _worded(room, wording, version, target, known, made_up)[1]) is not None
    ]
    return Failing(len(rows), total(room), failed)


def _of_template(room: Room) -> sa.Select[Target]:
    filters = room.filters or audiences.Filters()
    chosen = audiences.chosen_targets(room.campaign, filters, today=room.today)
    return chosen.where(Target.role.in_(room.template.roles))


def _chosen(room: Room, language: str) -> sa.Select[Target]:
    """The targets, those who read the language first."""
    base = figures.base(language)
    reads = sa.case(
        (Target.language == language, 0), (Target.language.startswith(base), 1), else_=2
    )
    return queries.in_order(_of_template(room).order_by(reads))


def _first(room: Room, query: sa.Select[Target]) -> Target | None:
    return room.session.scalar(query.options(*queries.with_list()).limit(1))


def _addressed(
    room: Room, words: Words, form: FormOfAddress, made_up: list[Sentence]
) -> Target | None:
    """Somebody addressed in this form; else somebody as if they were, taken out of the session."""
    people = _chosen(room, words.language).join(Membership, Membership.id == Target.membership_id)
    people = people.join(Person, Person.id == Membership.person_id)
    found = _first(room, people.where(Person.form_of_address == form))
    if found is None:
        found = _first(room, people)
        if found is not None and found.membership is not None:
            person = found.membership.person
            room.session.expunge(person)
            person.form_of_address, person.form_of_address_basis = form, ""
            made_up.append(
                Sentence("Nobody here is known to be addressed so: the form is made up for this.")
            )
    return found


def _one_without(room: Room, words: Words, name: str, made_up: list[Sentence]) -> Target | None:
    """The first target who lacks what `name` stands for."""
    rows = room.session.scalars(
        _chosen(room, words.language).options(*queries.with_list()).limit(MOST_TRIED)
    ).all()
    known = {ask.code: ask for ask in asks.asks(room.session, room.campaign.id)}
    around = background.for_targets(room.session, room.campaign, rows, today=room.today)
    for target in rows:
        ask = _ask(room, target, known)
        if ask is not None and isinstance(
            _value(room, words.language, target, ask, around, name), Empty
        ):
            return target
    made_up.append(Sentence("Nobody here lacks %(name)s; this is somebody who has it.", name=name))
    return None


def _value(
    room: Room,
    language: str,
    target: Target,
    ask: Ask,
    around: background.Background,
    name: str,
) -> object:
    petition = room.session.get_one(Petition, ask.demand.petition_id)
    named = values.values_for(
        target,
        campaign=room.campaign,
        ask=ask,
        sender=room.sender,
        shared=values.Shared({}, "", "", petition, room.today),
        language=language,
        code=SAMPLE_CODE,
        background=around,
    )
    top, _, rest = name.partition(".")
    inner = named.get(top)
    return inner.get(rest) if isinstance(inner, Mapping) else inner


def _seen(room: Room, words: Words, target: Target, made_up: list[Sentence], without: str) -> Seen:
    wording, invented = _wording(room, [target], words, without)
    known = {ask.code: ask for ask in asks.asks(room.session, room.campaign.id)}
    version = _version(room, words)
    worded, refusal = _worded(room, wording, version, target, known, invented)
    if invented is not None:
        made_up.append(Sentence("The letter it follows is made up for this preview."))
    return Seen(target, worded, refusal, tuple(made_up))


def _worded(
    room: Room,
    wording: Wording,
    version: TemplateVersion,
    target: Target,
    known: Mapping[str, Ask],
    previous: Letter | None,
) -> tuple[Worded | None, Sentence | None]:
    ask = _ask(room, target, known)
    if ask is None:
        return None, Sentence(
            N_("%(name)s can't do what this letter asks for. Choose other asks or another letter."),
            name=target.name,
        )
    try:
        return (
            wording.words(
                target, version, ask, code=SAMPLE_CODE, previous=previous, variant=room.variant
            ),
            None,
        )
    except OutreachError as error:
        return None, error.sentence


def _ask(room: Room, target: Target, known: Mapping[str, Ask]) -> Ask | None:
    return asks.first_able(known, target, room.template.asks)


def _is_made_up(room: Room, name: str) -> bool:
    return room.template.kind is not LetterKind.FIRST and name.startswith(_MADE_UP)


def _wording(
    room: Room, targets: Sequence[Target], words: Words, without: str = ""
) -> tuple[Wording, Letter | None]:
    """The wording for these targets, and a made-up letter where this kind follows one.

    What the name `without` stands for is left out of it.
    """
    found = background.for_targets(room.session, room.campaign, targets, today=room.today)
    previous = None
    if room.template.kind is not LetterKind.FIRST:
        previous = _made_up_letter(room, words, without)
        told = {} if without == "previous.signatures" else {0: _sample("previous.signatures")}
        found = replace(found, told={**found.told, **told})
    if room.template.kind is LetterKind.CORRECTION:
        said = {} if without == "correction.said" else {0: _sample("correction.said")}
        quotable = facts.quotable(room.session, room.campaign.id, today=room.today)
        fact = None if without == "correction.now" else next(iter(quotable), None)
        found = replace(found, said=said, fact=fact)
    return Wording(room.session, room.campaign, room.sender, room.today, found), previous


def _made_up_letter(room: Room, words: Words, without: str) -> Letter:
    sent_at = dt.datetime.combine(room.today - dt.timedelta(weeks=4), dt.time(9), dt.UTC)
    return Letter(
        id=0,
        subject="" if without == "previous.subject" else _sample("previous.subject"),
        code="" if without == "previous.code" else SAMPLE_CODE,
        language=words.language,
        sent_at=None if without in ("previous.date", "correction.date") else sent_at,
    )


def _sample(name: str) -> str:
    return placeholders.BY_NAME[name].sample


def _version(room: Room, words: Words) -> TemplateVersion:
    """A version that is in no session and stays in none."""
    return TemplateVersion(
        id=0,
        template_id=room.template.id,
        language=words.language,
        subject=words.subject,
        body=words.body,
    )
