"""The letter an address names, and the way back to its page."""

from __future__ import annotations

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from outreach.errors import NotFound, OutreachError
from outreach.letters import queries
from outreach.letters.models import Letter
from outreach.web.access import campaign, session
from outreach.web.filters import say
from outreach.words import Sentence


def this_letter(letter_id: int) -> Letter:
    """Return a letter of the current campaign. Raises NotFound."""
    letter = queries.letter_with_everything(session(), letter_id)
    if letter.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such letter in this campaign."))
    return letter


def all_of(error: OutreachError) -> str:
    """Return what a refusal says, with every reason it gives."""
    return " ".join(map(say, (error.sentence, *getattr(error, "reasons", ()))))


def back(letter_id: int, words: str) -> Response:
    """Go back to the letter's page, which says `words`: nothing was changed."""
    flash(words, "error")
    return to_letter(letter_id)


def to_letter(letter_id: int) -> Response:
    """Go to the letter's page."""
    return redirect(url_for("letters.letter", letter_id=letter_id))
