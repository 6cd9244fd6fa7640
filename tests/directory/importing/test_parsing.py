"""Files of strangers are read, or refused with file and line; never trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.directory.importing import parsing
from outreach.errors import BadFile


def refused(read: object, path: Path, data: bytes) -> BadFile:
    path.write_bytes(data)
    assert callable(read)
    with pytest.raises(BadFile) as caught:
        read(path, "list")
    assert caught.value.file == "list"
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_in_any_unicode(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes('{"name": "Żółć", "n": NaN}'.encode(encoding))
    assert parsing.read_json(path, "a") == {"name": "Żółć", "n": None}


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", None, "empty"),
        (b"\xef\xbb\xbf \n", None, "empty"),
        (b'{"a":\n1,\n}', 3, "not JSON"),
        (b'["\x00"]', 1, "not JSON"),
        (b"[1] x", 1, "not JSON"),
        (b'\n"\xe4"', 2, "UTF-8"),
        (b"[" + b"1" * 5000 + b"]", None, "too long"),
        (b"[" * 62 + b"]" * 62, None, "60 levels"),
        (b"[" * 100_000, None, "60 levels"),
    ],
)
def test_bad_json_is_refused(tmp_path: Path, data: bytes, line: int | None, words: str) -> None:
    error = refused(parsing.read_json, tmp_path / "a", data)
    assert error.line == line
    assert words in str(error.problem)


def test_sixty_levels_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"[" * 60 + b"]" * 60)
    assert isinstance(parsing.read_json(path, "a"), list)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile):
        parsing.read_json(tmp_path / "none", "none")


def test_a_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MAX_BYTES", 1_000_000)
    error = refused(parsing.read_json, tmp_path / "a", b" " * 1_000_001)
    assert "larger than 1 MB" in str(error.problem)


def test_yaml_keeps_what_it_says() -> None:
    data = b"a: NO\nb: on\nc: 2020-01-02\nd: 02134\ne: 12\nf: true\ng: ~\nh: 1.10\ni: 12:30\n"
    assert parsing.read_yaml(data, "a") == {
        "a": "NO",
        "b": "on",
        "c": "2020-01-02",
        "d": "02134",
        "e": 12,
        "f": True,
        "g": None,
        "h": "1.10",
        "i": "12:30",
    }


def test_stars_in_yaml_texts_are_texts() -> None:
    assert parsing.read_yaml(b"a: R&D *\nb: '*x'\nc: 2 * 3", "a") == {
        "a": "R&D *",
        "b": "*x",
        "c": "2 * 3",
    }


BOMB = b"a: &a [x,x,x,x,x,x,x,x]\n" + b"".join(
    b"b%d: &b%d [%s]\n" % (n, n, b",".join([b"*b%d" % (n - 1) if n else b"*a"] * 8))
    for n in range(9)
)
TALL = b"- &n0 x\n" + b"".join(b"- &n%d [[*n%d]]\n" % (n, n - 1) for n in range(1, 500))


def test_parts_named_once_and_meant_again_are_read() -> None:
    written = b"- &a {term: &t [x, y], n: 1}\n- {term: *t}\n- *a\n- {<<: *a, n: 2}\n"
    first = {"term": ["x", "y"], "n": 1}
    assert parsing.read_yaml(written, "a") == [first, {"term": ["x", "y"]}, first, first | {"n": 2}]


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", None, "empty"),
        (BOMB, 6, "aliases"),
        (BOMB.decode().encode("utf-16"), 6, "aliases"),
        (TALL, 31, "60 levels"),
        (b"- &a [x, *a]\n", 1, "aliases"),
        (b"- a\n- *b\n", 2, "aliases"),
        (b"[" * 200_000, 1, "60 levels"),
        (b"{a: " * 100_000, 1, "60 levels"),
        (b"- " * 100_000 + b"x", 1, "60 levels"),
        (b"? " * 100_000 + b"x", 1, "60 levels"),
        ("\n".join(" " * depth + "a:" for depth in range(500)).encode(), 61, "60 levels"),
        (b"a: 1\nb: !!python/object:os.system x", 2, "not YAML"),
        (b"a: !!int x", None, "not YAML"),
        (b"a: !!timestamp x", None, "not YAML"),
        (b"a: b: c", 1, "not YAML"),
        (b"a: 1\n---\nb: 2", 2, "not YAML"),
        (b"a: \xe4", None, "not YAML"),
        (b"a: b\x00c", None, "not YAML"),
        (b"? [a]\n: b", 1, "not YAML"),
    ],
)
def test_bad_yaml_is_refused(tmp_path: Path, data: bytes, line: int | None, words: str) -> None:
    error = refused(parsing.read_yaml, tmp_path / "a", data)
    assert words in str(error.problem)
    assert error.line == line


def test_xml(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes('<?xml version="1.0" encoding="utf-16"?><a><b>Żółć</b></a>'.encode("utf-16"))
    assert parsing.read_xml(path, "a").findtext("b") == "Żółć"


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", None, "empty"),
        (b"<a>\n<b></a>", 2, "not XML"),
        (b"<!DOCTYPE a><a/>", None, "document type"),
        (
            b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>',
            None,
            "document type",
        ),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', None, "document type"),
        (b"<a>&x;</a>", 1, "not XML"),
        (b"<a>\x00</a>", 1, "not XML"),
        (b"<a>\xe4</a>", 1, "Save it as UTF-8"),
        (b"<?xml version='1.0' encoding='none'?><a/>", None, "not XML"),
        (b"<?xml version='1.0' encoding='big5'?><a/>", None, "not XML"),
        ("<?xml version='1.0' encoding='utf-8'?><a>Имя</a>".encode("cp1251"), 1, "encoding"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, None, "60 levels"),
    ],
)
def test_bad_xml_is_refused(tmp_path: Path, data: bytes, line: int | None, words: str) -> None:
    error = refused(parsing.read_xml, tmp_path / "a", data)
    assert words in str(error.problem)
    assert error.line == line


def test_xml_in_utf8_is_read_whatever_its_first_line_calls_it(tmp_path: Path) -> None:
    for label, codec in (("windows-1251", "utf-8"), ("windows-1251", "cp1251"), ("utf-8", "utf-8")):
        written = f"<?xml version='1.0' encoding='{label}'?>\n<a>Имя Прізвище</a>"
        (tmp_path / "a").write_bytes(written.encode(codec))
        assert parsing.read_xml(tmp_path / "a", "a").text == "Имя Прізвище"


def test_a_key_with_two_values_is_refused(tmp_path: Path) -> None:
    error = refused(parsing.read_json, tmp_path / "a", b'{"persons": [1], "persons": [2]}')
    assert "persons" in str(error.problem)
    (tmp_path / "a").write_bytes(b'{"id": 1, "id": 1}')
    assert parsing.read_json(tmp_path / "a", "a") == {"id": 1}
