"""What a letter knows of its recipient beside the directory's row, read for many at once."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from outreach.directory.models import (
    Confidence,
    Membership,
    OrganizationKind,
    Post,
    Target,
    TargetRole,
)
from outreach.directory.queries import with_list
from outreach.letters import background, places, values
from outreach.letters.lifecycle import State
from outreach.letters.models import Quotation
from outreach.letters.rendering import Empty
from outreach.petitions.models import (
    Measure,
    Petition,
    Position,
    Reading,
    ReadingState,
    StanceBasis,
)
from outreach.petitions.stances import record_stance
from tests import make
from tests.browser import counted_queries
from tests.conftest import NOW

TODAY = NOW.date()


def named(session, campaign, target, language="en", ask=None, previous=None):
    """The values of a letter to `target`, everything read anew."""
    ask = ask or make.ask(session, campaign)
    session.refresh(ask, ["demand"])
    row = session.scalars(
        sa.select(Target)
        .where(Target.id == target.id)
        .options(*with_list())
        .execution_options(populate_existing=True)
    ).one()
    petition = session.get_one(Petition, ask.demand.petition_id)
    return values.values_for(
        row,
        campaign=campaign,
        ask=ask,
        sender=make.sender(session, campaign),
        shared=values.Shared({}, "", "", petition, TODAY),
        language=language,
        code="7K4-Q2M",
        previous=previous,
        background=background.for_targets(session, campaign, [row], today=TODAY),
    )


def seat(session, person, name, role=TargetRole.MEMBER, **days):
    committee = make.organization(
        session, kind=OrganizationKind.COMMITTEE, name=name, names={"en": name}
    )
    session.add(Membership(person_id=person.id, organization_id=committee.id, role=role, **days))
    session.flush()
    return committee


def test_the_committee_that_is_close_to_what_we_ask(session, campaign):
    ida = make.person(session, "Ida Example")
    target = make.target(session, person=ida)
    assert isinstance(named(session, campaign, target)["recipient"]["committee"], Empty)
    seat(session, ida, "Committee on Fisheries")
    seat(session, ida, "Former Committee on Justice", end_on=TODAY)
    assert isinstance(named(session, campaign, target)["recipient"]["committee"], Empty)
    seat(session, ida, "Committee on Foreign Affairs")
    said = named(session, campaign, target)["recipient"]["committee"]
    assert said == "Committee on Foreign Affairs"
    seat(session, ida, "Committee on Sport", TargetRole.COMMITTEE_CHAIR)
    assert named(session, campaign, target)["recipient"]["committee"] == "Committee on Sport"
    # Its name isn't known in that language, so nothing is said.
    assert isinstance(named(session, campaign, target, "fr")["recipient"]["committee"], Empty)


def test_an_office_is_never_english_inside_another_language(session, campaign):
    body = make.organization(session)
    target = make.target(session, body=body, role=TargetRole.MINISTER)
    post = Post(
        organization_id=body.id,
        role=TargetRole.MINISTER,
        label="Minister for Foreign Affairs",
        labels={"de": "Außenministerin"},
        confidence=Confidence.HIGH,
    )
    session.add(post)
    session.flush()
    session.get_one(Membership, target.membership_id).post_id = post.id
    session.flush()
    offices = {
        language: named(session, campaign, target, language)["recipient"]["office"]
        for language in ("en", "de", "fr")
    }
    assert offices["en"] == "Minister for Foreign Affairs"
    assert offices["de"] == "Außenministerin"
    assert isinstance(offices["fr"], Empty)


def told(session, campaign, letter, words):
    ask = make.ask(session, campaign)
    session.refresh(ask, ["demand"])
    reading = Reading(
        campaign_id=campaign.id,
        petition_id=ask.demand.petition_id,
        value=62_001,
        page_url="https://petition.example",
        read_on=TODAY,
        by="Sam",
        at=NOW,
        state=ReadingState.ACCEPTED,
        decided_by="Olga",
        decided_at=NOW,
    )
    session.add(reading)
    session.flush()
    session.add(Quotation(letter_id=letter.id, reading_id=reading.id, text=words))
    session.flush()
    return reading


def test_what_went_before_to_the_person_or_the_desk(session, campaign):
    ida = make.person(session, "Ida Example")
    target = make.target(session, person=ida)
    elsewhere = make.target(session, person=ida)
    desk_mate = make.target(session, office_id=target.office_id)
    stranger = make.target(session)
    nothing = named(session, campaign, target)["previous"]
    assert all(isinstance(value, Empty) for value in nothing.values())

    make.letter(session, campaign, target=target)
    old = make.letter(session, campaign, target=desk_mate, state=State.SENT, closed_on=TODAY)
    new = make.letter(session, campaign, target=elsewhere, state=State.SENT, subject="A word")
    new.sent_at, new.last_reply_kind = old.sent_at + dt.timedelta(days=3), "noncommittal"
    reading = told(session, campaign, new, "More than 62,000 people had signed.")

    previous = named(session, campaign, target)["previous"]
    assert (previous["code"], previous["subject"]) == (new.code, "A word")
    assert previous["answered"] == "noncommittal"
    assert previous["signatures"] == "More than 62,000 people had signed."
    # Another language doesn't repeat English words; the day and the code it can say.
    german = named(session, campaign, target, "de")["previous"]
    assert isinstance(german["subject"], Empty) and isinstance(german["signatures"], Empty)
    assert german["code"] == new.code and "März" in german["date"]
    # A count that was refused since is repeated to nobody.
    reading.state = ReadingState.REFUSED
    session.flush()
    assert isinstance(named(session, campaign, target)["previous"]["signatures"], Empty)
    # A reminder speaks of the letter it follows.
    assert named(session, campaign, target, previous=old)["previous"]["code"] == old.code
    unknown = named(session, campaign, stranger)["previous"]
    assert isinstance(unknown["code"], Empty)


def test_where_they_stand_on_this_ask(session, campaign):
    target, ask = make.target(session), make.ask(session, campaign)
    other = make.ask(session, campaign)
    olga = make.olga(session, campaign)

    def stand(position, said_on):
        record_stance(
            session,
            campaign_id=campaign.id,
            target_id=target.id,
            ask_id=ask.id,
            position=position,
            basis=StanceBasis.NOTE if position is not Position.UNKNOWN else None,
            quote="",
            said_on=said_on,
            source=("reply", 1),
            rehearsal=campaign.rehearsing,
            by=olga,
            now=NOW,
        )

    assert isinstance(named(session, campaign, target, ask=ask)["stance"]["position"], Empty)
    stand(Position.OPPOSE, TODAY - dt.timedelta(days=9))
    stand(Position.SUPPORT, TODAY)
    assert named(session, campaign, target, ask=ask)["stance"]["position"] == "support"
    assert isinstance(named(session, campaign, target, ask=other)["stance"]["position"], Empty)


def measure(session, campaign, code, places_, taken_on, **more):
    more = {
        "confidence": Confidence.HIGH,
        "wording": {"en": f"Measure {code} was taken."},
        "citation": {"en": "A gazette"},
    } | more
    session.add(
        Measure(
            campaign_id=campaign.id,
            code=code,
            jurisdictions=places_,
            taken_on=taken_on,
            what="x",
            sources=[],
            **more,
        )
    )
    session.flush()


def test_what_exists_there_already_is_said_with_source_and_day(session, campaign):
    make.jurisdiction(session, "AA", eu_member=True)
    member = make.target(session, jurisdiction_code="AA")
    outside = make.target(session, jurisdiction_code="BB")
    measure(session, campaign, "M1", ["AA"], "2021-06-21")
    measure(session, campaign, "M2", ["EU"], "2020-10")
    measure(session, campaign, "M3", ["EU"], "2024", confidence=Confidence.MEDIUM)
    found = named(session, campaign, member)
    assert found["measures"] == (
        "Measure M1 was taken (A gazette, 21 June 2021). "
        "Measure M2 was taken (A gazette, October 2020)."
    )
    assert found["jurisdiction"]["has_measures"] is True
    assert named(session, campaign, outside)["jurisdiction"]["has_measures"] is False
    french = named(session, campaign, member, "fr")
    assert isinstance(french["measures"], Empty)
    assert french["jurisdiction"]["has_measures"] is True


def test_the_decision_that_shows_most(session, campaign):
    def decided(effect, date, words, confidence="high"):
        return {
            "id": words,
            "date": date,
            "effect": effect,
            "confidence": confidence,
            "wording": {"en": words},
        }

    own = [
        decided("non-binding", "2023", "It voted."),
        decided("binding", "2019", "It listed."),
        decided("binding", "2024", "It surely listed.", "medium"),
        decided("negative position", "2025", "It declined."),
    ]
    union = [decided("binding", "2026", "The Union listed.")]
    place = make.jurisdiction(session, "AA", eu_member=True, precedents=own)
    assert places.precedent(place, union, "en") == "It listed."
    place.precedents = []
    assert places.precedent(place, union, "en") == "The Union listed."
    place.eu_member = False
    assert places.precedent(place, union, "en") == ""


def test_an_assembly_has_no_government_and_its_own_name(session, campaign):
    name = "Parliamentary Assembly"
    make.jurisdiction(
        session,
        "PACE",
        kind=places.ASSEMBLY,
        name=name,
        tools=[{"kind": "written_question", "native": "question to the Committee"}],
    )
    body = make.organization(
        session, jurisdiction_code="PACE", name=name, names={"fr": "Assemblée parlementaire"}
    )
    target = make.target(session, jurisdiction_code="PACE", body=body)
    french = named(session, campaign, target, "fr")
    assert french["jurisdiction"]["assembly"] is True
    assert french["jurisdiction"]["name"] == "Assemblée parlementaire"
    assert isinstance(french["tool"]["question"], Empty)
    assert isinstance(named(session, campaign, target, "de")["jurisdiction"]["name"], Empty)


def test_many_are_read_as_few(session, campaign):
    rows = [make.target(session) for _ in range(40)]
    make.letter(session, campaign, target=rows[0], state=State.SENT)
    ids = [row.id for row in rows]

    def queries(some):
        loaded = session.scalars(
            sa.select(Target).where(Target.id.in_(some)).options(*with_list())
        ).all()
        with counted_queries(session.get_bind(), at_most=15) as counted:
            background.for_targets(session, campaign, loaded, today=TODAY)
        return len(counted)

    assert queries(ids) == queries(ids[:1])
