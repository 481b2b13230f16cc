"""Lines of any number are sorted in flat memory."""

import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import lines

GRAPH = ox.NamedNode("urn:g")


def store(count: int) -> ox.Store:
    found = ox.Store()
    found.bulk_extend(
        ox.Quad(
            ox.NamedNode(f"urn:s{number * 7919 % count}"),
            ox.NamedNode("urn:p"),
            ox.Literal("ñ\n" * (number % 50)),
            GRAPH if number % 3 else ox.DefaultGraph(),
        )
        for number in range(count)
    )
    return found


@pytest.mark.parametrize("run", [1, 1000, 30_000, 10_000_000])
@pytest.mark.parametrize("block", [1, 5000])
def test_runs_of_any_size_are_merged(
    monkeypatch: pytest.MonkeyPatch, run: int, block: int
) -> None:
    monkeypatch.setattr(lines, "_RUN", run)
    monkeypatch.setattr(lines, "_BLOCK", block)
    data = store(1000)
    merged = [line for part in lines.quads(data) for line in part]

    assert merged == sorted(f"{quad} .\n".encode() for quad in data)


def test_a_store_without_triples_has_no_lines() -> None:
    empty = ox.Store()

    assert [line for part in lines.quads(empty) for line in part] == []
    with lines.statements(empty, *lines.graphs(empty)) as quads:
        assert list(quads) == []


def test_statements_come_graph_by_graph_each_sorted() -> None:
    data = store(300)
    with lines.statements(data, *lines.graphs(data)) as quads:
        found = list(quads)
    names = [str(quad.graph_name) for quad in found]

    assert set(found) == set(data)
    assert names == sorted(names, key=lambda name: name != "DEFAULT")
    for name in set(names):
        triples = [f"{q.triple} ." for q in found if str(q.graph_name) == name]
        assert triples == sorted(triples)


def test_the_default_graph_is_the_same_from_a_store_and_from_its_dump(tmp_path: Path) -> None:
    data = store(300)
    dump = tmp_path / "graph.trig"
    with lines.statements(data, *lines.graphs(data)) as quads:
        ox.serialize(quads, dump, format=ox.RdfFormat.TRIG)
    with lines.default_graph(data) as quads:
        found = list(quads)
    with lines.default_graph(data, dump) as quads:
        assert list(quads) == found

    assert set(found) == {quad for quad in data if quad.graph_name == ox.DefaultGraph()}


_SORT = """
import sys
import pyoxigraph as ox
from kg import lines
count = int(sys.argv[1])
store = ox.Store()
class Dump:
    def dump(self, out, format):
        for number in range(count):
            out.write(b"<urn:s%09d> <urn:p> \\"some words that take their room in each line\\" .\\n" % (number * 7919 % count))
written = sum(len(part) for part in lines.quads(Dump()))
assert written == count
print(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.slow
def test_four_times_the_lines_take_no_more_memory() -> None:
    """The peak is not ru_maxrss, which begins with that of the process that started this one."""
    peaks = []
    for count in (500_000, 2_000_000):
        words = [sys.executable, "-c", _SORT, str(count)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))

    assert peaks[1] < peaks[0] * 1.25, peaks
