"""The way out that leads nowhere: each message becomes a file in the home. Nothing leaves."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection
from pathlib import Path

from outreach.sending.plain import Plain
from outreach.sending.postman import Envelope, Refusal, TransportError


class CapturePostman(Plain):
    """Writes each message to `<folder>/<day, UTC>/<message-id>.eml`, whole or not at all.

    The same Message-ID again overwrites its own file: one letter, one file, however often it is
    handed over.
    """

    name = "capture"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def takes(self, *, rehearsal: bool) -> bool:
        """Only rehearsals: a letter that should really leave must not seem to have gone."""
        return rehearsal

    def path_of(self, envelope: Envelope) -> Path:
        """Return the file that a message with this envelope is written to."""
        return self.folder / envelope.at.date().isoformat() / _name(envelope.message_id)

    def deliver(self, message: bytes, envelope: Envelope) -> str:
        """Write `message` and return where, relative to the folder. Raises TransportError."""
        path = self.path_of(envelope)
        try:
            _write_whole(path, message)
        except OSError as error:
            raise TransportError(
                f"the message could not be written: {error.strerror}", refusal=Refusal.LATER
            ) from error
        return f"captured as {path.relative_to(self.folder)}"

    def forget(self, kept: Collection[str]) -> int:
        """Delete the files of every message but those with a Message-ID in `kept`; return how many.

        For messages whose letters were deleted first: what nobody answers for any more must not
        lie around.
        """
        names = {_name(message_id) for message_id in kept}
        gone = [path for path in self.folder.rglob("*.eml") if path.name not in names]
        for path in gone:
            path.unlink()
        return len(gone)


def _name(message_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9@._-]", "_", message_id) + ".eml"


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside, force to disk, rename: a reader or a crash never meets half a message."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
