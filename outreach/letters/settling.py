"""A file and the browser say different things: both are kept until a person decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.errors import MoveRefused
from outreach.letters import cards, files, versions
from outreach.letters.models import FileConflict, Template, TemplateVersion
from outreach.words import Sentence

# Whose words a person keeps.
FILE, BROWSER = "file", "browser"


def conflicts_of(session: Session, *template_ids: int) -> Sequence[FileConflict]:
    """Return what waits for a decision in these templates, by language."""
    return session.scalars(
        sa.select(FileConflict)
        .where(FileConflict.template_id.in_(template_ids), FileConflict.kept.is_(None))
        .order_by(FileConflict.language, FileConflict.id)
    ).all()


def settle(
    session: Session,
    template: Template,
    conflict: FileConflict,
    *,
    keep: str,
    seen: int,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Keep the words of the file or those of the browser; the file is not asked about again.

    `seen` is the number of the version that was shown beside the file. Whoever keeps the file's
    words is their author from now on. Raises MoveRefused when somebody was first, BadInput when
    the file's words can't be used any more.
    """
    standing = versions.newest(session, template.id, conflict.language)
    number = standing.number if standing else 0
    settled = session.execute(
        sa.update(FileConflict)
        .where(FileConflict.id == conflict.id, FileConflict.kept.is_(None))
        .values(kept=keep, settled_by=by.name, settled_at=now)
        .returning(FileConflict.id)
        .execution_options(synchronize_session=False)
    ).first()
    if settled is None or (conflict.language and number != seen):
        raise MoveRefused(
            Sentence("Somebody changed this meanwhile. Look at both again, then decide.")
        )
    if keep == FILE:
        _take(session, template, conflict, number, by, now)
    _tell(session, template, conflict.language, "file_conflict_settled", by, now, keep)
    session.refresh(conflict)


def hold(
    session: Session,
    template: Template,
    language: str,
    words: tuple[str, str],
    file_hash: str,
    *,
    by: Actor,
    now: dt.datetime,
) -> bool:
    """Put a file's words beside the browser's and return whether that is new.

    The card has no language. A file that was decided about before is asked about anew.
    """
    waiting = conflicts_of(session, template.id)
    if any((one.language, one.file_hash) == (language, file_hash) for one in waiting):
        return False
    forget(session, template, language, by=by, now=now)
    session.execute(
        sa.delete(FileConflict).where(
            FileConflict.template_id == template.id,
            FileConflict.language == language,
            FileConflict.file_hash == file_hash,
        )
    )
    session.add(
        FileConflict(
            template_id=template.id,
            language=language,
            file_hash=file_hash,
            subject=words[0],
            body=words[1],
            found_at=now,
        )
    )
    session.flush()
    _tell(session, template, language, "file_conflict_found", by, now)
    return True


def forget(
    session: Session, template: Template, language: str, *, by: Actor, now: dt.datetime
) -> None:
    """Let go of a question that the file, as it is now, no longer asks."""
    for one in conflicts_of(session, template.id):
        if one.language == language:
            session.delete(one)
            _tell(session, template, language, "file_conflict_gone", by, now)
    session.flush()


def _take(
    session: Session,
    template: Template,
    conflict: FileConflict,
    number: int,
    by: Actor,
    now: dt.datetime,
) -> None:
    known = versions.known(session, template.campaign_id)
    if not conflict.language:
        card = files.read_card(conflict.body.encode("utf-8"), files.CARD, known)
        cards.save_card(session, template, card, file_hash=conflict.file_hash, by=by, now=now)
        return
    wrong = versions.problems(conflict.subject, conflict.body, known)
    if wrong:
        raise versions.TextRefused(wrong)
    new = TemplateVersion(
        language=conflict.language,
        number=number + 1,
        subject=conflict.subject,
        body=conflict.body,
        file_hash=conflict.file_hash,
        author_id=by.user_id,
        author=by.name,
    )
    versions.add_version(session, template, new, name="read_from_file", by=by, now=now)


def _tell(
    session: Session,
    template: Template,
    language: str,
    name: str,
    by: Actor,
    now: dt.datetime,
    kept: str = "",
) -> None:
    audit.record(
        session,
        subject=("template", template.id),
        name=name,
        by=by,
        now=now,
        campaign_id=template.campaign_id,
        detail={"template": template.slug, "language": language, "kept": kept},
    )
