"""Statements a second and peak memory of the exports, beside the engine's dump and rdflib.

Run it: `python bench/export.py`. The data are our own graph, and LUBM 1 and 10 as stores without
reasoning, which are looked for beside the checkout, in shared/data/lubm; `--data` says where else.
Each figure is of a process of its own that writes to a file; the engine's `Store.dump` does not
sort, and rdflib is asked for our graph alone. The targets, on two cores: 300,000 quads a second as
N-Quads, and above the memory of `Store.dump` no more for a million triples than for a tenth.
"""

import argparse
import io
import json
import os
import platform
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import IO

import pyoxigraph as ox

import kg
from kg import exports, formats, paths
from kg.store import CURRENT, REPORT, STORE

DATA = Path(__file__).parents[2] / "shared" / "data" / "lubm"
FORMS = ("nquads", "ntriples", "trig", "turtle", "rdfxml", "jsonld")
DUMP, RDFLIB = "Store.dump", "rdflib"
OURS = "ours"


def main() -> None:
    """Make the stores, write each in each form, and print the figures."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--data", type=Path, default=DATA, help="folder of the LUBM files")
    words.add_argument("--one", nargs=2, metavar=("BUILD", "FORM"), help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.one:
        measure(Path(asked.one[0]), asked.one[1])
        return
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}")
    heads = f"{'statements':>10} {'s':>7} {'per s':>9} {'CPU s':>7} {'MiB':>6}"
    print(f"{'data':<8} {'form':<12} {heads}")
    with TemporaryDirectory() as folder:
        for name, build in stores(Path(folder), asked.data):
            others = (DUMP, RDFLIB) if name == OURS else (DUMP,)
            for form in (*FORMS, *others):
                print(f"{name:<8} {form:<12} {run(build, form)}", flush=True)


def stores(folder: Path, data: Path) -> list[tuple[str, Path]]:
    """Return the builds, by name: our graph, and those of LUBM that are there."""
    kg.build(folder / OURS)
    found = [(OURS, folder / OURS)]
    for name in ("lubm1", "lubm10"):
        file = data / f"{name}.nt.gz"
        if not file.is_file():
            print(f"there is no {file}; say where it is: --data FOLDER", file=sys.stderr)
            continue
        one = folder / name / "one"
        one.mkdir(parents=True)
        store = ox.Store(str(one / STORE))
        with formats.opened(file) as opened:
            store.bulk_load(opened, format=ox.RdfFormat.N_TRIPLES)
        store.optimize()
        store.flush()
        (one / REPORT).write_text(json.dumps({"base": paths.BASE, "quads": len(store)}))
        (folder / name / CURRENT).write_text("one\n")
        found.append((name, folder / name))
    return found


def run(build: Path, form: str) -> str:
    """Return the figures of one form, from a process of its own."""
    command = [sys.executable, __file__, "--one", str(build), form]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip()


def measure(build: Path, form: str) -> None:
    """Write a graph to a file, and print how long it took and how much memory."""
    graph = kg.open_graph(build)
    write: Callable[[IO[bytes]], object]
    if form == DUMP:
        write = partial(graph.store.dump, format=ox.RdfFormat.N_QUADS)
    elif form == RDFLIB:
        write = rdflib_writer(graph)
    else:
        write = partial(exports.named(form).write, graph)
    with TemporaryDirectory() as folder, Path(folder, "out").open("wb") as out:
        started, worked = perf_counter(), process_time()
        write(out)
        out.flush()
        seconds, work = perf_counter() - started, process_time() - worked
    is_all = form in {DUMP, RDFLIB, "nquads", "trig"}
    scope = None if is_all else ox.DefaultGraph()
    count = sum(1 for _ in graph.store.quads_for_pattern(None, None, None, scope))
    # Not ru_maxrss, which begins with that of the process that started this one.
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    print(f"{count:>10,} {seconds:>7.2f} {count / seconds:>9,.0f} {work:>7.2f} {peak:>6,.0f}")


def rdflib_writer(graph: kg.Graph) -> Callable[[IO[bytes]], object]:
    """Return what writes the same graph with rdflib, which has read it already."""
    import rdflib  # noqa: PLC0415 for this row alone: the memory of the others is without it

    warnings.simplefilter("ignore", DeprecationWarning)  # of rdflib, about itself
    written = io.BytesIO()
    graph.store.dump(written, format=ox.RdfFormat.N_QUADS)
    dataset = rdflib.Dataset()
    dataset.parse(data=written.getvalue(), format="nquads")
    return lambda out: dataset.serialize(out, format="nquads")


if __name__ == "__main__":
    main()
