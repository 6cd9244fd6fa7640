"""Uploads are opened with limits: a file, a folder, a zip; never a bomb."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from outreach.directory.importing import opening
from outreach.directory.importing.opening import opened
from outreach.errors import BadFile


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(b"[1]")
    with opened(path, "theirs.json") as upload:
        assert (upload.name, upload.files, upload.given) == ("theirs.json", (path,), path)
        assert upload.head(path, 2) == b"[1"
        assert upload.place(path) == "theirs.json"
        assert upload.place(Path("/elsewhere/x.json")) == "x.json"


def test_a_folder_without_what_systems_hide(tmp_path: Path) -> None:
    for name in ("b/one.json", "a.json", ".git/config", "__MACOSX/a.json", ".DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    with opened(tmp_path) as upload:
        assert [upload.place(one) for one in upload.files] == ["a.json", "b/one.json"]


def test_a_zip_is_gone_afterwards(tmp_path: Path) -> None:
    path = packed(tmp_path / "all.zip", {"data/one.json": b"{}", "__MACOSX/data/._one": b"x"})
    with opened(path) as upload:
        assert [upload.place(one) for one in upload.files] == ["data/one.json"]
        assert upload.given == path
        root = upload.root
    assert not root.exists()


def test_a_spreadsheet_is_no_archive(tmp_path: Path) -> None:
    path = packed(tmp_path / "list.xlsx", {"[Content_Types].xml": b"<a/>"})
    with opened(path) as upload:
        assert upload.files == (path,)


def test_a_member_does_not_leave_its_folder(tmp_path: Path) -> None:
    path = packed(tmp_path / "all.zip", {"../../outside.json": b"{}"})
    with opened(path) as upload:
        assert [one.is_relative_to(upload.root) for one in upload.files] == [True]
    assert not (tmp_path.parent / "outside.json").exists()


def test_what_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no such file"), opened(tmp_path / "none"):
        pass


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "bomb.zip", {"zeros": bytes(20_000_000)})
    with pytest.raises(BadFile, match="unfolds to far more"), opened(path):
        pass


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MAX_FILES", 2)
    path = packed(tmp_path / "many.zip", dict.fromkeys("abc", b""))
    with pytest.raises(BadFile, match="Split it"), opened(path):
        pass
    for name in "abc":
        (tmp_path / name).write_text("")
    with pytest.raises(BadFile, match="Split it"), opened(tmp_path):
        pass


def test_a_file_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MAX_FILE_BYTES", 2)
    path = tmp_path / "list"
    path.write_text("long")
    with pytest.raises(BadFile, match="larger than"), opened(path):
        pass


def test_a_broken_zip_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "all.zip", {"one.json": b"{}" * 1000})
    data = bytearray(path.read_bytes())
    data[40:50] = b"\xff" * 10
    path.write_bytes(bytes(data))
    with pytest.raises(BadFile, match="can't be read"), opened(path):
        pass
