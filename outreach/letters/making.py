"""Makes the drafts of mailings that wait, step by step, beside everything else.

Every step is one transaction: its letters and how far the mailing is. A worker that dies loses the
step it was in, nothing is made twice; a second worker takes another mailing or waits its turn.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.database import Database, wake
from outreach.errors import MoveRefused, OutreachError
from outreach.letters import distinctness, drafting
from outreach.letters.models import Mailing, MailingState
from outreach.words import N_, Sentence

# So many drafts are made while the person who asked for them waits.
AT_ONCE = 30
BEGUN = (MailingState.WAITING, MailingState.MAKING)
_UNFORESEEN = N_(
    "Making the drafts met a mistake of ours and stopped. What was made is here. Please tell"
    " whoever runs this."
)

Now = Callable[[], dt.datetime]
log = logging.getLogger(__name__)


def work(database: Database, *, now: Now, worker: str) -> bool:
    """Bring the oldest mailing that waits one step further; return whether there was one.

    `worker` names the process in the log. What goes wrong is kept in the mailing, as the sentence
    a person sees.
    """
    with database.reading() as session:
        if session.scalar(_waiting().with_only_columns(Mailing.id)) is None:
            return False
    claimed: list[int] = []
    try:
        return _step(database, now, claimed)
    except OutreachError as error:
        _fail(database, claimed, error.sentence, now=now())
    except Exception as error:
        # The message of an unforeseen error may hold words of a letter: only its kind is logged.
        kind = type(error).__name__
        log.exception("mailing %s failed in %s: %s", claimed, worker, kind, exc_info=False)
        _fail(database, claimed, Sentence(_UNFORESEEN), now=now())
    return True


def _step(database: Database, now: Now, claimed: list[int]) -> bool:
    with database.writing() as session:
        # The row is held until the end: letters and count are committed together.
        mailing = session.scalar(
            _waiting()
            .options(joinedload(Mailing.template))
            .with_for_update(skip_locked=True, of=Mailing)
        )
        if mailing is None:
            return False
        claimed.append(mailing.id)
        if mailing.done < mailing.total:
            drafting.draft_some(session, mailing, now=now())
            return True
    with database.reading() as session:
        # Comparing takes seconds when there are thousands: nobody waits for it.
        found = distinctness.likenesses(session, claimed[0])
    with database.writing() as session:
        mailing = session.get_one(Mailing, claimed[0], with_for_update=True)
        if mailing.state in BEGUN:
            distinctness.keep(session, found)
            drafting.finish(session, mailing, now=now())
    return True


def _waiting() -> sa.Select[Mailing]:
    return sa.select(Mailing).where(Mailing.state.in_(BEGUN)).order_by(Mailing.id).limit(1)


def _fail(
    database: Database, claimed: Sequence[int], sentence: Sentence, *, now: dt.datetime
) -> None:
    with database.writing() as session:
        waits = Mailing.id.in_(claimed), Mailing.state.in_(BEGUN)
        mailing = session.scalar(sa.select(Mailing).where(*waits).with_for_update())
        if mailing is None:
            return
        mailing.state = MailingState.FAILED
        mailing.failure = sentence.as_json()
        _note(session, mailing, "drafts_stopped", Actor(mailing.by, mailing.by_id), now)


def go_on(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> None:
    """Let a mailing that stopped go on where it was. Raises MoveRefused when it did not stop."""
    if mailing.state is not MailingState.FAILED:
        raise MoveRefused(Sentence("The drafts of this mailing are being made, or are there."))
    mailing.state, mailing.failure = MailingState.WAITING, None
    wake(session, "drafts")
    _note(session, mailing, "drafts_resumed", by, now)


def _note(session: Session, mailing: Mailing, name: str, by: Actor, now: dt.datetime) -> None:
    audit.record(
        session,
        subject=("mailing", mailing.id),
        name=name,
        by=by,
        now=now,
        campaign_id=mailing.campaign_id,
        detail={"done": mailing.done, "total": mailing.total},
    )
