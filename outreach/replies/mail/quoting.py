"""Cuts a mail's text into what its writer wrote, the quoted letter below it, and the signature.

By what mail programs have in common, whatever the language: a line that names a day or an address
and ends in a colon before quoted lines; a block of From, Sent, To, Subject; a line of dashes with
“original message” in it. Words of languages only help where such a line has neither day nor
address. The whole text is always kept beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Longer texts are no letters; they are shown whole.
MOST_LINES = 5_000
# An attribution may be broken into so many lines.
_BROKEN_INTO = 4

# "wrote" as mail programs say it, at the end of the line above a quoted letter.
_WROTE = (
    r"wrote|writes|schrieb(?:en)?|schreibt|a écrit|écrivait|escribió|escribio|ha scritto|scrisse"
    r"|schreef|geschreven|napisał(?:\(a\)|a)?|pisze|napsala?|napsal\(a\)|písal(?:\(a\)|a)?|skrev"
    r"|escreveu|kirjoitti|kirjutas|rakstīja|parašė|rašė|a scris|írta|ezt írta|пишет|писал(?:а)?"
    r"|написал(?:а)?|пише|писав|писала|написав|піша|пісаў|напісаў|έγραψε|yazdı|napisao|napisala"
    r"|je napisal|napsal/a|kirjoittaa|კითხვა|написа|كتب|כתב|のメッセージ|写道|geschrieben|scríobh"
)
_WROTE_END = re.compile(rf"(?:{_WROTE})\b[^\n]{{0,80}}:\s*$", re.IGNORECASE)
_ADDRESS = r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+"
_DAY = r"\d{1,2}[.:/-]\s?\d{1,2}|\b(?:19|20)\d\d\b"
_DAY_OR_ADDRESS = re.compile(rf"{_ADDRESS}|{_DAY}")
# Who and at what hour: more than a person says of a letter they answer to.
_EXACTLY = re.compile(rf"{_ADDRESS}|\d{{1,2}}\s?[:.h]\s?\d\d")
# GroupWise: the letter follows unmarked. The Bat and old Russian programs: initials in each mark.
_ARROWS = re.compile(rf"^\s*>>> ?(?=.*(?:{_ADDRESS}|{_DAY})).{{3,200}}(?:>>>|:)\s*$")
_INITIALS = re.compile(r"^\s?[^\W\d_]{1,3}(?=>+ ?)")
# The first words of a block of headers over a quoted or forwarded mail.
_FROM = (
    "From|Von|De|Da|Van|Od|Från|Fra|От|Від|Ад|Lähettäjä|Saatja|No|Nuo|Feladó|De la|Απ[όo]|Από|"
    "Gönderen|Kimden|Expéditeur|Mittente|Remitente|Afzender|Absender|من|差出人|发件人|寄件者|מאת"
)
_FROM_LINE = re.compile(rf"^[\s>*_|]*\*?(?:{_FROM})\*?\s?:\*?\s+\S", re.IGNORECASE)
# Any "Word: value" or "Two words: value", bold or not.
_HEADER_LINE = re.compile(r"^[\s>*|]*\*?[^\W\d_][^\n:]{0,24}?\s?:\*?(?:\s|$)")
_BANNER = re.compile(
    r"^[\s>]*(?:-{2,}|_{5,}|={5,}|\*{5,}|—{2,})\s*(?P<words>[^-_=*\n]{0,60}?)\s*(?:-{2,}|_{5,}"
    r"|={5,}|—{2,})?\s*$"
)
_MESSAGE_WORDS = re.compile(
    r"original|ursprüngliche|weitergeleitete|forwarded|transféré|reenviado|inoltrato|doorgestuurd"
    r"|oryginaln|przekazan|оригинал|исходн|пересыл|пересла|оригінал|пересл|переслан|vidarebefordr"
    r"|videresendt|opprinnelig|oprindelig|původní|přeposlan|pôvodn|alkuperäinen|algne|edastatud"
    r"|sākotnēj|pārsūt|originalus|persiųst|eredeti|továbbított|reproduc|encaminhad|d'origine"
    r"|αρχικό|προωθημένο|ilet|message|nachricht|mensaje|messaggio|bericht|wiadomość|сообщение"
    r"|повідомлення|الرسالة|转发|元のメッセージ",
    re.IGNORECASE,
)
_BEGIN_FORWARDED = re.compile(
    r"^\s*(?:Begin forwarded message|Anfang der weitergeleiteten Nachricht|Début du message "
    r"(?:transféré|réexpédié)|Inicio del mensaje reenviado|Inizio messaggio inoltrato|Begin "
    r"doorgestuurd bericht|Początek przekazywanej wiadomości|Начало переадресованного сообщения"
    r"|Начало пересылаемого сообщения|Початок листа, який пересилається)\s*:?\s*$",
    re.IGNORECASE,
)
# What telephones and programs put below every mail.
_SENT_FROM = re.compile(
    r"^\s*(?:Mit Proton Mail sicher|Skaffa Outlook|Sent from (?:my|Mail|Outlook|Yahoo|Proton|AOL"
    r"|Samsung)|Sent with Proton"
    r"|Get Outlook for|Von mein(?:em|er) .{2,40} gesendet|Gesendet (?:von|mit|über)"
    r"|Envoyé (?:de|depuis|à partir)"
    r"|Enviado desde|Enviado (?:do|de) |Obtener Outlook|Télécharger Outlook|Inviato da|Verzonden "
    r"(?:vanaf|met|vanuit)|Outlook voor|Holen Sie sich Outlook|Scarica Outlook|Wysłane? (?:z|za)|"
    r"Pobierz (?:program )?Outlook|Отправлено (?:с|из)|Надіслано (?:з|із)"
    r"|Skickat från|Hämta Outlook"
    r"|Sendt fra|Odesláno (?:z|ze)|Odoslané z|Lähetetty|Saadetud minu|Nosūtīts no|Išsiųsta iš"
    r"|Trimis de pe|Küldve|Στάλθηκε από|Скачать Outlook|Завантажити Outlook|أرسلت من)",
    re.IGNORECASE,
)
# RFC 3676 §4.3, and what is left of it when a program takes the space away.
_SIGNATURE = re.compile(r"^--\s?$|^—\s?$")
_MOST_SIGNATURE = 30


_CLOSING = re.compile(
    r"^\s*(?:(?:mit )?(?:freundliche[nm]?|herzliche[nm]?|beste[nm]?|viele[nm]?|liebe) (?:grü(?:ß"
    r"|ss)en?"
    r"|gru(?:ß|ss))|hochachtungsvoll|(?:kind|best|warm|warmest)? ?(?:regards|wishes)"
    r"|yours (?:sincerely"
    r"|faithfully|truly|ever)|sincerely(?: yours)?|cordialement|bien à vous|bien cordialement"
    r"|respectueusement|(?:un |con un )?(?:cordial )?saludos?(?: cordial\w*)?|atentamente"
    r"|cordialmente"
    r"|(?:distinti|cordiali) saluti|un cordiale saluto|in fede|met (?:vriendelijke|hartelijke) "
    r"(?:groet|groeten)|hoogachtend|z (?:poważaniem|wyrazami szacunku)|łączę (?:wyrazy"
    r"|pozdrow)\w*.*"
    r"|з повагою|з пошаною|с уважением|з павагай|(?:med )?(?:vänlig|bästa) ?(?:hälsning(?:ar)?)"
    r"|med (?:vennlig|venlig) hilsen|vennlig hilsen|s (?:pozdravem|úctou)|lugupidamisega"
    r"|ar cieņu|pagarbiai|ystävällisin terveisin|(?:com os )?(?:melhores )?cumprimentos|με εκτίμηση"
    r"|atenciosamente|üdvözlettel|tisztelettel|cu (?:stimă|respect)|lep pozdrav|srdačan pozdrav"
    r"|с уважение|saygılarımla|(?:مع )?(?:خالص |فائق )?(?:التحية|التحيات|الاحترام|التقدير).*"
    r"|בברכה|בכבוד רב|პატივისცემით)"
    r"\s*[,.!]?\s*$",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(
    r"^(?:p\.? ?s\b|post scriptum|n\.? ?b\b|постскриптум|з\. ?и\.)", re.IGNORECASE
)
_CARD = re.compile(
    r"^\s*(?:tel|tfn|tlf|phone|fax|mob|t|m|тел|τηλ|هاتف)\b[.:]|(?:tel|tfn|тел)\.?:? ?\+?\d"
    r"|\S \| \S|^www\.",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Cut:
    """A text in parts: what its writer wrote, what is quoted, and the signature between."""

    reading: str
    quoted: str = ""
    signature: str = ""


def cut(text: str, ours: str = "") -> Cut:
    """Return `text` cut for reading. `ours` is the address our letter was sent from, if known.

    Where nothing but quotes would be left (a letter forwarded without a word), the whole is for
    reading. Answers written between the quoted lines stay, each where it stood.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if sum(_INITIALS.match(line) is not None for line in lines) > 1:
        lines = [_INITIALS.sub("", line) for line in lines]
    if len(lines) > MOST_LINES:
        return Cut(text.strip())
    at = _quote_begins(lines, ours.lower())
    above, below = lines[:at], lines[at:]
    marked = at < len(lines) and not _ARROWS.match(below[0]) and _is_marked(below)
    between = _between(below) if marked else []
    kept, signature = _without_signature(_without_quotes(above))
    reading = "\n".join(kept).strip()
    if between:
        reading = "\n\n".join(part for part in (reading, "\n".join(between).strip()) if part)
    if not reading:
        return Cut(text.strip(), "\n".join(below).strip())
    return Cut(reading, "\n".join(below).strip(), signature)


def _quote_begins(lines: list[str], ours: str) -> int:
    """The number of the first line that belongs to the quoted letter, its attribution included."""
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        if _is_banner(lines, number) or _is_header_block(lines, number):
            return number
        if line.lstrip().startswith(">"):
            if _rest_is_quoted(lines, number):
                return number
            continue
        if _is_attribution(lines, number, ours):
            return number
    return len(lines)


def _is_banner(lines: list[str], number: int) -> bool:
    line = lines[number]
    if _BEGIN_FORWARDED.match(line) or _ARROWS.match(line):
        return True
    found = _BANNER.match(line)
    if not found:
        return False
    words = found["words"]
    if words:
        return len(words) > 4 and _MESSAGE_WORDS.search(words) is not None
    return _is_header_block(lines, _next_written(lines, number))


def _next_written(lines: list[str], number: int) -> int:
    number += 1
    while number < len(lines) and not lines[number].strip():
        number += 1
    return number


def _is_header_block(lines: list[str], number: int) -> bool:
    """From, Sent, To, Subject as Outlook puts them over a quoted letter, in any language."""
    if number >= len(lines) or not _FROM_LINE.match(lines[number]):
        return False
    following = [line for line in lines[number : number + 8] if line.strip()][:5]
    headers = sum(_HEADER_LINE.match(line) is not None for line in following)
    telling = _DAY_OR_ADDRESS.search("\n".join(following)) is not None
    return headers >= 3 and telling


def _is_attribution(lines: list[str], number: int, ours: str) -> bool:
    """“On 3 May 2026, the campaign wrote:”, perhaps broken into lines, before quoted ones."""
    joined = ""
    for further in range(_BROKEN_INTO):
        if number + further >= len(lines) or (further and not lines[number + further].strip()):
            return False
        joined = f"{joined} {lines[number + further].strip()}".strip()
        if len(joined) > 400:
            return False
        if not joined.rstrip("*_ ").endswith((":", "：", "|")):
            continue
        after = _next_written(lines, number + further)
        quoted = after < len(lines) and lines[after].lstrip().startswith((">", "|"))
        telling = _DAY_OR_ADDRESS.search(joined) is not None
        if quoted:
            return telling or _WROTE_END.search(joined) is not None
        if ours and ours in joined.lower():
            return True
        wrote = _WROTE_END.search(joined) is not None
        exactly = telling and _EXACTLY.search(joined) is not None
        return wrote and exactly and after < len(lines)
    return False


def _rest_is_quoted(lines: list[str], number: int) -> bool:
    """Whether nothing but quotes follows: then they are the letter; else they are answered."""
    rest = [line for line in lines[number:] if line.strip()]
    return all(line.lstrip().startswith(">") for line in rest)


def _is_marked(below: list[str]) -> bool:
    """Whether the quoted letter's lines are marked, so that what is not is somebody's answer."""
    return any(line.lstrip().startswith(">") for line in below[:10])


def _between(below: list[str]) -> list[str]:
    """What was written between or under the quoted lines, the attribution left out."""
    first = next((n for n, line in enumerate(below) if line.lstrip().startswith(">")), len(below))
    rest = below[first:]
    found: list[str] = []
    for number, line in enumerate(rest):
        if line.lstrip().startswith(">") or _is_attribution(rest, number, ""):
            found.append("")
        elif _SIGNATURE.match(line) or _SENT_FROM.match(line):
            break
        else:
            found.append(line)
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(found)).strip()
    # A word that a program broke off a quoted line is no answer.
    return text.split("\n") if len(text) > 12 and " " in text else []


def _without_quotes(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.lstrip().startswith(">")]


def _without_signature(lines: list[str]) -> tuple[list[str], str]:
    """Cut at the line that begins a signature, as long as something stands above it."""
    for number, line in enumerate(lines):
        begins = _SIGNATURE.match(line) is not None and len(lines) - number <= _MOST_SIGNATURE
        if (begins or _SENT_FROM.match(line)) and "".join(lines[:number]).strip():
            return lines[:number], "\n".join(lines[number:]).strip()
    while lines and (not lines[-1].strip() or re.fullmatch(r"[\s_\-=*]{5,}", lines[-1])):
        lines = lines[:-1]
    end = _under_the_name(lines)
    return lines[:end], "\n".join(lines[end:]).strip()


def _under_the_name(lines: list[str]) -> int:
    """Where the block of office, street and telephone begins below a name; else the end.

    Below a closing (“Kind regards”) and the name that follows it, or a last paragraph that reads
    like a visiting card. A postscript is no such block.
    """
    for number, line in enumerate(lines):
        if len(lines) - number > _MOST_SIGNATURE or not _CLOSING.match(line):
            continue
        name = _next_written(lines, number)
        while name < len(lines) and lines[name].strip():
            name += 1
        rest = "\n".join(lines[name:]).strip()
        if rest and not _POSTSCRIPT.match(rest):
            return name
    starts = [n for n, line in enumerate(lines) if not line.strip()]
    last = starts[-1] if starts else 0
    card = lines[last:]
    short = len(card) <= 8 and all(len(line) < 100 for line in card)
    return last if last and short and _CARD.search("\n".join(card)) else len(lines)
