"""Reads a campaign from its files, once: from then on it is edited in the browser."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import datafile
from outreach.accounts import audit, campaigns
from outreach.accounts.models import Actor, Campaign
from outreach.errors import BadFile
from outreach.petitions import cards, facts
from outreach.petitions.models import (
    Ask,
    Conflict,
    Demand,
    Measure,
    Objection,
    Petition,
    Unit,
)
from outreach.words import Sentence

# The campaign that comes with Outreach.
BUILTIN = Path(__file__).parent / "builtin"


@dataclass(frozen=True, slots=True)
class CampaignFiles:
    """The five files of a campaign, read and checked against each other."""

    campaign: cards.CampaignCard
    demands: cards.DemandsFile
    facts: cards.FactsFile
    objections: cards.ObjectionsFile
    measures: cards.MeasuresFile


def read_files(folder: Path) -> CampaignFiles:
    """Return the campaign files of `folder`. Raises BadFile with file, line and what to write."""
    files = CampaignFiles(
        campaign=datafile.read(folder / "campaign.yaml", cards.CampaignCard),
        demands=datafile.read(folder / "demands.yaml", cards.DemandsFile),
        facts=datafile.read(folder / "facts.yaml", cards.FactsFile),
        objections=datafile.read(folder / "objections.yaml", cards.ObjectionsFile),
        measures=datafile.read(folder / "measures.yaml", cards.MeasuresFile),
    )
    _check_codes(folder, files)
    return files


def seed_campaign(session: Session, folder: Path, *, now: dt.datetime, by: Actor) -> Campaign:
    """Return the campaign that `folder` describes; if it is new, add it with all its rows.

    A campaign that exists is left as it is, whatever the files say. Raises BadFile.
    """
    files = read_files(folder)
    card = files.campaign
    existing = session.scalar(sa.select(Campaign).where(Campaign.slug == card.slug))
    if existing is not None:
        return existing
    campaign = campaigns.create_campaign(
        session,
        slug=card.slug,
        title=card.title,
        short_title=card.short_title,
        summary=card.summary,
        goal=card.goal,
        now=now,
        by=by,
    )
    _add_demands(session, campaign.id, files)
    for fact in files.facts.facts:
        facts.save_fact(
            session, campaign_id=campaign.id, code=fact.code, values=fact.values(), by=by, now=now
        )
    _add_the_rest(session, campaign.id, files)
    audit.record(
        session,
        subject=("campaign", campaign.id),
        name="campaign read from files",
        by=by,
        now=now,
        campaign_id=campaign.id,
        detail={"facts": len(files.facts.facts), "asks": len(files.demands.asks)},
    )
    return campaign


def _add_demands(session: Session, campaign_id: int, files: CampaignFiles) -> None:
    """Add the petition, its demands, and the asks that serve them."""
    petition = Petition(campaign_id=campaign_id, **files.campaign.petition.model_dump())
    session.add(petition)
    session.flush()
    ids: dict[str, int] = {}
    for position, card in enumerate(files.demands.demands):
        demand = Demand(
            campaign_id=campaign_id,
            petition_id=petition.id,
            position=position,
            **card.model_dump(),
        )
        session.add(demand)
        session.flush()
        ids[card.code] = demand.id
    for position, ask in enumerate(files.demands.asks):
        values = ask.model_dump(exclude={"demand"}, mode="python")
        values["roles"] = [role.value for role in ask.roles]
        session.add(
            Ask(campaign_id=campaign_id, demand_id=ids[ask.demand], position=position, **values)
        )
    session.flush()


def _add_the_rest(session: Session, campaign_id: int, files: CampaignFiles) -> None:
    for position, unit in enumerate(files.campaign.units):
        session.add(Unit(campaign_id=campaign_id, position=position, **unit.model_dump()))
    for conflict in files.facts.conflicts:
        session.add(Conflict(campaign_id=campaign_id, **conflict.model_dump()))
    for objection in files.objections.objections:
        session.add(Objection(campaign_id=campaign_id, **objection.model_dump()))
    for measure in files.measures.measures:
        values = measure.model_dump()
        values["sources"] = list(measure.sources)
        session.add(Measure(campaign_id=campaign_id, **values))
    session.flush()


def _check_codes(folder: Path, files: CampaignFiles) -> None:
    """Every code once per file, and every code that is pointed at exists."""
    _once(folder / "demands.yaml", [card.code for card in files.demands.demands])
    _once(folder / "demands.yaml", [card.code for card in files.demands.asks])
    _once(folder / "facts.yaml", [card.code for card in files.facts.facts])
    _once(folder / "facts.yaml", [card.code for card in files.facts.conflicts])
    _once(folder / "objections.yaml", [card.code for card in files.objections.objections])
    _once(folder / "measures.yaml", [card.code for card in files.measures.measures])
    demands = {card.code for card in files.demands.demands}
    _known(folder / "demands.yaml", "demand", [card.demand for card in files.demands.asks], demands)
    groups = {card.code for card in files.facts.conflicts}
    used = [card.conflict_group for card in files.facts.facts if card.conflict_group]
    _known(folder / "facts.yaml", "conflict_group", used, groups)
    codes = {card.code for card in files.facts.facts}
    newer = [card.preferred_now for card in files.facts.facts if card.preferred_now]
    _known(folder / "facts.yaml", "preferred_now", newer, codes)


def _once(path: Path, codes: list[str]) -> None:
    for code in codes:
        if codes.count(code) > 1:
            raise BadFile(
                str(path),
                _line(path, "code", code, last=True),
                Sentence("The code %(code)s stands twice. Give one of them another.", code=code),
            )


def _known(path: Path, field: str, codes: Iterable[str], known: set[str]) -> None:
    for code in codes:
        if code not in known:
            raise BadFile(
                str(path),
                _line(path, field, code),
                Sentence(
                    "“%(field)s” is %(code)s, which isn't in the file. Write one of: %(known)s.",
                    field=field,
                    code=code,
                    known=", ".join(sorted(known)),
                ),
            )


def _line(path: Path, field: str, code: str, *, last: bool = False) -> int | None:
    """Return the first (or last) line of the file that says `field: code`."""
    lines = [
        number
        for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), start=1)
        if line.strip().removeprefix("- ").split("#")[0].split() == [f"{field}:", code]
    ]
    return (lines[-1] if last else lines[0]) if lines else None
