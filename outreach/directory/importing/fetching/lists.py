"""Fetches a public list over the wire, politely, and keeps it only when it is whole.

Nothing is fetched unless an operator asks for it. A list becomes one zip below the home folder,
named by its hash, with a card beside it: address, day, licence, attribution, and what is needed
to ask only for what is new next time.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from outreach.directory.importing.fetching import answers, keeping
from outreach.directory.importing.fetching.endpoints import (
    Endpoint,
    Part,
    Shape,
    address_of,
    checked_of,
)
from outreach.directory.importing.fetching.wire import Refusal, Wire
from outreach.errors import OutreachError
from outreach.words import Sentence

# Between two questions to the same server, in seconds.
POLITE = 0.5
MOST_PAGES = 500
# Fewer than this part of last time's things: half a list.
FEWER = 0.5

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came. `changed` is False when the server has nothing newer than what we keep."""

    path: Path
    card: dict[str, Any]
    changed: bool


@dataclass(slots=True)
class _Piece:
    """One file of the list on its way: what the card says of it."""

    url: str
    file: str
    shape: Shape
    etag: str = ""
    last_modified: str = ""
    things: int = 0
    changed: bool = True


@dataclass(slots=True)
class _Visit:
    """One fetch: where files go until all are there, what we had, whom we tell."""

    endpoint: Endpoint
    of: str
    folder: Path
    wire: Wire
    earlier: dict[str, Any]
    earlier_path: Path | None
    progress: Progress
    pieces: list[_Piece] = field(default_factory=list)
    # How many items a list in pages gave.
    items: int = 0


def fetch(
    endpoint: Endpoint,
    *,
    home: Path,
    now: dt.datetime,
    of: str = "",
    contact: str = "",
    progress: Progress = lambda _step, _done, _total: None,
    pause: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Fetch a public list and keep it below `home`; nothing is kept unless all of it came.

    `of` says which of many lists it is, `contact` how its server can reach us, `now` is the aware
    UTC instant. Raises OutreachError with what came in its place: a sign-in page, a challenge, an
    error, half a list; BadInput for a wrong `of`.
    """
    of = checked_of(endpoint, of)
    _refuse(endpoint, contact)
    earlier, earlier_path = _last(endpoint, of, home)
    with tempfile.TemporaryDirectory(prefix="outreach-") as folder, Wire(contact, pause) as wire:
        visit = _Visit(endpoint, of, Path(folder), wire, earlier, earlier_path, progress)
        try:
            _ask_for_all(visit)
        except Refusal as refusal:
            raise OutreachError(
                Sentence(
                    "Nothing was fetched from %(where)s. %(why)s",
                    where=refusal.url,
                    why=refusal.sentence,
                )
            ) from refusal
        if earlier_path and not any(piece.changed for piece in visit.pieces):
            return Fetched(earlier_path, earlier, changed=False)
        return _keep(visit, home, now)


def _refuse(endpoint: Endpoint, contact: str) -> None:
    if endpoint.not_yet:
        raise OutreachError(
            Sentence(
                "%(title)s can't be fetched yet. %(why)s",
                title=endpoint.title,
                why=Sentence(endpoint.not_yet),
            )
        )
    if endpoint.asks_who and not contact:
        raise OutreachError(
            Sentence(
                "%(title)s asks every program to say how its operator can be reached. Set "
                "OUTREACH_CONTACT to an e-mail address or a link, and fetch again.",
                title=endpoint.title,
            )
        )


def _ask_for_all(visit: _Visit) -> None:
    if visit.endpoint.paging:
        _ask_for_pages(visit)
        return
    parts = visit.endpoint.parts
    for number, part in enumerate(parts):
        visit.progress("fetching", number, len(parts))
        if number:
            visit.wire.pause(POLITE)
        _ask_for_part(visit, part)
    visit.progress("fetching", len(parts), len(parts))


def _ask_for_part(visit: _Visit, part: Part) -> None:
    url = address_of(visit.endpoint, part.path, visit.of)
    before = _piece_before(visit, part.file)
    piece = _Piece(url, part.file, part.shape)
    path = visit.folder / part.file
    headers = visit.wire.file(url, path, part.shape, before)
    if headers is None:
        # The only part: nothing new will be written.
        if len(visit.endpoint.parts) > 1:
            _from_earlier(visit, part.file, path)
        piece.etag, piece.last_modified = before["etag"], before["last_modified"]
        piece.things, piece.changed = before["things"], False
    else:
        piece.etag = headers.get("etag", "")
        piece.last_modified = headers.get("last-modified", "")
        piece.things = answers.things_in(path, part.shape)
        _compare(url, part.file, piece.things, before.get("things", 0))
    visit.pieces.append(piece)


def _piece_before(visit: _Visit, file: str) -> dict[str, Any]:
    if visit.earlier_path is None:
        return {}
    return next((one for one in visit.earlier.get("pieces", ()) if one["file"] == file), {})


def _from_earlier(visit: _Visit, file: str, path: Path) -> None:
    assert visit.earlier_path is not None
    with zipfile.ZipFile(visit.earlier_path) as archive:
        path.write_bytes(archive.read(_member(visit, file)))


def _member(visit: _Visit, file: str) -> str:
    """The name inside the zip: below the folders an operator named, which tell the list."""
    return f"{visit.of}/{file}" if "/" in visit.of else file


def _compare(url: str, what: str, things: int, before: int) -> None:
    if before and things < before * FEWER:
        raise Refusal(
            url,
            Sentence(
                "It gave only %(things)s things in %(what)s, and %(before)s last time: perhaps "
                "half a list. If that is right, download it by hand and import the file.",
                things=things,
                before=before,
                what=what,
            ),
        )


def _ask_for_pages(visit: _Visit) -> None:
    paging = visit.endpoint.paging
    assert paging is not None
    found: dict[str, None] = {}
    total, skip, url = 1, 0, ""
    while len(found) < total:
        if skip // paging.take >= MOST_PAGES:
            raise Refusal(url, Sentence("It never ends: more than 500 pages."))
        if skip:
            visit.wire.pause(POLITE)
        url = address_of(visit.endpoint, paging.path.replace("{skip}", str(skip)), visit.of)
        page = _page(visit, url, f"{skip // paging.take:04}-page.json")
        items, said = page.get(paging.items), page.get(paging.total)
        if not isinstance(items, list) or not isinstance(said, int):
            raise Refusal(url, Sentence("Its answer is not a page of a list: it may have changed."))
        total = said
        before = len(found)
        found |= dict.fromkeys(_key(item, paging.key) for item in items)
        if len(found) == before < total:
            raise _half(url, before, total)
        skip += paging.take
        visit.progress("fetching", len(found), total)
    _compare(url, "all pages", len(found), visit.earlier.get("items", 0))
    visit.items = len(found)
    if paging.each:
        _ask_for_each(visit, paging.each, list(found))


def _half(url: str, found: int, total: int) -> Refusal:
    return Refusal(
        url,
        Sentence(
            "It speaks of %(total)s and gave only %(found)s: half a list. Try again later.",
            total=total,
            found=found,
        ),
    )


def _key(item: Any, names: tuple[str, ...]) -> str:
    for name in names:
        item = item.get(name) if isinstance(item, dict) else None
    return "" if item is None else str(item)


def _ask_for_each(visit: _Visit, path: str, keys: list[str]) -> None:
    for number, key in enumerate(keys):
        visit.wire.pause(POLITE)
        url = address_of(visit.endpoint, path.replace("{id}", key), visit.of)
        _page(visit, url, f"contact-{key}.json")
        visit.progress("fetching details", number + 1, len(keys))


def _page(visit: _Visit, url: str, file: str) -> dict[str, Any]:
    path = visit.folder / keeping.safe_name(file)
    headers = visit.wire.file(url, path, Shape.JSON, {}) or {}
    page = json.loads(path.read_bytes())
    if not isinstance(page, dict):
        raise Refusal(url, Sentence("Its answer is not a page of a list: it may have changed."))
    things = answers.things_in(path, Shape.JSON)
    visit.pieces.append(_Piece(url, path.name, Shape.JSON, headers.get("etag", ""), "", things))
    return page


def _keep(visit: _Visit, home: Path, now: dt.datetime) -> Fetched:
    endpoint, of = visit.endpoint, visit.of
    with keeping.parted(home) as unfinished:
        only = visit.folder / visit.pieces[0].file
        if len(visit.pieces) == 1 and visit.pieces[0].shape is Shape.ZIP:
            shutil.copyfile(only, unfinished)
        else:
            _zip(visit, unfinished)
        unfinished.chmod(0o600)
        name = "-".join(filter(None, (endpoint.name, keeping.safe_name(of) if of else "")))
        kept = keeping.settle(unfinished, f"{name}.zip", keeping.sha256_of(unfinished), home=home)
    card = {
        "source": endpoint.name,
        "of": of,
        "title": endpoint.title,
        "format": endpoint.format,
        "licence": endpoint.licence,
        "attribution": endpoint.attribution,
        "page": endpoint.page,
        "url": visit.pieces[0].url,
        "fetched_at": now.isoformat(timespec="seconds"),
        "as_of": _as_of(visit, now).isoformat(),
        "sha256": kept.sha256,
        "size": kept.size,
        "kept_as": kept.place,
        "items": visit.items,
        "pieces": [asdict(piece) for piece in visit.pieces],
    }
    text = json.dumps(card, ensure_ascii=False, indent=1)
    for path in (kept.path.with_name(kept.path.name + ".json"), _card_path(endpoint, of, home)):
        _write(path, text)
    return Fetched(kept.path, card, changed=True)


def _zip(visit: _Visit, path: Path) -> None:
    """The same files make the same bytes: no day and no order of arrival in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for piece in sorted(visit.pieces, key=lambda one: one.file):
            member = zipfile.ZipInfo(_member(visit, piece.file))
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w") as new, (visit.folder / piece.file).open("rb") as old:
                shutil.copyfileobj(old, new)


def _as_of(visit: _Visit, now: dt.datetime) -> dt.date:
    """The day the server last changed the list; the day of asking when it doesn't say."""
    days = []
    for piece in visit.pieces:
        try:
            days.append(parsedate_to_datetime(piece.last_modified).date())
        except (ValueError, TypeError):
            continue
    return min(max(days), now.date()) if days else now.date()


def _card_path(endpoint: Endpoint, of: str, home: Path) -> Path:
    name = "-".join(filter(None, (endpoint.name, keeping.safe_name(of.replace("/", "-")))))
    return home / keeping.FOLDER / "fetched" / f"{name if of else endpoint.name}.json"


def _last(endpoint: Endpoint, of: str, home: Path) -> tuple[dict[str, Any], Path | None]:
    """What was kept last time, if file and card are both still there and whole."""
    try:
        card = json.loads(_card_path(endpoint, of, home).read_bytes())
        path = home / card["kept_as"]
        whole = keeping.sha256_of(path) == card["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}, None
    return (card, path) if whole else ({}, None)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.write_text(text, "utf-8")
    unfinished.replace(path)
