"""Mail addresses of our own people and senders."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from outreach.errors import BadInput
from outreach.words import Sentence


def checked_address(text: str, field: str) -> str:
    """Return the mail address that `text` means, in one spelling.

    Reserved domains pass: whether one may be written to is asked where a letter leaves. Raises
    BadInput with `field` for what can't be an address.
    """
    try:
        return validate_email(
            text.strip(), check_deliverability=False, test_environment=True
        ).normalized
    except EmailNotValidError as error:
        raise BadInput(
            Sentence("This is not an e-mail address. Write one such as name@example.org."), field
        ) from error
