"""Reads a list, compares it with the directory, and keeps what would change as staged rows.

Nothing in the directory is written here, and no write transaction is open while a file is read:
staged rows go in by the thousand, each thousand in a short transaction of its own.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.database import Database
from outreach.directory.importing.records import (
    Body,
    PersonRecord,
    Problem,
    Record,
    as_json,
    storable,
)
from outreach.directory.models import Source
from outreach.directory.syncing import fading, fitting, guards, matching, standing
from outreach.directory.syncing.bodies import UNKNOWN, Bodies
from outreach.directory.syncing.bulk import Rows, chunks, insert
from outreach.directory.syncing.comparing import compared, usable, ways
from outreach.directory.syncing.merging import Merged, Saying, Standing
from outreach.directory.syncing.models import Effect, ImportRun, RunState, SourceRecord, StagedRow
from outreach.directory.syncing.seating import NO_LONGER_LISTED, Places, ended
from outreach.directory.syncing.seating import SMALL as SMALL_BODIES
from outreach.errors import BadFile, MoveRefused
from outreach.words import N_, Sentence

# (what is being done, how many are done, how many there are or 0)
Progress = Callable[[str, int, int], None]
BATCH = 500
FADED = N_(
    "%(number)s addresses have been missing from this list for 30 days or more. Nobody checked "
    "them, so they are withdrawn."
)
# A change in nothing but these is no change of the person.
SMALL = frozenset({"committee", "names", "extras", "other_names"})
_COLUMNS = (
    "run_id",
    "effect",
    "about",
    "key",
    "name",
    "place",
    "person_id",
    "score",
    "decision",
    "detail",
    "payload",
)


def saying(session: Session, run: ImportRun) -> Saying:
    """Return who speaks in `run`: its source, and the day and completeness of its list."""
    source = session.get_one(Source, run.source_id)
    scope = run.options.get("scope") or {}
    return Saying(
        source.id,
        source.name,
        source.rank,
        run.as_of,
        run.complete,
        frozenset(scope["kinds"]) if "kinds" in scope else None,
        frozenset(scope["purposes"]) if "purposes" in scope else None,
    )


def known_people(session: Session, source_id: int) -> dict[str, tuple[str, int, bool]]:
    """Return {key: (digest, person id, whether gone)} of everybody the source named before."""
    rows = session.execute(
        sa.select(
            SourceRecord.key, SourceRecord.hash, SourceRecord.person_id, SourceRecord.gone_since
        ).where(SourceRecord.source_id == source_id, SourceRecord.about == "person")
    )
    return {key: (said, person or 0, gone is not None) for key, said, person, gone in rows}


class Staging:
    """One list on its way into staged rows. `read` it, then `close`."""

    def __init__(
        self, database: Database, session: Session, run: ImportRun, progress: Progress
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.fields: Counter[str] = Counter()
        self.emptied: Counter[str] = Counter()
        self._database = database
        self._session = session
        self._run = run
        self._progress = progress
        self._worker = run.worker
        self._saying = saying(session, run)
        self.known = known_people(session, self._saying.source_id)
        self._bodies = Bodies(
            session, self._saying.source_id, str(run.options.get("jurisdiction", ""))
        )
        self.seen: set[str] = set()
        self.unused, self._homed = "", True  # First thing unusable; whether bodies have countries.
        # Who the list names by whatever key, to tell them from those who are gone.
        self._matched: set[int] = set()
        # The run its preview follows: when another was written since, it is outdated.
        before = fading.previous(session, run)
        self.follows = before.id if before else 0
        self._batch: list[tuple[PersonRecord, dict[str, Any], str]] = []
        self._rows = self._fresh()

    def _fresh(self) -> Rows:
        dialect = self._database.engine.dialect
        return Rows(StagedRow.__table__, _COLUMNS, dialect)  # type: ignore[arg-type]

    @property
    def places(self) -> Places:
        """The bodies of the list so far."""
        return self._bodies.places

    @property
    def empty(self) -> bool:
        """Whether the list held nobody and nothing."""
        bodies = self.counts["organizations added"] + self.counts["organizations unchanged"]
        return not self.seen and not bodies

    def read(self, records: Iterable[Record]) -> None:
        """Take every record of the list. Raises BadFile when the reader does."""
        for record in records:
            if isinstance(record, PersonRecord):
                self._take_person(record)
            elif isinstance(record, Body):
                self._take_body(record)
            else:
                self._take_problem(record)
        self._compare_batch()

    def close(self) -> None:
        """End those a whole list no longer has, look for namesakes, write what is left."""
        if self._run.complete:
            self._end_missing()
        if faded := fading.faded(self._session, self._saying):
            self._say(Effect.REMARK, Sentence(FADED, number=len(faded)), "")
        self._flush()

    def _take_problem(self, problem: Problem) -> None:
        effect = Effect.UNUSABLE if problem.stops else Effect.REMARK
        if problem.stops:
            self.unused = self.unused or f" {problem.place}: {problem.words}"
        self._say(effect, problem.words, problem.place, problem.name)

    def _say(
        self, effect: Effect, words: Sentence, place: str, name: str = "", key: str = ""
    ) -> None:
        self.counts[effect.value] += 1
        detail = [{"words": words.text, "values": _json_values(words)}]
        place, name, detail = storable([place, name, detail])
        self._stage(effect, "person", key, name, place, None, detail, None)

    def _take_body(self, body: Body) -> None:
        body = fitting.fitted_body(body)
        if not body.key or len(body.key) > fitting.LONGEST_KEY:
            words = Sentence("The id of this body is too long, or there is none.")
            self._say(Effect.UNUSABLE, words, body.place, body.name)
            return
        _place, same = self._bodies.take(body)
        if body.jurisdiction == UNKNOWN and self._homed:
            # Once for the list: a person answers it for all its bodies.
            self._homed = False
            words = Sentence("Nothing tells which country the bodies of this list belong to.")
            self._say(Effect.REMARK, words, body.place, body.name)
        if same:
            self.counts["organizations unchanged"] += 1
            return
        new = _place.id < 0
        self.counts["organizations added" if new else "organizations changed"] += 1
        effect = Effect.ADDED if new else Effect.REFRESHED
        self._stage(
            effect, "organization", body.key, body.name, body.place, None, [], as_json(body)
        )

    def _take_person(self, record: PersonRecord) -> None:
        record, payload, said = fitting.fitted(record)
        if not record.name.strip() or not record.key:
            words = Sentence("It has no name.") if record.key else Sentence("It has no id.")
            self._say(Effect.UNUSABLE, words, record.place, record.name)
            return
        if record.key in self.seen:
            self._say(
                Effect.UNUSABLE,
                Sentence("The id “%(key)s” stands twice; the first one counts.", key=record.key),
                record.place,
                record.name,
            )
            return
        self.seen.add(record.key)
        known = self.known.get(record.key)
        if known is not None and known[0] == said and not known[2]:
            self.counts["unchanged"] += 1
        else:
            self._batch.append((record, payload, said))
        if len(self._batch) >= BATCH:
            self._compare_batch()
        if len(self.seen) % BATCH == 0:
            self._progress("compare", len(self.seen), len(self.known))

    def _compare_batch(self) -> None:
        batch, self._batch = self._batch, []
        owners = standing.strong_owners(
            self._session,
            [
                pair
                for record, _payload, _said in batch
                if record.key not in self.known
                for pair in record.identifiers.items()
            ],
        )
        matched = {
            record.key: self.known[record.key][1]
            if record.key in self.known
            else matching.by_identifiers(record.identifiers, owners)
            for record, _payload, _said in batch
        }
        people = standing.people(self._session, [n for n in matched.values() if n])
        self._matched.update(people)
        for record, payload, _said in batch:
            ours = people.get(matched[record.key] or 0)
            self._compare(record, payload, ours)

    def _compare(
        self, record: PersonRecord, payload: dict[str, Any], ours: Standing | None
    ) -> None:
        record, lost = usable(record, self.places)
        lost += ways(record.contacts, self._saying)[1]
        for words in lost:
            self._say(Effect.REMARK, words, record.place, record.name, record.key)
        if ours is None:
            self.counts["added"] += 1
            self._stage(
                Effect.ADDED, "person", record.key, record.name, record.place, None, [], payload
            )
            return
        mine = (self._saying.source_id, record.key)
        base = next((one.record for one in ours.said if (one.source_id, one.key) == mine), None)
        score = matching.another_person(record, ours, base)
        if score is not None:
            self._ask_who(record, payload, ours, score)
            return
        merged = compared(record, ours, base, self.places, self._saying)
        effect = effect_of(merged)
        self._count(merged, effect)
        self._stage(
            effect,
            "person",
            record.key,
            record.name,
            record.place,
            ours.id,
            _differences(merged),
            payload,
        )

    def _ask_who(
        self, record: PersonRecord, payload: dict[str, Any], ours: Standing, score: int
    ) -> None:
        """Let a person say whether somebody with a known id and another name is who we have."""
        name = ours.texts.get("name", "")
        words = Sentence("It has an id of %(name)s, but another name: who is it?", name=name)
        self._say(Effect.REMARK, words, record.place, record.name, record.key)
        self.counts["proposed"] += 1
        key, name, place = record.key, record.name, record.place
        self._stage(Effect.PROPOSED, "person", key, name, place, ours.id, [], payload, score=score)

    def _count(self, merged: Merged, effect: Effect) -> None:
        self.counts[effect.value] += 1
        self.fields.update({told.field for told in merged.told})
        self.emptied.update(merged.emptied)
        if merged.conflicts:
            self.counts["conflicts"] += len(merged.conflicts)
        if not merged.new_held and any(
            columns.get("end_reason") == NO_LONGER_LISTED
            and (place := self.places.of(held.organization_id))
            and place.kind not in SMALL_BODIES
            for held, columns in merged.changed_held
        ):
            self.counts["unseated"] += 1

    def _end_missing(self) -> None:
        gone = {
            key: person
            for key, (_said, person, was_gone) in self.known.items()
            if key not in self.seen and not was_gone
        }
        still = {self.known[key][1] for key in self.seen if key in self.known} | self._matched
        for key in sorted(key for key, person in gone.items() if person in still):
            self._lay_aside(key, gone[key])
        for part in chunks(sorted(key for key, person in gone.items() if person not in still)):
            people = standing.people(self._session, [gone[key] for key in part])
            for key in part:
                self._end(key, people.get(gone[key]))

    def _lay_aside(self, key: str, person: int) -> None:
        """Forget a key by which the list named somebody whom it names by another now."""
        self._stage(Effect.REFRESHED, "person", key, key, "", person, [], None)

    def _end(self, key: str, ours: Standing | None) -> None:
        if ours is None:
            return
        merged = ended(ours, self.places, self._saying)
        self.counts["ended"] += 1
        name = ours.texts.get("name", "")
        self._stage(Effect.ENDED, "person", key, name, "", ours.id, _differences(merged), None)

    def _stage(
        self,
        effect: Effect,
        about: str,
        key: str,
        name: str,
        place: str,
        person_id: int | None,
        detail: list[dict[str, Any]],
        payload: dict[str, Any] | None,
        *,
        score: int | None = None,
    ) -> None:
        key, name, place, detail = storable([key, name, place, detail])
        self._rows.add(
            self._run.id, effect, about, key, name, place, person_id, score, None, detail, payload
        )
        if len(self._rows) >= 2 * BATCH:
            self._flush()

    def _flush(self) -> None:
        rows, self._rows = self._rows, self._fresh()
        with self._database.writing() as session:
            run = session.get_one(ImportRun, self._run.id)
            if (run.state, run.worker) != (RunState.READING, self._worker):
                raise MoveRefused(Sentence("Somebody discarded this import or took it up again."))
            insert(session, rows)


def effect_of(merged: Merged) -> Effect:
    """Return what a comparison amounts to: changed, or the same but for small print."""
    if merged.conflicts:
        return Effect.CONFLICT
    return (
        Effect.CHANGED if any(told.field not in SMALL for told in merged.told) else Effect.REFRESHED
    )


def stage(
    database: Database,
    run_id: int,
    records: Iterable[Record],
    *,
    now: Callable[[], dt.datetime],
    progress: Progress,
) -> dict[str, Any]:
    """Compare `records` with the directory into staged rows; return counts and questions.

    The caller moves the run on. Raises BadFile when the list can't be read or holds nobody.
    """
    _forget_rows(database, run_id)
    with database.reading() as session:
        run = session.get_one(ImportRun, run_id)
        staging = Staging(database, session, run, progress)
        staging.read(records)
        if staging.empty:
            words = Sentence("It holds nobody we could read.%(why)s", why=staging.unused)
            raise BadFile(run.file_name, None, words)
        staging.close()
    # A new session: on SQLite the first one can't see what was staged meanwhile.
    with database.reading() as session:
        run = session.get_one(ImportRun, run_id)
        matching.propose(database, session, run, staging, progress)
        return guards.summary(session, run, staging)


def _forget_rows(database: Database, run_id: int) -> None:
    with database.writing() as session:
        session.execute(sa.delete(StagedRow).where(StagedRow.run_id == run_id))


def _differences(merged: Merged) -> list[dict[str, Any]]:
    told = [asdict(one) for one in merged.told]
    clashes = [
        {"field": one.field, "base": one.base, "old": one.ours, "new": one.theirs, "clash": True}
        for one in merged.conflicts
    ]
    return clashes + told


def _json_values(words: Sentence) -> dict[str, str]:
    return {name: str(value) for name, value in words.values.items()}
