"""Pages about sending: the outbox, letters on paper, what goes by hand."""

from __future__ import annotations

from outreach.web.sending import by_hand, going_first, outbox, scheduling
from outreach.web.sending.blueprint import bp

__all__ = ["bp", "by_hand", "going_first", "outbox", "scheduling"]
