"""Where a text names things: a name of a thing, in its quote of a claim about that thing."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import pyoxigraph as ox

from kg.evidence import Evidence
from kg.quotes import Span


def find(
    words: str,
    claims: Iterable[Evidence],
    about: Callable[[ox.NamedNode], Iterable[ox.NamedNode]],
    names: Callable[[ox.NamedNode], Iterable[str]],
) -> dict[Span, frozenset[ox.NamedNode]]:
    """Return the things that are named in a text, by the place of the name.

    Args:
        words: the whole text.
        claims: of the text, asserted or not.
        about: which things a claim speaks of.
        names: what a thing is called in the languages of the text.
    """
    found: dict[Span, set[ox.NamedNode]] = defaultdict(set)
    for claim in claims:
        for thing in about(claim.claim):
            for name in names(thing):
                for place in _places(words, name, claim):
                    found[place].add(thing)
    return {place: frozenset(things) for place, things in found.items()}


def _places(words: str, name: str, claim: Evidence) -> Iterator[Span]:
    """Yield where a name stands as a whole word in the quotes of a claim."""
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    for quote in claim.quotes:
        for found in pattern.finditer(words, quote.span.start, quote.span.end):
            yield Span(*found.span())
