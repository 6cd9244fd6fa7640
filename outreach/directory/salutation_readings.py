"""Which forms of address a native speaker has read, and who.

The lines of one role in one language are read together, as they are in `contacts/salutations`.
A reading holds for exactly those lines: when one of them changes, they want a reader again.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.accounts.roles import require
from outreach.directory.identity import SalutationReading
from outreach.directory.models import Target, TargetRole
from outreach.directory.salutation_blocks import Block, block_for, blocks
from outreach.errors import BadInput, NotFound, Refused
from outreach.schema import among, asked
from outreach.words import Sentence

MAY_RECORD = "directory.greetings"


@dataclass(frozen=True, slots=True)
class Greeting:
    """The form of address a letter opens with: its language's block and the role."""

    block: Block
    role: TargetRole


@functools.cache
def greeting_of(language: str, *, role: TargetRole, named: bool, code: str) -> Greeting | None:
    """Return where the form of address of a letter in `language` (BCP 47) comes from.

    `named` tells whether it goes to a person, `code` is the jurisdiction. None for a language or
    an office without forms: no letter is made then.
    """
    try:
        block = block_for(language, code)
    except Refused:
        return None
    role = role if named else TargetRole.MINISTRY
    return Greeting(block, role) if role in block.roles else None


def greeting_to(target: Target, language: str) -> Greeting | None:
    """Return where the form of address of a letter in `language` to `target` comes from."""
    return greeting_of(
        language,
        role=target.role,
        named=target.membership_id is not None,
        code=target.jurisdiction_code,
    )


def block_called(language: str) -> Block:
    """Return the block `language` (`en-GB`). Raises NotFound."""
    block = blocks().get(language)
    if block is None:
        raise NotFound(Sentence("There are no forms of address in this language."))
    return block


def readings(session: Session) -> Mapping[tuple[str, TargetRole], SalutationReading]:
    """Return {(block, role): who read the lines as they are now}; unread ones are missing."""
    known = blocks()
    return {
        (one.language, one.role): one
        for one in session.scalars(sa.select(SalutationReading).order_by(SalutationReading.id))
        if one.language in known
        and one.role in known[one.language].roles
        and known[one.language].roles[one.role].digest == one.digest
    }


def needs_reading(session: Session, language: str, role: TargetRole) -> bool:
    """Return whether nobody has read the lines of `role` in the block `language` as they are.

    Raises NotFound for a block or a role that doesn't exist.
    """
    block = block_called(language)
    if role not in block.roles:
        raise NotFound(Sentence("There is no form of address for this office in this language."))
    if block.read_by_native_speaker:
        return False
    return not session.scalar(
        sa.select(
            sa.exists().where(
                SalutationReading.language == language,
                SalutationReading.role == role,
                SalutationReading.digest == block.roles[role].digest,
            )
        )
    )


@dataclass(frozen=True, slots=True)
class Unread:
    """The forms of address nobody has read, looked up once for many letters."""

    # {(block, role)} whose lines, as they are, were read.
    read: frozenset[tuple[str, TargetRole]]

    def of(self, target: Target, language: str) -> Greeting | None:
        """Return the form of address of a letter in `language` to `target` if nobody read it."""
        greeting = greeting_to(target, language)
        if greeting is None or greeting.block.read_by_native_speaker:
            return None
        return None if (greeting.block.language, greeting.role) in self.read else greeting


def unread_greetings(session: Session) -> Unread:
    """Return which forms of address nobody has read, in one query."""
    return Unread(frozenset(readings(session)))


def unread_greeting(session: Session, target: Target, language: str) -> Greeting | None:
    """Return the form of address of a letter in `language` to `target` if nobody has read it."""
    return unread_greetings_of(session, [(target, language)])[0]


def unread_greetings_of(
    session: Session, wanted: Sequence[tuple[Target, str]]
) -> list[Greeting | None]:
    """Return what `unread_greeting` says of each (target, language); at most one query."""
    greetings = [greeting_to(target, language) for target, language in wanted]
    languages = {
        one.block.language
        for one in greetings
        if one is not None and not one.block.read_by_native_speaker
    }
    if not languages:
        return [None] * len(wanted)
    read = {tuple(row) for row in asked(session, _READ_IN, {"languages": languages})}
    unread: dict[tuple[str, TargetRole], bool] = {}
    found: list[Greeting | None] = []
    for one in greetings:
        if one is None or one.block.read_by_native_speaker:
            found.append(None)
            continue
        line = one.block.language, one.role
        if line not in unread:
            unread[line] = (*line, one.block.roles[one.role].digest) not in read
        found.append(one if unread[line] else None)
    return found


_READ_IN = sa.select(
    SalutationReading.language, SalutationReading.role, SalutationReading.digest
).where(among(SalutationReading.language, "languages", str))


def record(
    session: Session,
    language: str,
    shown: Mapping[TargetRole, str],
    *,
    read_by: str,
    read_on: dt.date | None,
    by: Actor,
    now: dt.datetime,
) -> list[SalutationReading]:
    """Keep that `read_by` read lines of the block `language` on `read_on`; return what is new.

    `shown` is {role: digest of the lines as the reader saw them}. Roles already read stay as they
    are. Raises BadInput naming the field, NotFound for an unknown block or role, Refused when lines
    changed since they were shown, NotAllowed for all but organisers.
    """
    require(by, MAY_RECORD)
    block, read_by = block_called(language), " ".join(read_by.split())
    _check(block, shown, read_by, read_on, now)
    assert read_on is not None
    unread = {
        role: digest for role, digest in shown.items() if needs_reading(session, language, role)
    }
    done = [
        SalutationReading(
            language=language,
            role=role,
            digest=digest,
            read_by=read_by,
            read_on=read_on,
            by=by.name,
            at=now,
        )
        for role, digest in unread.items()
    ]
    session.add_all(done)
    session.flush()
    for reading in done:
        _tell(session, reading, by=by, now=now)
    return done


def _tell(session: Session, reading: SalutationReading, *, by: Actor, now: dt.datetime) -> None:
    audit.record(
        session,
        subject=("salutation", reading.id),
        name="read_by_native_speaker",
        by=by,
        now=now,
        campaign_id=None,
        detail={
            "language": reading.language,
            "role": reading.role.value,
            "read_by": reading.read_by,
            "read_on": reading.read_on.isoformat(),
        },
    )


def _check(
    block: Block,
    shown: Mapping[TargetRole, str],
    read_by: str,
    read_on: dt.date | None,
    now: dt.datetime,
) -> None:
    if not read_by or len(read_by) > 120:
        raise BadInput(Sentence("Say who read them, in at most 120 letters."), "read_by")
    if read_on is None or read_on > now.date():
        raise BadInput(Sentence("Give the day they were read. It can't lie ahead."), "read_on")
    if not shown:
        raise Refused(Sentence("Choose at least one office whose lines were read."))
    for role, digest in shown.items():
        if role not in block.roles:
            raise NotFound(
                Sentence("There is no form of address for this office in this language.")
            )
        if block.roles[role].digest != digest:
            raise Refused(
                Sentence("The lines have changed since they were shown. Have them read again.")
            )
