"""The operator's door to the directory's lists: `outreach contacts import`, `fetch`, `export` …

What a command prints for a program goes to standard output as one JSON object; everything for a
person, progress too, goes to standard error. Exit codes: 0 done, 1 it went wrong, 2 the command
was written wrongly, 3 nothing was written because nobody confirmed it.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import NoReturn

import click

from outreach import disk
from outreach.cli_home import installation, now, operator
from outreach.cli_import import Bar, Wishes, import_path
from outreach.config import Settings
from outreach.database import Database
from outreach.directory import exporting
from outreach.directory.importing.fetching import lists
from outreach.directory.importing.fetching.endpoints import (
    ENDPOINTS,
    Endpoint,
    checked_of,
    endpoint_named,
)
from outreach.directory.importing.formats import FORMATS
from outreach.directory.importing.wikidata.queries import Asked, query
from outreach.directory.syncing import reports, runs, undoing
from outreach.errors import BadInput, OutreachError
from outreach.words import Sentence


@click.group()
def contacts() -> None:
    """The directory: import lists, fetch public ones, count, export, undo."""


@contacts.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--format", "format_", default="", help="Its format; recognised when left out.")
@click.option("--partial", is_flag=True, help="Only a part of the list: nobody missing is ended.")
@click.option("--yes", is_flag=True, help="Write it without asking, whatever the preview asks.")
@click.option("--dry-run", is_flag=True, help="Say what would change and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option("--jurisdiction", default="", metavar="CODE", help="Country, when the file is mute.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day the list speaks of.")
@click.option("--source", default="", metavar="SLUG", help="Which list it is, when unclear.")
@click.option(
    "--different-people", is_flag=True, help="Whoever is only spelt alike is somebody new."
)
def import_(
    path: Path,
    format_: str,
    partial: bool,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    jurisdiction: str,
    as_of: dt.datetime | None,
    source: str,
    different_people: bool,
) -> None:
    """Import PATH: a file, a zip or a folder. Shows what would change before it is written."""
    wishes = Wishes(
        format=format_,
        partial=partial,
        yes=yes,
        dry_run=dry_run,
        as_json=as_json,
        jurisdiction=jurisdiction.upper(),
        as_of=as_of.date() if as_of else None,
        source=source,
        different=different_people,
    )
    if dry_run and yes:
        raise click.UsageError("--dry-run writes nothing; leave --yes out.")
    with installation() as (settings, database):
        disk.require_room(settings.home)
        _import(database, path, wishes)


def _import(database: Database, path: Path, wishes: Wishes) -> NoReturn:
    """Import and end with the exit code; a wish that can't be fulfilled is a wrong command."""
    try:
        sys.exit(import_path(database, path, wishes))
    except BadInput as error:
        raise click.UsageError(str(error)) from error


@contacts.command()
def formats() -> None:
    """List the formats that can be read, by the names that --format takes."""
    for one in FORMATS:
        click.echo(f"{one.name:<20} {one.label}")


@contacts.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def counts(as_json: bool) -> None:
    """Say how much the directory holds."""
    with installation() as (_settings, database), database.reading() as session:
        told = reports.counts(session, now().date())
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    for name, value in told.items():
        rows = value.items() if isinstance(value, dict) else [(name, value)]
        for words, number in rows:
            click.echo(f"{number:>9,}  {words.replace('_', ' ')}")


@contacts.command()
@click.option("--format", "format_", type=click.Choice(["csv", "vcard", "popolo"]), required=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: stdout.")
@click.option("--private", is_flag=True, help="With what is perhaps private, such as free mail.")
def export(format_: str, output: Path | None, private: bool) -> None:
    """Write the directory out, with the licence and attribution of every source."""
    with installation() as (_settings, database), database.reading() as session:
        parts = exporting.export(session, format_, today=now().date(), private=private)
        if output is None:
            for part in parts:
                sys.stdout.buffer.write(part)
            return
        unfinished = output.with_name(output.name + ".unfinished")
        try:
            with unfinished.open("wb") as file:
                file.writelines(parts)
            unfinished.replace(output)
        except OSError as error:
            raise OutreachError(
                Sentence(
                    "%(file)s can't be written: %(why)s.",
                    file=str(output),
                    why=error.strerror or str(error),
                )
            ) from error
        finally:
            unfinished.unlink(missing_ok=True)


@contacts.command()
@click.argument("run", type=int)
def undo(run: int) -> None:
    """Take back everything that import RUN wrote."""
    with installation() as (_settings, database):
        with database.reading() as session:
            runs.run_with_source(session, run)
        undoing.undo(database, run, by=operator(), now=now())
        click.echo(f"Import {run} is undone.", err=True)


@contacts.command()
@click.argument("source", required=False, default="")
@click.option("--of", default="", metavar="WHICH", help="Which one, where a source has many.")
@click.option("--import", "and_import", is_flag=True, help="Import what came.")
@click.option("--partial", is_flag=True, help="Only a part of the list: nobody missing is ended.")
@click.option("--yes", is_flag=True, help="Write it without asking.")
@click.option("--dry-run", is_flag=True, help="Say what would change and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print card or report as one JSON object.")
def fetch(
    source: str,
    of: str,
    and_import: bool,
    partial: bool,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Fetch the public list SOURCE and keep it; without SOURCE, list what there is."""
    if not source:
        _list_endpoints()
        return
    try:
        endpoint = endpoint_named(source)
        checked_of(endpoint, of)
    except BadInput as error:
        raise click.UsageError(str(error)) from error
    with installation() as (settings, database):
        came = _fetched(settings, endpoint, of)
        if not and_import:
            if as_json:
                click.echo(json.dumps(came.card, ensure_ascii=False, indent=1))
            return
        wishes = Wishes(
            format=endpoint.format,
            partial=partial,
            yes=yes,
            dry_run=dry_run,
            as_json=as_json,
            as_of=dt.date.fromisoformat(came.card["as_of"]),
            url=came.card["url"],
        )
        _import(database, came.path, wishes)


def _fetched(settings: Settings, endpoint: Endpoint, of: str) -> lists.Fetched:
    with Bar(endpoint.title) as bar:
        came = lists.fetch(
            endpoint,
            home=settings.home,
            now=now(),
            of=of,
            contact=settings.contact,
            progress=bar.draw,
        )
    words = "Fetched" if came.changed else "Nothing newer than"
    click.echo(
        f"{words} {came.path}\n{endpoint.title}, {came.card['as_of']}. "
        f"Licence: {endpoint.licence}. Name as source: {endpoint.attribution}.",
        err=True,
    )
    return came


@contacts.command("query")
@click.argument("qid")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in Asked]),
    default=Asked.HOLDERS.value,
    help="Who holds a position, sits in a legislature, or governs a country.",
)
def query_text(qid: str, kind: str) -> None:
    """Print what to ask at query.wikidata.org about QID, so that its answer can be imported."""
    try:
        click.echo(query(qid, kind))
    except BadInput as error:
        raise click.UsageError(str(error)) from error


def _list_endpoints() -> None:
    for one in ENDPOINTS:
        click.echo(f"{one.name:<24} {one.title}")
        click.echo(f"{'':<24} {one.not_yet or one.licence}")
