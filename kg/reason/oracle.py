"""owlrl, the plain reading of the standard, behind functions of sets: ours is compared with it.

owlrl swaps rdflib's literal conversions while it runs and silences warnings when it is imported;
both are undone here, and nothing else in the project imports it.
"""

import re
import warnings
from collections.abc import Collection, Iterable

import pyoxigraph as ox
from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from kg import formats
from kg.rules import Rule
from kg.terms import shorten

with warnings.catch_warnings():
    import owlrl

_ERROR = URIRef("http://www.daml.org/2002/03/agents/agent-ont#ErrorMessage")
_MESSAGE = URIRef("http://www.daml.org/2002/03/agents/agent-ont#error")


def close_with_rules(
    triples: Iterable[ox.Triple], rules: Collection[Rule]
) -> tuple[set[ox.Triple], list[str]]:
    """Return the closure under OWL 2 RL and rules, taken in turns, and what is inconsistent."""
    known = set(triples)
    while True:
        closed, messages = close(known)
        concluded = _apply(rules, closed) - closed
        if not concluded:
            return closed, messages
        known = closed | concluded


def close(triples: Iterable[ox.Triple]) -> tuple[set[ox.Triple], list[str]]:
    """Return the OWL 2 RL closure, as far as it is RDF, and what is inconsistent in it."""
    graph = formats.to_rdflib(triples)
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    errors = set(graph.subjects(RDF.type, _ERROR))
    messages = [_told(str(m)) for error in errors for m in graph.objects(error, _MESSAGE)]
    return set(_triples(graph, errors)), messages


def _apply(rules: Iterable[Rule], triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    """Return what the rules conclude, each until none gives anything new."""
    store = ox.Store()
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    concluded: set[ox.Triple] = set()
    while True:
        fresh = {t for rule in rules for t in _construct(store, rule)} - concluded
        if not fresh:
            return concluded
        concluded |= fresh
        store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in fresh)


def _construct(store: ox.Store, rule: Rule) -> ox.QueryTriples:
    answer = store.query(rule.construct)
    assert isinstance(answer, ox.QueryTriples), "reading a rule makes sure that it is a CONSTRUCT"
    return answer


def _told(message: str) -> str:
    """Return a message of owlrl with our names in it."""
    message = re.sub(r"https?://[^\s,()']+", lambda m: shorten(ox.NamedNode(m[0])), message)
    return message[0].lower() + message[1:]


def _triples(graph: Graph, errors: set[Node]) -> Iterable[ox.Triple]:
    """Yield the triples; owlrl also infers some with a literal as subject, which is no RDF."""
    for s, p, o in graph:
        if isinstance(s, Literal) or s in errors:
            continue
        subject, predicate, value = _term(s), _term(p), _term(o)
        if isinstance(subject, ox.Literal) or not isinstance(predicate, ox.NamedNode):
            continue
        yield ox.Triple(subject, predicate, value)


def _term(node: Node) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    if isinstance(node, URIRef):
        return ox.NamedNode(str(node))
    if isinstance(node, BNode):
        return ox.BlankNode(str(node))
    assert isinstance(node, Literal), "rdflib has no other terms in a graph"
    if node.language:
        return ox.Literal(str(node), language=node.language)
    return ox.Literal(
        str(node), datatype=ox.NamedNode(str(node.datatype)) if node.datatype else None
    )
