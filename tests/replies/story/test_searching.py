"""Search finds what was said in letters, answers, translations and notes one may read."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from outreach.accounts.models import Mode, TaskKind
from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.replies.models import ReplyKind, SearchText
from outreach.replies.story import searching
from outreach.replies.story.threads import add_note
from tests import make
from tests.replies.consequences.test_filing import campaign, letter, log, vera

__all__ = ["campaign", "letter", "vera"]


def kinds(session, campaign, text, by) -> list[str]:
    searching.index(session)
    return sorted(one.kind for one in searching.search(session, campaign, text, by=by))


def test_an_answer_is_found_in_both_languages_without_accents(session, campaign, letter, vera):
    sam = make.sam(session, campaign)
    reply = log(session, letter, vera, text="Paldies, Jānis Ozoliņš to ir saņēmis.")
    assert kinds(session, campaign, "janis OZOLINS", sam) == ["reply"]
    assert kinds(session, campaign, "thank", sam) == []
    reply.translation, reply.translated_by = "Thank you, he has received it.", "Vera"
    session.flush()
    assert kinds(session, campaign, "thank received", sam) == ["translation"]
    assert kinds(session, campaign, "sanemis", sam) == ["reply"]
    (found,) = searching.search(session, campaign, "ozolins", by=sam)
    assert [text for text, hit in found.pieces if hit] == ["Ozoliņš"]


def test_letters_that_left_and_that_did_not(session, campaign, vera) -> None:
    sam = make.sam(session, campaign)
    to = make.target(session, name="Łukasz Żółć")
    to.search_key = "lukasz zolc"
    for state in (State.SENT, State.DRAFT):
        make.letter(session, campaign, state=state, target=to, text="About the größte matter")
    other = make.campaign(session)
    make.letter(session, other, state=State.SENT, target=to, text="About the größte matter")
    assert kinds(session, campaign, "lukasz", sam) == ["letter", "letter"]
    assert kinds(session, campaign, "grosste", sam) == ["letter"]
    assert kinds(session, campaign, "matter", sam) == ["letter", "letter"]
    assert kinds(session, campaign, "% _", sam) == []
    # Rehearsed ones are another matter.
    campaign.mode, campaign.live_at = Mode.LIVE, make.NOW
    assert kinds(session, campaign, "matter", sam) == []


def test_everybody_finds_what_they_may_read(session, campaign, letter, vera) -> None:
    olga, sam = make.olga(session, campaign), make.sam(session, campaign)
    log(session, letter, vera, text="The needle of Vera")
    log(session, letter, olga, text="The needle of a threat", kind=ReplyKind.HOSTILE)
    log(session, letter, sam, text="Seen", note="needle in a note")
    same = {"campaign_id": campaign.id, "office_id": letter.office_id, "rehearsal": True}
    add_note(session, text="A needle", by=sam, now=make.NOW, **same)
    letter.text = f"{letter.text} needle"
    assert kinds(session, campaign, "needle", olga) == ["letter", "note"] + ["reply"] * 3
    assert kinds(session, campaign, "needle", sam) == ["letter", "note"] + ["reply"] * 2
    assert kinds(session, campaign, "needle", vera) == ["reply"]
    make.task(
        session,
        campaign,
        subject=("letter", letter.id),
        kind=TaskKind.LOG_ANSWER,
        owner_id=vera.user_id,
    )
    assert kinds(session, campaign, "needle", vera) == ["letter", "reply"]


@pytest.mark.parametrize("many", [1, 6])
def test_few_queries_however_much_is_found(session, campaign, letter, vera, many) -> None:
    sam = make.sam(session, campaign)
    for _ in range(many):
        log(session, letter, vera, text="needle")
    searching.index(session)
    seen: list[str] = []
    engine = session.get_bind()
    watch = lambda *args: seen.append(args[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", watch)
    found = searching.search(session, campaign, "needle", by=sam)
    event.remove(engine, "before_cursor_execute", watch)
    assert (len(found), len(seen)) == (many, 6)


def test_what_stands_around_a_hit_is_shown() -> None:
    pieces = searching.marked("x " * 200 + "D’Arcy-O’Néill said so. " + "y " * 300, ["oneill"])
    assert pieces[0] == ("… ", False) and pieces[-1] == (" …", False)
    assert [text for text, hit in pieces if hit] == ["O’Néill"]


def test_the_clock_keeps_up_and_then_leaves_writers_alone(database) -> None:
    with database.writing() as session:
        campaign = make.campaign(session)
        for _ in range(3):
            make.letter(session, campaign, state=State.SENT)
        make.letter(session, campaign, state=State.DRAFT)
    assert searching.catch_up(database) == 3
    with database.writing():
        assert searching.catch_up(database) == 0


SAID = (
    "Paldies, Jānis Ozoliņš to ir saņēmis.",
    "Тарас Шевченко отримав листа; її не має.",
    "Ο Γιώργος Παπαδόπουλος απάντησε.",
    "我们收到了您的来信",
    "Two sets 𝒜𝒷𝒸 of letters, 100_000 %",
    "Thank you. D’Arcy is away until 8 September.",
)
SOUGHT = (
    *("ozolins", "lin anis", "шевч", "παπαδο", "收到了", "收到", "darcy sep", "to", "a"),
    *("abc", "zzz"),
)


def test_the_index_finds_what_reading_all_finds(session, campaign, letter, vera, monkeypatch):
    olga = make.olga(session, campaign)
    for said in SAID:
        log(session, letter, vera, text=said)
    searching.index(session)
    assert searching._is_indexed(session)

    def found() -> list[list[searching.Found]]:
        return [list(searching.search(session, campaign, text, by=olga)) for text in SOUGHT]

    indexed = found()
    # The first stand somewhere, the last but one is a matter of how LIKE reads capitals.
    assert [bool(places) for places in indexed[:-2]] == [True] * (len(SOUGHT) - 2)
    assert indexed[-1] == []
    with monkeypatch.context() as patch:
        patch.setattr(searching, "FEW", 0)
        assert found() == indexed
    monkeypatch.setattr(searching, "_is_indexed", lambda _session: False)
    assert found() == indexed


def test_the_index_forgets_what_is_said_no_more(session, campaign, letter, vera) -> None:
    reply = log(session, letter, vera, text="The first wording")
    searching.index(session)
    reply.text = "Another one"
    session.flush()
    searching.index(session)
    among = searching._with_parts if _on_sqlite(session) else searching._with_letters
    assert session.scalars(among(["wording"])).all() == []
    assert len(session.scalars(among(["another"])).all()) == 1
    if _on_sqlite(session):
        check = "INSERT INTO search_index(search_index, rank) VALUES ('integrity-check', 1)"
        session.execute(sa.text(check))


def _on_sqlite(session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def test_the_index_is_filled_from_what_an_older_version_kept(tmp_path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    database.migrate("0007")
    with database.writing() as session:
        session.execute(sa.insert(SearchText), [{"words": f"needle {n}"} for n in range(3)])
    database.migrate("0008")
    with database.reading() as session:
        assert len(session.scalars(searching._with_parts(["needle"])).all()) == 3
    database.close()
