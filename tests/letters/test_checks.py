"""What stops a letter, and what an approver is told."""

from __future__ import annotations

import datetime as dt

import pytest

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.directory.models import ContactKind, TargetRole
from outreach.letters import checks, editing
from outreach.letters.checks import Verdict
from outreach.letters.checks.words import judged as judged_words
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Mailing, Quotation
from outreach.petitions.models import Conflict
from tests import make
from tests.browser import counted_queries
from tests.conftest import NOW


def stops(session, campaign, text, **values):
    letter = make.letter(session, campaign, text=text, **values)
    return [str(sentence) for sentence in checks.stopping(letter)]


def found(session, letter, check="", now=NOW):
    return [
        one
        for one in checks.findings(session, [letter], now=now)[letter.id]
        if check in ("", one.check)
    ]


def remarks(session, letter):
    return "\n".join(
        str(one.words) for one in found(session, letter) if one.verdict is not Verdict.PASSED
    )


def verdicts(words, check, **values):
    """What a check says of a letter with these words between opening and closing."""
    values = {"language": "en", "kind": LetterKind.FIRST, "state": State.DRAFT} | values
    text = f"Dear Ida,\n\n{words}\n\nYours,\n\nAda"
    letter = Letter(subject="A question", text=text, **values)
    judged = judged_words(letter, TargetRole.MEMBER_LOWER, "Ada", {"office.example"})
    return [(one.verdict, str(one.words)) for one in judged if one.check == check]


@pytest.mark.parametrize(
    "text",
    [
        "Dear Ida,\n\n{{ fact.R02 }}",
        "Dear Ida,\n\n{% if x %}",
        "Dear None,\n\nWords.",
        "Dear Ida,\n\nYour colleague None said.",
        "Dear Ida,\n\nYour town […] is fine.",
        "Dear Ida,\n\nYour town [TOWN] is fine.",
        "Dear ,\n\nWords.",
        "Dear Mr ,\n\nWords.",
        "Dear,\n\nWords.",
        "Dear \u200b,\n\nWords.",
        "Dear \u3164,\n\nWords.",
        "Dear \u202eadI\u202c,\n\nWords.",
        "Dear Ida,\n\nWords\x0b and more.",
        "Sehr geehrte Frau ,\n\nWorte.",
        "Guten Tag ,\n\nWorte.",
        "Madame la ,\n\nMots.",
        "Dear Ida,\n\nOMON and GUBOPiK.",
        "Dear Ida,\n\nThis is the UN definition.",
        "  ",
    ],
)
def test_gaps_and_wrong_words_stop(session, campaign, text):
    assert stops(session, campaign, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Dear Sir or Madam,\n\nNone of this is secret. OMON of Belarus [1]."),
        ("en-GB", "Dear Minister,\n\nOMON of Belarus and GUBOPiK."),
        ("de", "Guten Tag Ida Example,\n\nOMON von Belarus, die belarussische OMON."),
        ("fr", "Madame, Monsieur,\n\nl’OMON du Bélarus."),
    ],
)
def test_good_words_pass(session, campaign, language, text):
    assert stops(session, campaign, text, language=language) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Guten Tag Ida,\n\nOMON of Belarus."),
        ("fr", "Madame,\n\nl’OMON."),
        ("fr", "Madame,\n\nla définition de l’ONU."),
        ("de", "Guten Tag Ida,\n\ndie UN-Definition."),
    ],
)
def test_each_language_says_it_its_own_way(session, campaign, language, text):
    assert len(stops(session, campaign, text, language=language)) == 1


def test_a_subject_is_looked_at_too(session, campaign):
    assert stops(session, campaign, "Dear Ida,\n\nWords.", subject=" ")
    assert stops(session, campaign, "Dear Ida,\n\nWords.", subject="On OMON")


def test_words_are_counted_between_opening_and_closing():
    text = (
        "Dear Ida Example,\n\none two l’un, 3\n\n– four\n\nYours sincerely,\n\nAda\nRole\n\nRef. X"
    )
    assert checks.body_words(text, "Ada") == 5


@pytest.mark.parametrize(
    ("kind", "role", "language", "length"),
    [
        (LetterKind.FIRST, TargetRole.MINISTER, "en", (300, 450)),
        (LetterKind.FIRST, TargetRole.MEMBER_UPPER, "de", (200, 350)),
        (LetterKind.FIRST, TargetRole.MEP, "fr", (200, 360)),
        (LetterKind.REMINDER, TargetRole.MINISTER, "en", (60, 120)),
    ],
)
def test_the_length_hangs_on_kind_and_office(kind, role, language, length):
    assert checks.length_for(kind, role, language) == length


def test_an_approver_hears_when_a_letter_is_too_short(session, campaign):
    sender = make.sender(session, campaign, name="Ada")
    letter = make.letter(
        session, campaign, sender=sender, text="Dear Ida,\n\nPlease ask.\n\nYours,\n\nAda"
    )
    assert "The letter has 2 words; 200 to 350 are read." in remarks(session, letter)


def test_the_length_is_said_either_way():
    long = "Please ask the government about it, today. " * 30
    assert verdicts(long, "length") == [(Verdict.PASSED, "210 words: within the 200 to 350 read.")]
    short = verdicts("One.", "length", kind=LetterKind.ANSWER)
    assert short == [(Verdict.PASSED, "The letter has 1 words.")]


@pytest.mark.parametrize(
    ("language", "words", "verdict", "named"),
    [
        ("en", "Please consider a question.", Verdict.PASSED, "No harsh word"),
        ("en", "It demands that both be listed.", Verdict.PASSED, "No harsh word"),
        ("en", "We demand an answer.", Verdict.LOOK, "“we demand”"),
        ("en", "Shame on you, liars.", Verdict.FAILING, "“shame on you”, “liars”"),
        ("en-GB", "You will\nregret it.", Verdict.FAILING, "“you will regret”"),
        ("en", "Please answer!", Verdict.LOOK, "exclamation mark"),
        ("en", "This is a TOTAL DISASTER of OMON.", Verdict.LOOK, "TOTAL DISASTER"),
        ("en", "NATO, OSCE and GUBOPiK met.", Verdict.PASSED, "No harsh word"),
        ("de", "Wir fordern eine Antwort.", Verdict.LOOK, "“wir fordern”"),
        ("fr", "Nous exigeons une réponse.", Verdict.LOOK, "“nous exigeons”"),
        ("mt", "Jekk jogħġbok.", Verdict.LOOK, "Nobody listed harsh turns"),
    ],
)
def test_the_tone_is_heard(language, words, verdict, named):
    ((first, said), *_) = verdicts(words, "tone", language=language)
    assert (first, named in said) == (verdict, True)


@pytest.mark.parametrize(
    ("words", "verdict", "named"),
    [
        ("No address here.", Verdict.PASSED, "No link."),
        ("See https://www.office.example/report.pdf.", Verdict.PASSED, "sources of ours"),
        ("See http://office.example/report.", Verdict.FAILING, "is not https"),
        ("See https://bit.ly/x1.", Verdict.FAILING, "hides where it leads"),
        ("See https://office.example/?utm_source=a.", Verdict.FAILING, "who followed it"),
        ("See https://blog.example/post.", Verdict.LOOK, "the source of none of our facts"),
        ("https://a.example https://b.example https://c.example", Verdict.FAILING, "3 links"),
        ("See https://[broken.", Verdict.FAILING, "no working link"),
    ],
)
def test_links_are_few_whole_and_official(words, verdict, named):
    ((first, said), *_) = verdicts(words, "links")
    assert (first, named in said) == (verdict, True)


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("Please.\n\nWould you tell us when?", Verdict.PASSED),
        ("Please ask:\n– Is it so?\n– Or so?\n\nWould you tell us when?", Verdict.PASSED),
        ("Please ask:\n– Is it so?\n– Or so?\n\nA short word would help.", Verdict.PASSED),
        ("Would you?\n\nCould you too?", Verdict.LOOK),
        ("We tell you.", Verdict.LOOK),
    ],
)
def test_one_thing_is_asked(words, verdict):
    assert [one for one, _said in verdicts(words, "asks")] == [verdict]


def test_greek_and_arabic_ask_with_marks_of_their_own():
    for language, words in (("el", "Θα το κάνετε;"), ("ar", "هل تفعل ذلك؟")):
        said = verdicts(words, "asks", language=language)
        assert [one for one, _words in said] == [Verdict.PASSED]


def test_a_letter_promises_no_attachment():
    ((verdict, said),) = verdicts("The report is attached.", "attachments")
    assert verdict is Verdict.LOOK
    assert "“attached”" in said
    assert verdicts("No.", "attachments")[0][0] is Verdict.PASSED


def addressed(session, campaign, **contact):
    who = make.person(session)
    target = make.target(session, address=None, person=who)
    make.contact(session, who, value="ida@office.example", **contact)
    values = {"target": target, "channel": ContactKind.EMAIL, "address": "ida@office.example"}
    (one,) = found(session, make.letter(session, campaign, **values), "address")
    return one.verdict, str(one.words)


def test_an_address_is_ours_and_fresh(session, campaign):
    assert addressed(session, campaign)[0] is Verdict.PASSED
    old = NOW.date() - dt.timedelta(days=900)
    verdict, said = addressed(session, campaign, verified_on=old)
    assert (verdict, "too long ago" in said) == (Verdict.LOOK, True)
    verdict, said = addressed(session, campaign, verified_on=None, verified_by=None)
    assert (verdict, said) == (Verdict.LOOK, "Nobody has checked this address.")
    stranger = found(session, make.letter(session, campaign, address="x@y.example"), "address")
    assert stranger[0].verdict is Verdict.FAILING
    nowhere = found(session, make.letter(session, campaign, channel=None, address=""), "address")
    assert str(nowhere[0].words) == "We know no address for this desk."


def test_a_desk_that_gets_two_is_named(session, campaign):
    desk = make.office(session)
    first = make.letter(session, campaign, target=make.target(session, office=desk))
    mailing = session.get_one(Mailing, first.mailing_id)
    make.letter(session, campaign, target=make.target(session, office=desk), mailing=mailing)
    assert "2 letters of this mailing go to one desk." in remarks(session, first)


def test_alike_letters_fail_until_somebody_says_why(session, campaign):
    letter = make.letter(session, campaign, alike=95, alike_id=None, alike_before=10)
    (one,) = found(session, letter, "alike")
    assert (one.verdict, one.stops) == (Verdict.FAILING, True)
    letter.alike_because = "They asked for the same words."
    (one,) = found(session, letter, "alike")
    assert one.verdict is Verdict.LOOK
    letter.alike = 90
    assert found(session, letter, "alike")[0].verdict is Verdict.PASSED


def test_a_fact_that_does_not_hold_stops(session, campaign):
    letter = make.letter(session, campaign)
    fact = make.fact(session, campaign, review_by=NOW.date() - dt.timedelta(days=1))
    session.add(Quotation(letter_id=letter.id, fact_id=fact.id, fact_version=1, text="x"))
    session.flush()
    (one,) = found(session, letter, "figures")
    assert (one.stops, fact.code in str(one.words)) == (True, True)
    assert one.mend[1:] == ("petitions.fact", {"code": fact.code})
    assert checks.refusals(session, letter, now=NOW) == [one.words]


def test_a_whole_mailing_is_checked_by_a_fixed_number_of_queries(session, campaign):
    letters = [make.letter(session, campaign, customised_at=NOW) for _ in range(8)]
    session.expire_all()
    for letter in letters:
        session.refresh(letter)
    with counted_queries(session.get_bind(), at_most=18):
        assert len(checks.findings(session, letters, now=NOW)) == 8


def test_facts_that_quarrel_or_crowd_are_named(session, campaign):
    letter = make.letter(session, campaign)
    session.add(
        Conflict(campaign_id=campaign.id, code="C-DET", what="totals", resolution="Use R02.")
    )
    codes = []
    for number in range(4):
        group = "C-DET" if number < 2 else None
        fact = make.fact(session, campaign, conflict_group=group)
        codes.append(fact.code)
        session.add(Quotation(letter_id=letter.id, fact_id=fact.id, fact_version=1, text="x"))
    session.flush()
    said = remarks(session, letter)
    assert "quotes 4 facts" in said
    assert f"The facts {', '.join(sorted(codes[:2]))} don't go together. Use R02." in said


def edited(session, letter, now, *, subject, text):
    editing.edit(
        session,
        letter,
        subject=subject,
        text=text,
        seen=editing.fingerprint(letter),
        by=Actor("Sam"),
        now=now,
    )
    session.flush()


MADE = "Dear Ida,\n\nOver 37,000 (2021) under the Act of 2000.\n\nRef. 7K4-Q2M"


def test_figures_typed_by_hand_are_pointed_out(session, campaign, now):
    letter = make.letter(session, campaign, code="7K4-Q2M", text=MADE)
    assert "typed by hand" not in remarks(session, letter)
    edited(session, letter, now, subject="A question", text=MADE.replace("Ida", "Dr Ida"))
    assert "typed by hand" not in remarks(session, letter)
    edited(session, letter, now, subject="A question", text=MADE.replace("Ref", "9,000 more.\nRef"))
    assert "without a fact behind them: 9,000." in remarks(session, letter)


def test_a_typed_figure_is_no_part_of_another_and_may_stand_in_the_subject(session, campaign, now):
    letter = make.letter(session, campaign, code="7K4-Q2M", text=MADE)
    words = MADE.replace("Ref", "In 20 cases and 7 more.\n\nRef")
    edited(session, letter, now, subject="About 500 people", text=words)
    assert "without a fact behind them: 500, 20, 7." in remarks(session, letter)


def test_what_a_newer_text_or_a_renewed_fact_brought_in_nobody_typed(session, campaign, now):
    letter = make.letter(session, campaign, code="7K4-Q2M", text=MADE)
    edited(session, letter, now, subject="A question", text=MADE.replace("Ida", "Dr Ida"))

    letter.text = letter.text.replace("37,000", "38,500")
    told(session, letter, "renewed", before="37,000", after="38,500")
    assert "typed by hand" not in remarks(session, letter)

    letter.text = MADE.replace("37,000", "41,000")
    told(session, letter, "redrawn", before={"text": MADE}, after={"text": letter.text})
    edited(session, letter, now, subject="A question", text=letter.text.replace("Ida", "Dr Ida"))
    assert "typed by hand" not in remarks(session, letter)


def told(session, letter, name, **detail):
    audit.record(
        session,
        subject=("letter", letter.id),
        name=name,
        by=Actor("Sam"),
        now=NOW,
        campaign_id=letter.campaign_id,
        detail=detail,
    )
    session.flush()
