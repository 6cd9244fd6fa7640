"""The mail accounts of a campaign: what takes its letters, in which order, within which limits."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import idna
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.addresses import checked_address
from outreach.accounts.models import Actor, Campaign, MailAccount, Security
from outreach.accounts.roles import require
from outreach.config import LOOPBACK
from outreach.errors import BadInput, NotFound
from outreach.schema import plain_rows
from outreach.signing import Vault
from outreach.words import Sentence

# RFC 6376 §3.3.3: at least 1024; longer than 2048 outgrows what many name servers keep in a string.
KEY_BITS = 2048
# RFC 6376 §3.1: sub-domain labels.
_SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class AccountValues:
    """What a person says about a mail account; limits are letters in 60 minutes and in 24 hours.

    `password` None keeps the one that is there.
    """

    name: str
    host: str
    port: int
    security: Security
    hello: str
    username: str = ""
    password: str | None = None
    bounce_address: str = ""
    reply_tags: bool = False
    per_hour: int | None = None
    per_day: int | None = None
    enabled: bool = True


_ACCOUNTS = (
    sa.select(MailAccount)
    .where(MailAccount.campaign_id == sa.bindparam("campaign"))
    .order_by(MailAccount.position, MailAccount.id)
)


def accounts(session: Session, campaign_id: int, *, plain: bool = False) -> Sequence[MailAccount]:
    """Return the campaign's mail accounts in the order they are used, as plain rows or not."""
    if plain:
        return plain_rows(session, _ACCOUNTS, {"campaign": campaign_id})
    return session.scalars(_ACCOUNTS, {"campaign": campaign_id}).all()


def account_by_id(session: Session, campaign_id: int, account_id: int) -> MailAccount:
    """Return one account of the campaign. Raises NotFound."""
    found = session.scalar(
        sa.select(MailAccount).where(
            MailAccount.id == account_id, MailAccount.campaign_id == campaign_id
        )
    )
    if found is None:
        raise NotFound(Sentence("There is no such mail account in this campaign."))
    return found


def save_account(
    session: Session,
    campaign: Campaign,
    account: MailAccount | None,
    values: AccountValues,
    *,
    vault: Vault,
    by: Actor,
    now: dt.datetime,
) -> MailAccount:
    """Add an account (`account` None) behind the others, or change one; return it.

    A change lets a paused account go again. Raises BadInput naming the field, NotAllowed for all
    but admins.
    """
    require(by, "campaign.write")
    wanted = _checked(session, campaign, account, values)
    password = wanted.pop("password")
    if account is not None and account.password and password is None:
        refuse_kept_password(account.host, account.port, wanted)
    name = "changed" if account else "added"
    changed = [key for key in wanted if account and getattr(account, key) != wanted[key]]
    if account is None:
        places = sa.select(sa.func.max(MailAccount.position))
        last = session.scalar(places.where(MailAccount.campaign_id == campaign.id))
        account = MailAccount(campaign_id=campaign.id, position=(last or 0) + 1, **wanted)
        session.add(account)
        changed = sorted(wanted)
    for key in changed:
        setattr(account, key, wanted[key])
    if password is not None:
        account.password = vault.lock(password)
        changed.append("password")
    if changed:
        session.flush()
        _wake(session, account, by=by, now=now)
        _record(session, account, name, by=by, now=now, detail={"fields": changed})
    return account


def refuse_kept_password(host: str, port: int, wanted: Mapping[str, Any]) -> None:
    """Raise BadInput when a password kept for a server would go to another host or port.

    `wanted` are the columns to be saved; who listens at another port may be somebody else.
    """
    if (host.casefold(), port) != (wanted["host"].casefold(), wanted["port"]):
        raise BadInput(
            Sentence(
                "This is another server: type the password again. The one that is kept is told to "
                "%(host)s at port %(port)s only.",
                host=host,
                port=str(port),
            ),
            "password",
        )


def remove_account(session: Session, account: MailAccount, *, by: Actor, now: dt.datetime) -> None:
    """Forget an account with its password and key; what went through it stays. Admins only."""
    require(by, "campaign.write")
    _wake(session, account, by=by, now=now)
    _record(session, account, "removed", by=by, now=now, detail={"name": account.name})
    session.delete(account)
    session.flush()


def put_first(session: Session, account: MailAccount, *, by: Actor, now: dt.datetime) -> None:
    """Use `account` before the others of its campaign; they keep their order. Admins only."""
    require(by, "campaign.write")
    before = accounts(session, account.campaign_id)
    for place, one in enumerate([account, *(one for one in before if one is not account)], 1):
        one.position = place
    session.flush()
    _record(session, account, "put_first", by=by, now=now)


def pause_account(
    session: Session, account: MailAccount, words: str, *, by: Actor, now: dt.datetime
) -> bool:
    """Send nothing through `account` until somebody looks, for what its server said.

    Returns whether it was not paused already.
    """
    if account.paused_at is not None:
        return False
    account.paused_at, account.paused_because = now, words or "?"
    session.flush()
    _record(session, account, "paused", by=by, now=now, detail={"words": words})
    return True


def resume_account(session: Session, account: MailAccount, *, by: Actor, now: dt.datetime) -> None:
    """Use `account` again, and end what was to do about it. Admins only."""
    require(by, "campaign.write")
    if account.paused_at is None and account.rests_until is None:
        return
    _wake(session, account, by=by, now=now)
    _record(session, account, "resumed", by=by, now=now)


def _wake(session: Session, account: MailAccount, *, by: Actor, now: dt.datetime) -> None:
    account.paused_at, account.paused_because, account.rests_until = None, "", None
    session.flush()
    tasks.finish_about(session, ("mail_account", account.id), by=by, now=now)


def keep_findings(
    session: Session,
    account: MailAccount,
    findings: Mapping[str, Any],
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Keep what a check of the account found (JSON values), beside what other checks found."""
    account.findings = {**account.findings, **findings}
    account.checked_at = now
    session.flush()
    _record(session, account, "checked", by=by, now=now, detail={"what": sorted(findings)})


def make_key(
    session: Session,
    account: MailAccount,
    *,
    domain: str,
    selector: str,
    vault: Vault,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Give `account` a new key to sign letters from `domain` with (RFC 6376, RSA-2048).

    The private half is locked and never leaves; the public half belongs into the DNS under
    `selector`. Raises BadInput naming the field, NotAllowed for all but admins.
    """
    require(by, "campaign.write")
    if not _SELECTOR.fullmatch(selector):
        raise BadInput(Sentence("Use small letters, figures and hyphens."), "selector")
    account.dkim_domain = _domain(domain, "domain")
    account.dkim_selector = selector
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    account.dkim_key = vault.lock(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()
    )
    account.dkim_public = base64.b64encode(
        key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).decode()
    session.flush()
    detail = {"domain": account.dkim_domain, "selector": selector}
    _record(session, account, "key_made", by=by, now=now, detail=detail)


def _checked(
    session: Session, campaign: Campaign, account: MailAccount | None, values: AccountValues
) -> dict[str, Any]:
    wanted = asdict(values)
    wanted["name"] = " ".join(values.name.split())
    if not wanted["name"] or len(wanted["name"]) > 80:
        raise BadInput(Sentence("Give the account a name, at most 80 letters long."), "name")
    taken = sa.select(MailAccount.id).where(
        MailAccount.campaign_id == campaign.id, MailAccount.name == wanted["name"]
    )
    if account is not None:
        taken = taken.where(MailAccount.id != account.id)
    if session.scalar(taken) is not None:
        raise BadInput(Sentence("Another account of this campaign has this name."), "name")
    wanted["hello"] = _domain(values.hello, "hello")
    if values.bounce_address.strip():
        wanted["bounce_address"] = checked_address(values.bounce_address, "bounce_address")
    return wanted | _connection(values)


def _connection(values: AccountValues) -> dict[str, Any]:
    """Check where the server is and what it allows. Raises BadInput."""
    host = checked_host(values.host, values.port, values.security)
    for field in ("username", "password"):
        if not (getattr(values, field) or "").isprintable():
            raise BadInput(Sentence("This holds an invisible control mark."), field)
    for field in ("per_hour", "per_day"):
        limit = getattr(values, field)
        if limit is not None and not 1 <= limit <= 1_000_000:
            raise BadInput(Sentence("Write a number of letters, 1 or more, or nothing."), field)
    return {"host": host}


def checked_host(text: str, port: int, security: Security) -> str:
    """Return a server's name in ASCII and small letters; without encryption only this machine.

    Raises BadInput naming the field.
    """
    host = text.strip().lower()
    host = host if host in LOOPBACK else _domain(host, "host")
    if not 1 <= port <= 65535:
        raise BadInput(Sentence("Write a number from 1 to 65535."), "port")
    if security is Security.NONE and host not in LOOPBACK:
        words = Sentence("Without encryption only a server on this machine may be used.")
        raise BadInput(words, "security")
    return host


def _domain(text: str, field: str) -> str:
    """The domain in ASCII and small letters (IDNA 2008). Raises BadInput."""
    text = text.strip().strip(".")
    try:
        domain = idna.encode(text, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        domain = ""
    if "." not in domain:
        raise BadInput(Sentence("Write a domain such as mail.example.org."), field)
    return domain


def _record(
    session: Session,
    account: MailAccount,
    name: str,
    *,
    by: Actor,
    now: dt.datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    audit.record(
        session,
        subject=("mail_account", account.id),
        name=name,
        by=by,
        now=now,
        campaign_id=account.campaign_id,
        detail=detail,
    )
