"""What follows: the OWL 2 RL closure and the rule files, together to a fixpoint.

    closure = reason.close(triples, rules)
    for triple in closure.derived(): …

Triples in, a closure out; nothing else of the project is needed.
Source: https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules
"""

from collections.abc import Collection

import pyoxigraph as ox

from kg.reason.closure import Closure, close
from kg.terms import PREFIXES, RDFS

__all__ = ["Closure", "close", "is_axiom", "says_something"]

_AXIOM = tuple(PREFIXES[prefix] for prefix in ("rdf", "rdfs", "owl"))
_BUILT_IN = (*_AXIOM, PREFIXES["xsd"])
_ANNOTATION = frozenset({RDFS.label, RDFS.comment, RDFS.isDefinedBy, RDFS.seeAlso})


def is_axiom(triple: ox.Triple) -> bool:
    """Return whether a triple of the ontology says something to a reasoner, not to a reader."""
    return triple.predicate.value.startswith(_AXIOM) and triple.predicate not in _ANNOTATION


def says_something(triple: ox.Triple, terms: Collection[object]) -> bool:
    """Return whether a conclusion is about the world: not about terms, blank nodes or owl:Thing.

    `terms` are those that the ontology declares.
    """
    s, _, o = triple
    if not isinstance(s, ox.NamedNode) or isinstance(o, ox.BlankNode):
        return False
    if s in terms or s.value.startswith(_BUILT_IN):
        return False
    return not (isinstance(o, ox.NamedNode) and o.value.startswith(_BUILT_IN))
