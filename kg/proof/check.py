"""The checker of proofs: does each step follow from its premises, by the rule that it names?

It knows nothing of the engine. A step of OWL 2 RL is replayed by the definition of its rule
(kg/proof/definitions.py), a step of a rule file by that file's own CONSTRUCT, each over a store
that holds the premises of the step and nothing else; a step of time in kg/proof/days.py. A premise
that has no part in the step is refused too: its claims would be cited for what they do not
support.

Literals of one value are one term here, and what has a literal as its subject is no RDF: it cannot
be a premise, so the checker works it out from the premises where a step needs it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import permutations

import pyoxigraph as ox

from kg.errors import did_you_mean
from kg.proof import days
from kg.proof.definitions import (
    DATATYPES,
    DEFINITIONS,
    MEMBER,
    NODE,
    ONE,
    RL,
    ZERO,
    Definition,
    is_in,
    read,
    value_of,
)
from kg.proof.derivation import Contradiction, Derivation
from kg.rules import Pattern, Rule
from kg.terms import PREFIXES, shorten

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Binding = Mapping[str, Term]

_FIRST, _REST, _NIL, _TYPE = (
    ox.NamedNode(PREFIXES["rdf"] + name) for name in ("first", "rest", "nil", "type")
)
_SAME, _DIFFERENT = (ox.NamedNode(PREFIXES["owl"] + n) for n in ("sameAs", "differentFrom"))
_PATHS = frozenset({MEMBER, NODE})
_VALUE = "urn:x-value:"  # before the name of a literal that may be a subject


def check(step: Derivation, rules: Mapping[str, Rule]) -> str:
    """Return what is wrong with a step, empty if it is right.

    It is right if its rule concludes it from all its premises and nothing else. That a conclusion
    is among its own premises is no fault of the step: see `check_proof`.

    >>> a, b = ox.NamedNode("urn:a"), ox.NamedNode("urn:b")
    >>> said, follows = ox.Triple(a, _SAME, b), ox.Triple(b, _SAME, a)
    >>> check(Derivation(follows, "owl-rl/eq-sym", (said,)), {})
    ''
    >>> check(Derivation(said, "owl-rl/eq-sym", (said,)), {})
    'does not follow by owl-rl/eq-sym from its premises'
    """
    if not step.rule.startswith(RL):
        if step.rule in days.RULES:
            return _check_days(step)
        rule = rules.get(step.rule)
        if rule is None:
            return _unknown(step.rule, (*rules, *days.RULES))
        return _check_construct(step, rule)
    definition = DEFINITIONS.get(step.rule)
    if definition is None:
        return _unknown(step.rule, DEFINITIONS)
    if step.rule in {f"{RL}dt-eq", f"{RL}eq-rep-o"} and _is_same_value(step):
        return ""
    if not definition.then:
        return f"{step.rule} concludes no triple"
    return _verdict(definition, step.premises, step.conclusion)


def check_contradiction(found: Contradiction) -> str:
    """Return what is wrong with a contradiction, empty if its premises make its rule fire."""
    definition = DEFINITIONS.get(found.rule)
    if definition is None:
        return _unknown(found.rule, DEFINITIONS)
    if found.rule in {f"{RL}dt-diff", f"{RL}dt-not-type"}:
        world = _World(found.premises)
        wrong = world.clashes() if found.rule.endswith("diff") else world.ill_typed()
        return "" if wrong else _does_not_follow(found.rule, found.premises)
    if definition.then or not definition.where:
        return f"{found.rule} does not conclude false"
    return _verdict(definition, found.premises, None)


def check_proof(
    steps: Iterable[Derivation],
    rules: Mapping[str, Rule],
    stated: Collection[ox.Triple],
    ranks: Mapping[ox.Triple, int] | None = None,
) -> list[str]:
    """Return what is wrong with the proofs that some steps make up; empty if nothing is.

    Each step is checked; each premise is stated or the conclusion of a step; nothing rests on
    itself, whichever of several steps to a triple one takes. What is possible by the bounds that
    its step cites is so by all that are stated or concluded. With ranks, every premise of a triple
    that is not stated has a lower one than the triple.
    """
    steps = list(steps)
    faults = [f"{_words(s.conclusion)}: {fault}" for s in steps if (fault := check(s, rules))]
    concluded = {step.conclusion for step in steps}
    graph: dict[ox.Triple, list[ox.Triple]] = {}
    for step in steps:
        faults += [
            f"{_words(step.conclusion)}: {_words(premise)} is neither stated nor concluded"
            for premise in step.premises
            if premise not in stated and premise not in concluded
        ]
        if step.conclusion not in stated:
            graph.setdefault(step.conclusion, []).extend(step.premises)
    faults += [
        f"{_words(step.conclusion)}: bounds that it does not cite rule it out"
        for step in days.ruled_out(steps, {*stated, *concluded})
    ]
    faults += _cycle(graph)
    if ranks is not None:
        faults += _out_of_order(graph, ranks)
    return list(dict.fromkeys(faults))


def _cycle(graph: Mapping[ox.Triple, Iterable[ox.Triple]]) -> Iterator[str]:
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        triples = [_words(triple) for triple in reversed(error.args[1])]
        yield "the proof runs in a circle: " + ", because ".join(triples)


def _out_of_order(
    graph: Mapping[ox.Triple, Iterable[ox.Triple]], ranks: Mapping[ox.Triple, int]
) -> Iterator[str]:
    for conclusion, premises in graph.items():
        for triple in (conclusion, *premises):
            if triple not in ranks:
                yield f"{_words(triple)} has no rank"
        for premise in premises:
            if ranks.get(premise, 0) >= ranks.get(conclusion, 0) and conclusion in ranks:
                yield (
                    f"{_words(conclusion)} has rank {ranks[conclusion]} and its premise "
                    f"{_words(premise)} {ranks.get(premise, 0)}"
                )


def _unknown(rule: str, known: Iterable[str]) -> str:
    hint = did_you_mean(rule, known)
    return f"there is no rule {rule}" + (f"; {hint}" if hint else "")


def _words(triple: ox.Triple) -> str:
    return " ".join(shorten(term) for term in triple)


def _does_not_follow(rule: str, premises: Collection[ox.Triple]) -> str:
    broken = _broken_list(premises)
    why = f": {broken}" if broken else ""
    return f"does not follow by {rule} from its premises{why}"


def _idle(premises: Iterable[ox.Triple]) -> str:
    return "has premises without a part in it: " + ", ".join(map(_words, premises))


# Time


def _check_days(step: Derivation) -> str:
    idle = [set(step.premises) - used for used in days.uses(step)]
    if not all(idle):
        return ""
    if idle:
        fewest = min(idle, key=len)
        return _idle(premise for premise in step.premises if premise in fewest)
    return _does_not_follow(step.rule, step.premises)


# Rule files


def _check_construct(step: Derivation, rule: Rule) -> str:
    premises = [*dict.fromkeys(step.premises)]
    if not _constructs(rule, premises, step.conclusion):
        return _does_not_follow(step.rule, premises)
    needless = [
        premise
        for premise in premises
        if _constructs(rule, [p for p in premises if p != premise], step.conclusion)
    ]
    return _idle(needless) if needless else ""


def _constructs(rule: Rule, premises: Iterable[ox.Triple], conclusion: ox.Triple) -> bool:
    answer = _store(premises).query(rule.construct)
    assert isinstance(answer, ox.QueryTriples), "reading a rule makes sure that it is a CONSTRUCT"
    # A store rewrites “01” as “1”, so the conclusion is looked for as a store would give it back.
    (wanted,) = _store([conclusion])
    return wanted.triple in answer


def _store(triples: Iterable[ox.Triple]) -> ox.Store:
    store = ox.Store()
    store.extend(ox.Quad(*triple) for triple in triples)
    return store


# OWL 2 RL


def _verdict(
    definition: Definition, premises: Collection[ox.Triple], conclusion: ox.Triple | None
) -> str:
    """Return what is wrong; a conclusion of None stands for false."""
    wanted = {_named(premise) for premise in premises}
    concluded = None if conclusion is None else _named(conclusion)
    idle = [wanted - used for used in _uses(definition, wanted, concluded)]
    if not all(idle):
        return ""
    if idle:
        fewest = min(idle, key=len)
        return _idle(premise for premise in premises if _named(premise) in fewest)
    if _World(premises).has(definition, concluded):
        return ""
    return _does_not_follow(RL + definition.name, premises)


def _uses(
    definition: Definition, triples: Collection[ox.Triple], conclusion: ox.Triple | None
) -> Iterator[set[ox.Triple]]:
    """Yield the premises of each way in which a rule concludes a triple, or false."""
    for binding, taken in _ways(definition, triples):
        if conclusion is None or conclusion in _instances(definition.conclusions, binding):
            premises = (_named_pattern(pattern) for pattern in definition.premises)
            yield _instances(premises, binding).union(*taken)


def _ways(
    definition: Definition, triples: Collection[ox.Triple]
) -> Iterator[tuple[Binding, list[set[ox.Triple]]]]:
    """Yield bindings under which a rule fires, with the premises that it takes from lists."""
    answer = _store(triples).query(_query(definition))
    assert isinstance(answer, ox.QuerySolutions), "the query of a definition is a SELECT"
    names = [variable.value for variable in answer.variables]
    lists: dict[Term, _List | None] = {}
    for solution in answer:
        binding = dict(zip(names, solution, strict=True))
        if "l" not in binding:
            yield binding, []
            continue
        head = binding["l"]
        if head not in lists:
            lists[head] = _read_list(triples, head)
        found = lists[head]
        if found is None:
            continue
        if not definition.each:
            yield binding, [found.triples]
        elif found.is_whole:
            for way, along in _along(definition, binding, found.members, triples):
                yield way, [found.triples, along]


def _instances(patterns: Iterable[Pattern], binding: Binding) -> set[ox.Triple]:
    """Return patterns with their variables filled in, without paths and what is no RDF."""
    return {
        triple
        for pattern in patterns
        if pattern.predicate not in _PATHS and (triple := _instance(pattern, binding)) is not None
    }


def _instance(pattern: Pattern, binding: Binding) -> ox.Triple | None:
    s, p, o = (binding.get(x.value) if isinstance(x, ox.Variable) else x for x in pattern)
    if isinstance(s, ox.NamedNode | ox.BlankNode) and isinstance(p, ox.NamedNode) and o:
        return ox.Triple(s, p, o)
    return None


def _along(
    definition: Definition,
    binding: Binding,
    members: list[Term],
    triples: Collection[ox.Triple],
) -> Iterator[tuple[Binding, set[ox.Triple]]]:
    """Yield the ways in which the premises hold for each member of a list, one after another.

    Ways that agree in all that is still needed are one, with the premises of all of them; so
    their number stays below that of pairs of terms, however long the list.
    """
    along = [*definition.along(len(members))]
    needed = _variables(definition.premises) | _variables(definition.conclusions)
    ways: list[tuple[Binding, set[ox.Triple]]] = [(binding, set())]
    for number, (member, (variable, patterns)) in enumerate(zip(members, along, strict=True)):
        ways = [({**way, variable: member}, used) for way, used in ways]
        for pattern in patterns:
            ways = [
                (extended, used | {triple})
                for way, used in ways
                for extended, triple in _matches(pattern, triples, way)
            ]
        later = _variables(along[number + 1][1]) if number + 1 < len(along) else set()
        merged: dict[frozenset[tuple[str, Term]], set[ox.Triple]] = defaultdict(set)
        for way, used in ways:
            kept = frozenset((n, t) for n, t in way.items() if n in needed | later)
            merged[kept] |= used
        ways = [(dict(kept), used) for kept, used in merged.items()]
    if members:
        yield from ways


def _matches(
    pattern: Pattern, triples: Collection[ox.Triple], binding: Binding
) -> Iterator[tuple[Binding, ox.Triple]]:
    """Yield the triples that a pattern can be, each with what it then binds."""
    if (whole := _instance(pattern, binding)) is not None:
        if whole in triples:
            yield binding, whole
        return
    for triple in triples:
        extended = dict(binding)
        if all(
            extended.setdefault(slot.value, term) == term
            if isinstance(slot, ox.Variable)
            else slot == term
            for slot, term in zip(pattern, triple, strict=True)
        ):
            yield extended, triple


def _variables(patterns: Iterable[Pattern]) -> set[str]:
    return set[str]().union(*(pattern.variables for pattern in patterns))


# Lists


@dataclass(frozen=True, slots=True)
class _List:
    """A list among premises, as far as it is there.

    Attributes:
        members: in order.
        is_whole: whether it goes on to rdf:nil; the rest of a list is no premise of a step about
            one member.
        triples: that make it up.
    """

    members: list[Term]
    is_whole: bool
    triples: set[ox.Triple]


def _read_list(triples: Iterable[ox.Triple], head: Term) -> _List | None:
    """Return the list that begins at a node; None if it is broken, branches or is a circle."""
    of_node: dict[tuple[Term, Term], list[ox.Triple]] = defaultdict(list)
    for triple in triples:
        if triple.predicate in {_FIRST, _REST}:
            of_node[triple.subject, triple.predicate].append(triple)
    found = _List([], is_whole=False, triples=set())
    node = head
    while node != _NIL:
        first, rest = of_node[node, _FIRST], of_node[node, _REST]
        if len(first) != 1 or len(rest) > 1 or first[0] in found.triples:
            return None
        found.members.append(first[0].object)
        found.triples.update(first, rest)
        if not rest:
            return found
        node = rest[0].object
    return replace(found, is_whole=True)


def _broken_list(premises: Collection[ox.Triple]) -> str:
    """Return what is wrong with the lists among some premises, empty if nothing is."""
    nodes = [p.subject for p in premises if p.predicate in {_FIRST, _REST}]
    inner = {p.object for p in premises if p.predicate == _REST}
    heads = [node for node in dict.fromkeys(nodes) if node not in inner]
    if nodes and (not heads or any(_read_list(premises, head) is None for head in heads)):
        return "its list is broken"
    return ""


# Literals


def _is_same_value(step: Derivation) -> bool:
    """Return whether a step writes a literal in another way (dt-eq, with eq-rep-o)."""
    if len(step.premises) != 1:
        return False
    (premise,) = step.premises
    one, other = premise.object, step.conclusion.object
    return (
        (premise.subject, premise.predicate)
        == (step.conclusion.subject, step.conclusion.predicate)
        and isinstance(one, ox.Literal)
        and isinstance(other, ox.Literal)
        and value_of(one) is not None
        and value_of(one) == value_of(other)
    )


class _World:
    """Premises, and what they come to with no other premise: what holds of equality and literals.

    Every term is the same as itself (eq-ref); a literal is in its datatypes (dt-type2), the same
    as those of its value (dt-eq) and different from those of others (dt-diff); and whatever has
    a literal as its subject holds as far as the rules conclude it from the premises.
    """

    def __init__(self, premises: Iterable[ox.Triple]) -> None:
        literals = (p.object for p in premises if isinstance(p.object, ox.Literal))
        self._literals: dict[Term, ox.Literal] = {_name(each): each for each in literals}
        self._stated = {_named(premise) for premise in premises}
        terms = {term for triple in self._stated for term in triple}
        self._triples = self._stated | {
            ox.Triple(term, _SAME, term)
            for term in terms
            if isinstance(term, ox.NamedNode | ox.BlankNode)
        }
        if self._literals:
            self._add_literals()

    def has(self, definition: Definition, conclusion: ox.Triple | None) -> bool:
        """Return whether a rule concludes a triple, or false, from all premises."""
        return any(
            # What was worked out stands for premises that are no longer known one by one.
            self._stated <= used or any(self._is_worked_out(triple) for triple in used)
            for used in _uses(definition, self._triples, conclusion)
        )

    def clashes(self) -> bool:
        """Return whether literals of different values would be the same."""
        return any(
            t.predicate == _SAME and ox.Triple(t.subject, _DIFFERENT, t.object) in self._triples
            for t in self._triples
            if t.subject in self._literals
        )

    def ill_typed(self) -> bool:
        """Return whether a literal would be of a datatype that it is not in, its own included."""
        typed = (
            (t.object, self._literals[t.subject])
            for t in self._triples
            if t.predicate == _TYPE and t.subject in self._literals
        )
        own = ((literal.datatype, literal) for literal in self._literals.values())
        return any(
            isinstance(datatype, ox.NamedNode) and is_in(datatype, literal) is False
            for datatype, literal in (*own, *typed)
        )

    def _add_literals(self) -> None:
        for name, literal in self._literals.items():
            inside = (datatype for datatype in DATATYPES if is_in(datatype, literal))
            self._triples |= {ox.Triple(name, _TYPE, datatype) for datatype in inside}  # type: ignore[arg-type]
        for (one, left), (other, right) in permutations(self._literals.items(), 2):
            if value_of(left) and value_of(right):
                self._triples.add(ox.Triple(one, _DIFFERENT, other))  # type: ignore[arg-type]
        before = 0
        while len(self._triples) > before:
            before = len(self._triples)
            for definition in DEFINITIONS.values():
                for way, _ in [*_ways(definition, self._triples)]:
                    concluded = _instances(definition.conclusions, way)
                    self._triples |= {t for t in concluded if t.subject in self._literals}

    def _is_worked_out(self, triple: ox.Triple) -> bool:
        return triple.subject in self._literals and triple not in self._stated


@cache
def _query(definition: Definition) -> str:
    """Return the query of a definition over literals as they are named."""
    query = definition.query
    for number in (ZERO, ONE):
        (pattern,) = read(f"?x owl:maxCardinality {number}")
        query = query.replace(number, str(_named_pattern(pattern).object))
    return query


def _named_pattern(pattern: Pattern) -> Pattern:
    if not isinstance(pattern.object, ox.Literal):
        return pattern
    return replace(pattern, object=_name(pattern.object))


def _named(triple: ox.Triple) -> ox.Triple:
    """Return a triple with its literal as an IRI, the same for literals of one value.

    So literals may be subjects; and a store, which rewrites “01” as “1”, leaves them alone.
    """
    if not isinstance(triple.object, ox.Literal):
        return triple
    return ox.Triple(triple.subject, triple.predicate, _name(triple.object))


def _name(literal: ox.Literal) -> ox.NamedNode:
    text = repr(value_of(literal) or str(literal))
    return ox.NamedNode(_VALUE + text.encode().hex())
