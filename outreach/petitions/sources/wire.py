"""Asks one public server for one page: who we are, how long we wait, where we never go.

A page's address is typed by a person and may send on to any other: a name is looked up once, its
addresses are judged, and the connection goes to the very address that was judged.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from outreach.directory.importing.fetching.wire import user_agent
from outreach.petitions.sources.reading import Answer, NoCount
from outreach.words import Sentence

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 10.0, 20.0, 60.0
MOST_BYTES = 5_000_000
MOST_REDIRECTS = 5
# An IPv4 address inside an IPv6 one (RFC 6052): judged by what it holds.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# All of IPv6 that is handed out to the open internet (RFC 4291, IANA's registry).
_HANDED_OUT = ipaddress.ip_network("2000::/3")

# (host, port) -> its addresses, and (host, address) -> whether to connect to it.
Resolve = Callable[[str, int], Sequence[str]]
Permit = Callable[[str, str], bool]


def looked_up(host: str, port: int) -> list[str]:
    """Return the addresses of `host`, as the system knows them. Raises OSError."""
    rows = socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


def public(_host: str, address: str) -> bool:
    """Return whether an IP address is one of the open internet: not this machine, not a house's."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return public(_host, str(inner))
        if ip not in _HANDED_OUT:
            return False
    return ip.is_global and not ip.is_multicast


class Private(OSError):
    """The address is none of the open internet."""


class Wire:
    """Visits to petition pages. Tests hand in a `resolve` and a `permit` of their own."""

    def __init__(
        self, contact: str = "", *, resolve: Resolve = looked_up, permit: Permit = public
    ) -> None:
        self.session = requests.Session()
        # Neither a proxy nor a password that happens to lie in the environment.
        self.session.trust_env = False
        self.session.headers["User-Agent"] = user_agent(contact)
        adapter = _Adapter(resolve, permit)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        self.session.close()

    def answer(self, url: str, accept: str) -> Answer:
        """Return what `url` answers, wherever it sends on to. Raises NoCount."""
        ends = time.monotonic() + WHOLE_SECONDS
        here = url
        for _ in range(MOST_REDIRECTS + 1):
            try:
                with self.session.get(
                    here,
                    headers={"Accept": accept},
                    stream=True,
                    allow_redirects=False,
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                ) as answer:
                    if not answer.is_redirect:
                        headers = {name.lower(): value for name, value in answer.headers.items()}
                        return Answer(here, answer.status_code, headers, _body(answer, ends))
                    here = _next(here, answer.headers["location"])
                    # A cookie of one place is no business of the next.
                    self.session.cookies.clear()
            except requests.exceptions.RequestException as error:
                raise _unreachable(here, error) from error
            except ValueError as error:
                # A host that is no name: refused by Python's own parsers, each in its way.
                raise _no_address(here) from error
        raise NoCount(Sentence("It sends on in a circle. Look at the address in a browser."))


def _no_address(here: str) -> NoCount:
    return NoCount(
        Sentence(
            "It leads to what is no address (%(here)s). Look at the page in a browser.",
            here=here[:100],
        )
    )


def _next(here: str, location: str) -> str:
    try:
        there = urljoin(here, location)
        old, new = urlsplit(here), urlsplit(there)
    except ValueError as error:
        raise _no_address(location) from error
    if new.scheme not in ("http", "https") or (old.scheme == "https" and new.scheme != "https"):
        raise NoCount(
            Sentence(
                "It sends on to %(there)s, which can't be read safely. Look at the address in a "
                "browser.",
                there=f"{new.scheme}://{new.hostname or ''}",
            )
        )
    return there


def _body(answer: requests.Response, ends: float) -> bytes:
    body = bytearray()
    for chunk in answer.iter_content(1 << 16):
        body += chunk
        if len(body) > MOST_BYTES:
            raise NoCount(
                Sentence("The page is larger than 5 MB, so it was broken off. Is it the page?")
            )
        if time.monotonic() > ends:
            raise NoCount(Sentence("The page came so slowly that it was broken off."))
    return bytes(body)


def _unreachable(url: str, error: requests.exceptions.RequestException) -> NoCount:
    host = urlsplit(url).hostname or ""
    if _is_private(error):
        return NoCount(
            Sentence(
                "%(host)s is an address inside this machine or this house, which is never asked. "
                "Give the public address of the page.",
                host=host,
            )
        )
    if isinstance(error, requests.exceptions.SSLError):
        return NoCount(Sentence("The server can't prove who it is (its certificate)."))
    if isinstance(error, requests.exceptions.Timeout):
        return NoCount(
            Sentence("The server did not answer in time. It is asked again at the next hour set.")
        )
    if isinstance(
        error,
        requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError,
    ):
        return NoCount(Sentence("The page broke off before its end."))
    if isinstance(error, requests.exceptions.ConnectionError):
        return NoCount(
            Sentence(
                "%(host)s can't be reached. Is the address right, and is this machine online?",
                host=host,
            )
        )
    return NoCount(Sentence("The address can't be asked (%(why)s).", why=type(error).__name__))


def _is_private(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, Private):
            return True
        inside = next((one for one in seen.args if isinstance(one, BaseException)), None)
        seen = getattr(seen, "reason", None) or seen.__cause__ or inside
    return False


class _Adapter(HTTPAdapter):
    """Connects where `resolve` says and `permit` lets it."""

    def __init__(self, resolve: Resolve, permit: Permit) -> None:
        self.resolve, self.permit = resolve, permit
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        connect = self._connect

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return connect(self)

        class Safe(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return connect(self)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SafePool(HTTPSConnectionPool):
            ConnectionCls = Safe

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SafePool}

    def _connect(self, connection: HTTPConnection) -> socket.socket:
        host, port = connection.host.strip("[]"), connection.port or 80
        try:
            addresses = self.resolve(host, port)
            if not addresses or not all(self.permit(host, one) for one in addresses):
                # One private address among public ones is a trap, not a choice.
                raise Private(host)
            made = socket.create_connection((addresses[0], port), CONNECT_SECONDS)
            made.settimeout(READ_SECONDS)
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, f"{host} timed out") from error
        except OSError as error:
            raise NewConnectionError(connection, f"no way to {host}") from error
        return made
