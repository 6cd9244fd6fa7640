"""Letters written without an account: for what is captured, and for whoever stands in for it."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from outreach.accounts.models import MailAccount, Sender
from outreach.letters.models import Letter
from outreach.sending import message
from outreach.sending.message import new_message_id, wire_address
from outreach.sending.postman import Answer, Envelope, Fate, TransportError, Unanswered, Written


class Plain(ABC):
    """The part of a postman that writes, when there is nothing to sign or to tag."""

    together = 1

    @abstractmethod
    def deliver(self, message: bytes, envelope: Envelope) -> str:
        """Hand over `message`; see `Postman.deliver`."""

    def write_by(
        self,
        account: MailAccount | None,
        sender: Sender,
        letter: Letter,
        *,
        now: dt.datetime,
        message_id: str = "",
        html: bool = False,
        rehearsal: bool = False,
    ) -> Written:
        """Return `letter` from its sender's own address; see `Postman.write_by`."""
        message_id = message_id or new_message_id(sender.from_address)
        written = message.build(
            letter,
            sender,
            message_id=message_id,
            date=now,
            rehearsal=rehearsal,
            html=html,
        )
        envelope = Envelope(
            message_id=message_id,
            sender=wire_address(sender.from_address).addr_spec,
            recipient=wire_address(letter.address).addr_spec,
            rehearsal=rehearsal,
            at=now,
        )
        return Written(written, envelope)

    def deliver_all(
        self, letters: Sequence[Written], *, going: Callable[[], bool]
    ) -> Iterator[Answer]:
        """Hand over one after the other by `deliver`, and give what became of each."""
        return one_by_one(
            lambda one, _: self.deliver(one.message, one.envelope), letters, going=going
        )


def one_by_one(
    deliver: Callable[[Written, Written | None], str],
    letters: Sequence[Written],
    *,
    going: Callable[[], bool],
) -> Iterator[Answer]:
    """Give what became of each letter when `deliver` takes them in order, while it is `going`.

    `deliver` is told which letter comes next, if any; that one may still not be begun.
    """
    stopped = False
    for written, following in zip_longest(letters, letters[1:]):
        stopped = stopped or not going()
        if stopped:
            yield Answer(Fate.NOT_BEGUN)
            continue
        try:
            yield Answer(Fate.TAKEN, deliver(written, following))
        except TransportError as error:
            yield Answer(Fate.NOT_TAKEN, error.words, error.refusal)
        except Unanswered as error:
            yield Answer(Fate.UNKNOWN, error.words)
        except Exception as error:
            # Anything else leaves open whether they have it.
            yield Answer(Fate.UNKNOWN, f"{type(error).__name__} while sending")
