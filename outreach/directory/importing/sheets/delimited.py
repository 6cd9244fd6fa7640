"""Rows of text files with commas, semicolons, tabs or bars, whatever their encoding.

The file is streamed: neither a file of 300 MB nor one endless line is ever held whole.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from outreach.directory.importing.refusing import kind_of_file
from outreach.directory.importing.sheets.headers import known
from outreach.errors import BadFile
from outreach.words import Sentence

# Characters. The longest real line met has 6,000; a note can be a page.
MAX_LINE = 1_000_000
# A quotation mark left open swallows lines; a note of more than 200 lines was never met.
MAX_LINES_OF_A_RECORD = 200
DELIMITERS = (",", ";", "\t", "|")

_CHUNK = 1 << 20
# Cells of a line that are looked at to find the header.
_LOOKED_AT = 300
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATOR_LINE = re.compile(r"^\"?sep=(.)\"?\s*$", re.IGNORECASE)
# Two letters above ASCII side by side: every Cyrillic word; in Latin ones they stand alone.
_SIDE_BY_SIDE = re.compile(rb"[\xa8\xb8\xc0-\xff]{2,}")
_POLISH = re.compile(rb"[A-Za-z][\xb3\xb9\xbf][a-z]|\xa3[a-z]{2}")
_ALONE = re.compile(
    rb"(?<=[A-Za-z])[\xc0-\xff](?![\xc0-\xff])|(?<![\xc0-\xff])[\xc0-\xff](?=[a-z])"
)


@dataclass(slots=True)
class Delimited:
    """How a text file is to be read. `remarks` are for the person; line numbers count from 1."""

    path: Path
    name: str
    encoding: str
    delimiter: str = ","
    # Comment lines and Excel's `sep=` before the table.
    skipped: int = 0
    remarks: list[Sentence] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (line the row begins in, cells). Raises BadFile with the line."""
        lines = _Lines(self)
        reader = csv.reader(lines, delimiter=self.delimiter)
        width = 0
        while True:
            lines.begin()
            start = lines.number + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise BadFile(self.name, start, _unclosed(str(error))) from error
            if len(lines.taken) > 1 or lines.taken[0].count('"') % 2:
                self._check_quotes(lines, start, row, width)
            width = width or len(row)
            yield start, row

    def _check_quotes(self, lines: _Lines, start: int, row: list[str], width: int) -> None:
        """Refuse a record that swallowed others because its quotation mark is never closed."""
        try:
            list(csv.reader(lines.taken, delimiter=self.delimiter, strict=True))
        except csv.Error as error:
            raise BadFile(self.name, start, _unclosed("")) from error
        swallowed = width >= 4 and len(row) != width
        if swallowed:
            alone = (next(csv.reader([line], delimiter=self.delimiter)) for line in lines.taken[1:])
            swallowed = any(len(cells) == width for cells in alone)
        if swallowed:
            raise BadFile(self.name, start, _unclosed(""))


class _Lines:
    """Feeds a csv reader line by line, counts them, and keeps those of the current record."""

    def __init__(self, source: Delimited) -> None:
        self.source = source
        self.number = source.skipped
        self.taken: list[str] = []
        self._stream = _lines(source)

    def begin(self) -> None:
        """Forget the lines of the record before."""
        self.taken = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES_OF_A_RECORD:
            start = self.number - len(self.taken) + 1
            raise BadFile(self.source.name, start, _unclosed(""))
        line = next(self._stream)
        self.number += 1
        self.taken.append(line)
        return line


def _unclosed(why: str) -> Sentence:
    if why and "limit" not in why:
        return Sentence("The line can't be taken apart: %(why)s.", why=why)
    return Sentence(
        "A quotation mark is opened in this line and never closed, so the lines after it would be"
        " swallowed. Close it or remove it."
    )


def _lines(source: Delimited) -> Iterator[str]:
    """Yield the lines after the skipped ones, without zero bytes. Raises BadFile for one too long.

    The text layer takes \\n, \\r\\n and \\r for line ends and keeps them for the csv reader.
    """
    with source.path.open(encoding=source.encoding, errors="replace", newline="") as stream:
        for number in itertools.count(1):
            line = stream.readline(MAX_LINE + 1)
            if not line:
                return
            if len(line) > MAX_LINE:
                raise BadFile(
                    source.name,
                    number,
                    Sentence("The line has more than a million characters. This is not a table."),
                )
            if number == 1:
                line = line.removeprefix("ï»¿").removeprefix("п»ї").removeprefix("ď»ż")
            if number > source.skipped:
                yield line.replace("\x00", "") if "\x00" in line else line


def delimited(path: Path, name: str, encoding: str = "") -> Delimited:
    """Return how the text file at `path` is to be read; `encoding` when a person said it.

    Raises BadFile when it is no text or no encoding is called so.
    """
    csv.field_size_limit(MAX_LINE)
    encoding, remarks = _said(encoding, name) if encoding else _encoding(path, name)
    source = Delimited(path, name, encoding, remarks=remarks)
    head = list(itertools.islice(_lines(source), 60))
    if head and (found := _SEPARATOR_LINE.match(head[0])):
        source.skipped, source.delimiter = 1, found[1]
        return source
    source.skipped = len(list(itertools.takewhile(_is_comment, head)))
    source.delimiter = _delimiter(head[source.skipped :], path.suffix.lower())
    return source


def _is_comment(line: str) -> bool:
    """Tell a comment from a header that begins with `#`. French lists use `%`, others `#`, `//`."""
    if not line.startswith(("%", "#", "//")):
        return False
    return not any(sum(map(known, _split(line, one)[:_LOOKED_AT])) >= 2 for one in DELIMITERS)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.lstrip("#% ")], delimiter=delimiter), [])
    except csv.Error:
        return []


def _delimiter(lines: list[str], suffix: str) -> str:
    """Return the sign that cuts most lines into equally many cells, headers we know first."""
    best, delimiter = 0.0, "\t" if suffix in (".tsv", ".tab") else ","
    for candidate in DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines, delimiter=candidate) if any(row)]
        except csv.Error:
            continue
        widths = Counter(len(row) for row in rows)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda one: (one[1] * (one[0] - 1), one[0]))
        words = max((sum(map(known, row[:_LOOKED_AT])) for row in rows[:15]), default=0)
        score = (width > 1) * (count / len(rows) + min(width, 10) / 10) * (1 + words)
        if score > best + 1e-9:
            best, delimiter = score, candidate
    return delimiter


def _said(encoding: str, name: str) -> tuple[str, list[Sentence]]:
    try:
        "x".encode(encoding)
        return codecs.lookup(encoding).name, []
    except (LookupError, ValueError) as error:
        words = Sentence("No encoding is called “%(name)s”.", name=encoding[:60])
        raise BadFile(name, None, words) from error


def _encoding(path: Path, name: str) -> tuple[str, list[Sentence]]:
    """Return (codec, remarks): what a mark says, else UTF-8 if it fits to the end, else a guess."""
    with path.open("rb") as stream:
        head = stream.read(_CHUNK)
    for mark, codec in _MARKS:
        # Some programs put the mark of UTF-8 before what is none.
        if head.startswith(mark) and (mark != codecs.BOM_UTF8 or _high_if_not_utf8(path) is None):
            return codec, []
    if wide := _without_mark(head):
        return wide, [Sentence("The encoding was guessed: %(encoding)s.", encoding=wide)]
    _refuse_what_is_no_text(head, name)
    high = _high_if_not_utf8(path)
    if high is None:
        return "utf-8", _about_zero_bytes(head)
    codec = _by_letters(high)
    return codec, [
        Sentence(
            "The file is not UTF-8. It was read as %(encoding)s: look whether names are right.",
            encoding=codec,
        ),
        *_about_zero_bytes(head),
    ]


def _about_zero_bytes(head: bytes) -> list[Sentence]:
    return [Sentence("Zero bytes in the file were left out.")] if b"\x00" in head else []


def _refuse_what_is_no_text(head: bytes, name: str) -> None:
    start = head[:1024].lstrip().lower()
    if not head.strip(b"\x00 \t\r\n"):
        raise BadFile(name, None, Sentence("The file is empty."))
    if words := kind_of_file(head):
        raise BadFile(name, None, words)
    if start.startswith((b"<?xml", b"<")):
        raise BadFile(name, None, Sentence("This is XML, not a table."))
    odd = len(head.translate(None, bytes(range(8, 14)) + b"\x1a\x1b\x00" + bytes(range(32, 256))))
    if start.startswith(b"pk\x03\x04") or odd > len(head) // 50:
        raise BadFile(
            name, None, Sentence("This is neither text nor a spreadsheet. Save it as CSV or XLSX.")
        )


def _without_mark(head: bytes) -> str:
    """Return "utf-16-le"/"utf-16-be" when every other byte is zero, as in ASCII text; else ""."""
    sample = head[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 5 and even * 10 < odd:
        return "utf-16-le"
    return "utf-16-be" if even > len(sample) // 5 and odd * 10 < even else ""


def _high_if_not_utf8(path: Path) -> bytes | None:
    """Return None when the file is UTF-8 to its end, else up to 1 MB around bytes above ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    fits, sample = True, io.BytesIO()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if sample.tell() < _CHUNK and not chunk.isascii():
                sample.write(chunk)
            try:
                if fits:
                    decoder.decode(chunk)
            except UnicodeDecodeError:
                fits = False
            if not fits and sample.tell() >= _CHUNK:
                break
    if fits:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            fits = False
    return None if fits else sample.getvalue()


def _by_letters(sample: bytes) -> str:
    """Tell windows-1251 from cp1252: Cyrillic letters stand side by side, Latin accents alone.

    Signs like ³ and ¹ inside words are Polish letters of windows-1250.
    """
    if _POLISH.search(sample):
        return "windows-1250"
    together = sum(len(run) for run in _SIDE_BY_SIDE.findall(sample))
    alone = len(_ALONE.findall(sample))
    return "windows-1251" if together > 2 * alone else "cp1252"
