"""The buttons under a letter: drawn from the table of moves, likely first, harmful apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import url_for

from outreach.accounts.models import Actor, Campaign
from outreach.letters.lifecycle import MOVES, Hand
from outreach.letters.lists import BY_HAND
from outreach.letters.models import Letter
from outreach.letters.moving import possible_moves
from outreach.words import N_

# These have forms of their own: a time, a proof of posting, what became of a lost one.
ELSEWHERE = ("schedule", "move", "post", "confirm_sent", "confirm_unsent")
# Moves of a person that need no more than a press and, some, a reason.
HERE = tuple(
    move.name
    for move in MOVES
    if move.hands & {Hand.AUTHOR, Hand.APPROVER} and move.name not in ELSEWHERE
)
HARMFUL = ("hold", "withdraw")

CONSEQUENCES: Mapping[str, str] = {
    "return": N_("The letter goes back to its author as a draft, with your remark."),
    "revise": N_(
        "The approval is void and the letter becomes a draft again. It needs a new approval."
    ),
    "hold": N_("The letter can't leave until an organiser releases it."),
    "unbounce": N_("The letter counts as sent again. Say how you know."),
    "withdraw": N_(
        "The letter will never be sent. This can't be undone; "
        "its desk becomes free for another letter."
    ),
}

# What happens next, said after the move.
NEXT: Mapping[str, str] = {
    "submit": N_("Submitted. Somebody who did not write it can approve it now."),
    "recall": N_("Taken back. It is a draft again and can be edited."),
    "return": N_("Returned to its author, with your remark."),
    "approve": N_("Approved and frozen. Choose when it goes."),
    "revise": N_("It is a draft again. Edit it, then submit it for a new approval."),
    "unschedule": N_("Taken off the schedule. It stays approved until you choose a new time."),
    "hold": N_("Held. It can't leave until an organiser releases it."),
    "release": N_("Released. It is approved and waits for a time to go."),
    "unbounce": N_("Noted as arrived. An answer can be logged again."),
    "withdraw": N_("Withdrawn. It will not be sent, and its desk is free again."),
}
POST_NEXT = N_("Approved and frozen. This one goes by hand: post it and record that you did.")


@dataclass(frozen=True, slots=True)
class Button:
    """One move somebody may make, as the page draws it."""

    name: str
    url: str
    label: str
    consequence: str
    reason: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """Every move somebody may make with a letter: the likely, the harmful, those with own forms."""

    likely: tuple[Button, ...]
    harmful: tuple[Button, ...]
    elsewhere: frozenset[str]


def bar(letter: Letter, by: Actor, campaign: Campaign) -> Bar:
    """Return the buttons `by` gets under `letter`; nobody gets to approve their own words."""
    moves = possible_moves(letter, by)
    buttons = [
        Button(
            move.name,
            url_for("letters.move", letter_id=letter.id, move=move.name),
            move.label,
            CONSEQUENCES.get(move.name, ""),
            move.reason,
        )
        for move in moves
        if move.name in HERE and not (move.name == "approve" and own_words(letter, by, campaign))
    ]
    # Approving comes before returning, whatever the order of the table.
    likely = sorted(
        (button for button in buttons if button.name not in HARMFUL),
        key=lambda button: button.reason,
    )
    return Bar(
        likely=tuple(likely),
        harmful=tuple(button for button in buttons if button.name in HARMFUL),
        elsewhere=frozenset(move.name for move in moves if move.name in ELSEWHERE)
        - ({"schedule"} if letter.channel in BY_HAND else {"post"}),
    )


def own_words(letter: Letter, by: Actor, campaign: Campaign) -> bool:
    """Return whether four eyes keep `by` from approving `letter` (law 4)."""
    return campaign.four_eyes and by.user_id is not None and by.user_id == letter.author_id


def next_step(name: str, letter: Letter) -> str:
    """Return what happens next, after the move `name` was made."""
    if name == "approve" and letter.channel in BY_HAND:
        return POST_NEXT
    return NEXT[name]
