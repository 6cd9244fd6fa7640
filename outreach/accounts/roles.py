"""Who may do what: one table of permissions, asked by every route.

Whether somebody may make one particular move of one particular letter is asked of
`letters/lifecycle.py`, whose hands are held according to `hands_on`.
"""

from __future__ import annotations

from collections.abc import Collection

from outreach.accounts.models import Actor, Role
from outreach.errors import NotAllowed
from outreach.words import N_, Sentence

EVERYBODY = frozenset(Role)
STAFF = frozenset({Role.STAFF, Role.ORGANISER, Role.ADMIN})
ORGANISERS = frozenset({Role.ORGANISER, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})

# permission -> (roles that hold it, what it allows, in words)
PERMISSIONS: dict[str, tuple[frozenset[Role], str]] = {
    "directory.read": (EVERYBODY, N_("look at the public directory")),
    "directory.write": (STAFF, N_("add and correct people, posts and addresses")),
    "directory.verify": (STAFF, N_("say that an address was checked")),
    "directory.propose": (EVERYBODY, N_("suggest a correction of an address")),
    "directory.import": (STAFF, N_("import lists of people and addresses")),
    "directory.suppress": (ORGANISERS, N_("stop letters to a desk, or allow them again")),
    "directory.greetings": (ORGANISERS, N_("record who read the forms of address")),
    "directory.end": (ORGANISERS, N_("enter that a body was dissolved or newly elected")),
    "petition.read": (EVERYBODY, N_("read demands, facts and counts")),
    "petition.write": (STAFF, N_("write facts and enter counts")),
    "petition.accept": (ORGANISERS, N_("accept or refuse a held count")),
    "letters.find": (EVERYBODY, N_("find a letter by name, office, day and code")),
    "letters.read": (STAFF, N_("read letters and threads")),
    "letters.write": (STAFF, N_("write audiences, templates and drafts")),
    "letters.approve": (ORGANISERS, N_("approve, return, schedule, hold and settle letters")),
    "letters.post": (EVERYBODY, N_("record that a letter was posted by hand")),
    "replies.log": (EVERYBODY, N_("log an answer")),
    "replies.read": (STAFF, N_("read every answer")),
    "replies.cadence": (ORGANISERS, N_("say after how many days we remind")),
    "tasks.take": (EVERYBODY, N_("take a task")),
    "board.read": (STAFF, N_("see the board")),
    "board.export": (ORGANISERS, N_("export lists")),
    "campaign.pause": (STAFF, N_("press the red button")),
    "campaign.resume": (ORGANISERS, N_("let letters go again")),
    "campaign.live": (ORGANISERS, N_("switch the campaign live")),
    "campaign.read": (STAFF, N_("see the campaign's settings")),
    "campaign.write": (ADMINS, N_("change the campaign's settings and senders")),
    "people.manage": (ADMINS, N_("add people, change roles, end access")),
    "account.own": (EVERYBODY, N_("change one's own password")),
}


def may(actor: Actor, permission: str) -> bool:
    """Return whether `actor` holds `permission`. KeyError for a permission not in the table."""
    holders, _ = PERMISSIONS[permission]
    return actor.role in holders


def require(actor: Actor, permission: str) -> None:
    """Raise NotAllowed unless `actor` holds `permission`."""
    if not may(actor, permission):
        raise NotAllowed(
            Sentence(
                "You can't do this: it needs the right to %(what)s. Ask an admin of the campaign.",
                what=Sentence(PERMISSIONS[permission][1]),
            )
        )


def hands_on(actor: Actor, *, owners: Collection[int | None]) -> frozenset[str]:
    """Return the hands of the table of moves that `actor` holds on a letter.

    `owners` are the user ids whose letter it is: who made the draft and who last changed its
    words. Author: staff, organiser or admin on their own letter. Approver: organiser or admin.
    """
    hands = set(actor.hands)
    if actor.role is Role.VOLUNTEER:
        hands.add("volunteer")
    if actor.role in STAFF:
        hands.add("staff")
        if actor.user_id is not None and actor.user_id in owners:
            hands.add("author")
    if actor.role in ORGANISERS:
        hands.add("approver")
    return frozenset(hands)
