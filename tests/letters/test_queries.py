"""Letters are read whole, by page, by count, and found by whoever holds an answer in their hand."""

from __future__ import annotations

import pytest

from outreach.errors import NotFound
from outreach.letters import queries, usage
from outreach.letters.lifecycle import State
from outreach.letters.models import Quotation
from tests import make


def test_letters_are_narrowed_and_paged(session, campaign):
    sent = make.letter(session, campaign, state=State.SENT)
    drafts = [make.letter(session, campaign) for _ in range(3)]
    make.letter(session, make.campaign(session))

    def ids(**wanted):
        rows, total = queries.letter_page(session, queries.letters(campaign.id, **wanted))
        assert total == len(rows)
        return [row.id for row in rows]

    assert ids() == [letter.id for letter in reversed([sent, *drafts])]
    assert ids(states=[State.SENT]) == ids(target_id=sent.target_id) == [sent.id]
    assert ids(office_id=sent.office_id, mailing_id=sent.mailing_id) == [sent.id]
    assert ids(rehearsal=False) == []
    rows, total = queries.letter_page(session, queries.letters(campaign.id), page=2, per_page=3)
    assert (len(rows), total) == (1, 4)


def test_one_letter_comes_with_everything(session, campaign):
    letter = make.letter(session, campaign)
    found = queries.letter_with_everything(session, letter.id)
    assert found.target.jurisdiction.code == "XX"
    assert found.mailing.template.id == found.template_version.template.id
    assert found.ask.demand.code and found.sender.name and found.office.name
    assert found.quotations == []
    with pytest.raises(NotFound):
        queries.letter_with_everything(session, 10_000)


def test_a_mailing_with_everything(session, campaign):
    letter = make.letter(session, campaign)
    mailing = queries.mailing_with_everything(session, letter.mailing_id)
    assert mailing.template.name and mailing.sender.name and mailing.audience is None
    with pytest.raises(NotFound):
        queries.mailing_with_everything(session, 10_000)


def test_which_letters_said_that(session, campaign):
    fact = make.fact(session, campaign)
    letter, other = make.letter(session, campaign), make.letter(session, campaign)
    session.add(Quotation(letter_id=letter.id, fact_id=fact.id, fact_version=1, text="x"))
    session.flush()
    query = usage.quoting(campaign.id, fact_id=fact.id)
    found = usage.page_of(session, query)
    assert [(one.id, quoted.text) for one, quoted in found.rows] == [(letter.id, "x")]
    assert found.total == usage.number_of(session, usage.quoting(campaign.id, sent=False)) == 1
    assert usage.number_of(session, usage.quoting(campaign.id, sent=True)) == 0
    assert usage.page_of(session, usage.quoting(campaign.id, reading_id=1)).rows == []
    assert other.id != letter.id
