"""The command line, run as a person runs it: in a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.ports import reserved

ROOT = Path(__file__).resolve().parent.parent


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"OUTREACH_HOME": str(home), "PYTHONUNBUFFERED": "1"} | more


def outreach(*words: str, home: Path, cwd: Path = ROOT, **more: str):
    return subprocess.run(
        [sys.executable, "-c", "from outreach.cli import main; main()", *words],
        cwd=cwd,
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def copy(tmp_path):
    """A checkout of its own, to break things in."""
    checkout = tmp_path / "checkout"
    for name in ("outreach", "templates", "contacts", "migrations"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("vendor"))
    return checkout


@pytest.mark.long
def test_demo_run_plays_the_whole_life(tmp_path):
    done = outreach("demo", "run", home=tmp_path / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "home").exists()
    numbers = {
        words: int(number.replace(",", ""))
        for number, words in re.findall(r"^\s*([\d,]+)  (\S.*?)(?:: |$)", done.stdout, re.M)
    }
    assert numbers["letters captured"] == numbers["letters captured as approved, byte for byte"]
    assert numbers["gaps in the drafts"] == 0


@pytest.mark.long
def test_a_broken_template_is_named_with_language_and_line(copy, tmp_path):
    letter = copy / "templates" / "letters" / "minister" / "de.txt"
    lines = letter.read_text("utf-8").splitlines()
    lines[4] = "{{ recipient.salutaton }}"
    letter.write_text("\n".join(lines), "utf-8")
    done = outreach("demo", "run", home=tmp_path / "home", cwd=copy, PYTHONPATH=str(copy))
    assert done.returncode == 1
    assert re.search(r"minister[/ ]de\.txt, line 5", done.stderr), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("contacts/jurisdictions/de.yaml", "code: DE", "kode: DE", r"de\.yaml"),
        (
            "outreach/petitions/builtin/campaign.yaml",
            "slug: ",
            "slug: [",
            r"campaign\.yaml, line \d+",
        ),
    ],
)
def test_a_broken_file_is_named_and_nothing_is_half_written(copy, tmp_path, file, old, new, says):
    path = copy / file
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    home = tmp_path / "home"
    done = outreach("seed", home=home, cwd=copy, PYTHONPATH=str(copy))
    assert done.returncode == 1
    assert re.search(says, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    whole = outreach("seed", home=home)
    assert whole.returncode == 0, whole.stderr


def test_a_setting_that_is_nonsense_is_one_sentence(tmp_path):
    done = outreach("serve", home=tmp_path / "home", PORT="eighty")
    assert done.returncode == 1
    assert done.stderr == "outreach: PORT is “eighty”. Write a number from 1 to 65535.\n"


def test_a_port_in_use_is_one_sentence(tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        done = outreach("serve", home=tmp_path / "home", PORT=str(port))
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.long
def test_serving_elsewhere_is_refused_while_the_demonstration_is_here(tmp_path):
    home = tmp_path / "home"
    assert outreach("seed", "--demo", home=home).returncode == 0
    done = outreach("serve", home=home, OUTREACH_HOST="0.0.0.0", PORT=str(reserved()))
    assert done.returncode == 1
    assert "demo clear" in done.stderr
    cleared = outreach("demo", "clear", home=home)
    assert cleared.returncode == 0, cleared.stderr
    assert "The demonstration is gone." in cleared.stdout


@pytest.mark.parametrize(
    "stop", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)]
)
def test_run_serves_prints_how_to_sign_in_and_stops_cleanly(tmp_path, stop):
    port = reserved()
    process = subprocess.Popen(
        [sys.executable, "-c", "from outreach.cli import main; main()", "run"],
        cwd=ROOT,
        env=environment(tmp_path / "home", PORT=str(port)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = f"http://127.0.0.1:{port}/"
        deadline = time.monotonic() + 600
        while True:
            try:
                with urllib.request.urlopen(address, timeout=30) as answer:
                    page = answer.read().decode()
                break
            except OSError:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.2)
        assert "<h1" in page
        process.send_signal(stop)
        out, err = process.communicate(timeout=600)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert address.rstrip("/") in out
    assert re.search(r"organiser +\S+@\S+ +\S{12,}", out)
    assert f"{address}welcome/" in out
    assert "Stopped" in out
