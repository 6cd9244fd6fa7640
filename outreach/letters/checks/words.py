"""What a letter's words alone tell: gaps, wrong words, length, tone, links, asks, attachments."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit

from outreach.directory.models import TargetRole
from outreach.letters.alikeness import body_of
from outreach.letters.checks.finding import Finding, Mend, failing, look, passed
from outreach.letters.checks.tone import tone_of
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.letters.quoted import own_words
from outreach.petitions import figures
from outreach.words import N_, Language, Sentence

# Law 6: nothing of the machine may show. English may begin a clause with "None of".
_GAPS = re.compile(
    r"\{\{|\}\}|\{%|%\}|\bNone\b(?! of\b)|\bundefined\b|\[(?:…|\.{3})\]|\[[A-Z_ ]{3,}\]"
)
# A form of address without anybody in it.
_NOBODY = re.compile(
    r"(?:Dear|Sehr geehrter?|Guten Tag)(?: (?:Mr|Ms|Mrs|Dr|Herr|Frau)\.?)?\s*[,:]?"
    r"|(?:Monsieur le|Madame la|Monsieur l’|Madame l’)\s*,",
)
# Signs that nobody sees: with nothing else behind “Dear”, nobody is greeted.
_UNSEEN = re.compile(r"[\u00ad\u034f\u115f\u1160\u200b-\u200f\u2060-\u2064\u3164\ufeff\uffa0]")
# What no keyboard types; the last ones turn a line round (Unicode Standard Annex #9).
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e]")
# Russia has units of the same name: the country always stands with it.
_OMON_ALONE = {
    "en": re.compile(r"\bOMON\b(?! of Belarus)"),
    "de": re.compile(r"(?<!belarussische )(?<!belarussischen )\bOMON\b(?! (?:von|aus|in) Belarus)"),
    "fr": re.compile(r"\bOMON\b(?! (?:du Bélarus|de Biélorussie|bélarussien|biélorusse))"),
}
# Other languages: the country's name, in whatever case, stands near it.
_BELARUS = re.compile(
    r"b[ieě]+l[oa]r+us|białoru|vitryss|hviderus|hviterus|baltarus|baltkriev|valgeven|valko-ven"
    r"|feh[eé]rorosz|wit-rus|білорус|беларус|λευκορωσ|بيلاروس|bielorr",
    re.IGNORECASE,
)
_NEAR = 40
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
THANKS_LENGTH = (40, 80)
# Nobody measured these: they are as long as what they answer or mend.
UNMEASURED = frozenset({LetterKind.ANSWER, LetterKind.CORRECTION})
# The same letter needs more words in these languages.
LONGER = {"fr": 1.2, "es": 1.2, "it": 1.1}

MOST_LINKS = 2
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"“”»]+", re.IGNORECASE)
# Links that hide where they lead, and what marketing hangs on links to see who followed them.
SHORTENERS = frozenset(
    {
        *("bit.ly", "buff.ly", "chng.it", "cutt.ly", "dlvr.it", "fb.me", "goo.gl", "is.gd"),
        *("lnkd.in", "ow.ly", "rb.gy", "rebrand.ly", "s.id", "shorturl.at", "t.co", "t.ly"),
        *("tiny.cc", "tinyurl.com", "trib.al", "v.gd", "wp.me", "youtu.be"),
    }
)
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|_hs\w+|yclid|ref_src")

# Capitals that shout: one long word, or several of four letters and more in a row.
_CAPITALS = re.compile(r"[^\W\d_]{4,}(?:[ -][^\W\d_]{4,})*")
_SHOUTED = 9


def stopping(letter: Letter) -> Sequence[Sentence]:
    """Return what must be mended before `letter` can go to approval: gaps above all (law 6)."""
    return [*_gaps(letter), *_wrong_words(letter)]


def judged(
    letter: Letter, role: TargetRole, sender_name: str, sources: Collection[str]
) -> list[Finding]:
    """Return what the words of `letter` alone tell.

    `role` is its recipient's, `sender_name` stands under it, `sources` are the hosts that our
    facts name as their sources.
    """
    words = body_of(letter.text, sender_name)
    mend = _edit(letter)
    return [
        *(failing("gaps", one, mend, stops=True) for one in stopping(letter)),
        _length(letter, role, words),
        *_tone(letter, words),
        *_links(letter, words, sources),
        *_asks(letter, words),
        *_attachments(letter, words),
    ]


def _edit(letter: Letter) -> Mend | None:
    """Where words are mended: only a draft's."""
    if letter.state is not State.DRAFT:
        return None
    return N_("Edit the words"), "letters.edit", {"letter_id": letter.id}


def body_words(text: str, sender_name: str) -> int:
    """Return how many words stand between the opening and the closing of a letter's `text`."""
    return _number_of_words(body_of(text, sender_name))


def _number_of_words(body: str) -> int:
    return len(re.findall(r"\w[\w’'.,/-]*", body))


def length_for(letter_kind: LetterKind, role: TargetRole, language: str) -> tuple[int, int]:
    """Return the fewest and most words that are read in a letter of that kind to that office."""
    if letter_kind is LetterKind.REMINDER:
        least, most = REMINDER_LENGTH
    elif letter_kind is LetterKind.THANKS:
        least, most = THANKS_LENGTH
    else:
        least, most = LENGTHS.get(role, _MEMBER)
    return least, round(most * LONGER.get(figures.base(language), 1))


def _gaps(letter: Letter) -> Iterator[Sentence]:
    if not letter.subject.strip():
        yield Sentence("The letter has no subject.")
    if not letter.text.strip():
        yield Sentence("The letter has no text.")
        return
    for words in (letter.subject, own_words(letter)):
        for gap in sorted(set(_GAPS.findall(words))):
            yield Sentence("A gap is not filled: “%(gap)s” stands in the letter.", gap=gap)
    if any(_CONTROLS.search(words) for words in (letter.subject, letter.text)):
        yield Sentence("An unseen control character stands in the letter. Type the words anew.")
    opening = _UNSEEN.sub("", letter.text.strip().split("\n")[0]).strip()
    if _NOBODY.fullmatch(opening):
        yield Sentence("The letter greets nobody: it opens with “%(opening)s”.", opening=opening)


def _wrong_words(letter: Letter) -> Iterator[Sentence]:
    # The subject of an answer is theirs too.
    subject = "" if letter.in_reply_to else letter.subject
    words = f"{subject}\n{own_words(letter)}"
    if _omon_alone(letter.language, words):
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


def _omon_alone(language: str, words: str) -> bool:
    rule = _OMON_ALONE.get(figures.base(language))
    if rule is not None:
        return rule.search(words) is not None
    return any(
        not _BELARUS.search(words[max(0, found.start() - _NEAR) : found.end() + _NEAR])
        for found in re.finditer(r"\b(?:OMON|ОМОН)\b", words)
    )


def _length(letter: Letter, role: TargetRole, words: str) -> Finding:
    count = _number_of_words(words)
    if letter.kind in UNMEASURED:
        return passed("length", Sentence("The letter has %(words)s words.", words=count))
    least, most = length_for(letter.kind, role, letter.language)
    values = {"words": count, "least": least, "most": most}
    if least <= count <= most:
        return passed(
            "length", Sentence("%(words)s words: within the %(least)s to %(most)s read.", **values)
        )
    return look(
        "length",
        Sentence("The letter has %(words)s words; %(least)s to %(most)s are read.", **values),
        _edit(letter),
    )


def _tone(letter: Letter, words: str) -> Iterator[Finding]:
    said, mend, known = f"{letter.subject}\n{words}", _edit(letter), tone_of(letter.language)
    found = 0
    if known and (hostile := _each(known.hostile, said)):
        found += 1
        sentence = Sentence("Reads as a threat or an insult: %(words)s.", words=hostile)
        yield failing("tone", sentence, mend)
    if known and (pressing := _each(known.pressing, said)):
        found += 1
        yield look("tone", Sentence("Pushes the reader: %(words)s.", words=pressing), mend)
    if "!" in said:
        found += 1
        yield look("tone", Sentence("An exclamation mark stands in the letter."), mend)
    if shouted := _shouting(said):
        found += 1
        yield look("tone", Sentence("Capitals shout: %(words)s.", words=", ".join(shouted)), mend)
    if known is None:
        yield look(
            "tone",
            Sentence(
                "Nobody listed harsh turns of this language (%(language)s) yet: read for its tone.",
                language=Language(letter.language),
            ),
        )
    elif not found:
        yield passed("tone", Sentence("No harsh word, no exclamation mark, no capitals."))


def _each(pattern: re.Pattern[str], words: str) -> str:
    """Return each turn that was found, once, in quotation marks."""
    found = dict.fromkeys(" ".join(one.split()).lower() for one in pattern.findall(words))
    return ", ".join(f"“{one}”" for one in found)


def _shouting(words: str) -> list[str]:
    """Return runs in capitals that are no acronym: several words, or one long one."""
    return [
        run
        for run in _CAPITALS.findall(_LINK.sub("", words))
        if run.isupper() and (" " in run or len(run) >= _SHOUTED)
    ]


def _links(letter: Letter, words: str, sources: Collection[str]) -> Iterator[Finding]:
    links = [link.rstrip(".,;:!?)]") for link in _LINK.findall(f"{letter.subject}\n{words}")]
    mend, wrong = _edit(letter), False
    if len(links) > MOST_LINKS:
        wrong = True
        yield failing(
            "links",
            Sentence("%(count)s links; more than two look like bulk mail.", count=len(links)),
            mend,
        )
    for link in dict.fromkeys(links):
        for finding in _link(link, sources, mend):
            wrong = True
            yield finding
    if not wrong:
        yield passed(
            "links",
            Sentence("Its links lead to sources of ours.") if links else Sentence("No link."),
        )


def _link(link: str, sources: Collection[str], mend: Mend | None) -> Iterator[Finding]:
    try:
        parts = urlsplit(link if "://" in link else f"http://{link}")
        names = [name for name, _value in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        yield failing("links", Sentence("“%(link)s” is no working link.", link=link), mend)
        return
    host = (parts.hostname or "").removeprefix("www.")
    if host in SHORTENERS:
        yield failing(
            "links",
            Sentence("“%(link)s” hides where it leads. Write the full link.", link=link),
            mend,
        )
    elif host not in sources:
        yield look(
            "links",
            Sentence("“%(host)s” is the source of none of our facts: is it official?", host=host),
        )
    if parts.scheme.lower() == "http":
        yield failing("links", Sentence("“%(link)s” is not https.", link=link), mend)
    if any(_TRACKING.fullmatch(name) for name in names):
        yield failing(
            "links", Sentence("“%(link)s” tells who followed it. Cut it short.", link=link), mend
        )


def _asks(letter: Letter, words: str) -> Iterator[Finding]:
    """Exactly one thing to answer. Questions in a list count as one: words for them to use."""
    # Greek asks with what looks like a semicolon, Arabic with a mark of its own.
    marks = re.compile("[?;\u037e]" if letter.language.startswith("el") else "[?\u061f]")
    asking = sum(
        marks.search(line) is not None
        for line in words.split("\n")
        if not line.lstrip().startswith(("–", "-", "•"))
    )
    mend = _edit(letter)
    if letter.kind in (LetterKind.THANKS, LetterKind.CORRECTION):
        if asking:
            yield look("asks", Sentence("It asks something: is that meant?"), mend)
        return
    if not asking and not marks.search(words):
        yield look("asks", Sentence("It asks no question that wants an answer."), mend)
    elif asking > 1:
        sentence = Sentence("It asks in %(count)s paragraphs; one ask is answered.", count=asking)
        yield look("asks", sentence, mend)
    else:
        yield passed("asks", Sentence("It asks one thing."))


def _attachments(letter: Letter, words: str) -> Iterator[Finding]:
    known = tone_of(letter.language)
    if known and (found := _each(known.attached, words)):
        yield look(
            "attachments",
            Sentence("It speaks of an attachment (%(words)s), and none leaves.", words=found),
            _edit(letter),
        )
    else:
        yield passed("attachments", Sentence("No attachment leaves, and it promises none."))
