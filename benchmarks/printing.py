"""How fast letters become PDF, next to the typesetter alone with the same words.

Each letter is another one, for the typesetter remembers what it has set. Ours: one after the other
as pages ask for them, and a pile made in a process of its own, start included. Alone: a bare layout
of the same words on the same engine. Prints milliseconds a letter, memory and ratios.

    .venv/bin/python benchmarks/printing.py [how many letters, default 300]
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import typst

from outreach.letters.typesetting import Sheet, TickList, pdf, pdf_apart

FONTS = Path(__file__).parents[1] / "outreach/web/static/vendor/fonts"
BARE = '#set text(font: "Libertinus Serif", size: 11pt)\n#sys.inputs.text'
ROUNDS = 3


def sheet(round_: int, number: int) -> Sheet:
    """A letter of some 300 words that no other letter of the run equals."""
    words = [
        f"{round_}-{number}: " + "words of a letter that somebody reads " * 6 for _ in range(7)
    ]
    return Sheet(
        lang="en",
        region="GB",
        rtl=False,
        subject=f"A question, {round_}-{number}",
        blocks=[["Dear Member,"], *([line] for line in words), ["Yours sincerely,"]],
        small=["Imprint", f"Ref. {number:07}"],
        code=f"{number:07}",
        date="3 March 2026",
        mark="",
        address=["Ana Example MP", "House of Examples", "1 Example Street", "EXAMPLE"],
        sender={"name": "Example", "role": "", "back": "Example, 1 Street", "lines": ["1 Street"]},
    )


def alone(sheets: list[Sheet]) -> float:
    """Seconds a letter of the typesetter with a bare layout, compiler kept."""
    with tempfile.TemporaryDirectory() as folder:
        layout = Path(folder) / "bare.typ"
        layout.write_text(BARE, encoding="utf-8")
        compiler = typst.Compiler(str(layout), ignore_system_fonts=True)
        begun = time.perf_counter()
        for one in sheets:
            text = "\n\n".join(" ".join(block) for block in one.blocks)
            compiler.compile(sys_inputs={"text": text}, format="pdf", pdf_standards=[])
        return (time.perf_counter() - begun) / len(sheets)


def one_by_one(sheets: list[Sheet]) -> float:
    """Seconds a letter of ours, each a file of its own."""
    begun = time.perf_counter()
    for one in sheets:
        pdf([one], title=one.subject, fonts=FONTS)
    return (time.perf_counter() - begun) / len(sheets)


def in_a_pile(sheets: list[Sheet]) -> float:
    """Seconds a letter of a pile with its list, made apart, start of the process included."""
    rows = [["☐", "Ana Example", "Example", one.code, "post", ""] for one in sheets]
    ticks = TickList("To tick off", "en", ["", "To", "Country", "Ref.", "By", "Posted on"], rows)
    begun = time.perf_counter()
    pdf_apart(sheets, title="Pile", fonts=FONTS, ticks=ticks)
    return (time.perf_counter() - begun) / len(sheets)


def main() -> None:
    """Measure in turn, so that whatever else the machine does slows all alike; print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    ways = {"typesetter alone": alone, "one by one": one_by_one, "in a pile": in_a_pile}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(ROUNDS):
        for place, (name, way) in enumerate(ways.items()):
            # Other words for each way: the engine is one, and so is its memory.
            spent[name].append(way([sheet(round_ * 10 + place, n) for n in range(number)]))
    bare = statistics.median(spent["typesetter alone"])
    for name, times in spent.items():
        median = statistics.median(times)
        print(
            f"{name:20}{median * 1000:8.2f} ms/letter "
            f"[{min(times) * 1000:.2f}..{max(times) * 1000:.2f}]{median / bare:8.2f} × alone"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak of this process {peak:.0f} MiB; piles leave nothing in it")


if __name__ == "__main__":
    main()
