"""Every constraint reports its failing example, and no other does; a right mapping reports nothing."""

import re
from functools import cache
from pathlib import Path

import pytest
import rdflib
from pyshacl import validate
from rdflib import RDF, SH

from kg import formats, paths
from kg.validate import check, hierarchy, read_shapes

EXAMPLES = sorted((Path(__file__).parent / "data" / "shapes").glob("*.ttl"))
SHAPE = "https://w3id.org/cassibile/shape/"


def graph(path: Path) -> rdflib.Graph:
    return formats.to_rdflib(quad.triple for quad in formats.read(path))


@cache
def report(path: Path) -> rdflib.Graph:
    _, found, _ = validate(
        graph(path),
        shacl_graph=graph(paths.ONTOLOGY / "shapes.ttl"),
        ont_graph=formats.to_rdflib(hierarchy(paths.ONTOLOGY)),
    )
    assert isinstance(found, rdflib.Graph), found
    return found


def reported(path: Path) -> set[str]:
    results = report(path).subjects(RDF.type, SH.ValidationResult)
    return {str(report(path).value(r, SH.sourceShape)).removeprefix(SHAPE) for r in results}


def results(found: rdflib.Graph) -> set[tuple[rdflib.term.Node | None, ...]]:
    """Return shape, node, value, path and severity of each result; no path that is a blank node."""
    said = (SH.sourceShape, SH.focusNode, SH.value, SH.resultSeverity, SH.resultPath)
    return {
        tuple(
            None if isinstance(value, rdflib.BNode) else value
            for value in (found.value(result, each) for each in said)
        )
        for result in found.subjects(RDF.type, SH.ValidationResult)
    }


def expected(path: Path) -> set[str]:
    return set(
        re.findall(r"^# fails: shape:(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    )


def test_there_are_failing_examples_and_one_right_mapping() -> None:
    assert [path.stem for path in EXAMPLES if expected(path)]
    assert [path.stem for path in EXAMPLES if not expected(path)] == ["right"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_fails_as_it_says(path: Path) -> None:
    assert reported(path) == expected(path)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_a_build_finds_what_plain_shacl_finds(path: Path) -> None:
    """A build has each query answered once, and checks each shape for all its nodes."""
    data = (quad.triple for quad in formats.read(path))

    assert results(check(data, read_shapes(paths.ONTOLOGY), paths.ONTOLOGY)) == results(
        report(path)
    )


def test_every_constraint_has_a_failing_example() -> None:
    shapes = graph(paths.ONTOLOGY / "shapes.ttl")
    with_message = {str(s).removeprefix(SHAPE) for s in shapes.subjects(SH.message, None)}
    failing = set().union(*(expected(path) for path in EXAMPLES))

    assert with_message
    assert with_message - failing == set()


def test_every_message_says_the_repair_in_each_language() -> None:
    shapes = graph(paths.ONTOLOGY / "shapes.ttl")
    for shape in set(shapes.subjects(SH.message, None)):
        languages = sorted(getattr(m, "language", "") for m in shapes.objects(shape, SH.message))
        assert languages == ["en", "it", "pt"], shape
