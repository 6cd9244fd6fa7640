"""Which text serves a reader."""

from __future__ import annotations

import pytest

from outreach.errors import NotFound
from outreach.letters import templates
from outreach.letters.models import Template
from outreach.letters.templates import language_for
from tests import make


def test_the_newest_of_each_language(session):
    campaign = make.campaign(session)
    first = make.template_version(session, campaign, body="One.")
    template = session.get_one(Template, first.template_id)
    make.template_version(session, campaign, template=template, number=2, body="Two.")
    assert templates.template_by_slug(session, campaign.id, template.slug) is template
    current = templates.current_versions(session, template.id)
    assert {language: one.number for language, one in current.items()} == {first.language: 2}
    assert templates.version(session, 10_000) is None
    with pytest.raises(NotFound):
        templates.template_by_slug(session, campaign.id, "no-such")


@pytest.mark.parametrize(
    ("wanted", "available", "found"),
    [
        ("en-GB", ["en", "de"], "en"),
        ("en", ["en-GB", "de"], "en-GB"),
        ("de-CH", ["de", "de-CH"], "de-CH"),
        ("pl", ["en"], None),
    ],
)
def test_which_text_serves_a_reader(wanted, available, found):
    assert language_for(wanted, available) == found
