"""Forms of address are read by a native speaker before their first use, line for line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Event
from outreach.directory import salutation_readings as readings
from outreach.directory.identity import SalutationReading
from outreach.directory.models import TargetRole
from outreach.directory.salutation_blocks import Form, blocks
from outreach.errors import BadInput, NotAllowed, NotFound, Refused
from tests import make

MINISTER, SPEAKER = TargetRole.MINISTER, TargetRole.SPEAKER


def _shown(*roles: TargetRole) -> dict[TargetRole, str]:
    return {role: blocks()["pl"].roles[role].digest for role in roles}


def test_nobody_has_read_anything_until_an_organiser_says_who(
    session: Session, now: dt.datetime
) -> None:
    campaign = make.campaign(session)
    olga = make.olga(session, campaign)
    assert readings.needs_reading(session, "pl", MINISTER)

    done = readings.record(
        session,
        "pl",
        _shown(MINISTER),
        read_by="  Zofia  Przykład ",
        read_on=now.date(),
        by=olga,
        now=now,
    )

    assert [(one.role, one.read_by, one.by) for one in done] == [
        (MINISTER, "Zofia Przykład", "Olga")
    ]
    assert not readings.needs_reading(session, "pl", MINISTER)
    assert readings.needs_reading(session, "pl", SPEAKER)
    assert set(readings.readings(session)) == {("pl", MINISTER)}
    event = session.scalars(sa.select(Event).where(Event.subject_kind == "salutation")).one()
    assert (event.name, event.by, event.at) == ("read_by_native_speaker", "Olga", now)
    assert event.detail == {
        "language": "pl",
        "role": "minister",
        "read_by": "Zofia Przykład",
        "read_on": now.date().isoformat(),
    }


def test_what_is_read_already_keeps_its_first_reader(session: Session, now: dt.datetime) -> None:
    olga = make.olga(session, make.campaign(session))
    say = {"read_on": now.date(), "by": olga, "now": now}
    readings.record(session, "pl", _shown(MINISTER), read_by="Zofia", **say)

    again = readings.record(session, "pl", _shown(MINISTER, SPEAKER), read_by="Jan", **say)

    assert [one.role for one in again] == [SPEAKER]
    assert readings.readings(session)["pl", MINISTER].read_by == "Zofia"


def test_a_changed_line_wants_a_new_reader(
    session: Session, now: dt.datetime, tmp_path: Path
) -> None:
    olga = make.olga(session, make.campaign(session))
    form = blocks()["pl"].roles[MINISTER]
    session.add(
        SalutationReading(
            language="pl",
            role=MINISTER,
            digest=_with_another_comma(form).digest,
            read_by="Zofia",
            read_on=now.date(),
            by="Olga",
            at=now,
        )
    )
    session.flush()

    assert readings.needs_reading(session, "pl", MINISTER)
    assert not readings.readings(session)
    with pytest.raises(Refused, match="changed since they were shown"):
        readings.record(
            session,
            "pl",
            {MINISTER: _with_another_comma(form).digest},
            read_by="Zofia",
            read_on=now.date(),
            by=olga,
            now=now,
        )


def _with_another_comma(form: Form) -> Form:
    opening = form.opening.model_copy(update={"x": f"{form.opening.x}!"})
    return form.model_copy(update={"opening": opening})


def test_notes_and_confidence_are_no_lines() -> None:
    form = blocks()["pl"].roles[MINISTER]
    assert form.model_copy(update={"note": "another"}).digest == form.digest
    assert _with_another_comma(form).digest != form.digest


def test_only_organisers_record_and_only_what_can_be(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    sam, olga = make.sam(session, campaign), make.olga(session, campaign)
    good = {"read_by": "Zofia", "read_on": now.date(), "by": olga, "now": now}
    wrong = [
        (good | {"by": sam}, _shown(MINISTER), NotAllowed),
        (good | {"read_by": " "}, _shown(MINISTER), BadInput),
        (good | {"read_by": "x" * 121}, _shown(MINISTER), BadInput),
        (good | {"read_on": now.date() + dt.timedelta(days=1)}, _shown(MINISTER), BadInput),
        (good | {"read_on": None}, _shown(MINISTER), BadInput),
        (good, {}, Refused),
        (good, {TargetRole.MEMBER: "x"}, NotFound),
    ]
    for values, shown, error in wrong:
        with pytest.raises(error):
            readings.record(session, "pl", shown, **values)
    with pytest.raises(NotFound):
        readings.record(session, "el", _shown(MINISTER), **good)
    assert not session.scalars(sa.select(SalutationReading)).all()


def test_a_letter_opens_with_the_block_of_its_country(session: Session) -> None:
    target = make.target(session)
    target.jurisdiction_code = "US"
    greeting = readings.greeting_to(target, "en")
    assert greeting is not None
    assert greeting.block.language == "en-US"
    assert readings.greeting_to(target, "el") is None


def test_an_office_without_a_name_opens_as_an_office(session: Session) -> None:
    target = make.target(session)
    target.membership_id, target.organization_id = None, target.body_id
    greeting = readings.greeting_to(target, "de")
    assert greeting is not None
    assert greeting.role is TargetRole.MINISTRY
    assert readings.unread_greetings(session).of(target, "de") == greeting
    assert readings.unread_greeting(session, target, "de") == greeting
    make.greetings_read(session)
    assert readings.unread_greetings(session).of(target, "de") is None
    assert readings.unread_greeting(session, target, "de") is None
