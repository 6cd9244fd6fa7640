"""Templates: the words per language side by side, who read them, how to change them."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.config import shipped
from outreach.database import transaction
from outreach.directory.models import TargetRole
from outreach.errors import BadInput, NotFound, Refused
from outreach.letters import editing, lists, templates
from outreach.letters.models import Template, TemplateVersion
from outreach.letters.placeholders import FACT_MEANING, FACT_SAMPLE, PLACEHOLDERS
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import label, say
from outreach.web.letters.blueprint import bp
from outreach.web.letters_forms import ReaderForm
from outreach.words import Sentence

# What stands for something else in a text, kept when the text is split by it.
GAP = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)


@bp.get("/templates", endpoint="templates")
@needs("letters.read")
def templates_list() -> str:
    """Every template with its languages; which of them a native speaker has read."""
    versions = lists.current_versions(session(), campaign().id)
    return render_template(
        "pages/letters/templates.html",
        templates=[
            {
                "template": template,
                "roles": "; ".join(label(TargetRole(role)) for role in template.roles),
                "versions": versions.get(template.id, ()),
            }
            for template in templates.templates_of(session(), campaign().id)
        ],
    )


@bp.get("/templates/<int:template_id>")
@bp.get("/templates/<slug>")
@needs("letters.read")
def template(template_id: int | None = None, slug: str = "") -> str:
    """One template: its texts side by side, its names, where its files lie."""
    return _page(_this_template(template_id, slug))


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
    return _page(_this_template(None, slug), form, version), 422


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


def _page(
    shown: Template, form: ReaderForm | None = None, filled: TemplateVersion | None = None
) -> str:
    current = templates.current_versions(session(), shown.id)
    return render_template(
        "pages/letters/template.html",
        template=shown,
        versions=[_row(one, form if one is filled else None) for one in current.values()],
        placeholders=[*map(_name, PLACEHOLDERS), _fact_name()],
        files=[
            str(shipped("templates") / "letters" / shown.slug / f"{one.language}.txt")
            for one in current.values()
            if one.file_hash
        ],
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


def _name(one: Any) -> dict[str, Any]:
    return {
        "name": one.name,
        "meaning": one.meaning,
        "sample": one.sample,
        "optional": one.optional,
    }


def _fact_name() -> dict[str, Any]:
    return {"name": FACT_SAMPLE, "meaning": FACT_MEANING, "sample": "", "optional": False}
