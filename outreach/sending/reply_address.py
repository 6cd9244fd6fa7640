"""The address that answers go to, with a tag that says which letter they answer (RFC 5233).

The tag is the letter's number and as many zero bits, shuffled with a key (a Feistel network of four
rounds, Luby and Rackoff 1988): it tells nothing of how many letters there are, and one that nobody
was given has no zeros when it is shuffled back. It is written in Crockford's base 32, which
survives being retyped: capitals, l or i for 1 and o for 0 mean the same.
"""

from __future__ import annotations

import hashlib
import hmac

from outreach.signing import Vault

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_MEANT = str.maketrans({"i": "1", "l": "1", "o": "0", "-": None, " ": None})
_LENGTH = 16
# Half of the tag: 40 bits for the letter's number, 40 that must be zero.
_HALF = 40
_ROUNDS = 4
# RFC 5321 §4.5.3.1.1.
_LONGEST_LOCAL_PART = 64


def key_of(vault: Vault) -> bytes:
    """Return the key that the tags of this installation are made with."""
    return vault.derived("reply tags")


def tagged(address: str, letter_id: int, key: bytes) -> str:
    """Return `address` with the tag of a letter; as it is, when the tag would make it too long."""
    local, _, domain = address.rpartition("@")
    whole = f"{local}+{tag(letter_id, key)}"
    return f"{whole}@{domain}" if len(whole) <= _LONGEST_LOCAL_PART else address


def letter_of(address: str, key: bytes) -> int | None:
    """Return the id of the letter that the tag in `address` names; None for no tag of ours."""
    local = address.strip().strip("<>").rpartition("@")[0]
    return untag(local.rpartition("+")[2], key)


def tag(letter_id: int, key: bytes) -> str:
    """Return the tag of a letter: 16 signs. Raises OverflowError beyond 2**40 letters."""
    if letter_id >> _HALF:
        raise OverflowError(letter_id)
    left, right = 0, letter_id
    for number in range(_ROUNDS):
        left, right = right, left ^ _mixed(right, number, key)
    whole = left << _HALF | right
    return "".join(_DIGITS[whole >> shift & 31] for shift in range(5 * _LENGTH - 5, -1, -5))


def untag(text: str, key: bytes) -> int | None:
    """Return the id of the letter whose tag was typed as `text`; None for no tag of ours."""
    digits = text.lower().translate(_MEANT)
    if len(digits) != _LENGTH or any(digit not in _DIGITS for digit in digits):
        return None
    whole = 0
    for digit in digits:
        whole = whole << 5 | _DIGITS.index(digit)
    left, right = whole >> _HALF, whole & (1 << _HALF) - 1
    for number in reversed(range(_ROUNDS)):
        left, right = right ^ _mixed(left, number, key), left
    return right if left == 0 else None


def _mixed(half: int, number: int, key: bytes) -> int:
    said = bytes([number]) + half.to_bytes(_HALF // 8, "big")
    digest = hmac.digest(key, said, hashlib.sha256)
    return int.from_bytes(digest[: _HALF // 8], "big")
