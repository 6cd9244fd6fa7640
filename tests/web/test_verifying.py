"""Checking addresses in the browser: the queue, a whole list, corrections, wishes, endings."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from outreach.accounts.models import Actor, Campaign
from outreach.database import Database
from outreach.directory import offices
from outreach.directory.identity import ContactProposal, ContactRule, ProposalState
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Membership,
    Organization,
    OrganizationKind,
    Source,
    Target,
    TargetRole,
)
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from tests import make
from tests.sending.conftest import sendable
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.conftest import Client

PAGE = "https://house.example/members"
TODAY = make.NOW.date()
OLD = TODAY - dt.timedelta(days=200)


@pytest.fixture
def house(database: Database, campaign: Campaign) -> Organization:
    """A chamber of twelve from one source, two of them checked long ago; letters to three."""
    with database.writing() as session:
        source = Source(slug="house", name="The house's own list", url=PAGE, mapping={})
        session.add(source)
        session.flush()
        campaign = session.merge(campaign)
        body = make.organization(session, name="House of Examples")
        sender = make.sender(session, campaign)
        version = make.template_version(session, campaign, read_by="Nora", read_on=TODAY)
        targets = []
        for number in range(12):
            person = make.person(session, f"Member {number:02}")
            day = OLD if number < 2 else None
            make.contact(
                session,
                person,
                value=f"member{number:02}@house.example",
                source_id=source.id,
                source="The house's own list",
                source_url=PAGE,
                verified_on=day,
                verified_by="Sam" if day else None,
            )
            targets.append(make.target(session, person=person, body=body, address=None))
        offices.settle_target(session, [target.id for target in targets])
        for number, target in enumerate(targets[:3]):
            after = make.NOW + dt.timedelta(days=5 - number)
            letter = sendable(
                session,
                campaign,
                target=target,
                sender=sender,
                version=version,
                address=f"member{number:02}@house.example",
            )
            if number:
                letter.state, letter.send_after = State.SCHEDULED, after
                letter.send_before = after + dt.timedelta(hours=8)
        return body


def number_of(database: Database, name: str) -> int:
    with database.reading() as session:
        return session.scalars(sa.select(Target.id).where(Target.name == name)).one()


def state_of(database: Database, letter: int) -> State:
    with database.reading() as session:
        return session.get_one(Letter, letter).state


def checked_on(database: Database, value: str) -> dt.date | None:
    with database.reading() as session:
        return session.scalars(
            sa.select(ContactDetail.verified_on).where(ContactDetail.value == value)
        ).one()


def test_a_check_too_old_refuses_the_schedule_until_it_is_renewed(
    olga: Client, database: Database, house: Organization
) -> None:
    """Verified 200 days ago: refused with that reason, checked, and the same letter schedules."""
    with database.reading() as session:
        letter, to = session.execute(
            sa.select(Letter.id, Letter.target_id).where(Letter.state == State.APPROVED)
        ).one()
        detail = session.scalars(
            sa.select(ContactDetail.id).where(ContactDetail.value == "member00@house.example")
        ).one()
    page = olga.get(f"/letters/{letter}").text
    assert "was checked 200 days ago, and the check is too old: it holds for 180 days" in page
    schedule = f"/letters/{letter}/schedule"
    when = {"when": "at", "send_after": "2026-03-05T10:00", "send_before": "2026-03-05T16:00"}
    olga.send(schedule, when)
    assert state_of(database, letter) is State.APPROVED
    target = f"/directory/targets/{to}"
    assert f'href="{target}"' in page
    name = f"c{detail}"
    form = {f"{name}-url": PAGE, f"{name}-on": TODAY.isoformat()}
    assert olga.send(f"{target}/contacts/{detail}/verify", form).status_code == 302
    assert "good until 30 August 2026" in olga.get(target).text
    olga.send(schedule, when)
    assert state_of(database, letter) is State.SCHEDULED


def test_the_queue_goes_to_the_next_by_enter(
    sam: Client, database: Database, house: Organization
) -> None:
    page = sam.get("/directory/to-check").text
    # What leaves first is first, with the page we have it from.
    assert re.search(r'<h2 class="panel-title">Member 02</h2>', page)
    assert f'value="{PAGE}"' in page
    action = re.search(r'action="(/directory/to-check/\d+[^"]*)"', page)
    assert action is not None
    address = action[1].replace("&amp;", "&")
    bad = sam.send(address, {"url": "their page"})
    assert bad.status_code == 422 and "beginning with https" in bad.text
    answer = sam.send(address, {"url": PAGE})
    assert answer.status_code == 302
    assert checked_on(database, "member02@house.example") == TODAY
    assert '<h2 class="panel-title">Member 01</h2>' in sam.get(answer.location).text
    assert "Nothing is to be checked here" in sam.get("/directory/to-check?need=never").text
    assert sam.get("/directory/to-check?need=nonsense&page=9&at=7").status_code == 200


def test_a_whole_list_is_checked_after_its_sample(
    sam: Client, database: Database, house: Organization
) -> None:
    listed = re.search(
        r"/directory/lists/check\?source=\d+", sam.get("/directory/lists/check").text
    )
    assert listed is not None
    page = sam.get(listed[0]).text
    entries = sorted(set(re.findall(r'name="(entry-\d+)"', page)))
    assert len(entries) == 10
    assert "Verify 12 addresses" in page
    form = dict.fromkeys(entries, "same") | {"url": PAGE, "on": TODAY.isoformat()}
    refused = sam.send(listed[0], form | {entries[0]: "other"})
    assert refused.status_code == 422 and "none is checked" in refused.text
    assert checked_on(database, "member05@house.example") is None
    assert sam.send(listed[0], form).status_code == 302
    assert checked_on(database, "member05@house.example") == TODAY
    assert "No address to check here" in sam.get("/directory/lists/check?jurisdiction=QQ").text
    one = sam.get(f"/directory/lists/check?jurisdiction=XX&body={house.id}").text
    assert "Verify 12 addresses" in one


def test_a_volunteer_suggests_and_staff_accept(
    vera: Client, sam: Client, database: Database, house: Organization
) -> None:
    target = number_of(database, "Member 00")
    page = vera.get(f"/directory/targets/{target}").text
    assert "Suggest a correction" in page
    with database.reading() as session:
        old = session.scalars(
            sa.select(ContactDetail.id).where(ContactDetail.value == "member00@house.example")
        ).one()
    form = {
        "proposal-detail": str(old),
        "proposal-kind": "email",
        "proposal-value": "first@house.example",
        "proposal-source": "",
        "proposal-url": PAGE,
    }
    url = f"/directory/targets/{target}/proposals"
    assert vera.send(url, form).status_code == 422
    assert vera.send(url, form | {"proposal-source": "their page"}).status_code == 302
    assert "waits" not in vera.get("/directory/proposals").text
    page = sam.get("/directory/proposals").text
    assert "member00@house.example" in page and "first@house.example" in page
    with database.reading() as session:
        proposal = session.scalars(sa.select(ContactProposal.id)).one()
    answer = sam.send(f"/directory/proposals/{proposal}/accept", {"checked": "1"})
    assert answer.status_code == 302
    page = sam.get("/directory/proposals").text
    assert "Accepted and checked: first@house.example" in page
    assert "1 letter waits to go to the old address" in page
    with database.reading() as session:
        assert session.get_one(ContactDetail, old).state is ContactState.WITHDRAWN
        assert session.get_one(ContactProposal, proposal).state is ProposalState.ACCEPTED
    assert vera.send(url, form | {"proposal-source": "x", "proposal-detail": ""}).status_code == 302
    with database.reading() as session:
        second = session.scalars(sa.select(sa.func.max(ContactProposal.id))).one()
    refuse = f"/directory/proposals/{second}/refuse"
    assert sam.send(refuse, {"reason": ""}).status_code == 422
    assert sam.send(refuse, {"reason": "we have that one"}).status_code == 302
    assert "we have that one" in vera.get(f"/directory/targets/{target}").text


def test_what_they_asked_is_kept_and_lifted(
    sam: Client, olga: Client, database: Database, house: Organization
) -> None:
    target = number_of(database, "Member 03")
    url = f"/directory/targets/{target}/rules"
    form = {
        "rule-kind": "language",
        "rule-language": "en",
        "rule-channel": "email",
        "rule-source": "",
        "rule-said_on": TODAY.isoformat(),
    }
    assert sam.send(url, form).status_code == 422
    form["rule-source"] = "a call with the office"
    assert sam.send(url, form).status_code == 302
    again = sam.send(url, form)
    assert again.status_code == 422 and "stands already" in again.text
    assert sam.send(url, form | {"rule-kind": "never"}).status_code == 302
    page = sam.get(f"/directory/targets/{target}").text
    assert "only in English" in page and "write to them never" in page
    assert "They asked us not to write to them" in page and "Write to this target" not in page
    with database.reading() as session:
        assert session.get_one(Target, target).channel is None
        never = session.scalars(sa.select(ContactRule.id).where(ContactRule.kind == "never")).one()
    lift = f"{url}/{never}/lift"
    assert sam.send(lift, {"reason": "they wrote"}).status_code == 403
    assert olga.send(lift, {"reason": "they wrote"}).status_code == 302
    assert olga.send(lift, {"reason": "they wrote"}).status_code == 404
    with database.reading() as session:
        assert session.get_one(Target, target).channel is ContactKind.EMAIL


def test_an_ending_is_shown_done_and_taken_back(
    olga: Client, sam: Client, database: Database, house: Organization
) -> None:
    url = f"/directory/organizations/{house.id}/ending"
    assert sam.get(url).status_code == 403
    assert "Show what will follow" in olga.get(url).text
    assert olga.get(f"{url}?kind=dissolution&on=soon").status_code == 422
    page = olga.get(f"{url}?kind=dissolution&on={TODAY.isoformat()}").text
    assert "End 12 seats and hold 3 letters" in " ".join(page.split())
    form = {"kind": "dissolution", "on": TODAY.isoformat()}
    assert olga.send(url, form).status_code == 302
    page = olga.get(url).text
    assert "12 seats end, 3 letters are held" in page
    assert olga.send(url, form).status_code == 422
    undo = re.search(rf"/directory/organizations/{house.id}/endings/\d+/undo", page)
    assert undo is not None
    assert olga.send(undo[0]).status_code == 302
    with database.reading() as session:
        assert set(session.scalars(sa.select(Target.ended_on))) == {None}
        assert set(session.scalars(sa.select(Letter.state))) == {State.APPROVED}


def test_only_ticked_ministers_leave_in_a_reshuffle(olga: Client, database: Database) -> None:
    with database.writing() as session:
        body = make.organization(session, kind=OrganizationKind.GOVERNMENT)
        held = [
            make.target(session, body=body, role=TargetRole.MINISTER).membership_id
            for _ in range(2)
        ]
    url = f"/directory/organizations/{body.id}/ending"
    page = olga.get(f"{url}?kind=reshuffle&on={TODAY.isoformat()}").text
    assert page.count('name="leaves"') == 2
    form = {"kind": "reshuffle", "on": TODAY.isoformat(), "leaves": str(held[0])}
    assert olga.send(url, form).status_code == 302
    with database.reading() as session:
        ends = [session.get_one(Membership, number).end_on for number in held]
    assert ends == [TODAY, None]


def test_the_days_a_check_holds_are_an_admins(ada: Client, olga: Client, house: object) -> None:
    assert "180 days" in olga.get("/directory/shelf-life").text
    form = {"minister": "60", "member": "365", "registry": "365", "hand": "180"}
    assert olga.send("/directory/shelf-life", form).status_code == 403
    bad = ada.send("/directory/shelf-life", form | {"hand": "2000"})
    assert bad.status_code == 422 and "between 1 and 1,000" in bad.text
    assert ada.send("/directory/shelf-life", form).status_code == 302
    page = ada.get("/directory/shelf-life").text
    assert "180 → 365" in page and 'value="365"' in page


PAGES = {
    "queue": ("sam", "/directory/to-check"),
    "check-lists": ("sam", "/directory/lists/check"),
    "check-list": ("sam", "/directory/lists/check?source=1&jurisdiction=XX"),
    "proposals": ("sam", "/directory/proposals"),
    "ending": ("olga", "/directory/organizations/1/ending?kind=dissolution&on=2026-03-12"),
    "shelf-life": ("ada", "/directory/shelf-life"),
    "asked": ("olga", "/directory/targets/1"),
    "country": ("olga", "/directory/jurisdictions/XX"),
    "suggest": ("vera", "/directory/targets/1#propose"),
}


@pytest.mark.long
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_pages_look_right(
    window: Open,
    database: Database,
    people: dict[str, Actor],
    house: Organization,
    vera: Client,
    sam: Client,
    size: str,
) -> None:
    target = number_of(database, "Member 00")
    vera.send(
        f"/directory/targets/{target}/proposals",
        {
            "proposal-detail": "1",
            "proposal-kind": "email",
            "proposal-value": "first@house.example",
            "proposal-source": "their page",
            "proposal-url": PAGE,
        },
    )
    sam.send(
        f"/directory/targets/{target}/rules",
        {
            "rule-kind": "language",
            "rule-language": "en",
            "rule-channel": "email",
            "rule-source": "a call with the office",
            "rule-said_on": TODAY.isoformat(),
        },
    )
    page = window("sam", "/directory/to-check", size=size)
    # A browser sets the focus with its next picture, not with the page.
    expect(page.locator("[autofocus]")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Member 01").wait_for()
    page.context.close()
    for name, (who, path) in PAGES.items():
        page = window(who, path, size=size)
        take_picture(page, f"verifying-{name}-{size}")
        assert_no_sideways_scroll(page)
        assert_accessible(page)
        page.context.close()
