"""SHACL over a mapping as it is written: each violation a finding with its line and its repair."""

import json
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import rdflib
from pyshacl import validate
from pyshacl.errors import ReportableRuntimeError
from rdflib import RDF, SH
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

from kg import formats
from kg.errors import BrokenSyntax, Finding, Place, Severity
from kg.load import Source, folders, read_source
from kg.terms import CAS, RDFS, shorten
from kg.terms import RDF as TYPES


def violations(source: Source, ontology: Path) -> list[Finding]:
    """Return what the shapes find in the map of a text, in the order of its lines.

    Reads:  the claims, asserted and alternative, and what the map says of them, of its text and
            of its entities, as one graph; each claim a `cas:Claim`; no inference beyond the
            class hierarchy of core.ttl. Blank nodes are passed over: each is a fault already.
    Raises: UnreadableInput and BrokenSyntax, if the shapes or the ontology cannot be read.
    Source: https://www.w3.org/TR/shacl/
    """
    typed = (
        ox.Triple(claim.iri, TYPES.type, CAS.Claim)
        for claim in (*source.claims, *source.reference)
    )
    shapes = _flattened(_graph(ontology / "shapes.ttl"))
    data = _Data()
    data += formats.to_rdflib([*(q.triple for q in source.stated), *typed])
    report = _report(data, shapes, ontology)
    findings = [_finding(report, shapes, result, source) for result in _results(report)]
    return sorted(set(findings), key=lambda f: (f.place, f.severity, f.code, f.message))


_TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)


def _flattened(shapes: rdflib.Graph) -> rdflib.Graph:
    """Return the shapes with each property shape of a target aimed at that target itself.

    The same is found. But pyshacl checks what a node shape leads to for one node after the other,
    and what has targets for all of them at once, in half the time.
    """
    aimed = [(s, p, o) for target in _TARGETS for s, p, o in shapes.triples((None, target, None))]
    for shape, target, aim in aimed:
        for inner in shapes.objects(shape, SH.property):
            shapes.add((inner, target, aim))
    for shape in {shape for shape, _, _ in aimed}:
        shapes.remove((shape, SH.property, None))
    return shapes


class _Data(rdflib.Graph):
    """A graph that parses a query once.

    pyshacl asks the query of a sparql constraint anew for each node, and rdflib spends ten times
    as long on parsing it as on the answer.
    """

    def query(self, query_object: Any, *args: Any, **kwargs: Any) -> rdflib.query.Result:
        """Answer a query, see rdflib."""
        if isinstance(query_object, str):
            query_object = _prepared(query_object)
        return super().query(query_object, *args, **kwargs)


@cache
def _prepared(query: str) -> Query:
    return prepareQuery(query)


def _report(data: rdflib.Graph, shapes: rdflib.Graph, ontology: Path) -> rdflib.Graph:
    place = Place(ontology / "shapes.ttl")
    try:
        # In place, so that pyshacl makes no plain copy of the data.
        _, report, _ = validate(
            data, shacl_graph=shapes, ont_graph=hierarchy(ontology), inplace=True
        )
    except ReportableRuntimeError as error:
        raise BrokenSyntax(f"a shape cannot be used: {error}", place) from error
    if not isinstance(report, rdflib.Graph):  # of some failures pyshacl returns the exception
        raise BrokenSyntax(f"a shape cannot be used: {report}", place)
    return report


def hierarchy(ontology: Path) -> rdflib.Graph:
    """Return the subclass axioms of core.ttl: all that the shapes need of it.

    pyshacl adds its ontology graph to the data, and so would find faults in the ontology's header.
    """
    axioms = (quad.triple for quad in formats.read(ontology / "core.ttl"))
    return formats.to_rdflib(t for t in axioms if t.predicate == RDFS.subClassOf)


def _graph(path: Path) -> rdflib.Graph:
    return formats.to_rdflib(quad.triple for quad in formats.read(path))


def _results(report: rdflib.Graph) -> Iterator[rdflib.term.Node]:
    for result in report.subjects(RDF.type, SH.ValidationResult):
        if isinstance(report.value(result, SH.focusNode), rdflib.URIRef):
            yield result


def _finding(
    report: rdflib.Graph, shapes: rdflib.Graph, result: rdflib.term.Node, source: Source
) -> Finding:
    focus = str(report.value(result, SH.focusNode))
    path = str(report.value(result, SH.resultPath) or "")
    value = report.value(result, SH.value)
    severity: Severity = (
        "error" if report.value(result, SH.resultSeverity) == SH.Violation else "warning"
    )
    shape = report.value(result, SH.sourceShape)
    code = shorten(ox.NamedNode(str(shape))) if isinstance(shape, rdflib.URIRef) else "shape"
    place = source.place(focus, graph=_graph_of(source.stated, focus, path))
    given = f" ({_shown(value)})" if value is not None and str(value) != focus else ""
    # Not sh:resultMessage: pyshacl drops the languages of messages of sparql constraints.
    message = _message(shapes.objects(shape, SH.message))
    norm, _, repair = message.partition(": ")
    return Finding(severity, code, place, f"{shorten(ox.NamedNode(focus))}{given}: {norm}", repair)


def _message(messages: Iterable[rdflib.term.Node]) -> str:
    """Return the English message, `what holds: what to do`; there is one in each language."""
    by_language = {getattr(m, "language", None) or "": str(m) for m in messages}
    return by_language.get("en") or min(by_language.values(), default="")


def _graph_of(stated: Iterable[ox.Quad], focus: str, path: str) -> str:
    """Return the claim graph that says this of the focus node, or else any that names it."""
    graphs = [
        (q.predicate.value != path, str(q.graph_name.value))
        for q in stated
        if isinstance(q.graph_name, ox.NamedNode) and getattr(q.subject, "value", "") == focus
    ]
    return min(graphs, default=(True, ""))[1]


def _shown(value: rdflib.term.Node) -> str:
    return shorten(ox.NamedNode(str(value))) if isinstance(value, rdflib.URIRef) else f"“{value}”"


def main() -> None:
    """Print what the shapes find in all texts as JSON: `python -m kg.validate SEEDS ONTOLOGY`."""
    seeds, ontology = map(Path, sys.argv[1:])
    sources = (read_source(folder)[0] for folder in folders(seeds))
    found = [each for source in sources for each in violations(source, ontology)]
    json.dump([each.as_json(seeds) for each in found], sys.stdout)


if __name__ == "__main__":
    main()
