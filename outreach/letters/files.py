"""Letters as files: what one looks like, and writing templates out so that nothing is lost.

A letter is a folder: `letter.yaml` says what it is for, `<language>.txt` holds its words.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from outreach import datafile
from outreach.errors import BadFile, OutreachError
from outreach.letters import templates
from outreach.letters.cards import Card, card_of, card_text, unknown_ask
from outreach.letters.models import Template
from outreach.letters.versions import Known, language_problem, problems, tidy
from outreach.words import Sentence

CARD = "letter.yaml"
TEXT = ".txt"
SUBJECT = "Subject:"
# A text of the longest kind, in a script of four bytes a letter.
MAX_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Text:
    """What a letter's file says; `line` is the file's line on which the body begins."""

    subject: str
    body: str
    line: int


def parse(text: str, file: str) -> Text:
    """Return what a letter file's text says; `file` is how messages call it.

    The first line is `Subject: …`, the second empty, the rest the body. Raises BadFile with the
    line of what is missing.
    """
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").split("\n")
    if not lines[0].startswith(SUBJECT) or not lines[0][len(SUBJECT) :].strip():
        raise BadFile(
            file, 1, Sentence("The first line must be “Subject: ” and the letter's subject.")
        )
    if len(lines) < 2 or lines[1].strip():
        raise BadFile(file, 2, Sentence("Leave the second line empty; the letter begins after it."))
    begins = next((number for number, line in enumerate(lines[2:], start=3) if line.strip()), None)
    if begins is None:
        raise BadFile(file, 3, Sentence("The letter has no words after its subject."))
    subject, body = tidy(lines[0][len(SUBJECT) :], "\n".join(lines[2:]))
    return Text(subject, body, begins)


def read_text(data: bytes, file: str, language: str, known: Known) -> Text:
    """Return the checked text of a letter's file. Raises BadFile with the line of the first fault.

    `language` is the file's name without its ending.
    """
    wrong_language = language_problem(language)
    if wrong_language is not None:
        raise BadFile(file, None, wrong_language)
    text = parse(_decoded(data, file), file)
    for problem in problems(text.subject, text.body, known):
        begins = 1 if problem.field == "subject" else text.line
        raise BadFile(file, begins + problem.line - 1, problem.words)
    return text


def read_card(data: bytes, file: str, known: Known) -> Card:
    """Return the checked card of a letter. Raises BadFile with the line of the first fault."""
    card = datafile.parsed(data, Card, name=file)
    wrong = unknown_ask(card, known.asks)
    if wrong is not None:
        raise BadFile(file, None, wrong)
    return card


def read_bytes(path: Path, file: str) -> bytes:
    """Return what a letter's file holds. Raises BadFile when it is too large or can't be read."""
    try:
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadFile(file, None, Sentence("It can't be read: %(why)s.", why=str(error))) from error
    refuse_large(data, file)
    return data


def refuse_large(data: bytes, file: str) -> None:
    """Raise BadFile when `data` is more than any letter's file holds."""
    if len(data) > MAX_BYTES:
        raise BadFile(
            file, None, Sentence("It is larger than %(n)s kB; no letter is.", n=MAX_BYTES // 1000)
        )


def file_text(subject: str, body: str) -> str:
    """Return the words of a letter as its file."""
    return f"{SUBJECT} {subject}\n\n{body}\n"


def as_files(session: Session, template: Template) -> dict[str, bytes]:
    """Return {file name: bytes} of a template: its card and the newest text of each language."""
    texts = {
        f"{language}{TEXT}": file_text(version.subject, version.body)
        for language, version in templates.current_versions(session, template.id).items()
    }
    return {
        name: text.encode("utf-8")
        for name, text in {CARD: card_text(card_of(template)), **texts}.items()
    }


def as_zip(session: Session, template: Template) -> bytes:
    """Return the files of a template in their folder, zipped; the same words, the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in as_files(session, template).items():
            archive.writestr(zipfile.ZipInfo(f"{template.slug}/{name}"), data)
    return packed.getvalue()


def export(
    session: Session, campaign_id: int, folder: Path, *, overwrite: bool = False
) -> list[Path]:
    """Write every template of a campaign into `folder`, one folder each; return what was written.

    A template without words is left out, a file that says the same already is left alone. Raises
    OutreachError, before anything is written, when one says something else and `overwrite` is off,
    and when writing fails.
    """
    wanted = {
        folder / template.slug / name: data
        for template in templates.templates_of(session, campaign_id)
        if len(written := as_files(session, template)) > 1
        for name, data in written.items()
    }
    try:
        differing = _differing(wanted, overwrite=overwrite)
        for path, data in differing.items():
            _write(path, data)
    except OSError as error:
        raise OutreachError(
            Sentence(
                "%(file)s can't be written: %(why)s.",
                file=str(error.filename or folder),
                why=error.strerror or str(error),
            )
        ) from error
    return list(differing)


def _differing(wanted: Mapping[Path, bytes], *, overwrite: bool) -> dict[Path, bytes]:
    """What is not on the disk like this yet; refused where that would take something away."""
    differing = {
        path: data
        for path, data in wanted.items()
        if not path.exists() or path.read_bytes() != data
    }
    there = [path for path in differing if path.exists()]
    if there and not overwrite:
        raise OutreachError(
            Sentence(
                "%(file)s says something else. Import it first, choose an empty folder, or "
                "write over it with --overwrite.",
                file=str(there[0]),
            )
        )
    return differing


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadFile(file, line, Sentence("This is not UTF-8 text. Save it as UTF-8.")) from error
