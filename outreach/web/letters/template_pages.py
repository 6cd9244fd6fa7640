"""Templates: the words per language side by side, who read them, how to change them."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory.models import TargetRole
from outreach.errors import BadFile, BadInput, NotFound, Refused
from outreach.letters import editing, files, lists, loading, settling, templates, versions
from outreach.letters.models import Template, TemplateVersion
from outreach.web.access import actor, campaign, needs, now, session, settings, takes_files
from outreach.web.filters import label, say
from outreach.web.letters.blueprint import bp
from outreach.web.letters.names import names_for
from outreach.web.letters.template_files import conflict_rows
from outreach.web.letters.template_forms import FileForm
from outreach.web.letters_forms import ReaderForm
from outreach.words import Sentence

# What stands for something else in a text, kept when the text is split by it.
GAP = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)


@bp.get("/templates", endpoint="templates")
@needs("letters.read")
def templates_list() -> str:
    """Every template with its languages; which of them a native speaker has read."""
    current = lists.current_versions(session(), campaign().id)
    every = templates.templates_of(session(), campaign().id)
    waiting = settling.conflicts_of(session(), *(one.id for one in every))
    disputed = {one.template_id for one in waiting}
    return render_template(
        "pages/letters/templates.html",
        templates=[
            {
                "template": template,
                "roles": "; ".join(label(TargetRole(role)) for role in template.roles),
                "versions": current.get(template.id, ()),
                "disputed": template.id in disputed,
            }
            for template in every
        ],
    )


@bp.get("/templates/<int:template_id>")
@bp.get("/templates/<slug>")
@needs("letters.read")
def template(template_id: int | None = None, slug: str = "") -> str:
    """One template: its texts side by side, its names, where its files lie."""
    return template_page(_this_template(template_id, slug))


@bp.post("/templates/versions/<int:version_id>/read")
@needs("letters.approve")
def read_version(version_id: int) -> Response | tuple[str, int]:
    """Record that a native speaker read a text."""
    version = templates.version(session(), version_id)
    if version is None or version.template.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such text in this campaign."))
    form, slug = ReaderForm(), version.template.slug
    if form.validate_on_submit():
        try:
            with transaction(session()):
                editing.record_native_reader(
                    session(),
                    version,
                    read_by=form.read_by.data,
                    read_on=form.read_on.data,
                    by=actor(),
                    now=now(),
                )
        except BadInput as error:
            form.show(error)
        except Refused as error:
            flash(say(error.sentence), "warning")
            return redirect(url_for("letters.template", slug=slug))
        else:
            flash(
                _("Recorded. Letters in this text may be sent once the campaign is live."),
                "success",
            )
            return redirect(url_for("letters.template", slug=slug))
    return template_page(_this_template(None, slug), form, version), 422


@bp.post("/templates/<slug>/files")
@needs("letters.write")
@takes_files(files.MAX_BYTES + 10_000)
def upload_template(slug: str) -> Response | tuple[str, int]:
    """Read one file: a text named by its language, or the card."""
    template, form = _this_template(None, slug), FileForm()
    if not form.validate_on_submit():
        return template_page(template, files_form=form), 422
    name = form.file.data.filename or ""
    try:
        with transaction(session()):
            change = loading.upload(
                session(), template, name, form.file.data.read(), by=actor(), now=now()
            )
    except BadFile as error:
        form.file.errors = [say(error.sentence)]
        return template_page(_this_template(None, slug), files_form=form), 422
    if change is not None and change.number is None:
        flash(_("The text was changed here too. Both stand below: choose."), "warning")
    else:
        flash(_("Read. What it says is what stands here now."), "success")
    return redirect(url_for("letters.template", slug=slug))


def _this_template(template_id: int | None, slug: str) -> Template:
    found = next(
        (
            one
            for one in templates.templates_of(session(), campaign().id)
            if one.id == template_id or one.slug == slug
        ),
        None,
    )
    if found is None:
        raise NotFound(Sentence("There is no such template in this campaign."))
    return found


def template_page(
    shown: Template,
    form: ReaderForm | None = None,
    filled: TemplateVersion | None = None,
    *,
    files_form: FileForm | None = None,
) -> str:
    """Return the page of one template; `form` is what was typed about the reader of `filled`."""
    current = templates.current_versions(session(), shown.id)
    return render_template(
        "pages/letters/template.html",
        template=shown,
        roles="; ".join(label(TargetRole(role)) for role in shown.roles),
        versions=[_row(one, form if one is filled else None) for one in current.values()],
        conflicts=conflict_rows(shown, current),
        more_languages=[one for one in versions.languages() if one not in current],
        not_ready=versions.languages_not_ready(),
        names=names_for(next(iter(current), "en")),
        files_form=files_form or FileForm(formdata=None),
        home=str(settings().home / "letters" / shown.slug),
    )


def _row(version: TemplateVersion, form: ReaderForm | None) -> dict[str, Any]:
    """Return a text with its form; each form's fields get ids of their own."""
    form = form or ReaderForm(formdata=None, data={"read_on": now().date()})
    for field in (form.read_by, form.read_on):
        field.id = f"{field.name}-{version.language}"
        field.label.field_id = field.id
    return {
        "version": version,
        "form": form,
        "subject": GAP.split(version.subject),
        "body": GAP.split(version.body),
    }
