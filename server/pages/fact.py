"""A fact: why it holds, down to the words, and what of it would fall without each claim."""

from collections import defaultdict
from dataclasses import dataclass

import pyoxigraph as ox
from flask import request

from kg import Graph, falling, perspectives
from kg.proof.render import clause_of
from kg.proof.tree import Node, recorded
from kg.resources import Resource
from kg.store import Term, kept
from kg.terms import CAS, PREFIXES, RDF, expand
from server import cards, documents, layout, proving, trees
from server.proving import Way
from server.state import Served

_MOST = 10  # other ways that are told; the data have them all
_LEAVES = 8  # claims of which is told what falls without them
_DISAGREEMENTS = expand("g:disagreements")


@dataclass(frozen=True, slots=True)
class Dispute:
    """A disagreement that a fact is a side of.

    Attributes:
        words: both sides in one clause.
        path: of its page.
        inside: whether a source contradicts itself.
    """

    words: str
    path: str
    inside: bool


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a fact: its best proof, or the one asked for; an axiom needs none.

    Raises: UnknownName, if there is no way of that number.
    """
    graph = here.graph
    proofs = recorded(graph)
    said = proofs.about(resource.iri)
    triple = proofs.triple(resource.iri)
    terms = [cards.cell(graph, term, language) for term in triple]
    words = proving.in_words(graph, triple, language)
    if CAS.round not in said:
        return layout.drawn("axiom.html", graph, resource, language, words=words, terms=terms)
    best = proofs.best(resource.iri)
    number = request.args.get("way", "1")
    node = proving.way(graph, best, number)
    others = proving.other_ways(graph, best, language, _MOST)
    key = perspectives.key_of(said[CAS.perspective][0])  # type: ignore[arg-type]
    otherwise = _otherwise(graph, key, best, language)
    return layout.drawn(
        "fact.html",
        graph,
        resource,
        language,
        words=words,
        terms=terms,
        verdict=_verdict(best, otherwise),
        holder=proving.holder(graph, key, language),
        reading=cards.cell(graph, best.reading, language).label,
        disputes=_disputes(graph, resource.iri, language),
        claims=len(node.leaves),
        number=int(number),
        ways=len(proving.ways(graph, best)),
        others=others,
        otherwise=otherwise,
        proof=trees.drawn(proving.tree(graph, node, language), language),
        falling=[
            (
                proving.falling(graph, claim, language),
                triple in falling.fallen(graph, key, (claim,)),
            )
            for claim in node.leaves[:_LEAVES]
        ],
        further=[cards.ground(graph, claim, language).claim for claim in node.leaves[_LEAVES:]],
    )


def _verdict(node: Node, otherwise: Way | None) -> str:
    if node.claims:
        return "both" if otherwise else "stated"
    return "derived" if node.leaves else "background"


def _otherwise(graph: Graph, key: str, node: Node, language: str) -> Way | None:
    """Return how a fact would follow without the claims that state it."""
    step = falling.otherwise(graph, key, node.triple, node.claims) if node.claims else None
    if step is None:
        return None
    axioms = [each for each in step.premises if _is_axiom(graph, each)]
    premises = [proving.link(graph, key, each, language) for each in step.premises
                if each not in axioms]  # fmt: skip
    return Way(
        0,
        clause_of(step.rule, axioms, proving.names(graph, language)),
        step.rule,
        documents.page_of(PREFIXES["rule"] + step.rule, language),
        tuple(premises),
        0,
    )


def _is_axiom(graph: Graph, triple: ox.Triple) -> bool:
    s, p, o = triple
    return ox.Quad(s, p, o, expand("g:ontology")) in graph.store


def _disputes(graph: Graph, fact: ox.NamedNode, language: str) -> list[Dispute]:
    """Return the disagreements that a fact is a side of, sorted by name."""
    return [
        Dispute(
            graph.label(name, language),
            documents.page_of(name.value, language),
            ox.Quad(name, RDF.type, CAS.Contradiction, _DISAGREEMENTS) in graph.store,
        )
        for name in _disagreements(graph).get(fact, ())
    ]


@kept(1)
def _disagreements(graph: Graph) -> dict[Term, list[ox.NamedNode]]:
    """Return the disagreements of each fact that is a side of one, sorted by name."""
    found = defaultdict(set)
    for side in (CAS.hereFact, CAS.thereFact):
        for quad in graph.store.quads_for_pattern(None, side, None, _DISAGREEMENTS):
            if isinstance(quad.subject, ox.NamedNode):
                found[quad.object].add(quad.subject)
    return {fact: sorted(names, key=str) for fact, names in found.items()}
