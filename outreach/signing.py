"""Secrets and fingerprints: random tokens, their stored hashes, reference codes, seals."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping

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
    """Return the SHA-256 (hex) of `content` as canonical JSON (sorted keys, UTF-8)."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
