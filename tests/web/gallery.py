"""A page that shows every component, for the tests and for our own eyes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

from flask import Flask, flash, render_template_string
from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired
from wtforms.widgets import CheckboxInput, ListWidget

from outreach.letters.lifecycle import State
from outreach.web.access import needs
from outreach.web.forms import Form
from outreach.words import Sentence
from tests.conftest import NOW

LETTER = """Dear Ms d’Exemple,

I write as one of the people behind a petition on political prisoners. More than 37,000 people \
were detained after the election of August 2020, according to the United Nations.

We ask you to put a written question to the government: when will the named officials of the \
[gap: committee] be listed?

Yours sincerely,
Ada Example

Ref. 7K4-Q2M"""
NAMES = ("Adèle d’Exemple", "Παράδειγμα Ελένη", "Пример Ольга", "مثال أحمد", "Zoë Ångström-Núñez")


class GalleryForm(Form):
    """One field of every kind."""

    name = StringField("Name", validators=[DataRequired("Write a name.")])
    kind = SelectField(
        "Kind", choices=[SelectChoice("referral", "referral"), SelectChoice("refusal", "refusal")]
    )
    day = DateField("Day", description="As it stands on the letter.")
    words = TextAreaField("What they wrote")
    channel = RadioField(
        "Channel", choices=[SelectChoice("email", "e-mail"), SelectChoice("post", "post")]
    )
    languages = SelectMultipleField(
        "Languages",
        choices=[SelectChoice("en", "English"), SelectChoice("de", "German")],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    sure = BooleanField("I have read it to the end")


def add_gallery(app: Flask) -> None:
    """Serve the gallery at /gallery, for whoever is signed in."""

    @needs("account.own")
    def gallery() -> str:
        flash("12 letters approved.", "success")
        form = GalleryForm(data={"name": ""})
        form.validate()
        form.form_errors.append("The day lies before the letter was sent.")
        return render_template_string(
            (Path(__file__).parent / "gallery.html").read_text(encoding="utf-8"),
            form=form,
            states=list(State),
            names=NAMES,
            letter=LETTER,
            page=SimpleNamespace(page=2, per_page=50, total=388),
            quotations=[SimpleNamespace(text="More than 37,000 people were detained")],
            stops=[
                SimpleNamespace(
                    words=Sentence("The German block was not read by a native speaker."),
                    mend=("Record who read it", "#main"),
                )
            ],
            waits=[
                SimpleNamespace(
                    words=Sentence("The desk got a letter of this house."),
                    until=NOW + dt.timedelta(days=9),
                )
            ],
            rows=[
                SimpleNamespace(at=NOW, by="Sam", text="drafted", detail=""),
                SimpleNamespace(
                    at=NOW + dt.timedelta(hours=3),
                    by="Olga",
                    text="returned",
                    detail="Name the committee.",
                ),
            ],
        )

    app.add_url_rule("/gallery", "gallery", gallery)
