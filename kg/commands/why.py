"""`kg why`."""

import json
import sys
from pathlib import Path

import click
import pyoxigraph as ox

from kg import formats, options, paths, perspectives, words
from kg.conclude import Conclusions
from kg.proof.justify import justifications
from kg.proof.render import Names, as_json, as_text, as_triples, names_of, sentence
from kg.proof.tree import Proofs
from kg.rules import read_rules
from kg.store import Graph, open_graph
from kg.terms import PREFIXES, read_triple


@click.command()
@click.argument("triple", nargs=-1, required=True, metavar="SUBJECT PROPERTY OBJECT")
@click.option(
    "--all", "every", is_flag=True, help="Every minimal set of claims from which it follows."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "turtle"]),
    default="text",
    show_default=True,
    help="How to write the proof.",
)
@options.in_language("the proof and of names")
@click.option("--perspective", metavar="NAME", help="E.g. text/italy-1943.  [default: any]")
@options.build_folder
def command(
    triple: tuple[str, ...],
    form: str,
    language: str,
    perspective: str | None,
    build: Path,
    *,
    every: bool,
) -> None:
    r"""Tell why a triple holds, down to the words of the text.

    \b
      kg why id:badoglio cas:succeeded id:mussolini
      kg why 'id:badoglio cas:succeeded id:mussolini' --lang pt
      kg why id:badoglio cas:succeeded id:mussolini --all

    The proof shown rests on the fewest claims. Exit status: 1 if the triple does not hold; then
    kg why-not tells what is missing.
    """
    asked = read_triple(" ".join(triple))
    graph = open_graph(build)
    graph.check_names(" ".join(triple))
    names = names_of(graph, language)
    proofs = Proofs(graph.store)
    known = perspectives.keys(graph.store)
    for key in [perspectives.choose(graph.store, perspective)] if perspective else known:
        fact = proofs.find(key, asked)
        node = proofs.best(fact) if fact else proofs.relation(key, asked)
        if node and every:
            _all(graph, key, asked, names)
            return
        if node:
            if form == "json":
                click.echo(json.dumps(as_json(node, names), ensure_ascii=False, indent=2))
            elif form == "turtle":
                turtle = formats.named("turtle", formats.GRAPH_SYNTAXES)
                triples = set(as_triples(node, graph.store))
                click.echo(formats.write(triples, turtle, PREFIXES).decode(), nl=False)
            else:
                click.echo(as_text(node, names), nl=False)
            return
    click.echo(f"{sentence(asked, names)}: {words.say(language, 'not-held')}", err=True)
    click.echo(f"  hint: kg why-not {' '.join(triple)}", err=True)
    sys.exit(1)


def _all(graph: Graph, key: str, asked: ox.Triple, names: Names) -> None:
    perspective = perspectives.read(graph.store, key)
    axioms = perspectives.axioms(graph.store)
    rules = read_rules(paths.ONTOLOGY / "rules")
    found = justifications(
        asked, Conclusions(perspective, axioms, rules).firings, perspective.stated, set(axioms)
    )
    click.echo(sentence(asked, names))
    for number, claims in enumerate(found, 1):
        click.echo(f"{number}.")
        for claim in claims:
            told = names.evidence(claim)
            click.echo(f"   {told.words}  [{told.place(names.language)}]")
