"""Every fact of the graph opens back to words, and stands or falls with the claims behind it."""

import json
from collections import defaultdict

import pyoxigraph as ox
import pytest

import kg
from kg import paths, perspectives, reason
from kg.proof.check import check
from kg.proof.derivation import Derivation
from kg.proof.justify import every, justifications
from kg.proof.tree import Proofs, walk
from kg.reason import Closure
from kg.rules import read_rules
from kg.terms import CAS, expand, read_triple
from tests.helpers import rows
from tests.test_every_command import run

SUCCESSION = "id:badoglio cas:succeeded id:mussolini"
KEY = "text/italy-1943"
RULES = read_rules(paths.ONTOLOGY / "rules")
BY_NAME = {rule.name: rule for rule in RULES}


def claim(name: str) -> ox.NamedNode:
    return expand(f"text:italy-1943/claim/{name}")


@pytest.fixture(scope="module")
def perspective(graph: kg.Graph) -> perspectives.Perspective:
    return perspectives.read(graph.store, KEY)


@pytest.fixture(scope="module")
def axioms(graph: kg.Graph) -> frozenset[ox.Triple]:
    return frozenset(perspectives.axioms(graph.store))


@pytest.fixture(scope="module")
def closure(perspective: perspectives.Perspective, axioms: frozenset[ox.Triple]) -> Closure:
    return reason.close([*perspective.stated, *sorted(axioms, key=str)], RULES)


def test_the_succession_ends_in_words_of_sentence_1(graph: kg.Graph) -> None:
    proofs = Proofs(graph.store)
    fact = proofs.find(KEY, read_triple(SUCCESSION))
    assert fact is not None
    node = proofs.best(fact)

    assert node.leaves == (claim("s01-4"), claim("s01-5"))
    assert node.reading == CAS.Interpretive
    assert [n.step.rule for n in walk(node) if n.step] == [
        "owl-rl/prp-spo1", "owl-rl/prp-spo2", "office/shared-handover", "owl-rl/prp-inv1",
    ]  # fmt: skip


def test_every_derived_triple_of_the_view_has_a_proof_that_ends_in_its_own_claims(
    graph: kg.Graph, perspective: perspectives.Perspective
) -> None:
    proofs = Proofs(graph.store)
    derived = perspectives.derived(graph.store, KEY)

    assert len(derived) > 900
    for triple in derived:
        fact = proofs.find(KEY, triple)
        assert fact is not None, triple
        node = proofs.best(fact)
        assert node.step is not None
        assert set(node.leaves) <= set(perspective.claims)
        assert node.leaves, triple


def test_every_recorded_step_goes_up_in_rounds_and_is_accepted_by_the_checker(
    graph: kg.Graph,
) -> None:
    def triple_of(fact: ox.NamedNode) -> ox.Triple:
        return proofs.best(fact).triple

    proofs = Proofs(graph.store)
    rounds = {
        f: int(r) for f, r in rows(graph, "SELECT ?f ?r { GRAPH g:why { ?f cas:round ?r } }")
    }
    facts = [ox.NamedNode(f) for f in rounds]
    seen = 0
    for fact in facts:
        for step in proofs.steps(fact):
            premises = tuple(triple_of(p) for p in step.premises)
            seen += 1
            assert all(rounds[p.value] < rounds[fact.value] for p in step.premises)
            step_ = Derivation(triple_of(fact), step.rule, (*premises, *step.axioms))
            assert check(step_, BY_NAME) == ""

    assert seen > 1_500


def test_what_rests_on_a_sentence_can_be_asked_in_sparql(graph: kg.Graph) -> None:
    """Proofs are data: they are joined with the claims and the view."""
    found = rows(
        graph,
        """SELECT DISTINCT ?event ?cause {
             GRAPH g:why {
               ?fact rdf:subject ?event ; rdf:predicate cas:endedBefore ; rdf:object ?cause ;
                     (^cas:concludes/cas:premise)+/cas:statedBy ?claim }
             ?claim cas:inSentence <https://w3id.org/cassibile/text/italy-1943/sentence/s05> }""",
    )
    names = {tuple(name.rpartition("/")[2] for name in row) for row in found}

    assert ("deposition-of-mussolini", "arrest-of-mussolini") in names
    assert ("fall-of-mussolini", "arrest-of-mussolini") in names


def test_all_justifications_of_the_succession(
    closure: Closure, perspective: perspectives.Perspective, axioms: frozenset[ox.Triple]
) -> None:
    found = justifications(read_triple(SUCCESSION), closure.firings, perspective.stated, axioms)

    assert found == [(claim("s01-4"), claim("s01-5"))]


@pytest.mark.slow
def test_removing_a_claim_removes_exactly_what_every_justification_needed_it_for(
    closure: Closure, perspective: perspectives.Perspective, axioms: frozenset[ox.Triple]
) -> None:
    steps: dict[ox.Triple, list[Derivation]] = defaultdict(list)
    for firing in closure.firings():
        steps[firing.conclusion].append(firing)
    known = {t: steps.get(t, []) for t in {*perspective.stated, *steps} if t not in axioms}
    needed = every(known, perspective.stated, axioms)
    assert len(needed) > 1_000
    for removed in perspective.claims:
        rest = perspective.without([removed])
        closed = reason.close([*rest.stated, *sorted(axioms, key=str)], RULES)
        fallen = {t for t in known if t not in closed}

        assert fallen == {t for t, sets in needed.items() if all(removed in s for s in sets)}


def test_changing_the_claims_of_a_closure_is_closing_anew(
    perspective: perspectives.Perspective, axioms: frozenset[ox.Triple]
) -> None:
    changed = reason.close([*perspective.stated, *sorted(axioms, key=str)], RULES)
    for name in ("s05-2", "s01-4", "s13-3"):
        rest = perspective.without([claim(name)])
        gone = [t for t in perspective.stated if t not in rest.stated]
        anew = reason.close([*rest.stated, *sorted(axioms, key=str)], RULES)
        changed.change(removed=gone)

        assert set(changed.derived()) == set(anew.derived())
        changed.change(added=gone)

    assert set(changed.derived()) == set(
        reason.close([*perspective.stated, *sorted(axioms, key=str)], RULES).derived()
    )


def test_kg_why_prints_the_proof_down_to_the_words(build: object) -> None:
    shown = run("why", SUCCESSION, "--build", str(build))

    assert shown.returncode == 0
    assert "because a tenure since the event that ended another" in shown.stdout
    assert (
        "“primeiro ministro desde a queda de Benito Mussolini”  "
        "[italy-1943 s01-5, sentence 1, 178-229]" in shown.stdout
    )


def test_kg_why_as_json_and_turtle_hold_the_same_claims(build: object) -> None:
    found = json.loads(run("why", SUCCESSION, "--format", "json", "--build", str(build)).stdout)
    turtle = run("why", SUCCESSION, "--format", "turtle", "--build", str(build)).stdout

    def leaves(node: dict[str, object]) -> set[str]:
        claims = {c["claim"] for c in node.get("claims", [])}  # type: ignore[attr-defined]
        return claims.union(*(leaves(p) for p in node.get("premises", [])))  # type: ignore[attr-defined]

    in_turtle = {
        quad.object.value
        for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE)
        if quad.predicate == CAS.statedBy
    }
    assert leaves(found) == in_turtle == {claim("s01-4").value, claim("s01-5").value}


def test_kg_why_of_what_does_not_hold_leads_on(build: object) -> None:
    shown = run("why", "id:mussolini cas:succeeded id:badoglio", "--build", str(build))

    assert shown.returncode == 1
    assert "does not follow" in shown.stderr
    assert "kg why-not" in shown.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["id:badolio", "cas:succeeded", "id:mussolini"], "did you mean id:badoglio?"),
        (["id:badoglio", "cas:suceeded", "id:mussolini"], "did you mean cas:succeeded?"),
        (["id:badoglio", "cas:succeeded"], "is no triple"),
        (["ids:badoglio", "cas:succeeded", "id:mussolini"], "did you mean id?"),
        ([SUCCESSION, "--perspective", "text/itly"], "text/italy-1943"),
    ],
)
def test_a_slip_in_the_question_is_told(build: object, words: list[str], message: str) -> None:
    shown = run("why", *words, "--build", str(build))

    assert shown.returncode == 2
    assert message in shown.stderr


def test_kg_without_tells_what_falls_and_what_stays(build: object) -> None:
    shown = run("without", "s05-3", "--build", str(build))

    assert shown.returncode == 0
    assert "deposition of Mussolini before arrest of Mussolini" in shown.stdout
    assert "kept by another support" in shown.stdout


def test_kg_without_an_unknown_claim_names_the_nearest(build: object) -> None:
    shown = run("without", "s05-33", "--build", str(build))

    assert shown.returncode == 2
    assert "did you mean s05-3?" in shown.stderr


def test_of_names_that_no_one_recorded_nothing_is_kept(graph: kg.Graph) -> None:
    """A server is asked for any number of them."""
    proofs = Proofs(graph.store)

    assert [proofs.about(expand(f"fact:{n}")) for n in range(3)] == [{}] * 3
    assert proofs._told == {}
