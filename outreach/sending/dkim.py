"""DKIM signatures (RFC 6376) by dkimpy: rsa-sha256, relaxed headers, simple body.

`fast_dkim.sign` writes the same bytes sooner; tests hold the two side by side.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dkim

# What a reader sees and what says how to read it; the other headers may be changed on the way.
SIGNED = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"reply-to",
    b"content-language",
    b"content-type",
    b"content-transfer-encoding",
    b"mime-version",
)


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private RSA key (PKCS#1, PEM), and where its public half stands in the DNS."""

    domain: str
    selector: str
    pem: str = field(repr=False)


def sign(message: bytes, key: DkimKey, *, at: dt.datetime) -> bytes:
    """Return `message` (CRLF) with a signature before it, made at the instant `at` (aware)."""
    signer = _Signer(message, at)
    header: bytes = signer.sign(
        key.selector.encode("ascii"),
        key.domain.encode("ascii"),
        key.pem.encode("ascii"),
        include_headers=list(names_to_sign([name.lower() for name, _ in signer.headers])),
    )
    return header + message


def names_to_sign(present: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the names for h=: what is there of `SIGNED`, and From once more.

    Signing a From that isn't there keeps anybody from adding a second one (RFC 6376 §8.15).
    """
    return (b"from", *(name for name in SIGNED if name in present))


class _Signer(dkim.DKIM):  # type: ignore[misc]  # dkimpy is untyped
    """Signs at an instant we name: dkimpy looks at the clock itself."""

    def __init__(self, message: bytes, at: dt.datetime) -> None:
        super().__init__(message)
        self._at = b"%d" % int(at.timestamp())

    def gen_header(self, fields: list[tuple[bytes, bytes]], *more: Any, **named: Any) -> Any:
        """Write our instant over dkimpy's before anything is hashed."""
        dated = [(name, self._at if name == b"t" else value) for name, value in fields]
        return super().gen_header(dated, *more, **named)
