"""Who lacks what a letter needs: every recipient with every missing name, before any draft."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa
from jinja2 import UndefinedError, pass_context
from jinja2.environment import Template as Compiled
from jinja2.runtime import Context
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign, Sender
from outreach.directory import queries
from outreach.directory.models import Target
from outreach.errors import OutreachError
from outreach.letters import background, placeholders, templates, values
from outreach.letters.grammar import ENVIRONMENT, problems
from outreach.letters.models import Template, TemplateVersion
from outreach.letters.rendering import Empty
from outreach.letters.wording import Wording
from outreach.petitions import asks
from outreach.petitions.models import Ask

# Targets looked through while somebody waits, and read together.
MOST = 2_000
_AT_ONCE = 500
_NOTED = "missing names"


@dataclass(frozen=True, slots=True)
class Missing:
    """A target whose letter can't be made, the language it would be in, and what it lacks."""

    target: Target
    language: str
    names: tuple[str, ...]


@dataclass(slots=True)
class _Search:
    template: Template
    versions: Mapping[str, TemplateVersion]
    wording: Wording
    known: Mapping[str, Ask]
    # Versions and petitions that a fact stops for everybody.
    stopped: set[tuple[int, int]] = field(default_factory=set)


def missing_for(
    session: Session,
    *,
    campaign: Campaign,
    template: Template,
    targets: Sequence[int],
    sender: Sender,
    fallback_language: str | None = None,
    today: dt.date,
) -> list[Missing]:
    """Return which of the first `MOST` of `targets` lack what their text prints, in list order.

    Targets that get no letter for another reason (wrong office, no text, nothing to ask) are left
    to drafting, which says why. Nothing is kept. Letters that follow another one are looked at as
    if they followed the newest to the same desk.
    """
    search = _Search(
        template,
        templates.current_versions(session, template.id),
        Wording(session, campaign, sender, today),
        {ask.code: ask for ask in asks.asks(session, campaign.id)},
    )
    found: list[Missing] = []
    tried = list(targets[:MOST])
    for start in range(0, len(tried), _AT_ONCE):
        rows = session.scalars(
            queries.in_order(
                sa.select(Target)
                .where(Target.id.in_(tried[start : start + _AT_ONCE]))
                .options(*queries.with_list())
            )
        ).all()
        around = background.for_targets(session, campaign, rows, today=today)
        found += [one for row in rows if (one := _missing(search, row, around, fallback_language))]
    return found


def _missing(
    search: _Search, target: Target, around: background.Background, fallback: str | None
) -> Missing | None:
    language = templates.language_for(target.language, search.versions.keys()) or fallback
    ask = asks.first_able(search.known, target, search.template.asks)
    if language is None or ask is None or target.role.value not in search.template.roles:
        return None
    version = search.versions[language]
    shared = _shared(search, version, ask)
    if shared is None:
        return None
    named = values.values_for(
        target,
        campaign=search.wording.campaign,
        ask=ask,
        sender=search.wording.sender,
        shared=shared,
        language=version.language,
        code=placeholders.BY_NAME["letter.code"].sample,
        background=around,
    )
    # A form of address that can't be made is drafting's to tell.
    recipient = cast("dict[str, object]", named["recipient"])
    named["recipient"] = {**recipient, "salutation": target.name}
    names = tuple(dict.fromkeys([*_lacks(version.subject, named), *_lacks(version.body, named)]))
    return Missing(target, version.language, names) if names else None


def _shared(search: _Search, version: TemplateVersion, ask: Ask) -> values.Shared | None:
    """What the letters of a text share; None when a fact stops them all, which drafting says."""
    key = (version.id, ask.demand.petition_id)
    if key in search.stopped:
        return None
    try:
        return search.wording.shared(version, ask)
    except OutreachError:
        search.stopped.add(key)
        return None


def _lacks(source: str, named: Mapping[str, object]) -> Iterator[str]:
    """The names that `source` would print for somebody with these values and that are empty."""
    if problems(source):
        return
    noted: list[str] = []
    try:
        _compiled(source).render({**named, _NOTED: noted})
    except UndefinedError:
        return
    yield from noted


@pass_context
def _noted(context: Context, value: Any) -> str:
    if isinstance(value, Empty):
        context[_NOTED].append(value.name)
        return ""
    return str(value)


_LOOKING = ENVIRONMENT.overlay(finalize=_noted)


@functools.lru_cache(maxsize=256)
def _compiled(source: str) -> Compiled:
    return _LOOKING.from_string(source)
