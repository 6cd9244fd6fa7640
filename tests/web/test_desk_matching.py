"""What nothing proves is filed by hand: beside its guesses, with several letters, and moved."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Task, TaskKind
from outreach.directory.identity import ContactProposal
from outreach.letters.models import Letter
from outreach.replies.consequences.filing import log_answer
from outreach.replies.matches.unmatched import marked
from outreach.replies.models import (
    InboxState,
    Incoming,
    IncomingLetter,
    Reply,
    ReplyChannel,
    ReplyKind,
    SignedBy,
)
from tests import make
from tests.browser import Browser
from tests.web.desk_world import arrives, incoming, mail, sent_letter

FORWARDED = (
    "Please find below.\n\n> Will you table a question to the minister before the recess?\n"
    "Mr Ozoliņš thanks you."
)


@pytest.fixture
def letters(database, campaign) -> list[int]:
    return [
        sent_letter(database, campaign, "Jānis Ozoliņš", "7K4-Q2M"),
        sent_letter(database, campaign, "Anna Kalniņa", "8M5-R3N", text="Dear Ms Kalniņa, hello."),
    ]


def filed_with(database, number: int) -> list[int]:
    with database.reading() as session:
        rows = sa.select(IncomingLetter.letter_id).where(IncomingLetter.incoming_id == number)
        return sorted(session.scalars(rows))


def proposals(database) -> list[ContactProposal]:
    with database.reading() as session:
        rows = list(session.scalars(sa.select(ContactProposal)))
        session.expunge_all()
        return rows


def test_shared_words_are_marked_and_the_text_stays_whole() -> None:
    text = "We ask you to support the listing. Bye."
    rows = marked(text, "They will SUPPORT the\nlisting soon")
    assert "".join(words for words, _ in rows) == text
    assert [words for words, shared in rows if shared] == ["support the listing"]
    assert marked("", "x") == []


def test_a_guess_is_confirmed_with_one_click_and_the_address_is_proposed(
    sam, database, campaign, letters
) -> None:
    number = arrives(database, campaign, mail(FORWARDED))
    assert incoming(database, number).state is InboxState.UNMATCHED
    browser = Browser(sam)
    page = browser.get("desk.unmatched_next")
    assert page.heading == "Which letter does this answer?"
    assert "1 message waits." in page
    assert "Jānis Ozoliņš" in page
    assert "Will you table a question to the minister before the recess" in page
    done = browser.press("File it with 7K4-Q2M")
    assert done.heading == "Which letter does this answer?"
    assert "Filed with 7K4-Q2M." in done
    assert "Every message is with its letter" in done
    assert "it is proposed for the directory" in done
    assert incoming(database, number).state is InboxState.FILED
    assert filed_with(database, number) == [letters[0]]
    (proposal,) = proposals(database)
    assert proposal.new_value == "secretary@office.example"
    assert proposal.source == "message of 2026-03-03"
    with database.reading() as session:
        task = session.scalars(sa.select(Task).where(Task.kind == TaskKind.READ_REPLY)).one()
        assert (task.subject_kind, task.subject_id) == ("incoming", number)
        assert session.get_one(Letter, letters[0]).unread_since is not None
        assert session.get_one(Letter, letters[0]).answered_on is None


def test_free_mail_is_proposed_but_said_so_and_a_known_or_doubtful_one_is_not(
    sam, database, campaign, letters
) -> None:
    free = arrives(database, campaign, mail(FORWARDED, who="ozolins@gmail.com"))
    sam.send(f"/inbox/mail/{free}/letters", {"only": str(letters[0])})
    (proposal,) = proposals(database)
    assert "anybody may have a mailbox at this provider" in proposal.source
    again = arrives(database, campaign, mail(FORWARDED + " 2", who="ozolins@gmail.com"))
    sam.send(f"/inbox/mail/{again}/letters", {"only": str(letters[0])})
    doubtful = arrives(
        database,
        campaign,
        mail(FORWARDED + " 3", who="a@b.example", Reply_To="x@elsewhere.example"),
    )
    assert incoming(database, doubtful).warned
    sam.send(f"/inbox/mail/{doubtful}/letters", {"only": str(letters[0])})
    assert len(proposals(database)) == 1


def test_several_letters_at_once_and_one_that_is_looked_for(
    sam, database, campaign, letters
) -> None:
    number = arrives(database, campaign, mail("Thank you for both of your letters."))
    browser = Browser(sam)
    browser.get("desk.letters", incoming_id=number, q="Latvia")
    page = browser.press("File it with all that are ticked", status=422)
    assert "Say which letter this answers." in page
    browser.get("desk.letters", incoming_id=number, q="Latvia")
    browser.press("File it with all that are ticked", letters=[str(one) for one in letters])
    assert filed_with(database, number) == letters
    assert sam.send(f"/inbox/mail/{number}/letters", {"only": "999999"}).status_code == 422


def test_a_filed_message_moves_and_what_was_read_out_of_it_is_undone(
    sam, olga, database, campaign, people, letters
) -> None:
    number = arrives(database, campaign, mail(FORWARDED))
    sam.send(f"/inbox/mail/{number}/letters", {"only": str(letters[0])})
    with database.writing() as session:
        log_answer(
            session,
            letters=[session.get_one(Letter, letters[0])],
            incoming=session.get_one(Incoming, number),
            by=people["vera"],
            now=make.NOW,
            channel=ReplyChannel.EMAIL,
            received_on=make.NOW.date(),
            text="x",
            kind=ReplyKind.ACKNOWLEDGEMENT,
            signed_by=SignedBy.STAFF,
        )
    # Somebody else's reading is not Sam's to undo.
    assert sam.send(f"/inbox/mail/{number}/letters", {"only": str(letters[1])}).status_code == 403
    assert filed_with(database, number) == [letters[0]]
    browser = Browser(olga)
    page = browser.get("desk.letters", incoming_id=number)
    assert "Now it is with letter 7K4-Q2M to Jānis Ozoliņš." in page
    browser.get("desk.letters", incoming_id=number, q="8M5-R3N")
    browser.press("File it with 8M5-R3N")
    assert filed_with(database, number) == [letters[1]]
    with database.reading() as session:
        assert session.get_one(Letter, letters[0]).answered_on is None
        assert session.get_one(Letter, letters[0]).unread_since is None
        assert session.get_one(Letter, letters[1]).unread_since is not None
        assert session.scalars(sa.select(Reply)).one().undone_at is not None


def test_what_a_machine_wrote_has_its_consequences_when_filed_by_hand(
    sam, database, campaign, letters
) -> None:
    raw = mail("I am back on 8 September.", Auto_Submitted="auto-replied", subject="Out of office")
    number = arrives(database, campaign, raw)
    sam.send(f"/inbox/mail/{number}/letters", {"only": str(letters[0])})
    with database.reading() as session:
        reply = session.scalars(sa.select(Reply)).one()
        assert reply.kind in (ReplyKind.OUT_OF_OFFICE, ReplyKind.AUTO_REPLY)
        assert session.get_one(Letter, letters[0]).unread_since is None
    assert proposals(database) == []


def test_messages_come_one_after_the_other_and_may_be_set_aside(
    sam, vera, database, campaign, letters
) -> None:
    one, two = (arrives(database, campaign, mail(words)) for words in ("Hello.", "Goodbye."))
    browser = Browser(sam)
    assert "2 messages wait." in browser.get("desk.unmatched_next")
    second = browser.follow("Next message")
    assert "Goodbye." in second
    browser.press("It answers no letter: set it aside")
    assert incoming(database, two).state is InboxState.SET_ASIDE
    assert incoming(database, one).state is InboxState.UNMATCHED
    assert vera.get(f"/inbox/mail/{one}/letters").status_code == 403
    assert vera.get("/inbox/unmatched").status_code == 403
