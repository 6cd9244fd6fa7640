"""The operator's door to what comes in: `outreach replies ingest`, `fetch`.

`ingest` is made for the pipe of a mail server (Postfix `pipe`, Exim `pipe` transport, procmail,
Sieve): it answers 0 when the message is stored and 75 when the server shall try again
(EX_TEMPFAIL of sysexits.h). It never answers that a message is refused.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from typing import Any, BinaryIO

import click
import sqlalchemy as sa

from outreach.accounts.models import Actor, Campaign
from outreach.cli_home import installation, now, operator
from outreach.database import Database
from outreach.errors import NotFound, OutreachError
from outreach.letters.models import Letter
from outreach.replies.mail import parsing
from outreach.replies.matches import sorting
from outreach.replies.matches.matching import Guess
from outreach.replies.models import Incoming, Mailbox, Way
from outreach.replies.receiving import fetching, inbox
from outreach.signing import Vault
from outreach.words import Sentence

TRY_AGAIN = 75


@click.group()
def replies() -> None:
    """What comes in: take a message from a mail server, look into the mailboxes."""


@replies.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--campaign", "slug", default="", help="Whose mailbox it came to, if one campaign's.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of it as JSON.")
def ingest(file: BinaryIO, slug: str, as_json: bool) -> None:
    """Store one message, from FILE or (-) from standard input; for the pipe of a mail server.

    Ends with 0 when it is stored, also when it was there already; with 75 when the mail server
    has to keep it and try again.
    """
    try:
        raw = file.read(inbox.MOST_BYTES + 1)
        if len(raw) > inbox.MOST_BYTES:
            raise OutreachError(Sentence("The message is too large to be taken."))
        with installation() as (settings, database):
            kept = _store(database, raw, slug, operator())
            told = _read(database, Vault(settings.secret_key), kept)
    except Exception as error:
        # Whatever fails, the mail server still has it: any other code would send it back.
        words = error.sentence if isinstance(error, OutreachError) else type(error).__name__
        click.echo(f"outreach: not stored, try again: {words}", err=True)
        sys.exit(TRY_AGAIN)
    if as_json:
        click.echo(json.dumps(told, sort_keys=True))
    else:
        click.echo(f"Message {kept.id}: {'stored' if kept.new else 'was there already'}.")


def _store(database: Database, raw: bytes, slug: str, by: Actor) -> inbox.Kept:
    with database.writing() as session:
        known = session.scalars(sa.select(Campaign).order_by(Campaign.id)).all()
        chosen = [one for one in known if not slug or one.slug == slug]
        if slug and not chosen:
            raise NotFound(Sentence("There is no campaign %(name)s.", name=slug))
        # With several and none named, matching finds out whose it is.
        campaign = chosen[0] if len(chosen) == 1 else None
        return inbox.keep(session, raw, way=Way.PIPE, campaign=campaign, now=now(), by=by)


def _read(database: Database, vault: Vault, kept: inbox.Kept) -> dict[str, Any]:
    """Read what is stored now; a failure there is no reason to take the message back."""
    if kept.new:
        try:
            sorting.read_and_sort(database, vault, now=now())
        except Exception as error:
            click.echo(f"outreach: stored, to be read later: {type(error).__name__}", err=True)
    with database.reading() as session:
        row = session.get_one(Incoming, kept.id)
        kind = row.kind.value if row.kind else None
        return {"id": row.id, "new": kept.new, "state": row.state.value, "kind": kind}


@replies.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def fetch(as_json: bool) -> None:
    """Look into every mailbox and Maildir folder now, and read what came."""
    with installation() as (settings, database):
        vault = Vault(settings.secret_key)
        boxes = fetching.fetch_due(database, vault, now=now, every=fetching.EVERY * 0)
        folders = fetching.fetch_folders(database, settings.home, now=now)
        read = sorting.read_and_sort(database, vault, now=now())
    every = [*boxes.values(), *folders.values()]
    with database.reading() as session:
        rows = session.execute(sa.select(Mailbox.id, Mailbox.name)).tuples()
        named = [(name, boxes[number]) for number, name in rows if number in boxes]
    looks = (*named, *folders.items())
    troubles = [f"{name}: {one.trouble}" for name, one in looks if one.trouble]
    told = {"new": sum(one.taken for one in every), "read": read, "troubles": troubles}
    if as_json:
        click.echo(json.dumps(told, sort_keys=True))
    else:
        click.echo(f"{told['new']} new, {read} read, from {len(every)} mailboxes and folders.")
    for words in troubles:
        click.echo(f"outreach: {words}", err=True)
    if troubles:
        sys.exit(1)


@replies.command()
@click.argument("message_id", metavar="ID", type=int)
@click.option("--explain", is_flag=True, help="Say what speaks for each letter.")
@click.option("--json", "as_json", is_flag=True, help="Print the guesses as JSON.")
def match(message_id: int, explain: bool, as_json: bool) -> None:
    """Say which letters the message ID answers. Changes nothing."""
    with installation() as (settings, database), database.reading() as session:
        row = session.get(Incoming, message_id)
        if row is None:
            raise NotFound(Sentence("There is no message %(number)s.", number=message_id))
        mail = parsing.read(inbox.original(session, row.id))
        letter_of = sorting.reader_of_tags(Vault(settings.secret_key))
        found = sorting.match_of(session, row, mail, letter_of=letter_of)
        codes = dict(
            session.execute(
                sa.select(Letter.id, Letter.code).where(
                    Letter.id.in_([one.letter_id for one in found.guesses])
                )
            ).all()
        )
    if as_json:
        rows = [_told(one, found.certain, codes[one.letter_id]) for one in found.guesses]
        click.echo(json.dumps(rows, sort_keys=True))
        return
    for one in found.guesses:
        sure = "certain" if one.letter_id in found.certain else "a guess"
        click.echo(f"{codes[one.letter_id]}  {one.weight:4}  {sure}")
        for reason in one.reasons if explain else ():
            click.echo(f"  {reason.weight:4}  {reason.words}")
    if not found.guesses:
        click.echo("No letter has left that it could answer.")


def _told(one: Guess, certain: Collection[int], code: str) -> dict[str, Any]:
    reasons = [{"weight": reason.weight, "words": str(reason.words)} for reason in one.reasons]
    sure = one.letter_id in certain
    return {"letter": code, "certain": sure, "weight": one.weight, "reasons": reasons}
