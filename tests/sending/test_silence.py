"""An ask that nobody answers closes after sixty working days, and the desk can be asked again."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Event
from outreach.directory.models import Target
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.petitions.models import Ask
from outreach.sending.desks import after_working_days
from outreach.sending.rescue import close_silent_asks
from tests import make
from tests.browser import counted_queries

SIXTY = after_working_days(make.NOW, 60)


@pytest.fixture
def letter(database) -> int:
    """A first letter that left now."""
    with database.writing() as session:
        return make.letter(session, make.campaign(session), state=State.SENT).id


def test_silence_closes_the_ask_the_day_after(database, letter):
    assert close_silent_asks(database, now=SIXTY) == 0
    assert close_silent_asks(database, now=SIXTY + dt.timedelta(days=1)) == 1
    assert close_silent_asks(database, now=SIXTY + dt.timedelta(days=2)) == 0
    with database.writing() as session:
        first = session.get_one(Letter, letter)
        assert first.closed_on == (SIXTY + dt.timedelta(days=1)).date()
        assert first.state is State.SENT
        names = session.scalars(sa.select(Event.name).where(Event.subject_id == letter)).all()
        assert "closed_unanswered" in names
        # The desk is free for the same ask.
        make.letter(
            session,
            session.get_one(make.Campaign, first.campaign_id),
            target=session.get_one(Target, first.target_id),
            ask=session.get_one(Ask, first.ask_id),
        )


def test_the_days_count_from_the_last_reminder(database, letter):
    with database.writing() as session:
        first = session.get_one(Letter, letter)
        make.letter(
            session,
            session.get_one(make.Campaign, first.campaign_id),
            kind=LetterKind.REMINDER,
            follows_id=first.id,
            target=session.get_one(Target, first.target_id),
            ask=session.get_one(Ask, first.ask_id),
            state=State.SENT,
            sent_at=make.NOW + dt.timedelta(days=20),
        )
    assert close_silent_asks(database, now=SIXTY + dt.timedelta(days=1)) == 0
    assert close_silent_asks(database, now=SIXTY + dt.timedelta(days=30)) == 1


def test_what_every_tick_asks_grows_neither_with_letters_nor_with_reminders(empty_sqlite):
    def queries() -> int:
        with counted_queries(empty_sqlite.engine, at_most=20) as asked:
            assert close_silent_asks(empty_sqlite, now=SIXTY) == 0
        return len(asked)

    with empty_sqlite.writing() as session:
        campaign = make.campaign(session)
        make.letter(session, campaign, state=State.SENT)
    alone = queries()
    with empty_sqlite.writing() as session:
        for _ in range(6):
            make.letter(session, session.merge(campaign), state=State.SENT)
    assert queries() == alone
