"""Who may sign in: links that work once, roles, and the end of access.

A link is shown once and stored only as a hash. Using it is one update that names the unused state,
so of two people who open it at the same moment one wins.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach import signing
from outreach.accounts import audit
from outreach.accounts.addresses import checked_address
from outreach.accounts.models import Actor, Campaign, Invitation, Member, Role, User
from outreach.errors import BadInput, NotFound, Refused
from outreach.words import Sentence

LINK_DAYS = 7
LINK_GONE = Sentence(
    "This link has been used, has run out or was replaced. Ask an admin of the campaign for a new "
    "one; for the first admin, start Outreach again and it prints one."
)
LAST_ADMIN = Sentence(
    "This is the last admin who can sign in. Make somebody else an admin first, "
    "or nobody could add people any more."
)


def actor_of(session: Session, user: User, campaign: Campaign) -> Actor:
    """Return `user` as the actor they are in `campaign`: without a role if they're no member."""
    role = session.scalar(
        sa.select(Member.role)
        .where(Member.user_id == user.id, Member.campaign_id == campaign.id, User.active)
        .join(User, User.id == Member.user_id)
    )
    return Actor(user.name, user.id, role)


def user_by_email(session: Session, email: str) -> User | None:
    """Return the person with this address, whatever its capitals."""
    return session.scalar(sa.select(User).where(sa.func.lower(User.email) == email.lower()))


def member_of(session: Session, campaign: Campaign, user_id: int) -> Member:
    """Return a person's membership with the person loaded. Raises NotFound."""
    member = session.scalar(
        sa.select(Member)
        .options(joinedload(Member.user))
        .where(Member.campaign_id == campaign.id, Member.user_id == user_id)
    )
    if member is None:
        raise NotFound(Sentence("Nobody with this number belongs to the campaign."))
    return member


def first_admin_link(session: Session, *, now: dt.datetime) -> str | None:
    """Return the token of a new link that makes whoever opens it the first admin.

    Earlier such links stop working. None once an admin exists; demonstration accounts don't count.
    """
    if _has_admin(session):
        return None
    session.execute(
        sa.delete(Invitation).where(Invitation.user_id.is_(None), Invitation.used_at.is_(None))
    )
    return _new_link(session, None, now=now)


def invitation(session: Session, token: str, *, now: dt.datetime) -> Invitation:
    """Return the unused invitation behind `token`, with the person it is for.

    Raises NotFound when there is none, it was used, or it has run out.
    """
    found = session.scalar(
        sa.select(Invitation)
        .options(joinedload(Invitation.user))
        .where(
            Invitation.token_hash == signing.token_hash(token),
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
    )
    if found is None or (found.user_id is None and _has_admin(session)):
        raise NotFound(LINK_GONE)
    return found


def invite(
    session: Session,
    campaign: Campaign,
    *,
    name: str,
    email: str,
    role: Role,
    by: Actor,
    now: dt.datetime,
) -> str:
    """Add a person to `campaign` and return the token of their link, to be shown once.

    They can sign in when they have used it. Raises BadInput for an empty name, an address that
    can't be one, or one that already has an account.
    """
    email = _checked_email(session, email)
    user = _new_user(_checked_name(name), email, now=now)
    session.add(user)
    session.flush()
    session.add(Member(campaign_id=campaign.id, user_id=user.id, role=role))
    audit.record(
        session,
        subject=("user", user.id),
        name="invited",
        by=by,
        now=now,
        campaign_id=campaign.id,
        moved=(None, role.value),
    )
    return _new_link(session, user, now=now)


def accept_invitation(
    session: Session, token: str, *, name: str, email: str, password_hash: str, now: dt.datetime
) -> User:
    """Use a link: set the person's name and password, or make the first admin, and return them.

    `email` is read for the first admin only; an invited person keeps the address they were added
    with. Sessions of that person end. Raises NotFound when the link can't be used any more and
    BadInput for a name or address that can't be one.
    """
    found = invitation(session, token, now=now)
    _use(session, found, now=now)
    name = _checked_name(name)
    if found.user_id is None:
        user = _new_user(name, _checked_email(session, email), now=now)
        session.add(user)
        session.flush()
        _make_admin_everywhere(session, user)
    else:
        user = session.get_one(User, found.user_id)
        user.name = name
    user.password = password_hash
    user.fs_uniquifier = signing.new_token()
    _record_person(session, user, "link_used", by=Actor(user.name, user.id), now=now)
    return user


def change_password(
    session: Session, user: User, *, password_hash: str, by: Actor, now: dt.datetime
) -> None:
    """Set a new password (already hashed). Every session of the person ends."""
    user.password = password_hash
    user.fs_uniquifier = signing.new_token()
    _record_person(session, user, "password_changed", by=by, now=now)


def change_role(
    session: Session, member: Member, role: Role, *, by: Actor, now: dt.datetime
) -> None:
    """Give a member another role. Refused for the last admin; nothing happens if it is the same."""
    if member.role is role:
        return
    before = member.role
    if before is Role.ADMIN:
        _require_another_admin(session, member)
    member.role = role
    audit.record(
        session,
        subject=("user", member.user_id),
        name="role_changed",
        by=by,
        now=now,
        campaign_id=member.campaign_id,
        moved=(before.value, role.value),
    )


def disable(session: Session, member: Member, *, by: Actor, now: dt.datetime) -> None:
    """End a person's access: at once, on every device, and their unused links too.

    Takes a member with the person loaded. Refused for the last admin.
    """
    if not member.user.active:
        return
    _require_another_admin(session, member)
    member.user.active = False
    member.user.fs_uniquifier = signing.new_token()
    _drop_links(session, member.user)
    _record_person(session, member.user, "disabled", by=by, now=now)


def enable(session: Session, member: Member, *, by: Actor, now: dt.datetime) -> None:
    """Let a person sign in again, with the password they had."""
    if member.user.active:
        return
    member.user.active = True
    _record_person(session, member.user, "enabled", by=by, now=now)


def new_link(session: Session, member: Member, *, by: Actor, now: dt.datetime) -> str:
    """Return the token of a new link for somebody who can't get in; earlier links stop working.

    Their password works until the link is used. Refused for a disabled person or a demonstration
    account, whose password is made anew with the demonstration.
    """
    if not member.user.active or member.user.demonstration:
        raise Refused(
            Sentence("Only a person with access gets a link. Enable them first.")
            if not member.user.active
            else Sentence("A demonstration account gets no link: seed the demonstration again.")
        )
    _drop_links(session, member.user)
    _record_person(session, member.user, "link_made", by=by, now=now)
    return _new_link(session, member.user, now=now)


def invited(session: Session, campaign: Campaign, *, now: dt.datetime) -> Sequence[int]:
    """Return the ids of members who hold a link that still works."""
    return session.scalars(
        sa.select(Invitation.user_id)
        .join(Member, Member.user_id == Invitation.user_id)
        .where(
            Member.campaign_id == campaign.id,
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
    ).all()  # type: ignore[return-value]  # the join leaves no null


def _use(session: Session, found: Invitation, *, now: dt.datetime) -> None:
    used = session.execute(
        sa.update(Invitation)
        .where(Invitation.id == found.id, Invitation.used_at.is_(None), Invitation.expires_at > now)
        .values(used_at=now)
        .returning(Invitation.id)
    ).first()
    if used is None:
        raise NotFound(LINK_GONE)


def _new_user(name: str, email: str, *, now: dt.datetime) -> User:
    return User(
        email=email,
        name=name,
        password=None,
        active=True,
        fs_uniquifier=signing.new_token(),
        created_at=now,
    )


def _new_link(session: Session, user: User | None, *, now: dt.datetime) -> str:
    token = signing.new_token()
    session.add(
        Invitation(
            token_hash=signing.token_hash(token),
            user_id=user.id if user else None,
            created_at=now,
            expires_at=now + dt.timedelta(days=LINK_DAYS),
        )
    )
    session.flush()
    return token


def _drop_links(session: Session, user: User) -> None:
    session.execute(
        sa.delete(Invitation).where(Invitation.user_id == user.id, Invitation.used_at.is_(None))
    )


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 120:
        raise BadInput(Sentence("Write a name, at most 120 letters long."), "name")
    return name


def _checked_email(session: Session, email: str) -> str:
    checked = checked_address(email, "email")
    if user_by_email(session, checked) is not None:
        raise BadInput(Sentence("There is already an account with this address."), "email")
    return checked


def _has_admin(session: Session) -> bool:
    return bool(session.scalar(sa.select(sa.exists(_admins().where(~User.demonstration)))))


def _admins() -> sa.Select[int]:
    """Select the memberships of admins who can sign in."""
    return (
        sa.select(Member.id)
        .join(User, User.id == Member.user_id)
        .where(Member.role == Role.ADMIN, User.active, User.password.is_not(None))
    )


def _require_another_admin(session: Session, member: Member) -> None:
    if member.role is not Role.ADMIN:
        return
    # Two admins who end each other's access at once must not both succeed.
    session.execute(
        sa.select(Campaign.id).where(Campaign.id == member.campaign_id).with_for_update()
    )
    user = session.get_one(User, member.user_id)
    others = _admins().where(
        Member.campaign_id == member.campaign_id, Member.user_id != member.user_id
    )
    if not user.demonstration:
        # Demonstration accounts end with the demonstration and leave nobody behind.
        others = others.where(~User.demonstration)
    if not session.scalar(sa.select(sa.exists(others))):
        raise Refused(LAST_ADMIN)


def _make_admin_everywhere(session: Session, user: User) -> None:
    for campaign_id in session.scalars(sa.select(Campaign.id)):
        session.add(Member(campaign_id=campaign_id, user_id=user.id, role=Role.ADMIN))
    session.flush()


def _record_person(session: Session, user: User, name: str, *, by: Actor, now: dt.datetime) -> None:
    audit.record(session, subject=("user", user.id), name=name, by=by, now=now, campaign_id=None)
