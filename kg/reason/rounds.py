"""Semi-naive rounds: each joins what the round before added with all that is known.

Beside each triple stands the round it came in and the rule it came by; round 0 is what was stated.
The premises of a triple's first firing all came in lower rounds, so proofs that go down in rounds
are well-founded.

Terms that are the same (owl:sameAs, literals of one value) are one representative in all columns,
the one with the least code, and triples are counted once, not once a name. A triple that was
stated or concluded under another name is kept in `archive` with its mark, and each equality in
`equalities`; kg/reason/history.py explains from these what stands in the columns.

As soon as some term has two names, rounds are `SPACE` apart, for the steps in between. With q the
round of a conclusion:

    q            what the rules conclude, under the names they say it with, and equalities
    q + 1 …      equalities by eq-sym and eq-trans, at most 1 + WIDTH steps
    q + ADDED    conclusions under the representatives known before, by up to three steps of eq-rep
    q + RENAMED  all that the new equalities rewrite, by as many
    …            any triple under any other name, up to three steps after its representatives
    q + READ     premises under the names that the next firings read them by
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import NamedTuple

import numpy as np
import pyoxigraph as ox

from kg.errors import KgError
from kg.reason import datatypes
from kg.reason.bindings import Rows
from kg.reason.codes import (
    MASK,
    RULE_MASK,
    RULE_WIDTH,
    WIDTH,
    Array,
    Codes,
    Generalised,
    Rows32,
    Term,
)
from kg.reason.columns import (
    NONE,
    OBJECT,
    SUBJECT,
    Table,
    contains,
    earliest,
    first_of_equal,
    mark,
    pack,
    slice_of,
    unique,
)
from kg.reason.lists import ListReader, Lists
from kg.reason.plan import Atom, Join, solve
from kg.reason.rl import MEMBER, SEQUENCE, TWICE
from kg.terms import PREFIXES

STATED = 0  # the ordinal of no rule
SPACE, ADDED, RENAMED, READ = 64, 3, 33, 41

# A BIND may make new terms, and terms from those. A chain of a thousand is no rule about history
# or anything else that ends; a day counted on from another, the longest chain known here, takes
# one step for each day between two events.
_LONGEST_CHAIN = 1_000
# Two BINDs that feed each other make twice as many terms each round and are stopped by their
# number: so many, or ten for each term that was stated.
_MOST_MADE = 1_000_000

SAME = ox.NamedNode(PREFIXES["owl"] + "sameAs")

# Makes of lists the rules that go along one, each with the members of that.
ReadAlong = Callable[[Lists], Iterable[tuple[Join, tuple[int, ...]]]]


class Archived(NamedTuple):
    """Triples of one predicate that stand in the columns under other names.

    Attributes:
        predicate: as it was.
        keys: as they were; neither sorted nor unique.
        marks: of each.
    """

    predicate: int
    keys: Array
    marks: Array


class Rounds:
    """The state of a closure, in codes."""

    def __init__(
        self,
        codes: Codes,
        ordinals: Mapping[str, int],
        *,
        representatives: bool = True,
    ) -> None:
        self.codes = codes
        self.round = 0
        self.passes = 0
        self.archive: list[Archived] = []
        self.equalities: list[tuple[int, int, int]] = []  # two codes and the mark
        self.sequences: dict[int, tuple[int, ...]] = {}  # members, by the code of the sequence
        self.broken_lists: dict[int, str] = {}
        self.times_lists_were_read = 0
        self._tables: dict[int, Table] = {}
        self._rules: list[Join] = []
        self._along: ReadAlong = lambda _: ()
        self._of_lists: dict[tuple[int, tuple[Atom, ...]], tuple[Join, tuple[int, ...]]] = {}
        self._ordinals = ordinals
        self._by_representatives = representatives
        self._same = codes.code(SAME)
        self._reader = ListReader(codes, self.table, self.same)
        self._internal = frozenset(map(codes.code, (MEMBER, TWICE, SEQUENCE)))
        self._representative: Array = NONE  # by code; codes beyond its end stand for themselves
        self._classes: dict[int, list[int]] = {}
        self._changed: set[int] = set()  # terms with another representative by now
        self._depth: dict[int, int] = {}  # of terms that a BIND made
        self._values: dict[datatypes.Value, int] = {}
        self._most_terms = _MOST_MADE
        self._meet_literals(0)

    def copy(self, codes: Codes, along: ReadAlong) -> "Rounds":
        """Return the same state with a copy of its codes, to be changed by itself."""
        other = copy(self)
        other.codes, other._along = codes, along
        other.archive, other.equalities = self.archive.copy(), self.equalities.copy()
        other.sequences, other.broken_lists = self.sequences.copy(), self.broken_lists.copy()
        other._tables = {predicate: table.copy() for predicate, table in self._tables.items()}
        other._of_lists = self._of_lists.copy()
        other._reader = ListReader(codes, other.table, other.same)
        other._representative = self._representative.copy()
        other._classes = {code: names.copy() for code, names in self._classes.items()}
        other._changed, other._depth = self._changed.copy(), self._depth.copy()
        other._values = self._values.copy()
        return other

    # What a join reads

    def table(self, predicate: int) -> Table | None:
        """Return the table of a predicate, None if it has none."""
        return self._tables.get(predicate)

    def predicates(self, *, fresh: bool) -> list[int]:
        """Return the predicates of triples, or of fresh ones, those of lists left out."""
        return [code for code in sorted(self._tables) if self.is_predicate(code, fresh=fresh)]

    def is_predicate(self, code: int, *, fresh: bool) -> bool:
        """Return whether a code is among `predicates`."""
        table = self._tables.get(code)
        if table is None or code in self._internal:
            return False
        return len(table.fresh if fresh else table.keys) > 0

    def same(self, code: int) -> int:
        """Return the representative of a term."""
        return int(self._representative[code]) if code < len(self._representative) else code

    @property
    def classes(self) -> dict[int, list[int]]:
        """Return the names of each representative that has several, itself among them, sorted."""
        return self._classes

    def rule_by(
        self,
        rules: Sequence[Join],
        along: ReadAlong,
    ) -> None:
        """Let these be the rules, with those that go along each list, and its members."""
        self._rules, self._along = list(rules), along

    def made(self, term: Term, sources: Iterable[int]) -> int:
        """Return the code of a term that a BIND makes from others.

        Raises: KgError, if it makes ever new terms.
        """
        known = self.codes.known(term)
        if known is not None:
            return known
        code = self.codes.code(term)
        self._depth[code] = 1 + max((self._depth.get(source, 0) for source in sources), default=0)
        hint = "a rule must come to an end: bind only what other triples limit"
        if self._depth[code] > _LONGEST_CHAIN:
            raise KgError(
                f"a BIND makes ever new terms, {_LONGEST_CHAIN:,} from one another; "
                f"the last is {term}",
                hint=hint,
            )
        if len(self.codes) > self._most_terms:
            raise KgError(
                f"BINDs made {len(self._depth):,} terms and go on; the last is {term}", hint=hint
            )
        self._meet_literals(code)
        return code

    @property
    def joins(self) -> list[Join]:
        """Return the rules, and one for each list that a rule goes along."""
        return [*self._rules, *(join for join, _ in self._of_lists.values())]

    def tables(self) -> Iterator[tuple[int, Table]]:
        """Yield each predicate with its table, in the order of codes; lists are left out."""
        for code in self.predicates(fresh=False):
            yield code, self._tables[code]

    # Stating

    def state(self, stated: Mapping[int, Array]) -> None:
        """Add stated triples: sorted keys by predicate. Those that were derived are stated now."""
        for predicate, keys in stated.items():
            table = self._tables.get(predicate)
            if table is not None:
                known = keys[contains(table.keys, keys)]
                table.marks[np.searchsorted(table.keys, known)] = mark(0, STATED)
        self._most_terms = max(self._most_terms, len(self.codes) * 10)
        self._absorb({p: [keys << RULE_WIDTH | STATED] for p, keys in stated.items()}, 0)

    def give(self, given: Mapping[int, Array], rule: int) -> None:
        """Add triples that a rule gives without premises, in round 0: sorted keys by predicate."""
        for predicate, keys in given.items():
            self._add(predicate, [keys << RULE_WIDTH | rule], 0)

    def met(self, term: Term) -> int:
        """Return the code of a term that a rule concludes."""
        first = len(self.codes)
        code = self.codes.code(term)
        self._meet_literals(first)
        return code

    def meant(self, term: Term) -> int:
        """Return the code by which a rule finds a term: a literal by its value."""
        value = datatypes.value_of(term) if isinstance(term, ox.Literal) else None
        known = None if value is None else self._values.get(value)
        return self.met(term) if known is None else known

    def encode(self, triples: Iterable[ox.Triple | Generalised]) -> Rows32:
        """Return triples as rows of codes.

        Raises: KgError, if there are too many terms, or a triple stands inside a triple.
        """
        first = len(self.codes)
        rows = self.codes.encode(triples)
        self._meet_literals(first)
        return rows

    def _meet_literals(self, first: int) -> None:
        """Let literals from a code on be the same as those of their value that were met before.

        They are in no column yet, so nothing has to be rewritten.
        """
        for code in range(first, len(self.codes)):
            term = self.codes.terms[code]
            value = datatypes.value_of(term) if isinstance(term, ox.Literal) else None
            if value is None:
                continue
            known = self._values.setdefault(value, code)
            if known != code:
                self._mapped(NONE)
                equality = mark(self.round, self._ordinals["dt-eq"])
                self.equalities.append((known, code, equality))
                representative = self.same(known)
                self._representative[code] = representative
                self._classes.setdefault(representative, [representative]).append(code)
                self._changed.add(code)

    # Closing

    def close(self, *, everything: bool) -> None:
        """Run rounds until one adds nothing; the first over everything, or over what is fresh.

        Raises: KgError, if a BIND makes ever new terms.
        """
        while everything or self._changed or self._has_fresh():
            found = self._concluded(everything=everything)
            self._absorb(found, self.round + (SPACE if self._classes else 1))
            self.passes += 1
            everything = False

    def _has_fresh(self) -> bool:
        return any(self.is_predicate(code, fresh=True) for code in self._tables)

    def _concluded(self, *, everything: bool) -> dict[int, list[Array]]:
        """Return what the rules conclude, by predicate: keys, above the ordinal of the rule."""
        found: dict[int, list[Array]] = defaultdict(list)
        premises: dict[int, list[Array]] = defaultdict(list)
        changed, self._changed = self._changed, set()
        for join in self._rules_in_force():
            by_other_names = self._reads_other_names(join)
            keep = join.variables if by_other_names else join.head_variables
            of_all = everything or (bool(changed) and _means_other(join, changed))
            for fresh in [-1] if of_all else self._fresh_atoms(join):
                for rows in solve(self, join, keep, fresh=fresh):
                    for atom in join.head:
                        collect(found, rows, atom, join.rule)
                    for atom in join.body if by_other_names else ():
                        collect(premises, rows, atom, STATED)
        for predicate, chunks in premises.items():
            self._note_premises(predicate, unique(np.concatenate(chunks) >> RULE_WIDTH))
        return found

    def _rules_in_force(self) -> Iterator[Join]:
        """Yield the rules that conclude something and whose premises have triples.

        A list whose members are called by other names by now has been read again.
        """
        of_lists = (
            join
            for join, members in self._of_lists.values()
            if not self._classes or all(self.same(each) == each for each in members)
        )
        for join in (*self._rules, *of_lists):
            if join.head and all(
                not isinstance(atom.predicate, int) or self.same(atom.predicate) in self._tables
                for atom in join.body
            ):
                yield join

    def _fresh_atoms(self, join: Join) -> list[int]:
        """Return which premises a fresh triple could match."""
        return [n for n, atom in enumerate(join.body) if self._may_match_fresh(atom)]

    def _may_match_fresh(self, atom: Atom) -> bool:
        if isinstance(atom.predicate, str):
            return True
        table = self._tables[self.same(atom.predicate)]
        if not len(table.fresh):
            return False
        for side, slot in ((SUBJECT, atom.subject), (OBJECT, atom.object)):
            if isinstance(slot, int):
                return len(slice_of(table.column(side, fresh=True), self.same(slot))) > 0
        return True

    def _absorb(self, found: dict[int, list[Array]], of_round: int) -> None:
        """Add conclusions that are new, as the triples of a round."""
        self.round = max(self.round, of_round)
        for table in self._tables.values():
            table.settle()
        pairs = NONE
        if self._by_representatives and self._same in found:
            packed = np.concatenate(found[self._same])
            reflexive = packed >> RULE_WIDTH >> WIDTH == packed >> RULE_WIDTH & MASK
            pairs, found[self._same] = packed[~reflexive], [packed[reflexive]]
        for predicate in sorted(found):
            self._add(predicate, found[predicate], of_round)
        if self._by_representatives:
            self._merge(pairs, of_round)
        if any(len(table.fresh) for table in self._reader.tables()):
            self._read_lists()

    def _add(self, predicate: int, chunks: Sequence[Array], of_round: int) -> None:
        """Add the keys of a predicate that are not there; of several rules the first counts."""
        packed = chunks[0] if len(chunks) == 1 else np.concatenate(chunks)
        packed = np.sort(packed)
        keys = packed >> RULE_WIDTH
        first = first_of_equal(keys)
        keys = keys[first]
        marks = (packed[first] & RULE_MASK) | of_round << RULE_WIDTH
        if self._classes:
            keys, marks = self._under_representatives(predicate, keys, marks)
            predicate = self.same(predicate)
        self._insert(predicate, keys, marks)

    def _insert(self, predicate: int, keys: Array, marks: Array) -> None:
        """Add those of some keys, sorted and unique, that are not there."""
        table = self._tables.get(predicate)
        if table is not None:
            new = ~contains(table.keys, keys)
            keys, marks = keys[new], marks[new]
        elif len(keys):
            table = self._tables[predicate] = Table()
        if table is not None and len(keys):
            table.add(keys, marks)

    # Equality

    def _mapped(self, codes: Array) -> Array:
        """Return the representatives of a column."""
        known = len(self._representative)
        if known < len(self.codes):
            later = np.arange(known, len(self.codes), dtype=np.int64)
            self._representative = np.concatenate([self._representative, later])
        return self._representative[codes]

    def _under_representatives(
        self, predicate: int, keys: Array, marks: Array
    ) -> tuple[Array, Array]:
        """Return keys as they stand in the columns, sorted and unique.

        Those that are said under other names are archived, if they say something new.
        """
        final = pack(self._mapped(keys >> WIDTH), self._mapped(keys & MASK))
        moved = final != keys
        if predicate != self.same(predicate):
            moved[:] = True
        if not moved.any():
            return keys, marks
        new = ~moved
        new[moved] = ~contains(keys[~moved], final[moved])
        table = self._tables.get(self.same(predicate))
        if table is not None:
            new &= ~contains(table.keys, final)
        moved &= new
        self.archive.append(Archived(predicate, keys[moved], marks[moved]))
        marks[moved] = self._renamed(predicate, keys[moved], self.round + ADDED)
        return earliest(final[new], marks[new])

    def _renamed(self, predicate: int, keys: Array, of_round: int) -> Array:
        """Return the marks of triples under their representatives, one step a round.

        Subject, predicate and object are renamed in this order; what is in between is archived.
        """
        target = self.same(predicate)
        subjects, values = keys >> WIDTH, keys & MASK
        by_subject = self._mapped(subjects) != subjects
        by_value = self._mapped(values) != values
        rep_s, rep_p, rep_o = (self._ordinals[f"eq-rep-{side}"] for side in "spo")
        half = pack(self._mapped(subjects), values)
        between = by_subject & (by_value | (predicate != target))
        self._archive(predicate, half[between], mark(of_round, rep_s))
        if predicate != target:
            self._archive(target, half[by_value], mark(of_round + 1, rep_p))
        last = np.where(by_value, rep_o, rep_p if predicate != target else rep_s)
        return np.asarray((of_round + 2) << RULE_WIDTH | last, dtype=np.int64)

    def _archive(self, predicate: int, keys: Array, of: int) -> None:
        if len(keys):
            self.archive.append(Archived(predicate, keys, np.full(len(keys), of, dtype=np.int64)))

    def _reads_other_names(self, join: Join) -> bool:
        """Return whether a rule may read triples by other names than the representatives'."""
        return bool(self._classes) and (
            bool(join.expressions)
            or any(
                isinstance(slot, int) and self.same(slot) != slot
                for atom in join.body
                for slot in atom
            )
        )

    def _note_premises(self, predicate: int, keys: Array) -> None:
        """Archive premises that were read by other names than the representatives'."""
        source = self.same(predicate)
        subjects, values = keys >> WIDTH, keys & MASK
        by_subject = self._mapped(subjects) != subjects
        by_value = self._mapped(values) != values
        of_round = self.round + READ
        rep_s, rep_p, rep_o = (self._ordinals[f"eq-rep-{side}"] for side in "spo")
        step = pack(subjects, self._mapped(values))
        self._archive(source, step[by_subject], mark(of_round, rep_s))
        if predicate != source:
            self._archive(predicate, step, mark(of_round + 1, rep_p))
        self._archive(predicate, keys[by_value], mark(of_round + 2, rep_o))

    def _merge(self, pairs: Array, of_round: int) -> None:
        """Merge the terms of equalities, above the ordinals of their rules, and rewrite.

        That may give equalities in turn, where owl:sameAs itself has another name.
        """
        pairs = unique(pairs)
        keys, marks = pairs >> RULE_WIDTH, (pairs & RULE_MASK) | of_round << RULE_WIDTH
        while True:
            changed = self._united(keys, marks)
            if len(changed):
                self._changed.update(changed.tolist())
                self._rewrite(changed)
            keys, marks = self._equalities_by_name()
            if not len(keys):
                return
            self.round += SPACE

    def _equalities_by_name(self) -> tuple[Array, Array]:
        """Return equalities that became such because owl:sameAs is the same as another property.

        They are taken out of the columns, where one triple stands for all equalities of a term.
        """
        predicate = self.same(self._same)
        table = self._tables.get(predicate)
        if table is None:
            return NONE, NONE
        keys = table.keys[table.keys >> WIDTH != table.keys & MASK]
        marks = table.marks_of(keys)
        if len(keys):
            table.remove(keys)
            if predicate != self._same:
                self.archive.append(Archived(predicate, keys, marks))
                by_name = mark(self.round + RENAMED + 3, self._ordinals["eq-rep-p"])
                marks = np.full(len(keys), by_name, dtype=np.int64)
        return keys, marks

    def _united(self, keys: Array, marks: Array) -> Array:
        """Merge the terms of equalities; return those whose representative has changed.

        Each pass gives every term the least code next to it and then follows codes to their end,
        so there are about as many passes as the logarithm of the longest chain.
        """
        one, other = keys >> WIDTH, keys & MASK
        self.equalities += zip(one.tolist(), other.tolist(), marks.tolist(), strict=True)
        if not len(keys):
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
        grouped: dict[int, list[int]] = defaultdict(list)
        for code in np.flatnonzero(np.isin(after, unique(after[changed]))).tolist():
            grouped[int(after[code])].append(code)
        for code in changed.tolist():
            self._classes.pop(code, None)
        self._classes.update(grouped)
        return changed

    def _rewrite(self, changed: Array) -> None:
        """Give every triple with a changed term its representatives."""
        renamed: dict[int, list[tuple[Array, Array]]] = defaultdict(list)
        moved = set(changed.tolist())
        for predicate in sorted(self._tables):
            table = self._tables[predicate]
            final = pack(self._mapped(table.keys >> WIDTH), self._mapped(table.keys & MASK))
            other = final != table.keys
            if predicate in moved:
                other[:] = True
            if not other.any():
                continue
            keys = table.keys[other]
            self.archive.append(Archived(predicate, keys, table.marks[other]))
            marks = self._renamed(predicate, keys, self.round + RENAMED)
            renamed[self.same(predicate)].append((final[other], marks))
            self._remove(predicate, keys)
        representatives = np.array(sorted(self._classes), dtype=np.int64)
        target = self.same(self._same)
        rule = self._ordinals["eq-trans" if target == self._same else "eq-rep-p"]
        marks = np.full(len(representatives), mark(self.round + RENAMED + 2, rule))
        renamed[target].append((pack(representatives, representatives), marks))
        for predicate, parts in sorted(renamed.items()):
            keys, marks = (np.concatenate(part) for part in zip(*parts, strict=True))
            self._insert(predicate, *earliest(keys, marks))

    def _remove(self, predicate: int, keys: Array) -> None:
        self._tables[predicate].remove(keys)
        if not len(self._tables[predicate].keys):
            del self._tables[predicate]

    # Lists

    def _read_lists(self) -> None:
        """Read the lists again; what is new of them is fresh, and brings its rules."""
        lists = self._reader.read()
        self.times_lists_were_read += 1
        self.broken_lists = lists.broken
        for relation, keys in lists.keys.items():
            self._add(self.codes.code(relation), [keys << RULE_WIDTH | STATED], self.round)
        self.sequences |= lists.sequences
        for join, members in self._along(lists):
            self._of_lists.setdefault((join.rule, join.body), (join, members))

    # Changing

    def can_retract(self) -> bool:
        """Return whether triples can be taken back: what was once merged cannot be told apart."""
        return not self._classes

    def retract(self, stated: Mapping[int, Array]) -> bool:
        """Take stated triples back, sorted keys by predicate, and all that follows from no others.

        Return whether it could be done: not if a list is touched, after which nothing here counts.

        What any firing has concluded from them is removed first, then what has another firing
        from what stayed is concluded again (delete and rederive).

        Source: https://doi.org/10.1145/170036.170066
        """
        gone: dict[int, Array] = {}
        fresh = stated
        while fresh:
            for table in self._tables.values():
                table.settle()
            for predicate, keys in fresh.items():
                gone[predicate] = np.union1d(gone.get(predicate, NONE), keys)
                self._tables[predicate].refresh(keys)
            fresh = {}
            for predicate, chunks in sorted(self._concluded(everything=False).items()):
                known = self._tables.get(predicate)
                if known is None:
                    continue
                keys = unique(np.concatenate(chunks) >> RULE_WIDTH)
                keys = keys[contains(known.keys, keys)]
                keys = keys[~contains(gone.get(predicate, NONE), keys)]
                keys = keys[known.marks_of(keys) >> RULE_WIDTH > 0]
                if len(keys):
                    fresh[predicate] = keys
        if self.touches_lists(gone):
            return False
        self.take(gone)
        self._absorb(self._concluded_again(gone), self.round + 1)
        self.close(everything=False)
        return True

    def touches_lists(self, gone: Iterable[int]) -> bool:
        """Return whether lists are read from the triples of some predicates."""
        listed = self._reader.tables()
        return any(self._tables[predicate] in listed for predicate in gone)

    def take(self, gone: Mapping[int, Array]) -> None:
        """Take triples away, and nothing that follows from them: sorted keys by predicate."""
        for predicate, keys in gone.items():
            self._remove(predicate, keys)

    def _concluded_again(self, gone: Mapping[int, Array]) -> dict[int, list[Array]]:
        """Return which of some triples have a firing from what is there."""
        found: dict[int, list[Array]] = defaultdict(list)
        keys = np.concatenate([*gone.values()])
        predicates = np.repeat(np.array([*gone], dtype=np.int64), [*map(len, gone.values())])
        subjects, values = keys >> WIDTH, keys & MASK
        for join in self._rules_in_force():
            for atom in join.head:
                start = bound(atom, subjects, predicates, values)
                for rows in solve(self, join, join.head_variables, start) if start else ():
                    collect(found, rows, atom, join.rule)
        return found


def _means_other(join: Join, changed: set[int]) -> bool:
    """Return whether terms with another representative let a rule read old triples anew.

    A constant stands for all triples of its representative by now, and an expression reads its
    terms by more names.
    """
    return bool(join.expressions) or any(slot in changed for atom in join.body for slot in atom)


def bound(atom: Atom, subjects: Array, predicates: Array, values: Array) -> Rows | None:
    """Return the bindings under which a conclusion is one of these triples; None if none is."""
    columns: dict[str, Array | int] = {}
    chosen = np.ones(len(subjects), dtype=np.bool_)
    for slot, column in zip(atom, (subjects, predicates, values), strict=True):
        if isinstance(slot, int):
            chosen &= column == slot
        elif slot in columns:
            chosen &= column == columns[slot]
        else:
            columns[slot] = column
    if not chosen.any():
        return None
    return Rows(len(subjects), columns).taken(chosen, atom.variables)


def collect(found: dict[int, list[Array]], rows: Rows, atom: Atom, rule: int) -> None:
    """Add what a pattern says under some bindings, by the names that expressions read."""
    subject, predicate, value = (rows.name(slot) for slot in atom)
    if subject is None or predicate is None or value is None:
        return  # a BIND without a value: as in a CONSTRUCT, this triple is left out
    keys = rows.packed(subject, value) << RULE_WIDTH | rule
    if isinstance(predicate, int):
        found[predicate].append(keys)
        return
    for code in unique(predicate).tolist():
        found[code].append(keys[predicate == code])
