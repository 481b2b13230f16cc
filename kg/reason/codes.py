"""Terms as integers: what the engine counts with, and the way back.

A code is the place of a term in the order of its first appearance, so the same input gives the
same codes.
"""

from collections.abc import Iterable

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from kg.errors import KgError

Term = ox.NamedNode | ox.BlankNode | ox.Literal
# A literal as a subject and a blank node as a predicate are no RDF, but the rules go over such
# triples too.
Generalised = tuple[Term, Term, Term]
Coded = tuple[int, int, int]
Array = NDArray[np.int64]
Rows32 = NDArray[np.int32]  # triples in codes: subject, predicate, object

# Two codes and the ordinal of a rule share one 64-bit integer: 26 + 26 + 11 = 63 bits. That is
# 67 million terms, whose names alone take more memory than the engine's columns.
WIDTH = 26
MASK = (1 << WIDTH) - 1
RULE_WIDTH = 11
RULE_MASK = (1 << RULE_WIDTH) - 1


class Codes:
    """The codes of the terms met so far."""

    def __init__(self) -> None:
        self.terms: list[Term] = []
        self._codes: dict[Term, int] = {}

    def __len__(self) -> int:
        return len(self.terms)

    def copy(self) -> "Codes":
        """Return the same codes, to which terms can be added that these do not get."""
        other = Codes()
        other.terms, other._codes = self.terms.copy(), self._codes.copy()
        return other

    def code(self, term: Term) -> int:
        """Return the code of a term, a new one if it was not met before.

        Raises: KgError, if there are more terms than codes.
        """
        found = self._codes.get(term)
        if found is None:
            found = len(self.terms)
            if found > MASK:
                raise KgError(f"more than {MASK:,} different terms", hint="reason over a part")
            self._codes[term] = found
            self.terms.append(term)
        return found

    def known(self, term: Term) -> int | None:
        """Return the code of a term, None if it was never met."""
        return self._codes.get(term)

    def encode(self, triples: Iterable[ox.Triple | Generalised]) -> Rows32:
        """Return the triples as rows of codes.

        Raises: KgError, if there are too many terms, or a triple stands inside a triple.
        """
        code, codes = self.code, self._codes
        flat: list[int] = []
        push = flat.append
        for triple in triples:
            for term in triple:
                found = codes.get(term)
                push(code(_plain(term)) if found is None else found)
        return np.array(flat, dtype=np.int32).reshape(-1, 3)


def _plain(term: Term | ox.Triple) -> Term:
    if isinstance(term, ox.Triple):
        raise KgError("OWL 2 RL says nothing of triples inside triples", hint="leave them out")
    return term
