"""`kg readings`."""

from pathlib import Path

import click
import pyoxigraph as ox

from kg import answers, options, paths, perspectives, questions
from kg.proof.render import names_of
from kg.store import Graph, open_graph
from kg.terms import CAS, PREFIXES, expand


@click.command()
@options.in_language("the questions")
@options.build_folder
def command(language: str, build: Path) -> None:
    r"""List the other readings of the texts, and which answers change with each.

    \b
      kg readings
      kg ask mussolinis-life-in-order --reading s05-2b

    A reading takes one claim in place of another. One that contradicts itself is told, and keeps
    only the days that are stated.
    """
    graph = open_graph(build)
    names = names_of(graph, language)
    asked = questions.read_questions(paths.ONTOLOGY / "questions")
    for key in perspectives.readings(graph.store):
        claim = expand(f"text:{key.removeprefix('text/').replace('/reading/', '/claim/')}")
        told = names.evidence(claim)
        preferred = _preferred(graph, claim)
        click.echo(f"{told.name} in place of {preferred}: {told.comment}\n  {told.words}")
        changed = answers.changed(graph, asked, key)
        if _contradicts(graph, claim):
            click.echo("  contradicts the rest of the text: only stated days remain")
        for question in changed:
            click.echo(f"  changes {question.name}: {question.titles[language]}")
        if not changed:
            click.echo("  changes no answer")


def _preferred(graph: Graph, claim: ox.NamedNode) -> str:
    quads = graph.store.quads_for_pattern(claim, CAS.alternativeTo, None, expand("g:claims"))
    named = (q.object for q in quads if isinstance(q.object, ox.NamedNode))
    return next(named).value.rpartition("/")[2]


def _contradicts(graph: Graph, claim: ox.NamedNode) -> bool:
    graph_name = ox.NamedNode(PREFIXES["g"] + "disagreements")
    found = graph.store.quads_for_pattern(None, CAS.underReading, claim, graph_name)
    return any(True for _ in found)
