"""What somebody should know before a campaign goes live, beside what must be so."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.campaigns import Condition
from outreach.accounts.models import Campaign, Event, MailAccount
from outreach.letters.lifecycle import UNSENT
from outreach.letters.models import Letter, TemplateVersion
from outreach.replies.models import Mailbox
from outreach.words import N_, Sentence


def advice(session: Session, campaign: Campaign) -> tuple[Condition, ...]:
    """Return what does not forbid going live and decides what happens then, each with whether it
    is well: a way out that was tried, words a native speaker has read, a mailbox for answers.
    """
    return (_way_out(session, campaign), _read(session, campaign), _way_in(session, campaign))


def _way_out(session: Session, campaign: Campaign) -> Condition:
    """A test letter of the accounts in use was taken; else only paper and forms will go."""
    accounts = session.scalars(
        sa.select(MailAccount.id).where(MailAccount.campaign_id == campaign.id, MailAccount.enabled)
    ).all()
    if not accounts:
        words = N_("There is no mail account: only what goes by post or into a form will leave.")
        return Condition(Sentence(words), met=False)
    tried = session.scalars(
        sa.select(Event.detail).where(
            Event.subject_kind == "mail_account",
            Event.subject_id.in_(accounts),
            Event.name == "tried",
        )
    )
    if any(detail.get("taken") for detail in tried):
        return Condition(Sentence("A mail account has taken a test letter."), met=True)
    words = N_("No mail account has taken a test letter yet: nobody knows whether e-mails leave.")
    return Condition(Sentence(words), met=False)


def _read(session: Session, campaign: Campaign) -> Condition:
    """Every text that letters wait with was read by a native speaker."""
    unread = session.scalars(
        sa.select(TemplateVersion.language)
        .join(Letter, Letter.template_version_id == TemplateVersion.id)
        .where(
            Letter.campaign_id == campaign.id,
            Letter.state.in_(UNSENT),
            TemplateVersion.read_by.is_(None),
        )
        .distinct()
        .order_by(TemplateVersion.language)
    ).all()
    if not unread:
        words = N_("Native speakers have read every text that letters wait with.")
        return Condition(Sentence(words), met=True)
    words = N_("No native speaker has read the texts in %(languages)s: those letters will wait.")
    return Condition(Sentence(words, languages=", ".join(unread)), met=False)


def _way_in(session: Session, campaign: Campaign) -> Condition:
    """A mailbox is looked into; else every answer is logged by hand."""
    in_use = sa.select(Mailbox.id).where(Mailbox.campaign_id == campaign.id, Mailbox.enabled)
    if session.scalar(in_use.limit(1)):
        return Condition(Sentence("Answers are taken from a mailbox."), met=True)
    words = N_("No mailbox for answers is in use: whoever reads them has to log each by hand.")
    return Condition(Sentence(words), met=False)
