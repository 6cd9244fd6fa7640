"""Letters through Debian's Postfix into a mailbox, read there as their recipients would."""

from __future__ import annotations

import datetime as dt
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import dkim as dkimpy
import pytest
from fast_mail_parser import parse_email

from outreach.accounts.models import MailAccount, Security, Sender
from outreach.database import Database
from outreach.letters import hypertext
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import outbox
from outreach.sending.capture import CapturePostman
from outreach.sending.postman import Fate
from outreach.sending.ways import Ways
from tests.sending.conftest import Watch
from tests.sending.servers import MailServers, mail_servers
from tests.sending.test_dkim import GOLDEN, KEY, golden, published, second_program
from tests.sending.test_ways import VAULT, World

pytestmark = pytest.mark.long
MANY = 1000
# Nobody of these exists. Words that other programs have broken: blanks at line ends, dots, long
# lines, marks beyond the first plane.
LETTERS = {
    "de": ("Frau Dr. Žofie Müller-Lüdenscheidt, MdB", "Frage zu § 129a StGB: Förmliche Anfrage"),
    "fr": ("Mme Éloïse Dupré-L’Hôpital", "Question sur l’article 15 – où en êtes-vous ?"),
    "pl": ("Pani Żaneta Łęcka-Gżegżółka", "Pytanie w sprawie wykonania rozporządzenia"),
    "uk": (
        "Олена Приклад-Їжакевич",
        "Запит про визнання організації та її внесення до переліку " * 2,
    ),
    "be": ("Алесь Узор-Ўладзіміраў", "Пытанне пра ўключэнне ў спіс"),
    "el": ("Η Υπουργός Εξωτερικών Ελένη Δείγμα", "Ερώτηση για το άρθρο 15"),
    "ar": ("ليلى مثال", "سؤال إلى الحكومة بشأن المادة 15"),
    "he": ("דוגמה לדוגמה", "שאלה לממשלה"),
    "ka": ("ნინო ნიმუში", "კითხვა მთავრობას"),
    "en": (
        "Rt Hon. Ida D'Arcy \"Tip\" O'Neill, MP (Example)",
        'A question, "quoted", = ? _ and all',
    ),
}


def text_of(language: str) -> str:
    name, subject = LETTERS[language]
    return (
        f"{name},\n\n{subject.strip()} — “{subject.strip()}” 𝒳 🕊\n.\n..dots at line ends.  \n"
        f"From {name} on: https://example.org/a?b=1&c={language}.\n\n{(subject + ' ') * 30}\n\n"
        f"-- \n{name}\n"
    )


@pytest.fixture(scope="module")
def there() -> Iterator[MailServers]:
    # Not in pytest's own folder, which it closes to everybody else at each start.
    with (
        tempfile.TemporaryDirectory(prefix="outreach-mail-") as folder,
        mail_servers(Path(folder)) as servers,
    ):
        yield servers


def signing(port: int) -> MailAccount:
    return MailAccount(
        id=1,
        name="Postfix",
        host="127.0.0.1",
        port=port,
        security=Security.NONE,
        hello="association.example",
        username="",
        password=VAULT.lock(""),
        bounce_address="returned@association.example",
        reply_tags=True,
        dkim_domain=KEY.domain,
        dkim_selector=KEY.selector,
        dkim_key=VAULT.lock(KEY.pem),
    )


def test_a_thousand_letters_are_relayed_and_their_signatures_hold(
    there: MailServers, tmp_path: Path, now: dt.datetime
) -> None:
    account = signing(there.smtp)
    sender = Sender(
        name="Verein Beispiel e. V.", from_address="letters@association.example", reply_to=""
    )
    sent: dict[str, bytes] = {}
    with Ways(CapturePostman(tmp_path), VAULT) as ways:
        letters = []
        for number, path in enumerate(islice(cycle(GOLDEN), MANY), 1):
            subject, text = golden(path)
            letter = Letter(
                id=number,
                subject=subject,
                text=f"{text}\n{number}",
                recipient=f"Ana Žofie {number}",
                address=f"desk{number}@office.example",
                language=path.name.split(".")[1],
            )
            html = number % 2 == 0
            written = ways.write_by(account, sender, letter, now=now, html=html)
            sent[written.envelope.message_id] = written.message
            letters.append(written)
        answers = list(ways.deliver_all(letters, going=lambda: True))
    assert {answer.fate for answer in answers} == {Fate.TAKEN}
    assert all("queued as" in answer.words for answer in answers)

    found = there.letters(MANY)
    assert len(found) == MANY
    files = []
    for number, whole in enumerate(found):
        said = parse_email(whole)
        # What was handed over stands at the end, untouched, below what the servers wrote above.
        assert whole.endswith(sent.pop(said.headers["Message-ID"][0].strip("<>")))
        assert dkimpy.DKIM(whole).verify(dnsfunc=published)
        files.append(tmp_path / f"{number}.eml")
        files[-1].write_bytes(whole)
    assert sent == {}
    command = second_program(tmp_path)
    told = subprocess.run(
        [*command, ",".join(map(str, files))], capture_output=True, text=True, check=False
    )
    assert (told.stdout + told.stderr).count("succeeded") == MANY


def test_letters_in_many_scripts_arrive_as_they_were_approved(
    there: MailServers, database: Database, now: dt.datetime, watch: Watch, tmp_path: Path
) -> None:
    world = World(database, [(None, there.smtp)], now)  # type: ignore[list-item]
    approved: dict[str, Letter] = {}
    for language, (name, subject) in LETTERS.items():
        (letter_id,) = world.letters(
            language=language,
            recipient=name,
            subject=subject.strip(),
            text=text_of(language),
            address=f"{language}@office.zz",
        )
        approved[f"{language}@office.zz"] = world.read(Letter, letter_id)
    with Ways(CapturePostman(tmp_path), VAULT) as ways:
        outbox.send_due(database, ways, now=watch, worker="w")
    for letter in approved.values():
        assert world.read(Letter, letter.id).state is State.SENT

    found = there.letters(len(LETTERS))
    assert len(found) == len(LETTERS)
    for whole in found:
        read = parse_email(whole)
        name, _, address = read.headers["To"][0].rpartition(" <")
        letter = approved.pop(address.rstrip(">"))
        assert read.subject == letter.subject
        # A name of ASCII is quoted where it holds more than letters (RFC 5322 §3.2.4).
        quoted = letter.recipient.replace('"', '\\"')
        assert name == (f'"{quoted}"' if letter.recipient.isascii() else letter.recipient)
        (plain,) = read.text_plain
        assert plain.encode() == letter.text.replace("\n", "\r\n").encode()
        assert read.headers["Content-Language"] == [letter.language]
        for page in read.text_html:
            assert hypertext.words_in(page.replace("\r\n", "\n")) == letter.text.strip("\n")
    assert approved == {}
