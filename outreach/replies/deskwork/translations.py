"""A working translation beside what they wrote: typed or pasted, and who made it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.accounts.roles import require
from outreach.errors import BadInput, Refused
from outreach.replies.consequences.rules import LONGEST_TEXT
from outreach.replies.deskwork import desk
from outreach.replies.models import Reply
from outreach.words import Sentence

LONGEST_MAKER = 80


def translate(
    session: Session,
    reply: Reply,
    text: str,
    *,
    maker: str,
    machine: bool,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Keep a working translation of `reply`, or take it away with an empty `text`.

    `maker` is the person or the program that made it, nothing for `by`; `machine` says which. The
    original stays as it is. Raises BadInput with the field, Refused for who may not read it.
    """
    require(by, "replies.log")
    if not desk.may_see(reply, by):
        raise Refused(Sentence("This answer is not yours to translate."))
    text, maker = text.strip(), " ".join(maker.split())
    if len(text) > LONGEST_TEXT:
        raise BadInput(Sentence("This is longer than a book."), "translation")
    if len(maker) > LONGEST_MAKER:
        raise BadInput(
            Sentence("Too long: at most %(most)d characters.", most=LONGEST_MAKER), "translated_by"
        )
    if machine and text and not maker:
        raise BadInput(Sentence("Name the program that translated it."), "translated_by")
    maker = maker or by.name
    made_by = str(Sentence("%(name)s, a machine", name=maker)) if machine else maker
    reply.translation, reply.translated_by = (text, made_by) if text else (None, None)
    session.flush()
    audit.record(
        session,
        subject=("reply", reply.id),
        name="translated" if text else "translation_removed",
        by=by,
        now=now,
        campaign_id=reply.campaign_id,
        detail={"by": made_by} if text else {},
    )
