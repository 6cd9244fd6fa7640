"""Pages about letters: lists, one letter, audiences, making drafts, mailings, templates."""

from __future__ import annotations

from outreach.web.letters import (
    approval,
    audiences,
    compose,
    editing,
    letter,
    listing,
    mailing,
    newer,
    numbers_changed,
    review,
    template_editing,
    template_files,
    template_pages,
)
from outreach.web.letters.blueprint import bp

__all__ = [
    "approval",
    "audiences",
    "bp",
    "compose",
    "editing",
    "letter",
    "listing",
    "mailing",
    "newer",
    "numbers_changed",
    "review",
    "template_editing",
    "template_files",
    "template_pages",
]
