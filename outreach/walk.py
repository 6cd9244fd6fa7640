"""Plays a letter's whole life from the shell: `outreach demo run`.

Each step does what a person, the clock or the desk would do, through the same functions as the web,
then counts what came of it and compares. The first step that doesn't do what it says ends the walk.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach import clock
from outreach.accounts import demonstration
from outreach.accounts.models import Actor, Campaign, Event, Role, Sender
from outreach.config import Settings
from outreach.database import Database
from outreach.directory.models import ContactKind, Target
from outreach.directory.offices import BY_HAND
from outreach.directory.queries import TargetFilter, targets
from outreach.errors import OutreachError, Refused
from outreach.letters import audiences, checks, drafting, editing, moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Audience, Letter, Mailing, Template
from outreach.letters.sealing import seal_of
from outreach.letters.sharing import SharedDesk
from outreach.overview import board
from outreach.petitions import counts
from outreach.petitions.models import Petition, Position
from outreach.replies.consequences import filing
from outreach.replies.deskwork import desk
from outreach.replies.models import ReplyChannel, ReplyKind, SignedBy
from outreach.sending import channels, message, timetable
from outreach.sending.capture import CapturePostman
from outreach.sending.models import Attempt, Outcome
from outreach.words import Sentence

# A number made up for the rehearsal; it never leaves the temporary home.
PLAYED_COUNT = 12_345
FIRST_TEMPLATES = ("minister", "member", "mep")
ANSWER = "Thank you for your letter. I will ask the government in writing before the summer."
QUOTE = "I will ask the government in writing before the summer."


class WalkFailed(OutreachError):
    """A step of the walk did not do what it says."""


@dataclass(slots=True)
class Walk:
    """What the steps share: the home, the players, the instant, and where to print."""

    database: Database
    settings: Settings
    now: dt.datetime
    say: Callable[[str], None]
    players: dict[Role, Actor] = field(default_factory=dict)
    campaign_id: int = 0

    def line(self, number: int, words: str) -> None:
        """Print one counted line."""
        self.say(f"{number:>7,}  {words}")

    def expect(self, held: bool, words: str) -> None:
        """Raise WalkFailed, saying `words`, unless `held`."""
        if not held:
            raise WalkFailed(Sentence("The walk stopped: %(words)s.", words=words))


def walk(
    database: Database, settings: Settings, *, now: dt.datetime, say: Callable[[str], None]
) -> None:
    """Play every step in the seeded demonstration of `database`, printing a line each.

    `now` is the aware UTC instant it begins at. Raises WalkFailed at the first step that went
    wrong, or what the step itself raises.
    """
    played = Walk(database, settings, now, say)
    for step in (
        find_players,
        count_signatures,
        make_drafts,
        edit_one,
        approve_all,
        schedule_all,
        capture_all,
        compare_bytes,
        post_by_hand,
        log_answers,
        read_the_board,
        check_history,
    ):
        step(played)
    say("Every step did what it says.")


def _letters(session: Session, played: Walk, *states: State) -> Sequence[Letter]:
    query = sa.select(Letter).where(Letter.campaign_id == played.campaign_id).order_by(Letter.id)
    return session.scalars(query.where(Letter.state.in_(states)) if states else query).all()


def find_players(played: Walk) -> None:
    """Find the demonstration's people and targets."""
    with played.database.reading() as session:
        campaign = session.scalars(sa.select(Campaign)).one()
        played.campaign_id = campaign.id
        played.players |= demonstration.actors(session, campaign)
        fictional = targets(TargetFilter(demonstration=True), today=played.now.date())
        found = session.scalars(fictional).all()
        countries = {target.jurisdiction_code for target in found}
    played.expect(set(played.players) == set(Role), "not every role has a player")
    played.expect(len(found) >= 24, "there are fewer than 24 fictional targets")
    played.line(len(found), f"fictional targets in {len(countries)} jurisdictions")


def count_signatures(played: Walk) -> None:
    """Staff enter the first count; it is held until an organiser accepts it."""
    with played.database.writing() as session:
        petition = session.scalars(sa.select(Petition)).first()
        played.expect(petition is not None, "the campaign has no petition")
        assert petition is not None
        reading = counts.add_reading(
            session,
            petition=petition,
            value=PLAYED_COUNT,
            page_url="https://petition.example/stophvalt",
            read_on=played.now.date() - dt.timedelta(days=1),
            by=played.players[Role.STAFF],
            now=played.now,
        )
        held = counts.current_count(session, played.campaign_id, played.now.date()) is None
        played.expect(held, "a first count was printed before anybody accepted it")
        counts.accept(session, reading, by=played.players[Role.ORGANISER], now=played.now)
        played.line(reading.value, "signatures, made up for this walk: held, then accepted")


def make_drafts(played: Walk) -> None:
    """Staff make drafts of every first letter for one audience of all fictional targets."""
    by, now = played.players[Role.STAFF], played.now
    made, left_out = 0, Counter[str]()
    with played.database.writing() as session:
        campaign = session.get_one(Campaign, played.campaign_id)
        filters = audiences.Filters(demonstration=True)
        audience = audiences.save_audience(
            session,
            campaign=campaign,
            name="Everybody fictional",
            filters=filters,
            by=by,
            now=now,
        )
        everybody = audiences.audience_targets(session, campaign, filters, today=now.date())
        sender = session.scalars(sa.select(Sender).where(Sender.demonstration)).first()
        played.expect(sender is not None, "the demonstration has no sender")
        assert sender is not None
        for slug in FIRST_TEMPLATES:
            mailing = _draft(session, campaign, slug, everybody, sender, audience, by, now)
            letters = session.scalars(
                sa.select(Letter).where(Letter.mailing_id == mailing.id)
            ).all()
            played.expect(
                len(letters) + len(mailing.left_out) == len(everybody),
                f"targets went missing between the audience and the drafts of “{slug}”",
            )
            made += len(letters)
            left_out.update(str(row["reason"]) for row in mailing.left_out)
        gaps = sum(len(checks.stopping(one)) for one in _letters(session, played))
    played.line(made, f"drafts from {len(FIRST_TEMPLATES)} templates")
    played.line(sum(left_out.values()), "times a target was left out, each with its reason")
    played.line(gaps, "gaps in the drafts")
    played.expect(gaps == 0, "a draft has a gap")
    played.expect(made > 0, "no draft was made")


def _draft(
    session: Session,
    campaign: Campaign,
    slug: str,
    everybody: Sequence[Target],
    sender: Sender,
    audience: Audience,
    by: Actor,
    now: dt.datetime,
) -> Mailing:
    template = session.scalars(
        sa.select(Template).where(Template.campaign_id == campaign.id, Template.slug == slug)
    ).one()
    return drafting.make_drafts(
        session,
        campaign=campaign,
        template=template,
        targets=everybody,
        sender=sender,
        audience=audience,
        name=f"{template.name}, {audience.name}",
        fallback_language="en",
        desks=SharedDesk.ONE,
        by=by,
        now=now,
    )


def edit_one(played: Walk) -> None:
    """An organiser changes one draft by hand, and so can't approve it."""
    organiser = played.players[Role.ORGANISER]
    with played.database.writing() as session:
        letter = _letters(session, played, State.DRAFT)[0]
        editing.edit(
            session,
            letter,
            subject=letter.subject,
            text=letter.text.replace("\n\n", "\n\nI write this in my own words.\n\n", 1),
            seen=editing.fingerprint(letter),
            by=organiser,
            now=played.now,
        )
        moving.make(session, letter, "submit", by=organiser, now=played.now)
        try:
            moving.make(session, letter, "approve", by=organiser, now=played.now)
        except Refused:
            played.line(1, "letter edited by hand; its author was refused the approval")
        else:
            played.expect(False, "an author approved their own words")
        moving.make(session, letter, "approve", by=played.players[Role.ADMIN], now=played.now)


def approve_all(played: Walk) -> None:
    """Staff submit every draft; an organiser approves each."""
    with played.database.writing() as session:
        for letter in _letters(session, played, State.DRAFT):
            moving.make(session, letter, "submit", by=played.players[Role.STAFF], now=played.now)
        for letter in _letters(session, played, State.REVIEW):
            moving.make(
                session, letter, "approve", by=played.players[Role.ORGANISER], now=played.now
            )
        approved = _letters(session, played, State.APPROVED)
        played.expect(len(approved) == len(_letters(session, played)), "a letter was not approved")
        sealed = [one for one in approved if one.seal == seal_of(session, one)]
        played.expect(len(sealed) == len(approved), "a seal doesn't fit its letter")
    played.line(len(approved), "letters approved by a second person and sealed")


def schedule_all(played: Walk) -> None:
    """An organiser schedules what goes by e-mail for an hour from now."""
    with played.database.writing() as session:
        mails = [
            one
            for one in _letters(session, played, State.APPROVED)
            if one.channel is ContactKind.EMAIL
        ]
        for letter in mails:
            timetable.schedule(
                session,
                letter,
                send_after=played.now + dt.timedelta(hours=1),
                send_before=played.now + dt.timedelta(days=1),
                by=played.players[Role.ORGANISER],
                now=played.now,
            )
    played.line(len(mails), "letters scheduled")


def capture_all(played: Walk) -> None:
    """The clock ticks too early, then in time: everything scheduled is captured."""
    postman = CapturePostman(played.settings.capture)
    _tick(played, postman)
    with played.database.reading() as session:
        early = len(_letters(session, played, State.SENT))
    played.expect(early == 0, "a letter left before its time")
    played.now += dt.timedelta(hours=1, minutes=1)
    _tick(played, postman)
    _tick(played, postman)
    with played.database.reading() as session:
        sent = len(_letters(session, played, State.SENT))
        waiting = len(_letters(session, played, State.SCHEDULED))
    files = list(played.settings.capture.rglob("*.eml"))
    played.line(sent, "letters captured")
    played.line(waiting, "letters wait for a desk that was written to just now")
    played.expect(sent == len(files), "letters sent and files captured differ in number")
    played.expect(sent > 0, "nothing was captured")


def _tick(played: Walk, postman: CapturePostman) -> None:
    clock.tick(played.database, postman, now=lambda: played.now, worker="walk")


def compare_bytes(played: Walk) -> None:
    """Read every captured message back and compare it with what was approved."""
    with played.database.reading() as session:
        attempts = session.scalars(
            sa.select(Attempt)
            .options(joinedload(Attempt.carried))
            .where(Attempt.outcome == Outcome.DELIVERED)
        ).all()
        same = 0
        for attempt in attempts:
            letter = session.get_one(Letter, attempt.letter_id)
            whole = attempt.message is not None and message.carries(attempt.message, letter.text)
            same += whole and letter.seal == seal_of(session, letter)
        played.expect(all(one.rehearsal for one in attempts), "an attempt is not a rehearsal")
    played.line(same, "letters captured as approved, byte for byte")
    played.expect(same == len(attempts), "a message differs from what was approved")


def post_by_hand(played: Walk) -> None:
    """A volunteer records what went by post or by a web form."""
    with played.database.writing() as session:
        letters = [
            one for one in _letters(session, played, State.APPROVED) if one.channel in BY_HAND
        ]
        for letter in letters:
            channels.post_by_hand(
                session,
                letter,
                on=played.now.date(),
                proof="posted in this walk, no. 1",
                by=played.players[Role.VOLUNTEER],
                now=played.now,
            )
    played.line(len(letters), "letters recorded as posted by hand")


def log_answers(played: Walk) -> None:
    """A volunteer finds three letters by the code printed in them and logs what was answered."""
    volunteer = played.players[Role.VOLUNTEER]
    with played.database.writing() as session:
        letters = _letters(session, played, State.SENT)[:3]
        for letter in letters:
            found = desk.find_letters(session, played.campaign_id, letter.code.lower())
            played.expect(
                [one.letter_id for one in found] == [letter.id], "a code found another letter"
            )
            desk.take_letter(session, letter, by=volunteer, now=played.now)
            filing.log_answer(
                session,
                letters=[letter],
                channel=ReplyChannel.EMAIL,
                received_on=played.now.date(),
                text=ANSWER,
                kind=ReplyKind.SUPPORTIVE,
                signed_by=SignedBy.MEMBER,
                stance=Position.SUPPORT,
                quote=QUOTE,
                promise="A written question",
                due_on=played.now.date() + dt.timedelta(days=30),
                by=volunteer,
                now=played.now,
            )
        answered = [one for one in _letters(session, played) if one.answered_on]
        played.expect(len(answered) == len(letters), "answers and answered letters differ")
    played.line(len(answered), "answers logged, each with stance, quote and promise")


def read_the_board(played: Walk) -> None:
    """The organiser's board says what happened, and each number opens as many things."""
    with played.database.reading() as session:
        campaign = session.get_one(Campaign, played.campaign_id)
        scope = board.scope_of(campaign, now=played.now, rehearsal=True)
        numbers = board.numbers(session, scope, board.ON_BOARD)
        for part, number in numbers.items():
            behind = board.listed(session, scope, part, per_page=10_000)
            played.expect(number == len(behind), f"the board's “{part}” opens another number")
        played.expect(numbers["letters"] == len(_letters(session, played)), "the board lost one")
        live = board.scope_of(campaign, now=played.now, rehearsal=False)
        nothing = not any(board.numbers(session, live, board.ON_BOARD).values())
        played.expect(nothing, "a rehearsal counts as real")
        total = numbers["letters"]
    played.line(len(numbers), "numbers on the board, each opening exactly that many things")
    played.line(total, "letters in all")


def check_history(played: Walk) -> None:
    """Every letter's last event says the state it is in."""
    with played.database.reading() as session:
        letters = _letters(session, played)
        for letter in letters:
            last = session.scalars(
                sa.select(Event.to_state)
                .where(
                    Event.subject_kind == "letter",
                    Event.subject_id == letter.id,
                    Event.to_state.is_not(None),
                )
                .order_by(Event.id.desc())
            ).first()
            played.expect(last == letter.state.value, "a letter changed without leaving a row")
        rows = session.scalar(sa.select(sa.func.count()).select_from(Event)) or 0
    played.line(rows, "rows of history; every letter's last row says its state")
