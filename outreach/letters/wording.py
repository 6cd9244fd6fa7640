"""The words of one letter: text and form of address merged, framed, typeset. Writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign, Sender
from outreach.directory.models import Target
from outreach.directory.salutations import Salutation, salutation_of
from outreach.letters import alikeness, frame, placeholders, rendering, values
from outreach.letters.background import NOTHING, Background, for_targets
from outreach.letters.models import Letter, Quotation, TemplateVersion
from outreach.petitions.models import Ask, Fact

# The alternatives that a text may have, in the order in which they are given out.
VARIANTS = ("a", "b", "c")
# What ends a form of address where it stands alone in its line.
_AFTER_GREETING = " ,:;!\u060c\u3001\uff0c\uff1a"


@dataclass(frozen=True, slots=True)
class Worded:
    """What a letter says: address block, subject, text, and what they quote."""

    envelope: str
    subject: str
    text: str
    body_hash: str
    quotations: list[Quotation]


@dataclass(slots=True)
class Wording:
    """Words letters of one sender; what they have in common is read once."""

    session: Session
    campaign: Campaign
    sender: Sender
    today: dt.date
    # What went before and stands around, of the targets to come: see `look_up`.
    _background: Background = NOTHING
    _shared: dict[tuple[int, int], values.Shared] = field(default_factory=dict)

    def look_up(self, targets: Sequence[Target], fact: Fact | None = None) -> None:
        """Read what letters to `targets` may draw on; `fact` is what a mailing corrects."""
        self._background = for_targets(
            self.session, self.campaign, targets, today=self.today, fact=fact
        )

    def words(
        self,
        target: Target,
        version: TemplateVersion,
        ask: Ask,
        *,
        code: str,
        previous: Letter | None,
        variant: str,
    ) -> Worded:
        """Return the words of the letter `code` to `target`, which `look_up` was told of.

        `ask` has its demand, `previous` is the first letter of the correspondence. Raises Refused
        when the text needs what is missing here, or a fact may not be printed.
        """
        shared = self.shared(version, ask)
        named = values.values_for(
            target,
            campaign=self.campaign,
            ask=ask,
            sender=self.sender,
            shared=shared,
            language=version.language,
            code=code,
            previous=previous,
            variant=variant,
            background=self._background,
        )
        address = salutation_of(target, version.language)
        greeting = {"salutation": address.opening.rstrip(_AFTER_GREETING)}
        named["recipient"] = {**cast("dict[str, object]", named["recipient"]), **greeting}
        rendered = rendering.render(version.subject, version.body, named)
        shared.refuse_conflicting(rendered.quotations)
        greets = "recipient.salutation" not in _names(version.body)
        return self._framed(target, version.language, code, rendered, shared, address, greets)

    def _framed(
        self,
        target: Target,
        language: str,
        code: str,
        rendered: rendering.Rendered,
        shared: values.Shared,
        address: Salutation,
        greets: bool,
    ) -> Worded:
        def typeset(words: str) -> str:
            return frame.typeset(words, language, target.jurisdiction_code)

        text = frame.letter_text(
            typeset(rendered.text),
            address=address,
            greets=greets,
            sender=self.sender,
            language=language,
            credit=values.credit(shared.petition, language),
            code=code,
        )
        return Worded(
            address.envelope,
            typeset(rendered.subject),
            text,
            alikeness.body_hash(alikeness.body_of(text, self.sender.name)),
            _quotations(rendered.quotations, typeset),
        )

    def shared(self, version: TemplateVersion, ask: Ask) -> values.Shared:
        """Return facts, count and petition of a version's letters, read once for all of them.

        Raises Refused when a fact may not be printed, NotFound when there is none.
        """
        key = (version.id, ask.demand.petition_id)
        if key not in self._shared:
            names = names_of(version)
            self._shared[key] = values.shared_values(
                self.session,
                self.campaign,
                codes=sorted(filter(None, map(placeholders.fact_code, names))),
                language=version.language,
                petition_id=ask.demand.petition_id,
                today=self.today,
            )
        return self._shared[key]


def names_of(version: TemplateVersion) -> frozenset[str]:
    """Return the names that subject and body of a text use."""
    return _names(version.subject) | _names(version.body)


@lru_cache(maxsize=256)
def _names(source: str) -> frozenset[str]:
    return rendering.names_in(source)


def _quotations(
    quoted: Sequence[rendering.Quoted], typeset: Callable[[str], str]
) -> list[Quotation]:
    """A row for each fact, and for each reading of a count; a reading said twice is one row."""
    found: list[Quotation] = []
    readings: set[int] = set()
    for one in quoted:
        words = typeset(one)
        if one.fact_id is not None:
            found.append(Quotation(fact_id=one.fact_id, fact_version=one.fact_version, text=words))
        new = [reading for reading in one.reading_ids if reading not in readings]
        found += [Quotation(reading_id=reading, text=words) for reading in new]
        readings.update(new)
    return found
