"""How alike the letters of a mailing are, and to what went to the same body before."""

from __future__ import annotations

import datetime as dt
import itertools
from operator import ne

import pytest
import sqlalchemy as sa

from outreach.directory.models import Area, Membership
from outreach.letters import choosing, distinctness, editing, redrawing
from outreach.letters.alikeness import alikeness, body_of
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Mailing, TemplateVersion
from tests import make
from tests.letters.setting import Setting
from tests.letters.test_drafting import left

ALTERNATIVES = """
{% if variant == "a" %}We turn to you about people who were taken from the street by men without
badges.{% elif variant == "b" %}Many of your voters have family on the other side of the border and
ask what you do.{% else %}There is one step that costs nothing and that nobody has taken so far,
although it was promised.{% endif %}

We ask you to answer.
"""


@pytest.fixture
def setting(session, now):
    setting = Setting(session, now)
    setting.version.body = ALTERNATIVES
    session.flush()
    return setting


def mailing_of(setting, letter):
    return setting.session.get_one(Mailing, letter.mailing_id)


def test_alternatives_go_round_in_one_body(setting):
    body = make.organization(setting.session, jurisdiction_code="XX")
    members = [make.target(setting.session, name=f"M{n}", body=body) for n in range(4)]
    letters, _ = setting.drafts(*members[:2])
    assert [letter.variant for letter in letters] == ["a", "b"]
    # The next mailing goes on where this one ended.
    letters, _ = setting.drafts(*members[2:])
    assert [letter.variant for letter in letters] == ["c", "a"]


def test_alternatives_go_round_between_bodies_too(setting):
    letters, _ = setting.drafts(*(make.target(setting.session, name=f"M{n}") for n in range(4)))
    assert [letter.variant for letter in letters] == ["a", "b", "c", "a"]


def test_alternatives_in_four_places_make_81_letters_and_the_first_differ_most(setting):
    places = ("variant", "variant2", "variant3", "variant4")
    setting.version.body = " ".join(f'{{% if {one} == "a" %}}x{{% endif %}}' for one in places)
    found = choosing.alternatives(setting.version)
    assert found[:3] == ("aaaa", "bbbb", "cccc") and len(set(found)) == 81
    pairs = itertools.combinations(found[:27], 2)
    assert min(sum(map(ne, one, other)) for one, other in pairs) == 2
    # Places that the text doesn't ask for don't make letters.
    setting.version.body = '{% if variant3 == "b" %}x{% endif %}'
    assert choosing.alternatives(setting.version) == ("aaa", "aab", "aac")


def test_letters_of_an_older_text_are_spread_over_its_new_alternatives(setting):
    setting.version.body = "We ask you to answer."
    letters, _ = setting.drafts(*(make.target(setting.session, name=f"M{n}") for n in range(3)))
    assert {letter.variant for letter in letters} == {"a"}
    newer = TemplateVersion(
        template_id=setting.template.id,
        language="en",
        number=2,
        subject="A question",
        body=ALTERNATIVES + '{% if variant2 == "b" %}Please write to us.{% endif %}',
        author="Sam",
        at=setting.now,
    )
    setting.session.add(newer)
    setting.session.flush()
    redrawing.redraw(
        setting.session, letters, by=setting.sam, now=setting.now, because="newer words"
    )
    assert len({letter.variant for letter in letters}) == 3


def test_a_text_without_alternatives_has_one(setting):
    setting.version.body = "We ask you to answer."
    letters, _ = setting.drafts(*(make.target(setting.session) for _ in range(2)))
    assert [letter.variant for letter in letters] == ["a", "a"]


def test_a_desk_that_has_the_words_gets_an_alternative(setting):
    ida = make.target(setting.session, name="Ida")
    (first,), _ = setting.drafts(ida)
    first.closed_on = setting.now.date()
    other = make.target(setting.session, name="Other", office_id=ida.office_id)
    (second,), _ = setting.drafts(other)
    assert (first.variant, second.variant) == ("a", "b")
    assert first.body_hash != second.body_hash


def test_every_letter_knows_its_most_alike_neighbour(setting):
    letters, _ = setting.drafts(*(make.target(setting.session, name=f"M{n}") for n in range(4)))
    one, two, three, four = letters
    assert (one.alike, one.alike_id) == (100, four.id)
    assert (four.alike, four.alike_id) == (100, one.id)
    name = setting.sender.name
    expected = alikeness(body_of(two.text, name), body_of(three.text, name))
    assert two.alike is not None and two.alike >= expected > 0
    found = distinctness.summary(setting.session, mailing_of(setting, one), 90)
    assert (found.highest, found.above, found.highest_before) == (100, 2, None)
    assert sum(many for _low, _high, many in found.bands) == 4
    assert found.bands[-1] == (100, 100, 2)
    pairs = distinctness.most_alike(setting.session, mailing_of(setting, one))
    assert (pairs[0].one, pairs[0].other, pairs[0].alike) == (one.id, four.id, 100)
    assert len({frozenset((pair.one, pair.other)) for pair in pairs}) == distinctness.PAIRS


def test_one_letter_alone_has_no_neighbour(setting):
    (letter,), _ = setting.drafts(make.target(setting.session))
    assert (letter.alike, letter.alike_before) == (None, None)


def test_languages_are_not_compared(setting):
    german = TemplateVersion(
        template_id=setting.template.id,
        language="de",
        number=1,
        subject="Frage",
        body="Bitte antworten Sie uns.",
        author="Sam",
        at=setting.now,
    )
    setting.session.add(german)
    setting.session.flush()
    letters, _ = setting.drafts(
        make.target(setting.session), make.target(setting.session, language="de")
    )
    assert {letter.language for letter in letters} == {"en", "de"}
    assert [letter.alike for letter in letters] == [None, None]


def test_what_the_same_body_got_before_counts(setting):
    body = make.organization(setting.session, jurisdiction_code="XX")
    (first,), _ = setting.drafts(make.target(setting.session, body=body))
    elsewhere, here = make.target(setting.session), make.target(setting.session, body=body)
    draft_before, _ = setting.drafts(here)
    assert draft_before[0].alike_before is None  # a draft is nothing they got
    setting.session.delete(draft_before[0])
    left(setting.session, first, setting.now - dt.timedelta(days=30))
    setting.version.body = ALTERNATIVES + "\n\nThis is the second time that we write to your house."
    setting.session.flush()
    letters, _ = setting.drafts(elsewhere, here)
    of = {letter.target_id: letter for letter in letters}
    assert of[elsewhere.id].alike_before is None
    assert of[here.id].alike_before_id == first.id
    assert 0 < of[here.id].alike_before < 100


def test_an_edit_is_measured_at_once_and_for_its_neighbour(setting):
    letters, _ = setting.drafts(*(make.target(setting.session, name=f"M{n}") for n in range(4)))
    one, four = letters[0], letters[3]
    before = four.body_hash
    editing.edit(
        setting.session,
        four,
        subject=four.subject,
        text=four.text.replace("We ask you to answer.", "What will you do about it this year?"),
        seen=editing.fingerprint(four),
        by=setting.sam,
        now=setting.now,
    )
    setting.session.refresh(one)
    assert four.body_hash != before
    assert four.alike < 100 and one.alike < 100
    assert one.alike_id == four.id and one.alike == four.alike


def test_many_are_compared_as_few_are(setting, monkeypatch):
    setting.version.body = ALTERNATIVES + "\n\nWhat do people say in {{ recipient.constituency }}?"
    setting.session.flush()
    targets = []
    for n in range(30):
        target = make.target(setting.session, name=f"M{n}")
        area = Area(jurisdiction_code="XX", name=f"Town {n} on the river {n % 5}")
        setting.session.add(area)
        setting.session.flush()
        setting.session.get_one(Membership, target.membership_id).area_id = area.id
        targets.append(target)
    letters, left_out = setting.drafts(*targets)
    assert left_out == {} and len(letters) == 30
    exact = {letter.id: letter.alike for letter in letters}
    monkeypatch.setattr(distinctness, "FEW", 5)
    found = distinctness.likenesses(setting.session, letters[0].mailing_id)
    off = [exact[letter_id] - one.alike for letter_id, one in found.items()]
    assert min(off) >= 0 and sum(off) / len(off) <= 2


def test_withdrawn_letters_are_no_neighbours(setting):
    letters, _ = setting.drafts(*(make.target(setting.session, name=f"M{n}") for n in range(2)))
    setting.session.execute(
        sa.update(Letter).where(Letter.id == letters[1].id).values(state=State.WITHDRAWN)
    )
    found = distinctness.likenesses(setting.session, letters[0].mailing_id)
    assert set(found) == {letters[0].id} and found[letters[0].id].alike is None


def test_what_follows_a_letter_may_say_the_same_to_all(session) -> None:
    campaign = make.campaign(session)
    assert distinctness.most_allowed(LetterKind.FIRST, campaign) == campaign.most_alike
    for kind in (LetterKind.REMINDER, LetterKind.CORRECTION, LetterKind.THANKS):
        assert distinctness.most_allowed(kind, campaign) == 100
