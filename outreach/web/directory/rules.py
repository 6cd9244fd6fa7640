"""What somebody asked of us: entered and lifted on the page of a target."""

from __future__ import annotations

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts import roles
from outreach.database import transaction
from outreach.directory import rules
from outreach.directory.identity import ContactRule, RuleKind
from outreach.directory.queries import target_with_everything
from outreach.errors import BadInput, NotFound, Refused
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.asked import rule_form
from outreach.web.directory.blueprint import bp, to_target
from outreach.web.directory.target import target_page
from outreach.web.filters import say
from outreach.words import Sentence


@bp.post("/directory/targets/<int:target_id>/rules")
@needs("directory.write")
def add_rule(target_id: int) -> str | Response | tuple[str, int]:
    """Keep that a target wants one language, one way, or no letter."""
    session = access.session()
    found = target_with_everything(session, target_id)
    form = rule_form(found, fresh=False)
    if form.validate_on_submit():
        kind = RuleKind(form.kind.data)
        values = {RuleKind.LANGUAGE: form.language.data, RuleKind.CHANNEL: form.channel.data}
        try:
            with transaction(session):
                rules.add_rule(
                    session,
                    found,
                    kind=kind,
                    value=values.get(kind) or "",
                    source=form.source.data,
                    said_on=form.said_on.data,
                    by=access.actor(),
                    now=access.now(),
                )
        except BadInput as error:
            form.show(error)
        except Refused as error:
            form.form_errors.append(say(error.sentence))
        else:
            flash(_("Kept. Letters that go against it can't leave any more."), "success")
            return to_target(target_id)
    return target_page(found, asking=form), 422


@bp.post("/directory/targets/<int:target_id>/rules/<int:rule_id>/lift")
@needs("directory.write")
def lift_rule(target_id: int, rule_id: int) -> Response:
    """Let a rule no longer stand. Whoever wants no letter at all, an organiser decides about."""
    session = access.session()
    found = target_with_everything(session, target_id)
    rule = session.get(ContactRule, rule_id)
    if rule is None or rule not in rules.standing_rules(session, found):
        raise NotFound(Sentence("This no longer stands."))
    if rule.kind is RuleKind.NEVER:
        roles.require(access.actor(), "directory.suppress")
    with transaction(session):
        rules.lift_rule(
            session,
            rule,
            reason=request.form.get("reason", ""),
            by=access.actor(),
            now=access.now(),
        )
    flash(_("It no longer stands."), "success")
    return to_target(target_id)
