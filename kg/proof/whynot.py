"""Why a triple does not hold: the rules that could conclude it, and what they lack.

For each rule and axiom that could conclude the triple, the ways in which most premises hold:
what holds, what is missing, and which FILTER says no. What is missing is explained once more in
the same manner. An axiom (rdfs:domain, owl:TransitiveProperty, a list…) must hold, and is never
what is missing, unless a rule is about axioms alone. And what the triple would clash with.

Whether a missing premise stands in another perspective, or in a reading that was not chosen, is
not known here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Protocol

import pyoxigraph as ox

from kg.proof.definitions import DEFINITIONS, MEMBER, NODE, Definition, is_in
from kg.proof.derivation import Contradiction, Derivation
from kg.rules import Expression, Pattern, Rule, Slot
from kg.terms import PREFIXES

Term = ox.NamedNode | ox.BlankNode | ox.Literal
Binding = Mapping[str, Term]
Shape = tuple[Term | None, Term | None, Term | None]  # a pattern, None for what it leaves open

# Triples looked at for one question, at 40 µs each: 0.2 s; each of its missing premises, about 30
# at most (three in each of ten near misses), has another 200, which makes 0.24 s. A question on
# the project's graph, 4,000 triples, looks at a few hundred in all.
_LOOKS = 5_000
_LOOKS_FURTHER = 200
_SHARE = 4  # one rule takes at most a quarter of what is left, so that none starves the others
# Ways of one rule with one axiom that are compared; more than are ever reported, since all of them
# lack equally many premises.
_WAYS = 200
# For a clash: triples that would follow from the one asked about (an event has some fifty), and
# triples looked at on the way, 0.4 s.
_CONSEQUENCES = 200
_LOOKS_FOR_CLASH = 10_000
_FURTHER = 3  # near misses reported of a missing premise: a tree of two levels, read at a glance

_TYPE, _FIRST, _REST, _NIL = (
    ox.NamedNode(PREFIXES["rdf"] + name) for name in ("type", "first", "rest", "nil")
)
_SCHEMA = (PREFIXES["owl"], PREFIXES["rdfs"])
_EXTREMES = frozenset(ox.NamedNode(PREFIXES["owl"] + name) for name in ("Thing", "Nothing"))
_PATHS = frozenset({MEMBER, NODE})
_TRUE = ox.Literal("true", datatype=ox.NamedNode(PREFIXES["xsd"] + "boolean"))


class Facts(Protocol):
    """The triples that hold, axioms of the ontology included."""

    def match(
        self,
        subject: ox.NamedNode | ox.BlankNode | None,
        predicate: ox.NamedNode | None,
        value: Term | None,
        /,
    ) -> Iterable[ox.Triple]:
        """Return those with these terms, in an order that is always the same; None is any term."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A rule that does not conclude a triple, and why.

    Attributes:
        rule: `owl-rl/prp-trp`, or the path of a rule file.
        axioms: that it goes by, lists as their triples.
        premises: that hold, in the order of the rule.
        missing: premises that do not hold.
        unmet: FILTERs and BINDs of a rule file that say no, as written.
    """

    rule: str
    axioms: tuple[ox.Triple, ...]
    premises: tuple[ox.Triple, ...]
    missing: tuple["Missing", ...]
    unmet: tuple[str, ...] = ()

    @property
    def distance(self) -> int:
        """Return how much is lacking: premises, and conditions that are not met."""
        return len(self.missing) + len(self.unmet)


@dataclass(frozen=True, slots=True)
class Missing:
    """A premise that does not hold.

    Attributes:
        pattern: the premise; a variable where any term would do.
        nearest: what lacks for it to follow, nearest first; empty where no rule concludes it.
    """

    pattern: Pattern
    nearest: tuple[NearMiss, ...] = ()

    @property
    def shape(self) -> Shape:
        """Return its three terms, None for any."""
        return _shape(self.pattern)


@dataclass(frozen=True, slots=True)
class Clash:
    """What cannot all hold, if a triple held.

    Attributes:
        contradiction: the rule and its premises.
        steps: by which those of the premises that do not hold now would follow from the triple.
    """

    contradiction: Contradiction
    steps: tuple[Derivation, ...]


def why_not(
    triple: ox.Triple, facts: Facts, rules: Iterable[Rule], most: int = 10
) -> list[NearMiss]:
    """Return the rules that could conclude a triple and what they lack, nearest first.

    Nearest is what lacks least; then what leaves least open; then what rests on most premises.
    If the triple holds, some rule lacks nothing, or it is stated.
    """
    s, p, o = triple
    if isinstance(o, ox.Triple):
        return []  # no rule concludes anything about a triple
    target = Pattern(s, p, o)
    templates = _templates(rules)
    nearest = _nearest(target, _Search(facts, _LOOKS), templates, {_shape(target)})[:most]
    known: dict[Shape, tuple[NearMiss, ...]] = {}

    def explained(missing: Missing) -> Missing:
        shape = missing.shape
        if shape not in known:
            search = _Search(facts, _LOOKS_FURTHER)
            further = _nearest(missing.pattern, search, templates, {_shape(target), shape})
            known[shape] = tuple(further[:_FURTHER])
        return replace(missing, nearest=known[shape])

    return [replace(miss, missing=tuple(map(explained, miss.missing))) for miss in nearest]


def clashes(triple: ox.Triple, facts: Facts, rules: Iterable[Rule], most: int = 3) -> list[Clash]:
    """Return what a triple would contradict if it held, with the fewest steps in between.

    What would follow from it is worked out in rounds, up to the first that has a contradiction.
    """
    templates = _templates(rules, false=True)
    supposed = _Supposed(facts)
    search = _Search(supposed, _LOOKS_FOR_CLASH)
    reasons: dict[ox.Triple, Derivation | None] = {triple: None}
    found: dict[frozenset[ox.Triple], Clash] = {}
    fresh = [triple]
    with suppress(_Exhausted):
        while fresh and not found:
            supposed.add(fresh)
            fresh = [*_following(fresh, search, templates, reasons, found)]
    ordered = sorted(found.values(), key=lambda c: (len(c.steps), c.contradiction.rule, str(c)))
    return ordered[:most]


def _following(
    fresh: Sequence[ox.Triple],
    search: "_Search",
    templates: Iterable["_Template"],
    reasons: dict[ox.Triple, Derivation | None],
    found: dict[frozenset[ox.Triple], Clash],
) -> Iterator[ox.Triple]:
    """Yield what follows with the help of some triples and does not hold yet.

    Writes: the step to each into `reasons`; what cannot all hold into `found`, by its premises.
    """
    for template in templates:
        for way, premises in (w for each in fresh for w in search.fire(template, each)):
            if not template.then:
                steps = tuple(_ancestry(premises, reasons))
                clash = Clash(Contradiction(template.rule, premises), steps)
                found.setdefault(frozenset(premises), clash)
            for then in template.then:
                conclusion = _instance(_filled(then, way))
                if conclusion is None or len(reasons) > _CONSEQUENCES:
                    continue
                if conclusion not in reasons and not search.holds(conclusion):
                    reasons[conclusion] = Derivation(conclusion, template.rule, premises)
                    yield conclusion


def _ancestry(
    premises: Iterable[ox.Triple], reasons: Mapping[ox.Triple, Derivation | None]
) -> list[Derivation]:
    """Return the steps that lead to some premises, in the order in which they follow."""
    needed = set()
    pending = [*premises]
    while pending:
        step = reasons.get(pending.pop())
        if step is not None and step not in needed:
            needed.add(step)
            pending += step.premises
    return [step for step in reasons.values() if step in needed]


# Rules


@dataclass(frozen=True, slots=True)
class _Template:
    """A rule, with its premises told apart.

    Attributes:
        rule: its name.
        axioms: premises that must hold.
        data: premises that may be missing.
        then: conclusions; none for false.
        definition: of a rule of the recommendation.
        expressions: FILTERs and BINDs of a rule file.
        prologue: the prefixes that these were written with.
    """

    rule: str
    axioms: tuple[Pattern, ...]
    data: tuple[Pattern, ...]
    then: tuple[Pattern, ...]
    definition: Definition | None = None
    expressions: tuple[Expression, ...] = ()
    prologue: str = ""

    @property
    def needs_a_premise(self) -> bool:
        """Return whether to report it only where a premise holds: else it is near to nothing."""
        return self.definition is not None and not self.axioms


def _templates(rules: Iterable[Rule], *, false: bool = False) -> list[_Template]:
    of_files = [
        _Template(rule.name, (), rule.where, rule.then, None, rule.expressions, rule.prologue)
        for rule in rules
    ]
    return [*of_files, *(t for t in _of_recommendation() if t.then or false)]


@cache
def _of_recommendation() -> tuple[_Template, ...]:
    """Return the rules of OWL 2 RL that have premises; eq-ref says nothing."""
    found = []
    for name, definition in DEFINITIONS.items():
        if definition.where and definition.name != "eq-ref":
            axioms = tuple(filter(_is_axiom, definition.premises))
            data = tuple(p for p in definition.premises if p not in axioms)
            if not data and not definition.each and not _PATHS & {p.predicate for p in axioms}:
                # About axioms alone. That a class is a restriction is not what could be missing.
                data = tuple(filter(_is_hierarchy, axioms)) or axioms
                axioms = tuple(p for p in axioms if p not in data)
            found.append(_Template(name, axioms, data, definition.conclusions, definition))
    return tuple(found)


def _is_axiom(pattern: Pattern) -> bool:
    """Return whether a premise is about the vocabulary, or along a list that an axiom names."""
    p, o = pattern.predicate, pattern.object
    if p == _TYPE:
        return isinstance(o, ox.NamedNode) and o not in _EXTREMES and o.value.startswith(_SCHEMA)
    return p in {*_PATHS, _FIRST} or (isinstance(p, ox.NamedNode) and p.value.startswith(_SCHEMA))


def _is_hierarchy(pattern: Pattern) -> bool:
    p = pattern.predicate
    return isinstance(p, ox.NamedNode) and p.value.startswith(PREFIXES["rdfs"])


# Near misses


def _nearest(
    target: Pattern, search: "_Search", templates: Iterable[_Template], circular: set[Shape]
) -> list[NearMiss]:
    """Return near misses, each set of missing premises once, nearest first.

    Left out is what lacks a circular premise: that the triple is missing does not explain it.
    """
    found: list[NearMiss] = []
    for template in templates:
        with search.share(_SHARE) as part:
            for miss in part.near(target, template, circular):
                found.append(miss)  # noqa: PERF402 what was found before the looks ran out counts
    ordered = sorted(
        found,
        key=lambda miss: (
            miss.distance,
            sum(len(missing.pattern.variables) for missing in miss.missing),
            -len(miss.premises),
            miss.rule,
            *map(str, (*miss.missing, *miss.premises, *miss.axioms)),
        ),
    )
    once: dict[tuple[frozenset[Shape], tuple[str, ...]], NearMiss] = {}
    for miss in ordered:
        once.setdefault((frozenset(missing.shape for missing in miss.missing), miss.unmet), miss)
    return [*once.values()]


class _Exhausted(Exception):
    """A search has looked at as many triples as it may: what it has not seen may hold."""


@dataclass(slots=True)
class _Search:
    """Matching of premises with facts, within a number of triples to look at.

    Raises: _Exhausted, where a method would look at more.

    Attributes:
        facts: that hold.
        looks: triples that may still be looked at.
    """

    facts: Facts
    looks: int

    def near(
        self, target: Pattern, template: _Template, circular: set[Shape]
    ) -> Iterator[NearMiss]:
        """Yield the ways of a rule to a target that lack least, for each axiom it could go by."""
        for then in template.then:
            start = _unified(then, target)
            if start is not None:
                for way in self._solved(template.axioms, start):
                    for binding, data in self._with_members(template, way):
                        yield from self._lacking(template, binding, data, circular)

    def fire(
        self, template: _Template, fresh: ox.Triple
    ) -> Iterator[tuple[Binding, tuple[ox.Triple, ...]]]:
        """Yield the ways in which a rule fires with a triple as a premise, and all premises."""
        whole: list[tuple[Binding, tuple[Pattern, ...]]]
        if template.definition is not None and template.definition.each:
            ways = self._solved(template.axioms, {})
            whole = [m for way in ways for m in self._with_members(template, way)]
        else:
            whole = [({}, (*template.axioms, *template.data))]
        for binding, patterns in whole:
            for number, pattern in enumerate(patterns):
                start = _matched(pattern, fresh, binding)
                if start is None:
                    continue
                for way in self._solved([*patterns[:number], *patterns[number + 1 :]], start):
                    tested, unmet = _tested(template, way)
                    if not unmet and _differ(template, tested):
                        axioms = self._axioms(template, tested)
                        premises = (_instance(_filled(p, tested)) for p in patterns)
                        yield tested, tuple(dict.fromkeys([*axioms, *filter(None, premises)]))

    @contextmanager
    def share(self, parts: int) -> Iterator["_Search"]:
        """Give a part of what may be looked at to a search of its own, which ends with it."""
        part = replace(self, looks=self.looks // parts)
        self.looks -= part.looks
        with suppress(_Exhausted):
            yield part
        self.looks += max(part.looks, 0)

    def holds(self, triple: ox.Triple) -> bool:
        """Return whether a triple is among the facts."""
        return any(True for _ in self.facts.match(triple.subject, triple.predicate, triple.object))  # type: ignore[arg-type]

    def _lacking(
        self,
        template: _Template,
        binding: Binding,
        data: tuple[Pattern, ...],
        circular: set[Shape],
    ) -> Iterator[NearMiss]:
        """Yield the ways of a rule with one axiom that lack least."""
        least = len(data) + len(template.expressions) + 1
        for allowed in range(len(data) + 1):
            if allowed >= least or (template.needs_a_premise and allowed == len(data)):
                break
            with self.share(2) as part:
                for way, absent in islice(part._partly(data, binding, (), allowed), _WAYS):
                    miss = part._miss(template, data, way, absent)
                    lacking = {missing.shape for missing in miss.missing}
                    # What holds somehow was found before, with fewer missing.
                    if not lacking & circular and not any(map(part._is_idle, miss.missing)):
                        least = min(least, miss.distance)
                        yield miss

    def _miss(
        self,
        template: _Template,
        data: Iterable[Pattern],
        way: Binding,
        absent: Collection[Pattern],
    ) -> NearMiss:
        tested, unmet = _tested(template, way)
        held = (_instance(_filled(pattern, tested)) for pattern in data if pattern not in absent)
        missing = dict.fromkeys(_filled(pattern, tested) for pattern in absent)
        return NearMiss(
            template.rule,
            tuple(self._axioms(template, tested)),
            tuple(dict.fromkeys(filter(None, held))),
            tuple(Missing(pattern) for pattern in missing),
            unmet,
        )

    def _is_idle(self, missing: Missing) -> bool:
        """Return whether a premise holds somehow, or nobody would miss it."""
        s, p, o = missing.shape
        if s in _EXTREMES or o in _EXTREMES or not (p is None or isinstance(p, ox.NamedNode)):
            return True  # of everything, of nothing, or no RDF
        if isinstance(s, ox.Literal):
            # It could not be stated, but that a literal is of no such datatype is an answer.
            return p != _TYPE or bool(self._matches(missing.pattern, {}))
        self._look(1)
        facts = self.facts.match(s, p, o)
        return any(_matched(missing.pattern, triple, {}) is not None for triple in facts)

    def _partly(
        self,
        patterns: Sequence[Pattern],
        binding: Binding,
        absent: tuple[Pattern, ...],
        allowed: int,
    ) -> Iterator[tuple[Binding, tuple[Pattern, ...]]]:
        """Yield bindings under which all but some premises hold, exactly as many as allowed."""
        if len(absent) + len(patterns) < allowed:
            return
        if not patterns:
            yield binding, absent
            return
        number = min(
            range(len(patterns)), key=lambda n: len(_filled(patterns[n], binding).variables)
        )
        pattern, rest = patterns[number], [*patterns[:number], *patterns[number + 1 :]]
        matched = False
        for extended in self._matches(pattern, binding):
            matched = True
            yield from self._partly(rest, extended, absent, allowed)
        is_open = bool(_filled(pattern, binding).variables)
        if len(absent) < allowed and (is_open or not matched):
            yield from self._partly(rest, binding, (*absent, pattern), allowed)

    def _solved(self, patterns: Sequence[Pattern], binding: Binding) -> Iterator[Binding]:
        """Yield bindings under which patterns hold, that with the fewest open terms first."""
        if not patterns:
            yield binding
            return

        def openness(number: int) -> int:
            filled = _filled(patterns[number], binding)
            # A path is followed from its list, not to it.
            unready = filled.predicate in _PATHS and isinstance(filled.subject, ox.Variable)
            return len(filled.variables) + 3 * unready

        number = min(range(len(patterns)), key=openness)
        rest = [*patterns[:number], *patterns[number + 1 :]]
        for extended in self._matches(patterns[number], binding):
            yield from self._solved(rest, extended)

    def _look(self, number: int) -> None:
        self.looks -= number
        if self.looks < 0:
            raise _Exhausted

    def _matches(self, pattern: Pattern, binding: Binding) -> list[Binding]:
        """Return the bindings under which a pattern is a fact."""
        filled = _filled(pattern, binding)
        s, p, o = _shape(filled)
        if isinstance(s, ox.Literal):
            is_typed = p == _TYPE and isinstance(o, ox.NamedNode) and is_in(o, s)
            return [binding] if is_typed else []
        found: list[Iterable[object]]
        if p in _PATHS:
            nodes = [] if s is None else self._list(s)
            found = [(s, p, node if p == NODE else first.object) for node, first, _ in nodes]
        elif p is None or isinstance(p, ox.NamedNode):
            # Half of what may be looked at, so that something is left for going on from there.
            found = sorted(islice(self.facts.match(s, p, o), self.looks // 2 + 1), key=str)
        else:
            found = []
        self._look(len(found) + 1)
        extended = (_matched(pattern, triple, binding) for triple in found)
        return [each for each in extended if each is not None]

    # Lists

    def _with_members(
        self, template: _Template, way: Binding
    ) -> Iterator[tuple[Binding, tuple[Pattern, ...]]]:
        """Yield a way with the premises that may be missing, those along a list among them."""
        definition = template.definition
        if definition is None or not definition.each:
            if _differ(template, way):
                yield way, template.data
            return
        nodes = self._list(way["l"])
        along = [*definition.along(len(nodes))]
        members = {
            variable: first.object
            for (variable, _), (_, first, _) in zip(along, nodes, strict=True)
        }
        if nodes:
            yield {**way, **members}, (*template.data, *(p for _, each in along for p in each))  # type: ignore[dict-item]

    def _list(self, head: Term) -> list[tuple[Term, ox.Triple, ox.Triple]]:
        """Return the nodes of a list, each with its two triples; none if it is broken."""
        nodes: dict[Term, tuple[Term, ox.Triple, ox.Triple]] = {}
        node: object = head
        while node != _NIL:
            if not isinstance(node, ox.NamedNode | ox.BlankNode) or node in nodes:
                return []
            first = [*islice(self.facts.match(node, _FIRST, None), 2)]
            rest = [*islice(self.facts.match(node, _REST, None), 2)]
            self._look(2)
            if len(first) != 1 or len(rest) != 1:
                return []
            nodes[node] = (node, first[0], rest[0])
            node = rest[0].object
        return [*nodes.values()]

    def _axioms(self, template: _Template, way: Binding) -> Iterator[ox.Triple]:
        """Yield the axioms of a way, each list after the axiom that names it."""
        for pattern in template.axioms:
            triple = _instance(_filled(pattern, way))
            if pattern.predicate not in _PATHS and pattern.predicate != _FIRST and triple:
                yield triple
        if "l" in way:
            yield from self._list_up_to_last(template, way)

    def _list_up_to_last(self, template: _Template, way: Binding) -> Iterator[ox.Triple]:
        """Yield the triples of a list up to the last node or member that a way is about."""
        ends = {_filled(p, way).object for p in template.axioms if p.predicate in _PATHS}
        for node, first, rest in self._list(way["l"]):
            yield first
            if template.definition is None or not template.definition.each:
                ends -= {node, first.object}
                if not ends:
                    return
            yield rest


class _Supposed:
    """Facts, and triples supposed to hold too."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._more: dict[ox.NamedNode, list[ox.Triple]] = {}

    def add(self, triples: Iterable[ox.Triple]) -> None:
        """Suppose more."""
        for triple in triples:
            self._more.setdefault(triple.predicate, []).append(triple)

    def match(
        self,
        subject: ox.NamedNode | ox.BlankNode | None,
        predicate: ox.NamedNode | None,
        value: Term | None,
        /,
    ) -> Iterator[ox.Triple]:
        yield from self._facts.match(subject, predicate, value)
        predicates = self._more if predicate is None else [predicate]
        for triple in (t for p in predicates for t in self._more.get(p, ())):
            if subject in {None, triple.subject} and value in {None, triple.object}:
                yield triple


# Patterns


def _filled(pattern: Pattern, binding: Binding) -> Pattern:
    """Return a pattern with what is bound in it."""
    return Pattern(
        *(
            binding.get(slot.value, slot) if isinstance(slot, ox.Variable) else slot
            for slot in pattern
        )
    )


def _shape(pattern: Pattern) -> Shape:
    s, p, o = (None if isinstance(slot, ox.Variable) else slot for slot in pattern)
    return s, p, o


def _instance(pattern: Pattern) -> ox.Triple | None:
    """Return a pattern as a triple, None if something is open or it is no RDF."""
    s, p, o = _shape(pattern)
    if isinstance(s, ox.NamedNode | ox.BlankNode) and isinstance(p, ox.NamedNode) and o:
        return None if p in _PATHS else ox.Triple(s, p, o)
    return None


def _unified(then: Pattern, target: Pattern) -> Binding | None:
    """Return what a conclusion binds in order to be a target; None if it cannot be."""
    pairs = [(a, b) for a, b in zip(then, target, strict=True) if not isinstance(b, ox.Variable)]
    return _bound(pairs, {})


def _matched(pattern: Pattern, triple: Iterable[object], binding: Binding) -> Binding | None:
    """Return a binding under which a pattern is a triple; None if there is none."""
    return _bound(zip(pattern, triple, strict=True), binding)


def _bound(pairs: Iterable[tuple[Slot, object]], binding: Binding) -> Binding | None:
    extended: dict[str, Term] = dict(binding)
    for slot, term in pairs:
        if not isinstance(slot, ox.Variable):
            if slot != term:
                return None
        elif extended.setdefault(slot.value, term) != term:  # type: ignore[arg-type]
            return None
    return extended


def _differ(template: _Template, way: Binding) -> bool:
    definition = template.definition
    return (
        definition is None
        or not definition.differ
        or len({way[name] for name in definition.differ}) > 1
    )


# FILTER and BIND


def _tested(template: _Template, way: Binding) -> tuple[Binding, tuple[str, ...]]:
    """Return a way with what BINDs give, and the expressions that say no.

    One that reads a variable that is open says nothing.
    """
    bound = dict(way)
    unmet = []
    for expression in template.expressions:
        if not all(name in bound for name in expression.variables):
            continue
        value = _value(expression, template.prologue, bound)
        if not expression.binds:
            if value != _TRUE:
                unmet.append(expression.text)
        elif value is None or bound.setdefault(expression.binds, value) != value:
            unmet.append(f"{expression.text} AS ?{expression.binds}")
    return bound, tuple(unmet)


def _value(expression: Expression, prologue: str, way: Binding) -> Term | None:
    """Return the value of an expression, of a FILTER true or false; None where it has none."""
    names = expression.variables
    if len(names) == 2 and "".join(expression.text.split()) in {
        f"?{one}!=?{other}" for one, other in (names, names[::-1])
    }:
        one, other = (way[name] for name in names)
        if not isinstance(one, ox.Literal) and not isinstance(other, ox.Literal):
            return _TRUE if one != other else None
    text = expression.text if expression.binds else f"IF(({expression.text}), true, false)"
    head = " ".join(f"?{name}" for name in names)
    # A blank node has no name in a query, so it is unbound to an expression.
    row = " ".join("UNDEF" if isinstance(way[n], ox.BlankNode) else str(way[n]) for n in names)
    answer = ox.Store().query(
        f"{prologue}SELECT ?_value {{ VALUES ({head}) {{ ({row}) }} BIND(({text}) AS ?_value) }}"
    )
    assert isinstance(answer, ox.QuerySolutions), "it is a SELECT"
    (solution,) = answer
    value = solution["_value"]
    return None if isinstance(value, ox.Triple) else value
