"""`outreach letters export` and `import`, as an operator runs them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from outreach.cli import cli
from outreach.database import Database
from outreach.errors import BadFile, NotFound, OutreachError
from outreach.letters.models import FileConflict, Template, TemplateVersion
from tests import make


@pytest.fixture
def database(tmp_path, monkeypatch, sqlite_file):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "outreach.sqlite").write_bytes(sqlite_file.read_bytes())
    monkeypatch.setenv("OUTREACH_HOME", str(home))
    database = Database(f"sqlite:///{home / 'outreach.sqlite'}")
    yield database
    database.close()


def run(*words: object) -> Result:
    """`outreach letters …`; what it raises, main() says in one line."""
    result = CliRunner().invoke(cli, ["letters", *map(str, words)])
    if isinstance(result.exception, OutreachError):
        raise result.exception
    return result


def test_letters_go_out_and_come_in_again(database, tmp_path):
    folder = tmp_path / "letters"
    with pytest.raises(NotFound, match="There is no campaign yet"):
        run("export", folder)
    with database.writing() as session:
        campaign = make.campaign(session, slug="one")
        make.ask(session, campaign, code="A1")
        version = make.template_version(session, campaign, body="We ask you.")
        template = session.get_one(Template, version.template_id)
        template.asks, language, slug = ["A1"], version.language, template.slug
    text = folder / slug / f"{language}.txt"

    assert str(text) in run("export", folder).stdout
    words = text.read_text(encoding="utf-8")
    assert words.endswith("\n\nWe ask you.\n")
    assert "Nothing new" in run("import", folder).stderr

    text.write_text(words + "It costs 5.\n", encoding="utf-8")
    with pytest.raises(BadFile, match=r"line 4: “5\.” is a figure of the text's own") as caught:
        run("import", folder)
    assert caught.value.file == str(text)

    text.write_text(words + "Soon.\n", encoding="utf-8")
    assert run("import", folder).stdout == f"{slug}/{language}.txt: version 2\n"
    with database.writing() as session:
        template = session.scalars(sa.select(Template)).one()
        typed = {"template": template, "number": 3, "language": language, "body": "Typed."}
        make.template_version(session, campaign, **typed)
    text.write_text(words + "Sooner.\n", encoding="utf-8")
    assert "changed in the browser too" in run("import", folder).stdout
    with pytest.raises(OutreachError, match="says something else"):
        run("export", folder)
    assert text.read_text(encoding="utf-8").endswith("Sooner.\n")
    assert str(text) in run("export", folder, "--overwrite").stdout
    assert text.read_text(encoding="utf-8").endswith("Typed.\n")
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(TemplateVersion.id))) == 3
        assert session.scalar(sa.select(sa.func.count(FileConflict.id))) == 1


def test_with_several_campaigns_one_is_named(database, tmp_path):
    with database.writing() as session:
        make.campaign(session, slug="one")
        make.campaign(session, slug="two")
    result = run("export", tmp_path / "letters")
    assert result.exit_code == 2 and "--campaign: one, two" in result.stderr
    assert run("export", tmp_path / "letters", "--campaign", "two").exit_code == 0
