"""What falls without some claims: what holds now, and no longer once they are taken away.

A conclusion with another support stays, so the proofs that are recorded do not tell: what follows
without the claims is worked out again, from all ways in which anything is concluded with them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any

import pyoxigraph as ox

from kg import paths, perspectives
from kg.conclude import Conclusions
from kg.proof.derivation import Derivation
from kg.rules import read_rules
from kg.store import Graph, kept
from kg.terms import CAS, expand

_SEVERAL = 10  # texts, with what is kept of each: some 5 MB of a text with 64 claims


def fallen(graph: Graph, key: str, claims: Collection[ox.NamedNode]) -> frozenset[ox.Triple]:
    """Return what holds in a perspective and falls without some of its claims, days included."""
    return _fallen(graph, key, tuple(sorted(claims, key=str)))


@kept(5_000)
def falls_without(graph: Graph, claim: ox.NamedNode) -> tuple[ox.Triple, ...]:
    """Return what only a claim supports beside its own triples, sorted.

    What relates a thing to itself is left out. Nothing falls without a claim that is not asserted.
    """
    own = {quad.triple for quad in graph.store.quads_for_pattern(None, None, None, claim)}
    found: set[ox.Triple] = set()
    for quad in graph.store.quads_for_pattern(claim, CAS.perspective, None, None):
        assert isinstance(quad.object, ox.NamedNode), "a perspective has a name"
        found |= fallen(graph, perspectives.key_of(quad.object), [claim])
    told = (triple for triple in found - own if triple.subject != triple.object)
    return tuple(sorted(told, key=str))


@kept(_SEVERAL)
def _conclusions(graph: Graph, key: str) -> Conclusions:
    axioms = perspectives.axioms(graph.store)
    rules = read_rules(paths.ONTOLOGY / "rules")
    return Conclusions(perspectives.read(graph.store, key), axioms, rules)


@kept(5_000)
def _fallen(graph: Graph, key: str, claims: tuple[ox.NamedNode, ...]) -> frozenset[ox.Triple]:
    return _conclusions(graph, key).falling(claims)


def otherwise(
    graph: Graph, key: str, triple: ox.Triple, claims: tuple[ox.NamedNode, ...]
) -> Derivation | None:
    """Return a step by which a triple would follow without the claims that state it."""
    return _otherwise(graph, key, claims).get(triple)


@kept(5_000)
def _otherwise(
    graph: Graph, key: str, claims: tuple[ox.NamedNode, ...]
) -> dict[ox.Triple, Derivation]:
    """Return the same for all that these claims state, and no other claim."""
    whole = _conclusions(graph, key)
    stays = whole.stated_by(claims) - _fallen(graph, key, claims)
    if not stays:
        return {}
    rest = whole.under(whole.perspective.without(claims))
    found = {}
    for triple in sorted(stays, key=str):
        steps = (
            step
            for step in rest.firings(triple)
            if all(rest.round_of(each) < rest.round_of(triple) for each in step.premises)
        )
        found[triple] = min(steps, key=lambda s: (len(s.premises), s.rule, str(s.premises)))
    return found


# For those who ask it of all claims, in several processes

Said = list[dict[Any, Any]]
_LONG: tuple[Callable[..., Any], ...] = (_fallen, _otherwise)  # what takes long to work out


def supports(graph: Graph) -> list[tuple[str, tuple[ox.NamedNode, ...]]]:
    """Return the claims that together state something, each set with its perspective, sorted."""
    stated: dict[ox.Triple | ox.NamedNode | ox.BlankNode, list[ox.NamedNode]] = defaultdict(list)
    why = expand("g:why")
    for quad in graph.store.quads_for_pattern(None, CAS.statedBy, None, why):
        assert isinstance(quad.object, ox.NamedNode), "a claim has a name"
        stated[quad.subject].append(quad.object)
    found = set()
    for fact, claims in stated.items():
        for quad in graph.store.quads_for_pattern(fact, CAS.perspective, None, why):
            assert isinstance(quad.object, ox.NamedNode), "a view has a name"
            found.add((perspectives.key_of(quad.object), tuple(sorted(claims, key=str))))
    return sorted(found, key=str)


def work_out(graph: Graph, share: Iterable[tuple[str, tuple[ox.NamedNode, ...]]]) -> Said:
    """Return what falls, and what would follow otherwise, without some `supports`; for `learn`."""
    for key, claims in share:
        _otherwise(graph, key, claims)  # which asks what falls
    return [graph.said.get(function.__wrapped__, {}) for function in _LONG]  # type: ignore[attr-defined]


def learn(graph: Graph, said: Said) -> None:
    """Take over what was worked out elsewhere for the same build."""
    for function, answers in zip(_LONG, said, strict=True):
        graph.said.setdefault(function.__wrapped__, {}).update(answers)  # type: ignore[attr-defined]
