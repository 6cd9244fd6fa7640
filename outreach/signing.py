"""Secrets and fingerprints: tokens, their stored hashes, codes, seals, and what is locked away."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic_core import to_json

from outreach.errors import OutreachError
from outreach.words import Sentence

# Crockford's base 32 without the letters people confuse when they retype a code from paper.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_token() -> str:
    """Return 256 random bits as URL-safe text, for a link that works once."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what we store of a token (SHA-256, hex): a stolen database opens no link."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_code() -> str:
    """Return a random reference code such as `7K4-Q2M`. It counts nothing and says nothing."""
    letters = [secrets.choice(CODE_ALPHABET) for _ in range(6)]
    return "".join(letters[:3]) + "-" + "".join(letters[3:])


def seal(content: Mapping[str, object]) -> str:
    """Return the SHA-256 (hex) of `content` as canonical JSON (sorted keys, no blanks, UTF-8).

    Of objects, lists, text, whole numbers, truth values and null: others have no one way to write
    them down. Raises ValueError for text that is no Unicode (half of a surrogate pair).
    """
    return hashlib.sha256(to_json(_sorted(content))).hexdigest()


def _sorted(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(one) for one in value]
    return value


class Vault:
    """Locks secrets that rest in the database, with keys that don't (HKDF, RFC 5869; Fernet).

    The first key locks; each of them unlocks, so that a key can be changed.
    """

    def __init__(self, *keys: str) -> None:
        self._keys = keys
        self._locks = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(self.derived("at rest", key=key))) for key in keys]
        )

    def derived(self, purpose: str, *, key: str = "") -> bytes:
        """Return 32 bytes made of a key (default: the first), of no use for another `purpose`."""
        info = f"outreach {purpose}".encode()
        made: bytes = HKDF(SHA256(), 32, salt=None, info=info).derive(
            (key or self._keys[0]).encode()
        )
        return made

    def lock(self, secret: str) -> str:
        """Return `secret` as it may be stored; nothing stays nothing."""
        return self._locks.encrypt(secret.encode()).decode() if secret else ""

    def unlock(self, locked: str) -> str:
        """Return what was locked. Raises OutreachError when none of the keys fits."""
        if not locked:
            return ""
        try:
            return self._locks.decrypt(locked.encode()).decode()
        except InvalidToken as error:
            raise OutreachError(
                Sentence(
                    "A password or key in the database was locked with another key than this "
                    "installation's. Put the old secret-key back, or type it in again."
                )
            ) from error
