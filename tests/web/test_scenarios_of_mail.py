"""What comes in, from the wire to the page (acceptance scenarios 29 to 34 and 36)."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.accounts.models import Campaign
from outreach.directory.identity import ContactProposal
from outreach.directory.models import ContactDetail, TargetRole
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Template
from outreach.replies.models import InboxState, Incoming, MailKind, Reply
from outreach.replies.receiving import fetching
from outreach.sending.models import Attempt
from tests import make
from tests.browser import Browser
from tests.web.mail_house import House, answer, house

__all__ = ["house"]

pytestmark = pytest.mark.long


def template_of(house: House, kind: LetterKind) -> None:
    """Words for letters of this kind."""
    with house.database.writing() as session:
        campaign = session.get_one(Campaign, house.campaign_id)
        template = Template(
            campaign_id=campaign.id,
            slug=kind.value,
            name=kind.value,
            kind=kind,
            roles=[TargetRole.MEMBER_LOWER.value],
            asks=[],
        )
        session.add(template)
        session.flush()
        read = {"read_by": "Nora", "read_on": make.NOW.date()}
        words = "Thank you for writing."
        make.template_version(session, campaign, template=template, body=words, **read)


def to_remind(house: House, sam, on: dt.datetime) -> str:
    """The page of whom to remind, on another day."""
    before = house.now
    house.at(on)
    page = Browser(sam).get("reminders.time_to_remind").words
    house.at(before)
    return page


def test_scenario_29_a_normal_reply(house, sam, database) -> None:
    letter = house.sends("Ida Example", "ida@office.zz")
    later = make.NOW + dt.timedelta(days=60)
    assert "Ida Example" in to_remind(house, sam, later)
    reply_to = house.sent(letter)["Reply-To"]
    assert "+" in reply_to
    message = answer("Thank you. I will put the question in May.\n\nIda Example", to=reply_to)
    message.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="q.pdf")
    # The clock looks every few seconds, into a mailbox once a minute.
    assert fetching.EVERY.total_seconds() <= 60 and clock.SECONDS <= 10
    row = house.comes(message)
    browser = Browser(sam)
    page = browser.get("incoming.message", incoming_id=row.id)
    assert "I will put the question in May." in page and "q.pdf" in page
    assert sam.get(f"/inbox/mail/{row.id}/original").data == message.as_bytes(
        policy=message.policy.clone(linesep="\r\n")
    )
    assert sam.get(f"/inbox/mail/{row.id}/files/1").data == b"%PDF-1.7 x"
    office = house.letter(letter).office_id
    page = browser.get("replies.thread", office_id=office)
    assert "A message came in: answer" in page and "nobody has read it" in page
    # Nobody is reminded while it lies there, nor later.
    assert "Ida Example" not in to_remind(house, sam, later)
    browser.get("replies.inbox")
    page = browser.press("Next")
    assert page.heading == "What does Ida Example say?"
    browser.press("File and next", kind="holding")
    assert house.letter(letter).answered_on == make.NOW.date()
    assert "Ida Example" not in to_remind(house, sam, later)


def test_scenario_30_another_address_and_the_tag_gone(house, sam, database) -> None:
    letter = house.sends("Ida Example", "ida@parliament.zz")
    code = house.letter(letter).code
    forwarded = (
        "Please see below.\n\n-----Original Message-----\n"
        "> Will you table a question to the minister before the summer?\n"
    )
    who = "Secretary <secretary@parliament.zz>"
    row = house.comes(answer(forwarded, who=who, subject="FW: FW:", to="info@elsewhere.zz"))
    assert row.state is InboxState.UNMATCHED
    browser = Browser(sam)
    page = browser.get("desk.unmatched_next")
    assert "Ida Example" in page
    # The reasons: their house, and our sentences that they quote.
    assert "parliament.zz" in page and "quote" in page
    page = browser.press(f"File it with {code}")
    assert "it is proposed for the directory" in page
    with database.reading() as session:
        proposal = session.scalars(sa.select(ContactProposal)).one()
        assert (proposal.new_value, proposal.source) == (
            "secretary@parliament.zz",
            "message of 2026-03-03",
        )
    assert "secretary@parliament.zz" in browser.get("directory.proposed")
    # With References or our code it needs no click, and says by what it was found.
    other = "Office <office@parliament.zz>"
    ours = house.sent(letter)["Message-ID"]
    known = house.comes(answer("Yes.", who=other, subject="FW: FW:", References=ours))
    coded = house.comes(answer(f"Your letter {code}: yes.", who=other, subject="FW: FW:"))
    for one in (known, coded):
        assert one.state is InboxState.FILED
    with database.reading() as session:
        values = session.scalars(sa.select(ContactProposal.new_value)).all()
        assert sorted(values) == ["office@parliament.zz", "secretary@parliament.zz"]


def test_scenario_31_no_usable_signal(house, sam, database) -> None:
    for name in ("Ida One", "Ida Two", "Ida Three", "Ida Four"):
        house.sends(name, f"{name[-3:].lower()}@{name[-3:].lower()}.zz")
    left = len(house.server.taken)
    words = "Dear friends, we have read about the minister and the question with interest."
    row = house.comes(answer(words, who="X <x@nowhere.zz>", subject="Hello"))
    assert row.state is InboxState.UNMATCHED
    browser = Browser(sam)
    page = browser.get("desk.unmatched_next")
    assert "with interest" in page
    # The best three, each with its letter beside the message.
    assert page.words.count("Our letter") == 3
    assert page.words.count("Will you table a question to the minister") == 3
    assert len([one for one in browser.buttons() if one.startswith("File it with C")]) == 3
    # Nothing is dropped, nobody is answered by a machine.
    house.tick()
    assert len(house.server.taken) == left
    assert house.count(Incoming) == 1 and house.count(Attempt) == left


def test_scenario_32_the_address_is_retyped(house, sam) -> None:
    letters = [house.sends(f"Ida {n}", f"ida{n}@house{n}.zz") for n in range(6)]
    for letter in letters:
        local, domain = house.sent(letter)["Reply-To"].strip("<>").split("@")
        name, tag = local.split("+")
        typed = f"{name}+{tag.replace('1', 'l').replace('0', 'o')}".upper()
        row = house.comes(answer(f"Yes, {letter}.", to=f"{typed}@{domain}", who="x@nowhere.zz"))
        assert row.state is InboxState.FILED
        page = Browser(sam).get("desk.letters", incoming_id=row.id)
        assert f"Now it is with letter {house.letter(letter).code}" in page


AUGUST = dt.datetime(2026, 8, 18, 9, tzinfo=dt.UTC)
ABSENT = {
    "German": (
        "Automatische Antwort: Anfrage",
        "Ich bin ab dem 8. September wieder im Büro. Dem Anliegen stimme ich zu.",
        "Dem Anliegen stimme ich zu.",
    ),
    "Arabic": (
        "رد تلقائي",
        "شكرا على رسالتكم. سأعود إلى المكتب في 8 سبتمبر. أنا أؤيد طلبكم.",
        "أنا أؤيد طلبكم.",
    ),
}


@pytest.mark.parametrize("language", ABSENT)
def test_scenario_33_an_absence_with_its_last_day(house, sam, language: str) -> None:
    house.at(AUGUST)
    letter = house.sends("Ida Example", "ida@office.zz")
    template_of(house, LetterKind.REMINDER)
    subject, words, quote = ABSENT[language]
    message = answer(words, subject=subject, on=AUGUST, to=house.sent(letter)["Reply-To"])
    message["Auto-Submitted"] = "auto-replied"
    row = house.comes(message)
    assert (row.kind, row.back_on) == (MailKind.AUTO_REPLY, dt.date(2026, 9, 8))
    browser = Browser(sam)
    page = browser.get("incoming.message", incoming_id=row.id)
    assert "Automatic answer" in page and "back on 8 September 2026" in page
    # The letter still waits for its answer; its reminder waits for the day after the return.
    kept = house.letter(letter)
    assert (kept.answered_on, kept.unread_since) == (None, None)
    assert kept.parked_until == dt.date(2026, 9, 9)
    assert "answered" not in browser.get("letters.letter", letter_id=letter)
    eighth, ninth = (dt.datetime(2026, 9, day, 9, tzinfo=dt.UTC) for day in (8, 9))
    assert "Ida Example" not in to_remind(house, sam, eighth).split("Next")[0]
    assert "Ida Example" in to_remind(house, sam, ninth)
    # It contained an answer: one press, and a person says what it says.
    browser.get("incoming.message", incoming_id=row.id)
    page = browser.press("It was a real answer")
    assert page.heading == "What does Ida Example say?"
    assert house.letter(letter).parked_until is None
    browser.press("File and next", kind="supportive", stance="support", quote=quote)
    assert house.letter(letter).last_reply_kind == "supportive"
    assert "Ida Example" not in to_remind(house, sam, ninth)


@pytest.mark.parametrize(
    "heads",
    [
        {"Return_Path": "<>"},
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.office.zz>"},
    ],
    ids=lambda heads: next(iter(heads)),
)
def test_scenario_34_machines_do_not_talk_to_machines(house, sam, database, heads) -> None:
    letter = house.sends("Ida Example", "ida@office.zz")
    template_of(house, LetterKind.ANSWER)
    # Our own letter asks for no automatic answer, and is none.
    ours = house.sent(letter)
    assert ours["Auto-Submitted"] is None and ours["Precedence"] is None
    for number in range(4):
        words = f"I am on vacation, {number}."
        row = house.comes(
            answer(words, to=ours["Reply-To"], In_Reply_To=ours["Message-ID"], **heads)
        )
        house.tick()
    assert len(house.server.taken) == 1 and house.count(Attempt) == 1
    # Nor does a person answer it by mistake, also where somebody took it for a real answer.
    browser = Browser(sam)
    browser.get("incoming.message", incoming_id=row.id)
    if "It was a real answer" in browser.buttons():
        browser.press("It was a real answer")
    else:
        browser.press("Read it and say what it is")
    browser.press("File and show", kind="acknowledgement")
    assert "A machine sent this, or a list." in browser.shown
    with database.reading() as session:
        read = session.scalars(
            sa.select(Reply.id).where(Reply.incoming_id == row.id, Reply.undone_at.is_(None))
        ).one()
    refused = sam.send(f"/answers/{read}/draft", {"kind": "answer"}, follow_redirects=True)
    assert "A machine sent this, or a list." in refused.text
    assert house.count(Letter) == 1


def test_scenario_36_one_mail_answers_two_letters(house, sam, olga, database) -> None:
    one, two = house.sends("Ida One", "ida@one.zz"), house.sends("Otto Two", "otto@two.zz")
    template_of(house, LetterKind.ANSWER)
    both = f"{house.sent(one)['Reply-To']}, {house.sent(two)['Reply-To']}"
    message = answer("We both will put the question.", to=both, who="Ida One <ida@one.zz>")
    row = house.comes(message)
    assert row.state is InboxState.FILED and house.count(Incoming) == 1
    browser = Browser(sam)
    page = browser.get("desk.letters", incoming_id=row.id)
    assert all(house.letter(n).code in page for n in (one, two))
    for letter in (one, two):
        page = browser.get("replies.thread", office_id=house.letter(letter).office_id)
        assert "A message came in: answer" in page
        assert f'href="/inbox/mail/{row.id}"' in page.page.html
    # It is read for each desk, and counts for both.
    browser.get("incoming.message", incoming_id=row.id)
    browser.press("Read it and say what it is")
    page = browser.press("File and next", kind="holding")
    assert "The same message answers another letter too" in page
    browser.press("File and next", kind="holding")
    assert all(house.letter(n).answered_on for n in (one, two))
    # Each desk is answered by itself, in the same conversation.
    with database.reading() as session:
        replies = session.scalars(sa.select(Reply.id).order_by(Reply.id)).all()
    assert len(replies) == 2
    for number, letter in zip(replies, (one, two), strict=True):
        browser.get("replies.reply", reply_id=number)
        browser.press("Draft an answer")
        with database.reading() as session:
            drafts = session.scalars(sa.select(Letter).where(Letter.follows_id == letter)).all()
            (draft,) = drafts
            assert (draft.kind, draft.state) == (LetterKind.ANSWER, State.DRAFT)
            assert draft.target_id == house.letter(letter).target_id
            assert draft.in_reply_to == message["Message-ID"].strip("<>")
            assert "We both will put the question." in draft.text


def test_scenario_33_a_reminder_on_its_way_waits_for_their_return(house, sam, olga) -> None:
    house.at(AUGUST)
    letter = house.sends("Ida Example", "ida@office.zz")
    template_of(house, LetterKind.REMINDER)
    house.at(dt.datetime(2026, 9, 3, 8, tzinfo=dt.UTC))
    with house.database.writing() as session:
        session.execute(sa.update(ContactDetail).values(verified_on=house.now.date()))
    browser, organiser = Browser(sam), Browser(olga)
    browser.get("reminders.remind", letter_id=letter)
    page = browser.press("No: make the draft")
    reminder = int(page.url.rpartition("/")[2])
    browser.press("Submit for approval")
    organiser.get("letters.letter", letter_id=reminder)
    organiser.press("Approve")
    organiser.press("Schedule the letter", when="soon")
    assert house.letter(reminder).state is State.SCHEDULED
    # Before it goes they say that they are away.
    subject, words, _quote = ABSENT["German"]
    ours = house.sent(letter)["Reply-To"]
    row = house.comes(answer(words, subject=subject, on=house.now, to=ours))
    assert row.kind is MailKind.AUTO_REPLY
    page = organiser.get("letters.letter", letter_id=reminder)
    assert "The reminder is parked." in page and "9 September 2026" in page
    window = house.letter(reminder)
    assert window.send_after == dt.datetime(2026, 9, 9, 8, tzinfo=dt.UTC)
    for day, left in ((4, False), (7, False), (8, False), (9, True)):
        house.at(dt.datetime(2026, 9, day, 9, tzinfo=dt.UTC))
        house.tick()
        assert (house.letter(reminder).state is State.SENT) is left, (day, house.letter(reminder))
