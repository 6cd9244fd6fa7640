"""Lists of letters, one letter and its moves, audiences, making drafts, mailings, templates."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Actor, Campaign, Event, Task
from outreach.database import Database
from outreach.directory.models import TargetRole
from outreach.letters.lifecycle import State
from outreach.letters.models import (
    Audience,
    Letter,
    LetterKind,
    Mailing,
    Quotation,
    Template,
    TemplateVersion,
)
from outreach.petitions.models import Demand
from tests import make
from tests.browser import Browser, counted_queries
from tests.web.conftest import Client


def write(
    database: Database, campaign: Campaign, by: Actor | None = None, **values: Any
) -> tuple[int, int]:
    """Make a letter written by `by`; return its id and its mailing's."""
    with database.writing() as session:
        if by is not None:
            values |= {"author": by.name, "author_id": by.user_id, "made_by_id": by.user_id}
        if "mailing_id" in values:
            values["mailing"] = session.get_one(Mailing, values.pop("mailing_id"))
        letter = make.letter(session, campaign, **values)
        return letter.id, letter.mailing_id


def state_of(database: Database, letter_id: int) -> State:
    with database.reading() as session:
        return session.get_one(Letter, letter_id).state


# -- lists -----------------------------------------------------------------------------------------


def test_without_letters_the_list_says_what_to_do(sam: Client) -> None:
    page = Browser(sam).get("letters.index")
    assert page.heading == "Which letters are where?"
    assert "Choose an audience" in page


def test_the_list_narrows_by_state_mailing_and_code(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    _, first = write(database, campaign, recipient="Draft Person")
    write(database, campaign, recipient="Sent Person", state=State.SENT, code="7K4-Q2M")
    browser = Browser(sam)

    assert "Draft Person" in browser.get("letters.index")
    assert "Draft Person" not in browser.get("letters.index", state="sent")
    assert "Sent Person" in browser.get("letters.index", state="sent")
    assert "Sent Person" not in browser.get("letters.index", mailing=first)
    assert "Sent Person" in browser.get("letters.index", q="7k4 q2m")
    assert "Draft Person" not in browser.get("letters.index", q="7k4 q2m")
    assert "No letter fits these filters" in browser.get("letters.index", jurisdiction="ZZ")


def test_a_wrong_filter_in_the_address_narrows_nothing(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    write(database, campaign, recipient="Draft Person")
    page = Browser(sam).get("letters.index", state="nonsense", mailing="x", page="-3")
    assert "Draft Person" in page


def test_rehearsed_letters_stand_under_their_own_heading(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    write(database, campaign, recipient="Rehearsed Person", rehearsal=True)
    write(database, campaign, recipient="Live Person", rehearsal=False)
    browser = Browser(sam)

    assert "Live Person" not in browser.get("letters.index")
    page = browser.get("letters.index", rehearsal="no")
    assert "Live Person" in page
    assert "Rehearsed Person" not in page


@pytest.mark.parametrize("where", ["/letters", "/mailings", "/audiences", "/templates"])
def test_lists_ask_the_same_number_of_questions_for_one_row_and_three(
    sam: Client, database: Database, campaign: Campaign, where: str
) -> None:
    counted = []
    for rows in (1, 2):
        for _ in range(rows):
            write(database, campaign)
            with database.writing() as session:
                name = f"Audience {make.petition(session, campaign).id}"
                session.add(
                    Audience(
                        campaign_id=campaign.id,
                        name=name,
                        filters={"roles": ["mep"]},
                        by="Sam",
                        at=campaign.created_at,
                    )
                )
        with counted_queries(database.engine, at_most=20) as sent:
            Browser(sam).get(where)
        counted.append(len(sent))
    assert counted[0] == counted[1]


def test_another_campaigns_letters_and_mailings_are_not_there(
    ada: Client, database: Database, campaign: Campaign
) -> None:
    with database.writing() as session:
        other = make.campaign(session)
    letter_id, mailing_id = write(database, other, recipient="Foreign Person")
    browser = Browser(ada)
    assert "Foreign Person" not in browser.get("letters.index")
    browser.get("letters.letter", letter_id=letter_id, status=404)
    browser.get("letters.mailing", mailing_id=mailing_id, status=404)


@pytest.mark.parametrize(
    "where", ["/letters", "/letters/new", "/mailings", "/audiences", "/audiences/new", "/templates"]
)
def test_volunteers_see_no_lists(vera: Client, where: str) -> None:
    Browser(vera).get(where, status=403)


# -- one letter ------------------------------------------------------------------------------------


def test_a_letter_goes_from_draft_to_approved_by_two_people(
    sam: Client,
    olga: Client,
    database: Database,
    campaign: Campaign,
    people: dict[str, Actor],
) -> None:
    letter_id, _ = write(database, campaign, people["sam"])
    staff, organiser = Browser(sam), Browser(olga)

    page = staff.get("letters.letter", letter_id=letter_id)
    assert "Please ask the government." in page
    assert "Approve" not in staff.buttons()
    page = staff.press("Submit for approval")
    assert "Somebody who did not write it can approve it now." in page

    page = organiser.get("letters.letter", letter_id=letter_id)
    assert "Before you approve" in page
    assert "Publicity of letters there" in page
    assert "Named in the letter" in page
    assert "Record who read it" in page
    page = organiser.press("Approve")
    assert "Approved and frozen." in page
    assert "Approved by" in page
    assert state_of(database, letter_id) is State.APPROVED


def test_other_words_than_those_on_the_page_are_not_approved(
    olga: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    letter_id, _ = write(database, campaign, people["sam"], state=State.REVIEW)
    organiser = Browser(olga)
    organiser.get("letters.letter", letter_id=letter_id)
    with database.writing() as session:
        session.get_one(Letter, letter_id).text = "Dear Member,\n\nThese came after reading."
    page = organiser.press("Approve")
    assert "The letter was changed since you opened it." in page
    assert state_of(database, letter_id) is State.REVIEW


def test_the_second_press_of_a_button_is_answered_kindly(
    sam: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    letter_id, _ = write(database, campaign, people["sam"])
    browser = Browser(sam)
    browser.get("letters.letter", letter_id=letter_id)
    browser.press("Submit for approval")
    page = browser.post(f"/letters/{letter_id}/submit")
    assert "isn’t possible" in page or "isn't possible" in page
    assert page.url == f"/letters/{letter_id}"


def test_nobody_is_offered_to_approve_their_own_words(
    olga: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    letter_id, _ = write(database, campaign, people["olga"], state=State.REVIEW)
    browser = Browser(olga)
    page = browser.get("letters.letter", letter_id=letter_id)
    assert "You wrote these words" in page
    assert "Approve" not in browser.buttons()
    page = browser.post(f"/letters/{letter_id}/approve")
    assert "somebody else has to approve them" in page
    assert state_of(database, letter_id) is State.REVIEW


def test_returning_needs_a_remark_and_shows_it_to_the_author(
    olga: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    letter_id, _ = write(database, campaign, people["sam"], state=State.REVIEW)
    browser = Browser(olga)
    browser.get("letters.letter", letter_id=letter_id)
    page = browser.press("Return with a remark", reason=" ")
    assert "Say why, in a few words." in page
    page = browser.press("Return with a remark", reason="The second paragraph is too long.")
    assert "The second paragraph is too long." in page
    assert state_of(database, letter_id) is State.DRAFT


def test_withdrawing_says_that_it_cannot_be_undone(
    sam: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    letter_id, _ = write(database, campaign, people["sam"])
    browser = Browser(sam)
    assert "This can't be undone" in browser.get("letters.letter", letter_id=letter_id)
    browser.press("Withdraw", reason="Wrong person.")
    assert state_of(database, letter_id) is State.WITHDRAWN


def test_moves_that_need_more_than_a_press_have_no_address_here(
    olga: Client, database: Database, campaign: Campaign
) -> None:
    letter_id, _ = write(database, campaign, state=State.SCHEDULED)
    for move in ("claim", "deliver", "miss", "bounce", "nonsense"):
        assert olga.send(f"/letters/{letter_id}/{move}").status_code in (404, 405)
    assert state_of(database, letter_id) is State.SCHEDULED


def test_staff_cannot_approve_by_typing_the_address(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    letter_id, _ = write(database, campaign, state=State.REVIEW)
    assert sam.send(f"/letters/{letter_id}/approve").status_code == 403
    assert state_of(database, letter_id) is State.REVIEW


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_page_for_everybody_who_reads(
    sam: Client, olga: Client, database: Database, campaign: Campaign, state: State
) -> None:
    letter_id, _ = write(database, campaign, state=state, reason="Because.")
    for client in (sam, olga):
        assert "Please ask the government." in Browser(client).get(
            "letters.letter", letter_id=letter_id
        )


def test_a_quotation_shows_where_it_comes_from(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    letter_id, _ = write(database, campaign)
    with database.writing() as session:
        fact = make.fact(session, campaign, code="R77", source_title="A report on prisons")
        session.add(
            Quotation(
                letter_id=letter_id,
                fact_id=fact.id,
                fact_version=fact.version,
                text="Please ask the government.",
            )
        )
    page = Browser(sam).get("letters.letter", letter_id=letter_id)
    assert "R77" in page
    assert "A report on prisons" in page


# -- volunteers ------------------------------------------------------------------------------------


def looks(database: Database, letter_id: int) -> int:
    with database.reading() as session:
        return (
            session.scalar(
                sa.select(sa.func.count())
                .select_from(Event)
                .where(Event.name == "looked_at", Event.subject_id == letter_id)
            )
            or 0
        )


def test_a_volunteer_sees_the_words_only_with_the_task_and_every_look_is_noted(
    vera: Client, database: Database, campaign: Campaign
) -> None:
    letter_id, _ = write(database, campaign, state=State.SENT, recipient="Maria Example")
    browser = Browser(vera)

    page = browser.get("letters.letter", letter_id=letter_id)
    assert "Maria Example" in page
    assert "Please ask the government." not in page
    assert looks(database, letter_id) == 1

    page = browser.press("Take the task and read it")
    assert "Please ask the government." in page
    assert looks(database, letter_id) == 3


def test_a_volunteer_is_told_who_holds_the_task(
    vera: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    letter_id, _ = write(database, campaign, state=State.SENT)
    with database.writing() as session:
        session.add(
            Task(
                campaign_id=campaign.id,
                kind="log_answer",
                subject_kind="letter",
                subject_id=letter_id,
                title="Log an answer",
                owner_id=people["sam"].user_id,
                taken_at=campaign.created_at,
                rehearsal=True,
                created_at=campaign.created_at,
            )
        )
    browser = Browser(vera)
    page = browser.get("letters.letter", letter_id=letter_id)
    assert "Sam holds its task" in page
    assert "Please ask the government." not in page


def test_a_volunteer_finds_no_words_in_a_draft(
    vera: Client, database: Database, campaign: Campaign
) -> None:
    letter_id, _ = write(database, campaign)
    page = Browser(vera).get("letters.letter", letter_id=letter_id)
    assert "It has not left yet" in page
    assert "Please ask the government." not in page
    vera.send(f"/letters/{letter_id}/take")
    assert "Please ask the government." not in Browser(vera).get(
        "letters.letter", letter_id=letter_id
    )


# -- editing ---------------------------------------------------------------------------------------


def test_editing_shows_what_changed_before_it_saves(
    sam: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    letter_id, _ = write(database, campaign, people["sam"], text="Please ask the council.")
    browser = Browser(sam)
    browser.get("letters.edit", letter_id=letter_id)
    page = browser.press("Show what changed", text="Please ask the government.")
    assert "<del>council.</del>" in page.page.html
    assert "<ins>government.</ins>" in page.page.html
    with database.reading() as session:
        assert session.get_one(Letter, letter_id).text == "Please ask the council."

    page = browser.press("Save the letter")
    assert "Saved." in page
    assert "Changed by hand by Sam" in page
    assert "<ins>government.</ins>" in page.page.html


def test_two_people_editing_at_once_lose_nothing(
    sam: Client, ada: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    letter_id, _ = write(database, campaign, people["sam"], text="Old words.")
    first, second = Browser(sam), Browser(ada)
    first.get("letters.edit", letter_id=letter_id)
    second.get("letters.edit", letter_id=letter_id)
    second.press("Save the letter", text="Ada's words.")
    page = first.press("Save the letter", text="Sam's words.", status=409)
    assert "was changed meanwhile" in page
    assert "Sam's words." in page.page.html.replace("&#39;", "'")
    with database.reading() as session:
        assert session.get_one(Letter, letter_id).text == "Ada's words."


def test_an_approved_letter_cannot_be_edited(
    sam: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    letter_id, _ = write(database, campaign, people["sam"], state=State.APPROVED)
    page = Browser(sam).get("letters.edit", letter_id=letter_id)
    assert page.url == f"/letters/{letter_id}"
    assert "Only a draft can be edited." in page


def test_empty_words_are_refused_at_their_field(
    sam: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    letter_id, _ = write(database, campaign, people["sam"])
    browser = Browser(sam)
    browser.get("letters.edit", letter_id=letter_id)
    page = browser.press("Save the letter", subject="", status=422)
    assert "This can't be saved yet." in page


# -- audiences -------------------------------------------------------------------------------------


def test_an_audience_is_counted_saved_renamed_and_deleted(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    with database.writing() as session:
        make.target(session, name="Reachable Minister", role=TargetRole.MINISTER)
        make.target(session, name="Silent Minister", role=TargetRole.MINISTER, address=None)
        make.target(session, name="Some Member")
    browser = Browser(sam)

    page = browser.get("letters.new_audience")
    assert "3 targets" in page
    assert "Some Member" in page
    page = browser.press("Count", roles=["minister"])
    assert "2 targets" in page
    assert "1 left out, and why" in page
    assert "Reachable Minister" in page
    assert "Some Member" not in page

    page = browser.press("Save this audience", name="Ministers")
    assert page.heading == "Ministers"
    assert "Minister" in page
    assert "Write to this 1 target" in page

    page = browser.press("Rename the audience", name="All ministers")
    assert page.heading == "All ministers"
    page = browser.press("Delete the audience")
    assert "No audience yet" in page


def test_two_audiences_cannot_share_a_name(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    with database.writing() as session:
        make.target(session)
    browser = Browser(sam)
    for _ in range(2):
        browser.get("letters.new_audience", count="yes")
        sent = {"name": "Everybody"}
        page = browser.press("Save this audience", status=422 if _ else 200, **sent)
    assert "There is an audience called “Everybody”." in page
    assert "1 target" in page


def test_a_selection_of_nobody_says_so(sam: Client) -> None:
    page = Browser(sam).get("letters.new_audience", count="yes", jurisdictions="ZZ")
    assert "Nobody fits all of this." in page


# -- making drafts and mailings --------------------------------------------------------------------


@pytest.fixture
def ready(database: Database, campaign: Campaign) -> dict[str, int]:
    """A template, a sender, two members who can be written to, one who can't, an audience."""
    with database.writing() as session:
        ask = make.ask(session, campaign, code="D2a")
        body = (
            "Please ask the government.{% if variant == 'a' %} Nobody in your chamber did so this"
            " year.{% else %} Many of those who vote for you would like to know why.{% endif %}"
        )
        version = make.template_version(session, campaign, body=body)
        template = session.get_one(Template, version.template_id)
        template.asks = ["D2a"]
        template.name = "To a member"
        sender = make.sender(session, campaign, name="Example Association")
        targets = [
            make.target(session, name="Anna First"),
            make.target(session, name="Boris Second"),
            make.target(session, name="Clara Silent", address=None),
        ]
        audience = Audience(
            campaign_id=campaign.id,
            name="Members",
            filters={},
            by="Sam",
            at=campaign.created_at,
        )
        session.add(audience)
        session.flush()
        assert session.get(Demand, ask.demand_id)
        return {
            "template": template.id,
            "sender": sender.id,
            "audience": audience.id,
            "target": targets[0].id,
        }


def test_drafts_are_shown_before_they_are_made(
    sam: Client, database: Database, ready: dict[str, int]
) -> None:
    browser = Browser(sam)
    page = browser.get("letters.compose", audience=ready["audience"])
    assert page.heading == "Write to an audience"

    page = browser.press("Show examples")
    assert "Please ask the government." in page
    assert "2 drafts, 1 target left out" in page
    assert "Clara Silent" in page
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 0

    page = browser.press("Make 2 drafts")
    assert page.heading == "To a member: Members"
    assert "2 drafts made." in page
    assert "Clara Silent" in page
    assert "Submit 2 drafts" in page


def test_a_mailing_is_submitted_and_withdrawn_in_one_go(
    sam: Client, olga: Client, database: Database, ready: dict[str, int]
) -> None:
    browser = Browser(sam)
    browser.get("letters.compose", audience=ready["audience"], look="yes")
    page = browser.press("Make 2 drafts")
    where = page.url
    page = browser.press("Submit 2 drafts")
    assert "2 letters submitted." in page
    assert page.words.count("Somebody other than its author has to approve it") == 2
    assert len(set(re.findall(r'href="/letters/(\d+)"', page.page.html))) == 2

    organiser = Browser(olga)
    organiser.get(where)
    organiser.follow("Review 2 letters")
    page = organiser.follow("Read one by one")
    assert "Before you approve" in page
    page = organiser.press("Approve")
    assert "Next to approve" in page
    organiser.follow("Next to approve")

    page = organiser.get(where)
    assert "Schedule 1 approved letter" in page
    page = organiser.press("Withdraw 2 letters", reason="The question was asked already.")
    assert "2 letters withdrawn." in page


def test_one_target_gets_its_letter_from_its_page(sam: Client, ready: dict[str, int]) -> None:
    browser = Browser(sam)
    page = browser.get("letters.compose", target=ready["target"])
    assert page.heading == "Write to Anna First"
    browser.press("Show examples")
    page = browser.press("Make 1 draft")
    assert page.heading == "Letter to Anna First"
    page = browser.get("letters.compose", target=ready["target"], look="yes")
    assert "already" in page


def test_a_reminder_follows_the_letter_nobody_answered(
    sam: Client, database: Database, campaign: Campaign, ready: dict[str, int]
) -> None:
    with database.writing() as session:
        template = Template(
            campaign_id=campaign.id,
            slug="reminder",
            name="A reminder",
            kind=LetterKind.REMINDER,
            roles=[TargetRole.MEMBER_LOWER.value],
            asks=["D2a"],
        )
        session.add(template)
        session.flush()
        make.template_version(session, campaign, template=template, body="May I remind you?")
    browser = Browser(sam)
    browser.get("letters.compose", target=ready["target"], template=ready["template"], look="yes")
    page = browser.press("Make 1 draft")
    letter_id = int(page.url.rsplit("/", 1)[1])
    with database.writing() as session:
        letter = session.get_one(Letter, letter_id)
        letter.state, letter.seal = State.SENT, "0" * 64
        letter.approved_at = letter.sent_at = campaign.created_at
    browser.get("letters.letter", letter_id=letter_id)
    browser.follow("Write a reminder")
    page = browser.follow("No, and write earlier all the same")
    assert page.heading == "Write a reminder to Anna First"
    page = browser.press("Show examples")
    assert "May I remind you?" in page
    page = browser.press("Make 1 draft")
    assert "May I remind you?" in page
    assert "Its reminder" in browser.get("letters.letter", letter_id=letter_id)


def test_writing_asks_first_for_what_is_missing(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    browser = Browser(sam)
    assert "Nobody can sign yet" in browser.get("letters.compose")
    with database.writing() as session:
        make.sender(session, campaign)
    assert "No template fits" in browser.get("letters.compose")
    with database.writing() as session:
        make.template_version(session, campaign)
    assert "To whom?" in browser.get("letters.compose")


# -- templates -------------------------------------------------------------------------------------


def test_a_native_reader_is_recorded_by_an_organiser(
    sam: Client, olga: Client, database: Database, campaign: Campaign, now: dt.datetime
) -> None:
    with database.writing() as session:
        version = make.template_version(session, campaign)
        template_id, version_id = version.template_id, version.id
    page = Browser(sam).get("letters.template", template_id=template_id)
    assert "Not yet read by a native speaker" in page
    assert "Record the reading" not in page
    assert "recipient.name" in page

    browser = Browser(olga)
    browser.get("letters.template", template_id=template_id)
    page = browser.press(
        "Record the reading", read_by="Jane Reader", read_on="2999-01-01", status=422
    )
    assert "That day has not come yet." in page
    page = browser.press("Record the reading", read_by="Jane Reader", read_on="2026-03-02")
    assert "Read by Jane Reader, a native speaker" in page
    with database.reading() as session:
        assert session.get_one(TemplateVersion, version_id).read_on == dt.date(2026, 3, 2)
    assert sam.send(f"/templates/versions/{version_id}/read").status_code == 403
