"""Seconds to tighten the bounds of generated chronicles, from 100 to 100,000 vague events.

Run it: `python bench/chronicles.py`. The target for 100,000 events with 300,000 constraints is
below 30 s and 2 GiB on two cores. Of a chronicle the true days are drawn first, then what a source
would tell of them, so the constraints can all hold.
"""

import os
import platform
import resource
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from random import Random
from time import perf_counter

from kg.bounds import Constraint, Duration, Kind, tighten
from kg.dates import Bounds

SIZES = (100, 1_000, 10_000, 100_000)
SEED = 1943
FIRST = date(1000, 1, 1).toordinal()
DAYS_AN_EVENT = 3  # 100,000 events fill eight centuries
NEAR = 50  # texts relate what lies near: an event, and one of the next so many


def main() -> None:
    """Measure each size in a process of its own, and print a table."""
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, seed {SEED}\n")
    print("| events | constraints | seconds | constraints/s | bounds found | peak memory |")
    print("|---:|---:|---:|---:|---:|---:|")
    for size in SIZES:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            constraints, seconds, found, memory = process.submit(measure, size).result()
        print(
            f"| {size:,} | {constraints:,} | {seconds:.2f} | {constraints / seconds:,.0f} "
            f"| {found:.0%} | {memory:,.0f} MiB |"
        )


def measure(size: int) -> tuple[int, float, float, float]:
    """Return the constraints of a chronicle, the seconds, the share of bounds found, the MiB."""
    names, constraints = chronicle(size)
    started = perf_counter()
    network = tighten(names, constraints)
    known = [network.bounds(name) for name in names]
    seconds = perf_counter() - started
    assert network.conflict is None
    days = [
        day
        for b in known
        for day in (b.earliest_start, b.latest_start, b.earliest_end, b.latest_end)
    ]
    found = sum(day is not None for day in days) / len(days)
    return (
        len(constraints),
        seconds,
        found,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def chronicle(size: int) -> tuple[list[str], list[Constraint]]:
    """Return the names of so many events, and three constraints for each of them.

    One event in three has a date: a month, a season, a year. One in ten lasted for years, half of
    the others took one day, and of one in twenty it is told how long it lasted, give or take.
    """
    random = Random(SEED + size)
    firsts = sorted(FIRST + random.randrange(DAYS_AN_EVENT * size) for _ in range(size))
    long = [random.random() < 0.1 for _ in range(size)]
    lasts = [
        first
        + (random.randrange(400, 2_000) if lengthy else random.choice((0, random.randrange(90))))
        for first, lengthy in zip(firsts, long, strict=True)
    ]
    # Names do not tell the order.
    names = [f"https://w3id.org/cassibile/id/event-{n}" for n in range(size)]
    random.shuffle(names)
    told: list[Constraint] = []

    def tell(x: int, kind: Kind, value: Bounds | str | Duration | None = None) -> None:
        told.append(Constraint(names[x], kind, value, (f"c{len(told)}",)))

    for x in range(size):
        if random.random() < 1 / 3:
            tell(x, Kind.HAS_INTERVAL, somewhen(random, firsts[x], lasts[x]))
        if firsts[x] == lasts[x]:
            tell(x, Kind.MOMENTARY)
        elif random.random() < 0.05:
            months = (lasts[x] - firsts[x]) // 30
            tell(x, Kind.LONGEST_DURATION, Duration(months=months + 2))
            tell(x, Kind.SHORTEST_DURATION, Duration(months=max(months - 2, 0)))
    while len(told) < 3 * size:
        x = random.randrange(size)
        y = min(x + random.randrange(1, NEAR), size - 1)
        if lasts[y] <= lasts[x]:  # y is a part of x
            tell(x, Kind.BEGAN_BEFORE, names[y])
            tell(y, Kind.ENDED_BEFORE, names[x])
        elif lasts[x] <= firsts[y]:
            tell(x, Kind.BEFORE, names[y])
        elif x != y:  # x caused y
            tell(x, Kind.BEGAN_BEFORE, names[y])
    random.shuffle(told)
    return names, told


def somewhen(random: Random, first: int, last: int) -> Bounds:
    """Return bounds around true days, as wide as a month, a season or a year."""
    width = random.choice((30, 90, 365))
    before = random.randrange(width)
    return Bounds(
        date.fromordinal(first - before),
        date.fromordinal(first - before + width),
        date.fromordinal(last - before),
        date.fromordinal(last - before + width),
    )


if __name__ == "__main__":
    main()
