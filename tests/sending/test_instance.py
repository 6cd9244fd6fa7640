"""A copied, moved or older home sends nothing until a person says that it is the live one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.sending import instance
from outreach.sending.models import Attempt
from tests import make
from tests.conftest import NOW
from tests.sending.conftest import live, sendable


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def going(database: Database) -> int:
    """A live campaign with one attempt behind it."""
    with database.writing() as session:
        campaign = live(session)
        letter = sendable(session, campaign)
        session.add(
            Attempt(
                letter_id=letter.id,
                number=1,
                message_id="1@x",
                transport="smtp",
                worker="w",
                rehearsal=False,
                started_at=NOW,
                lease_until=NOW,
            )
        )
        return campaign.id


def paused(database: Database, campaign_id: int) -> bool:
    with database.reading() as session:
        return session.get_one(Campaign, campaign_id).paused_at is not None


def look(database: Database, home: Path, machine: str = "one") -> str | None:
    why = instance.check(database, home, now=NOW, machine=machine)
    return str(why) if why else None


def test_the_same_home_on_the_same_machine_goes_on(database: Database, home: Path) -> None:
    instance.note(database, home, machine="one")
    campaign_id = going(database)
    assert look(database, home) is None
    assert look(database, home) is None
    assert not paused(database, campaign_id)


def test_another_machine_or_another_folder_is_paused_once(
    database: Database, home: Path, tmp_path: Path
) -> None:
    campaign_id = going(database)
    instance.note(database, home, machine="one")
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    assert look(database, copy) == instance.MOVED
    assert paused(database, campaign_id)
    with database.writing() as session:
        campaign = session.get_one(Campaign, campaign_id)
        campaign.paused_at = campaign.paused_by = None
    # Somebody resumed: this one is the live one now.
    assert look(database, copy) is None
    assert look(database, home, machine="two") == instance.MOVED


def test_a_database_put_back_to_an_older_day_is_paused(database: Database, home: Path) -> None:
    campaign_id = going(database)
    instance.note(database, home, machine="one")
    with database.writing() as session:
        session.query(Attempt).delete()
    assert look(database, home) == instance.BEHIND
    assert paused(database, campaign_id)


@pytest.mark.parametrize("said", [None, "", "nonsense", '{"id": 3}'])
def test_a_live_home_that_never_sent_from_here_is_paused(
    database: Database, home: Path, said: str | None
) -> None:
    campaign_id = going(database)
    if said is not None:
        (home / instance.FILE).write_text(said)
    assert look(database, home) == instance.MISSING
    assert paused(database, campaign_id)


def test_a_rehearsal_may_be_copied_about(database: Database, home: Path) -> None:
    with database.writing() as session:
        make.campaign(session)
    assert look(database, home) is None
    assert look(database, home, machine="two") is None
