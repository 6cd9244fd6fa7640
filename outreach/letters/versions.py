"""The words of a template as people save them: each change a new version, nothing overwritten.

What may be saved is decided here for both doors, the browser and the files (`loading.py`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from rapidfuzz import fuzz, process
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.directory import salutation_blocks
from outreach.errors import BadInput, MoveRefused
from outreach.letters import claims, grammar, placeholders
from outreach.letters.models import Template, TemplateVersion
from outreach.petitions import facts, figures, phrases
from outreach.petitions.models import Ask, Fact, Use
from outreach.words import Sentence

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# With its gaps and conditions; how long the filled one is, the checks of a letter say.
LONGEST_SUBJECT = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """What a campaign's letters may name: facts by code, how conflicts are resolved, asks."""

    facts: Mapping[str, Fact]
    resolutions: Mapping[str, str]
    asks: frozenset[str]


@dataclass(frozen=True, slots=True)
class TextProblem:
    """What is wrong with a text: in `subject` or `body`, on which line of it, with that line.

    `word` is what stands there and may not, `near` the name that was probably meant; else empty.
    """

    field: str
    line: int
    quoted: str
    words: Sentence
    word: str = ""
    near: str = ""


class TextRefused(BadInput):
    """A text can't be saved, for every one of `problems`; the sentence is the first one's."""

    def __init__(self, problems: Sequence[TextProblem]) -> None:
        super().__init__(problems[0].words, problems[0].field)
        self.problems = tuple(problems)


def known(session: Session, campaign_id: int) -> Known:
    """Return what the letters of a campaign may name."""
    return Known(
        facts={fact.code: fact for fact in facts.facts(session, campaign_id)},
        resolutions={one.code: one.resolution for one in facts.conflicts(session, campaign_id)},
        asks=frozenset(session.scalars(sa.select(Ask.code).where(Ask.campaign_id == campaign_id))),
    )


def tidy(subject: str, body: str) -> tuple[str, str]:
    """Return subject and body as both doors keep them: one line, and no blanks around."""
    return " ".join(subject.split()), body.replace("\r\n", "\n").replace("\r", "\n").strip()


def problems(subject: str, body: str, known: Known) -> list[TextProblem]:
    """Return everything wrong with a text, subject first, then by line."""
    found = [
        *_problems_of("subject", subject, known),
        *_problems_of("body", body, known),
    ]
    if not subject.strip() or len(subject) > LONGEST_SUBJECT:
        words = Sentence("Write a subject of 1 to %(n)s characters.", n=LONGEST_SUBJECT)
        found.insert(0, TextProblem("subject", 1, "", words))
    if not body.strip():
        found.append(TextProblem("body", 1, "", Sentence("A letter can't go without this.")))
    return found or list(_conflicts(subject, body, known))


def language_problem(language: str) -> Sentence | None:
    """Return why no letter can be written in `language` (BCP 47), or None when one can."""
    if not LANGUAGE.fullmatch(language):
        return Sentence("“%(code)s” is no code of a language, such as en or de.", code=language)
    if phrases.phrases(language) is None:
        return Sentence(
            "We have no turns of phrase in the language “%(language)s” yet: dates, counts and the "
            "reference could not be printed. They are a file in templates/phrases; we have "
            "%(known)s.",
            language=language,
            known=", ".join(sorted(phrases.all_phrases())),
        )
    if figures.base(language) not in _addressed():
        return Sentence(
            "We have no forms of address in the language “%(language)s”.", language=language
        )
    return None


def languages() -> list[str]:
    """Return the codes of the languages a letter can be written in."""
    return sorted(one for one in phrases.all_phrases() if language_problem(one) is None)


def languages_not_ready() -> list[str]:
    """Return the languages we have forms of address for, but no turns of phrase."""
    return sorted(one for one in _addressed() if phrases.phrases(one) is None)


def save(
    session: Session,
    template: Template,
    language: str,
    subject: str,
    body: str,
    *,
    seen: int,
    by: Actor,
    now: dt.datetime,
) -> TemplateVersion:
    """Keep the words as the next version of a language and return it; its author is `by` (law 4).

    `seen` is the number of the version that was on the screen, 0 for a language that is new. The
    same words again keep nothing and return what stands. Raises TextRefused with every problem,
    BadInput for a language we can't write in, MoveRefused when somebody saved meanwhile.
    """
    return _save(session, template, language, (subject, body), seen, "written", {}, by, now)


def restore(
    session: Session, old: TemplateVersion, template: Template, *, by: Actor, now: dt.datetime
) -> TemplateVersion:
    """Keep the words of an `old` version as the newest one; whoever does so answers for them."""
    seen = newest(session, template.id, old.language)
    words, detail = (old.subject, old.body), {"restored": old.number}
    number = seen.number if seen else 0
    return _save(session, template, old.language, words, number, "restored", detail, by, now)


def newest(session: Session, template_id: int, language: str) -> TemplateVersion | None:
    """Return the newest version of one language, or None."""
    return session.scalar(
        sa.select(TemplateVersion)
        .where(TemplateVersion.template_id == template_id, TemplateVersion.language == language)
        .order_by(TemplateVersion.number.desc())
        .limit(1)
    )


def add_version(
    session: Session,
    template: Template,
    new: TemplateVersion,
    *,
    name: str,
    by: Actor,
    now: dt.datetime,
    detail: Mapping[str, Any] | None = None,
) -> TemplateVersion:
    """Add `new`, whose words were checked, told of by the event `name`, and return it.

    Raises MoveRefused when there is one of that number already.
    """
    new.template_id, new.at = template.id, now
    try:
        with session.begin_nested():
            session.add(new)
    except sa.exc.IntegrityError as error:
        raise _saved_meanwhile() from error
    told = {"template": template.slug, "language": new.language, "number": new.number}
    audit.record(
        session,
        subject=("template_version", new.id),
        name=name,
        by=by,
        now=now,
        campaign_id=template.campaign_id,
        detail={**told, **(detail or {})},
    )
    return new


def _save(
    session: Session,
    template: Template,
    language: str,
    words: tuple[str, str],
    seen: int,
    name: str,
    detail: dict[str, Any],
    by: Actor,
    now: dt.datetime,
) -> TemplateVersion:
    words = tidy(*words)
    standing = newest(session, template.id, language)
    if standing is not None and (standing.subject, standing.body) == words:
        return standing
    wrong_language = language_problem(language)
    if wrong_language is not None:
        raise BadInput(wrong_language, "language")
    wrong = problems(*words, known(session, template.campaign_id))
    if wrong:
        raise TextRefused(wrong)
    number = standing.number if standing else 0
    if number != seen:
        raise _saved_meanwhile()
    new = TemplateVersion(
        language=language,
        number=number + 1,
        subject=words[0],
        body=words[1],
        author_id=by.user_id,
        author=by.name,
    )
    return add_version(session, template, new, name=name, by=by, now=now, detail=detail)


def _saved_meanwhile() -> MoveRefused:
    return MoveRefused(
        Sentence(
            "Somebody saved this text meanwhile. Nothing of yours is lost and nothing was saved: "
            "look at both, then save what shall stand."
        )
    )


def _addressed() -> set[str]:
    return {figures.base(name) for name in salutation_blocks.blocks()}


def _problems_of(field: str, source: str, known: Known) -> Iterator[TextProblem]:
    lines = source.split("\n")

    def said(problem: grammar.Problem) -> TextProblem:
        quoted = lines[problem.line - 1].strip()[:200] if problem.line <= len(lines) else ""
        return TextProblem(field, problem.line, quoted, problem.words, problem.word, problem.near)

    found = grammar.problems(source)
    yield from map(said, found)
    if not found:
        for code, line in sorted(grammar.facts_named(source).items(), key=lambda one: one[1]):
            problem = _fact_problem(code, line, known)
            if problem is not None:
                yield said(problem)


def _fact_problem(code: str, line: int, known: Known) -> grammar.Problem | None:
    name, fact = placeholders.fact_name(code), known.facts.get(code)
    if fact is None:
        found = process.extractOne(code, list(known.facts), scorer=fuzz.ratio, score_cutoff=50)
        near = placeholders.fact_name(found[0]) if found else ""
        words = Sentence("The campaign has no fact “%(code)s”.", code=code)
        if near:
            words = Sentence(
                "The campaign has no fact “%(code)s”. Did you mean “%(near)s”?",
                code=code,
                near=near,
            )
        return grammar.Problem(line, words, word=name, near=near)
    if fact.use is Use.AVOID:
        near = placeholders.fact_name(fact.preferred_now) if fact.preferred_now else ""
        words = Sentence("The fact “%(code)s” must not be used in letters.", code=code)
        if near:
            words = Sentence(
                "The fact “%(code)s” must not be used in letters. Use “%(near)s”.",
                code=code,
                near=near,
            )
        return grammar.Problem(line, words, word=name, near=near)
    return None


def _conflicts(subject: str, body: str, known: Known) -> Iterator[TextProblem]:
    """Two facts of one group that can stand in one letter, at the second of them."""
    above, _pairs = grammar.facts_together(subject)
    lines, pairs = grammar.facts_together(body)
    pairs |= {frozenset((one, other)) for one in above for other in lines if one != other}
    quoted = body.split("\n")
    for pair in sorted(pairs, key=lambda two: sorted(lines.get(code, 0) for code in two)):
        first, second = sorted(pair, key=lambda code: (lines.get(code, 0), code))
        group = known.facts[first].conflict_group
        if not group or group != known.facts[second].conflict_group:
            continue
        line = lines.get(second, 1)
        yield TextProblem(
            "body",
            line,
            quoted[line - 1].strip()[:200],
            claims.dont_go_together((first, second), known.resolutions.get(group, "")),
            word=placeholders.fact_name(second),
        )
