"""A template's life beside its words: cards, versions, files and what they disagree on."""

from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.errors import BadFile, BadInput, MoveRefused, NotFound, Refused
from outreach.letters import cards, files, settling, templates, versions
from outreach.letters.diff import differences
from outreach.letters.models import FileConflict, Template, TemplateVersion
from outreach.petitions import asks
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import say
from outreach.web.letters.blueprint import bp
from outreach.web.letters.template_forms import CardForm, NewTemplateForm
from outreach.words import Sentence


@bp.route("/templates/new", methods=["GET", "POST"])
@needs("letters.write")
def new_template() -> Response | str | tuple[str, int]:
    """Say what a new letter is for; its words come next."""
    form = NewTemplateForm()
    if form.validate_on_submit():
        try:
            card = _card(form)
            with transaction(session()):
                made = cards.new_template(
                    session(), campaign(), form.slug.data, card, by=actor(), now=now()
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("The template is there. Write its words now."), "success")
            return redirect(url_for("letters.write_template", slug=made.slug))
    page = _card_page(form, None)
    return (page, 422) if form.is_submitted() else page


@bp.route("/templates/<slug>/card", methods=["GET", "POST"])
@needs("letters.write")
def template_card(slug: str) -> Response | str | tuple[str, int]:
    """Change what a letter is for."""
    template = _this(slug)
    form = CardForm.of(template)
    if form.validate_on_submit():
        try:
            card = _card(form)
            with transaction(session()):
                cards.save_card(session(), template, card, by=actor(), now=now())
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Saved. Its files say so once they are written out."), "success")
            return redirect(url_for("letters.template", slug=slug))
    page = _card_page(form, template)
    return (page, 422) if form.is_submitted() else page


@bp.get("/templates/<slug>/history")
@needs("letters.read")
def template_history(slug: str) -> str:
    """Every version of one language: who and when; any two against each other."""
    template = _this(slug)
    every = templates.versions_of(session(), template.id)
    codes = list(dict.fromkeys(one.language for one in every))
    language = request.args.get("language", "")
    language = language if language in codes else next(iter(codes), "")
    rows = [one for one in every if one.language == language]
    by_number = {one.number: one for one in rows}
    newest = rows[0].number if rows else 0
    new = by_number.get(request.args.get("new", newest, type=int))
    old = by_number.get(request.args.get("old", (new.number if new else 0) - 1, type=int))
    return render_template(
        "pages/letters/history.html",
        template=template,
        languages=codes,
        language=language,
        rows=rows,
        new=new,
        old=old,
        subject_pieces=differences(old.subject, new.subject) if old and new else (),
        pieces=differences(old.body, new.body) if old and new else (),
    )


@bp.post("/templates/versions/<int:version_id>/restore")
@needs("letters.write")
def restore_version(version_id: int) -> Response:
    """Make an old version the newest one."""
    old = templates.version(session(), version_id)
    if old is None or old.template.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such text in this campaign."))
    slug, language = old.template.slug, old.language
    there = redirect(url_for("letters.template_history", slug=slug, language=language))
    try:
        with transaction(session()):
            new = versions.restore(session(), old, old.template, by=actor(), now=now())
    except BadInput as error:
        flash(
            _("It can't be used as it is: %(why)s", why=say(error.sentence)),
            "danger",
        )
        return there
    flash(
        _(
            "Version %(old)s is the newest again, as version %(new)s.",
            old=old.number,
            new=new.number,
        ),
        "success",
    )
    return there


@bp.get("/templates/<slug>/files")
@needs("letters.read")
def template_files(slug: str) -> FlaskResponse:
    """The template as files, zipped."""
    template = _this(slug)
    return FlaskResponse(
        files.as_zip(session(), template),
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{template.slug}.zip"'},
    )


@bp.post("/templates/conflicts/<int:conflict_id>")
@needs("letters.write")
def settle_conflict(conflict_id: int) -> Response:
    """Keep the words of the file, or those of the browser."""
    conflict = session().get(FileConflict, conflict_id)
    template = session().get(Template, conflict.template_id) if conflict else None
    if conflict is None or template is None or template.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such question about a file."))
    there = redirect(url_for("letters.template", slug=template.slug))
    keep = settling.FILE if request.form.get("keep") == settling.FILE else settling.BROWSER
    try:
        with transaction(session()):
            settling.settle(
                session(),
                template,
                conflict,
                keep=keep,
                seen=request.form.get("seen", 0, type=int),
                by=actor(),
                now=now(),
            )
    except (MoveRefused, BadInput, BadFile, Refused) as error:
        flash(say(error.sentence), "danger")
        return there
    flash(_("Decided. The other words stay in the history."), "success")
    return there


def conflict_rows(template: Template, current: dict[str, TemplateVersion]) -> list[dict[str, Any]]:
    """Return what file and browser disagree on, each with both words and what differs."""
    rows = []
    for one in settling.conflicts_of(session(), template.id):
        standing = current.get(one.language)
        if one.language:
            here = f"{standing.subject}\n\n{standing.body}" if standing else ""
            there = f"{one.subject}\n\n{one.body}"
        else:
            here, there = cards.card_text(cards.card_of(template)), one.body
        rows.append(
            {
                "conflict": one,
                "standing": standing,
                "here": here,
                "there": there,
                "pieces": differences(here, there),
                "seen": standing.number if standing else 0,
            }
        )
    return rows


def _card(form: CardForm) -> cards.Card:
    """Return what was typed. Raises BadInput for an ask the campaign doesn't have."""
    card = form.card()
    wrong = cards.unknown_ask(card, {one.code for one in asks.asks(session(), campaign().id)})
    if wrong is not None:
        raise BadInput(wrong, "asks")
    return card


def _card_page(form: CardForm, template: Template | None) -> str:
    return render_template(
        "pages/letters/card.html",
        form=form,
        template=template,
        asks=asks.asks(session(), campaign().id),
    )


def _this(slug: str) -> Template:
    return templates.template_by_slug(session(), campaign().id, slug)
