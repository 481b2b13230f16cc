"""Why two terms are the same: the equalities that were found, as a forest of least rounds.

Of the equalities that connect some terms it keeps those that came first, so that of all paths
between two terms the one in the forest needs the lowest round.
"""

from collections import defaultdict
from collections.abc import Iterable

from kg.reason.codes import RULE_WIDTH

Pair = tuple[int, int]


class Equalities:
    """Explains equalities by eq-sym and eq-trans; all in codes."""

    def __init__(self, found: Iterable[tuple[int, int, int]]) -> None:
        self._rounds: dict[Pair, int] = {}
        self._parents: dict[int, Pair] = {}  # the parent in the tree, and the depth below the root
        self._neighbours: dict[int, list[int]] = defaultdict(list)
        tops: dict[int, int] = {}
        for one, other, of in sorted(found, key=lambda equality: equality[2] >> RULE_WIDTH):
            self._rounds.setdefault((one, other), of >> RULE_WIDTH)
            if _top(tops, one) != _top(tops, other):
                tops[_top(tops, one)] = _top(tops, other)
                self._neighbours[one].append(other)
                self._neighbours[other].append(one)
        for root in sorted(self._neighbours):
            if root not in self._parents:
                self._hang(root)

    def _hang(self, root: int) -> None:
        self._parents[root] = (root, 0)
        waiting = [root]
        while waiting:
            node = waiting.pop()
            for each in self._neighbours[node]:
                if each not in self._parents:
                    self._parents[each] = (node, self._parents[node][1] + 1)
                    waiting.append(each)

    def round_of(self, one: int, other: int) -> int | None:
        """Return the round in which two terms are the same, None if they are not."""
        path = self._path(one, other)
        if path is None:
            return None
        latest = max(map(self._between, path, path[1:]))
        found = self._rounds.get((one, other))
        if len(path) == 2:
            return latest if found == latest else latest + 1
        halvings = (len(path) - 2).bit_length()
        by_way = latest + 1 + halvings
        return by_way if found is None else min(found, by_way)

    def step(self, one: int, other: int) -> tuple[str, tuple[Pair, ...]] | None:
        """Return the rule and premises by which terms are the same, if by eq-sym or eq-trans."""
        path = self._path(one, other)
        if path is None or self._rounds.get((one, other)) == self.round_of(one, other):
            return None
        if len(path) == 2:
            return "eq-sym", ((other, one),)
        middle = path[len(path) // 2]
        return "eq-trans", ((one, middle), (middle, other))

    def _between(self, one: int, other: int) -> int:
        """Return the round of the first equality of two neighbours, either way round."""
        return min(
            self._rounds[pair] for pair in ((one, other), (other, one)) if pair in self._rounds
        )

    def _path(self, one: int, other: int) -> list[int] | None:
        """Return the terms on the way, both included; from a term to itself by a neighbour."""
        if one not in self._parents or other not in self._parents:
            return None
        if one == other:
            return [one, self._neighbours[one][0], one]
        up, down = [one], [other]
        while up[-1] != down[-1]:
            (above, depth), (above_other, depth_other) = (
                self._parents[up[-1]], self._parents[down[-1]]
            )  # fmt: skip
            if not depth and not depth_other:
                return None
            if depth >= depth_other:
                up.append(above)
            else:
                down.append(above_other)
        return [*up, *down[-2::-1]]


def _top(tops: dict[int, int], code: int) -> int:
    """Return what a term hangs below; the way there is made shorter."""
    top = code
    while tops.get(top, top) != top:
        top = tops[top]
    while tops.get(code, code) != top:
        tops[code], code = top, tops[code]
    return top
