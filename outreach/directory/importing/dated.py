"""The day a list speaks of, when the path it came by says so."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from outreach.directory.importing.opening import Upload

_ISO_DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


def day_of(upload: Upload, file: Path | None = None) -> dt.date | None:
    """Return the ISO day in the name of `file`, of a folder above it, or of the path given.

    The nearest to the file wins: `2024/data-2025-01-21/people.yaml` speaks of 21 January 2025.
    """
    nearest = []
    if file is not None and file.is_relative_to(upload.root):
        nearest = list(reversed(file.relative_to(upload.root).parts))
    for part in (*nearest, upload.name, *reversed(upload.given.parts)):
        for found in reversed(_ISO_DAY.findall(part)):
            try:
                return dt.date(*map(int, found))
            except ValueError:
                continue
    return None
