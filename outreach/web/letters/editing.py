"""Changing the words of one letter by hand."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.errors import BadInput, MoveRefused
from outreach.letters import editing
from outreach.letters.diff import differences
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.web.access import actor, needs, now, session
from outreach.web.filters import say
from outreach.web.letters.blueprint import bp
from outreach.web.letters.letter import this_letter
from outreach.web.letters_forms import EditForm


@bp.get("/letters/<int:letter_id>/edit")
@needs("letters.write")
def edit(letter_id: int) -> Response | str:
    """The words of a draft, to be changed by hand."""
    shown = this_letter(letter_id)
    if shown.state is not State.DRAFT:
        flash(_("Only a draft can be edited. Choose “Change the letter” or take it back."), "info")
        return redirect(url_for("letters.letter", letter_id=letter_id))
    form = EditForm(formdata=None, data=_saved(shown))
    return _page(shown, form)


@bp.post("/letters/<int:letter_id>/edit")
@needs("letters.write")
def save_words(letter_id: int) -> Response | str | tuple[str, int]:
    """Save the words, or with `preview` show what changed and save nothing."""
    shown = this_letter(letter_id)
    form = EditForm()
    if not form.validate_on_submit():
        return _page(shown, form), 422
    if "preview" in request.form:
        return _page(shown, form)
    try:
        with transaction(session()):
            editing.edit(
                session(),
                shown,
                subject=form.subject.data,
                text=form.text.data,
                seen=form.seen.data or "",
                by=actor(),
                now=now(),
            )
    except BadInput as error:
        form.show(error)
        return _page(this_letter(letter_id), form), 422
    except MoveRefused as error:
        # Their words stay on the page, against what is saved now, so that nothing typed is lost.
        form.form_errors.append(say(error.sentence))
        return _page(this_letter(letter_id), form), 409
    flash(_("Saved. Read it once more as it would leave, then submit it for approval."), "success")
    return redirect(url_for("letters.letter", letter_id=letter_id))


def _saved(shown: Letter) -> dict[str, str]:
    return {
        "subject": shown.subject,
        "text": shown.text,
        "seen": editing.fingerprint(shown),
    }


def _page(shown: Letter, form: EditForm) -> str:
    typed = (form.subject.data or "", (form.text.data or "").replace("\r\n", "\n"))
    changed = typed != (shown.subject, shown.text)
    return render_template(
        "pages/letters/edit.html",
        letter=shown,
        form=form,
        subject_pieces=differences(shown.subject, typed[0]) if changed else (),
        pieces=differences(shown.text, typed[1]) if changed else (),
    )
