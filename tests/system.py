"""Installs what the tests need beyond Python, where this machine lets us; says what is left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

# program -> (Debian package, what stays untested without it)
NEEDED = {
    "chromium": ("chromium", "the tests in a real browser"),
    "opendkim": ("opendkim", "signatures read by a second program"),
}
OTHER_NAMES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "opendkim": ("opendkim", "/usr/sbin/opendkim"),
}


def main() -> int:
    """Return 0 when everything is there or may be left out, 1 when CI=true and it isn't."""
    missing = [name for name in NEEDED if not any(map(shutil.which, OTHER_NAMES[name]))]
    if missing and shutil.which("apt-get") and os.geteuid() == 0:
        packages = [NEEDED[name][0] for name in missing]
        print("Installing", *packages, "...")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update"], check=False, **quiet)
        subprocess.run(
            ["apt-get", "install", "-y", "--no-install-recommends", *packages],
            check=False,
            env=environment,
            **quiet,
        )
        missing = [name for name in missing if not any(map(shutil.which, OTHER_NAMES[name]))]
    for name in missing:
        print(f"Left out: {NEEDED[name][1]} ({name} is not installed).")
    return 1 if missing and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
