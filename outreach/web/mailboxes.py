"""Where answers come in: a campaign's mailboxes, set up and tried.

No transaction is open while a mail server is asked.
"""

from __future__ import annotations

import ssl
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, StringField
from wtforms.validators import DataRequired, Length

from outreach.accounts.models import Security
from outreach.accounts.roles import require
from outreach.database import transaction
from outreach.errors import BadInput
from outreach.replies.models import Mailbox, Way
from outreach.replies.receiving import mailboxes as boxes
from outreach.replies.receiving.fetching import access_of
from outreach.replies.receiving.mailboxes import MailboxValues
from outreach.sending.finding import from_json
from outreach.signing import Vault
from outreach.web.access import actor, campaign, installation, needs, now, session
from outreach.web.campaign_mail_forms import ServerForm
from outreach.web.forms import Form
from outreach.words import Sentence

bp = Blueprint("mailboxes", __name__)
Answer = str | Response | tuple[str, int]


class FolderForm(Form):
    """What one says about a Maildir folder, and about a mailbox too."""

    checked_by = StringField(
        _l("Name your mail server signs its checks of senders with"),
        validators=[Length(max=253)],
        description=_l(
            "The first word of the header Authentication-Results, such as mx.example.org. "
            "Only the topmost under this name counts: anybody can write such a header, so "
            "see that your server takes out those that came with a message (RFC 8601 §5)."
        ),
    )
    enabled = BooleanField(_l("In use"))


class MailboxForm(ServerForm, FolderForm):
    """Where a mailbox is, how we get in, what becomes of a message there."""

    name = StringField(
        _l("Name"),
        validators=[DataRequired(_l("Give the mailbox a name.")), Length(max=80)],
        description=_l("Only for you, such as answers@example.org."),
    )
    host = StringField(
        _l("Server for incoming mail"),
        validators=[DataRequired(_l("Write the server's name.")), Length(max=253)],
        description=_l("Your provider calls it IMAP server, such as imap.example.org."),
    )
    security = RadioField(
        _l("The line is"),
        choices=lambda: [
            (Security.TLS.value, _l("Encrypted from the start (TLS, often port 993)")),
            (
                Security.STARTTLS.value,
                _l("Encrypted after the greeting (STARTTLS, often port 143)"),
            ),
            (Security.NONE.value, _l("Not encrypted (a server on this very machine)")),
        ],
    )
    username = StringField(
        _l("User name"),
        validators=[DataRequired(_l("Write the user name.")), Length(max=254)],
        render_kw={"autocomplete": "off"},
    )
    folder = StringField(
        _l("Folder that answers come to"),
        validators=[DataRequired(_l("Name a folder.")), Length(max=255)],
    )
    move_to = StringField(
        _l("Move messages to this folder once they are stored"),
        validators=[Length(max=255)],
        description=_l("Empty: they stay where they are, unread, and are stored only once."),
    )

    @classmethod
    def of(cls, mailbox: Mailbox | None) -> MailboxForm:
        """Return the form as it shows a mailbox, never its password; or a new one."""
        if mailbox is None:
            return cls(port=993, security=Security.TLS.value, folder="INBOX", enabled=True)
        return cls(obj=mailbox, security=mailbox.security.value)

    def typed(self) -> MailboxValues:
        """Return what was typed."""
        return MailboxValues(
            name=self.name.data,
            host=self.host.data,
            port=self.port.data,
            security=Security(self.security.data),
            username=self.username.data,
            password=self.password.data or None,
            folder=self.folder.data,
            move_to=self.move_to.data or "",
            checked_by=self.checked_by.data or "",
            enabled=self.enabled.data,
        )


@bp.get("/campaign/mailboxes")
@needs("campaign.read")
def mailboxes() -> str:
    """Show the mailboxes, when each was last read, and what is wrong with one."""
    return render_template(
        "pages/campaign/mailboxes.html",
        mailboxes=boxes.mailboxes(session(), campaign().id),
        say_kept=Sentence.from_json,
        folder=installation().settings.home / "maildir" / campaign().slug,
    )


@bp.route("/campaign/mailboxes/new", methods=["GET", "POST"])
@needs("campaign.write")
def new() -> Answer:
    """Add a mailbox."""
    return _edit(None)


@bp.route("/campaign/mailboxes/<int:mailbox_id>", methods=["GET", "POST"])
@needs("campaign.write")
def mailbox(mailbox_id: int) -> Answer:
    """Change a mailbox, and try it."""
    found = boxes.mailbox_by_id(session(), campaign().id, mailbox_id)
    return _edit(found) if found.way is Way.IMAP else _edit_folder(found)


def _edit(found: Mailbox | None) -> Answer:
    form = MailboxForm.of(found)
    if form.validate_on_submit():
        try:
            with transaction(session()):
                saved = boxes.save_mailbox(
                    session(),
                    campaign(),
                    found,
                    form.typed(),
                    vault=_vault(),
                    by=actor(),
                    now=now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("The mailbox is saved. Test it, then answers come in."), "success")
            return redirect(url_for("mailboxes.mailbox", mailbox_id=saved.id))
    page = render_template(
        "pages/campaign/mailbox.html",
        form=form,
        mailbox=found,
        trouble=Sentence.from_json(found.trouble) if found and found.trouble else None,
        connection=[from_json(one) for one in _kept(found)],
    )
    return (page, 422) if form.is_submitted() else page


def _edit_folder(found: Mailbox) -> Answer:
    form = FolderForm(obj=found)
    if form.validate_on_submit():
        try:
            with transaction(session()):
                boxes.change_folder(
                    session(),
                    found,
                    checked_by=form.checked_by.data or "",
                    enabled=form.enabled.data,
                    by=actor(),
                    now=now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("The folder is saved."), "success")
            return redirect(url_for("mailboxes.mailboxes"))
    page = render_template(
        "pages/campaign/mailbox.html",
        form=form,
        mailbox=found,
        trouble=Sentence.from_json(found.trouble) if found.trouble else None,
        connection=[],
    )
    return (page, 422) if form.is_submitted() else page


def _kept(found: Mailbox | None) -> list[dict[str, Any]]:
    return list(found.findings.get("connection", [])) if found else []


@bp.post("/campaign/mailboxes/<int:mailbox_id>/connection")
@needs("campaign.write")
def connection(mailbox_id: int) -> Response:
    """Sign in and look, take nothing; keep what the server said."""
    by, instant, campaign_id = actor(), now(), campaign().id
    require(by, "campaign.write")
    found = boxes.mailbox_by_id(session(), campaign_id, mailbox_id)
    if found.way is not Way.IMAP:
        return redirect(url_for("mailboxes.mailbox", mailbox_id=mailbox_id))
    access = access_of(found, _vault().unlock(found.password))
    session().rollback()
    said = boxes.try_mailbox(access, trust=_trust())
    with installation().database.writing() as writing:
        there = boxes.mailbox_by_id(writing, campaign_id, mailbox_id)
        boxes.keep_findings(writing, there, said, by=by, now=instant)
    return redirect(url_for("mailboxes.mailbox", mailbox_id=mailbox_id, _anchor="tried"))


@bp.post("/campaign/mailboxes/<int:mailbox_id>/remove")
@needs("campaign.write")
def remove(mailbox_id: int) -> Response:
    """Forget a mailbox with its password; what came through it stays."""
    found = boxes.mailbox_by_id(session(), campaign().id, mailbox_id)
    with transaction(session()):
        boxes.remove_mailbox(session(), found, by=actor(), now=now())
    flash(_("The mailbox is gone, and its password with it."), "success")
    return redirect(url_for("mailboxes.mailboxes"))


def _vault() -> Vault:
    return Vault(installation().settings.secret_key)


def _trust() -> ssl.SSLContext | None:
    """Whose certificates hold: those the system trusts."""
    return None
