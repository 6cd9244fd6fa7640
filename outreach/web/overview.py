"""Where one lands, what waits today, and the board whose every number opens its list."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from outreach.accounts.roles import ORGANISERS, STAFF
from outreach.directory import proposals
from outreach.errors import NotFound
from outreach.letters.lifecycle import State
from outreach.letters.lists import waits_for
from outreach.overview import board as boards
from outreach.overview.board import OF_NEITHER, ON_TODAY, PARTS, Shows, listed, numbers, scope_of
from outreach.overview.letters import letters_of
from outreach.overview.phases import LABELS, Phase
from outreach.overview.positions import KNOWN
from outreach.overview.scope import Scope, number
from outreach.petitions.models import Ask, Position
from outreach.replies.deskwork.desk import may_see
from outreach.replies.deskwork.readers import marks_of
from outreach.replies.kinds import KINDS
from outreach.replies.overdue import reminders
from outreach.web.access import actor, campaign, needs, now, session
from outreach.words import Sentence

bp = Blueprint("overview", __name__)

PER_PAGE = 50
WRONG_SHOWN = 10
# The numbers of Today that are drawn only when something is there to see.
QUIET = frozenset(
    {"unknown", "missed", "held", "failed", "bounced", "readings", "promises"}
    | {"mailboxes", "unread", "unmatched"}
)


@bp.get("/")
@needs("tasks.take")
def landing() -> str | Response:
    """Where one lands: a volunteer at the inbox, staff at the letters, organisers at Today."""
    if actor().role in ORGANISERS:
        return today()
    if actor().role in STAFF:
        return _to("letters.index")
    return _to("replies.inbox")


@bp.get("/today")
@needs("board.read")
def today() -> str:
    """What waits for me, and what went wrong since yesterday?"""
    scope = _scope(campaign().rehearsing)
    counted = numbers(session(), scope, ON_TODAY)
    wrong = listed(session(), scope, "wrong", per_page=WRONG_SHOWN)
    suggested = proposals.open_count(session())
    reminding = reminders.due(session(), campaign(), today=scope.today)
    return render_template(
        "pages/overview/today.html",
        suggested=suggested,
        reminding=len(reminding.now),
        reminding_more=reminding.more,
        numbers=counted,
        parts=PARTS,
        waiting=[
            name for name in ON_TODAY if name != "wrong" and (counted[name] or name not in QUIET)
        ],
        wrong=wrong,
        letters=letters_of(session(), wrong),
        mine=listed(session(), scope, "mine", per_page=WRONG_SHOWN),
        states={state.value: state for state in State},
        rehearsal=_yes_or_no(scope.rehearsal),
        quiet=not any(counted.values()) and not suggested and not reminding.now,
    )


@bp.get("/board")
@needs("board.read")
def board() -> str:
    """Where do we stand? Live numbers, and what was rehearsed under its own heading."""
    return render_template(
        "pages/overview/board.html",
        live=boards.board(session(), campaign(), now=now(), rehearsal=False),
        rehearsed=boards.board(session(), campaign(), now=now(), rehearsal=True),
        parts=PARTS,
        phases=LABELS,
        positions=KNOWN,
        of_neither=OF_NEITHER,
        now=now(),
    )


@bp.get("/board/<part>")
@needs("board.read")
def behind(part: str) -> str:
    """Exactly the things that a number of the board counted."""
    if part not in PARTS:
        raise NotFound(Sentence("The board has no such number."))
    scope = _narrowed(_scope(_rehearsal()))
    page = max(request.args.get("page", 1, type=int), 1)
    total = number(session(), PARTS[part].rows(scope))
    page = min(page, max(1, -(-total // PER_PAGE)))
    rows = listed(session(), scope, part, page=page, per_page=PER_PAGE)
    shows = PARTS[part].shows
    return render_template(
        "pages/overview/behind.html",
        part=PARTS[part],
        approving=part == "approval",
        rows=rows,
        scope=scope,
        ask=session().get(Ask, scope.ask_id) if scope.ask_id else None,
        letters=letters_of(session(), rows) if shows is Shows.EVENTS else {},
        page={"page": page, "per_page": PER_PAGE, "total": total},
        page_url=url_for("overview.behind", part=part, **_kept()),
        phase=LABELS.get(scope.phase) if scope.phase else None,
        kinds=KINDS,
        states={state.value: state for state in State},
        trouble=lambda box: Sentence.from_json(box.trouble),
        may_see=lambda reply: may_see(reply, actor()),
        marks=marks_of(session(), [row.id for row in rows]) if shows is Shows.ANSWERS else {},
        waits=lambda letter: waits_for(letter, today=scope.today),
    )


def _scope(rehearsal: bool) -> Scope:
    return scope_of(campaign(), now=now(), rehearsal=rehearsal, user_id=actor().user_id)


def _rehearsal() -> bool:
    asked = request.args.get("rehearsal", "")
    return campaign().rehearsing if asked not in ("yes", "no") else asked == "yes"


def _narrowed(scope: Scope) -> Scope:
    """Read from the address how far to narrow; what can't be read doesn't narrow."""
    phase, position = request.args.get("phase", ""), request.args.get("position", "")
    return boards.narrowed(
        scope,
        phase=Phase(phase) if phase in set(Phase) else None,
        position=Position(position) if position in set(Position) else None,
        jurisdiction=request.args.get("jurisdiction", ""),
        ask_id=request.args.get("ask", type=int),
    )


def _kept() -> dict[str, Any]:
    names = ("rehearsal", "phase", "jurisdiction", "ask", "position")
    return {name: request.args[name] for name in names if request.args.get(name)}


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _to(endpoint: str) -> Response:
    answer: Response = redirect(url_for(endpoint))
    return answer
