"""The pages that show the count: how each goes into the number, how it is read, one try of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts.roles import may
from outreach.errors import BadInput
from outreach.letters import numbers
from outreach.letters.lifecycle import UNSENT
from outreach.letters.models import Letter, Quotation
from outreach.petitions import counts, page_rules, texts
from outreach.petitions.pages import Page, PageRule
from outreach.petitions.sources import fetching
from outreach.petitions.sources.adapters import read_page
from outreach.petitions.sources.reading import Found, NoCount
from outreach.petitions.sources.wire import Wire
from outreach.web.access import actor, campaign, installation, needs, now, session
from outreach.web.filters import number, say
from outreach.web.petitions_count_forms import PageForm
from outreach.web.petitions_frame import Answer, bp, form_page, said, today
from outreach.words import Sentence


@dataclass(frozen=True, slots=True)
class Consequence:
    """What every draft would say after a page's rule changed, beside what it says now."""

    now: int | None
    then: int | None
    # (language, what drafts say now, what they would say): of letters not yet sent, then others.
    said: list[tuple[str, str, str]]
    others: list[tuple[str, str, str]]
    # Unsent letters that quote a count, and how many of them the change would stop.
    quoting: int
    stopped: int


@bp.route("/petition/pages/new", methods=["GET", "POST"])
@needs("petition.write")
def new_page() -> Answer:
    """Name a page that shows the count."""
    return _edit(None)


@bp.route("/petition/pages/<int:page_id>", methods=["GET", "POST"])
@needs("petition.write")
def edit_page(page_id: int) -> Answer:
    """Change how a page counts and how it is read."""
    return _edit(page_rules.page_by_id(session(), campaign().id, page_id))


@bp.post("/petition/pages/<int:page_id>/fetch")
@needs("petition.write")
def fetch_page(page_id: int) -> Response:
    """Ask the page for its count now."""
    page_rules.page_by_id(session(), campaign().id, page_id)
    by, instant = actor(), now()
    _let_go()
    with _wire() as wire:
        done = fetching.fetch_page(installation().database, page_id, by=by, now=instant, wire=wire)
    if done.failure is not None:
        flash(say(done.failure), "error")
    elif done.reading is None:
        flash(_("The page shows what it showed before."), "info")
    elif done.reading.held_because:
        why = " ".join(say(reason) for reason in done.reading.reasons)
        flash(_("Read: %(n)s. It waits: %(why)s", n=number(done.reading.value), why=why), "warning")
    else:
        flash(_("Read and accepted: %(n)s.", n=number(done.reading.value)), "success")
    return redirect(url_for("petitions.readings"))


def _wire() -> Wire:
    return Wire(installation().settings.contact)


def _let_go() -> None:
    """End the request's transaction: none is open over the wire."""
    session().rollback()


def _edit(page: Page | None) -> Answer:
    form = PageForm()
    petitions = texts.petitions_of(session(), campaign().id)
    form.offer(petitions, page, decides=may(actor(), "petition.accept"))
    before = page.rule if page else PageRule.POOL
    if request.method == "GET":
        if page is not None:
            form.fill(page)
        elif "rule" in form:
            form.rule.data = before.value
        return _page(form, page)
    if not form.validate():
        return _page(form, page)
    settings = form.settings(before)
    if "try" in request.form:
        return _page(form, page, **_tried(page.url if page else form.page_url.data, settings))
    if page is not None and settings.rule is not before and form.looked.data != settings.rule.value:
        form.looked.data = settings.rule.value
        return _page(form, page, consequence=_consequence(page, settings.rule))
    return _save(form, page, settings)


def _save(form: PageForm, page: Page | None, settings: page_rules.Settings) -> Answer:
    page_id = page.id if page else None
    here, by, instant = campaign().id, actor(), now()
    chosen = form.petition.data if page is None else None
    _let_go()
    try:
        with installation().database.writing() as writing:
            if page_id is None:
                owner = next(one for one in texts.petitions_of(writing, here) if one.id == chosen)
                kept = page_rules.page_of(writing, owner, form.page_url.data)
            else:
                kept = page_rules.page_by_id(writing, here, page_id)
            page_rules.change_page(writing, kept, settings, by=by, now=instant)
    except BadInput as error:
        form.show(error)
        return _page(form, page)
    flash(_("Saved."), "success")
    return redirect(url_for("petitions.readings"))


def _tried(url: str, settings: page_rules.Settings) -> dict[str, Any]:
    """Read the page once and keep nothing: what was found, or what came instead."""
    if settings.adapter is None:
        return {"problem": Sentence("People read this page: there is nothing to try.")}
    _let_go()
    try:
        with _wire() as wire:
            found: Found = read_page(
                wire, page_rules.spelt(url), settings.adapter, settings.options
            )
    except (NoCount, BadInput) as error:
        return {"problem": error.sentence}
    return {"found": found}


def _consequence(page: Page, rule: PageRule) -> Consequence:
    """What the number and every draft would be with another rule for `page`."""
    here = campaign()
    before = counts.current_count(session(), here.id, today())
    after = counts.current_count(session(), here.id, today(), rules={page.id: rule})
    now_said, then_said = dict(said(before) if before else ()), dict(said(after) if after else ())
    unsent = session().scalars(
        sa.select(Letter.id)
        .distinct()
        .join(Quotation, Quotation.letter_id == Letter.id)
        .where(
            Letter.campaign_id == here.id,
            Letter.state.in_(UNSENT),
            Quotation.reading_id.is_not(None),
        )
    )
    quoted = numbers.quoted_readings(session(), unsent.all())
    languages = set(
        session().scalars(sa.select(Letter.language).distinct().where(Letter.id.in_(quoted)))
    ) or {"en"}
    rows = [
        (language, now_said.get(language, ""), then_said.get(language, ""))
        for language in {**now_said, **then_said}
    ]
    stopped = [one for one in quoted.values() if numbers.problems(one, after, here, today=today())]
    return Consequence(
        now=before.value if before else None,
        then=after.value if after else None,
        said=[one for one in rows if one[0] in languages],
        others=[one for one in rows if one[0] not in languages],
        quoting=len(quoted),
        stopped=len(stopped),
    )


def _page(form: PageForm, page: Page | None, **values: Any) -> Answer:
    return form_page("edit_page", form, **({"page": page, "found": None, "problem": None} | values))
