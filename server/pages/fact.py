"""A fact: why it holds, down to the words."""

from dataclasses import dataclass
from weakref import proxy

import pyoxigraph as ox

from kg import Graph, disagree
from kg.proof.render import Names, axioms_of, clause_of, names_of, sentence
from kg.proof.tree import Node, Proofs
from kg.resources import Resource
from kg.store import kept
from kg.terms import CAS, PREFIXES, RDF
from server import cards, documents, layout
from server.cards import Ground
from server.state import Served


@dataclass(frozen=True, slots=True)
class Step:
    """One fact of a proof, as a page shows it.

    Attributes:
        words: the fact as a sentence.
        path: of its page.
        grounds: the claims that state it.
        because: the rule in words; empty where it is stated.
        rule: name of the rule.
        rule_path: of the page of the rule.
        premises: what the rule starts from; none where they were shown before.
        shown: whether its grounds were shown before.
    """

    words: str
    path: str
    grounds: tuple[Ground, ...]
    because: str
    rule: str
    rule_path: str
    premises: tuple["Step", ...]
    shown: bool


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a fact: its best proof; an axiom needs none."""
    graph = here.graph
    said = {t.predicate: t.object for t in resource.triples if t.subject == resource.iri}
    triple = [said[side] for side in (RDF.subject, RDF.predicate, RDF.object)]
    terms = [cards.cell(graph, term, language) for term in triple]
    names = _names(graph, language)
    words = sentence(ox.Triple(*triple), names)  # type: ignore[arg-type]
    if CAS.round not in said:
        return layout.drawn("axiom.html", graph, resource, language, words=words, terms=terms)
    node = _proofs(graph).best(resource.iri)
    key = said[CAS.perspective].value.removeprefix(f"{PREFIXES['g']}view/")  # type: ignore[union-attr]
    return layout.drawn(
        "fact.html",
        graph,
        resource,
        language,
        words=words,
        terms=terms,
        holder=_holder(graph, key, language),
        reading=names.label(node.reading),
        ways=node.ways,
        proof=_step(here, node, names, set()),
    )


@kept(1000)
def _holder(graph: Graph, key: str, language: str) -> str:
    return disagree.perspective_in_words(key, graph.store, language)


@kept(len(documents.LANGUAGES))
def _names(graph: Graph, language: str) -> Names:
    return names_of(proxy(graph), language)  # what a graph keeps must not keep the graph


@kept(1)  # what is read of proofs once is read for all facts that rest on it
def _proofs(graph: Graph) -> Proofs:
    return Proofs(graph.store)


def _step(here: Served, node: Node, names: Names, seen: set[str]) -> Step:
    shown = node.fact.value in seen
    seen.add(node.fact.value)
    step = None if shown else node.step
    rule = step.rule if step else ""
    return Step(
        sentence(node.triple, names),
        documents.page_of(node.fact.value, names.language),
        ()
        if shown
        else tuple(cards.ground(here.graph, claim, names.language) for claim in node.claims),
        clause_of(rule, axioms_of(node), names) if step else "",
        rule,
        documents.page_of(PREFIXES["rule"] + rule, names.language) if step else "",
        tuple(_step(here, p, names, seen) for p in node.premises) if step else (),
        shown and bool(node.step),
    )
