"""What somebody should know before a campaign goes live, beside what must be so."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.campaigns import Condition
from outreach.accounts.models import Campaign, Event, MailAccount
from outreach.letters import readers
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
    """Native speakers have read what would be written: texts, and how they address their reader."""
    unread = readers.unread_languages(session, campaign.id)
    if not unread:
        words = N_("Nobody we would write to gets words that no native speaker has read.")
        return Condition(Sentence(words), met=True)
    words = N_(
        "Languages in which letters wait for a native speaker to read them: %(languages)s, with "
        "%(targets)s targets. Which ones stands below."
    )
    many = sum(one.targets for one in unread)
    return Condition(Sentence(words, languages=len(unread), targets=many), met=False)


def _way_in(session: Session, campaign: Campaign) -> Condition:
    """A mailbox is looked into; else every answer is logged by hand."""
    in_use = sa.select(Mailbox.id).where(Mailbox.campaign_id == campaign.id, Mailbox.enabled)
    if session.scalar(in_use.limit(1)):
        return Condition(Sentence("Answers are taken from a mailbox."), met=True)
    words = N_("No mailbox for answers is in use: whoever reads them has to log each by hand.")
    return Condition(Sentence(words), met=False)
