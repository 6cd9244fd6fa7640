"""Forms of address: how letters greet, what no native speaker has read yet, who read the rest."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from outreach.accounts.roles import may
from outreach.database import transaction
from outreach.directory import salutation_readings as readings
from outreach.directory.identity import SalutationReading
from outreach.directory.models import Confidence, TargetRole
from outreach.directory.salutation_blocks import Block, Form, blocks
from outreach.directory.salutation_examples import Example, examples
from outreach.errors import BadInput, Refused
from outreach.letters.greetings import unsent_by_greeting
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.blueprint import bp
from outreach.web.filters import say
from outreach.words import N_

# What stands in a line where somebody must type what it needs.
GAPS: Mapping[str, str] = {
    "full_name": N_("name"),
    "last_name": N_("family name"),
    "last_name_cap": N_("family name, its prefix with a capital"),
    "given_name": N_("given name"),
    "title_name": N_("peerage title"),
    "formal_title": N_("peerage title in full"),
    "title_prefix": N_("earned title"),
    "honorific": N_("honorific"),
    "office_address": N_("office as it is spoken"),
    "chamber": N_("house"),
    "full_name_gen": N_("name, in the genitive"),
    "full_name_dat": N_("name, in the dative"),
    "full_name_voc": N_("name, in the vocative"),
    "last_name_gen": N_("family name, in the genitive"),
    "last_name_dat": N_("family name, in the dative"),
    "last_name_voc": N_("family name, in the vocative"),
    "office": N_("office in full"),
    "office_gen": N_("office, in the genitive"),
    "office_dat": N_("office, in the dative"),
    "office_voc": N_("office, in the vocative"),
    "portfolio": N_("the minister’s field"),
    "portfolio_gen": N_("the minister’s field, as it follows the office"),
    "country": N_("country"),
    "country_gen": N_("country, as it follows “ambassador”"),
    "de_country": N_("country with its preposition"),
    "institution": N_("institution"),
    "chamber_gen": N_("house, as it follows the office"),
    "chamber_dat": N_("house, in the dative"),
    "group": N_("parliamentary group"),
}
# A body is a house, a committee or a ministry by the role: one word for all of them is enough.
_SAME = {
    "committee_gen": "chamber_gen",
    "committee_dat": "chamber_dat",
    "ministry_gen": "chamber_gen",
    "ministry_dat": "chamber_dat",
}
_GAP = re.compile(r"[‹{](\w+)[^‹›{}]*[›}]")
_SURE = [Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW, Confidence.UNKNOWN]


@dataclass(frozen=True, slots=True)
class Row:
    """A language in the list: how much of it was read, and how many letters wait for that."""

    block: Block
    unread: int
    waiting: int
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Entry:
    """A role of one language: its lines as they print, and who read them."""

    role: TargetRole
    form: Form
    examples: list[Example]
    reading: SalutationReading | None
    waiting: int


@bp.get("/directory/forms-of-address")
@needs("directory.read")
def forms_of_address() -> str:
    """List the languages, those first whose unread lines most letters wait for."""
    read, waiting = readings.readings(access.session()), _waiting()
    rows = []
    for name, block in blocks().items():
        unread = [role for role in block.roles if not _is_read(block, role, read)]
        rows.append(
            Row(
                block,
                len(unread),
                sum(waiting.get((name, role), 0) for role in unread),
                _least_sure(block),
            )
        )
    rows.sort(key=lambda row: (-row.waiting, not row.unread, row.block.name))
    return render_template("pages/directory/forms_of_address.html", rows=rows)


@bp.get("/directory/forms-of-address/<language>")
@needs("directory.read")
def forms_of_address_in(language: str) -> str:
    """Show every line of one language as it prints, those first that letters wait for."""
    return _page(readings.block_called(language), {"read_on": access.now().date().isoformat()}, "")


@bp.post("/directory/forms-of-address/<language>")
@needs(readings.MAY_RECORD)
def record_reader(language: str) -> str | Response | tuple[str, int]:
    """Record which native speaker read the lines that were shown."""
    session, block = access.session(), readings.block_called(language)
    shown = {
        role: request.form.get(f"lines_{role.value}", "")
        for role in block.roles
        if role.value in request.form.getlist("role")
    }
    try:
        with transaction(session):
            done = readings.record(
                session,
                language,
                shown,
                read_by=request.form.get("read_by", ""),
                read_on=_day(request.form.get("read_on", "")),
                by=access.actor(),
                now=access.now(),
            )
    except (BadInput, Refused) as error:
        return _page(block, request.form, say(error.sentence)), 422
    flash(
        ngettext(
            "Recorded for %(num)s office. Its letters no longer wait for a reader.",
            "Recorded for %(num)s offices. Their letters no longer wait for a reader.",
            len(done),
        ),
        "success",
    )
    return redirect(url_for("directory.forms_of_address_in", language=language))


def _page(block: Block, typed: Mapping[str, str], wrong: str) -> str:
    read, waiting = readings.readings(access.session()), _waiting()
    entries = [
        Entry(
            role,
            form,
            examples(block, role),
            read.get((block.language, role)),
            waiting.get((block.language, role), 0),
        )
        for role, form in block.roles.items()
    ]
    entries.sort(key=lambda one: (_is_read(block, one.role, read), -one.waiting))
    return render_template(
        "pages/directory/forms_of_address_in.html",
        block=block,
        entries=entries,
        unread=[one for one in entries if not _is_read(block, one.role, read)],
        typed=typed,
        wrong=wrong,
        lines=_lines,
    )


def _least_sure(block: Block) -> Confidence:
    said = [form.confidence for form in block.roles.values()]
    for form in block.roles.values():
        layers = [*form.overrides.values(), *([form.foreign] if form.foreign else [])]
        said += [layer.confidence for layer in layers if layer.confidence]
    return max(said, key=_SURE.index)


def _lines(text: str) -> Markup:
    """Lines as they print; what somebody must type stands in words of the reader's language."""
    parts = _GAP.split(text)
    shown = [escape(part) for part in parts]
    shown[1::2] = [Markup("<i>‹{}›</i>").format(_in_words(gap)) for gap in parts[1::2]]
    return Markup("<br>").join(Markup("").join(shown).split("\n"))


def _in_words(gap: str) -> str:
    known = GAPS.get(_SAME.get(gap, gap))
    return _(known) if known else gap.replace("_", " ")


def _is_read(
    block: Block, role: TargetRole, read: Mapping[tuple[str, TargetRole], SalutationReading]
) -> bool:
    return bool(block.read_by_native_speaker) or (block.language, role) in read


def _waiting() -> Mapping[tuple[str, TargetRole], int]:
    if not may(access.actor(), "letters.read"):
        return {}
    return unsent_by_greeting(access.session())


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
