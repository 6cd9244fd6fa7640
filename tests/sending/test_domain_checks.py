"""What the DNS says of our domain, asked of name servers that answer as they should or don't."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from outreach.accounts.models import MailAccount
from outreach.sending.domain_checks import NoAnswer, check_domain
from outreach.sending.finding import Finding, Found, from_json

FROM = "letters@association.example"


class Names:
    """The DNS as a table: (name, kind) to values; None for a server that doesn't answer."""

    def __init__(self, table: dict[tuple[str, str], Sequence[str] | None]) -> None:
        self.table = table

    def lookup(self, name: str, kind: str) -> Sequence[str]:
        found = self.table.get((name, kind), [])
        if found is None:
            raise NoAnswer("Timeout")
        return found


GOOD: dict[tuple[str, str], Sequence[str] | None] = {
    ("association.example", "TXT"): ["v=spf1 a:mail.host.example -all", "something else"],
    ("l1._domainkey.association.example", "TXT"): ["v=DKIM1; k=rsa; p=AB CD"],
    ("_dmarc.association.example", "TXT"): ["v=DMARC1; p=reject"],
    ("association.example", "MX"): ["10 mx.host.example."],
    ("mail.host.example", "A"): ["192.0.2.7"],
    ("mail.host.example", "AAAA"): ["2001:db8::7"],
    ("7.2.0.192.in-addr.arpa", "PTR"): ["mail.host.example."],
    (f"7.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa", "PTR"): ["mail.host.example."],
}


def account(**values: object) -> MailAccount:
    kept = {
        "host": "mail.host.example",
        "bounce_address": "",
        "dkim_domain": "association.example",
        "dkim_selector": "l1",
        "dkim_public": "ABCD",
    }
    return MailAccount(**kept | values)


def found(
    changes: dict[tuple[str, str], Sequence[str] | None], **values: object
) -> dict[str, Finding]:
    said = check_domain(account(**values), FROM, Names(GOOD | changes))
    return {one.name: one for one in said}


def test_a_domain_in_order() -> None:
    said = found({})
    assert {name: one.found for name, one in said.items()} == dict.fromkeys(
        ("spf", "dkim", "dmarc", "mx", "reverse"), Found.GOOD
    )
    assert [from_json(one.as_json()).as_json() for one in said.values()] == [
        one.as_json() for one in said.values()
    ]


def test_what_is_missing_comes_with_the_record_to_publish() -> None:
    said = found(dict.fromkeys(GOOD, ()))
    assert said["spf"].record and said["spf"].record.value == "v=spf1 a:mail.host.example ~all"
    assert said["dkim"].record and said["dkim"].record.value == "v=DKIM1; k=rsa; p=ABCD"
    assert said["dkim"].record.name == "l1._domainkey.association.example"
    assert said["dmarc"].record and said["dmarc"].record.name == "_dmarc.association.example"
    assert {one.found for one in said.values()} == {Found.MISSING}


@pytest.mark.parametrize(
    ("host", "value"),
    [
        ("8.8.8.8", "v=spf1 ip4:8.8.8.8 ~all"),
        ("2001:4860::8", "v=spf1 ip6:2001:4860::8 ~all"),
        ("127.0.0.1", None),
        ("10.0.0.5", None),
        ("localhost", None),
    ],
)
def test_a_server_without_a_name_is_published_by_its_address(host: str, value: str | None) -> None:
    """`a:` takes a name only (RFC 7208 §5.3); what only we see is no use to the world."""
    said = found({("association.example", "TXT"): ()}, host=host)["spf"]
    assert (said.record.value if said.record else None) == value
    assert said.found is Found.MISSING and ("ADDRESS" in str(said.words)) is (value is None)


@pytest.mark.parametrize(
    ("name", "change", "values", "result", "words"),
    [
        ("spf", {("association.example", "TXT"): ["v=spf1 -all", "v=spf1 +all"]}, {}, "wrong", "2"),
        ("spf", {("association.example", "TXT"): ["v=spf1 mx +all"]}, {}, "wrong", "every server"),
        ("spf", {("association.example", "TXT"): ["v=spf1 mx all"]}, {}, "wrong", "every server"),
        ("spf", {}, {"bounce_address": "r@other.example"}, "missing", "other.example"),
        ("spf", {("association.example", "TXT"): ["v=spf1 -all"]}, {}, "wrong", "no server sends"),
        ("spf", {("association.example", "TXT"): None}, {}, "unknown", "Timeout"),
        ("dkim", {}, {"dkim_public": ""}, "missing", "make a key"),
        ("dkim", {}, {"dkim_public": "EFGH"}, "wrong", "Another key"),
        ("dkim", {}, {"dkim_domain": "other.example"}, "wrong", "without a signature"),
        ("dmarc", {}, {"dkim_public": "", "bounce_address": "r@x.example"}, "wrong", "neither"),
        ("dmarc", {}, {"dkim_public": ""}, "good", "p=reject"),
        ("mx", {("association.example", "MX"): ["0 ."]}, {}, "wrong", "no mail at all"),
        (
            "mx",
            {("association.example", "MX"): [], ("association.example", "A"): ["192.0.2.1"]},
            {},
            "wrong",
            "web server",
        ),
        ("reverse", {("7.2.0.192.in-addr.arpa", "PTR"): ["x.example."]}, {}, "wrong", "192.0.2.7"),
        ("reverse", {}, {"host": "192.0.2.7"}, "good", "lead back"),
        ("reverse", {}, {"host": "127.0.0.1"}, "unknown", "this machine"),
    ],
)
def test_each_thing_that_can_be_wrong(
    name: str,
    change: dict[tuple[str, str], Sequence[str] | None],
    values: dict[str, object],
    result: str,
    words: str,
) -> None:
    said = found(change, **values)[name]
    assert (said.found, words in str(said.words)) == (Found(result), True), str(said.words)


def test_a_domain_above_ours_may_speak_for_it() -> None:
    said = check_domain(account(), "letters@mail.association.example", Names(GOOD))
    assert next(one for one in said if one.name == "dmarc").found is Found.GOOD
