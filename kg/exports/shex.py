"""ShEx: what a person, an event, an office and a place must be like, from the shapes in SHACL.

Written are, for each of the four classes and those above it, the constraints of their shapes that
ShEx can say: how often a property stands, and of which kind, form or language its values are. What
it cannot say is named in a comment. The schema holds for the default graph, in which what follows
is there too.
Source: https://shex.io/shex-semantics/
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO

import pyoxigraph as ox

from kg.store import Graph
from kg.terms import CAS, PREFIXES, RDF, RDFS, expand, shorten

MEDIA_TYPE = "text/shex; charset=utf-8"
SUFFIX = "shex"

_CLASSES = (CAS.Event, CAS.Office, CAS.Person, CAS.Place)
_SH = "http://www.w3.org/ns/shacl#"
_KIND = "kind-of-"
_WRITTEN = ("cas", "dct", "geo", "rdf", "rdfs", "shape", "skos", "xsd")
_Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the schema. In memory are the shapes, some thousand triples."""
    shapes = _Shapes(graph.store)
    parts = [shapes.of(kind) for kind in _CLASSES]
    parts += [_kind(kind) for kind in sorted(shapes.kinds, key=str)]
    body = "\n".join(parts)
    declared = "".join(f"PREFIX {p}: <{PREFIXES[p]}>\n" for p in _WRITTEN if f"{p}:" in body)
    out.write(f"{declared}\n{body}".encode())


def _kind(kind: ox.NamedNode) -> str:
    """Return the shape of what is of a class, whatever else it is."""
    return f"{_reference(kind)} EXTRA rdf:type {{\n  rdf:type [ {shorten(kind)} ]\n}}\n"


def _reference(kind: ox.NamedNode) -> str:
    return f"shape:{_KIND}{shorten(kind).partition(':')[2]}"


@dataclass(slots=True)
class _Constraint:
    """What is asked of the values of one property, by all shapes together.

    Attributes:
        least: how many there must be.
        most: how many there may be; None for any number.
        values: what each must be, as ShEx expressions.
        languages: in each of which there is one.
    """

    least: int = 0
    most: int | None = None
    values: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)

    def lines(self, path: str) -> Iterator[str]:
        """Yield it as triple constraints."""
        for language in sorted(self.languages):
            yield f"{path} [ @{language} ]"
        value = _joined(self.values) or "."
        least = max(self.least - len(self.languages), 0)
        most = "*" if self.most is None else str(self.most)
        short = {(0, "*"): "*", (1, "*"): "+", (0, "1"): "?", (1, "1"): "{1}"}
        yield f"{path} {value} {short.get((least, most), f'{{{least},{most}}}')}"


class _Shapes:
    """The shapes of a graph.

    Attributes:
        kinds: the classes that some value must be of.
    """

    def __init__(self, store: ox.Store) -> None:
        self.kinds: set[ox.NamedNode] = set()
        self._store = store
        self._graph = expand("g:shapes")

    def of(self, kind: ox.NamedNode) -> str:
        """Return the schema of a class."""
        constraints: dict[str, _Constraint] = {}
        choices: list[str] = []
        unsaid: list[str] = []
        forms: list[str] = []
        for shape in self._about(kind):
            forms += self._forms(shape)
            beside = sorted(self._predicates(shape) - _SAID)
            unsaid += [f"{shorten(shape)}, sh:{each.removeprefix(_SH)}" for each in beside]
            for each in self._values(shape, "property"):
                if isinstance(each, ox.NamedNode):
                    self._add(each, constraints, choices, unsaid)
        lines = [f"rdf:type [ {shorten(kind)} ]", *choices]
        for path in sorted(constraints):
            lines += constraints[path].lines(path)
        name = f"shape:{shorten(kind).partition(':')[2]}"
        form = "".join(f" {each} AND" for each in dict.fromkeys(forms))
        notes = "".join(f"# not said in ShEx: {each}\n" for each in dict.fromkeys(unsaid))
        return f"{notes}{name}{form} EXTRA rdf:type {{\n  " + " ;\n  ".join(lines) + "\n}\n"

    def _about(self, kind: ox.NamedNode) -> list[ox.NamedNode]:
        """Return the shapes of a class, of those above it, and of all that has a name."""
        classes = {kind, *self._above(kind)}
        found = {
            quad.subject
            for each in classes
            for quad in self._quads(None, "targetClass", each)
            if isinstance(quad.subject, ox.NamedNode)
        }
        named = self._quads(None, "targetSubjectsOf", expand("skos:prefLabel"))
        found |= {quad.subject for quad in named if isinstance(quad.subject, ox.NamedNode)}
        return sorted(found, key=str)

    def _above(self, kind: ox.NamedNode) -> set[ox.NamedNode]:
        found: set[ox.NamedNode] = set()
        pending = [kind]
        while pending:
            quads = self._store.quads_for_pattern(
                pending.pop(), RDFS.subClassOf, None, expand("g:ontology")
            )
            fresh = {q.object for q in quads if isinstance(q.object, ox.NamedNode)} - found
            found |= fresh
            pending += fresh
        return found

    def _add(
        self,
        shape: ox.NamedNode,
        constraints: dict[str, _Constraint],
        choices: list[str],
        unsaid: list[str],
    ) -> None:
        """Add what a property shape asks; a warning asks for nothing."""
        if self._values(shape, "severity") != [ox.NamedNode(f"{_SH}Violation")]:
            return
        paths, is_choice = self._paths(shape)
        extra = self._predicates(shape) - _SAID - _OF_PROPERTIES
        if not paths or extra:
            why = ", ".join(f"sh:{each.removeprefix(_SH)}" for each in sorted(extra))
            unsaid.append(f"{shorten(shape)}{f', {why}' if why else ''}")
        if not paths:
            return
        least, most = self._number(shape, "minCount"), self._number(shape, "maxCount")
        values = self._forms(shape)
        if is_choice and least:
            # One of several: which one is left open, so each is asked for by itself.
            some = [
                f"({' ; '.join([f'{p} .+', *(f'{o} .*' for o in paths if o != p)])})"
                for p in paths
            ]
            choices.append(f"( {' | '.join(some)} )")
            return
        for path in paths:
            found = constraints.setdefault(path, _Constraint())
            found.least = max(found.least, least or 0)
            if most is not None:
                found.most = most if found.most is None else min(found.most, most)
            found.values += values
            for inner in self._values(shape, "qualifiedValueShape"):
                for listed in self._values(inner, "languageIn"):
                    found.languages += [
                        t.value for t in self._list(listed) if isinstance(t, ox.Literal)
                    ]

    def _forms(self, shape: ox.NamedNode) -> list[str]:
        """Return what a node must be like, as ShEx expressions."""
        found = []
        for kind in self._values(shape, "class"):
            if isinstance(kind, ox.NamedNode):
                self.kinds.add(kind)
                found.append(f"@{_reference(kind)}")
        found += map(_written, self._values(shape, "datatype"))
        listed = map(self._list, self._values(shape, "in"))
        found += [f"[ {' '.join(map(_written, members))} ]" for members in listed]
        if ox.NamedNode(f"{_SH}IRI") in self._values(shape, "nodeKind"):
            found.append("IRI")
        for pattern in self._values(shape, "pattern"):
            flags = "".join(
                f.value for f in self._values(shape, "flags") if isinstance(f, ox.Literal)
            )
            assert isinstance(pattern, ox.Literal), "a pattern is words"
            slashed = re.sub(r"(?<!\\)/", r"\\/", pattern.value)
            found.append(f"/{slashed}/{flags}")
        if length := self._number(shape, "minLength"):
            found.append(f"MINLENGTH {length}")
        return found

    def _paths(self, shape: ox.NamedNode) -> tuple[list[str], bool]:
        """Return the properties that a shape is about, and whether any of them will do."""
        for path in self._values(shape, "path"):
            if isinstance(path, ox.NamedNode):
                return [shorten(path)], False
            for listed in self._values(path, "alternativePath"):
                members = self._list(listed)
                if all(isinstance(member, ox.NamedNode) for member in members):
                    return [_written(member) for member in members], True
            for inverse in self._values(path, "inversePath"):
                if isinstance(inverse, ox.NamedNode):
                    return [f"^{shorten(inverse)}"], False
        return [], False

    def _predicates(self, shape: ox.NamedNode) -> set[str]:
        quads = self._store.quads_for_pattern(shape, None, None, self._graph)
        return {q.predicate.value for q in quads if q.predicate.value.startswith(_SH)}

    def _number(self, shape: ox.NamedNode, name: str) -> int | None:
        found = (each.value for each in self._values(shape, name) if isinstance(each, ox.Literal))
        return next((int(each) for each in found), None)

    def _list(self, head: _Term) -> list[_Term]:
        found: list[_Term] = []
        while head != RDF.nil:
            found += self._objects(head, RDF.first)
            head = self._objects(head, RDF.rest)[0]
        return found

    def _values(self, subject: _Term, name: str) -> list[_Term]:
        return self._objects(subject, ox.NamedNode(_SH + name))

    def _objects(self, subject: _Term, predicate: ox.NamedNode) -> list[_Term]:
        quads = self._store.quads_for_pattern(subject, predicate, None, self._graph)  # type: ignore[arg-type]
        return sorted((quad.object for quad in quads), key=str)

    def _quads(self, subject: None, name: str, value: ox.NamedNode) -> Iterable[ox.Quad]:
        return self._store.quads_for_pattern(subject, ox.NamedNode(_SH + name), value, self._graph)


def _joined(expressions: Iterable[str]) -> str:
    """Return what must all hold; what is said of the form of a value belongs to its kind."""
    parts: list[str] = []
    for each in dict.fromkeys(expressions):
        if each.startswith(("/", "MINLENGTH")) and parts and not parts[-1].startswith(("@", "[")):
            parts[-1] += f" {each}"
        else:
            parts.append(each)
    return " AND ".join(parts)


def _sh(*names: str) -> frozenset[str]:
    return frozenset(_SH + name for name in names)


# What is written, or is no constraint.
_SAID = _sh(
    "class", "datatype", "flags", "in", "message", "minLength", "nodeKind", "path", "pattern",
    "property", "severity", "targetClass", "targetObjectsOf", "targetSubjectsOf",
)  # fmt: skip
# That each language has one name follows from there being one in each of ours.
_OF_PROPERTIES = _sh(
    "minCount", "maxCount", "qualifiedValueShape", "qualifiedMinCount", "uniqueLang"
)


def _written(term: _Term) -> str:
    return shorten(term) if isinstance(term, ox.NamedNode) else str(term)
