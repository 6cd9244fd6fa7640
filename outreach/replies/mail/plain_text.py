"""HTML as plain text: what a reader would see, quotes marked as plain mail marks them."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

# More HTML than anybody types; the rest is in the original.
MOST_HTML = 1_000_000
# Parsers of HTML take the square of the depth: 100,000 levels would hold them for a minute.
MOST_DEEP = 1_000

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")
# Tags without an end, or whose end is left out more often than not.
_ENDLESS = frozenset({"br", "img", "hr", "meta", "link", "input", "wbr", "col", "area", "base"})
_CLOSED_BY_THEMSELVES = frozenset({"p", "li", "td", "tr", "th", "dd", "dt", "option"})
_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript", "-comment"})
_BLOCKS = frozenset(
    {"p", "div", "table", "tr", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
    | {"blockquote", "hr", "section", "article", "header", "footer", "dl", "dt", "dd", "center"}
)
_UNENDED = re.compile(r"<(?:p|li|td|tr|th|dd|dt|option)\b", re.I)
_APART = frozenset({"p", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table"})
_HIDDEN = re.compile(r"display\s*:\s*none|font-size\s*:\s*0(?![.\d])|mso-hide\s*:\s*all", re.I)
QUOTE = "> "


def text_of(html: str) -> str:
    """Return what a reader of `html` would see, a quoted letter's lines beginning with `> `.

    Links keep their address behind their words; what is hidden from the eye is left out. At most
    1,000,000 signs are looked at. Never raises for what the text is.
    """
    tree = LexborHTMLParser(shallow(html))
    root = tree.body or tree.root
    if root is None:
        return ""
    written = _Written()
    _write(root, written)
    return written.text()


def shallow(html: str) -> str:
    """Return the first 1,000,000 signs of `html`, without tags from where they nest too deep."""
    html = html[:MOST_HTML]
    depth = 0
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        if name in _ENDLESS or name in _CLOSED_BY_THEMSELVES:
            continue
        depth += -1 if tag[1] else 1
        depth = max(depth, 0)
        if depth > MOST_DEEP:
            return html[: tag.start()] + re.sub(r"<[^<>]*>?", " ", html[tag.start() :])
    if len(_UNENDED.findall(html)) > 20 * MOST_DEEP:
        return re.sub(r"<[^<>]*>?", " ", html)
    return html


class _Written:
    """Lines as they are written, with how deep in quotes they are."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self.depth = 0

    def add(self, text: str, *, as_it_is: bool) -> None:
        if not as_it_is:
            text = re.sub(r"[ \t\r\n\f\xa0]+", " ", text)
            if not self.lines[-1].removeprefix(QUOTE * self.depth):
                text = text.lstrip(" ")
        for number, line in enumerate(text.split("\n")):
            if number:
                self.lines.append(QUOTE * self.depth)
            self.lines[-1] += line

    def new_line(self, apart: bool) -> None:
        start = QUOTE * self.depth
        if self.lines[-1].strip("> ") or self.lines[-1].count(QUOTE) != self.depth:
            self.lines.append(start)
        if apart and len(self.lines) > 1 and self.lines[-2].strip("> "):
            self.lines.append(start)

    def text(self) -> str:
        whole = "\n".join(line.rstrip() for line in self.lines)
        return re.sub(r"\n{3,}", "\n\n", whole).strip("\n")


def _write(root: LexborNode, written: _Written) -> None:
    """Write a tree, node by node and without recursion: hostile HTML nests as deep as it likes."""
    todo: list[tuple[LexborNode | None, str]] = [(root, "")]
    while todo:
        node, end = todo.pop()
        if node is None:
            _leave(end, written)
            continue
        tag = node.tag or ""
        if tag == "-text":
            written.add(node.text(deep=False) or "", as_it_is=_in_pre(node))
            continue
        if tag in _SKIPPED or _HIDDEN.search(node.attributes.get("style") or ""):
            continue
        _enter(node, tag, written)
        todo.append((None, _end_of(node, tag)))
        children = list(node.iter(include_text=True))
        todo.extend((child, "") for child in reversed(children))


def _in_pre(node: LexborNode) -> bool:
    parent = node.parent
    return parent is not None and parent.tag == "pre"


def _enter(node: LexborNode, tag: str, written: _Written) -> None:
    if tag == "br":
        written.lines.append(QUOTE * written.depth)
    elif tag == "blockquote" and written.depth < 20:
        written.depth += 1
        written.new_line(apart=False)
    elif tag in _BLOCKS:
        written.new_line(apart=tag in _APART)
    if tag == "li":
        written.add("- ", as_it_is=True)
    elif tag == "img":
        alt = node.attributes.get("alt") or ""
        written.add(f"[{alt}]" if alt.strip() else "", as_it_is=False)
    elif tag == "hr":
        written.add("_" * 32, as_it_is=True)


def _end_of(node: LexborNode, tag: str) -> str:
    """What is left to do when all within `node` is written: its tag, for a link its address."""
    if tag != "a":
        return tag
    there = (node.attributes.get("href") or "").strip()
    shown = (node.text() or "").strip()
    if there.lower().startswith(("http://", "https://")) and there.rstrip("/") != shown.rstrip("/"):
        return f" <{there}>"
    return ""


def _leave(end: str, written: _Written) -> None:
    if end.startswith(" <"):
        written.add(end, as_it_is=True)
    elif end == "blockquote":
        written.depth = max(written.depth - 1, 0)
        written.new_line(apart=False)
    elif end in ("td", "th"):
        written.add(" ", as_it_is=False)
    elif end in _BLOCKS:
        written.new_line(apart=end in _APART)
