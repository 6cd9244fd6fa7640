"""Checking addresses: the queue, a whole official list at once, how long a check holds."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.accounts.audit import history
from outreach.database import transaction
from outreach.directory import official_lists, places, shelf_life, verification
from outreach.directory.models import ContactDetail, Source
from outreach.errors import BadInput, NotFound, Refused
from outreach.letters import audiences
from outreach.sending import needed
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.blueprint import body_or_404, bp
from outreach.web.directory.verifying_forms import ListForm, LivesForm, SeenForm
from outreach.web.filters import say
from outreach.words import Sentence

# What stays in the address while one goes through the queue.
KEPT = ("need", "audience", "page")


@bp.get("/directory/to-check")
@needs("directory.verify")
def to_check() -> str:
    """List the addresses to check, the most pressing first, with the first one opened."""
    return _queue_page(request.args.get("at", 0, type=int))


@bp.post("/directory/to-check/<int:contact_id>")
@needs("directory.verify")
def check_next(contact_id: int) -> Response | tuple[str, int]:
    """Say that an address was seen today, and go to the next."""
    session, form = access.session(), SeenForm()
    detail = session.get(ContactDetail, contact_id)
    if detail is None:
        raise NotFound(Sentence("This address is not in the directory."))
    if form.validate_on_submit():
        try:
            with transaction(session):
                verification.verify(
                    session, detail, url=form.url.data, by=access.actor(), now=access.now()
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Checked: %(address)s", address=detail.value), "success")
            following = request.args.get("next", 0, type=int)
            return redirect(url_for("directory.to_check", **_kept(), at=following or None))
    return _queue_page(request.args.get("at", 0, type=int), form), 422


def _kept() -> dict[str, Any]:
    return {name: request.args[name] for name in KEPT if request.args.get(name)}


def _queue_page(at: int, form: SeenForm | None = None) -> str:
    session, campaign = access.session(), access.campaign()
    today = access.now().date()
    wanted = request.args.get("need", "")
    chosen = request.args.get("audience", 0, type=int)
    audience = audiences.audience_by_id(session, campaign.id, chosen) if chosen else None
    queue = needed.queue(
        session,
        campaign,
        today=today,
        need=needed.Need(wanted) if wanted in set(needed.Need) else None,
        audience=audiences.filters_of(audience) if audience else None,
        page=request.args.get("page", 1, type=int),
    )
    place = next((n for n, row in enumerate(queue.rows) if row.target.id == at), 0)
    current = queue.rows[place] if queue.rows else None
    following = queue.rows[place + 1].target.id if place + 1 < len(queue.rows) else None
    if form is None:
        page = current.detail.source_url if current and current.detail else ""
        form = SeenForm(formdata=None, url=page)
    return render_template(
        "pages/directory/queue.html",
        queue=queue,
        current=current,
        following=following,
        form=form,
        today=today,
        kept=_kept(),
        most=needed.MOST,
        needs=list(needed.Need),
        audience=audience,
        audiences=audiences.audiences_of(session, campaign.id),
    )


@bp.get("/directory/lists/check")
@needs("directory.verify")
def check_list() -> str:
    """Show which lists could be checked at once, or the sample of the chosen one."""
    return _list_page(ListForm(formdata=None, on=access.now().date()))


@bp.post("/directory/lists/check")
@needs("directory.verify")
def verify_list() -> str | Response | tuple[str, int]:
    """Say that a whole official list was compared with ours."""
    session, form, listed = access.session(), ListForm(), _listed()
    said = {key: value for key, value in request.form.items() if key.startswith("entry-")}
    if form.validate_on_submit():
        try:
            with transaction(session):
                number = official_lists.verify_list(
                    session,
                    listed,
                    url=form.url.data,
                    on=form.on.data,
                    matching={int(key[6:]) for key, word in said.items() if word == "same"},
                    by=access.actor(),
                    now=access.now(),
                )
        except BadInput as error:
            form.show(error)
        except Refused as error:
            form.form_errors.append(say(error.sentence))
        else:
            words = ngettext(
                "%(num)s address is checked.", "%(num)s addresses are checked.", number
            )
            flash(words, "success")
            return redirect(url_for("directory.to_check"))
    return _list_page(form, said), 422


def _listed() -> official_lists.Listed:
    return official_lists.Listed(
        source_id=request.args.get("source", type=int),
        body_id=request.args.get("body", type=int),
        jurisdiction=request.args.get("jurisdiction", "")[:16],
    )


def _list_page(form: ListForm, said: dict[str, str] | None = None) -> str:
    session, listed, today = access.session(), _listed(), access.now().date()
    if listed == official_lists.Listed():
        return render_template(
            "pages/directory/check_lists.html",
            sources=official_lists.sources_with_addresses(session),
            places=places.with_targets(session),
        )
    source = session.get(Source, listed.source_id) if listed.source_id else None
    if listed.source_id and source is None:
        raise NotFound(Sentence("There is no such source."))
    if source is not None and not form.url.data:
        form.url.data = source.url
    return render_template(
        "pages/directory/check_list.html",
        sample=official_lists.sample(session, listed, by=access.actor(), today=today),
        source=source,
        body=body_or_404(listed.body_id) if listed.body_id else None,
        jurisdiction=listed.jurisdiction,
        places=places.with_targets(session),
        bodies=official_lists.bodies_in(session, listed.jurisdiction),
        form=form,
        said=said or {},
        chosen={key: value for key, value in request.args.items() if value},
    )


@bp.get("/directory/shelf-life")
@needs("campaign.read")
def shelf_lives() -> str:
    """Show how many days a check of an address holds."""
    lives = shelf_life.lives(access.session())
    return _lives_page(LivesForm(formdata=None, data={one.value: n for one, n in lives.items()}))


@bp.post("/directory/shelf-life")
@needs("campaign.write")
def change_shelf_lives() -> str | Response | tuple[str, int]:
    """Change how many days a check of an address holds."""
    session, form = access.session(), LivesForm()
    if form.validate_on_submit():
        wanted = {one: form[one.value].data for one in shelf_life.AddressClass}
        try:
            with transaction(session):
                verification.change_lives(session, wanted, by=access.actor(), now=access.now())
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Saved. Every address goes by the new days now."), "success")
            return redirect(url_for("directory.shelf_lives"))
    return _lives_page(form), 422


def _lives_page(form: LivesForm) -> str:
    session = access.session()
    return render_template(
        "pages/directory/shelf_life.html",
        form=form,
        lives=shelf_life.lives(session),
        defaults=shelf_life.DEFAULTS,
        changes=list(reversed(history(session, "shelf_life", 0))),
    )
