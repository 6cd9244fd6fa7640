"""What a letter to one target hangs on: address, ask, language, what went before; or why not."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import ne

from outreach.directory import offices
from outreach.directory.identity import RuleKind
from outreach.directory.models import ContactDetail, Target, TargetRole
from outreach.directory.wishes import NO_WISH
from outreach.letters.chains import Chain
from outreach.letters.gathering import Gathered
from outreach.letters.models import LetterKind, Template, TemplateVersion
from outreach.letters.placeholders import ALTERNATIVES
from outreach.letters.templates import language_for
from outreach.letters.wording import VARIANTS, names_of
from outreach.petitions import asks
from outreach.petitions.models import Ask
from outreach.words import N_, Sentence

ALREADY_ASKED = N_(
    "This desk was already asked for the same and the ask is open. Send a reminder instead."
)
SAID_ALREADY = N_(
    "This desk has a letter with the very same words. Write it anew, or give the text an"
    " alternative."
)


class LeftOut(Exception):
    """No draft for this target; the sentence says why."""

    def __init__(self, text: str, /, **gaps: object) -> None:
        self.sentence = Sentence(text, **gaps)
        super().__init__(str(self.sentence))


def contact_for(
    template: Template, target: Target, known: Gathered, today: dt.date
) -> ContactDetail:
    """Return the way to write to `target`: e-mail, else a form or post, which goes by hand.

    Raises LeftOut: left office, wrong letter for the role, no way to reach, suppressed.
    """
    if target.ended_on is not None and target.ended_on <= today:
        raise LeftOut(
            N_("Left office on %(day)s. Look for the successor."), day=target.ended_on.isoformat()
        )
    if target.role.value not in template.roles:
        raise _not_for(target, known)
    contact = offices.best_of(known.contacts.get(target.id, ()), only=target.channel)
    if target.channel is None and contact is not None:
        _refuse_unwished(target, known)
    if contact is None:
        raise LeftOut(
            N_("There is no way to reach them: no e-mail address, form or postal address.")
        )
    forbidden = known.forbidden.get(target.id)
    if forbidden is not None:
        raise LeftOut(N_("Must not be written to: %(reason)s"), reason=forbidden.reason)
    return contact


def _not_for(target: Target, known: Gathered) -> LeftOut:
    """Why a letter written for other offices is none for `target`, and whom it is for there."""
    role, there = _spoken(target.role), known.able.get(target.jurisdiction_code, ())
    if not there:
        return LeftOut(
            N_("This letter is not written for this office (%(role)s). Choose another letter."),
            role=role,
        )
    return LeftOut(
        N_(
            "This letter is not written for this office (%(role)s). "
            "In the same country or assembly it is for: %(names)s."
        ),
        role=role,
        names="; ".join(_named(one) for one in there),
    )


def _refuse_unwished(target: Target, known: Gathered) -> None:
    """Raise LeftOut when what the target asked of us leaves no way, though one is known."""
    wish = known.wishes.get(target.id, NO_WISH)
    never, only = wish.rule(RuleKind.NEVER), wish.rule(RuleKind.CHANNEL)
    if never is not None:
        raise LeftOut(
            N_("Asked us on %(day)s not to write to them."), day=never.said_on.isoformat()
        )
    if only is not None:
        raise LeftOut(
            N_("Takes letters by one way only (%(way)s), and we know no such address."),
            way=only.value,
        )


def chain_for(template: Template, target: Target, known: Gathered) -> Chain | None:
    """Return the correspondence a reminder carries on, for others the letter they were handed.

    None for a first letter. Raises LeftOut when there is nothing to remind of.
    """
    if template.kind is LetterKind.FIRST:
        return None
    if template.kind is not LetterKind.REMINDER:
        handed = known.handed.get(target.id)
        return Chain(handed, handed) if handed else None
    chain = known.chains[target.id]
    if isinstance(chain, str):
        raise LeftOut(chain)
    return chain


def ask_for(
    template: Template,
    target: Target,
    chain: Chain | None,
    known: Gathered,
    asked: Mapping[str, str],
) -> Ask:
    """Return what this letter asks of `target`: a reminder repeats, others take what fits first.

    `asked`: {code: name} of what the desk is asked already by the letters of others behind it.
    Raises LeftOut naming the offices that can take one of the template's asks.
    """
    if chain is not None:
        return next(ask for ask in known.asks.values() if ask.id == chain.first.ask_id)
    codes = [code for code in template.asks if code not in asked]
    found = asks.first_able(known.asks, target, codes)
    if found is not None:
        return found
    if asked:
        raise LeftOut(
            N_(
                "Shares its desk with %(name)s and can be asked nothing else. Its turn comes when"
                " that ask is closed."
            ),
            name=list(asked.values())[-1],
        )
    there = known.able.get(target.jurisdiction_code, ())
    if there:
        raise LeftOut(
            N_("Can't do what this letter asks for. There it can be done by: %(names)s."),
            names="; ".join(_named(one) for one in there),
        )
    able = [known.asks[code] for code in template.asks if code in known.asks]
    roles = sorted({_spoken(TargetRole(role)) for ask in able for role in ask.roles})
    raise LeftOut(
        N_("Can't do what this letter asks for. Who can: %(roles)s."), roles=", ".join(roles) or "—"
    )


def refuse_second(
    template: Template, target: Target, ask: Ask, known: Gathered, written_to: str | None
) -> None:
    """Raise LeftOut when the desk has this ask already (law 7), whoever sits behind it.

    `written_to` is the name that got the same letter at the same desk a moment ago, if any.
    """
    if written_to is not None:
        raise LeftOut(
            N_("Shares its desk with %(name)s, who gets this letter already."), name=written_to
        )
    if template.kind is LetterKind.FIRST and (target.office_id, ask.id) in known.taken:
        raise LeftOut(ALREADY_ASKED)


def variants_for(version: TemplateVersion, target: Target, known: Gathered) -> Sequence[str]:
    """Return the alternatives of a text, the one that its body got least often first.

    Of those that went there equally often, the one that this mailing has least.
    """
    there = known.variants.get(target.body_id, Counter())
    here = known.mailing_variants.get(version.language, Counter())
    return sorted(alternatives(version), key=lambda one: (there[one], here[one]))


def alternatives(version: TemplateVersion) -> Sequence[str]:
    """Return the alternatives a text has, those that differ in most places first.

    Each is a letter for every place that takes one ("acba"); a text that asks for none has "a".
    """
    names = names_of(version)
    return _spread(tuple(place in names for place in ALTERNATIVES), VARIANTS)


@lru_cache
def _spread(asked: tuple[bool, ...], letters: tuple[str, ...]) -> Sequence[str]:
    """Each takes what differs most from all before it, so that few letters are few alike."""
    places = max((number for number, one in enumerate(asked, start=1) if one), default=1)
    each = (letters if one else letters[:1] for one in asked[:places])
    # Of three letters in four places 27 differ in two places each: those of one alternating sum.
    all_of_them = ["".join(one) for one in itertools.product(*each)]
    left = sorted(all_of_them, key=lambda one: _alternating(one) != _alternating(all_of_them[0]))
    differing = dict.fromkeys(left, places)
    found = []
    while left:
        found.append(max(left, key=differing.__getitem__))
        left.remove(found[-1])
        for one in left:
            differing[one] = min(differing[one], sum(map(ne, one, found[-1])))
    return tuple(found)


def _alternating(one: str) -> int:
    return (sum(map(ord, one[::2])) - sum(map(ord, one[1::2]))) % 3


def version_for(
    versions: Mapping[str, TemplateVersion], wanted: str, fallback: str | None
) -> TemplateVersion:
    """Return the text in the `wanted` language, else in the chosen `fallback`. Raises LeftOut."""
    language = language_for(wanted, versions.keys()) or fallback
    if language is None:
        raise LeftOut(
            N_("There is no text in their language (%(language)s), and no other was chosen."),
            language=wanted,
        )
    return versions[language]


def _named(target: Target) -> str:
    """A target with its post, else its body: "Erika Beispiel (Federal Minister …)"."""
    post = target.membership.post if target.membership else None
    about = post.label if post else target.body.name
    return target.name if about == target.name else f"{target.name} ({about})"


def _spoken(role: TargetRole) -> str:
    return role.value.replace("_", " ")
