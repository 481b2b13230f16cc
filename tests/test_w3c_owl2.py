"""The W3C's own tests of OWL 2, as far as they are about the RL profile, on our engine.

The suite is one file kept beside the project; where it is not there, all is skipped. The premises
are closed with everything on, and then

- a positive entailment holds if all triples of the conclusion are in the closure, under some
  mapping of its blank nodes to terms of the closure;
- a negative one holds if they are not;
- an inconsistency is found if the closure has a contradiction, a consistency if it has none.

An ontology's header (its owl:Ontology and owl:imports triples) is left out of conclusions: it
names the document that the conclusion was written in, which no premise can entail. What premises
import is in the suite, and is added to them.

Source: https://www.w3.org/TR/owl2-conformance/#Test_Cases
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from _pytest.mark import ParameterSet

from kg import reason
from kg.reason import oracle
from kg.terms import PREFIXES

SUITE = Path("../shared/conformance/owl2/all.rdf")  # from the root of the project
FILE = Path(__file__).parents[1] / SUITE
ABSENT = f"the W3C's tests of OWL 2 are not in {SUITE}"

TEST = "http://www.w3.org/2007/OWL/testOntology#"
COUNTS = {
    "PositiveEntailmentTest": 32,
    "NegativeEntailmentTest": 7,
    "InconsistencyTest": 14,
    "ConsistencyTest": 79,
}


@dataclass(frozen=True, slots=True)
class Known:
    """Why a conclusion is not in the closure.

    Attributes:
        reason: true of the rules of the recommendation, not of us.
        opposites: statements in Turtle, each of which contradicts the premises, since the
            conclusion follows from them all the same.
    """

    reason: str
    opposites: tuple[str, ...] = ()


# The rules conclude all that follows only of the form: a is of a named class, a has the property p
# to b, a is b (Theorem PR1 of the recommendation). The suite has other conclusions too.
NO_EXPRESSION = "no rule makes a class expression or a list, which the conclusion has"
NO_DIFFERENCE = "no rule concludes that two things differ"
NO_DATATYPE = "no rule compares what datatypes contain"
DIRECT = (
    "of the Direct Semantics alone, where annotations say nothing, so that any follow; for the "
    "RDF-Based Semantics, whose rules ours are, the suite has the same as a negative test: "
)
NOT_TRANSITIVE = (
    ":x {p} :y . :y {p} :z . "
    "[] owl:sourceIndividual :x ; owl:assertionProperty {p} ; owl:targetIndividual :z"
)
KNOWN = {
    "Disjoint_Props_via_Disjoint_Domains": Known(
        "no rule concludes owl:propertyDisjointWith", (":x :sonOf :y ; :daughterOf :y",)
    ),
    "Disjoint_Props_via_Disjoint_Ranges": Known(
        "no rule concludes owl:propertyDisjointWith", (":x :hasSon :y ; :hasDaughter :y",)
    ),
    "DisjointClasses-001": Known(NO_EXPRESSION, (":Stewie a :Girl",)),
    "DisjointClasses-003": Known(NO_EXPRESSION, (":Stewie a :Girl", ":Stewie a :Dog")),
    "New-Feature-DisjointDataProperties-002": Known(
        NO_DIFFERENCE,
        (
            ":Peter owl:sameAs :Peter_Griffin",
            ":Peter owl:sameAs :Petre",
            ":Peter_Griffin owl:sameAs :Petre",
        ),
    ),
    "New-Feature-DisjointObjectProperties-001": Known(NO_DIFFERENCE, (":Peter owl:sameAs :Lois",)),
    "New-Feature-DisjointObjectProperties-002": Known(
        NO_DIFFERENCE,
        (
            ":Peter owl:sameAs :Lois",
            ":Peter owl:sameAs :StewieJr",
            ":Lois owl:sameAs :StewieJr",
        ),
    ),
    "New-Feature-ObjectPropertyChain-BJP-002": Known(
        NO_EXPRESSION, (NOT_TRANSITIVE.format(p=":p"),)
    ),
    "New-Feature-ObjectQCR-002": Known(NO_EXPRESSION, (":Stewie a :Woman",)),
    "New-Feature-ReflexiveProperty-001": Known(
        "the RL profile has no reflexive properties, and no rule is about them; the suite lists "
        "the test under RL all the same"
    ),
    "WebOnt-I4.6-005-Direct": Known(DIRECT + "WebOnt-I4.6-005"),
    "WebOnt-I5.26-010": Known(NO_EXPRESSION),
    "WebOnt-I5.5-005": Known(NO_EXPRESSION),
    "WebOnt-I5.8-006": Known(NO_DATATYPE),
    "WebOnt-I5.8-008": Known(NO_DATATYPE),
    "WebOnt-I5.8-009": Known(NO_DATATYPE),
    "WebOnt-differentFrom-001": Known(
        NO_DIFFERENCE + ", not even that b differs from a if a does from b",
        ("d:a owl:sameAs d:b",),
    ),
    "WebOnt-equivalentClass-008-Direct": Known(DIRECT + "WebOnt-equivalentClass-008"),
    "chain2trans1": Known(
        "no rule concludes that a property is transitive",
        (NOT_TRANSITIVE.format(p="<http://example.org/#p>"),),
    ),
    "owl2-rl-rules-fp-differentFrom": Known(NO_DIFFERENCE, ("r:Y1 owl:sameAs r:Y2",)),
    "owl2-rl-rules-ifp-differentFrom": Known(NO_DIFFERENCE, ("r:X1 owl:sameAs r:X2",)),
}
# Where owlrl is not the recommendation's equal: its OWLRL.py skips dt-diff "on purpose", and asks
# of dt-not-type only whether a literal is well-formed in its own datatype.
OWLRL_MISSES = {
    "New-Feature-Keys-006": "InconsistencyTest",
    "functionality-clash": "InconsistencyTest",
    "string-integer-clash": "InconsistencyTest",
}
OPPOSITES = """
PREFIX : <http://example.org/>
PREFIX d: <http://www.w3.org/2002/03owlt/differentFrom/premises001#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX r: <http://owl2.test/rules/>
"""

TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
ONTOLOGY = ox.NamedNode(PREFIXES["owl"] + "Ontology")
IMPORTS = ox.NamedNode(PREFIXES["owl"] + "imports")

Term = ox.NamedNode | ox.BlankNode | ox.Literal


@dataclass(frozen=True, slots=True)
class Case:
    """A test of the suite.

    Attributes:
        kinds: of what it is a test; one premise may serve several.
        conclusion: what follows, or in a negative test does not; empty in others.
    """

    name: str
    kinds: frozenset[str]
    premises: tuple[ox.Triple, ...]
    conclusion: tuple[ox.Triple, ...]


# Reading the suite


@cache
def cases() -> dict[str, Case]:
    """Return the tests of the RL profile by name; none, if the suite is not there."""
    if not FILE.is_file():
        return {}
    suite = ox.Store()
    suite.extend(_rdf_xml(FILE.read_text(encoding="utf-8")))
    found = suite.quads_for_pattern(None, _test("profile"), _test("RL"))
    read = (_case(suite, quad.subject) for quad in found)
    return {case.name: case for case in sorted(read, key=lambda case: case.name)}


def _case(suite: ox.Store, node: ox.NamedNode | ox.BlankNode | ox.Triple) -> Case:
    assert isinstance(node, ox.NamedNode)
    kinds = (q.object for q in suite.quads_for_pattern(node, TYPE, None))
    premises = _ontology(suite, node, "Premise")
    for imported in suite.quads_for_pattern(node, _test("importedOntology"), None):
        assert isinstance(imported.object, ox.NamedNode)
        premises += _ontology(suite, imported.object, "Input")
    conclusion = _ontology(suite, node, "Conclusion") or _ontology(suite, node, "NonConclusion")
    return Case(
        _text(suite, node, "identifier"),
        frozenset(k.value.removeprefix(TEST) for k in kinds if isinstance(k, ox.NamedNode)),
        tuple(premises),
        tuple(t for t in conclusion if t.object != ONTOLOGY and t.predicate != IMPORTS),
    )


def _ontology(suite: ox.Store, node: ox.NamedNode, role: str) -> list[ox.Triple]:
    """Return an ontology of a test, from RDF/XML if it has that, else from functional syntax."""
    if text := _text(suite, node, f"rdfXml{role}Ontology"):
        return [quad.triple for quad in _rdf_xml(text)]
    return _functional(_text(suite, node, f"fs{role}Ontology"))


def _text(suite: ox.Store, node: ox.NamedNode, name: str) -> str:
    for quad in suite.quads_for_pattern(node, _test(name), None):
        assert isinstance(quad.object, ox.Literal)
        return quad.object.value
    return ""


def _test(name: str) -> ox.NamedNode:
    return ox.NamedNode(TEST + name)


def _rdf_xml(text: str) -> Iterator[ox.Quad]:
    # pyoxigraph takes entities in double quotes only, XML both
    text = re.sub(r"(<!ENTITY\s+\S+\s+)'([^']*)'", r'\1"\2"', text)
    return ox.parse(
        text, format=ox.RdfFormat.RDF_XML, base_iri="http://example.org/", rename_blank_nodes=True
    )


# Functional syntax, as far as tests have nothing else: each axiom as a statement of Turtle
# Source: https://www.w3.org/TR/owl2-mapping-to-rdf/#Translation_of_Axioms_without_Annotations

TURTLE = {
    "ClassAssertion": "{1} a {0}",
    "DataPropertyAssertion": "{1} {0} {2}",
    "DataPropertyRange": "{0} rdfs:range {1}",
    "Declaration": "{0}",
    "DisjointClasses": "{0} owl:disjointWith {1}",
    "DisjointObjectProperties": "{0} owl:propertyDisjointWith {1}",
    "FunctionalDataProperty": "{0} a owl:FunctionalProperty",
    "ObjectPropertyDomain": "{0} rdfs:domain {1}",
    "ObjectPropertyRange": "{0} rdfs:range {1}",
    "SubClassOf": "{0} rdfs:subClassOf {1}",
    "SubObjectPropertyOf": "{1} owl:propertyChainAxiom {0}",
    "TransitiveObjectProperty": "{0} a owl:TransitiveProperty",
    # what a declaration declares
    "Class": "{0} a owl:Class",
    "DataProperty": "{0} a owl:DatatypeProperty",
    "NamedIndividual": "{0} a owl:NamedIndividual",
    "ObjectProperty": "{0} a owl:ObjectProperty",
    # inside of axioms
    "DataHasValue": "[ a owl:Restriction ; owl:onProperty {0} ; owl:hasValue {1} ]",
    "ObjectOneOf": "[ a owl:Class ; owl:oneOf ( {0} ) ]",
    "ObjectPropertyChain": "( {0} {1} )",
}


def _functional(text: str) -> list[ox.Triple]:
    prefixes = re.findall(r"Prefix\(\s*(\S*?:)\s*=\s*(<[^>]*>)\s*\)", text)
    _, begin, axioms = text.partition("Ontology(")
    turtle = "".join(f"PREFIX {name} {iri}\n" for name, iri in prefixes)
    turtle += "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("owl", "rdfs"))
    words = iter(re.findall(r'[()]|"[^"]*"\^\^[^\s()]+|[^\s()]+', axioms)) if begin else iter(())
    turtle += "".join(f"{axiom} .\n" for axiom in _arguments(words))
    return [
        quad.triple
        for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
    ]


def _arguments(words: Iterator[str]) -> list[str]:
    """Return what stands before the next closing bracket, each as Turtle."""
    found: list[str] = []
    for word in words:
        if word == ")":
            break
        if word == "(":
            found.append(TURTLE[found.pop()].format(*_arguments(words)))
        else:
            found.append(word)
    return found


# Closing, and looking for the conclusion


@cache
def closed(name: str) -> reason.Closure:
    return reason.close(cases()[name].premises, trivial=True)


@cache
def closed_by_owlrl(name: str) -> tuple[set[ox.Triple], list[str]]:
    return oracle.close(cases()[name].premises)


def is_entailed(case: Case) -> bool:
    """Return whether a conclusion is in the closure, under some mapping of its blank nodes."""
    return _holds(case.conclusion, {*case.premises, *closed(case.name).derived()})


def _holds(conclusion: tuple[ox.Triple, ...], triples: Iterable[ox.Triple]) -> bool:
    by_predicate: dict[Term, list[ox.Triple]] = {}
    for triple in triples:
        by_predicate.setdefault(triple.predicate, []).append(triple)
    return _matches(conclusion, by_predicate, {})


def _matches(
    pattern: tuple[ox.Triple, ...],
    by_predicate: dict[Term, list[ox.Triple]],
    mapping: dict[ox.BlankNode, Term],
) -> bool:
    if not pattern:
        return True

    def fits(triple: ox.Triple) -> list[dict[ox.BlankNode, Term]]:
        """Return the mapping with what each triple of the closure adds to it, where it fits."""
        found = []
        for other in by_predicate.get(triple.predicate, ()):
            longer = dict(mapping)
            if _fit(triple.subject, other.subject, longer) and _fit(
                triple.object, other.object, longer
            ):
                found.append(longer)
        return found

    choices = [fits(triple) for triple in pattern]
    fewest = min(range(len(pattern)), key=lambda i: len(choices[i]))
    others = pattern[:fewest] + pattern[fewest + 1 :]
    return any(_matches(others, by_predicate, longer) for longer in choices[fewest])


def _fit(
    term: Term | ox.Triple, other: Term | ox.Triple, mapping: dict[ox.BlankNode, Term]
) -> bool:
    assert not isinstance(other, ox.Triple)
    if isinstance(term, ox.BlankNode):
        return mapping.setdefault(term, other) == other
    return term == other


# The tests


def of(kind: str) -> list[ParameterSet]:
    """Return the names of the tests of a kind; one that is skipped, if the suite is not there."""
    names = [name for name, case in cases().items() if kind in case.kinds]
    return [pytest.param(name) for name in names] or absent()


def positive() -> list[ParameterSet]:
    """Return the names of the positive entailments, the known failures among them marked."""
    return [
        pytest.param(name, marks=_xfail(KNOWN[name].reason)) if name in KNOWN else each
        for each in of("PositiveEntailmentTest")
        for name in map(str, each.values)
    ]


def opposites() -> list[ParameterSet]:
    """Return the names of the known failures, each with what contradicts its premises."""
    return [
        pytest.param(name, opposite, id=f"{name}-{number}")
        for name, known in KNOWN.items()
        for number, opposite in enumerate(known.opposites)
        if name in cases()
    ] or absent("")


def absent(*others: str) -> list[ParameterSet]:
    return [pytest.param("", *others, marks=pytest.mark.skip(reason=ABSENT), id="absent")]


def _xfail(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(reason=reason, raises=AssertionError, strict=True)


@pytest.mark.skipif(not cases(), reason=ABSENT)
def test_the_suite_has_the_tests_that_are_listed() -> None:
    kinds = {kind: {n for n, case in cases().items() if kind in case.kinds} for kind in COUNTS}
    entailments = kinds["PositiveEntailmentTest"] | kinds["NegativeEntailmentTest"]

    assert {kind: len(names) for kind, names in kinds.items()} == COUNTS
    assert set(KNOWN) - kinds["PositiveEntailmentTest"] == set()
    assert [
        name for name in sorted(set().union(*kinds.values())) if not cases()[name].premises
    ] == []
    assert [name for name in sorted(entailments) if not cases()[name].conclusion] == []


@pytest.mark.parametrize("name", positive())
def test_a_conclusion_is_in_the_closure(name: str) -> None:
    assert is_entailed(cases()[name])


@pytest.mark.parametrize(("name", "opposite"), opposites())
def test_what_no_rule_concludes_cannot_be_denied(name: str, opposite: str) -> None:
    denial = ox.parse(f"{OPPOSITES}{opposite} .", format=ox.RdfFormat.TURTLE)
    closure = reason.close([*cases()[name].premises, *(quad.triple for quad in denial)])

    assert [*closed(name).contradictions()] == []
    assert [*closure.contradictions()] != []


@pytest.mark.parametrize("name", of("NegativeEntailmentTest"))
def test_what_does_not_follow_is_not_in_the_closure(name: str) -> None:
    assert not is_entailed(cases()[name])


@pytest.mark.parametrize("name", of("InconsistencyTest"))
def test_a_contradiction_is_found(name: str) -> None:
    assert [*closed(name).contradictions()] != []


@pytest.mark.parametrize("name", of("ConsistencyTest"))
def test_no_contradiction_is_found_where_there_is_none(name: str) -> None:
    assert [*closed(name).contradictions()] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*COUNTS] if cases() else absent())
def test_owlrl_comes_to_the_same(kind: str) -> None:
    different = []
    for case in cases().values():
        if kind not in case.kinds:
            continue
        triples, contradictions = closed_by_owlrl(case.name)
        theirs = _holds(case.conclusion, {*case.premises, *triples}), bool(contradictions)
        ours = is_entailed(case), bool([*closed(case.name).contradictions()])
        if theirs != ours:
            different.append(case.name)

    assert different == [name for name, of_kind in OWLRL_MISSES.items() if of_kind == kind]
