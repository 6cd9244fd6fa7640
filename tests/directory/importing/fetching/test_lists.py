"""Public lists are fetched whole or not at all, from a server that behaves badly in each way."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from outreach.directory.importing.fetching import lists, wire
from outreach.directory.importing.fetching.endpoints import (
    ENDPOINTS,
    Endpoint,
    Paging,
    Part,
    Shape,
    endpoint_named,
)
from outreach.directory.importing.fetching.wire import user_agent
from outreach.errors import BadInput, OutreachError
from tests.conftest import NOW

PEOPLE = json.dumps({"persons": [{"id": str(n), "name": f"Person {n}"} for n in range(40)]})
Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers as the test told it to, one answer after the other, the last one for ever."""

    answers: list[Answer]
    asked: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        self.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(self)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def give(
        self, body: str | bytes, kind: str = "application/json", status: int = 200, **headers: str
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in ({"Content_Length": str(len(data))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)


class Server:
    """A server on loopback, and what it was asked."""

    def __init__(self) -> None:
        self.handler = type("Told", (Handler,), {"answers": [], "asked": []})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self.base = f"http://127.0.0.1:{self.http.server_port}"

    def will(self, *answers: Answer) -> None:
        self.handler.answers[:] = answers

    @property
    def asked(self) -> list[tuple[str, dict[str, str]]]:
        return self.handler.asked

    def list(self, shape: Shape = Shape.JSON, **values: Any) -> Endpoint:
        part = Part("/list", f"list.{shape.value}", shape)
        values = {"parts": (part,), "base": self.base, "format": "popolo"} | values
        return dataclasses.replace(endpoint_named("za-peoples-assembly"), **values)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.http.shutdown()
    server.http.server_close()
    thread.join()


class Slept(list[float]):
    """Waits without waiting."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def slept() -> Slept:
    return Slept()


def fetch(endpoint: Endpoint, home: Path, slept: Slept, **values: Any) -> lists.Fetched:
    return lists.fetch(endpoint, home=home, now=NOW, pause=slept, **values)


def kept(home: Path) -> list[str]:
    return sorted(str(one.relative_to(home)) for one in home.rglob("*") if one.is_file())


def good(handler: Handler) -> None:
    handler.give(PEOPLE, ETag='"one"', Last_Modified="Mon, 02 Feb 2026 10:00:00 GMT")


def says(body: str | bytes, *args: Any, **headers: Any) -> Answer:
    return lambda handler: handler.give(body, *args, **headers)


def test_a_list_is_kept_with_its_card(server: Server, tmp_path: Path, slept: Slept) -> None:
    server.will(good)
    came = fetch(server.list(), tmp_path, slept, contact="desk@house.example")

    assert came.changed and came.path.is_file()
    assert came.path.name.startswith(came.card["sha256"])
    assert came.path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(came.path) as archive:
        assert json.loads(archive.read("list.json"))["persons"][3]["name"] == "Person 3"
    card = json.loads(came.path.with_name(came.path.name + ".json").read_text("utf-8"))
    assert card == came.card
    assert card["url"] == f"{server.base}/list"
    assert card["licence"] and card["attribution"]
    assert card["as_of"] == "2026-02-02" and card["fetched_at"].startswith("2026-03-03T09:00")
    asked = server.asked[0][1]["user-agent"]
    assert asked.startswith("Outreach/") and "desk@house.example" in asked


def test_what_has_not_changed_is_not_fetched_again(
    server: Server, tmp_path: Path, slept: Slept
) -> None:
    def once(handler: Handler) -> None:
        same = handler.headers.get("If-None-Match") == '"one"'
        handler.give("", status=304) if same else good(handler)

    server.will(once)
    first = fetch(server.list(), tmp_path, slept)
    second = fetch(server.list(), tmp_path, slept)
    assert first.changed and not second.changed
    assert second.path == first.path
    assert server.asked[1][1]["if-modified-since"] == "Mon, 02 Feb 2026 10:00:00 GMT"
    first.path.unlink()
    assert fetch(server.list(), tmp_path, slept).changed


def test_one_new_part_of_several_makes_a_new_file(
    server: Server, tmp_path: Path, slept: Slept
) -> None:
    parts = tuple(Part(f"/{name}", f"{name}.yaml", Shape.YAML) for name in ("a", "b"))
    text = "- id: 1\n- id: 2\n"

    def versions(handler: Handler) -> None:
        tag = f'"{handler.path}"'
        if handler.path == "/a" and handler.headers.get("If-None-Match") == tag:
            handler.give("", status=304)
        else:
            more = "- id: 3\n" if len(handler.asked) > 2 else ""
            handler.give(text + more, "text/plain", ETag=tag)

    server.will(versions)
    first = fetch(server.list(parts=parts), tmp_path, slept)
    second = fetch(server.list(parts=parts), tmp_path, slept)
    assert second.changed and second.path != first.path
    with zipfile.ZipFile(second.path) as archive:
        assert archive.read("a.yaml").decode() == text
        assert archive.read("b.yaml").decode() == text + "- id: 3\n"


CHALLENGE = (
    "<!doctype html><html><head><script src='https://x.token.awswaf.com/challenge.js'></script>"
    "</head><body></body></html>"
)
SIGN_IN = "<html><body><form><input type='password' name='p'></form></body></html>"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (says(CHALLENGE, "text/html", 202, X_Amzn_Waf_Action="challenge"), "challenge page"),
        (says(CHALLENGE, "text/html"), "challenge page"),
        (says("", "text/html", 405, X_Amzn_Waf_Action="captcha"), "challenge page"),
        (says("<html>Just a moment...</html>", "text/html", 403), "challenge page"),
        (says("<html><script>go()</script></html>", "text/html"), "perhaps a challenge"),
        (says(SIGN_IN, "text/html"), "sign-in page"),
        # Says that it is data, and isn't.
        (says("\ufeff <!DOCTYPE html><p>Welcome", "application/json"), "web page in place"),
        (says("no", "text/plain", 401), "asks for a sign-in"),
        (says("gone", "text/plain", 404), "nothing at this address"),
        (says('{"error": "over quota"}', status=400), "over quota"),
        (says('{"error": {"message": "over quota"}}'), "over quota"),
        (says('{"status": 500, "message": "sorry"}'), "sorry"),
        (says("[]"), "empty list"),
        (says("Service under maintenance", "text/plain"), "cut off|not the list"),
        (says(PEOPLE[:-40]), "cut off"),
        (says('{"head": {}\njava.util.concurrent.TimeoutException: x'), "longer than the server"),
        (says(PEOPLE, Content_Length=str(len(PEOPLE) + 500)), "broke off"),
        (
            says("", status=302, Location="https://login.example/?next=list"),
            "another place, https://login.example",
        ),
        (says("", status=302, Location="/list"), "in a circle"),
    ],
)
def test_what_is_no_data_is_told_apart_and_not_kept(
    server: Server, tmp_path: Path, slept: Slept, answer: Answer, expected: str
) -> None:
    server.will(answer)
    with pytest.raises(OutreachError, match=expected) as caught:
        fetch(server.list(), tmp_path, slept)
    assert f"{server.base}/list" in str(caught.value)
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("shape", "body", "expected"),
    [
        (Shape.XML, "<meps><mep><id>1</id></mep>", "cut off"),
        (Shape.XML, "<Error><Message>Access denied</Message></Error>", "Access denied"),
        (Shape.XML, "<meps/>", "empty list"),
        (Shape.XML, '<!DOCTYPE m [<!ENTITY a "b">]><m><n>&a;</n></m>', "definitions"),
        (Shape.YAML, "- id: 1\n  name: Ann\n- id", "cut off"),
        (Shape.YAML, "404: Not Found", "cut off|not the list"),
        (Shape.YAML, "rate limited", "not the list"),
        (Shape.CSV, '{"error": "down"}', "down"),
        (Shape.CSV, "Sorry, we are closed", "not the list"),
        (Shape.ZIP, "PK\x03\x04 and no more", "cut off"),
        (Shape.ZIP, "rate limited", "not the list"),
    ],
)
def test_every_shape_is_looked_at(
    server: Server, tmp_path: Path, slept: Slept, shape: Shape, body: str, expected: str
) -> None:
    server.will(says(body, "text/plain"))
    with pytest.raises(OutreachError, match=expected):
        fetch(server.list(shape), tmp_path, slept)
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        (Shape.XML, "<?xml version='1.0'?><meps><mep><id>1</id></mep></meps>"),
        (Shape.YAML, "# a comment\n---\n- id:\n    bioguide: A1\n"),
        (Shape.YAML, "HSAG01:\n- name: Ann\n"),
        (Shape.CSV, "id;nom\n1;Ann\n"),
    ],
)
def test_every_shape_can_be_good(
    server: Server, tmp_path: Path, slept: Slept, shape: Shape, body: str
) -> None:
    server.will(says(body, "text/plain"))
    assert fetch(server.list(shape), tmp_path, slept).changed


def test_a_zip_stays_as_it_is_and_a_broken_one_is_refused(
    server: Server, tmp_path: Path, slept: Slept
) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("people/a.yml", "id: 1\n" * 300)
    server.will(says(whole.getvalue(), "application/zip", ETag='"z"'))
    came = fetch(server.list(Shape.ZIP), tmp_path, slept)
    assert came.path.read_bytes() == whole.getvalue()
    server.will(says("", status=304))
    assert not fetch(server.list(Shape.ZIP), tmp_path, slept).changed
    damaged = bytearray(whole.getvalue())
    damaged[60:90] = b"x" * 30
    server.will(says(bytes(damaged), "application/zip"))
    with pytest.raises(OutreachError, match="cut off"):
        fetch(server.list(Shape.ZIP), tmp_path / "other", slept)


def test_a_download_that_is_cut_is_tried_again(
    server: Server, tmp_path: Path, slept: Slept
) -> None:
    def chunked(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"10\r\n" + PEOPLE[:16].encode() + b"\r\n")
        handler.close_connection = True

    def torn(handler: Handler) -> None:
        packed = gzip.compress(PEOPLE.encode())
        handler.give(b"x" + packed[1:], Content_Encoding="gzip")

    server.will(chunked, torn, good)
    assert fetch(server.list(), tmp_path, slept).changed
    assert slept == [2.0, 8.0]


def test_a_busy_server_is_asked_again_when_it_says(
    server: Server, tmp_path: Path, slept: Slept
) -> None:
    later = {"Retry_After": "Tue, 03 Mar 2026 09:00:40 GMT"}

    def dated(handler: Handler) -> None:
        handler.date_time_string = lambda *_a: "Tue, 03 Mar 2026 09:00:00 GMT"  # type: ignore[method-assign,assignment]
        handler.give("", status=503, **later)

    server.will(says("", status=429, Retry_After="17"), dated, good)
    assert fetch(server.list(), tmp_path, slept).changed
    assert slept == [17.0, 40.0]


def test_we_give_up_politely(server: Server, tmp_path: Path, slept: Slept) -> None:
    server.will(says("busy", "text/plain", 503))
    with pytest.raises(OutreachError, match="too busy"):
        fetch(server.list(), tmp_path, slept)
    assert len(server.asked) == 4 and slept == list(wire.TRIES)
    server.will(says("", status=429, Retry_After="86400"))
    with pytest.raises(OutreachError, match="fewer questions"):
        fetch(server.list(), tmp_path, slept)
    assert len(server.asked) == 5


def test_nobody_there_is_one_sentence(tmp_path: Path, slept: Slept, server: Server) -> None:
    endpoint = server.list(base="http://127.0.0.1:9")
    with pytest.raises(OutreachError, match="can't be reached"):
        fetch(endpoint, tmp_path, slept)


def test_a_silent_server_is_left(
    server: Server, tmp_path: Path, slept: Slept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "READ_SECONDS", 0.05)
    monkeypatch.setattr(wire, "TRIES", ())
    silence = threading.Event()
    server.will(lambda _handler: silence.wait(60) and None)
    with pytest.raises(OutreachError, match="in time"):
        fetch(server.list(), tmp_path, slept)
    silence.set()


@pytest.mark.parametrize(("name", "value"), [("MAX_FILE_BYTES", 100), ("WHOLE_SECONDS", -1.0)])
def test_too_much_or_too_slow_is_broken_off(
    server: Server,
    tmp_path: Path,
    slept: Slept,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: float,
) -> None:
    monkeypatch.setattr(wire, name, value)
    server.will(good)
    with pytest.raises(OutreachError, match="broken off"):
        fetch(server.list(), tmp_path, slept)
    assert kept(tmp_path) == []


def test_half_of_last_time_is_not_taken(server: Server, tmp_path: Path, slept: Slept) -> None:
    server.will(good)
    fetch(server.list(), tmp_path, slept)
    before = kept(tmp_path)
    few = json.dumps({"persons": [{"id": str(n)} for n in range(12)]})
    server.will(says(few))
    with pytest.raises(OutreachError, match=r"only 13 things .* 41 last time"):
        fetch(server.list(), tmp_path, slept)
    assert kept(tmp_path) == before


def pages(total: int, there: int) -> Answer:
    """A list that speaks of `total` members, gives `there`, and a contact for each."""

    def answer(handler: Handler) -> None:
        if "Contact" in handler.path:
            handler.give('{"value": [{"type": "Office"}], "links": []}')
            return
        skip = int(handler.path.split("skip=")[1])
        items = [{"value": {"id": n}} for n in range(skip, min(skip + 20, there))]
        handler.give(json.dumps({"items": items, "totalResults": total}))

    return answer


def paged(server: Server) -> Endpoint:
    paging = Paging("/Search?skip={skip}", 20, each="/Members/{id}/Contact")
    return server.list(parts=(), paging=paging)


def test_pages_are_asked_for_one_after_the_other(
    server: Server, tmp_path: Path, slept: Slept
) -> None:
    server.will(pages(45, 45))
    steps: list[tuple[str, int, int]] = []
    came = fetch(paged(server), tmp_path, slept, progress=lambda *step: steps.append(step))
    with zipfile.ZipFile(came.path) as archive:
        names = archive.namelist()
    assert len(names) == 3 + 45
    assert "0002-page.json" in names and "contact-44.json" in names
    assert slept == [lists.POLITE] * (2 + 45)
    assert ("fetching", 40, 45) in steps and ("fetching details", 45, 45) in steps
    server.will(pages(10, 10))
    with pytest.raises(OutreachError, match="only 10 things in all pages, and 45 last time"):
        fetch(paged(server), tmp_path, slept)


def test_half_a_list_in_pages_is_told(server: Server, tmp_path: Path, slept: Slept) -> None:
    server.will(pages(650, 60))
    with pytest.raises(OutreachError, match="speaks of 650 and gave only 60"):
        fetch(paged(server), tmp_path, slept)
    server.will(says('{"results": []}'))
    with pytest.raises(OutreachError, match="not a page of a list"):
        fetch(paged(server), tmp_path, slept)
    assert kept(tmp_path) == []


def test_what_must_be_named_is_asked_for(server: Server, tmp_path: Path, slept: Slept) -> None:
    many = endpoint_named("everypolitician")
    with pytest.raises(BadInput, match="Estonia/Riigikogu"):
        fetch(many, tmp_path, slept, of="../../etc/passwd")
    with pytest.raises(BadInput, match="leave --of out"):
        fetch(server.list(), tmp_path, slept, of="x")
    server.will(good)
    came = fetch(
        dataclasses.replace(many, base=server.base), tmp_path, slept, of="Estonia/Riigikogu"
    )
    assert server.asked[0][0] == "/Estonia/Riigikogu/ep-popolo-v1.0.json"
    assert came.card["of"] == "Estonia/Riigikogu"
    with zipfile.ZipFile(came.path) as archive:
        assert archive.namelist() == ["Estonia/Riigikogu/ep-popolo-v1.0.json"]


def test_wikidata_is_asked_with_a_query_and_wants_to_know_who_asks(
    server: Server, tmp_path: Path, slept: Slept
) -> None:
    endpoint = dataclasses.replace(endpoint_named("wikidata"), base=server.base)
    with pytest.raises(OutreachError, match="OUTREACH_CONTACT"):
        fetch(endpoint, tmp_path, slept, of="Q486839")
    server.will(good)
    fetch(endpoint, tmp_path, slept, of="Q486839", contact="desk@house.example")
    assert "Q486839" in server.asked[0][0]


def test_lists_that_can_not_be_read_yet_say_so(tmp_path: Path, slept: Slept) -> None:
    for name in ("bundestag", "opensanctions-peps"):
        with pytest.raises(OutreachError, match="can't be fetched yet"):
            fetch(endpoint_named(name), tmp_path, slept)
    with pytest.raises(BadInput, match="congress-legislators, openstates"):
        endpoint_named("nonsense")


def test_the_table_is_whole() -> None:
    assert len({one.name for one in ENDPOINTS}) == len(ENDPOINTS)
    for one in ENDPOINTS:
        assert one.licence and one.attribution and one.page.startswith("https://")
        assert one.base.startswith("https://")
        assert bool(one.parts or one.paging) != bool(one.not_yet), one.name


def test_a_name_with_odd_signs_is_no_header_of_its_own() -> None:
    assert "\n" not in user_agent("desk@house.example\r\nX-Evil: 1")
    assert user_agent("").startswith("Outreach/")
