"""Random small ontologies with data, which use every construct of OWL 2 RL."""

import re

import pyoxigraph as ox
from hypothesis import strategies as st

from kg.terms import PREFIXES

EX = "http://example.org/"
HEAD = f"PREFIX ex: <{EX}>\n" + "".join(
    f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("owl", "rdf", "rdfs", "xsd")
)

NAMES = {
    "i": [*(f"ex:i{n}" for n in range(5)), "_:b0"],
    "c": [f"ex:C{n}" for n in range(4)],
    "p": [f"ex:p{n}" for n in range(4)],
    "d": ["ex:d0", "ex:d1"],
    "l": ['"1"^^xsd:int', '"01"^^xsd:integer', '"1.0"^^xsd:decimal', '"2"^^xsd:byte', '"a"', '"a"@en',
          '"true"^^xsd:boolean', '"a"^^xsd:token', '"1.0"^^xsd:double', '"x"^^ex:unknown'],
    "n": ['"0"^^xsd:nonNegativeInteger', '"1"^^xsd:nonNegativeInteger', '"1"^^xsd:int'],
    "t": ["xsd:integer", "xsd:string", "rdfs:Literal", "xsd:byte"],
}  # fmt: skip

# What is said of individuals, more often than the rest.
FACTS = [
    "{i} a {c}", "{i} {p} {i}", "{i} {p} {i}", "{i} {d} {l}", "{i} a {c}", "{i} {p} {i}",
]  # fmt: skip
AXIOMS = [
    "{p} a owl:ObjectProperty", "{d} a owl:DatatypeProperty", "{c} a owl:Class",
    "{p} a owl:SymmetricProperty", "{p} a owl:TransitiveProperty",
    "{p} a owl:AsymmetricProperty", "{p} a owl:IrreflexiveProperty", "{p} owl:inverseOf {p}",
    "{p} rdfs:domain {c}", "{p} rdfs:range {c}", "{d} rdfs:domain {c}", "{d} rdfs:range {t}",
    "{p} rdfs:subPropertyOf {p}", "{d} rdfs:subPropertyOf {d}", "{p} owl:equivalentProperty {p}",
    "{p} owl:propertyDisjointWith {p}", "{p} owl:propertyChainAxiom {p*}",
    "{c} rdfs:subClassOf {c}", "{c} owl:equivalentClass {c}", "{c} owl:disjointWith {c}",
    "{c} owl:complementOf {c}", "{c} owl:intersectionOf {c*}", "{c} owl:unionOf {c*}",
    "{c} owl:oneOf {i*}", "{c} rdfs:subClassOf owl:Nothing",
    "{c} owl:someValuesFrom {c} ; owl:onProperty {p}",
    "{c} owl:someValuesFrom owl:Thing ; owl:onProperty {p}",
    "{c} owl:someValuesFrom {t} ; owl:onProperty {d}",
    "{c} owl:allValuesFrom {c} ; owl:onProperty {p}",
    "{c} owl:hasValue {i} ; owl:onProperty {p}", "{c} owl:hasValue {l} ; owl:onProperty {d}",
    "{c} owl:maxCardinality {n} ; owl:onProperty {p}",
    "{c} owl:maxQualifiedCardinality {n} ; owl:onProperty {p} ; owl:onClass {c}",
    "{c} owl:maxQualifiedCardinality {n} ; owl:onProperty {p} ; owl:onClass owl:Thing",
    "[] a owl:AllDifferent ; owl:members {i*}", "[] a owl:AllDifferent ; owl:distinctMembers {i*}",
    "[] a owl:AllDisjointClasses ; owl:members {c*}", "[] a owl:AllDisjointProperties ; owl:members {p*}",
    "[] owl:sourceIndividual {i} ; owl:assertionProperty {p} ; owl:targetIndividual {i}",
    "[] owl:sourceIndividual {i} ; owl:assertionProperty {d} ; owl:targetValue {l}",
    "{i} owl:differentFrom {i}",
]  # fmt: skip
EQUALITY = [
    "{i} owl:sameAs {i}", "{i} owl:sameAs {i}", "{c} owl:sameAs {c}", "{p} owl:sameAs {p}",
    "{p} a owl:FunctionalProperty", "{p} a owl:InverseFunctionalProperty",
    "{d} a owl:FunctionalProperty", "{c} owl:hasKey {p*}", "{c} owl:hasKey {d*}",
]  # fmt: skip
# Legal and strange: the vocabulary itself has other names, or follows from other properties.
STRANGE = [
    "rdf:type owl:sameAs {p}", "owl:sameAs owl:sameAs {p}", "{p} rdfs:subPropertyOf owl:sameAs",
    "owl:sameAs rdfs:subPropertyOf {p}", "rdfs:subClassOf owl:sameAs rdfs:subPropertyOf",
    "{p} owl:sameAs owl:inverseOf", "{i} owl:sameAs {l}", "owl:Thing owl:sameAs {c}",
    "{p} rdfs:subPropertyOf rdf:type", "{p} owl:sameAs {i}", "{c} owl:sameAs {p}",
    "rdf:first owl:sameAs ex:first . {c} owl:unionOf [ ex:first {c} ; rdf:rest rdf:nil ]",
    "rdf:nil owl:sameAs ex:nil . {c} owl:intersectionOf [ rdf:first {c} ; rdf:rest ex:nil ]",
    "rdfs:subPropertyOf rdfs:subPropertyOf {p}", "owl:sameAs a owl:TransitiveProperty",
    "{p} owl:propertyChainAxiom {p*}", "owl:Class owl:sameAs {c}",
]  # fmt: skip


def _filled(template: str) -> st.SearchStrategy[str]:
    """Return statements of a template: `{i}` an individual, `{c*}` a list of classes."""
    slots = re.findall(r"\{(\w\*?)\}", template)
    parts = [
        st.lists(st.sampled_from(NAMES[slot[0]]), max_size=3).map(
            lambda names: f"( {' '.join(names)} )"
        )
        if slot.endswith("*")
        else st.sampled_from(NAMES[slot])
        for slot in slots
    ]
    return st.tuples(*parts).map(lambda values: _put(template, values))


def _put(template: str, values: tuple[str, ...]) -> str:
    waiting = iter(values)
    return re.sub(r"\{\w\*?\}", lambda _: next(waiting), template)


def statements(*templates: str) -> st.SearchStrategy[str]:
    return st.sampled_from(templates).flatmap(_filled)


def turtle(*parts: st.SearchStrategy[list[str]]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(
        lambda lists: "".join(f"{line} .\n" for part in lists for line in part)
    )


def ontologies(*, equality: bool = True, strange: bool = False) -> st.SearchStrategy[str]:
    """Return ontologies in Turtle, without prefixes."""
    axioms = [*AXIOMS, *(EQUALITY if equality else [])]
    parts: list[st.SearchStrategy[list[str]]] = [
        st.lists(statements(*axioms), max_size=7),
        st.lists(statements(*FACTS), max_size=7),
    ]
    if equality:
        parts.append(st.lists(statements(*EQUALITY), max_size=3))
    if strange:
        parts.append(st.lists(statements(*STRANGE), max_size=2))
    return turtle(*parts)


def triples(text: str) -> list[ox.Triple]:
    """Return the triples of a text in Turtle."""
    return [quad.triple for quad in ox.parse(HEAD + text, format=ox.RdfFormat.TURTLE)]
