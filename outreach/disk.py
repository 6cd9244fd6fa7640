"""A full disk, before it does harm and after: one sentence, and the data as it was."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import sqlalchemy as sa

from outreach.errors import OutreachError
from outreach.words import N_, Sentence

# Below this nothing new is begun: what is under way still has to be written down.
LEAST_FREE = 10_000_000
FULL = N_("The disk is full. What was there before is there still; make room and try again.")
_WORDS = ("disk is full", "No space left on device")


def require_room(home: Path, more: int = 0) -> None:
    """Raise OutreachError when `home` has no room for what is about to be done.

    `more` is how many bytes of it are known already.
    """
    if shutil.disk_usage(home).free < LEAST_FREE + more:
        raise OutreachError(Sentence(FULL))


def told(error: BaseException) -> Sentence | None:
    """Return what to say of `error` or what caused it when a full disk is behind it, else None."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return Sentence(FULL)
        if isinstance(seen, sa.exc.DBAPIError) and any(w in str(seen.orig) for w in _WORDS):
            return Sentence(FULL)
        seen = seen.__cause__ or seen.__context__
    return None
