"""Every rule of OWL 2 RL/RDF, by its W3C id, gives what its example says and nothing more.

Reads `data/rl/<id>.trig`: a rule that concludes triples has the graphs `ex:given`, `ex:then` and
`ex:not`; a rule that concludes false has `ex:given`, which contradicts itself, and `ex:not`, a
near miss that does not. What a file gives is closed by owlrl too; where the two differ, the table
`DIFFERENCES` says how, why and where owlrl does it.

Source: https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import formats, reason
from kg.reason import oracle, rl
from kg.reason.closure import RL
from kg.terms import PREFIXES

FOLDER = Path(__file__).parent / "data" / "rl"
EXAMPLE = "https://w3id.org/cassibile/example#"
NAMES = sorted(path.stem for path in FOLDER.glob("*.trig"))
FALSE = [name for name in NAMES if "ex:then" not in formats.read_text(FOLDER / f"{name}.trig")]
TRUE = [name for name in NAMES if name not in FALSE]
EQUALITY = [name for name in TRUE if name.startswith("eq-") and name != "eq-ref"]
# They hold without premises, so nothing fires.
GIVEN = ["cls-nothing1", "cls-thing", "dt-type1", "prp-ap"]
# Literals are no subjects in RDF, so what dt-type2 and dt-eq conclude shows by what follows.
BY = {"dt-type2": "cls-svf1", "dt-eq": "cls-hv2"}
SAME = ox.NamedNode(PREFIXES["owl"] + "sameAs")


@dataclass(frozen=True, slots=True)
class Difference:
    """Where owlrl and the recommendation part.

    Attributes:
        why: what owlrl does.
        where: the method of owlrl/OWLRL.py, 7.1.4.
        missed: what owlrl does not conclude, in Turtle.
        wrong: what owlrl concludes and no rule does, in Turtle.
        is_silent: whether owlrl takes what contradicts itself.
    """

    why: str
    where: str
    missed: str = ""
    wrong: str = ""
    is_silent: bool = False


def of_itself(terms: str, *properties: str) -> Difference:
    """Return that owlrl does not relate terms to themselves, as Table 9 does by way of another."""
    return Difference(
        "rules of Table 9 are not applied where two of their variables are one term",
        "_schema_vocabulary",
        missed="".join(f"{t} {p} {t} . " for t in terms.split() for p in properties),
    )


CLASSES = of_itself("ex:C ex:D", "rdfs:subClassOf", "owl:equivalentClass")
PROPERTIES = of_itself("ex:p ex:q", "rdfs:subPropertyOf", "owl:equivalentProperty")
LAST_MEMBER = "the last member of the list is not compared with the others"
DIFFERENCES = {
    **dict.fromkeys(["cax-eqc1", "cax-eqc2", "scm-eqc1", "scm-eqc2"], CLASSES),
    **dict.fromkeys(["prp-eqp1", "prp-eqp2", "scm-eqp1", "scm-eqp2"], PROPERTIES),
    "dt-diff": Difference(
        "dt-diff is not implemented", "_one_time_rules_datatypes", is_silent=True
    ),
    "dt-eq": Difference(
        "dt-eq is not implemented",
        "_one_time_rules_datatypes",
        missed="""
        ex:C owl:hasValue "01"^^xsd:byte , "1.0"^^xsd:decimal .
        ex:a a ex:C ; ex:p "1"^^xsd:integer , "1.0"^^xsd:decimal .
        ex:b a ex:C ; ex:p "1"^^xsd:integer , "01"^^xsd:byte .""",
    ),
    "dt-not-type": Difference(
        "a literal is held against its own datatype only, not against one that is concluded",
        "_one_time_rules_datatypes",
        is_silent=True,
    ),
    "dt-type2": Difference(
        "a literal has the types that its datatype is derived from, not those of its value, and "
        "dt-eq is not implemented",
        "_one_time_rules_datatypes, _handle_subsumptions",
        missed="""
        ex:a a ex:C ; ex:p "1.0"^^xsd:decimal .
        ex:b a ex:C ; ex:p "1"^^xsd:byte .""",
    ),
    "eq-diff2": Difference(LAST_MEMBER, "_equality", is_silent=True),
    "eq-diff3": Difference(LAST_MEMBER, "_equality", is_silent=True),
    "prp-adp": Difference(LAST_MEMBER, "_properties", is_silent=True),
    "prp-key": Difference(
        "the last property of a key is not compared",
        "_properties",
        wrong="""
        ex:a owl:sameAs ex:c ; ex:q ex:y .
        ex:b owl:sameAs ex:c ; ex:q ex:y .
        ex:c owl:sameAs ex:a , ex:b ; ex:q ex:w , ex:x .""",
    ),
}


def graphs(name: str) -> dict[str, list[ox.Triple]]:
    found: dict[str, list[ox.Triple]] = {}
    for quad in formats.read(FOLDER / f"{name}.trig"):
        assert isinstance(quad.graph_name, ox.NamedNode), "an example has named graphs only"
        graph = quad.graph_name.value.removeprefix(EXAMPLE)
        found.setdefault(graph, []).append(quad.triple)
    return found


def told(triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    """Return what is said of the names of an example, but not that they are the same as they are."""
    return {
        t
        for t in triples
        if any(isinstance(term, ox.NamedNode) and term.value.startswith(EXAMPLE) for term in t)
        and not (t.predicate == SAME and t.subject == t.object)
    }


def turtle(text: str) -> set[ox.Triple]:
    prefixes = {"ex": EXAMPLE, **{name: PREFIXES[name] for name in ("owl", "rdf", "rdfs", "xsd")}}
    head = "".join(f"PREFIX {name}: <{iri}> " for name, iri in prefixes.items())
    return {quad.triple for quad in ox.parse(head + text, format=ox.RdfFormat.TURTLE)}


def test_each_of_the_78_rules_has_its_example_and_each_example_its_rule() -> None:
    assert len(NAMES) == 78
    assert sorted(rl.names()) == NAMES


def test_the_rules_that_conclude_false_are_those_whose_example_concludes_nothing() -> None:
    without_triples = {row.name for row in rl.ROWS if not row.then} | {"dt-diff", "dt-not-type"}

    assert sorted(without_triples) == FALSE


@pytest.mark.parametrize("name", TRUE)
def test_a_rule_concludes_what_its_example_says_and_nothing_of_the_near_misses(name: str) -> None:
    example = graphs(name)
    closure = reason.close(example["given"], trivial=True)
    derived = set(closure.derived())

    assert sorted(example) == ["given", "not", "then"]
    assert not {*example["then"]} & {*example["given"]}
    assert {*example["then"]} - derived == set()
    assert derived & {*example["not"]} == set()
    assert all(triple in closure for triple in example["then"])
    assert not any(triple in closure for triple in example["not"])
    assert list(closure.contradictions()) == []


@pytest.mark.parametrize("name", TRUE)
def test_the_same_follows_without_representatives(name: str) -> None:
    given = graphs(name)["given"]
    closures = [reason.close(given, trivial=True, representatives=r) for r in (True, False)]
    derived, without = (set(closure.derived()) for closure in closures)

    assert without == derived


@pytest.mark.parametrize("name", [name for name in TRUE if name not in GIVEN])
def test_what_a_rule_concludes_is_a_firing_of_just_that_rule(name: str) -> None:
    """Those of Table 4 fire where equality is not left to representatives."""
    example = graphs(name)
    closure = reason.close(example["given"], trivial=True, representatives=name not in EQUALITY)
    for triple in example["then"]:
        firings = [f for f in closure.firings(triple) if f.rule == RL + BY.get(name, name)]

        assert firings
        assert all(firing.conclusion == triple for firing in firings)
        assert all(premise in closure for firing in firings for premise in firing.premises)


@pytest.mark.parametrize("name", [*GIVEN, *EQUALITY])
def test_what_no_pattern_concludes_names_its_rule(name: str) -> None:
    example = graphs(name)
    closure = reason.close(example["given"], trivial=True)
    rules = {closure.rule_of(triple) for triple in example["then"]}

    assert rules == {RL + name}


@pytest.mark.parametrize("name", ["eq-ref", *GIVEN])
def test_what_says_nothing_is_left_out_unless_it_is_asked_for(name: str) -> None:
    example = graphs(name)
    derived = set(reason.close(example["given"]).derived())

    assert derived & {*example["then"]} == set()


@pytest.mark.parametrize("name", FALSE)
def test_a_rule_that_concludes_false_finds_its_example_and_not_the_near_miss(name: str) -> None:
    example = graphs(name)
    contradiction = reason.close(example["given"])
    found = list(contradiction.contradictions())
    near_miss = reason.close(example["not"])

    assert sorted(example) == ["given", "not"]
    assert {each.rule for each in found} == {RL + name}
    assert all(each.premises for each in found)
    assert all(p in contradiction for each in found for p in each.premises)
    assert list(near_miss.contradictions()) == []


@pytest.mark.parametrize("name", NAMES)
def test_owlrl_concludes_the_same_but_where_the_table_says_otherwise(name: str) -> None:
    given = graphs(name)["given"]
    closure = reason.close(given, trivial=True)
    ours = told([*given, *closure.derived()])
    whole, messages = oracle.close(given)
    theirs = told(whole)
    expected = DIFFERENCES.get(name, Difference("", ""))

    assert ours - theirs == turtle(expected.missed)
    assert theirs - ours == turtle(expected.wrong)
    assert bool(messages) == (name in FALSE and not expected.is_silent)
    assert any(closure.contradictions()) == (name in FALSE)
