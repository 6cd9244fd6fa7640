"""What recipients lack is said of each of them before there is a draft."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.directory.models import OrganizationKind, Target, TargetRole
from outreach.letters import drafting, gaps
from outreach.letters.models import Letter, Template
from outreach.petitions.models import Conflict
from tests import make
from tests.conftest import NOW


def template_saying(session, campaign, body):
    make.ask(session, campaign, code="D1", roles=["member_lower"])
    version = make.template_version(session, campaign, body=body)
    template = session.get_one(Template, version.template_id)
    template.roles, template.asks = ["member_lower"], ["D1"]
    session.flush()
    return template


def missing(session, campaign, template, targets):
    found = gaps.missing_for(
        session,
        campaign=campaign,
        template=template,
        targets=[row.id for row in targets],
        sender=make.sender(session, campaign),
        today=NOW.date(),
    )
    return {one.target.name: one.names for one in found}


def test_three_of_many_lack_their_group(session, campaign):
    template = template_saying(session, campaign, "You sit for {{ recipient.group }}.")
    group = make.organization(session, kind=OrganizationKind.GROUP, name="Example Group")
    house = make.organization(session)
    rows = [
        make.target(
            session, name=f"Member {n:03}", body=house, group_id=None if n < 3 else group.id
        )
        for n in range(20)
    ]
    assert missing(session, campaign, template, rows) == {
        f"Member {n:03}": ("recipient.group",) for n in range(3)
    }
    assert session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 0


def test_a_condition_is_a_fallback(session, campaign):
    body = (
        "{% if recipient.group %}You sit for {{ recipient.group }}.{% else %}Alone.{% endif %}"
        "{% if not recipient.constituency %}{{ recipient.committee }}{% endif %}"
    )
    template = template_saying(session, campaign, body)
    found = missing(session, campaign, template, [make.target(session, name="Ida")])
    assert found == {"Ida": ("recipient.committee",)}


def test_who_gets_no_letter_anyway_is_not_listed(session, campaign):
    template = template_saying(session, campaign, "{{ recipient.group }}")
    rows = [
        make.target(session, role=TargetRole.MINISTER),
        make.target(session, language="pl"),
    ]
    assert missing(session, campaign, template, rows) == {}
    assert session.get(Target, rows[0].id) is not None


def test_facts_that_clash_are_in_no_letter(session, campaign):
    """A text that brings two facts of one conflict together gives no draft, and says what to do."""
    template = template_saying(session, campaign, "{{ fact.R01 }} {{ fact.R02 }}")
    session.add(
        Conflict(campaign_id=campaign.id, code="C-DET", what="Totals", resolution="Take R01.")
    )
    for code in ("R01", "R02"):
        wording = {"en": f"{code}: {{figure}} people."}
        make.fact(session, campaign, code=code, conflict_group="C-DET", wording=wording)
    target = make.target(session)
    mailing = drafting.make_drafts(
        session,
        campaign=campaign,
        template=template,
        targets=[target.id],
        sender=make.sender(session, campaign),
        by=make.sam(session, campaign),
        now=NOW,
    )
    (row,) = mailing.left_out
    assert row["reason"] == "The facts R01, R02 don't go together. Take R01."
