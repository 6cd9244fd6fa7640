"""An installed wheel has everything with it: letters, contacts, migrations, front-end files."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.long
def test_an_installed_wheel_plays_the_whole_life(tmp_path):
    uv = Path(sys.executable).parent / "uv"
    subprocess.run(
        [uv, "build", "--wheel", "--no-build-isolation", "-q", "-o", tmp_path, ROOT],
        check=True,
        env=os.environ | {"VIRTUAL_ENV": str(Path(sys.executable).parent.parent)},
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("outreach/web/static/vendor/") for name in names)
    assert any(name.startswith("outreach/web/pages/") for name in names)
    environment = tmp_path / "venv"
    subprocess.run([uv, "venv", "-q", "-p", sys.executable, environment], check=True)
    python = environment / "bin" / "python"
    pins = ROOT / "requirements" / "runtime.txt"
    install = [uv, "pip", "install", "-q", "-p", python]
    subprocess.run([*install, "--require-hashes", "-r", pins], check=True)
    subprocess.run([*install, "--no-deps", wheel], check=True)
    done = subprocess.run(
        [environment / "bin" / "outreach", "demo", "run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
