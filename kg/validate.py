"""SHACL over a mapping as it is written: each violation a finding with its line and its repair."""

import gc
import json
import sys
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pyoxigraph as ox
import rdflib
from pyshacl import validate
from pyshacl.errors import ReportableRuntimeError
from rdflib import RDF, SH, Variable
from rdflib.namespace import NamespaceManager
from rdflib.query import Result

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
    shapes = read_shapes(ontology)
    report = check([*(q.triple for q in source.stated), *typed], shapes, ontology)
    findings = [_finding(report, shapes, result, source) for result in _results(report)]
    return sorted(set(findings), key=lambda f: (f.place, f.severity, f.code, f.message))


def read_shapes(ontology: Path) -> rdflib.Graph:
    """Return the shapes as `check` takes them.

    Raises: UnreadableInput and BrokenSyntax, if they cannot be read.
    """
    return _flattened(_Graph(quad.triple for quad in formats.read(ontology / "shapes.ttl")))


def check(data: Iterable[ox.Triple], shapes: rdflib.Graph, ontology: Path) -> rdflib.Graph:
    """Return the SHACL report on the data.

    Raises: UnreadableInput and BrokenSyntax, if core.ttl cannot be read or a shape be used.
    """
    place = Place(ontology / "shapes.ttl")
    try:
        # In place, so that pyshacl makes no plain copy of the data.
        _, report, _ = validate(
            _Data([*data, *hierarchy(ontology)]), shacl_graph=shapes, inplace=True
        )
    except (ReportableRuntimeError, SyntaxError) as error:
        raise BrokenSyntax(f"a shape cannot be used: {error}", place) from error
    if not isinstance(report, rdflib.Graph):  # of some failures pyshacl returns the exception
        raise BrokenSyntax(f"a shape cannot be used: {report}", place)
    return report


def hierarchy(ontology: Path) -> Iterator[ox.Triple]:
    """Yield the subclass axioms of core.ttl: all that the shapes need of it.

    They are checked with the data, and in the rest the shapes would find faults.
    """
    for quad in formats.read(ontology / "core.ttl"):
        if quad.predicate == RDFS.subClassOf:
            yield quad.triple


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


class _Graph(rdflib.Graph):
    """A graph that looks the objects of a subject and a predicate up once.

    pyshacl reads a shape anew for each node, and rdflib takes four generators to a look-up.
    """

    def __init__(self, triples: Iterable[ox.Triple], store: str = "SimpleMemory") -> None:
        super().__init__(store)
        self.namespace_manager = _FullNames(self, bind_namespaces="none")
        self._known: dict[tuple[Any, Any, bool], list[Any]] = {}
        self.addN((*map(formats.rdflib_term, triple), self) for triple in triples)

    def add(self, triple: Any) -> "_Graph":
        self._known.clear()
        super().add(triple)
        return self

    def addN(self, quads: Any) -> "_Graph":  # noqa: N802 rdflib's name
        self._known.clear()
        super().addN(quads)
        return self

    def remove(self, triple: Any) -> "_Graph":
        self._known.clear()
        super().remove(triple)
        return self

    def objects(
        self,
        subject: Any = None,
        predicate: Any = None,
        unique: Any = False,  # noqa: FBT002
    ) -> Generator[Any, None, None]:
        asked = subject, predicate, unique
        if asked not in self._known:
            self._known[asked] = list(super().objects(*asked))
        yield from self._known[asked]


class _FullNames(NamespaceManager):
    """Names without prefixes.

    pyshacl writes a paragraph on each alternative of a shape that a node does not meet, even if it
    meets another. Nobody reads it, and most of the work is to find prefixes.
    """

    def bind(self, *args: Any, **kwargs: Any) -> None:
        """Bind nothing."""

    def normalizeUri(self, rdfTerm: str) -> str:  # noqa: N802, N803 rdflib's names
        """Return the whole name."""
        return rdfTerm


_Row: TypeAlias = Mapping[Variable, Any]
_READ = [Variable("this"), Variable("path"), Variable("value")]  # by pyshacl, of a row


class _Data(_Graph):
    """A graph that answers a query once for all nodes, by pyoxigraph.

    pyshacl asks the query of a sparql constraint anew for each node, and rdflib spends a tenth of
    a second on parsing the five there are. The query has to find `$this` by itself.
    """

    def __init__(self, triples: list[ox.Triple]) -> None:
        super().__init__(triples, store="Memory")  # pyshacl wants one that is aware of contexts
        self._quads = ox.Store()
        self._quads.extend(ox.Quad(*triple) for triple in triples)
        self._answers: dict[str, dict[rdflib.term.Node, list[_Row]]] = {}

    def query(self, query_object: Any, *args: Any, **_: Any) -> Result:
        """Return the rows about the node that pyshacl calls `$this`."""
        _processor, _form, _prefixes, bindings, *_rest = args  # as rdflib orders them
        if query_object not in self._answers:
            self._answers[query_object] = self._answer(query_object)
        result = Result("SELECT")
        result.vars = _READ
        result.bindings = self._answers[query_object].get(bindings["this"], [])
        return result

    def _answer(self, query: str) -> dict[rdflib.term.Node, list[_Row]]:
        solutions = self._quads.query(query)
        assert isinstance(solutions, ox.QuerySolutions), "pyshacl takes no other query"
        known = [v for v in _READ if ox.Variable(v) in solutions.variables]
        rows: dict[rdflib.term.Node, list[_Row]] = defaultdict(list)
        for solution in solutions:
            row = {v: formats.rdflib_term(solution[v]) for v in known if solution[v]}
            rows[row[_READ[0]]].append(row)
        return rows


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
    gc.disable()  # for the reason that `kg.commands.build` gives
    seeds, ontology = map(Path, sys.argv[1:])
    sources = (read_source(folder)[0] for folder in folders(seeds))
    found = [each for source in sources for each in violations(source, ontology)]
    json.dump([each.as_json(seeds) for each in found], sys.stdout)


if __name__ == "__main__":
    main()
