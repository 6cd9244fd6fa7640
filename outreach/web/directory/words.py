"""Words of the directory's pages: what parliamentarians can do, what happened to an entry."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from outreach.accounts.models import Event
from outreach.words import N_, Sentence

TOOLS = {
    "written_question": N_("written question"),
    "oral_question": N_("oral question"),
    "oral_question_with_debate": N_("oral question with debate"),
    "parliamentary_question": N_("parliamentary question"),
    "question": N_("question"),
    "question_time": N_("question time"),
    "question_on_notice": N_("question on notice"),
    "order_paper_question": N_("order paper question"),
    "urgent_question": N_("urgent question"),
    "topical_question": N_("topical question"),
    "topical_issue": N_("topical issue"),
    "hearing_question": N_("question at a hearing"),
    "committee_question": N_("question in committee"),
    "minor_interpellation": N_("minor interpellation"),
    "interpellation": N_("interpellation"),
    "deputy_request": N_("request of a deputy"),
    "deputy_appeal": N_("appeal of a deputy"),
    "deputy_question": N_("question of a deputy"),
    "motion": N_("motion"),
    "motion_for_resolution": N_("motion for a resolution"),
    "motion_for_the_agenda": N_("motion for the agenda"),
    "urgency_resolution": N_("urgency resolution"),
    "simple_resolution": N_("simple resolution"),
    "committee_resolution": N_("resolution of a committee"),
    "committee_statement": N_("statement of a committee"),
    "committee_debate": N_("debate in committee"),
    "committee_request": N_("request of a committee"),
    "committee_initiative": N_("initiative of a committee"),
    "committee_inquiry": N_("inquiry of a committee"),
    "committee_report": N_("report of a committee"),
    "supplementary_item": N_("supplementary item"),
    "early_day_motion": N_("early day motion"),
    "adjournment_or_westminster_hall_debate": N_("adjournment or Westminster Hall debate"),
    "member_statement": N_("statement by a member"),
    "written_declaration": N_("written declaration"),
    "report": N_("report"),
    "postulate": N_("postulate"),
    "bill": N_("bill"),
    "budget_or_report_amendment": N_("amendment to a budget or report"),
    "petition": N_("petition to parliament"),
    "letter_to_minister": N_("letter to the minister on somebody's behalf"),
    "letter_to_secretary": N_("letter to the Secretary"),
}

LISTS = {
    "yes": N_("yes"),
    "partly": N_("partly"),
    "no": N_("no"),
    "the law allows it, no entries seen": N_("the law allows it, no entries seen"),
    "a list exists, long unused": N_("a list exists, long unused"),
    "mirrors the lists of EU and UN": N_("mirrors the lists of EU and UN"),
    "only the lists of EU and UN": N_("only the lists of EU and UN"),
    "only the list of the UN": N_("only the list of the UN"),
}

# Fields of a person as imports and locks call them.
FIELD_WORDS = {
    "name": N_("full name"),
    "given_name": N_("given name"),
    "family_name": N_("family name"),
    "title_prefix": N_("earned title"),
    "honorific": N_("honorific"),
    "postnominal": N_("letters after the name"),
    "sort_name": N_("name in lists"),
    "names": N_("names in other languages"),
    "birth_date": N_("day of birth"),
    "death_date": N_("day of death"),
    "form_of_address": N_("form of address"),
    "reading_language": N_("language they read"),
    "contact": N_("address"),
    "membership": N_("seat"),
}

_HAPPENED = {
    "added": N_("added"),
    "verified": N_("checked"),
    "withdrawn": N_("withdrawn"),
    "listed": N_("made a target"),
    "changed": N_("changed by hand"),
    "corrected": N_("put in the place of another"),
    "preferred": N_("put first"),
    "locked": N_("locked against imports"),
    "unlocked": N_("unlocked for imports"),
    "joined": N_("joined with another entry"),
    "joined into": N_("joined into another entry"),
    "taken apart": N_("taken apart again"),
    "told apart": N_("found to be two people"),
    "perhaps one again": N_("perhaps one person after all"),
    "split": N_("a part became another person"),
    "split off": N_("made of a part of another entry"),
    "conflict settled": N_("decided: ours or the source's"),
    "rule_added": N_("asked something of us"),
    "rule_lifted": N_("what they asked no longer stands"),
    "proposed": N_("a correction was suggested"),
    "proposal_accepted": N_("a suggested correction was accepted"),
    "proposal_refused": N_("a suggested correction was refused"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the timeline."""

    at: dt.datetime
    by: str
    text: Sentence
    detail: str


def happened(event: Event) -> Row:
    """Return an event of the directory as a line of the timeline."""
    said = event.detail
    detail = said.get("reason") or said.get("url") or said.get("value") or said.get("name") or ""
    return Row(event.at, event.by, Sentence(_HAPPENED.get(event.name, event.name)), str(detail))
