"""From the directory to the wire: somebody without e-mail, and names that break programs."""

from __future__ import annotations

import csv
import datetime as dt
import io
import unicodedata
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pypdf
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Event, Role, Task, TaskKind
from outreach.directory import adding, exporting, people, queries
from outreach.directory.models import (
    Confidence,
    ContactKind,
    FormOfAddress,
    Organization,
    Post,
    Target,
    TargetRole,
)
from outreach.directory.verification import verify
from outreach.errors import Refused
from outreach.letters import audiences, drafting, editing, lists, moving, printing, typesetting
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, TemplateVersion
from outreach.letters.queries import letter_with_everything
from outreach.letters.sealing import seal_of
from outreach.sending import channels, message, timetable
from tests.conftest import NOW
from tests.letters import world

OLGA = Actor("Olga", 2, Role.ORGANISER)
SAM = Actor("Sam", 3, Role.STAFF)
DAY = dt.timedelta(days=1)
PAGE = "https://house.example/members/ida"
FONTS = Path(__file__).parents[2] / "outreach/web/static/vendor/fonts"


@pytest.fixture
def built_in(world_file: Path, tmp_path: Path) -> Iterator[Session]:
    with world.opened(world_file, tmp_path) as session:
        session.execute(sa.update(TemplateVersion).values(read_by="Nora", read_on=NOW.date()))
        yield session


def member(session: Session, slug: str, new: people.NewPerson, **ways: str) -> Target:
    """A member of a chamber, added by hand with these ways to reach them, all checked."""
    body = session.scalars(sa.select(Organization).where(Organization.slug == slug)).one()
    role = TargetRole.MEMBER_LOWER
    post = session.scalar(sa.select(Post).where(Post.label == LONG))
    target = people.add_person(session, body, new, role=role, post=post, by=SAM, now=NOW)
    for kind, value in ways.items():
        reach(session, target, kind, value)
    return target


def reach(session: Session, target: Target, kind: str, value: str) -> None:
    person = adding.person_of(session, target)
    origin = adding.Origin("her page", PAGE)
    made = adding.add_by_hand(session, person, ContactKind(kind), value, origin, by=SAM, now=NOW)
    verify(session, made, url=PAGE, by=SAM, now=NOW)


def drafts(session: Session, *targets: Target) -> list[Letter]:
    """Approved letters to these members, by an organiser who is not their author."""
    made = drafting.make_drafts(
        session,
        campaign=world.campaign(session),
        template=world.template(session, "member"),
        targets=list(targets),
        sender=world.sender(session),
        audience=None,
        name="Members",
        fallback_language="en",
        by=SAM,
        now=NOW,
    )
    assert made.left_out == []
    return list(session.scalars(sa.select(Letter).where(Letter.mailing_id == made.id)))


def approve(session: Session, letter: Letter) -> None:
    moving.make(session, letter, "submit", by=Actor("Sam", 3, Role.STAFF), now=NOW)
    moving.make(session, letter, "approve", by=OLGA, now=NOW)


def test_a_member_without_mail_is_written_to_by_hand(built_in: Session) -> None:
    """Acceptance scenario 2."""
    ida = people.NewPerson("Ida Example", "Example", "Ida")
    by_hand = member(
        built_in,
        "gb/house-of-commons",
        ida,
        form="https://house.example/write-to-ida",
        postal="Ida Example\nHouse of Commons\nLONDON",
    )
    otto = people.NewPerson("Otto Specimen", "Specimen", "Otto")
    by_mail = member(built_in, "gb/house-of-commons", otto, email="otto@house.example")
    campaign = world.campaign(built_in)
    chosen = audiences.Filters(q="house of commons", demonstration=False)
    selected = audiences.audience_targets(built_in, campaign, chosen, today=NOW.date())
    assert {target.id for target in selected} == {by_hand.id, by_mail.id}
    assert (by_hand.channel, by_mail.channel) == (ContactKind.FORM, ContactKind.EMAIL)

    letters = {letter.target_id: letter for letter in drafts(built_in, by_hand, by_mail)}
    hers, his = letters[by_hand.id], letters[by_mail.id]
    for letter in (hers, his):
        approve(built_in, letter)
    window = {"send_after": NOW + DAY, "by": OLGA, "now": NOW}
    timetable.schedule(built_in, his, **window)  # type: ignore[arg-type]
    assert his.state is State.SCHEDULED
    with pytest.raises(Refused) as caught:
        timetable.schedule(built_in, hers, **window)  # type: ignore[arg-type]
    assert "copy it into their form" in str(caught.value.reasons[0])
    assert "by hand" in str(lists.waits_for(hers, today=NOW.date()))

    task = channels.hand_over(built_in, hers, by=OLGA, now=NOW)
    assert task is not None
    assert (task.kind, task.title) == (
        TaskKind.SEND_BY_HAND,
        f"Fill in the form: {hers.recipient} ({hers.code})",
    )
    seal = hers.seal
    # Somebody finds her e-mail: the old letter keeps its way and its words, and nothing goes.
    reach(built_in, by_hand, "email", "ida@house.example")
    assert by_hand.channel is ContactKind.EMAIL
    assert (hers.state, hers.channel, hers.send_after) == (State.APPROVED, ContactKind.FORM, None)
    assert seal == hers.seal == seal_of(built_in, hers)
    channels.post_by_hand(
        built_in,
        hers,
        on=NOW.date(),
        proof="sent by post 4 Mar, registered no. RR 123",
        by=Actor("Vera", 4, Role.VOLUNTEER),
        now=NOW,
    )
    assert hers.state is State.SENT
    assert built_in.get_one(Task, task.id).done_by == "Vera"
    posted = built_in.scalars(
        sa.select(Event).where(Event.subject_kind == "letter", Event.subject_id == hers.id)
    ).all()
    assert "registered no. RR 123" in str([event.detail for event in posted])


LONG = "Minister of State for Very Long Titles, Weights, Measures and All Other Matters!"
NAMES = {
    "arabic": (people.NewPerson("ليلى مثال", "مثال", "ليلى", latin="Layla Mithal"), "layla mithal"),
    "georgian": (people.NewPerson("ნინო ნიმუში", "ნიმუში", "ნინო"), "nino nimushi"),
    "apostrophes": (people.NewPerson("Aoife D'Arcy-O’Néill", "D'Arcy-O’Néill", "Aoife"), "oneill"),
    "long title": (people.NewPerson("Ida Example", "Example", "Ida"), "very long titles"),
}


def add_long_title(session: Session) -> None:
    house = sa.select(Organization.id).where(Organization.slug == "gb/house-of-commons")
    post = Post(
        organization_id=session.scalars(house).one(),
        role=TargetRole.MEMBER_LOWER,
        label=LONG,
        labels={},
        confidence=Confidence.HIGH,
    )
    session.add(post)
    session.flush()


@pytest.mark.parametrize("name", list(NAMES))
def test_a_name_of_any_script_travels_whole(built_in: Session, name: str) -> None:
    """Acceptance scenario 7: salutation, subject, To, the letter on paper, CSV and search."""
    new, typed = NAMES[name]
    new = people.NewPerson(
        **{field: getattr(new, field) for field in new.__slots__}
        | {"form": FormOfAddress.F, "basis": "her page"}
    )
    if name == "long title":
        add_long_title(built_in)
    target = member(built_in, "gb/house-of-commons", new, email=f"x{len(name)}@house.example")
    (letter,) = drafts(built_in, target)
    # An English letter greets her by the name in Latin letters, where we know one.
    greeting = letter.text.split("\n", 1)[0]
    assert (new.latin or new.family) in greeting
    editing.edit(
        built_in,
        letter,
        subject=f"A question for {new.name}, {LONG}",
        text=letter.text,
        seen=editing.fingerprint(letter),
        by=SAM,
        now=NOW,
    )
    approve(built_in, letter)
    wire = message.build(
        letter,
        world.sender(built_in),
        message_id="0f@association.example",
        date=NOW,
        rehearsal=True,
    )
    read = message_from_bytes(wire, policy=policy.SMTP)
    assert read["Subject"] == f"A question for {new.name}, {LONG}"
    assert new.name in read["To"].addresses[0].display_name
    assert message.carries(wire, letter.text)
    assert max(len(line) for line in wire.split(b"\r\n")) <= message.LONGEST_LINE

    sheet = printing.sheet_of(letter_with_everything(built_in, letter.id), on=NOW.date())
    made = typesetting.pdf([sheet], title=letter.subject, fonts=FONTS)
    printed = pypdf.PdfReader(io.BytesIO(made)).pages[0].extract_text()
    # What a reader copies out of the paper: joined Arabic forms come back letter by letter.
    assert set(new.name.replace(" ", "")) <= set(unicodedata.normalize("NFKC", printed))

    whole = queries.targets(queries.TargetFilter(q=new.name), today=NOW.date())
    text = b"".join(exporting.export(built_in, "csv", targets=whole, today=NOW.date()))
    (row,) = csv.DictReader(io.StringIO(text.decode("utf-8-sig")))
    assert (row["name"], row["family_name"]) == (new.name, new.family)
    assert row["title"] == (LONG if name == "long title" else "")

    for words in (new.name, typed, typed.upper()):
        page = queries.target_page(
            built_in, queries.TargetFilter(q=words, demonstration=False), today=NOW.date()
        )
        assert target.id in {one.id for one in page.rows}, words
