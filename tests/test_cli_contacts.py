"""Lists on the command line: previewed, confirmed, written or left; numbers as JSON; undone."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from outreach import cli_contacts
from outreach.cli import cli
from outreach.database import Database
from outreach.directory.importing.fetching import lists
from outreach.directory.importing.fetching.endpoints import endpoint_named
from outreach.directory.models import ContactDetail, Membership, Person
from outreach.directory.syncing.models import ImportRun, RunState, StagedRow
from outreach.errors import OutreachError
from tests.test_cli import ROOT, environment

COMMAND = [sys.executable, "-c", "from outreach.cli import main; main()", "contacts"]


def popolo(people: int = 2, **names: str) -> str:
    """A parliament of so many members; `p1="Ann"` names one."""
    numbers = [str(n) for n in range(1, people + 1)]
    return json.dumps(
        {
            "persons": [
                {
                    "id": n,
                    "name": names.get(f"p{n}", f"Person {n} Example"),
                    "email": f"p{n}@house.example",
                }
                for n in numbers
            ],
            "organizations": [{"id": "house", "name": "House", "classification": "legislature"}],
            "memberships": [
                {"person_id": n, "organization_id": "house", "role": "member"} for n in numbers
            ],
            "events": [],
        }
    )


class Shell:
    """Commands on one home, run in this process: as fast as tests need."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OUTREACH_HOME", str(home / "home"))
        self.home, self.folder = home / "home", home
        self.database = Database(f"sqlite:///{self.home / 'outreach.sqlite'}")

    def __call__(self, *words: str, exit_code: int = 0, says: str = "") -> Result:
        result = CliRunner().invoke(cli, ["contacts", *words])
        if isinstance(result.exception, OutreachError):
            # main() prints it as one line and exits with 1.
            result.exit_code = 1
            result.stderr_bytes = str(result.exception).encode()
        assert result.exit_code == exit_code, (result.output, result.exception)
        assert says in result.stderr, result.stderr
        return result

    def json(self, *words: str, exit_code: int = 0) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self(*words, "--json", exit_code=exit_code).stdout)
        return told

    def file(self, text: str, name: str = "house.json") -> str:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return str(path)

    def rows(self, model: Any) -> int:
        with self.database.reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0

    def states(self) -> list[RunState]:
        with self.database.reading() as session:
            return list(session.scalars(sa.select(ImportRun.state).order_by(ImportRun.id)))


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_file: Path) -> Iterator[Shell]:
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "outreach.sqlite").write_bytes(sqlite_file.read_bytes())
    shell = Shell(tmp_path, monkeypatch)
    yield shell
    shell.database.close()


def test_nothing_is_written_without_a_yes(shell: Shell) -> None:
    path = shell.file(popolo())
    result = shell("import", path, exit_code=3, says="nothing was written")
    assert result.stdout == ""
    assert "2  new" in result.stderr
    assert shell.json("import", path, exit_code=3)["total"]["people"]["added"] == 2
    told = shell.json("import", path, "--dry-run")
    assert (told["total"]["people"]["added"], told["total"]["read"]) == (2, 2)
    assert shell.rows(Person) == shell.rows(StagedRow) == 0
    assert set(shell.states()) == {RunState.DISCARDED}
    shell("import", path, "--dry-run", "--yes", exit_code=2)


def test_written_counted_again_and_undone(shell: Shell) -> None:
    path = shell.file(popolo())
    told = shell.json("import", path, "--yes")
    assert [one["state"] for one in told["runs"]] == ["applied"]
    assert told["total"]["people"] == {
        **dict.fromkeys(("changed", "refreshed", "ended", "unchanged"), 0),
        "added": 2,
    }
    counts = shell.json("counts")
    assert counts["people"] == counts["current_memberships"] == counts["distinct_emails"] == 2
    assert counts["contact_details"]["email"] == counts["people_with_email"] == 2
    assert "2  people" in shell("counts").stdout
    again = shell.json("import", path, "--yes")
    assert again["total"]["people"]["unchanged"] == 2
    assert again["total"]["people"]["added"] == again["total"]["people"]["changed"] == 0
    shell("undo", "1", exit_code=1, says="Undo that first")
    shell("undo", "2", says="is undone")
    shell("undo", "1", says="is undone")
    assert shell.json("counts")["people"] == 0
    shell("undo", "99", exit_code=1, says="no such import")


def test_several_lists_in_a_folder_are_one_report(shell: Shell) -> None:
    folder = shell.folder / "lists"
    for name in ("Estonia/Riigikogu", "Latvia/Saeima"):
        (folder / name).mkdir(parents=True)
        (folder / name / "ep-popolo-v1.0.json").write_text(popolo(3), "utf-8")
    told = shell.json("import", str(folder), "--yes", "--partial", "--as-of", "2020-05-01")
    assert len(told["runs"]) == 2
    assert told["total"]["people"]["added"] == 6
    assert {(one["as_of"], one["complete"]) for one in told["runs"]} == {("2020-05-01", False)}


@pytest.mark.parametrize(
    ("words", "exit_code", "says"),
    [
        (("nowhere.json",), 1, "nowhere.json: There is no such file"),
        (("broken.json", "--format", "popolo"), 1, "broken.json"),
        (("poem.txt", "--format", "popolo"), 1, "poem.txt"),
        (("house.json", "--format", "nonsense"), 2, "There are: "),
        (("house.json", "--as-of", "yesterday"), 2, "--as-of"),
        (("house.json", "--as-of", "2999-01-01"), 2, "not come yet"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    shell: Shell, words: tuple[str, ...], exit_code: int, says: str
) -> None:
    shell.file(popolo())
    shell.file('{"persons": [', "broken.json")
    shell.file("Roses are red", "poem.txt")
    result = shell(
        "import", str(shell.folder / words[0]), *words[1:], exit_code=exit_code, says=says
    )
    assert result.stdout == ""
    assert shell.rows(Person) == 0


@pytest.mark.long
def test_a_person_at_a_terminal_is_asked(shell: Shell) -> None:
    path = shell.file(popolo())
    for answer, expected in (("n\n", 3), ("y\n", 0)):
        code, seen = at_a_terminal(shell.home, answer, "import", path)
        assert code == expected, seen
        assert "Write this? [y/N]" in seen
    assert shell.rows(Person) == 2


def at_a_terminal(home: Path, typed: str, *words: str) -> tuple[int, str]:
    """Run a command as a person would; return exit code and what was on the screen."""
    process_id, screen = pty.fork()
    if process_id == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [*COMMAND, *words], environment(home))
    seen, answered = b"", False
    while True:
        try:
            part = os.read(screen, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
        if b"[y/N]" in seen and not answered:
            os.write(screen, typed.encode())
            answered = True
    _id, status = os.waitpid(process_id, 0)
    os.close(screen)
    return os.waitstatus_to_exitcode(status), seen.decode("utf-8", "replace")


def test_a_fetched_list_is_imported(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Any] = []

    def fetch(endpoint: Any, **values: Any) -> lists.Fetched:
        asked.append((endpoint.name, values["of"], values["contact"]))
        card = {"as_of": "2026-02-02", "url": "https://house.example/list", "title": "x"}
        return lists.Fetched(Path(shell.file(popolo())), card, changed=True)

    monkeypatch.setattr(cli_contacts.lists, "fetch", fetch)
    monkeypatch.setenv("OUTREACH_CONTACT", "desk@house.example")
    result = shell("fetch", "za-peoples-assembly", says="Licence")
    assert result.stdout == ""
    told = shell.json("fetch", "za-peoples-assembly", "--import", "--yes")
    assert told["runs"][0]["as_of"] == "2026-02-02"
    assert asked[0] == ("za-peoples-assembly", "", "desk@house.example")
    with shell.database.reading() as session:
        assert session.scalars(sa.select(ImportRun.source_url)).all() == [
            "https://house.example/list"
        ]
    shell("fetch", "nonsense", exit_code=2, says="There are: ")
    shell("fetch", "everypolitician", exit_code=2, says="--of")
    listed = shell("fetch").stdout
    assert all(name in listed for name in ("wikidata", "uk-commons", "bundestag"))
    assert shell("formats").stdout.count("\n") >= 5
    assert endpoint_named("za-peoples-assembly").format in shell("formats").stdout


def test_a_query_is_printed(shell: Shell) -> None:
    assert "wd:Q486839" in shell("query", "Q486839").stdout
    assert "wd:Q191" in shell("query", "Q191", "--kind", "ministers").stdout
    shell("query", "Estonia", exit_code=2, says="number of Wikidata")


@pytest.mark.parametrize(("format_", "begins"), [("csv", b""), ("vcard", b""), ("popolo", b"{")])
def test_the_directory_is_written_out(shell: Shell, format_: str, begins: bytes) -> None:
    shell("import", shell.file(popolo()), "--yes")
    text = shell("export", "--format", format_).stdout
    assert "Person 1 Example" in text
    file = shell.folder / "out" / "list"
    shell(
        "export", "--format", format_, "--output", str(file), exit_code=1, says="can't be written"
    )
    file.parent.mkdir()
    shell("export", "--format", format_, "--output", str(file))
    assert "Person 2 Example" in file.read_text("utf-8")
    assert [one.name for one in file.parent.iterdir()] == ["list"]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("when", "how"),
    [
        ("reading", signal.SIGKILL),
        ("preparing", signal.SIGKILL),
        ("laying", signal.SIGKILL),
        ("writing", signal.SIGKILL),
        ("writing", signal.SIGINT),
    ],
)
def test_killed_on_the_way_the_directory_is_as_before(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    kind: str,
    when: str,
    how: signal.Signals,
) -> None:
    """The process stops itself at that point, as if somebody else had stopped it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    more = {}
    if kind == "postgresql":
        database = request.getfixturevalue("empty_postgres")
        more = {"OUTREACH_DATABASE_URL": database.url.render_as_string(hide_password=False)}
    else:
        (home / "outreach.sqlite").write_bytes(request.getfixturevalue("sqlite_file").read_bytes())
        database = Database(f"sqlite:///{home / 'outreach.sqlite'}")
    path = tmp_path / "house.json"
    path.write_text(popolo(200), "utf-8")
    done = run([], path, home, more)
    assert done.returncode == 0, done.stderr
    before = content(database)
    path.write_text(popolo(1400, p3="Somebody Else"), "utf-8")

    done = run(STOPS[when], path, home, more, how)

    assert done.returncode == (-how if how is signal.SIGKILL else 130), done.stderr
    assert content(database) == before
    again = run([], path, home, more)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["total"]["people"]["added"] == 1200
    database.close()


# Where a process stops: {point: (module, function, the call at which it stops)}.
STOPS: dict[str, list[str]] = {
    "reading": ["outreach.directory.syncing.staging", "insert", "2"],
    "preparing": ["outreach.directory.syncing.preparing", "person_from_json", "700"],
    "laying": ["outreach.directory.syncing.applying", "lay_ready", "5"],
    "writing": ["outreach.directory.syncing.applying", "insert_ready", "6"],
}
STOPPING = """
import importlib, os, sys
name, function, number, how = sys.argv[1:5]
module = importlib.import_module(name)
real, calls = getattr(module, function), []
def stopping(*args, **kwargs):
    result = real(*args, **kwargs)
    calls.append(1)
    if len(calls) == int(number):
        os.kill(os.getpid(), int(how))
    return result
setattr(module, function, stopping)
sys.argv[1:] = sys.argv[5:]
from outreach.cli import main
main()
"""


def run(
    stop: list[str],
    path: Path,
    home: Path,
    more: dict[str, str],
    how: signal.Signals = signal.SIGKILL,
) -> subprocess.CompletedProcess[str]:
    words = ["contacts", "import", str(path), "--yes", "--json"]
    command = (
        [sys.executable, "-c", STOPPING, *stop, str(int(how)), *words]
        if stop
        else [*COMMAND[:-1], *words]
    )
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def content(database: Database) -> list[Any]:
    """Every row of people, seats and addresses."""
    with database.reading() as session:
        return [
            [tuple(row) for row in session.execute(sa.select(model.__table__).order_by(model.id))]
            for model in (Person, Membership, ContactDetail)
        ]


def test_what_a_killed_command_left_is_discarded_by_the_next(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shell.file(popolo())
    shell("import", path, "--dry-run")
    with shell.database.writing() as session:
        run = session.get_one(ImportRun, 1)
        run.state, run.created_at = RunState.READING, run.created_at.replace(year=2020)
    shell("import", path, "--yes")
    assert shell.states() == [RunState.DISCARDED, RunState.APPLIED]
