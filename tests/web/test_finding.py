"""Finding in the browser: filters in the address, chips, typed names, one desk for two, queries."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.directory.models import (
    Membership,
    OrganizationKind,
    Target,
    TargetRole,
)
from outreach.directory.spelling import search_key
from outreach.letters import audiences
from outreach.letters.models import Audience, Template
from tests import make
from tests.conftest import NOW
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.conftest import Client


@pytest.fixture
def house(database: Database) -> dict[str, int]:
    """Members of two chambers in two countries, one of them on a committee."""
    with database.writing() as session:
        found: dict[str, int] = {}
        for code, name in (("DE", "Bundestag"), ("FR", "Assemblée nationale")):
            body = make.organization(
                session, jurisdiction_code=code, name=name, search_key=search_key(name)
            )
            found[code] = body.id
            for number in range(2):
                make.target(
                    session,
                    name=f"{name} {number}",
                    search_key=search_key(f"{name} {number}"),
                    body=body,
                    jurisdiction_code=code,
                    verified_until=NOW.date() if number else None,
                )
        for name in ("Committee on Affairs", "Committee on Home Affairs"):
            committee = make.organization(
                session,
                jurisdiction_code="DE",
                name=name,
                kind=OrganizationKind.COMMITTEE,
                search_key=search_key(name),
            )
            found[name] = committee.id
        first = session.scalars(sa.select(Membership).order_by(Membership.id)).first()
        assert first is not None
        session.add(
            Membership(
                person_id=first.person_id,
                organization_id=found["Committee on Home Affairs"],
                role=TargetRole.MEMBER,
            )
        )
        return found


def names(page: str) -> list[str]:
    """The targets a list shows, in its order."""
    return re.findall(r'<a href="/directory/targets/\d+"><bdi>([^<]+)</bdi>', page)


def test_choices_widen_and_narrow_and_chips_take_them_off(
    sam: Client, house: dict[str, int]
) -> None:
    page = sam.get("/directory?jurisdictions=DE&jurisdictions=FR&checks=checked").text
    assert names(page) == ["Bundestag 1", "Assemblée nationale 1"]
    assert "2 targets fit." in page
    assert 'href="/directory?checks=checked&amp;jurisdictions=FR"' in page
    assert 'href="/directory?jurisdictions=DE&amp;jurisdictions=FR"' in page
    assert 'name="checks" value="checked"' in page
    page = sam.get("/directory?sort=name").text
    assert names(page)[0] == "Assemblée nationale 0"


def test_a_name_typed_is_found_or_asked_about(sam: Client, house: dict[str, int]) -> None:
    page = sam.get("/directory?find_bodies=assemblee").text
    assert names(page) == ["Assemblée nationale 0", "Assemblée nationale 1"]
    page = sam.get("/directory?find_committees=affairs").text
    assert "which one?" in page
    assert f'value="{house["Committee on Home Affairs"]}"' in page
    assert len(names(page)) == 4
    assert "nothing is called" in sam.get("/directory?find_groups=nobody").text
    page = sam.get(f"/directory?committees={house['Committee on Home Affairs']}").text
    assert names(page) == ["Bundestag 0"]
    said = sam.get("/directory/meant/committees?q=home").json
    assert said == [f"Committee on Home Affairs, DE #{house['Committee on Home Affairs']}"]
    assert sam.get("/directory/meant/nonsense?q=home").status_code == 404
    assert sam.get("/directory/count?jurisdictions=DE").json == {"words": "2 targets fit."}


def test_what_an_address_says_wrongly_asks_nothing(sam: Client, house: dict[str, int]) -> None:
    page = sam.get(
        "/directory?roles=x&bodies=y&checks=z&sort=q&page=x&current=both&areas=99999999999999999"
    )
    assert page.status_code == 200
    wrong = "/audiences/new?written_since=32&ask=x&stances=nonsense&written_to=perhaps"
    assert sam.get(wrong).status_code == 200


def test_an_audience_is_saved_from_an_address_and_a_letter_started(
    sam: Client, house: dict[str, int], database: Database, campaign: Campaign
) -> None:
    """Members on a committee, undeclared, no letter since June: start a letter from the result."""
    with database.writing() as session:
        make.sender(session, campaign)
        make.template_version(session, campaign)
        make.ask(session, campaign)
    address = (
        f"/audiences/new?committees={house['Committee on Home Affairs']}&stances=undeclared"
        "&written_to=no&written_since=2025-06-01&checks=never"
    )
    page = sam.get(address).text
    assert names(page) == ["Bundestag 0"]
    assert "undeclared" in page
    assert "since 1 June 2025" in page or "since June 1, 2025" in page
    saved = sam.send(address, {"name": "Home Affairs, undeclared"})
    assert saved.status_code == 302
    page = sam.get(saved.location).text
    assert "Write to this 1 target" in page
    with database.reading() as session:
        (kept,) = session.execute(sa.select(Audience.id, Audience.filters)).all()
    assert kept.filters["undeclared"] is True
    compose = sam.get(f"/letters/new?audience={kept.id}&look=yes").text
    assert "Bundestag 0" in compose
    assert "Committee on Home Affairs" in sam.get("/audiences").text
    assert sam.get("/audiences/count?jurisdictions=DE").json == {
        "words": "2 targets, 2 desks, 1 language"
    }


def test_more_desks_than_anybody_writes_to_are_not_counted(
    sam: Client, house: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audiences, "MOST_DESKS", 1)
    assert sam.get("/audiences/count?jurisdictions=DE").json == {
        "words": "2 targets, more than 1 desks, 1 language"
    }
    assert "more than 1</span>" in sam.get("/audiences/new?jurisdictions=DE").text


def test_two_ministries_at_one_desk_wait_for_a_choice(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    with database.writing() as session:
        for code in ("A", "B"):
            make.ask(session, campaign, code=code, roles=["ministry"])
        # Two letters to one desk say different things, or the second is refused.
        body = '{% if ask.code == "A" %}List the units.{% else %}Answer us in writing.{% endif %}'
        version = make.template_version(session, campaign, body=body)
        template = session.get_one(Template, version.template_id)
        template.roles, template.asks = ["ministry"], ["A", "B"]
        sender = make.sender(session, campaign)
        office = make.office(session, name="info@gov.example")
        for name in ("Interior", "Justice"):
            make.target(session, name=name, role=TargetRole.MINISTRY, office=office)
        audience = Audience(
            campaign_id=campaign.id, name="Ministries", filters={}, by="Sam", at=NOW
        )
        session.add(audience)
        session.flush()
        chosen = {"template": template.id, "audience": audience.id, "sender": sender.id}
    path = "/letters/new?look=yes&" + "&".join(f"{k}={v}" for k, v in chosen.items())
    page = sam.get(path).text
    assert "These 2 targets share one desk: Interior, Justice." in page
    assert "Make 1 draft" not in page
    refused = sam.send("/letters/new", {**chosen, "fallback": ""})
    assert refused.status_code == 422
    assert "Say how to write to them" in refused.text
    assert "Make 1 draft" in sam.get(path + "&desks=one").text
    assert "Make 2 drafts" in sam.get(path + "&desks=in_turn").text
    made = sam.send("/letters/new", {**chosen, "fallback": "", "desks": "in_turn"})
    assert made.status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "/directory",
        "/directory?jurisdictions=DE&checks=never&q=bundestag",
        "/audiences/new?stances=undeclared&written_to=no",
        "/audiences",
        "/directory/jurisdictions",
    ],
)
def test_lists_ask_as_much_for_sixty_rows_as_for_five(
    sam: Client, database: Database, house: dict[str, int], campaign: Campaign, path: str
) -> None:
    asked = 0

    def count(*_about: object) -> None:
        nonlocal asked
        asked += 1

    numbers = []
    for more in (5, 55):
        with database.writing() as session:
            for number in range(more):
                make.target(
                    session, name=f"Member {number}", jurisdiction_code="DE", search_key="bundestag"
                )
                session.add(
                    Audience(
                        campaign_id=campaign.id,
                        name=f"{more} {number}",
                        filters={"bodies": [house["DE"]]},
                        by="Sam",
                        at=NOW,
                    )
                )
        sam.get(path)
        sa.event.listen(database.engine, "before_cursor_execute", count)
        asked = 0
        assert sam.get(path).status_code == 200
        sa.event.remove(database.engine, "before_cursor_execute", count)
        numbers.append(asked)
    assert numbers[0] == numbers[1] < 30


@pytest.mark.long
def test_finding_looks_right_and_works_without_a_mouse(
    window: Open, house: dict[str, int], database: Database
) -> None:
    path = "/directory?jurisdictions=DE&jurisdictions=FR&roles=member_lower&current=both"
    for size in ("desk", "phone"):
        page = window("sam", path, size=size)
        assert_no_sideways_scroll(page)
        assert_accessible(page)
        take_picture(page, f"finding-directory-{size}")
        page.get_by_text("More filters and order").click()
        assert_no_sideways_scroll(page)
        take_picture(page, f"finding-directory-more-{size}")
        page.goto("/audiences/new?stances=undeclared&written_to=no&jurisdictions=DE")
        assert_no_sideways_scroll(page)
        assert_accessible(page)
        take_picture(page, f"finding-audience-{size}")
    page.goto("/audiences/new")
    page.get_by_text("More filters and order").click()
    page.get_by_label("Committee", exact=True).press_sequentially("home")
    page.wait_for_selector("#find-committees-list option", state="attached")
    value = page.locator("#find-committees-list option").first.get_attribute("value") or ""
    page.get_by_label("Committee", exact=True).fill(value)
    expect(page.locator("[data-counted]")).to_contain_text("1 target")
    page.get_by_role("button", name="Count").first.click()
    expect(page.locator(".chips")).to_have_text(re.compile(r"^\s*Committee on Home Affairs"))
    expect(page.get_by_text("Bundestag 0").first).to_be_attached()
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Target)) == 4


def test_an_audience_is_saved_as_it_is_chosen_also_when_nobody_counted(
    window: Open, house: dict[str, int], database: Database
) -> None:
    page = window("sam", "/audiences/new")
    page.locator("#find-jurisdictions").select_option("DE")
    page.get_by_label("Name of the audience").fill("Germany")
    expect(page.locator(".figures")).to_be_hidden()
    page.get_by_role("button", name="Save this audience").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Germany")
    with database.reading() as session:
        assert session.scalars(sa.select(Audience.filters)).one() == {"jurisdictions": ["DE"]}


def test_a_name_that_means_several_things_is_settled_before_saving(
    sam: Client, house: dict[str, int], database: Database
) -> None:
    address = "/audiences/new?find_committees=nothing+like+it"
    page = sam.get(address).text
    assert "Choose which, or empty it" in page
    assert "Save this audience" not in page
    assert sam.send(address, {"name": "Everybody by mistake"}).status_code == 422
    with database.reading() as session:
        assert not session.scalars(sa.select(Audience.id)).all()
