"""Finds what was written in letters, answers, translations and notes, in what the reader may see.

What a letter that left, an answer or a note says is kept folded beside it (`SearchText`), so that
“Janis” finds “Jānis” on either database. The rows are made by whoever looks next: the way out has
no time for it. What is said otherwise later loses its row (`models`) and gets a new one.

Where the database has an index of those rows by three letters (migration 0008), words that stand in
few of them are found through it. It only tells where to look: what is found is the same without.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from outreach.accounts.models import Actor, Campaign, Task
from outreach.accounts.roles import ORGANISERS, STAFF
from outreach.database import Database, one_at_a_time
from outreach.directory.models import Office, Target
from outreach.directory.spelling import fold
from outreach.letters.lifecycle import LEFT, State
from outreach.letters.models import Letter
from outreach.replies.deskwork.desk import answers_of
from outreach.replies.kinds import GUARDED
from outreach.replies.models import Incoming, Reply, ReplyLetter, SearchText, ThreadNote
from outreach.schema import holds, one_of

MOST_FOUND = 50
# Rows that are made in one step: a fraction of a second; and by one who catches up, in some steps.
STEP = 300
MOST_AT_ONCE = 3000
MOST_WORDS = 8
# So many texts are read one by one; words of more of them are sooner found among the newest.
FEW = 2000
# Shorter words are in no index by three letters.
_INDEXED = 3
# How much stands around the first hit, in characters.
AROUND = 140
# Named one by one: an index finds what is named, and reads everything for what is not.
_MAY_CHANGE = sorted(set(State) - LEFT)
_WORD = re.compile(r"[\w'’]+")


@dataclass(frozen=True, slots=True)
class _Said:
    """What is searched of one kind: its numbers, its words, which of them, and its rows."""

    number: InstrumentedAttribute[int]
    words: sa.ColumnElement[str]
    is_read: sa.ColumnElement[bool]
    row: InstrumentedAttribute[int | None]


_SAID = (
    _Said(
        Letter.id,
        Letter.recipient + "\n" + Letter.subject + "\n" + Letter.text,
        Letter.state.in_(LEFT),
        SearchText.letter_id,
    ),
    _Said(
        Reply.id,
        Reply.text + "\n" + Reply.note + "\n" + sa.func.coalesce(Reply.translation, ""),
        sa.true(),
        SearchText.reply_id,
    ),
    _Said(ThreadNote.id, sa.type_coerce(ThreadNote.text, sa.Text), sa.true(), SearchText.note_id),
)

# What is shown: pieces of text, each with whether it is what was looked for.
Pieces = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One place where the words stand. `kind` is letter, reply, translation or note."""

    kind: str
    number: int
    # Whom it is about; for a note and an answer the desk.
    name: str
    on: dt.date
    pieces: Pieces
    # The desk, for the page that tells the whole story.
    office_id: int


def catch_up(database: Database, *, most: int = MOST_AT_ONCE) -> int:
    """Make up to `most` of the rows that are missing of each, some at a time; return how many.

    Nobody is kept from writing while there is nothing to do, or while it is looked for.
    """
    with database.reading() as session:
        missing = [(it, _missing(session, it, most)) for it in _SAID]
    made = 0
    for what, numbers in missing:
        for at in range(0, len(numbers), STEP):
            with database.writing() as session:
                made += _index(session, what, numbers[at : at + STEP])
    return made


def index(session: Session) -> int:
    """Make the rows of letters that left, answers and notes that have none; return how many."""
    return sum(_index(session, what, _missing(session, what, STEP)) for what in _SAID)


def _missing(session: Session, what: _Said, most: int) -> Sequence[int]:
    """The numbers of those that have no row, the newest first."""
    known = sa.select(SearchText.id).where(what.row == what.number)
    wanted = sa.select(what.number).where(what.is_read, ~known.exists())
    return session.scalars(wanted.order_by(what.number.desc()).limit(most)).all()


def _index(session: Session, what: _Said, numbers: Sequence[int]) -> int:
    if not numbers:
        return 0
    # Somebody else may have made them meanwhile.
    one_at_a_time(session, "search")
    known = sa.select(SearchText.id).where(what.row == what.number)
    wanted = sa.select(what.number, what.words).where(one_of(what.number, numbers))
    rows = session.execute(wanted.where(~known.exists())).all()
    if rows:
        made = [{what.row.key: one, "words": fold(said)} for one, said in rows]
        session.execute(sa.insert(SearchText), made)
    return len(rows)


def search(
    session: Session, campaign: Campaign, text: str, *, by: Actor, limit: int = MOST_FOUND
) -> Sequence[Found]:
    """Return where all words of `text` stand, newest first; at most six queries.

    Whole words or parts of them. Of what `by` may read: a volunteer's own answers and the letters
    and answers they hold a task about, staff all but what is guarded or confidential.
    """
    words = fold(text[:200]).split()[:MOST_WORDS]
    if not words:
        return ()
    said = _say(session, words)
    found = [
        *_letters(session, campaign, words, said, by, limit),
        *_replies(session, campaign, words, said, by, limit),
    ]
    if by.role in STAFF:
        found += _unsent(session, campaign, words, limit)
        found += _notes(session, campaign, words, said, limit)
    return sorted(found, key=lambda one: (one.on, one.number), reverse=True)[:limit]


def _say(session: Session, words: Sequence[str]) -> sa.ColumnElement[bool]:
    """Return that a `SearchText` holds all of `words`."""
    said = sa.and_(*(holds(SearchText.words, word) for word in words))
    long = [word for word in words if len(word) >= _INDEXED]
    if not long or not _is_indexed(session):
        return said
    postgresql = session.get_bind().dialect.name == "postgresql"
    among = _with_letters(long) if postgresql else _with_parts(long)
    few = session.scalars(among.limit(FEW + 1)).all()
    return said if len(few) > FEW else sa.and_(one_of(SearchText.id, few), said)


def _is_indexed(session: Session) -> bool:
    """Whether the database has the index: not every SQLite or PostgreSQL can make it."""
    if session.get_bind().dialect.name == "postgresql":
        asked = "SELECT to_regclass('ix_search_text_words')"
    else:
        asked = "SELECT name FROM sqlite_master WHERE name = 'search_index'"
    return session.scalar(sa.text(asked)) is not None


def _with_parts(words: Sequence[str]) -> sa.Select[int]:
    """The rows with every three letters that stand in one of the words (FTS5)."""
    parts = {word[at : at + _INDEXED] for word in words for at in range(len(word) - 2)}
    wanted = " AND ".join(f'"{part}"' for part in sorted(parts))
    index = sa.table("search_index", sa.column("rowid", sa.Integer))
    return sa.select(index.c.rowid).where(sa.column("search_index").op("MATCH")(wanted))


def _with_letters(words: Sequence[str]) -> sa.Select[int]:
    """The rows with the words, asked in the one way that pg_trgm's index answers."""
    return sa.select(SearchText.id).where(*(SearchText.words.contains(word) for word in words))


def _held(kind: str, by: Actor) -> sa.Select[int]:
    return sa.select(Task.subject_id).where(
        Task.subject_kind == kind, Task.owner_id == by.user_id, Task.done_at.is_(None)
    )


def _letters(
    session: Session,
    campaign: Campaign,
    words: Sequence[str],
    said: sa.ColumnElement[bool],
    by: Actor,
    limit: int,
) -> list[Found]:
    rows = (
        sa.select(Letter)
        .join(SearchText, SearchText.letter_id == Letter.id)
        .where(
            Letter.campaign_id == campaign.id,
            Letter.rehearsal == campaign.rehearsing,
            said,
        )
        .order_by(Letter.id.desc())
        .limit(limit)
    )
    if by.role not in STAFF:
        rows = rows.where(Letter.id.in_(_held("letter", by)))
    return [_letter(one, words) for one in session.scalars(rows)]


def _unsent(session: Session, campaign: Campaign, words: Sequence[str], limit: int) -> list[Found]:
    """Letters whose words may still change: by name however typed, else by words as they stand."""
    # Found through the index of lists first: else every letter is read, the newest first.
    unsent = sa.select(Letter.id).where(
        Letter.campaign_id == campaign.id,
        Letter.rehearsal == campaign.rehearsing,
        Letter.state.in_(_MAY_CHANGE),
    )
    said = sa.func.lower(Letter.subject + " " + Letter.text)
    rows = (
        sa.select(Letter)
        .join(Target, Target.id == Letter.target_id)
        .where(
            Letter.id.in_(unsent),
            sa.and_(*(sa.or_(Target.search_key.contains(w), said.contains(w)) for w in words)),
        )
        .order_by(Letter.id.desc())
        .limit(limit)
    )
    return [_letter(one, words) for one in session.scalars(rows)]


def _letter(letter: Letter, words: Sequence[str]) -> Found:
    on = (letter.sent_at or letter.made_at).date()
    shown = marked(f"{letter.subject}\n{letter.text}", words)
    return Found("letter", letter.id, letter.recipient, on, shown, letter.office_id)


def _replies(
    session: Session,
    campaign: Campaign,
    words: Sequence[str],
    said: sa.ColumnElement[bool],
    by: Actor,
    limit: int,
) -> list[Found]:
    may = answers_of(campaign.id, rehearsal=campaign.rehearsing, by=by)
    if by.role not in STAFF:
        held = sa.and_(Reply.id.in_(_held("reply", by)), Reply.kind.not_in(GUARDED))
        own = sa.or_(Reply.logged_by_id == by.user_id, held)
        may = sa.select(Reply).where(
            Reply.campaign_id == campaign.id, Reply.rehearsal == campaign.rehearsing, own
        )
    if by.role not in ORGANISERS:
        secret = sa.select(Incoming.id).where(Incoming.confidential)
        may = may.where(sa.or_(Reply.incoming_id.is_(None), Reply.incoming_id.not_in(secret)))
    first = sa.select(sa.func.min(ReplyLetter.letter_id)).where(ReplyLetter.reply_id == Reply.id)
    rows = (
        may.add_columns(Letter.recipient)
        .join(SearchText, SearchText.reply_id == Reply.id)
        .join(Letter, Letter.id == first.correlate(Reply).scalar_subquery())
        .where(said, Reply.undone_at.is_(None))
        .order_by(Reply.id.desc())
        .limit(limit)
    )
    return [_reply(reply, name, words) for reply, name in session.execute(rows)]


def _reply(reply: Reply, name: str, words: Sequence[str]) -> Found:
    """Shown where it says most of what was looked for: in their words, ours of them, or a note."""
    places = {
        "reply": reply.text,
        "translation": reply.translation or "",
        "note": reply.note,
    }
    kind = max(places, key=lambda one: _hits(places[one], words))
    shown = marked(places[kind], words)
    return Found(
        kind if kind == "translation" else "reply",
        reply.id,
        name,
        reply.received_on,
        shown,
        reply.office_id,
    )


def _hits(text: str, words: Sequence[str]) -> int:
    folded = fold(text)
    return sum(word in folded for word in words)


def _notes(
    session: Session,
    campaign: Campaign,
    words: Sequence[str],
    said: sa.ColumnElement[bool],
    limit: int,
) -> list[Found]:
    rows = session.execute(
        sa.select(ThreadNote, Office.name)
        .join(Office, Office.id == ThreadNote.office_id)
        .where(
            ThreadNote.campaign_id == campaign.id,
            ThreadNote.rehearsal == campaign.rehearsing,
            # Asked for each note, so that the texts of letters are not gone through for them.
            sa.exists().where(SearchText.note_id == ThreadNote.id, said),
        )
        .order_by(ThreadNote.id.desc())
        .limit(limit)
    )
    return [
        Found("note", one.id, office, one.at.date(), marked(one.text, words), one.office_id)
        for one, office in rows
    ]


def marked(text: str, words: Sequence[str]) -> Pieces:
    """Return the part of `text` around the first of the folded `words`, in pieces: (text, hit)."""
    hits: list[tuple[int, int]] = []
    for one in _WORD.finditer(text):
        if hits and one.end() > hits[0][1] + 2 * AROUND:
            break
        if any(word in fold(one[0]) for word in words):
            hits.append((one.start(), one.end()))
    begin = max(0, hits[0][0] - AROUND) if hits else 0
    end = min(len(text), (hits[0][1] if hits else 0) + 2 * AROUND)
    pieces: list[tuple[str, bool]] = [("… ", False)] if begin else []
    at = begin
    for first, last in hits:
        pieces += [(text[at:first], False), (text[first:last], True)]
        at = last
    pieces += [(text[at:end], False), (" …" if end < len(text) else "", False)]
    return tuple((words_, hit) for words_, hit in pieces if words_)
