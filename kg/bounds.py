"""Vague bounds, as tight as order, cause and duration make them: a simple temporal network.

It knows names and days, and neither graph nor text: its caller reads the constraints from a
closure and writes the bounds back. Every occurrence has a first day s and a last day l, and each
constraint says of two such days that one, moved by a duration where there is one, is not after
the other:

    start-before-end            s of x     ≤ l of x       of every occurrence, without a constraint
    momentary                   l of x     ≤ s of x
    before                      l of x     ≤ s of y
    began-before                s of x     ≤ s of y
    ended-before                l of x     ≤ l of y
    began-before-end-of         s of x     ≤ l of y
    shortest-duration           s of x + d ≤ l of x
    longest-duration            l of x     ≤ s of x + d

An earliest day is carried from left to right, a latest day from right to left: the two meet only
in a contradiction. A row is two rules, `bounds/before-earliest` and `bounds/before-latest`; those
of an interval are named for what they give, `bounds/has-interval-latest-end`.

Addition alone decides what a duration means: months later is the same day of that month, or the
last where it has no such day. Back from an end leads to the first, or to the last, day from which
addition reaches it, so that no day is shut out that addition allows.

Source: https://doi.org/10.1016/0004-3702(91)90006-6 (simple temporal networks)
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Literal

from kg.dates import Bounds
from kg.errors import KgError

Bound = Literal["earliestStart", "latestStart", "earliestEnd", "latestEnd"]

_START, _END = 0, 1  # a variable is twice the place of its occurrence, plus one of these
_EARLIEST, _LATEST = 0, 1
_BOUNDS: dict[Bound, tuple[int, int]] = {  # in the order of kg.dates.Bounds
    "earliestStart": (_EARLIEST, _START),
    "latestStart": (_LATEST, _START),
    "earliestEnd": (_EARLIEST, _END),
    "latestEnd": (_LATEST, _END),
}
_NAMES = {which: name for name, which in _BOUNDS.items()}

_STATED = -1  # in place of an arc
_MAX = date.max.toordinal()  # days are counted from 1, the first of January of the year 1
_OPEN = -_MAX - 1  # below every day, also where the sign is changed
_REPEATS = 146_097  # days in 400 years, after which the calendar is the same again
_PROBE = date(2000, 1, 1).toordinal()  # any day in the midst of the calendar would do

# A smallest conflict takes up to some hundred tightenings, of 10 ms each for 2,000 constraints.
_FEW = 2_000
_TRIES = 200


class Kind(StrEnum):
    """What a constraint says: an interval, or a row of the table above."""

    HAS_INTERVAL = "has-interval"
    MOMENTARY = "momentary"
    BEFORE = "before"
    BEGAN_BEFORE = "began-before"
    ENDED_BEFORE = "ended-before"
    BEGAN_BEFORE_END_OF = "began-before-end-of"
    SHORTEST_DURATION = "shortest-duration"
    LONGEST_DURATION = "longest-duration"


_SIDES = {  # which day stands on the left, which on the right
    Kind.MOMENTARY: (_END, _START),
    Kind.BEFORE: (_END, _START),
    Kind.BEGAN_BEFORE: (_START, _START),
    Kind.ENDED_BEFORE: (_END, _END),
    Kind.BEGAN_BEFORE_END_OF: (_START, _END),
    Kind.SHORTEST_DURATION: (_START, _END),
    Kind.LONGEST_DURATION: (_END, _START),
}


@dataclass(frozen=True, slots=True)
class Duration:
    """How far a last day is from a first: months, then days, neither less than 0."""

    months: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Constraint:
    """What is known of the days of one occurrence or two.

    Attributes:
        occurrence: x in the table above.
        kind: the row.
        value: the bounds of the interval, the name of y, the duration d; of `momentary` None.
        claims: what it rests on; it holds where all of them do.
    """

    occurrence: str
    kind: Kind
    value: Bounds | str | Duration | None = None
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of a bound, perhaps not the tightest.

    Attributes:
        occurrence: whose bound it is.
        bound: which of the four.
        day: inclusive.
    """

    occurrence: str
    bound: Bound
    day: date


@dataclass(frozen=True, slots=True)
class Step:
    """One tightening.

    Attributes:
        fact: what follows.
        rule: by which rule, `bounds/before-latest`.
        constraint: from which constraint; None for `bounds/start-before-end-…`.
        premise: and from which value of another bound; None for what an interval states.
        round: 1 for what an interval states, else one more than that of the premise.
    """

    fact: Fact
    rule: str
    constraint: Constraint | None
    premise: Fact | None
    round: int

    def __str__(self) -> str:
        fact = self.fact
        return f"{fact.occurrence} {fact.bound} {fact.day}, by {self.rule}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """What cannot all hold: an earliest day that passes its latest, or a runaway.

    Attributes:
        earliest: the proof of the earliest day.
        latest: the proof of the latest day, which lies before it.
        runaway: in place of both, constraints that carry a day ever further: round a ring, or
            out of the years 1 to 9999.
    """

    earliest: tuple[Step, ...] = ()
    latest: tuple[Step, ...] = ()
    runaway: tuple[Constraint, ...] = ()

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """All of them, each once, in the order of the proofs."""
        steps = (step.constraint for step in (*self.earliest, *self.latest))
        return tuple(dict.fromkeys((*filter(None, steps), *self.runaway)))

    @property
    def claims(self) -> tuple[str, ...]:
        """What the constraints rest on, sorted."""
        return tuple(sorted({claim for c in self.constraints for claim in c.claims}))


def duration_of(lexical: str) -> Duration:
    """Return an xsd:yearMonthDuration, or an xsd:dayTimeDuration of whole days.

    Raises: KgError, for anything else, and for less than nothing.

    >>> duration_of("P1Y2M"), duration_of("P14M") == duration_of("P1Y2M")
    (Duration(months=14, days=0), True)
    """
    found = re.fullmatch(r"P(?=\d)(?:(\d{1,5})Y)?(?:(\d{1,6})M)?|P(\d{1,7})D", lexical)
    if found is None:
        raise KgError(f"“{lexical}” is not a duration", hint="write it like P1Y2M, P10M or P3D")
    years, months, days = (int(number or 0) for number in found.groups())
    return Duration(12 * years + months, days)


def tighten(occurrences: Iterable[str], constraints: Iterable[Constraint]) -> "Network":
    """Return the tightest bounds that follow, the same for every order of the constraints.

    Reads:   constraints; and occurrences, of which those need not be told that a constraint names
    Writes:  the four bounds of each occurrence, and the steps to each
    Raises:  nothing; what cannot all hold is `Network.conflict`

    >>> from kg.dates import bounds_of
    >>> network = tighten([], [
    ...     Constraint("arrest", Kind.HAS_INTERVAL, bounds_of("1943-07-25"), ("s05-2",)),
    ...     Constraint("fall", Kind.BEGAN_BEFORE, "arrest", ("s04-1", "s04-4", "s05-3")),
    ...     Constraint("fall", Kind.MOMENTARY, claims=("s04-1",)),
    ... ])
    >>> network.bounds("fall").latest_end
    datetime.date(1943, 7, 25)
    >>> for step in network.proof("fall", "latestEnd"):
    ...     print(step)
    arrest latestStart 1943-07-25, by bounds/has-interval-latest-start
    fall latestStart 1943-07-25, by bounds/began-before-latest
    fall latestEnd 1943-07-25, by bounds/momentary-latest
    """
    given = sorted(constraints, key=_canonical)
    named = {name for c in given for name in (c.occurrence, c.value) if isinstance(name, str)}
    return Network(sorted(named.union(occurrences)), given)


def smallest_conflict(constraints: Iterable[Constraint]) -> Conflict | None:
    """Return a conflict that rests on as few claims as any, None where all can hold.

    Beyond 2,000 constraints, or where too many choices remain, it is one of which no claim can be
    spared, and there may be another with fewer.

    Source:  https://doi.org/10.1007/978-3-319-23219-5_13 (by hitting sets)
    """
    held = sorted(constraints, key=_canonical)
    found = tighten((), held).conflict
    if found is None:
        return None
    if len(held) > _FEW:
        held = _resting_on(held, frozenset(found.claims))
    best = _without_spare(held, found)
    everything = frozenset(claim for c in held for claim in c.claims)
    to_hit: list[frozenset[str]] = []  # every conflict has a claim in each of these
    for _ in range(_TRIES):
        fewest = _smallest_hitting(to_hit)
        if len(fewest) >= len(best.claims):
            break
        smaller = _conflict(held, fewest)
        if smaller:
            return smaller
        to_hit.append(everything - _grown(held, fewest, everything))
    return best


class Network:
    """Occurrences with their tightest bounds and the proofs of them; `tighten` makes it.

    Attributes:
        occurrences: their names, sorted.
        conflict: why the constraints cannot all hold, None if they can. If they cannot, nothing is
            tightened: the bounds are those that intervals state, open where even these cross.
    """

    def __init__(self, occurrences: list[str], constraints: Sequence[Constraint]) -> None:
        self.occurrences: Sequence[str] = occurrences
        self._places = {name: place for place, name in enumerate(occurrences)}
        arcs = _Arcs(constraints, self._places)
        self._sweeps = _Sweep(arcs, _EARLIEST), _Sweep(arcs, _LATEST)
        self.conflict = self._run(arcs.parts())
        if self.conflict:
            self._keep_what_is_stated()

    def bounds(self, occurrence: str) -> Bounds:
        """Return the tightest bounds of an occurrence."""
        found = (self._find(occurrence, bound) for bound in _BOUNDS)
        return Bounds(*(sweep.date(last) if last else None for sweep, last in found))

    def proof(self, occurrence: str, bound: Bound) -> tuple[Step, ...]:
        """Return why a bound is what it is; nothing if it is open.

        The first step is what an interval states, the premise of each other the fact before it.
        """
        return self._proof(*self._find(occurrence, bound))

    def ways(self, occurrence: str, bound: Bound) -> tuple[Step, ...]:
        """Return every step to a bound whose premise is of a lower round, that of its proof first.

        What a bound would be without a constraint they do not tell: for that, tighten without it.
        """
        sweep, last = self._find(occurrence, bound)
        return tuple(self._step(sweep, way) for way in sweep.ways(last)) if last else ()

    def steps(self) -> Iterator[Step]:
        """Yield what the proofs of all bounds consist of, each step once, lower rounds first."""
        made = [(sweep, one) for sweep in self._sweeps for one in sweep.needed()]
        made.sort(key=lambda pair: (pair[1].round, pair[1].variable, pair[0].which))
        return (self._step(sweep, one) for sweep, one in made)

    def _run(self, parts: list[list[int]]) -> Conflict | None:
        earliest, latest = self._sweeps
        runaway = earliest.run(parts) or latest.run([part[::-1] for part in reversed(parts)])
        return Conflict(runaway=runaway) if runaway else self._crossing()

    def _crossing(self) -> Conflict | None:
        """Return the shortest pair of proofs of an earliest day after its latest."""
        earliest, latest = self._sweeps
        crossed = [
            (low, high)
            for low, high in zip(earliest.newest, latest.newest, strict=True)
            if low and high and low.day > -high.day
        ]
        if not crossed:
            return None
        low, high = min(crossed, key=lambda pair: pair[0].round + pair[1].round)
        return Conflict(self._proof(earliest, low), self._proof(latest, high))

    def _keep_what_is_stated(self) -> None:
        for sweep in self._sweeps:
            sweep.forget()
        for name, place in self._places.items():
            known = self.bounds(name)
            pairs = (
                (known.earliest_start, known.latest_start),
                (known.earliest_end, known.latest_end),
                (known.earliest_start, known.latest_end),
            )
            if any(low and high and low > high for low, high in pairs):
                for sweep in self._sweeps:
                    sweep.newest[2 * place : 2 * place + 2] = None, None

    def _find(self, occurrence: str, bound: Bound) -> tuple["_Sweep", "_Made | None"]:
        which, day = _BOUNDS[bound]
        sweep = self._sweeps[which]
        return sweep, sweep.newest[2 * self._places[occurrence] + day]

    def _proof(self, sweep: "_Sweep", last: "_Made | None") -> tuple[Step, ...]:
        return tuple(self._step(sweep, one) for one in reversed(list(_back_from(last))))

    def _step(self, sweep: "_Sweep", made: "_Made") -> Step:
        fact, because = self._fact(sweep, made), made.premise
        rule = f"bounds/{made.constraint.kind if made.constraint else 'start-before-end'}"
        if because is None:
            which = re.sub("[A-Z]", lambda capital: f"-{capital[0].lower()}", fact.bound)
            return Step(fact, f"{rule}-{which}", made.constraint, None, 1)
        rule += "-earliest" if sweep.which == _EARLIEST else "-latest"
        return Step(fact, rule, made.constraint, self._fact(sweep, because), made.round)

    def _fact(self, sweep: "_Sweep", made: "_Made") -> Fact:
        place, day = divmod(made.variable, 2)
        return Fact(self.occurrences[place], _NAMES[sweep.which, day], sweep.date(made))


class _Arcs:
    """The constraints as arcs between variables: the tail, moved, is not after the head.

    Attributes:
        constraints: of each arc its own, None for that of every occurrence.
        tails: the variables on the left.
        heads: the variables on the right.
        into: the arcs with a variable as their head, in the order of the constraints.
        out_of: those with it as their tail.
        intervals: what intervals state, with the variable of the first day.
    """

    def __init__(self, constraints: Iterable[Constraint], places: Mapping[str, int]) -> None:
        size = 2 * len(places)
        self.constraints: list[Constraint | None] = [None] * len(places)
        self.tails = list(range(0, size, 2))
        self.heads = list(range(1, size, 2))
        self.intervals: list[tuple[int, Bounds, Constraint]] = []
        for constraint in constraints:
            x, value = 2 * places[constraint.occurrence], constraint.value
            if isinstance(value, Bounds):
                self.intervals.append((x, value, constraint))
                continue
            left, right = _SIDES[constraint.kind]
            y = 2 * places[value] if isinstance(value, str) else x
            self.constraints.append(constraint)
            self.tails.append(x + left)
            self.heads.append(y + right)
        self.into: list[list[int]] = [[] for _ in range(size)]
        self.out_of: list[list[int]] = [[] for _ in range(size)]
        for arc, (tail, head) in enumerate(zip(self.tails, self.heads, strict=True)):
            self.into[head].append(arc)
            self.out_of[tail].append(arc)

    def parts(self) -> list[list[int]]:
        """Return the strongly connected components, each before those that its arcs lead to.

        Inside one, too, a tail stands before its head, but where an arc closes a ring. Tarjan's
        algorithm without recursion: a chain of events may be longer than Python's stack is deep.
        """
        heads, out_of = self.heads, self.out_of
        closed = len(out_of) + 1  # later than any meeting
        met = [0] * len(out_of)  # 0 for not yet, `closed` once the component is complete
        low = [0] * len(out_of)
        left = [0] * len(out_of)
        meetings, leavings = count(1), count(1)
        incomplete: list[int] = []
        parts: list[list[int]] = []
        for root in range(len(out_of)):
            path = [] if met[root] else [root]
            todo = [iter(out_of[root])]
            while path:
                v = path[-1]
                if not met[v]:
                    met[v] = low[v] = next(meetings)
                    incomplete.append(v)
                for arc in todo[-1]:
                    w = heads[arc]
                    if not met[w]:
                        path.append(w)
                        todo.append(iter(out_of[w]))
                        break
                    if met[w] < low[v]:  # noqa: PLR1730  # a call for each arc takes longer
                        low[v] = met[w]
                else:
                    path.pop()
                    todo.pop()
                    left[v] = next(leavings)
                    if path:
                        low[path[-1]] = min(low[path[-1]], low[v])
                    if low[v] == met[v]:
                        part = [incomplete.pop()]
                        while part[-1] != v:
                            part.append(incomplete.pop())
                        for w in part:
                            met[w] = closed
                        part.sort(key=left.__getitem__, reverse=True)
                        parts.append(part)
        parts.reverse()
        return parts


@dataclass(slots=True, eq=False)
class _Made:
    """A step, as a sweep makes it.

    Attributes:
        variable: what it is about.
        day: what it gives, with its sign.
        arc: by which arc; _STATED for what an interval states.
        constraint: that of the arc, or the interval.
        premise: from which step.
        round: as in Step.
    """

    variable: int
    day: int
    arc: int
    constraint: Constraint | None
    premise: "_Made | None" = None
    round: int = 1


def _back_from(made: _Made | None) -> Iterator[_Made]:
    """Yield a step, its premise, and so on to what an interval states."""
    while made:
        yield made
        made = made.premise


class _Sweep:
    """All earliest days, or all latest ones: what intervals state, carried along the arcs.

    A latest day is kept with its sign changed, so that of both the tighter is the greater number.

    Attributes:
        which: _EARLIEST or _LATEST.
        newest: of each variable, the step that gave its value; None where it is open.
    """

    def __init__(self, arcs: _Arcs, which: int) -> None:
        forth = (arcs.tails, arcs.into, arcs.heads, arcs.out_of)
        back = (arcs.heads, arcs.out_of, arcs.tails, arcs.into)
        self._from, self._into, self._to, self._out_of = forth if which == _EARLIEST else back
        self._sign, self._limit = (1, _MAX) if which == _EARLIEST else (-1, -1)
        self._constraints = arcs.constraints
        self._moves = [_move(constraint, which) for constraint in arcs.constraints]
        self._stated = self._read(arcs.intervals, which)
        self.which = which
        self.newest: list[_Made | None] = [None] * len(self._into)

    def run(self, parts: Iterable[list[int]]) -> tuple[Constraint, ...]:
        """Make the steps, part by part; return the constraints of a runaway, which ends it."""
        for part in parts:
            last, runaway = (self._pull(part[0]), []) if len(part) == 1 else self._settle(part)
            if last and last.day > self._limit:
                runaway = runaway or list(_back_from(last))[::-1]
            elif last is None and len(part) > 1:
                runaway = self._probe(part)
            if runaway:
                return tuple(dict.fromkeys(filter(None, (made.constraint for made in runaway))))
        return ()

    def forget(self) -> None:
        """Go back to what is stated."""
        for variable in range(len(self.newest)):
            self.newest[variable] = max(self._stated.get(variable, ()), key=_day, default=None)

    def ways(self, best: _Made) -> Iterator[_Made]:
        """Yield a step, then all other ways to its value from lower rounds."""
        yield best
        for stated in self._stated.get(best.variable, ()):
            if stated.day == best.day and stated is not best:
                yield stated
        for arc in self._into[best.variable]:
            origin = self.newest[self._from[arc]]
            if arc != best.arc and origin and origin.round < best.round:
                other = self._made(best.variable, arc, origin)
                if other.day == best.day:
                    yield other

    def needed(self) -> set[_Made]:
        """Return the steps of the proofs of all bounds."""
        found: set[_Made] = set()
        for newest in self.newest:
            for made in _back_from(newest):
                if made in found:
                    break
                found.add(made)
        return found

    def date(self, made: _Made) -> date:
        """Return the day that a step gives."""
        return date.fromordinal(self._sign * made.day)

    def _read(
        self, intervals: Iterable[tuple[int, Bounds, Constraint]], which: int
    ) -> dict[int, list[_Made]]:
        stated: dict[int, list[_Made]] = {}
        for start, b, constraint in intervals:
            days = (
                (b.earliest_start, b.earliest_end)
                if which == _EARLIEST
                else (b.latest_start, b.latest_end)
            )
            for variable, day in enumerate(days, start):
                if day:
                    made = _Made(variable, self._sign * day.toordinal(), _STATED, constraint)
                    stated.setdefault(variable, []).append(made)
        return stated

    def _made(self, variable: int, arc: int, origin: _Made) -> _Made:
        move = self._moves[arc]
        day = move(origin.day) if move else origin.day
        return _Made(variable, day, arc, self._constraints[arc], origin, origin.round + 1)

    def _pull(self, variable: int) -> _Made | None:
        """Make a variable as tight as those before it do: return the step, None if it was so.

        Of the ways to one value the first of the lowest round is taken: proofs are short.
        """
        newest, moves, origins = self.newest, self._moves, self._from
        now = newest[variable]
        stated = None if now else max(self._stated.get(variable, ()), key=_day, default=None)
        known = now or stated
        best, arc, lowest, premise = known.day if known else _OPEN, _STATED, 0, None
        for other in self._into[variable]:
            origin = newest[origins[other]]
            if origin is None:
                continue
            move = moves[other]
            day = move(origin.day) if move else origin.day
            if day > best or (day == best and origin.round < lowest):
                best, arc, lowest, premise = day, other, origin.round, origin
        made = self._made(variable, arc, premise) if premise else stated
        if made:
            newest[variable] = made
        return made

    def _settle(self, part: list[int]) -> tuple[_Made | None, list[_Made]]:
        """Go through a part in its order until nothing changes, or a day leaves the calendar.

        Returns: the last step, and the steps of a ring without an end if there is one.
        """
        places = {variable: place for place, variable in enumerate(part)}
        waiting = list(range(len(part)))
        queued = set(waiting)
        last = None
        for passes in count(1):
            later: list[int] = []
            while waiting:
                place = heappop(waiting)
                queued.discard(place)
                made = self._pull(part[place])
                if made is None:
                    continue
                last = made
                if last.day > self._limit:
                    return last, self._ring(last)
                for arc in self._out_of[part[place]]:
                    other = places.get(self._to[arc])
                    if other is not None and other not in queued:
                        queued.add(other)
                        heappush(waiting if other > place else later, other)
            if not later:
                break
            waiting = later
            # Looking for a ring costs about as much as all passes so far, so it is done when
            # their number has doubled. Without rings there are few.
            if passes & (passes - 1) == 0 and (ring := self._ring(last)):
                return last, ring
        return last, []

    def _probe(self, part: list[int]) -> list[_Made]:
        """Return the steps of a ring without an end in a part that has no date, by trying one.

        The rings of latest days are those of earliest days, so once is enough.
        """
        moves = (self._moves[arc] for variable in part for arc in self._into[variable])
        if self.which == _LATEST or not any(moves):
            return []
        self.newest[part[0]] = _Made(part[0], _PROBE, _STATED, None)
        _, ring = self._settle(part)
        for variable in part:
            self.newest[variable] = None
        return ring

    def _ring(self, last: _Made | None) -> list[_Made]:
        """Return the steps of a ring without an end among those that led to the last, if any.

        Of the first ring on the way back it is worked out. Whatever the rings between two steps
        about one variable, they have no end if they have carried it on by a whole calendar.
        """
        way = list(_back_from(last))
        places: dict[int, int] = {}
        nearest = None
        for place, made in enumerate(way):
            start = places.setdefault(made.variable, place)
            if start == place:
                continue
            if nearest is None:
                nearest = way[start:place][::-1]
                if self._has_no_end(nearest, way[start].day):
                    return nearest
            if way[start].day - made.day > _REPEATS:
                return way[start:place][::-1]
        return []

    def _has_no_end(self, ring: Iterable[_Made], day: int) -> bool:
        """Return whether a day gets tighter for ever round a ring.

        Months alone, and days alone, need only be counted: months that come to nothing lead back,
        or to the first of the next month and no further. Of both together a ring may come to rest
        late: of P31D and P1M where a month has 31 days.
        """
        lengths = [_length(made.constraint) for made in ring]
        months, days = [d.months for d in lengths], [d.days for d in lengths]
        if not any(months) or not any(days):
            return sum(months) + sum(days) > 0
        moves = [move for move in (self._moves[made.arc] for made in ring) if move]
        start = day
        while day - start <= _REPEATS:
            before = day
            for move in moves:
                day = move(day)
                if day == _OPEN:
                    return False
                if day > self._limit:
                    return True
            if day <= before:
                return False
        return True


def _length(constraint: Constraint | None) -> Duration:
    """Return by how much a constraint moves days to later ones; to earlier ones if less than 0."""
    if constraint is None or not isinstance(constraint.value, Duration):
        return Duration()
    sign = -1 if constraint.kind is Kind.LONGEST_DURATION else 1
    return Duration(sign * constraint.value.months, sign * constraint.value.days)


def _day(made: _Made) -> int:
    return made.day


def _canonical(constraint: Constraint) -> tuple[str, str, str, tuple[str, ...]]:
    value = constraint.value
    text = value if isinstance(value, str) else repr(value)
    return constraint.occurrence, constraint.kind, text, constraint.claims


# How a duration carries a day.

Move = Callable[[int], int]


def _move(constraint: Constraint | None, which: int) -> Move | None:
    """Return how an arc carries the days of a sweep, None if it leaves them as they are.

    Where the calendar ends, nothing follows; or there is no such last or first day, and what is
    returned lies past the limit of the sweep.
    """
    if constraint is None or not isinstance(constraint.value, Duration):
        return None
    early, d = which == _EARLIEST, constraint.value
    if constraint.kind is Kind.SHORTEST_DURATION:
        find, none = (_added, _MAX + 1) if early else (_last_to_reach, 0)
    else:
        find, none = (_first_to_reach, _OPEN) if early else (_added, _OPEN)
    return partial(_carried, find, d, 1 if early else -1, none)


def _carried(
    find: Callable[[Duration, int], int | None], d: Duration, sign: int, none: int, day: int
) -> int:
    found = find(d, sign * day)
    return none if found is None else sign * found


def _added(d: Duration, day: int) -> int | None:
    """Return the day so much after a day."""
    start = date.fromordinal(day)
    there = _month(start, d.months)
    if there is None:
        return None
    found = there.replace(day=min(start.day, there.day)).toordinal() + d.days
    return found if found <= _MAX else None


def _first_to_reach(d: Duration, day: int) -> int | None:
    """Return the first day that is, with the duration added, this day or a later one."""
    if day <= d.days:
        return None
    end = date.fromordinal(day - d.days)
    there = _month(end, -d.months)
    if there is None:
        return None
    if end.day > there.day:
        return there.toordinal() + 1
    return there.replace(day=end.day).toordinal()


def _last_to_reach(d: Duration, day: int) -> int | None:
    """Return the last day that is, with the duration added, this day or an earlier one."""
    if day <= d.days:
        return None
    end = date.fromordinal(day - d.days)
    there = _month(end, -d.months)
    if there is None:
        return None
    is_last = end.day == monthrange(end.year, end.month)[1]
    return (there if is_last else there.replace(day=min(end.day, there.day))).toordinal()


def _month(day: date, months: int) -> date | None:
    """Return the last day of the month so many months later; None outside the calendar."""
    year, before = divmod(12 * day.year + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return None
    return date(year, before + 1, monthrange(year, before + 1)[1])


# How a smallest conflict is found.


def _conflict(constraints: Iterable[Constraint], claims: frozenset[str]) -> Conflict | None:
    """Return a conflict among the constraints that rest on these claims alone."""
    return tighten((), _resting_on(constraints, claims)).conflict


def _resting_on(constraints: Iterable[Constraint], claims: frozenset[str]) -> list[Constraint]:
    return [c for c in constraints if claims.issuperset(c.claims)]


def _without_spare(constraints: Sequence[Constraint], conflict: Conflict) -> Conflict:
    """Return a conflict on some of the claims of another, of which none can be spared."""
    for claim in conflict.claims[:_TRIES]:
        if claim in conflict.claims:
            smaller = _conflict(constraints, frozenset(conflict.claims) - {claim})
            conflict = smaller or conflict
    return conflict


def _grown(
    constraints: Sequence[Constraint], claims: frozenset[str], everything: frozenset[str]
) -> frozenset[str]:
    """Return claims that can hold to which no other can be added, these among them."""
    grown = everything
    while found := _conflict(constraints, grown):
        grown -= {next(claim for claim in found.claims if claim not in claims)}
    for claim in sorted(everything - grown):
        if not _conflict(constraints, grown | {claim}):
            grown |= {claim}
    return grown


def _smallest_hitting(sets: Sequence[frozenset[str]]) -> frozenset[str]:
    """Return a smallest set that has a member in each of some sets."""
    forced = frozenset(member for s in sets if len(s) == 1 for member in s)
    rest = [s for s in sets if not s & forced]
    return next(hit for size in count() if (hit := _hitting(rest, size)) is not None) | forced


def _hitting(sets: Sequence[frozenset[str]], size: int) -> frozenset[str] | None:
    if not sets:
        return frozenset()
    if size == 0:
        return None
    fewest = min(sets, key=len)
    for member in sorted(fewest):
        hit = _hitting([s for s in sets if member not in s], size - 1)
        if hit is not None:
            return hit | {member}
    return None
