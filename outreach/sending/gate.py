"""What can keep a letter from leaving, as small functions that each say nothing, Wait or Stop.

A Wait passes by itself: the letter stays scheduled. A Stop needs a person: the letter is held.
The same gate speaks when a letter is scheduled and when it is claimed; every reason is given at
once, so that nobody mends one only to meet the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from outreach.accounts.demonstration import is_reserved
from outreach.directory.identity import RuleKind
from outreach.directory.models import ContactDetail, ContactKind
from outreach.directory.offices import BY_HAND, HOME, USABLE, first_day
from outreach.letters import claims, numbers
from outreach.letters.lifecycle import SEALED, State
from outreach.letters.models import Letter, LetterKind
from outreach.petitions.figures import base
from outreach.sending.situation import Situation, look
from outreach.words import N_, Language, Sentence

# Kinds that need a free desk; answers, thanks and corrections only need an organiser (law 7).
COOLED = frozenset({LetterKind.FIRST, LetterKind.REMINDER})

# (label, endpoint, values) of the page where something can be mended.
Mend = tuple[str, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: passes by itself, at `until` (aware UTC) when that is known."""

    words: Sentence
    until: dt.datetime | None = None
    mend: Mend | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Not like this: a person has to mend it."""

    words: Sentence
    mend: Mend | None = None
    # Set on the one stop that recording a posting by hand does not mind.
    by_hand: bool = False


Reason = Wait | Stop


def reasons(
    session: Session, letter: Letter, *, now: dt.datetime
) -> tuple[tuple[Stop, ...], tuple[Wait, ...]]:
    """Return everything that keeps `letter` from leaving at `now`, as (stops, waits)."""
    situation = look(session, letter, now=now)
    found = [reason for ask in GATE for reason in ask(situation)]
    return (
        tuple(reason for reason in found if isinstance(reason, Stop)),
        tuple(reason for reason in found if isinstance(reason, Wait)),
    )


# -- the questions, one function each ------------------------------------------------------------


def _target_page(at: Situation, label: str) -> Mend:
    return label, "directory.target", {"target_id": at.target.id}


def _letter_page(at: Situation, label: str) -> Mend:
    return label, "letters.letter", {"letter_id": at.letter.id}


def no_address(at: Situation) -> list[Reason]:
    """A letter needs a way to go."""
    if at.letter.channel and at.letter.address:
        return []
    return [
        Stop(
            Sentence("We know no address for this desk."), _target_page(at, N_("Add one and check"))
        )
    ]


def by_hand(at: Situation) -> list[Reason]:
    """The machine fills in no forms and licks no stamps."""
    if at.letter.channel not in BY_HAND:
        return []
    words = (
        Sentence("This goes by hand: copy it into their form, then record it as posted.")
        if at.letter.channel is ContactKind.FORM
        else Sentence("This goes by hand: print it, post it, then record it as posted.")
    )
    return [Stop(words, _letter_page(at, N_("Open the letter")), by_hand=True)]


def suppressed(at: Situation) -> list[Reason]:
    """Law 8: an objection holds for every campaign of the house."""
    return [
        Stop(
            Sentence("Nobody may write there: %(reason)s", reason=suppression.reason),
            _target_page(at, N_("See why")),
        )
        for suppression in at.suppressions
    ]


def address_good(at: Situation) -> list[Reason]:
    """Law 8: never to an address that is gone, bounced, or that nobody checked lately."""
    letter = at.letter
    if not (letter.channel and letter.address):
        return []
    same = [
        detail
        for detail in at.contacts
        if detail.kind is letter.channel
        and letter.address.casefold() in (detail.value.casefold(), detail.normalised.casefold())
    ]
    usable = [detail for detail in same if detail.state in USABLE]
    if not usable:
        words = (
            Sentence("The address is marked as no longer working.")
            if same
            else Sentence("The address is no longer the one we know for this desk.")
        )
        return [Stop(words, _letter_page(at, N_("Change the letter, or write a new one")))]
    if all(detail.purpose == HOME for detail in usable):
        words = Sentence("This is a private address: nobody is written to at home.")
        return [Stop(words, _letter_page(at, N_("Change the letter, or write a new one")))]
    if not any(at.shelf.holds(detail, at.today) for detail in usable):
        return [Stop(_unchecked(at, usable), _target_page(at, N_("Check it")))]
    back = at.came_back_on
    if back and not any(detail.verified_on and detail.verified_on > back for detail in usable):
        words = Sentence("A letter to this address came back, and nobody has checked it since.")
        return [Stop(words, _target_page(at, N_("Check it")))]
    return []


def _unchecked(at: Situation, usable: Sequence[ContactDetail]) -> Sentence:
    """Why nobody vouches for an address: it looks private, was never checked, or not lately."""
    if all(detail.personal for detail in usable):
        return Sentence(
            "This address looks private, and nobody has checked that their own page gives it."
        )
    last = max(usable, key=lambda detail: detail.verified_on or dt.date.min)
    if last.verified_on is None:
        return Sentence("Nobody has checked this address.")
    ended = at.shelf.ended_by_ending(last)
    if ended is not None:
        return Sentence(
            "Nobody has checked this address since the seat it belongs to ended on %(day)s.",
            day=ended,
        )
    return Sentence(
        "This address was checked %(days)s days ago, and the check is too old: "
        "it holds for %(life)s days.",
        days=(at.today - last.verified_on).days,
        life=at.shelf.life(last),
    )


def wished(at: Situation) -> list[Reason]:
    """What they asked of us holds for every campaign: never, this language or this way only."""
    letter = at.letter
    found: list[Sentence] = []
    never = at.wish.rule(RuleKind.NEVER)
    if never is not None:
        found.append(
            Sentence("They asked us not to write to them (%(source)s).", source=never.source)
        )
    language = at.wish.rule(RuleKind.LANGUAGE)
    if language is not None and base(language.value) != base(letter.language):
        found.append(
            Sentence(
                "They read letters in one language only (%(wanted)s), and this one is in another "
                "(%(is_in)s): %(source)s.",
                wanted=Language(language.value),
                is_in=Language(letter.language),
                source=language.source,
            )
        )
    channel = at.wish.rule(RuleKind.CHANNEL)
    if channel is not None and channel.value != letter.channel:
        found.append(
            Sentence(
                "They take letters by one way only (%(wanted)s), and this one goes another: "
                "%(source)s.",
                wanted=ContactKind(channel.value),
                source=channel.source,
            )
        )
    return [Stop(words, _target_page(at, N_("See what they asked"))) for words in found]


def still_in_office(at: Situation) -> list[Reason]:
    """Law 8: not to somebody who has left or died, nor before they take the post."""
    if at.died:
        return [
            Stop(
                Sentence("%(name)s has died (%(day)s).", name=at.target.name, day=at.died),
                _target_page(at, N_("See who follows")),
            )
        ]
    if at.held_from is not None and at.held_from > at.today:
        until = dt.datetime.combine(at.held_from, dt.time(), tzinfo=dt.UTC)
        return [Wait(Sentence("%(name)s does not hold this post yet.", name=at.target.name), until)]
    ends = first_day(at.target.ended_on, at.held_until, at.body_until)
    if ends is None or ends > at.today:
        return []
    return [
        Stop(
            Sentence("%(name)s no longer holds this post.", name=at.target.name),
            _target_page(at, N_("See who follows")),
        )
    ]


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
    until = at.office.quiet_until
    if at.letter.kind not in COOLED or until is None or until <= at.now:
        return []
    return [Wait(Sentence("This desk had a letter from us lately and rests."), until)]


def still_unanswered(at: Situation) -> list[Reason]:
    """A reminder needs a letter that went, that nobody answered, and that is not parked."""
    if at.letter.kind is not LetterKind.REMINDER or not at.follows:
        return []
    if at.follows[0].state not in (State.SENT, State.UNKNOWN):
        return [Stop(Sentence("The letter this reminds of did not go."))]
    if any(one.rehearsal is not at.campaign.rehearsing for one in at.follows):
        return [Stop(Sentence("The letter this reminds of was only rehearsed."))]
    # An answer to any of them answers the whole correspondence.
    if any(one.answered_on is not None for one in at.follows):
        return [Stop(Sentence("They have answered, so there is nothing to remind them of."))]
    if any(one.closed_on is not None for one in at.follows):
        return [Stop(Sentence("This ask is closed, so there is nothing to remind them of."))]
    parked = [one.parked_until for one in at.follows if one.parked_until is not None]
    if parked and max(parked) > at.today:
        until = dt.datetime.combine(max(parked), dt.time(), tzinfo=dt.UTC)
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
            _letter_page(at, N_("Open it, look and approve again")),
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
            _letter_page(at, N_("Open it, look and approve again")),
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
    desk_free,
)
