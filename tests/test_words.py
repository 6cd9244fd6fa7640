"""Sentences keep their text and their values apart."""

from outreach.words import N_, Sentence


def test_a_sentence_fills_its_gaps_only_when_it_is_printed():
    sentence = Sentence("%(n)s letters to %(name)s", n=2, name="Ida")
    assert str(sentence) == "2 letters to Ida"
    assert (sentence.text, sentence.values) == (
        "%(n)s letters to %(name)s",
        {"n": 2, "name": "Ida"},
    )
    assert repr(sentence) == "Sentence('2 letters to Ida')"


def test_a_sentence_without_values_is_its_text():
    assert str(Sentence("100 % sure")) == "100 % sure"
    assert N_("100 % sure") == "100 % sure"


def test_sentences_are_equal_by_text_and_values():
    one = Sentence("to %(name)s", name="Ida")
    assert one == Sentence("to %(name)s", name="Ida")
    assert hash(one) == hash(Sentence("to %(name)s", name="Ida"))
    assert one != Sentence("to %(name)s", name="Ada")
    assert one != "to Ida"
