"""A letter to oneself: the whole way out of one account, with words that ask nothing of anybody."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from outreach.accounts.demonstration import is_reserved
from outreach.accounts.models import MailAccount, Sender
from outreach.errors import BadInput
from outreach.letters.models import Letter
from outreach.sending.postman import Refusal, TransportError, Written
from outreach.sending.ways import Ways
from outreach.words import Sentence

SUBJECT = "A test letter – проверка – اختبار"
TEXT = """Hello,

this letter tries the way that our letters take. It asks nothing of you.

If you can read this line in other scripts, it came whole: Ελληνικά, українська, العربية, 日本語.
Answer it, to see whether answers come back.
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test letter: its bytes, what was said, and whether it was taken.

    `refusal` says why not; None with `taken` False: nobody knows.
    """

    message: bytes
    words: str
    taken: bool
    refusal: Refusal | None = None


def letter_to_oneself(
    ways: Ways,
    account: MailAccount,
    sender: Sender,
    *,
    to: str,
    name: str,
    rehearsal: bool,
    now: dt.datetime,
) -> Written:
    """Return a test letter from `sender` to the person's own address, ready to be handed over.

    While the campaign rehearses it is one to be captured. Raises BadInput when a reserved domain
    would be written to in earnest.
    """
    if not rehearsal and (is_reserved(to) or is_reserved(sender.from_address)):
        raise BadInput(Sentence("Nothing is sent to, or from, a domain reserved for examples."))
    letter = Letter(subject=SUBJECT, text=TEXT, recipient=name, address=to, language="en")
    return ways.write_by(account, sender, letter, now=now, rehearsal=rehearsal)


def try_letter(ways: Ways, written: Written) -> Tried:
    """Hand over a test letter, whatever comes of it."""
    try:
        words = ways.deliver(written.message, written.envelope)
    except TransportError as error:
        return Tried(written.message, error.words, taken=False, refusal=error.refusal)
    except Exception as error:
        # It may have gone: whoever waits for it will see.
        return Tried(written.message, type(error).__name__, taken=False)
    return Tried(written.message, words, taken=True)
