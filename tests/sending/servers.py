"""Debian's Postfix and Dovecot as processes of our own, on loopback, in a folder of their own.

Postfix takes what we send and relays it to Dovecot, which keeps every letter in one mailbox.
"""

from __future__ import annotations

import contextlib
import imaplib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from outreach.accounts.models import Security
from outreach.sending.smtp import Server
from tests.ports import reserved

# Debian's user without rights: the mailbox is his.
NOBODY = 65534
POSTFIX = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = lmtp:inet:127.0.0.1:{lmtp}
relay_transport = lmtp:inet:127.0.0.1:{lmtp}
lmtp_destination_concurrency_limit = 4
disable_dns_lookups = yes
smtpd_peername_lookup = no
"""
SERVICES = """
127.0.0.1:{smtp} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""
DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:{folder}/mail/Maildir
default_client_limit = 200
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={nobody} gid={nobody} home={folder}/mail allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""


@dataclass(frozen=True)
class MailServers:
    """Where letters go in, and where they are read."""

    folder: Path
    smtp: int
    imap: int
    password: str

    def server(self) -> Server:
        """How we send."""
        return Server("127.0.0.1", self.smtp, "association.example", Security.NONE)

    def letters(self, number: int, *, within: float = 600) -> list[bytes]:
        """Every letter in the mailbox once there are `number`, as IMAP gives them; empties it."""
        until = time.monotonic() + within
        while True:
            with imaplib.IMAP4("127.0.0.1", self.imap) as mailbox:
                mailbox.login("reader@office.example", self.password)
                told, (there,) = mailbox.select()
                late = time.monotonic() > until
                assert told == "OK" or not late, there
                if told == "OK" and (int(there or b"0") >= number or late):
                    _, parts = mailbox.fetch("1:*", "(BODY.PEEK[])")
                    found = [part[1] for part in parts if isinstance(part, tuple)]
                    mailbox.store("1:*", "+FLAGS", "\\Deleted")
                    mailbox.expunge()
                    return found
            time.sleep(0.2)


@contextlib.contextmanager
def mail_servers(folder: Path) -> Iterator[MailServers]:
    """Run both for as long as needed; skip (fail where CI=true) where that can't be."""
    programs = {name: shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
                for name in ("postfix", "dovecot")}  # fmt: skip
    missing = [name for name, path in programs.items() if path is None]
    if missing or os.geteuid() != 0:
        words = f"needs root and {' and '.join(missing or programs)}: letters stay unrelayed"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(words)
    smtp, imap, lmtp = (reserved() for _ in range(3))
    servers = MailServers(folder, smtp, imap, "read-them")
    # Each server changes to users of its own, who must be able to come here.
    folder.chmod(0o755)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_dovecot(servers, str(programs["dovecot"]), lmtp))
        stack.enter_context(_postfix(servers, lmtp))
        for port in (imap, lmtp, smtp):
            _answers(port, servers)
        yield servers


@contextlib.contextmanager
def _dovecot(servers: MailServers, program: str, lmtp: int) -> Iterator[None]:
    folder = servers.folder
    (folder / "mail").mkdir()
    os.chown(folder / "mail", NOBODY, NOBODY)
    settings = folder / "dovecot.conf"
    settings.write_text(
        DOVECOT.format(
            folder=folder, nobody=NOBODY, imap=servers.imap, lmtp=lmtp, password=servers.password
        )
    )
    with _running([program, "-F", "-c", str(settings)], folder):
        yield


@contextlib.contextmanager
def _postfix(servers: MailServers, lmtp: int) -> Iterator[None]:
    folder = servers.folder
    settings = folder / "postfix"
    for each in (settings, folder / "queue", folder / "data"):
        each.mkdir()
    shutil.chown(folder / "data", "postfix")
    (settings / "main.cf").write_text(POSTFIX.format(folder=folder, lmtp=lmtp))
    (settings / "master.cf").write_text(SERVICES.format(smtp=servers.smtp))
    # Makes the folders of the queue.
    with (folder / "check.log").open("wb") as said:
        command = ["postfix", "-c", str(settings), "check"]
        subprocess.run(command, check=False, stdout=said, stderr=said)
    where = subprocess.run(
        ["postconf", "-hd", "daemon_directory"], check=True, capture_output=True, text=True
    )
    with _running([f"{where.stdout.strip()}/master", "-d", "-c", str(settings)], folder):
        yield


@contextlib.contextmanager
def _running(command: list[str], folder: Path) -> Iterator[None]:
    with (folder / f"{Path(command[0]).name}-said.log").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int, servers: MailServers) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                if line.recv(10):
                    return
        except OSError:
            time.sleep(0.1)
    logs = "\n".join(path.read_text() for path in servers.folder.glob("*.log"))
    pytest.fail(f"nobody answers on {port}:\n{logs}")
