"""Pages of the directory: whom we can write to, how we reach them, what they can do."""

from __future__ import annotations

from outreach.web.directory import (
    adding,
    bodies,
    imports,
    imports_run,
    joining,
    listing,
    mending,
    target,
    unreachable,
)
from outreach.web.directory.blueprint import bp

__all__ = [
    "adding",
    "bodies",
    "bp",
    "imports",
    "imports_run",
    "joining",
    "listing",
    "mending",
    "target",
    "unreachable",
]
