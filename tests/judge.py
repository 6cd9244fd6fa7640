"""What every page must be, whoever asks for it: `judge(response)` lists what is wrong with one.

Checked: one h1 and a title that begins with it, language, valid HTML, unique ids that references
find, a name for every control, button and link, a token in every form that posts, no inline script
or style, nothing from elsewhere, no gap printed as "None", and the security headers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from xml.etree.ElementTree import Element

import html5lib
from werkzeug.test import TestResponse

UNTYPED = frozenset({"hidden", "submit", "button", "reset", "image"})
# Where a browser fetches from, or sends to, without being asked. Plain links may lead elsewhere.
FETCHED = {
    "img": ("src", "srcset"),
    "script": ("src",),
    "link": ("href",),
    "iframe": ("src",),
    "form": ("action",),
    "button": ("formaction",),
    "input": ("src", "formaction"),
    "use": ("href", "{http://www.w3.org/1999/xlink}href"),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "object": ("data",),
    "embed": ("src",),
}
UNSEEN = frozenset({"script", "style", "template", "noscript"})
# html5lib knows HTML as of 2016 and takes these for errors. Each entry: its code, and why not.
FALSE_ALARMS: dict[str, str] = {}


@dataclass(frozen=True)
class Page:
    """One HTML page, parsed as a browser would."""

    html: str

    @cached_property
    def _parsed(self) -> tuple[Element, list[str]]:
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        root = parser.parse(self.html)
        lines = self.html.splitlines() or [""]
        errors = [
            f"{code} {values or ''} in line {line}: {lines[min(line, len(lines)) - 1].strip()[:90]}"
            for (line, _column), code, values in parser.errors
            if code not in FALSE_ALARMS
        ]
        return root, errors

    @property
    def root(self) -> Element:
        """The html element."""
        return self._parsed[0]

    @property
    def invalid(self) -> list[str]:
        """What html5lib says is not HTML."""
        return self._parsed[1]

    @cached_property
    def parents(self) -> dict[Element, Element]:
        """Each element's parent."""
        return {child: parent for parent in self.root.iter() for child in parent}

    @cached_property
    def ids(self) -> Counter[str]:
        """How often each id is used."""
        return Counter(e.get("id", "") for e in self.elements() if e.get("id") is not None)

    def elements(self, *names: str) -> Iterator[Element]:
        """Every element, or every one of these names, in the order of the page."""
        for element in self.root.iter():
            if isinstance(element.tag, str) and (not names or _name(element) in names):
                yield element

    def ancestors(self, element: Element) -> Iterator[Element]:
        """The elements around `element`, from the inside out."""
        while (found := self.parents.get(element)) is not None:
            element = found
            yield element

    @cached_property
    def title(self) -> str:
        """The words of <title>."""
        return next((words_of(e) for e in self.elements("title")), "")

    @cached_property
    def heading(self) -> str:
        """The words of the first h1."""
        return next((words_of(e) for e in self.elements("h1")), "")

    @cached_property
    def words(self) -> str:
        """What a reader sees."""
        return next((words_of(e) for e in self.elements("body")), "")

    @cached_property
    def wrong(self) -> list[str]:
        """What is wrong with it, one sentence each."""
        return [words for check in CHECKS for words in check(self)]


@lru_cache(maxsize=4)
def page_of(html: str) -> Page:
    """Return the page; one that was just looked at is not parsed again, which takes longest."""
    return Page(html)


def _name(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def words_of(element: Element) -> str:
    """Return the text inside `element` that a reader sees, with single spaces."""
    return re.sub(r"\s+", " ", "".join(_texts(element))).strip()


def _texts(element: Element) -> Iterator[str]:
    if isinstance(element.tag, str) and _name(element) not in UNSEEN:
        yield element.text or ""
        for child in element:
            yield from _texts(child)
            yield child.tail or ""


def judge(response: TestResponse) -> list[str]:
    """Return what is wrong with an HTML response, one sentence each; empty when nothing is.

    Other kinds of response are judged by their headers alone.
    """
    wrong = list(_headers(response))
    if response.mimetype == "text/html" and not 300 <= response.status_code < 400:
        wrong += page_of(response.get_data(as_text=True)).wrong
    return wrong


def _frame(page: Page) -> Iterator[str]:
    headings = [words_of(e) for e in page.elements("h1")]
    if len(headings) != 1:
        yield f"there are {len(headings)} h1, not one: {headings}"
    elif not headings[0]:
        yield "the h1 is empty"
    elif not page.title.startswith(headings[0]):
        yield f"the title {page.title!r} doesn't begin with the h1 {headings[0]!r}"
    if not page.root.get("lang"):
        yield "html has no lang"
    for error in page.invalid:
        yield f"not HTML: {error}"
    if found := re.search(r".{0,40}\bNone\b.{0,40}", page.words):
        yield f"“None” is printed: {found[0]!r}"


def _references(page: Page) -> Iterator[str]:
    for name, times in page.ids.items():
        if times > 1 or not name or " " in name:
            yield f"the id {name!r} is used {times} times"
    for element in page.elements():
        for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
            for name in (element.get(attribute) or "").split():
                if name not in page.ids:
                    yield f"{attribute}={name!r} of {_name(element)} leads nowhere"
        target = element.get("href", "") if _name(element) == "a" else ""
        if target.startswith("#") and target[1:] not in page.ids:
            yield f"the link {target!r} leads nowhere"


def _names(page: Page) -> Iterator[str]:
    labelled = {e.get("for") for e in page.elements("label") if words_of(e)}
    for control in page.elements("input", "select", "textarea"):
        if control.get("type", "").lower() in UNTYPED:
            continue
        around = any(_name(e) == "label" and words_of(e) for e in page.ancestors(control))
        said = control.get("aria-label") or control.get("aria-labelledby")
        if not (around or said or (control.get("id") and control.get("id") in labelled)):
            yield f"no label for {_name(control)} {control.get('name')!r}"
    for element in page.elements("button", "a", "summary"):
        if not (words_of(element) or element.get("aria-label") or element.get("aria-labelledby")):
            yield f"nothing is written on {_name(element)} {dict(element.attrib)}"
    for image in page.elements("img"):
        if image.get("alt") is None:
            yield f"no alt for {image.get('src')!r}"


def _forms(page: Page) -> Iterator[str]:
    for form in page.elements("form"):
        tokens = sum(1 for e in form.iter("input") if e.get("name") == "csrf_token")
        posts = form.get("method", "get").lower() == "post"
        if posts and tokens != 1:
            yield f"{tokens} csrf tokens in the form to {form.get('action')!r}"
        if not posts and tokens:
            yield f"a csrf token goes into the address: form to {form.get('action')!r}"


def _purity(page: Page) -> Iterator[str]:
    for element in page.elements():
        name = _name(element)
        if name == "script" and not element.get("src"):
            yield "an inline script"
        if name == "style":
            yield "an inline style element"
        for attribute, value in element.attrib.items():
            if attribute == "style":
                yield f"a style attribute on {name}: {value!r}"
            if attribute.startswith("on"):
                yield f"an event handler on {name}: {attribute}"
            if value.strip().lower().startswith("javascript:"):
                yield f"a javascript: address on {name}"
        for attribute in FETCHED.get(name, ()):
            if re.match(r"\s*(https?:)?//", element.get(attribute, "")):
                yield f"{name} asks another place: {element.get(attribute)!r}"


CHECKS = (_frame, _references, _names, _forms, _purity)


def _headers(response: TestResponse) -> Iterator[str]:
    headers = response.headers
    policy = {
        part.split()[0]: part.split()[1:]
        for part in headers.get("Content-Security-Policy", "").split(";")
        if part.strip()
    }
    if policy.get("default-src") != ["'none'"]:
        yield "the content policy doesn't begin by forbidding everything"
    for name in ("script-src", "style-src", "form-action"):
        if policy.get(name) not in (["'self'"], ["'none'"]):
            yield f"the content policy allows more than our own: {name} {policy.get(name)}"
    for name in ("base-uri", "frame-ancestors"):
        # A page that can do nothing at all may stand in a frame of ours.
        ours = name == "frame-ancestors" and "sandbox" in policy and ["'self'"]
        if policy.get(name) not in (["'none'"], ours):
            yield f"the content policy lacks {name} 'none'"
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield "no nosniff"
    if headers.get("Referrer-Policy") not in ("no-referrer", "same-origin"):
        yield f"the referrer policy is {headers.get('Referrer-Policy')!r}"
    for cookie in headers.getlist("Set-Cookie"):
        if "HttpOnly" not in cookie or "SameSite" not in cookie:
            yield f"a cookie without HttpOnly or SameSite: {cookie.split('=')[0]}"
