"""Every setting, read once from the environment; nonsense is refused by the variable's name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from outreach.errors import BadSetting
from outreach.words import Sentence

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Settings:
    """What one installation is told from outside. Built by `read_settings`, never changed."""

    home: Path
    database_url: str
    host: str
    port: int
    demo: bool
    secret_key: str
    # How the server of a public list can reach whoever runs this installation.
    contact: str = ""
    # Letters are written and signed by the quick way; tests hold it to the library's, byte by byte.
    fast: bool = True
    # Letters that are claimed and handed over together: so many may be unknown after a crash.
    batch: int = 1
    # How a process tells what it does: for people, or one JSON object a line.
    log: str = "words"

    @property
    def capture(self) -> Path:
        """The folder that holds captured mail."""
        return self.home / "capture"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings that `environ` asks for.

    OUTREACH_HOME    the one folder for database, captured mail and files (default `./home`)
    OUTREACH_DATABASE_URL   an SQLAlchemy URL (default: SQLite in the home)
    OUTREACH_HOST    address to serve on (default 127.0.0.1)
    PORT             port to serve on (default 8000; 1 to 65535)
    DEMO             `yes` or `no`: load the demonstration (default yes)
    OUTREACH_CONTACT an e-mail address or link, told to servers we fetch public lists from
    OUTREACH_FAST    `yes` or `no`: write and sign letters by our own code instead of the libraries'
                     (the same bytes; default yes)
    OUTREACH_BATCH   letters claimed and kept together, 1 to 200 (default 1): faster, and a crash
                     leaves at most as many of which nobody knows whether they went
    OUTREACH_LOG     `words` or `json`: how processes tell what they do (default words)

    Makes the home and, on first use, its secret key (mode 0600). Raises BadSetting.
    """
    home = _home(environ)
    return Settings(
        home=home,
        database_url=_database_url(environ, home),
        host=environ.get("OUTREACH_HOST", "").strip() or "127.0.0.1",
        port=_port(environ),
        demo=_yes_or_no(environ, "DEMO", default=True),
        secret_key=_secret_key(home),
        contact=_contact(environ),
        fast=_yes_or_no(environ, "OUTREACH_FAST", default=True),
        batch=_number(environ, "OUTREACH_BATCH", default=1, most=200),
        log=_log(environ),
    )


def _home(environ: Mapping[str, str]) -> Path:
    home = Path(environ.get("OUTREACH_HOME", "").strip() or "home").expanduser().resolve()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(
            Sentence(
                "OUTREACH_HOME is %(home)s, but that folder can't be made (%(why)s). "
                "Name a folder you may write to.",
                home=str(home),
                why=error.strerror or str(error),
            )
        ) from error
    return home


def _database_url(environ: Mapping[str, str], home: Path) -> str:
    text = environ.get("OUTREACH_DATABASE_URL", "").strip()
    if not text:
        return f"sqlite:///{home / 'outreach.sqlite'}"
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadSetting(
            Sentence(
                "OUTREACH_DATABASE_URL is not a database we know. Write "
                "postgresql+psycopg://user:password@host/name, or leave it out to use a file."
            )
        )
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def _port(environ: Mapping[str, str]) -> int:
    return _number(environ, "PORT", default=8000, most=65535)


def _number(environ: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = environ.get(name, "").strip() or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise BadSetting(
            Sentence(
                "%(name)s is “%(text)s”. Write a number from 1 to %(most)s.",
                name=name,
                text=text,
                most=str(most),
            )
        )
    return int(text)


def _contact(environ: Mapping[str, str]) -> str:
    text = environ.get("OUTREACH_CONTACT", "").strip()
    # It becomes a part of a header: one line of plain signs.
    if len(text) > 200 or not text.isascii() or not text.isprintable():
        raise BadSetting(
            Sentence("OUTREACH_CONTACT must be one e-mail address or link, in plain letters.")
        )
    return text


def _log(environ: Mapping[str, str]) -> str:
    text = environ.get("OUTREACH_LOG", "").strip().lower() or "words"
    if text not in ("words", "json"):
        raise BadSetting(Sentence("OUTREACH_LOG is “%(text)s”. Write words or json.", text=text))
    return text


def _yes_or_no(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environ.get(name, "").strip().lower()
    if not text:
        return default
    if text not in ("yes", "no"):
        raise BadSetting(Sentence("%(name)s is “%(text)s”. Write yes or no.", name=name, text=text))
    return text == "yes"


def _secret_key(home: Path) -> str:
    path = home / "secret-key"
    try:
        # Born with its mode: a key that was readable for a moment is a key that was read.
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    except OSError as error:
        raise BadSetting(
            Sentence(
                "OUTREACH_HOME is %(home)s, but nothing can be written there (%(why)s).",
                home=str(home),
                why=error.strerror or str(error),
            )
        ) from error
    return path.read_text(encoding="ascii").strip()


def shipped(name: str) -> Path:
    """Return the folder of files that travel with the code: `contacts`, `migrations`, `templates`.

    In a checkout they lie beside the package, in an installed wheel inside it.
    """
    package = Path(__file__).resolve().parent
    inside = package / "shipped" / name
    return inside if inside.is_dir() else package.parent / name
