"""A draft's words change only while it is a draft and as it was shown."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Event
from outreach.errors import BadInput, MoveRefused
from outreach.letters import editing
from outreach.letters.lifecycle import State
from outreach.letters.models import Quotation
from tests import make


def edit(session, letter, now, by, **values):
    values = {
        "subject": letter.subject,
        "text": letter.text,
        "seen": editing.fingerprint(letter),
    } | values
    editing.edit(session, letter, by=by, now=now, **values)


def test_the_editor_becomes_the_author_and_the_old_words_are_kept(session, campaign, now):
    vera, letter = make.sam(session, campaign), make.letter(session, campaign)
    before = letter.text
    edit(
        session, letter, now, vera, subject=" A  better\nquestion ", text="Dear Ida,\r\n\r\nWhy?\n"
    )
    assert (letter.subject, letter.text) == ("A better question", "Dear Ida,\n\nWhy?")
    assert (letter.author_id, letter.author, letter.customised_at) == (vera.user_id, "Sam", now)
    event = session.scalars(sa.select(Event).where(Event.name == "edited")).one()
    assert event.detail["before"]["text"] == before
    assert event.detail["after"]["subject"] == "A better question"


def test_nothing_changed_is_no_change(session, campaign, now):
    letter = make.letter(session, campaign)
    edit(session, letter, now, make.sam(session, campaign))
    assert letter.customised_at is None and letter.author_id is None


def test_words_that_were_not_the_ones_shown_are_not_overwritten(session, campaign, now):
    sam, letter = make.sam(session, campaign), make.letter(session, campaign)
    seen = editing.fingerprint(letter)
    edit(session, letter, now, sam, text="First.")
    with pytest.raises(MoveRefused):
        edit(session, letter, now, sam, text="Second.", seen=seen)
    assert letter.text == "First."


@pytest.mark.parametrize("state", [state for state in State if state is not State.DRAFT])
def test_only_a_draft_is_edited(session, campaign, now, state):
    sam, letter = make.sam(session, campaign), make.letter(session, campaign, state=state)
    with pytest.raises(MoveRefused):
        edit(session, letter, now, sam, text="Changed.")


@pytest.mark.parametrize("field", ["subject", "text"])
def test_a_letter_needs_words(session, campaign, now, field):
    sam, letter = make.sam(session, campaign), make.letter(session, campaign)
    with pytest.raises(BadInput) as caught:
        edit(session, letter, now, sam, **{field: " \n"})
    assert caught.value.field == field


def test_a_quotation_that_was_cut_out_is_let_go(session, campaign, now):
    sam, letter = make.sam(session, campaign), make.letter(session, campaign)
    for words in ("Fact one.", "Fact two."):
        fact = make.fact(session, campaign)
        session.add(Quotation(letter_id=letter.id, fact_id=fact.id, fact_version=1, text=words))
    edit(session, letter, now, sam, text="Dear Ida,\n\nFact two.")
    assert session.scalars(sa.select(Quotation.text)).all() == ["Fact two."]


def test_a_figure_said_in_other_words_still_rests_on_its_fact(session, campaign, now):
    sam, fact = make.sam(session, campaign), make.fact(session, campaign)
    said = "As of 3 March 2021, more than 33,000 people were arrested."
    letter = make.letter(session, campaign, text=f"Dear Ida,\n\nUnder the Act of 2021: {said}")
    session.add(Quotation(letter_id=letter.id, fact_id=fact.id, fact_version=1, text=said))
    session.flush()
    quoted = sa.select(Quotation.text)
    for words in ("Over 33,000 of us were arrested.", "33,000 were arrested, we hear."):
        edit(session, letter, now, sam, text=f"Dear Ida,\n\nUnder the Act of 2021: {words}")
        assert session.scalars(quoted).all() == [said]
    # What else holds the letter's year is no reason to keep it.
    edit(session, letter, now, sam, text="Dear Ida,\n\nUnder the Act of 2021 many were arrested.")
    assert session.scalars(quoted).all() == []


def test_a_native_reader_is_noted_with_name_and_day(session, campaign, now):
    olga, version = make.olga(session, campaign), make.template_version(session, campaign)
    note = {"by": olga, "now": now}
    for wrong in (
        {"read_by": " ", "read_on": now.date()},
        {"read_by": "Ida", "read_on": now.date() + dt.timedelta(days=1)},
    ):
        with pytest.raises(BadInput):
            editing.record_native_reader(session, version, **wrong, **note)
    editing.record_native_reader(session, version, read_by=" Ida ", read_on=now.date(), **note)
    assert (version.read_by, version.read_on) == ("Ida", now.date())
    event = session.scalars(sa.select(Event)).one()
    assert (event.name, event.campaign_id) == ("read_by_native_speaker", campaign.id)
