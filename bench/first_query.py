"""Seconds from `kg serve` to the first answered query, on a store that is built.

Run it: `python bench/first_query.py`. The target is less than 2 s on two cores.
"""

import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import quote
from urllib.request import urlopen

RUNS = 5
QUERY = "ASK { id:badoglio cas:succeeded id:mussolini }"


def main() -> None:
    """Build once, serve several times, and print the figures."""
    with TemporaryDirectory() as folder:
        build = Path(folder) / "build"
        kg = [sys.executable, "-m", "kg"]
        subprocess.run([*kg, "build", "--quiet", "--build", str(build)], check=True)
        seconds = [first_answer([*kg, "serve", "--port", "0", "--build", str(build)])
                   for _ in range(RUNS)]  # fmt: skip
    print(f"kg serve to the first answer, {RUNS} runs")
    print(f"{'cores':>8} {'Python':>8} {'median':>8} {'slowest':>8}")
    print(
        f"{os.cpu_count():>8} {platform.python_version():>8} "
        f"{statistics.median(seconds):>6.2f} s {max(seconds):>6.2f} s"
    )


def first_answer(serve: list[str]) -> float:
    """Return the seconds from the start of the server to the end of the first answer."""
    started = perf_counter()
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split()[0]  # printed once the server listens
        with urlopen(f"{address}sparql?query={quote(QUERY)}") as answer:
            assert b"true" in answer.read()
        seconds = perf_counter() - started
        server.kill()
    return seconds


if __name__ == "__main__":
    main()
