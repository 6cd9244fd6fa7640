"""What a letter to one target hangs on: address, ask, language, what went before; or why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts.models import Campaign
from outreach.directory import offices, suppression
from outreach.directory.identity import RuleKind
from outreach.directory.models import ContactDetail, Target, TargetRole
from outreach.directory.wishes import NO_WISH, wishes_of
from outreach.letters.chains import Chain, chain_to
from outreach.letters.lifecycle import ASK_FREE
from outreach.letters.models import Letter, LetterKind, Mailing, Template, TemplateVersion
from outreach.letters.templates import language_for
from outreach.petitions import asks
from outreach.petitions.models import Ask
from outreach.words import N_, Sentence

ALREADY_ASKED = N_(
    "This desk was already asked for the same and the ask is open. Send a reminder instead."
)


class LeftOut(Exception):
    """No draft for this target; the sentence says why."""

    def __init__(self, text: str, /, **gaps: object) -> None:
        self.sentence = Sentence(text, **gaps)
        super().__init__(str(self.sentence))


def contact_for(
    session: Session,
    template: Template,
    target: Target,
    contacts: Mapping[int, Sequence[ContactDetail]],
    today: dt.date,
) -> ContactDetail:
    """Return the way to write to `target`: e-mail, else a form or post, which goes by hand.

    Raises LeftOut: left office, wrong letter for the role, no way to reach, suppressed.
    """
    if target.ended_on is not None and target.ended_on <= today:
        raise LeftOut(
            N_("Left office on %(day)s. Look for the successor."), day=target.ended_on.isoformat()
        )
    if target.role.value not in template.roles:
        raise LeftOut(
            N_("This letter is not written for this office (%(role)s). Choose another letter."),
            role=_spoken(target.role),
        )
    known = contacts.get(target.id, ())
    contact = offices.best_of(known, only=target.channel)
    if target.channel is None and contact is not None:
        _refuse_unwished(session, target)
    if contact is None:
        raise LeftOut(
            N_("There is no way to reach them: no e-mail address, form or postal address.")
        )
    forbidden = suppression.suppression_of(session, target)
    if forbidden is not None:
        raise LeftOut(N_("Must not be written to: %(reason)s"), reason=forbidden.reason)
    return contact


def _refuse_unwished(session: Session, target: Target) -> None:
    """Raise LeftOut when what the target asked of us leaves no way, though one is known."""
    wish = wishes_of(session, [target.id]).get(target.id, NO_WISH)
    never, only = wish.rule(RuleKind.NEVER), wish.rule(RuleKind.CHANNEL)
    if never is not None:
        raise LeftOut(
            N_("Asked us on %(day)s not to write to them."), day=never.said_on.isoformat()
        )
    if only is not None:
        raise LeftOut(
            N_("Takes letters by one way only (%(way)s), and we know no such address."),
            way=only.value,
        )


def chain_for(
    session: Session,
    campaign: Campaign,
    template: Template,
    target: Target,
    handed: Letter | None,
) -> Chain | None:
    """Return the correspondence a reminder carries on; None for any other kind. Raises LeftOut."""
    if template.kind is not LetterKind.REMINDER:
        return None
    chain = chain_to(session, campaign, target, handed)
    if isinstance(chain, str):
        raise LeftOut(chain)
    return chain


def ask_for(
    session: Session,
    campaign: Campaign,
    template: Template,
    target: Target,
    chain: Chain | None,
    asked: Mapping[str, str],
) -> Ask:
    """Return what this letter asks of `target`: a reminder repeats, others take what fits first.

    `asked`: {code: name} of what the desk is asked already by the letters of others behind it.
    Raises LeftOut naming the offices that can take one of the template's asks.
    """
    if chain is not None:
        return session.get_one(
            Ask, chain.first.ask_id, options=[joinedload(Ask.demand)], populate_existing=True
        )
    codes = [code for code in template.asks if code not in asked]
    found = asks.ask_for(session, campaign_id=campaign.id, target=target, codes=codes)
    if found is not None:
        return found
    if asked:
        raise LeftOut(
            N_(
                "Shares its desk with %(name)s and can be asked nothing else. Its turn comes when"
                " that ask is closed."
            ),
            name=list(asked.values())[-1],
        )
    able = session.scalars(
        sa.select(Ask).where(Ask.campaign_id == campaign.id, Ask.code.in_(template.asks))
    )
    roles = sorted({_spoken(TargetRole(role)) for ask in able for role in ask.roles})
    raise LeftOut(
        N_("Can't do what this letter asks for. Who can: %(roles)s."), roles=", ".join(roles) or "—"
    )


def refuse_second(
    session: Session,
    campaign: Campaign,
    template: Template,
    target: Target,
    ask: Ask,
    written_to: str | None,
) -> None:
    """Raise LeftOut when the desk has this ask already (law 7), whoever sits behind it.

    `written_to` is the name that got the same letter at the same desk a moment ago, if any.
    """
    if written_to is not None:
        raise LeftOut(
            N_("Shares its desk with %(name)s, who gets this letter already."), name=written_to
        )
    if template.kind is not LetterKind.FIRST:
        return
    taken = session.scalar(
        sa.select(Letter.id)
        .where(
            Letter.campaign_id == campaign.id,
            Letter.office_id == target.office_id,
            Letter.ask_id == ask.id,
            Letter.rehearsal == campaign.rehearsing,
            Letter.kind == LetterKind.FIRST,
            Letter.closed_on.is_(None),
            Letter.state.not_in(ASK_FREE),
        )
        .limit(1)
    )
    if taken is not None:
        raise LeftOut(ALREADY_ASKED)


def version_for(
    versions: Mapping[str, TemplateVersion], wanted: str, mailing: Mailing
) -> TemplateVersion:
    """Return the text in the `wanted` language, else in the mailing's fallback. Raises LeftOut."""
    language = language_for(wanted, versions.keys()) or mailing.fallback_language
    if language is None:
        raise LeftOut(
            N_("There is no text in their language (%(language)s), and no other was chosen."),
            language=wanted,
        )
    return versions[language]


def _spoken(role: TargetRole) -> str:
    return role.value.replace("_", " ")
