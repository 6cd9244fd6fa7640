"""A newer text: drafts take it, letters edited by hand are compared with it and stay."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Event
from outreach.errors import MoveRefused, Refused
from outreach.letters import editing, moving, redrawing
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Mailing, Quotation, TemplateVersion
from tests import make
from tests.browser import counted_queries
from tests.letters.setting import Setting
from tests.letters.test_drafting import left


@pytest.fixture
def setting(session, now):
    return Setting(session, now)


def drafts(setting, number):
    targets = [make.target(setting.session, name=f"Member {n}") for n in range(number)]
    return list(setting.drafts(*targets)[0])


def newer(setting, body="Please tell us what you will do.", **values):
    values = {"number": 2, "author_id": 77, "author": "Tess"} | values
    return make.template_version(
        setting.session, setting.campaign, template=setting.template, body=body, **values
    )


def edit(setting, letter, words="We ask you to answer soon."):
    editing.edit(
        setting.session,
        letter,
        subject=letter.subject,
        text=letter.text.replace("We ask you to answer.", words),
        seen=editing.fingerprint(letter),
        by=setting.sam,
        now=setting.now,
    )


def mailing_of(setting, letter):
    return setting.session.get_one(Mailing, letter.mailing_id)


def redraw(setting, letters):
    return redrawing.redraw(
        setting.session, letters, by=setting.sam, now=setting.now, because="a newer text"
    )


def test_nothing_is_offered_while_the_text_is_the_newest(setting):
    (letter,) = drafts(setting, 1)
    assert redrawing.newer_text(setting.session, mailing_of(setting, letter)) is None


def test_a_newer_text_says_what_it_would_touch(setting):
    one, two, edited, submitted = drafts(setting, 4)
    edit(setting, edited)
    moving.make(setting.session, submitted, "submit", by=setting.sam, now=setting.now)
    newer(setting)
    offer = redrawing.newer_text(setting.session, mailing_of(setting, one))
    assert offer.numbers == {"en": 2}
    assert offer.drafts == (one.id, two.id)
    assert (offer.in_review, offer.approved) == (1, 0)
    assert [letter.id for letter in offer.customised] == [edited.id]


def test_drafts_take_the_newer_text_and_keep_the_rest(setting):
    one, edited, submitted = drafts(setting, 3)
    edit(setting, edited)
    moving.make(setting.session, submitted, "submit", by=setting.sam, now=setting.now)
    version = newer(setting)
    code, words, hashed = one.code, edited.text, one.body_hash
    outcome = redraw(setting, [one, edited, submitted])
    assert [letter.id for letter in outcome.renewed] == [one.id]
    assert [letter.id for letter, _why in outcome.refused] == [edited.id, submitted.id]
    assert "Please tell us what you will do." in one.text and one.code == code in one.text
    assert (one.template_version_id, one.author_id, one.author) == (version.id, 77, "Tess")
    assert one.body_hash != hashed
    assert edited.text == words
    # What the old words quoted is quoted no more.
    quoted = sa.select(Quotation.letter_id)
    assert set(setting.session.scalars(quoted)) == {edited.id, submitted.id}
    event = setting.session.scalars(sa.select(Event).where(Event.name == "redrawn")).one()
    assert event.detail["because"] == "a newer text" and "answer" in event.detail["before"]["text"]


def test_the_same_words_are_no_change(setting):
    (letter,) = drafts(setting, 1)
    outcome = redraw(setting, [letter])
    assert (outcome.renewed, outcome.same, outcome.refused) == ((), 1, ())


def test_what_the_new_text_lacks_is_said_and_the_letter_stays(setting):
    (letter,) = drafts(setting, 1)
    newer(setting, body="Dear member of {{ recipient.group }}")
    words = letter.text
    outcome = redraw(setting, [letter])
    assert "recipient.group" in str(outcome.refused[0][1])
    assert letter.text == words and letter.template_version_id == setting.version.id


def test_an_edited_letter_can_be_compared_and_take_the_new_text(setting):
    (letter,) = drafts(setting, 1)
    edit(setting, letter)
    newer(setting)
    new = redrawing.new_words(setting.session, letter, now=setting.now)
    assert "what you will do" in new.text and "answer soon" in letter.text
    with pytest.raises(MoveRefused):
        redrawing.take_new_text(
            setting.session, letter, seen="something else", by=setting.sam, now=setting.now
        )
    redrawing.take_new_text(
        setting.session,
        letter,
        seen=editing.fingerprint(letter),
        by=setting.sam,
        now=setting.now,
    )
    assert letter.text == new.text and letter.customised_at is None
    assert editing.words_made(setting.session, letter) == (letter.subject, letter.text)
    assert redrawing.newer_text(setting.session, mailing_of(setting, letter)) is None


@pytest.mark.parametrize("settle", ["take", "keep"])
def test_what_was_submitted_meanwhile_is_not_touched(setting, settle):
    (letter,) = drafts(setting, 1)
    edit(setting, letter)
    newer(setting)
    seen, text = editing.fingerprint(letter), letter.text
    # Somebody else submits it; this session still has the row as it was.
    submitted = sa.update(Letter).values(state=State.REVIEW)
    setting.session.execute(submitted.execution_options(synchronize_session=False))
    how = {"by": setting.sam, "now": setting.now}
    with pytest.raises(MoveRefused):
        if settle == "take":
            redrawing.take_new_text(setting.session, letter, seen=seen, **how)
        else:
            redrawing.keep_own_words(setting.session, letter, **how)
    assert (letter.state, letter.text) == (State.REVIEW, text)


def test_words_kept_after_a_look_are_not_asked_about_again(setting):
    (letter,) = drafts(setting, 1)
    edit(setting, letter)
    newer(setting)
    words = letter.text
    redrawing.keep_own_words(setting.session, letter, by=setting.sam, now=setting.now)
    assert letter.text == words and letter.customised_at is not None
    assert redrawing.newer_text(setting.session, mailing_of(setting, letter)) is None


def test_no_two_letters_to_one_desk_become_the_same(setting):
    ida = make.target(setting.session, name="Ida")
    (first,), _ = setting.drafts(ida)
    first.closed_on = setting.now.date()
    setting.version.body = "Once more we ask you. {{ fact.R02 }}"
    setting.session.flush()
    (second,), _ = setting.drafts(ida)
    setting.session.execute(
        sa.update(Letter).where(Letter.id == first.id).values(state=State.DRAFT)
    )
    newer(setting)
    outcome = redraw(setting, [first, second])
    assert [letter.id for letter in outcome.renewed] == [first.id]
    assert "very same words" in str(outcome.refused[0][1])


def test_a_language_that_has_no_text_any_more_is_refused(setting):
    (letter,) = drafts(setting, 1)
    letter.language = "fr"
    setting.session.flush()
    with pytest.raises(Refused):
        redrawing.new_words(setting.session, letter, now=setting.now)


def test_reminders_still_name_the_first_letter(setting):
    ida = make.target(setting.session, name="Ida")
    (first,), _ = setting.drafts(ida)
    left(setting.session, first, setting.now)
    setting.template.kind = LetterKind.REMINDER
    version = newer(setting, body="You have {{ previous.code }}.")
    (reminder,), left_out = setting.drafts(ida)
    assert left_out == {} and reminder.template_version_id == version.id
    newer(setting, body="Do you still have {{ previous.code }}?", number=3)
    assert redraw(setting, [reminder]).renewed
    assert f"Do you still have {first.code}?" in reminder.text
    assert setting.session.get_one(TemplateVersion, reminder.template_version_id).number == 3


def test_the_queries_do_not_grow_with_the_drafts(setting):
    letters = drafts(setting, 12)
    newer(setting)
    engine = setting.session.get_bind()

    def queries(some):
        with counted_queries(engine, at_most=1_000) as counted:
            group = next(iter(redrawing._groups(setting.session, some, setting.now)))
            for row in group.rows:
                redrawing._worded(group, row)
        return len(counted)

    queries(letters)  # what the session keeps is read
    assert queries(letters) == queries(letters[:1])
