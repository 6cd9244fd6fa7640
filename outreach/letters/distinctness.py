"""How alike the letters of a mailing are, to one another and to what the same body got before.

Letters are compared language by language, withdrawn ones never. Of thousands only those are
compared word by word that probably are most alike; texts are read in small groups.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign, Sender
from outreach.directory.models import Target
from outreach.letters.alikeness import (
    Neighbours,
    alike_words,
    body_hash,
    body_of,
    folded,
    signature,
)
from outreach.letters.lifecycle import SEALED, State
from outreach.letters.models import Letter, LetterKind, Mailing

# Up to so many different bodies are compared all with all.
FEW = 40
# Texts in memory at once.
_TEXTS = 100
# Rows asked for with one statement.
_ROWS = 500
# Lower bounds of the bands in which likenesses are counted, in per cent.
BANDS = (0, 50, 70, 80, 90, 100)
# What a page shows: pairs, and letters above the limit.
PAIRS, MOST_ABOVE = 3, 50


@dataclass(frozen=True, slots=True)
class Likeness:
    """The most alike neighbour of one letter in its mailing, and among what the body got before."""

    alike: int | None = None
    alike_id: int | None = None
    before: int | None = None
    before_id: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two letters and how alike they are, in per cent."""

    one: int
    other: int
    alike: int


@dataclass(frozen=True, slots=True)
class Summary:
    """How distinct a mailing is.

    `bands`: [(from, to, how many letters)] in per cent; `above`: how many are more alike than the
    limit, to one another or to what went there before.
    """

    highest: int | None
    highest_before: int | None
    above: int
    bands: Sequence[tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    hash: str
    office_id: int
    body_id: int


def measure(session: Session, mailing_id: int) -> None:
    """Compare every letter of a mailing and keep what was found in its four columns."""
    keep(session, likenesses(session, mailing_id))


def measure_again(session: Session, letters: Collection[Letter]) -> None:
    """Compare letters whose words changed, and those that were most alike to them before."""
    session.flush()
    by_mailing: dict[int, set[int]] = {}
    for letter in letters:
        by_mailing.setdefault(letter.mailing_id, set()).add(letter.id)
    for mailing_id, ids in by_mailing.items():
        for some in _pieces(sorted(ids), _ROWS):
            near = sa.select(Letter.id).where(
                Letter.mailing_id == mailing_id, Letter.alike_id.in_(some)
            )
            ids |= set(session.scalars(near))
        keep(session, likenesses(session, mailing_id, only=ids))
    for letter in letters:
        session.refresh(letter, ["alike", "alike_id", "alike_before", "alike_before_id"])


def keep(session: Session, found: Mapping[int, Likeness]) -> None:
    """Write likenesses into the letters; what one letter learns, its neighbour learns too."""
    if not found:
        return
    own = [
        {
            "id": letter_id,
            "alike": one.alike,
            "alike_id": one.alike_id,
            "alike_before": one.before,
            "alike_before_id": one.before_id,
        }
        for letter_id, one in found.items()
    ]
    session.execute(sa.update(Letter), own)
    back = [
        {"to": one.alike_id, "found": one.alike, "of": letter_id}
        for letter_id, one in found.items()
        if one.alike is not None
    ]
    if back:
        session.connection().execute(
            sa.update(cast("sa.Table", Letter.__table__))
            .where(
                Letter.id == sa.bindparam("to"),
                sa.or_(Letter.alike.is_(None), Letter.alike < sa.bindparam("found")),
            )
            .values(alike=sa.bindparam("found"), alike_id=sa.bindparam("of")),
            back,
        )


def likenesses(
    session: Session, mailing_id: int, *, only: Collection[int] | None = None
) -> dict[int, Likeness]:
    """Return {letter id: Likeness} of a mailing's letters, or of `only` those; writes nothing."""
    languages = session.scalars(
        sa.select(Letter.language).where(Letter.mailing_id == mailing_id).distinct()
    ).all()
    found: dict[int, Likeness] = {}
    for language in languages:
        rows = _rows_of(session, mailing_id, language)
        wanted = [row for row in rows if only is None or row.id in only]
        if wanted:
            found |= _of_language(session, mailing_id, language, rows, wanted)
    return found


def _of_language(
    session: Session, mailing_id: int, language: str, rows: Sequence[_Row], wanted: Sequence[_Row]
) -> dict[int, Likeness]:
    same = _Same(rows)
    earlier = _Earlier(session, mailing_id, language, wanted)
    distinct = [ids[0] for ids in same.of_hash.values()]
    signatures = _signatures(session, distinct)
    index = Neighbours(signatures) if len(distinct) > FEW else None
    found: dict[int, Likeness] = {}
    for some in _pieces(wanted, _TEXTS // 10):
        near: dict[int, tuple[Sequence[int], Sequence[int]]] = {}
        for row in some:
            first = same.of_hash[row.hash][0]
            others: Sequence[int] = [one for one in distinct if one != first]
            if same.twin(row) is not None:
                others = []
            elif index is not None:
                others = index.nearest(signatures[first], but=first)
            near[row.id] = (others, earlier.candidates(row, signatures[first]))
        texts = _words(
            session, {row.id for row in some}.union(*(a for pair in near.values() for a in pair))
        )
        for row in some:
            others, before = near[row.id]
            twin = same.twin(row)
            alike = (100, twin) if twin is not None else _closest(texts, row.id, others)
            found[row.id] = Likeness(*alike, *_closest(texts, row.id, before))
    return found


class _Same:
    """Letters of one language by their words; those with the same words in a ring."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self.of_hash: dict[str, list[int]] = {}
        self._next: dict[int, int] = {}
        for row in rows:
            self.of_hash.setdefault(row.hash, []).append(row.id)
        for ids in self.of_hash.values():
            if len(ids) > 1:
                self._next |= dict(zip(ids, [*ids[1:], ids[0]], strict=True))

    def twin(self, row: _Row) -> int | None:
        """Another letter with the same words; each is named by one other only."""
        return self._next.get(row.id)


class _Earlier:
    """What the bodies and desks of some letters got from us before, in one language."""

    def __init__(
        self, session: Session, mailing_id: int, language: str, wanted: Sequence[_Row]
    ) -> None:
        self._of_body: dict[int, dict[str, int]] = {}
        self._of_desk: dict[int, dict[str, int]] = {}
        for row in _earlier_rows(session, mailing_id, language, wanted):
            self._of_body.setdefault(row.body_id, {})[row.hash] = row.id
            self._of_desk.setdefault(row.office_id, {})[row.hash] = row.id
        ids = {one for letters in self._of_body.values() for one in letters.values()}
        self._signatures = _signatures(session, sorted(ids))
        self._index: dict[int, Neighbours] = {}

    def candidates(self, row: _Row, own: array[int]) -> Sequence[int]:
        """Letters to the same body or desk that are probably most alike to one."""
        at_desk = self._of_desk.get(row.office_id, {})
        of_body = self._of_body.get(row.body_id, {})
        for letters in (at_desk, of_body):
            if row.hash in letters:
                return [letters[row.hash]]
        return [*self._nearest(row.body_id, of_body, own), *list(at_desk.values())[-FEW:]]

    def _nearest(self, body_id: int, letters: Mapping[str, int], own: array[int]) -> Sequence[int]:
        if len(letters) <= FEW:
            return list(letters.values())
        if body_id not in self._index:
            chosen = {one: self._signatures[one] for one in letters.values()}
            self._index[body_id] = Neighbours(chosen)
        return self._index[body_id].nearest(own)


def _closest(
    texts: Mapping[int, Sequence[str]], letter_id: int, others: Sequence[int]
) -> tuple[int | None, int | None]:
    own = texts[letter_id]
    measured = [(alike_words(own, texts[one]), -one) for one in others]
    if not measured:
        return None, None
    alike, negative = max(measured)
    return alike, -negative


def _rows_of(session: Session, mailing_id: int, language: str) -> list[_Row]:
    rows = session.execute(
        _columns()
        .where(Letter.mailing_id == mailing_id, Letter.language == language)
        .where(Letter.state != State.WITHDRAWN)
        .order_by(Letter.id)
    )
    return [_row(row) for row in rows]


def _earlier_rows(
    session: Session, mailing_id: int, language: str, wanted: Sequence[_Row]
) -> Iterator[_Row]:
    """Approved and sent letters of the same campaign, oldest first within each group of bodies.

    What came back is nothing they got.
    """
    own = session.execute(
        sa.select(Letter.campaign_id, Letter.rehearsal)
        .where(Letter.mailing_id == mailing_id)
        .limit(1)
    ).one()
    query = (
        _columns()
        .where(Letter.campaign_id == own.campaign_id, Letter.rehearsal == own.rehearsal)
        .where(Letter.mailing_id != mailing_id, Letter.language == language)
        .where(Letter.state.in_(SEALED - {State.BOUNCED}))
        .order_by(Letter.id)
    )
    for column, ids in (
        (Target.body_id, {row.body_id for row in wanted}),
        (Letter.office_id, {row.office_id for row in wanted}),
    ):
        for some in _pieces(sorted(ids), _ROWS):
            yield from map(_row, session.execute(query.where(column.in_(some))))


def _columns() -> sa.Select[*tuple[Any, ...]]:
    columns: tuple[Any, ...] = (Letter.id, Letter.body_hash, Letter.office_id, Target.body_id)
    return sa.select(*columns).join(Target, Target.id == Letter.target_id)


def _row(row: Any) -> _Row:
    # Letters older than their hash are each taken for different.
    return _Row(row.id, row.body_hash or f"letter {row.id}", row.office_id, row.body_id)


def _signatures(session: Session, ids: Sequence[int]) -> dict[int, array[int]]:
    return {
        letter_id: signature(words)
        for some in _pieces(ids, _TEXTS)
        for letter_id, words in _words(session, some).items()
    }


def _words(session: Session, ids: Collection[int]) -> dict[int, list[str]]:
    rows = session.execute(
        sa.select(Letter.id, Letter.text, Sender.name)
        .join(Sender, Sender.id == Letter.sender_id)
        .where(Letter.id.in_(ids))
    )
    return {letter_id: folded(body_of(text, name)) for letter_id, text, name in rows}


def _pieces(ids: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def most_allowed(kind: LetterKind, campaign: Campaign) -> int:
    """Return how alike a letter of that kind may be to another, in per cent.

    First letters compete for being read. What follows one, a reminder, a correction, thanks, says
    the same to everybody it follows, and each stands in a correspondence of its own.
    """
    return campaign.most_alike if kind is LetterKind.FIRST else 100


def hash_again(session: Session, letter: Letter) -> None:
    """Keep the hash of the words that a letter has now; whoever changed them measures it again."""
    sender = session.get_one(Sender, letter.sender_id)
    letter.body_hash = body_hash(body_of(letter.text, sender.name))


def summary(session: Session, mailing: Mailing, limit: int) -> Summary:
    """Return how distinct a mailing is; `limit` in per cent is `most_allowed`."""
    alive = sa.and_(Letter.mailing_id == mailing.id, Letter.state != State.WITHDRAWN)
    rows = session.execute(
        sa.select(Letter.alike, sa.func.count()).where(alive).group_by(Letter.alike)
    )
    counted = [(alike, many) for alike, many in rows if alike is not None]
    before = session.scalar(sa.select(sa.func.max(Letter.alike_before)).where(alive))
    above = sa.or_(Letter.alike > limit, Letter.alike_before > limit)
    uppers = [*(bound - 1 for bound in BANDS[1:]), 100]
    return Summary(
        highest=max((alike for alike, _many in counted), default=None),
        highest_before=before,
        above=session.scalar(sa.select(sa.func.count(Letter.id)).where(alive, above)) or 0,
        bands=[
            (low, high, sum(many for alike, many in counted if low <= alike <= high))
            for low, high in zip(BANDS, uppers, strict=True)
        ],
    )


def most_alike(session: Session, mailing: Mailing) -> Sequence[Pair]:
    """Return the most alike pairs of letters of a mailing, the most alike first."""
    return _pairs(session, mailing, Letter.alike, Letter.alike_id)


def most_alike_before(session: Session, mailing: Mailing) -> Sequence[Pair]:
    """Return letters that are most alike to what the same body got before, each with that one."""
    return _pairs(session, mailing, Letter.alike_before, Letter.alike_before_id)


def _pairs(session: Session, mailing: Mailing, measured: Any, other: Any) -> Sequence[Pair]:
    rows = session.execute(
        sa.select(Letter.id, other, measured)
        .where(Letter.mailing_id == mailing.id, Letter.state != State.WITHDRAWN)
        .where(measured.is_not(None))
        .order_by(measured.desc(), Letter.id)
        # A pair stands in both of its letters; of three alike each names another.
        .limit(PAIRS * 4)
    )
    pairs: dict[frozenset[int], Pair] = {}
    for letter_id, other_id, alike in rows:
        pairs.setdefault(frozenset((letter_id, other_id)), Pair(letter_id, other_id, alike))
    return list(pairs.values())[:PAIRS]


def above(session: Session, mailing: Mailing, limit: int) -> Sequence[Letter]:
    """Return the first letters more alike than `limit` in per cent, the most alike first."""
    return session.scalars(
        sa.select(Letter)
        .where(Letter.mailing_id == mailing.id, Letter.state != State.WITHDRAWN)
        .where(sa.or_(Letter.alike > limit, Letter.alike_before > limit))
        .order_by(
            sa.func.coalesce(Letter.alike_before, 0).desc(),
            sa.func.coalesce(Letter.alike, 0).desc(),
            Letter.id,
        )
        .limit(MOST_ABOVE)
    ).all()
