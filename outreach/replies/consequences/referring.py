"""What follows when they passed our letter on: a letter to the new desk that names the chain.

The first desk has answered and refused nothing: its ask stays open, no stance is taken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit, tasks
from outreach.accounts.models import Actor, Campaign, Sender, TaskKind
from outreach.accounts.roles import require
from outreach.directory.models import Target, TargetRole
from outreach.directory.spelling import fold
from outreach.errors import Refused
from outreach.letters import drafting, editing, templates
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Template, TemplateVersion
from outreach.petitions.phrases import passed_on
from outreach.replies.consequences.filing import answered_letters
from outreach.replies.models import Reply, ReplyKind
from outreach.words import Sentence

MOST_SHOWN = 30


def places(session: Session, reply: Reply, text: str, *, today: dt.date) -> Sequence[Target]:
    """Return where a letter may have been passed on to: ministries of the country, or by name.

    In office on `today`; those with a way to be reached first. At most 30, with their bodies.
    """
    first = answered_letters(session, reply)[0]
    own = session.get_one(Target, first.target_id)
    rows = sa.select(Target).where(
        Target.office_id != reply.office_id,
        sa.or_(Target.ended_on.is_(None), Target.ended_on > today),
    )
    words = fold(text).split()
    if words:
        rows = rows.where(*(Target.search_key.contains(word) for word in words))
    else:
        rows = rows.where(
            Target.jurisdiction_code == own.jurisdiction_code,
            Target.role.in_((TargetRole.MINISTRY, TargetRole.MINISTER)),
        )
    same = Target.jurisdiction_code == own.jurisdiction_code
    return session.scalars(
        rows.options(joinedload(Target.body))
        .order_by(same.desc(), Target.channel.is_(None), Target.name, Target.id)
        .limit(MOST_SHOWN)
    ).all()


def follow(
    session: Session, reply: Reply, target: Target, *, by: Actor, now: dt.datetime
) -> Letter:
    """Draft the letter to the desk that ours was passed on to, and return it.

    It says from whom and when, keeps the letter it comes from (`instead_of_id`), and is a letter
    as every other. The task that asked for it is done. Raises Refused with the reason.
    """
    require(by, "letters.write")
    if reply.kind is not ReplyKind.REFERRAL or reply.undone_at is not None:
        raise Refused(Sentence("They did not pass our letter on, as far as this answer says."))
    letter = answered_letters(session, reply)[0]
    made = _made(session, letter, target, by, now)
    made.instead_of_id = letter.id
    session.flush()
    _name_the_chain(session, letter, made, by=by, now=now)
    audit.record(
        session,
        subject=("letter", made.id),
        name="referred",
        by=by,
        now=now,
        campaign_id=made.campaign_id,
        detail={"reply": reply.id, "letter": letter.id},
    )
    for task in tasks.open_about(session, ("reply", reply.id)):
        if task.kind is TaskKind.FOLLOW_REFERRAL:
            tasks.finish(session, task, by=by, now=now)
    return made


def _made(session: Session, letter: Letter, target: Target, by: Actor, now: dt.datetime) -> Letter:
    campaign = session.get_one(Campaign, letter.campaign_id)
    if campaign.rehearsing is not letter.rehearsal:
        raise Refused(Sentence("This was rehearsed, and nothing in earnest follows from it."))
    template = _template(session, letter, target)
    there = templates.current_versions(session, template.id)
    mailing = drafting.make_drafts(
        session,
        campaign=campaign,
        template=template,
        targets=[target.id],
        sender=session.get_one(Sender, letter.sender_id),
        name=str(Sentence("Passed on to %(name)s", name=target.name)),
        # Their words reached the new desk in that language.
        fallback_language=letter.language if letter.language in there else None,
        by=by,
        now=now,
    )
    made = session.scalar(sa.select(Letter).where(Letter.mailing_id == mailing.id))
    if made is None:
        raise Refused(Sentence.from_json(mailing.left_out[0]))
    return made


def _template(session: Session, letter: Letter, target: Target) -> Template:
    """The letter that was passed on, where it is written for this office; else one that is."""
    version = session.get_one(TemplateVersion, letter.template_version_id)
    own = session.get_one(Template, version.template_id)
    firsts = session.scalars(
        sa.select(Template)
        .where(Template.campaign_id == letter.campaign_id, Template.kind == LetterKind.FIRST)
        .order_by(Template.id)
    )
    every: list[Template] = [own, *firsts]
    fitting = [
        one for one in every if one.kind is LetterKind.FIRST and target.role.value in one.roles
    ]
    if not fitting:
        raise Refused(
            Sentence("No letter is written for this office yet. Write one under Templates.")
        )
    return fitting[0]


def _name_the_chain(
    session: Session, letter: Letter, made: Letter, *, by: Actor, now: dt.datetime
) -> None:
    campaign = session.get_one(Campaign, letter.campaign_id)
    day = campaign.day_of(letter.sent_at or letter.made_at)
    blocks = made.text.split("\n\n")
    # After the first paragraph: that one goes on from the form of address.
    blocks.insert(2, passed_on(day, letter.recipient, made.language))
    editing.edit(
        session,
        made,
        subject=made.subject,
        text="\n\n".join(blocks),
        seen=editing.fingerprint(made),
        by=by,
        now=now,
    )


def written_since(session: Session, letters: Sequence[Letter]) -> Sequence[Letter]:
    """Return the letters that were written because one of `letters` was passed on."""
    return session.scalars(
        sa.select(Letter)
        .where(
            Letter.instead_of_id.in_([one.id for one in letters]),
            Letter.target_id.not_in([one.target_id for one in letters]),
            Letter.state != State.WITHDRAWN,
        )
        .order_by(Letter.id)
    ).all()
