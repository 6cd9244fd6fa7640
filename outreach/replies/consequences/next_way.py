"""A letter that came back goes again by the next way: the same words to the same person.

Another e-mail address that somebody checked, else their form, else post. It is a new draft with a
review, a seal and the gate of its own; while it stands there is no second one. A letter that their
server refused because of its address is withdrawn by that: it shall not go after all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import signing
from outreach.accounts import audit, tasks
from outreach.accounts.models import Actor, Campaign, Sender, TaskKind
from outreach.accounts.roles import require
from outreach.database import hold
from outreach.directory import offices, verification
from outreach.directory.models import ContactDetail, ContactKind, ContactState, Target
from outreach.directory.shelf_life import shelf_for
from outreach.directory.suppression import forbidding
from outreach.directory.wishes import NO_WISH, wishes_of
from outreach.errors import Refused
from outreach.letters import chains, choosing, distinctness, moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Mailing, Quotation
from outreach.replies.consequences.effects import with_hand
from outreach.replies.models import Reply, ReplyKind, ReplyLetter
from outreach.words import Sentence

# What the two letters have alike.
_SAME = (
    *("campaign_id", "template_version_id", "sender_id", "target_id", "ask_id", "kind"),
    *("rehearsal", "language", "recipient", "envelope", "variant", "customised_at", "theirs"),
)


@dataclass(frozen=True, slots=True)
class NextWay:
    """How a letter that came back can go: by `contact`, or `why_not`; `again`: it was written."""

    letter: Letter
    contact: ContactDetail | None = None
    why_not: Sentence | None = None
    again: Letter | None = None


def next_ways(session: Session, letters: Iterable[Letter], *, today: dt.date) -> list[NextWay]:
    """Return how each of `letters` that came back can go again, or why it can't."""
    returned = [one for one in letters if came_back(session, one)]
    return [next_way(session, one, today=today) for one in returned]


def came_back(session: Session, letter: Letter) -> bool:
    """Return whether `letter` did not arrive, and by the same way never will."""
    if letter.state is not State.FAILED or letter.channel is not ContactKind.EMAIL:
        return letter.state is State.BOUNCED
    details = verification.details_at(session, letter.address)
    return any(one.state is ContactState.BOUNCING for one in details)


def next_way(session: Session, letter: Letter, *, today: dt.date) -> NextWay:
    """Return how `letter`, which came back, can go again; what was written instead comes first."""
    again = session.scalars(
        sa.select(Letter)
        .where(
            Letter.instead_of_id == letter.id,
            Letter.target_id == letter.target_id,
            Letter.state != State.WITHDRAWN,
        )
        .order_by(Letter.id.desc())
    ).first()
    if again is not None:
        return NextWay(letter, again=again)
    target = session.get_one(Target, letter.target_id)
    problem = _why_nobody_writes(session, letter, target, today)
    if problem is not None:
        return NextWay(letter, why_not=problem)
    ways, unchecked = _ways(session, letter, target, today)
    if ways:
        return NextWay(letter, contact=ways[0])
    if unchecked:
        problem = Sentence(
            "There is another e-mail address, %(address)s, but nobody has checked it lately. "
            "Check it, then the letter can go there.",
            address=unchecked[0].value,
        )
    else:
        problem = Sentence(
            "We know no other way to reach %(name)s. Add an e-mail address, a form or a postal "
            "address.",
            name=letter.recipient,
        )
    return NextWay(letter, why_not=problem)


def _why_nobody_writes(
    session: Session, letter: Letter, target: Target, today: dt.date
) -> Sentence | None:
    campaign = session.get_one(Campaign, letter.campaign_id)
    if campaign.rehearsing is not letter.rehearsal:
        return Sentence("This was rehearsed, and nothing in earnest follows from it.")
    # What answers an earlier letter answers its reminder too.
    if any(one.answered_on is not None for one in (letter, *chains.earlier(session, letter))):
        return Sentence("They have answered all the same, so it need not go again.")
    if target.ended_on is not None and target.ended_on <= today:
        return Sentence("%(name)s no longer holds this post.", name=target.name)
    if wishes_of(session, [target.id]).get(target.id, NO_WISH).never:
        return Sentence("They asked us not to write to them.")
    forbidden = forbidding(
        session,
        offices.contacts_of(session, target),
        offices=[target.office_id, letter.office_id],
        address=letter.address,
    )
    if forbidden:
        return Sentence("Nobody may write there: %(reason)s", reason=forbidden[0].reason)
    return None


def _ways(
    session: Session, letter: Letter, target: Target, today: dt.date
) -> tuple[list[ContactDetail], list[ContactDetail]]:
    """The ways not tried yet, best first, and the e-mail addresses that somebody has to check."""
    tried = _tried(session, letter)
    only = wishes_of(session, [target.id]).get(target.id, NO_WISH).channel
    left = [
        one
        for one in offices.contacts_of(session, target)
        if one.kind in ((only,) if only else offices.WRITTEN_BY)
        and one.state in offices.USABLE
        and one.purpose != offices.HOME
        and not tried & {one.value.casefold(), one.normalised.casefold()}
    ]
    shelf = shelf_for(session, left)
    checked = {one.id for one in left if shelf.holds(one, today)}
    unchecked = [one for one in left if one.kind is ContactKind.EMAIL and one.id not in checked]
    ways = [one for one in left if one not in unchecked]
    # A form or an address on paper is checked before it is used: the gate says so.
    order = offices.WRITTEN_BY.index
    return sorted(ways, key=lambda one: (order(one.kind), one.id not in checked)), unchecked


def _tried(session: Session, letter: Letter) -> set[str]:
    """The addresses that the letter, and those it was written instead of, went to."""
    found = {letter.address.casefold()}
    before: Letter | None = letter
    while before is not None and before.instead_of_id is not None:
        before = session.get(Letter, before.instead_of_id)
        if before is not None and before.target_id == letter.target_id:
            found.add(before.address.casefold())
    return found


def write_again(session: Session, letter: Letter, *, by: Actor, now: dt.datetime) -> Letter:
    """Draft `letter`, which came back, for the next way, and return it; the one that stands if any.

    It keeps the words, with a reference of its own; the task to find another way is done. Raises
    Refused with the reason.
    """
    require(by, "letters.write")
    hold(session, letter)
    if not came_back(session, letter):
        raise Refused(Sentence("This letter did not come back, as far as we know."))
    campaign = session.get_one(Campaign, letter.campaign_id)
    found = next_way(session, letter, today=campaign.day_of(now))
    if found.again is not None:
        return found.again
    if found.contact is None:
        raise Refused(found.why_not or Sentence("There is no other way to write there."))
    sender = session.get_one(Sender, letter.sender_id)
    if not sender.active:
        raise Refused(Sentence("The sender %(name)s is out of use.", name=sender.name))
    if letter.state is State.FAILED:
        reason = str(Sentence("Written again by another way."))
        moving.make(session, letter, "withdraw", by=with_hand(by, "author"), now=now, reason=reason)
    made = _made(session, letter, found.contact, by, now)
    _tell(session, letter, made, by=by, now=now)
    _finish_tasks(session, letter, by=by, now=now)
    return made


def _made(
    session: Session, letter: Letter, contact: ContactDetail, by: Actor, now: dt.datetime
) -> Letter:
    try:
        with session.begin_nested():
            made = _copy(session, letter, contact, _mailing(session, letter, by, now), by, now)
            session.add(made)
            session.flush()
    except sa.exc.IntegrityError as error:
        raise Refused(Sentence(choosing.ALREADY_ASKED)) from error
    session.add_all(
        Quotation(
            letter_id=made.id,
            fact_id=one.fact_id,
            fact_version=one.fact_version,
            reading_id=one.reading_id,
            text=one.text,
        )
        for one in session.scalars(sa.select(Quotation).where(Quotation.letter_id == letter.id))
    )
    session.flush()
    distinctness.hash_again(session, made)
    distinctness.measure_again(session, [made])
    return made


def _mailing(session: Session, letter: Letter, by: Actor, now: dt.datetime) -> Mailing:
    """A mailing of its own: in the first one the two would be compared as if both had gone."""
    first = session.get_one(Mailing, letter.mailing_id)
    mailing = Mailing(
        campaign_id=letter.campaign_id,
        template_id=first.template_id,
        sender_id=letter.sender_id,
        name=str(Sentence("Again by another way: %(name)s", name=letter.recipient)),
        left_out=[],
        fact_id=first.fact_id,
        milestone_id=first.milestone_id,
        by=by.name,
        by_id=by.user_id,
        at=now,
        done=1,
        total=1,
    )
    session.add(mailing)
    session.flush()
    return mailing


def _copy(
    session: Session,
    letter: Letter,
    contact: ContactDetail,
    mailing: Mailing,
    by: Actor,
    now: dt.datetime,
) -> Letter:
    code = signing.new_code()
    mail = contact.kind is ContactKind.EMAIL
    # Of one that left and came back; a refused one is withdrawn, and makes room for this.
    after = letter.kind is LetterKind.REMINDER and letter.state is State.BOUNCED
    return Letter(
        **{name: getattr(letter, name) for name in _SAME},
        mailing_id=mailing.id,
        office_id=session.get_one(Target, letter.target_id).office_id,
        # A letter has one reminder: the next goes after it.
        follows_id=letter.id if after else letter.follows_id,
        instead_of_id=letter.id,
        code=code,
        channel=contact.kind,
        address=contact.value,
        subject=letter.subject.replace(letter.code, code),
        text=letter.text.replace(letter.code, code),
        in_reply_to=letter.in_reply_to if mail else None,
        refers_to=letter.refers_to if mail else None,
        # The words stay whose they are.
        author_id=letter.author_id or by.user_id,
        author=letter.author if letter.author_id else by.name,
        made_at=now,
        made_by_id=by.user_id,
    )


def _tell(session: Session, letter: Letter, made: Letter, *, by: Actor, now: dt.datetime) -> None:
    drafted: dict[str, object] = {
        "mailing": made.mailing_id,
        "template_version": made.template_version_id,
        "instead_of": letter.id,
    }
    audit.record(
        session,
        subject=("letter", made.id),
        name="drafted",
        by=by,
        now=now,
        campaign_id=made.campaign_id,
        moved=(None, State.DRAFT.value),
        detail=drafted,
    )
    audit.record(
        session,
        subject=("letter", letter.id),
        name="written_again",
        by=by,
        now=now,
        campaign_id=letter.campaign_id,
        detail={"letter": made.id, "channel": made.channel.value if made.channel else ""},
    )


def _finish_tasks(session: Session, letter: Letter, *, by: Actor, now: dt.datetime) -> None:
    for reply_id in session.scalars(
        sa.select(Reply.id)
        .join(ReplyLetter, ReplyLetter.reply_id == Reply.id)
        .where(ReplyLetter.letter_id == letter.id, Reply.kind == ReplyKind.BOUNCE_HARD)
    ).all():
        for task in tasks.open_about(session, ("reply", reply_id)):
            if task.kind is TaskKind.FIND_ADDRESS:
                tasks.finish(session, task, by=by, now=now)
