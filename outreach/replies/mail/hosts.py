"""Whose mail host it is: which part of a domain belongs to one body, and which to many.

The Public Suffix List (https://publicsuffix.org) says where a registered name begins: nobody owns
gov.uk. States keep many bodies under one registered name too (bund.de, admin.ch, europa.eu), so one
label more tells those apart.
"""

from __future__ import annotations

import functools

import idna
from publicsuffixlist import PublicSuffixList

from outreach.directory.free_mail import is_free_mail

# Registered names, and second labels of states, under which many bodies have a name each.
_SHARED = frozenset({"europa.eu", "bund.de", "admin.ch"})
_OF_STATES = frozenset({"gov", "gob", "gouv", "govt", "gv", "go", "government", "gub"})


def host_of(address: str) -> str:
    """Return the host of an e-mail address in ASCII and small letters, "" for none (IDNA 2008)."""
    return _ascii(address.strip().strip("<>").rpartition("@")[2].strip().rstrip(".").lower())


@functools.lru_cache(maxsize=4096)
def _ascii(host: str) -> str:
    # A hundred letters are compared with a message, and thousands share a few hosts.
    try:
        return idna.encode(host, uts46=True).decode("ascii") if host else ""
    except idna.IDNAError:
        return host if host.isascii() else ""


@functools.lru_cache(maxsize=4096)
def body_of(host: str) -> str:
    """Return the part of `host` that belongs to one body: interior.gov.uk of mail.interior.gov.uk.

    "" where it belongs to everybody: free mail, a bare public suffix, an address of numbers.
    """
    registered = _list().privatesuffix(host) or ""
    if not registered or is_free_mail(f"@{registered}") or host.rpartition(".")[2].isdigit():
        return ""
    if registered not in _SHARED and registered.partition(".")[0] not in _OF_STATES:
        return registered
    # One label more, where there is one.
    before = host.removesuffix(registered).rstrip(".")
    return f"{before.rpartition('.')[2]}.{registered}" if before else ""


@functools.lru_cache(maxsize=1)
def _list() -> PublicSuffixList:
    return PublicSuffixList()
