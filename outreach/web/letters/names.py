"""The names a letter's text may use, as pages list and offer them."""

from __future__ import annotations

from typing import Any

from outreach.letters import placeholders
from outreach.petitions import facts
from outreach.petitions.models import Use
from outreach.web.access import campaign, now, session
from outreach.web.filters import say


def names_for(language: str) -> list[dict[str, Any]]:
    """Return every name with meaning and sample, then the campaign's facts with their sentence.

    A fact that can't be printed in `language` today says why instead.
    """
    named = [
        {
            "name": one.name,
            "meaning": say(one.meaning),
            "sample": one.sample,
            "optional": one.optional,
            "asked_only": one.asked_only,
        }
        for one in placeholders.PLACEHOLDERS
    ]
    today = now().date()
    usable = [one for one in facts.facts(session(), campaign().id) if one.use is not Use.AVOID]
    # Those that can be printed stand first.
    refused = {one.code: facts.refusal(one, language, today=today) for one in usable}
    return named + [
        {
            "name": placeholders.fact_name(one.code),
            "meaning": one.statement,
            "sample": say(refused[one.code]) or facts.sentence(one, language, today=today),
            "optional": False,
            "asked_only": False,
        }
        for one in sorted(usable, key=lambda one: refused[one.code] is not None)
    ]
