"""What somebody wrote is told from the letter they quote, by what mail programs really write."""

from __future__ import annotations

import pytest

from outreach.replies.mail.plain_text import text_of
from outreach.replies.mail.quoting import cut

OURS = "letters@campaign.example"
# Above a quoted letter whose lines are marked: Gmail, Apple Mail, Thunderbird, Yahoo, Proton.
MARKED = [
    "On Tue, 3 Nov 2026 at 10:12, The Campaign <letters@campaign.example> wrote:",
    "On Tue, 3 Nov 2026 at 10:12, The Campaign for Those Who Disappeared\n"
    "<letters@campaign.example> wrote:",
    "On 3 Nov 2026, at 10:12, The Campaign <letters@campaign.example> wrote:",
    "On 11/3/26 10:12, The Campaign wrote:",
    "On Tuesday, November 3rd, 2026 at 10:12 AM, The Campaign <letters@campaign.example> wrote:",
    "Am Di., 3. Nov. 2026 um 10:12 Uhr schrieb Die Kampagne <letters@campaign.example>:",
    "Am 03.11.2026 um 10:12 schrieb Die Kampagne:",
    "> Am 03.11.2026 um 10:12 schrieb Die Kampagne <letters@campaign.example>:",
    "Le mar. 3 nov. 2026 à 10:12, La campagne <letters@campaign.example> a écrit :",
    "Le 3 nov. 2026 à 10:12, La campagne a écrit :",
    "El mar, 3 nov 2026 a las 10:12, La campaña (<letters@campaign.example>) escribió:",
    "Il giorno mar 3 nov 2026 alle ore 10:12 La campagna <letters@campaign.example> ha scritto:",
    "Il 03/11/2026 10:12, La campagna ha scritto:",
    "Op di 3 nov 2026 om 10:12 schreef De campagne <letters@campaign.example>:",
    "W dniu 3.11.2026 o 10:12, Kampania pisze:",
    "wt., 3 lis 2026 o 10:12 Kampania <letters@campaign.example> napisał(a):",
    "Den tis 3 nov. 2026 kl 10:12 skrev Kampanjen <letters@campaign.example>:",
    "tir. 3. nov. 2026 kl. 10:12 skrev Kampagnen <letters@campaign.example>:",
    "вт, 3 нояб. 2026 г. в 10:12, Кампания <letters@campaign.example>:",
    "вт, 3 лист. 2026 р. о 10:12 Кампанія <letters@campaign.example> пише:",
    "03.11.2026 10:12, Кампания пишет:",
    "út 3. 11. 2026 v 10:12 odesílatel Kampaň <letters@campaign.example> napsal:",
    "Em ter., 3 de nov. de 2026 às 10:12, A campanha <letters@campaign.example> escreveu:",
    "ti 3.11.2026 klo 10.12 Kampanja (letters@campaign.example) kirjoitti:",
    "otrd., 2026. g. 3. nov., plkst. 10:12 — lietotājs (<letters@campaign.example>) rakstīja:",
    "2026-11-03, an, 10:12 Kampanija <letters@campaign.example> rašė:",
    "2026年11月3日(火) 10:12 Campaign <letters@campaign.example>:",
    "في الثلاثاء، 3 نوفمبر 2026 في 10:12 ص تمت كتابة ما يلي بواسطة <letters@campaign.example>:",
]
# Above one whose lines are not: Outlook on a desk and on a telephone, in many languages.
BLOCKS = [
    "From: The Campaign <letters@campaign.example>\nSent: 03 November 2026 10:12\n"
    "To: Office\nSubject: Sanctions",
    "-----Original Message-----\nFrom: The Campaign\nSent: Tuesday, November 3, 2026 10:12 AM\n"
    "To: Office\nSubject: Sanctions",
    "________________________________\nFrom: The Campaign <letters@campaign.example>\n"
    "Sent: Tuesday, November 3, 2026 10:12:00 AM\nTo: Office <o@h.example>\nSubject: Sanctions",
    "Von: Die Kampagne [mailto:letters@campaign.example]\nGesendet: Dienstag, 3. November 2026\n"
    "An: Büro\nBetreff: Sanktionen",
    "-----Ursprüngliche Nachricht-----\nVon: Die Kampagne\nGesendet: 3. November 2026 10:12\n"
    "An: Büro\nBetreff: Sanktionen",
    "De : La campagne <letters@campaign.example>\nEnvoyé : mardi 3 novembre 2026 10:12\n"
    "À : Bureau\nObjet : Sanctions",
    "De: La campaña <letters@campaign.example>\nEnviado: martes, 3 de noviembre de 2026 10:12\n"
    "Para: Oficina\nAsunto: Sanciones",
    "Da: La campagna <letters@campaign.example>\nInviato: martedì 3 novembre 2026 10:12\n"
    "A: Ufficio\nOggetto: Sanzioni",
    "Van: De campagne <letters@campaign.example>\nVerzonden: dinsdag 3 november 2026 10:12\n"
    "Aan: Bureau\nOnderwerp: Sancties",
    "Od: Kampania <letters@campaign.example>\nWysłano: wtorek, 3 listopada 2026 10:12\n"
    "Do: Biuro\nTemat: Sankcje",
    "От: Кампания <letters@campaign.example>\nОтправлено: 3 ноября 2026 г. 10:12\n"
    "Кому: Приёмная\nТема: Санкции",
    "Від: Кампанія <letters@campaign.example>\nНадіслано: 3 листопада 2026 р. 10:12\n"
    "Кому: Приймальня\nТема: Санкції",
    "Från: Kampanjen <letters@campaign.example>\nSkickat: den 3 november 2026 10:12\n"
    "Till: Kansli\nÄmne: Sanktioner",
    "*From:* The Campaign <letters@campaign.example>\n*Sent:* 3 November 2026 10:12\n"
    "*To:* Office\n*Subject:* Sanctions",
    "---------- Forwarded message ---------\nFrom: The Campaign <letters@campaign.example>\n"
    "Date: Tue, 3 Nov 2026\nSubject: Sanctions\nTo: <o@h.example>",
    "Begin forwarded message:\n\nFrom: The Campaign <letters@campaign.example>",
]
ANSWER = "Thank you for your letter.\n\nThe Minister supports a listing: see page 3."
LETTER = "Dear Minister,\n\nwe ask you to list OMON.\n\nYours"


@pytest.mark.parametrize("above", MARKED)
def test_a_marked_letter_is_cut_with_the_line_above_it(above):
    found = cut(f"{ANSWER}\n\n{above}\n\n{_marked(LETTER)}\n")
    assert found.reading == ANSWER
    assert "list OMON" in found.quoted
    assert found.quoted.startswith(above[:10])


@pytest.mark.parametrize("above", BLOCKS)
def test_a_letter_below_a_block_of_headers_is_cut(above):
    found = cut(f"{ANSWER}\n\n{above}\n\n{LETTER}\n")
    assert found.reading == ANSWER
    assert "list OMON" in found.quoted


@pytest.mark.parametrize(
    "above",
    [
        "On Tue, 3 Nov 2026 at 10:12, The Campaign <letters@campaign.example> wrote:",
        "Am 03.11.2026 um 10:12 schrieb letters@campaign.example:",
        "Kampaania (letters@campaign.example):",
    ],
)
def test_an_unmarked_letter_below_our_own_address_is_cut(above):
    assert cut(f"{ANSWER}\n\n{above}\n{LETTER}", OURS).reading == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "In your letter of 3 November 2026 you wrote:\n\nwe ask you to list OMON.\n\nWe agree.",
        "From: the very beginning we said so.\nThat is all.",
        "Two things:\n- one\n- two",
        "Our position is as follows:\nDate: to be decided\nPlace: Vilnius",
        "-- \nOnly a signature",
        "1. We wrote to the Council on 3 May 2026 at 10:12.\n2. No answer came.",
    ],
)
def test_what_only_looks_like_a_quote_stays(text):
    assert cut(text).reading == text.strip()


def test_answers_between_the_quoted_lines_stay():
    text = (
        "On Tue, 3 Nov 2026, The Campaign <letters@campaign.example> wrote:\n"
        "> Will you table a question?\n\nYes, in December.\n\n> Will you sign?\n\nNot yet, sorry.\n"
    )
    assert cut(text).reading == "Yes, in December.\n\nNot yet, sorry."


def test_an_answer_below_the_quoted_letter_stays():
    text = "On 3 Nov 2026 The Campaign wrote:\n> Will you sign?\n\nI will sign it tomorrow."
    assert cut(text).reading == "I will sign it tomorrow."


def test_a_letter_forwarded_without_a_word_is_read_whole():
    text = f"{BLOCKS[1]}\n\n{LETTER}"
    assert cut(text).reading == text


@pytest.mark.parametrize(
    "line",
    [
        "-- \nAnna Berg\nOffice of the Minister",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Get Outlook for iOS <https://aka.ms/o0ukef>",
        "Envoyé de mon iPhone",
        "Отправлено из Mail.ru для Android",
        "Надіслано з iPhone",
        "Sent with Proton Mail secure email.",
    ],
)
def test_signatures_are_cut_and_kept(line):
    found = cut(f"{ANSWER}\n\n{line}\n")
    assert (found.reading, found.signature) == (ANSWER, line)


def test_html_becomes_what_a_reader_sees():
    html = (
        "<html><head><style>p {color: red}</style><title>x</title></head><body>"
        "<p>Dear&nbsp;all,</p><p>we <b>agree</b>:<br>see <a href='https://h.example/p'>page</a></p>"
        "<div style='display:none'>hidden</div><ul><li>one</li><li>two</li></ul>"
        "<div class='gmail_quote'><div>On 3 Nov 2026, C &lt;c@campaign.example&gt; wrote:</div>"
        "<blockquote>Will you?<blockquote>older</blockquote></blockquote></div></body></html>"
    )
    text = text_of(html)
    assert text.startswith(
        "Dear all,\n\nwe agree:\nsee page <https://h.example/p>\n\n- one\n- two\n"
    )
    assert "> Will you?" in text
    assert "> > older" in text
    assert "hidden" not in text
    assert cut(text).reading.endswith("- two")


def _marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
