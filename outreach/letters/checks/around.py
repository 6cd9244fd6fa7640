"""What a letter quotes and whom it goes to, checked for one letter or a whole mailing at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts.models import Campaign, Sender
from outreach.directory import offices
from outreach.directory.models import ContactDetail, Target
from outreach.directory.salutation_readings import Unread, unread_greetings
from outreach.directory.shelf_life import Shelf, shelf_for
from outreach.letters import claims, distinctness, numbers
from outreach.letters.as_made import words_as_made
from outreach.letters.checks import words
from outreach.letters.checks.figures import typed_figures
from outreach.letters.checks.finding import Finding, Mend, failing, look, passed
from outreach.letters.lifecycle import UNSENT
from outreach.letters.models import Letter, Quotation, TemplateVersion
from outreach.petitions import counts
from outreach.petitions.counts import Count
from outreach.petitions.models import Fact, Reading
from outreach.words import N_, Language, Sentence

MOST_FACTS = 3
Quoted = tuple[Quotation, Fact | None, Reading | None]


@dataclass(frozen=True, slots=True)
class _Around:
    """What is known around some letters of one campaign."""

    campaign: Campaign
    senders: Mapping[int, str]
    targets: Mapping[int, Target]
    versions: Mapping[int, TemplateVersion]
    quoted: Mapping[int, Sequence[Quoted]]
    # {conflict group: what to do instead}
    resolutions: Mapping[str, str]
    # The campaign's number now.
    count: Count | None
    # Hosts that the campaign's facts name as their sources.
    sources: frozenset[str]
    contacts: Mapping[int, Sequence[ContactDetail]]
    shelf: Shelf
    # {desk: unsent letters there, in the same mailing}
    together: Mapping[tuple[int, int], int]
    # {letter changed by hand: its words as the draft was made}
    made: Mapping[int, tuple[str, str]]
    # The forms of address that nobody has read.
    unread: Unread
    today: dt.date


def findings(
    session: Session, letters: Sequence[Letter], *, now: dt.datetime
) -> dict[int, tuple[Finding, ...]]:
    """Return {letter id: what every check says of it}, in a fixed number of queries.

    The letters are of one campaign; at most 5,000 at once.
    """
    if not letters:
        return {}
    at = _look_around(session, letters, now)
    return {letter.id: tuple(_all_of(letter, at)) for letter in letters}


def refusals(session: Session, letter: Letter, *, now: dt.datetime) -> list[Sentence]:
    """Return why nobody can approve these words now: gaps, and facts that don't hold (law 5).

    Of the findings that stop, the number (`numbers`) and alikeness are asked by who approves.
    """
    today = session.get_one(Campaign, letter.campaign_id).day_of(now)
    used = claims.quoted_facts(session, [letter.id]).get(letter.id, [])
    quarrelling = [fact for _one, fact in used if fact.conflict_group]
    resolutions = claims.resolutions(session, letter.campaign_id) if quarrelling else {}
    return [
        *words.stopping(letter),
        *(one.words for one in _bad_facts(letter, used, today)),
        *claims.conflicting(quarrelling, resolutions),
    ]


def too_alike(letter: Letter, campaign: Campaign) -> bool:
    """Return whether `letter` is more like another one than its campaign lets pass unexplained."""
    most = max(letter.alike or 0, letter.alike_before or 0)
    return most > distinctness.most_allowed(letter.kind, campaign)


def _all_of(letter: Letter, at: _Around) -> Iterator[Finding]:
    target = at.targets[letter.target_id]
    quoted = at.quoted.get(letter.id, ())
    yield from words.judged(letter, target.role, at.senders[letter.sender_id], at.sources)
    yield from _quoted_findings(letter, quoted, at)
    if letter.id in at.made and (typed := typed_figures(letter, "\n".join(at.made[letter.id]))):
        yield look(
            "figures",
            Sentence(
                "Figures typed by hand, without a fact behind them: %(figures)s. Check each one.",
                figures=", ".join(typed),
            ),
        )
    yield from _address(letter, target, at)
    yield _alike(letter, at.campaign)
    yield _read(at.versions[letter.template_version_id])
    yield from _greeting(letter, target, at.unread)


# -- figures -------------------------------------------------------------------------------------


def _quoted_findings(letter: Letter, quoted: Sequence[Quoted], at: _Around) -> Iterator[Finding]:
    used = [(one, fact) for one, fact, _reading in quoted if fact is not None]
    wrong = [
        *_bad_facts(letter, used, at.today),
        *_conflicts([fact for _one, fact in used], at.resolutions),
        *_bad_numbers(quoted, at.count, at.campaign, at.today),
    ]
    if len(used) > MOST_FACTS:
        wrong.append(
            look(
                "figures",
                Sentence("The letter quotes %(n)s facts; three are enough.", n=len(used)),
            )
        )
    yield from wrong
    if not wrong:
        yield passed(
            "figures",
            Sentence("Quotes %(names)s, each with its source.", names=_names(quoted))
            if quoted
            else Sentence("Quotes no figure."),
        )


def _names(quoted: Sequence[Quoted]) -> str:
    used = [
        f"{fact.code} ({fact.source_publisher or fact.source_title})"
        for _, fact, _ in quoted
        if fact is not None
    ]
    read = [f"{one.value:,} ({one.read_on})" for _, _, one in quoted if one is not None]
    return ", ".join([*used, *read])


def _fact_page(fact: Fact) -> Mend:
    return N_("Look at the fact"), "petitions.fact", {"code": fact.code}


def _bad_facts(
    letter: Letter, used: Sequence[tuple[Quotation, Fact]], today: dt.date
) -> Iterator[Finding]:
    for quotation, fact in used:
        problem = claims.problem(quotation, fact, letter.language, today=today)
        if problem is not None:
            yield failing("figures", problem, _fact_page(fact), stops=True)


def _conflicts(used: Sequence[Fact], resolutions: Mapping[str, str]) -> Iterator[Finding]:
    mend: Mend = (N_("Look at the facts"), "petitions.all_facts", {})
    for problem in claims.conflicting(used, resolutions):
        yield failing("figures", problem, mend, stops=True)


def _bad_numbers(
    quoted: Sequence[Quoted], count: Count | None, campaign: Campaign, today: dt.date
) -> Iterator[Finding]:
    readings = [(one, reading) for one, _fact, reading in quoted if reading is not None]
    for problem in numbers.problems(readings, count, campaign, today=today):
        mend: Mend = (N_("Look at the counts"), "petitions.readings", {})
        yield failing("figures", problem, mend, stops=True)


# -- whom it goes to -----------------------------------------------------------------------------


def _address(letter: Letter, target: Target, at: _Around) -> Iterator[Finding]:
    """The gate asks this again, in full; an approver hears of it now."""
    mend: Mend = (N_("Look at the recipient"), "directory.target", {"target_id": target.id})
    wrong: list[Finding] = []
    if target.ended_on is not None and target.ended_on <= at.today:
        sentence = Sentence("%(name)s no longer holds this post.", name=target.name)
        wrong.append(failing("address", sentence, mend))
    wrong += _way(letter, at, mend)
    beside = at.together.get((letter.mailing_id, letter.office_id), 1)
    if beside > 1:
        sentence = Sentence("%(count)s letters of this mailing go to one desk.", count=beside)
        wrong.append(look("address", sentence, mend))
    yield from wrong or (passed("address", Sentence("The address is ours and freshly checked.")),)


def _way(letter: Letter, at: _Around, mend: Mend) -> Iterator[Finding]:
    if not (letter.channel and letter.address):
        yield failing("address", Sentence("We know no address for this desk."), mend)
        return
    here = letter.address.casefold()
    usable = [
        detail
        for detail in at.contacts.get(letter.target_id, ())
        if detail.kind is letter.channel
        and here in (detail.value.casefold(), detail.normalised.casefold())
        and detail.state in offices.USABLE
    ]
    if not usable:
        sentence = Sentence("The address is no longer the one we know for this desk.")
        yield failing("address", sentence, mend)
    elif not any(at.shelf.holds(detail, at.today) for detail in usable):
        last = max((d.verified_on for d in usable if d.verified_on), default=None)
        yield look(
            "address",
            Sentence("The address was last checked on %(day)s: too long ago.", day=last)
            if last
            else Sentence("Nobody has checked this address."),
            mend,
        )


def _alike(letter: Letter, campaign: Campaign) -> Finding:
    """Offices group by identical text: above the campaign's measure an approver says why."""
    other, before = letter.alike or 0, letter.alike_before or 0
    most = max(other, before)
    other_id = letter.alike_id if other >= before else letter.alike_before_id
    if letter.alike is None and letter.alike_before is None:
        return passed("alike", Sentence("No other letter to compare it with."))
    values = {"percent": most, "most": distinctness.most_allowed(letter.kind, campaign)}
    if not too_alike(letter, campaign):
        return passed(
            "alike", Sentence("%(percent)s %% like its nearest; %(most)s %% may be.", **values)
        )
    if letter.alike_because:
        return look(
            "alike",
            Sentence(
                "%(percent)s %% like its nearest, let pass: %(why)s",
                percent=most,
                why=letter.alike_because,
            ),
        )
    return failing(
        "alike",
        Sentence(
            "%(percent)s %% like another letter, more than %(most)s %%: change it, or say why it "
            "may pass.",
            **values,
        ),
        (N_("Open the other letter"), "letters.letter", {"letter_id": other_id})
        if other_id
        else None,
        stops=True,
    )


def _read(version: TemplateVersion) -> Finding:
    if version.read_by:
        return passed("reader", Sentence("%(who)s read its text as a native.", who=version.read_by))
    return look(
        "reader",
        Sentence("No native speaker has read this text yet: it may be rehearsed, not sent."),
        (N_("Record who read it"), "letters.template", {"template_id": version.template_id}),
    )


def _greeting(letter: Letter, target: Target, unread: Unread) -> Iterator[Finding]:
    greeting = unread.of(target, letter.language)
    if greeting is not None:
        yield look(
            "reader",
            Sentence(
                "No native speaker has read yet how letters in this language (%(language)s) "
                "address this office: it may be rehearsed, not sent.",
                language=Language(greeting.block.language),
            ),
            (
                N_("Record who read it"),
                "directory.forms_of_address_in",
                {"language": greeting.block.language},
            ),
        )


# -- reading -------------------------------------------------------------------------------------


def _look_around(session: Session, letters: Sequence[Letter], now: dt.datetime) -> _Around:
    ids = [letter.id for letter in letters]
    campaign = session.get_one(Campaign, letters[0].campaign_id)
    today = campaign.day_of(now)
    targets = session.scalars(
        sa.select(Target)
        .where(Target.id.in_({letter.target_id for letter in letters}))
        .options(joinedload(Target.membership))
    ).all()
    contacts = offices.contacts_of_many(session, targets)
    return _Around(
        campaign=campaign,
        senders=dict(
            session.execute(
                sa.select(Sender.id, Sender.name).where(Sender.campaign_id == campaign.id)
            ).all()
        ),
        targets={target.id: target for target in targets},
        versions=_versions(session, letters),
        quoted=_quotations(session, ids),
        resolutions=claims.resolutions(session, campaign.id),
        count=counts.current_count(session, campaign.id, today),
        sources=_sources(session, campaign.id),
        contacts=contacts,
        shelf=shelf_for(session, [detail for some in contacts.values() for detail in some]),
        together=_together(session, {letter.mailing_id for letter in letters}),
        made=words_as_made(session, [one for one in letters if one.customised_at is not None]),
        unread=unread_greetings(session),
        today=today,
    )


def _versions(session: Session, letters: Sequence[Letter]) -> dict[int, TemplateVersion]:
    wanted = {letter.template_version_id for letter in letters}
    rows = session.scalars(sa.select(TemplateVersion).where(TemplateVersion.id.in_(wanted)))
    return {version.id: version for version in rows}


def _quotations(session: Session, ids: Sequence[int]) -> dict[int, list[Quoted]]:
    rows = session.execute(
        sa.select(Quotation, Fact, Reading)
        .outerjoin(Fact, Fact.id == Quotation.fact_id)
        .outerjoin(Reading, Reading.id == Quotation.reading_id)
        .where(Quotation.letter_id.in_(ids))
        .order_by(Quotation.id)
    )
    found: dict[int, list[Quoted]] = {}
    for quotation, fact, reading in rows:
        found.setdefault(quotation.letter_id, []).append((quotation, fact, reading))
    return found


def _sources(session: Session, campaign_id: int) -> frozenset[str]:
    urls = session.scalars(
        sa.select(Fact.source_url)
        .where(Fact.campaign_id == campaign_id, Fact.source_url != "")
        .distinct()
    )
    return frozenset((urlsplit(url).hostname or "").removeprefix("www.") for url in urls) - {""}


def _together(session: Session, mailing_ids: set[int]) -> dict[tuple[int, int], int]:
    rows = session.execute(
        sa.select(Letter.mailing_id, Letter.office_id, sa.func.count())
        .where(Letter.mailing_id.in_(mailing_ids), Letter.state.in_(UNSENT))
        .group_by(Letter.mailing_id, Letter.office_id)
        .having(sa.func.count() > 1)
    )
    return {(mailing, office): count for mailing, office, count in rows}
