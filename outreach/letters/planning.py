"""Plans a mailing: which words, to whom, in which order; the letters are made afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign, Sender
from outreach.database import wake
from outreach.directory.models import Target
from outreach.errors import BadInput
from outreach.letters import templates
from outreach.letters.models import (
    Audience,
    Letter,
    Mailing,
    MailingState,
    Template,
    TemplateVersion,
)
from outreach.letters.sharing import SharedDesk, shared_desks
from outreach.words import Sentence

# Ids asked for with one statement; SQLite takes at most 32,766 values.
_ROWS = 5_000


def begin(
    session: Session,
    *,
    campaign: Campaign,
    template: Template,
    targets: Sequence[Target] | Sequence[int],
    sender: Sender,
    audience: Audience | None = None,
    name: str = "",
    fallback_language: str | None = None,
    follows: Letter | Mapping[int, Letter] | None = None,
    desks: SharedDesk | None = None,
    fact_id: int | None = None,
    milestone_id: int | None = None,
    by: Actor,
    now: dt.datetime,
) -> Mailing:
    """Plan a mailing and return it, waiting: `drafting.draft_some` makes its letters.

    The language is the target's, else `fallback_language`. `follows` is the letter that a
    reminder or correction follows, or {target id: letter}; a reminder without it follows the last
    unanswered letter to the same desk. `desks` is what becomes of targets that share one: only one
    of them is written to, or each is asked something else. `fact_id` is what a mailing corrects,
    `milestone_id` what it tells of. Raises BadInput when the template has no text, nobody is
    chosen, or desks are shared and nobody said what then.
    """
    ids = [one if isinstance(one, int) else one.id for one in targets]
    plan = _plan(session, template, ids, fallback_language, follows, desks)
    # Of this session, whichever the one is that was handed.
    own = session.get_one(Template, template.id)
    mailing = Mailing(campaign_id=campaign.id, template=own, sender_id=sender.id, plan=plan)
    mailing.audience_id = audience.id if audience else None
    mailing.fallback_language, mailing.name = fallback_language, name.strip() or template.name
    mailing.fact_id, mailing.milestone_id = fact_id, milestone_id
    mailing.left_out, mailing.by, mailing.by_id, mailing.at = [], by.name, by.user_id, now
    mailing.state, mailing.total = MailingState.WAITING, len(plan["targets"])
    wake(session, "drafts")
    session.add(mailing)
    session.flush()
    return mailing


def _plan(
    session: Session,
    template: Template,
    ids: Sequence[int],
    fallback_language: str | None,
    follows: Letter | Mapping[int, Letter] | None,
    desks: SharedDesk | None,
) -> dict[str, Any]:
    versions = templates.current_versions(session, template.id)
    ordered = _in_order(session, ids)
    _refuse_nothing(versions, ordered, fallback_language)
    if desks is None and shared_desks(session, template, ids):
        raise BadInput(
            Sentence("Some of these targets share one desk. Say how to write to them."), "desks"
        )
    handed = dict.fromkeys(ids, follows) if isinstance(follows, Letter) else follows or {}
    return {
        "targets": ordered,
        "versions": {language: version.id for language, version in versions.items()},
        "desks": desks.value if desks else None,
        "follows": {str(target): letter.id for target, letter in handed.items()},
    }


def _refuse_nothing(
    versions: Mapping[str, TemplateVersion], ids: Sequence[int], fallback_language: str | None
) -> None:
    if not versions:
        raise BadInput(Sentence("This letter has no text yet."), "template")
    if fallback_language and fallback_language not in versions:
        raise BadInput(
            Sentence("There is no text in that language to fall back to."), "fallback_language"
        )
    if not ids:
        raise BadInput(Sentence("Nobody is chosen. Widen the audience first."), "audience")


def _in_order(session: Session, ids: Sequence[int]) -> list[int]:
    """The ids as a list of their targets has them; what is no target falls out."""
    rows: list[Any] = []
    columns = (Target.jurisdiction_code, Target.role, Target.name, Target.id)
    for start in range(0, len(ids), _ROWS):
        some = ids[start : start + _ROWS]
        rows += session.execute(sa.select(*columns).where(Target.id.in_(some))).all()
    return [row.id for row in sorted(rows, key=tuple)]
