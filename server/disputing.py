"""What sources disagree on, as plain data: what both sides say, their words, their sources."""

from collections.abc import Iterator
from dataclasses import dataclass

from kg import Graph, disagree
from kg.disagree import Disagreement
from kg.proof.record import fact_of
from kg.proof.tree import recorded
from kg.store import kept
from kg.terms import CAS
from server import cards, documents, proving
from server.cards import Cell, Ground
from server.proving import Link


@dataclass(frozen=True, slots=True)
class SideCard:
    """What a page says of one side.

    Attributes:
        source: the text or the reference works, in words.
        says: the value, in words; empty where only claims are known.
        reading: the weakest reading of the words of a text; else empty.
        grounds: in the order of claims.
        facts: what clashes, each with the page that tells why it holds.
    """

    source: str
    says: str
    reading: str
    grounds: tuple[Ground, ...]
    facts: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What a page says of one disagreement.

    Attributes:
        name: of its place on the page of all.
        path: of its own page.
        subject: the thing in dispute.
        kind: in words.
        certain: whether only one side can be right.
        words: both sides in one clause.
        sides: here, then there; one where only claims are known.
    """

    name: str
    path: str
    subject: Cell
    kind: str
    certain: bool
    words: str
    sides: tuple[SideCard, ...]


@kept(len(documents.LANGUAGES))
def every(graph: Graph, language: str) -> tuple[Card, ...]:
    """Return all disagreements in their order."""
    return tuple(_card(graph, each, language) for each in disagree.read(graph.store))


def place(found: Disagreement, language: str) -> str:
    """Return the path of the place on the page of all where a disagreement is shown."""
    page = documents.address("disagreements", language=language)
    return f"{page}#d-{_name(found)}"


def _name(found: Disagreement) -> str:
    return found.name.value.rpartition("/")[2]


def _card(graph: Graph, found: Disagreement, language: str) -> Card:
    return Card(
        _name(found),
        documents.page_of(found.name.value, language),
        cards.cell(graph, found.subject, language),
        graph.label(found.kind, language),
        found.certainty == CAS.Certain,
        graph.label(found.name, language),
        tuple(_sides(graph, found, language)),
    )


def _sides(graph: Graph, found: Disagreement, language: str) -> Iterator[SideCard]:
    known = recorded(graph)
    for side in disagree.sides(found, known):
        grounds = tuple(cards.ground(graph, claim, language) for claim in side.claims)
        read = side.reading is not None and any(each.told.quotes for each in grounds)
        yield SideCard(
            disagree.perspective_in_words(side.key, graph.store, language),
            disagree.side_in_words(found, side, graph.store, language),
            graph.label(side.reading, language) if side.reading and read else "",
            grounds,
            tuple(
                Link(
                    proving.in_words(graph, triple, language),
                    documents.page_of(fact_of(side.key, triple).value, language),
                )
                for triple in side.triples
            ),
        )
