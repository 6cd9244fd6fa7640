"""The tables an import adds rows to, and the columns it gives, in the order they are written."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.identity import Identifier, NotSame
from outreach.directory.models import (
    Area,
    ContactDetail,
    Membership,
    Office,
    Organization,
    Person,
    Post,
    Target,
)
from outreach.directory.syncing.models import ImportChange, ImportConflict, SourceRecord


def keep_out(session: Session) -> None:
    """Let nobody else write to these tables until the transaction ends; everybody may read."""
    if session.get_bind().dialect.name == "postgresql":
        names = ", ".join(model.__tablename__ for model in COLUMNS)
        session.execute(sa.text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))


def _columns(names: str) -> tuple[str, ...]:
    return tuple(names.split())


COLUMNS: dict[Any, tuple[str, ...]] = {
    Organization: _columns(
        "id slug jurisdiction_code parent_id kind name names confidence source search_key"
        " demonstration"
    ),
    Area: _columns("id jurisdiction_code name"),
    Post: _columns("id organization_id role label labels confidence"),
    Person: _columns(
        "id name given_name family_name title_prefix honorific postnominal sort_name names"
        " other_names birth_date death_date extras form_of_address form_of_address_basis"
        " reading_language search_key demonstration"
    ),
    Identifier: _columns("id person_id organization_id scheme value"),
    Membership: _columns(
        "id person_id organization_id post_id area_id on_behalf_of_id role label start_on end_on"
        " start_precision end_precision end_reason source_id source_key"
    ),
    ContactDetail: _columns(
        "id person_id post_id organization_id kind value normalised purpose label language bundle"
        " personal by_hand source source_url source_id seen_on state position"
    ),
    Office: _columns("id key name"),
    Target: _columns(
        "id membership_id organization_id office_id jurisdiction_code body_id group_id role name"
        " search_key source_id language channel ways ended_on demonstration"
    ),
    SourceRecord: _columns(
        "id source_id about key person_id organization_id hash staged_id base first_run_id"
    ),
    NotSame: _columns("id person_id other_id by at"),
    ImportConflict: _columns("id run_id person_id field base ours theirs state"),
    ImportChange: _columns("id run_id table row_id columns"),
}
