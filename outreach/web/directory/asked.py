"""What the page of a target shows of rules and proposals, and the forms to enter them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from outreach.directory import offices, proposals, rules
from outreach.directory.identity import RuleKind
from outreach.directory.models import ContactDetail, ContactState, Jurisdiction, Target
from outreach.directory.wishes import Wish
from outreach.web import access
from outreach.web.directory.verifying_forms import ProposalForm, RuleForm


def around(
    found: Target,
    details: Sequence[ContactDetail],
    *,
    asking: RuleForm | None = None,
    proposing: ProposalForm | None = None,
) -> dict[str, Any]:
    """Return what the page of `found` needs: its rules, open proposals, and both forms."""
    session = access.session()
    wish = Wish(tuple(rules.standing_rules(session, found)))
    return {
        "wish": wish,
        "best": None if wish.never else offices.best_of(details, only=wish.channel),
        "proposals": proposals.proposals_for(session, found, reader=access.actor()),
        "asking": asking or rule_form(found),
        "proposing": proposing or proposal_form(details),
    }


def rule_form(found: Target, *, fresh: bool = True) -> RuleForm:
    """Return the form for what a target asks: empty, or (`fresh` false) with what was sent."""
    today = access.now().date()
    form = (
        RuleForm(
            formdata=None,
            prefix="rule",
            said_on=today,
            language=found.language,
            kind=RuleKind.LANGUAGE.value,
        )
        if fresh
        else RuleForm(prefix="rule")
    )
    spoken = access.session().scalars(sa.select(Jurisdiction.languages))
    form.offer({found.language, *(code for codes in spoken for code in codes)})
    return form


def proposal_form(details: Sequence[ContactDetail], *, fresh: bool = True) -> ProposalForm:
    """Return the form for a correction: empty, or (`fresh` false) with what was sent."""
    form = (
        ProposalForm(formdata=None, prefix="proposal") if fresh else ProposalForm(prefix="proposal")
    )
    known = [d for d in details if d.state is not ContactState.WITHDRAWN]
    form.offer([(str(d.id), d.value) for d in known], _("One is missing"))
    return form
