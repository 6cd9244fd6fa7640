"""The files of a message: by neutral names, never by the writer's, and how careful to be."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from outreach.replies.mail import mime
from outreach.replies.mail.mime import Part, clean, header
from outreach.replies.mail.tnef import Packed

# What a file may be called by us, by its media type. Anything else is .bin.
_ENDINGS = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/tiff": ".tiff",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "text/calendar": ".ics",
    "text/vcard": ".vcf",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "application/msword": ".doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.text": ".odt",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "audio/mpeg": ".mp3",
}
# What runs, hides what runs, or opens a page of its own when somebody opens it.
_RISKY = re.compile(
    r"\.(?:docm|dotm|xlsm|xltm|xlam|pptm|potm|exe|scr|com|pif|bat|cmd|ps1|vbs?|vbe|jse?|wsf|wsh|hta"
    r"|msi|msix|jar|apk|lnk|url|iso|img|vhdx?|cab|zip|rar|7z|gz|tar|html?|xhtml|svg|chm|reg|one|cpl"
    r"|dll|sh|app|dmg|rtf|xll|iqy|settingcontent-ms|application|appref-ms|ace|arj)\s*\.?$",
    re.IGNORECASE,
)
_RISKY_KINDS = re.compile(
    r"macroenabled|x-ms(?:download|dos-program|i)|executable|javascript|x-sh\b|zip|x-rar|7z|html|svg",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message. `called` is what the writer called it, for the eye only; `name` is
    ours. `size` is in bytes, `nested` whether it is a message itself, `risky` whether opening it
    can do something.
    """

    name: str
    called: str
    media_type: str
    size: int
    nested: bool
    risky: bool
    raw: memoryview
    code: str

    def data(self) -> bytes:
        """Return the file itself; the original must still be in memory, as `read` left it."""
        return mime.undone(bytes(self.raw), self.code)[0]


def attachment_of(part: Part, number: int) -> Attachment:
    """Return a leaf of a message as its file `number` (from 1)."""
    code = header(part.headers, "Content-Transfer-Encoding")
    size = len(part.body()[0])
    file = _attachment(number, part.filename, part.kind, part.raw, size)
    return replace(file, code=code, nested=mime.is_message(part))


def unwrapped(file: Packed, number: int) -> Attachment:
    """Return a file out of a winmail.dat as file `number` (from 1) of the message."""
    return _attachment(number, clean(file.name), file.media_type, memoryview(file.data), None)


def _attachment(
    number: int, called: str, kind: str, raw: memoryview, size: int | None
) -> Attachment:
    called, kind = called[:200], kind[:100]
    risky = bool(_RISKY.search(called) or _RISKY_KINDS.search(kind))
    return Attachment(
        name=f"attachment-{number}{'.bin' if risky else _ENDINGS.get(kind, '.bin')}",
        called=called,
        media_type=kind,
        size=len(raw) if size is None else size,
        nested=False,
        risky=risky,
        raw=raw,
        code="",
    )
