"""Seconds of closing LUBM under OWL 2 RL: ours, `reasonable` and owlrl, side by side in one run.

Run it: `python bench/reason.py`, with the extra `bench` installed. The data are univ-bench.ttl and
universities made by LUBM's generator (lubm1.nt.gz, lubm10.nt.gz), looked for beside the checkout
in shared/data/lubm; `--data` says where else.

Each engine reads files and writes a file, in a process of its own, and the engines take turns, so
that whatever else the machine does falls on all. owlrl is given what it finishes in about a
minute, the first triples of lubm1; `--patient` gives it the whole of lubm1 too, once.

Targets, on two cores: lubm1 closed 8 times faster than by `reasonable` and 300 times faster than
by owlrl; lubm10 8 times faster than by `reasonable`, in less than 2.5 GiB; the cost close to
linear from lubm1 to lubm10.
"""

import argparse
import gzip
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

DATA = Path(__file__).parents[2] / "shared" / "data" / "lubm"
SAMPLE = 5_000  # triples for owlrl
UNIV_BENCH = "<http://swat.cse.lehigh.edu/onto/univ-bench.owl#"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
STRING = "^^<http://www.w3.org/2001/XMLSchema#string>"  # the same literal with it and without
# Rules without which ours concludes the same as an engine: the run makes sure of it.
# https://github.com/gtfierro/reasonable#owl-2-rules (of Table 9 it has scm-sco and scm-eqc alone)
ABSENT = {"reasonable": ("scm-svf1",)}


@dataclass(frozen=True, slots=True)
class Run:
    """What an engine took once, or the median of several runs.

    Attributes:
        parse: seconds until the triples are in the engine.
        close: seconds of the closure, with looking for contradictions.
        hand: seconds, of these, that putting the result into Python objects takes; 0 if it is not.
        write: seconds of writing N-Triples.
        memory: peak of the process, in MiB.
    """

    parse: float
    close: float
    hand: float
    write: float
    memory: float

    @property
    def whole(self) -> float:
        """Return the seconds from files to file."""
        return self.parse + self.close + self.write


@dataclass(frozen=True, slots=True)
class Data:
    """Files to close.

    Attributes:
        name: in the table.
        files: the ontology, and the instances as N-Triples.
        triples: in all of them.
        engines: that are given it.
        patient: those that are given it once.
    """

    name: str
    files: tuple[Path, Path]
    triples: int
    engines: tuple[str, ...]
    patient: tuple[str, ...] = ()


def main() -> None:
    """Run the engines, compare what they conclude, and print the table and the ratios."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--data", type=Path, default=DATA, help="folder of the LUBM files")
    words.add_argument("--runs", type=int, default=3, help="of which the median counts")
    words.add_argument("--patient", action="store_true", help="owlrl on the whole of lubm1 too")
    words.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    words.add_argument("files", nargs="*", type=Path, help=argparse.SUPPRESS)
    chosen = words.parse_args()
    if chosen.engine:
        ENGINES[chosen.engine](*chosen.files)
        return
    files = ("univ-bench.ttl", "lubm1.nt.gz", "lubm10.nt.gz")
    missing = [name for name in files if not (chosen.data / name).is_file()]
    if missing:
        sys.exit(f"{chosen.data} has no {', '.join(missing)}; say where they are: --data FOLDER")
    engines = ", ".join(f"{name} {version(name)}" for name in ("numpy", "reasonable", "owlrl"))
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {engines}; "
          f"median of {chosen.runs} runs\n")  # fmt: skip
    with TemporaryDirectory() as folder:
        bench(chosen.data, Path(folder), chosen.runs, patient=chosen.patient)


def bench(source: Path, folder: Path, times: int, *, patient: bool) -> None:
    """Print a row for each set of data and engine, then ratios and differences."""
    print("| data | triples | engine | parse s | close s | µs a triple | write s | peak MiB "
          "| derived | of instances |\n"
          "|---|--:|---|--:|--:|--:|--:|--:|--:|--:|")  # fmt: skip
    medians: dict[tuple[str, str], Run] = {}
    differences = []
    for data in prepared(source, folder, patient=patient):
        stated = instances(data.files[1])
        runs: dict[str, list[Run]] = {}
        for turn in range(times):
            for engine in (*data.engines, *(data.patient if turn == 0 else ())):
                run = measured(engine, data.files, folder / f"{engine}.nt")
                runs.setdefault(engine, []).append(run)
        ours = instances(folder / "ours.nt")
        for engine, several in runs.items():
            run = medians[data.name, engine] = median(several)
            found = instances(folder / f"{engine}.nt")
            print(
                f"| {data.name} | {data.triples:,} | {engine} | {run.parse:.2f} | {run.close:.2f} "
                f"| {run.close / data.triples * 1e6:,.1f} | {run.write:.2f} | {run.memory:,.0f} "
                f"| {lines_of(folder / f'{engine}.nt') - data.triples:,} "
                f"| {len(found - stated):,} |",
                flush=True,
            )
            if found != ours:
                differences += difference(data, engine, found, ours, folder)
    print("\n" + "\n".join([*ratios(medians), *(differences or ["No engine differs."])]))


def prepared(source: Path, folder: Path, *, patient: bool) -> Iterator[Data]:
    """Yield what is to be closed, unpacked into the folder: the sample, lubm1 and lubm10."""
    ontology = folder / "univ-bench.ttl"
    shutil.copy(source / ontology.name, ontology)
    of_ontology = triples_of(ontology)
    for name, packed, limit, engines, once in (
        (f"lubm1, first {SAMPLE:,}", "lubm1", SAMPLE, ("ours", "reasonable", "owlrl"), ()),
        ("lubm1", "lubm1", None, ("ours", "reasonable"), ("owlrl",) if patient else ()),
        ("lubm10", "lubm10", None, ("ours", "reasonable"), ()),
    ):
        triples = folder / "data.nt"
        with gzip.open(source / f"{packed}.nt.gz") as file, triples.open("wb") as out:
            out.writelines(islice(file, limit))
        shutil.copy(triples, triples.with_suffix(".ttl"))  # for reasonable, which asks for Turtle
        total = lines_of(triples) + of_ontology
        yield Data(name, (ontology, triples), total, engines, once)


def measured(engine: str, files: Sequence[Path], out: Path) -> Run:
    """Return what an engine takes, in a process of its own, as it tells it on stderr."""
    command = [sys.executable, __file__, "--engine", engine, *map(str, files), str(out)]
    if engine == "ours":
        command = [sys.executable, "-m", "kg", "infer", *map(str, files), "-o", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{engine} failed:\n{said}")
    steps = re.findall(r"^(read|closed|looked|handed|wrote)\b.*: ([\d.]+) s$", said, re.MULTILINE)
    took = Counter[str]()
    for step, seconds in steps:
        took[step] += float(seconds)  # type: ignore[assignment]
    close = took["closed"] + took["looked"]
    return Run(took["read"], close, min(took["handed"], close), took["wrote"],
               used.ru_maxrss / 1024)  # fmt: skip


def median(runs: Sequence[Run]) -> Run:
    """Return the median of each figure."""
    columns = ("parse", "close", "hand", "write", "memory")
    return Run(*(statistics.median(getattr(run, name) for run in runs) for name in columns))


# What the engines conclude


def instances(path: Path) -> set[str]:
    """Return the lines that give an instance a type or property of univ-bench.

    That leaves out what an engine writes or not by its design: membership of owl:Thing and of
    classes without a name, reflexive owl:sameAs, and what is about the ontology itself.
    """
    found = set()
    with path.open(encoding="utf-8") as file:
        for line in file:
            subject, predicate, rest = line.split(" ", 2)
            of_univ_bench = predicate.startswith(UNIV_BENCH) or (
                predicate == TYPE and rest.startswith(UNIV_BENCH)
            )
            if of_univ_bench and not subject.startswith(UNIV_BENCH):
                found.add(line.replace(STRING, ""))
    return found


def lines_of(path: Path) -> int:
    """Return the number of lines."""
    with path.open("rb") as file:
        return sum(1 for _ in file)


def triples_of(path: Path) -> int:
    """Return the number of triples of a Turtle file."""
    from kg import formats  # noqa: PLC0415 only the process that runs the others needs it

    return sum(1 for _ in formats.iterate(path))


def difference(
    data: Data, engine: str, found: set[str], ours: set[str], folder: Path
) -> Iterator[str]:
    """Yield what an engine concludes and ours does not, and the reverse, and if it is known."""
    for who, lines in ((f"{engine} alone", found - ours), ("ours alone", ours - found)):
        kinds = Counter(line.split(" ", 1)[1] for line in lines if TYPE in line)
        kinds.update(line.split(" ")[1] for line in lines if TYPE not in line)
        for kind, number in kinds.most_common(5):
            yield f"- {data.name}, {who}: {number:,} times {kind.strip()}"
    if engine not in ABSENT:
        yield f"- {data.name}: the cause is not known."
        return
    names, out = ABSENT[engine], folder / "without.nt"
    measured("ours-without", data.files, out)
    same = "the same as" if instances(out) == found else "NOT the same as"
    yield f"- {data.name}: without {', '.join(names)}, ours concludes {same} {engine}."


def ratios(medians: dict[tuple[str, str], Run]) -> Iterator[str]:
    """Yield how many times faster ours is."""
    for (data, engine), run in medians.items():
        if engine == "ours":
            continue
        ours = medians[data, "ours"]
        yield (
            f"- {data}: ours closes {run.close / ours.close:.1f} times faster than {engine}"
            + (
                f" ({(run.close - run.hand) / ours.close:.1f} times, not counting the "
                f"{run.hand:.2f} s in which it makes Python objects of the result)"
                if run.hand
                else ""
            )
            + f"; from files to file {run.whole / ours.whole:.1f} times"
        )
    one, ten = medians["lubm1", "ours"], medians["lubm10", "ours"]
    yield f"- lubm10 takes ours {ten.close / one.close:.1f} times as long to close as lubm1"


# The other engines, each in a process of its own


def run_reasonable(ontology: Path, data: Path, out: Path) -> None:
    """Close with `reasonable`; its `reason` hands over the whole closure as rdflib terms."""
    import reasonable  # noqa: PLC0415 only this process

    reasoner = reasonable.PyReasoner()
    with step("read"):
        for path in (ontology, data.with_suffix(".ttl")):
            reasoner.load_file(str(path))
    with step("closed"):
        triples = reasoner.reason()
    write(triples, out)
    del triples  # else the collector of garbage would have twice as much to look through
    with step("handed over"):  # nothing is new, so the second time it does only this
        reasoner.reason()


def run_owlrl(ontology: Path, data: Path, out: Path) -> None:
    """Close with owlrl."""
    import owlrl  # noqa: PLC0415 only this process
    import rdflib  # noqa: PLC0415 as above

    graph = rdflib.Graph()
    with step("read"):
        graph.parse(ontology, format="turtle")
        graph.parse(data, format="nt")
    with step("closed"):
        owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    write(graph, out)


def run_ours_without(ontology: Path, data: Path, out: Path) -> None:
    """Close with ours, leaving out the rules that `reasonable` does not have."""
    from kg.commands.infer import command  # noqa: PLC0415 only this process
    from kg.reason import rl  # noqa: PLC0415 as above

    rl.ROWS = tuple(row for row in rl.ROWS if row.name not in ABSENT["reasonable"])
    command([str(ontology), str(data), "-o", str(out)])


def write(triples: Any, out: Path) -> None:
    """Write triples of rdflib terms as N-Triples, each term put into words once."""
    from rdflib import Literal  # noqa: PLC0415 only the processes of the other engines
    from rdflib.plugins.serializers.nt import _quoteLiteral  # noqa: PLC0415

    words = cache(lambda term: _quoteLiteral(term) if isinstance(term, Literal) else term.n3())
    with step("wrote"), out.open("w", encoding="utf-8", newline="\n") as file:
        for s, p, o in triples:
            if not isinstance(s, Literal):  # owlrl keeps some, which are no RDF
                file.write(f"{words(s)} {words(p)} {words(o)} .\n")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Tell on stderr how long a step took, as `kg infer` does."""
    started = perf_counter()
    yield
    print(f"{name}: {perf_counter() - started:.2f} s", file=sys.stderr)


ENGINES: dict[str, Callable[[Path, Path, Path], None]] = {
    "reasonable": run_reasonable,
    "owlrl": run_owlrl,
    "ours-without": run_ours_without,
}

if __name__ == "__main__":
    main()
