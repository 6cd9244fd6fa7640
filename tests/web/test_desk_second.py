"""What counts is read by two: agreement confirms, disagreement is decided by an organiser."""

from __future__ import annotations

import io
import zipfile

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign, Event, Role, Task
from outreach.letters.models import Letter
from outreach.petitions.models import Position, Stance
from outreach.petitions.stances import standing
from outreach.replies.deskwork.readings import SecondReading
from outreach.replies.models import Reply, ReplyKind
from tests import make
from tests.browser import Browser
from tests.web.desk_world import arrives, mail, sent_letter

pytestmark = pytest.mark.long

WORDS = "I will table the question. Code 7K4-Q2M."
SUPPORT = {"kind": "supportive", "stance": "support", "quote": "I will table the question."}
LEANS = SUPPORT | {"kind": "leaning_supportive", "stance": "lean_support"}


@pytest.fixture
def message(database, campaign) -> int:
    with database.writing() as session:
        session.get_one(Campaign, campaign.id).second_reader = True
    sent_letter(database, campaign, "Jānis Ozoliņš", "7K4-Q2M")
    return arrives(database, campaign, mail(WORDS))


@pytest.fixture
def viktor(database, campaign, app):
    with database.writing() as session:
        actor = make.user(session, "Viktor", campaign, Role.VOLUNTEER)
    client = app.test_client()
    with database.reading() as session:
        client.sign_in(app, session.get_one(make.User, actor.user_id))
    return client


def read(client, **said) -> Browser:
    browser = Browser(client)
    browser.get("replies.inbox")
    browser.press("Next")
    browser.press("File and next", **said)
    return browser


def taken_along(client, office_id: int) -> str:
    """The table of contents of a correspondence that was taken along."""
    answer = client.send(f"/desks/{office_id}/export")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        table = packed.read("index.csv").decode("utf-8-sig")
    answer.close()
    return table


def open_subjects(database) -> list[str]:
    with database.reading() as session:
        rows = sa.select(Task.subject_kind).where(Task.done_at.is_(None)).order_by(Task.id)
        return list(session.scalars(rows))


def test_agreement_confirms_and_the_second_sees_nothing_of_the_first(
    vera, viktor, olga, database, campaign, message
) -> None:
    read(vera, **SUPPORT)
    assert "second_reading" in open_subjects(database)
    assert "one reader" in Browser(vera).get("replies.reply", reply_id=1)
    # Wherever it is shown: in the lists, with its letter, in the conversation, taken along.
    with database.reading() as session:
        shown = session.scalars(sa.select(Letter)).one()
        session.expunge(shown)
    browser = Browser(olga)
    for where, values in (
        ("replies.inbox", {}),
        ("letters.letter", {"letter_id": shown.id}),
        ("replies.thread", {"office_id": shown.office_id}),
        ("overview.behind", {"part": "answers"}),
    ):
        assert "one reader" in browser.get(where, **values), where
    assert "(one reader)" in taken_along(olga, shown.office_id)
    # Not hers to read again, neither by the queue nor by its address.
    vera.send("/inbox/next")
    assert vera.get("/inbox/second/1").status_code in (403, 404)
    with database.reading() as session:
        assert session.scalars(sa.select(Stance.position)).one() is Position.SUPPORT
    browser = Browser(viktor)
    browser.get("replies.inbox")
    page = browser.press("Next")
    assert page.heading == "What do you read here?"
    assert "Vera" not in page
    assert "<mark>" not in viktor.get(page.url).text
    with database.reading() as session:
        looked = sa.select(Event.by).where(Event.name == "looked_at", Event.subject_kind == "reply")
        assert session.scalars(looked).all() == ["Viktor"]
    done = browser.press("This is what I read", **SUPPORT)
    assert "You both read the same" in done
    assert "second_reading" not in open_subjects(database)
    page = Browser(olga).get("replies.reply", reply_id=1)
    assert "Vera and Viktor read the same." in page
    assert "one reader" not in Browser(olga).get("replies.thread", office_id=shown.office_id)
    assert "(one reader)" not in taken_along(olga, shown.office_id)


def test_an_organiser_decides_where_two_differ(
    vera, viktor, sam, olga, database, campaign, message
) -> None:
    read(vera, **SUPPORT)
    browser = Browser(viktor)
    browser.get("replies.inbox")
    browser.press("Next")
    wrong = browser.press("This is what I read", status=422, **LEANS | {"quote": "No such"})
    assert "Copy it word for word" in wrong
    assert "an organiser decides" in browser.press("This is what I read", **LEANS)
    assert "disagreement" in open_subjects(database)
    assert sam.send("/answers/1/decide", {"right": "second"}).status_code == 403
    browser = Browser(olga)
    page = browser.get("replies.reply", reply_id=1)
    assert "two readers differ" in page
    assert "two readers differ" in Browser(olga).get("replies.inbox")
    page = browser.press("Viktor is right")
    assert "Rather yes, with a condition" in page
    assert "disagreement" not in open_subjects(database)
    with database.reading() as session:
        first, counts = session.scalars(sa.select(Reply).order_by(Reply.id)).all()
        assert (first.undone_at is None, counts.undone_at) == (False, None)
        assert (counts.kind, counts.incoming_id) == (ReplyKind.LEANING_SUPPORTIVE, message)
        now = session.scalars(standing(campaign.id, rehearsal=True)).one()
        assert now.position is Position.LEAN_SUPPORT
        letter = session.scalars(sa.select(Letter)).one()
        assert (letter.last_reply_kind, letter.unread_since) == ("leaning_supportive", None)
    assert open_subjects(database).count("second_reading") == 0
    assert open_subjects(database).count("incoming") == 0
    assert olga.send("/answers/1/decide", {"right": "first"}).status_code == 409


def test_the_first_may_be_right(vera, viktor, olga, database, message) -> None:
    read(vera, **SUPPORT)
    viktor.send("/inbox/next")
    viktor.send("/inbox/second/1", LEANS)
    olga.send("/answers/1/decide", {"right": "first"})
    with database.reading() as session:
        assert session.scalars(sa.select(Reply)).one().undone_at is None
        assert session.scalars(sa.select(SecondReading.decided_by)).one() == "Olga"


def test_what_two_filed_of_one_message_is_an_organisers(
    vera, sam, database, app_at, message
) -> None:
    vera.send("/inbox/next")
    # Sam may read all, and files it while Vera is on it.
    assert "Vera is on this since" in Browser(sam).get("desk.read", incoming_id=message)
    form = {"channel": "email", "received_on": "2026-03-03", "text": WORDS, "signed_by": "staff"}
    assert sam.send(f"/inbox/mail/{message}/read", form | SUPPORT).status_code == 303
    late = vera.send(f"/inbox/mail/{message}/read", form | LEANS, follow_redirects=True)
    assert "Sam filed it meanwhile and read it differently" in late.text
    assert "disagreement" in open_subjects(database)
    with database.reading() as session:
        assert session.scalars(sa.select(SecondReading.by)).one() == "Vera"
    again = vera.send(f"/inbox/mail/{message}/read", form | LEANS)
    assert again.status_code == 409


def test_nothing_is_asked_where_nothing_counts_or_it_is_switched_off(
    vera, database, campaign, message
) -> None:
    read(vera, kind="acknowledgement")
    assert "second_reading" not in open_subjects(database)
    with database.writing() as session:
        session.get_one(Campaign, campaign.id).second_reader = False
    arrives(database, campaign, mail(WORDS + " Again."))
    read(vera, **SUPPORT)
    assert "second_reading" not in open_subjects(database)


def test_undoing_ends_the_second_reading(vera, database, message) -> None:
    read(vera, **SUPPORT).press("Undo")
    assert "second_reading" not in open_subjects(database)
