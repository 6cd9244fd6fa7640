"""Which charset of one byte a letter is that some text was written in, if nobody says.

Statistics need a page of text, and answers are two lines. But languages are few, each uses its own
few letters, and a wrong charset shows: marks within words, capitals behind small letters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

# Bytes looked at; two lines settle it mostly.
MOST = 2_000
# {codecs, the likeliest first: (letters beyond ASCII, words that every page has) of each language}
_LATIN: dict[tuple[str, ...], Sequence[tuple[str, str]]] = {
    ("cp1252",): (
        ("äöüß", "und der die das ist sie wir mit für ihre nicht herr frau sehr dank"),
        ("éèêëàâçùûôîïœæ", "et le la les des est vous nous votre pour dans que je monsieur madame"),
        ("áéíóúñüºª", "el la los de que por para una con su gracias señor señora"),
        ("àèéìòù", "il di che la per una con del alla gentile grazie sua"),
        ("ãõáéíóúâêôàçºª", "o a de que para uma com os senhor obrigado não seu"),
        ("éëïóèöü", "de het een en van wij uw niet voor met dank geachte"),
        ("åäöé", "och att det vi på för tack är med ja on ei kiitos olemme"),
        ("åøæéö", "og at det vi på for tak takk er med deres"),
        ("áðéíóúýþæö", "og að það við sem takk"),
        ("é", "the and of to your you we for thank dear"),
    ),
    ("cp1250", "iso8859-2"): (
        ("ąćęłńóśźż", "i w na do nie się za jest o pani pan list dziękuję szanowna szanowny z"),
        ("áčďéěíňóřšťúůýž", "a je na se že v vážený vážená pane paní děkuji za dopis nebo"),
        ("áäčďéíĺľňóôŕšťúýž", "a je na sa že v vážený vážená pán pani ďakujem za list"),
        ("áéíóöőúüű", "a az és hogy nem tisztelt köszönjük levelét is van"),
        ("ăâîşţ", "și şi de la cu în nu pentru vă mulţumesc domnule doamnă"),
        ("čšžćđ", "i je na za da se ne poštovani spoštovani hvala in za pismo"),
    ),
    ("cp1257",): (
        ("ąčęėįšųūž", "ir yra už kad jums ačiū gerbiamas gerbiama laišką"),
        ("āčēģīķļņšūž", "un ir par jūs paldies cienījamais godātā vēstuli uz"),
        ("äöõüšž", "ja on ei et see me teie kirja eest lugupeetud tänan"),
    ),
    ("cp1254",): (("ğışçöüâ", "ve bir için bu sayın teşekkür ederiz ile"),),
}
_OTHER: dict[tuple[str, ...], Sequence[tuple[str, str]]] = {
    ("cp1251", "koi8-u", "iso8859-5", "cp866"): (
        ("абвгдежзийклмнопрстуфхцчшщъыьэюяё", ""),
        ("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя’", ""),
        ("абвгдеёжзійклмнопрстуўфхцчшыьэюя", ""),
        ("абвгдђѓежзѕијќклљмнњопрстћуфхцчџш", ""),
    ),
    ("cp1253",): (("αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ", ""),),
    ("cp1256", "iso8859-6"): (("ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإآؤئپچژگ", ""),),
    ("cp1255", "iso8859-8"): (("אבגדהוזחטיכלמנסעפצקרשתםןץףך", ""),),
}
# The letters half of every text is made of; where they are rare, it is none.
_COMMON = frozenset("оаеинтсрвлкіαεητισοπρκνالينومرتיוהלאמרתבש")
_MARKS = frozenset("„“”‚’‘–—…«»‹›€°§©®№\xa0¿¡•·´¨")
_WORD = re.compile(r"[^\W\d_]+")


def charset_of(data: bytes) -> str:
    """Return the name of Python's codec that reads `data` as words of a language we know, or "".

    `data` is neither ASCII nor UTF-8. Nothing is returned where more letters than not are strange.
    """
    sample = data[:MOST]
    high = sum(byte > 0x7F for byte in sample)
    best, most = "", 0.5 * high
    for codec, score in _scores(sample):
        if score > most:
            best, most = codec, score
    return best


def _scores(sample: bytes) -> Iterator[tuple[str, float]]:
    for latin, table in ((True, _LATIN), (False, _OTHER)):
        for codecs, languages in table.items():
            for codec in codecs:
                text = sample.decode(codec, "replace")
                letters, lost = _letters(text, latin)
                words = set(_WORD.findall(text.lower()))
                for alphabet, known in languages:
                    said = 0.5 * min(4, len(words & set(known.split())))
                    yield codec, _fits(letters, alphabet) + said - lost


def _letters(text: str, latin: bool) -> tuple[Counter[str], float]:
    """The letters beyond ASCII, and how much speaks against them where they stand.

    KOI8 has capitals where others have small letters: a capital speaks a little against itself.
    """
    found: Counter[str] = Counter()
    lost = 0.0
    for before, sign, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if sign < "\x80":
            continue
        inside = before.isalpha() and after.isalpha()
        if not sign.isalpha():
            lost += 3 if sign not in _MARKS or (inside and sign != "’") else 0
            continue
        found[sign.lower()] += 1
        lost += (1.5 if before.islower() else 0.2) if sign.isupper() else 0
        # An alphabet of its own has no Latin letters within its words.
        strangers = (one for one in (before, after) if one.isascii() and one.isalpha())
        lost += 0 if latin else 2 * sum(1 for _one in strangers)
    return found, lost


def _fits(letters: Counter[str], alphabet: str) -> float:
    own_alphabet = len(alphabet) > 20
    score = 0.0
    for sign, times in letters.items():
        if sign not in alphabet:
            score -= 1.5 * times
        else:
            score += times if not own_alphabet or sign in _COMMON else 0.5 * times
    return score
