"""Time to remind, in the browser: asked first, one click, never twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from outreach.accounts.models import REMINDER_DAYS, Campaign
from outreach.database import Database
from outreach.directory.models import TargetRole
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Template
from tests import make
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.conftest import Client

THEN = dt.datetime(2026, 3, 18, 9, tzinfo=dt.UTC)


@pytest.fixture
def silent(
    database: Database, campaign: Campaign, app_at: Callable[[dt.datetime], None]
) -> list[int]:
    """Three letters that nobody answered for eleven working days."""
    app_at(THEN)
    with database.writing() as session:
        template = Template(
            campaign_id=campaign.id,
            slug="reminder",
            name="Reminder",
            kind=LetterKind.REMINDER,
            roles=[TargetRole.MEMBER_LOWER.value],
            asks=[],
        )
        session.add(template)
        session.flush()
        make.template_version(session, campaign, template=template)
        targets = [make.target(session, jurisdiction_code=code) for code in ("LV", "LV", "PL")]
        signs = make.sender(session, campaign)
        letters = [
            make.letter(session, campaign, state=State.SENT, target=to, sender=signs)
            for to in targets
        ]
        return [one.id for one in letters]


def reminders(database: Database) -> list[Letter]:
    with database.reading() as session:
        rows = session.scalars(sa.select(Letter).where(Letter.kind == LetterKind.REMINDER)).all()
        session.expunge_all()
        return list(rows)


def test_one_is_asked_first_and_makes_the_draft(
    sam: Client, olga: Client, silent, database
) -> None:
    assert "Time to remind" in olga.get("/today").text
    listed = sam.get("/reminders").text
    assert "Latvia" in listed and "Poland" in listed
    page = sam.get(f"/reminders/{silent[0]}").text
    assert "Did anything come by post or phone?" in page
    assert f"/letters/{silent[0]}/answers/new" in page
    answer = sam.send(f"/reminders/{silent[0]}")
    made = reminders(database)
    assert [one.follows_id for one in made] == [silent[0]]
    assert answer.location.endswith(f"/letters/{made[0].id}")
    # The other one is told who was first, and gets no second draft.
    answer = olga.send(f"/reminders/{silent[0]}", follow_redirects=True)
    assert "Sam has made this reminder already" in answer.text
    assert len(reminders(database)) == 1
    assert f"/reminders/{silent[0]}" not in olga.get("/reminders").text


def test_several_become_one_mailing(sam: Client, silent, database) -> None:
    answer = sam.send("/reminders", {"letters": silent})
    assert answer.status_code == 422 and reminders(database) == []
    sam.send("/reminders", {"letters": silent, "asked": "yes"})
    made = reminders(database)
    assert sorted(one.follows_id or 0 for one in made) == silent
    assert len({one.mailing_id for one in made}) == 1


def test_a_volunteer_reminds_nobody(vera: Client, silent, database) -> None:
    assert vera.get("/reminders").status_code == 403
    assert vera.send(f"/reminders/{silent[0]}").status_code == 403
    assert reminders(database) == []


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_it_is_asked_on_every_screen(window: Open, silent, size: str) -> None:
    one = f"/reminders/{silent[0]}"
    for path, name in (("/reminders", "list"), (one, "one"), ("/reminders/days", "days")):
        page = window("olga" if name == "days" else "sam", path, size=size)
        take_picture(page, f"reminders-{name}-{size}")
        assert_no_sideways_scroll(page)
        assert_accessible(page)


def test_an_organiser_sets_the_days_and_the_list_goes_by_them(
    sam: Client, olga: Client, silent, database
) -> None:
    page = olga.get("/reminders/days")
    assert 'value="10"' in page.text and "Nothing yet." in page.text
    days = {
        f"{part}_{name}": str(number)
        for part, numbers in REMINDER_DAYS.items()
        for name, number in zip(("first", "second", "promise"), numbers, strict=True)
    }
    wrong = olga.send("/reminders/days", days | {"member_first": "0"})
    assert wrong.status_code == 422 and "1 to 300" in wrong.text
    assert "Members of a parliament: Write a number of working days" in wrong.text
    wrong = olga.send("/reminders/days", days | {"european_second": "soon"})
    assert "Members of the European Parliament, commissioners: Write a whole number" in wrong.text
    assert olga.send("/reminders/days", days | {"member_first": "30"}).status_code == 302
    assert f"/reminders/{silent[0]}" not in _due(olga.get("/reminders").text)
    page = sam.get("/reminders/days").text
    assert "30 working days" in page and "10, 15, 2 → 30, 15, 2" in page
    assert sam.send("/reminders/days", days).status_code == 403


def _due(page: str) -> str:
    return page.partition("Nobody is to be reminded today")[0]
