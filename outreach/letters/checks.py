"""What is wrong with a letter's words, in sentences: what stops it, and what is worth a look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Sender
from outreach.directory.models import Target, TargetRole
from outreach.letters import editing
from outreach.letters.models import Letter, LetterKind, Quotation
from outreach.petitions.models import Conflict, Fact
from outreach.words import Sentence

# Law 6: nothing of the machine may show. English may begin a clause with "None of".
_GAPS = re.compile(
    r"\{\{|\}\}|\{%|%\}|\bNone\b(?! of\b)|\bundefined\b|\[(?:…|\.{3})\]|\[[A-Z_ ]{3,}\]"
)
# A form of address without anybody in it.
_NOBODY = re.compile(
    r"(?:Dear|Sehr geehrter?|Guten Tag)(?: (?:Mr|Ms|Mrs|Dr|Herr|Frau)\.?)?\s*[,:]?"
    r"|(?:Monsieur le|Madame la|Monsieur l’|Madame l’)\s*,",
)
# Russia has units of the same name: the country always stands with it.
_OMON_ALONE = {
    "en": re.compile(r"\bOMON\b(?! of Belarus)"),
    "de": re.compile(r"(?<!belarussische )(?<!belarussischen )\bOMON\b(?! (?:von|aus|in) Belarus)"),
    "fr": re.compile(r"\bOMON\b(?! (?:du Bélarus|de Biélorussie|bélarussien|biélorusse))"),
}
# The Geneva Declaration was never adopted by the United Nations.
_UN_DEFINITION = re.compile(
    r"the UN definition|(?:die )?UN-Definition|définition (?:de l’ONU|des Nations [Uu]nies)"
)
# Words of a letter's body, by what practice shows is read: letter kind or role -> (least, most).
_MEMBER, _MINISTER, _MEP = (200, 350), (300, 450), (200, 300)
LENGTHS: dict[TargetRole, tuple[int, int]] = {
    TargetRole.HEAD_OF_STATE: _MINISTER,
    TargetRole.HEAD_OF_GOVERNMENT: _MINISTER,
    TargetRole.MINISTER: _MINISTER,
    TargetRole.MINISTRY: _MINISTER,
    TargetRole.MEP: _MEP,
    TargetRole.COMMISSIONER: _MEP,
}
REMINDER_LENGTH = (60, 120)
# The same letter needs more words in these languages.
LONGER = {"fr": 1.2}
MOST_FACTS = 3


def stopping(session: Session, letter: Letter) -> Sequence[Sentence]:
    """Return what must be mended before `letter` can go to approval: gaps above all (law 6)."""
    return [*_gaps(letter), *_wrong_words(letter)]


def remarks(session: Session, letter: Letter) -> Sequence[Sentence]:
    """Return what an approver should know of the words: length, facts, figures typed by hand."""
    quoted = _quoted_facts(session, letter)
    return [
        *_length(session, letter),
        *_facts(session, letter, quoted),
        *_typed_figures(session, letter),
    ]


def body_words(text: str, sender_name: str) -> int:
    """Return how many words stand between the opening and the closing of a letter's `text`."""
    blocks = text.split("\n\n")
    signed = next(
        (n for n, block in enumerate(blocks) if n > 1 and block.split("\n")[0] == sender_name),
        len(blocks) + 1,
    )
    return sum(len(re.findall(r"\w[\w’'.,/-]*", block)) for block in blocks[1 : signed - 1])


def length_for(letter_kind: LetterKind, role: TargetRole, language: str) -> tuple[int, int]:
    """Return the fewest and most words that are read in a letter of that kind to that office."""
    least, most = (
        REMINDER_LENGTH if letter_kind is LetterKind.REMINDER else LENGTHS.get(role, _MEMBER)
    )
    return least, round(most * LONGER.get(language.split("-")[0], 1))


def _gaps(letter: Letter) -> Iterator[Sentence]:
    if not letter.subject.strip():
        yield Sentence("The letter has no subject.")
    if not letter.text.strip():
        yield Sentence("The letter has no text.")
        return
    for words in (letter.subject, letter.text):
        for gap in sorted(set(_GAPS.findall(words))):
            yield Sentence("A gap is not filled: “%(gap)s” stands in the letter.", gap=gap)
    opening = letter.text.strip().split("\n")[0].strip()
    if _NOBODY.fullmatch(opening):
        yield Sentence("The letter greets nobody: it opens with “%(opening)s”.", opening=opening)


def _wrong_words(letter: Letter) -> Iterator[Sentence]:
    rule = _OMON_ALONE.get(letter.language.split("-")[0], _OMON_ALONE["en"])
    words = f"{letter.subject}\n{letter.text}"
    if rule.search(words):
        yield Sentence(
            "“OMON” stands without “of Belarus”: Russia has units of the same name. "
            "Write “OMON of Belarus” in the letter's language."
        )
    found = _UN_DEFINITION.search(words)
    if found:
        yield Sentence(
            "“%(words)s” is wrong: the United Nations never adopted one. Leave it out.",
            words=found.group(),
        )


def _quoted_facts(session: Session, letter: Letter) -> Sequence[Fact]:
    return session.scalars(
        sa.select(Fact)
        .join(Quotation, Quotation.fact_id == Fact.id)
        .where(Quotation.letter_id == letter.id)
        .order_by(Fact.code)
    ).all()


def _length(session: Session, letter: Letter) -> Iterator[Sentence]:
    sender = session.get_one(Sender, letter.sender_id)
    target = session.get_one(Target, letter.target_id)
    words = body_words(letter.text, sender.name)
    least, most = length_for(letter.kind, target.role, letter.language)
    if not least <= words <= most:
        yield Sentence(
            "The letter has %(words)s words; %(least)s to %(most)s are read.",
            words=words,
            least=least,
            most=most,
        )


def _facts(session: Session, letter: Letter, quoted: Sequence[Fact]) -> Iterator[Sentence]:
    if len(quoted) > MOST_FACTS:
        yield Sentence("The letter quotes %(n)s facts; three are enough.", n=len(quoted))
    groups: dict[str, list[str]] = {}
    for fact in quoted:
        if fact.conflict_group:
            groups.setdefault(fact.conflict_group, []).append(fact.code)
    for group, codes in groups.items():
        if len(codes) > 1:
            resolution = session.scalar(
                sa.select(Conflict.resolution).where(
                    Conflict.campaign_id == letter.campaign_id, Conflict.code == group
                )
            )
            yield Sentence(
                "The facts %(codes)s don't go together. %(resolution)s",
                codes=", ".join(codes),
                resolution=resolution or "",
            )


def _typed_figures(session: Session, letter: Letter) -> Iterator[Sentence]:
    """Figures of a letter changed by hand that the draft did not hold."""
    if letter.customised_at is None:
        return
    made = "\n".join(editing.words_made(session, letter)).replace(letter.code, "")
    now = f"{letter.subject}\n{letter.text}".replace(letter.code, "")
    brought_in = _figures_in(made)
    typed = [figure for figure in _figures_in(now) if figure not in brought_in]
    if typed:
        yield Sentence(
            "Figures typed by hand, without a fact behind them: %(figures)s. Check each one.",
            figures=", ".join(typed),
        )


def _figures_in(words: str) -> dict[str, None]:
    """Every figure of `words`, whole, once, in their order: 20 is not part of 2024."""
    found = re.findall(r"\d[\d.,\u00a0\u202f]*", words)
    return dict.fromkeys(figure.rstrip(".,\u00a0\u202f") for figure in found)
