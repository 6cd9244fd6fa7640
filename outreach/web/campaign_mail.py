"""Pages about how letters leave: mail accounts, what a test of them said, stopped domains.

Nothing here contacts anybody until a person presses, and no transaction is open meanwhile.
"""

from __future__ import annotations

import ssl
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts import audit, mail_accounts, senders
from outreach.accounts.mail_accounts import account_by_id
from outreach.accounts.models import MailAccount, Sender
from outreach.accounts.roles import require
from outreach.database import transaction
from outreach.directory import verification
from outreach.errors import BadInput
from outreach.sending import domain_checks, domains, reply_address, routes, trial, trying
from outreach.sending.domain_checks import Resolver, key_record
from outreach.sending.finding import Finding, from_json
from outreach.sending.message import headers_of, words_of
from outreach.sending.resolving import SystemResolver
from outreach.sending.ways import Ways, server_of, ways_of
from outreach.signing import Vault
from outreach.web.access import actor, campaign, installation, needs, now, session, user
from outreach.web.campaign_mail_forms import AccountForm, KeyForm
from outreach.web.filters import say

bp = Blueprint("mail", __name__)
Answer = str | Response | tuple[str, int]


@bp.get("/campaign/mail")
@needs("campaign.read")
def accounts() -> str:
    """Show the mail accounts in their order, and the domains that refuse our letters."""
    known = mail_accounts.accounts(session(), campaign().id)
    return render_template(
        "pages/campaign/mail.html",
        accounts=known,
        route=routes.route(session(), campaign().id, now=now()),
        stops=domains.stops(session(), campaign().id),
        now=now(),
    )


@bp.route("/campaign/mail/new", methods=["GET", "POST"])
@needs("campaign.write")
def new() -> Answer:
    """Add an account."""
    return _edit(None)


@bp.route("/campaign/mail/<int:account_id>", methods=["GET", "POST"])
@needs("campaign.write")
def account(account_id: int) -> Answer:
    """Change an account, and try it."""
    return _edit(_found(account_id))


def _edit(found: MailAccount | None) -> Answer:
    form = AccountForm.of(found)
    if form.validate_on_submit():
        try:
            with transaction(session()):
                saved = mail_accounts.save_account(
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
            flash(_("The account is saved. Test it before letters depend on it."), "success")
            return redirect(url_for("mail.account", account_id=saved.id))
    page = _page(found, form)
    return (page, 422) if form.is_submitted() else page


@bp.post("/campaign/mail/<int:account_id>/first")
@needs("campaign.write")
def first(account_id: int) -> Response:
    """Use this account before the others."""
    with transaction(session()):
        mail_accounts.put_first(session(), _found(account_id), by=actor(), now=now())
    return redirect(url_for("mail.accounts"))


@bp.post("/campaign/mail/<int:account_id>/resume")
@needs("campaign.write")
def resume(account_id: int) -> Response:
    """Use a paused account again."""
    with transaction(session()):
        mail_accounts.resume_account(session(), _found(account_id), by=actor(), now=now())
    flash(_("The account is used again."), "success")
    return redirect(url_for("mail.accounts"))


@bp.post("/campaign/mail/<int:account_id>/remove")
@needs("campaign.write")
def remove(account_id: int) -> Response:
    """Forget an account with its password and its key."""
    with transaction(session()):
        mail_accounts.remove_account(session(), _found(account_id), by=actor(), now=now())
    flash(_("The account is gone, and its password with it."), "success")
    return redirect(url_for("mail.accounts"))


@bp.post("/campaign/mail/<int:account_id>/key")
@needs("campaign.write")
def key(account_id: int) -> Answer:
    """Make a key that signs letters."""
    found, form = _found(account_id), KeyForm()
    if form.validate_on_submit():
        try:
            with transaction(session()):
                mail_accounts.make_key(
                    session(),
                    found,
                    domain=form.domain.data,
                    selector=form.selector.data,
                    vault=_vault(),
                    by=actor(),
                    now=now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("The key is made. Publish the record, then check the domain."), "success")
            return redirect(url_for("mail.account", account_id=account_id, _anchor="signature"))
    return _page(found, AccountForm(formdata=None, obj=found), key_form=form), 422


@bp.post("/campaign/mail/<int:account_id>/connection")
@needs("campaign.write")
def connection(account_id: int) -> Response:
    """Connect as a letter would, and keep what the server said."""
    found, sender = _found(account_id), _sender()
    server = server_of(found, _vault().unlock(found.password))
    answers = (sender.reply_to or sender.from_address) if sender else ""
    probe = reply_address.tagged(answers, 0, reply_address.key_of(_vault())) if answers else ""
    from_address = found.bounce_address or (sender.from_address if sender else "")
    session().rollback()
    said = trying.try_connection(server, sender=from_address, probe=probe, trust=_trust())
    return _keep(account_id, "connection", said)


@bp.post("/campaign/mail/<int:account_id>/domain")
@needs("campaign.write")
def domain(account_id: int) -> Response:
    """Ask the name servers what they say of our domain, and keep it."""
    found, sender = _found(account_id), _sender()
    if sender is None:
        flash(_("Add a sender first: the check is about the address letters come from."), "error")
        return redirect(url_for("mail.account", account_id=account_id))
    session().expunge(found)
    from_address = sender.from_address
    session().rollback()
    said = domain_checks.check_domain(found, from_address, _resolver())
    return _keep(account_id, "domain", said)


@bp.post("/campaign/mail/<int:account_id>/letter")
@needs("campaign.write")
def letter(account_id: int) -> Answer:
    """Send a test letter to the signed-in person's own address, and show what left.

    While the campaign rehearses it is captured, unless the person says that it shall really leave.
    """
    found, sender, person = _found(account_id), _sender(), user()
    assert person is not None
    if sender is None:
        flash(_("Add a sender first: a letter comes from somebody."), "error")
        return redirect(url_for("mail.account", account_id=account_id))
    rehearsal = campaign().rehearsing and "really" not in request.form
    if not rehearsal and verification.details_at(session(), person.email):
        words = _("Your own address is one of the directory, and a test letter goes to no target.")
        flash(words, "error")
        return redirect(url_for("mail.account", account_id=account_id))
    who = {"to": person.email, "name": person.name, "rehearsal": rehearsal}
    with _ways() as ways:
        try:
            written = trial.letter_to_oneself(ways, found, sender, now=now(), **who)  # type: ignore[arg-type]
        except BadInput as error:
            flash(say(error.sentence), "error")
            return redirect(url_for("mail.account", account_id=account_id))
        name = found.name
        session().rollback()
        tried = trial.try_letter(ways, written)
    _note_letter(account_id, tried, rehearsal=rehearsal)
    return render_template(
        "pages/campaign/mail_tried.html",
        account_id=account_id,
        name=name,
        to=written.envelope.recipient,
        tried=tried,
        rehearsal=rehearsal,
        headers=headers_of(tried.message),
        text=words_of(tried.message),
    )


@bp.post("/campaign/mail/stops/<int:stop_id>/open")
@needs("campaign.resume")
def open_domain(stop_id: int) -> Response:
    """Let letters go to a stopped domain again."""
    with transaction(session()):
        stop = domains.open_again(session(), campaign().id, stop_id, by=actor(), now=now())
    flash(_("Letters go to %(domain)s again.", domain=stop.domain), "success")
    return redirect(url_for("mail.accounts"))


def _found(account_id: int) -> MailAccount:
    return account_by_id(session(), campaign().id, account_id)


def _sender() -> Sender | None:
    """Who signs: the first sender in use; one of the demonstration only where there is no other."""
    known = [one for one in senders.senders(session(), campaign().id) if one.active]
    return min(known, key=lambda one: one.demonstration, default=None)


def _keep(account_id: int, what: str, said: list[Finding]) -> Response:
    """Keep what a check found; the request's own transaction ended before the wire."""
    by, instant, campaign_id = actor(), now(), campaign().id
    require(by, "campaign.write")
    with installation().database.writing() as writing:
        found = account_by_id(writing, campaign_id, account_id)
        kept = {what: [one.as_json() for one in said]}
        mail_accounts.keep_findings(writing, found, kept, by=by, now=instant)
    return redirect(url_for("mail.account", account_id=account_id, _anchor=f"tried-{what}"))


def _note_letter(account_id: int, tried: trial.Tried, *, rehearsal: bool) -> None:
    with installation().database.writing() as writing:
        audit.record(
            writing,
            subject=("mail_account", account_id),
            name="tried",
            by=actor(),
            now=now(),
            campaign_id=campaign().id,
            # A captured one says nothing about the way out.
            detail={"taken": tried.taken and not rehearsal, "words": tried.words},
        )


def _page(found: MailAccount | None, form: AccountForm, *, key_form: KeyForm | None = None) -> str:
    sender = _sender()
    if found is not None and key_form is None:
        key_form = KeyForm(formdata=None, **_key_now(found, sender))
    return render_template(
        "pages/campaign/mail_account.html",
        form=form,
        account=found,
        key_form=key_form,
        sender=sender,
        record=key_record(found) if found else None,
        own_address=person.email if (person := user()) else "",
        connection=_findings(found, "connection"),
        domain=_findings(found, "domain"),
    )


def _key_now(found: MailAccount, sender: Sender | None) -> dict[str, str]:
    """What the form of the key begins with: our domain, and a name not used before."""
    ours = sender.from_address.rpartition("@")[2] if sender else found.hello
    return {"domain": found.dkim_domain or ours, "selector": f"letters-{now():%Y%m}"}


def _findings(found: MailAccount | None, what: str) -> list[Finding]:
    kept: list[dict[str, Any]] = found.findings.get(what, []) if found else []
    return [from_json(one) for one in kept]


def _vault() -> Vault:
    return Vault(installation().settings.secret_key)


def _ways() -> Ways:
    return ways_of(installation().settings)


def _resolver() -> Resolver:
    return SystemResolver()


def _trust() -> ssl.SSLContext | None:
    """Whose certificates hold: those the system trusts."""
    return None
