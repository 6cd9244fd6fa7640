"""Mail accounts: kept with their secrets locked, ordered, paused and removed."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy.orm import Session

from outreach.accounts import mail_accounts
from outreach.accounts.mail_accounts import AccountValues
from outreach.accounts.models import Actor, Campaign, Event, MailAccount, Security
from outreach.errors import BadInput, NotAllowed, NotFound, OutreachError
from outreach.signing import Vault
from tests import make

VAULT = Vault("the key of this home")
VALUES = AccountValues(
    name="Our provider",
    host="Mail.Provider.example",
    port=587,
    security=Security.STARTTLS,
    hello="Bücher.example",
    username="letters",
    password="correct horse",
    bounce_address="returned@association.example",
    per_hour=100,
)


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return make.campaign(session)


@pytest.fixture
def ada(session: Session, campaign: Campaign) -> Actor:
    return make.ada(session, campaign)


def save(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime, **changes: object
) -> MailAccount:
    values = dataclasses.replace(VALUES, **changes)  # type: ignore[arg-type]
    return mail_accounts.save_account(session, campaign, None, values, vault=VAULT, by=ada, now=now)


def test_an_account_is_kept_in_one_spelling_and_its_password_locked(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    account = save(session, campaign, ada, now)
    assert (account.host, account.hello) == ("mail.provider.example", "xn--bcher-kva.example")
    assert "correct horse" not in account.password
    assert VAULT.unlock(account.password) == "correct horse"
    told = session.scalars(sa.select(Event).where(Event.subject_kind == "mail_account")).one()
    assert told.name == "added"
    assert "correct horse" not in str(told.detail) and account.password not in str(told.detail)


def test_a_password_left_out_stays_and_another_key_opens_nothing(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    account = save(session, campaign, ada, now)
    mail_accounts.pause_account(session, account, "535 no", by=ada, now=now)
    mail_accounts.save_account(
        session,
        campaign,
        account,
        dataclasses.replace(VALUES, password=None, per_hour=7),
        vault=VAULT,
        by=ada,
        now=now,
    )
    assert VAULT.unlock(account.password) == "correct horse"
    assert account.paused_at is None, "who changes it wants it tried again"
    with pytest.raises(OutreachError, match="another key"):
        Vault("another home").unlock(account.password)
    assert Vault("new", "the key of this home").unlock(account.password) == "correct horse"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("host", "no host"),
        ("host", "localdomain"),
        ("port", 0),
        ("security", Security.NONE),
        ("hello", "laptop"),
        ("bounce_address", "nowhere"),
        ("username", "a\r\nb"),
        ("per_day", 0),
    ],
)
def test_nonsense_is_said_at_its_field(
    session: Session,
    campaign: Campaign,
    ada: Actor,
    now: dt.datetime,
    field: str,
    value: object,
) -> None:
    with pytest.raises(BadInput) as refused:
        save(session, campaign, ada, now, **{field: value})
    assert refused.value.field == field


def test_this_machine_needs_no_encryption(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    assert save(session, campaign, ada, now, host="127.0.0.1", security=Security.NONE).id


def test_names_are_told_apart_and_the_order_is_ours(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    first = save(session, campaign, ada, now)
    with pytest.raises(BadInput):
        save(session, campaign, ada, now)
    second = save(session, campaign, ada, now, name="The other one")
    assert list(mail_accounts.accounts(session, campaign.id)) == [first, second]
    mail_accounts.put_first(session, second, by=ada, now=now)
    assert list(mail_accounts.accounts(session, campaign.id)) == [second, first]
    mail_accounts.remove_account(session, second, by=ada, now=now)
    assert list(mail_accounts.accounts(session, campaign.id)) == [first]
    with pytest.raises(NotFound):
        mail_accounts.account_by_id(session, campaign.id, 99)


def test_a_paused_account_goes_again_when_an_admin_says_so(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    account = save(session, campaign, ada, now)
    assert mail_accounts.pause_account(session, account, "550 no", by=ada, now=now)
    assert not mail_accounts.pause_account(session, account, "551 no", by=ada, now=now)
    assert account.paused_because == "550 no"
    mail_accounts.resume_account(session, account, by=ada, now=now)
    assert (account.paused_at, account.paused_because) == (None, "")
    with pytest.raises(NotAllowed):
        save(session, campaign, make.olga(session, campaign), now, name="By Olga")


def test_a_key_is_made_here_and_its_private_half_locked(
    session: Session, campaign: Campaign, ada: Actor, now: dt.datetime
) -> None:
    account = save(session, campaign, ada, now)
    with pytest.raises(BadInput) as refused:
        mail_accounts.make_key(
            session, account, domain="a.example", selector="A B", vault=VAULT, by=ada, now=now
        )
    assert refused.value.field == "selector"
    mail_accounts.make_key(
        session,
        account,
        domain="association.example",
        selector="letters1",
        vault=VAULT,
        by=ada,
        now=now,
    )
    key = load_pem_private_key(VAULT.unlock(account.dkim_key).encode(), None)
    assert key.key_size == 2048  # type: ignore[union-attr]
    assert account.dkim_public.startswith("MIIB")
    assert "PRIVATE" not in account.dkim_key
    kept = session.scalars(sa.select(Event).where(Event.name == "key_made")).one()
    assert kept.detail == {"domain": "association.example", "selector": "letters1"}
