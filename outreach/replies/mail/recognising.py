"""What is this message? One kind by rule, with the reason that is shown beside it.

What machines say of themselves comes first (reports, RFC 3834), words of a subject last; what
nothing speaks for is an answer, so that a person reads it. X-Auto-Response-Suppress alone says
nothing: people's programs send it too.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

from outreach.replies.mail.bounces import CERTIFIED_FAILED, Bounce, bounce_in
from outreach.replies.mail.parsing import EMPTY, Mail
from outreach.replies.mail.reports import ReportKind
from outreach.replies.mail.returning import back_on
from outreach.replies.models import MailKind
from outreach.words import N_, Sentence


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a message is and why. `bounce` is set for what came back or is late; `back_on` for an
    automatic answer that names the day; `absent` when it tells of an absence.
    """

    kind: MailKind
    reason: Sentence
    bounce: Bounce | None = None
    back_on: dt.date | None = None

    @property
    def answerable(self) -> bool:
        """Whether a person may be there to write back to: never to machines and lists."""
        return self.kind is MailKind.ANSWER


# Subjects that machines give to automatic answers, at their beginning.
_AUTOMATIC = re.compile(
    r"^\W*(?:auto(?:matic)?[- ]?(?:reply|response|answer|generated)|automated (?:reply|response)"
    r"|auto:|autoreply|autoresponse|out of (?:the )?office|ooo\b|away from (?:the|my) (?:office"
    r"|desk)"
    r"|vacation|on (?:annual |maternity |parental )?leave|absence (?:notice|du bureau)|i am away"
    r"|automatische (?:antwort|rückantwort|eingangsbestätigung)|automatisch generiert"
    r"|abwesenheitsnotiz|nicht im (?:büro|haus)|autoantwort|\[?abwesend\]?"
    r"|réponse automatique|message automatique"
    r"|respuesta autom[áa]tica|fuera de (?:la )?oficina|contestación autom"
    r"|risposta automatica|fuori (?:sede|ufficio)"
    r"|automatisch antwoord|automatische reactie|automatisch bericht|afwezigheids\w+"
    r"|autoodpowiedź|odpowiedź automatyczna|automatyczna odpowiedź|poza biurem"
    r"|автоматична відповідь|автовідповід\w+|відсутній\w*|у відпустці"
    r"|автоматический ответ|автоответ\w*|в отпуске|аўтаматычны адказ|аўтаадказ"
    r"|resposta autom[áa]tica|fora do escritório|autosvar|automatiskt? svar"
    r"|automaattivastaus|automaattinen vastaus|automaatvastus|automaatne vastus"
    r"|puhkusel|automātisk\w+ (?:atbilde|paziņojums)|automatinis atsakymas"
    r"|automatická (?:odpověď|odpoveď)|mimo kancelář|automatikus válasz|răspuns automat"
    r"|αυτόματη απάντηση|εκτός γραφείου|otomatik yanıt|رد (?:تلقائي|آلي)|خارج المكتب|תשובה אוטומטית"
    r"|מענה אוטומטי|自動|自动|автоматичен отговор|samodejni odgovor|automatski odgovor"
    r"|ავტომატური)",
    re.IGNORECASE,
)
# One word that says so only when nothing follows it but a mark: people are absent too.
_ABSENT = re.compile(
    r"^\W*(?:abwesen(?:d|heit)|absen(?:t|te|ce)|en congés?|ausen(?:te|cia)|de vacaciones"
    r"|assen(?:te|za)|in ferie|afwezig(?:heid)?|nieobecność|nieobecn[ya]|urlop|відпустка"
    r"|відсутність"
    r"|отпуск|отсутствие|ausência|frånvaro|frånvarande|fravær|fraværende|poissa|puhkus|puhkusel"
    r"|prombūtne|prombūtnē|atostogos|nepřítomnost|dovolená|vacation|leave|absence)"
    r"\s*(?:[:\[(|/–-].*)?$",
    re.IGNORECASE,
)
# Subjects that tell of an absence, and only together with its last day in a short text.
_PERHAPS_ABSENT = re.compile(
    r"\b(?:absen\w*|abwesen\w*|urlaub\w*|congés?|ausen\w*|vacaciones|assen\w*|ferie|afwezig\w*"
    r"|vakantie|nieobecn\w*|urlop\w*|poza biurem|відсутн\w*|відпуст\w*|отсутств\w*|отпуск\w*"
    r"|вне офиса|ausência|férias|frånvaro\w*|semester|fravær\w*|ferie|poissa\w*|lomalla|puhkus\w*"
    r"|prombūtn\w*|atvaļinājum\w*|atostog\w*|nepřítom\w*|dovolen\w*|szabadság\w*|απουσία|άδεια"
    r"|vacation|holiday|annual leave|on leave|away|izin)\b|غياب|إجازة|חופשה",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(
    r"this is an auto\w+|automated (?:response|reply|message|acknowledge)|automatically generated"
    r"|generated automatically|automatisch (?:erzeugt|generiert|erstellt|versandt|gegenereerd"
    r"|verzonden)"
    r"|automatische (?:antwort|nachricht|eingangsbestätigung)|(?:réponse|message) automatique"
    r"|générée? automatiquement|(?:respuesta|mensaje) automátic[oa]|generado automáticamente"
    r"|(?:risposta|messaggio) automatic[oa]|generat[oa] automaticamente|automatisch bericht"
    r"|wygenerowan\w+ automatycznie|wiadomość automatyczn|automatyczn\w+ (?:odpowied|wiadomo)"
    r"|автоматичн\w+ (?:відповід|повідомл)|сформовано автоматично|автоматическ\w+ (?:ответ|уведомл)"
    r"|сформирован\w* автоматически|(?:vy)?generován\w* automaticky|automaticky (?:vy)?generován"
    r"|genereras automatiskt|automatiskt genererat|automatiskt svar|gerad[oa] automaticamente"
    r"|mensagem automática|automātisk\w+ (?:atbilde|paziņojum)|automaatne (?:teade|vastus)"
    r"|رد (?:آلي|تلقائي)",
    re.IGNORECASE,
)
_RECEIPT = re.compile(
    r"^\W*(?:read(?: receipt)?|return receipt|displayed|not read|delivery receipt|delivered|relayed"
    r"|gelesen|ungelesen|lesebestätigung|lu|non lu|confirmation de lecture|leído|no leído|letto"
    r"|non letto|ricevuta di (?:lettura|ritorno)|conferma di lettura|gelezen|leesbevestiging"
    r"|przeczytan\w+|potwierdzenie (?:przeczytania|odbioru)|прочитано|прочтено|läst|ej läst|lido"
    r"|přečteno"
    r"|доставлено|zugestellt|remis|distribué|entregado|consegnato|bezorgd|dostarczono|doručeno"
    r"|levererat|leveret|toimitettu|kättetoimetatud)"
    r"\s*(?:[:(]|$)",
    re.IGNORECASE,
)
# At its end, after the name of who is away: as Notes writes it.
_IS_OUT = re.compile(
    r"\b(?:is|am|are) (?:currently )?(?:out of (?:the )?office|on (?:annual )?leave|on vacation)"
    r"\W*(?:\([^()]{0,60}\))?\W*$|\b(?:ist|bin) (?:außer Haus|im Urlaub|abwesend)\W*$"
    r"|est absente?(?: du bureau)?\W*$|está (?:fuera de la oficina|ausente)\W*$"
    r"|è (?:fuori sede|fuori ufficio|assente)\W*$|is afwezig\W*$|jest nieobecn[ya]\W*$",
    re.IGNORECASE,
)
_RECALL = re.compile(
    r"^(?:recall:|message recall|rückruf:|rappel :|.{1,80} (?:would like|möchte) .{0,40}recall)",
    re.I,
)
_COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other", "dmarc", ""})


def recognise(mail: Mail, *, received_on: dt.date) -> Recognised:
    """Return what `mail` is. `received_on` is the day it came: for one that bears no date."""
    for rule in _RULES:
        if found := rule(mail):
            break
    else:
        found = Recognised(MailKind.ANSWER, Sentence(_NO_SIGN))
    if found.kind is not MailKind.AUTO_REPLY:
        return found
    written_on = mail.date.date() if mail.date else received_on
    day = back_on(f"{mail.subject}\n{mail.reading}", written_on)
    return Recognised(found.kind, found.reason, back_on=day)


_NO_SIGN = N_("Nothing in it says that a machine wrote it.")


def _nothing(mail: Mail) -> Recognised | None:
    if Sentence(EMPTY) in mail.problems:
        return Recognised(MailKind.OTHER, Sentence(EMPTY))
    if not mail.from_.address and not mail.headers:
        return Recognised(MailKind.OTHER, Sentence(N_("It says neither from whom nor to whom.")))
    return None


def _report(mail: Mail) -> Recognised | None:
    report = mail.report
    if report is None:
        return None
    if report.kind is ReportKind.FEEDBACK and report.says in _COMPLAINTS:
        return Recognised(
            MailKind.COMPLAINT,
            Sentence(N_("A mail provider reports that somebody called our letter spam.")),
        )
    if report.kind is ReportKind.DISPOSITION:
        reason = Sentence(N_("A receipt: the letter was %(what)s."), what=report.says or "opened")
        return Recognised(MailKind.RECEIPT, reason)
    done = {one.action for one in report.recipients} - {"failed", "delayed", ""}
    if report.kind is ReportKind.DELIVERY and done and bounce_in(mail) is None:
        reason = Sentence(N_("A mail system reports: %(what)s."), what=", ".join(sorted(done)))
        return Recognised(MailKind.RECEIPT, reason)
    return None


def _came_back(mail: Mail) -> Recognised | None:
    bounce = bounce_in(mail)
    if bounce is None:
        return None
    who = ", ".join(one.address for one in bounce.failures[:3]) or "?"
    if bounce.delayed:
        reason = Sentence(N_("A mail system is still trying to deliver to %(who)s."), who=who)
        return Recognised(MailKind.DELAYED, reason, bounce)
    if not bounce.lasting:
        full = any(one.full for one in bounce.failures)
        reason = Sentence(
            N_("The mailbox of %(who)s is full.")
            if full
            else N_("A mail system gave up; the address %(who)s may be right all the same."),
            who=who,
        )
        return Recognised(MailKind.BOUNCE_TEMPORARY, reason, bounce)
    code = next((one.status for one in bounce.failures if one.status), "")
    reason = Sentence(
        N_("A mail system could not deliver to %(who)s (%(code)s)."), who=who, code=code or "–"
    )
    return Recognised(MailKind.BOUNCE_PERMANENT, reason, bounce)


def _certified(mail: Mail) -> Recognised | None:
    """A receipt of Italy's certified mail (RFC 6109 §3.1), which its ministries write by."""
    said = mail.header("X-Ricevuta")
    if not said or said in CERTIFIED_FAILED:
        return None
    return Recognised(
        MailKind.RECEIPT, Sentence(N_("A receipt of certified mail: %(what)s."), what=said[:60])
    )


def _automatic_header(mail: Mail) -> Recognised | None:
    """RFC 3834 §5 and what programs wrote before it."""
    name, value = "", ""
    if mail.auto_submitted and not mail.auto_submitted.startswith("no"):
        name, value = "Auto-Submitted", mail.auto_submitted
    for other in ("X-Autoreply", "X-Autorespond", "X-AutoReply-From", "X-Autogenerated"):
        if not name and mail.header(other):
            name, value = other, mail.header(other)
    for other in ("X-Mail-Autoreply", "X-POST-MessageClass", "X-Auto-Reply"):
        if not name and mail.header(other):
            name, value = other, mail.header(other)
    if not name and mail.precedence in ("auto_reply", "auto-reply", "autoreply"):
        name, value = "Precedence", mail.precedence
    if not name or (value.startswith("auto-generated") and _is_list(mail)):
        return None
    if _RECEIPT.match(mail.subject) and not mail.references and "notif" in value:
        return None
    reason = Sentence(N_("Its headers say so: %(name)s: %(value)s."), name=name, value=value[:80])
    return Recognised(MailKind.AUTO_REPLY, reason)


def _by_subject(mail: Mail) -> Recognised | None:
    if _RECALL.match(mail.subject) or mail.header("X-MS-Reactions") == "allow-sent":
        return Recognised(MailKind.OTHER, Sentence(N_("Its writer wants a message back.")))
    if (
        _RECEIPT.match(mail.subject)
        and len(mail.reading) < 1_200
        and not _AUTOMATIC.match(mail.subject)
    ):
        reason = Sentence(
            N_("Its subject begins as receipts do: “%(subject)s”."), subject=mail.subject[:60]
        )
        return Recognised(MailKind.RECEIPT, reason)
    if any(one.search(mail.subject) for one in (_AUTOMATIC, _ABSENT, _IS_OUT)):
        reason = Sentence(
            N_("Its subject begins as automatic answers do: “%(subject)s”."),
            subject=mail.subject[:60],
        )
        return Recognised(MailKind.AUTO_REPLY, reason)
    return None


def _is_list(mail: Mail) -> bool:
    return bool(mail.list_id or mail.header("List-Unsubscribe") or mail.header("List-Post"))


def _list(mail: Mail) -> Recognised | None:
    """RFC 2919, RFC 2369; Precedence as lists have long written it.

    Offices answer through groups that add such headers too: what replies to a mail of ours is one.
    """
    bulk = mail.precedence in ("list", "bulk", "junk")
    if not bulk and not _is_list(mail):
        return None
    if mail.in_reply_to and not mail.header("List-Unsubscribe") and not mail.header("List-Post"):
        return None
    what = mail.list_id or mail.precedence or mail.header("List-Unsubscribe") or "List-Post"
    return Recognised(MailKind.LIST, Sentence(N_("It went to a list: %(list)s."), list=what[:80]))


def _by_text(mail: Mail) -> Recognised | None:
    """What it says of itself, in a short text; or an empty return path, which machines leave.

    A no-reply address says nothing: ministries answer from such.
    """
    if mail.return_path == "":
        reason = Sentence(N_("It can't be answered: it left no return path."))
        return Recognised(MailKind.AUTO_REPLY, reason)
    if _PERHAPS_ABSENT.search(mail.subject) and len(mail.reading) < 700:
        written_on = mail.date.date() if mail.date else dt.date.min
        if mail.date and back_on(mail.reading, written_on):
            reason = Sentence(N_("It tells of an absence and until when, and little else."))
            return Recognised(MailKind.AUTO_REPLY, reason)
    found = _SAYS_SO.search(mail.reading) if len(mail.reading) < 1_500 else None
    if found:
        reason = Sentence(N_("Its text says so: “%(words)s”."), words=found[0])
        return Recognised(MailKind.AUTO_REPLY, reason)
    return None


_RULES: tuple[Callable[[Mail], Recognised | None], ...] = (
    *(_nothing, _report, _certified, _came_back, _by_subject, _automatic_header, _list, _by_text),
)
