"""The rules of the house (ARCHITECTURE.md), read from the code and tried on planted sins."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.replies import models as _replies  # noqa: F401  (loads the tables of every room)
from outreach.schema import Base
from outreach.sending import models as _sending  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "outreach"

# Who may know whom: each room knows the rooms before it, and the floor.
ROOMS = ("accounts", "directory", "petitions", "letters", "sending", "replies", "overview")
FLOOR = (
    *("schema", "database", "config", "errors", "signing", "words", "datafile", "backup"),
    *("disk", "logs", "sqlite"),
)
# The command line is one door in several files; what its commands stand on is in cli_home.py.
COMMANDS = (
    *("cli", "cli_contacts", "cli_import", "cli_letters", "cli_counts"),
    *("cli_sending", "cli_keeping", "cli_doctor", "cli_home", "cli_running"),
    "cli_replies",
)
# The time, the long work and the engine that wakes it are one door in three files.
DOORS = ("web", "clock", "work", "engine", "walk", *COMMANDS)
# cli_running.py starts the other doors: the web by app.py; cli.py reaches the played life.
DOORS_A_DOOR_MAY_KNOW = {
    *(("cli", "walk"), ("walk", "clock"), ("clock", "work")),
    *(
        ("cli", "cli_contacts"),
        ("cli_contacts", "cli_import"),
        ("cli", "cli_letters"),
        ("cli", "cli_counts"),
        ("cli", "cli_sending"),
        ("cli", "cli_keeping"),
        ("cli", "cli_doctor"),
        ("cli", "cli_running"),
        ("cli", "cli_replies"),
        *(("cli_sending", "clock"), ("cli_sending", "work")),
        *(("cli_running", "clock"), ("cli_running", "work"), ("cli_running", "engine")),
    ),
    *((command, "cli_home") for command in COMMANDS),
}

MAX_LINES = 400
MAX_FUNCTION_LINES = 40
# The one Flask import of the rooms: Flask-Security's mixin for the user.
FLASK_ALLOWED = {"accounts/models.py"}


def sources() -> list[tuple[str, str]]:
    """(path below outreach/, text) of every module."""
    return [
        (path.relative_to(PACKAGE).as_posix(), path.read_text("utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
        if "vendor" not in path.parts and "shipped" not in path.parts
    ]


def place(path: str) -> str:
    """The room, door or floor module that `path` belongs to."""
    return path.split("/")[0].removesuffix(".py")


def imports(text: str) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported anywhere in the module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.level:
                yield node.lineno, "relative." + node.module
            yield node.lineno, node.module
            if node.module == "outreach":
                for alias in node.names:
                    yield node.lineno, f"outreach.{alias.name}"


def wrong_imports(path: str, text: str) -> list[str]:
    """Sentences about imports that the house forbids in this module."""
    found = []
    for line, name in imports(text):
        wrong = wrong_import(path, name)
        if wrong:
            found.append(f"{path}:{line} {wrong}")
    return found


def wrong_import(path: str, name: str) -> str:
    """What is wrong with the module `path` importing `name`; empty when nothing is."""
    here, top = place(path), name.split(".")[0]
    if top == "relative":
        return "imports relatively"
    if top in ("flask", "werkzeug", "wtforms") or top.startswith("flask_"):
        allowed = here not in (*ROOMS, *FLOOR) or path in FLASK_ALLOWED
        return "" if allowed else "knows Flask"
    if not name.startswith("outreach."):
        return ""
    there = name.split(".")[1]
    if here in FLOOR:
        return "" if there in FLOOR else f"is floor and imports {there}"
    if here in ROOMS:
        left = (*FLOOR, *ROOMS[: ROOMS.index(here) + 1])
        return "" if there in left else f"imports {there}, which is not to its left"
    if there == "app" and here not in ("cli", "cli_running", "walk"):
        return "imports app, which assembles and is not to be known"
    if here in DOORS and there in DOORS and here != there:
        known = (here, there) in DOORS_A_DOOR_MAY_KNOW
        return "" if known else f"is a door and imports the door {there}"
    return ""


def committers(path: str, text: str) -> list[str]:
    """Calls of commit() outside database.py, which alone commits."""
    if path == "database.py":
        return []
    return [
        f"{path}:{node.lineno} commits"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
    ]


def state_writers(path: str, text: str) -> list[str]:
    """Assignments to a letter's state outside letters/moving.py, which alone writes it.

    Seen: `letter.state = …`, `setattr(letter, "state", …)`, `update(Letter)….values(state=…)`.
    """
    if path == "letters/moving.py":
        return []
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == "state":
                    owner = ast.unparse(target.value)
                    if "letter" in owner.lower():
                        found.append(f"{path}:{node.lineno} writes {owner}.state")
        if isinstance(node, ast.Call):
            call = ast.unparse(node)
            if call.startswith("setattr(") and re.search(r"letter\w*, '(state)'", call):
                found.append(f"{path}:{node.lineno} sets a letter's state")
            if re.search(r"update\(Letter\)", call) and re.search(r"values\([^)]*\bstate\b", call):
                found.append(f"{path}:{node.lineno} updates a letter's state")
    return sorted(set(found))


def clocks_read(path: str, text: str) -> list[str]:
    """Rooms that look at the wall clock instead of being told."""
    if place(path) not in ROOMS:
        return []
    return [
        f"{path}:{node.lineno} reads the clock"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and re.search(r"\b(datetime\.now|date\.today|utcnow|time\.time)$", ast.unparse(node.func))
    ]


def too_long(path: str, text: str) -> list[str]:
    """Files over 400 lines and functions over 40."""
    found = []
    if text.count("\n") > MAX_LINES:
        found.append(f"{path} has {text.count(chr(10))} lines")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                found.append(f"{path}:{node.lineno} {node.name} has {lines} lines")
    return found


def room_of_tables() -> dict[str, str]:
    """{table name: room whose models.py declares it}."""
    return {
        mapper.local_table.name: mapper.class_.__module__.split(".")[1]
        for mapper in Base.registry.mappers
        if isinstance(mapper.local_table, sa.Table)
    }


def right_pointing(metadata: sa.MetaData, rooms: dict[str, str]) -> list[str]:
    """Foreign keys that point to a room further right."""
    return [
        f"{table.name}.{key.parent.name} points right, to {key.column.table.name}"
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if ROOMS.index(rooms[key.column.table.name]) > ROOMS.index(rooms[table.name])
    ]


RULES = (wrong_imports, committers, state_writers, clocks_read, too_long)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule):
    assert [problem for path, text in sources() for problem in rule(path, text)] == []


def test_foreign_keys_point_left():
    assert right_pointing(Base.metadata, room_of_tables()) == []


def test_every_folder_is_a_room_or_a_door():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    assert folders - {"__pycache__", "shipped"} == {*ROOMS, "web"}
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    assert modules == {*FLOOR, *DOORS, "app", "__init__"} - {"web"}


def test_the_hub_stays_empty():
    assert (PACKAGE / "__init__.py").read_text() == ""


def test_relationships_never_load_by_surprise():
    eager = [
        f"{mapper.class_.__name__}.{relation.key}"
        for mapper in Base.registry.mappers
        for relation in mapper.relationships
        if relation.lazy not in ("raise", "raise_on_sql")
    ]
    assert eager == []


@pytest.mark.parametrize(
    ("rule", "path", "sin"),
    [
        (wrong_imports, "directory/x.py", "from outreach.letters import drafting"),
        (wrong_imports, "letters/x.py", "import flask"),
        (wrong_imports, "letters/x.py", "def f():\n    from flask_babel import gettext"),
        (wrong_imports, "schema.py", "from outreach.accounts import models"),
        (wrong_imports, "web/x.py", "from outreach import clock"),
        (wrong_imports, "sending/x.py", "from outreach.web.access import session"),
        (wrong_imports, "letters/x.py", "from . import drafting\nfrom .drafting import edit"),
        (committers, "letters/x.py", "session.commit()"),
        (committers, "web/letters.py", "g.session.commit()"),
        (state_writers, "sending/x.py", "letter.state = State.SENT"),
        (state_writers, "sending/x.py", "setattr(letter, 'state', 'sent')"),
        (
            state_writers,
            "web/x.py",
            "s.execute(sa.update(Letter).where(True).values(state='sent'))",
        ),
        (clocks_read, "letters/x.py", "import datetime\ndatetime.datetime.now()"),
        (too_long, "letters/x.py", "\n" * 401),
        (too_long, "letters/x.py", "def f():\n" + "    x = 1\n" * 41),
    ],
)
def test_a_planted_sin_is_caught(rule, path, sin):
    assert rule(path, sin) != []


def test_a_foreign_key_that_points_right_is_caught():
    metadata = sa.MetaData()
    sa.Table("letter", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("person", metadata, sa.Column("letter_id", sa.ForeignKey("letter.id")))
    assert right_pointing(metadata, {"letter": "letters", "person": "directory"}) != []
