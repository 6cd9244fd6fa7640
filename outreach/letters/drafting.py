"""Makes drafts: a template × targets in one go, with the reason for everybody left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import signing
from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign, Sender
from outreach.directory import offices, queries
from outreach.directory.models import ContactDetail, Target
from outreach.directory.salutations import salutation_of
from outreach.errors import BadInput, OutreachError
from outreach.letters import choosing, frame, rendering, templates, values
from outreach.letters.chains import Chain
from outreach.letters.lifecycle import State
from outreach.letters.models import (
    Audience,
    Letter,
    Mailing,
    Quotation,
    Template,
    TemplateVersion,
)
from outreach.letters.sharing import SharedDesk, shared_desks
from outreach.petitions.models import Ask
from outreach.words import Sentence


@dataclass(slots=True)
class _Job:
    """One run: what is the same for every target, and what was found out on the way."""

    session: Session
    campaign: Campaign
    template: Template
    versions: dict[str, TemplateVersion]
    sender: Sender
    mailing: Mailing
    by: Actor
    now: dt.datetime
    follows: Mapping[int, Letter] | Letter | None
    contacts: dict[int, Sequence[ContactDetail]]
    desks: SharedDesk | None
    shared: dict[tuple[str, int], values.Shared] = field(default_factory=dict)
    # desk -> the asks that were put to it in this run, each with the name that got the letter.
    written: dict[int, dict[str, str]] = field(default_factory=dict)


def make_drafts(
    session: Session,
    *,
    campaign: Campaign,
    template: Template,
    targets: Sequence[Target] | Sequence[int],
    sender: Sender,
    audience: Audience | None = None,
    name: str = "",
    fallback_language: str | None = None,
    follows: Letter | Mapping[int, Letter] | None = None,
    desks: SharedDesk | None = None,
    by: Actor,
    now: dt.datetime,
) -> Mailing:
    """Make one draft for every target that can be written to and return the mailing.

    The language is the target's, else `fallback_language`. `mailing.left_out` says of every other
    target why there is no draft: [{target_id, name, reason, text, values}]. `follows` is the
    letter a reminder follows, or {target id: letter}; without it the last unanswered letter to
    the same desk is taken. `desks` is what becomes of targets that share one: only one of them is
    written to, or each is asked something else. Raises BadInput when the template has no text,
    nobody is chosen, or desks are shared and nobody said what then.
    """
    versions = templates.current_versions(session, template.id)
    rows = _loaded(session, targets)
    _refuse_nothing(versions, rows, fallback_language)
    _refuse_undecided(session, template, rows, desks)
    mailing = Mailing(campaign_id=campaign.id, template_id=template.id, sender_id=sender.id)
    mailing.audience_id = audience.id if audience else None
    mailing.fallback_language, mailing.name = fallback_language, name.strip() or template.name
    mailing.left_out, mailing.by, mailing.at = [], by.name, now
    session.add(mailing)
    contacts = offices.contacts_of_many(session, rows)
    same = (session, campaign, template, versions, sender, mailing, by, now)
    _make_all(_Job(*same, follows, contacts, desks), rows)
    return mailing


def _make_all(job: _Job, rows: Sequence[Target]) -> None:
    job.session.flush()
    left_out = [line for target in rows if (line := _draft_or_reason(job, target))]
    job.mailing.left_out = left_out
    job.session.flush()
    detail = {"drafts": len(rows) - len(left_out), "left_out": len(left_out)}
    _tell(job, ("mailing", job.mailing.id), "drafts_made", detail)


def _refuse_nothing(
    versions: Mapping[str, TemplateVersion], rows: Sequence[Target], fallback_language: str | None
) -> None:
    if not versions:
        raise BadInput(Sentence("This letter has no text yet."), "template")
    if fallback_language and fallback_language not in versions:
        raise BadInput(
            Sentence("There is no text in that language to fall back to."), "fallback_language"
        )
    if not rows:
        raise BadInput(Sentence("Nobody is chosen. Widen the audience first."), "audience")


def _refuse_undecided(
    session: Session, template: Template, rows: Sequence[Target], desks: SharedDesk | None
) -> None:
    if desks is None and shared_desks(session, template, [row.id for row in rows]):
        raise BadInput(
            Sentence("Some of these targets share one desk. Say how to write to them."), "desks"
        )


def _loaded(session: Session, targets: Sequence[Target] | Sequence[int]) -> Sequence[Target]:
    """The targets with person, post, body, group, desk and jurisdiction, in list order."""
    ids = [target if isinstance(target, int) else target.id for target in targets]
    query = sa.select(Target).where(Target.id.in_(ids)).options(*queries.with_list())
    return session.scalars(queries.in_order(query).execution_options(populate_existing=True)).all()


def _draft_or_reason(job: _Job, target: Target) -> dict[str, Any] | None:
    """Make the draft, or return the line for `left_out`; half a draft is rolled back."""
    try:
        with job.session.begin_nested():
            _draft(job, target)
    except choosing.LeftOut as why:
        sentence = why.sentence
    except sa.exc.IntegrityError as error:
        if "uq_letter_open" not in str(error.orig) and "letter.office_id" not in str(error.orig):
            raise
        sentence = Sentence(choosing.ALREADY_ASKED)
    except OutreachError as error:
        sentence = error.sentence
    else:
        return None
    return {
        "target_id": target.id,
        "name": target.name,
        "reason": str(sentence),
        "text": sentence.text,
        "values": {key: str(value) for key, value in sentence.values.items()},
    }


def _draft(job: _Job, target: Target) -> None:
    """Decide everything first, write last: whatever is missing raises before there is a row."""
    session, campaign, template = job.session, job.campaign, job.template
    contact = choosing.contact_for(session, template, target, job.contacts, job.now.date())
    handed = job.follows.get(target.id) if isinstance(job.follows, Mapping) else job.follows
    chain = choosing.chain_for(session, campaign, template, target, handed)
    before = job.written.get(target.office_id, {})
    in_turn = job.desks is SharedDesk.IN_TURN
    ask = choosing.ask_for(session, campaign, template, target, chain, before if in_turn else {})
    only_one = job.desks is SharedDesk.ONE
    name = next(iter(before.values()), None) if only_one else before.get(ask.code)
    choosing.refuse_second(session, campaign, template, target, ask, name)
    version = choosing.version_for(
        job.versions, chain.first.language if chain else target.language, job.mailing
    )
    words = _words(job, target, version, ask, chain)
    letter = Letter(
        target_id=target.id,
        office_id=target.office_id,
        ask_id=ask.id,
        follows_id=chain.last.id if chain else None,
        channel=contact.kind,
        address=contact.value,
        recipient=target.name,
        **_of_job(job, version),
        **words,
    )
    session.add(letter)
    session.flush()
    detail = {"mailing": job.mailing.id, "template_version": version.id}
    _tell(job, ("letter", letter.id), "drafted", detail, to_state=State.DRAFT.value)
    job.written.setdefault(target.office_id, {})[ask.code] = target.name


def _of_job(job: _Job, version: TemplateVersion) -> dict[str, Any]:
    """The columns that every letter of one text has alike."""
    return {
        "campaign_id": job.campaign.id,
        "mailing_id": job.mailing.id,
        "template_version_id": version.id,
        "sender_id": job.sender.id,
        "kind": job.template.kind,
        "rehearsal": job.campaign.rehearsing,
        "language": version.language,
        # Whoever makes drafts of the words that ship with the product answers for them.
        "author_id": version.author_id or job.by.user_id,
        "author": version.author if version.author_id else job.by.name,
        "made_at": job.now,
        "made_by_id": job.by.user_id,
    }


def _words(
    job: _Job, target: Target, version: TemplateVersion, ask: Ask, chain: Chain | None
) -> dict[str, Any]:
    """The columns that say what one letter says, and to whom."""
    language, code = version.language, _new_code(job.session)
    address = salutation_of(target, language)
    shared = _shared(job, version, ask)
    named = values.values_for(
        target,
        campaign=job.campaign,
        ask=ask,
        sender=job.sender,
        shared=shared,
        language=language,
        code=code,
        previous=chain.first if chain else None,
    )
    rendered = rendering.render(version.subject, version.body, named)

    def typeset(words: str) -> str:
        return frame.typeset(words, language, target.jurisdiction_code)

    text = frame.letter_text(
        typeset(rendered.text),
        address=address,
        sender=job.sender,
        language=language,
        credit=values.credit(shared.petition, language),
        code=code,
    )
    return {
        "code": code,
        "envelope": address.envelope,
        "subject": typeset(rendered.subject),
        "text": text,
        "quotations": _quotations(rendered.quotations, typeset),
    }


def _shared(job: _Job, version: TemplateVersion, ask: Ask) -> values.Shared:
    """Facts and count of a version, read once for the whole run."""
    key = (version.language, ask.demand.petition_id)
    if key not in job.shared:
        names = rendering.names_in(version.subject) | rendering.names_in(version.body)
        job.shared[key] = values.shared_values(
            job.session,
            job.campaign,
            codes=sorted(name[5:] for name in names if name.startswith("fact.")),
            language=version.language,
            petition_id=ask.demand.petition_id,
            today=job.now.date(),
        )
    return job.shared[key]


def _new_code(session: Session) -> str:
    while True:
        code = signing.new_code()
        if session.scalar(sa.select(Letter.id).where(Letter.code == code)) is None:
            return code


def _quotations(
    quoted: Sequence[rendering.Quoted], typeset: Callable[[str], str]
) -> list[Quotation]:
    """A row for each fact, and for each reading of a count; a reading said twice is one row."""
    found: list[Quotation] = []
    readings: set[int] = set()
    for one in quoted:
        words = typeset(one)
        if one.fact_id is not None:
            found.append(Quotation(fact_id=one.fact_id, fact_version=one.fact_version, text=words))
        new = [reading for reading in one.reading_ids if reading not in readings]
        found += [Quotation(reading_id=reading, text=words) for reading in new]
        readings.update(new)
    return found


def _tell(
    job: _Job,
    subject: tuple[str, int],
    name: str,
    detail: dict[str, Any],
    to_state: str | None = None,
) -> None:
    audit.record(
        job.session,
        subject=subject,
        name=name,
        by=job.by,
        now=job.now,
        campaign_id=job.campaign.id,
        moved=(None, to_state),
        detail=detail,
    )
