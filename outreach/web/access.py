"""What every view asks: the request's database session, who is signed in, and what they may do.

A view carries `needs(permission)` or `public`; `guard` runs before every request and refuses a
view that carries neither, so forgetting one closes the page instead of opening it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app, g, redirect, request, url_for
from flask_security import current_user, logout_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from outreach.accounts import roles
from outreach.accounts.models import Actor, Campaign, Member, Role, User
from outreach.config import LOOPBACK, Settings
from outreach.database import Database
from outreach.errors import NotAllowed, NotFound
from outreach.words import Sentence

View = TypeVar("View", bound=Callable[..., Any])

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Signing in and out reads people and writes nothing: a guessed password must not hold the write
# lock while it is hashed.
# A file that comes in is written to disk, hashed and recognised first: their views
# open a transaction themselves.
READING_ENDPOINTS = frozenset(
    {"security.login", "security.logout", "directory.upload"}
    | {"directory.import_columns", "directory.change_columns"}
    # What asks another server writes in transactions of its own.
    | {"petitions.new_page", "petitions.edit_page", "petitions.fetch_page"}
    | {"mail.connection", "mail.domain", "mail.letter", "mailboxes.connection"}
    # Asked for at every pause in typing.
    | {"letters.preview_template"}
)


@dataclass(frozen=True, slots=True)
class Installation:
    """What the running application was made with; `now` returns an aware UTC instant."""

    settings: Settings
    database: Database
    now: Callable[[], dt.datetime]


def needs(permission: str) -> Callable[[View], View]:
    """Mark a view: only a member who holds `permission` (a key of `roles.PERMISSIONS`) sees it.

    KeyError, while the module is imported, for a permission that isn't in the table.
    """
    roles.PERMISSIONS[permission]

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Mark a view: everybody may see it, signed in or not."""
    view.public = True  # type: ignore[attr-defined]
    return view


def takes_files(most: int) -> Callable[[View], View]:
    """Mark a view: a form sent to it may be as large as `most` bytes, files included."""

    def mark(view: View) -> View:
        view.most_bytes = most  # type: ignore[attr-defined]
        return view

    return mark


def make_room() -> None:
    """Let a large form in where its view takes files and the person may use the view.

    Runs before anything looks into the form; everybody else meets the usual limit.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    most, permission = getattr(view, "most_bytes", 0), getattr(view, "permission", "")
    if most and request.method == "POST" and current_user.is_authenticated and may(permission):
        request.max_content_length = most


def guard() -> Response | None:
    """Let a request through to its view, send it to the sign-in page, or raise NotAllowed.

    Runs before every request. Raises NotAllowed for a view that says nothing about who may see
    it, NotFound for somebody who belongs to no campaign.
    """
    if request.endpoint is None:
        return None
    view = current_app.view_functions[request.endpoint]
    if getattr(view, "public", False):
        return None
    permission = getattr(view, "permission", None)
    if permission is None:
        raise NotAllowed(Sentence("This page says nothing about who may see it, so nobody does."))
    if not current_user.is_authenticated:
        there = request.full_path.rstrip("?") if request.method in SAFE_METHODS else None
        return redirect(url_for("security.login", next=there))
    if current_user.demonstration and not from_this_machine():
        logout_user()
        raise NotAllowed(Sentence("Demonstration accounts work on this machine only."))
    campaign()
    roles.require(actor(), permission)
    return None


def installation() -> Installation:
    """Return what this application was made with."""
    return cast(Installation, current_app.extensions["outreach"])


def settings() -> Settings:
    """Return the settings of this installation."""
    return installation().settings


def now() -> dt.datetime:
    """Return the instant of this request (aware UTC), the same one however often it is asked."""
    if "now" not in g:
        g.now = installation().now()
    return cast(dt.datetime, g.now)


def session() -> Session:
    """Return the request's database session; closed, and rolled back, when the request ends.

    One that may change something takes SQLite's write lock as it begins; a GET reads only.
    """
    if "database_session" not in g:
        writes = request.method not in SAFE_METHODS and request.endpoint not in READING_ENDPOINTS
        g.database_session = installation().database.session(writes=writes)
    return cast(Session, g.database_session)


def roll_back() -> None:
    """Undo what the request has not committed, if it opened a session."""
    if "database_session" in g:
        session().rollback()


def close_session(_error: BaseException | None = None) -> None:
    """Give back the request's database session, if one was opened."""
    opened = g.pop("database_session", None)
    if opened is not None:
        opened.close()


def user() -> User | None:
    """Return the person who is signed in, if anybody is."""
    return cast(User, current_user._get_current_object()) if current_user else None


def membership() -> tuple[Role, Campaign] | None:
    """Return the signed-in person's role and current campaign: the first they belong to.

    None for somebody who is not signed in, or belongs to no campaign.
    """
    if "membership" not in g:
        g.membership = _membership() if current_user.is_authenticated else None
    return cast("tuple[Role, Campaign] | None", g.membership)


def _membership() -> tuple[Role, Campaign] | None:
    row = (
        session()
        .execute(
            sa.select(Member.role, Campaign)
            .join(Campaign, Campaign.id == Member.campaign_id)
            .where(Member.user_id == current_user.id)
            .order_by(Campaign.id)
            .limit(1)
        )
        .first()
    )
    return (row[0], row[1]) if row else None


def campaign() -> Campaign:
    """Return the signed-in person's current campaign. Raises NotFound when they have none."""
    held = membership()
    if held is None:
        raise NotFound(
            Sentence(
                "You belong to no campaign. Ask an admin to add you, "
                "or run “outreach seed” to load the built-in one."
            )
        )
    return held[1]


def reader_in(campaign_id: int) -> Actor | None:
    """Return the signed-in person as who they are in another campaign, if they read it too."""
    role = session().scalar(
        sa.select(Member.role).where(
            Member.campaign_id == campaign_id, Member.user_id == current_user.id
        )
    )
    there = Actor(current_user.name, current_user.id, role)
    return there if roles.may(there, "replies.read") else None


def actor() -> Actor:
    """Return the signed-in person as the actor they are in their current campaign.

    Without a membership, or without anybody signed in, the actor holds no permission.
    """
    if "actor" not in g:
        held = membership()
        if not current_user.is_authenticated:
            g.actor = Actor("nobody")
        else:
            g.actor = Actor(current_user.name, current_user.id, held[0] if held else None)
    return cast(Actor, g.actor)


def came_from(default: str) -> str:
    """Return the address of the page of ours that the person came from, else `default`."""
    there, here = urlsplit(request.referrer or ""), urlsplit(request.host_url)
    if there.netloc != here.netloc or there.path == request.path:
        return default
    # One slash: two would name another host.
    return "/" + there.path.lstrip("/\\") + (f"?{there.query}" if there.query else "")


def may(permission: str) -> bool:
    """Return whether the signed-in person holds `permission`."""
    return roles.may(actor(), permission)


def from_this_machine() -> bool:
    """Return whether the request was made on the machine that serves it, and not through a proxy.

    The address is looked at and forgotten. A proxy on the same machine makes every visitor look
    local, so its headers, or a name that is not this machine's own, count as from outside.
    """
    if any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP")):
        return False
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    host = request.host.rsplit(":", 1)[0].strip("[]")
    return (mapped or address).is_loopback and host in LOOPBACK
