"""What texts and reference works disagree on, as a page.

`/disagreements`: each disagreement with what both sides say, their words and their sources.
Example: GET /disagreements
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, render_template

from kg import Graph, disagree
from kg.disagree import Disagreement
from kg.proof.tree import Proofs
from kg.terms import CAS
from server import cards
from server.cards import Cell, Ground
from server.state import served

bp = Blueprint("disagreements", __name__)


@dataclass(frozen=True, slots=True)
class SideCard:
    """What a page says of one side.

    Attributes:
        source: the text or the reference works, in words.
        says: the value, in words; empty where only claims are known.
        reading: the weakest reading of the words of a text; else empty.
        grounds: in the order of claims.
    """

    source: str
    says: str
    reading: str
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What a page says of one disagreement.

    Attributes:
        name: of its place on the page.
        subject: the thing in dispute.
        kind: in words.
        certain: whether only one side can be right.
        words: both sides in one clause.
        sides: here, then there; one where only claims are known.
    """

    name: str
    subject: Cell
    kind: str
    certain: bool
    words: str
    sides: tuple[SideCard, ...]


@bp.get("/disagreements")
def page() -> str:
    """Show every disagreement with what both sides say, their words and their sources."""
    graph = served().graph
    proofs = Proofs(graph.store)
    found = [_card(graph, proofs, each) for each in disagree.read(graph.store)]
    return render_template("disagreements.html", cards=found)


def _card(graph: Graph, proofs: Proofs, found: Disagreement) -> Card:
    return Card(
        found.name.value.rpartition("/")[2],
        cards.cell(graph, found.subject),
        graph.label(found.kind),
        found.certainty == CAS.Certain,
        graph.label(found.name),
        tuple(_sides(graph, proofs, found)),
    )


def _sides(graph: Graph, proofs: Proofs, found: Disagreement) -> Iterator[SideCard]:
    for side in disagree.sides(found, proofs):
        grounds = tuple(cards.ground(graph, claim) for claim in side.claims)
        read = side.reading is not None and any(each.told.quotes for each in grounds)
        yield SideCard(
            disagree.perspective_in_words(side.key, graph.store, "en"),
            disagree.side_in_words(found, side, graph.store, "en"),
            graph.label(side.reading) if side.reading and read else "",
            grounds,
        )
