"""What can keep a letter from leaving, as small functions that each say nothing, Wait or Stop.

A Wait passes by itself: the letter stays scheduled. A Stop needs a person: the letter is held.
The same gate speaks when a letter is scheduled and when it is claimed; every reason is given at
once, so that nobody mends one only to meet the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from outreach.accounts.demonstration import is_reserved
from outreach.directory.models import ContactKind
from outreach.letters import claims, numbers
from outreach.letters.lifecycle import SEALED, State
from outreach.letters.models import Letter, LetterKind
from outreach.sending import desks
from outreach.sending.reachable import (
    address_good,
    by_hand,
    no_address,
    still_in_office,
    suppressed,
    wished,
)
from outreach.sending.reasons import Mend, Reason, Stop, Wait, letter_page
from outreach.sending.situation import Situation, look_at_many
from outreach.words import N_, Language, Sentence

# Kinds that need a free desk; answers, thanks and corrections only need an organiser (law 7).
COOLED = desks.COOLED

Found = tuple[tuple[Stop, ...], tuple[Wait, ...]]
# Letters that are asked about together: a list of that many ids is still a short query.
TOGETHER = 500


def reasons(session: Session, letter: Letter, *, now: dt.datetime) -> Found:
    """Return everything that keeps `letter` from leaving at `now`, as (stops, waits)."""
    return reasons_of_many(session, [letter], now=now)[letter.id]


def reasons_of_many(
    session: Session, letters: Sequence[Letter], *, now: dt.datetime
) -> dict[int, Found]:
    """Return {letter id: what `reasons` says of it}, in a fixed number of queries per 500."""
    found: dict[int, Found] = {}
    for start in range(0, len(letters), TOGETHER):
        some = look_at_many(session, letters[start : start + TOGETHER], now=now)
        found.update((letter_id, judged(situation)) for letter_id, situation in some.items())
    return found


def judged(situation: Situation) -> Found:
    """Ask every question of the gate."""
    found = [reason for ask in GATE for reason in ask(situation)]
    if not found:
        return (), ()
    return (
        tuple(reason for reason in found if isinstance(reason, Stop)),
        tuple(reason for reason in found if isinstance(reason, Wait)),
    )


# -- the questions, one function each; those about the address are in `reachable` ---------------


def not_fictional(at: Situation) -> list[Reason]:
    """Law 10: once live, nothing made up and no reserved domain is written to, or signs."""
    if at.campaign.rehearsing:
        return []
    found: list[Reason] = []
    if at.target.demonstration:
        found.append(Stop(Sentence("This target is part of the demonstration, not a real desk.")))
    if at.letter.channel is ContactKind.EMAIL and is_reserved(at.letter.address):
        found.append(Stop(Sentence("The address is at a domain reserved for examples.")))
    if at.sender.demonstration or is_reserved(at.sender.from_address):
        found.append(
            Stop(
                Sentence("The sender is an example: nobody could answer."),
                (N_("Set up a sender"), "campaign.settings", {}),
            )
        )
    return found


def running(at: Situation) -> list[Reason]:
    """The red button stops every letter."""
    if at.campaign.paused_at is None:
        return []
    return [
        Wait(Sentence("The campaign is paused by %(name)s.", name=at.campaign.paused_by or "?"))
    ]


def way_out(at: Situation) -> list[Reason]:
    """A letter that really leaves needs a mail account that takes it."""
    if at.way is None or at.way.why is None:
        return []
    return [Wait(at.way.why, at.way.until, (N_("Look at the mail accounts"), "mail.accounts", {}))]


def domain_open(at: Situation) -> list[Reason]:
    """Nothing goes to a domain that refused what this campaign writes, until somebody looked."""
    if at.stopped is None:
        return []
    words = Sentence(
        "The servers of %(domain)s refused our letters again and again: %(words)s",
        domain=at.stopped.domain,
        words=at.stopped.words,
    )
    return [Wait(words, None, (N_("Look, then let letters go there again"), "mail.accounts", {}))]


def desk_free(at: Situation) -> list[Reason]:
    """Law 7: between two letters to one desk lie some working days, whatever the campaign."""
    until = at.quiet_until
    if at.letter.kind not in COOLED or until is None or until <= at.now:
        return []
    if at.lately is None:
        return [Wait(Sentence("This desk had a letter from us lately and rests."), until)]
    # Who does not belong to the other campaign learns no more than the day.
    here = at.lately.campaign_id == at.campaign.id
    day = at.campaign.day_of(at.lately.at)
    words = (
        Sentence("This desk had a letter from us on %(day)s and rests.", day=day)
        if here
        else Sentence("Another campaign of this house wrote to this desk on %(day)s.", day=day)
    )
    thread: dict[str, Any] = {"office_id": at.letter.office_id}
    thread |= {} if here else {"campaign": at.lately.campaign_id}
    return [Wait(words, until, (N_("See what was written"), "replies.thread", thread))]


def still_unanswered(at: Situation) -> list[Reason]:
    """A reminder needs a letter that went, that nobody answered, and that is not parked."""
    # One that came back, and that this is written instead of, reminds nobody.
    before = [one for one in at.follows if one.id != at.letter.instead_of_id]
    if at.letter.kind is not LetterKind.REMINDER or not before:
        return []
    if before[0].state not in (State.SENT, State.UNKNOWN):
        return [Stop(Sentence("The letter this reminds of did not go."))]
    if any(one.rehearsal is not at.campaign.rehearsing for one in at.follows):
        return [Stop(Sentence("The letter this reminds of was only rehearsed."))]
    # An answer to any of them answers the whole correspondence.
    if any(one.answered_on is not None for one in at.follows):
        return [Stop(Sentence("They have answered, so there is nothing to remind them of."))]
    if any(one.closed_on is not None for one in at.follows):
        return [Stop(Sentence("This ask is closed, so there is nothing to remind them of."))]
    if any(one.unread_since is not None for one in at.follows):
        return [Wait(Sentence("An answer has come that nobody has read yet."))]
    parked = [one.parked_until for one in at.follows if one.parked_until is not None]
    if parked and max(parked) > at.today:
        until = at.campaign.start_of(max(parked))
        return [Wait(Sentence("The reminder is parked."), until)]
    return []


def sender_in_use(at: Situation) -> list[Reason]:
    """Nothing leaves in the name of somebody who no longer signs."""
    if at.sender.active:
        return []
    words = Sentence("The sender %(name)s is out of use.", name=at.sender.name)
    return [Stop(words, (N_("Look at the senders"), "campaign.settings", {}))]


def approved_for_this(at: Situation) -> list[Reason]:
    """Law 10: an approval in rehearsal lets nothing really leave, whatever was on its way then."""
    approved_at, live_at = at.letter.approved_at, at.campaign.live_at
    if approved_at is None or live_at is None or approved_at >= live_at:
        return []
    return [
        Stop(
            Sentence("It was approved while the campaign rehearsed."),
            letter_page(at, N_("Open it, look and approve again")),
        )
    ]


def read_by_a_native_speaker(at: Situation) -> list[Reason]:
    """Words no native speaker has read may be rehearsed, not sent."""
    if at.campaign.rehearsing or at.version.read_by:
        return []
    mend = (N_("Record who read it"), "letters.template", {"template_id": at.version.template_id})
    return [Stop(Sentence("No native speaker has read this text yet."), mend)]


def greeting_read(at: Situation) -> list[Reason]:
    """A form of address no native speaker has read may be rehearsed, not sent."""
    if at.campaign.rehearsing or at.unread is None:
        return []
    block = at.unread.block
    words = Sentence(
        "No native speaker has read yet how letters in this language (%(language)s) address this "
        "office.",
        language=Language(block.language),
    )
    page = "directory.forms_of_address_in", {"language": block.language}
    return [Stop(words, (N_("Record who read it"), *page))]


def seal_whole(at: Situation) -> list[Reason]:
    """Law 3: what was approved is what leaves."""
    if at.letter.state not in SEALED or at.seal == at.letter.seal:
        return []
    return [
        Stop(
            Sentence("Something in this letter changed after it was approved."),
            letter_page(at, N_("Open it, look and approve again")),
        )
    ]


def facts_good(at: Situation) -> list[Reason]:
    """Law 5: a fact that no longer holds, or clashes with another, stops who quotes it."""
    found: list[Reason] = []
    for quotation, fact in at.facts:
        words = claims.problem(quotation, fact, at.letter.language, today=at.today)
        if words:
            mend = (N_("Look at the fact"), "petitions.fact", {"code": fact.code})
            found.append(Stop(words, mend))
    clashes = claims.conflicting([fact for _, fact in at.facts], {})
    return found + [
        Stop(one, (N_("Look at the facts"), "petitions.all_facts", {})) for one in clashes
    ]


def readings_good(at: Situation) -> list[Reason]:
    """Law 5: a fall of the count, a refused or an old reading stops; a rise changes nothing."""
    mend: Mend = (N_("Look at the counts"), "petitions.readings", {})
    found = numbers.problems(at.readings, at.count, at.campaign, today=at.today)
    return [Stop(words, mend) for words in found]


def rest_of_mailing(at: Situation) -> list[Reason]:
    """The first few letters of a mailing go ahead; the rest waits for what comes back."""
    trial = at.trial
    if trial is None or at.letter.id in trial.ids or trial.over(at.now):
        return []
    first = len(trial.ids)
    mend = N_("Look, then let the rest go"), "letters.mailing", {"mailing_id": at.letter.mailing_id}
    if trial.held_back:
        words = Sentence(
            "%(back)s of the first %(number)s letters of this mailing came back.",
            back=trial.came_back,
            number=first,
        )
        return [Wait(words, None, mend)]
    if not trial.gone and not trial.to_go:
        words = Sentence("None of the letters of this mailing that were to go first went.")
        return [Wait(words, None, mend)]
    words = Sentence(
        "The first %(number)s letters of this mailing go first; "
        "the rest waits %(hours)s hours for what comes back.",
        number=first,
        hours=trial.hours,
    )
    return [Wait(words, trial.until)]


GATE: tuple[Callable[[Situation], Sequence[Reason]], ...] = (
    no_address,
    by_hand,
    suppressed,
    wished,
    address_good,
    still_in_office,
    not_fictional,
    sender_in_use,
    approved_for_this,
    read_by_a_native_speaker,
    greeting_read,
    seal_whole,
    facts_good,
    readings_good,
    still_unanswered,
    running,
    way_out,
    domain_open,
    rest_of_mailing,
    desk_free,
)
