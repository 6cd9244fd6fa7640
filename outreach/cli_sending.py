"""The operator's door to what leaves: `outreach send-due`, `outbox`, `pause`, `resume`.

What a command prints for a program goes to standard output as one JSON object. Approving is not
possible from here; settling what nobody knows is: whoever reads the mail server's log sits here.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock, disk, work
from outreach.accounts import campaigns
from outreach.accounts.models import Actor, Campaign, Role
from outreach.cli_home import campaign_named, installation, now, operator
from outreach.errors import NotFound
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import instance, ways
from outreach.sending import outbox as sending
from outreach.sending.models import Attempt, Outcome
from outreach.signing import Vault
from outreach.words import Sentence

# The rate is told for this long back.
RATE = dt.timedelta(hours=1)
GONE = (Outcome.DELIVERED, Outcome.UNKNOWN)


@click.command("send-due")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON object.")
def send_due(as_json: bool) -> None:
    """Do what the clock does at one tick: rescue, drop what is too late, send what is due."""
    with installation() as (settings, database):
        disk.require_room(settings.home)
        instance.require_key(database, settings.home, Vault(settings.secret_key))
        if why := instance.check(database, settings.home, now=now()):
            click.echo(f"Paused: {why} Is this the live one? Then resume it.", err=True)
        with ways.ways_of(settings) as out:
            done = clock.tick(database, out, now=now, worker=work.new_worker(), home=settings.home)
        instance.note(database, settings.home)
    told: dict[str, Any] = {verdict.value: count for verdict, count in done.sent.items() if count}
    told |= {"missed": done.missed, "by_hand": done.by_hand}
    swept = {verdict.value: count for verdict, count in done.swept.items() if count}
    if as_json:
        click.echo(json.dumps({**told, "swept": swept}, sort_keys=True))
        return
    words = [f"{count} {name.replace('_', ' ')}" for name, count in told.items() if count]
    click.echo(", ".join(words) + "." if words else "Nothing was due.")


@click.group("outbox", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as one JSON object.")
@click.pass_context
def outbox(context: click.Context, as_json: bool) -> None:
    """How many letters are in which state, the oldest that waits, and how fast they go."""
    if context.invoked_subcommand is not None:
        return
    with installation() as (_settings, database), database.reading() as session:
        told = numbers(session, now())
    if as_json:
        click.echo(json.dumps(told, sort_keys=True))
        return
    for state, count in told["states"].items():
        click.echo(f"{count:>7}  {state}")
    for slug in told["paused"]:
        click.echo(f"The campaign {slug} is paused: none of its letters leaves.")
    if told["oldest_due"]:
        click.echo(f"The oldest that is due waits since {told['oldest_due']}.")
    click.echo(f"{told['last_hour']} left in the last hour.")
    for letter_id, words in told["unknown"].items():
        click.echo(f"Nobody knows whether letter {letter_id} went: {words}")


def numbers(session: Session, instant: dt.datetime) -> dict[str, Any]:
    """Return the state of the outbox: {states, paused, oldest_due, last_hour, unknown}.

    `states` counts letters by state, `paused` names the campaigns that are. `oldest_due` is the ISO
    instant since when the oldest due one waits, `last_hour` how many left, `unknown` {letter id:
    message-id and last words}.
    """
    states = session.execute(sa.select(Letter.state, sa.func.count()).group_by(Letter.state)).all()
    oldest = session.scalar(
        sa.select(sa.func.min(Letter.send_after)).where(
            Letter.state == State.SCHEDULED, Letter.send_after <= instant
        )
    )
    left = session.scalar(
        sa.select(sa.func.count()).where(
            Attempt.outcome.in_(GONE), Attempt.data_at > instant - RATE
        )
    )
    lost = session.execute(
        sa.select(Attempt.letter_id, Attempt.message_id, Attempt.server_words)
        .join(Attempt.letter)
        .where(Letter.state == State.UNKNOWN, Attempt.outcome == Outcome.UNKNOWN)
        .order_by(Attempt.id)
    ).all()
    paused = session.scalars(
        sa.select(Campaign.slug).where(Campaign.paused_at.is_not(None)).order_by(Campaign.slug)
    ).all()
    return {
        "states": {state.value: count for state, count in sorted(states)},
        "paused": list(paused),
        "oldest_due": oldest.isoformat() if oldest else None,
        "last_hour": left or 0,
        "unknown": {str(one.letter_id): f"{one.message_id} {one.server_words}" for one in lost},
    }


@outbox.command()
@click.argument("letter_id", type=int, metavar="ID")
@click.option("--went/--did-not", "went", default=None, help="What you found.")
@click.option(
    "--reason",
    default="as the mail server's log says",
    show_default=True,
    help="Where you saw it, for the history.",
)
def settle(letter_id: int, went: bool | None, reason: str) -> None:
    """Say of a letter nobody knows about whether it went."""
    if went is None:
        raise click.UsageError("Say --went or --did-not.")
    by = Actor(operator().name, hands=frozenset({"approver"}))
    with installation() as (_settings, database), database.writing() as session:
        letter = session.get(Letter, letter_id, with_for_update=True)
        if letter is None:
            raise NotFound(Sentence("There is no letter %(id)s.", id=str(letter_id)))
        sending.settle(session, letter, went, reason=reason, by=by, now=now())
    click.echo("Settled: it went." if went else "Settled: it did not go.")


@click.command()
@click.option("--campaign", "slug", default="", help="Which one; left out: all of them.")
def pause(slug: str) -> None:
    """Press the red button: nothing leaves until somebody resumes it."""
    _each(slug, campaigns.pause, "Paused")


@click.command()
@click.option("--campaign", "slug", default="", help="Which one; left out: all of them.")
def resume(slug: str) -> None:
    """Let letters go again."""
    _each(slug, campaigns.resume, "Resumed")


def _each(slug: str, act: Any, word: str) -> None:
    by = Actor(operator().name, role=Role.ADMIN)
    with installation() as (_settings, database), database.writing() as session:
        chosen = (
            [campaign_named(session, slug)]
            if slug
            else session.scalars(sa.select(Campaign).order_by(Campaign.slug)).all()
        )
        for campaign in chosen:
            act(session, campaign, by=by, now=now())
            click.echo(f"{word}: {campaign.slug}")
        if not chosen:
            click.echo("There is no campaign yet.")
