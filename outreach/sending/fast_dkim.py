"""The same signatures as `dkim.sign`, byte for byte, with OpenSSL doing the arithmetic.

Takes the messages of `message.build` only: every header once, CRLF, a body that ends its last line.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
import re

import dkim
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from outreach.sending.dkim import DkimKey, names_to_sign

_BLANKS = re.compile(rb"[\t ]+")
_NAME = b"DKIM-Signature"
# dkimpy folds with that many digits in place of the signature, which puts b= on a line of its own.
_ROOM = b"0" * 60
_LINE = 71
_FIRST = _LINE - len(b"b=")


def sign(message: bytes, key: DkimKey, *, at: dt.datetime) -> bytes:
    """Return `message` (CRLF) with a signature before it, made at the instant `at` (aware)."""
    head, _, body = message.partition(b"\r\n\r\n")
    lines = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")
    values = {name.lower(): value for name, _, value in (line.partition(b":") for line in lines)}
    names = names_to_sign(list(values))
    # simple (RFC 6376 §3.4.3): the empty lines at the end count as one line end.
    digest = hashlib.sha256(body.rstrip(b"\r\n") + b"\r\n").digest()
    tags = b"; ".join(
        (
            b"v=1; a=rsa-sha256; c=relaxed/simple",
            b"d=" + key.domain.encode("ascii"),
            b"i=@" + key.domain.encode("ascii"),
            b"q=dns/txt; s=" + key.selector.encode("ascii"),
            b"t=%d" % int(at.timestamp()),
            b"h=" + b" : ".join(names),
            b"bh=" + base64.b64encode(digest),
            b"b=",
        )
    )
    folded: bytes = dkim.fold(tags + _ROOM, namelen=len(_NAME))[: -len(_ROOM)]
    # relaxed (§3.4.2); the From that isn't there adds nothing.
    signed = b"".join(name + b":" + _relaxed(values[name]) + b"\r\n" for name in names[1:])
    signed += _NAME.lower() + b":" + _relaxed(folded.replace(b"\r\n", b""))
    signature = base64.b64encode(_opened(key.pem).sign(signed, PKCS1v15(), SHA256()))
    # b= begins its line, which ends where dkimpy ends it: 72 marks with the blank before them.
    parts = [signature[:_FIRST], *_pieces(signature[_FIRST:])]
    return _NAME + b": " + folded + b"\r\n ".join(parts) + b"\r\n" + message


def _pieces(signature: bytes) -> list[bytes]:
    return [signature[begin : begin + _LINE] for begin in range(0, len(signature), _LINE)]


def _relaxed(value: bytes) -> bytes:
    if b"  " in value or b"\t" in value:
        value = _BLANKS.sub(b" ", value)
    return value.strip()


@functools.lru_cache(maxsize=16)
def _opened(pem: str) -> RSAPrivateKey:
    """The key, read once: reading takes longer than signing."""
    key = load_pem_private_key(pem.encode("ascii"), None)
    assert isinstance(key, RSAPrivateKey)
    return key
