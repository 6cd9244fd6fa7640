"""What every petition page needs: the blueprint, the tabs, the day, the last good count."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.petitions import counts, phrases
from outreach.web.access import campaign, now, session
from outreach.web.forms import Form

bp = Blueprint("petitions", __name__)

Answer = str | Response | tuple[str, int]


def form_page(name: str, form: Form, **values: Any) -> Answer:
    """Return the page `name` with its form; 422 when something typed can't be used."""
    page = page_of(name, form=form, **values)
    return (page, 422) if form.errors or form.form_errors else page


def page_of(name: str, **values: Any) -> str:
    """Return the petition page called `name`, with the tabs above it."""
    return render_template(f"pages/petitions/{name}.html", tabs=_tabs(), **values)


def _tabs() -> list[tuple[str, str, bool]]:
    rows = (
        (_("Overview"), "petitions.index"),
        (_("Who can do what"), "petitions.who_can"),
        (_("Facts"), "petitions.all_facts"),
        (_("Objections"), "petitions.objections"),
        (_("What exists"), "petitions.measures"),
        (_("For writers"), "petitions.for_writers"),
        (_("Counts"), "petitions.readings"),
    )
    return [(label, url_for(name), request.endpoint == name) for label, name in rows]


def today() -> dt.date:
    """Return the day it is in the campaign's zone."""
    return campaign().day_of(now())


def last_count() -> dict[str, Any] | None:
    """Return the campaign's number with its age, and how letters say it per language."""
    count = counts.current_count(session(), campaign().id, today())
    if count is None:
        return None
    return {
        "value": count.value,
        "as_of": count.as_of,
        "parts": count.readings,
        "days": counts.age_in_days(count, today()),
        "too_old": counts.too_old(count, campaign(), today()),
        "said": said(count),
    }


def said(count: counts.Count) -> list[tuple[str, str]]:
    """Return how drafts say `count`, as (language, sentence), English first."""
    languages = sorted(phrases.all_phrases(), key=lambda language: (language != "en", language))
    return [(language, counts.careful_sentence(count, language)) for language in languages]
