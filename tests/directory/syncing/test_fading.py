"""Addresses that stay on a list are seen again; those long missing are withdrawn."""

from __future__ import annotations

import datetime as dt

from outreach.directory.models import ContactDetail, ContactState, Target
from outreach.directory.syncing.undoing import undo
from tests.conftest import NOW
from tests.directory.syncing.lists import DAY, SAM, imported, member
from tests.directory.syncing.test_applying import one, the_list

THEN = dt.timedelta(days=40)


def test_a_newer_list_sees_its_addresses_again_and_undoing_takes_that_back(database):
    imported(database, the_list(member("1"), member("2")), as_of=DAY - THEN)
    run = imported(database, the_list(member("1"), member("2", "Renamed")))["run"]
    for name in ("1", "2"):
        assert one(database, ContactDetail, normalised=f"{name}@chamber.example").seen_on == DAY
    undo(database, run, by=SAM, now=NOW)
    assert one(database, ContactDetail, normalised="1@chamber.example").seen_on == DAY - THEN


def test_an_address_missing_from_a_second_whole_list_a_month_later_is_withdrawn(database):
    imported(database, the_list(member("1"), member("2")), as_of=DAY - 2 * THEN)
    imported(database, the_list(member("1", contacts=[]), member("2")), as_of=DAY - THEN)
    assert one(database, ContactDetail, normalised="1@chamber.example").state is ContactState.OK
    report = imported(database, the_list(member("1", contacts=[]), member("2")))
    assert report["remark"] == 1
    gone = one(database, ContactDetail, normalised="1@chamber.example")
    assert gone.state is ContactState.WITHDRAWN
    assert one(database, Target, name="Person 1").channel is None
