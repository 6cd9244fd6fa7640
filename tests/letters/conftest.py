"""The built-in world, made once for all tests of letters; a campaign and its people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from tests import make
from tests.letters import world


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """An empty campaign that rehearses."""
    return make.campaign(session)


@pytest.fixture
def olga(session: Session, campaign: Campaign) -> Actor:
    """Its organiser."""
    return make.olga(session, campaign)


@pytest.fixture
def sam(session: Session, campaign: Campaign) -> Actor:
    """Its staff."""
    return make.sam(session, campaign)


@pytest.fixture
def built_in(world_file: Path, tmp_path: Path) -> Iterator[Session]:
    """A session in a copy of that file."""
    with world.opened(world_file, tmp_path) as session:
        yield session
