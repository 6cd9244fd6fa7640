"""The built-in campaign, and files that can't be used."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.errors import BadFile
from outreach.petitions import asks, counts, facts, figures, seeding
from outreach.petitions.models import (
    Demand,
    Fact,
    Measure,
    Objection,
    Origin,
    Petition,
    Reading,
    Use,
)

OPERATOR = Actor("operator")
TODAY = dt.date(2026, 3, 3)


def seed(session: Session, now: dt.datetime, folder: Path = seeding.BUILTIN) -> Campaign:
    return seeding.seed_campaign(session, folder, now=now, by=OPERATOR)


def test_the_builtin_campaign_is_whole(session: Session, now: dt.datetime) -> None:
    campaign = seed(session, now)

    def codes(model: type) -> list[str]:
        query = sa.select(model.code).where(model.campaign_id == campaign.id)
        return sorted(session.scalars(query))

    assert campaign.goal == 75_000
    assert codes(Demand) == ["D1", "D2"]
    assert [ask.code for ask in asks.asks(session, campaign.id)] == [
        "D1",
        "D2",
        "D2/omon",
        "D2/gubopik",
        "D2a",
        "D2b",
        "D2c",
        "D2d",
        "D2e",
    ]
    assert [code for code in codes(Fact) if not code.startswith("DEF")] == [
        *(f"F{number:02}" for number in range(1, 18)),
        *(f"R{number:02}" for number in range(1, 9)),
    ]
    assert codes(Objection) == [f"O{number}" for number in range(1, 8)]
    assert codes(Measure) == [f"M{number}" for number in range(1, 9)]
    assert session.scalars(sa.select(Reading)).all() == []
    assert counts.current_count(session, campaign.id, now.date()) is None


def test_what_is_research_is_never_the_petitions(session: Session, now: dt.datetime) -> None:
    campaign = seed(session, now)

    for fact in facts.facts(session, campaign.id):
        ours = fact.code.startswith("R") or fact.code in ("DEF-931", "DEF-1566", "DEF-4960")
        assert (fact.origin is Origin.EDITORIAL) == ours, fact.code
    editorial = [ask.code for ask in asks.asks(session, campaign.id) if ask.origin != "petition"]
    assert editorial == ["D2a", "D2b", "D2c", "D2d", "D2e"]


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("code", ["R02", "R03", "F10"])
def test_the_facts_of_the_builtin_letters_print_in_every_language(
    session: Session, now: dt.datetime, code: str, language: str
) -> None:
    campaign = seed(session, now)

    words = facts.sentence(facts.fact_by_code(session, campaign.id, code), language, today=TODAY)

    assert words.endswith(").")
    assert "{" not in words
    assert "None" not in words


def test_every_fact_that_may_be_offered_has_its_day_and_source(
    session: Session, now: dt.datetime
) -> None:
    campaign = seed(session, now)

    for fact in facts.facts(session, campaign.id):
        if fact.use is Use.OK:
            assert fact.as_of is not None, fact.code
            assert fact.source_publisher, fact.code
        # A citation can be spelt for one country only: “March 19” in the United States.
        worded = {figures.base(language) for language in fact.wording}
        assert worded == {figures.base(language) for language in fact.citation}, fact.code


def test_names_are_written_as_they_must_be() -> None:
    text = " ".join(
        json.dumps(file.model_dump(mode="json"), ensure_ascii=False)
        for file in vars_of(seeding.read_files(seeding.BUILTIN))
    )
    # The title stays as it was published, and native names have no addition.
    text = text.replace("units OMON and GUBOPIK as", "").replace("List OMON and GUBOPiK", "")

    country = "(?:of|von|van|i) Belarus|du Bélarus|de Bielorrusia|della Bielorussia"
    for found in re.finditer(r"OMON(?:-?[a-z]+)?", text):
        before, after = text[: found.start()][-20:], text[found.end() :][:20]
        belarusian = re.search(r"(?:białoruski\w*|bělorusk\w+) $", before, re.IGNORECASE)
        assert belarusian or re.match(f" (?:{country})", after), before + after
    assert "UN definition" not in text


def vars_of(files: seeding.CampaignFiles) -> list[object]:
    return [files.campaign, files.demands, files.facts, files.objections, files.measures]


def test_files_are_read_once(session: Session, now: dt.datetime) -> None:
    campaign = seed(session, now)
    petition = session.scalars(sa.select(Petition)).one()
    petition.title = "Edited in the browser"
    session.flush()

    assert seed(session, now) == campaign
    session.refresh(petition)
    assert petition.title == "Edited in the browser"
    assert session.scalar(sa.select(sa.func.count()).select_from(Demand)) == 2


@pytest.mark.parametrize(
    ("file", "old", "new", "line_says", "problem"),
    [
        ("campaign.yaml", "goal: 75000", "goal: none", "goal: none", "“goal” is 'none'"),
        ("demands.yaml", "    demand: D1\n", "    demand: D3\n", "demand: D3", "one of: D1, D2"),
        ("facts.yaml", "as_of: 2020-11-27", "as_of: autumn", "as_of: autumn", "Write a year"),
        ("facts.yaml", "use: avoid", "use: never", "use: never", "'ok', 'caveat' or 'avoid'"),
        ("facts.yaml", "code: F02", "code: F01", "code: F01", "F01 stands twice"),
        ("facts.yaml", "preferred_now: R01", "preferred_now: R99", "preferred_now: R99", "R99"),
        ("facts.yaml", "unit: detention cases", "units: x", "units: x", "Check its spelling"),
        ("measures.yaml", "confidence: medium", "confidence: sure", "confidence: sure", "'high'"),
    ],
)
def test_a_broken_file_is_named_with_line_and_what_to_write(
    tmp_path: Path, file: str, old: str, new: str, line_says: str, problem: str
) -> None:
    folder = tmp_path / "campaign"
    shutil.copytree(seeding.BUILTIN, folder)
    text = (folder / file).read_text("utf-8")
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")

    with pytest.raises(BadFile, match=problem) as refused:
        seeding.read_files(folder)

    assert refused.value.file == str(folder / file)
    assert refused.value.line is not None
    lines = (folder / file).read_text("utf-8").splitlines()
    assert line_says in lines[refused.value.line - 1]


def test_a_figure_without_unit_is_named_at_its_fact(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    shutil.copytree(seeding.BUILTIN, folder)
    text = (folder / "facts.yaml").read_text("utf-8")
    (folder / "facts.yaml").write_text(text.replace("    unit: deaths\n", ""), "utf-8")

    with pytest.raises(BadFile, match="unit: A figure needs its unit"):
        seeding.read_files(folder)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"campaign\.yaml"):
        seeding.read_files(tmp_path)
