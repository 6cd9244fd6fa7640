"""A letter's words as HTML: the same words, for a mail programme that shows HTML first.

Nothing is added that plain text lacks: no image, no style from elsewhere, no link but the addresses
that stand in the text. `words_in` reads the words back, so that a sender can prove they are equal.
"""

from __future__ import annotations

import re
from html import escape, unescape

from outreach.letters.directions import is_right_to_left

# Addresses of pages as they stand in a text; a full stop or bracket after one isn't part of it.
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]")
_MARKS = "&<>\"'"
_ANCHOR = re.compile(r"</?a\b[^>]*>")


def html_of(text: str, language: str) -> str:
    """Return `text` (paragraphs parted by an empty line) as a whole HTML document in `language`."""
    way = "rtl" if is_right_to_left(language) else "ltr"
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}" dir="{way}">\n'
        '<head><meta charset="utf-8"></head>\n'
        f"<body>\n{paragraphs_of(text)}\n</body>\n</html>\n"
    )


def paragraphs_of(text: str) -> str:
    """Return what stands between the body's tags: paragraphs, line breaks, links; all escaped."""
    # No address of a page holds a line end, so the lines are parted last.
    blocks = _linked(text.strip("\n")).split("\n\n")
    inner = "</p>\n<p>".join([block.replace("\n", "<br>\n") for block in blocks])
    return f"<p>{inner}</p>"


def words_in(html: str) -> str:
    """Return the text that `html_of` made `html` from, without line ends at either end."""
    body = html.partition("<body>\n")[2].partition("\n</body>")[0]
    blocks = body.removeprefix("<p>").removesuffix("</p>").split("</p>\n<p>")
    plain = "\n\n".join(blocks).replace("<br>\n", "\n")
    return unescape(_ANCHOR.sub("", plain) if "<" in plain else plain)


def _linked(text: str) -> str:
    parts: list[str] = []
    end = 0
    for link in _LINK.finditer(text):
        address = escape(link[0])
        parts += [_escaped(text[end : link.start()]), f'<a href="{address}">{address}</a>']
        end = link.end()
    return "".join([*parts, _escaped(text[end:])])


def _escaped(text: str) -> str:
    """As `escape`, which copies the text five times even where there is nothing to do."""
    return escape(text) if any(mark in text for mark in _MARKS) else text
