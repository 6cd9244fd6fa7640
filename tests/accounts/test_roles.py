"""The table of rights, and the hands on a letter."""

from __future__ import annotations

import pytest

from outreach.accounts.models import CLOCK, Actor, Role
from outreach.accounts.roles import PERMISSIONS, hands_on, may, require
from outreach.errors import NotAllowed

NOBODY = Actor("nobody")


def test_a_higher_role_may_all_that_a_lower_one_may() -> None:
    ladder = list(Role)
    for name, (holders, _words) in PERMISSIONS.items():
        lowest = min((ladder.index(role) for role in holders), default=0)
        assert holders == frozenset(ladder[lowest:]), name


def test_nobody_and_machines_hold_no_right() -> None:
    for name in PERMISSIONS:
        assert not may(NOBODY, name)
        assert not may(CLOCK, name)


@pytest.mark.parametrize(
    ("name", "lowest"),
    [
        ("directory.read", Role.VOLUNTEER),
        ("replies.log", Role.VOLUNTEER),
        ("letters.read", Role.STAFF),
        ("campaign.pause", Role.STAFF),
        ("letters.approve", Role.ORGANISER),
        ("campaign.resume", Role.ORGANISER),
        ("campaign.live", Role.ORGANISER),
        ("board.export", Role.ORGANISER),
        ("people.manage", Role.ADMIN),
        ("campaign.write", Role.ADMIN),
    ],
)
def test_who_may_do_what(name: str, lowest: Role) -> None:
    ladder = list(Role)
    for role in ladder:
        assert may(Actor("x", 1, role), name) is (ladder.index(role) >= ladder.index(lowest))


def test_a_refusal_says_which_right_is_missing() -> None:
    with pytest.raises(NotAllowed) as caught:
        require(Actor("Sam", 1, Role.STAFF), "letters.approve")
    assert "approve" in str(caught.value)


def test_hands_on_a_letter() -> None:
    def hands(role: Role, owners: list[int | None]) -> set[str]:
        return set(hands_on(Actor("x", 1, role), owners=owners))

    assert hands(Role.VOLUNTEER, [1]) == {"volunteer"}
    assert hands(Role.STAFF, [1]) == {"staff", "author"}
    assert hands(Role.STAFF, [2]) == {"staff"}
    assert hands(Role.ORGANISER, [2]) == {"staff", "approver"}
    assert hands(Role.ADMIN, [1, 2]) == {"staff", "author", "approver"}
    assert set(hands_on(CLOCK, owners=[None])) == {"clock"}
