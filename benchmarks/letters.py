"""How much the house costs: drafting and capturing letters, next to the bare work of the same run.

Drafting (choosing, merging, checking, storing with quotations and history) is set beside rendering
the same finished words with plain Jinja2; capturing (gate, claim, three commits, message, file) is
set beside writing the same bytes to a file with fsync. Prints rates and ratios.

    .venv/bin/python benchmarks/letters.py [how many letters, default 300]
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import tempfile
import time
from pathlib import Path

import jinja2
import sqlalchemy as sa

from outreach import cli, clock
from outreach.accounts.models import Actor, Campaign, Role, Sender
from outreach.config import read_settings
from outreach.database import Database
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    Membership,
    Organization,
    Person,
    TargetRole,
)
from outreach.directory.offices import add_target
from outreach.letters import drafting, moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Template
from outreach.sending import timetable
from outreach.sending.capture import CapturePostman

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
AUTHOR = Actor("author", user_id=None, role=Role.STAFF)


def people(session, number: int) -> list[int]:
    """Add that many fictional members of the European Parliament; return their targets' ids."""
    house = session.scalars(
        sa.select(Organization).where(Organization.jurisdiction_code == "EU").limit(1)
    ).one()
    targets = []
    for n in range(number):
        person = Person(name=f"Person {n}", family_name=f"{n}", names={}, reading_language="en")
        session.add(person)
        session.flush()
        held = Membership(person_id=person.id, organization_id=house.id, role=TargetRole.MEP)
        mail = f"person{n}@bench.example"
        session.add_all(
            [
                held,
                ContactDetail(
                    person_id=person.id,
                    kind=ContactKind.EMAIL,
                    value=mail,
                    normalised=mail,
                    source="made up",
                    verified_on=NOW.date(),
                    verified_by="bench",
                ),
            ]
        )
        session.flush()
        targets.append(add_target(session, membership=held).id)
    return targets


def draft(session, number: int) -> tuple[float, list[Letter]]:
    """Make the drafts; return seconds and letters."""
    campaign = session.scalars(sa.select(Campaign)).one()
    template = session.scalars(sa.select(Template).where(Template.slug == "mep")).one()
    sender = session.scalars(sa.select(Sender)).first()
    targets = people(session, number)
    begun = time.perf_counter()
    drafting.make_drafts(
        session,
        campaign=campaign,
        template=template,
        targets=targets,
        sender=sender,
        by=AUTHOR,
        now=NOW,
    )
    spent = time.perf_counter() - begun
    letters = session.scalars(sa.select(Letter).where(Letter.target_id.in_(targets))).all()
    return spent, list(letters)


def plain_jinja(letters: list[Letter]) -> float:
    """Seconds to render the same words, name and code filled in, with Jinja2 alone."""
    words = letters[0].text.replace(letters[0].code, "{{ code }}")
    template = jinja2.Environment(autoescape=False).from_string(words)
    begun = time.perf_counter()
    for letter in letters:
        template.render(code=letter.code)
    return time.perf_counter() - begun


def approve_and_schedule(session, letters: list[Letter]) -> None:
    """Bring every draft to its hour, as two people would."""
    for letter in letters:
        author = Actor("author", user_id=letter.made_by_id or -1, role=Role.STAFF)
        letter.made_by_id = author.user_id
        moving.make(session, letter, "submit", by=author, now=NOW)
        chief = Actor("chief", user_id=-2, role=Role.ORGANISER)
        moving.make(session, letter, "approve", by=chief, now=NOW)
        timetable.schedule(session, letter, send_after=NOW, by=chief, now=NOW)


def bare_files(messages: list[bytes], folder: Path) -> float:
    """Seconds to write the same bytes to files, each with fsync."""
    begun = time.perf_counter()
    for n, message in enumerate(messages):
        with (folder / f"{n}.eml").open("wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings({"OUTREACH_HOME": f"{folder}/home"})
        database = Database(settings.database_url)
        database.migrate()
        cli.seed_database(database, demo=True)
        with database.writing() as session:
            drafting_seconds, letters = draft(session, number)
            jinja_seconds = plain_jinja(letters)
            approve_and_schedule(session, letters)
        postman = CapturePostman(settings.capture)
        begun = time.perf_counter()
        while True:
            clock.tick(database, postman, now=lambda: NOW, worker="bench")
            with database.reading() as session:
                left = session.scalar(
                    sa.select(sa.func.count()).where(Letter.state == State.SCHEDULED)
                )
            if not left:
                break
        capturing_seconds = time.perf_counter() - begun
        messages = [path.read_bytes() for path in settings.capture.rglob("*.eml")]
        bare = Path(folder) / "bare"
        bare.mkdir()
        file_seconds = bare_files(messages, bare)
        database.close()
    for name, own, peer, what in (
        ("drafting", drafting_seconds, jinja_seconds, "plain Jinja2"),
        ("capturing", capturing_seconds, file_seconds, "files with fsync"),
    ):
        print(
            f"{name}: {number / own:,.0f} letters/s; {what}: {number / peer:,.0f}/s; "
            f"ratio {peer / own:.4f}"
        )


if __name__ == "__main__":
    main()
