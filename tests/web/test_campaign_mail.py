"""Mail accounts in the browser: set up, tried against a server on loopback, stopped domains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from outreach.accounts.models import Campaign, Event, MailAccount, Mode, Task, TaskKind, User
from outreach.config import Settings
from outreach.database import Database
from outreach.directory.models import ContactDetail
from outreach.sending.models import DomainStop
from outreach.signing import Vault
from outreach.web import campaign_mail
from tests import make
from tests.browser import Browser
from tests.sending.test_smtp import Handler, served
from tests.web.conftest import Client

TYPED = {
    "name": "Our provider",
    "host": "127.0.0.1",
    "security": "none",
    "hello": "association.example",
    "enabled": "y",
}


@pytest.fixture
def server() -> Iterator[tuple[Handler, int]]:
    handler = Handler()
    controller: Controller = served(handler)
    controller.start()
    yield handler, controller.port
    controller.stop()


def stored(database: Database) -> MailAccount:
    with database.reading() as session:
        found = session.scalars(sa.select(MailAccount)).one()
        session.expunge_all()
        return found


def added(database: Database, campaign: Campaign, **values: Any) -> int:
    with database.writing() as session:
        make.sender(session, campaign)
        return make.mail_account(session, campaign, **values).id


def test_an_account_is_added_and_its_password_never_shown(
    ada: Client, database: Database, settings: Settings
) -> None:
    browser = Browser(ada)
    browser.get("mail.new")
    page = browser.press(
        "Save account",
        **TYPED | {"host": "smtp.provider.example", "security": "tls"},
        port="465",
        username="letters",
        password="correct horse",
        per_hour="100",
    )
    assert "The account is saved" in page
    account = stored(database)
    assert Vault(settings.secret_key).unlock(account.password) == "correct horse"
    for address in ("/campaign/mail", f"/campaign/mail/{account.id}"):
        shown = ada.get(address).text
        assert "correct horse" not in shown and account.password not in shown
    browser.press("Save account", per_hour="50")
    assert stored(database).per_hour == 50
    assert Vault(settings.secret_key).unlock(stored(database).password) == "correct horse"


def test_a_password_is_told_to_no_other_server(
    ada: Client, database: Database, settings: Settings, campaign: Campaign
) -> None:
    kept = Vault(settings.secret_key).lock("correct horse")
    account_id = added(
        database, campaign, host="one.example", security="tls", username="l", password=kept
    )
    browser = Browser(ada)
    browser.get("mail.account", account_id=account_id)
    page = browser.press("Save account", host="two.example", status=422)
    assert "This is another server: type the password again" in page
    assert stored(database).host == "one.example"
    browser.press("Save account", host="two.example", password="another one")
    assert stored(database).host == "two.example"
    assert Vault(settings.secret_key).unlock(stored(database).password) == "another one"
    # Who listens at another port may be somebody else.
    page = browser.press("Save account", port="2526", status=422)
    assert "is told to two.example at port" in page and stored(database).port != 2526
    browser.get("mail.account", account_id=account_id)
    # The same one written otherwise is no other; without a user name no password is told.
    browser.press("Save account", host="TWO.example")
    browser.press("Save account", host="three.example", username="")
    assert (stored(database).host, stored(database).password) == ("three.example", "")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"host": "here"}, "Write a domain such as"),
        ({"port": "0"}, "from 1 to 65535"),
        ({"host": "mail.provider.example"}, "Without encryption only"),
        ({"hello": "laptop"}, "Write a domain such as"),
        ({"per_day": "0"}, "1 or more, or nothing"),
    ],
)
def test_nonsense_is_said_at_its_field(
    ada: Client, database: Database, typed: dict[str, str], words: str
) -> None:
    answer = ada.send("/campaign/mail/new", TYPED | {"port": "2525"} | typed)
    assert answer.status_code == 422
    assert words in answer.text
    with database.reading() as session:
        assert session.scalars(sa.select(MailAccount)).all() == []


def test_the_connection_is_tested_and_the_server_s_words_are_shown(
    ada: Client, database: Database, campaign: Campaign, server: tuple[Handler, int]
) -> None:
    handler, port = server
    added(database, campaign, port=port)
    browser = Browser(ada)
    browser.get("mail.account", account_id=stored(database).id)
    handler.answers["RCPT"] = "550 5.1.1 no such user"
    page = browser.press("Test the connection")
    assert "Not encrypted" in page and "550 5.1.1 no such user" in page
    assert handler.hellos == ["association.example"] and handler.taken == []
    assert stored(database).checked_at is not None


def test_a_test_letter_is_captured_in_rehearsal_and_leaves_when_live(
    ada: Client,
    database: Database,
    campaign: Campaign,
    settings: Settings,
    server: tuple[Handler, int],
) -> None:
    handler, port = server
    with database.writing() as session:
        make.sender(session, campaign, from_address="letters@association.zz")
        make.mail_account(session, campaign, port=port)
    browser = Browser(ada)
    browser.get("mail.account", account_id=stored(database).id)
    page = browser.press("Show me a test letter")
    assert "captured and left this machine for nobody" in page and "українська" in page
    assert len(list(settings.capture.rglob("*.eml"))) == 1 and handler.connections == 0

    with database.writing() as session:
        session.get_one(Campaign, campaign.id).mode = Mode.LIVE
        session.get_one(Campaign, campaign.id).live_at = make.NOW
    browser.get("mail.account", account_id=stored(database).id)
    page = browser.press("Send me a test letter")
    assert "a domain reserved for examples" in page and handler.connections == 0

    with database.writing() as session:
        session.execute(sa.update(User).where(User.name == "Ada").values(email="ada@people.zz"))
    browser.get("mail.account", account_id=stored(database).id)
    page = browser.press("Send me a test letter")
    assert "The server took it: 250 2.0.0 queued as 7" in page
    ((_, recipients, _),) = handler.taken
    assert recipients == ["ada@people.zz"]
    handler.answers["DATA"] = "554 5.7.1 no"
    browser.get("mail.account", account_id=stored(database).id)
    assert "these words are refused" in browser.press("Send me a test letter")
    with database.reading() as session:
        tried = session.scalars(sa.select(Event.detail).where(Event.name == "tried")).all()
    assert [one["taken"] for one in tried] == [False, True, False]


def test_a_test_letter_really_leaves_in_rehearsal_when_one_says_so(
    ada: Client,
    database: Database,
    campaign: Campaign,
    settings: Settings,
    server: tuple[Handler, int],
) -> None:
    handler, port = server
    with database.writing() as session:
        make.sender(session, campaign, from_address="letters@association.zz")
        make.mail_account(session, campaign, port=port)
        session.execute(sa.update(User).where(User.name == "Ada").values(email="ada@people.zz"))
        member = make.target(session)
        known = session.scalars(sa.select(ContactDetail)).first()
        assert known is not None and member is not None
        listed = known.value
    browser = Browser(ada)
    browser.get("mail.account", account_id=stored(database).id)
    page = browser.press("Send it to ada@people.zz")
    assert "The server took it: 250 2.0.0 queued as 7" in page
    ((_, recipients, _),) = handler.taken
    assert recipients == ["ada@people.zz"] and not list(settings.capture.rglob("*.eml"))
    with database.reading() as session:
        assert session.get_one(Campaign, campaign.id).rehearsing
        (told,) = session.scalars(sa.select(Event.detail).where(Event.name == "tried"))
        assert told["taken"]
    # Whoever signs in with an address that we write to gets no test letter there.
    with database.writing() as session:
        session.execute(sa.update(User).where(User.name == "Ada").values(email=listed))
    browser.get("mail.account", account_id=stored(database).id)
    assert "one of the directory" in browser.press(f"Send it to {listed}")
    assert len(handler.taken) == 1


class Names:
    def lookup(self, name: str, kind: str) -> Sequence[str]:
        return ["v=DMARC1; p=none"] if name == "_dmarc.association.example" else []


def test_a_key_is_made_and_the_domain_checked(
    ada: Client, database: Database, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_mail, "_resolver", Names)
    added(database, campaign)
    browser = Browser(ada)
    browser.get("mail.account", account_id=stored(database).id)
    assert "Use small letters" in browser.press("Make a key", status=422, selector="No name")
    browser.get("mail.account", account_id=stored(database).id)
    page = browser.press("Make a key", selector="letters-1")
    account = stored(database)
    assert f"v=DKIM1; k=rsa; p={account.dkim_public}" in page
    assert "PRIVATE KEY" not in page and account.dkim_key not in page
    page = browser.press("Check the domain")
    assert "v=spf1 ip4:ADDRESS ~all" in page and "v=DMARC1; p=none" in page
    assert "The key is not published yet" in page


def test_order_pause_and_removal(
    ada: Client, sam: Client, database: Database, campaign: Campaign
) -> None:
    with database.writing() as session:
        one = make.mail_account(session, campaign, name="One")
        two = make.mail_account(
            session, campaign, name="Two", paused_at=make.NOW, paused_because="535 wrong password"
        )
        ids = [one.id, two.id]
    page = ada.get("/campaign/mail").text
    assert page.index("One") < page.index("Two") and "535 wrong password" in page
    assert ada.send(f"/campaign/mail/{ids[1]}/first").status_code == 302
    page = ada.get("/campaign/mail").text
    assert page.index("Two") < page.index("One")
    ada.send(f"/campaign/mail/{ids[1]}/resume")
    assert "535 wrong password" not in sam.get("/campaign/mail").text
    assert sam.send(f"/campaign/mail/{ids[1]}/remove").status_code == 403
    assert ada.send(f"/campaign/mail/{ids[1]}/remove").status_code == 302
    assert stored(database).name == "One"


def test_a_stopped_domain_is_shown_with_its_words_and_opened(
    olga: Client, sam: Client, database: Database, campaign: Campaign
) -> None:
    with database.writing() as session:
        stop = DomainStop(
            campaign_id=campaign.id, domain="filter.zz", words="550 looks like spam", at=make.NOW
        )
        session.add(stop)
        session.flush()
        session.add(
            Task(
                campaign_id=campaign.id,
                kind=TaskKind.OTHER,
                subject_kind="domain_stop",
                subject_id=stop.id,
                title="filter.zz refused 10 letters in a row",
                rehearsal=False,
                created_at=make.NOW,
            )
        )
    page = sam.get("/campaign/mail").text
    assert "550 looks like spam" in page and "Let letters go there again" not in page
    browser = Browser(olga)
    browser.get("mail.accounts")
    page = browser.press("Let letters go there again")
    assert "Letters go to filter.zz again" in page and "550 looks like spam" not in page
    with database.reading() as session:
        assert session.scalars(sa.select(Task.done_at)).one() is not None
