"""The built-in world, made once for all tests of letters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.letters import world


@pytest.fixture(scope="session")
def world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with everything that ships."""
    path = tmp_path_factory.mktemp("world") / "world.sqlite"
    world.build(path)
    return path


@pytest.fixture
def built_in(world_file: Path, tmp_path: Path) -> Iterator[Session]:
    """A session in a copy of that file."""
    with world.opened(world_file, tmp_path) as session:
        yield session
