"""Files and browser are two doors to the same texts: what becomes of a file that is read.

A file that is new becomes a version while the newest words are those a file held last. Where
somebody changed them in the browser, both are kept side by side until a person decides.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.config import shipped
from outreach.errors import BadFile
from outreach.letters import cards, files, settling, templates, versions
from outreach.letters.cards import Card
from outreach.letters.models import FileConflict, Template, TemplateVersion
from outreach.words import Sentence

SHIPPED = "shipped with Outreach"


@dataclass(frozen=True, slots=True)
class Change:
    """What reading a file led to: a version of that number, or None: a conflict to settle.

    Without a language it was the card.
    """

    slug: str
    language: str
    number: int | None


@dataclass(frozen=True, slots=True)
class _Reading:
    """One run over folders. `asked`: a person wants these files read, now.

    `left_out` takes what is wrong with letters that ship; None: that is an error too.
    """

    session: Session
    campaign: Campaign
    known: versions.Known
    by: Actor
    now: dt.datetime
    asked: bool
    left_out: list[BadFile] | None = None


@dataclass(frozen=True, slots=True)
class _File:
    """A file, how messages call it, and whether it ships with the product."""

    path: Path
    name: str
    ships: bool


def load_files(
    session: Session,
    campaign: Campaign,
    *folders: Path,
    now: dt.datetime,
    by: Actor,
    asked: bool = False,
    left_out: list[BadFile] | None = None,
) -> list[Change]:
    """Bring every letter under `folders` into `campaign`; return what was new.

    A file of a later folder stands for that of an earlier one. A file read before makes nothing,
    unless somebody `asked` for it. Raises BadFile naming file and line; call it inside a
    transaction, so that nothing stays then. Where `left_out` is a list, a letter that ships and
    does not fit this campaign (a fact it has not) is put there instead.
    """
    known = versions.known(session, campaign.id)
    reading = _Reading(session, campaign, known, by, now, asked, left_out)
    changes: list[Change] = []
    for slug, found in sorted(_found(folders).items()):
        changes += _load_letter(reading, slug, found)
    return changes


def load_installed(
    session: Session, campaign: Campaign, home: Path | None, *, now: dt.datetime, by: Actor
) -> tuple[list[Change], list[BadFile]]:
    """Bring in the letters that ship; those of `home`/letters stand in their place or beside.

    Returns what was new, and what ships but was left out: facts and asks are the campaign's own,
    so a newer letter may name what it has not, and the start must not fail for that.
    """
    folders = [shipped("templates") / "letters", *([home / "letters"] if home else [])]
    left_out: list[BadFile] = []
    changes = load_files(session, campaign, *folders, now=now, by=by, left_out=left_out)
    return changes, left_out


def upload(
    session: Session,
    template: Template,
    file: str,
    data: bytes,
    *,
    by: Actor,
    now: dt.datetime,
) -> Change | None:
    """Read one file of a template from the browser: `de.txt`, or its card; None: nothing new.

    Whoever brings it is the author of its words. Raises BadFile with the line of what is wrong.
    """
    campaign = session.get_one(Campaign, template.campaign_id)
    known = versions.known(session, campaign.id)
    reading = _Reading(session, campaign, known, by, now, asked=True)
    files.refuse_large(data, file)
    if file == files.CARD:
        return _keep_card(reading, template, data, files.read_card(data, file, known))
    language = Path(file).stem
    if Path(file).suffix != files.TEXT:
        raise BadFile(
            file, None, Sentence("The file's name must be a language, such as en.txt or de.txt.")
        )
    text = files.read_text(data, file, language, known)
    words = (text.subject, text.body)
    return _keep(reading, template, language, words, data, (by.user_id, by.name))


def _found(folders: Sequence[Path]) -> dict[str, dict[str, _File]]:
    """{slug: {file name: file}} of the cards and texts in the folders; later ones win."""
    own = shipped("templates") / "letters"
    letters: dict[str, dict[str, _File]] = {}
    for folder in folders:
        for pattern in (f"*/{files.CARD}", f"*/*{files.TEXT}"):
            for path in sorted(folder.glob(pattern)):
                ships = folder == own
                slug = path.parent.name
                name = f"{slug}/{path.name}" if ships else str(path)
                letters.setdefault(slug, {})[path.name] = _File(path, name, ships)
    return letters


def _load_letter(reading: _Reading, slug: str, found: dict[str, _File]) -> list[Change]:
    first = next(iter(found.values()))
    if not cards.is_slug(slug):
        raise BadFile(
            str(first.path.parent),
            None,
            Sentence("Call the folder by small letters, figures and hyphens, such as minister."),
        )
    texts = [one for name, one in sorted(found.items()) if name != files.CARD]
    if not texts:
        raise BadFile(
            first.name, None, Sentence("There is no text beside it. Write en.txt, for example.")
        )
    try:
        template, change = _template(reading, slug, found)
    except BadFile as error:
        return _leave_out(reading, found[files.CARD], error)
    if template is None:
        raise BadFile(
            first.name,
            None,
            Sentence("There is no %(card)s beside it that says what it is for.", card=files.CARD),
        )
    changes = [change] if change else []
    for one in texts:
        try:
            read = _load_text(reading, template, one)
        except BadFile as error:
            changes += _leave_out(reading, one, error)
        else:
            changes += [read] if read else []
    return changes


def _leave_out(reading: _Reading, file: _File, error: BadFile) -> list[Change]:
    """Note what ships and can't be used, which changes nothing; raise what somebody wrote."""
    if not file.ships or reading.left_out is None:
        raise error
    reading.left_out.append(error)
    return []


def _template(
    reading: _Reading, slug: str, found: dict[str, _File]
) -> tuple[Template | None, Change | None]:
    """The template the folder stands for, its card brought in where there is one."""
    template = reading.session.scalar(
        sa.select(Template).where(
            Template.campaign_id == reading.campaign.id, Template.slug == slug
        )
    )
    file = found.get(files.CARD)
    if file is None:
        return template, None
    data = files.read_bytes(file.path, file.name)
    card = files.read_card(data, file.name, reading.known)
    if template is None:
        template = cards.new_template(
            reading.session, reading.campaign, slug, card, by=reading.by, now=reading.now
        )
        template.card_by = reading.by.name if reading.asked else None
    return template, _keep_card(reading, template, data, card)


def _load_text(reading: _Reading, template: Template, file: _File) -> Change | None:
    data = files.read_bytes(file.path, file.name)
    text = files.read_text(data, file.name, file.path.stem, reading.known)
    author = (None, SHIPPED if file.ships else reading.by.name)
    return _keep(reading, template, file.path.stem, (text.subject, text.body), data, author)


def _keep_card(reading: _Reading, template: Template, data: bytes, card: Card) -> Change | None:
    """Take the card's file, unless it was read before or somebody changed the card meanwhile."""
    session, file_hash = reading.session, _hash(data)
    if reading.asked:
        # What is read because a person wants it is a change of theirs.
        cards.save_card(session, template, card, by=reading.by, now=reading.now)
        return None
    same = cards.card_of(template) == card
    if not same and file_hash in _seen(session, template, ""):
        return None
    if not same and template.card_by is not None:
        return _held(reading, template, "", ("", data.decode("utf-8-sig")), file_hash)
    if same:
        settling.forget(session, template, "", by=reading.by, now=reading.now)
    cards.save_card(session, template, card, file_hash=file_hash, by=reading.by, now=reading.now)
    return None


def _keep(
    reading: _Reading,
    template: Template,
    language: str,
    words: tuple[str, str],
    data: bytes,
    author: tuple[int | None, str],
) -> Change | None:
    """Make the file's words a version, put them beside the browser's, or know them already."""
    session, file_hash = reading.session, _hash(data)
    standing = versions.newest(session, template.id, language)
    if standing is not None and (standing.subject, standing.body) == words:
        # Both doors agree: from here on the file may lead.
        standing.file_hash = standing.file_hash or file_hash
        settling.forget(session, template, language, by=reading.by, now=reading.now)
        return None
    if not reading.asked and file_hash in _seen(session, template, language):
        return None
    if standing is not None and (standing.subject, standing.body) != _last_read(
        session, template, language
    ):
        return _held(reading, template, language, words, file_hash)
    new = TemplateVersion(
        language=language,
        number=standing.number + 1 if standing else 1,
        subject=words[0],
        body=words[1],
        file_hash=file_hash,
        author_id=author[0],
        author=author[1],
    )
    versions.add_version(
        session, template, new, name="read_from_file", by=reading.by, now=reading.now
    )
    return Change(template.slug, language, new.number)


def _held(
    reading: _Reading, template: Template, language: str, words: tuple[str, str], file_hash: str
) -> Change | None:
    new = settling.hold(
        reading.session, template, language, words, file_hash, by=reading.by, now=reading.now
    )
    return Change(template.slug, language, None) if new else None


def _seen(session: Session, template: Template, language: str) -> set[str | None]:
    """The hashes of the files that were read, or held, for this text (or the card)."""
    held = sa.select(FileConflict.file_hash).where(
        FileConflict.template_id == template.id, FileConflict.language == language
    )
    if not language:
        return {template.card_hash, *session.scalars(held)}
    read = sa.select(TemplateVersion.file_hash).where(
        TemplateVersion.template_id == template.id, TemplateVersion.language == language
    )
    return {*session.scalars(read), *session.scalars(held)}


def _last_read(session: Session, template: Template, language: str) -> tuple[str, str] | None:
    """The words that a file held last."""
    return next(
        (
            (version.subject, version.body)
            for version in templates.versions_of(session, template.id)
            if version.language == language and version.file_hash
        ),
        None,
    )


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
