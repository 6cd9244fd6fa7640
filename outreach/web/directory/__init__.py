"""Pages of the directory: whom we can write to, how we reach them, what they can do."""

from __future__ import annotations

from outreach.web.directory import (
    adding,
    bodies,
    calendar,
    endings,
    exporting,
    imports,
    imports_columns,
    imports_run,
    joining,
    listing,
    mending,
    proposals,
    rules,
    salutations,
    target,
    unreachable,
    verifying,
    where_to_add,
)
from outreach.web.directory.blueprint import bp

__all__ = [
    "adding",
    "bodies",
    "bp",
    "calendar",
    "endings",
    "exporting",
    "imports",
    "imports_columns",
    "imports_run",
    "joining",
    "listing",
    "mending",
    "proposals",
    "rules",
    "salutations",
    "target",
    "unreachable",
    "verifying",
    "where_to_add",
]
