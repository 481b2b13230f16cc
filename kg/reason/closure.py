"""A closure: what follows, by which rule and in which round, and from what."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import product
from typing import Self

import numpy as np
import pyoxigraph as ox

from kg.errors import KgError
from kg.proof.derivation import Contradiction, Derivation
from kg.reason import datatypes, rl
from kg.reason.codes import MASK, RULE_MASK, RULE_WIDTH, WIDTH, Array, Codes, Term
from kg.reason.columns import pack
from kg.reason.lists import Lists
from kg.reason.plan import ONE, Atom, Join, Rows, compiled, solve
from kg.reason.rounds import Rounds, Rows32, bound
from kg.rules import Pattern, Rule
from kg.terms import PREFIXES, XSD

RL = "owl-rl/"  # before the W3C's name of a rule: rule:owl-rl/prp-trp
_OWL, _RDF, _RDFS = (PREFIXES[name] for name in ("owl", "rdf", "rdfs"))
_TYPE = ox.NamedNode(_RDF + "type")
_SAME = ox.NamedNode(_OWL + "sameAs")
_RANGE = ox.NamedNode(_RDFS + "range")
_AXIOMS: tuple[tuple[str, ox.Triple], ...] = (
    *(
        ("prp-ap", ox.Triple(each, _TYPE, ox.NamedNode(_OWL + "AnnotationProperty")))
        for each in datatypes.ANNOTATION_PROPERTIES
    ),
    *(
        (name, ox.Triple(ox.NamedNode(_OWL + each), _TYPE, ox.NamedNode(_OWL + "Class")))
        for name, each in (("cls-thing", "Thing"), ("cls-nothing1", "Nothing"))
    ),
    *(
        ("dt-type1", ox.Triple(each, _TYPE, ox.NamedNode(_RDFS + "Datatype")))
        for each in datatypes.DATATYPES
    ),
)


def close(
    triples: Iterable[ox.Triple],
    rules: Collection[Rule] = (),
    *,
    trivial: bool = False,
    representatives: bool = True,
) -> "Closure":
    """Return what follows from triples under OWL 2 RL and the rules.

    With `trivial`, also what says nothing: reflexive owl:sameAs, the axioms about the vocabulary
    and the types of literals. Without `representatives`, owl:sameAs is reasoned over by the
    rules of Table 4, which copies every triple for each name of its terms: for comparison only.

    Raises: KgError, if a rule makes ever new terms.
    """
    return Closure(triples, rules, trivial=trivial, representatives=representatives)


class Closure:
    """What a set of triples comes to; `close` makes one."""

    def __init__(
        self,
        triples: Iterable[ox.Triple],
        rules: Collection[Rule],
        *,
        trivial: bool,
        representatives: bool,
    ) -> None:
        self._rules = tuple(rules)
        self._trivial = trivial
        self._by_representatives = representatives
        self.names = ("", *(RL + name for name in rl.names()), *(rule.name for rule in rules))
        if len(self.names) > RULE_MASK:
            raise KgError(f"more than {RULE_MASK:,} rules", hint="reason with fewer at a time")
        self._codes = Codes()
        self._start(self._codes.encode(triples))

    def _start(self, stated: Rows32) -> None:
        self._stated = stated
        codes = self._codes
        ordinals = {name.removeprefix(RL): number for number, name in enumerate(self.names)}
        self._input = len(codes)  # codes of the input lie below
        joins = [
            compiled(
                ordinals[row.name],
                rl.read(row.where),
                rl.read(row.then),
                codes,
                distinct=row.distinct,
            )
            for row in rl.ROWS
            if not row.each and self._is_on(row)
        ]
        joins += [
            compiled(
                len(self.names) - len(self._rules) + number,
                rule.where,
                rule.then,
                codes,
                expressions=rule.expressions,
                prologue=rule.prologue,
            )
            for number, rule in enumerate(self._rules)
        ]
        self._rounds = Rounds(
            codes,
            joins,
            lambda lists: [*self._along(lists, ordinals)],
            ordinals,
            representatives=self._by_representatives,
        )
        self._rounds.state(stated)
        self._give(ordinals)
        self._rounds.equate(self._equal_literals(), ordinals["dt-eq"])
        self._rounds.close(everything=True)

    def _is_on(self, row: rl.Row) -> bool:
        if row.group == "equality":
            return not self._by_representatives
        return row.group != "trivial" or (self._trivial and not self._by_representatives)

    def _along(self, lists: Lists, ordinals: dict[str, int]) -> Iterator[Join]:
        """Yield the rules that go along a list, one for each list that one names."""
        terms = self._codes.terms
        for row in rl.ROWS:
            if not row.each:
                continue
            for code, members in sorted(lists.sequences.items()):
                named: dict[str, Term] = {f"e{i}": terms[m] for i, m in enumerate(members)}
                where = [
                    *rl.read(row.where),
                    Pattern(ox.Variable("l"), rl.SEQUENCE, terms[code]),
                    *(_named(pattern, named) for pattern in rl.repeated(row, len(members))),
                ]
                yield compiled(
                    ordinals[row.name],
                    where,
                    rl.read(row.then.format(n=len(members))),
                    self._codes,
                    distinct=row.distinct,
                )

    # What holds without premises

    def _give(self, ordinals: dict[str, int]) -> None:
        """Add what tables 5, 6 and 8 give without premises, as far as it is on."""
        axioms = [*_AXIOMS] if self._trivial else []
        axioms += [("dt-type2", triple) for triple in self._literal_types()]
        found: dict[str, list[ox.Triple]] = {}
        for name, triple in axioms:
            found.setdefault(name, []).append(triple)
        for name, given in found.items():
            self._rounds.give(self._codes.encode(given), ordinals[name])

    def _literals(self) -> list[ox.Literal]:
        return [term for term in self._codes.terms if isinstance(term, ox.Literal)]

    def _literal_types(self) -> Iterator[ox.Triple]:
        """Yield the type of each literal (dt-type2), where some axiom could care.

        That is where a datatype stands anywhere but as the range of a property, which concludes
        the type by itself; and everywhere with `trivial`.
        """
        named = datatypes.DATATYPES if self._trivial else self._named_datatypes()
        if not named:
            return
        for literal in self._literals():
            for datatype in named:
                if datatypes.contains(datatype, literal):
                    # A literal as a subject is no RDF, but the rules are about such triples.
                    yield _Generalized(literal, _TYPE, datatype)  # type: ignore[misc]

    def _named_datatypes(self) -> list[ox.NamedNode]:
        codes = {each: self._codes.known(each) for each in datatypes.DATATYPES}
        rows = self._stated[self._stated[:, 1] != self._codes.code(_RANGE)]
        used = set(np.unique(rows[:, (0, 2)]).tolist())
        return [each for each, code in codes.items() if code in used]

    def _equal_literals(self) -> list[tuple[int, int]]:
        literals = self._literals()
        code = self._codes.code
        if not any(_is_typed(each) and code(each) < self._input for each in literals):
            return []  # strings are equal only to themselves; the rules' own 0 and 1 do not count
        groups = datatypes.classes_of_equal(literals)
        return [(code(group[0]), code(each)) for group in groups for each in group[1:]]

    # Reading

    @property
    def rounds(self) -> int:
        """Return the number of rounds."""
        return self._rounds.round

    def __len__(self) -> int:
        """Return the number of triples on representatives, stated ones included."""
        return sum(len(table.keys) for _, table in self._rounds.tables())

    def __contains__(self, triple: ox.Triple) -> bool:
        return self._find(triple) is not None

    def round_of(self, triple: ox.Triple) -> int | None:
        """Return the round in which a triple was first derived; 0 if stated, None if it fails."""
        found = self._find(triple)
        return None if found is None else found >> RULE_WIDTH

    def rule_of(self, triple: ox.Triple) -> str | None:
        """Return the rule that first derived a triple; empty if stated, None if it fails."""
        found = self._find(triple)
        return None if found is None else self.names[found & RULE_MASK]

    def derived(self) -> Iterator[ox.Triple]:
        """Yield what follows and is not stated, as far as it is RDF, in the order of codes.

        Each triple once, with every name of equal terms.
        """
        terms = self._codes.terms
        for s, p, o in self.derived_codes():
            subject, predicate = terms[s], terms[p]
            if not isinstance(subject, ox.Literal) and isinstance(predicate, ox.NamedNode):
                yield ox.Triple(subject, predicate, terms[o])

    def derived_codes(self) -> Iterator[tuple[int, int, int]]:
        """Yield the derived triples in codes, generalised ones included; see `terms`."""
        classes = self._rounds.classes
        special = np.array(sorted(classes), dtype=np.int64)
        stated = self._stated_keys() if classes else {}
        for predicate, table in self._rounds.tables():
            subjects, values = table.keys >> WIDTH, table.keys & MASK
            plain = table.marks >> RULE_WIDTH > 0
            if classes:
                mixed = np.isin(subjects, special) | np.isin(values, special)
                mixed |= predicate in classes
                plain &= ~mixed
                yield from self._expanded(predicate, table.keys[mixed], stated)
            for s, o in zip(subjects[plain].tolist(), values[plain].tolist(), strict=True):
                yield s, predicate, o
        if self._trivial and self._by_representatives:
            yield from self._reflexive(stated)

    def _stated_keys(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for s, p, o in self._stated.tolist():
            found.setdefault(p, set()).add(s << WIDTH | o)
        return found

    def _expanded(
        self, predicate: int, keys: Array, stated: dict[int, set[int]]
    ) -> Iterator[tuple[int, int, int]]:
        """Yield triples with every name of their terms that was given, stated ones left out."""
        for key in keys.tolist():
            names = (
                [code for code in self._rounds.members(each) if code < self._input]
                for each in (key >> WIDTH, predicate, key & MASK)
            )
            for s, p, o in product(*names):
                if (s << WIDTH | o) not in stated.get(p, ()):
                    yield s, p, o

    def _reflexive(self, stated: dict[int, set[int]]) -> Iterator[tuple[int, int, int]]:
        """Yield eq-ref for terms that stand for themselves alone; the others have it already."""
        same = self._codes.code(_SAME)
        used = {
            int(code)
            for p, table in self._rounds.tables()
            for code in (p, *np.unique(table.keys >> WIDTH), *np.unique(table.keys & MASK))
        }
        for code in sorted(used):
            if len(self._rounds.members(code)) == 1 and (code << WIDTH | code) not in stated.get(
                same, ()
            ):
                yield code, same, code

    @property
    def terms(self) -> Sequence[Term]:
        """Return the terms by their codes."""
        return self._codes.terms

    def _code(self, term: "Term | ox.Triple") -> int | None:
        known = None if isinstance(term, ox.Triple) else self._codes.known(term)
        return None if known is None else self._rounds.same(known)

    def _find(self, triple: ox.Triple) -> int | None:
        s, p, o = (self._code(term) for term in triple)
        if s is None or p is None or o is None:
            return None
        table = self._rounds.table(p)
        return None if table is None else table.mark_of(s, o)

    # Why

    def firings(self, triple: ox.Triple | None = None) -> Iterator[Derivation]:
        """Yield every way in which rules conclude a triple, or any that is not stated.

        All premises hold, but their rounds may be higher than that of the conclusion; see
        `round_of`. A triple that is stated too is concluded all the same.
        """
        if triple is None:
            for join in self._rounds.joins:
                for atom in join.head:
                    yield from self._fired(join, atom, ONE)
            return
        s, p, o = (self._code(term) for term in triple)
        if s is None or p is None or o is None:
            return
        subject, value = np.array([s], dtype=np.int64), np.array([o], dtype=np.int64)
        for join in self._rounds.joins:
            for atom in join.head:
                start = bound(atom, p, subject, value, self._rounds.same)
                if start is not None:
                    yield from self._fired(join, atom, start)

    def steps(self) -> Iterator[Derivation]:
        """Yield the firings whose premises all came in lower rounds than the conclusion.

        At least one concludes each derived triple, so proofs made of them are well-founded.
        """
        for join in self._rounds.joins:
            keep = frozenset[str]().union(*(atom.variables for atom in (*join.body, *join.head)))
            for rows in solve(self._rounds, join, keep):
                latest = np.zeros(rows.count, dtype=np.int64)
                for atom in join.body:
                    latest = np.maximum(latest, self._rounds_of(rows, atom))
                for atom in join.head:
                    later = latest < self._rounds_of(rows, atom)
                    yield from self._written(join, atom, rows.taken(later, keep))

    def _rounds_of(self, rows: Rows, atom: Atom) -> Array:
        """Return the round of a pattern's triple in each row."""
        keys = pack(rows.column(atom.subject), rows.column(atom.object))
        predicates = rows.column(atom.predicate)
        found = np.zeros(rows.count, dtype=np.int64)
        for code in np.unique(predicates).tolist():
            table = self._rounds.table(self._rounds.same(code))
            assert table is not None, "the triples of a firing are there"
            chosen = predicates == code
            found[chosen] = table.marks[np.searchsorted(table.keys, keys[chosen])] >> RULE_WIDTH
        return found

    def _fired(self, join: Join, conclusion: Atom, start: Rows) -> Iterator[Derivation]:
        keep = frozenset[str]().union(*(atom.variables for atom in (*join.body, *join.head)))
        for rows in solve(self._rounds, join, keep, start):
            yield from self._written(join, conclusion, rows)

    def _written(self, join: Join, conclusion: Atom, rows: Rows) -> Iterator[Derivation]:
        columns = [self._instances(rows, atom) for atom in (conclusion, *join.body)]
        for concluded, *premises in zip(*columns, strict=True):
            triple = self._triple(concluded)
            if triple is not None:
                yield Derivation(triple, self.names[join.rule], self._premises(premises))

    def _instances(self, rows: Rows, atom: Atom) -> list[tuple[int, int, int]]:
        columns = [rows.column(slot).tolist() for slot in atom]
        return [*zip(*columns, strict=True)]

    def _premises(self, codes: Iterable[tuple[int, int, int]]) -> tuple[ox.Triple, ...]:
        """Return premises as triples; what was read from lists as the triples of the lists."""
        found: list[ox.Triple] = []
        for s, p, o in codes:
            if self._codes.terms[p] in {rl.MEMBER, rl.TWICE, rl.SEQUENCE}:
                found += self._list(s, o)
                continue
            triple = self._triple((s, p, o))
            if triple is not None:
                found.append(triple)
        return tuple(dict.fromkeys(found))

    def _list(self, head: int, last: int) -> Iterator[ox.Triple]:
        """Yield the triples of a list, up to the last node that has a member, or all."""
        first, rest, nil = (
            self._rounds.same(self._codes.code(ox.NamedNode(_RDF + name)))
            for name in ("first", "rest", "nil")
        )
        firsts, rests = self._rounds.table(first), self._rounds.table(rest)
        assert firsts is not None, "the list was read from this table"
        assert rests is not None, "as above"
        node, pending = head, []
        while node != nil:
            value = int(firsts.keys[np.searchsorted(firsts.keys, node << WIDTH)]) & MASK
            following = int(rests.keys[np.searchsorted(rests.keys, node << WIDTH)]) & MASK
            pending += [(node, first, value), (node, rest, following)]
            node = following
        if any(code == last for _, p, code in pending if p == first):
            end = max(n for n, (_, p, code) in enumerate(pending) if p == first and code == last)
            pending = pending[: end + 1]
        for codes in pending:
            triple = self._triple(codes)
            if triple is not None:
                yield triple

    def _triple(self, codes: tuple[int, int, int]) -> ox.Triple | None:
        """Return a triple of codes, None if it is no RDF."""
        s, p, o = (self._codes.terms[code] for code in codes)
        if isinstance(s, ox.Literal) or not isinstance(p, ox.NamedNode):
            return None
        return ox.Triple(s, p, o)

    def contradictions(self) -> Iterator[Contradiction]:
        """Yield what cannot all hold, each once: the rules that conclude false."""
        seen = set()
        for join in self._rounds.joins:
            if join.head:
                continue
            keep = frozenset[str]().union(*(atom.variables for atom in join.body))
            for rows in solve(self._rounds, join, keep):
                columns = [self._instances(rows, atom) for atom in join.body]
                for premises in zip(*columns, strict=True):
                    found = Contradiction(self.names[join.rule], self._premises(premises))
                    key = found.rule, frozenset(map(str, found.premises))
                    if key not in seen:
                        seen.add(key)
                        yield found
        yield from self._ill_typed()
        yield from self._clashing_literals()

    def _ill_typed(self) -> Iterator[Contradiction]:
        """Yield literals that are not of a datatype they must be of (dt-not-type)."""
        name = f"{RL}dt-not-type"
        for literal in self._literals():
            code = self._codes.code(literal)
            if datatypes.is_ill_typed(literal) and code < self._input:
                place = np.flatnonzero(self._stated[:, 2] == code)[:1]
                premises = tuple(
                    t for t in (self._triple(tuple(self._stated[n].tolist())) for n in place) if t
                )
                detail = f"“{literal.value}” is no {literal.datatype.value.rpartition('#')[2]}"
                yield Contradiction(name, premises, detail)
        table = self._rounds.table(self._rounds.same(self._codes.code(_TYPE)))
        for datatype in datatypes.DATATYPES if table else ():
            code_of_type = self._codes.known(datatype)
            if table is None or code_of_type is None:
                continue
            rows = table.keys[table.keys & MASK == code_of_type] >> WIDTH
            for code in rows.tolist():
                literal_ = self._codes.terms[code]
                if (
                    isinstance(literal_, ox.Literal)
                    and datatypes.contains(datatype, literal_) is False
                ):
                    yield Contradiction(
                        name,
                        self._why_typed(code, datatype),
                        f"{literal_} is no {datatype.value.rpartition('#')[2]}",
                    )

    def _why_typed(self, literal: int, datatype: ox.NamedNode) -> tuple[ox.Triple, ...]:
        """Return premises of one firing that gives a literal its type."""
        subject = np.array([literal], dtype=np.int64)
        value = np.array([self._codes.code(datatype)], dtype=np.int64)
        type_ = self._rounds.same(self._codes.code(_TYPE))
        for join in self._rounds.joins:
            for atom in join.head:
                start = bound(atom, type_, subject, value, self._rounds.same)
                if start is None:
                    continue
                keep = frozenset[str]().union(*(a.variables for a in join.body))
                for rows in solve(self._rounds, join, keep, start):
                    columns = [self._instances(rows, a)[:1] for a in join.body]
                    return self._premises(column[0] for column in columns)
        return ()

    def _clashing_literals(self) -> Iterator[Contradiction]:
        """Yield literals of different values that are concluded to be the same (dt-diff)."""
        for members in self._rounds.classes.values():
            literals = [
                t for t in (self._codes.terms[m] for m in members) if isinstance(t, ox.Literal)
            ]
            values = {datatypes.value_of(each): each for each in literals}
            values.pop(None, None)
            if len(values) > 1:
                one, other = sorted(map(str, values.values()))[:2]
                yield Contradiction(
                    f"{RL}dt-diff", (), f"{one} and {other} would be the same value"
                )

    # Changing

    def change(self, added: Iterable[ox.Triple] = (), removed: Iterable[ox.Triple] = ()) -> None:
        """Add and remove stated triples; what follows is then as if closed anew.

        Where lists or equal terms are touched it is closed anew, since neither can be undone.

        Raises: KgError, if a rule makes ever new terms.
        """
        gone, new = self._codes.encode(removed), self._codes.encode(added)
        before = {tuple(row) for row in self._stated.tolist()}
        taken = {tuple(row) for row in gone.tolist()} & before
        put = {tuple(row) for row in new.tolist()} - (before - taken)
        kept = [row for row in self._stated.tolist() if tuple(row) not in taken]
        stated = np.array([*kept, *sorted(put)], dtype=np.int32).reshape(-1, 3)
        taken_rows = np.array(sorted(taken), dtype=np.int32).reshape(-1, 3)
        put_rows = np.array(sorted(put), dtype=np.int32).reshape(-1, 3)
        if not self._can_follow(taken_rows, put_rows):
            terms = self._codes.terms
            self._codes = Codes()
            self._start(
                self._codes.encode(
                    _Generalized(*(terms[code] for code in row))  # type: ignore[misc]
                    for row in stated.tolist()
                )
            )
            return
        self._stated = stated
        self._input = len(self._codes)
        if len(taken_rows):
            self._rounds.retract(taken_rows)
        if len(put_rows):
            self._rounds.state(put_rows)
            self._rounds.close(everything=False)

    def _can_follow(self, taken: Rows32, put: Rows32) -> bool:
        """Return whether a change can be followed step by step."""
        new = (self._codes.terms[code] for code in np.unique(put[:, 2]).tolist())
        typed = any(isinstance(term, ox.Literal) and _is_typed(term) for term in new)
        return not typed and self._rounds.can_retract(taken)


def _is_typed(literal: ox.Literal) -> bool:
    return not literal.language and literal.datatype != XSD.string


class _Generalized(tuple):  # type: ignore[type-arg]
    """A triple whose subject may be a literal; iterates as a triple does."""

    def __new__(cls, *terms: Term) -> Self:
        return super().__new__(cls, terms)


def _named(pattern: Pattern, named: dict[str, Term]) -> Pattern:
    """Return a pattern with some of its variables filled in."""
    return Pattern(
        *(
            named.get(slot.value, slot) if isinstance(slot, ox.Variable) else slot
            for slot in pattern
        )
    )
