"""What an answer must say before it is filed: each rule names the form's field it belongs to."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.errors import BadInput
from outreach.letters.lifecycle import LEFT
from outreach.letters.models import Letter
from outreach.petitions.models import Position, StanceBasis
from outreach.replies.kinds import GUARDED, KINDS
from outreach.replies.models import ReplyChannel, ReplyKind, SignedBy
from outreach.sending.models import Attempt
from outreach.words import N_, Sentence

# What can be answered: a letter that came back may have been read all the same.
ANSWERABLE = LEFT
# What was done in public, and can be looked up.
PUBLIC = frozenset({ReplyChannel.VOTE, ReplyChannel.STATEMENT})
# What was said aloud: there may be no sentence to quote word for word.
SPOKEN = frozenset({ReplyChannel.PHONE, ReplyChannel.MEETING})
LONGEST_TEXT = 200_000
LONGEST_LINE = 2_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person types about one answer; days are of the campaign's zone."""

    channel: ReplyChannel
    received_on: dt.date
    text: str
    kind: ReplyKind
    signed_by: SignedBy
    stance: Position | None
    quote: str
    promise: str
    due_on: dt.date | None
    back_on: dt.date | None
    note: str
    link: str

    @property
    def basis(self) -> StanceBasis | None:
        """What the stance rests on: the public act, the quoted sentence, or what was said."""
        if self.stance in (None, Position.UNKNOWN):
            return None
        if self.channel in PUBLIC:
            return StanceBasis.ACT
        return StanceBasis.QUOTE if self.quote else StanceBasis.NOTE


class Said(TypedDict):
    """What `log_answer` is told about an answer; days are of the campaign's zone.

    `quote` is the sentence of `text` that `stance` rests on, `due_on` the day of `promise` (or of
    the full answer that a holding answer announces), `back_on` the day an absent reader returns.
    """

    channel: ReplyChannel
    received_on: dt.date
    text: str
    kind: ReplyKind
    signed_by: SignedBy
    stance: NotRequired[Position | None]
    quote: NotRequired[str]
    promise: NotRequired[str | None]
    due_on: NotRequired[dt.date | None]
    back_on: NotRequired[dt.date | None]
    note: NotRequired[str]
    link: NotRequired[str]


def answer_from(said: Said) -> Answer:
    """Return what was typed, tidied. A holding answer with a day promises the full answer."""
    promise = (said.get("promise") or "").strip()
    if said["kind"] is ReplyKind.HOLDING and said.get("due_on"):
        promise = promise or N_("A full answer")
    return Answer(
        channel=said["channel"],
        received_on=said["received_on"],
        text=said["text"].strip(),
        kind=said["kind"],
        signed_by=said["signed_by"],
        stance=said.get("stance"),
        quote=said.get("quote", "").strip(),
        promise=promise,
        due_on=said.get("due_on"),
        back_on=said.get("back_on"),
        note=said.get("note", "").strip(),
        link=said.get("link", "").strip(),
    )


def check_letters(letters: Sequence[Letter]) -> None:
    """Raise BadInput unless `letters` are one or more of ours that left, all to the same desk."""
    if not letters:
        raise BadInput(Sentence("Say which letter this answers."), field="letters")
    if len({(it.campaign_id, it.office_id, it.rehearsal) for it in letters}) > 1:
        raise BadInput(
            Sentence("These letters went to different desks. Log the answer once for each desk."),
            field="letters",
        )
    for letter in letters:
        if letter.state not in ANSWERABLE:
            raise BadInput(
                Sentence(
                    "The letter %(code)s has not left yet, so nothing can answer it. "
                    "Look for the letter that was sent.",
                    code=letter.code,
                ),
                field="letters",
            )


def check(session: Session, answer: Answer, letters: Sequence[Letter], now: dt.datetime) -> None:
    """Raise BadInput, with the field, for the first thing that can't be filed as it is."""
    check_letters(letters)
    _check_day(session, answer, letters, now)
    _check_text(answer)
    _check_link(answer)
    _check_stance(answer, letters)
    _check_promise(answer, letters)
    _check_return(answer)


def _check_day(
    session: Session, answer: Answer, letters: Sequence[Letter], now: dt.datetime
) -> None:
    campaign = session.get_one(Campaign, letters[0].campaign_id)
    if answer.received_on > campaign.day_of(now):
        raise BadInput(
            Sentence("This day has not come yet. Enter the day the answer came."),
            field="received_on",
        )
    for letter in letters:
        left_on = _left_on(session, letter, campaign)
        if answer.received_on < left_on:
            raise BadInput(
                Sentence(
                    "The letter %(code)s left on %(day)s, so an answer can't be older. "
                    "Check the day, or look for an earlier letter to the same desk.",
                    code=letter.code,
                    day=left_on,
                ),
                field="received_on",
            )


def _left_on(session: Session, letter: Letter, campaign: Campaign) -> dt.date:
    """The earliest day it can have left: our day or UTC's, whichever calendar is behind."""
    left_at = letter.sent_at
    if left_at is None:
        left_at = session.scalar(
            sa.select(sa.func.min(Attempt.started_at)).where(Attempt.letter_id == letter.id)
        )
    left_at = left_at or letter.approved_at or letter.made_at
    return min(campaign.day_of(left_at), left_at.date())


def _check_text(answer: Answer) -> None:
    public = answer.channel in PUBLIC and answer.link
    if not answer.text and KINDS[answer.kind].human and not public:
        raise BadInput(
            Sentence("Paste what they wrote, or sum up in a sentence what they said."),
            field="text",
        )
    if len(answer.text) > LONGEST_TEXT:
        raise BadInput(
            Sentence("This is longer than a book. Paste the answer without what it quotes."),
            field="text",
        )
    for field in ("quote", "promise", "note", "link"):
        if len(getattr(answer, field)) > LONGEST_LINE:
            raise BadInput(
                Sentence("Too long: at most %(most)d characters.", most=LONGEST_LINE), field=field
            )


def _check_link(answer: Answer) -> None:
    if not answer.link:
        return
    try:
        parts = urlsplit(answer.link)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", answer.link):
        raise BadInput(
            Sentence("This is not a link. Copy the whole address; it begins with https://."),
            field="link",
        )


def _check_stance(answer: Answer, letters: Sequence[Letter]) -> None:
    if answer.quote and answer.text and not occurs(answer.quote, answer.text):
        raise BadInput(
            Sentence("The text above doesn't contain this sentence. Copy it word for word."),
            field="quote",
        )
    if answer.stance is None:
        return
    if not KINDS[answer.kind].human or answer.kind in GUARDED:
        raise BadInput(
            Sentence("Nobody says in such a message where they stand. Leave the stance empty."),
            field="stance",
        )
    _one_ask(letters, "stance")
    if answer.stance is Position.UNKNOWN:
        return
    if answer.channel in PUBLIC:
        if not answer.link:
            raise BadInput(
                Sentence("A vote or public statement needs the link to its record."), field="link"
            )
    elif not answer.quote and answer.channel not in SPOKEN:
        raise BadInput(
            Sentence("Copy the sentence that shows where they stand. A stance rests on its words."),
            field="quote",
        )


def _check_promise(answer: Answer, letters: Sequence[Letter]) -> None:
    if not answer.promise:
        if answer.due_on:
            raise BadInput(
                Sentence("What did they promise for that day? One sentence."), field="promise"
            )
        return
    if answer.kind in GUARDED:
        # Stances and promises are read by more people than such a message is.
        raise BadInput(Sentence("Nothing is promised in such a message."), field="promise")
    _one_ask(letters, "promise")
    if answer.due_on is None:
        raise BadInput(
            Sentence("If they named none, choose the day you would ask again."),
            field="due_on",
        )
    if answer.due_on < answer.received_on:
        raise BadInput(
            Sentence("The promise would be due before it was made. Check the day."),
            field="due_on",
        )


def _check_return(answer: Answer) -> None:
    if answer.back_on is None:
        return
    if answer.kind not in (ReplyKind.OUT_OF_OFFICE, ReplyKind.AUTO_REPLY):
        raise BadInput(
            Sentence("Only an absence note has a day of return. Leave it empty."), field="back_on"
        )
    if answer.back_on < answer.received_on:
        raise BadInput(
            Sentence("They would be back before they wrote this. Check the day."), field="back_on"
        )


def _one_ask(letters: Sequence[Letter], field: str) -> None:
    """Asks are never pooled: support for a question is not support for a listing."""
    if len({(it.ask_id, it.target_id) for it in letters}) > 1:
        raise BadInput(
            Sentence(
                "These letters ask for different things or went to different people. "
                "Log the answer for each of them apart."
            ),
            field=field,
        )


def occurs(quote: str, text: str) -> bool:
    """Return whether `text` contains `quote`, whatever the line breaks, quotes and dashes."""
    return _plain(quote) in _plain(text)


_SAME = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'", "–": "-", "—": "-"}
    | {"\u00ad": None, "\u200b": None}
)


def _plain(text: str) -> str:
    # A pasted mail carries its own line breaks and "> " marks; the words are what counts.
    text = re.sub(r"^[>\s]+", " ", text.translate(_SAME), flags=re.MULTILINE)
    return " ".join(text.split()).strip("\"' ").casefold()


def around(quote: str, text: str) -> tuple[str, str, str]:
    """Return `text` as what stands before `quote`, the quote itself, and what stands after it.

    The last two are empty where the quote can't be pointed at.
    """
    words = quote.strip().strip("\"'“”„«»").split()
    if not words:
        return text, "", ""
    found = re.search(r"[>\s]+".join(map(re.escape, words)), text, flags=re.IGNORECASE)
    if found is None:
        return text, "", ""
    return text[: found.start()], found.group(), text[found.end() :]
