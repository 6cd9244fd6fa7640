"""The whole desk in a real browser, on a phone and with keys alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from outreach.accounts.models import Actor, Campaign
from outreach.database import Database
from outreach.petitions.models import Stance
from outreach.replies.models import IncomingLetter, Reply
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.desk_world import arrives, mail, sent_letter

WORDS = (
    "Dear friends,\n\nThank you for your letter 7K4-Q2M. I will table the question. "
    "We share your concern.\n\nMr Ozoliņš\n\n"
    "> Will you table a question to the minister before the recess?"
)


@pytest.fixture
def messages(database: Database, campaign: Campaign) -> tuple[int, int]:
    """One that its code has filed, one that nothing proves."""
    with database.writing() as session:
        session.get_one(Campaign, campaign.id).second_reader = True
    sent_letter(database, campaign, "Jānis Ozoliņš", "7K4-Q2M")
    sent_letter(database, campaign, "Anna Kalniņa", "8M5-R3N")
    return (
        arrives(database, campaign, mail(WORDS)),
        arrives(database, campaign, mail(WORDS.replace(" 7K4-Q2M", ""), who="k@office.example")),
    )


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize("size", ["phone", "desk"])
def test_a_message_is_filed_read_and_read_again(
    window: Open,
    database: Database,
    people: dict[str, Actor],
    messages: tuple[int, int],
    size: str,
) -> None:
    sams = window("sam", "/inbox/unmatched", size=size)
    take_picture(sams, f"desk-unmatched-{size}")
    assert_no_sideways_scroll(sams)
    assert_accessible(sams)
    # By keys: the first guess is gone to, and Enter files it.
    sams.keyboard.press("1")
    sams.keyboard.press("Enter")
    sams.wait_for_url("**/inbox/unmatched?after=*")
    with database.reading() as session:
        rows = session.scalars(sa.select(IncomingLetter.incoming_id)).all()
        assert sorted(rows) == sorted(messages)

    veras = window("vera", "/inbox", size=size)
    take_picture(veras, f"desk-queue-{size}")
    assert_no_sideways_scroll(veras)
    assert_accessible(veras)
    veras.get_by_role("button", name="Next", exact=True).click()
    veras.wait_for_url("**/read")
    veras.locator("#quote-tools").wait_for()
    if size == "desk":
        # Beside the text one begins with the form; the keys work from there.
        expect(veras.locator("#kind")).to_be_focused()
    # Sentence by sentence with a key, until the one that shows it.
    for _ in range(3):
        veras.keyboard.press(".")
    quote = veras.locator("#quote")
    expect(quote).to_have_value("I will table the question.")
    expect(veras.locator("#their-words mark")).to_have_text("I will table the question.")
    # Words that are selected are taken the same way.
    veras.evaluate(
        """() => {
            const words = document.getElementById("their-words");
            const range = document.createRange();
            range.selectNodeContents(words.querySelector("mark"));
            const selection = document.getSelection();
            selection.removeAllRanges();
            selection.addRange(range);
        }"""
    )
    veras.get_by_role("button", name="Take the selected words").click()
    expect(quote).to_have_value("I will table the question.")
    veras.locator("#kind").select_option("supportive")
    veras.locator("#stance").select_option("support")
    take_picture(veras, f"desk-read-{size}")
    assert_no_sideways_scroll(veras)
    assert_accessible(veras)
    veras.get_by_role("button", name="File and show").click()
    veras.get_by_text("one reader").wait_for()
    take_picture(veras, f"desk-filed-{size}")
    assert_no_sideways_scroll(veras)
    assert_accessible(veras)

    with database.reading() as session:
        reply = session.scalars(sa.select(Reply)).one()
        assert session.scalars(sa.select(Stance.quote)).one() == "I will table the question."
        number = reply.id
    again = window("sam", "/inbox", size=size)
    task = again.request.get(f"/inbox/second/{number}")
    assert task.status == 200
    again.goto(again.url.replace("/inbox", f"/inbox/second/{number}"))
    again.locator("#quote-tools").wait_for()
    take_picture(again, f"desk-second-{size}")
    assert_no_sideways_scroll(again)
    assert_accessible(again)
    again.locator("#kind").select_option("opposed")
    again.get_by_role("button", name="This is what I read").click()
    again.get_by_text("an organiser decides").wait_for()
    olgas = window("olga", f"/answers/{number}", size=size)
    olgas.get_by_text("two readers differ").wait_for()
    take_picture(olgas, f"desk-decide-{size}")
    assert_no_sideways_scroll(olgas)
    assert_accessible(olgas)
    olgas.get_by_role("button", name="Vera is right").click()
    olgas.get_by_text("Olga decided.").wait_for()
    with database.reading() as session:
        assert session.get_one(Reply, number).undone_at is None
