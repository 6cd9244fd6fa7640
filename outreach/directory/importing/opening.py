"""Opens what somebody uploads: a file, a folder or a zip, with limits against hostile ones."""

from __future__ import annotations

import contextlib
import lzma
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from outreach.errors import BadFile
from outreach.words import Sentence

# Nothing we read is larger: the United States' legislators of all time are 10 MB.
MAX_FILE_BYTES = 300_000_000
MAX_UNPACKED_BYTES = 1_000_000_000
MAX_FILES = 60_000
# YAML, JSON and office files shrink to a tenth; a bomb to a thousandth.
MAX_RATIO = 200
# The bit of a member of a zip that says it is encrypted.
_ENCRYPTED = 1
# What Python's reader of zips lets through when bytes are damaged, encrypted or of a rare kind.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Upload:
    """Files to read. `name` is how the person calls it; `root` the folder paths are told from."""

    name: str
    root: Path
    files: tuple[Path, ...]
    # The path as given on the command line, whose folders may tell country and day.
    given: Path

    def head(self, file: Path, size: int = 65_536) -> bytes:
        """Return the first `size` bytes of `file`."""
        with file.open("rb") as stream:
            return stream.read(size)

    def place(self, file: Path) -> str:
        """Return how messages call `file`: its path inside the upload, or as the person calls it.

        A file that we keep has its hash before its name.
        """
        if file == self.given:
            return self.name
        inside = file.is_relative_to(self.root)
        return printable(str(file.relative_to(self.root)) if inside else file.name)


@contextlib.contextmanager
def opened(path: Path, name: str = "") -> Iterator[Upload]:
    """Give the upload at `path`; a zip is unpacked into a folder that is gone afterwards.

    Raises BadFile for what is missing, may not be read, is too large, or a zip that is a bomb or
    leaves its folder.
    """
    name = printable(name or path.name)
    if not path.exists():
        raise BadFile(name, None, Sentence("There is no such file or folder."))
    _refuse_unreadable(path, name)
    if path.is_dir():
        files = _counted(_files_in(path), name)
        for file in files:
            _refuse_unreadable(file, f"{name}/{printable(str(file.relative_to(path)))}")
        yield Upload(name, path, files, path)
        return
    if not path.is_file():
        raise BadFile(name, None, Sentence("This is neither a file nor a folder."))
    if path.stat().st_size > MAX_FILE_BYTES:
        raise BadFile(name, None, Sentence("It is larger than 300 MB. Split it into parts."))
    if not _is_archive(path):
        yield Upload(name, path.parent, (path,), path)
        return
    with tempfile.TemporaryDirectory(prefix="outreach-") as folder:
        root = Path(folder)
        _unpack(path, root, name)
        yield Upload(name, root, _files_in(root), path)


def printable(name: str) -> str:
    """Return a file's name as text: bytes that are no letters, as old zips hold, become `?`."""
    return name.encode("utf-8", "replace").decode()


def _refuse_unreadable(path: Path, name: str) -> None:
    if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
        words = Sentence("It may not be read. Give yourself the right to read it, or leave it out.")
        raise BadFile(name, None, words)


def _files_in(folder: Path) -> tuple[Path, ...]:
    """Return the files somebody meant: not what systems hide beside them (.git, __MACOSX)."""
    found = []
    for one in folder.rglob("*"):
        parts = one.relative_to(folder).parts
        hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
        if not hidden and one.is_file():
            found.append(one)
    return tuple(sorted(found))


def _is_archive(path: Path) -> bool:
    """Tell a zip of files from a spreadsheet, which is a zip inside."""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except _BROKEN:
        return False
    return not names & {"[Content_Types].xml", "mimetype"}


def _unpack(path: Path, root: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            check_sizes(archive, name)
            if any(one.flag_bits & _ENCRYPTED for one in archive.infolist()):
                words = Sentence("It is locked with a password. Pack it anew without one.")
                raise BadFile(name, None, words)
            archive.extractall(root)
    except _BROKEN as error:
        why = str(error) or type(error).__name__
        words = Sentence("The zip can't be read: %(why)s. Fetch or pack it again.", why=why)
        raise BadFile(name, None, words) from error


def check_sizes(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an archive that unfolds to far more than it is. Raises BadFile.

    Sizes are the archive's own claim; `zipfile` stops reading a member at its claimed size.
    """
    members = archive.infolist()
    _refuse_many(len(members), name)
    total = sum(one.file_size for one in members)
    packed = sum(one.compress_size for one in members)
    if total > MAX_UNPACKED_BYTES or total > MAX_RATIO * max(packed, 10_000):
        raise BadFile(
            name, None, Sentence("It unfolds to far more than such lists are. It was not opened.")
        )


def _counted(files: tuple[Path, ...], name: str) -> tuple[Path, ...]:
    _refuse_many(len(files), name)
    return files


def _refuse_many(number: int, name: str) -> None:
    if number > MAX_FILES:
        raise BadFile(name, None, Sentence("It holds more than 60,000 files. Split it into parts."))
