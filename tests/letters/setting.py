"""A campaign with all that drafts need: a sender, a staff member, an ask, a fact, one text."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.letters import drafting, templates
from outreach.letters.models import Letter
from outreach.letters.sharing import SharedDesk
from tests import make

BODY = "We ask you to answer. {{ fact.R02 }}"


class Setting:
    """A campaign with a sender, a staff member, an ask for members and one English text."""

    def __init__(self, session, now):
        self.session, self.now = session, now
        self.campaign = make.campaign(session)
        self.sender = make.sender(session, self.campaign)
        self.sam = make.sam(session, self.campaign)
        self.ask = make.ask(session, self.campaign, code="A1")
        self.fact = make.fact(session, self.campaign, code="R02")
        version = make.template_version(session, self.campaign, subject="A question", body=BODY)
        self.version = version
        self.template = self.written(version.template_id)

    def written(self, template_id, **values):
        template = templates.version(self.session, self.version.id).template
        template.asks = ["A1"]
        for name, value in values.items():
            setattr(template, name, value)
        self.session.flush()
        return template

    def drafts(self, *targets, **values):
        values = {"desks": SharedDesk.ONE} | values
        mailing = drafting.make_drafts(
            self.session,
            campaign=self.campaign,
            template=self.template,
            targets=[target.id for target in targets],
            sender=self.sender,
            by=self.sam,
            now=self.now,
            **values,
        )
        letters = self.session.scalars(
            sa.select(Letter).where(Letter.mailing_id == mailing.id).order_by(Letter.id)
        ).all()
        return letters, {line["name"]: line["reason"] for line in mailing.left_out}
