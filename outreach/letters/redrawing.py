"""Gives drafts the words their template says now. What somebody edited by hand is never touched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, load_only

from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign, Sender
from outreach.database import hold
from outreach.directory import queries
from outreach.directory.models import Target
from outreach.errors import MoveRefused, OutreachError, Refused
from outreach.letters import chains, choosing, distinctness, remarks, templates
from outreach.letters.editing import fingerprint
from outreach.letters.lifecycle import ASK_FREE, UNSENT, State
from outreach.letters.models import Letter, Mailing, Quotation, TemplateVersion
from outreach.letters.wording import Worded, Wording
from outreach.petitions.models import Ask, Fact
from outreach.words import Sentence

# Letters whose surroundings are read together.
_TOGETHER = 200
# What counting letters needs of them; their words are long.
_SHOWN = (Letter.id, Letter.language, Letter.state, Letter.customised_at, Letter.recipient)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What redrawing did: letters with other words now, how many say what they said, and why not.

    `refused`: [(letter, sentence)]; those stay as they were.
    """

    renewed: tuple[Letter, ...]
    same: int
    refused: tuple[tuple[Letter, Sentence], ...]


@dataclass(frozen=True, slots=True)
class Newer:
    """A mailing whose template says something else by now.

    `numbers`: {language: number of the newest text}, of the languages with older letters.
    `drafts` can be renewed, `in_review` and `approved` letters must become drafts again first,
    `customised` drafts were edited by hand.
    """

    numbers: dict[str, int]
    drafts: tuple[int, ...]
    in_review: int
    approved: int
    customised: tuple[Letter, ...]


def newer_text(session: Session, mailing: Mailing) -> Newer | None:
    """Return which unsent letters of `mailing` were made of an older text, or None."""
    current = templates.current_versions(session, mailing.template_id)
    letters = session.scalars(
        sa.select(Letter)
        .where(
            Letter.mailing_id == mailing.id,
            Letter.state.in_(UNSENT),
            Letter.template_version_id.not_in([one.id for one in current.values()]),
        )
        .order_by(Letter.id)
        .options(load_only(*_SHOWN))
    )
    drafts, customised, languages = [], [], set()
    in_review = approved = 0
    for letter in letters:
        if letter.language not in current:
            continue
        languages.add(letter.language)
        if letter.state is State.REVIEW:
            in_review += 1
        elif letter.state is not State.DRAFT:
            approved += 1
        elif letter.customised_at is not None:
            customised.append(letter)
        else:
            drafts.append(letter.id)
    if not languages:
        return None
    numbers = {language: current[language].number for language in sorted(languages)}
    return Newer(numbers, tuple(drafts), in_review, approved, tuple(customised))


def redraw(
    session: Session, letters: Sequence[Letter], *, by: Actor, now: dt.datetime, because: str
) -> Outcome:
    """Word drafts anew, with the newest text, today's facts and count; same target, ask and code.

    Letters that are no drafts or were edited by hand are refused, as are those the new text can't
    be made for. `because` is kept in the history. Renewed letters are measured again.
    """
    renewed: list[Letter] = []
    refused: list[tuple[Letter, Sentence]] = []
    same = 0
    for group in _groups(session, letters, now):
        for row in group.rows:
            try:
                _refuse_touched(row.letter)
                worded = _worded(group, row)
            except OutreachError as error:
                refused.append((row.letter, error.sentence))
                continue
            if _write(group, row, worded, by=by, now=now, because=because):
                renewed.append(row.letter)
            else:
                same += 1
    if renewed:
        distinctness.measure_again(session, renewed)
    return Outcome(tuple(renewed), same, tuple(refused))


def new_words(session: Session, letter: Letter, *, now: dt.datetime) -> Worded:
    """Return what the newest text would say in place of `letter`. Raises Refused when it can't."""
    return _worded(*_alone(session, letter, now))[1]


def take_new_text(
    session: Session, letter: Letter, *, seen: str, by: Actor, now: dt.datetime
) -> None:
    """Let go of what was edited by hand in a draft, and say what the newest text says.

    `seen` is the `editing.fingerprint` of the words that were shown. Raises MoveRefused when it is
    no draft any more or says something else by now, Refused when the text can't be filled.
    """
    hold(session, letter)
    if letter.state is not State.DRAFT or seen != fingerprint(letter):
        raise MoveRefused(
            Sentence("This letter was changed meanwhile, or is no draft any more. Look again.")
        )
    group, row = _alone(session, letter, now)
    _write(group, row, _worded(group, row), by=by, now=now, because="new text taken")
    distinctness.measure_again(session, [letter])


def keep_own_words(session: Session, letter: Letter, *, by: Actor, now: dt.datetime) -> None:
    """Note that somebody looked at the newest text and left an edited draft as it is.

    Raises MoveRefused when it is no draft any more.
    """
    hold(session, letter)
    if letter.state is not State.DRAFT:
        raise MoveRefused(Sentence("This letter is no draft any more. Look again."))
    mailing = session.get_one(Mailing, letter.mailing_id)
    version = templates.current_versions(session, mailing.template_id)[letter.language]
    letter.template_version_id = version.id
    session.flush()
    _note(session, letter, "kept_words", {"template_version": version.id}, by, now)


@dataclass(frozen=True, slots=True)
class _Row:
    """A letter and what its new words are made of."""

    letter: Letter
    target: Target
    ask: Ask
    version: TemplateVersion
    # The letter it follows, for a reminder the first of its correspondence.
    previous: Letter | None


@dataclass(frozen=True, slots=True)
class _Group:
    """Letters of one mailing that are worded together."""

    wording: Wording
    rows: Sequence[_Row]
    # {(desk, hash of the words, rehearsal): letters that say them there}
    said: dict[tuple[int, str, bool], set[int]]

    def says_another(self, letter: Letter, body_hash: str) -> bool:
        """Whether another letter to the same desk has these words (see `gathering`)."""
        there = self.said.get((letter.office_id, body_hash, letter.rehearsal), set())
        return bool(there - {letter.id})

    def note(self, letter: Letter) -> None:
        """Remember the words that a letter has now."""
        for ids in self.said.values():
            ids.discard(letter.id)
        key = (letter.office_id, letter.body_hash, letter.rehearsal)
        self.said.setdefault(key, set()).add(letter.id)


def _alone(session: Session, letter: Letter, now: dt.datetime) -> tuple[_Group, _Row]:
    for group in _groups(session, [letter], now):
        for row in group.rows:
            return group, row
    raise Refused(Sentence("There is no text in the language of this letter any more."))


def _groups(session: Session, letters: Sequence[Letter], now: dt.datetime) -> Iterator[_Group]:
    """The letters by mailing, some at a time, with what wording them needs."""
    by_mailing: dict[tuple[int, int], list[Letter]] = {}
    for letter in letters:
        by_mailing.setdefault((letter.mailing_id, letter.sender_id), []).append(letter)
    for (mailing_id, sender_id), several in by_mailing.items():
        mailing = session.get_one(Mailing, mailing_id)
        campaign = session.get_one(Campaign, mailing.campaign_id)
        today = campaign.day_of(now)
        wording = Wording(session, campaign, session.get_one(Sender, sender_id), today)
        fact = session.get(Fact, mailing.fact_id) if mailing.fact_id else None
        versions = templates.current_versions(session, mailing.template_id)
        for start in range(0, len(several), _TOGETHER):
            some = [one for one in several[start : start + _TOGETHER] if one.language in versions]
            yield _Group(
                wording, _rows(session, wording, some, versions, fact), _said(session, some)
            )


def _rows(
    session: Session,
    wording: Wording,
    letters: Sequence[Letter],
    versions: dict[str, TemplateVersion],
    fact: Fact | None,
) -> list[_Row]:
    targets = session.scalars(
        sa.select(Target)
        .where(Target.id.in_({one.target_id for one in letters}))
        .options(*queries.with_list())
        .execution_options(populate_existing=True)
    ).all()
    wording.look_up(targets, fact)
    of_id = {target.id: target for target in targets}
    asks = session.scalars(
        sa.select(Ask)
        .where(Ask.id.in_({one.ask_id for one in letters}))
        .options(joinedload(Ask.demand))
        .execution_options(populate_existing=True)
    )
    ask_of = {ask.id: ask for ask in asks}
    before = chains.followed_by(session, letters)
    return [
        _Row(
            one,
            of_id[one.target_id],
            ask_of[one.ask_id],
            versions[one.language],
            before.get(one.id),
        )
        for one in letters
    ]


def _said(session: Session, letters: Sequence[Letter]) -> dict[tuple[int, str, bool], set[int]]:
    rows = session.execute(
        sa.select(Letter.office_id, Letter.body_hash, Letter.rehearsal, Letter.id).where(
            Letter.office_id.in_({one.office_id for one in letters}),
            Letter.state.not_in(ASK_FREE),
        )
    )
    found: dict[tuple[int, str, bool], set[int]] = {}
    for office_id, body_hash, rehearsal, letter_id in rows:
        found.setdefault((office_id, body_hash, rehearsal), set()).add(letter_id)
    return found


def _refuse_touched(letter: Letter) -> None:
    if letter.state is not State.DRAFT:
        raise MoveRefused(Sentence("It is no draft. Recall or revise it first."))
    if letter.customised_at is not None:
        raise MoveRefused(Sentence("It was edited by hand. Compare it with the new text."))


def _worded(group: _Group, row: _Row) -> tuple[str, Worded]:
    """The alternative the letter had, unless its desk has those very words from another letter."""
    letter, version = row.letter, row.version
    there = choosing.alternatives(version)
    # A text that has got more alternatives: letters one after the other get different ones.
    first = there.index(letter.variant) if letter.variant in there else letter.id % len(there)
    for variant in (*there[first:], *there[:first]):
        worded = group.wording.words(
            row.target,
            version,
            row.ask,
            code=letter.code,
            previous=row.previous,
            variant=variant,
        )
        if not group.says_another(letter, worded.body_hash):
            return variant, worded
    raise Refused(Sentence(choosing.SAID_ALREADY))


def _write(
    group: _Group,
    row: _Row,
    words: tuple[str, Worded],
    *,
    by: Actor,
    now: dt.datetime,
    because: str,
) -> bool:
    """Put the words into the letter and return whether they are others than before."""
    session, letter, version = group.wording.session, row.letter, row.version
    variant, worded = words
    before = {"subject": letter.subject, "text": letter.text}
    after = {"subject": worded.subject, "text": worded.text}
    letter.template_version_id = version.id
    letter.variant, letter.envelope = variant, worded.envelope
    if before == after:
        session.flush()
        return False
    letter.subject, letter.text, letter.body_hash = worded.subject, worded.text, worded.body_hash
    group.note(letter)
    letter.customised_at = None
    letter.author_id = version.author_id or by.user_id
    letter.author = version.author if version.author_id else by.name
    session.execute(sa.delete(Quotation).where(Quotation.letter_id == letter.id))
    for quotation in worded.quotations:
        quotation.letter_id = letter.id
        session.add(quotation)
    session.flush()
    remarks.settle_changed(session, letter, by=by, now=now)
    detail = {"before": before, "after": after, "because": because, "template_version": version.id}
    _note(session, letter, "redrawn", detail, by, now)
    return True


def _note(
    session: Session,
    letter: Letter,
    name: str,
    detail: dict[str, object],
    by: Actor,
    now: dt.datetime,
) -> None:
    audit.record(
        session,
        subject=("letter", letter.id),
        name=name,
        by=by,
        now=now,
        campaign_id=letter.campaign_id,
        detail=detail,
    )
