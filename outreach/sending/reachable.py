"""The gate's questions about whom a letter goes to, and by which address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from outreach.directory.identity import RuleKind
from outreach.directory.models import ContactDetail, ContactKind
from outreach.directory.offices import BY_HAND, HOME, USABLE, first_day
from outreach.petitions.figures import base
from outreach.sending.reasons import Reason, Stop, Wait, letter_page, target_page
from outreach.sending.situation import Situation
from outreach.words import N_, Language, Sentence


def no_address(at: Situation) -> list[Reason]:
    """A letter needs a way to go."""
    if at.letter.channel and at.letter.address:
        return []
    return [
        Stop(
            Sentence("We know no address for this desk."), target_page(at, N_("Add one and check"))
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
    return [Stop(words, letter_page(at, N_("Open the letter")), by_hand=True)]


def suppressed(at: Situation) -> list[Reason]:
    """Law 8: an objection holds for every campaign of the house."""
    return [
        Stop(
            Sentence("Nobody may write there: %(reason)s", reason=suppression.reason),
            target_page(at, N_("See why")),
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
        return [Stop(words, letter_page(at, N_("Change the letter, or write a new one")))]
    if all(detail.purpose == HOME for detail in usable):
        words = Sentence("This is a private address: nobody is written to at home.")
        return [Stop(words, letter_page(at, N_("Change the letter, or write a new one")))]
    if not any(at.shelf.holds(detail, at.today) for detail in usable):
        return [Stop(_unchecked(at, usable), target_page(at, N_("Check it")))]
    back = at.came_back_on
    if back and not any(detail.verified_on and detail.verified_on > back for detail in usable):
        words = Sentence("A letter to this address came back, and nobody has checked it since.")
        return [Stop(words, target_page(at, N_("Check it")))]
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
    return [Stop(words, target_page(at, N_("See what they asked"))) for words in found]


def still_in_office(at: Situation) -> list[Reason]:
    """Law 8: not to somebody who has left or died, nor before they take the post."""
    if at.died:
        return [
            Stop(
                Sentence("%(name)s has died (%(day)s).", name=at.target.name, day=at.died),
                target_page(at, N_("See who follows")),
            )
        ]
    if at.held_from is not None and at.held_from > at.today:
        until = at.campaign.start_of(at.held_from)
        return [Wait(Sentence("%(name)s does not hold this post yet.", name=at.target.name), until)]
    ends = first_day(at.target.ended_on, at.held_until, at.body_until)
    if ends is None or ends > at.today:
        return []
    return [
        Stop(
            Sentence("%(name)s no longer holds this post.", name=at.target.name),
            target_page(at, N_("See who follows")),
        )
    ]
