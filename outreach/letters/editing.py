"""Changes a draft's words by hand, and notes who read a text as a native speaker."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import signing
from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.errors import BadInput, MoveRefused
from outreach.letters import distinctness, remarks
from outreach.letters.as_made import words_as_made
from outreach.letters.checks.figures import figures_in
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Quotation, Template, TemplateVersion
from outreach.words import Sentence


def fingerprint(letter: Letter) -> str:
    """Return what `edit` wants to see again: the hash of the words that were shown."""
    return signing.seal({"subject": letter.subject, "text": letter.text})


def words_made(session: Session, letter: Letter) -> tuple[str, str]:
    """Return (subject, text) as the draft was made, before anybody changed it by hand."""
    return words_as_made(session, [letter])[letter.id]


def edit(
    session: Session,
    letter: Letter,
    *,
    subject: str,
    text: str,
    seen: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Change the words of a draft by hand; whoever does so becomes their author (law 4).

    `seen` is the `fingerprint` of the words that were shown to the person. Quotations are let go
    when neither their words nor a figure of theirs is left in the text. Raises MoveRefused when it
    is no draft any more or somebody changed it meanwhile, BadInput when subject or text is empty.
    """
    subject = " ".join(subject.split())
    text = text.replace("\r\n", "\n").strip()
    for field_name, words in (("subject", subject), ("text", text)):
        if not words:
            raise BadInput(Sentence("A letter can't go without this."), field_name)
    before = {"subject": letter.subject, "text": letter.text}
    after = {"subject": subject, "text": text}
    if before == after:
        return
    made = "\n".join(words_made(session, letter))
    _write(session, letter, after, seen=seen, by=by, now=now)
    _let_go(session, letter, made)
    remarks.settle_changed(session, letter, by=by, now=now)
    distinctness.hash_again(session, letter)
    distinctness.measure_again(session, [letter])
    audit.record(
        session,
        subject=("letter", letter.id),
        name="edited",
        by=by,
        now=now,
        campaign_id=letter.campaign_id,
        detail={"before": before, "after": after},
    )


def _let_go(session: Session, letter: Letter, made: str) -> None:
    """Delete the quotations that the words hold no more; `made` is what they were at first.

    One that is said otherwise still rests on its fact or count (law 5): it is kept while a figure
    stands in the letter that only this quotation brought in.
    """
    now = f"{letter.subject}\n{letter.text}"
    quotations = session.scalars(sa.select(Quotation).where(Quotation.letter_id == letter.id))
    for quoted in quotations.all():
        around = figures_in(made.replace(quoted.text, "")) if quoted.text in made else ()
        own = [figure for figure in figures_in(quoted.text) if figure not in around]
        if quoted.text not in now and not any(figure in figures_in(now) for figure in own):
            session.delete(quoted)


def _write(
    session: Session,
    letter: Letter,
    words: dict[str, str],
    *,
    seen: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Put `words` into the row only while it is a draft and still says what the person saw."""
    statement = (
        sa.update(Letter)
        .where(
            Letter.id == letter.id,
            Letter.state == State.DRAFT,
            Letter.subject == letter.subject,
            Letter.text == letter.text,
        )
        .values(**words, author_id=by.user_id, author=by.name, customised_at=now)
        .returning(Letter.id)
        .execution_options(synchronize_session=False)
    )
    if seen != fingerprint(letter) or session.scalar(statement) is None:
        raise MoveRefused(
            Sentence(
                "This letter was changed meanwhile, or is no draft any more. Nothing of yours was "
                "saved: copy your words, look at the letter again, then put them in."
            )
        )
    session.refresh(letter)


def record_native_reader(
    session: Session,
    version: TemplateVersion,
    *,
    read_by: str,
    read_on: dt.date,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Note that a native speaker read this text; until then its letters may only be rehearsed.

    Raises BadInput without a name, or for a day to come.
    """
    if not read_by.strip():
        raise BadInput(Sentence("Write who read the text."), "read_by")
    if read_on > now.date():
        raise BadInput(Sentence("That day has not come yet."), "read_on")
    version.read_by, version.read_on = read_by.strip(), read_on
    session.flush()
    campaign_id = session.scalar(
        sa.select(Template.campaign_id).where(Template.id == version.template_id)
    )
    audit.record(
        session,
        subject=("template_version", version.id),
        name="read_by_native_speaker",
        by=by,
        now=now,
        campaign_id=campaign_id,
        detail={"read_by": version.read_by, "read_on": read_on.isoformat()},
    )
