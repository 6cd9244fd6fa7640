"""What stands around the words of every letter: form of address, who signs, imprint, reference."""

from __future__ import annotations

import re

from outreach.accounts.models import Sender, Voice
from outreach.directory.salutations import Salutation
from outreach.petitions.figures import base, in_language
from outreach.petitions.phrases import phrases


def letter_text(
    body: str,
    *,
    address: Salutation,
    sender: Sender,
    language: str,
    credit: str,
    code: str,
    greets: bool = True,
) -> str:
    """Return the whole text of a letter, one line a paragraph, as it will leave.

    `address` is the form of address, `credit` names the petition's author, `code`
    is the letter's reference. Without `greets` the body holds its form of address already.
    """
    signature = [sender.name, sender.role_line, *sender.postal_address.splitlines()]
    known = phrases(language)
    assert known is not None  # a text in a language without phrases is refused when it is saved
    small = [
        sender.imprint,
        in_language(sender.data_notice, language) or known.data_notice,
        credit,
        f"{known.reference} {code}",
    ]
    parts = (
        address.opening if greets else "",
        _begun(body, address) if greets else body,
        _closing(address.closing, sender, language),
        _lines(signature),
        _lines(small),
    )
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _lines(lines: list[str]) -> str:
    return "\n".join(line.strip() for line in lines if line.strip())


def typeset(text: str, language: str, jurisdiction_code: str) -> str:
    """Return `text` as a printer of that language and country sets it.

    French keeps its high punctuation on the line, outside Canada and Switzerland with a narrow
    space: campaigners type a plain one. Switzerland writes no ß.
    """
    if base(language) == "de" and jurisdiction_code == "CH":
        return text.replace("ß", "ss")
    if base(language) != "fr":
        return text
    before_high = "" if jurisdiction_code in ("CA", "CH") else "\u202f"
    text = re.sub(r"[ \u00a0\u202f]+(?=[;?!])", before_high, text)
    text = re.sub(r" (?=[:»])", "\u00a0", text)
    return text.replace("« ", "«\u00a0")


def _begun(body: str, address: Salutation) -> str:
    """A text goes on in lower case only where the language does so after this very opening.

    German does after a comma, and begins a sentence where none stands (Switzerland).
    """
    return body if address.lowercase_first else body[:1].upper() + body[1:]


def _closing(closing: str, sender: Sender, language: str) -> str:
    known = phrases(language)
    if known and sender.voice is Voice.WE:
        for singular, plural in known.we.items():
            closing = closing.replace(singular, plural)
    return closing
