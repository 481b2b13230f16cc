"""The W3C's own tests of SPARQL under entailment, answered from our closure.

The suite is a folder kept beside the project; where it is not there, all is skipped. The data are
closed with everything on, and the query is put to what is stated and what follows.

Taken are the tests that name a regime over RDF graphs (RDF, RDFS, D, OWL RDF-Based) or ontologies
of the RL profile: one closure answers them all, as the rules of OWL 2 RL hold in the RDF-Based
Semantics. Left out are those of RIF, which has other rules, and those of the Direct Semantics
alone, which reads a query as axioms with variables, not as a pattern of triples.

Source: https://www.w3.org/TR/sparql11-entailment/
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from _pytest.mark import ParameterSet

from kg import reason

SUITE = Path("../shared/conformance/sparql/sparql11/entailment")  # from the root of the project
FOLDER = Path(__file__).parents[1] / SUITE
ABSENT = f"the W3C's tests of SPARQL under entailment are not in {SUITE}"

BASE = "http://example.org/entailment/"
ROW = ox.NamedNode("urn:x-row:")
COUNT = 49
TAKEN = """
PREFIX ent: <http://www.w3.org/ns/entailment/>
PREFIX mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#>
PREFIX profile: <http://www.w3.org/ns/owl-profile/>
PREFIX qt: <http://www.w3.org/2001/sw/DataAccess/tests/test-query#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
SELECT DISTINCT ?test ?data ?query ?answer WHERE {
  [] mf:entries/rdf:rest*/rdf:first ?test .
  ?test mf:action ?action ; mf:result ?answer .
  ?action qt:data ?data ; qt:query ?query .
  VALUES (?kind ?taken) {
    (sd:entailmentRegime ent:RDF) (sd:entailmentRegime ent:RDFS) (sd:entailmentRegime ent:D)
    (sd:entailmentRegime ent:OWL-RDF-Based) (sd:EntailmentProfile profile:RL)
  }
  { ?action ?kind ?taken } UNION { ?action ?kind ?list . ?list rdf:rest*/rdf:first ?taken }
}
"""
KNOWN = {
    "paper-sparqldl-Q1-rdfs": "RDFS does not know owl:Nothing, which scm-cls makes a part of every "
    "class; paper-sparqldl-Q1 has the answer of OWL",
    "rdf01": "no rule of OWL 2 RL concludes that a property is an rdf:Property",
    "rdfs11": "RDFS makes every property a part of itself, scm-op and scm-dp only those that are "
    "declared as properties of OWL",
    "simple1": "of the Direct Semantics alone: the query asks for a class expression that the data "
    "do not have, and no rule makes one",
    "sparqldl-11": "no rule concludes a range from the domain of the inverse property",
    "sparqldl-12": "the answer of the Direct Semantics, where a variable stands for named classes "
    "only; the restriction that is equivalent to :Parent is a domain too (scm-dom1)",
}


@dataclass(frozen=True, slots=True)
class Case:
    """The files of a test of the suite."""

    data: Path
    query: Path
    answer: Path


@cache
def cases() -> dict[str, Case]:
    """Return the tests that are taken, by name; none, if the suite is not there."""
    if not FOLDER.is_dir():
        return {}
    manifest = ox.Store()
    manifest.load(path=FOLDER / "manifest.ttl", format=ox.RdfFormat.TURTLE, base_iri=BASE)
    found = manifest.query(TAKEN)
    assert isinstance(found, ox.QuerySolutions)
    rows = sorted([term.value for term in row if isinstance(term, ox.NamedNode)] for row in found)
    return {
        test.partition("#")[2]: Case(*(FOLDER / each.removeprefix(BASE) for each in files))
        for test, *files in rows
    }


def answer_of(case: Case) -> ox.QueryBoolean | ox.QuerySolutions:
    """Return the answer to a query from what is stated and what follows."""
    stated = [
        quad.triple for quad in ox.parse(path=case.data, format=ox.RdfFormat.TURTLE, base_iri=BASE)
    ]
    closure = reason.close(stated, trivial=True)
    store = ox.Store()
    store.extend(ox.Quad(*triple) for triple in (*stated, *closure.derived()))
    answer = store.query(case.query.read_text(encoding="utf-8"), base_iri=BASE)
    assert not isinstance(answer, ox.QueryTriples), "the suite has SELECT and ASK only"
    return answer


def comparable(answer: ox.QueryBoolean | ox.QuerySolutions) -> bool | list[str]:
    """Return an answer so that equal ones are equal: solutions as a bag, blank nodes by role."""
    if isinstance(answer, ox.QueryBoolean):
        return bool(answer)
    names = [variable.value for variable in answer.variables]
    solutions = ox.Dataset()
    for solution in answer:
        row = ox.BlankNode()
        solutions.add(ox.Quad(row, ROW, ox.Literal(" ".join(sorted(names)))))
        for name in names:
            if (value := solution[name]) is not None:
                solutions.add(ox.Quad(row, ox.NamedNode(ROW.value + name), value))
    solutions.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, solutions))


def names() -> list[ParameterSet]:
    """Return the names of the tests; one that is skipped, if the suite is not there."""
    if not cases():
        return [pytest.param("", marks=pytest.mark.skip(reason=ABSENT), id="absent")]
    return [pytest.param(name, marks=_known(name)) for name in cases()]


def _known(name: str) -> list[pytest.MarkDecorator]:
    if name not in KNOWN:
        return []
    return [pytest.mark.xfail(reason=KNOWN[name], raises=AssertionError, strict=True)]


@pytest.mark.skipif(not cases(), reason=ABSENT)
def test_the_suite_has_the_tests_that_are_listed() -> None:
    assert len(cases()) == COUNT
    assert set(KNOWN) - set(cases()) == set()


@pytest.mark.parametrize("name", names())
def test_an_answer_under_entailment_is_the_expected_one(name: str) -> None:
    case = cases()[name]
    expected = ox.parse_query_results(path=case.answer, format=ox.QueryResultsFormat.XML)

    assert comparable(answer_of(case)) == comparable(expected)
