"""What the columns of a spreadsheet mean: guessed, shown with its first rows, confirmed."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.directory.importing.opening import opened
from outreach.directory.importing.sheets import reader as tabular
from outreach.directory.models import OrganizationKind, TargetRole
from outreach.directory.syncing import confirming, runs, work
from outreach.directory.syncing.models import ImportRun, RunState
from outreach.errors import BadInput
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.blueprint import bp
from outreach.web.directory.imports_forms import places
from outreach.web.filters import label, language_name, say, word
from outreach.words import N_

CONSTANTS = ("jurisdiction", "body", "body_kind", "role")
LONGEST = 200
# What a column may hold, as a person chooses it.
_COLUMNS = {
    "id": N_("Number of the person in this list"),
    "name": N_("Full name"),
    "name_family_given": N_("Full name, family name first"),
    "given": N_("Given name"),
    "family": N_("Family name"),
    "sort_name": N_("Name as lists sort it"),
    "reading": N_("How the name is read"),
    "legal_name": N_("Former or legal name"),
    "prefix": N_("Earned title (Dr.)"),
    "honorific": N_("Honorific"),
    "salutation": N_("Salutation for letters"),
    "suffix": N_("Letters after the name"),
    "gender": N_("Woman or man"),
    "birth": N_("Born"),
    "death": N_("Died"),
    "language": N_("Language they read"),
    "body": N_("Body or institution"),
    "parent": N_("Body above it"),
    "role": N_("Role"),
    "post": N_("Post"),
    "jurisdiction": N_("Country or assembly"),
    "area": N_("Constituency"),
    "area_country": N_("Country of election"),
    "party": N_("Party"),
    "group": N_("Parliamentary group"),
    "committee": N_("Committee"),
    "start": N_("In office since"),
    "end": N_("In office until"),
    "active": N_("Still in office, yes or no"),
    "address": N_("Postal address"),
    "address1": N_("Address, line 1"),
    "address2": N_("Address, line 2"),
    "address3": N_("Address, line 3"),
    "address4": N_("Address, line 4"),
    "country": N_("Address, country"),
    "email": N_("E-mail"),
    "facebook": N_("Facebook"),
    "fax": N_("Fax"),
    "form": N_("Web form"),
    "instagram": N_("Instagram"),
    "locality": N_("Address, town"),
    "mobile": N_("Mobile phone"),
    "phone": N_("Phone"),
    "postcode": N_("Address, postal code"),
    "province": N_("Address, province"),
    "twitter": N_("Twitter or X"),
    "web": N_("Website"),
    "ignored": N_("Leave out"),
}
_PURPOSES = {
    "constituency": N_("constituency"),
    "parliament": N_("parliament"),
    "office": N_("office"),
    "personal": N_("private"),
    "press": N_("press"),
    "campaign": N_("campaign"),
}


@bp.route("/directory/imports/<int:run_id>/columns", methods=["GET", "POST"])
@needs("directory.import")
def import_columns(run_id: int) -> str | Response | tuple[str, int]:
    """Show what each column seems to mean; take what a person says it means."""
    run = runs.run_with_source(access.session(), run_id)
    if not confirming.are_open(run):
        return redirect(url_for("directory.import_run", run_id=run_id))
    if request.method == "GET":
        return _page(run, sheet=request.args.get("sheet", "")[:LONGEST])
    sheet = request.form.get("sheet", "")[:LONGEST]
    try:
        mapping = _chosen(run, sheet)
    except BadInput as error:
        return _page(run, sheet=sheet, wrong=say(error.sentence)), 422
    with access.installation().database.writing() as session:
        confirming.confirm_columns(
            session,
            runs.run_with_source(session, run_id),
            mapping,
            sheet=sheet,
            by=access.actor(),
            now=access.now(),
        )
    return redirect(url_for("directory.import_run", run_id=run_id))


@bp.post("/directory/imports/<int:run_id>/columns/again")
@needs("directory.import")
def change_columns(run_id: int) -> Response:
    """Go back from a preview to what the columns mean."""
    with access.installation().database.writing() as session:
        run = runs.run_with_source(session, run_id)
        confirming.ask_for_columns(session, run, by=access.actor(), now=access.now())
    return redirect(url_for("directory.import_columns", run_id=run_id))


def columns_can_change(run: ImportRun) -> bool:
    """Return whether a person may say anew what the columns of a preview mean."""
    return run.state is RunState.PREVIEW and run.format == tabular.FORMAT.name


def _chosen(run: ImportRun, sheet: str) -> dict[str, Any]:
    """The mapping that the form says. Raises BadInput when it names nobody."""
    with opened(access.settings().home / run.kept_as, run.file_name) as upload:
        dataset = _with_sheet(work.dataset_of(run, upload), sheet)
        headers = [one["header"] for one in tabular.proposal(dataset)["headers"]]
        columns = {
            header: request.form.get(f"column-{number}", "")
            for number, header in enumerate(headers)
        }
        constants = {name: request.form.get(name, "").strip()[:LONGEST] for name in CONSTANTS}
        return tabular.mapping_from_choice(dataset, columns, constants)


def _with_sheet(dataset: Any, sheet: str) -> Any:
    dataset.options.update({"sheet": sheet} if sheet else {})
    return dataset


def _page(run: ImportRun, *, sheet: str, wrong: str = "") -> str:
    with opened(access.settings().home / run.kept_as, run.file_name) as upload:
        told = tabular.proposal(_with_sheet(work.dataset_of(run, upload), sheet))
    said = request.form if request.method == "POST" else None
    guessed = told["mapping"].get("constants", {})
    constants = {name: (said or guessed).get(name) or "" for name in CONSTANTS}
    if said is None:
        constants["jurisdiction"] = constants["jurisdiction"] or told["country"]
    said_fields = {one["field"] for one in told["headers"]}
    told["people"] = [{**one, "seats": map(_role_word, one["seats"])} for one in told["people"]]
    return render_template(
        "pages/directory/imports/columns.html",
        run=run,
        told=told,
        wrong=wrong,
        fields=[
            (one, _fields(told["fields"], one["field"]), _held(said, f"column-{number}", one))
            for number, one in enumerate(told["headers"])
        ],
        constants=constants,
        places=places(access.session()),
        country_known="jurisdiction" in said_fields or bool(constants["jurisdiction"]),
        kinds=[(kind.value, label(kind)) for kind in OrganizationKind],
        roles=[(role.value, label(role)) for role in TargetRole],
    )


def _role_word(role: str) -> str:
    """A role as the list writes it, or our word for one of ours."""
    return word(TargetRole(role)) if role in set(TargetRole) else role


def _held(said: Any, name: str, guessed: dict[str, Any]) -> str:
    return str(said.get(name, "") if said is not None else guessed["field"])


def _fields(known: list[str], guessed: str) -> list[tuple[str, str]]:
    """What a column may mean: (field, words), with the guess where it is a special one."""
    names = [*known, *([guessed] if guessed and guessed not in known else [])]
    names = [name for name in names if name not in ("identifier", "note")]
    rows = sorted(((name, column_words(name)) for name in names), key=lambda row: row[1].lower())
    return [("", _("Keep as a note")), *rows]


def column_words(field: str) -> str:
    """Return what a column of this field (`importing/headers`) holds, for a list to choose from."""
    plain, _at, purpose = field.partition("@")
    base, _colon, tag = plain.partition(":")
    words = say(_COLUMNS.get(base, base.replace("_", " ")))
    if base == "identifier":
        return str(_("Number at %(register)s", register=tag))
    if tag:
        return f"{words} ({language_name(tag)})"
    if purpose:
        kind, _dot, door = purpose.partition(".")
        told = say(_PURPOSES[kind]) if kind in _PURPOSES else kind
        return f"{words} ({told}{f', {door}' if door else ''})"
    return words
