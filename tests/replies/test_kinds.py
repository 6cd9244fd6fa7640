"""The table of kinds is complete and agrees with itself."""

from __future__ import annotations

import pytest

from outreach.replies.kinds import GROUPS, GUARDED, HUMAN, KINDS, SUBSTANTIVE, grouped
from outreach.replies.models import ReplyKind


def test_every_kind_has_a_row() -> None:
    assert set(KINDS) == set(ReplyKind)


def test_every_kind_is_offered_once() -> None:
    offered = [kind for _, rows in grouped() for kind, _ in rows]
    assert sorted(offered) == sorted(ReplyKind)
    assert [words for words, _ in grouped()] == list(GROUPS.values())


@pytest.mark.parametrize("kind", ReplyKind)
def test_a_row_agrees_with_itself(kind: ReplyKind) -> None:
    row = KINDS[kind]
    assert row.label and row.hint and row.next_step
    assert bool(row.task) == bool(row.task_title)
    assert not row.substantive or (row.human and row.closes)
    assert not row.closes or row.stops


def test_substantive_are_the_five_that_the_rates_count() -> None:
    assert {kind.value for kind in SUBSTANTIVE} == {
        "supportive",
        "leaning_supportive",
        "noncommittal",
        "opposed",
        "action_report",
    }


def test_machines_are_not_human() -> None:
    machines = {"auto_reply", "out_of_office", "bounce_hard", "bounce_soft", "suspicious"}
    assert not machines & {kind.value for kind in HUMAN}


def test_a_referral_is_no_refusal() -> None:
    assert not KINDS[ReplyKind.REFERRAL].closes
    assert KINDS[ReplyKind.OPPOSED].closes


def test_an_absence_does_not_stop_the_reminder() -> None:
    assert not KINDS[ReplyKind.OUT_OF_OFFICE].stops
    assert not KINDS[ReplyKind.AUTO_REPLY].stops


def test_organisers_guard_what_is_hostile() -> None:
    assert {kind.value for kind in GUARDED} == {"hostile", "suspicious"}
