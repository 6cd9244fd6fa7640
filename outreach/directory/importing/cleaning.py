"""Tidies what sources put into fields: text, e-mail columns, links, numbers, days.

Every reader uses these, so that the same mess is cleaned once. None raises for bad input: what
can't be used comes back as a sentence for the report.
"""

from __future__ import annotations

import datetime as dt
import functools
import html
import re
import unicodedata
from urllib.parse import quote, unquote, urlsplit

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from outreach.directory.importing.records import Contact
from outreach.directory.importing.run_together import apart, latin
from outreach.directory.models import ContactKind
from outreach.words import Sentence

# Direction marks, zero-width letters, halves of a letter that JSON may hold, control letters.
_INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\ud800-\udfff"
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
)
_SPACE = re.compile(r"\s+")
# What people write into a column that must not be empty.
_NOTHING = re.compile(
    r"[-.—–/?x]*|#?n/a|n\.a\.|na|nil|none|null|nan|no|unknown|tb[acd]|not available|no e-?mail"
    r"|no disponible|no tiene|no registra|non publi(?:c|que)|não (?:tem|disponível)|keine"
    r"|nicht bekannt|aucune?|inconnu|brak|нет|немає",
    re.IGNORECASE,
)
_SIMPLE = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9.-]+\.[A-Za-z]+")
_ORDINARY = re.compile(
    r"(?!.*[A-Za-z0-9-]{64})[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.){1,6}[A-Za-z]{2,24}"
)
_ORDINARY_LINK = re.compile(
    r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}(?:[/?][\w/.~:?#=&%+,-]*)?",
    re.ASCII,
)
_TAG = re.compile(r"</?[A-Za-z]\w*(?:\s[^<>]*)?/?>")
_TAG_TARGET = re.compile(r"""href\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_AT = re.compile(
    r"\s*[\[({]\s*(?:at|på|ät|a|@|arroba|snabel-?a|chez|kukac|zavin[aá][cč]|malpa|małpa)\s*[\])}]\s*",
    re.IGNORECASE,
)
_DOT = re.compile(
    r"\s*[\[({]\s*(?:\.|dot|punkt|punto|point|ponto|punt|piste|tochka)\s*[\])}]\s*", re.IGNORECASE
)
_SPELT_AT = re.compile(r"([\w.+-]+)\s+(?:at|AT)\s+([\w-]+(?:\.[\w-]+)+)")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"',;|]+", re.IGNORECASE)
_NAMED = re.compile(r"""["']?([^<>;"|@]*?)["']?\s*<\s*(?:mailto:)?([^<>\s]+@[^<>\s]+?)\s*>""", re.I)
_LONGEST = 2000
_BETWEEN = re.compile(r"[\s;,|/·•]+")
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)
_NOISE = re.compile(
    r"(?:e-?mails?|mail|e|courriel|correo|and|or|und|oder|et|ou|y|och|tel|phone)?[:.\-–&+=]*",
    re.IGNORECASE,
)
_EDGES = "<>()[]{}.,;:\"'“”„‘’*=&-–"


def text(value: object) -> str:
    """Return `value` as one line of NFC text: odd spaces become one, invisible marks go."""
    if value is None:
        return ""
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return value.strip() if "  " not in value else " ".join(value.split())
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFC", str(value)))
    return _SPACE.sub(" ", plain).strip()


def mailboxes(value: object, *, purpose: str = "office") -> tuple[list[Contact], list[Sentence]]:
    """Return the ways to reach somebody that an e-mail column holds, and what could not be used.

    A link there is a web form. Several addresses, run together or separated, are taken apart.
    """
    plain = text(value)
    if not plain or _NOTHING.fullmatch(plain):
        return [], []
    if _SIMPLE.fullmatch(plain) and plain.count("@") == 1 and (one := _checked(plain)):
        return [Contact(ContactKind.EMAIL, one, purpose)], []
    column = _Column(purpose)
    if len(plain) > _LONGEST:
        # No column of addresses; and the patterns below would take their time.
        column.unusable(plain)
        return [], column.problems
    rest = _LINK.sub(column.form, _written_out(plain))
    if "<" in rest:
        rest = _NAMED.sub(column.named, rest)
    column.words(_BETWEEN.split(rest))
    return list(column.contacts.values()), column.problems


class _Column:
    """What was found so far in one e-mail column, the same address once."""

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose
        self.contacts: dict[str, Contact] = {}
        self.problems: list[Sentence] = []

    def form(self, match: re.Match[str]) -> str:
        """Take a link; return what stands in its place."""
        if "@" in match[0]:
            return match[0]
        if target := link(match[0].rstrip(".,:)]")):
            contact = Contact(ContactKind.FORM, target, self.purpose)
            self.contacts.setdefault(target, contact)
        return " "

    def named(self, match: re.Match[str]) -> str:
        """Take `Name <address>`; return what stands in its place."""
        label = match[1].strip(" ,:;-&'\"")
        self.addresses(match[2], label[:120])
        return " ; "

    def words(self, words: list[str]) -> None:
        """Take the addresses among `words`; what is left over is told."""
        unused = []
        for word in words:
            if "@" in word:
                self.addresses(word)
            else:
                unused.append(word.strip(_EDGES))
        left = " ".join(word for word in unused if not _NOISE.fullmatch(word))
        if left and not _NOTHING.fullmatch(left):
            self.unusable(left)

    def addresses(self, word: str, label: str = "") -> None:
        """Take the addresses in one word, run together or not."""
        taken = 0
        for raw in _MAILTO.split(word):
            piece = raw.partition("?")[0].strip(_EDGES)
            if not piece:
                continue
            repaired = latin(piece)
            if repaired != piece:
                self.repaired(piece, repaired)
            several = apart(repaired) if "@" in repaired else None
            checked = [_checked(one) for one in several or ()]
            if not checked or not all(checked):
                self.unusable(piece)
            for one in filter(None, checked):
                contact = Contact(ContactKind.EMAIL, one, self.purpose, label)
                self.contacts.setdefault(one.casefold(), contact)
                taken += 1
        if taken > 1:
            words = "“%(value)s” held %(number)s addresses run together; they were taken apart."
            self.problems.append(Sentence(words, value=word[:120], number=taken))

    def repaired(self, was: str, now: str) -> None:
        """Tell that letters were replaced."""
        self.problems.append(
            Sentence(
                "“%(was)s” holds letters of another alphabet; it was read as “%(now)s”.",
                was=was[:120],
                now=now[:120],
            )
        )

    def unusable(self, value: str) -> None:
        """Tell that `value` is no address."""
        self.problems.append(Sentence("“%(value)s” is no e-mail address.", value=value[:120]))


def _written_out(plain: str) -> str:
    """Undo what hides an address from robots: HTML, [at], percent signs, spaces around the @."""
    plain = html.unescape(plain) if "&" in plain else plain
    plain = plain.replace("＠", "@").replace("（", "(").replace("）", ")")
    plain = plain.replace("；", ";").replace("，", ",").replace("、", ",")
    if "<" in plain:
        plain = _TAG.sub(_target_of_tag, plain)
    if "%40" in plain and "@" not in plain:
        plain = unquote(plain)
    plain = _DOT.sub(".", _AT.sub("@", plain))
    if "@" not in plain:
        return _SPELT_AT.sub(r"\1@\2", plain)
    return re.sub(r"\s*@\s*", "@", plain) if plain.count("@") == 1 else plain.replace(" @ ", "@")


def _target_of_tag(tag: re.Match[str]) -> str:
    """Return what an HTML tag points at; the tag itself is no text."""
    target = _TAG_TARGET.search(tag[0])
    return f" {target[1]} " if target and target[1].casefold().startswith("mailto:") else " "


def _checked(address: str) -> str:
    """Return `address` in one spelling, or "" when its syntax is wrong (RFC 5321)."""
    if len(address) > 254 or "." not in address.rpartition("@")[2]:
        return ""
    local, _, domain = address.partition("@")
    if len(local) <= 64 and _ORDINARY.fullmatch(address):
        # What the check below says of all of these, said at once: lists hold 40,000 of them.
        return f"{local}@{domain.lower()}"
    try:
        # Reserved domains pass here; whether one may be written to is asked where a letter leaves.
        return validate_email(
            address, check_deliverability=False, globally_deliverable=False
        ).normalized
    except (EmailNotValidError, ValueError):
        return ""


def link(value: object) -> str:
    """Return `value` as an absolute http(s) link, or "" when it is none."""
    plain = text(value)
    if _ORDINARY_LINK.fullmatch(plain):
        return plain if len(plain) <= 2000 else ""
    if plain.startswith("//"):
        plain = f"https:{plain}"
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)", plain):
        bare = re.match(r"[\w-]+(\.[\w-]+)*\.[^\W\d_]{2,}(?::\d+)?(?=[/?#]|$)", plain)
        if not bare or " " in plain:
            return ""
        plain = f"http://{plain}"
    try:
        parts = urlsplit(plain)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    good = parts.scheme.lower() in ("http", "https") and "." in host.strip(".")
    if not good or "@" in parts.netloc or re.search(r"[\s<>\"\\]", parts.netloc):
        return ""
    # Spaces and quotes in a path would end the link where it is shown.
    safe = quote(plain, safe="%/:=&?~#+!$,;'@()*[]|") if plain.isascii() else plain
    safe = re.sub(r"[\s<>\"\\^`{}|]", lambda match: quote(match[0]), safe)
    return safe if len(safe) <= 2000 else ""


_PROFILES = {
    "twitter": "https://twitter.com/{}",
    "x": "https://twitter.com/{}",
    "facebook": "https://www.facebook.com/{}",
    "instagram": "https://www.instagram.com/{}",
    "youtube": "https://www.youtube.com/@{}",
    "linkedin": "https://www.linkedin.com/in/{}",
    "flickr": "https://www.flickr.com/people/{}",
    "telegram": "https://t.me/{}",
    "tiktok": "https://www.tiktok.com/@{}",
    "bluesky": "https://bsky.app/profile/{}",
    "threads": "https://www.threads.net/@{}",
    "vk": "https://vk.com/{}",
}
_HANDLE = re.compile(r"[\w.-]{1,100}")
_FEDIVERSE = re.compile(r"@?([\w.-]+)@([\w-]+(?:\.[\w-]+)+)")


def social(network: str, value: object) -> Contact | None:
    """Return a profile on `network` ("twitter", "facebook" …) from a handle or a link.

    The value is always the link of the profile, the label the network.
    """
    network = text(network).casefold()
    plain = text(value)
    target = ""
    if "/" in plain or plain.casefold().startswith("www."):
        target = _profile(network, plain)
    elif network == "mastodon":
        if account := _FEDIVERSE.fullmatch(plain):
            target = f"https://{account[2]}/@{account[1]}"
    elif network in _PROFILES and _HANDLE.fullmatch(handle := plain.lstrip("@")):
        channel = network == "youtube" and re.fullmatch(r"UC[\w-]{22}", handle)
        known = "https://www.youtube.com/channel/{}" if channel else _PROFILES[network]
        target = known.format(handle)
    return Contact(ContactKind.SOCIAL, target, label=network) if target else None


_TWITTER = re.compile(
    r"(?:\w*tps?:/*)?(?:(?:www|mobile|m)\.)?(?:twitter|x)\.com/(?:#!/)?@?(\w+?)(?:https?:.*|\W.*)?",
    re.IGNORECASE | re.ASCII,
)


def _profile(network: str, plain: str) -> str:
    """Return the link of a profile given as one; Twitter's are brought to one spelling."""
    if network in ("twitter", "x") and (named := _TWITTER.fullmatch(plain)):
        return _PROFILES[network].format(named[1])
    return link(plain)


_FLOAT = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d{1,2}|\d{5,}\.0+")


def phone(value: object, region: str) -> str:
    """Return a number in international form when it can be read for `region` (ISO 3166-1), else
    as it was written; "" when it holds no digits. A float ("4.15E+10") is made digits again.
    """
    return _phone(text(value)[:200], region[:2].upper())


@functools.lru_cache(maxsize=20_000)
def _phone(plain: str, region: str) -> str:
    plain = unicodedata.normalize(
        "NFKC", re.sub(r"^(?:tel|fax|phone)\s*[.:]\s*", "", plain, flags=re.I)
    )
    if not any(character.isdigit() for character in plain):
        return ""
    if _FLOAT.fullmatch(plain):
        plain = str(int(float(plain.replace(",", "."))))
    known = region if region in phonenumbers.SUPPORTED_REGIONS else None
    if known is None and re.match(r"00\s*[1-9]", plain):
        plain = f"+{plain[2:]}"
    try:
        number = phonenumbers.parse(plain, known)
    except phonenumbers.NumberParseException:
        return plain
    if not phonenumbers.is_possible_number(number):
        return plain
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


_ISO_DAY = re.compile(
    r"\+?(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2})(?:[T ].*)?)?)?|(\d{4})(\d\d)(\d\d)"
)
_OTHER_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[T ].*)?")


def day(value: object) -> str:
    """Return "2012", "2012-05", "2012-05-31" or "" from ISO dates, instants and their like.

    31.5.2012 is understood; 31/5/2012 only where it can't be the fifth of a 31st month's twin.
    Days before 1500 or after 2200 are what programs write for "unknown".
    """
    if not value:
        return ""
    return _day(value.isoformat() if isinstance(value, dt.date) else text(value))


@functools.lru_cache(maxsize=50_000)
def _day(plain: str) -> str:
    if match := _ISO_DAY.fullmatch(plain):
        year, month, date = (match[one] or match[one + 3] or "" for one in (1, 2, 3))
    elif match := _OTHER_DAY.fullmatch(plain):
        first, second, year = match[1], match[3], match[4]
        if match[2] == "." or int(first) > 12 or int(first) == int(second):
            month, date = second, first
        elif int(second) > 12:
            month, date = first, second
        else:
            return ""
    else:
        return ""
    if not 1500 <= int(year) <= 2200:
        return ""
    if not month or not int(month):
        return year
    if not date or not int(date):
        return f"{year}-{int(month):02}" if int(month) <= 12 else ""
    try:
        return dt.date(int(year), int(month), int(date)).isoformat()
    except ValueError:
        return ""


_GENDERS = {
    "m": "m male man masculin masculine maskulin masculino maschile männlich maennlich mann homme"
    " hombre hommes mies mand mężczyzna muž muški мужской чоловіча q6581097",
    "f": "f w female woman feminin féminin feminine femenino feminino femminile weiblich frau femme"
    " mujer mulher kvinna kvinne kvinde nainen kobieta žena ženski женский жіноча q6581072",
}
_GENDER = {word: letter for letter, words in _GENDERS.items() for word in words.split()}


def gender(value: object) -> str:
    """Return "m" or "f" when the source says so in a word we know, else ""."""
    return _GENDER.get(text(value).casefold().rpartition("/")[2], "")
