"""Signing in and out: Flask-Security over our own session, slowed down per account name.

No address is stored anywhere: not by us, not by Flask-Security, not hashed inside the cookie.
"""

from __future__ import annotations

import datetime as dt
import threading
import unicodedata
from collections import deque
from typing import Any, cast

import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask, current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_security import Security, UserDatastore
from flask_security.forms import LoginForm
from wtforms import EmailField, PasswordField, SubmitField
from wtforms.validators import DataRequired, Length

from outreach.accounts.models import User
from outreach.database import transaction
from outreach.web import access

PASSWORD_MIN = 12
PASSWORD_MAX = 200

# The library's own parameters, which Flask-Security reads back from the hash.
_HASHER = PasswordHasher()

CONFIG: dict[str, Any] = {
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    # Argon2 salts by itself. A second secret would make every password useless when it is lost.
    "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
    "SECURITY_PASSWORD_SALT": "unused",
    "SECURITY_PASSWORD_LENGTH_MIN": PASSWORD_MIN,
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    "SECURITY_TRACKABLE": False,
    "SECURITY_LOGIN_URL": "/sign-in",
    "SECURITY_LOGOUT_URL": "/sign-out",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_LOGIN_USER_TEMPLATE": "pages/accounts/sign_in.html",
    "SECURITY_POST_LOGIN_VIEW": "/",
    # No second question of the password, and none of Flask-Security's own files.
    "SECURITY_FRESHNESS": dt.timedelta(seconds=-1),
    "SECURITY_STATIC_FOLDER": None,
    "SECURITY_POST_LOGOUT_VIEW": "/sign-in",
    "SECURITY_API_ENABLED_METHODS": ["session"],
    # Our own header on every response says no-store.
    "SECURITY_CACHE_CONTROL": None,
    "SECURITY_CLI_USERS_NAME": False,
    "SECURITY_CLI_ROLES_NAME": False,
}


class People(UserDatastore):
    """What Flask-Security asks about people, answered over the request's own session."""

    def __init__(self) -> None:
        # Roles belong to a membership, so Flask-Security knows of none.
        super().__init__(User, None)  # type: ignore[arg-type]

    def find_user(self, case_insensitive: bool = False, **by: Any) -> User | None:
        """Return the one person whose column named by the keyword has this value."""
        ((name, value),) = by.items()
        column = getattr(User, name)
        if case_insensitive:
            column, value = sa.func.lower(column), str(value).lower()
        return access.session().scalar(sa.select(User).where(column == value))

    def find_role(self, role: str) -> None:
        """Return nothing: see above."""

    def put(self, model: Any) -> Any:
        """Keep a changed row in the session and return it."""
        access.session().add(model)
        return model

    def delete(self, model: Any) -> None:
        """Remove a row."""
        access.session().delete(model)

    def commit(self) -> None:
        """Keep what Flask-Security changed."""
        with transaction(access.session()):
            pass


class Slowdown:
    """Counts failed sign-ins per account name, in memory only.

    After `limit` failures within `window` the name is refused until the oldest is older than that,
    whether the account exists or not.
    """

    MOST_NAMES = 10_000

    def __init__(self, limit: int = 10, window: dt.timedelta = dt.timedelta(minutes=5)) -> None:
        self.limit = limit
        self.window = window
        self._failures: dict[str, deque[dt.datetime]] = {}
        self._lock = threading.Lock()

    def is_refused(self, name: str, *, now: dt.datetime) -> bool:
        """Return whether this name has failed too often."""
        with self._lock:
            return len(self._recent(name.casefold(), now)) >= self.limit

    def fail(self, name: str, *, now: dt.datetime) -> None:
        """Count one failure."""
        with self._lock:
            name = name.casefold()
            recent = self._recent(name, now)
            recent.append(now)
            if name not in self._failures and len(self._failures) >= self.MOST_NAMES:
                self._failures.pop(next(iter(self._failures)))
            self._failures[name] = recent

    def forget(self, name: str) -> None:
        """Start this name anew, after a sign-in that worked."""
        with self._lock:
            self._failures.pop(name.casefold(), None)

    def _recent(self, name: str, now: dt.datetime) -> deque[dt.datetime]:
        recent = self._failures.get(name, deque(maxlen=self.limit))
        while recent and recent[0] <= now - self.window:
            recent.popleft()
        return recent


class SignInForm(LoginForm):
    """Address and password."""

    email = EmailField(
        lazy_gettext("E-mail address"),
        validators=[DataRequired(lazy_gettext("Write your e-mail address.")), Length(max=255)],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        validators=[
            DataRequired(lazy_gettext("Write your password.")),
            Length(max=PASSWORD_MAX),
        ],
        render_kw={"autocomplete": "current-password"},
    )
    # A session ends with the browser or after twelve hours: nothing is remembered longer.
    remember = None
    submit = SubmitField(lazy_gettext("Sign in"))

    def validate(self, **kwargs: Any) -> bool:
        """Return whether this person may come in from where they are."""
        counter = slowdown()
        name, now = (self.email.data or "").strip(), access.now()
        if counter.is_refused(name, now=now):
            self.form_errors.append(
                _("Too many attempts for this account. Wait five minutes and try again.")
            )
            return False
        if not super().validate(**kwargs):
            counter.fail(name, now=now)
            return False
        assert isinstance(self.user, User)
        if self.user.demonstration and not access.from_this_machine():
            self.form_errors.append(_("Demonstration accounts sign in on this machine only."))
            return False
        counter.forget(name)
        return True


def install(app: Flask) -> None:
    """Make sign-in and sign-out part of `app`. CSRF protection must be installed before."""
    app.extensions["outreach_slowdown"] = Slowdown()
    security = Security(app, People(), login_form=SignInForm)
    # Flask-Login would put a hash of address and browser into the cookie, and take a token from
    # the address line; we want neither.
    security.login_manager.session_protection = None
    security.login_manager._session_identifier_generator = str
    security.login_manager._request_callback = None
    for endpoint in ("security.login", "security.logout"):
        access.public(app.view_functions[endpoint])


def slowdown() -> Slowdown:
    """Return the count of failed sign-ins of this application."""
    return cast(Slowdown, current_app.extensions["outreach_slowdown"])


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password` (with its own random salt) for our people table."""
    return _HASHER.hash(normalised(password))


def normalised(password: str) -> str:
    """Return `password` in the Unicode form that sign-in compares: however it was typed."""
    return unicodedata.normalize("NFKD", password)
