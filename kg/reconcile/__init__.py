"""Which entities of the graph a name in someone's data may mean, with scores that are explained.

    names      strings: folded, indexed, compared
    values     what is told of an entity, beside what a client says of it
    entities   the entities of a graph with names, kinds and values
    matching   queries and their candidates

Speaks no protocol: `server.reconciling` does.
"""

from kg.reconcile.entities import GENERAL, Entities, Entity
from kg.reconcile.matching import MOST, USUAL, Candidate, Condition, Query, Reconciler
from kg.reconcile.names import fold
from kg.reconcile.values import Value, whole_day

__all__ = [
    "GENERAL",
    "MOST",
    "USUAL",
    "Candidate",
    "Condition",
    "Entities",
    "Entity",
    "Query",
    "Reconciler",
    "Value",
    "fold",
    "whole_day",
]
