"""Semi-naive rounds: each joins what the round before added with all that is known.

Beside each triple stands the round it came in and the rule it came by; round 0 is what was stated.
The premises of a triple's first firing all came in lower rounds, so proofs that go down in rounds
are well-founded.

Terms that are the same (owl:sameAs, literals of one value) are one representative in all columns,
the one with the least code, and triples are counted once, not once a name. What was rewritten is
kept in `archive` with its mark, and each equality in `equalities`, for proofs.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from kg.errors import KgError
from kg.reason.codes import MASK, RULE_MASK, RULE_WIDTH, WIDTH, Array, Codes
from kg.reason.columns import (
    NONE,
    SUBJECT,
    Marks,
    Table,
    contains,
    first_of_equal,
    mark,
    pack,
    unique,
)
from kg.reason.lists import Lists, named_in, read_lists
from kg.reason.plan import Atom, Join, Rows, solve
from kg.reason.rl import MEMBER, SEQUENCE, TWICE
from kg.terms import PREFIXES

Rows32 = NDArray[np.int32]  # triples in codes: subject, predicate, object
STATED = 0  # the ordinal of no rule

# A BIND may make new terms, and terms from those. A chain of a thousand is no rule about history
# or anything else that ends; a day counted on from another, the longest chain known here, takes
# one step for each day between two events.
_LONGEST_CHAIN = 1_000

_OWL, _RDF = PREFIXES["owl"], PREFIXES["rdf"]
_SAME = ox.NamedNode(_OWL + "sameAs")
_TYPE = ox.NamedNode(_RDF + "type")


class Merged(NamedTuple):
    """Triples of one predicate that were rewritten.

    Attributes:
        predicate: as it was.
        keys: as they were, sorted by subject.
        marks: of each.
    """

    predicate: int
    keys: Array
    marks: Marks


class Rounds:
    """The state of a closure, in codes."""

    def __init__(
        self,
        codes: Codes,
        joins: Sequence[Join],
        list_joins: Callable[[Lists], Sequence[Join]],
        ordinals: dict[str, int],
        *,
        representatives: bool = True,
    ) -> None:
        self.codes = codes
        self.round = 0
        self.archive: list[Merged] = []
        self.equalities: list[tuple[int, int, int]] = []  # two codes and the mark
        self.broken_lists: dict[int, str] = {}
        self._tables: dict[int, Table] = {}
        self._rules = list(joins)
        self._list_joins = list_joins
        self._of_lists: dict[tuple[int, tuple[Atom, ...]], Join] = {}
        self._ordinals = ordinals
        self._representatives = representatives
        self._same = codes.code(_SAME)
        self._listed = frozenset(named_in(codes))
        self._internal = frozenset(map(codes.code, (MEMBER, TWICE, SEQUENCE)))
        self._representative: Array = NONE
        self._members: dict[int, list[int]] = {}
        self._depth: dict[int, int] = {}  # of terms that a BIND made

    # What a join reads

    def table(self, predicate: int) -> Table | None:
        """Return the table of a predicate, None if it has none."""
        return self._tables.get(predicate)

    def predicates(self, *, fresh: bool) -> list[int]:
        """Return the predicates of triples, or of fresh ones, those of lists left out."""
        return sorted(
            code
            for code, table in self._tables.items()
            if code not in self._internal and len(table.column(SUBJECT, fresh=fresh))
        )

    def same(self, code: int) -> int:
        """Return the representative of a term."""
        return int(self._representative[code]) if code < len(self._representative) else code

    def members(self, code: int) -> Sequence[int]:
        """Return the terms that a representative stands for, sorted."""
        return self._members.get(code, (code,))

    @property
    def classes(self) -> dict[int, list[int]]:
        """Return the members of each representative that stands for others too."""
        return self._members

    @property
    def joins(self) -> list[Join]:
        """Return the rules, and one for each list that a rule goes along."""
        return [*self._rules, *self._of_lists.values()]

    def tables(self) -> Iterator[tuple[int, Table]]:
        """Yield each predicate with its table, in the order of codes; lists are left out."""
        for code in self.predicates(fresh=False):
            yield code, self._tables[code]

    # Stating

    def state(self, rows: Rows32) -> None:
        """Add stated triples, as rows of codes. Those that were derived are stated now."""
        found: dict[int, list[Array]] = {}
        order = np.argsort(rows[:, 1], kind="stable")
        ordered = rows[order].astype(np.int64)
        starts = np.flatnonzero(np.diff(ordered[:, 1], prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(ordered)], strict=True):
            part = ordered[start:end]
            keys = pack(part[:, 0], part[:, 2])
            table = self._tables.get(int(part[0, 1]))
            if table is not None:
                keys = unique(keys)
                known = contains(table.keys, keys)
                table.marks[np.searchsorted(table.keys, keys[known])] = mark(0, STATED)
            found[int(part[0, 1])] = [keys << RULE_WIDTH]
        self._absorb(found, 0)

    def give(self, rows: Rows32, rule: int) -> None:
        """Add triples that a rule gives without premises, in round 0."""
        for predicate in np.unique(rows[:, 1]).tolist():
            part = rows[rows[:, 1] == predicate].astype(np.int64)
            self._add(predicate, [pack(part[:, 0], part[:, 2]) << RULE_WIDTH | rule], 0)

    def equate(self, pairs: Iterable[tuple[int, int]], rule: int) -> None:
        """Merge terms that are the same whatever is stated: literals of one value."""
        found = [(one << WIDTH | other) << RULE_WIDTH | rule for one, other in pairs]
        if found:
            self.round += 1
            changed = self._united(np.array(found, dtype=np.int64), self.round)
            self._rewrite(changed)
            self._read_lists()

    # Closing

    def close(self, *, everything: bool) -> None:
        """Run rounds until one adds nothing; the first over everything, or over what is fresh.

        Raises: KgError, if a BIND makes ever new terms.
        """
        while everything or self.predicates(fresh=True) or self._lists_are_fresh():
            self._absorb(self._concluded(everything=everything), self.round + 1)
            everything = False

    def _concluded(self, *, everything: bool) -> dict[int, list[Array]]:
        """Return what the rules conclude, by predicate: keys, above the ordinal of the rule."""
        found: dict[int, list[Array]] = defaultdict(list)
        for join in self.joins:
            if not join.head or not self._can_fire(join):
                continue
            for fresh in [-1] if everything else self._fresh_atoms(join):
                before = len(self.codes)
                for rows in solve(self, join, join.head_variables, fresh=fresh):
                    self._note_depth(join, rows, before)
                    for atom in join.head:
                        _collect(found, rows, atom, join.rule)
        return found

    def _can_fire(self, join: Join) -> bool:
        return all(
            not isinstance(atom.predicate, int) or self.same(atom.predicate) in self._tables
            for atom in join.body
        )

    def _fresh_atoms(self, join: Join) -> list[int]:
        fresh = []
        for index, atom in enumerate(join.body):
            predicate = atom.predicate
            if isinstance(predicate, str) or len(self._tables[self.same(predicate)].fresh):
                fresh.append(index)
        return fresh

    def _note_depth(self, join: Join, rows: Rows, before: int) -> None:
        """Keep how many BINDs deep the terms made just now are.

        Raises: KgError, if a chain of them is too long.
        """
        if len(self.codes) == before:
            return
        columns = [rows.column(name) for name in sorted(join.head_variables)]
        deepest = max(
            (self._depth.get(int(c), 0) for column in columns for c in column), default=0
        )
        if deepest >= _LONGEST_CHAIN:
            made = self.codes.terms[before]
            raise KgError(
                f"a BIND makes ever new terms, {_LONGEST_CHAIN:,} from one another; "
                f"the last is {made}",
                hint="a rule must come to an end: bind only what other triples limit",
            )
        for code in range(before, len(self.codes)):
            self._depth[code] = deepest + 1

    def _absorb(self, found: dict[int, list[Array]], of_round: int) -> None:
        """Add conclusions that are new, as the triples of a round."""
        self.round = max(self.round, of_round)
        for table in self._tables.values():
            table.settle()
        pairs = NONE
        if self._representatives and self._same in found:
            pairs = np.concatenate(found.pop(self._same))
            keys = pairs >> RULE_WIDTH
            found[self._same] = [pairs[keys >> WIDTH == keys & MASK]]
        for predicate in sorted(found):
            self._add(predicate, found[predicate], of_round)
        changed = self._united(pairs, of_round) if len(pairs) else NONE
        if len(changed):
            self._rewrite(changed)
        if self._lists_are_fresh() or len(changed):
            self._read_lists()

    def _add(self, predicate: int, chunks: list[Array], of_round: int) -> None:
        """Add the keys of a predicate that are not there; of several rules the first counts."""
        packed = chunks[0] if len(chunks) == 1 else np.concatenate(chunks)
        if len(self._representative):
            keys, rules = packed >> RULE_WIDTH, packed & RULE_MASK
            keys = pack(self._mapped(keys >> WIDTH), self._mapped(keys & MASK))
            packed = keys << RULE_WIDTH | rules
        packed = np.sort(packed)
        keys = packed >> RULE_WIDTH
        if not len(keys):
            return
        first = first_of_equal(keys)
        keys, packed = keys[first], packed[first]
        predicate = self.same(predicate)
        table = self._tables.get(predicate)
        if table is None:
            table = self._tables[predicate] = Table()
        else:
            new = ~contains(table.keys, keys)
            keys, packed = keys[new], packed[new]
        marks = (packed & RULE_MASK).astype(np.int32)
        marks |= of_round << RULE_WIDTH
        if len(keys):
            table.add(keys, marks)
        elif not len(table.keys):
            del self._tables[predicate]

    # Equality

    def _mapped(self, codes: Array) -> Array:
        """Return the representatives of a column."""
        known = len(self._representative)
        if known < len(self.codes):
            later = np.arange(known, len(self.codes), dtype=np.int64)
            self._representative = np.concatenate([self._representative, later])
        return self._representative[codes]

    def _united(self, packed: Array, of_round: int) -> Array:
        """Merge the terms of equalities; return those whose representative has changed.

        Each pass gives every term the least code next to it and then follows codes to their end,
        so there are about as many passes as the logarithm of the longest chain.
        """
        packed = unique(packed)
        one, other = packed >> RULE_WIDTH >> WIDTH, packed >> RULE_WIDTH & MASK
        marks = (packed & RULE_MASK) | of_round << RULE_WIDTH
        self.equalities += zip(one.tolist(), other.tolist(), marks.tolist(), strict=True)
        if bool(np.all(one == other)):
            return NONE
        before = self._mapped(np.arange(len(self.codes), dtype=np.int64))
        after = before.copy()
        while True:
            a, b = after[one], after[other]
            if bool(np.all(a == b)):
                break
            np.minimum.at(after, np.maximum(a, b), np.minimum(a, b))
            while True:
                further = after[after]
                if bool(np.all(further == after)):
                    break
                after = further
        self._representative = after
        changed = np.flatnonzero(before != after)
        if len(changed):
            grouped: dict[int, list[int]] = defaultdict(list)
            touched = np.flatnonzero(np.isin(after, unique(after[changed])))
            for code in touched.tolist():
                grouped[int(after[code])].append(code)
            for code in changed.tolist():
                self._members.pop(code, None)
            self._members.update(grouped)
        return changed

    def _rewrite(self, changed: Array) -> None:
        """Give every triple with a changed term its representatives: a round of eq-rep."""
        self.round += 1
        found: dict[int, list[Array]] = defaultdict(list)
        moved = set(changed.tolist())
        rules = [self._ordinals[name] for name in ("eq-rep-s", "eq-rep-p", "eq-rep-o")]
        for predicate in sorted(self._tables):
            table = self._tables[predicate]
            subjects, values = self._mapped(table.keys >> WIDTH), self._mapped(table.keys & MASK)
            renamed = pack(subjects, values)
            other = renamed != table.keys
            if predicate in moved:
                other[:] = True
            if not other.any():
                continue
            by_subject = subjects != table.keys >> WIDTH
            rule = np.where(by_subject, rules[0], rules[2])
            if predicate in moved:
                rule = np.full(len(rule), rules[1])
            keys, marks = table.keys[other], table.marks[other]
            self.archive.append(Merged(predicate, keys, marks))
            found[self.same(predicate)].append(renamed[other] << RULE_WIDTH | rule[other])
            table.remove(keys)
            if not len(table.keys):
                del self._tables[predicate]
        representatives = np.array(sorted(self._members), dtype=np.int64)
        sym = self._ordinals["eq-sym"]
        found[self.same(self._same)].append(
            pack(representatives, representatives) << RULE_WIDTH | sym
        )
        for predicate in sorted(found):
            self._add(predicate, found[predicate], self.round)

    # Lists

    def _lists_are_fresh(self) -> bool:
        return any(len(self._tables[code].fresh) for code in self._listed if code in self._tables)

    def _read_lists(self) -> None:
        """Read the lists again; what is new of them is fresh, and brings its rules."""
        lists = read_lists(self.codes, self.table)
        self.broken_lists = lists.broken
        for predicate, keys in lists.keys.items():
            if len(keys):
                self._add(self.codes.code(predicate), [keys << RULE_WIDTH], self.round)
        for join in self._list_joins(lists):
            self._of_lists.setdefault((join.rule, join.body), join)

    # Changing

    def retract(self, rows: Rows32) -> None:
        """Take stated triples back, and all that follows from nothing else.

        What any firing has concluded from them is removed first, then what has another firing
        from what stayed is concluded again (delete and rederive).

        Source: https://doi.org/10.1145/170036.170066
        """
        gone: dict[int, Array] = {}
        fresh = self._stated_keys(rows)
        while fresh:
            for table in self._tables.values():
                table.settle()
            for predicate, keys in fresh.items():
                gone[predicate] = np.union1d(gone.get(predicate, NONE), keys)
                self._tables[predicate].fresh = keys
            fresh = {}
            for predicate, chunks in sorted(self._concluded(everything=False).items()):
                known = self._tables.get(predicate)
                if known is None:
                    continue
                keys = unique(np.concatenate(chunks) >> RULE_WIDTH)
                keys = keys[contains(known.keys, keys)]
                keys = keys[~contains(gone.get(predicate, NONE), keys)]
                keys = keys[known.marks[np.searchsorted(known.keys, keys)] >> RULE_WIDTH > 0]
                if len(keys):
                    fresh[predicate] = keys
        for predicate, keys in gone.items():
            self._tables[predicate].remove(keys)
            if not len(self._tables[predicate].keys):
                del self._tables[predicate]
        self._absorb(self._concluded_again(gone), self.round + 1)
        self.close(everything=False)

    def can_retract(self, rows: Rows32) -> bool:
        """Return whether triples can be taken back: no list is touched, and no terms are equal."""
        return not self._members and not any(p in self._listed for p in np.unique(rows[:, 1]))

    def _stated_keys(self, rows: Rows32) -> dict[int, Array]:
        found = {}
        for predicate in np.unique(rows[:, 1]).tolist():
            table = self._tables.get(predicate)
            if table is None:
                continue
            part = rows[rows[:, 1] == predicate].astype(np.int64)
            keys = unique(pack(part[:, 0], part[:, 2]))
            keys = keys[contains(table.keys, keys)]
            keys = keys[table.marks[np.searchsorted(table.keys, keys)] == mark(0, STATED)]
            if len(keys):
                found[predicate] = keys
        return found

    def _concluded_again(self, gone: dict[int, Array]) -> dict[int, list[Array]]:
        """Return which of some triples have a firing from what is there."""
        found: dict[int, list[Array]] = defaultdict(list)
        for join in self.joins:
            if not self._can_fire(join):
                continue
            for atom in join.head:
                for predicate, keys in gone.items():
                    start = bound(atom, predicate, keys >> WIDTH, keys & MASK, self.same)
                    if start is None or not start.count:
                        continue
                    for rows in solve(self, join, join.head_variables, start):
                        _collect(found, rows, atom, join.rule)
        return found


def bound(
    atom: Atom, predicate: int, subjects: Array, values: Array, same: Callable[[int], int]
) -> Rows | None:
    """Return the bindings under which a conclusion is one of these triples; None if none is."""
    columns: dict[str, Array | int] = {}
    chosen = np.ones(len(subjects), dtype=np.bool_)
    for slot, column in zip(
        atom, (subjects, np.full(len(subjects), predicate, dtype=np.int64), values), strict=True
    ):
        if isinstance(slot, int):
            chosen &= column == same(slot)
        elif slot in columns:
            chosen &= column == columns[slot]
        else:
            columns[slot] = column
    if not chosen.any():
        return None
    rows = Rows(len(subjects), columns).taken(chosen, frozenset(columns))
    if isinstance(atom.predicate, str):
        return rows.fixed(atom.predicate, predicate)
    return rows


def _collect(found: dict[int, list[Array]], rows: Rows, atom: Atom, rule: int) -> None:
    """Add a conclusion of some bindings to what was found."""
    subject, value = rows.value(atom.subject), rows.value(atom.object)
    assert subject is not None, "a rule binds what it concludes"
    assert value is not None, "as above"
    keys = np.broadcast_to(pack(subject, value), rows.count) << RULE_WIDTH | rule
    predicate = rows.value(atom.predicate)
    if isinstance(predicate, int):
        found[predicate].append(keys)
        return
    assert predicate is not None, "as above"
    for code in unique(predicate).tolist():
        found[code].append(keys[predicate == code])
