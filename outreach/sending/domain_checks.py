"""Whether the DNS says that our server may send for our domain, and what to publish if not.

SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), MX (RFC 5321 §5, RFC 7505), reverse names.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from outreach.accounts.models import MailAccount
from outreach.config import LOOPBACK
from outreach.sending.finding import Finding, Found, Record
from outreach.words import Sentence


class NoAnswer(Exception):
    """The name servers didn't answer, which says nothing of what is published."""


class Resolver(Protocol):
    """Asks the DNS."""

    def lookup(self, name: str, kind: str) -> Sequence[str]:
        """Return the values of the records `kind` (TXT, MX, A, AAAA, PTR) at `name`, or none.

        TXT in one piece, MX as "10 host.", names in ASCII. Raises NoAnswer.
        """
        ...


def check_domain(account: MailAccount, from_address: str, resolver: Resolver) -> list[Finding]:
    """Return what the DNS says of letters from `from_address` through `account`."""
    domain = _domain(from_address)
    returns = _domain(account.bounce_address) or domain
    checks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("spf", lambda: _spf(account, returns, resolver)),
        ("dkim", lambda: _dkim(account, domain, resolver)),
        ("dmarc", lambda: _dmarc(account, domain, returns, resolver)),
        ("mx", lambda: _mx(domain, resolver)),
        ("reverse", lambda: _reverse(account.host, resolver)),
    )
    found = []
    for name, check in checks:
        try:
            found.append(check())
        except NoAnswer as error:
            words = Sentence("The name servers didn't answer: %(words)s", words=error)
            found.append(Finding(name, Found.UNKNOWN, words))
    return found


def key_record(account: MailAccount) -> Record | None:
    """Return the record that publishes the account's key (RFC 6376 §3.6.1), if it has one."""
    if not account.dkim_public:
        return None
    name = f"{account.dkim_selector}._domainkey.{account.dkim_domain}"
    return Record(name, "TXT", f"v=DKIM1; k=rsa; p={account.dkim_public}")


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _texts(resolver: Resolver, name: str, version: str) -> list[str]:
    return [one for one in resolver.lookup(name, "TXT") if one.lower().startswith(version)]


def _spf(account: MailAccount, domain: str, resolver: Resolver) -> Finding:
    known = _texts(resolver, domain, "v=spf1")
    allowed = _allowed(account.host)
    advice = Record(domain, "TXT", f"v=spf1 {allowed} ~all") if allowed else None
    if not known and advice is None:
        words = Sentence(
            "%(domain)s does not say which servers may send for it. Publish the address by which "
            "the world sees this machine: a TXT record v=spf1 ip4:ADDRESS ~all.",
            domain=domain,
        )
        return Finding("spf", Found.MISSING, words)
    if not known:
        words = Sentence(
            "%(domain)s does not say which servers may send for it. If your provider tells you an "
            "SPF record, publish that one, else this.",
            domain=domain,
        )
        return Finding("spf", Found.MISSING, words, advice)
    if len(known) > 1:
        words = Sentence(
            "%(domain)s has %(number)s SPF records, and receivers then take none of them. Make "
            "one of them.",
            domain=domain,
            number=len(known),
        )
        return Finding("spf", Found.WRONG, words)
    if re.search(r"\s\+?all\b", known[0], re.IGNORECASE):
        words = Sentence("It lets every server in the world send: %(record)s", record=known[0])
        return Finding("spf", Found.WRONG, words, advice)
    if re.fullmatch(r"v=spf1\s+[-~?]all", known[0].strip(), re.IGNORECASE):
        words = Sentence(
            "%(domain)s says that no server sends for it: %(record)s",
            domain=domain,
            record=known[0],
        )
        return Finding("spf", Found.WRONG, words, advice)
    words = Sentence("%(domain)s says: %(record)s", domain=domain, record=known[0])
    return Finding("spf", Found.GOOD, words)


def _allowed(host: str) -> str:
    """How SPF names the server at `host` (RFC 7208 §5); "" when the world sees it otherwise."""
    address = _address(host)
    if address is None:
        return "" if host in LOOPBACK else f"a:{host}"
    return f"ip{address.version}:{host}" if address.is_global else ""


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that `host` is written as, None when it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _dkim(account: MailAccount, domain: str, resolver: Resolver) -> Finding:
    record = key_record(account)
    if record is None:
        words = Sentence("Letters are not signed yet: make a key below.")
        return Finding("dkim", Found.MISSING, words)
    if not _aligned(account.dkim_domain, domain):
        words = Sentence(
            "The key is for %(key)s, and letters come from %(domain)s: they leave without a "
            "signature.",
            key=account.dkim_domain,
            domain=domain,
        )
        return Finding("dkim", Found.WRONG, words)
    known = resolver.lookup(record.name, "TXT")
    if not known:
        words = Sentence("The key is not published yet, so no reader can check a signature.")
        return Finding("dkim", Found.MISSING, words, record)
    if any(account.dkim_public in re.sub(r"\s", "", one) for one in known):
        return Finding("dkim", Found.GOOD, Sentence("The published key is ours."))
    words = Sentence("Another key than ours is published there, so signatures look forged.")
    return Finding("dkim", Found.WRONG, words, record)


def _dmarc(account: MailAccount, domain: str, returns: str, resolver: Resolver) -> Finding:
    parts = domain.split(".")
    # The domain itself, then the ones above it that somebody could own.
    for owner in (".".join(parts[n:]) for n in range(max(1, len(parts) - 1))):
        known = _texts(resolver, f"_dmarc.{owner}", "v=dmarc1")
        if known:
            break
    else:
        words = Sentence("%(domain)s says nothing about forged letters.", domain=domain)
        record = Record(f"_dmarc.{domain}", "TXT", "v=DMARC1; p=none")
        return Finding("dmarc", Found.MISSING, words, record)
    signed = bool(account.dkim_public) and _aligned(account.dkim_domain, domain)
    if not signed and not (_aligned(returns, domain) or _aligned(domain, returns)):
        words = Sentence(
            "%(domain)s asks for a signature or a bounce address of its own, and letters have "
            "neither: %(record)s",
            domain=domain,
            record=known[0],
        )
        return Finding("dmarc", Found.WRONG, words)
    words = Sentence("%(domain)s says: %(record)s", domain=domain, record=known[0])
    return Finding("dmarc", Found.GOOD, words)


def _mx(domain: str, resolver: Resolver) -> Finding:
    known = resolver.lookup(domain, "MX")
    hosts = [one.split()[-1].rstrip(".") for one in known]
    if any(hosts):
        words = Sentence("Answers go to %(hosts)s.", hosts=", ".join(filter(None, hosts)))
        return Finding("mx", Found.GOOD, words)
    if hosts:
        words = Sentence("%(domain)s says that it takes no mail at all.", domain=domain)
        return Finding("mx", Found.WRONG, words)
    if resolver.lookup(domain, "A") or resolver.lookup(domain, "AAAA"):
        words = Sentence(
            "%(domain)s names no server for mail, so answers go to its web server.", domain=domain
        )
        return Finding("mx", Found.WRONG, words)
    words = Sentence("%(domain)s takes no answers: it names no server for mail.", domain=domain)
    return Finding("mx", Found.MISSING, words)


def _reverse(host: str, resolver: Resolver) -> Finding:
    """The name of the server's address must lead back to it: many receivers ask for that."""
    if host in LOOPBACK:
        words = Sentence("The server is on this machine; what the world sees of it is not known.")
        return Finding("reverse", Found.UNKNOWN, words)
    addresses = [host]
    if _address(host) is None:
        addresses = [*resolver.lookup(host, "A"), *resolver.lookup(host, "AAAA")]
    if not addresses:
        words = Sentence("%(host)s has no address.", host=host)
        return Finding("reverse", Found.MISSING, words)
    for address in addresses:
        pointer = ipaddress.ip_address(address).reverse_pointer
        names = [one.rstrip(".") for one in resolver.lookup(pointer, "PTR")]
        kind = "AAAA" if ":" in address else "A"
        if not any(address in resolver.lookup(name, kind) for name in names):
            words = Sentence(
                "%(address)s, an address of %(host)s, has no name that leads back to it. Ask "
                "whoever runs the server.",
                address=address,
                host=host,
            )
            return Finding("reverse", Found.WRONG, words)
    words = Sentence("The addresses of %(host)s have names that lead back.", host=host)
    return Finding("reverse", Found.GOOD, words)


def _aligned(lower: str, upper: str) -> bool:
    """Whether `upper` is `lower` or lies below it (RFC 7489 §3.1, relaxed)."""
    return f".{upper}".endswith(f".{lower}")
