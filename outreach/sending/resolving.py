"""Asks the name servers that this machine asks (dnspython)."""

from __future__ import annotations

from collections.abc import Sequence

import dns.exception
import dns.rdatatype
import dns.resolver

from outreach.sending.domain_checks import NoAnswer

SECONDS = 5.0


class SystemResolver:
    """The resolver of this machine, with its settings."""

    def lookup(self, name: str, kind: str) -> Sequence[str]:
        """Return the values of the records `kind` at `name`, or none. Raises NoAnswer."""
        try:
            answer = dns.resolver.resolve(name, kind, lifetime=SECONDS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise NoAnswer(type(error).__name__) from error
        if answer.rdtype == dns.rdatatype.TXT:
            # One record may come in several strings (RFC 7208 §3.3): they belong together.
            return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]
        return [row.to_text() for row in answer]
