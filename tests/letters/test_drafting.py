"""Drafts in one go: whole or not at all, and a reason for everybody left out."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Event, Mode
from outreach.directory.identity import RuleKind
from outreach.directory.models import ContactKind, SuppressionScope, TargetRole
from outreach.directory.rules import add_rule
from outreach.directory.suppression import suppress
from outreach.errors import BadInput
from outreach.letters import checks, numbers, templates
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Quotation
from outreach.petitions import counts
from outreach.petitions.models import FactState, Petition
from tests import make
from tests.letters.setting import Setting


@pytest.fixture
def setting(session, now):
    return Setting(session, now)


def test_a_draft_holds_everything_that_will_be_frozen(setting):
    ida = make.target(setting.session, name="Ida Example", address="ida@office.example")
    (letter,), left_out = setting.drafts(ida)
    assert left_out == {}
    assert letter.state is State.DRAFT and letter.rehearsal and letter.seal is None
    assert (letter.office_id, letter.ask_id) == (ida.office_id, setting.ask.id)
    assert (letter.channel, letter.address) == (ContactKind.EMAIL, "ida@office.example")
    assert (letter.recipient, letter.subject) == ("Ida Example", "A question")
    assert letter.envelope.startswith("Ida Example")
    sentence = "More than 37,000 people were arrested (as of 2021; An office, A report)."
    assert letter.text.split("\n\n") == [
        "Dear Ida Example,",
        f"We ask you to answer. {sentence}",
        "Yours sincerely,",
        f"{setting.sender.name}\n1 Example Street\n00000 Example Town",
        "Example Association, 1 Example Street, Example Town\n"
        "We keep your office, our letters and your answers.\n"
        f"Text and demands: StopHvalt petition, December 2020\nRef. {letter.code}",
    ]
    (quoted,) = setting.session.scalars(sa.select(Quotation)).all()
    assert (quoted.fact_id, quoted.fact_version, quoted.text) == (setting.fact.id, 1, sentence)
    # The words ship with the product, so who made the draft counts as their author.
    assert (letter.author_id, letter.made_by_id) == (setting.sam.user_id, setting.sam.user_id)
    events = setting.session.scalars(sa.select(Event).where(Event.subject_kind == "letter")).all()
    assert [(event.name, event.to_state) for event in events] == [("drafted", "draft")]


def test_whoever_wrote_the_text_is_the_author(setting):
    setting.version.author_id, setting.version.author = 77, "Tess"
    (letter,), _ = setting.drafts(make.target(setting.session))
    assert (letter.author_id, letter.author, letter.made_by_id) == (77, "Tess", setting.sam.user_id)


def test_everybody_left_out_is_told_why(setting):
    session, now = setting.session, setting.now
    good = make.target(session, name="Good")
    gone = make.target(session, name="Gone", ended_on=now.date())
    minister = make.target(session, name="Minister", role=TargetRole.MINISTER)
    unreachable = make.target(session, name="Unreachable", address=None)
    silent = make.target(session, name="Silent", address="stop@office.example")
    suppress(
        session,
        scope=SuppressionScope.ADDRESS,
        value="stop@office.example",
        reason="asked us to stop",
        by=setting.sam,
        now=now,
    )
    polish = make.target(session, name="Polish", language="pl")
    never, by_post = make.target(session, name="Never"), make.target(session, name="By post")
    asked = {"source": "a call", "said_on": now.date(), "by": setting.sam, "now": now}
    add_rule(session, never, kind=RuleKind.NEVER, value="", **asked)
    add_rule(session, by_post, kind=RuleKind.CHANNEL, value="postal", **asked)
    second = make.target(session, name="Second", office_id=good.office_id)
    everybody = (good, gone, minister, unreachable, silent, polish, second, never, by_post)
    letters, left_out = setting.drafts(*everybody)
    assert [letter.recipient for letter in letters] == ["Good"]
    instead = left_out["Minister"]
    assert instead.startswith("This letter is not written for this office (minister).")
    assert f"In the same country or assembly it is for: Good ({good.body.name})" in instead
    assert "Gone" not in instead
    assert left_out == {
        "Gone": "Left office on 2026-03-03. Look for the successor.",
        "Minister": instead,
        "Unreachable": "There is no way to reach them: no e-mail address, form or postal address.",
        "Silent": "Must not be written to: asked us to stop",
        "Polish": "There is no text in their language (pl), and no other was chosen.",
        "Second": "Shares its desk with Good, who gets this letter already.",
        "Never": "Asked us on 2026-03-03 not to write to them.",
        "By post": "Takes letters by one way only (postal), and we know no such address.",
    }


def test_an_office_without_the_power_is_told_who_has_it(setting):
    setting.template.roles = ["member_lower", "mep"]
    _, left_out = setting.drafts(make.target(setting.session, name="Mia", role=TargetRole.MEP))
    assert left_out == {"Mia": "Can't do what this letter asks for. Who can: member lower."}


def test_a_desk_that_was_asked_is_not_asked_again(setting):
    ida = make.target(setting.session, name="Ida")
    (letter,), _ = setting.drafts(ida)
    other = make.target(setting.session, name="Other", office_id=ida.office_id)
    letters, left_out = setting.drafts(ida, other)
    assert letters == [] and set(left_out) == {"Ida", "Other"}
    assert "already asked" in left_out["Ida"]
    letter.closed_on = setting.now.date()
    setting.session.flush()
    assert "the very same words" in setting.drafts(ida)[1]["Ida"]
    setting.version.body = "May we ask again? {{ fact.R02 }}"
    setting.session.flush()
    assert len(setting.drafts(ida)[0]) == 1


def test_the_language_falls_back_only_when_somebody_chose_so(setting):
    polish = make.target(setting.session, name="Polish", language="pl")
    (letter,), _ = setting.drafts(polish, fallback_language="en")
    assert letter.language == "en"
    british = make.target(setting.session, language="en-GB")
    assert setting.drafts(british)[0][0].language == "en"


def test_a_form_of_address_that_is_missing_leaves_out(setting):
    lord = make.target(setting.session, name="Lord", role=TargetRole.MEMBER_UPPER)
    lord_jurisdiction = make.target(
        setting.session,
        name="The Lord",
        role=TargetRole.MEMBER_UPPER,
        jurisdiction_code="GB",
    )
    setting.template.roles = ["member_lower", "member_upper"]
    setting.ask.roles = ["member_upper"]
    letters, left_out = setting.drafts(lord, lord_jurisdiction)
    assert [letter.recipient for letter in letters] == ["Lord"]
    assert left_out["The Lord"].startswith("We don't know how to address The Lord")


def test_a_fact_that_no_longer_holds_leaves_everybody_out(setting):
    setting.fact.state = FactState.STALE
    setting.session.flush()
    letters, left_out = setting.drafts(make.target(setting.session, name="Ida"))
    assert letters == []
    assert left_out["Ida"].startswith("Fact R02 is stale")
    assert setting.session.scalar(sa.select(sa.func.count(Letter.id))) == 0


def test_a_gap_leaves_out_only_who_lacks_it(setting):
    setting.version.body = "Dear member of {{ recipient.group }}, answer."
    group = make.organization(setting.session, name="The Group")
    member = make.target(setting.session, name="Member", group_id=group.id)
    loner = make.target(setting.session, name="Loner")
    letters, left_out = setting.drafts(member, loner)
    assert [letter.recipient for letter in letters] == ["Member"]
    assert left_out == {"Loner": "The text needs {{ recipient.group }}, which is empty here."}


def test_forms_and_post_are_drafted_for_a_hand(setting):
    person = make.person(setting.session, "Ida Example")
    ida = make.target(setting.session, person=person, address=None, channel=ContactKind.POSTAL)
    make.contact(setting.session, person, kind=ContactKind.POSTAL, value="1 Street\nTown")
    (letter,), _ = setting.drafts(ida)
    assert (letter.channel, letter.address) == (ContactKind.POSTAL, "1 Street\nTown")


def test_nothing_to_do_is_said_before_anything_is_made(setting):
    ida = make.target(setting.session)
    with pytest.raises(BadInput, match="Nobody is chosen"):
        setting.drafts()
    with pytest.raises(BadInput, match="fall back"):
        setting.drafts(ida, fallback_language="fr")
    empty = make.template_version(setting.session, setting.campaign)
    setting.template = templates.version(setting.session, empty.id).template
    setting.session.delete(empty)
    setting.session.flush()
    with pytest.raises(BadInput, match="no text"):
        setting.drafts(ida)


def test_live_letters_are_no_rehearsal(setting):
    setting.campaign.mode, setting.campaign.live_at = Mode.LIVE, setting.now
    (letter,), _ = setting.drafts(make.target(setting.session))
    assert not letter.rehearsal


@pytest.fixture
def reminding(setting):
    """A first letter that left thirty days ago, and a reminder's text."""
    ida = make.target(setting.session, name="Ida")
    (first,), _ = setting.drafts(ida)
    left(setting.session, first, setting.now - dt.timedelta(days=30))
    setting.template.kind = LetterKind.REMINDER
    setting.version.subject = "Reminder: {{ previous.subject }}"
    setting.version.body = "On {{ previous.date }} we wrote ({{ previous.code }})."
    setting.session.flush()
    return setting, ida, first


def left(session, letter, at):
    session.execute(
        sa.update(Letter)
        .where(Letter.id == letter.id)
        .values(state=State.SENT, sent_at=at, seal="0" * 64, approved_at=at)
    )
    session.refresh(letter)


def test_a_reminder_names_the_letter_it_follows(reminding):
    setting, ida, first = reminding
    (letter,), left_out = setting.drafts(ida)
    assert left_out == {}
    assert (letter.kind, letter.follows_id) == (LetterKind.REMINDER, first.id)
    assert letter.ask_id == first.ask_id
    assert letter.subject == "Reminder: A question"
    assert f"On 1 February 2026 we wrote ({first.code})." in letter.text


def test_two_reminders_and_no_more(reminding):
    setting, ida, first = reminding
    (second,), _ = setting.drafts(ida, follows=first)
    assert setting.drafts(ida)[1] == {"Ida": "The letter before it has not left yet."}
    left(setting.session, second, setting.now - dt.timedelta(days=10))
    setting.version.body = "{{ previous.date }} is a while ago ({{ previous.code }})."
    setting.session.flush()
    (third,), _ = setting.drafts(ida, follows={ida.id: second})
    assert third.follows_id == second.id
    assert first.code in third.text
    left(setting.session, third, setting.now)
    assert "twice" in setting.drafts(ida)[1]["Ida"]


def test_no_reminder_of_nothing_or_after_an_answer(reminding):
    setting, ida, first = reminding
    other = make.target(setting.session, name="Other")
    assert "No letter has gone" in setting.drafts(other)[1]["Other"]
    assert "No letter has gone" in setting.drafts(other, follows=first)[1]["Other"]
    first.answered_on = setting.now.date()
    assert "have answered" in setting.drafts(ida)[1]["Ida"]
    first.answered_on, first.closed_on = None, setting.now.date()
    assert "closed" in setting.drafts(ida)[1]["Ida"]


def test_no_live_reminder_of_a_letter_that_was_rehearsed(reminding):
    setting, ida, first = reminding
    first.rehearsal = not setting.campaign.rehearsing
    setting.session.flush()
    assert "only rehearsed" in setting.drafts(ida, follows=first)[1]["Ida"]


def test_the_day_is_that_of_the_campaign_from_draft_to_approval(session, now):
    late = now.replace(hour=20)
    setting = Setting(session, late)
    setting.campaign.timezone = "Pacific/Auckland"
    tomorrow = setting.campaign.day_of(late)
    assert tomorrow > late.date()
    olga = make.olga(session, setting.campaign)
    reading = counts.add_reading(
        session,
        petition=session.scalars(sa.select(Petition)).one(),
        value=62_001,
        page_url="https://petition.example/1",
        read_on=tomorrow,
        by=olga,
        now=late,
    )
    counts.accept(session, reading, by=olga, now=late)
    setting.version.body = "{{ signatures }} We ask you to answer."
    (letter,), _ = setting.drafts(make.target(session))
    assert "62,000" in letter.text and "4 March" in letter.text
    assert numbers.problems_of(session, letter, now=late) == []
    found = checks.findings(session, [letter], now=late)[letter.id]
    assert [one for one in found if one.check == "figures" and one.stops] == []
