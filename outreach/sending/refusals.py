"""What follows when a message was not taken: for the address, the account, the domain.

What follows for the letter itself is in `results`.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from outreach.accounts import mail_accounts, tasks
from outreach.accounts.models import CLOCK, Actor, MailAccount, TaskKind
from outreach.directory import verification
from outreach.letters.models import Letter
from outreach.sending import domains
from outreach.sending.models import Attempt
from outreach.sending.postman import Refusal

# An account nobody answered at is left alone for that long; the next one is used meanwhile.
REST = dt.timedelta(minutes=5)


def follow(
    session: Session, attempt: Attempt, letter: Letter, words: str, *, now: dt.datetime
) -> None:
    """Draw the consequences of `attempt.refusal`; `words` are the server's own.

    A refused address is marked and a task asks for another one; a refused sender, password or
    certificate pauses the account; refused content, ten times in a row, stops the domain.
    """
    if attempt.rehearsal:
        return
    if attempt.refusal is Refusal.ADDRESS:
        _bad_address(session, letter, words, now=now)
    elif attempt.refusal in (Refusal.SENDER, Refusal.ACCOUNT):
        _bad_account(session, attempt, words, now=now)
    elif attempt.refusal is Refusal.UNREACHED and attempt.account_id is not None:
        session.get_one(MailAccount, attempt.account_id).rests_until = now + REST
    elif attempt.refusal is Refusal.CONTENT:
        domains.stop_if_refused(session, attempt, letter, words, now=now)


def mark_address(
    session: Session, address: str, words: str, *, by: Actor, now: dt.datetime
) -> None:
    """Mark every contact detail with the e-mail `address` as one whose server takes nothing."""
    for detail in verification.details_at(session, address):
        verification.mark_bouncing(session, detail, words, by=by, now=now)


def _bad_address(session: Session, letter: Letter, words: str, *, now: dt.datetime) -> None:
    mark_address(session, letter.address, words, by=CLOCK, now=now)
    tasks.open_task(
        session,
        campaign_id=letter.campaign_id,
        kind=TaskKind.VERIFY_ADDRESS,
        subject=("target", letter.target_id),
        title=f"Find another address for {letter.recipient}: {letter.address} takes no letters "
        f"({words})",
        due_on=now.date(),
        rehearsal=False,
        now=now,
        by=CLOCK,
    )


def _bad_account(session: Session, attempt: Attempt, words: str, *, now: dt.datetime) -> None:
    if attempt.account_id is None:
        return
    account = session.get_one(MailAccount, attempt.account_id, with_for_update=True)
    if not mail_accounts.pause_account(session, account, words, by=CLOCK, now=now):
        return
    tasks.open_task(
        session,
        campaign_id=account.campaign_id,
        kind=TaskKind.OTHER,
        subject=("mail_account", account.id),
        title=f"The mail account {account.name} is paused: {words}",
        due_on=now.date(),
        rehearsal=False,
        now=now,
        by=CLOCK,
    )
