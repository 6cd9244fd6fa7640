"""Captured mail: whole files, one per Message-ID, under the home and nowhere else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from outreach.sending.capture import CapturePostman
from outreach.sending.postman import Envelope, TransportError

AT = dt.datetime(2026, 3, 3, 9, 0, tzinfo=dt.UTC)


def envelope(message_id: str = "0f@association.example") -> Envelope:
    return Envelope(message_id, "a@association.example", "b@office.example", True, AT)


def test_a_message_becomes_a_file(tmp_path: Path) -> None:
    postman = CapturePostman(tmp_path / "capture")
    words = postman.deliver(b"Subject: x\r\n\r\ny\r\n", envelope())
    assert words == "captured as 2026-03-03/0f@association.example.eml"
    path = postman.path_of(envelope())
    assert path.read_bytes() == b"Subject: x\r\n\r\ny\r\n"
    assert path.stat().st_mode & 0o077 == 0


def test_the_same_message_again_is_still_one_file(tmp_path: Path) -> None:
    postman = CapturePostman(tmp_path)
    for body in (b"one", b"two"):
        postman.deliver(body, envelope())
    (only,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert only.read_bytes() == b"two"


def test_a_message_id_never_leaves_the_folder(tmp_path: Path) -> None:
    postman = CapturePostman(tmp_path)
    assert postman.path_of(envelope("../../etc/x@y")).parent == tmp_path / "2026-03-03"


def test_what_can_not_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "capture").write_text("a file where the folder should be")
    with pytest.raises(TransportError) as caught:
        CapturePostman(tmp_path / "capture").deliver(b"x", envelope())
    assert not caught.value.permanent


def test_it_takes_rehearsals_only(tmp_path: Path) -> None:
    postman = CapturePostman(tmp_path)
    assert postman.takes(rehearsal=True)
    assert not postman.takes(rehearsal=False)


def test_only_the_messages_that_are_kept_stay(tmp_path):
    folder = tmp_path / "2026-03-03"
    folder.mkdir()
    for name in ("a@x.example", "b@x.example"):
        (folder / f"{name}.eml").write_bytes(b"words")
    assert CapturePostman(tmp_path).forget({"a@x.example"}) == 1
    assert [path.name for path in folder.iterdir()] == ["a@x.example.eml"]


def test_an_empty_home_has_nothing_to_forget(tmp_path):
    assert CapturePostman(tmp_path / "capture").forget([]) == 0
