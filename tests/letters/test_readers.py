"""Which languages want a native speaker before letters in them leave."""

from __future__ import annotations

import datetime as dt

from outreach.directory import salutation_readings
from outreach.directory.models import TargetRole
from outreach.letters import readers
from outreach.letters.models import TemplateVersion
from tests import make
from tests.letters.setting import Setting


def test_a_language_is_named_with_its_targets_before_any_letter_is_drafted(session, now):
    setting = Setting(session, now)
    setting.version.read_by = setting.version.read_on = None
    french = TemplateVersion(
        template_id=setting.template.id,
        language="fr",
        number=1,
        subject="Question",
        body="Merci de répondre.",
        author="Sam",
        at=now,
        read_by="Fanny",
        read_on=now.date(),
    )
    session.add(french)
    make.target(session, language="en")
    make.target(session, language="fr")
    make.target(session, language="fr")
    make.target(session, language="fr", ended_on=dt.date(2026, 1, 1))
    made_up = make.target(session, language="fr")
    made_up.demonstration = True
    session.flush()
    found = {one.language: one for one in readers.unread_languages(session, setting.campaign.id)}
    assert (found["en"].targets, found["fr"].targets) == (1, 2)
    # The French text was read; how it addresses a member was not.
    assert found["en"].texts == [setting.template] and found["fr"].texts == []
    assert found["fr"].greetings == ["fr"]
    block = salutation_readings.block_called("fr")
    shown = {TargetRole.MEMBER_LOWER: block.roles[TargetRole.MEMBER_LOWER].digest}
    salutation_readings.record(
        session,
        "fr",
        shown,
        read_by="Fanny",
        read_on=now.date(),
        by=make.olga(session, setting.campaign),
        now=now,
    )
    left = [one.language for one in readers.unread_languages(session, setting.campaign.id)]
    assert left == ["en"]


def test_of_two_texts_for_one_office_both_are_looked_at(session) -> None:
    campaign = make.campaign(session)
    make.target(session, language="fr")
    unread = make.template_version(session, campaign, language="fr")
    make.template_version(session, campaign, read_by="Nora", read_on=make.NOW.date())
    found = readers.unread_languages(session, campaign.id)
    assert [text.id for one in found for text in one.texts] == [unread.template_id]
