"""No text and no value can take more than a little time and memory.

Each trick runs in a process of its own, born of one that has everything imported, and may have five
seconds of processor and 128 MB beyond what it starts with: a trick that is not stopped kills it,
whatever else the machine is busy with.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SECONDS = 5
MEGABYTES = 128

RUNNER = """
import json, os, resource, sys
from outreach.errors import Refused
from outreach.letters import grammar, rendering
SECONDS, MEGABYTES = map(int, sys.argv[1:])
warm = {"signatures": "x", "variant": "a"}
rendering.render("A", "{{ signatures }}{% if variant == 'a' %}x{% endif %}", warm)

def tried(source, value):
    pages = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (pages + MEGABYTES * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    source, value = eval(source), eval(value)
    found = grammar.problems(source)
    values = {"recipient": {"name": value}, "signatures": "x", "variant": "a", "fact": {}}
    try:
        told = f"rendered {len(rendering.render('A', source, values).text)}"
    except Refused as refused:
        told = str(refused)
    return [len(found), str(found[0].words) if found else "", told]

for source, value in json.load(sys.stdin):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        print(json.dumps(tried(source, value)), flush=True)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if status:
        print(json.dumps([-1, "", f"killed or failed: {status}"]))
"""

LOOPS = "'{% for x in y %}x{% endfor %}'"
# What is tried (as Python, so that it is made in that process) -> a part of what is said.
TRICKS = {
    LOOPS: "“for” may not",
    "'{% for a in recipient %}' * 10 + '{% endfor %}' * 10": "“for” may not",
    "\"{{ ''.__class__.__mro__ }}\"": "name",
    "'{{ recipient.__class__ }}'": "recipient.__class__",
    "'{{ recipient.name.__init__.__globals__ }}'": "not a name we know",
    "\"{{ 'x' * 10**9 }}\"": "mul",
    "'{{ 9**9**9**9 }}'": "pow",
    "'{{ signatures|upper }}'": "filter",
    "'{{ range(10**9) }}'": "ref(",
    "'{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}'": "macro",
    "\"{% include 'x' %}\"": "include",
    "\"{% extends 'x' %}\"": "extends",
    "'{% set a = signatures %}'": "assign",
    "'{% if signatures %}' * 900 + '{% endif %}' * 900": "longer than",
    "'{% if signatures %}' * 500 + '{% endif %}' * 500": "nested too deeply",
    "'{% if variant == \"a\" %}' * 200 + '{% endif %}' * 200": "nested too deeply",
    "'{% if ' + ' and '.join(['signatures'] * 1200) + ' %}x{% endif %}'": "nested too deeply",
    "'{% if ' + ' or '.join(['signatures'] * 300) + ' %}x{% endif %}'": "nested too deeply",
    "'{% if ' + 'not ' * 4000 + 'signatures %}x{% endif %}'": "nested too deeply",
    "'{{' + '(' * 9000 + 'signatures' + ')' * 9000 + '}}'": "nested too deeply",
    "'{{ a' + '.b' * 9000 + ' }}'": "nested too deeply",
    "'{{ ' + '9' * 19000 + ' }}'": "nested too deeply",
    "'{{' * 9999": "nested too deeply",
    "'x' * 10_000_000": "longer than",
    "'9' * 20_000": "figure of the text",
    "'x' * 19_990 + '9'": "figure of the text",
}


LARGE = [
    ("'{{ recipient.name }}'", "'x' * 10_000_000", "longer than 4000"),
    ("'{{ recipient.name }}' * 900", "'x' * 10_000_000", "longer than 4000"),
    ("'{{ recipient.name }}' * 900", "'x' * 4_000", "longer than 40000"),
    ("'{{ recipient.name }}' * 900", "' ' * 3_999 + 'x'", "longer than 40000"),
    ("'{{ recipient.name }}'", "' ' * 10_000_000", "longer than 4000"),
    ("' ' * 19_999", "''", "rendered 0"),
    ("'\\n' * 19_999", "''", "rendered 0"),
    ("'x' * 20_000", "''", "rendered 20000"),
    ("'{{ recipient.name }}\\n' * 900", "'Ida'", "rendered 3599"),
    ("'{% if signatures %}a' + '{% elif signatures %}b' * 800 + '{% endif %}'", "''", "rendered 1"),
]


@pytest.fixture(scope="module")
def said() -> dict[tuple[str, str], tuple[int, str, str]]:
    """{(source, value): (number of problems, the first, what rendering said)} of everything."""
    tricks = [(source, "'Ida'") for source in TRICKS] + [(one[0], one[1]) for one in LARGE]
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, str(SECONDS), str(MEGABYTES)],
        input=json.dumps(tricks),
        capture_output=True,
        text=True,
        timeout=SECONDS * len(tricks) + 60,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {trick: tuple(answer) for trick, answer in zip(tricks, answers, strict=True)}


@pytest.mark.parametrize("source", TRICKS, ids=range(len(TRICKS)))
def test_a_trick_is_stopped_in_bounded_time_and_memory_and_said(said, source):
    count, first, told = said[source, "'Ida'"]
    assert count >= 1, told
    assert TRICKS[source] in first
    assert told.startswith("The text is broken on line 1: ")


@pytest.mark.parametrize(("source", "value", "says"), LARGE, ids=range(len(LARGE)))
def test_values_of_any_length_and_long_texts_stay_within_bounds(said, source, value, says):
    count, _first, told = said[source, value]
    assert count == 0
    assert says in told


def test_the_limits_are_real():
    """A trick that were not stopped would be seen."""
    for trick in ("'x' * 10**9", "[0 for _ in iter(int, 1)]"):
        done = subprocess.run(
            [sys.executable, "-c", RUNNER, "1", "64"],
            input=json.dumps([(trick, "'Ida'")]),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert json.loads(done.stdout)[0] == -1
