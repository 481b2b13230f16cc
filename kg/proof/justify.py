"""Every minimal set of claims from which a triple follows.

A proof shows one way; what depends on a claim needs all of them. Labels of sets are passed along
every firing, higher rounds included, until none changes (an assumption-based truth maintenance
system).

Source: https://doi.org/10.1016/0004-3702(86)90080-9
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

import pyoxigraph as ox

from kg.errors import KgError
from kg.proof.derivation import Derivation
from kg.terms import shorten

# Sets kept for one triple. Sets grow as products of premises; a thousand of them is more than a
# reader takes in, and two premises with that many are a million unions, about a second.
MOST = 1_000


def justifications(
    triple: ox.Triple,
    firings: Callable[[ox.Triple], Iterable[Derivation]],
    stated: Mapping[ox.Triple, Collection[ox.NamedNode]],
    axioms: Collection[ox.Triple],
) -> list[tuple[ox.NamedNode, ...]]:
    """Return each minimal set of claims that is enough for a triple, small ones first.

    Empty where it does not follow; one empty set where it follows from axioms alone.

    Raises: KgError, if there are more sets than can be kept.
    """
    return every(_ancestry(triple, firings, axioms), stated, axioms)[triple]


def every(
    steps: Mapping[ox.Triple, Collection[Derivation]],
    stated: Mapping[ox.Triple, Collection[ox.NamedNode]],
    axioms: Collection[ox.Triple],
) -> dict[ox.Triple, list[tuple[ox.NamedNode, ...]]]:
    """Return the justifications of each triple, given all firings that conclude it.

    Raises: KgError, if a triple has more of them than can be kept.
    """
    claims = sorted({c for t in steps for c in stated.get(t, ())}, key=str)
    bit = {claim: 1 << number for number, claim in enumerate(claims)}
    labels = {t: {bit[c] for c in stated.get(t, ())} for t in steps}
    using: dict[ox.Triple, list[Derivation]] = defaultdict(list)
    for each in steps.values():
        for step in each:
            for premise in step.premises:
                using[premise].append(step)
    pending = dict.fromkeys(step for each in steps.values() for step in each)
    while pending:
        step = next(iter(pending))
        del pending[step]
        label = labels[step.conclusion]
        merged = _minimal(label | _unions([labels[p] for p in step.premises if p not in axioms]))
        if merged == label:
            continue
        if len(merged) > MOST:
            raise KgError(
                f"{' '.join(map(shorten, step.conclusion))} has more than {MOST:,} minimal "
                "justifications",
                hint="ask for one proof, without --all",
            )
        labels[step.conclusion] = merged
        pending.update(dict.fromkeys(using[step.conclusion]))
    return {
        triple: sorted(
            (tuple(c for c in claims if bit[c] & mask) for mask in masks),
            key=lambda names: (len(names), *map(str, names)),
        )
        for triple, masks in labels.items()
    }


def _ancestry(
    triple: ox.Triple,
    firings: Callable[[ox.Triple], Iterable[Derivation]],
    axioms: Collection[ox.Triple],
) -> dict[ox.Triple, list[Derivation]]:
    """Return all that any derivation of a triple goes through, each with its firings."""
    found: dict[ox.Triple, list[Derivation]] = {}
    pending = [triple]
    while pending:
        each = pending.pop()
        if each not in found:
            found[each] = [] if each in axioms else list(dict.fromkeys(firings(each)))
            pending += [p for step in found[each] for p in step.premises if p not in axioms]
    return found


def _unions(labels: Collection[set[int]]) -> set[int]:
    """Return the minimal unions of one set from each label."""
    unions = {0}
    for label in labels:
        unions = _minimal({one | other for one in unions for other in label})
    return unions


def _minimal(masks: set[int]) -> set[int]:
    """Return the sets that contain none of the others."""
    kept: list[int] = []
    for mask in sorted(masks, key=lambda m: (m.bit_count(), m)):
        if not any(smaller & mask == smaller for smaller in kept):
            kept.append(mask)
    return set(kept)
