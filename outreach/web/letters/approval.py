"""Who approved which words of a letter, when, as read or with others after a sample."""

from __future__ import annotations

import sqlalchemy as sa
from flask import render_template
from flask_babel import gettext as _

from outreach.accounts import audit
from outreach.letters.models import Letter
from outreach.letters.reviewing import ApprovalRound
from outreach.letters.sealing import seal_of
from outreach.web.access import needs, session
from outreach.web.filters import instant, word
from outreach.web.letters import panels
from outreach.web.letters.blueprint import bp
from outreach.web.letters.letter import this_letter


@bp.get("/letters/<int:letter_id>/approval")
@needs("letters.read")
def approval(letter_id: int) -> str:
    """Who approved which words of a letter, when, as read or as one of many."""
    shown = this_letter(letter_id)
    events = audit.history(session(), "letter", shown.id)
    one = session().get(ApprovalRound, shown.approval_round_id) if shown.approval_round_id else None
    sample = (
        session().scalars(sa.select(Letter).where(Letter.id.in_(one.sample))).all() if one else ()
    )
    return render_template(
        "pages/letters/approval.html",
        letter=shown,
        whole=shown.seal is not None and shown.seal == seal_of(session(), shown),
        about=_about(shown, one),
        round=one,
        sample=sample,
        history=[
            panels.happened(event)
            for event in events
            if event.name in ("approve", "edited") or "void" in event.detail
        ],
    )


def _about(shown: Letter, one: ApprovalRound | None) -> list[tuple[str, str]]:
    rows = [
        (_("Approved by"), shown.approved_by or ""),
        (_("When"), instant(shown.approved_at)),
        (_("Approved as"), word(shown.approved_as)),
        (_("Seal"), shown.seal or ""),
    ]
    if one is not None:
        rows += [
            (_("Round"), str(one.id)),
            (_("Sample picked"), instant(one.at)),
            (_("Seal shown in the table"), one.seals.get(str(shown.id), "")),
        ]
    if shown.alike_because:
        rows.append((_("Alike, let pass because"), shown.alike_because))
    if shown.self_approved_under:
        rows.append((_("Author and approver are one, under"), shown.self_approved_under))
    return rows
