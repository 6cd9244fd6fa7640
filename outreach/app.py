"""Assembles the web application: settings, sign-in, every room's pages, headers, languages."""

from __future__ import annotations

import datetime as dt
import importlib
import logging
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, Response, g, request
from flask_babel import Babel, get_translations
from flask_wtf.csrf import CSRFProtect
from secure import (
    CacheControl,
    ContentSecurityPolicy,
    ReferrerPolicy,
    Secure,
    XContentTypeOptions,
    XFrameOptions,
)

from outreach import logs
from outreach.config import Settings
from outreach.database import Database
from outreach.web import access, errors, filters, navigation, signing_in
from outreach.web.signing_in import hash_password

__all__ = ["create_app", "hash_password", "utcnow"]

ROOMS = (
    "accounts",
    "campaign",
    "campaign_mail",
    "directory",
    "petitions",
    "letters",
    "sending",
    "replies",
    "incoming",
    "desk",
    "mailboxes",
    "threads",
    "searching",
    "votes",
    "reminders",
    "overview",
    "health",
)
# A letter's text and a pasted answer are the largest things a form carries.
MAX_FORM_BYTES = 2_000_000
SESSION_HOURS = 12
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_log = logging.getLogger(__name__)
_requests = logging.getLogger(logs.REQUESTS)


def utcnow() -> dt.datetime:
    """Return the present instant, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


class Outreach(Flask):
    """Flask, but silent about who asked for what."""

    def log_exception(self, exc_info: Any) -> None:
        """Log where a page failed; Flask's own line would hold the address that was asked for."""
        _log.error("the page %s failed", request.endpoint, exc_info=exc_info)


def create_app(
    settings: Settings,
    database: Database | None = None,
    *,
    now: Callable[[], dt.datetime] = utcnow,
) -> Flask:
    """Return the application for `settings`; the database must be migrated.

    `database` defaults to the one that `settings` names, `now` to the clock; both are handed in
    by tests. `now` returns aware UTC instants.
    """
    folder = Path(__file__).parent / "web"
    app = Outreach("outreach", template_folder=str(folder), static_folder=str(folder / "static"))
    app.config.update(_config(settings))
    app.extensions["outreach"] = access.Installation(
        settings, database or Database(settings.database_url), now
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(_begin)
    # Before the check against forged forms, which reads the form.
    app.before_request(access.make_room)
    CSRFProtect(app)
    Babel(app, locale_selector=_locale, default_locale="en")
    # The i18n extension adds this method to its environment.
    install: Any = app.jinja_env.install_gettext_callables  # type: ignore[attr-defined]
    install(_gettext, _ngettext, newstyle=True)
    signing_in.install(app)
    app.before_request(access.guard)
    app.teardown_request(access.close_session)
    app.after_request(_with_headers)
    app.after_request(_tell)
    errors.register(app)
    filters.register(app)
    for room in ROOMS:
        app.register_blueprint(importlib.import_module(f"outreach.web.{room}").bp)
    access.public(app.view_functions["static"])
    app.context_processor(_for_every_page)
    return app


def _config(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key,
        "MAX_CONTENT_LENGTH": MAX_FORM_BYTES,
        "MAX_FORM_MEMORY_SIZE": MAX_FORM_BYTES,
        "PERMANENT_SESSION_LIFETIME": dt.timedelta(hours=SESSION_HOURS),
        "SESSION_COOKIE_NAME": "outreach",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": not settings.on_loopback,
        # The token lives as long as the session: a letter may be written for hours.
        "WTF_CSRF_TIME_LIMIT": None,
        "BABEL_TRANSLATION_DIRECTORIES": str(Path(__file__).parent / "web" / "translations"),
        **signing_in.CONFIG,
    }


def _texts() -> NullTranslations:
    # Pages ask for hundreds of texts; which language they are in is found out once a request.
    texts: NullTranslations | None = g.get("texts")
    if texts is None:
        g.texts = texts = get_translations()
    return texts


def _gettext(text: str) -> str:
    return _texts().gettext(text)


def _ngettext(one: str, many: str, number: int) -> str:
    return _texts().ngettext(one, many, number)


def _locale() -> Locale:
    """Return the reader's locale: the first they accept that we have texts for, else English.

    Only English texts exist; its regions still differ in how they write days.
    """
    for language, _quality in request.accept_languages:
        if language.split("-")[0].lower() == "en" and "-" in language:
            try:
                return Locale.parse(language, sep="-")
            except ValueError:
                continue
    return Locale("en", "GB")


HEADERS = Secure(
    csp=ContentSecurityPolicy()
    .default_src("'none'")
    .script_src("'self'")
    .style_src("'self'")
    .img_src("'self'", "data:")
    .font_src("'self'")
    .connect_src("'self'")
    .form_action("'self'")
    .frame_src("'self'")
    .base_uri("'none'")
    .frame_ancestors("'none'"),
    # Same-origin, not none: the check against forged forms compares the referrer on HTTPS.
    referrer=ReferrerPolicy().same_origin(),
    xcto=XContentTypeOptions().nosniff(),
    xfo=XFrameOptions().deny(),
)
UNSNIFFED = Secure(referrer=ReferrerPolicy().no_referrer(), xcto=XContentTypeOptions().nosniff())
UNCACHED = Secure(cache=CacheControl().no_store())


def _with_headers(response: Response) -> Response:
    if "Content-Security-Policy" in response.headers:
        # A page with a policy of its own: a stranger's words, in a frame that can do nothing.
        UNSNIFFED.set_headers(response)
    else:
        HEADERS.set_headers(response)
    if request.endpoint != "static":
        UNCACHED.set_headers(response)
    return response


def _begin() -> None:
    """Give the request an id: a proxy's, where it sends one, so that both logs tell of the same."""
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    g.begun = time.monotonic()
    logs.REQUEST.set(g.request_id)


def _tell(response: Response) -> Response:
    """Log which page answered what; never its address, which may hold what somebody looked for."""
    if request.endpoint != "static" and "begun" in g:
        response.headers["X-Request-ID"] = g.request_id
        told = {
            "method": request.method,
            "page": request.endpoint or "none",
            "status": response.status_code,
            "ms": round((time.monotonic() - g.begun) * 1000),
        }
        _requests.info("request", extra={"told": told})
    return response


def _for_every_page() -> dict[str, Any]:
    held = access.membership()
    return {
        "actor": access.actor() if held else None,
        "campaign": held[1] if held else None,
        "may": access.may,
        **navigation.navigation(access.may),
    }
