"""What a form says of an answer, filed."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.letters.models import Letter
from outreach.petitions.models import Position
from outreach.replies.consequences import filing
from outreach.replies.deskwork.scans import keep_scan
from outreach.replies.deskwork.translations import translate
from outreach.replies.models import Incoming, Reply, ReplyChannel, ReplyKind, SignedBy
from outreach.web.access import actor, now, session
from outreach.web.replies_forms import AnswerForm, TranslationForm


def file_answer(
    form: AnswerForm, letters: Sequence[Letter], *, incoming: Incoming | None = None
) -> Reply:
    """File what a form says, in the caller's transaction. Raises BadInput with the field."""
    scan = form.scan.data.read() if form.scan.data else b""
    if scan:
        incoming = keep_scan(session(), letters, scan, by=actor(), now=now())
    reply = filing.log_answer(
        session(),
        letters=letters,
        incoming=incoming,
        channel=ReplyChannel(form.channel.data),
        received_on=form.received_on.data,
        text=form.text.data or "",
        kind=ReplyKind(form.kind.data),
        signed_by=SignedBy(form.signed_by.data),
        stance=Position(form.stance.data) if form.stance.data else None,
        quote=form.quote.data or "",
        promise=form.promise.data or "",
        due_on=form.due_on.data,
        back_on=form.back_on.data,
        note=form.note.data or "",
        link=form.link.data or "",
        by=actor(),
        now=now(),
    )
    if form.translation.data:
        keep_translation(form, reply)
    return reply


def keep_translation(form: AnswerForm | TranslationForm, reply: Reply) -> None:
    """Keep the translation that was typed. Raises BadInput with the field."""
    translate(
        session(),
        reply,
        form.translation.data or "",
        maker=form.translated_by.data or "",
        machine=form.by_machine.data,
        by=actor(),
        now=now(),
    )
