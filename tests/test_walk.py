"""The whole life of a letter, played on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach import cli, walk
from outreach.accounts.models import Campaign, Mode
from outreach.config import read_settings
from outreach.database import Database
from outreach.petitions import counts
from outreach.walk import WalkFailed
from tests import make


@pytest.fixture
def settings(tmp_path):
    return read_settings({"OUTREACH_HOME": str(tmp_path / "home")})


def test_every_step_does_what_it_says(database: Database, settings, now):
    cli.seed_database(database, demo=True)
    said: list[str] = []
    walk.walk(database, settings, now=now, say=said.append)
    assert said[-1] == "Every step did what it says."
    assert len(said) > 12


@pytest.mark.long
def test_a_step_that_lies_ends_the_walk(database: Database, settings, now, monkeypatch):
    cli.seed_database(database, demo=True)
    monkeypatch.setattr(counts, "reasons_to_hold", lambda *_args: [])
    with pytest.raises(WalkFailed, match="before anybody accepted it"):
        walk.walk(database, settings, now=now, say=lambda _line: None)


@pytest.mark.long
def test_a_campaign_that_went_live_starts_again_without_the_demonstration(
    database: Database,
) -> None:
    assert not cli._any_live(database)
    cli.seed_database(database, demo=True)
    assert not cli._any_live(database)
    with database.writing() as session:
        session.execute(sa.update(Campaign).values(mode=Mode.LIVE, live_at=make.NOW))
    assert cli._any_live(database)
    assert cli.seed_database(database, demo=not cli._any_live(database)) == []
