"""What lacks for a triple to follow, and what it would contradict."""

import re
import time
from collections.abc import Iterable

import pyoxigraph as ox
import pytest

from kg import formats, paths, perspectives, reason
from kg.load import folders, read_source
from kg.proof.check import check, check_contradiction
from kg.proof.whynot import Clash, NearMiss, Term, clashes, why_not
from kg.reason.closure import close
from kg.rules import Pattern, Rule, read_rules
from kg.terms import PREFIXES, expand

HEAD = "PREFIX : <urn:x:>\n" + "".join(
    f"PREFIX {p}: <{PREFIXES[p]}>\n" for p in ("cas", "id", "owl", "rdf", "rdfs", "xsd")
)


def ttl(text: str) -> list[ox.Triple]:
    return [q.triple for q in ox.parse(f"{HEAD}{text} .", format=ox.RdfFormat.TURTLE)]


class Store:
    """Facts in a store, as a command has them."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._store = ox.Store()
        self._store.extend(ox.Quad(*triple) for triple in triples)

    def match(
        self,
        subject: ox.NamedNode | ox.BlankNode | None,
        predicate: ox.NamedNode | None,
        value: Term | None,
        /,
    ) -> list[ox.Triple]:
        return [q.triple for q in self._store.quads_for_pattern(subject, predicate, value)]


def short(pattern: Iterable[object]) -> str:
    """A pattern in words: a name without its namespace, a variable as `?`."""
    return " ".join(
        "?" if isinstance(slot, ox.Variable) else re.split("[:#]", getattr(slot, "value", ""))[-1]
        for slot in pattern
    )


def told(misses: Iterable[NearMiss]) -> list[tuple[str, list[str], list[str]]]:
    """Rule, premises that hold, premises that are missing."""
    return [
        (
            miss.rule.removeprefix("owl-rl/"),
            [short(triple) for triple in miss.premises],
            [short(missing.pattern) for missing in miss.missing],
        )
        for miss in misses
    ]


def asked(triple: str, facts: str, rules: Iterable[Rule] = ()) -> list[NearMiss]:
    (wanted,) = ttl(triple)
    return why_not(wanted, Store(ttl(facts)), rules)


def test_the_missing_premise_is_named_beside_what_holds() -> None:
    misses = asked(":a :p :d", ":p a owl:TransitiveProperty . :a :p :b . :c :p :d")

    assert told(misses) == [
        ("prp-trp", ["c p d"], ["a p c"]),
        ("prp-trp", ["a p b"], ["b p d"]),
    ]
    assert misses[0].axioms == tuple(ttl(":p a owl:TransitiveProperty"))


def test_what_any_term_would_do_for_is_a_variable() -> None:
    (miss,) = asked(":a a :C", ":p rdfs:domain :C")
    (missing,) = miss.missing

    assert miss.rule == "owl-rl/prp-dom"
    assert missing.shape == (ox.NamedNode("urn:x:a"), ox.NamedNode("urn:x:p"), None)
    assert missing.pattern.variables == {"y"}


def test_a_rule_whose_axiom_is_not_there_is_no_near_miss() -> None:
    assert asked(":a :p :c", ":a :p :b . :b :p :c") == []


def test_the_fewest_missing_come_first_then_what_rests_on_most() -> None:
    misses = asked(
        ":a :p :d",
        ":p a owl:TransitiveProperty ; owl:propertyChainAxiom (:q :r :s) ."
        " :o rdfs:subPropertyOf :p . :a :q :b . :b :r :c",
    )

    assert told(misses) == [
        ("prp-spo2", ["a q b", "b r c"], ["c s d"]),
        ("prp-spo1", [], ["a o d"]),
        ("prp-trp", [], ["a p ?", "? p d"]),
    ]


def test_a_list_is_followed_and_is_never_what_is_missing() -> None:
    misses = asked(":a a :C", ":C owl:intersectionOf (:D :E :F) . :a a :D , :F")

    assert told(misses) == [("cls-int1", ["a type D", "a type F"], ["a type E"])]
    assert [short(axiom).split()[1] for axiom in misses[0].axioms] == [
        "intersectionOf", "first", "rest", "first", "rest", "first", "rest",
    ]  # fmt: skip


def test_a_broken_list_is_no_axiom() -> None:
    assert asked(":a a :C", ":C owl:intersectionOf :l . :l rdf:first :D ; rdf:rest :l") == []


def test_a_missing_premise_is_explained_once_more_and_no_further() -> None:
    (miss,) = asked(
        ":a :p :b",
        ":q rdfs:subPropertyOf :p . :r rdfs:subPropertyOf :q . :s rdfs:subPropertyOf :r",
    )
    (missing,) = miss.missing
    (further,) = missing.nearest

    assert told([miss]) == [("prp-spo1", [], ["a q b"])]
    assert told([further]) == [("prp-spo1", [], ["a r b"])]
    assert [each.nearest for each in further.missing] == [()]


def test_that_the_triple_itself_is_missing_explains_nothing() -> None:
    symmetric = ":p a owl:SymmetricProperty"
    (miss,) = asked(":a :p :b", symmetric)

    assert told([miss]) == [("prp-symp", [], ["b p a"])]
    assert [missing.nearest for missing in miss.missing] == [()]
    assert asked(":a :p :a", symmetric) == []


def test_a_literal_is_in_its_datatypes_without_being_told() -> None:
    axiom = ":C owl:someValuesFrom xsd:integer ; owl:onProperty :p"

    assert told(asked(":a a :C", f"{axiom} . :a :p 1")) == [("cls-svf1", ["a p 1"], [])]
    assert told(asked(":a a :C", f"{axiom} . :a :p 'x'")) == [
        ("cls-svf1", ["a p x"], ["x type integer"])
    ]


def test_the_order_of_facts_does_not_matter() -> None:
    facts = ":p a owl:TransitiveProperty . " + " . ".join(f":a :p :b{n}" for n in range(30))
    (wanted,) = ttl(":a :p :z")
    triples = ttl(facts)

    assert why_not(wanted, Store(triples), ()) == why_not(wanted, Store(triples[::-1]), ())


def test_among_many_facts_the_answer_is_quick_and_nothing_that_holds_is_told_to_be_missing() -> (
    None
):
    (wanted,) = ttl(":a :p :z")
    many = " . ".join(f":a :p :b{n} . :b{n} :q :z . :c{n} :p :z" for n in range(5_000))
    facts = Store(ttl(f":p a owl:TransitiveProperty . [] owl:inverseOf :p . {many}"))
    start = time.process_time()
    misses = why_not(wanted, facts, ())

    assert time.process_time() - start < 1
    assert len(misses) == 10
    assert [m for miss in misses for m in miss.missing if facts.match(*m.shape)] == []  # type: ignore[arg-type]


# Rule files


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    return read_rules(paths.ONTOLOGY / "rules")


def test_a_rule_file_is_asked_as_the_rules_of_the_recommendation_are(rules: list[Rule]) -> None:
    misses = asked(
        "id:b cas:directlySucceedsTenure id:a",
        "id:a cas:office id:o ; cas:endedBy id:e . id:b cas:office id:o",
        rules,
    )

    assert misses[0].rule == "office/shared-handover"
    assert [missing.pattern for missing in misses[0].missing] == [
        Pattern(expand("id:b"), expand("cas:since"), expand("id:e"))
    ]


def test_a_filter_that_says_no_is_told(rules: list[Rule]) -> None:
    misses = asked(
        "id:a cas:directlySucceedsTenure id:a",
        "id:a cas:office id:o ; cas:endedBy id:e ; cas:since id:e",
        rules,
    )

    assert (misses[0].rule, misses[0].missing) == ("office/shared-handover", ())
    assert misses[0].unmet == ("?later != ?earlier",)
    assert misses[0].distance == 1


# Clashes


def clashing(triple: str, facts: str) -> list[Clash]:
    (wanted,) = ttl(triple)
    return clashes(wanted, Store(ttl(facts)), ())


DISJOINT = (
    "[] a owl:AllDisjointClasses ; owl:members (:Event :Actor :Place) ."
    " :City rdfs:subClassOf :Place . :signedBy rdfs:range :Person . :Person rdfs:subClassOf :Actor"
)


def test_a_triple_that_could_not_hold_clashes_by_the_steps_that_follow_from_it() -> None:
    (clash,) = clashing(":s :signedBy :rome", f"{DISJOINT} . :rome a :City , :Place")

    assert clash.contradiction.rule == "owl-rl/cax-adc"
    assert [each.rule for each in clash.steps] == ["owl-rl/prp-rng", "owl-rl/cax-sco"]
    assert clash.steps[0].premises[1] == ttl(":s :signedBy :rome")[0]


def test_what_a_clash_says_is_accepted_by_the_checker() -> None:
    (clash,) = clashing(":s :signedBy :rome", f"{DISJOINT} . :rome a :City , :Place")

    assert [check(each, {}) for each in clash.steps] == ["", ""]
    assert check_contradiction(clash.contradiction) == ""


@pytest.mark.parametrize(
    ("triple", "facts", "rule"),
    [
        (":a :p :a", ":p a owl:IrreflexiveProperty", "prp-irp"),
        (":b :p :a", ":p a owl:AsymmetricProperty . :a :p :b", "prp-asyp"),
        (":a a :D", ":C owl:complementOf :D . :a a :C", "cls-com"),
        (":a owl:sameAs :b", ":a owl:differentFrom :b", "eq-diff1"),
        (":a :q 1", ":p owl:propertyDisjointWith :q . :a :p 1", "prp-pdw"),
    ],
)
def test_each_way_of_clashing_is_named(triple: str, facts: str, rule: str) -> None:
    assert clashing(triple, facts)[0].contradiction.rule == f"owl-rl/{rule}"


def test_what_could_hold_clashes_with_nothing() -> None:
    assert clashing(":s :signedBy :badoglio", f"{DISJOINT} . :badoglio a :Actor") == []


# On the first text


@pytest.fixture(scope="module")
def held(rules: list[Rule]) -> Store:
    """All that holds in the first text."""
    sources = [read_source(folder)[0] for folder in folders(paths.SEEDS)]
    ontology = (q.triple for q in formats.read(paths.ONTOLOGY / "core.ttl"))
    stated = {*perspectives.of_texts(sources)[0].stated, *filter(reason.is_axiom, ontology)}
    return Store({*stated, *close(stated, rules).derived()})


def test_hitler_did_not_succeed_mussolini_because_he_held_no_such_tenure(
    held: Store, rules: list[Rule]
) -> None:
    (wanted,) = ttl("id:hitler cas:directlySucceeded id:mussolini")
    (miss, *_) = why_not(wanted, held, rules)

    assert [missing.shape for missing in miss.missing] == [
        (expand("id:hitler"), expand("cas:heldTenure"), expand("id:badoglio-premiership"))
    ]
    assert {triple.predicate for triple in miss.premises} == {
        expand("cas:directlySucceedsTenure"),
        expand("cas:holder"),
    }


def test_a_person_is_no_city_because_an_actor_is_no_place(held: Store, rules: list[Rule]) -> None:
    (wanted,) = ttl("id:badoglio a cas:City")
    (clash, *_) = clashes(wanted, held, rules)

    assert {t.object for t in clash.contradiction.premises[-2:]} == {
        expand("cas:Actor"),
        expand("cas:Place"),
    }
    assert [each.conclusion.object for each in clash.steps] == [expand("cas:Place")]


@pytest.mark.parametrize(
    "triple",
    [
        "id:fall-of-sicily cas:before id:surrender-signing",
        "id:badoglio a cas:Event",
        "cas:City rdfs:subClassOf cas:Actor",
        "id:rome owl:sameAs id:badoglio",
        "id:beginning-of-italian-campaign cas:after id:capture-of-mussolini",
    ],
)
def test_a_question_is_answered_at_once(held: Store, rules: list[Rule], triple: str) -> None:
    (wanted,) = ttl(triple)
    start = time.process_time()
    why_not(wanted, held, rules)
    clashes(wanted, held, rules)

    assert time.process_time() - start < 1
