"""One account per role and a sender to try things with; they end before anything can leave."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import signing
from outreach.accounts.models import (
    Actor,
    Campaign,
    Member,
    Role,
    Sender,
    SenderKind,
    User,
    Voice,
)
from outreach.errors import Refused
from outreach.words import Sentence

# Domains that nobody can own: RFC 2606 and RFC 6761.
RESERVED_ENDINGS = frozenset({"example", "test", "invalid", "localhost"})
RESERVED_NAMES = ("example.com", "example.net", "example.org")

PEOPLE = (
    (Role.ADMIN, "Ada Admin", "ada@demo.example"),
    (Role.ORGANISER, "Olga Organiser", "olga@demo.example"),
    (Role.STAFF, "Sam Staff", "sam@demo.example"),
    (Role.VOLUNTEER, "Vera Volunteer", "vera@demo.example"),
)
SENDER_NAME = "Example Association for Human Rights"


def seed_accounts(
    session: Session,
    campaign: Campaign,
    *,
    now: dt.datetime,
    hash_password: Callable[[str], str],
) -> list[tuple[Role, str, str]]:
    """Make one account per role, and a fictional sender; return (role, address, password).

    Every call gives new random passwords and ends earlier sessions, so nothing printed once opens
    anything later. Raises Refused for a live campaign.
    """
    if not campaign.rehearsing:
        raise Refused(Sentence("A live campaign takes no demonstration."))
    made = []
    for role, name, email in PEOPLE:
        password = secrets.token_urlsafe(12)
        user = session.scalar(sa.select(User).where(User.email == email, User.demonstration))
        if user is None:
            user = User(email=email, name=name, demonstration=True, created_at=now)
            session.add(user)
        user.active = True
        user.password = hash_password(password)
        user.fs_uniquifier = signing.new_token()
        session.flush()
        _join(session, campaign, user, role)
        made.append((role, email, password))
    _seed_sender(session, campaign)
    return made


def exist(session: Session) -> bool:
    """Return whether any demonstration account is left."""
    return bool(session.scalar(sa.select(sa.exists().where(User.demonstration))))


def actors(session: Session, campaign: Campaign) -> dict[Role, Actor]:
    """Return the demonstration's people as actors, by role."""
    rows = session.execute(
        sa.select(User.name, User.id, Member.role)
        .join(Member, Member.user_id == User.id)
        .where(User.demonstration, Member.campaign_id == campaign.id)
    )
    return {role: Actor(name, user_id, role) for name, user_id, role in rows}


def remove_accounts(session: Session) -> int:
    """Remove every demonstration account and sender; return how many accounts there were.

    A sender that a rehearsed letter still names stays, out of use. What these people did stays in
    the history under their names.
    """
    removed = session.scalars(sa.delete(User).where(User.demonstration).returning(User.id)).all()
    session.execute(sa.update(Sender).where(Sender.demonstration).values(active=False))
    for sender in session.scalars(sa.select(Sender).where(Sender.demonstration)).all():
        try:
            with session.begin_nested():
                session.delete(sender)
        except sa.exc.IntegrityError:
            continue
    return len(removed)


def is_reserved(address: str) -> bool:
    """Return whether a mail address lies in a domain reserved for examples and tests."""
    domain = address.rpartition("@")[2].casefold().rstrip(".")
    return domain.rpartition(".")[2] in RESERVED_ENDINGS or any(
        domain == name or domain.endswith(f".{name}") for name in RESERVED_NAMES
    )


def _join(session: Session, campaign: Campaign, user: User, role: Role) -> None:
    member = session.scalar(
        sa.select(Member).where(Member.campaign_id == campaign.id, Member.user_id == user.id)
    )
    if member is None:
        session.add(Member(campaign_id=campaign.id, user_id=user.id, role=role))
    else:
        member.role = role
    session.flush()


def _seed_sender(session: Session, campaign: Campaign) -> None:
    sender = session.scalar(
        sa.select(Sender).where(Sender.campaign_id == campaign.id, Sender.name == SENDER_NAME)
    )
    if sender is not None:
        sender.active = True
        return
    session.add(
        Sender(
            campaign_id=campaign.id,
            kind=SenderKind.ORGANISATION,
            voice=Voice.WE,
            name=SENDER_NAME,
            role_line="Olga Organiser, for the campaign",
            postal_address="1 Example Street\n00000 Example Town",
            from_address="letters@association.example",
            reply_to="",
            imprint=f"{SENDER_NAME}, 1 Example Street, Example Town (made up)",
            data_notice={
                "en": "We keep the contact data of your office, our letters and your answers. "
                "Write to us to see or object.",
                "de": "Wir speichern die Kontaktdaten Ihres Büros, unsere Schreiben und Ihre "
                "Antworten. Für Auskunft oder Widerspruch schreiben Sie uns.",
                "fr": "Nous conservons les coordonnées de votre bureau, nos lettres et vos "
                "réponses. Écrivez-nous pour y accéder ou vous y opposer.",
            },
            demonstration=True,
        )
    )
    session.flush()
