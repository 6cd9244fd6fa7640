"""Letters as files: read and refused by line, written out without loss, one of two doors."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.accounts.models import Actor, Event, Role
from outreach.errors import BadFile, MoveRefused, OutreachError
from outreach.letters import cards, files, loading, settling, templates, versions
from outreach.letters.cards import Card, card_text
from outreach.letters.loading import Change, load_files
from outreach.letters.models import FileConflict, LetterKind, TemplateVersion
from outreach.petitions.models import Use
from tests import make

SAM = Actor("Sam", 7, Role.STAFF)
CARD = "name: A letter\nroles: [minister]\nasks: [A1]\n"
TEXT = "Subject: A question\n\nPlease answer. {{ fact.R02 }}\n"


@pytest.fixture
def campaign(session):
    campaign = make.campaign(session)
    make.ask(session, campaign, code="A1")
    make.fact(session, campaign, code="R02")
    make.fact(session, campaign, code="F09", use=Use.AVOID, preferred_now="R02")
    return campaign


def write(folder: Path, name: str = "letter", card: str = CARD, **texts: str) -> Path:
    (folder / name).mkdir(exist_ok=True, parents=True)
    if card != "none":
        (folder / name / "letter.yaml").write_text(card, encoding="utf-8")
    for language, text in texts.items():
        (folder / name / f"{language.replace('_', '-')}.txt").write_text(text, encoding="utf-8")
    return folder


def load(session, campaign, *folders, now, asked=False):
    return load_files(session, campaign, *folders, now=now, by=SAM, asked=asked)


def typed(session, template, body, now, language="en"):
    """Words that somebody saves in the browser."""
    standing = versions.newest(session, template.id, language)
    return versions.save(
        session, template, language, "A question", body, seen=standing.number, by=SAM, now=now
    )


def only(session, campaign):
    return templates.template_by_slug(session, campaign.id, "letter")


def names(session):
    return [e.name for e in session.scalars(sa.select(Event).order_by(Event.id))]


# -- reading ---------------------------------------------------------------------------------------


def test_a_new_file_becomes_a_version_and_the_same_one_nothing(session, campaign, now, tmp_path):
    folder = write(tmp_path, en=TEXT, de=TEXT)
    assert load(session, campaign, folder, now=now) == [
        Change("letter", "de", 1),
        Change("letter", "en", 1),
    ]
    assert load(session, campaign, folder, now=now) == []
    write(tmp_path, en=TEXT + "More.\n")
    assert load(session, campaign, folder, now=now) == [Change("letter", "en", 2)]
    template = only(session, campaign)
    assert (template.name, template.kind) == ("A letter", LetterKind.FIRST)
    newest = templates.current_versions(session, template.id)["en"]
    assert newest.body == "Please answer. {{ fact.R02 }}\nMore."
    assert newest.author_id is None and newest.read_by is None
    assert len(templates.versions_of(session, template.id)) == 3
    events = session.scalars(sa.select(Event).where(Event.name == "read_from_file")).all()
    assert [event.detail["number"] for event in events] == [1, 1, 2]


def test_an_old_file_is_not_read_again_unless_somebody_wants_it(session, campaign, now, tmp_path):
    write(tmp_path, en=TEXT)
    load(session, campaign, tmp_path, now=now)
    write(tmp_path, en=TEXT + "More.\n")
    load(session, campaign, tmp_path, now=now)
    write(tmp_path, en=TEXT)
    assert load(session, campaign, tmp_path, now=now) == []
    assert load(session, campaign, tmp_path, now=now, asked=True) == [Change("letter", "en", 3)]


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
        ("Subject: A\n\nWords\n{{ fact.F09 }}\n", 4, "fact.R02"),
        ("Subject: A {% if signatures %}\n\nWords {% endif %}\n", 1, "endif"),
        ("Subject: A\n\nWords\nand \x00\n", 4, "control"),
    ],
)
def test_a_broken_text_is_named_by_file_and_line(
    session, campaign, now, tmp_path, text, line, word
):
    write(tmp_path, en=TEXT, de=text)
    with pytest.raises(BadFile) as caught, session.begin_nested():
        load(session, campaign, tmp_path, now=now)
    assert (caught.value.file, caught.value.line) == (str(tmp_path / "letter/de.txt"), line)
    assert word in str(caught.value)
    assert "letter/de.txt, line" in str(caught.value)
    assert session.scalar(sa.select(sa.func.count(TemplateVersion.id))) == 0


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
    write(tmp_path, card=card, en=TEXT)
    with pytest.raises(BadFile, match=r"letter/letter\.yaml") as caught:
        load(session, campaign, tmp_path, now=now)
    assert word in str(caught.value)


def test_what_no_letter_is_is_refused_by_name(session, campaign, now, tmp_path):
    write(tmp_path)
    with pytest.raises(BadFile, match="no text"):
        load(session, campaign, tmp_path, now=now)
    write(tmp_path, German=TEXT)
    with pytest.raises(BadFile, match="no code of a language"):
        load(session, campaign, tmp_path, now=now)
    (tmp_path / "letter" / "German.txt").unlink()
    write(tmp_path, xx=TEXT)
    with pytest.raises(BadFile, match="no turns of phrase in the language “xx”"):
        load(session, campaign, tmp_path, now=now)
    (tmp_path / "letter" / "xx.txt").unlink()
    (tmp_path / "letter" / "de.txt").write_bytes("Subject: A\n\nGrüße".encode("latin-1"))
    with pytest.raises(BadFile, match="UTF-8") as caught:
        load(session, campaign, tmp_path, now=now)
    assert caught.value.line == 3
    (tmp_path / "letter" / "de.txt").write_bytes(b"x" * (files.MAX_BYTES + 1))
    with pytest.raises(BadFile, match="larger than 100 kB"):
        load(session, campaign, tmp_path, now=now)
    assert session.scalar(sa.select(sa.func.count(TemplateVersion.id))) == 0
    write(tmp_path / "other", name="My letter", en=TEXT)
    with pytest.raises(BadFile, match="small letters"):
        load(session, campaign, tmp_path / "other", now=now)


def test_windows_files_are_read_too():
    text = files.parse("\ufeffSubject: A\r\n\r\nWords\r\nmore\r\n", "x")
    assert (text.subject, text.body, text.line) == ("A", "Words\nmore", 3)


# -- two folders -----------------------------------------------------------------------------------


def test_files_at_home_stand_in_the_place_of_those_that_ship(session, campaign, now, tmp_path):
    ships = write(tmp_path / "ships", en=TEXT, de=TEXT)
    home = write(tmp_path / "home", card="none", de=TEXT + "Zu Hause.\n")
    write(home, name="own", en=TEXT)
    assert load(session, campaign, ships, home, now=now) == [
        Change("letter", "de", 1),
        Change("letter", "en", 1),
        Change("own", "en", 1),
    ]
    german = templates.current_versions(session, only(session, campaign).id)["de"]
    assert german.body.endswith("Zu Hause.")
    assert load(session, campaign, ships, home, now=now) == []


def test_what_is_installed_and_what_lies_at_home_are_read_at_a_start(
    session, campaign, now, tmp_path, monkeypatch
):
    write(tmp_path / "package/letters", en=TEXT)
    write(tmp_path / "home/letters", name="own", en=TEXT)
    monkeypatch.setattr(loading, "shipped", lambda name: tmp_path / "package")
    changes, left_out = loading.load_installed(
        session, campaign, tmp_path / "home", now=now, by=SAM
    )
    assert not left_out
    assert [change.slug for change in changes] == ["letter", "own"]
    authors = {
        slug: templates.current_versions(session, made.id)["en"].author
        for slug in ("letter", "own")
        if (made := templates.template_by_slug(session, campaign.id, slug))
    }
    assert authors == {"letter": loading.SHIPPED, "own": "Sam"}
    assert loading.load_installed(session, campaign, None, now=now, by=SAM) == ([], [])


def test_a_letter_that_ships_and_names_what_the_campaign_has_not_is_left_out(
    session, campaign, now, tmp_path, monkeypatch
):
    newer = TEXT.replace("fact.R02", "fact.R99")
    write(tmp_path / "package/letters", en=TEXT, de=newer)
    write(tmp_path / "package/letters", name="other", card=CARD.replace("A1", "A9"), en=TEXT)
    monkeypatch.setattr(loading, "shipped", lambda name: tmp_path / "package")
    changes, left_out = loading.load_installed(session, campaign, None, now=now, by=SAM)
    assert changes == [Change("letter", "en", 1)]
    assert [str(why) for why in left_out] == [
        "letter/de.txt, line 3: The campaign has no fact “R99”.",
        "other/letter.yaml: The campaign has no ask “A9”. It has: A1.",
    ]
    write(tmp_path / "home/letters", name="own", en=newer)
    with pytest.raises(BadFile, match=r"own/en\.txt, line 3"):
        loading.load_installed(session, campaign, tmp_path / "home", now=now, by=SAM)


def test_a_letter_at_home_without_a_card_is_named(session, campaign, now, tmp_path):
    with pytest.raises(BadFile, match=r"no letter\.yaml"):
        load(session, campaign, write(tmp_path, card="none", en=TEXT), now=now)


# -- the browser changed it too --------------------------------------------------------------------


def test_a_text_typed_in_the_browser_stays_beside_an_unchanged_file(
    session, campaign, now, tmp_path
):
    write(tmp_path, en=TEXT)
    load(session, campaign, tmp_path, now=now)
    template = only(session, campaign)
    typed(session, template, "Typed.", now)
    assert load(session, campaign, tmp_path, now=now) == []
    assert templates.current_versions(session, template.id)["en"].body == "Typed."
    # Taken back to what the file says, the file may lead again.
    first = templates.versions_of(session, template.id)[-1]
    versions.restore(session, first, template, by=SAM, now=now)
    write(tmp_path, en=TEXT + "More.\n")
    assert load(session, campaign, tmp_path, now=now) == [Change("letter", "en", 4)]


@pytest.fixture
def disputed(session, campaign, now, tmp_path):
    """A text changed in the browser, then in its file."""
    write(tmp_path, en=TEXT)
    load(session, campaign, tmp_path, now=now)
    template = only(session, campaign)
    typed(session, template, "Typed.", now)
    write(tmp_path, en=TEXT + "More.\n")
    assert load(session, campaign, tmp_path, now=now) == [Change("letter", "en", None)]
    return template


def test_both_are_kept_and_nothing_changes_until_somebody_decides(
    session, campaign, disputed, now, tmp_path
):
    assert load(session, campaign, tmp_path, now=now) == []
    [conflict] = settling.conflicts_of(session, disputed.id)
    assert conflict.body.endswith("More.")
    assert templates.current_versions(session, disputed.id)["en"].body == "Typed."
    assert names(session)[-1] == "file_conflict_found"
    # The file changes once more: the question is about the file as it is.
    write(tmp_path, en=TEXT + "Much more.\n")
    assert load(session, campaign, tmp_path, now=now) == [Change("letter", "en", None)]
    [conflict] = settling.conflicts_of(session, disputed.id)
    assert conflict.body.endswith("Much more.")
    # The file says what the browser says: no question is left.
    write(tmp_path, en="Subject: A question\n\nTyped.\n")
    assert load(session, campaign, tmp_path, now=now) == []
    assert settling.conflicts_of(session, disputed.id) == []
    write(tmp_path, en="Subject: A question\n\nTyped on.\n")
    assert load(session, campaign, tmp_path, now=now) == [Change("letter", "en", 3)]


@pytest.mark.parametrize("keep", ["file", "browser"])
def test_a_person_decides_whose_words_stay(session, campaign, disputed, now, tmp_path, keep):
    [conflict] = settling.conflicts_of(session, disputed.id)
    with pytest.raises(MoveRefused), session.begin_nested():
        settling.settle(session, disputed, conflict, keep=keep, seen=1, by=SAM, now=now)
    settling.settle(session, disputed, conflict, keep=keep, seen=2, by=SAM, now=now)
    newest = templates.current_versions(session, disputed.id)["en"]
    if keep == "file":
        assert newest.body.endswith("More.") and newest.number == 3
        assert (newest.author_id, newest.author) == (SAM.user_id, "Sam")
    else:
        assert (newest.body, newest.number) == ("Typed.", 2)
    assert settling.conflicts_of(session, disputed.id) == []
    assert load(session, campaign, tmp_path, now=now) == []
    assert names(session)[-1] == "file_conflict_settled"
    with pytest.raises(MoveRefused):
        settling.settle(session, disputed, conflict, keep=keep, seen=3, by=SAM, now=now)


def test_a_file_decided_against_can_be_brought_again_on_purpose(
    session, campaign, disputed, now, tmp_path
):
    [conflict] = settling.conflicts_of(session, disputed.id)
    settling.settle(session, disputed, conflict, keep="browser", seen=2, by=SAM, now=now)
    assert load(session, campaign, tmp_path, now=now, asked=True) == [Change("letter", "en", None)]


def test_the_card_is_read_again_until_somebody_changes_it_in_the_browser(
    session, campaign, now, tmp_path
):
    write(tmp_path, en=TEXT)
    load(session, campaign, tmp_path, now=now)
    write(tmp_path, card=CARD.replace("minister", "mep") + "kind: thanks\nabout: Short.\n")
    assert load(session, campaign, tmp_path, now=now) == []
    template = only(session, campaign)
    assert (template.roles, template.kind, template.about) == (["mep"], LetterKind.THANKS, "Short.")

    mine = cards.card_of(template).model_copy(update={"name": "Mine"})
    assert cards.save_card(session, template, mine, by=SAM, now=now)
    assert load(session, campaign, tmp_path, now=now) == []
    assert template.name == "Mine"
    write(tmp_path, card=CARD + "about: New.\n")
    assert load(session, campaign, tmp_path, now=now) == [Change("letter", "", None)]
    assert template.name == "Mine"
    [conflict] = settling.conflicts_of(session, template.id)
    settling.settle(session, template, conflict, keep="file", seen=0, by=SAM, now=now)
    assert (template.name, template.about) == ("A letter", "New.")
    assert load(session, campaign, tmp_path, now=now) == []


# -- out and in again ------------------------------------------------------------------------------


def test_what_is_written_out_is_read_back_as_nothing_new(session, campaign, now, tmp_path):
    write(tmp_path / "a", en="\ufeff" + TEXT.replace("\n", "\r\n"), de=TEXT + "\n\n")
    load(session, campaign, tmp_path / "a", now=now)
    template = only(session, campaign)
    typed(session, template, "Typed «à la main» {{ recipient.name }}.\n\n– one\n– two", now)
    written = files.export(session, campaign.id, tmp_path / "b")
    assert sorted(path.name for path in written) == ["de.txt", "en.txt", "letter.yaml"]
    assert load(session, campaign, tmp_path / "b", now=now, asked=True) == []
    assert files.export(session, campaign.id, tmp_path / "b") == []
    assert not list((tmp_path / "b").rglob("*.unfinished"))
    # Changed there, it becomes the next version: the browser's words are the file's.
    file = tmp_path / "b/letter/en.txt"
    file.write_text(file.read_text("utf-8") + "End.\n", encoding="utf-8")
    with pytest.raises(OutreachError, match="says something else"):
        files.export(session, campaign.id, tmp_path / "b")
    assert load(session, campaign, tmp_path / "b", now=now, asked=True) == [
        Change("letter", "en", 3)
    ]


def test_the_zip_holds_the_same_files(session, campaign, now, tmp_path):
    load(session, campaign, write(tmp_path, en=TEXT), now=now)
    template = only(session, campaign)
    packed = files.as_zip(session, template)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert sorted(archive.namelist()) == ["letter/en.txt", "letter/letter.yaml"]
        assert archive.read("letter/en.txt").decode() == TEXT
    assert packed == files.as_zip(session, template)


def test_one_file_is_brought_by_a_person_who_answers_for_it(session, campaign, now, tmp_path):
    load(session, campaign, write(tmp_path, en=TEXT), now=now)
    template = only(session, campaign)
    data = TEXT.replace("Please", "Bitte").encode()
    change = loading.upload(session, template, "de.txt", data, by=SAM, now=now)
    assert change == Change("letter", "de", 1)
    new = templates.current_versions(session, template.id)["de"]
    assert (new.author_id, new.author) == (SAM.user_id, "Sam")
    for name, wrong in (("de.docx", data), ("de.txt", b"Subject: 5\n\nWords"), ("../x.txt", data)):
        with pytest.raises(BadFile):
            loading.upload(session, template, name, wrong, by=SAM, now=now)
    card = CARD.replace("A letter", "Another name").encode()
    loading.upload(session, template, "letter.yaml", card, by=SAM, now=now)
    assert (template.name, template.card_by) == ("Another name", "Sam")
    assert session.scalar(sa.select(sa.func.count(FileConflict.id))) == 0


WORDS = st.text(
    alphabet=st.characters(
        exclude_categories=["Cs", "Cc", "Nd", "No", "Nl"], exclude_characters="{%#"
    ),
    min_size=1,
    max_size=200,
)


@settings(deadline=None, max_examples=60)
@given(WORDS, WORDS)
def test_any_words_survive_the_way_out_and_in(subject, body):
    subject, body = versions.tidy(subject, body)
    if not subject or not body:
        return
    text = files.parse(files.file_text(subject, body), "x")
    assert (text.subject, text.body) == (subject, body)


@settings(deadline=None, max_examples=60)
@given(name=st.text(min_size=1, max_size=40), about=st.text(max_size=80))
def test_any_card_survives_the_way_out_and_in(name, about):
    try:
        card = Card(name=name, about=about, roles=["minister"], asks=["NO", "1", "true", "~"])
        data = card_text(card).encode("utf-8")
    except (ValueError, UnicodeEncodeError):
        return
    known = versions.Known({}, {}, frozenset(card.asks))
    assert files.read_card(data, "x", known) == card
