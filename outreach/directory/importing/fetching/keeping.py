"""Keeps the files that somebody uploads or fetches: under their own hash, never written twice."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from outreach.directory.importing.opening import MAX_FILE_BYTES
from outreach.errors import BadFile
from outreach.words import Sentence

# The folder inside the home folder.
FOLDER = "imports"
_CHUNK = 1 << 20
_NAME_LENGTH = 80
_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file we keep. `place` is its path inside the home folder, as `ImportRun.kept_as`."""

    path: Path
    place: str
    sha256: str
    size: int


def safe_name(name: str) -> str:
    """Return `name` as a file name of letters, figures, dots and dashes; folders are cut off."""
    plain = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    plain = _UNSAFE.sub("-", plain).strip("-.") or "list"
    stem, dot, ending = plain.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: _NAME_LENGTH - len(ending)]}.{ending}"
    return plain[:_NAME_LENGTH]


def keep(stream: BinaryIO, name: str, *, home: Path, most: int = MAX_FILE_BYTES) -> Kept:
    """Write `stream` below `home`, hashed while it is written, and return where it lies.

    Its place is `imports/<first two hex digits>/<sha256>-<name>`; the same bytes again change
    nothing. Only this user may read it. Raises BadFile for more than `most` bytes or for nothing;
    then, as whenever it is broken off, no part of it stays.
    """
    with parted(home) as unfinished:
        digest, size = hashlib.sha256(), 0
        with _private(unfinished) as file:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise BadFile(
                        name, None, Sentence("It is larger than 300 MB. Split it into parts.")
                    )
                digest.update(chunk)
                file.write(chunk)
        if not size:
            raise BadFile(name, None, Sentence("The file is empty."))
        return settle(unfinished, name, digest.hexdigest(), home=home)


def settle(unfinished: Path, name: str, sha256: str, *, home: Path) -> Kept:
    """Move a finished file to its place below `home` and return it."""
    place = f"{FOLDER}/{sha256[:2]}/{sha256}-{safe_name(name)}"
    path = home / place
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = unfinished.stat().st_size
    if path.exists():
        unfinished.unlink()
    else:
        unfinished.replace(path)
    return Kept(path, place, sha256, size)


@contextlib.contextmanager
def parted(home: Path) -> Iterator[Path]:
    """Give a path below `home` to write to; whatever is still there at the end goes away."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f".unfinished-{secrets.token_hex(8)}"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _private(path: Path) -> BinaryIO:
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(number, "wb")


def sha256_of(path: Path) -> str:
    """Return the hash of a file; of a folder, the hash of its files' names and hashes."""
    if path.is_dir():
        whole = hashlib.sha256()
        for one in sorted(part for part in path.rglob("*") if part.is_file()):
            whole.update(f"{one.relative_to(path)}\0{sha256_of(one)}\n".encode())
        return whole.hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
