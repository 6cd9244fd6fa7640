"""Letters on paper through the browser: one as PDF, the pile, ticking off, forms to copy into."""

from __future__ import annotations

import io

import pypdf
import pytest

from outreach.accounts import audit
from outreach.accounts.models import Campaign, Mode
from outreach.directory.models import ContactKind
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import channels, gate
from outreach.words import Sentence
from tests import make
from tests.conftest import NOW


@pytest.fixture
def letters(database, campaign, people):
    """Return the ids of a letter by post, one by form, one by e-mail and a draft by post."""
    ids = []
    with database.writing() as session:
        for place, name, channel, state in (
            ("PL", "Anna Przykład", ContactKind.POSTAL, State.APPROVED),
            ("CZ", "Zdena Příkladová", ContactKind.FORM, State.APPROVED),
            ("ES", "Berta Ejemplo", ContactKind.EMAIL, State.APPROVED),
            ("FR", "Théo Exemple", ContactKind.POSTAL, State.DRAFT),
        ):
            there = make.jurisdiction(session, place)
            to = make.target(session, jurisdiction_code=there.code, name=name)
            letter = make.letter(
                session,
                campaign,
                target=to,
                recipient=name,
                envelope=name,
                channel=channel,
                address="https://desk.example/form" if channel is ContactKind.FORM else "1 Street",
                state=state,
            )
            ids.append(letter.id)
    return ids


def pdf_words(answer) -> str:
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    pages = pypdf.PdfReader(io.BytesIO(answer.data)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_any_letter_comes_as_pdf_and_says_that_it_is_no_real_one(olga, letters) -> None:
    approved = pdf_words(olga.get(f"/letters/{letters[0]}/letter.pdf"))
    assert "Anna Przykład" in approved and "Rehearsal, not to be sent" in approved
    assert "Draft, not approved" in pdf_words(olga.get(f"/letters/{letters[3]}/letter.pdf"))


def test_the_pile_holds_what_is_carried_by_country_with_a_list(olga, letters) -> None:
    words = pdf_words(olga.get("/outbox/by-hand/pile.pdf"))
    assert words.index("Zdena") < words.index("Anna")
    assert "To tick off" in words
    assert "Berta" not in words and "Théo" not in words


def test_the_page_lists_them_with_the_form_to_open(olga, letters) -> None:
    page = olga.get("/outbox/by-hand")
    assert "Anna Przykład" in page.text and "Berta" not in page.text
    assert 'href="https://desk.example/form"' in page.text


def test_ticked_letters_are_recorded_and_their_tasks_done(
    olga, letters, database, monkeypatch
) -> None:
    monkeypatch.setattr(channels.gate, "reasons", lambda *_args, **_named: ((), ()))
    ticked = {"letters": [str(letters[0])], "on": NOW.date().isoformat(), "proof": "Receipt 7"}
    page = olga.send("/outbox/by-hand", ticked, follow_redirects=True)
    assert "1 letter recorded as posted" in page.text
    with database.reading() as session:
        assert session.get_one(Letter, letters[0]).state is State.SENT
        assert session.get_one(Letter, letters[1]).state is State.APPROVED


def test_nothing_ticked_or_no_proof_says_what_is_missing(olga, letters) -> None:
    day = NOW.date().isoformat()
    page = olga.send("/outbox/by-hand", {"on": day, "proof": "Receipt"})
    assert "Tick the letters that were posted." in page.text
    page = olga.send("/outbox/by-hand", {"on": day, "letters": [str(letters[0])]})
    assert "Say how you know." in page.text
    assert f'value="{letters[0]}" id="posted-{letters[0]}" checked' in page.text


def test_what_must_not_go_says_so_on_its_paper(
    olga, letters, database, campaign, monkeypatch
) -> None:
    forbidden = {letters[0]: (gate.Stop(Sentence("Nobody may write there.")),)}
    by_hand = gate.Stop(Sentence("It goes by hand."), by_hand=True)
    monkeypatch.setattr(
        channels.gate,
        "reasons",
        lambda _session, letter, **_named: ((by_hand, *forbidden.get(letter.id, ())), ()),
    )
    with database.writing() as session:
        live = session.get_one(Campaign, campaign.id)
        live.mode, live.live_at = Mode.LIVE, NOW
    words = "Not to be posted as it stands"
    assert pdf_words(olga.get("/outbox/by-hand/pile.pdf")).count(words) == 1
    assert words in pdf_words(olga.get(f"/letters/{letters[0]}/letter.pdf"))
    assert words not in pdf_words(olga.get(f"/letters/{letters[1]}/letter.pdf"))


def test_an_empty_pile_says_what_comes_here(olga) -> None:
    assert "Nothing waits to be carried" in olga.get("/outbox/by-hand").text
    assert olga.get("/outbox/by-hand/pile.pdf").status_code == 404


def test_a_volunteer_prints_only_a_letter_whose_task_they_took(vera, letters) -> None:
    assert vera.get(f"/letters/{letters[0]}/letter.pdf").status_code == 404
    assert vera.get("/outbox/by-hand").status_code == 403


def test_a_volunteers_look_at_the_paper_leaves_a_row(vera, letters, database, people) -> None:
    with database.writing() as session:
        letter = session.get_one(Letter, letters[0])
        task = channels.hand_over(session, letter, by=people["olga"], now=NOW)
        task.owner_id = people["vera"].user_id
    assert vera.get(f"/letters/{letters[0]}/letter.pdf").status_code == 200
    with database.reading() as session:
        events = audit.history(session, "letter", letters[0])
        assert [event.by for event in events if event.name == "looked_at"] == ["Vera"]


def test_a_letter_shows_its_html_part_when_the_campaign_sends_one(
    olga, letters, database, campaign
) -> None:
    words = "The same words as the HTML part shows them"
    assert words not in olga.get(f"/letters/{letters[2]}").text
    with database.writing() as session:
        session.get_one(Campaign, campaign.id).html_part = True
        session.get_one(Letter, letters[2]).text = "Dear <b>,\n\nsee https://example.org/x."
    page = olga.get(f"/letters/{letters[2]}").text
    assert words in page
    assert (
        "<p>Dear &lt;b&gt;,</p>\n"
        '<p>see <a href="https://example.org/x">https://example.org/x</a>.</p>' in page
    )
