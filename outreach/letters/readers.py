"""Which languages still want a native speaker before letters in them may really leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.models import Target, TargetRole
from outreach.directory.salutation_readings import greeting_of, unread_greetings
from outreach.letters.models import LetterKind, Template, TemplateVersion
from outreach.letters.templates import current_versions, language_for, templates_of


@dataclass(frozen=True, slots=True)
class Unread:
    """A language in which letters would wait for a reader, and what has to be read.

    `targets`: how many targets would be written to in it. `texts`: templates whose text nobody has
    read. `greetings`: blocks of forms of address (`de`, `en-GB`) with lines these targets get.
    """

    language: str
    targets: int
    texts: Sequence[Template]
    greetings: Sequence[str]


def unread_languages(
    session: Session, campaign_id: int, *, only: Collection[int] | None = None
) -> list[Unread]:
    """Return the languages that want a reader, those of most targets first.

    `only` names the templates that are looked at. Made-up targets and those who left don't count.
    """
    texts = {
        template: current_versions(session, template.id)
        for template in templates_of(session, campaign_id)
        if only is None or template.id in only
    }
    targets, greetings = _opened(session, texts)
    unread: dict[str, list[Template]] = {}
    for template, versions in texts.items():
        for language, version in versions.items():
            if version.read_by is None and targets[language]:
                unread.setdefault(language, []).append(template)
    return [
        Unread(language, many, unread.get(language, []), sorted(greetings.get(language, ())))
        for language, many in targets.most_common()
        if language in unread or language in greetings
    ]


def _opened(
    session: Session, texts: Mapping[Template, Mapping[str, TemplateVersion]]
) -> tuple[Counter[str], dict[str, set[str]]]:
    """({language: targets written to in it}, {language: blocks with lines nobody has read})."""
    read = unread_greetings(session).read
    # Every office is written to first; what comes later is in the same language.
    firsts: dict[str, list[Collection[str]]] = {}
    for template, versions in texts.items():
        if template.kind is LetterKind.FIRST or len(texts) == 1:
            for role in template.roles:
                firsts.setdefault(role, []).append(versions.keys())
    targets: Counter[str] = Counter()
    greetings: dict[str, set[str]] = {}
    for wanted, role, code, named, many in session.execute(_GROUPED):
        # Whichever of several texts is taken.
        served = (language_for(wanted, written) for written in firsts.get(role, ()))
        for language in dict.fromkeys(served):
            if language is None:
                continue
            targets[language] += many
            greeting = greeting_of(language, role=TargetRole(role), named=named, code=code)
            if greeting is None or greeting.block.read_by_native_speaker:
                continue
            if (greeting.block.language, greeting.role) not in read:
                greetings.setdefault(language, set()).add(greeting.block.language)
    return targets, greetings


_NAMED = Target.membership_id.is_not(None)
_GROUPED = (
    sa.select(Target.language, Target.role, Target.jurisdiction_code, _NAMED, sa.func.count())
    .where(Target.demonstration.is_(False), Target.ended_on.is_(None))
    .group_by(Target.language, Target.role, Target.jurisdiction_code, _NAMED)
)
