"""Says what a file is that no format knows, and what to do about it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from outreach.directory.importing import parsing
from outreach.directory.importing.opening import Upload
from outreach.errors import BadFile
from outreach.words import N_, Sentence

DOCUMENT = N_("This is a text document. Copy its table to a spreadsheet and send that.")
# What a file begins with, and what it then is.
_KINDS = (
    ((b"%PDF-",), N_("This is a PDF. Copy its table to a spreadsheet and send that.")),
    (
        (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"RIFF", b"II*\x00", b"MM\x00*"),
        N_("This is a picture. Copy its table to a spreadsheet and send that."),
    ),
    (
        (b"\x1f\x8b", b"BZh91AY", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!"),
        N_("This is packed in a way that is not read. Unpack it, or pack it as ZIP."),
    ),
    ((b"{\\rtf",), DOCUMENT),
)
_WEB_PAGE = N_(
    "This is a web page, not a list: perhaps a login or a check for robots. Open its address in a"
    " browser and save the file itself."
)
_SAVE_AS = N_(
    "This is no list we can read. Save it as a spreadsheet (XLSX) or CSV with one person in"
    " each row."
)
# Enough to tell what a file is.
_HEAD = 4096


def why_unknown(upload: Upload) -> BadFile:
    """Return what is wrong with an upload that no format knows, as the error to raise."""
    if not upload.files:
        return BadFile(upload.name, None, Sentence("There is no file in it."))
    zips = all(file.suffix.lower() == ".zip" for file in upload.files)
    if len(upload.files) > 1 or (zips and upload.given not in upload.files):
        return BadFile(upload.name, None, _of_several(upload, zips=zips))
    (file,) = upload.files
    place = upload.place(file)
    try:
        return BadFile(place, None, _of_one(upload, file, place))
    except BadFile as error:
        return error


def kind_of_file(head: bytes) -> Sentence | None:
    """Return what a file that begins with `head` is, when that is no list, else None."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1024].lower().startswith((b"<!doctype html", b"<html", b"<head")):
        return Sentence(_WEB_PAGE)
    for beginnings, words in _KINDS:
        if head.startswith(beginnings):
            return Sentence(words)
    return None


def _of_several(upload: Upload, *, zips: bool) -> Sentence:
    if zips:
        return Sentence("It holds nothing but other zips. Unpack it and send them one by one.")
    return Sentence(
        "There is no list we can read among its %(files)s files. Save one as a spreadsheet (XLSX)"
        " or CSV with one person in each row.",
        files=len(upload.files),
    )


def _of_one(upload: Upload, file: Path, place: str) -> Sentence:
    """Return what the file is; raises the BadFile of a reader that says it better."""
    head = upload.head(file, _HEAD)
    if not head:
        return Sentence("The file is empty.")
    if known := kind_of_file(head):
        return known
    if head.startswith(b"PK\x03\x04"):
        return _of_zip(file)
    suffix, start = file.suffix.lower(), head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if suffix == ".json" or start[:1] in (b"{", b"["):
        parsing.read_json(file, place)
        return Sentence(
            "This JSON holds no list of people that we know. Save it as a spreadsheet (XLSX) or"
            " CSV with one person in each row."
        )
    if suffix in (".yaml", ".yml"):
        parsing.read_yaml(file, place)
        return Sentence("This YAML holds no list of people that we know.")
    if suffix == ".xml" or start.startswith(b"<?xml"):
        parsing.read_xml(file, place)
        return Sentence("This XML is no list that we know. Save it as a spreadsheet (XLSX) or CSV.")
    if suffix in (".vcf", ".vcard"):
        return Sentence("There is no BEGIN:VCARD in it, so this is no address book.")
    return Sentence(_SAVE_AS)


def _of_zip(file: Path) -> Sentence:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return Sentence("The file is damaged or was cut off. Fetch it again.")
    if any(name.startswith("word/") for name in names):
        return Sentence(DOCUMENT)
    if file.suffix.lower() == ".zip" or all(name.endswith(".zip") for name in names):
        return Sentence("It holds nothing but other zips. Unpack it and send them one by one.")
    return Sentence(_SAVE_AS)
