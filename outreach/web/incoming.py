"""The mail that came in: what nobody has filed yet, and one message as it is, made harmless."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf.file import MultipleFileField
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import Length, Optional, ValidationError

from outreach.accounts.models import Actor
from outreach.accounts.roles import ORGANISERS, STAFF
from outreach.database import transaction
from outreach.errors import NotFound
from outreach.replies.deskwork import reading
from outreach.replies.mail.authenticity import own_checks, warnings
from outreach.replies.mail.parsing import Mail, read
from outreach.replies.mail.showing import POLICY, harmless
from outreach.replies.matches import sorting
from outreach.replies.models import InboxState, Incoming, Way
from outreach.replies.receiving import inbox, intake, mailboxes
from outreach.signing import Vault
from outreach.web.access import actor, campaign, installation, needs, now, session, takes_files
from outreach.web.forms import Form
from outreach.words import Sentence

bp = Blueprint("incoming", __name__)

PER_PAGE = 50
MOST_TOGETHER = 60_000_000
# What a list shows, by the name in its address.
SHOWN: dict[str, tuple[InboxState, ...]] = {
    "waiting": (InboxState.NEW, InboxState.READ, InboxState.UNMATCHED, InboxState.UNREADABLE),
    "filed": (InboxState.FILED,),
    "aside": (InboxState.SET_ASIDE,),
}


# A line that a message as it travelled cannot lack (RFC 5322 §3.6), or what servers put before it.
HEADER = re.compile(r"^(?:from|date|received|return-path|message-id|delivered-to):", re.I | re.M)


class AddForm(Form):
    """Messages as files, or one pasted with its headers."""

    files = MultipleFileField(_l("Saved messages (.eml)"))
    pasted = TextAreaField(
        _l("Or a message with all its headers"),
        [Optional(), Length(max=1_500_000)],
        description=_l("In your mail program: show the source, copy all of it, paste it here."),
    )

    def validate_pasted(self, field: TextAreaField) -> None:
        """A message without headers tells neither whom it is from nor what it answers."""
        if field.data and not HEADER.search(field.data):
            raise ValidationError(
                _(
                    "These are only its words, without headers. Show the source of the message and "
                    "copy all of it, or write the answer down on the page of the letter."
                )
            )


@bp.get("/inbox/mail")
@needs("replies.read")
def messages() -> str:
    """List what came in and waits, what was filed, or what was set aside; newest first."""
    show = request.args.get("show", "waiting")
    states = SHOWN.get(show, SHOWN["waiting"])
    rows = inbox.messages(campaign(), by=actor()).where(Incoming.state.in_(states))
    total = session().scalar(sa.select(sa.func.count()).select_from(rows.order_by(None).subquery()))
    number = max(1, request.args.get("page", 1, type=int))
    page = session().scalars(rows.limit(PER_PAGE).offset((number - 1) * PER_PAGE)).all()
    return render_template(
        "pages/replies/mail_list.html",
        rows=page,
        page={"page": number, "per_page": PER_PAGE, "total": total or 0},
        show=show if show in SHOWN else "waiting",
        troubles=mailboxes.in_trouble(session(), campaign().id),
        mailboxes=mailboxes.mailboxes(session(), campaign().id),
        say_kept=Sentence.from_json,
    )


@bp.route("/inbox/mail/add", methods=["GET", "POST"])
@needs("replies.read")
@takes_files(MOST_TOGETHER)
def add() -> str | Response | tuple[str, int]:
    """Take messages from files, or one that was pasted."""
    form = AddForm()
    if form.validate_on_submit():
        raws = [(file.read(), Way.UPLOAD) for file in form.files.data or [] if file]
        raws = [(raw, way) for raw, way in raws if raw]
        if form.pasted.data:
            raws.append((form.pasted.data.encode(), Way.PASTE))
        if raws:
            return _added(raws)
        form.files.errors = [_("Choose a file or paste a message.")]
    page = render_template("pages/replies/mail_add.html", form=form)
    return (page, 422) if form.is_submitted() else page


def _added(raws: list[tuple[bytes, Way]]) -> Response:
    """Store them first, each whatever it is, then read them."""
    with transaction(session()):
        kept = [
            inbox.keep(session(), raw, way=way, campaign=campaign(), now=now(), by=actor())
            for raw, way in raws
        ]
    vault = Vault(installation().settings.secret_key)
    sorting.read_and_sort(installation().database, vault, now=now())
    new = sum(one.new for one in kept)
    flash(ngettext("%(num)s message is stored.", "%(num)s messages are stored.", new), "success")
    if len(kept) > new:
        flash(_("%(count)s were there already.", count=len(kept) - new), "info")
    if len(kept) == 1:
        return _to("incoming.message", incoming_id=kept[0].id)
    return _to("incoming.messages")


@bp.get("/inbox/mail/<int:incoming_id>")
@needs("replies.log")
def message(incoming_id: int) -> str:
    """What does it say, and from whom is it really? One message."""
    row, mail = _message(incoming_id)
    checked_by = intake.checked_by(session(), row)
    checks = own_checks(mail.checks, checked_by)
    believed = bool(checks) and intake.signs_always(session(), row, checked_by)
    return render_template(
        "pages/replies/mail.html",
        row=row,
        mail=mail,
        reason=Sentence.from_json(row.kind_reason) if row.kind_reason else None,
        failure=Sentence.from_json(row.failure) if row.failure else None,
        warnings=warnings(session(), mail, checked_by),
        checks=checks,
        believed=believed,
        checked_by=checked_by,
        organiser=actor().role in ORGANISERS,
        staff=actor().role in STAFF,
        may_read=reading.reading_task(session(), row.id) is not None,
        may_flip=reading.may_flip(session(), row, actor()),
    )


@bp.get("/inbox/mail/<int:incoming_id>/html")
@needs("replies.log")
def html(incoming_id: int) -> Response:
    """The message's HTML, harmless, for a frame that can do nothing; under its own policy."""
    _row, mail = _message(incoming_id)
    page = render_template("pages/replies/mail_html.html", html=harmless(mail.html))
    return _as(page.encode(), "text/html; charset=utf-8")


@bp.get("/inbox/mail/<int:incoming_id>/original")
@needs("replies.log")
def original(incoming_id: int) -> Response:
    """The message byte by byte as it came, as a file."""
    row = _row(incoming_id, actor())
    return _file(inbox.original(session(), row.id), f"message-{row.id}.eml")


@bp.get("/inbox/mail/<int:incoming_id>/files/<int:number>")
@needs("replies.log")
def attachment(incoming_id: int, number: int) -> Response:
    """One of its files, by our name, never opened in the browser."""
    row, mail = _message(incoming_id)
    if not 1 <= number <= len(mail.attachments):
        raise NotFound(Sentence("There is no such file in this message."))
    found = mail.attachments[number - 1]
    return _file(found.data(), f"message-{row.id}-{found.name}")


@bp.post("/inbox/mail/<int:incoming_id>/<any(aside,back,ours,confidential,open):what>")
@needs("replies.read")
def change(incoming_id: int, what: str) -> Response:
    """Set a message aside or take it back; keep it to organisers or open it; say whose it is."""
    row = _row(incoming_id, actor())
    who: dict[str, Any] = {"by": actor(), "now": now()}
    with transaction(session()):
        if what == "aside":
            inbox.set_aside(session(), row, **who)
        elif what == "back":
            inbox.take_back(session(), row, **who)
        elif what == "ours":
            inbox.take_for(session(), row, campaign(), **who)
        else:
            inbox.make_confidential(session(), row, what == "confidential", **who)
    return _to("incoming.message", incoming_id=row.id)


def _row(incoming_id: int, by: Actor) -> Incoming:
    return inbox.message(session(), campaign(), incoming_id, by=by)


def _message(incoming_id: int) -> tuple[Incoming, Mail]:
    row = _row(incoming_id, actor())
    if row.failure is not None:
        # What our program tripped over once would trip it again: only the original is handed out.
        return row, replace(read(b""), problems=())
    return row, read(inbox.original(session(), row.id))


def _file(data: bytes, name: str) -> Response:
    answer = _as(data, "application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _as(data: bytes, kind: str) -> Response:
    answer: Response = make_response(data)
    answer.headers["Content-Type"] = kind
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def _to(endpoint: str, **values: Any) -> Response:
    answer: Response = redirect(url_for(endpoint, **values), code=303)
    return answer
