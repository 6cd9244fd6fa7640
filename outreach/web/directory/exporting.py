"""The directory as a file: those the address narrows it to, or everybody."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, request

from outreach.database import Database
from outreach.directory import exporting, queries
from outreach.directory.queries import TargetFilter
from outreach.errors import NotFound
from outreach.web import access, finding
from outreach.web.access import needs
from outreach.web.directory.blueprint import bp
from outreach.words import Sentence


@bp.get("/directory/export/<format_>")
@needs("board.export")
def export(format_: str) -> Response:
    """Hand out the targets that fit what the address asks for; without a filter everybody."""
    if format_ not in exporting.FORMATS:
        raise NotFound(Sentence("There is no such format."))
    today = access.now().date()
    certain, _unsure = finding.understood(request.args)
    wanted = finding.read(request.args, TargetFilter, certain)
    chosen = None if wanted == TargetFilter() else queries.targets(wanted, today=today)
    ending, kind = exporting.FORMATS[format_]

    def pieces(database: Database) -> Iterator[bytes]:
        # A session of its own: the request's is given back before the last piece is written.
        with database.reading() as session:
            yield from exporting.export(session, format_, targets=chosen, today=today)

    answer = Response(pieces(access.installation().database), content_type=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=f"directory-{today}{ending}")
    return answer
