"""The day an absent reader is back, in the languages they say it in."""

from __future__ import annotations

import datetime as dt

import pytest

from outreach.replies.mail.returning import back_on

WRITTEN = dt.date(2026, 8, 20)
BACK, AWAY = dt.date(2026, 9, 8), dt.date(2026, 9, 7)


@pytest.mark.parametrize(
    "text",
    [
        "I will be back on 8 September.",
        "Back in the office Tuesday, September 8th, 2026.",
        "I am away from 17 August to 7 September and will return\non Tuesday 8 September.",
        "I will not return until 09/08/2026.",
        "Ich bin ab dem 8. September wieder erreichbar.",
        "Am 8.9. bin ich wieder im Büro; Vertretung bis 4.9. Frau Meier.",
        "Ich kehre am 8. September zurück.",
        "Je serai de retour le 8 septembre 2026.",
        "Volveré el 8 de septiembre",
        "Rientrerò in ufficio l'8 settembre",
        "Vanaf 8 september ben ik weer bereikbaar",
        "Wracam 8 września.",
        "Повернуся до роботи 8 вересня",
        "Буду знову на роботі з 8 вересня.",
        "Вернусь 8 сентября",
        "سأعود إلى المكتب في 8 سبتمبر",
        "سأعود في ٨ سبتمبر",
        "Jag är tillbaka den 8 september",
        "Naasen tööle 8. septembril.",
        "Voltarei no dia 8 de setembro de 2026",
    ],
)
def test_they_say_when_they_are_back(text):
    assert back_on(text, WRITTEN) == BACK


@pytest.mark.parametrize(
    "text",
    [
        "I am out of the office until Monday 7 September 2026.",
        "I'm away 8/10/2026 through 9/7/2026",
        "Ich bin bis einschließlich 7. September weg. Dringend: Frau Meier (bis 25. August).",
        "vom 10.08. bis 07.09.2026 abwesend",
        "Je suis absent du 10 août au 7 septembre inclus.",
        "Estaré fuera de la oficina hasta el 7 de septiembre.",
        "Sarò assente fino al 7 settembre",
        "Ik ben afwezig tot en met maandag 7 september.",
        "Jestem nieobecny do 7 września 2026 r.",
        "Я у відпустці до 7 вересня включно.",
        "Я в отпуске с 10 августа по 7 сентября",
        "Esmu prombūtnē līdz 2026. gada 7. septembrim.",
    ],
)
def test_they_say_how_long_they_are_away(text):
    assert back_on(text, WRITTEN) == AWAY


@pytest.mark.parametrize(
    "text",
    [
        "Back on 1 August.",
        "Thank you. Founded 2020-01-01. Call 030 12.34.",
        "Office hours: Monday to Friday, 9-12.",
        "The Council meets on 8 September.",
        "",
    ],
)
def test_what_names_no_day_to_come_gives_none(text):
    assert back_on(text, WRITTEN) is None


def test_a_day_after_new_year_is_next_year_s():
    assert back_on("I return on January 4", dt.date(2026, 12, 20)) == dt.date(2027, 1, 4)
