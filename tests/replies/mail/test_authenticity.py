"""Whose word counts about a sender: our own server's, and of good news only the topmost."""

from __future__ import annotations

from outreach.replies.mail.authenticity import own_checks, warnings
from outreach.replies.mail.parsing import read

OURS = "mx.campaign.example"


def mail(*headers: str) -> bytes:
    lines = [f"Authentication-Results: {one}" for one in headers]
    lines += ["From: Anna <anna@office.example>", "Date: Tue, 3 Mar 2026 09:00:00 +0000"]
    return "\n".join([*lines, "", "Yes."]).encode()


def results(*headers: str, by: str = OURS) -> list[tuple[str, str]]:
    checks = own_checks(read(mail(*headers)).checks, by)
    return [(one.method, one.result) for one in checks]


def failures(session, *headers: str, by: str = OURS) -> list[str]:
    found = [str(one) for one in warnings(session, read(mail(*headers)), by)]
    return [one.partition("(")[2].partition(")")[0] for one in found if "checked the sender" in one]


def test_only_the_topmost_under_our_name_is_good_news() -> None:
    forged = f"{OURS}; dmarc=pass header.from=office.example"
    assert results(f"{OURS}; spf=none smtp.mailfrom=office.example", forged) == [("spf", "none")]
    # Ours says that it checked nothing.
    assert results(f"{OURS}; none", forged) == []
    # Another server's above it changes nothing, and is not ours.
    assert results("mx.elsewhere.example; dmarc=pass", f"{OURS} 1; spf=pass") == [("spf", "pass")]
    assert results("mx.elsewhere.example; dmarc=pass") == []


def test_where_no_server_is_named_nothing_is_believed(session) -> None:
    assert results(f"{OURS}; dmarc=pass", "; dmarc=pass", by="") == []
    assert results(f"{OURS}; dmarc=pass", by=" ") == []
    assert failures(session, f"{OURS}; dmarc=fail", by="") == []


def test_a_forged_pass_below_hides_no_failure(session) -> None:
    forged = f"{OURS}; dmarc=pass; spf=pass"
    assert failures(session, f"{OURS}; spf=fail", forged) == ["SPF"]
    assert failures(session, f"{OURS}; dmarc=fail; spf=pass", forged) == ["DMARC"]


def test_a_server_that_writes_a_header_for_each_method_is_heard(session) -> None:
    own = (f"{OURS}; dkim=pass header.d=office.example", f"{OURS}; dmarc=fail")
    assert failures(session, *own) == ["DMARC"]
    own = (f"{OURS}; dmarc=pass", f"{OURS}; dkim=pass", f"{OURS}; spf=softfail")
    assert failures(session, *own) == []
