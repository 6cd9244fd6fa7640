"""Where the points of a chart stand; the page draws them, without a script."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1000, 300
_STEPS_WANTED = 4
# A point for each reading; (day, value).
Point = tuple[dt.date, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of the chart: where it stands, and what it stands for."""

    x: int
    y: int
    day: dt.date
    value: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A line of what counted, marks of what waits, and the numbers and days at the edges.

    `path` is the line as SVG draws it; `scale` the numbers beside it from top to bottom, at equal
    distances; all within WIDTH and HEIGHT.
    """

    path: str
    counted: tuple[Mark, ...]
    held: tuple[Mark, ...]
    scale: tuple[int, ...]
    grid: tuple[int, ...]
    first: dt.date
    last: dt.date


def chart(counted: Sequence[Point], held: Sequence[Point]) -> Chart | None:
    """Return the chart of `counted`, in the order of their days, and `held`; None for no points.

    A held value far off the others stands at the edge: it must not flatten what is good.
    """
    points = [*counted, *held]
    if not points:
        return None
    values = [value for _, value in counted or held]
    step = _step(min(values), max(values))
    low = min(values) // step * step
    high = max(-(-max(values) // step) * step, low + step)
    first, last = min(day for day, _ in points), max(day for day, _ in points)
    days = max((last - first).days, 1)

    def mark(point: Point) -> Mark:
        day, value = point
        across = (day - first).days * WIDTH // days if last > first else WIDTH // 2
        up = (min(max(value, low), high) - low) * HEIGHT // (high - low)
        return Mark(across, HEIGHT - up, day, value)

    marks = tuple(mark(point) for point in counted)
    scale = tuple(range(high, low - 1, -step))
    return Chart(
        path="M" + " L".join(f"{one.x} {one.y}" for one in marks) if marks else "",
        counted=marks,
        held=tuple(mark(point) for point in held),
        scale=scale,
        grid=tuple(HEIGHT - (value - low) * HEIGHT // (high - low) for value in scale),
        first=first,
        last=last,
    )


def _step(low: int, high: int) -> int:
    """Return a distance of 1, 2 or 5 times a power of ten that makes about four steps."""
    wanted = max(high - low, 1) / _STEPS_WANTED
    power = 1
    while power * 10 <= wanted:
        power *= 10
    return next((power * part for part in (1, 2, 5) if power * part >= wanted), power * 10)
