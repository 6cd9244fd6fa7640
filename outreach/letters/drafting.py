"""Makes drafts: a template × targets, some at a time, with the reason for everybody left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach import signing
from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign, Sender
from outreach.directory import queries
from outreach.directory.models import Target
from outreach.errors import OutreachError
from outreach.letters import choosing, distinctness, planning
from outreach.letters.chains import Chain
from outreach.letters.gathering import Gathered, gather
from outreach.letters.lifecycle import State
from outreach.letters.models import (
    Letter,
    Mailing,
    MailingState,
    Quotation,
    Template,
    TemplateVersion,
)
from outreach.letters.sharing import SharedDesk
from outreach.letters.wording import Worded, Wording
from outreach.petitions.models import Ask, Fact
from outreach.words import N_, Sentence

# Targets of one step: enough that reading together pays, few enough that others may write soon.
STEP = 200


@dataclass(slots=True)
class _Job:
    """One step: what is the same for every target, and what was found out on the way."""

    session: Session
    mailing: Mailing
    campaign: Campaign
    versions: Mapping[str, TemplateVersion]
    wording: Wording
    known: Gathered
    desks: SharedDesk | None
    by: Actor
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class _Draft:
    """A letter that is decided and worded, and not written yet: its columns and what it quotes."""

    target: Target
    row: dict[str, Any]
    quotations: Sequence[Quotation]


def make_drafts(
    session: Session,
    *,
    campaign: Campaign,
    template: Template,
    targets: Sequence[Target] | Sequence[int],
    sender: Sender,
    by: Actor,
    now: dt.datetime,
    **chosen: Any,
) -> Mailing:
    """Make one draft for every target that can be written to, at once, and return the mailing.

    Takes and raises what `planning.begin` does. `mailing.left_out` says of every other target why
    there is no draft: [{target_id, name, reason, text, values}].
    """
    same: dict[str, Any] = {"template": template, "targets": targets, "sender": sender}
    mailing = planning.begin(session, campaign=campaign, by=by, now=now, **same, **chosen)
    while mailing.done < mailing.total:
        draft_some(session, mailing, now=now)
    distinctness.measure(session, mailing.id)
    finish(session, mailing, now=now)
    return mailing


def draft_some(session: Session, mailing: Mailing, *, now: dt.datetime) -> None:
    """Make the letters of the next targets of a mailing (with its template), and count them done.

    Whoever calls it holds the mailing, so that no two do: letters and count are one transaction.
    """
    ids = mailing.plan["targets"][mailing.done : mailing.done + STEP]
    targets = _loaded(session, ids)
    job = _job(session, mailing, targets, now)
    results = [_draft_or_reason(job, target) for target in targets]
    left_out = [one for one in results if not isinstance(one, _Draft)]
    left_out += _gone(ids, targets)
    left_out += _store(job, [one for one in results if isinstance(one, _Draft)])
    if left_out:
        mailing.left_out = [*mailing.left_out, *left_out]
    mailing.state = MailingState.MAKING
    mailing.done += len(ids)
    session.flush()


def finish(session: Session, mailing: Mailing, *, now: dt.datetime) -> None:
    """Call a mailing made once every target had its turn."""
    mailing.state = MailingState.MADE
    audit.record(
        session,
        subject=("mailing", mailing.id),
        name="drafts_made",
        by=Actor(mailing.by, mailing.by_id),
        now=now,
        campaign_id=mailing.campaign_id,
        detail={
            "drafts": mailing.total - len(mailing.left_out),
            "left_out": len(mailing.left_out),
        },
    )
    session.flush()


def _loaded(session: Session, ids: Sequence[int]) -> Sequence[Target]:
    """The targets with person, post, body, group, desk and jurisdiction, in the order of `ids`."""
    query = sa.select(Target).where(Target.id.in_(ids)).options(*queries.with_letter())
    rows = session.scalars(query.execution_options(populate_existing=True))
    found = {row.id: row for row in rows}
    return [found[one] for one in ids if one in found]


def _job(session: Session, mailing: Mailing, targets: Sequence[Target], now: dt.datetime) -> _Job:
    campaign = session.get_one(Campaign, mailing.campaign_id)
    sender = session.get_one(Sender, mailing.sender_id)
    fact = session.get_one(Fact, mailing.fact_id) if mailing.fact_id else None
    wording = Wording(session, campaign, sender, campaign.day_of(now))
    wording.look_up(targets, fact)
    desks = mailing.plan["desks"]
    return _Job(
        session=session,
        mailing=mailing,
        campaign=campaign,
        versions=_versions(session, mailing.plan["versions"]),
        wording=wording,
        known=gather(
            session, campaign, mailing, targets, handed=_handed(session, mailing, targets)
        ),
        desks=SharedDesk(desks) if desks else None,
        by=Actor(mailing.by, mailing.by_id),
        now=now,
    )


def _versions(session: Session, planned: Mapping[str, int]) -> dict[str, TemplateVersion]:
    """The texts as they were when the mailing was planned: its letters are all of one text."""
    rows = session.scalars(
        sa.select(TemplateVersion)
        .where(TemplateVersion.id.in_(planned.values()))
        .options(joinedload(TemplateVersion.template))
    )
    return {row.language: row for row in rows}


def _handed(session: Session, mailing: Mailing, targets: Sequence[Target]) -> dict[int, Letter]:
    planned = mailing.plan["follows"]
    wanted = {one.id: planned[str(one.id)] for one in targets if str(one.id) in planned}
    rows = session.scalars(sa.select(Letter).where(Letter.id.in_(wanted.values())))
    letters = {row.id: row for row in rows}
    return {target_id: letters[letter_id] for target_id, letter_id in wanted.items()}


def _draft_or_reason(job: _Job, target: Target) -> _Draft | dict[str, Any]:
    """Return the draft, not stored yet, or the line for `left_out`."""
    try:
        return _draft(job, target)
    except choosing.LeftOut as why:
        return _line(target, why.sentence)
    except OutreachError as error:
        return _line(target, error.sentence)


def _gone(ids: Sequence[int], targets: Sequence[Target]) -> list[dict[str, Any]]:
    """The lines of targets that were taken out of the directory since the mailing was planned."""
    there = {target.id for target in targets}
    text = Sentence(N_("Was taken out of the directory."))
    return [
        {"target_id": one, "name": "", "reason": str(text), **text.as_json()}
        for one in ids
        if one not in there
    ]


def _line(target: Target, sentence: Sentence) -> dict[str, Any]:
    return {
        "target_id": target.id,
        "name": target.name,
        "reason": str(sentence),
        **sentence.as_json(),
    }


def _draft(job: _Job, target: Target) -> _Draft:
    """Decide everything first, word it last."""
    template, known = job.mailing.template, job.known
    contact = choosing.contact_for(template, target, known, job.wording.today)
    chain = choosing.chain_for(template, target, known)
    before = known.written.get(target.office_id, {})
    in_turn = job.desks is SharedDesk.IN_TURN
    ask = choosing.ask_for(template, target, chain, known, before if in_turn else {})
    only_one = job.desks is SharedDesk.ONE
    name = next(iter(before.values()), None) if only_one else before.get(ask.code)
    choosing.refuse_second(template, target, ask, known, name)
    version = choosing.version_for(
        job.versions,
        chain.first.language if chain else target.language,
        job.mailing.fallback_language,
    )
    code = signing.new_code()
    variant, worded = _distinct(job, target, version, ask, chain, code)
    row = _of_job(job, version) | {
        "target_id": target.id,
        "office_id": target.office_id,
        "ask_id": ask.id,
        "follows_id": chain.last.id if chain else None,
        "channel": contact.kind,
        "address": contact.value,
        "recipient": target.name,
        "code": code,
        "variant": variant,
        "envelope": worded.envelope,
        "subject": worded.subject,
        "text": worded.text,
        "body_hash": worded.body_hash,
    }
    known.note(target, ask, row)
    return _Draft(target, row, worded.quotations)


def _distinct(
    job: _Job,
    target: Target,
    version: TemplateVersion,
    ask: Ask,
    chain: Chain | None,
    code: str,
) -> tuple[str, Worded]:
    """Word the letter with the first alternative that says what this desk was not told yet."""
    for variant in choosing.variants_for(version, target, job.known):
        previous = chain.first if chain else None
        worded = job.wording.words(
            target, version, ask, code=code, previous=previous, variant=variant
        )
        if (target.office_id, worded.body_hash) not in job.known.said:
            return variant, worded
    raise choosing.LeftOut(choosing.SAID_ALREADY)


def _of_job(job: _Job, version: TemplateVersion) -> dict[str, Any]:
    """The columns that every letter of one text has alike."""
    return {
        "campaign_id": job.campaign.id,
        "mailing_id": job.mailing.id,
        "template_version_id": version.id,
        "sender_id": job.mailing.sender_id,
        "kind": job.mailing.template.kind,
        "rehearsal": job.campaign.rehearsing,
        "language": version.language,
        # Whoever makes drafts of the words that ship with the product answers for them.
        "author_id": version.author_id or job.by.user_id,
        "author": version.author if version.author_id else job.by.name,
        "state": State.DRAFT,
        "made_at": job.now,
        "made_by_id": job.by.user_id,
    }


def _store(job: _Job, drafts: Sequence[_Draft]) -> list[dict[str, Any]]:
    """Write the letters and their history; return the lines of those somebody else was first with.

    All together; one by one only where another mailing asked a desk at the same moment.
    """
    lines: list[dict[str, Any]] = []
    try:
        with job.session.begin_nested():
            _write(job, drafts)
    except sa.exc.IntegrityError:
        for draft in drafts:
            try:
                with job.session.begin_nested():
                    _write(job, [draft])
            except sa.exc.IntegrityError as error:
                if not _asked_meanwhile(error):
                    raise
                lines.append(_line(draft.target, Sentence(choosing.ALREADY_ASKED)))
    return lines


def _asked_meanwhile(error: sa.exc.IntegrityError) -> bool:
    words = str(error.orig)
    return "uq_letter_open" in words or "letter.office_id" in words or "follows_id" in words


def _write(job: _Job, drafts: Sequence[_Draft]) -> None:
    if not drafts:
        return
    # Rows, not objects: nobody looks at these letters again in this step.
    letters = sa.insert(Letter).returning(Letter.id, sort_by_parameter_order=True)
    ids = job.session.scalars(letters, [draft.row for draft in drafts]).all()
    quoted = [
        {
            "letter_id": letter_id,
            "fact_id": one.fact_id,
            "fact_version": one.fact_version,
            "reading_id": one.reading_id,
            "text": one.text,
        }
        for letter_id, draft in zip(ids, drafts, strict=True)
        for one in draft.quotations
    ]
    if quoted:
        job.session.execute(sa.insert(Quotation), quoted)
    for letter_id, draft in zip(ids, drafts, strict=True):
        _tell(job, letter_id, draft)
    job.session.flush()


def _tell(job: _Job, letter_id: int, draft: _Draft) -> None:
    audit.record(
        job.session,
        subject=("letter", letter_id),
        name="drafted",
        by=job.by,
        now=job.now,
        campaign_id=job.campaign.id,
        moved=(None, State.DRAFT.value),
        detail={
            "mailing": job.mailing.id,
            "template_version": draft.row["template_version_id"],
        },
    )
