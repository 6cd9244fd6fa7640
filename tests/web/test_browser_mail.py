"""The pages of mail accounts in a real browser, on a desk and on a phone."""

from __future__ import annotations

import pytest

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.sending.finding import Finding, Found, Record
from outreach.sending.models import DomainStop
from outreach.words import Sentence
from tests import make
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)

FINDINGS = {
    "connection": [
        Finding("line", Found.GOOD, Sentence("Encrypted (%(v)s).", v="TLSv1.3")),
        Finding("tag", Found.WRONG, Sentence("It takes nothing: %(w)s", w="550 5.1.1 no user")),
    ],
    "domain": [
        Finding(
            "spf",
            Found.MISSING,
            Sentence("%(d)s does not say which servers may send.", d="association.example"),
            Record("association.example", "TXT", "v=spf1 a:smtp.provider.example ~all"),
        )
    ],
}


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_mail_accounts_are_read_on_every_screen(
    window: Open, database: Database, campaign: Campaign, size: str
) -> None:
    with database.writing() as session:
        make.sender(session, campaign)
        account = make.mail_account(
            session,
            campaign,
            name="Our provider",
            host="smtp.provider.example",
            per_hour=100,
            dkim_domain="association.example",
            dkim_selector="letters-202603",
            dkim_public="MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A" * 10,
            findings={name: [one.as_json() for one in found] for name, found in FINDINGS.items()},
        ).id
        make.mail_account(
            session, campaign, name="Spare", paused_at=make.NOW, paused_because="535 5.7.8 no"
        )
        stop = {"domain": "filter.example", "words": "550 5.7.1 looks like spam", "at": make.NOW}
        session.add(DomainStop(campaign_id=campaign.id, **stop))
    for path, name in (("", "accounts"), (f"/{account}", "account"), ("/new", "new")):
        page = window("ada", f"/campaign/mail{path}", size=size)
        take_picture(page, f"mail-{name}-{size}")
        assert_no_sideways_scroll(page)
        assert_accessible(page)
