"""Making drafts: which words, to whom, from whom; examples first, then everybody in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from outreach.accounts.models import Sender
from outreach.accounts.senders import senders
from outreach.database import transaction
from outreach.directory.models import Target
from outreach.directory.queries import target_with_everything
from outreach.errors import BadInput
from outreach.letters import (
    audiences,
    drafting,
    examples,
    gaps,
    lists,
    making,
    planning,
    readers,
    templates,
)
from outreach.letters.models import Audience, Letter, LetterKind, Mailing, Template
from outreach.letters.sharing import SharedDesk, Sharing, shared_desks
from outreach.web.access import actor, campaign, installation, needs, now, session
from outreach.web.letters.blueprint import bp
from outreach.web.letters.letter import this_letter
from outreach.web.letters.mailing import reasons
from outreach.web.letters_forms import ComposeForm


@dataclass(frozen=True, slots=True)
class Offer:
    """What there is to choose from, and what the address already says."""

    templates: Sequence[Template]
    audiences: Sequence[Audience]
    senders: Sequence[Sender]
    target: Target | None
    follows: Letter | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen."""

    template: Template
    audience: Audience | None
    sender: Sender
    targets: Sequence[int]
    fallback: str | None
    desks: SharedDesk | None
    name: str


@bp.get("/letters/new")
@needs("letters.write")
def compose() -> str:
    """Choose words, targets and sender; after “Show examples”, the letter as some would get it."""
    offer = _offer(request.args)
    missing = _missing(offer)
    if missing:
        return _page(offer, None, missing=missing)
    form = _form(offer, _with_defaults(offer))
    if "look" not in request.args:
        return _page(offer, form)
    if not form.validate():
        return _page(offer, form)
    try:
        choice = _choice(offer, form)
        return _page(
            offer,
            form,
            trial=_try(offer, choice),
            lacking=_lacking(choice),
            total=len(choice.targets),
            sharing=shared_desks(session(), choice.template, choice.targets),
        )
    except BadInput as error:
        form.show(error)
        return _page(offer, form)


@bp.post("/letters/new")
@needs("letters.write")
def make_letters() -> Response | tuple[str, int]:
    """Make the drafts, many of them beside, and open their mailing."""
    offer = _offer(request.form)
    missing = _missing(offer)
    if missing:
        return _page(offer, None, missing=missing), 422
    form = _form(offer, request.form)
    if not form.validate():
        return _page(offer, form), 422
    choice = _choice(offer, form)
    at_once = len(choice.targets) <= making.AT_ONCE
    make = drafting.make_drafts if at_once else planning.begin
    try:
        with transaction(session()):
            mailing = make(
                session(),
                campaign=campaign(),
                template=choice.template,
                targets=choice.targets,
                sender=choice.sender,
                audience=choice.audience,
                name=choice.name,
                fallback_language=choice.fallback,
                follows=offer.follows,
                desks=choice.desks,
                by=actor(),
                now=now(),
            )
    except BadInput as error:
        form.show(error)
        sharing = shared_desks(session(), choice.template, choice.targets)
        return _page(offer, form, sharing=sharing), 422
    if at_once:
        return _made(mailing, len(choice.targets) - len(mailing.left_out))
    return redirect(url_for("letters.mailing", mailing_id=mailing.id))


def _made(mailing: Mailing, drafts: int) -> Response:
    """Say how many drafts there are, and open the letter for one target, else the mailing."""
    flash(
        ngettext(
            "%(num)s draft made. Read it, then submit it for approval.",
            "%(num)s drafts made. Read them, then submit them for approval.",
            drafts,
        ),
        "success" if drafts else "warning",
    )
    only = lists.only_letter(session(), mailing) if mailing.audience_id is None else None
    if only is not None:
        return redirect(url_for("letters.letter", letter_id=only))
    return redirect(url_for("letters.mailing", mailing_id=mailing.id))


def _offer(values: MultiDict[str, str]) -> Offer:
    follows_id = values.get("follows", type=int)
    follows = this_letter(follows_id) if follows_id else None
    target_id = follows.target_id if follows else values.get("target", type=int)
    target = target_with_everything(session(), target_id) if target_id else None
    return Offer(
        # First letters lead: what an author finds chosen is what is meant most often.
        templates=sorted(
            (
                one
                for one in templates.templates_of(session(), campaign().id)
                if one.kind is not LetterKind.CORRECTION  # begins at its fact
                and (follows is None or one.kind is LetterKind.REMINDER)
                and (target is None or target.role.value in one.roles)
            ),
            key=lambda one: one.kind is not LetterKind.FIRST,
        ),
        audiences=audiences.audiences_of(session(), campaign().id),
        senders=[one for one in senders(session(), campaign().id) if one.active],
        target=target,
        follows=follows,
    )


def _missing(offer: Offer) -> dict[str, str]:
    """Return what has to be there first, with where to get it; empty when nothing is missing."""
    if not offer.senders:
        return {
            "title": _("Nobody can sign yet"),
            "text": _("A letter needs a sender: a person or organisation with an address."),
            "url": url_for("campaign.settings"),
            "label": _("Go to the settings"),
        }
    if not offer.templates:
        return {
            "title": _("No template fits"),
            "text": _("No template is written for this recipient. See what there is."),
            "url": url_for("letters.templates"),
            "label": _("Look at the templates"),
        }
    if not offer.audiences and offer.target is None:
        return {
            "title": _("To whom?"),
            "text": _("Save an audience first, or start from a target's page in the directory."),
            "url": url_for("letters.new_audience"),
            "label": _("Choose an audience"),
        }
    return {}


def _with_defaults(offer: Offer) -> MultiDict[str, str]:
    """Return the values of the address, with the first choice where it says nothing."""
    values = MultiDict(request.args)
    values.setdefault("template", str(offer.templates[0].id))
    values.setdefault("sender", str(offer.senders[0].id))
    values.setdefault("fallback", "")
    if offer.target is None:
        values.setdefault("audience", str(offer.audiences[0].id))
    return values


def _form(offer: Offer, values: MultiDict[str, str]) -> ComposeForm:
    # The token of a POST was checked before the view; a GET only shows.
    form = ComposeForm(values, meta={"csrf": False})
    form.template.choices = [(one.id, one.name) for one in offer.templates]
    form.audience.choices = [(one.id, one.name) for one in offer.audiences]
    form.sender.choices = [(one.id, one.name) for one in offer.senders]
    form.fallback.choices = [
        ("", _("Leave the target out")),
        ("en", _("Write in English")),
    ]
    form.desks.choices = [
        (SharedDesk.ONE.value, _("Write to one of them")),
        (
            SharedDesk.IN_TURN.value,
            _(
                "Write one after the other, %(days)s working days apart, each asked something else",
                days=campaign().cooling_days,
            ),
        ),
    ]
    if offer.target is not None:
        del form.audience
    return form


def _choice(offer: Offer, form: ComposeForm) -> Choice:
    template = next(one for one in offer.templates if one.id == form.template.data)
    audience = (
        None
        if offer.target is not None
        else next(one for one in offer.audiences if one.id == form.audience.data)
    )
    return Choice(
        template=template,
        audience=audience,
        sender=next(one for one in offer.senders if one.id == form.sender.data),
        targets=_targets(offer, audience),
        fallback=form.fallback.data or None,
        desks=SharedDesk(form.desks.data) if form.desks.data else None,
        name=form.name.data or _name(template, audience, offer.target),
    )


def _targets(offer: Offer, audience: Audience | None) -> Sequence[int]:
    if offer.target is not None:
        return [offer.target.id]
    if audience is None:
        return []
    filters = audiences.filters_of(audience)
    chosen = audiences.select_targets(campaign(), filters, today=now().date())
    return session().scalars(chosen.with_only_columns(Target.id)).all()


def _name(template: Template, audience: Audience | None, target: Target | None) -> str:
    to = audience.name if audience else target.name if target else ""
    return f"{template.name}: {to}"


def _try(offer: Offer, choice: Choice) -> examples.Trial:
    """Make the drafts for nothing, in a session of their own that is thrown away."""
    with installation().database.session(writes=True) as scratch:
        return examples.trial(
            scratch,
            campaign=campaign(),
            template=choice.template,
            targets=choice.targets,
            sender=choice.sender,
            fallback_language=choice.fallback,
            follows=offer.follows,
            desks=choice.desks,
            by=actor(),
            now=now(),
        )


def _lacking(choice: Choice) -> Sequence[gaps.Missing]:
    """Everybody in a larger audience who lacks what the text prints, before there is a draft."""
    return gaps.missing_for(
        session(),
        campaign=campaign(),
        template=choice.template,
        targets=choice.targets,
        sender=choice.sender,
        fallback_language=choice.fallback,
        today=campaign().day_of(now()),
    )


def _unread(form: ComposeForm | None, trial: examples.Trial | None) -> list[readers.Unread]:
    """The languages of these drafts that want a native speaker before they really leave."""
    if form is None or trial is None or not trial.made:
        return []
    many = dict(trial.languages)
    found = readers.unread_languages(session(), campaign().id, only=[int(form.template.data)])
    return [replace(one, targets=many[one.language]) for one in found if one.language in many]


def _page(
    offer: Offer,
    form: ComposeForm | None,
    *,
    trial: examples.Trial | None = None,
    lacking: Sequence[gaps.Missing] = (),
    total: int = 0,
    sharing: Sequence[Sharing] = (),
    missing: dict[str, Any] | None = None,
) -> str:
    follows, target = offer.follows, offer.target
    if follows is not None:
        heading = _("Write a reminder to %(name)s", name=follows.recipient)
    elif target is not None:
        heading = _("Write to %(name)s", name=target.name)
    else:
        heading = _("Write to an audience")
    return render_template(
        "pages/letters/compose.html",
        heading=heading,
        missing=missing,
        form=form,
        target=target,
        trial=trial,
        lacking=lacking,
        left_out=reasons(trial.left_out) if trial else [],
        limit=campaign().most_alike,
        unread=_unread(form, trial),
        total=total,
        sharing=sharing,
        undecided=bool(sharing) and form is not None and not form.desks.data,
        chosen_values=_sent(offer, form),
    )


def _sent(offer: Offer, form: ComposeForm | None) -> list[tuple[str, Any]]:
    """Return what was chosen, to be sent along with the button that makes the drafts."""
    if form is None:
        return [(name, value) for name, value in request.args.items() if name != "look"]
    sent = [
        (field.name, field.data)
        for field in form
        if field.name not in ("csrf_token", "target", "follows") and field.data is not None
    ]
    sent += [("target", offer.target.id)] if offer.target else []
    return [*sent, ("follows", offer.follows.id)] if offer.follows else sent
