"""Saving words: what may stand, whose they are, and nobody's are lost."""

from __future__ import annotations

import pytest

from outreach.accounts import audit
from outreach.errors import BadInput, MoveRefused
from outreach.letters import cards, templates, versions
from outreach.letters.models import LetterKind, Template
from outreach.petitions.models import Conflict, Use
from tests import make


@pytest.fixture
def campaign(session):
    campaign = make.campaign(session)
    make.ask(session, campaign, code="A1")
    make.fact(session, campaign, code="R02", conflict_group="C1")
    make.fact(session, campaign, code="R03", conflict_group="C1")
    make.fact(session, campaign, code="F09", use=Use.AVOID, preferred_now="R02")
    session.add(
        Conflict(campaign_id=campaign.id, code="C1", what="Two", resolution="Choose one of them.")
    )
    session.flush()
    return campaign


@pytest.fixture
def sam(session, campaign):
    return make.sam(session, campaign)


@pytest.fixture
def template(session, campaign, sam, now):
    card = cards.Card(name="A letter", roles=["minister"], asks=["A1"])
    return cards.new_template(session, campaign, "a-letter", card, by=sam, now=now)


def save(
    session, template, sam, now, body="Please answer.", seen=0, subject="A question", language="en"
):
    return versions.save(session, template, language, subject, body, seen=seen, by=sam, now=now)


def test_every_change_is_a_version_of_the_person_who_made_it(session, template, sam, now):
    first = save(session, template, sam, now, body="  Please answer.\r\n\r\nSoon. \n")
    assert (first.number, first.author_id, first.author) == (1, sam.user_id, "Sam")
    assert (first.body, first.file_hash) == ("Please answer.\n\nSoon.", None)
    second = save(session, template, sam, now, body="Answer.", seen=1)
    assert (second.number, first.body) == (2, "Please answer.\n\nSoon.")
    assert save(session, template, sam, now, body="Answer.", seen=1) is second
    [event] = audit.history(session, "template_version", second.id)
    assert (event.name, event.by) == ("written", "Sam")
    assert event.detail == {"template": "a-letter", "language": "en", "number": 2}


def test_an_old_version_comes_back_as_a_new_one(session, template, sam, now):
    first = save(session, template, sam, now)
    save(session, template, sam, now, body="Answer.", seen=1)
    restored = versions.restore(session, first, template, by=sam, now=now)
    assert (restored.number, restored.body, restored.author) == (3, first.body, "Sam")
    [event] = audit.history(session, "template_version", restored.id)
    assert (event.name, event.detail["restored"]) == ("restored", 1)
    assert len(templates.versions_of(session, template.id)) == 3


def test_somebody_saved_meanwhile(session, template, sam, now):
    save(session, template, sam, now)
    for seen in (0, 2):
        with pytest.raises(MoveRefused, match="meanwhile"):
            save(session, template, sam, now, body="Mine.", seen=seen)
    assert templates.current_versions(session, template.id)["en"].body == "Please answer."


@pytest.mark.parametrize(
    ("body", "line", "quoted", "word", "near"),
    [
        (
            "Dear all,\n\nwe met {{ recipient.nmae }} there.",
            3,
            "we met {{ recipient.nmae }} there.",
            "recipient.nmae",
            "recipient.name",
        ),
        ("One\nmore than 33,000 people", 2, "more than 33,000 people", "33,000", ""),
        ("{{ fact.R04 }}", 1, "{{ fact.R04 }}", "fact.R04", "fact.R0"),
        (
            "a\n{% if fact.F09 %}x{% endif %}",
            2,
            "{% if fact.F09 %}x{% endif %}",
            "fact.F09",
            "fact.R02",
        ),
        ("{{ fact.R02 }}\n\n{{ fact.R03 }}", 3, "{{ fact.R03 }}", "fact.R03", ""),
        ("{{ recipient.role }}", 1, "{{ recipient.role }}", "recipient.role", ""),
        ("a\nb {% if signatures %}", 2, "b {% if signatures %}", "", ""),
    ],
)
def test_what_may_not_stand_is_told_with_line_word_and_nearest_name(
    session, template, sam, now, body, line, quoted, word, near
):
    with pytest.raises(versions.TextRefused) as caught:
        save(session, template, sam, now, body=body)
    problem = caught.value.problems[0]
    assert (problem.field, problem.line, problem.quoted) == ("body", line, quoted)
    assert problem.word == word
    assert problem.near.startswith(near) and bool(problem.near) is bool(near)
    assert caught.value.field == "body"
    assert templates.current_versions(session, template.id) == {}


def test_every_problem_is_told_at_once(session, template, sam, now):
    with pytest.raises(versions.TextRefused) as caught:
        save(
            session, template, sam, now, subject="{{ recipient.nmae }}", body="5\n\n{{ signature }}"
        )
    assert [(one.field, one.line) for one in caught.value.problems] == [
        ("subject", 1),
        ("body", 1),
        ("body", 3),
    ]
    with pytest.raises(versions.TextRefused) as caught:
        save(session, template, sam, now, subject=" ", body="")
    assert {one.field for one in caught.value.problems} == {"subject", "body"}


def test_facts_of_one_group_may_stand_in_two_branches_of_one_condition(session, template, sam, now):
    save(
        session,
        template,
        sam,
        now,
        body='{% if variant == "a" %}{{ fact.R02 }}{% elif variant == "b" %}x{% else %}'
        "{{ fact.R03 }}{% endif %}",
    )
    with pytest.raises(versions.TextRefused, match="Choose one of them"):
        save(
            session,
            template,
            sam,
            now,
            seen=1,
            body="{% if signatures %}{{ fact.R02 }}{% endif %}{{ fact.R03 }}",
        )
    with pytest.raises(versions.TextRefused, match="Choose one of them"):
        save(session, template, sam, now, seen=1, subject="{{ fact.R02 }}", body="{{ fact.R03 }}")


@pytest.mark.parametrize("language", ["xx", "English", "tlh", ""])
def test_a_language_we_cannot_write_in_is_said(session, template, sam, now, language):
    assert language not in versions.languages()
    with pytest.raises(BadInput) as caught:
        save(session, template, sam, now, language=language)
    assert caught.value.field == "language"
    assert {"en", "de", "fr"} <= set(versions.languages())
    assert not set(versions.languages()) & set(versions.languages_not_ready())


def test_a_new_template_needs_a_name_of_its_own(session, campaign, template, sam, now):
    card = cards.card_of(template)
    for slug in ("a-letter", "A letter", "", "x" * 61, "../x"):
        with pytest.raises(BadInput) as caught:
            cards.new_template(session, campaign, slug, card, by=sam, now=now)
        assert caught.value.field == "slug"


def test_the_card_tells_what_it_was(session, template, sam, now):
    card = cards.card_of(template).model_copy(update={"kind": LetterKind.THANKS})
    assert cards.save_card(session, template, card, by=sam, now=now)
    assert not cards.save_card(session, template, card, by=sam, now=now)
    assert session.get_one(Template, template.id).kind is LetterKind.THANKS
    events = audit.history(session, "template", template.id)
    assert [event.name for event in events] == ["added", "card_changed"]
    assert events[1].detail["before"] == {"kind": "first"}
