"""What stands around a letter's words: the first letter after the opening, the closing's voice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outreach.accounts.models import Sender, SenderKind, Voice
from outreach.directory.models import Confidence, FormOfAddress
from outreach.directory.salutation_blocks import blocks
from outreach.directory.salutations import Salutation
from outreach.letters.frame import letter_text, typeset
from outreach.petitions.phrases import all_phrases

ADDRESS = Salutation(
    opening="Sehr geehrte Frau Ministerin,",
    closing="Mit freundlichen Grüßen",
    envelope="",
    language="de",
    form=FormOfAddress.F,
    basis="",
    confidence=Confidence.HIGH,
    lowercase_first=True,
)


def _written(
    body: str, language: str, address: Salutation = ADDRESS, voice: Voice = Voice.I
) -> str:
    sender = Sender(
        kind=SenderKind.PERSON,
        voice=voice,
        name="Ada",
        role_line="",
        postal_address="",
        imprint="",
        data_notice={},
    )
    return letter_text(
        body, address=address, sender=sender, language=language, credit="", code="ABC"
    )


def test_after_a_comma_german_goes_on_small_and_else_a_sentence_begins() -> None:
    assert "Ministerin,\n\nich schreibe" in _written("ich schreibe Ihnen.", "de")
    swiss = replace(ADDRESS, opening="Sehr geehrte Frau Bundesrätin", lowercase_first=False)
    assert "Bundesrätin\n\nIch schreibe" in _written("ich schreibe Ihnen.", "de", swiss)


def test_polish_goes_on_small_and_latvian_never_does() -> None:
    polish = replace(ADDRESS, opening="Szanowna Pani Minister,", closing="Z wyrazami szacunku")
    assert "Minister,\n\nzwracam się" in _written("zwracam się z prośbą.", "pl", polish)
    latvian = replace(ADDRESS, opening="Labdien!", closing="Ar cieņu", lowercase_first=False)
    assert "Labdien!\n\nRakstu Jums." in _written("rakstu Jums.", "lv", latvian)


def _closings() -> list[tuple[str, str]]:
    """{every closing that ships} with its language."""
    found = set()
    for name, block in blocks().items():
        for form in block.roles.values():
            layers = [form, form.foreign, *form.overrides.values()]
            for layer in filter(None, layers):
                for one in FormOfAddress:
                    if layer.closing:
                        found.add((name.split("-")[0], layer.closing.line(one)))
    return sorted(found)


# Words by which a closing speaks of its writer alone.
_ALONE = {
    "fr": ("Je ", "ma ", "mes ", "mon "),
    "es": ("mi ", "mis "),
    "de": ("ich ", "mein"),
    "it": ("mio", "mia", "miei"),
    "pt": ("meu", "minha"),
    "nl": ("mijn", "ik "),
}


@pytest.mark.parametrize(("language", "closing"), _closings())
def test_an_association_never_closes_as_one_person(language: str, closing: str) -> None:
    address = replace(ADDRESS, closing=closing)
    said = _written("x", language, address, Voice.WE).split("\n\n")[2]
    assert not any(word in said for word in _ALONE.get(language, ()))
    alone = _written("x", language, address, Voice.I).split("\n\n")[2]
    assert alone == closing


def test_every_letter_has_its_reference_and_its_line_about_data() -> None:
    for language, known in all_phrases().items():
        text = _written("x", language)
        assert text.endswith(f"{known.reference} ABC")
        assert known.data_notice in text


def test_french_punctuation_stays_on_the_line() -> None:
    assert typeset("Pourquoi ?", "fr", "FR") == "Pourquoi\u202f?"
    assert typeset("¿Por qué?", "es", "ES") == "¿Por qué?"
    assert typeset("Straße", "de", "CH") == "Strasse"
