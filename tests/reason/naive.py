"""The rules read plainly: sets of triples, joined one by one until nothing new follows.

Slow, and with nothing in common with the engine but the text of the rules, which
`test_every_rl_rule.py` holds against the recommendation.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pyoxigraph as ox

from kg.reason import datatypes, rl
from kg.reason.codes import Generalised, Term
from kg.rules import Pattern, Slot
from kg.terms import PREFIXES

Binding = dict[str, Term]
_RDF = PREFIXES["rdf"]
_FIRST, _REST, _NIL = (ox.NamedNode(_RDF + name) for name in ("first", "rest", "nil"))
_TYPE, _RANGE = ox.NamedNode(_RDF + "type"), ox.NamedNode(PREFIXES["rdfs"] + "range")
_SAME = ox.NamedNode(PREFIXES["owl"] + "sameAs")


def close(
    stated: Iterable[ox.Triple | Generalised],
    mentioned: Iterable[Term] = (),
    *,
    trivial: bool = False,
) -> set[Generalised]:
    """Return all that follows, generalised triples included.

    Of the infinitely many literals and their types it knows those stated, and those mentioned.
    """
    known: set[Generalised] = {(t[0], t[1], t[2]) for t in stated}
    also = {*mentioned}
    known |= _equal_literals(known, also) | _literal_types(known, also)
    rows = [row for row in rl.ROWS if row.then and (trivial or row.group != "trivial")]
    while True:
        graph = Graph(known)
        new = {triple for row in rows for triple in graph.concluded(row)} - known
        if not new:
            return known
        known |= new


def is_rdf(triple: Generalised) -> bool:
    return not isinstance(triple[0], ox.Literal) and isinstance(triple[1], ox.NamedNode)


def _equal_literals(known: set[Generalised], also: set[Term]) -> set[Generalised]:
    terms = also.union(*known)
    values = {term: datatypes.value_of(term) for term in terms if isinstance(term, ox.Literal)}
    return {
        (one, _SAME, other)
        for one, value in values.items()
        for other, other_value in values.items()
        if value is not None and value == other_value and one != other
    }


def _literal_types(known: set[Generalised], also: set[Term]) -> set[Generalised]:
    """Return dt-type2 for the datatypes that an axiom names; a range gives the type by itself."""
    named = also.union(*((s, o) for s, p, o in known if p != _RANGE)).intersection(
        datatypes.DATATYPES
    )
    literals = {term for term in also.union(*known) if isinstance(term, ox.Literal)}
    return {(e, _TYPE, datatype) for e in literals for datatype in named
            if isinstance(datatype, ox.NamedNode) and datatypes.contains(datatype, e)}  # fmt: skip


class Graph:
    """Triples by predicate, and by predicate with either side."""

    def __init__(self, triples: Iterable[Generalised]) -> None:
        self._all = set(triples)
        self._by: dict[object, list[Generalised]] = defaultdict(list)
        for triple in self._all:
            s, p, o = triple
            for key in (p, (s, p), (p, o)):
                self._by[key].append(triple)

    def concluded(self, row: rl.Row) -> Iterator[Generalised]:
        """Yield what a row concludes."""
        for where, then in self._written_out(row):
            for binding in self.solutions(where, {}):
                if row.distinct and binding[row.distinct[0]] == binding[row.distinct[1]]:
                    continue
                for pattern in then:
                    s, p, o = (
                        binding[t.value] if isinstance(t, ox.Variable) else t for t in pattern
                    )
                    yield s, p, o

    def _written_out(
        self, row: rl.Row
    ) -> Iterator[tuple[tuple[Pattern, ...], tuple[Pattern, ...]]]:
        """Yield premises and conclusions, for a row along lists those of each length."""
        if not row.each:
            yield rl.read(row.where), rl.read(row.then)
            return
        where = rl.read(row.where)
        naming = where[0].predicate
        lengths = {len(self.members(triple[2]) or ()) for triple in self._by[naming]} - {0}
        for length in sorted(lengths):
            places = (Pattern(ox.Variable("l"), ox.NamedNode(f"urn:place:{i}:{length}"), ox.Variable(f"e{i}"))
                      for i in range(length))  # fmt: skip
            yield (*where, *places, *rl.repeated(row, length)), rl.read(row.then.format(n=length))

    def solutions(self, patterns: tuple[Pattern, ...], binding: Binding) -> Iterator[Binding]:
        """Yield the bindings under which all patterns hold."""
        if not patterns:
            yield binding
            return
        first, rest = patterns[0], patterns[1:]
        s, p, o = (_filled(slot, binding) for slot in first)
        for triple in self._candidates(s, p, o):
            extended = _extended(first, triple, binding)
            if extended is not None:
                yield from self.solutions(rest, extended)

    def _candidates(self, s: Slot, p: Slot, o: Slot) -> Iterable[Generalised]:
        assert isinstance(p, ox.NamedNode | ox.Variable | ox.BlankNode | ox.Literal)
        if isinstance(p, ox.NamedNode) and p.value.startswith("urn:"):
            return self._of_list(s, p.value)
        if isinstance(p, ox.Variable):
            return self._all
        if not isinstance(s, ox.Variable):
            return self._by[s, p]
        return self._by[p] if isinstance(o, ox.Variable | ox.Literal) else self._by[p, o]

    def _of_list(self, head: Slot, relation: str) -> list[Generalised]:
        assert not isinstance(head, ox.Variable), "a rule names the list before its members"
        members = self.members(head) or ()
        name = ox.NamedNode(relation)
        if relation == rl.MEMBER.value:
            return [(head, name, each) for each in members]
        if relation == rl.TWICE.value:
            return [(head, name, each) for each in members if members.count(each) > 1]
        place, length = map(int, relation.split(":")[2:])
        return [(head, name, members[place])] if len(members) == length else []

    def members(self, head: Term) -> tuple[Term, ...] | None:
        """Return the members of a list, None if it is none; of equal alternatives the first."""
        found: list[Term] = []
        node, passed = head, set[Term]()
        while node != _NIL:
            if node in passed:
                return None
            passed.add(node)
            first, rest = (self._one(node, predicate) for predicate in (_FIRST, _REST))
            if first is None or rest is None:
                return None
            found.append(first)
            node = rest
        return tuple(found)

    def _one(self, node: Term, predicate: ox.NamedNode) -> Term | None:
        values = sorted({triple[2] for triple in self._by[node, predicate]}, key=str)
        for other in values[1:]:
            if (values[0], _SAME, other) not in self._all:
                return None
        return _NIL if _NIL in values else values[0] if values else None


def _filled(slot: Slot, binding: Mapping[str, Term]) -> Slot:
    return binding.get(slot.value, slot) if isinstance(slot, ox.Variable) else slot


def _extended(pattern: Pattern, triple: Generalised, binding: Binding) -> Binding | None:
    extended = dict(binding)
    for slot, term in zip(pattern, triple, strict=True):
        if isinstance(slot, ox.Variable):
            if extended.setdefault(slot.value, term) != term:
                return None
        elif slot != term and not _is_of_the_same_value(slot, term):
            return None
    return extended


def _is_of_the_same_value(one: Slot, other: Term) -> bool:
    if not isinstance(one, ox.Literal) or not isinstance(other, ox.Literal):
        return False
    value = datatypes.value_of(one)
    return value is not None and value == datatypes.value_of(other)
