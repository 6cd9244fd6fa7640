"""Letter files: read once, kept as versions, refused by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Actor, Event, Role
from outreach.errors import BadFile
from outreach.letters import templates
from outreach.letters.models import LetterKind, TemplateVersion
from outreach.letters.templates import Change, language_for, load_files, parse
from outreach.petitions.models import Use
from tests import make

SAM = Actor("Sam", None, Role.STAFF)
CARD = "name: A letter\nroles: [minister]\nasks: [A1]\n"
TEXT = "Subject: A question\n\nPlease answer. {{ fact.R02 }}\n"


@pytest.fixture
def campaign(session):
    campaign = make.campaign(session)
    make.ask(session, campaign, code="A1")
    make.fact(session, campaign, code="R02")
    make.fact(session, campaign, code="F09", use=Use.AVOID)
    return campaign


def write(folder: Path, name: str = "letter", card: str = CARD, **texts: str) -> Path:
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "letter.yaml").write_text(card, encoding="utf-8")
    for language, text in texts.items():
        (folder / name / f"{language.replace('_', '-')}.txt").write_text(text, encoding="utf-8")
    return folder


def load(session, campaign, folder, now):
    return load_files(session, campaign, folder, now=now, by=SAM)


def test_a_new_file_becomes_a_version_and_the_same_one_nothing(session, campaign, now, tmp_path):
    folder = write(tmp_path, en=TEXT, de=TEXT)
    assert load(session, campaign, folder, now) == [
        Change("letter", "de", 1),
        Change("letter", "en", 1),
    ]
    assert load(session, campaign, folder, now) == []
    write(tmp_path, en=TEXT + "More.\n")
    assert load(session, campaign, folder, now) == [Change("letter", "en", 2)]
    template = templates.templates_of(session, campaign.id)[0]
    assert (template.name, template.kind) == ("A letter", LetterKind.FIRST)
    newest = templates.current_versions(session, template.id)["en"]
    assert newest.body == "Please answer. {{ fact.R02 }}\nMore."
    assert newest.author_id is None and newest.read_by is None
    assert len(templates.versions_of(session, template.id)) == 3
    events = session.scalars(sa.select(Event).where(Event.name == "read_from_file")).all()
    assert [event.detail["number"] for event in events] == [1, 1, 2]


def test_a_text_typed_in_the_browser_is_not_overwritten_by_an_old_file(
    session, campaign, now, tmp_path
):
    folder = write(tmp_path, en=TEXT)
    load(session, campaign, folder, now)
    template = templates.templates_of(session, campaign.id)[0]
    make.template_version(session, campaign, template=template, number=2, body="Typed.")
    assert load(session, campaign, folder, now) == []
    assert templates.current_versions(session, template.id)["en"].body == "Typed."
    assert templates.version(session, 10_000) is None


def test_the_card_is_read_again(session, campaign, now, tmp_path):
    folder = write(tmp_path, en=TEXT)
    load(session, campaign, folder, now)
    write(tmp_path, card=CARD.replace("minister", "mep") + "kind: thanks\nabout: Short.\n")
    assert load(session, campaign, folder, now) == []
    template = templates.templates_of(session, campaign.id)[0]
    assert (template.roles, template.kind, template.about) == (["mep"], LetterKind.THANKS, "Short.")


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("A question\n\nWords", 1, "Subject"),
        ("Subject:\n\nWords", 1, "Subject"),
        ("Subject: A\nWords", 2, "empty"),
        ("Subject: A", 2, "empty"),
        ("Subject: A\n\n\n", 3, "no words"),
        ("Subject: {{ recipient.salutaton }}\n\nWords", 1, "recipient.salutaton"),
        ("Subject: 3 things\n\nWords", 1, "“3”"),
        ("Subject: A\n\nWords\n\n33,000 people\n", 5, "33,000"),
        ("Subject: A\n\n\n\nWords {{ recipient.nmae }}\n", 5, "recipient.name"),
        ("Subject: A\n\nWords\n{{ fact.R99 }}\n", 4, "R99"),
        ("Subject: A\n\nWords\n{{ fact.F09 }}\n", 4, "F09"),
        ("Subject: A {% if signatures %}\n\nWords {% endif %}\n", 1, "endif"),
    ],
)
def test_a_broken_text_is_named_by_letter_language_and_line(
    session, campaign, now, tmp_path, text, line, word
):
    folder = write(tmp_path, de=text)
    with pytest.raises(BadFile) as caught:
        load(session, campaign, folder, now)
    assert (caught.value.file, caught.value.line) == ("letter/de.txt", line)
    assert word in str(caught.value)
    assert "letter/de.txt, line" in str(caught.value)


@pytest.mark.parametrize(
    ("card", "word"),
    [
        (CARD.replace("A1", "A9"), "A9"),
        (CARD.replace("minister", "ministre"), "roles.0"),
        (CARD + "sort: x\n", "sort"),
        ("name: A\nroles: [mep]\n", "asks"),
        ("", "empty"),
    ],
)
def test_a_broken_card_is_named(session, campaign, now, tmp_path, card, word):
    folder = write(tmp_path, card=card, en=TEXT)
    with pytest.raises(BadFile, match=r"letter/letter\.yaml") as caught:
        load(session, campaign, folder, now)
    assert word in str(caught.value)


def test_a_letter_needs_a_text_a_language_and_utf8(session, campaign, now, tmp_path):
    folder = write(tmp_path)
    with pytest.raises(BadFile, match="no text"):
        load(session, campaign, folder, now)
    write(tmp_path, German=TEXT)
    with pytest.raises(BadFile, match="must be a language"):
        load(session, campaign, folder, now)
    (folder / "letter" / "German.txt").unlink()
    (folder / "letter" / "de.txt").write_bytes("Subject: A\n\nGrüße".encode("latin-1"))
    with pytest.raises(BadFile, match="UTF-8") as caught:
        load(session, campaign, folder, now)
    assert caught.value.line == 3
    assert session.scalar(sa.select(sa.func.count(TemplateVersion.id))) == 0


def test_windows_files_are_read_too():
    assert parse("\ufeffSubject: A\r\n\r\nWords\r\nmore\r\n", "x") == ("A", "Words\nmore")


@pytest.mark.parametrize(
    ("wanted", "available", "found"),
    [
        ("en-GB", ["en", "de"], "en"),
        ("en", ["en-GB", "de"], "en-GB"),
        ("de-CH", ["de", "de-CH"], "de-CH"),
        ("pl", ["en"], None),
    ],
)
def test_which_text_serves_a_reader(wanted, available, found):
    assert language_for(wanted, available) == found
