"""Every constraint reports its failing example, and no other does; a right mapping reports nothing."""

import re
from pathlib import Path

import pytest
import rdflib
from pyshacl import validate
from rdflib import RDF, SH

from kg import formats, paths
from kg.validate import hierarchy

EXAMPLES = sorted((Path(__file__).parent / "data" / "shapes").glob("*.ttl"))
SHAPE = "https://w3id.org/cassibile/shape/"


def graph(path: Path) -> rdflib.Graph:
    return formats.to_rdflib(quad.triple for quad in formats.read(path))


def reported(path: Path) -> set[str]:
    _, report, _ = validate(
        graph(path),
        shacl_graph=graph(paths.ONTOLOGY / "shapes.ttl"),
        ont_graph=hierarchy(paths.ONTOLOGY),
    )
    results = report.subjects(RDF.type, SH.ValidationResult)
    return {str(report.value(r, SH.sourceShape)).removeprefix(SHAPE) for r in results}


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
