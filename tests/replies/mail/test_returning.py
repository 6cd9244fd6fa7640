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


MONDAY, MONTHS_END = dt.date(2026, 8, 24), dt.date(2026, 8, 31)
MORE = {
    BACK: [
        "Thanks for your message. I'm on annual leave and will next be checking email on "
        "8 September.",
        "I am currently out of office with limited access to email, returning Tuesday "
        "8th September.",
        "Thank you for your email. I will be out of the office starting 08/10/2026 and "
        "will return on 09/08/2026.",
        "My office reopens on September 8.",
        "I'm on parental leave; my first day back is 8 September 2026.",
        "I will respond to your email upon my return on Tue 8 Sep.",
        "Parliament is in recess. We will be dealing with correspondence again from 8 "
        "September onwards.",
        "Ich befinde mich derzeit im Urlaub und bin ab Dienstag, 08.09.2026, wieder für Sie da.",
        "Ihre E-Mail wird nicht weitergeleitet. Ab 8. Sept. lese ich meine Nachrichten wieder.",
        "Nach meiner Rückkehr am 8. September werde ich mich bei Ihnen melden.",
        "Erster Arbeitstag nach dem Urlaub: Dienstag, 8. September.",
        "Ich bin voraussichtlich erst am Dienstag, den 8.9. wieder erreichbar.",
        "Unser Bürgerbüro öffnet wieder am 8. September.",
        "Estoy de vacaciones. Me reincorporo el próximo 8 de septiembre.",
        "Contestaré a su correo a mi regreso, el martes 8 de septiembre.",
        "Le atenderé a partir del día 8 de septiembre.",
        "Volveré a estar disponible el 08/09/2026.",
        "Estaré de nuevo en mi puesto el 8-9-2026.",
        "Retomaré la actividad el 8 de septiembre.",
        "Je suis actuellement en congés et je serai de retour au bureau le mardi 8 septembre.",
        "Je reprendrai mes fonctions le 8 septembre prochain.",
        "Je serai à nouveau joignable à compter du 8 septembre.",
        "Reprise le 08/09/2026.",
        "Je ne serai de retour que le 8 septembre.",
        "Je reviens le 8/09.",
        "La permanence parlementaire rouvrira ses portes le 8 septembre.",
        "Merci de votre message. Je vous répondrai dès le 8 septembre.",
        "Sarò di nuovo in ufficio martedì 8 settembre.",
        "Rispondo alla Sua mail al mio rientro, previsto per l'8 settembre.",
        "L'ufficio riaprirà l'8 settembre.",
        "Riprenderò servizio il giorno 8 settembre 2026.",
        "Tornerò operativo dall'8 settembre.",
        "Sarò nuovamente disponibile a partire dal 08.09.2026.",
        "Ik ben met vakantie en dinsdag 8 september weer aanwezig.",
        "Op 8 september ben ik terug op kantoor.",
        "Ik lees uw bericht na mijn terugkeer op 8 september.",
        "Per 8 september hervat ik mijn werkzaamheden.",
        "Met ingang van 8-9-2026 ben ik weer bereikbaar.",
        "Ik ben er weer vanaf di 8 sept.",
        "Ik beantwoord mijn mail weer vanaf 8 september.",
        "Będę dostępna od 8 września.",
        "Do pracy wracam we wtorek 8 września.",
        "Odpowiem na Państwa wiadomość po powrocie, tj. 8 września 2026.",
        "Biuro poselskie wznawia pracę 8 września.",
        "Będę ponownie w biurze 08.09.2026.",
        "Дякую за лист. Повертаюся на роботу 8 вересня.",
        "Відповім вам після повернення 8 вересня.",
        "Буду доступна з 8 вересня.",
        "На робочому місці буду з 08.09.2026.",
        "Приймальня відновить роботу 8 вересня.",
        "Вийду на роботу у вівторок, 8 вересня.",
        "Знову на зв'язку з 8-го вересня.",
        "My return date is 8 September 2026.",
        "I'm OOO thru Mon 9/7, back Tue 9/8.",
        "I shall be out of the country, returning on the 8th of September.",
        "This inbox is not monitored until 8 September 2026.",
        "Ich bin krank und voraussichtlich am 8. September wieder da.",
        "Zurück bin ich am 08.09.26.",
        "Ihre Mail bearbeite ich ab Dienstag, dem 8. September.",
        "Mi fecha de regreso es el 8 de septiembre.",
        "Me incorporo el martes 8 de septiembre.",
        "La oficina permanecerá cerrada durante el mes de agosto y reabrirá el martes 8 "
        "de septiembre.",
        "De retour le mardi 8/9.",
        "Mon retour est prévu le 8 septembre.",
        "Il mio ritorno è previsto per martedì 8 settembre.",
        "Potrò rispondere alle e-mail dal giorno 8 settembre.",
        "Dinsdag 8 september zit ik weer achter mijn bureau.",
        "Ik keer op 8 september terug.",
        "Mój powrót planowany jest na 8 września.",
        "Będę w biurze od wtorku 8 września.",
        "Планую повернутися 8 вересня.",
        "Приступлю до роботи 8 вересня 2026 р.",
    ],
    AWAY: [
        "I'll be away from my desk from the 10th of August up to and including the 7th "
        "of September.",
        "The office is closed for summer recess until September 7th.",
        "Out until 9/7. Please call Jane for urgent matters.",
        "Vielen Dank für Ihre Nachricht. Ich bin bis zum 07.09. nicht im Büro.",
        "Das Büro ist in der Sommerpause vom 17. August bis einschließlich 7. September "
        "geschlossen.",
        "Ich bin vom 17.8. - 7.9.2026 im Urlaub.",
        "Wegen Elternzeit bin ich bis 07.09.2026 abwesend, meine Vertretung übernimmt Herr Kluge.",
        "Permaneceré ausente de la oficina del 10 de agosto al 7 de septiembre, ambos inclusive.",
        "Me encuentro fuera hasta el lunes 7 de septiembre.",
        "Oficina cerrada por vacaciones hasta el 7/9.",
        "Absente du 17 août au 7 septembre inclus, je prendrai connaissance de votre "
        "message à mon retour.",
        "Le secrétariat est fermé jusqu'au lundi 7 septembre.",
        "Je suis absent jusqu’au 7 septembre 2026 au soir.",
        "Sono in ferie fino a lunedì 7 settembre compreso.",
        "Assente dal 10/08 al 07/09.",
        "Sono fuori sede sino al 7/9/2026.",
        "La segreteria resterà chiusa dal 10 agosto al 7 settembre.",
        "Tot 7 september ben ik niet op kantoor.",
        "Van 17 augustus tot en met 7 september geniet ik van mijn vakantie.",
        "Wegens reces is ons kantoor gesloten t/m 7 september.",
        "Przebywam na urlopie do dnia 7 września 2026 r.",
        "W dniach 17.08–07.09.2026 jestem nieobecny.",
        "Jestem na urlopie w terminie od 10 sierpnia do 7 września.",
        "Biuro poselskie nieczynne do 7.09.2026 r. włącznie.",
        "Urlop do 7 IX 2026.",
        "Перебуваю у відпустці по 7 вересня 2026 року включно.",
        "Я буду відсутня з 10 серпня до 7 вересня.",
        "У відпустці до 07.09.2026 р.",
        "Please note the Member's office will be closed from Monday 24 August to Monday "
        "7 September inclusive.",
        "Unser Haus ist vom 24.08. bis 07.09.2026 wegen Betriebsferien geschlossen.",
        "Bis zum 7. September 2026 bin ich auf Dienstreise und nur eingeschränkt erreichbar.",
        "Estaré fuera de la oficina desde el 24 de agosto hasta el 7 de septiembre, "
        "volviendo el 8.",
        "De viaje oficial hasta el 7 de septiembre inclusive.",
        "Je serai absente jusqu’au 7 septembre inclus et ne consulterai pas mes messages.",
        "Je suis en déplacement du 24/08 au 07/09/2026.",
        "Le cabinet sera fermé du lundi 24 août au lundi 7 septembre.",
        "Sarò fuori ufficio dal 24 agosto al 7 settembre.",
        "Sono in missione fino al 7 settembre p.v.",
        "Ik ben vanaf maandag 24 augustus tot en met 7 september met verlof.",
        "Wij zijn gesloten van 24/8 t/m 7/9.",
        "Od 24 sierpnia do 7 września przebywam na urlopie wypoczynkowym.",
        "Nieobecność: 24.08.2026 - 07.09.2026",
        "Zwolnienie lekarskie do dn. 07.09.2026.",
        "Мене не буде в офісі з 24 серпня по 7 вересня.",
        "Відпустка триває до 7 вересня.",
        "Перебуваю у відрядженні до 7 вересня ц.р.",
    ],
    MONDAY: [
        "I am out of the office this week and will be back on Monday.",
        "I will be back on Monday 24th.",
        "Ich bin am Montag wieder im Büro.",
        "Regreso el lunes.",
        "Je serai de retour lundi.",
        "Rientro lunedì.",
        "Maandag ben ik weer aanwezig.",
        "Wracam w poniedziałek.",
        "Повернусь у понеділок.",
    ],
    MONTHS_END: [
        "I am on leave until the end of August.",
        "Ich bin bis Ende August im Urlaub.",
        "Estoy de baja hasta finales de agosto.",
        "Je suis en congés jusqu'à fin août.",
        "In ferie fino a fine agosto.",
        "Ik ben afwezig tot eind augustus.",
        "Jestem na urlopie do końca sierpnia.",
        "Я у відпустці до кінця серпня.",
    ],
    None: [
        "I am away for two weeks from 24 August.",
        "Next sitting of the committee: 8 September. I am out of the office.",
        "Your letter of 12 August has been received. The hearing on 8 September will be public.",
        "Ich bin nicht da. Am 8. September findet die Anhörung statt.",
        "Ihr Schreiben vom 12. August ist eingegangen.",
        "Merci pour votre lettre du 12 août. La séance du 8 septembre est publique.",
        "Out of office. Office hours: Monday to Friday, 9-17.",
        "Unser Büro ist Montag bis Freitag besetzt. Ich bin nicht da.",
        "Leggerò la posta solo dopo l'8 settembre.",
        "Na 7 september neem ik contact met u op.",
    ],
}


@pytest.mark.parametrize(
    ("text", "day"), [(text, day) for day, texts in MORE.items() for text in texts]
)
def test_as_offices_write_it(text, day):
    assert back_on(text, WRITTEN) == day
