"""A claim: its words in their sentence, what it says, what disputes it, what rests on it."""

from flask import request

from kg import Graph, answers, catalogue, paths, questions
from kg.questions import Question
from kg.resources import Resource
from kg.store import kept
from server import cards, edition, layout
from server.state import Served


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a claim; of a reference work's, what it says and where."""
    graph = here.graph
    _, text, _, name = resource.path.split("/")
    ground = cards.ground(graph, resource.iri, language)
    if ground.told.source:
        statements = cards.statements(graph, resource.iri.value, language)
        return layout.drawn(
            "reference.html", graph, resource, language, ground=ground, statements=statements
        )
    card = edition.card(graph, text, name, language)
    if request.args.get("part") == "card":  # what the page of the text shows beside it
        return layout.drawn("card-alone.html", graph, resource, language, card=card)
    passage = edition.passage(graph, card.claim)
    return layout.drawn(
        "claim.html",
        graph,
        resource,
        language,
        card=card,
        falling=edition.falling(graph, card.claim.iri, language) if card.claim.asserted else None,
        cite=catalogue.passage_in_words(passage, here.build),
        bibtex=catalogue.bibtex_of(passage, here.build),
        csl=catalogue.csl_of(passage, here.build),
        changed=() if card.claim.asserted else _changed(graph, f"text/{text}/reading/{name}"),
    )


@kept(20)  # they are the same in every language
def _changed(graph: Graph, key: str) -> list[Question]:
    """Return the questions that another reading answers otherwise."""
    asked = questions.read_questions(paths.ONTOLOGY / "questions")
    return answers.changed(graph, asked, key)
