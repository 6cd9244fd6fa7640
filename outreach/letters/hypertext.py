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
    return "\n".join(f"<p>{_lines(block)}</p>" for block in text.strip("\n").split("\n\n"))


def words_in(html: str) -> str:
    """Return the text that `html_of` made `html` from, without line ends at either end."""
    body = html.partition("<body>\n")[2].partition("\n</body>")[0]
    blocks = re.findall(r"<p>(.*?)</p>", body, re.DOTALL)
    plain = "\n\n".join(block.replace("<br>\n", "\n") for block in blocks)
    return unescape(re.sub(r"</?a\b[^>]*>", "", plain))


def _lines(block: str) -> str:
    return "<br>\n".join(_linked(line) for line in block.split("\n"))


def _linked(line: str) -> str:
    parts: list[str] = []
    end = 0
    for link in _LINK.finditer(line):
        address = escape(link[0])
        parts += [escape(line[end : link.start()]), f'<a href="{address}">{address}</a>']
        end = link.end()
    return "".join([*parts, escape(line[end:])])
