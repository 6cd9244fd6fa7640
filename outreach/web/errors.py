"""What a person sees when something can't be done: what happened, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import Flask, render_template
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest, HTTPException

from outreach import disk
from outreach.errors import (
    BadFile,
    BadInput,
    MoveRefused,
    NotAllowed,
    NotFound,
    OutreachError,
    Refused,
)
from outreach.web import access
from outreach.web.filters import say
from outreach.words import Sentence

STATUS: dict[type[OutreachError], int] = {
    BadInput: 422,
    BadFile: 422,
    NotFound: 404,
    NotAllowed: 403,
    MoveRefused: 409,
    Refused: 409,
}


def register(app: Flask) -> None:
    """Answer every error of ours and of the web with a page."""
    app.register_error_handler(OutreachError, _ours)
    app.register_error_handler(HTTPException, _of_the_web)
    app.register_error_handler(sa.exc.DataError, _unstorable)


def _ours(error: OutreachError) -> tuple[str, int]:
    reasons = error.reasons if isinstance(error, Refused) else ()
    return _page(STATUS.get(type(error), 500), say(error.sentence), reasons)


def _unstorable(_error: sa.exc.DataError) -> tuple[str, int]:
    """A sign or a number that PostgreSQL has no room for, such as NUL: typed by no person."""
    return _page(400, _sentence(BadRequest(), 400))


def _of_the_web(error: HTTPException) -> tuple[str, int] | HTTPException:
    code = error.code or 500
    if code < 400:
        return error
    return _page(code, _sentence(error, code))


def _sentence(error: HTTPException, code: int) -> str:
    if isinstance(error, CSRFError):
        return str(_("The form was open for too long. Go back, reload the page and send it again."))
    if code == 404:
        return str(_("There is nothing at this address. Check it, or start from the first page."))
    if code == 405:
        return str(_("This address takes no request of this kind. Go back and use the button."))
    if code == 413:
        return str(_("That was too much at once. Send less, or in parts."))
    if full := disk.told(getattr(error, "original_exception", None) or error):
        return say(full)
    if code >= 500:
        return str(
            _(
                "Something failed on our side and nothing was changed. "
                "Try once more; if it happens again, tell the person who runs this installation."
            )
        )
    return str(_("The request can't be understood. Go back, reload the page and try again."))


def _page(code: int, words: str, reasons: Sequence[Sentence] = ()) -> tuple[str, int]:
    # What failed may have left the session unusable, or the write lock held.
    access.roll_back()
    page = render_template(
        "pages/error.html",
        heading=_heading(code),
        words=words,
        reasons=reasons,
        back=access.came_from("/"),
    )
    return page, code


def _heading(code: int) -> str:
    headings = {
        403: _("You can't do this"),
        404: _("Nothing here"),
        409: _("This can't be done now"),
        422: _("This can't be used"),
    }
    return str(headings.get(code, _("This failed") if code >= 500 else _("This did not work")))
