"""Makes the drafts of reminders, once somebody said that nothing came by another way."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign, Sender
from outreach.accounts.roles import require
from outreach.directory.models import TargetRole
from outreach.errors import Refused
from outreach.letters import drafting, lists, templates
from outreach.letters.models import Letter, LetterKind, Mailing, Template
from outreach.replies.overdue.reminders import Reminder, due_among
from outreach.words import Sentence


@dataclass(slots=True)
class Made:
    """What became of the reminders somebody asked for: the drafts, and why there are no others."""

    mailings: list[Mailing] = field(default_factory=list)
    drafts: list[Letter] = field(default_factory=list)
    # (name, why there is no draft for them)
    refused: list[tuple[str, Sentence]] = field(default_factory=list)


def draft(
    session: Session,
    campaign: Campaign,
    letter_ids: Collection[int],
    *,
    by: Actor,
    now: dt.datetime,
) -> Made:
    """Make a draft of a reminder after each of the letters that is due; a mailing for each text.

    Whoever calls it was told that nothing came by post or phone; the history says who said so.
    Of two people at once one makes the draft and the other is told who. Raises NotAllowed, and
    Refused when there is no draft at all.
    """
    require(by, "letters.write")
    today = campaign.day_of(now)
    due = due_among(session, campaign, letter_ids, today=today)
    ready = {one.letter.id: one for one in due}
    made = Made()
    for letter_id in letter_ids:
        letter = session.get(Letter, letter_id) if letter_id not in ready else None
        if letter is not None and letter.campaign_id == campaign.id:
            _refuse(session, made, letter)
    chosen = [ready[one] for one in dict.fromkeys(letter_ids) if one in ready]
    for (template, sender), reminders in _by_text(session, campaign, chosen, made).items():
        _draft(session, campaign, template, sender, reminders, made, by=by, now=now)
    if not made.drafts:
        raise Refused(made.refused[0][1] if made.refused else Sentence("Nobody is chosen."))
    return made


def _by_text(
    session: Session, campaign: Campaign, chosen: Sequence[Reminder], made: Made
) -> Mapping[tuple[Template, Sender], list[Reminder]]:
    """The reminders by the text they get and who signs, as the letter before was signed."""
    texts = [
        one
        for one in templates.templates_of(session, campaign.id)
        if one.kind is LetterKind.REMINDER
    ]
    wanted = {it.letter.sender_id for it in chosen}
    rows = session.scalars(sa.select(Sender).where(Sender.id.in_(wanted)))
    senders = {row.id: row for row in rows}
    found: defaultdict[tuple[Template, Sender], list[Reminder]] = defaultdict(list)
    for one in chosen:
        role, sender = one.letter.role, senders[one.letter.sender_id]
        text = _text_for(texts, role)
        if text is None:
            words = Sentence("No text of a reminder is written for this office.")
            made.refused.append((one.letter.recipient, words))
        elif not sender.active:
            words = Sentence("The sender %(name)s is out of use.", name=sender.name)
            made.refused.append((one.letter.recipient, words))
        else:
            found[text, sender].append(one)
    return found


def _text_for(texts: Sequence[Template], role: TargetRole) -> Template | None:
    return next((one for one in texts if role.value in one.roles), None)


def _draft(
    session: Session,
    campaign: Campaign,
    template: Template,
    sender: Sender,
    reminders: Sequence[Reminder],
    made: Made,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    follows = _last_letters(session, reminders)
    mailing = drafting.make_drafts(
        session,
        campaign=campaign,
        template=template,
        targets=list(follows),
        sender=sender,
        follows=follows,
        by=by,
        now=now,
    )
    made.mailings.append(mailing)
    why = {line["target_id"]: Sentence.from_json(line) for line in mailing.left_out}
    for target_id in why:
        _refuse(session, made, follows.pop(target_id), why[target_id])
    for letter in follows.values():
        drafted = lists.reminder_of(session, letter)
        assert drafted is not None  # made just above
        made.drafts.append(drafted)
        audit.record(
            session,
            subject=("letter", letter.id),
            name="nothing_by_hand",
            by=by,
            now=now,
            campaign_id=campaign.id,
            detail={"reminder": drafted.id},
        )


def _last_letters(session: Session, reminders: Sequence[Reminder]) -> dict[int, Letter]:
    """{target id: the letter that is followed}."""
    wanted = [one.letter.id for one in reminders]
    letters = sa.select(Letter).where(Letter.id.in_(wanted)).order_by(Letter.id)
    return {letter.target_id: letter for letter in session.scalars(letters)}


def _refuse(session: Session, made: Made, letter: Letter, why: Sentence | None = None) -> None:
    """Say why there is no draft: who was first, else what stands against it."""
    other = lists.reminder_of(session, letter)
    if other is not None:
        by = session.get_one(Mailing, other.mailing_id).by
        why = Sentence(
            "%(name)s has made this reminder already: letter %(code)s.", name=by, code=other.code
        )
    words = why or Sentence("It is not time to remind them. Reload the page to see why.")
    made.refused.append((letter.recipient, words))
