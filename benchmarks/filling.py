"""A database with many approved, scheduled letters of one live campaign, filled in seconds.

Everything is fictional. One letter and everything it hangs on is made by the models; the others
are its rows again, with numbers, names, addresses and seals of their own.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import mail_accounts
from outreach.accounts.models import (
    Actor,
    Campaign,
    Event,
    MailAccount,
    Mode,
    Role,
    Security,
    Sender,
    SenderKind,
    Voice,
)
from outreach.database import Database
from outreach.directory.identity import SalutationReading
from outreach.directory.models import (
    Confidence,
    ContactDetail,
    ContactKind,
    Jurisdiction,
    Membership,
    Office,
    Organization,
    OrganizationKind,
    Person,
    Publicity,
    Target,
    TargetRole,
)
from outreach.directory.salutation_blocks import blocks
from outreach.letters.lifecycle import State
from outreach.letters.models import (
    Letter,
    LetterKind,
    Mailing,
    Quotation,
    Template,
    TemplateVersion,
)
from outreach.letters.sealing import seals_of
from outreach.petitions.models import (
    Ask,
    Demand,
    Fact,
    Origin,
    Petition,
    Precision,
    Reading,
    ReadingState,
    Use,
)
from outreach.petitions.pages import Page
from outreach.schema import Base
from outreach.sending.models import Attempt, Carried
from outreach.signing import Vault

DOMAIN = "bench.zz"
STEP = 1_000
# About 6,000 octets as a message: what `smtp-source -l 6000` sends; not only ASCII.
TEXT = "Sehr geehrte Frau Abgeordnete,\n\n" + "\n\n".join(
    f"{n}. Wir bitten Sie, die Regierung schriftlich zu fragen, welche Maßnahmen sie für die "
    "Menschen ergreift, über die wir in unserer Petition berichten, und bis wann über deren "
    "Anträge entschieden wird. Über eine Antwort, die wir veröffentlichen dürfen, würden wir uns "
    "freuen. Für Rückfragen stehen wir jederzeit zur Verfügung, gern auch in Ihrem Büro."
    for n in range(1, 14)
)


def fill(database: Database, count: int, *, vault: Vault, port: int, dkim: bool) -> int:
    """Fill the empty `database` with `count` letters due now; return the id of the campaign.

    They go to 127.0.0.1:`port` by an account that signs with RSA-2048 if `dkim` says so.
    """
    now = dt.datetime.now(dt.UTC)
    with database.writing() as session:
        campaign, sender = _house(session, now)
        account = MailAccount(
            campaign_id=campaign.id,
            name="sink",
            position=1,
            host="127.0.0.1",
            port=port,
            security=Security.NONE,
            hello=DOMAIN,
        )
        session.add(account)
        session.flush()
        if dkim:
            by = Actor("bench", role=Role.ADMIN)
            mail_accounts.make_key(
                session, account, domain=DOMAIN, selector="bench", vault=vault, by=by, now=now
            )
        letter = _letter(session, campaign, sender, now)
        session.flush()
        _again(session, letter, count)
        return campaign.id


def anew(database: Database) -> None:
    """Put every letter back on the schedule, as if nothing had been sent."""
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    with database.writing() as session:
        connection = session.connection()
        connection.execute(sa.delete(Carried))
        connection.execute(sa.delete(Attempt))
        connection.execute(sa.delete(Event))
        connection.execute(sa.update(Office).values(quiet_until=None))
        # Whatever left has lost its window.
        window = {"send_after": begin, "send_before": begin + dt.timedelta(days=2)}
        connection.execute(
            sa.update(Letter).values(state=State.SCHEDULED, sent_at=None, reason="", **window)
        )
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def _house(session: Session, now: dt.datetime) -> tuple[Campaign, Sender]:
    campaign = Campaign(
        slug="bench",
        title="Bench",
        short_title="Bench",
        summary="-",
        goal=75_000,
        created_at=now,
        mode=Mode.LIVE,
        live_at=now - dt.timedelta(days=2),
    )
    session.add(campaign)
    session.flush()
    sender = Sender(
        campaign_id=campaign.id,
        kind=SenderKind.ORGANISATION,
        voice=Voice.WE,
        name="Verein für Beispiele",
        from_address=f"letters@{DOMAIN}",
        data_notice={},
    )
    session.add(sender)
    session.add_all(
        SalutationReading(
            language=name,
            role=role,
            digest=form.digest,
            read_by="Nora",
            read_on=now.date(),
            by="Olga",
            at=now,
        )
        for name, block in blocks().items()
        for role, form in block.roles.items()
    )
    session.flush()
    return campaign, sender


def _letter(session: Session, campaign: Campaign, sender: Sender, now: dt.datetime) -> Letter:
    def kept(row: Any) -> Any:
        session.add(row)
        session.flush()
        return row

    mine, today = {"campaign_id": campaign.id}, now.date()
    target = _target(session, kept, today)
    petition = kept(
        Petition(**mine, slug="p", title="-", author="-", written="-", summary="-", credit={})
    )
    edited = {"origin": Origin.EDITORIAL, "text": "-"}
    demand = kept(
        Demand(**mine, **edited, petition_id=petition.id, code="D1", kind="-", wording={})
    )
    ask = kept(
        Ask(**mine, **edited, demand_id=demand.id, code="A1", kind="-", roles=[], jurisdictions=[])
    )
    fact = kept(
        Fact(
            **mine,
            code="R1",
            origin=Origin.EDITORIAL,
            statement="People were arrested.",
            as_of=today,
            as_of_precision=Precision.DAY,
            use=Use.OK,
            wording={"de": "Menschen wurden verhaftet."},
            citation={"de": "Ein Bericht"},
        )
    )
    page = kept(Page(**mine, petition_id=petition.id, url="https://petition.bench.zz/"))
    reading = kept(
        Reading(
            **mine,
            petition_id=petition.id,
            page_id=page.id,
            value=50_000,
            page_url=page.url,
            read_on=today,
            by="Sam",
            at=now,
            state=ReadingState.ACCEPTED,
            decided_by="Olga",
            decided_at=now,
        )
    )
    template = kept(Template(**mine, slug="t", name="-", kind=LetterKind.FIRST, roles=[], asks=[]))
    version = kept(
        TemplateVersion(
            template_id=template.id,
            language="de",
            number=1,
            subject="-",
            body=TEXT,
            author="Sam",
            at=now,
            read_by="Nora",
            read_on=today,
        )
    )
    mailing = kept(
        Mailing(
            **mine,
            template_id=template.id,
            sender_id=sender.id,
            name="-",
            left_out=[],
            by="Sam",
            at=now,
        )
    )
    letter = Letter(
        **mine,
        mailing_id=mailing.id,
        template_version_id=version.id,
        sender_id=sender.id,
        target_id=target.id,
        office_id=target.office_id,
        ask_id=ask.id,
        kind=LetterKind.FIRST,
        state=State.SCHEDULED,
        rehearsal=False,
        code="000000",
        language="de",
        channel=ContactKind.EMAIL,
        address="p0@" + DOMAIN,
        recipient=target.name,
        envelope=target.name,
        subject="Eine Frage an die Regierung",
        text=TEXT,
        author="Sam",
        made_at=now,
        approved_by="Olga",
        approved_at=now - dt.timedelta(days=1),
        seal="0" * 64,
        send_after=now - dt.timedelta(hours=1),
        send_before=now + dt.timedelta(days=20),
    )
    quotes = ({"fact_id": fact.id, "fact_version": 1}, {"reading_id": reading.id})
    letter.quotations = [Quotation(**one, text="50.000") for one in quotes]
    return kept(letter)


def _target(session: Session, kept: Any, today: dt.date) -> Target:
    kept(
        Jurisdiction(
            code="XX",
            kind="state",
            name="Country",
            timezone="Europe/Berlin",
            languages=["de"],
            publicity=Publicity.UNKNOWN,
            publicity_confidence=Confidence.UNKNOWN,
            recess_confidence=Confidence.UNKNOWN,
            designation={},
            tools=[],
            precedents=[],
            notes=[],
        )
    )
    body = kept(
        Organization(
            slug="chamber",
            jurisdiction_code="XX",
            kind=OrganizationKind.CHAMBER,
            name="Chamber",
            names={},
            confidence=Confidence.HIGH,
        )
    )
    person = kept(Person(name="Person 0", names={}))
    role = TargetRole.MEMBER_LOWER
    held = kept(Membership(person_id=person.id, organization_id=body.id, role=role))
    kept(
        ContactDetail(
            person_id=person.id,
            kind=ContactKind.EMAIL,
            value="p0@" + DOMAIN,
            normalised="p0@" + DOMAIN,
            source="-",
            verified_on=today,
            verified_by="Sam",
        )
    )
    office = kept(Office(key="email:p0@" + DOMAIN, name="p0"))
    return kept(
        Target(
            membership_id=held.id,
            office_id=office.id,
            jurisdiction_code="XX",
            body_id=body.id,
            role=role,
            name=person.name,
            search_key="person",
            language="de",
            channel=ContactKind.EMAIL,
        )
    )


def _again(session: Session, letter: Letter, count: int) -> None:
    """The letter's rows, and those of whom it goes to, `count` - 1 times more; then the seals."""
    chain = (Person, Membership, ContactDetail, Office, Target, Letter)
    first = {
        kind: dict(session.execute(sa.select(kind.__table__)).mappings().one()) for kind in chain
    }
    quotes = session.execute(sa.select(Quotation.__table__)).mappings().all()
    base = {kind: row["id"] for kind, row in first.items()}
    refers = {
        "person_id": Person,
        "membership_id": Membership,
        "office_id": Office,
        "target_id": Target,
    }
    connection = session.connection()
    for start in range(1, count, STEP):
        numbers = range(start, min(start + STEP, count))
        for kind in chain:
            columns = [name for name in refers if first[kind].get(name) is not None]
            rows = [
                first[kind]
                | {name: base[refers[name]] + n for name in columns}
                | _own(kind, n)
                | {"id": base[kind] + n}
                for n in numbers
            ]
            connection.execute(sa.insert(kind.__table__), rows)
        connection.execute(
            sa.insert(Quotation.__table__),
            [
                {**quote, "id": quote["id"] + n * len(quotes), "letter_id": letter.id + n}
                for n in numbers
                for quote in quotes
            ],
        )
    _sealed(session)
    _count_on(session, [*chain, Quotation])


def _own(kind: type[Base], n: int) -> dict[str, Any]:
    box = f"p{n}@{DOMAIN}"
    if kind is ContactDetail:
        return {"value": box, "normalised": box}
    if kind is Office:
        return {"key": f"email:{box}", "name": f"p{n}"}
    if kind is Letter:
        return {"address": box, "recipient": f"Person {n}", "code": f"{n:06}"}
    return {"name": f"Person {n}"} if kind in (Person, Target) else {}


def _sealed(session: Session) -> None:
    letters = sa.table("letter", sa.column("id"), sa.column("seal"))
    update = letters.update().where(letters.c.id == sa.bindparam("one"))
    update = update.values(seal=sa.bindparam("its"))
    last = 0
    while some := session.scalars(
        sa.select(Letter).where(Letter.id > last).order_by(Letter.id).limit(STEP)
    ).all():
        rows = [{"one": one, "its": seal} for one, seal in seals_of(session, some).items()]
        session.connection().execute(update, rows)
        last = some[-1].id
        session.expunge_all()


def _count_on(session: Session, kinds: list[Any]) -> None:
    """PostgreSQL's counters go on after numbers that were given by hand."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for kind in kinds:
        name = kind.__tablename__
        counter = f"pg_get_serial_sequence('{name}', 'id')"
        session.execute(sa.text(f"SELECT setval({counter}, (SELECT max(id) FROM {name}))"))
