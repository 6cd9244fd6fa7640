"""Every name a letter's text may use: what it stands for, a sample, whether it can be empty.

The list in `templates/letters/README.md` is checked against this table by a test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from outreach.words import N_


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One name. `optional`: it may be empty, so the text must ask `{% if … %}` first.

    `asked_only`: it may stand in `{% if … %}` and nowhere else.
    """

    name: str
    meaning: str
    sample: str
    optional: bool = False
    asked_only: bool = False


PLACEHOLDERS: tuple[Placeholder, ...] = (
    Placeholder("recipient.name", N_("name of the person or body we write to"), "Maria Example"),
    Placeholder(
        "recipient.salutation",
        N_(
            "the form of address; it opens every letter by itself, and a text that uses this name "
            "says itself where it stands"
        ),
        "Dear Minister",
    ),
    Placeholder(
        "recipient.office",
        N_("the office the person holds, as the directory calls it"),
        "Minister for Foreign Affairs",
        optional=True,
    ),
    Placeholder(
        "recipient.body",
        N_("the ministry, chamber or committee, in the letter's language if we know it"),
        "House of Commons",
    ),
    Placeholder("recipient.group", N_("the parliamentary group"), "Example Group", optional=True),
    Placeholder(
        "recipient.constituency", N_("the electoral district"), "Example East", optional=True
    ),
    Placeholder(
        "recipient.committee",
        N_(
            "the committee on foreign affairs, human rights, justice or security they sit on now, "
            "or the one they chair"
        ),
        "Foreign Affairs Committee",
        optional=True,
    ),
    Placeholder(
        "recipient.role",
        N_("the part the recipient plays: minister, ministry, member_lower, mep …"),
        "minister",
        asked_only=True,
    ),
    Placeholder(
        "jurisdiction.name", N_("the country or body, in the letter's language"), "Lithuania"
    ),
    Placeholder("jurisdiction.code", N_("two letters, EU or PACE"), "LT", asked_only=True),
    Placeholder(
        "jurisdiction.eu_member",
        N_("yes if the country is a member of the European Union"),
        "yes",
        asked_only=True,
    ),
    Placeholder(
        "jurisdiction.assembly",
        N_("yes for an assembly of several countries, such as PACE: it has no government"),
        "yes",
        asked_only=True,
    ),
    Placeholder(
        "jurisdiction.has_measures",
        N_("yes if we know of something they, or the Union they belong to, have done already"),
        "yes",
        asked_only=True,
    ),
    Placeholder(
        "measures",
        N_("what they have done already, as sentences with day and source"),
        "Canada listed the head of the unit (Canada Gazette, 24 January 2025).",
        optional=True,
    ),
    Placeholder(
        "precedent",
        N_("a decision of that country, or of its Union, that shows it can be done"),
        "On 19 June 2024 Canada listed a state body of another country as a terrorist entity.",
        optional=True,
    ),
    Placeholder(
        "instrument.name",
        N_(
            "the country's own law for a listing; fits after “under”, “nach”, “en vertu de”; "
            "empty where there is only the Union's"
        ),
        "section 3 of the Terrorism Act 2000",
        optional=True,
    ),
    Placeholder(
        "instrument.authority",
        N_("who decides under that law, with its article, as the subject of a sentence"),
        "the Home Secretary",
        optional=True,
    ),
    Placeholder(
        "tool.question",
        N_("what a written question is called in that parliament"),
        "Schriftliche Einzelfrage",
        optional=True,
    ),
    Placeholder(
        "tool.motion",
        N_("what a motion is called in that parliament"),
        "Antrag",
        optional=True,
    ),
    Placeholder(
        "stance.position",
        N_("where they stand on this ask, if we know: support, undecided, oppose …"),
        "support",
        asked_only=True,
    ),
    Placeholder(
        "ask.code", N_("which of the asks this recipient can take"), "D2a", asked_only=True
    ),
    Placeholder(
        "demand.wording",
        N_("the demand of the petition that the ask serves, as a clause"),
        "to recognise state terrorism",
        optional=True,
    ),
    Placeholder(
        "signatures",
        N_(
            "how many have signed, as a sentence with its day and a round number that is surely "
            "exceeded; empty without an accepted count"
        ),
        "As of 3 March 2026, more than 12,000 people had signed the petition.",
        optional=True,
    ),
    Placeholder(
        "signatures_exact",
        N_("the same with the very number"),
        "As of 3 March 2026, 12,345 people had signed the petition.",
        optional=True,
    ),
    Placeholder("petition.author", N_("who wrote the petition"), "StopHvalt"),
    Placeholder("sender.name", N_("who signs"), "Example Association"),
    Placeholder("sender.role", N_("the line under the name"), "Chair", optional=True),
    Placeholder(
        "sender.is_person",
        N_("yes if the sender says “I”, no if it says “we”"),
        "no",
        asked_only=True,
    ),
    Placeholder(
        "variant",
        N_("a, b or c: which alternative this letter carries, so that one body gets no two alike"),
        "a",
        asked_only=True,
    ),
    Placeholder(
        "variant2",
        N_(
            "a, b or c as well, chosen for itself: alternatives in two places of a text make nine"
            " letters, in three places 27, in four 81"
        ),
        "b",
        asked_only=True,
    ),
    Placeholder("variant3", N_("the same for a third place"), "c", asked_only=True),
    Placeholder("variant4", N_("the same for a fourth place"), "a", asked_only=True),
    Placeholder("letter.code", N_("the reference code of this letter"), "7K4-Q2M"),
    Placeholder(
        "previous.date",
        N_("the day an earlier letter left; for a reminder, the first one"),
        "3 March 2026",
        optional=True,
    ),
    Placeholder(
        "previous.subject",
        N_("the subject of that letter, if it was in this language"),
        "Question on the listing of OMON of Belarus and GUBOPiK",
        optional=True,
    ),
    Placeholder(
        "previous.code",
        N_("the reference code of that letter"),
        "7K4-Q2M",
        optional=True,
    ),
    Placeholder(
        "previous.signatures",
        N_("the sentence about signatures that letter told them, if it was in this language"),
        "As of 3 March 2026, 12,345 people had signed.",
        optional=True,
    ),
    Placeholder(
        "previous.answered",
        N_("what kind of answer came to that letter, if one came"),
        "noncommittal",
        asked_only=True,
    ),
    Placeholder(
        "correction.said",
        N_("the words about the fact that they were sent (corrections only)"),
        "More than 12,345 people were held (as of 3 March 2026; an office, a report).",
        optional=True,
    ),
    Placeholder(
        "correction.now",
        N_("what the fact says today; empty when it no longer holds (corrections only)"),
        "More than 12,300 people were held (as of 3 March 2026; an office, a report).",
        optional=True,
    ),
    Placeholder(
        "correction.date",
        N_("the day the letter with those words left (corrections only)"),
        "3 March 2026",
        optional=True,
    ),
)

# `fact.R02`: the sentence of a fact with its date and source; `fact.DEF_931` is fact DEF-931.
FACT = re.compile(r"fact\.([A-Z][A-Za-z0-9_]*)")
FACT_MEANING = N_("the fact with that code, as a sentence with date and source")
FACT_SAMPLE = "fact.R02"

# `ref("…")` and `date("…")` let a legal reference or a date of the text itself carry digits.
MARKS = ("ref", "date")

# The places of a text that may have alternatives; a letter's own are `models.Letter.variant`.
ALTERNATIVES = ("variant", "variant2", "variant3", "variant4")

BY_NAME: dict[str, Placeholder] = {entry.name: entry for entry in PLACEHOLDERS}


def is_known(name: str) -> bool:
    """Return whether a letter's text may use `name` (dotted)."""
    return name in BY_NAME or FACT.fullmatch(name) is not None


def fact_name(code: str) -> str:
    """Return the name a text uses for the fact `code`: `DEF-931` is `fact.DEF_931`."""
    return "fact." + code.replace("-", "_")


def fact_code(name: str) -> str | None:
    """Return the code of the fact that the dotted `name` stands for, or None for other names."""
    found = FACT.fullmatch(name)
    return found.group(1).replace("_", "-") if found else None


def nearest(name: str) -> str | None:
    """Return the known name most like the misspelt `name`, or None when none is alike."""
    known = [*BY_NAME, FACT_SAMPLE, *MARKS]
    found = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=50)
    return found[0] if found else None
