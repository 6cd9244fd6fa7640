"""Two lines that nobody named a charset for are read as what they are."""

from __future__ import annotations

import pytest

from outreach.replies.mail.charsets import decoded

WESTERN, CENTRAL, CYRILLIC = ("cp1252",), ("cp1250", "iso8859-2"), ("cp1251", "koi8-u", "iso8859-5")
SAID = {
    "de": ("Sehr geehrte Damen und Herren, für Grüße", WESTERN),
    "de, one word": ("Grüße", WESTERN),
    "fr": ("Madame, j’ai bien reçu votre lettre, très touché. À bientôt", WESTERN),
    "fr, short": ("Très bien reçu", WESTERN),
    "es": ("Estimado señor: ¿Cuándo llegará? Mañana, según la comisión", WESTERN),
    "es, a name": ("Gracias, señor Núñez", WESTERN),
    "it": ("Sarà discussa giovedì, perché è importante", WESTERN),
    "pt": ("A nossa posição não mudou, obrigação", WESTERN),
    "nl": ("Geachte mevrouw, daarvoor hebben wij één vraag", WESTERN),
    "sv": ("Tack för brevet, vi återkommer på måndag", WESTERN),
    "pl": ("Szanowna Pani, sprawą zajmie się nasza komisja w przyszłym tygodniu", CENTRAL),
    "pl, one word": ("Dziękuję", CENTRAL),
    "cs": ("Vážený pane, děkuji za dopis, odpovíme příští týden", CENTRAL),
    "hu": ("Tisztelt Hölgyem, köszönjük a levelét, később válaszolunk őszintén", CENTRAL),
    "lt": ("Gerbiamasis, ačiū už laišką, atsakysime šią savaitę", ("cp1257",)),
    "lv": ("Paldies par vēstuli, atbildēsim nākamnedēļ", ("cp1257",)),
    "tr": ("Sayın Bayan, mektubunuz için teşekkür ederiz", ("cp1254",)),
    "el": ("Ευχαριστούμε για την επιστολή σας", ("cp1253",)),
    "uk": ("Дякуємо за лист, відповімо після перерви", CYRILLIC),
    "uk, one word": ("Дякую", CYRILLIC),
    "ru": ("Уважаемые дамы, спасибо за письмо", CYRILLIC),
    "ru, short": ("Да, мы поддержим.", CYRILLIC),
    "ar": ("شكرا على رسالتكم وسنرد عليكم قريبا", ("cp1256",)),
    "he": ("תודה על מכתבך, נשיב בקרוב", ("cp1255",)),
}


@pytest.mark.parametrize("called", ["", "utf-8", "us-ascii"])
@pytest.mark.parametrize(
    ("text", "charset"),
    [
        pytest.param(text.replace("’", "'"), charset, id=f"{name}-{charset}")
        for name, (text, charsets) in SAID.items()
        for charset in charsets
    ],
)
def test_a_short_text_without_a_right_charset_is_read(text, charset, called) -> None:
    # What is UTF-8 is read as that, whatever it is called.
    assert decoded(text.encode(), called)[0] == text
    assert decoded(text.encode(charset), called) == (text, False)


def test_what_is_said_and_fits_is_not_guessed_about() -> None:
    assert decoded("Grüße".encode("cp1252"), "iso-8859-1") == ("Grüße", True)
    assert decoded("Dziękuję".encode("cp1250"), "windows-1250") == ("Dziękuję", True)


PAIRS = {
    "zh": ("王先生您好，附件是我们部长对贵组织二月份报告的正式答复，请查阅。", "gb18030"),
    "zh, two words": ("邮箱已满", "gb18030"),
    "zh within English": (
        "Dear Ms Weber,\n\nThank you. 您的来信已经转交外交部。\n\nRegards",
        "gb18030",
    ),
    "zh-TW": ("陳委員國會辦公室來信：有關護照延期問題，本席已向外交部提出書面質詢。", "big5"),
    "zh-TW, short": ("感謝您的來信。", "big5"),
    "ja": ("自動返信：夏季休暇のため9月8日まで不在にしております。", "cp932"),
    "ja, a post": ("法務省出入国在留管理庁 広報担当", "euc_jp"),
    "ja, short": ("ありがとうございます。", "euc_jp"),
    "ko": ("여권 연장 문제는 외교부 소관이오니 그쪽으로 문의하시기 바랍니다.", "cp949"),
    "ko, short": ("감사합니다.", "cp949"),
}


@pytest.mark.parametrize("called", ["", "utf-8", "us-ascii", "iso-8859-1", "windows-1251"])
@pytest.mark.parametrize(("text", "charset"), PAIRS.values(), ids=PAIRS)
def test_two_bytes_a_sign_are_told_from_one(text, charset, called) -> None:
    assert decoded(text.encode(charset), called) == (text, False)


@pytest.mark.parametrize(
    ("text", "charset"),
    [("旅券の件です", "iso2022_jp"), ("여권 연장 문제", "iso2022_kr"), ("邮箱已满", "hz")],
)
def test_escapes_within_ascii_are_understood(text, charset) -> None:
    assert decoded(text.encode(charset), "us-ascii") == (text, False)
    assert decoded(b"See ~{this~} and ~/that", "us-ascii") == ("See ~{this~} and ~/that", True)


@pytest.mark.parametrize("called", ["cp1251", "koi8-u", "cp1253", "cp1255", "cp1256", "cp1250"])
def test_one_byte_a_sign_is_not_taken_for_two(called) -> None:
    for text, charsets in SAID.values():
        if called in charsets:
            assert decoded(text.replace("’", "'").encode(called), called)[1]
