"""Seconds of a full build of all texts, from nothing.

Run it: `python bench/build.py`. The target is less than 15 s on two cores.
"""

import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

RUNS = 3


def main() -> None:
    """Build several times, each into an empty folder, and print the figures."""
    seconds, quads = zip(*(full_build() for _ in range(RUNS)), strict=True)
    print(f"a full build, {RUNS} runs")
    print(f"{'cores':>8} {'Python':>8} {'quads':>8} {'median':>8} {'slowest':>8}")
    print(
        f"{os.cpu_count():>8} {platform.python_version():>8} {quads[0]:>8} "
        f"{statistics.median(seconds):>6.2f} s {max(seconds):>6.2f} s"
    )


def full_build() -> tuple[float, str]:
    """Return the seconds that `kg build` takes, and how many quads it says it wrote."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "build"
        started = perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "kg", "build", "--build", str(out)],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = perf_counter() - started
    found = re.search(r"wrote ([\d,]+) quads", done.stdout)
    assert found, done.stdout
    return seconds, found[1]


if __name__ == "__main__":
    main()
