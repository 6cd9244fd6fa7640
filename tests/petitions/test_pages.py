"""Several pages of one petition: what they come to together, and how letters say it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.errors import BadInput, NotFound, Refused
from outreach.petitions import counts, page_rules, phrases
from outreach.petitions.models import Petition, Reading, ReadingState
from outreach.petitions.pages import Page, PageRule
from outreach.petitions.totals import rounded_down
from tests import make
from tests.conftest import NOW

EN, FR, PAPER = (f"https://petition.example/{name}" for name in ("en", "fr", "paper"))
DAY = dt.date(2026, 3, 1)


def accepted(
    session: Session, petition: Petition, by: Actor, url: str, value: int, day: dt.date = DAY
) -> Reading:
    reading = counts.add_reading(
        session, petition=petition, value=value, page_url=url, read_on=day, by=by, now=NOW
    )
    if reading.state is ReadingState.HELD:
        counts.accept(session, reading, by=by, now=NOW)
    return reading


def begun(session: Session) -> tuple[Petition, Actor]:
    campaign = make.campaign(session)
    return make.petition(session, campaign), make.olga(session, campaign)


def rule(session: Session, petition: Petition, url: str, rule: PageRule, by: Actor) -> Page:
    page = page_rules.page_of(session, petition, url)
    page_rules.change_page(session, page, page_rules.Settings(rule=rule), by=by, now=NOW)
    return page


def total(session: Session, petition: Petition, today: dt.date | None = None) -> int | None:
    count = counts.current_count(session, petition.campaign_id, today or NOW.date())
    return count.value if count else None


def test_pages_of_one_pool_never_add_up(session: Session) -> None:
    petition, olga = begun(session)
    assert total(session, petition) is None
    accepted(session, petition, olga, EN, 62_001)
    accepted(session, petition, olga, FR, 62_001)
    assert total(session, petition) == 62_001
    accepted(session, petition, olga, FR, 62_005, DAY + dt.timedelta(days=1))
    assert total(session, petition) == 62_005
    # An older day changes nothing, and a day before any reading knows none.
    assert total(session, petition, DAY) == 62_001
    assert total(session, petition, DAY - dt.timedelta(days=1)) is None


def test_a_page_that_adds_comes_on_top_and_dates_the_sum(session: Session) -> None:
    petition, olga = begun(session)
    paper = rule(session, petition, PAPER, PageRule.ADD, olga)
    old = accepted(session, petition, olga, PAPER, 800, DAY - dt.timedelta(days=20))
    new = accepted(session, petition, olga, EN, 62_001)

    count = counts.current_count(session, petition.campaign_id, NOW.date())

    assert count is not None
    # Twenty days before, that many had not signed: the day of the sum is that of its last part.
    assert (count.value, count.as_of) == (62_801, DAY)
    assert count.oldest == DAY - dt.timedelta(days=20)
    assert set(count.readings) == {old, new}
    said = counts.exact_sentence(count, "en")
    assert said == counts.careful_sentence(count, "en"), "nobody counted all on one day"
    assert "more than 62,000" in said
    assert counts.age_in_days(count, NOW.date()) == 22
    tried = {paper.id: PageRule.EXCLUDE}
    other = counts.current_count(session, petition.campaign_id, NOW.date(), rules=tried)
    assert other is not None and other.value == 62_001
    assert paper.rule is PageRule.ADD, "trying changes nothing"


def test_every_reading_gives_the_number_it_made(session: Session) -> None:
    petition, olga = begun(session)
    paper = rule(session, petition, PAPER, PageRule.ADD, olga)
    out = rule(session, petition, FR, PageRule.EXCLUDE, olga)
    for number, (url, value) in enumerate([(EN, 100), (PAPER, 5), (FR, 90), (EN, 110), (PAPER, 6)]):
        accepted(session, petition, olga, url, value, DAY + dt.timedelta(days=number - 5))
    history = counts.history(session, petition.campaign_id)

    rules = {paper.id: paper.rule, out.id: out.rule}

    assert [one.value for one in counts.over_time(history, rules)] == [100, 105, 115, 116]


def test_a_page_is_judged_by_its_own_readings_and_a_pool_page_by_the_pool_too(
    session: Session,
) -> None:
    petition, olga = begun(session)
    rule(session, petition, PAPER, PageRule.ADD, olga)
    accepted(session, petition, olga, EN, 62_001)
    accepted(session, petition, olga, FR, 62_001)
    accepted(session, petition, olga, PAPER, 800)
    next_day = DAY + dt.timedelta(days=1)

    def add(url: str, value: int) -> Reading:
        return counts.add_reading(
            session,
            petition=petition,
            value=value,
            page_url=url,
            read_on=next_day,
            by=olga,
            now=NOW,
        )

    # 900 is no fall from 62,001: the page adds, so only its own 800 counts.
    assert add(PAPER, 900).state is ReadingState.ACCEPTED
    assert add(EN, 62_100).state is ReadingState.ACCEPTED
    # Its own last is 62,001, but the pool has 62,100: the number would fall.
    lagging = add(FR, 62_050)
    assert lagging.state is ReadingState.HELD
    assert lagging.held_because.startswith("It fell: the last accepted count is 62,100.")
    # A page nobody knew yet joins the pool: whoever accepts it hears what becomes of the number.
    unknown = add("https://example.org/petition-de", 5_200)
    assert unknown.held_because.startswith(
        "It is the first reading of this page. It fell: the last accepted count is 62,100. "
    )


def test_changing_a_page_is_kept_with_before_and_after(session: Session) -> None:
    petition, olga = begun(session)
    page = rule(session, petition, FR, PageRule.ADD, olga)
    (told,) = audit.history(session, "page", page.id)
    assert told.detail == {"before": {"rule": "pool"}, "after": {"rule": "add"}}
    again = page_rules.Settings(rule=PageRule.ADD)
    page_rules.change_page(session, page, again, by=olga, now=NOW)
    assert len(audit.history(session, "page", page.id)) == 1
    with pytest.raises(BadInput) as refused:
        wrong = page_rules.Settings(adapter="uk_parliament", every_hours=0)
        page_rules.change_page(session, page, wrong, by=olga, now=NOW)
    assert refused.value.field == "every_hours"
    with pytest.raises(NotFound):
        page_rules.page_by_id(session, make.campaign(session).id, page.id)
    assert page_rules.page_of(session, petition, " https://PETITION.example/fr#top ") is page
    for address in ("petition.example", "javascript:alert(1)", "https://a:b@petition.example/"):
        with pytest.raises(BadInput):
            page_rules.page_of(session, petition, address)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (1, 1),
        (999, 999),
        (1_000, 1_000),
        (1_234, 1_200),
        (62_001, 62_000),
        (75_000, 75_000),
        (123_456, 123_000),
        (1_234_567, 1_230_000),
    ],
)
def test_a_careful_number_is_round_and_never_above(value: int, rounded: int) -> None:
    assert rounded_down(value) == rounded


def _count(value: int, day: dt.date = dt.date(2021, 3, 3)) -> counts.Count:
    return counts.Count(value, day, ())


@pytest.mark.parametrize(
    ("language", "value", "sentence"),
    [
        ("en", 62_001, "As of 3 March 2021, more than 62,000 people had signed the petition."),
        ("en", 62_000, "As of 3 March 2021, 62,000 people had signed the petition."),
        ("en", 7, "As of 3 March 2021, 7 people had signed the petition."),
        (
            "de",
            62_001,
            "Bis zum 3. März 2021 hatten mehr als 62.000 Menschen die Petition unterzeichnet.",
        ),
        ("fr", 62_001, "Au 3 mars 2021, plus de 62\u202f000 personnes avaient signé la pétition."),
    ],
)
def test_the_careful_sentence_is_exact_where_rounding_hits(
    language: str, value: int, sentence: str
) -> None:
    assert counts.careful_sentence(_count(value), language) == sentence


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "As of 3 March 2021, 62,001 people had signed the petition."),
        ("de", "Bis zum 3. März 2021 hatten 62.001 Menschen die Petition unterzeichnet."),
        ("fr", "Au 3 mars 2021, 62\u202f001 personnes avaient signé la pétition."),
    ],
)
def test_the_exact_sentence_is_dated_and_in_the_format_of_its_language(
    language: str, sentence: str
) -> None:
    assert counts.exact_sentence(_count(62_001), language) == sentence


def test_the_sentence_for_one_signature() -> None:
    one = _count(1, dt.date(2021, 3, 1))

    assert counts.careful_sentence(one, "en") == (
        "As of 1 March 2021, 1 person had signed the petition."
    )
    assert (
        counts.careful_sentence(one, "fr")
        == "Au 1er mars 2021, 1 personne avait signé la pétition."
    )


@pytest.mark.parametrize("language", sorted(phrases.all_phrases()))
@pytest.mark.parametrize("value", [1, 2, 5, 21, 1_000, 62_001, 75_000, 2_000_000])
def test_every_language_says_every_count_without_a_gap(language: str, value: int) -> None:
    for said in (counts.careful_sentence, counts.exact_sentence):
        words = said(_count(value), language)
        assert "{" not in words and words.strip() == words


def test_a_language_without_a_sentence_is_refused() -> None:
    with pytest.raises(Refused, match="Leave the count out"):
        counts.careful_sentence(_count(5), "xx")


def test_a_count_ages(session: Session) -> None:
    campaign = make.campaign(session)
    count = _count(62_001)

    assert not counts.too_old(count, campaign, count.as_of + dt.timedelta(days=60))
    assert counts.too_old(count, campaign, count.as_of + dt.timedelta(days=61))
