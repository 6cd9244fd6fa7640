"""Reading counts off pages, from a real server that also misbehaves in every way known."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Actor, Task
from outreach.database import Database
from outreach.errors import NotFound
from outreach.petitions import counts, page_rules
from outreach.petitions.models import Reading, ReadingState
from outreach.petitions.pages import Page
from outreach.petitions.sources import fetching, wire
from outreach.petitions.sources.adapters import read_page
from outreach.petitions.sources.reading import Answer, Found, NoCount, number_in
from tests import make
from tests.conftest import NOW
from tests.petitions.places import HOST, SHOWN, SLUG, Places, change_page

HOUR = dt.timedelta(hours=1)
LOG_IN = '<html><title>Log in</title><form><input type="password" name="p"></form></html>'
PROOF = "<html><title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/x'></script>"


@pytest.fixture(scope="module")
def server() -> Iterator[Places]:
    places = Places()
    yield places
    places.close()


@pytest.fixture
def places(server: Places) -> Places:
    server.answers.clear()
    server.asked.clear()
    return server


def found(places: Places, url: str, adapter: str = "change_org", **options: str) -> Found:
    with places.wire() as line:
        return read_page(line, url, adapter, options)


def refusal(places: Places, url: str, adapter: str = "change_org", **options: str) -> str:
    with pytest.raises(NoCount) as refused:
        found(places, url, adapter, **options)
    return str(refused.value)


# -- what each way of reading finds --------------------------------------------------------------


def test_change_org_is_read_from_its_script_never_from_its_words(places: Places) -> None:
    url = places.page(f"/p/{SLUG}", change_page(62_001))
    seen = found(places, url)
    assert seen.value == 62_001 and "62001" in seen.words
    # The same place gives the same shape, whatever the number.
    places.page(f"/p/{SLUG}", change_page(62_005))
    assert found(places, url).shape == seen.shape
    # Without its data the page says 0; that is no count.
    places.page(f"/p/{SLUG}", f"<html>{SHOWN}</html>")
    assert "no count where it is looked for" in refusal(places, url)


def test_change_org_in_its_newer_dress_and_among_other_petitions(places: Places) -> None:
    other = {"slug": "other", "signatureCount": {"total": 9}}
    ours = {"slug": SLUG, "signatureState": {"signatureCount": {"total": 62_001}}}
    data = json.dumps({"props": {"1": other, "2": ours}})
    page = f'<html><script id="__DATA__" type="application/json">{data}</script>{SHOWN}</html>'
    url = places.page(f"/p/{SLUG}", page)
    seen = found(places, url)
    assert seen.value == 62_001
    older = places.page(f"/p/{SLUG}", change_page(62_001))
    assert found(places, older).shape != seen.shape
    places.page(f"/p/{SLUG}", change_page(62_001, slug="somebody-elses"))
    assert "another petition" in refusal(places, url)


def test_a_short_address_that_sends_on_is_followed(places: Places) -> None:
    there = places.page(f"/p/{SLUG}", change_page(62_001))
    assert found(places, places.sends_on("/pqkTzq4G", there)).value == 62_001
    assert "Outreach/" in places.asked[0][1]["User-Agent"]
    assert "test@petition.example" in places.asked[0][1]["User-Agent"]


def test_uk_parliament_is_asked_for_its_data(places: Places) -> None:
    answer = {"data": {"id": 171928, "attributes": {"signature_count": 1_863_708}}}
    places.json("/petitions/171928.json", answer)
    page = f"{places.base}/petitions/171928"
    assert found(places, page, "uk_parliament").value == 1_863_708
    assert places.asked[0][1]["Accept"] == "application/json"
    answer["data"]["id"] = 7
    places.json("/petitions/171928.json", answer)
    assert "another petition" in refusal(places, page, "uk_parliament")
    assert "own page" in refusal(places, places.base + "/help", "uk_parliament")


def test_json_at_a_path(places: Places) -> None:
    url = places.json("/api", {"rows": [{"n": "62 001"}, {"n": 7, "half": 1.5, "yes": True}]})
    assert found(places, url, "json_path", path="rows[0].n").value == 62_001
    assert found(places, url, "json_path", path="rows.1.n").value == 7
    assert "was renamed" in refusal(places, url, "json_path", path="rows[2].n")
    for wrong in ("rows[1].half", "rows[1].yes", "rows"):
        assert "no whole number" in refusal(places, url, "json_path", path=wrong)
    for odd in ("Infinity", "-Infinity", "NaN", "1e999"):
        there = places.page("/odd", f'{{"n": {odd}}}', Content_Type="application/json")
        assert "no whole number" in refusal(places, there, "json_path", path="n")
    for large in (10**12, "9" * 5_000):
        there = places.json("/large", {"n": large})
        assert "larger than any" in refusal(places, there, "json_path", path="n")
    assert "at which path" in refusal(places, url, "json_path")
    before = found(places, url, "json_path", path="rows[0].n").shape
    places.json("/api", {"rows": [{"n": 62_001, "deleted": 1}]})
    assert found(places, url, "json_path", path="rows[0].n").shape != before


def test_a_page_at_a_selector(places: Places) -> None:
    page = "<html><div class='count'><strong>62&nbsp;001</strong> signatures</div><b>1</b><b>2</b>"
    url = places.page("/unterschriften", page)
    seen = found(places, url, "css_selector", selector=".count strong")
    assert (seen.value, seen.words) == (62_001, "62 001")
    places.page("/unterschriften", page.replace("'count'", "'count new'"))
    again = found(places, url, "css_selector", selector=".count strong")
    assert again.shape != seen.shape
    assert "several places" in refusal(places, url, "css_selector", selector="b")
    assert "no CSS selector" in refusal(places, url, "css_selector", selector="b[")
    assert "no count where" in refusal(places, url, "css_selector", selector=".gone")
    assert "as a CSS selector" in refusal(places, url, "css_selector")
    assert "Choose how it is read" in refusal(places, url, "by_crystal_ball")


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("62,001 have signed", 62_001),
        ("62.001 Unterschriften", 62_001),
        ("62\u202f001", 62_001),
        ("62’001", 62_001),
        ("Signatures: 62001.", 62_001),
        ("1 863 708", 1_863_708),
        ("٦٢٬٠٠١".replace("٬", ""), 62_001),
        ("0 have signed", 0),
    ],
)
def test_numbers_as_pages_write_them(words: str, number: int) -> None:
    assert number_in(words) == number


@pytest.mark.parametrize(
    "words", ["62.1K", "1,5", "12 of 75,000", "soon", "83%", "6,20,0", "62.0M"]
)
def test_what_is_no_whole_number_is_no_count(words: str) -> None:
    with pytest.raises(NoCount):
        number_in(words)


# -- what comes in place of a count --------------------------------------------------------------


def test_zero_is_no_count_however_it_is_shown(places: Places) -> None:
    url = places.page(f"/p/{SLUG}", change_page(0))
    assert "0 have signed" in refusal(places, url)
    plain = places.page("/plain", f"<html>{SHOWN}</html>")
    assert "0 have signed" in refusal(places, plain, "css_selector", selector="p strong")


@pytest.mark.parametrize(
    ("status", "body", "headers", "words"),
    [
        (200, LOG_IN, {}, "sign-in page"),
        (200, PROOF, {}, "challenge page"),
        (403, PROOF, {}, "challenge page"),
        (200, "<html>62,001</html>", {"cf_mitigated": "challenge"}, "challenge page"),
        (401, "", {}, "sign-in or refuses programs (401)"),
        (403, "no", {}, "enter it by hand"),
        (404, "gone", {}, "nothing at this address any more (404)"),
        (429, "slow", {}, "too busy"),
        (503, "later", {}, "too busy"),
        (418, "teapot", {}, "answered with 418"),
        (200, "<html>A nice page about cats</html>", {}, "another page"),
        (200, "", {}, "another page"),
    ],
)
def test_what_comes_instead_is_told_apart(
    places: Places, status: int, body: str, headers: dict[str, str], words: str
) -> None:
    assert words in refusal(places, places.page(f"/p/{SLUG}", body, status, **headers))


def test_a_login_wall_behind_a_redirect_and_json_that_is_a_page(places: Places) -> None:
    wall = places.page("/login?next=x", "<html>Welcome back</html>")
    assert "sign-in page" in refusal(places, places.sends_on(f"/p/{SLUG}", wall))
    page = places.page("/api", LOG_IN)
    assert "sign-in page" in refusal(places, page, "json_path", path="n")
    half = places.page("/half", '{"n": 62', Content_Type="application/json")
    assert "no whole JSON" in refusal(places, half, "json_path", path="n")


@pytest.mark.parametrize(
    "there",
    [
        "http://127.0.0.1:{port}/p/x",
        "http://localhost:{port}/p/x",
        "http://[::1]:{port}/p/x",
        "http://intern.example/p/x",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0:{port}/",
    ],
)
def test_a_redirect_into_this_house_is_refused(places: Places, there: str) -> None:
    places.page("/p/x", change_page(62_001))
    url = places.sends_on(f"/p/{SLUG}", there.format(port=places.port))
    assert "never asked" in refusal(places, url)
    assert [path for path, _ in places.asked] == [f"/p/{SLUG}"]


@pytest.mark.parametrize(
    "there", ["http://[::1", "http://[x]/", "http://\u2100.example/", f"http://{'a' * 70}.org/"]
)
def test_a_redirect_to_no_address_is_said(places: Places, there: str) -> None:
    url = places.sends_on(f"/p/{SLUG}", there.encode().decode("latin-1"))
    with wire.Wire(resolve=resolved, permit=places.permit) as line, pytest.raises(NoCount):
        read_page(line, url, "change_org", {})


def resolved(host: str, port: int) -> list[str]:
    """The server's own name; the others are looked up as the system does, which refuses them."""
    return ["127.0.0.1"] if host == HOST else wire.looked_up(host, port)


def test_without_a_test_hand_this_machine_is_never_asked(places: Places) -> None:
    url = f"http://127.0.0.1:{places.port}/p/{SLUG}"
    with wire.Wire() as line, pytest.raises(NoCount, match="never asked"):
        read_page(line, url, "change_org", {})
    assert places.asked == []


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.1.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("fec0::1", False),
        ("64:ff9b:1::a00:1", False),
        ("::ffff:0:10.0.0.1", False),
        ("::ffff:192.168.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_of_the_open_internet(address: str, is_public: bool) -> None:
    assert wire.public("any.example", address) is is_public


def test_one_private_address_among_public_ones_is_enough_to_refuse(places: Places) -> None:
    def trap(_host: str, _port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.1"]

    with (
        wire.Wire(resolve=trap) as line,
        pytest.raises(NoCount, match="never asked"),
    ):
        line.answer("https://trap.example/", "text/html")


def test_redirects_that_end_nowhere(places: Places) -> None:
    places.sends_on("/p/round", "/p/round")
    assert "in a circle" in refusal(places, places.base + "/p/round")
    assert "read safely" in refusal(places, places.sends_on("/p/f", "file:///etc/passwd"))
    assert "can't be reached" in refusal(places, "http://nowhere.example/p/x")


def test_silence_is_broken_off(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "READ_SECONDS", 0.2)
    places.answers["/p/slow"] = 60.0
    assert "did not answer in time" in refusal(places, places.base + "/p/slow")


def test_too_much_is_broken_off_packed_or_not(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MOST_BYTES", 100_000)
    large = places.page("/p/large", "x" * 100_001)
    assert "larger than" in refusal(places, large)
    packed = gzip.compress(b"x" * 10_000_000)
    places.answers["/p/packed"] = (200, {"Content-Encoding": "gzip"}, packed)
    assert "larger than" in refusal(places, places.base + "/p/packed")


@pytest.mark.parametrize("unit", ["<div>", "<a><div>", "<a ", "<!--a", "<", "<b><i><p>"])
def test_a_page_made_to_keep_us_busy_does_not(places: Places, unit: str) -> None:
    url = places.page("/p/busy", unit * (400_000 // len(unit)))
    begun = time.monotonic()
    assert refusal(places, url) and refusal(places, url, "css_selector", selector="b strong")
    assert time.monotonic() - begun < 10


def test_half_a_page_is_no_page(places: Places) -> None:
    places.answers["/p/half"] = (200, {"Content-Length": "5000"}, change_page(62_001)[:300])
    monkey = refusal(places, places.base + "/p/half")
    assert "broke off" in monkey or "in time" in monkey


# -- on schedule ---------------------------------------------------------------------------------


class Story:
    """A campaign with one page that is fetched every hour; its first count was accepted."""

    def __init__(self, database: Database, places: Places) -> None:
        self.database, self.places = database, places
        self.url = places.page(f"/p/{SLUG}", change_page(62_001))
        with database.writing() as session:
            self.campaign = make.campaign(session)
            self.olga: Actor = make.olga(session, self.campaign)
            petition = make.petition(session, self.campaign)
            page = page_rules.page_of(session, petition, self.url)
            hourly = page_rules.Settings(adapter="change_org", every_hours=1)
            page_rules.change_page(session, page, hourly, by=self.olga, now=NOW)
            self.page_id = page.id
        assert self.fetch(NOW) == 1
        with database.writing() as session:
            (first,) = session.scalars(sa.select(Reading))
            assert first.state is ReadingState.HELD, "the first count of a page waits"
            counts.accept(session, first, by=self.olga, now=NOW)

    def fetch(self, now: dt.datetime) -> int:
        with self.places.wire() as line:
            return fetching.fetch_due(self.database, now=now, wire=line)

    def rows(self) -> list[tuple[int, str, str]]:
        with self.database.reading() as session:
            rows = session.scalars(sa.select(Reading).order_by(Reading.id))
            return [(row.value, row.state.value, row.method) for row in rows]

    def page(self) -> Page:
        with self.database.reading() as session:
            page = session.get_one(Page, self.page_id)
            session.expunge(page)
            return page

    def tasks(self) -> list[tuple[str, bool]]:
        with self.database.reading() as session:
            rows = session.scalars(
                sa.select(Task).where(Task.subject_kind == "page").order_by(Task.id)
            )
            return [(row.title, row.done_at is not None) for row in rows]

    def total(self) -> int | None:
        with self.database.reading() as session:
            count = counts.current_count(session, self.campaign.id, NOW.date())
            return count.value if count else None


def test_a_page_is_fetched_when_due_and_only_then(database: Database, places: Places) -> None:
    story = Story(database, places)
    assert story.rows() == [(62_001, "accepted", "fetched")]
    assert story.fetch(NOW + HOUR / 2) == 0
    places.page(f"/p/{SLUG}", change_page(62_040))
    assert story.fetch(NOW + HOUR) == 1
    assert story.rows()[1:] == [(62_040, "accepted", "fetched")]
    # The same number on the same day says nothing new.
    assert story.fetch(NOW + 2 * HOUR) == 1
    assert len(story.rows()) == 2
    assert story.page().fetched_at == NOW + 2 * HOUR
    assert story.page().next_at == NOW + 3 * HOUR


def test_an_outage_keeps_the_last_good_count_and_opens_one_task(
    database: Database, places: Places
) -> None:
    story = Story(database, places)
    for hour, body in enumerate((LOG_IN, change_page(0), PROOF), start=1):
        places.page(f"/p/{SLUG}", body)
        story.fetch(NOW + hour * HOUR)
    page = story.page()
    assert page.failed_at == NOW + HOUR, "since when, not when last"
    assert page.failure is not None and "challenge page" in page.failure["text"]
    assert story.total() == 62_001
    assert [value for value, _, _ in story.rows()] == [62_001], "nothing says 0"
    assert len(story.tasks()) == 1 and story.tasks()[0][1] is False

    places.page(f"/p/{SLUG}", change_page(62_050))
    story.fetch(NOW + 4 * HOUR)
    assert (story.page().failure, story.page().failed_at) == (None, None)
    assert story.tasks()[0][1] is True
    assert story.total() == 62_050
    places.page(f"/p/{SLUG}", LOG_IN)
    story.fetch(NOW + 5 * HOUR)
    assert len(story.tasks()) == 2, "another outage is another task"


def test_a_fetched_fall_is_held_for_a_person(database: Database, places: Places) -> None:
    story = Story(database, places)
    places.page(f"/p/{SLUG}", change_page(61_400))
    story.fetch(NOW + HOUR)
    story.fetch(NOW + 2 * HOUR)
    assert story.rows()[1:] == [(61_400, "held", "fetched")], "and it isn't asked again and again"
    assert story.total() == 62_001


def test_another_petition_behind_the_same_address_is_held(
    database: Database, places: Places
) -> None:
    story = Story(database, places)
    other = change_page(62_300, slug="somebody-elses").replace("27000001", "27000002")
    places.sends_on(f"/p/{SLUG}", places.page("/p/somebody-elses", other))
    story.fetch(NOW + HOUR)
    assert story.rows()[1:] == [(62_300, "held", "fetched")]
    # Renamed, it is the same petition still.
    places.page("/p/new-name", change_page(62_400, slug="new-name"))
    places.sends_on(f"/p/{SLUG}", places.base + "/p/new-name")
    story.fetch(NOW + 2 * HOUR)
    assert story.rows()[2:] == [(62_400, "accepted", "fetched")]


def test_nothing_is_held_over_the_wire_and_two_clocks_ask_once(
    database: Database, places: Places
) -> None:
    story = Story(database, places)
    later = NOW + HOUR
    seen: list[int] = []

    class Watched(wire.Wire):
        def answer(self, url: str, accept: str) -> Answer:
            # Another clock at the same moment, which writes if it finds something to do.
            with database.writing() as session:
                session.get_one(Page, story.page_id).name = "written meanwhile"
            seen.append(fetching.fetch_due(database, now=later, wire=self))
            with places.wire() as line:
                return line.answer(url, accept)

    with Watched() as line:
        assert fetching.fetch_due(database, now=later, wire=line) == 1
    assert seen == [0]
    assert story.page().name == "written meanwhile"


def test_somebody_asks_now(database: Database, places: Places) -> None:
    story = Story(database, places)
    places.page(f"/p/{SLUG}", change_page(62_100))
    with places.wire() as line:
        done = fetching.fetch_page(database, story.page_id, by=story.olga, now=NOW, wire=line)
        assert done.reading is not None and done.reading.by == story.olga.name
        with pytest.raises(NotFound):
            fetching.fetch_page(database, 999, by=story.olga, now=NOW, wire=line)
