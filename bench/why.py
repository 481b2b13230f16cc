"""Milliseconds of finding every way in which the rules conclude a triple, in lubm10.

Run it: `python bench/why.py`. The data are looked for beside the checkout, in shared/data/lubm;
`--data` says where else. The target is less than 200 ms for any triple on two cores.
"""

import argparse
import os
import platform
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from time import perf_counter

import pyoxigraph as ox

from kg import formats
from kg.reason import Closure, close
from kg.terms import RDF, shorten

DATA = Path(__file__).parents[2] / "shared" / "data" / "lubm"
SAMPLE = 200
HUBS = 20


def main() -> None:
    """Close lubm10, ask why for triples spread over all that is derived, and print the figures."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--data", type=Path, default=DATA, help="folder of the LUBM files")
    files = [words.parse_args().data / name for name in ("univ-bench.ttl", "lubm10.nt.gz")]
    for file in files:
        if not file.is_file():
            sys.exit(f"there is no {file}; say where it is: --data FOLDER")
    closure = close(chain.from_iterable(map(formats.iterate, files)))
    derived = list(closure.derived())
    asked = derived[:: len(derived) // SAMPLE][:SAMPLE]
    linked = Counter(triple.object for triple in derived if triple.predicate != RDF.type)
    hubs = {node for node, _ in linked.most_common(HUBS)}
    busiest = [triple for triple in derived if triple.subject in hubs]
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, lubm10: "
          f"{len(derived):,} derived triples\n")  # fmt: skip
    report(f"{len(asked)} spread over all", closure, asked)
    report(f"{len(busiest)} about the {HUBS} most linked", closure, busiest)


def report(what: str, closure: Closure, triples: Sequence[ox.Triple]) -> None:
    """Ask why for each triple, and print the figures."""
    took = []
    for triple in triples:
        started = perf_counter()
        ways = sum(1 for _ in closure.firings(triple))
        took.append(((perf_counter() - started) * 1000, ways, triple))
    median = statistics.median(milliseconds for milliseconds, _, _ in took)
    worst, ways, triple = max(took, key=lambda each: each[0])
    print(
        f"{what}: median {median:.1f} ms, worst {worst:.1f} ms ({ways:,} ways to conclude "
        f"{told(triple)})"
    )


def told(triple: ox.Triple) -> str:
    """Return a triple for a reader."""
    return " ".join(map(shorten, triple))


if __name__ == "__main__":
    main()
