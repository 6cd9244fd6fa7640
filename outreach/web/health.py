"""For whoever watches this installation: is the process up, and can it do its work?"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify

from outreach.errors import OutreachError
from outreach.sending import lease
from outreach.web.access import installation, now, public

bp = Blueprint("health", __name__)


@bp.get("/health")
@public
def health() -> Response:
    """Say that this process answers; nothing else is looked at."""
    return jsonify(up=True)


@bp.get("/ready")
@public
def ready() -> tuple[Response, int]:
    """Say whether pages can be served and letters leave: 200, or 503 with the reasons."""
    reasons = list(_reasons())
    return jsonify(ready=not reasons, reasons=reasons), 503 if reasons else 200


def _reasons() -> Iterator[str]:
    database = installation().database
    try:
        if not database.up_to_date():
            yield "The database was not brought up to date: run “outreach upgrade”."
            return
        with database.reading() as session:
            ticked_at = lease.last_tick(session)
    except OutreachError as error:
        yield str(error)
        return
    except sa.exc.SQLAlchemyError:
        yield "The database doesn't answer."
        return
    if ticked_at is None:
        yield "No clock ever ticked: start “outreach clock”, or all in one with “outreach run”."
    elif abs(now() - ticked_at) > lease.SILENT:
        seconds = int((now() - ticked_at).total_seconds())
        yield f"The clock's last tick was {seconds} seconds ago: start “outreach clock”."
