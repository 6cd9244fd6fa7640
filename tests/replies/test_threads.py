"""A thread tells everything between a campaign and a desk, in the order it happened."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import event

from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.petitions.models import Position
from outreach.replies.filing import undo_answer
from outreach.replies.models import ReplyKind
from outreach.replies.threads import thread
from tests import make
from tests.replies.test_filing import TEXT, campaign, letter, log, vera

__all__ = ["campaign", "letter", "vera"]


def test_letters_answers_stances_and_promises_in_order(session, campaign, vera, now) -> None:
    olga = make.olga(session, campaign)
    letter = make.letter(session, campaign, state=State.APPROVED)
    moving.make(session, letter, "post", by=olga, now=now, reason="registered")
    later = now + dt.timedelta(days=2)
    log(
        session,
        letter,
        vera,
        received_on=later.date(),
        stance=Position.SUPPORT,
        quote="I support it.",
        promise="Asks",
        due_on=dt.date(2026, 5, 15),
        now=later,
    )
    rows = thread(session, campaign.id, letter.office_id)
    assert [row.kind for row in rows] == ["letter", "reply", "stance", "promise"]
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert rows[0].detail == "registered"
    assert rows[1].detail == TEXT.strip()
    assert rows[2].detail == "I support it."
    assert "posted by hand" in str(rows[0].text)


def test_what_was_undone_stays_and_says_so(session, campaign, letter, vera, now) -> None:
    reply = log(session, letter, vera, stance=Position.SUPPORT, quote="I support it.")
    undo_answer(session, reply, by=vera, now=now)
    rows = thread(session, campaign.id, letter.office_id)
    assert {row.kind: row.void for row in rows} == {"reply": True, "stance": True}


def test_a_guarded_answer_keeps_its_text(session, campaign, letter) -> None:
    olga, sam = make.olga(session, campaign), make.sam(session, campaign)
    log(session, letter, olga, kind=ReplyKind.HOSTILE)
    (seen,) = thread(session, campaign.id, letter.office_id, by=olga)
    (hidden,) = thread(session, campaign.id, letter.office_id, by=sam)
    assert (seen.detail, hidden.detail) == (TEXT.strip(), "")


def test_another_desk_or_campaign_is_another_thread(session, campaign, letter, vera) -> None:
    log(session, letter, vera)
    other = make.letter(session, campaign, state=State.SENT)
    assert thread(session, campaign.id, other.office_id) == []
    assert thread(session, make.campaign(session).id, letter.office_id) == []


def test_a_long_thread_takes_as_many_queries_as_a_short_one(
    session, campaign, letter, vera
) -> None:
    counts = []
    for _ in range(2):
        log(session, letter, vera, stance=Position.SUPPORT, quote="I support it.")
        session.expire_all()
        ids = (campaign.id, letter.office_id)
        seen: list[str] = []
        engine = session.get_bind()
        watch = lambda *args, seen=seen: seen.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", watch)
        thread(session, *ids)
        event.remove(engine, "before_cursor_execute", watch)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 5
