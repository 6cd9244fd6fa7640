"""Drafts our answer to what somebody wrote: to the same desk, in the same conversation.

The draft is a letter as every other: edited, reviewed, approved and sealed, and it passes the same
gate. What a machine wrote is never answered (RFC 3834 §2).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign, Sender
from outreach.accounts.roles import require
from outreach.directory import offices
from outreach.directory.models import ContactKind, Target
from outreach.errors import Refused
from outreach.letters import alikeness, drafting, editing
from outreach.letters.lifecycle import UNSENT
from outreach.letters.models import Letter, LetterKind, Mailing, Template
from outreach.letters.quoted import QUOTING, quotation_of
from outreach.petitions.models import Objection
from outreach.replies.consequences.filing import answered_letters
from outreach.replies.kinds import GUARDED, HUMAN
from outreach.replies.mail import parsing
from outreach.replies.mail.parsing import Mail
from outreach.replies.mail.subjects import without_prefixes
from outreach.replies.models import Incoming, MailKind, Reply
from outreach.replies.receiving import inbox
from outreach.sending.message import MESSAGE_ID
from outreach.sending.models import Attempt
from outreach.words import N_, Sentence

# What somebody may choose, in the order in which it is offered.
CHOICES = (LetterKind.ANSWER, LetterKind.THANKS, LetterKind.CORRECTION)
# Longer lists of messages are cut in the middle, as RFC 5537 §3.4.4 does.
MOST_IDS = 20
# Kinds of message that no person wrote to us.
_MACHINES = frozenset(MailKind) - {MailKind.ANSWER, MailKind.OTHER}
_BULK = ("bulk", "junk", "list")
LONGEST_SUBJECT = 200

_NO_TEMPLATE = N_("There is no text of this kind yet. Write one under Letters, Templates.")
_MACHINE = N_("A machine sent this, or a list. It is not answered: write to the desk by itself.")


@dataclass(frozen=True, slots=True)
class _Answered:
    """What is answered: the reply, its letter, and its message where it came by mail."""

    reply: Reply
    letter: Letter
    row: Incoming | None
    mail: Mail | None


def why_not(session: Session, reply: Reply) -> Sentence | None:
    """Return why nobody may answer `reply`, or None: undone, dangerous, or written by no person."""
    if reply.undone_at is not None:
        return Sentence("This answer was undone. Answer the one that counts.")
    if reply.kind in GUARDED:
        return Sentence("Hostile and suspicious mail is kept, and not answered.")
    row = session.get(Incoming, reply.incoming_id) if reply.incoming_id else None
    mail = parsing.read(inbox.original(session, row.id)) if row else None
    by_machine = reply.kind not in HUMAN or (row is not None and row.kind in _MACHINES)
    return Sentence(_MACHINE) if by_machine or (mail and is_automatic(mail)) else None


def is_automatic(mail: Mail) -> bool:
    """Return whether the headers of `mail` say that nobody waits for an answer to it.

    RFC 3834 §2 and §5: Auto-Submitted but "no", an empty return path, a list or bulk.
    """
    submitted = mail.auto_submitted.partition(";")[0].strip()
    return (
        submitted not in ("", "no")
        or mail.return_path == ""
        or bool(mail.list_id.strip())
        or mail.precedence.strip() in _BULK
    )


def draft(
    session: Session,
    reply: Reply,
    *,
    kind: LetterKind,
    by: Actor,
    now: dt.datetime,
    objection: Objection | None = None,
) -> Letter:
    """Make the draft that answers `reply` and return it; one that is under way is returned as is.

    It follows the newest letter that was answered, quotes what they wrote, and opens with the
    prepared answer to `objection`, if one is chosen. Raises Refused with the reason where nobody
    may be answered, or no letter of that kind can be made for this desk.
    """
    require(by, "letters.write")
    problem = why_not(session, reply)
    if kind not in QUOTING or problem is not None:
        raise Refused(problem or Sentence("Choose what kind of letter it is to be."))
    letter = answered_letters(session, reply)[-1]
    begun = under_way(session, [letter.id])
    if begun:
        return begun[-1]
    row = session.get(Incoming, reply.incoming_id) if reply.incoming_id else None
    mail = parsing.read(inbox.original(session, row.id)) if row else None
    at = _Answered(reply, letter, row, mail)
    made = _made(session, at, kind, by, now)
    _put_into_thread(session, at, made, by=by, now=now)
    _word(session, at, made, objection, by=by, now=now)
    return made


def under_way(session: Session, letter_ids: Sequence[int]) -> Sequence[Letter]:
    """Return the answers of ours that were begun after these letters and have not left."""
    return session.scalars(
        sa.select(Letter)
        .where(
            Letter.follows_id.in_(letter_ids),
            Letter.kind.in_(sorted(QUOTING)),
            Letter.state.in_(UNSENT),
        )
        .order_by(Letter.id)
    ).all()


def _made(session: Session, at: _Answered, kind: LetterKind, by: Actor, now: dt.datetime) -> Letter:
    campaign = session.get_one(Campaign, at.letter.campaign_id)
    if campaign.rehearsing is not at.letter.rehearsal:
        raise Refused(Sentence("This was rehearsed. What is rehearsed is not answered in earnest."))
    sender = session.get_one(Sender, at.letter.sender_id)
    if not sender.active:
        raise Refused(Sentence("The sender %(name)s is out of use.", name=sender.name))
    mailing = drafting.make_drafts(
        session,
        campaign=campaign,
        template=_template(session, campaign.id, kind),
        targets=[at.letter.target_id],
        sender=sender,
        name=str(Sentence("Answer to %(name)s", name=at.letter.recipient)),
        fallback_language=None,
        follows=at.letter,
        by=by,
        now=now,
    )
    made = session.scalar(sa.select(Letter).where(Letter.mailing_id == mailing.id))
    if made is None:
        raise Refused(_why_left_out(mailing))
    return made


def _template(session: Session, campaign_id: int, kind: LetterKind) -> Template:
    found = session.scalars(
        sa.select(Template)
        .where(Template.campaign_id == campaign_id, Template.kind == kind)
        .order_by(Template.id)
    ).first()
    if found is None:
        raise Refused(Sentence(_NO_TEMPLATE))
    return found


def _why_left_out(mailing: Mailing) -> Sentence:
    return Sentence.from_json(mailing.left_out[0])


def _put_into_thread(
    session: Session, at: _Answered, made: Letter, *, by: Actor, now: dt.datetime
) -> None:
    """Write to whom it goes and which messages it answers, before anybody approves it."""
    if made.channel is ContactKind.EMAIL:
        address = _verified(session, at, made)
        made.address = address or made.address
        ids = _before(session, at)
        if ids:
            made.in_reply_to, made.refers_to = ids[-1], " ".join(ids)
    session.flush()
    audit.record(
        session,
        subject=("letter", made.id),
        name="answers",
        by=by,
        now=now,
        campaign_id=made.campaign_id,
        detail={"reply": at.reply.id},
    )


def _verified(session: Session, at: _Answered, made: Letter) -> str:
    """The address they wrote from, where somebody checked that it is this desk's; else nothing."""
    written_from = at.row.from_address.strip() if at.row else ""
    target = session.get_one(Target, made.target_id)
    contacts = offices.contacts_of_many(session, [target])[target.id]
    wanted = offices.normalised(ContactKind.EMAIL, written_from) if written_from else ""
    return next(
        (
            one.value
            for one in contacts
            if one.kind is ContactKind.EMAIL
            and one.normalised == wanted
            and one.state in offices.USABLE
            and one.purpose != offices.HOME
            and one.verified_on is not None
        ),
        "",
    )


def _before(session: Session, at: _Answered) -> list[str]:
    """The messages of the conversation, oldest first, the answered one last (RFC 5322 §3.6.4)."""
    if at.mail is None or not MESSAGE_ID.fullmatch(at.mail.message_id):
        ours = session.scalar(
            sa.select(Attempt.message_id)
            .where(Attempt.letter_id == at.letter.id, Attempt.data_at.is_not(None))
            .order_by(Attempt.id.desc())
            .limit(1)
        )
        return [ours] if ours else []
    earlier = at.mail.references or at.mail.in_reply_to[:1]
    ids = [one for one in earlier if MESSAGE_ID.fullmatch(one) and one != at.mail.message_id]
    if len(ids) >= MOST_IDS:
        ids = [ids[0], *ids[2 - MOST_IDS :]]
    return [*ids, at.mail.message_id]


def _word(
    session: Session,
    at: _Answered,
    made: Letter,
    objection: Objection | None,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Put in the prepared answer and what they wrote, by the hand of whoever drafts (law 4)."""
    text = made.text
    if objection is not None and objection.answer.strip():
        body = alikeness.body_of(text, session.get_one(Sender, made.sender_id).name)
        text = text.replace(body, f"{body}\n\n{objection.answer.strip()}", 1)
    if made.channel is ContactKind.EMAIL:
        quoted = quotation_of(
            at.reply.text, name=_writer(at), day=at.reply.received_on, language=made.language
        )
        text = f"{text}\n\n{quoted}" if quoted else text
        made.theirs = quoted or None
    subject = _subject(at)
    seen = editing.fingerprint(made)
    editing.edit(session, made, subject=subject, text=text, seen=seen, by=by, now=now)


def _writer(at: _Answered) -> str:
    row = at.row
    return (row.from_name or row.from_address if row else "") or at.letter.recipient


def _subject(at: _Answered) -> str:
    """What the conversation is called, with one "Re:" before it (RFC 5322 §3.6.5)."""
    called = (at.row.subject if at.row else "") or at.letter.subject
    plain = "".join(mark if mark.isprintable() else " " for mark in called)
    bare = " ".join(without_prefixes(plain).split()) or at.letter.subject
    return f"Re: {bare[:LONGEST_SUBJECT]}"
