"""The letters that ship: read for every office they are made for, in every language."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import signing
from outreach.accounts.models import Voice
from outreach.directory.models import Target, TargetRole
from outreach.letters import checks, drafting, queries, templates
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Quotation
from outreach.letters.sharing import SharedDesk
from outreach.petitions.models import Fact
from tests.conftest import NOW
from tests.letters import world

# OUTREACH_GOLDEN=write rewrites them; read every changed file as its recipient would.
GOLDEN = Path(__file__).parent / "golden"
LANGUAGES = ("en", "de", "fr")
ROLES = {
    "minister": ("minister", "ministry", "head_of_government"),
    "member": ("member_lower", "member_upper", "committee_chair", "party_group_leader"),
    "mep": ("mep",),
    "reminder": (
        "minister",
        "ministry",
        "head_of_government",
        "member_lower",
        "member_upper",
        "committee_chair",
        "party_group_leader",
        "mep",
    ),
}
CASES = [
    (slug, language, role)
    for slug, roles in ROLES.items()
    for language in LANGUAGES
    for role in roles
]
FIRST = {role: slug for slug in ("minister", "member", "mep") for role in ROLES[slug]}


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter("23456789ABCDEFGHJKMNPQRSTVWXYZ" * 20)
    monkeypatch.setattr(signing, "new_code", lambda: f"7K4-Q2{next(numbers)}")


def draft(
    session: Session,
    slug: str,
    targets: list[Target] | list[int],
    *,
    fallback: str | None = None,
    voice: Voice = Voice.WE,
) -> list[Letter]:
    mailing = drafting.make_drafts(
        session,
        campaign=world.campaign(session),
        template=world.template(session, slug),
        targets=targets,
        sender=world.sender(session, voice),
        fallback_language=fallback,
        desks=SharedDesk.IN_TURN,
        by=world.OLGA,
        now=NOW,
    )
    made = session.scalars(queries.letters(mailing.campaign_id, mailing_id=mailing.id)).all()
    assert len(made) + len(mailing.left_out) == len(targets)
    return list(made)


def sent_first(session: Session, target: Target, voice: Voice = Voice.WE) -> Letter:
    letter = draft(session, FIRST[target.role.value], [target], voice=voice)[0]
    session.execute(
        sa.update(Letter)
        .where(Letter.id == letter.id)
        .values(
            state=State.SENT,
            sent_at=NOW - dt.timedelta(days=30),
            seal="0" * 64,
            approved_at=NOW,
        )
    )
    session.refresh(letter)
    return letter


def assert_fit_to_send(session: Session, letter: Letter) -> None:
    """What must hold of every built-in letter, whoever gets it."""
    words = f"{letter.subject}\n{letter.text}"
    assert checks.stopping(session, letter) == []
    assert "None" not in words and "{" not in words and "  " not in words
    assert "OMON" in words
    short = {"en": "OMON of Belarus", "de": "OMON von Belarus", "fr": "OMON du Bélarus"}
    assert words.count("OMON") == words.count(short[letter.language])
    assert "UN definition" not in words
    assert letter.code in letter.text and "StopHvalt" in letter.text
    sender = world.sender(session)
    least, most = checks.length_for(
        letter.kind, session.get_one(Target, letter.target_id).role, letter.language
    )
    if letter.sender_id == sender.id:
        assert least <= checks.body_words(letter.text, sender.name) <= most


@pytest.mark.parametrize(("slug", "language", "role"), CASES)
def test_every_letter_reads_as_it_was_read(built_in, codes, slug, language, role):
    target = world.recipient(built_in, TargetRole(role), language)
    world.accepted_count(built_in)
    if slug == "reminder":
        sent_first(built_in, target)
    letter = draft(built_in, slug, [target])[0]
    assert letter.language == language
    assert_fit_to_send(built_in, letter)
    text = f"To: {letter.envelope}\nSubject: {letter.subject}\n\n{letter.text}\n"
    golden = GOLDEN / f"{slug}.{language}.{role}.txt"
    if os.environ.get("OUTREACH_GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


def test_no_golden_file_without_a_letter():
    assert {path.name for path in GOLDEN.glob("*")} == {
        f"{slug}.{language}.{role}.txt" for slug, language, role in CASES
    }


@pytest.mark.parametrize(("counted", "voice"), [(True, Voice.WE), (False, Voice.I)])
@pytest.mark.parametrize("slug", ["minister", "member", "mep"])
def test_every_demonstration_target_gets_a_whole_letter(built_in, slug, counted, voice):
    if counted:
        world.accepted_count(built_in)
    roles = world.template(built_in, slug).roles
    everyone = built_in.scalars(
        sa.select(Target.id).where(Target.demonstration, Target.role.in_(roles))
    ).all()
    letters = draft(built_in, slug, list(everyone), fallback="en", voice=voice)
    assert len(letters) >= 4
    for letter in letters:
        assert_fit_to_send(built_in, letter)
        assert bool(re.search(r"62.001", letter.text)) == counted


@pytest.mark.parametrize("slug", ["minister", "member", "mep"])
def test_the_same_in_english(built_in, slug):
    built_in.execute(sa.update(Target).values(language="en"))
    roles = world.template(built_in, slug).roles
    everyone = built_in.scalars(
        sa.select(Target.id).where(Target.demonstration, Target.role.in_(roles))
    ).all()
    for letter in draft(built_in, slug, list(everyone)):
        assert letter.language == "en"
        assert_fit_to_send(built_in, letter)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_person_says_i(built_in, language):
    target = world.recipient(built_in, TargetRole.MEMBER_LOWER, language)
    sent_first(built_in, target, Voice.I)
    plural = {"en": r"\b(we|us|our)\b", "de": r"\b(wir|uns|unser\w*)\b", "fr": r"\b(nous|notre)\b"}
    letter = draft(built_in, "reminder", [target], voice=Voice.I)[0]
    for one in (letter, built_in.get_one(Letter, letter.follows_id)):
        said = one.text.split("Ina Example")[0]
        assert not re.search(plural[language], said, re.IGNORECASE)


def test_only_the_chosen_facts_and_no_figure_without_its_day(built_in):
    targets = built_in.scalars(sa.select(Target.id).where(Target.demonstration)).all()
    for slug in ("minister", "member", "mep"):
        for letter in draft(built_in, slug, list(targets), fallback="en"):
            quotations = built_in.scalars(
                sa.select(Quotation).where(Quotation.letter_id == letter.id)
            ).all()
            facts = {built_in.get_one(Fact, quoted.fact_id).code for quoted in quotations}
            assert facts <= {"R02", "R03", "F10"} and len(facts) >= 2
            for quoted in quotations:
                assert quoted.text in letter.text
                assert re.search(r"20\d\d", quoted.text)


def test_the_texts_hold_no_other_facts():
    for file in world.LETTERS.glob("*/*.txt"):
        text = file.read_text(encoding="utf-8")
        assert set(re.findall(r"fact\.(\w+)", text)) <= {"R02", "R03", "F10"}


def test_there_are_four_letters_in_three_languages(built_in):
    found = templates.templates_of(built_in, world.campaign(built_in).id)
    assert {one.slug for one in found} == set(ROLES)
    for one in found:
        assert set(templates.current_versions(built_in, one.id)) == set(LANGUAGES)
        assert (one.kind is LetterKind.REMINDER) == (one.slug == "reminder")
