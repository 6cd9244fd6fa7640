"""The desk: what came in is put with its letter, read, read again, and asked about."""

from outreach.web.desk import matching, queue, reading, second
from outreach.web.desk.frame import bp

__all__ = ["bp", "matching", "queue", "reading", "second"]
