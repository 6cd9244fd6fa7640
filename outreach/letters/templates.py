"""Letter texts as they are kept: which there are, which version is the newest."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.errors import NotFound
from outreach.letters.models import Template, TemplateVersion
from outreach.petitions import figures
from outreach.words import Sentence


def templates_of(session: Session, campaign_id: int) -> Sequence[Template]:
    """Return the campaign's templates by kind and name."""
    return session.scalars(
        sa.select(Template)
        .where(Template.campaign_id == campaign_id)
        .order_by(Template.kind, Template.slug)
    ).all()


def template_by_slug(session: Session, campaign_id: int, slug: str) -> Template:
    """Return the campaign's template called `slug`. Raises NotFound."""
    found = session.scalar(
        sa.select(Template).where(Template.campaign_id == campaign_id, Template.slug == slug)
    )
    if found is None:
        raise NotFound(Sentence("There is no such template in this campaign."))
    return found


def versions_of(session: Session, template_id: int) -> Sequence[TemplateVersion]:
    """Return every version of one template, by language, newest first."""
    return session.scalars(
        sa.select(TemplateVersion)
        .where(TemplateVersion.template_id == template_id)
        .order_by(TemplateVersion.language, TemplateVersion.number.desc())
    ).all()


def current_versions(session: Session, template_id: int) -> dict[str, TemplateVersion]:
    """Return {language: newest version} of one template."""
    newest: dict[str, TemplateVersion] = {}
    for version in versions_of(session, template_id):
        newest.setdefault(version.language, version)
    return newest


def languages_written(session: Session, campaign_id: int) -> frozenset[str]:
    """Return the languages (BCP 47) the campaign has texts of letters in."""
    return frozenset(
        session.scalars(
            sa.select(TemplateVersion.language)
            .join(Template, Template.id == TemplateVersion.template_id)
            .where(Template.campaign_id == campaign_id)
            .distinct()
        )
    )


def version(session: Session, version_id: int) -> TemplateVersion | None:
    """Return one version with its template, or None."""
    return session.scalar(
        sa.select(TemplateVersion)
        .options(joinedload(TemplateVersion.template))
        .where(TemplateVersion.id == version_id)
    )


def language_for(wanted: str, available: Collection[str]) -> str | None:
    """Return which of the `available` languages serves a reader of `wanted` (BCP 47), or None.

    `en-GB` is served by `en-GB`, else `en`, else another `en-…`.
    """
    base = figures.base(wanted)
    for language in (wanted, base):
        if language in available:
            return language
    return next((one for one in sorted(available) if figures.base(one) == base), None)
