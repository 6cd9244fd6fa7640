"""The operator's door to letters as files: `outreach letters export`, `import`."""

from __future__ import annotations

from pathlib import Path

import click

from outreach.cli_home import campaign_named, installation, now, operator
from outreach.letters import files, loading


@click.group()
def letters() -> None:
    """The letters' texts: write them out as files, read files back."""


@letters.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--overwrite", is_flag=True, help="Write over files that say something else.")
@click.option("--campaign", default="", metavar="NAME", help="Whose letters, when there are many.")
def export(folder: Path, overwrite: bool, campaign: str) -> None:
    """Write every template into FOLDER: its card and the newest text of each language."""
    with installation() as (_settings, database), database.reading() as session:
        written = files.export(
            session, campaign_named(session, campaign).id, folder, overwrite=overwrite
        )
    for path in written:
        click.echo(str(path))
    click.echo(f"{len(written)} files written; what was the same already was left alone.", err=True)


@letters.command("import")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--campaign", default="", metavar="NAME", help="Whose letters, when there are many.")
def import_(folder: Path, campaign: str) -> None:
    """Read the letters in FOLDER. Where a text was changed in the browser, both are kept.

    A file that can't be used is named with its line, and nothing of the folder is kept then.
    """
    with installation() as (_settings, database), database.writing() as session:
        changes = loading.load_files(
            session, campaign_named(session, campaign), folder, now=now(), by=operator(), asked=True
        )
    for change in changes:
        file = f"{change.slug}/{change.language}{files.TEXT}"
        if change.number is None:
            click.echo(f"{file}: changed in the browser too. Decide on the template's page.")
        else:
            click.echo(f"{file}: version {change.number}")
    if not changes:
        click.echo("Nothing new in these texts.", err=True)
