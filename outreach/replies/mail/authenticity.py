"""Is it from whom it says? What our own server checked, and what looks like somebody else's name.

RFC 8601 §5: anybody can write an Authentication-Results header, so good news counts only from the
topmost that carries the name of our own server; a server takes out those that borrow its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.models import ContactDetail, ContactKind, Membership, Office, Target
from outreach.directory.spelling import fold
from outreach.replies.mail.hosts import body_of
from outreach.words import N_, Sentence

if TYPE_CHECKING:
    from outreach.replies.mail.parsing import Mail

METHODS = ("spf", "dkim", "dmarc")
_RESULT = re.compile(
    r"(?:^|;)\s*(?P<method>spf|dkim|dmarc|arc)(?:/\d+)?\s*=\s*(?P<result>[a-z]+)"
    r"(?P<more>[^;]{0,1000})",
    re.IGNORECASE,
)
_DOMAIN = re.compile(
    r"(?:header\.(?:from|d|i)|smtp\.(?:mailfrom|helo))\s*=\s*\"?([^\s;\"()]+)", re.I
)
_WITHIN = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_BAD = frozenset({"fail", "softfail", "permerror", "policy"})
MOST_PEOPLE = 50

_FAILED = N_("Our mail server checked the sender (%(method)s): %(result)s.")
_OTHER_ADDRESS = N_("The name shows the address %(shown)s, but it was sent from %(real)s.")
_ANSWERS_ELSEWHERE = N_("An answer would go to %(there)s, not to %(real)s.")
_BORROWED_NAME = N_(
    "It carries the name of %(name)s, whom we know at %(known)s, but comes from %(real)s."
)
_RISKY_FILE = N_("A file in it can do harm when it is opened: %(file)s.")


@dataclass(frozen=True, slots=True)
class Check:
    """One result of one server; `domain` is what was checked.

    `method` is spf, dkim, dmarc or arc, "" where it says that it checked nothing. `place` counts
    the headers from the top, 0 the topmost.
    """

    server: str
    method: str
    result: str
    domain: str
    place: int = 0


def checks_in(values: Iterable[str]) -> tuple[Check, ...]:
    """Return every result in Authentication-Results headers, with who says so, top first."""
    found = []
    for place, value in enumerate(values):
        plain = re.sub(r"\([^()]{0,500}\)", " ", value)
        server, _, rest = plain.partition(";")
        name = server.strip().split(" ")[0].lower()[:253]
        results = [_check(name, one, place) for one in _RESULT.finditer(rest)]
        # "none" (§2.2): this server checked nothing, and no header below it may say otherwise.
        found += results or [Check(name, "", "none", "", place)]
    return tuple(found[:50])


def _check(server: str, one: re.Match[str], place: int) -> Check:
    domain = _DOMAIN.search(one["more"])
    checked = domain[1].rpartition("@")[2].lower()[:253] if domain else ""
    return Check(server, one["method"].lower(), one["result"].lower(), checked, place)


def own_checks(checks: Sequence[Check], checked_by: str) -> tuple[Check, ...]:
    """Return what our own server `checked_by` wrote last; nothing when it has no name.

    That is the topmost header under its name: what lies below may have come with the message.
    """
    ours = _under_our_name(checks, checked_by)
    return tuple(one for one in ours if one.place == ours[0].place and one.method)


def _under_our_name(checks: Sequence[Check], checked_by: str) -> list[Check]:
    name = checked_by.strip().lower()
    return [one for one in checks if name and one.server == name]


def warnings(session: Session, mail: Mail, checked_by: str) -> list[Sentence]:
    """Return what makes a message doubtful, the worst first; two queries at most.

    `checked_by` is the name our own server signs its checks with, "" for none.
    """
    said = list(_borrowed(session, mail))
    for check in _failed(mail.checks, checked_by):
        said.append(Sentence(_FAILED, method=check.method.upper(), result=check.result))
    real = mail.from_.address
    shown = _WITHIN.search(mail.from_.name)
    if shown and shown[0].lower() != real.lower():
        said.append(Sentence(_OTHER_ADDRESS, shown=shown[0], real=real))
    for there in mail.reply_to[:1]:
        if real and not same_house(there.domain, mail.from_.domain):
            said.append(Sentence(_ANSWERS_ELSEWHERE, there=there.address, real=real))
    for file in mail.attachments:
        if file.risky:
            said.append(Sentence(_RISKY_FILE, file=file.called or file.name))
    return said[:20]


def _failed(checks: Sequence[Check], checked_by: str) -> list[Check]:
    """DMARC when it failed, for it speaks for the others too; else each that failed alone.

    Bad news counts from any header under our name (a server may write one for each method); good
    news only from the topmost, for nobody forges what speaks against them.
    """
    failed = [
        one
        for one in _under_our_name(checks, checked_by)
        if one.result in _BAD and one.method in METHODS
    ]
    passed = {one.method for one in own_checks(checks, checked_by) if one.result == "pass"}
    dmarc = [one for one in failed if one.method == "dmarc"]
    if dmarc or "dmarc" in passed:
        return dmarc
    return [one for one in failed if one.method not in passed]


def _borrowed(session: Session, mail: Mail) -> Iterable[Sentence]:
    """A person of the directory by name, at a domain where we know nobody of theirs."""
    name = fold(mail.from_.name.split("<")[0])
    if len(name.split()) < 2 or not mail.from_.domain:
        return
    domains = _domains_of(session, name)
    if domains and not any(same_house(mail.from_.domain, one) for one in domains):
        known = ", ".join(sorted(domains)[:3])
        yield Sentence(_BORROWED_NAME, name=mail.from_.name, known=known, real=mail.from_.domain)


def _domains_of(session: Session, name: str) -> set[str]:
    """The domains at which we know people who are called `name` (folded), if we know any."""
    # A title stands before many names: any of the words may be the one that finds them.
    longest = sorted(name.split(), key=len, reverse=True)[:5]
    rows = session.execute(
        sa.select(Target.name, Office.key, Membership.person_id)
        .join(Office, Office.id == Target.office_id)
        .join(Membership, Membership.id == Target.membership_id)
        .where(sa.or_(*(Target.search_key.contains(one, autoescape=True) for one in longest)))
        .limit(MOST_PEOPLE)
    ).all()
    words = set(name.split())
    alike = [row for row in rows if _one_name(words, set(fold(row[0]).split()))]
    values = {row[1] for row in alike if row[1].startswith("email:")}
    if alike:
        people = {row[2] for row in alike}
        values |= set(
            session.scalars(
                sa.select(ContactDetail.value).where(
                    ContactDetail.kind == ContactKind.EMAIL, ContactDetail.person_id.in_(people)
                )
            )
        )
    return {value.rpartition("@")[2].lower() for value in values}


def _one_name(words: set[str], other: set[str]) -> bool:
    return len(other) > 1 and (other <= words or words <= other)


def same_house(one: str, other: str) -> bool:
    """Return whether two domains belong to one body (public suffixes belong to nobody)."""
    return one == other or bool(body_of(one) and body_of(one) == body_of(other))
