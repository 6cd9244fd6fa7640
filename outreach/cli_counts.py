"""The operator's door to the signature count: `outreach counts list`, `fetch`, `import`.

What a command prints for a program goes to standard output as one JSON object; everything for a
person goes there as lines. Exit codes: 0 done, 1 it went wrong or a page gave no count.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.cli_home import campaign_named, installation, now, operator
from outreach.errors import BadFile, BadInput
from outreach.petitions import count_files, texts
from outreach.petitions import counts as room
from outreach.petitions.models import Petition
from outreach.petitions.page_rules import pages_of
from outreach.petitions.pages import Page
from outreach.petitions.sources import fetching
from outreach.petitions.sources.wire import Wire

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
CAMPAIGN = click.option(
    "--campaign", default="", metavar="NAME", help="Whose counts, when there are many campaigns."
)


@click.group()
def counts() -> None:
    """The signature count: what it is, fetching it, taking it out of a file."""


@counts.command("list")
@AS_JSON
@CAMPAIGN
def list_(as_json: bool, campaign: str) -> None:
    """Say the number, the pages it comes from and what waits for an organiser."""
    with installation() as (_settings, database), database.reading() as session:
        told = _told(session, campaign_named(session, campaign))
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    total = told["count"]
    click.echo(f"{total['value']:,} as of {total['as_of']}" if total else "no accepted count yet")
    for page in told["pages"]:
        read = page["adapter"] or "people"
        click.echo(f"  {page['rule']:<8} {page['url']} (read by {read})")
        if page["failure"]:
            click.echo(f"           {page['failure']}")
    click.echo(f"{len(told['held'])} held")


@counts.command()
@AS_JSON
@CAMPAIGN
def fetch(as_json: bool, campaign: str) -> None:
    """Ask every page that is read by this machine for its count, now."""
    with installation() as (settings, database):
        with database.reading() as session:
            found = pages_of(session, campaign_named(session, campaign).id)
            pages = [(page.id, page.url) for page in found if page.adapter]
        results: list[dict[str, Any]] = []
        with Wire(settings.contact) as wire:
            for page_id, url in pages:
                done = fetching.fetch_page(database, page_id, by=operator(), now=now(), wire=wire)
                results.append({"url": url, **_fetched(done)})
    if as_json:
        click.echo(json.dumps({"pages": results}, indent=1))
    else:
        for one in results:
            said = one["failure"] or (f"{one['value']:,} {one['state']}" if one["value"] else "")
            click.echo(f"{one['url']}: {said or 'as before'}")
        if not results:
            click.echo("No page is read by this machine.", err=True)
    sys.exit(1 if any(one["failure"] for one in results) else 0)


@counts.command("import")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--petition", default="", metavar="NAME", help="Which petition, if there are many.")
@click.option("--page", default="", metavar="URL", help="The page of lines that name none.")
@AS_JSON
@CAMPAIGN
def import_(path: Path, petition: str, page: str, as_json: bool, campaign: str) -> None:
    """Take counts out of PATH, a CSV of `date,value` or `date,value,url`: all lines or none."""
    with path.open("rb") as file:
        data = file.read(count_files.MOST_BYTES + 1)
    with installation() as (_settings, database), database.writing() as session:
        owner = _petition(session, campaign_named(session, campaign), petition)
        try:
            done = count_files.import_file(
                session, data, petition=owner, page_url=page, by=operator(), now=now()
            )
        except BadInput as error:
            raise BadFile(path.name, None, error.sentence) from error
    told = {"added": done.added, "held": done.held, "known": done.known}
    if as_json:
        click.echo(json.dumps(told, indent=1))
    else:
        click.echo(f"{done.added} added, {done.held} of them held; {done.known} were known")


def _told(session: Session, campaign: Campaign) -> dict[str, Any]:
    count = room.current_count(session, campaign.id, campaign.day_of(now()))
    held = session.scalars(room.held_readings(campaign.id)).all()
    return {
        "count": count and {"value": count.value, "as_of": count.as_of.isoformat()},
        "pages": [_page(page) for page in pages_of(session, campaign.id)],
        "held": [
            {"value": one.value, "url": one.page_url, "because": one.held_because} for one in held
        ],
    }


def _page(page: Page) -> dict[str, Any]:
    return {
        "url": page.url,
        "rule": page.rule.value,
        "adapter": page.adapter,
        "every_hours": page.every_hours,
        "failure": str(page.why_failed) if page.why_failed else None,
    }


def _fetched(done: fetching.Fetched) -> dict[str, Any]:
    return {
        "value": done.reading.value if done.reading else None,
        "state": done.reading.state.value if done.reading else None,
        "failure": str(done.failure) if done.failure else None,
    }


def _petition(session: Session, campaign: Campaign, name: str) -> Petition:
    """The petition called `name`, or the only one there is."""
    known = texts.petitions_of(session, campaign.id)
    found = [one for one in known if not name or one.slug == name]
    if len(found) != 1:
        raise click.UsageError(f"Say --petition: {', '.join(one.slug for one in known)}.")
    return found[0]
