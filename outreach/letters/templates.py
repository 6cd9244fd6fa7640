"""Letter texts: read from files, checked, kept as versions.

A letter is a folder: `letter.yaml` says what it is for, `<language>.txt` holds its words. The
database holds the versions; a file whose content is new becomes one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session, joinedload

from outreach import datafile
from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign
from outreach.directory.models import TargetRole
from outreach.errors import BadFile
from outreach.letters import rendering
from outreach.letters.models import LetterKind, Template, TemplateVersion
from outreach.petitions.models import Ask, Fact, Use
from outreach.words import Sentence

CARD = "letter.yaml"
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
SUBJECT = "Subject:"
SHIPPED = "shipped with Outreach"


class Card(BaseModel):
    """`letter.yaml`: what a letter is for."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    about: str = ""
    kind: LetterKind = LetterKind.FIRST
    roles: list[TargetRole] = Field(min_length=1)
    asks: list[str] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Change:
    """A version that loading made."""

    slug: str
    language: str
    number: int


@dataclass(frozen=True, slots=True)
class Known:
    """What a letter's file may name in this campaign: codes of facts (and their use) and asks."""

    facts: dict[str, Use]
    asks: frozenset[str]


def parse(text: str, file: str) -> tuple[str, str]:
    """Return (subject, body) of a letter file's text; `file` is how messages call it.

    The first line is `Subject: …`, the second empty, the rest the body. Raises BadFile with the
    line of the first problem: misspelt names, bare figures, anything but words, names and if.
    """
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").split("\n")
    if not lines[0].startswith(SUBJECT) or not lines[0][len(SUBJECT) :].strip():
        raise BadFile(
            file, 1, Sentence("The first line must be “Subject: ” and the letter's subject.")
        )
    if len(lines) < 2 or lines[1].strip():
        raise BadFile(file, 2, Sentence("Leave the second line empty; the letter begins after it."))
    subject, body = lines[0][len(SUBJECT) :].strip(), "\n".join(lines[2:]).strip("\n")
    if not body.strip():
        raise BadFile(file, 3, Sentence("The letter has no words after its subject."))
    blank = next(index for index, line in enumerate(lines[2:]) if line.strip())
    for first_line, source in ((1, subject), (3 + blank, body)):
        for problem in rendering.problems(source):
            raise BadFile(file, first_line + problem.line - 1, problem.words)
    return subject, body


def load_files(
    session: Session, campaign: Campaign, folder: Path, *, now: dt.datetime, by: Actor
) -> list[Change]:
    """Bring every letter under `folder` into `campaign`; return the versions that were new.

    A file whose content is the last one read makes nothing. Raises BadFile naming letter,
    language (the file's name) and line; call it inside a transaction, so that nothing stays then.
    """
    known = _known(session, campaign.id)
    changes: list[Change] = []
    for card_file in sorted(folder.glob(f"*/{CARD}")):
        changes += _load_letter(session, campaign, card_file.parent, known, now=now, by=by)
    return changes


def templates_of(session: Session, campaign_id: int) -> Sequence[Template]:
    """Return the campaign's templates by kind and name."""
    return session.scalars(
        sa.select(Template)
        .where(Template.campaign_id == campaign_id)
        .order_by(Template.kind, Template.slug)
    ).all()


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
    base = wanted.split("-", maxsplit=1)[0].lower()
    for language in (wanted, base):
        if language in available:
            return language
    return next((one for one in sorted(available) if one.split("-")[0] == base), None)


def _known(session: Session, campaign_id: int) -> Known:
    facts = session.scalars(sa.select(Fact).where(Fact.campaign_id == campaign_id))
    asks = session.scalars(sa.select(Ask.code).where(Ask.campaign_id == campaign_id))
    return Known({fact.code: fact.use for fact in facts}, frozenset(asks))


def _load_letter(
    session: Session, campaign: Campaign, folder: Path, known: Known, *, now: dt.datetime, by: Actor
) -> list[Change]:
    name = f"{folder.name}/{CARD}"
    card = datafile.read(folder / CARD, Card, name=name)
    for code in card.asks:
        if code not in known.asks:
            raise BadFile(
                name,
                None,
                Sentence(
                    "The campaign has no ask “%(code)s”. It has: %(known)s.",
                    code=code,
                    known=", ".join(sorted(known.asks)) or "—",
                ),
            )
    texts = {file.stem: _read(file, known) for file in sorted(folder.glob("*.txt"))}
    if not texts:
        raise BadFile(
            name, None, Sentence("There is no text beside it. Write en.txt, for example.")
        )
    template = _keep_card(session, campaign, folder.name, card)
    return [
        change
        for language, (data, subject, body) in texts.items()
        if (change := _keep(session, template, language, (data, subject, body), now=now, by=by))
    ]


def _read(file: Path, known: Known) -> tuple[bytes, str, str]:
    name = f"{file.parent.name}/{file.name}"
    if not LANGUAGE.fullmatch(file.stem):
        raise BadFile(
            name, None, Sentence("The file's name must be a language, such as en.txt or de.txt.")
        )
    try:
        data = file.read_bytes()
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadFile(name, line, Sentence("This is not UTF-8 text. Save it as UTF-8.")) from error
    except OSError as error:
        raise BadFile(name, None, Sentence("It can't be read: %(why)s.", why=str(error))) from error
    subject, body = parse(text, name)
    _refuse_facts(text, name, known)
    return data, subject, body


def _refuse_facts(text: str, name: str, known: Known) -> None:
    for number, line in enumerate(text.split("\n"), start=1):
        for code in re.findall(r"\bfact\.([A-Za-z0-9]+)", line):
            if code not in known.facts:
                raise BadFile(
                    name, number, Sentence("The campaign has no fact “%(code)s”.", code=code)
                )
            if known.facts[code] is Use.AVOID:
                raise BadFile(
                    name,
                    number,
                    Sentence("The fact “%(code)s” must not be used in letters.", code=code),
                )


def _keep_card(session: Session, campaign: Campaign, slug: str, card: Card) -> Template:
    template = session.scalar(
        sa.select(Template).where(Template.campaign_id == campaign.id, Template.slug == slug)
    )
    if template is None:
        template = Template(campaign_id=campaign.id, slug=slug)
        session.add(template)
    template.name, template.about, template.kind = card.name, card.about, card.kind
    template.roles, template.asks = [role.value for role in card.roles], list(card.asks)
    session.flush()
    return template


def _keep(
    session: Session,
    template: Template,
    language: str,
    words: tuple[bytes, str, str],
    *,
    now: dt.datetime,
    by: Actor,
) -> Change | None:
    data, subject, body = words
    file_hash = hashlib.sha256(data).hexdigest()
    number = _next_number(session, template.id, language, file_hash)
    if number is None:
        return None
    new = TemplateVersion(
        template_id=template.id,
        language=language,
        number=number,
        subject=subject,
        body=body,
        file_hash=file_hash,
        author_id=None,
        author=SHIPPED,
        at=now,
    )
    session.add(new)
    session.flush()
    audit.record(
        session,
        subject=("template_version", new.id),
        name="read_from_file",
        by=by,
        now=now,
        campaign_id=template.campaign_id,
        detail={"template": template.slug, "language": language, "number": number},
    )
    return Change(template.slug, language, number)


def _next_number(session: Session, template_id: int, language: str, file_hash: str) -> int | None:
    """Return the number of a new version, or None when the file is the one read last."""
    earlier = session.execute(
        sa.select(TemplateVersion.number, TemplateVersion.file_hash)
        .where(TemplateVersion.template_id == template_id, TemplateVersion.language == language)
        .order_by(TemplateVersion.number.desc())
    ).all()
    last_read = next((row.file_hash for row in earlier if row.file_hash), None)
    if last_read == file_hash:
        return None
    return earlier[0].number + 1 if earlier else 1
