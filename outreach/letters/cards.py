"""What a letter is for: its name, kind, offices and asks, as its file or the browser says."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from typing import Annotated, Any

import sqlalchemy as sa
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign
from outreach.directory.models import TargetRole
from outreach.errors import BadInput
from outreach.letters.models import LetterKind, Template
from outreach.words import Sentence

# The name of a letter's folder, and its part of the address of its page.
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 60
# Ends of lines that YAML reads as blanks (YAML 1.1 §4.2).
_OTHER_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
# Parts of addresses that mean something else.
_RESERVED = frozenset({"new", "versions", "conflicts"})


def _with_plain_lines(text: str) -> str:
    return _OTHER_LINE_ENDS.sub("\n", text)


class Card(BaseModel):
    """`letter.yaml`: what a letter is for."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, AfterValidator(_with_plain_lines)] = Field(min_length=1, max_length=200)
    about: Annotated[str, AfterValidator(_with_plain_lines)] = Field(default="", max_length=1000)
    kind: LetterKind = LetterKind.FIRST
    roles: list[TargetRole] = Field(min_length=1)
    asks: list[str] = Field(min_length=1)


def card_of(template: Template) -> Card:
    """Return the card of a template."""
    return Card(
        name=template.name,
        about=template.about,
        kind=template.kind,
        roles=[TargetRole(role) for role in template.roles],
        asks=template.asks,
    )


def card_text(card: Card) -> str:
    """Return `card` as its file: YAML, the fields in their order."""
    return yaml.safe_dump(
        card.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100
    )


def unknown_ask(card: Card, asks: Collection[str]) -> Sentence | None:
    """Return what is wrong with the asks of `card` in a campaign that has `asks`, or None."""
    for code in card.asks:
        if code not in asks:
            return Sentence(
                "The campaign has no ask “%(code)s”. It has: %(known)s.",
                code=code,
                known=", ".join(sorted(asks)) or "—",
            )
    return None


def is_slug(slug: str) -> bool:
    """Return whether a letter can be called `slug`."""
    return SLUG.fullmatch(slug) is not None and len(slug) <= LONGEST_SLUG and slug not in _RESERVED


def new_template(
    session: Session, campaign: Campaign, slug: str, card: Card, *, by: Actor, now: dt.datetime
) -> Template:
    """Add a template without words yet. Raises BadInput (field `slug`) for a bad or taken name."""
    if not is_slug(slug):
        raise BadInput(
            Sentence("Write a short name of small letters, figures and hyphens."), "slug"
        )
    taken = session.scalar(
        sa.select(Template.id).where(Template.campaign_id == campaign.id, Template.slug == slug)
    )
    if taken is not None:
        raise BadInput(Sentence("There is a template called “%(name)s”.", name=slug), "slug")
    template = Template(campaign_id=campaign.id, slug=slug, card_by=by.name)
    _write(template, card)
    session.add(template)
    session.flush()
    _tell(session, template, "added", {}, by, now)
    return template


def save_card(
    session: Session,
    template: Template,
    card: Card,
    *,
    by: Actor,
    now: dt.datetime,
    file_hash: str | None = None,
) -> bool:
    """Change what a template is for and return whether anything differed.

    `file_hash` is that of the file the card was read from; without it a person changed it.
    """
    before = card_of(template).model_dump(mode="json")
    after = card.model_dump(mode="json")
    if file_hash is not None:
        template.card_hash, template.card_by = file_hash, None
    if before == after:
        session.flush()
        return False
    if file_hash is None:
        template.card_by = by.name
    _write(template, card)
    session.flush()
    changed = {key: before[key] for key in before if before[key] != after[key]}
    _tell(session, template, "card_changed", {"before": changed}, by, now)
    return True


def _write(template: Template, card: Card) -> None:
    template.name, template.about, template.kind = card.name, card.about, card.kind
    template.roles, template.asks = [role.value for role in card.roles], list(card.asks)


def _tell(
    session: Session,
    template: Template,
    name: str,
    detail: dict[str, Any],
    by: Actor,
    now: dt.datetime,
) -> None:
    audit.record(
        session,
        subject=("template", template.id),
        name=name,
        by=by,
        now=now,
        campaign_id=template.campaign_id,
        detail={"template": template.slug, **detail},
    )
