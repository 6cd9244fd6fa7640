"""A hostile message's HTML made harmless: words, tables and lists; nothing that loads, runs, leads
anywhere or hides.
"""

from __future__ import annotations

import nh3

from outreach.replies.mail.plain_text import shallow

# No link, no image, no form, no style: what a link leads to is written out in the text.
TAGS = frozenset(
    {"p", "br", "div", "span", "b", "i", "em", "strong", "u", "s", "sub", "sup", "small", "hr"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote"}
    | {"pre", "code", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "center"}
)
ATTRIBUTES = {"*": {"dir", "lang"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
# For the page it is shown on: even what got through could load nothing and run nothing.
POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "sandbox; frame-ancestors 'self'"
)


def harmless(html: str) -> str:
    """Return `html` with nothing left in it but text and its shape. Never raises."""
    return nh3.clean(
        shallow(html),
        tags=set(TAGS),
        attributes={name: set(allowed) for name, allowed in ATTRIBUTES.items()},
        clean_content_tags={"script", "style", "title", "template", "noscript"},
        strip_comments=True,
        link_rel=None,
    )
