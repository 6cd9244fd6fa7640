"""What stops a letter, and what an approver is told."""

from __future__ import annotations

import pytest

from outreach.accounts.models import Actor
from outreach.directory.models import TargetRole
from outreach.letters import checks, editing
from outreach.letters.models import LetterKind, Quotation
from outreach.petitions.models import Conflict
from tests import make


@pytest.fixture
def campaign(session):
    return make.campaign(session)


def stops(session, campaign, text, **values):
    letter = make.letter(session, campaign, text=text, **values)
    return [str(sentence) for sentence in checks.stopping(session, letter)]


def remarks(session, letter):
    return "\n".join(str(sentence) for sentence in checks.remarks(session, letter))


@pytest.mark.parametrize(
    "text",
    [
        "Dear Ida,\n\n{{ fact.R02 }}",
        "Dear Ida,\n\n{% if x %}",
        "Dear None,\n\nWords.",
        "Dear Ida,\n\nYour colleague None said.",
        "Dear Ida,\n\nYour town […] is fine.",
        "Dear Ida,\n\nYour town [TOWN] is fine.",
        "Dear ,\n\nWords.",
        "Dear Mr ,\n\nWords.",
        "Dear,\n\nWords.",
        "Sehr geehrte Frau ,\n\nWorte.",
        "Guten Tag ,\n\nWorte.",
        "Madame la ,\n\nMots.",
        "Dear Ida,\n\nOMON and GUBOPiK.",
        "Dear Ida,\n\nThis is the UN definition.",
        "  ",
    ],
)
def test_gaps_and_wrong_words_stop(session, campaign, text):
    assert stops(session, campaign, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Dear Sir or Madam,\n\nNone of this is secret. OMON of Belarus [1]."),
        ("en-GB", "Dear Minister,\n\nOMON of Belarus and GUBOPiK."),
        ("de", "Guten Tag Ida Example,\n\nOMON von Belarus, die belarussische OMON."),
        ("fr", "Madame, Monsieur,\n\nl’OMON du Bélarus."),
    ],
)
def test_good_words_pass(session, campaign, language, text):
    assert stops(session, campaign, text, language=language) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Guten Tag Ida,\n\nOMON of Belarus."),
        ("fr", "Madame,\n\nl’OMON."),
        ("fr", "Madame,\n\nla définition de l’ONU."),
        ("de", "Guten Tag Ida,\n\ndie UN-Definition."),
    ],
)
def test_each_language_says_it_its_own_way(session, campaign, language, text):
    assert len(stops(session, campaign, text, language=language)) == 1


def test_a_subject_is_looked_at_too(session, campaign):
    assert stops(session, campaign, "Dear Ida,\n\nWords.", subject=" ")
    assert stops(session, campaign, "Dear Ida,\n\nWords.", subject="On OMON")


def test_words_are_counted_between_opening_and_closing():
    text = (
        "Dear Ida Example,\n\none two l’un, 3\n\n– four\n\nYours sincerely,\n\nAda\nRole\n\nRef. X"
    )
    assert checks.body_words(text, "Ada") == 5


@pytest.mark.parametrize(
    ("kind", "role", "language", "length"),
    [
        (LetterKind.FIRST, TargetRole.MINISTER, "en", (300, 450)),
        (LetterKind.FIRST, TargetRole.MEMBER_UPPER, "de", (200, 350)),
        (LetterKind.FIRST, TargetRole.MEP, "fr", (200, 360)),
        (LetterKind.REMINDER, TargetRole.MINISTER, "en", (60, 120)),
    ],
)
def test_the_length_hangs_on_kind_and_office(kind, role, language, length):
    assert checks.length_for(kind, role, language) == length


def test_an_approver_hears_when_a_letter_is_too_short(session, campaign):
    sender = make.sender(session, campaign, name="Ada")
    letter = make.letter(
        session, campaign, sender=sender, text="Dear Ida,\n\nPlease ask.\n\nYours,\n\nAda"
    )
    assert remarks(session, letter) == "The letter has 2 words; 200 to 350 are read."


def test_facts_that_quarrel_or_crowd_are_named(session, campaign):
    letter = make.letter(session, campaign)
    session.add(
        Conflict(campaign_id=campaign.id, code="C-DET", what="totals", resolution="Use R02.")
    )
    codes = []
    for number in range(4):
        group = "C-DET" if number < 2 else None
        fact = make.fact(session, campaign, conflict_group=group)
        codes.append(fact.code)
        session.add(Quotation(letter_id=letter.id, fact_id=fact.id, fact_version=1, text="x"))
    session.flush()
    said = remarks(session, letter)
    assert "quotes 4 facts" in said
    assert f"The facts {', '.join(sorted(codes[:2]))} don't go together. Use R02." in said


def edited(session, letter, now, *, subject, text):
    editing.edit(
        session,
        letter,
        subject=subject,
        text=text,
        seen=editing.fingerprint(letter),
        by=Actor("Sam"),
        now=now,
    )
    session.flush()


MADE = "Dear Ida,\n\nOver 37,000 (2021) under the Act of 2000.\n\nRef. 7K4-Q2M"


def test_figures_typed_by_hand_are_pointed_out(session, campaign, now):
    letter = make.letter(session, campaign, code="7K4-Q2M", text=MADE)
    assert "typed by hand" not in remarks(session, letter)
    edited(session, letter, now, subject="A question", text=MADE.replace("Ida", "Dr Ida"))
    assert "typed by hand" not in remarks(session, letter)
    edited(session, letter, now, subject="A question", text=MADE.replace("Ref", "9,000 more.\nRef"))
    assert "without a fact behind them: 9,000." in remarks(session, letter)


def test_a_typed_figure_is_no_part_of_another_and_may_stand_in_the_subject(session, campaign, now):
    letter = make.letter(session, campaign, code="7K4-Q2M", text=MADE)
    words = MADE.replace("Ref", "In 20 cases and 7 more.\n\nRef")
    edited(session, letter, now, subject="About 500 people", text=words)
    assert "without a fact behind them: 500, 20, 7." in remarks(session, letter)
