"""Letters that came back: to whom, whether for good, and about which letter.

First what machines read (RFC 3464); where there is none, what mail systems wrote before it or
still write for people: qmail (QSBMF), Exim, old Exchange, gateways in the language of the country.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from outreach.replies.mail.parsing import Mail
from outreach.replies.mail.reports import Recipient, ReportKind

# What is looked at of a report written for people; the letter itself follows it.
MOST_TEXT = 20_000
_ADDRESS = r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+"
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.:-])([45])\d\d(?=[ -]|:\s)")
_FULL = re.compile(
    r"quota|mail\s?box.{0,30}\bfull|full mail\s?box|inbox.{0,30}(?:full|out of)|out of storage"
    r"|insufficient (?:disk|storage|system)|too many messages|postfach.{0,40}(?:voll|überfüllt)"
    r"|speicherplatz|bo[iî]te.{0,40}pleine|bu[zs][oó]n.{0,40}llen|casell[ae].{0,60}pien[ae]"
    r"|caixa.{0,40}(?:chei[ao]|lotada)|cheia|skrzynk.{0,40}(?:pełn|przepełn)|переповнен|переполнен"
    r"|fullt?\b.{0,20}brevlåd|brevlåda.{0,20}full|schránk.{0,30}pln|postvak.{0,30}vol|πλήρες",
    re.IGNORECASE | re.DOTALL,
)
_GIVEN_UP = re.compile(
    r"expired|retry time\s?out|too long|gave up|given up|giving up|could not be delivered (?:for"
    r"|after)"
    r"|queue.{0,20}(?:expir|time)|maximum.{0,30}(?:queue|time|retr)"
    r"|not (?:been )?able to deliver.{0,60}days"
    r"|delivery time expired|unzustellbar nach|seit.{0,20}tagen|for \d+ (?:days|hours)"
    r"|connection timed out|timed? ?out",
    re.IGNORECASE | re.DOTALL,
)
_STILL_TRIED = re.compile(
    r"delayed|delay\b|still (?:being )?(?:try|retried|in the queue)|will (?:keep|continue"
    r"|be retried)"
    r"|(?:not|no) need to re-?send|not yet (?:been )?deliver|warning message only|keep trying"
    r"|verzögert|weiterhin versuch|weitere versuche|retard[ée]|nouvelle tentative|retrasad|reintent"
    r"|in ritardo|ulteriori tentativi|vertraag|opóźnion|затрим|задерж|atrasad|försen|zpožděn",
    re.IGNORECASE,
)
# Classes that tell of the message or the system, not of the address (RFC 3463 §3.4, 3.7, 3.8)...
_NOT_THE_ADDRESS = ("5.3", "5.6", "5.7")
# ... unless the words say otherwise, for not every system knows its classes.
_UNKNOWN = re.compile(
    r"(?:user|recipient|mailbox|address|account).{0,40}(?:unknown|not found|not exist|no such"
    r"|invalid|disabled|unavailable|not listed|unbekannt)"
    r"|(?:unknown|no such|invalid|unbekannt\w*).{0,20}(?:user|recipient|mailbox|address|account)"
    r"|does not exist|no longer|unbekannter? empf",
    re.IGNORECASE | re.DOTALL,
)
# Words in the subject of what comes from a mail system.
_SUBJECT = re.compile(
    r"undeliver|deliver(?:y|ed)? (?:status|fail|has failed|problem|incomplete|delay|report|error)"
    r"|mail delivery|returned mail|returned to sender|failure notice|could not (?:be )?deliver"
    r"|message (?:not delivered|delay|undeliver)|delayed:?|delivery delayed|mail system error"
    r"|unzustellbar|nicht zustellbar|zustellung|non remis|échec de (?:la )?(?:remise|distribution)"
    r"|non distribu|no se (?:ha podido|puede|pudo) entregar|no entregad|devuelto|error de entrega"
    r"|non recapit|mancat[ao] (?:consegna|recapito)|impossibile recapitare|onbestelbaar"
    r"|niet bezorgd"
    r"|niedostarczon|nie dostarczon|nie można dostarczyć|zwrot|недоставл|не доставл|не вдалося"
    r"|не удалось доставить|não (?:foi )?entregue|falha na entrega|devolvid|devolução"
    r"|kunde inte levereras|olevererbar|kan ikke leveres|nedoručiteln|nedoručen|ei voitu toimittaa"
    r"|mail failure"
    r"|kézbesíthetetlen|nelivrat|nepiegādāt|nepristatyt|kättetoimetamat|αδυναμία παράδοσης",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"this is the (?:qmail-send|mail delivery|mail system|postfix)|could not be delivered"
    r"|(?:has|have) been (?:unable|delayed)|permanent (?:fatal )?error|unable to deliver"
    r"|did not reach|delivery (?:to|failed|has failed)|address(?:es)? failed|user unknown"
    r"|не может быть доставлено"
    r"|unknown user|user not found|no such user|does not exist"
    r"|recipient.{0,30}rejected|undeliverable|mailbox full"
    r"|não (?:foi|pôde|existe)|nicht zugestellt|nicht ausgeliefert|konnte nicht|n'a pas pu"
    r"|no existe"
    r"|non (?:è stato|esiste|può)|quota|nie istnieje|не існує|не существует|finns inte",
    re.IGNORECASE,
)
MACHINE = re.compile(
    r"^(?:mailer-?daemon|postmaster|mail-?daemon|mail(?:er)?|bounces?|mdaemon|exchange|system"
    r"|microsoftexchange\w*|mail-?delivery\w*|no-?reply|noreply|daemon|root)@",
    re.IGNORECASE,
)
# What Italy's certified mail says of a message it did not bring there (RFC 6109 §3.1, 3.3).
CERTIFIED_FAILED = ("non-accettazione", "errore-consegna", "preavviso-errore-consegna")
_NAMED = re.compile(r"mail delivery|mailer|postmaster|microsoft outlook|system administrator", re.I)
_ABOUT = re.compile(r"^\s*>?\s*Message-ID:\s*<([^<>\s]{3,400})>", re.IGNORECASE | re.MULTILINE)
_COPY = re.compile(
    r"^-{3,}.{0,80}(?:copy of|original message|below this line).{0,80}$", re.I | re.M
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One address that a letter did not reach. `original` is the address it was sent to first,
    where the system says so; `lasting` is false for a full mailbox and for what was given up.
    """

    address: str
    original: str
    lasting: bool
    full: bool
    status: str
    words: str

    @property
    def wrong_address(self) -> bool:
        """Whether it says that nobody is there; not where only this letter was refused."""
        refused = self.status.startswith(_NOT_THE_ADDRESS) and not _UNKNOWN.search(self.words)
        return self.lasting and not refused


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a mail system says. `delayed` means it goes on trying; `about_id` is the letter's."""

    failures: tuple[Failure, ...]
    delayed: bool
    about_id: str
    # The address in the copy of our letter: whom it was written to.
    written_to: str

    @property
    def lasting(self) -> bool:
        """Whether any address failed for good."""
        return any(one.lasting for one in self.failures) or not self.failures

    @property
    def wrong_address(self) -> bool:
        """Whether nobody is at an address, as far as anything is said of it."""
        return any(one.wrong_address for one in self.failures) or not self.failures


def bounce_in(mail: Mail) -> Bounce | None:
    """Return what a mail system says about a letter in `mail`, None when it is none of theirs."""
    report = mail.report
    if report is not None and report.kind is ReportKind.DELIVERY:
        failed = [one for one in report.recipients if one.action in ("failed", "")]
        delayed = any(one.action == "delayed" for one in report.recipients) and not failed
        rows = failed or [one for one in report.recipients if one.action == "delayed"]
        if not rows and report.recipients:
            return None
        failures = tuple(_of_report(one, mail.text) for one in rows) or _of_text(mail)
        about = report.about_id or _about_in(mail)
        return Bounce(failures, delayed, about, _address_in(report.about_header("To")))
    if not _from_machine(mail):
        return None
    text = _told(mail)
    delayed = bool(_STILL_TRIED.search(mail.subject) or _STILL_TRIED.search(text))
    delayed = delayed and not _GIVEN_UP_FOR_GOOD.search(text)
    return Bounce(_of_text(mail), delayed, _about_in(mail), _written_to(mail))


_GIVEN_UP_FOR_GOOD = re.compile(
    r"permanent (?:fatal )?error|gave up|given up|giving up|(?:delivery|retry).{0,20}(?:expired"
    r"|exceeded)"
    r"|could not be delivered to (?:one or more|the following)|\b5\d\d[ -]5\.",
    re.IGNORECASE,
)


def _from_machine(mail: Mail) -> bool:
    """Whether a mail system wrote it: by its name and by what it says."""
    if mail.header("X-Failed-Recipients") or mail.header("X-Ricevuta") in CERTIFIED_FAILED:
        return True
    machine = MACHINE.match(mail.from_.address) or _NAMED.search(mail.from_.name)
    says = bool(_SUBJECT.search(mail.subject)), bool(_TEXT.search(_told(mail)[:3_000]))
    if machine:
        return any(says)
    return mail.return_path == "" and says[0] and says[1]


def _told(mail: Mail) -> str:
    """What the mail system says itself, without the copy of our letter."""
    text = mail.text[:MOST_TEXT]
    copy = _COPY.search(text)
    return text[: copy.start()] if copy else text


def _of_report(one: Recipient, text: str) -> Failure:
    said = f"{one.status} {one.diagnostic}"
    status = one.status
    better = _STATUS.search(one.diagnostic)
    if better and (not status or status.endswith(".0.0")):
        status = better[0]
    lasting, full = _verdict(status, said)
    original = one.original if one.original.lower() != one.final.lower() else ""
    return Failure(one.final, original, lasting, full, status, one.diagnostic)


def _verdict(status: str, said: str) -> tuple[bool, bool]:
    """(lasting, full) by a status code (RFC 3463) and the words beside it.

    5.2.2 is a full mailbox, 5.4.7 and 4.x.x what was given up: the address may be right.
    """
    full = status[2:] == "2.2" or bool(_FULL.search(said))
    passing = full or status.startswith("4") or status[2:] in ("4.7", "4.1", "4.2")
    passing = passing or (status[2:3] == "4" and bool(_GIVEN_UP.search(said)))
    if not status and not passing:
        code = _REPLY.search(said)
        passing = bool(code and code[1] == "4") or (not code and bool(_GIVEN_UP.search(said)))
    return not passing, full


def _of_text(mail: Mail) -> tuple[Failure, ...]:
    """The addresses that a report for people names, each with the words around it."""
    text = _told(mail)
    named = list(dict.fromkeys(_named(mail, text)))
    status = _STATUS.search(text)
    found = status[0] if status else ""
    lasting, full = _verdict(found, f"{mail.subject}\n{text}")
    words = _words_of(text)
    return tuple(Failure(one, "", lasting, full, found, words) for one in named[:20])


def _named(mail: Mail, text: str) -> Iterator[str]:
    if failed := mail.header("X-Failed-Recipients"):
        yield from (_low(one) for one in re.findall(_ADDRESS, failed))
        return
    own = {mail.from_.address.lower(), *(one.address.lower() for one in mail.to)}
    patterns = (
        rf"^\s*<({_ADDRESS})>:?\s*$",
        rf"^\s*<?({_ADDRESS})>?\s?:(?!/)",
        rf"RCPT TO:\s*<({_ADDRESS})>",
        rf"\b(?:to|recipient|address|destinat\w+|an|à|para|do|для|a)(?::\s*|\s+)<?({_ADDRESS})",
        rf"^(?!\s*(?:message-id|references|in-reply-to)).*?({_ADDRESS})",
    )
    for pattern in patterns:
        every = [_low(one) for one in re.findall(pattern, text, re.IGNORECASE | re.MULTILINE)]
        known = [one for one in every if one not in own and not MACHINE.match(one)]
        if known:
            yield from known[: 1 if pattern == patterns[-1] else 20]
            return


def _low(address: str) -> str:
    local, _, domain = address.rstrip(".").rpartition("@")
    return f"{local}@{domain.lower()}"


def _words_of(text: str) -> str:
    line = next((one for one in text.splitlines() if _STATUS.search(one) or _REPLY.search(one)), "")
    return " ".join(line.split())[:500]


def _about_in(mail: Mail) -> str:
    if mail.messages:
        return mail.messages[0].message_id
    found = _ABOUT.search(mail.text)
    return found[1] if found else ""


def _written_to(mail: Mail) -> str:
    if mail.messages and mail.messages[0].to:
        return mail.messages[0].to[0].address
    copy = _COPY.search(mail.text)
    found = re.search(rf"^To:.*?({_ADDRESS})", mail.text[copy.end() :] if copy else "", re.M)
    return _low(found[1]) if found else ""


def _address_in(value: str) -> str:
    found = re.search(_ADDRESS, value)
    return _low(found[0]) if found else ""
