"""How long the timeline takes on the server: the drawing of 300 events, and the page of the build.

    python bench/timeline.py

Draws events with made-up vague days, in both forms that a page holds, and asks for the page of the
built graph with a parameter, so that it is not kept. Prints medians.
"""

import os
import random
import statistics
from collections.abc import Callable
from time import perf_counter

from kg import paths
from server.app import create_app
from server.draw import timeline
from server.draw.timeline import Because, Days, Row, day_of
from server.settings import Config

EVENTS, TIMES = 300, 21
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def main() -> None:  # noqa: D103 told above
    print(f"{os.cpu_count()} cores")
    rows = [_row(number) for number in range(EVENTS)]

    def draw() -> int:
        return sum(len(timeline.drawn(rows, "", MONTHS, narrow=each)) for each in (False, True))

    print(f"drawing of {EVENTS} events, wide and narrow: {_median(draw):.1f} ms, {draw():,} bytes")
    app = create_app(Config(paths.BUILD))
    with app.test_client() as client:
        for asked in (
            "sort=text",
            "perspective=reference",
            "a=fall-of-sicily&b=surrender-signing",
        ):
            address = f"/timeline.html?{asked}"
            print(f"{address}: {_median(lambda at=address: client.get(at)):.1f} ms")  # type: ignore[misc]
    app.extensions["cassibile"].close()


def _row(number: int) -> Row:
    made = random.Random(number)
    first = day_of(1943) + made.randrange(800)
    latest, earliest, last = sorted(first + made.randrange(200) for _ in range(3))
    days = Days(first, latest, earliest, last)
    because = (Because("/fact/x.html", "why", of_start=bool(number % 2)),)
    reference = Days(first, first, last, last)
    return Row(
        f"event-{number}",
        f"Event {number} of those that were made up",
        f"/id/event-{number}.html",
        f"Event {number}, in words",
        days,
        Days(first - 30, latest, earliest, last),
        reference=reference,
        claims=(f"s{number:02}-1",),
        because=because,
    )


def _median(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(TIMES):
        started = perf_counter()
        work()
        times.append(perf_counter() - started)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    main()
