"""Same input, same bytes; nothing changed, no work; a failed build changes nothing."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest

import kg
from kg import formats
from kg.errors import CannotWrite, FaultyMapping, NoGraph
from kg.store import CURRENT
from kg.terms import PREFIXES
from tests.helpers import MAP, line_of, write_seed

SLOW_STEP = """
import sys, time
from importlib import import_module
from pathlib import Path
pipeline = import_module("kg.pipeline")
class Slow(pipeline.Writer):
    def load(self):
        print("writing", flush=True)
        time.sleep(60)
pipeline.Writer = Slow
pipeline.build(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def dump(build: Path) -> bytes:
    (found,) = build.glob("*/graph.trig")
    return found.read_bytes()


def canonical(quads: Iterable[ox.Quad]) -> ox.Dataset:
    """The quads with blank nodes named for what they are, not by who read them."""
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def test_two_builds_give_the_same_bytes(tmp_path: Path) -> None:
    seeds = write_seed(tmp_path)
    kg.build(tmp_path / "one", seeds)
    kg.build(tmp_path / "two", seeds)

    assert dump(tmp_path / "one") == dump(tmp_path / "two")
    assert [p.name for p in (tmp_path / "one").glob("*/")] == [
        p.name for p in (tmp_path / "two").glob("*/")
    ]


def test_the_dump_holds_the_store(build: Path, graph: kg.Graph) -> None:
    (path,) = build.glob("*/graph.trig")
    dumped = ox.Store()
    dumped.bulk_load(path=str(path))

    assert len(dumped) == len(graph.store) == graph.report["quads"]
    assert canonical(dumped) == canonical(graph.store)


def test_nothing_changed_is_no_work(tmp_path: Path) -> None:
    seeds = write_seed(tmp_path)
    first = kg.build(tmp_path / "out", seeds)
    steps: list[str] = []
    second = kg.build(tmp_path / "out", seeds, progress=steps.append)

    assert (first.changed, second.changed, steps) == (True, False, [])
    assert second.texts == first.texts


def test_a_change_is_built_and_the_build_before_is_kept_one_round(tmp_path: Path) -> None:
    seeds, out = write_seed(tmp_path), tmp_path / "out"
    names = []
    for label in ("Urbe", "Urbs", "Rom"):
        write_seed(tmp_path, MAP + f'id:rome skos:altLabel "{label}"@la .\n')
        names.append(kg.build(out, seeds).folder.name)

    assert sorted(p.name for p in out.glob("*/")) == sorted(names[1:])
    assert (out / CURRENT).read_text().strip() == names[-1]


def test_going_back_to_an_earlier_input_finds_its_build(tmp_path: Path) -> None:
    seeds, out = write_seed(tmp_path), tmp_path / "out"
    first = kg.build(out, seeds)
    write_seed(tmp_path, MAP + 'id:rome skos:altLabel "Urbe"@pt .\n')
    kg.build(out, seeds)
    write_seed(tmp_path)
    again = kg.build(out, seeds)

    assert (again.folder, again.changed) == (first.folder, False)
    assert (out / CURRENT).read_text().strip() == first.folder.name


def test_a_faulty_map_is_refused_and_the_last_good_graph_stays(tmp_path: Path) -> None:
    seeds, out = write_seed(tmp_path), tmp_path / "out"
    kg.build(out, seeds)
    write_seed(tmp_path, MAP.replace("cas:City", "cas:Cty"))
    with pytest.raises(FaultyMapping) as caught:
        kg.build(out, seeds)

    assert any("cas:Cty" in f.message for f in caught.value.findings)
    assert "Roma" in kg.open_graph(out).label(ox.NamedNode(PREFIXES["id"] + "rome"))


@pytest.mark.slow
def test_a_killed_build_leaves_the_last_good_graph_and_is_swept_by_the_next(
    tmp_path: Path,
) -> None:
    seeds, out = write_seed(tmp_path), tmp_path / "out"
    kg.build(out, seeds)
    write_seed(tmp_path, MAP + 'id:rome skos:altLabel "Urbe"@pt .\n')
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_STEP, str(out), str(seeds)], stdout=subprocess.PIPE
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"writing\n"
        killed.send_signal(signal.SIGKILL)
    left = list(out.glob(".partial-*"))

    assert len(left) == 1
    assert len(kg.open_graph(out).store) > 0
    assert kg.build(out, seeds).changed
    assert not list(out.glob(".partial-*"))


def test_a_graph_open_while_a_new_one_is_built_goes_on_answering(tmp_path: Path) -> None:
    seeds, out = write_seed(tmp_path), tmp_path / "out"
    kg.build(out, seeds)
    graph = kg.open_graph(out)
    write_seed(tmp_path, MAP + 'id:rome skos:altLabel "Urbe"@pt .\n')
    kg.build(out, seeds)

    assert len(list(graph.query("SELECT * { id:rome ?p ?o }"))) > 0  # type: ignore[arg-type]


def test_a_damaged_store_is_told_with_what_to_do(tmp_path: Path) -> None:
    out = tmp_path / "out"
    built = kg.build(out, write_seed(tmp_path))
    for file in (built.folder / "store").iterdir():
        file.write_bytes(b"")
    with pytest.raises(NoGraph, match="cannot be opened") as caught:
        kg.open_graph(out)
    again = kg.build(out, tmp_path / "seeds")

    assert caught.value.hint == "build it anew: kg build --build out"
    assert again.changed
    assert len(kg.open_graph(out).store) == again.quads


def test_a_build_removes_nothing_but_builds(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "thesis.txt").write_text("years of work")
    seeds = write_seed(tmp_path)
    for label in ("Urbe", "Urbs", "Rom"):
        write_seed(tmp_path, MAP + f'id:rome skos:altLabel "{label}"@la .\n')
        kg.build(tmp_path, seeds)

    assert (tmp_path / "papers" / "thesis.txt").read_text() == "years of work"
    assert (seeds / "small" / "map.trig").is_file()


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("not a folder")
    with pytest.raises(CannotWrite, match="cannot write the build"):
        kg.build(tmp_path / "out", write_seed(tmp_path))


def test_a_contradiction_is_reported_and_the_graph_is_built(tmp_path: Path) -> None:
    """No shape knows that what is left cannot be given up; the reasoner does."""
    trig = MAP.replace("a cas:Flight ;", "a cas:Withdrawal , cas:Surrender ;")
    report = kg.build(tmp_path / "out", write_seed(tmp_path, trig))
    (found,) = report.findings

    assert report.changed
    assert (found.severity, found.code) == ("warning", "inconsistent")
    assert found.place.line == line_of(trig, "c:s01-1")
    for name in ("id:flight", "cas:Withdrawal", "cas:Surrender", "s01-1"):
        assert name in found.message
    assert kg.build(tmp_path / "out", tmp_path / "seeds").findings == (found,)


def test_bounds_stand_in_the_claim_and_derived_triples_do_not(tmp_path: Path) -> None:
    kg.build(tmp_path / "out", write_seed(tmp_path))
    store = kg.open_graph(tmp_path / "out").store
    claim = ox.NamedNode(PREFIXES["text"] + "small/claim/s02-1")
    inside = {formats.rdflib_term(q.predicate).n3().rpartition("#")[2][:-1]  # the local name
              for q in store.quads_for_pattern(None, None, None, claim)}  # fmt: skip

    assert {"earliestStart", "latestStart", "earliestEnd", "latestEnd"} <= inside
    assert "participatedIn" not in inside


def test_nothing_that_says_nothing_is_derived(graph: kg.Graph) -> None:
    for quad in graph.store:
        if "/derived/" in str(quad.graph_name):
            assert isinstance(quad.subject, ox.NamedNode)
            assert not isinstance(quad.object, ox.BlankNode)
            assert not str(quad.object).startswith("<http://www.w3.org/2002/07/owl#")
            assert not (quad.predicate.value.endswith("#sameAs"))
        if "/view/" in str(quad.graph_name):
            assert quad.subject != quad.object


def test_the_report_keeps_no_clock_and_no_path(tmp_path: Path) -> None:
    built = kg.build(tmp_path / "out", write_seed(tmp_path))
    kept = json.loads((built.folder / "report.json").read_text())

    assert set(kept) == {"base", "engine", "libraries", "texts", "findings", "quads"}
    assert str(tmp_path) not in json.dumps(kept)
