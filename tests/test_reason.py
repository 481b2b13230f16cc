"""The engine against owlrl and against itself, on random ontologies, and what it does with bad input.

Random ontologies use every construct of OWL 2 RL. The closure of owlrl is completed by the rules
of `UNTOLD_BY_OWLRL`, and lists are written so that its faults do not show; `test_every_rl_rule.py`
names each.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise, takewhile
from pathlib import Path
from time import perf_counter

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import kg
from kg import formats, perspectives, reason
from kg.errors import KgError
from kg.reason import oracle
from kg.rules import Rule, read_rule
from kg.terms import PREFIXES, expand
from tests.helpers import write_seed
from tests.test_every_rl_rule import EXAMPLE, SAME, told, turtle

HEAD = f"PREFIX ex: <{EXAMPLE}>\n" + "".join(
    f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("owl", "rdf", "rdfs", "xsd")
)
TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")


def ex(name: str) -> ox.NamedNode:
    return ox.NamedNode(EXAMPLE + name)


def rule(where: str, then: str, folder: Path, name: str = "a-rule") -> Rule:
    path = folder / "example" / f"{name}.rq"
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(
        f"# title: a clause\n# source: https://example.org\n"
        f"{HEAD}CONSTRUCT {{ {then} }}\nWHERE {{ {where} }}\n",
        encoding="utf-8",
    )
    return read_rule(path, folder)


def derived(
    text: str, rules: Sequence[Rule] = (), *, representatives: bool = True
) -> set[ox.Triple]:
    closure = reason.close(turtle(text), rules, representatives=representatives)
    return set(closure.derived())


# Random ontologies

INDIVIDUALS, CLASSES, PROPERTIES = "ex:a ex:b ex:c", "ex:A ex:B ex:C", "ex:p ex:q ex:r"
VALUES = "7 8"
NAMES = {
    "i": INDIVIDUALS.split(),
    "c": [*CLASSES.split(), "owl:Thing"],
    "p": PROPERTIES.split(),
    "d": ["ex:u", "ex:v"],
    "l": VALUES.split(),
    "n": ['"0"^^xsd:nonNegativeInteger', '"1"^^xsd:nonNegativeInteger'],
}
FACTS = ("{i} a {c}", "{i} {p} {i}", "{i} {p} {i}", "{i} {d} {l}")
AXIOMS = (
    # Table 4
    "{i} owl:differentFrom {i}",
    "[] a owl:AllDifferent ; owl:members {i+}",
    "[] a owl:AllDifferent ; owl:distinctMembers {i+}",
    # Table 5
    "{p} rdfs:domain {c}",
    "{d} rdfs:domain {c}",
    "{p} rdfs:range {c}",
    "{d} rdfs:range xsd:integer",
    "{p} a owl:IrreflexiveProperty",
    "{p} a owl:SymmetricProperty",
    "{p} a owl:AsymmetricProperty",
    "{p} a owl:TransitiveProperty",
    "{p} rdfs:subPropertyOf {p}",
    "{d} rdfs:subPropertyOf {d}",
    "{p} owl:propertyChainAxiom {p*}",
    "{p} owl:equivalentProperty {p}",
    "{p} owl:propertyDisjointWith {p}",
    "[] a owl:AllDisjointProperties ; owl:members {p+}",
    "{p} owl:inverseOf {p}",
    "[] owl:sourceIndividual {i} ; owl:assertionProperty {p} ; owl:targetIndividual {i}",
    "[] owl:sourceIndividual {i} ; owl:assertionProperty {d} ; owl:targetValue {l}",
    # Table 6
    "{c} rdfs:subClassOf owl:Nothing",
    "{c} owl:intersectionOf {c*}",
    "{c} owl:unionOf {c*}",
    "{c} owl:complementOf {c}",
    "{c} owl:someValuesFrom {c} ; owl:onProperty {p}",
    "{c} owl:someValuesFrom owl:Thing ; owl:onProperty {d}",
    "{c} owl:someValuesFrom xsd:integer ; owl:onProperty {d}",
    "{c} owl:allValuesFrom {c} ; owl:onProperty {p}",
    "{c} owl:hasValue {i} ; owl:onProperty {p}",
    "{c} owl:hasValue {l} ; owl:onProperty {d}",
    "{c} owl:oneOf {i*}",
    # Table 7
    "{c} rdfs:subClassOf {c}",
    "{c} owl:equivalentClass {c}",
    "{c} owl:disjointWith {c}",
    "[] a owl:AllDisjointClasses ; owl:members {c+}",
    # Table 9
    "{c} a owl:Class",
    "{p} a owl:ObjectProperty",
    "{d} a owl:DatatypeProperty",
)
EQUALITY = (
    "{i} owl:sameAs {i}",
    "{i} owl:sameAs {i}",
    "{c} owl:sameAs {c}",
    "{p} owl:sameAs {p}",
    "{p} a owl:FunctionalProperty",
    "{d} a owl:FunctionalProperty",
    "{p} a owl:InverseFunctionalProperty",
    "{d} a owl:InverseFunctionalProperty",
    "{c} owl:hasKey {p!}",
    "{c} owl:hasKey {d!}",
    "{c} owl:maxCardinality {n} ; owl:onProperty {p}",
    "{c} owl:maxQualifiedCardinality {n} ; owl:onProperty {p} ; owl:onClass {c}",
)


def _filled(draw: st.DrawFn, template: str) -> str:
    """Return a statement of a template.

    `{i}` is an individual, `{i*}` a list of any length; `{i+}` one that ends in something else,
    since owlrl does not compare the last member, and `{p!}` one that has its last member twice,
    for the same reason.
    """
    text = template
    while "{" in text:
        before, _, rest = text.partition("{")
        slot, _, after = rest.partition("}")
        text = before + _put(draw, slot[0], slot[1:]) + after
    return text


def _put(draw: st.DrawFn, kind: str, form: str) -> str:
    names = st.sampled_from(NAMES[kind])
    if form == "":
        return draw(names)
    members = draw(st.lists(names, min_size=form == "!", max_size=3, unique=form == "+"))
    members += {"+": ["ex:last"], "!": members[-1:]}.get(form, [])
    return f"( {' '.join(members)} )"


Ontology = list[str]


@st.composite
def ontologies(draw: st.DrawFn, axioms: Sequence[str] = (*AXIOMS, *EQUALITY)) -> Ontology:
    """Draw statements, about half of them about individuals.

    Too few, and nothing follows from most.
    """
    templates = draw(st.lists(st.sampled_from(axioms), min_size=9, max_size=12, unique=True))
    facts = draw(st.lists(st.sampled_from(FACTS), min_size=9, max_size=12))
    return [_filled(draw, template) for template in (*templates, *facts)]


def triples_of(lines: Iterable[str]) -> list[ox.Triple]:
    """Return the triples of statements; the same blank nodes in each run."""
    text = HEAD + "".join(f"{line} .\n" for line in lines)
    return [quad.triple for quad in formats.parse(text, Path("random.ttl"))]


# What follows by the recommendation and owlrl does not conclude: that what is below itself by way
# of others is so, and all but the last branch of a chain.
UNTOLD_BY_OWLRL = {
    "scm-sco": ("?c rdfs:subClassOf ?d . ?d rdfs:subClassOf ?c", "?c rdfs:subClassOf ?c"),
    "scm-eqc1": ("?c owl:equivalentClass ?c", "?c rdfs:subClassOf ?c"),
    "scm-spo": ("?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?p", "?p rdfs:subPropertyOf ?p"),
    "scm-eqp1": ("?p owl:equivalentProperty ?p", "?p rdfs:subPropertyOf ?p"),
    "scm-eqp2": ("?p rdfs:subPropertyOf ?p", "?p owl:equivalentProperty ?p"),
    "prp-spo2": (
        "?p owl:propertyChainAxiom ( ?e1 ?e2 ?e3 ) . ?a ?e1 ?b . ?b ?e2 ?c . ?c ?e3 ?d",
        "?a ?p ?d",
    ),
    "prp-spo2-of-two": (
        "?p owl:propertyChainAxiom ( ?e1 ?e2 ) . ?a ?e1 ?b . ?b ?e2 ?c",
        "?a ?p ?c",
    ),
}


@pytest.fixture(scope="module")
def untold(tmp_path_factory: pytest.TempPathFactory) -> list[Rule]:
    folder = tmp_path_factory.mktemp("rules")
    return [rule(*parts, folder, name) for name, parts in UNTOLD_BY_OWLRL.items()]


@pytest.mark.slow
@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.generate],  # to make a failure smaller takes minutes, so slow is owlrl
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(lines=ontologies())
def test_owlrl_concludes_the_same_of_random_ontologies(
    lines: Ontology, untold: list[Rule]
) -> None:
    stated = triples_of(lines)
    whole, messages = oracle.close_with_rules(stated, untold)
    closure = reason.close(stated, trivial=True)

    assert comparable([*stated, *closure.derived()]) == comparable(whole)
    assert bool(rules_broken(closure) - {"owl-rl/dt-diff"}) == bool(messages)


def comparable(triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    """Return what is said of the example, but not of which datatypes a thing is.

    Where a thing is the same as a literal, owlrl gives it fewer than the literal's value has, and
    takes the thing itself for a datatype (`_append_to_explicit`).
    """
    return {t for t in told(triples) if not (t.predicate == TYPE and is_about_datatypes(t.object))}


def is_about_datatypes(term: object) -> bool:
    of_rdfs = {PREFIXES["rdfs"] + name for name in ("Datatype", "Literal")}
    return isinstance(term, ox.NamedNode) and (
        term.value.startswith(PREFIXES["xsd"]) or term.value in of_rdfs
    )


def rules_broken(closure: reason.Closure) -> set[str]:
    """Return the rules by which a closure contradicts itself; owlrl does not know dt-diff."""
    return {each.rule for each in closure.contradictions()}


# Without representatives, a list that is read again when a member has got another name keeps both
# names, and these rules take them for two members.
OF_TWO_MEMBERS = {"owl-rl/eq-diff2", "owl-rl/eq-diff3"}


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ontologies())
def test_representatives_change_nothing(lines: Ontology) -> None:
    stated = triples_of(lines)
    one, other = (reason.close(stated, representatives=each) for each in (True, False))
    derived, without = told(one.derived()), told(other.derived())

    assert without == derived
    assert rules_broken(other) - OF_TWO_MEMBERS == rules_broken(one) - OF_TWO_MEMBERS


Change = tuple[list[int], list[int]]
PLACES = st.lists(st.integers(0, 40), max_size=4, unique=True)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ontologies(), st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=4))
def test_changes_come_to_what_closing_anew_comes_to(
    lines: Ontology, changes: list[Change]
) -> None:
    """What is added and removed are places in the ontology, of which half is there at first."""
    pool = triples_of(lines)
    known = dict.fromkeys(pool[::2])
    closure = reason.close(known)
    for put, taken in changes:
        added = [pool[place % len(pool)] for place in put]
        removed = [pool[place % len(pool)] for place in taken]
        closure.change(added, removed)
        known = dict.fromkeys([*(t for t in known if t not in removed), *added])
        anew = reason.close(known)
        derived, expected = list(closure.derived()), set(anew.derived())

        assert len(derived) == len(set(derived))
        assert set(derived) == expected
        assert rules_broken(closure) == rules_broken(anew)
        assert {closure.round_of(triple) for triple in known} <= {0}
        assert None not in {closure.rule_of(triple) for triple in derived}


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ontologies(AXIOMS))
def test_each_conclusion_has_a_firing_from_premises_of_lower_rounds(lines: Ontology) -> None:
    closure = reason.close(triples_of(lines))

    def round_of(triple: ox.Triple) -> int:
        found = closure.round_of(triple)
        assert found is not None, f"{triple} does not hold"
        return found

    for triple in closure.derived():
        firings = list(closure.firings(triple))

        assert closure.rule_of(triple) in {firing.rule for firing in firings}
        assert all(premise in closure for firing in firings for premise in firing.premises)
        assert any(
            all(round_of(premise) < round_of(triple) for premise in firing.premises)
            for firing in firings
            if firing.rule == closure.rule_of(triple)
        )


# Nothing, and next to nothing


def test_from_nothing_follows_nothing() -> None:
    closure = reason.close([])

    assert list(closure.derived()) == []
    assert list(closure.contradictions()) == []
    assert list(closure.firings()) == []
    assert len(closure) == 0


def test_from_nothing_follow_the_axioms_if_they_are_asked_for() -> None:
    closure = reason.close([], trivial=True)

    assert ox.Triple(
        ox.NamedNode(PREFIXES["owl"] + "Thing"), TYPE, ox.NamedNode(PREFIXES["owl"] + "Class")
    ) in set(closure.derived())
    assert list(closure.contradictions()) == []


def test_what_is_empty_can_be_added_to_and_emptied_again() -> None:
    closure = reason.close([])
    stated = turtle("ex:C rdfs:subClassOf ex:D . ex:a a ex:C .")
    closure.change(added=stated)
    [derived] = closure.derived()
    closure.change(removed=stated)

    assert derived == ox.Triple(ex("a"), TYPE, ex("D"))
    assert list(closure.derived()) == []


# Lists

BROKEN_LISTS = {
    "a list that runs in a circle": "ex:l rdf:first ex:C ; rdf:rest ex:m . ex:m rdf:first ex:D ; rdf:rest ex:l .",
    "a list that is its own rest": "ex:l rdf:first ex:C ; rdf:rest ex:l .",
    "a list without an end": "ex:l rdf:first ex:C ; rdf:rest ex:m . ex:m rdf:first ex:D .",
    "a list with a node without a member": "ex:l rdf:first ex:C ; rdf:rest ex:m . ex:m rdf:rest () .",
    "a list with a node of two members": "ex:l rdf:first ex:C , ex:D ; rdf:rest () .",
    "a list that branches": "ex:l rdf:first ex:C ; rdf:rest () , ex:m . ex:m rdf:first ex:D ; rdf:rest () .",
    "a list that is a literal": "",
}
HEADS = {"a list that is a literal": '"no list"'}
# Each property of OWL 2 whose value is a list, with what would follow from the list, or clash.
CONCLUDING = (
    "ex:U owl:unionOf {list} . ex:a a ex:C .",
    "ex:U owl:intersectionOf {list} . ex:a a ex:U . ex:b a ex:C , ex:D .",
    "ex:U owl:oneOf {list} .",
    "ex:p owl:propertyChainAxiom {list} . ex:a ex:C ex:b . ex:b ex:D ex:c .",
    "ex:U owl:hasKey {list} . ex:a a ex:U ; ex:C 1 ; ex:D 1 . ex:b a ex:U ; ex:C 1 ; ex:D 1 .",
)
CLASHING = (
    "ex:x a owl:AllDifferent ; owl:members {list} . ex:C owl:sameAs ex:D .",
    "ex:x a owl:AllDifferent ; owl:distinctMembers {list} . ex:C owl:sameAs ex:D .",
    "ex:x a owl:AllDisjointClasses ; owl:members {list} . ex:a a ex:C , ex:D .",
    "ex:x a owl:AllDisjointProperties ; owl:members {list} . ex:a ex:C ex:b ; ex:D ex:b .",
)


def with_list(name: str, use: str) -> list[ox.Triple]:
    """Return an axiom about a broken list."""
    return sorted(turtle(BROKEN_LISTS[name] + use.format(list=HEADS.get(name, "ex:l"))), key=str)


@pytest.mark.parametrize("use", CONCLUDING)
@pytest.mark.parametrize("name", BROKEN_LISTS)
def test_from_a_broken_list_follows_nothing(name: str, use: str) -> None:
    assert list(reason.close(with_list(name, use)).derived()) == []


@pytest.mark.parametrize("use", CLASHING)
@pytest.mark.parametrize("name", BROKEN_LISTS)
def test_with_a_broken_list_nothing_clashes(name: str, use: str) -> None:
    assert list(reason.close(with_list(name, use)).contradictions()) == []


def test_with_the_list_unbroken_something_follows_or_clashes() -> None:
    concluding = [reason.close(turtle(u.format(list="( ex:C ex:D )"))) for u in CONCLUDING]
    clashing = [reason.close(turtle(u.format(list="( ex:C ex:D )"))) for u in CLASHING]

    assert all(any(closure.derived()) for closure in concluding)
    assert all(any(closure.contradictions()) for closure in clashing)


@pytest.mark.parametrize("name", BROKEN_LISTS)
def test_a_broken_list_is_told(name: str) -> None:
    closure = reason.close(with_list(name, "ex:U owl:unionOf {list} ."))
    [(head, words)] = closure.broken_lists()

    assert head == (ox.Literal("no list") if name in HEADS else ex("l"))
    assert words.startswith(("the list runs in a circle", "a node of the list has"))


@pytest.mark.parametrize("naming", ["members", "distinctMembers"])
def test_a_member_under_another_name_is_one_member(naming: str) -> None:
    different = f"[] a owl:AllDifferent ; owl:{naming} ( ex:a ex:b ) ."

    assert not any(reason.close(turtle(f"ex:a owl:sameAs ex:c . {different}")).contradictions())
    assert any(reason.close(turtle(f"ex:a owl:sameAs ex:b . {different}")).contradictions())


def test_a_list_is_mended_by_a_change() -> None:
    closure = reason.close(turtle("ex:U owl:unionOf ex:l . ex:l rdf:first ex:C . ex:a a ex:C ."))
    [_] = closure.broken_lists()
    closure.change(added=turtle("ex:l rdf:rest rdf:nil ."))

    assert ox.Triple(ex("a"), TYPE, ex("U")) in set(closure.derived())
    assert list(closure.broken_lists()) == []


def test_a_list_of_five_thousand_members_is_read_to_its_end() -> None:
    members = " ".join(f"ex:C{place}" for place in range(5_000))
    closure = reason.close(turtle(f"ex:U owl:unionOf ( {members} ) . ex:a a ex:C4999 ."))

    assert ox.Triple(ex("a"), TYPE, ex("U")) in closure
    assert sum(1 for _ in closure.derived()) == 5_001  # each member below the union, and ex:a


# Properties that turn on themselves


def test_a_property_that_is_its_own_inverse_holds_in_both_directions() -> None:
    assert derived("ex:p owl:inverseOf ex:p . ex:a ex:p ex:b , ex:a .") == turtle(
        "ex:b ex:p ex:a ."
    )


def test_a_chain_through_itself_goes_on_to_the_end() -> None:
    steps = " ".join(f"ex:n{place} ex:p ex:n{place + 1} ." for place in range(20))
    found = derived(f"ex:p owl:propertyChainAxiom ( ex:p ex:p ) . {steps}")

    assert found == {
        ox.Triple(ex(f"n{one}"), ex("p"), ex(f"n{other}"))
        for one in range(21)
        for other in range(one + 2, 21)
    }


def test_a_chain_through_itself_and_round_a_circle_ends() -> None:
    steps = "ex:a ex:p ex:b . ex:b ex:p ex:c . ex:c ex:p ex:a ."
    found = derived(f"ex:p owl:propertyChainAxiom ( ex:p ex:p ) . {steps}")
    everywhere = {ox.Triple(ex(one), ex("p"), ex(other)) for one in "abc" for other in "abc"}

    assert found == everywhere - turtle(steps)


def test_a_chain_of_one_is_a_subproperty() -> None:
    assert derived("ex:p owl:propertyChainAxiom ( ex:q ) . ex:a ex:q ex:b .") == turtle(
        "ex:a ex:p ex:b ."
    )


def test_a_chain_takes_every_branch() -> None:
    """Of which owlrl takes the last that it comes to; see `UNTOLD_BY_OWLRL`."""
    found = derived(
        "ex:p owl:propertyChainAxiom ( ex:q ex:q ex:q ) . ex:a ex:q ex:b , ex:c ."
        "ex:b ex:q ex:d , ex:e . ex:c ex:q ex:f . ex:d ex:q ex:g . ex:e ex:q ex:h . ex:f ex:q ex:i ."
    )

    assert found == turtle("ex:a ex:p ex:g , ex:h , ex:i .")


def test_a_class_that_is_equivalent_to_its_own_complement_is_a_contradiction() -> None:
    closure = reason.close(turtle("ex:C owl:complementOf ex:C . ex:a a ex:C ."))
    [found] = closure.contradictions()

    assert found.rule == "owl-rl/cls-com"
    assert set(found.premises) == turtle("ex:C owl:complementOf ex:C . ex:a a ex:C .")


# Rules that make ever new terms

ENDLESS = {
    "a name made from a name": (
        "?a a ex:Node BIND(IRI(CONCAT(STR(?a), 'x')) AS ?b)",
        "?a ex:next ?b . ?b a ex:Node",
    ),
    "a number made from a number": (
        "?a ex:number ?n BIND(?n + 1 AS ?m)",
        "?a ex:number ?m",
    ),
    "a name made by way of a variable that is in no conclusion": (
        "?a a ex:Node BIND(CONCAT(STR(?a), 'x') AS ?text) BIND(IRI(?text) AS ?b)",
        "?a ex:next ?b . ?b a ex:Node",
    ),
    "a name made from what no conclusion holds": (
        "?a ex:name ?n BIND(CONCAT(?n, 'x') AS ?longer) BIND(CONCAT(?longer, 'y') AS ?made)",
        "ex:b ex:name ?made",
    ),
    "two names made from a name": (
        "?a a ex:Node BIND(IRI(CONCAT(STR(?a), 'x')) AS ?b) BIND(IRI(CONCAT(STR(?a), 'y')) AS ?c)",
        "?b a ex:Node . ?c a ex:Node",
    ),
}


@pytest.fixture
def _low_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the bounds: what is tested with them is that there are any, not how high they are."""
    monkeypatch.setattr("kg.reason.rounds._LONGEST_CHAIN", 30)
    monkeypatch.setattr("kg.reason.rounds._MOST_MADE", 2_000)


@pytest.mark.usefixtures("_low_bounds")
@pytest.mark.parametrize("name", ENDLESS)
def test_a_rule_that_makes_ever_new_terms_is_stopped(name: str, tmp_path: Path) -> None:
    stated = turtle("ex:a a ex:Node ; ex:number 1 ; ex:name 'n' .")
    with pytest.raises(KgError, match=r"BIND.*the last is") as caught:
        reason.close(stated, [rule(*ENDLESS[name], tmp_path)])

    assert "a rule must come to an end" in caught.value.hint


@pytest.mark.usefixtures("_low_bounds")
def test_two_rules_that_feed_each_other_are_stopped(tmp_path: Path) -> None:
    there = rule("?a ex:one ?n BIND(?n + 1 AS ?m)", "?a ex:other ?m", tmp_path, "there")
    back = rule("?a ex:other ?n BIND(?n + 1 AS ?m)", "?a ex:one ?m", tmp_path, "back")
    with pytest.raises(KgError, match="ever new terms"):
        reason.close(turtle("ex:a ex:one 1 ."), [there, back])


@pytest.mark.usefixtures("_low_bounds")
def test_a_change_that_sets_off_an_endless_rule_is_stopped(tmp_path: Path) -> None:
    closure = reason.close([], [rule(*ENDLESS["a name made from a name"], tmp_path)])
    with pytest.raises(KgError, match="ever new terms"):
        closure.change(added=turtle("ex:a a ex:Node ."))


@pytest.mark.slow
def test_the_bound_of_a_rule_that_makes_ever_new_terms_is_told(tmp_path: Path) -> None:
    endless = rule(*ENDLESS["a number made from a number"], tmp_path)
    with pytest.raises(KgError, match="ever new terms, 1,000 from one another; the last is"):
        reason.close(turtle("ex:a ex:number 0 ."), [endless])


def test_a_rule_that_counts_down_comes_to_its_end(tmp_path: Path) -> None:
    down = rule("?a ex:number ?n FILTER(?n > 0) BIND(?n - 1 AS ?m)", "?a ex:number ?m", tmp_path)
    found = derived("ex:a ex:number 300 .", [down])

    assert found == turtle(f"ex:a ex:number {' , '.join(str(number) for number in range(300))} .")


def test_a_rule_that_makes_the_same_value_again_comes_to_its_end(tmp_path: Path) -> None:
    again = rule("?a ex:number ?n BIND(?n * 1 AS ?m)", "?a ex:number ?m", tmp_path)
    name = rule("?a ex:number ?n BIND(ABS(?n) AS ?m)", "?a ex:size ?m", tmp_path, "size")

    assert derived("ex:a ex:number -2 .", [again, name]) == turtle("ex:a ex:size 2 .")


def test_what_a_rule_makes_is_reasoned_over_and_told(tmp_path: Path) -> None:
    made = rule(
        "?a ex:number ?n BIND(IRI(CONCAT(STR(?a), '-', STR(?n))) AS ?b)", "?b ex:of ?a", tmp_path
    )
    found = derived("ex:a ex:number 1 . ex:of owl:inverseOf ex:has .", [made])

    assert found == turtle("ex:a-1 ex:of ex:a . ex:a ex:has ex:a-1 .")


# Literals


@pytest.mark.parametrize(
    "literal",
    [
        '"x"^^xsd:integer',
        '"300"^^xsd:byte',
        '"1943-02-30T00:00:00"^^xsd:dateTime',
        '"maybe"^^xsd:boolean',
    ],
)
def test_an_ill_typed_literal_is_told_and_the_rest_follows(literal: str) -> None:
    stated = turtle(f"ex:a ex:p {literal} . ex:p rdfs:domain ex:C .")
    closure = reason.close(stated)
    [found] = closure.contradictions()

    assert set(closure.derived()) == turtle("ex:a a ex:C .")
    assert found.rule == "owl-rl/dt-not-type"
    assert set(found.premises) == turtle(f"ex:a ex:p {literal} .")
    assert found.detail


def test_two_values_of_a_functional_property_clash_and_the_rest_follows() -> None:
    closure = reason.close(
        turtle("ex:p a owl:FunctionalProperty ; rdfs:domain ex:C . ex:a ex:p 1 , 2 .")
    )
    [found] = closure.contradictions()

    assert ox.Triple(ex("a"), TYPE, ex("C")) in set(closure.derived())
    assert found.rule == "owl-rl/dt-diff"
    assert set(found.premises) == turtle("ex:p a owl:FunctionalProperty . ex:a ex:p 1 , 2 .")


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", '"01"^^xsd:integer'), ("1", "1.0"), ('"a"', '"a"^^xsd:token'), ('"a"@en', '"a"@EN')],
)
def test_two_words_for_one_value_of_a_functional_property_do_not_clash(
    one: str, other: str
) -> None:
    closure = reason.close(turtle(f"ex:p a owl:FunctionalProperty . ex:a ex:p {one} , {other} ."))

    assert list(closure.contradictions()) == []


def test_a_value_and_a_thing_of_a_functional_property_are_the_same() -> None:
    closure = reason.close(
        turtle("ex:p a owl:FunctionalProperty . ex:a ex:p 1 , ex:b . ex:c ex:q 1 .")
    )

    assert ox.Triple(ex("c"), ex("q"), ex("b")) in set(closure.derived())
    assert list(closure.contradictions()) == []


# Many names


def test_ten_thousand_names_of_one_thing_are_one_thing() -> None:
    numbers = range(10_000)
    names = " , ".join(f"ex:n{number}" for number in numbers)
    # Triples come by the predicate in the order of its first appearance, so ex:p is first.
    stated = [*turtle("ex:a ex:p ex:b ."), *turtle(f"ex:a owl:sameAs {names} .")]
    started = perf_counter()
    closure = reason.close(stated)
    seconds = perf_counter() - started
    found = [*takewhile(lambda t: t.predicate == ex("p"), closure.derived())]

    assert {triple.subject for triple in found} == {ex(f"n{number}") for number in numbers}
    assert len(found) == 10_000
    assert ox.Triple(ex("n17"), SAME, ex("n9999")) in closure
    assert ox.Triple(ex("n17"), SAME, ex("b")) not in closure
    assert closure.rule_of(ox.Triple(ex("n17"), ex("p"), ex("b"))) == "owl-rl/eq-rep-s"
    assert seconds < 5  # the closure as Table 4 writes it out would have 100 million triples


def test_ten_thousand_values_of_a_functional_property_are_one() -> None:
    values = " , ".join(f"ex:n{number}" for number in range(10_000))
    stated = turtle(f"ex:p a owl:FunctionalProperty . ex:a ex:p {values} . ex:n5 ex:q ex:b .")
    started = perf_counter()
    closure = reason.close(stated)
    seconds = perf_counter() - started

    assert ox.Triple(ex("n9999"), ex("q"), ex("b")) in closure
    assert seconds < 5


def test_each_pair_of_names_is_derived_once() -> None:
    names = [ex(f"n{number}") for number in range(30)]
    chain = {ox.Triple(one, SAME, other) for one, other in pairwise(names)}
    found = list(reason.close(chain).derived())

    # What is reflexive follows by eq-sym and eq-trans.
    assert len(found) == 30 * 30 - len(chain)
    assert set(found) == {ox.Triple(o, SAME, t) for o in names for t in names} - chain


# The engines


def without_reflexive(triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    """Return triples but those that say of a thing that it is the same as itself: owlrl's do."""
    return {t for t in triples if t.predicate != SAME or t.subject != t.object}


def derived_of(folder: Path) -> set[ox.Triple]:
    """Return what a build derived from the claims of its one text."""
    graph = ox.NamedNode(PREFIXES["g"] + "derived/text/small")
    quads = formats.read(folder / "graph.trig")
    return without_reflexive(quad.triple for quad in quads if quad.graph_name == graph)


@pytest.mark.slow
def test_a_small_text_has_the_same_conclusions_with_owlrl(tmp_path: Path) -> None:
    seeds = write_seed(tmp_path)
    ours = derived_of(kg.build(tmp_path / "ours", seeds).folder)
    theirs = derived_of(kg.build(tmp_path / "theirs", seeds, engine="owlrl").folder)

    assert ours
    assert theirs == ours


@pytest.mark.slow
def test_the_texts_and_the_reference_have_the_same_conclusions_with_owlrl(
    graph: kg.Graph, tmp_path: Path
) -> None:
    kg.build(tmp_path / "theirs", engine="owlrl")
    theirs = kg.open_graph(tmp_path / "theirs")
    for key in perspectives.keys(graph.store):
        for name in (f"g:derived/{key}", f"g:bounds/{key}", f"g:view/{key}"):
            ours, others = (
                {q.triple for q in each.store.quads_for_pattern(None, None, None, expand(name))}
                for each in (graph, theirs)
            )

            assert ours
            assert others == ours
