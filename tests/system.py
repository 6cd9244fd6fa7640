"""Installs what the tests need beyond Python, where this machine lets us; says what is left out.

Nothing that is installed is left running: the tests start servers of their own, on loopback.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# program -> (Debian packages, what stays untested without it)
NEEDED = {
    "chromium": (("chromium",), "the tests in a real browser"),
    "opendkim": (("opendkim",), "signatures read by a second program"),
    "postfix": (("postfix",), "letters through a real mail server"),
    "dovecot": (("dovecot-imapd", "dovecot-lmtpd"), "letters read from a real mailbox"),
}
OTHER_NAMES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "opendkim": ("opendkim", "/usr/sbin/opendkim"),
    "postfix": ("postfix", "/usr/sbin/postfix"),
    "dovecot": ("dovecot", "/usr/sbin/dovecot"),
}
SERVERS = ("opendkim", "postfix", "dovecot")
# What Debian's packages ask before they start a server (deb-systemd-invoke, invoke-rc.d).
POLICY = Path("/usr/sbin/policy-rc.d")
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def main() -> int:
    """Return 0 when everything is there or may be left out, 1 when CI=true and it isn't."""
    missing = _missing()
    if missing and shutil.which("apt-get") and os.geteuid() == 0:
        packages = [package for name in missing for package in NEEDED[name][0]]
        print("Installing", *packages, "...")
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update"], check=False, **QUIET)
        with _nothing_started(missing):
            subprocess.run(
                ["apt-get", "install", "-y", "--no-install-recommends", *packages],
                check=False,
                env=environment,
                **QUIET,
            )
        missing = _missing()
    for name in missing:
        print(f"Left out: {NEEDED[name][1]} ({name} is not installed).")
    return 1 if missing and os.environ.get("CI") == "true" else 0


def _missing() -> list[str]:
    return [name for name in NEEDED if not any(map(shutil.which, OTHER_NAMES[name]))]


@contextlib.contextmanager
def _nothing_started(new: list[str]) -> Iterator[None]:
    """Keep packages from starting their servers, now and when the machine starts again."""
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            POLICY.unlink()
        for name in set(new) & set(SERVERS):
            if shutil.which("systemctl"):
                subprocess.run(["systemctl", "disable", name], check=False, **QUIET)


if __name__ == "__main__":
    sys.exit(main())
