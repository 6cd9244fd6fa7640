"""Files that come in are kept under their hash, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import stat
from pathlib import Path

import pytest

from outreach.directory.importing.fetching import keeping
from outreach.errors import BadFile


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("members.csv", "members.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\Lista posłów 2026.xlsx", "Lista-posłów-2026.xlsx"),
        ("議員.json", "議員.json"),
        ("...", "list"),
        ("a\x00b\n.csv", "a-b-.csv"),
        (f"{'x' * 200}.csv", f"{'x' * 77}.csv"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert keeping.safe_name(name) == safe


def test_the_same_bytes_are_kept_once_and_for_us_alone(tmp_path: Path) -> None:
    data = b"name,email\n" * 1000
    first = keeping.keep(io.BytesIO(data), "a.csv", home=tmp_path)
    again = keeping.keep(io.BytesIO(data), "a.csv", home=tmp_path)
    assert first == again
    assert first.sha256 == hashlib.sha256(data).hexdigest() == keeping.sha256_of(first.path)
    assert first.place == f"imports/{first.sha256[:2]}/{first.sha256}-a.csv"
    assert (first.path.read_bytes(), first.size) == (data, len(data))
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.path.parent.stat().st_mode) == 0o700
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [first.path]


class Broken(io.RawIOBase):
    """A stream that ends with an error."""

    def read(self, _size: int = -1) -> bytes:
        raise OSError("gone")


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="larger than"):
        keeping.keep(io.BytesIO(b"x" * 100), "a.csv", home=tmp_path, most=99)
    with pytest.raises(BadFile, match="empty"):
        keeping.keep(io.BytesIO(), "a.csv", home=tmp_path)
    with pytest.raises(OSError, match="gone"):
        keeping.keep(Broken(), "a.csv", home=tmp_path)  # type: ignore[arg-type]
    assert not [one for one in tmp_path.rglob("*") if one.is_file()]


def test_a_folder_has_a_hash_of_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.yml").write_text("id: 1")
    before = keeping.sha256_of(tmp_path)
    assert keeping.sha256_of(tmp_path) == before
    (tmp_path / "a" / "one.yml").rename(tmp_path / "a" / "two.yml")
    assert keeping.sha256_of(tmp_path) != before
