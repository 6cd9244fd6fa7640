"""Counts on the command line: told, taken out of a file, fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from outreach import cli_counts
from outreach.accounts.models import Campaign
from outreach.cli import cli
from outreach.database import Database
from outreach.errors import OutreachError
from outreach.petitions import counts, page_rules
from outreach.petitions.models import Petition, Reading
from tests import make
from tests.conftest import NOW
from tests.petitions.places import SLUG, Places, change_page

PAGE = "https://petition.example/en"


class Shell:
    """Commands on one home with a campaign and its petition."""

    def __init__(self, home: Path) -> None:
        self.folder = home
        self.database = Database(f"sqlite:///{home / 'outreach.sqlite'}")
        with self.database.writing() as session:
            self.campaign_id = make.campaign(session, slug="first").id
            campaign = session.get_one(Campaign, self.campaign_id)
            self.petition_id = make.petition(session, campaign).id
            self.olga = make.olga(session, campaign)

    def __call__(self, *words: str, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(cli, ["counts", *words])
        if isinstance(result.exception, OutreachError):
            # main() prints it as one line and exits with 1.
            result.exit_code = 1
            result.stderr_bytes = str(result.exception).encode()
        assert result.exit_code == exit_code, (result.output, result.exception)
        return result

    def json(self, *words: str, exit_code: int = 0) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self(*words, "--json", exit_code=exit_code).stdout)
        return told


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_file: Path) -> Iterator[Shell]:
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path))
    monkeypatch.delenv("OUTREACH_DATABASE_URL", raising=False)
    (tmp_path / "outreach.sqlite").write_bytes(sqlite_file.read_bytes())
    shell = Shell(tmp_path)
    yield shell
    shell.database.close()


def test_a_file_is_imported_whole_or_not_and_the_number_is_told(shell: Shell) -> None:
    path = shell.folder / "counts.csv"
    path.write_text("2021-01-01,50000\n2021-01-02,many\n", "utf-8")
    result = shell("import", str(path), "--page", PAGE, exit_code=1)
    assert "line 2:" in result.stderr and "counts.csv" in result.stderr
    assert shell.json("list") == {"count": None, "pages": [], "held": []}
    assert "no accepted count yet" in shell("list").stdout

    path.write_text("2021-01-01,50000\n2021-01-02,50100\n", "utf-8")
    assert shell.json("import", str(path), "--page", PAGE) == {"added": 2, "held": 2, "known": 0}
    with shell.database.writing() as session:
        first = session.scalars(sa.select(Reading).order_by(Reading.id)).first()
        assert first is not None and first.by.startswith("operator ")
        counts.accept(session, first, by=shell.olga, now=NOW)
    told = shell.json("list")
    assert told["count"] == {"value": 50_100, "as_of": "2021-01-02"}
    assert [(one["url"], one["rule"]) for one in told["pages"]] == [(PAGE, "pool")]
    assert "50,100 as of 2021-01-02" in shell("list").stdout
    assert "2 were known" in shell("import", str(path), "--page", PAGE).stdout


def test_pages_are_fetched_and_what_fails_is_an_exit_code(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places()
    monkeypatch.setattr(cli_counts, "Wire", lambda _contact: places.wire())
    assert "No page is read by this machine." in shell("fetch").stderr
    url = places.page(f"/p/{SLUG}", change_page(62_001))
    with shell.database.writing() as session:
        petition = session.get_one(Petition, shell.petition_id)
        page = page_rules.page_of(session, petition, url)
        read = page_rules.Settings(adapter="change_org")
        page_rules.change_page(session, page, read, by=shell.olga, now=NOW)

    first = {"url": url, "value": 62_001, "state": "held", "failure": None}
    assert shell.json("fetch") == {"pages": [first]}
    assert "as before" in shell("fetch").stdout
    places.page(f"/p/{SLUG}", change_page(0))
    told = shell.json("fetch", exit_code=1)
    assert "0 have signed" in told["pages"][0]["failure"]
    assert "0 have signed" in shell("list").stdout
    places.close()


def test_of_several_campaigns_one_is_named(shell: Shell) -> None:
    with shell.database.writing() as session:
        make.campaign(session, slug="second")
    assert "first, second" in shell("list", exit_code=2).stderr
    assert shell.json("list", "--campaign", "second")["count"] is None
