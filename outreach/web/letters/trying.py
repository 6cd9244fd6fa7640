"""Words that are being written, shown as somebody would get them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from outreach.accounts.models import Sender
from outreach.accounts.senders import senders
from outreach.directory.models import TargetRole
from outreach.letters import audiences, placeholders, preview, versions
from outreach.letters.checks.words import body_words, length_for
from outreach.letters.models import Audience, Template
from outreach.letters.wording import VARIANTS
from outreach.web.access import campaign, now, session
from outreach.web.filters import say

# How many of those for whom a text fails are named.
MOST_NAMED = 10


def shown(
    template: Template, language: str, subject: str, body: str, chosen: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the preview of a text shows, and what can be chosen in it.

    `chosen` holds audience, who, q, sender and variant as the form sends them.
    """
    signing = [one for one in senders(session(), campaign().id) if one.active]
    saved = audiences.audiences_of(session(), campaign().id)
    audience = next((one for one in saved if str(one.id) == chosen.get("audience")), None)
    sender = next((one for one in signing if str(one.id) == chosen.get("sender")), None)
    words = preview.Words(language, *versions.tidy(subject, body))
    found: dict[str, Any] = {
        "language": language,
        "audiences": saved,
        "audience": audience,
        "senders": signing,
        "sender": sender or next(iter(signing), None),
        "who": chosen.get("who", ""),
        "q": chosen.get("q", ""),
        "variants": VARIANTS if "variant" in body else (),
        "variant": chosen.get("variant") if chosen.get("variant") in VARIANTS else "a",
        "problems": [],
    }
    found["refusal"] = versions.language_problem(language)
    if found["sender"] is None or found["refusal"] is not None:
        return found
    room = _room(template, found["sender"], audience, found["variant"])
    found["special"] = _special(words)
    found["people"] = preview.pickable(room, language, q=found["q"])
    if words.subject or words.body:
        found["problems"] = versions.problems(
            words.subject, words.body, versions.known(session(), campaign().id)
        )
        if not found["problems"]:
            found |= _read(room, words, found["who"])
    return found


def _room(
    template: Template, sender: Sender, audience: Audience | None, variant: str
) -> preview.Room:
    return preview.Room(
        session(),
        campaign(),
        template,
        sender,
        campaign().day_of(now()),
        audiences.filters_of(audience) if audience else None,
        variant,
    )


def _special(words: preview.Words) -> list[tuple[str, str]]:
    """(value, words) of the recipients worth a look, whoever they are."""
    lacks = [
        (
            f"{preview.LACKS}:{name}",
            _(
                "somebody who lacks %(name)s (%(meaning)s)",
                name=name,
                meaning=say(placeholders.BY_NAME[name].meaning),
            ),
        )
        for name in preview.lacking(words)
    ]
    return [
        (preview.LONGEST, _("the longest name")),
        (f"{preview.FORM}:f", _("a woman")),
        (f"{preview.FORM}:m", _("a man")),
        (f"{preview.FORM}:x", _("somebody whose form of address we don't know")),
        *lacks,
    ]


def _read(room: preview.Room, words: preview.Words, who: str) -> dict[str, Any]:
    seen = preview.seen_by(room, words, who)
    failing = preview.failing(room, words)
    found: dict[str, Any] = {
        "seen": seen,
        "failing": failing,
        "failing_named": failing.rows[:MOST_NAMED],
    }
    if seen is not None and seen.worded is not None:
        kind, role = room.template.kind, TargetRole(seen.target.role)
        found["words"] = body_words(seen.worded.text, room.sender.name)
        found["least"], found["most"] = length_for(kind, role, words.language)
    return found
