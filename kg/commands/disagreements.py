"""`kg disagreements`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from kg import disagree, options, words
from kg.disagree import Disagreement, Side
from kg.errors import count
from kg.evidence import Evidence
from kg.proof.render import Names, as_json, names_of
from kg.proof.tree import Proofs
from kg.store import Graph, open_graph
from kg.terms import shorten

_KINDS = {
    shorten(kind).removeprefix("cas:").removesuffix("Conflict").lower(): kind
    for kind in disagree.KINDS
}


@click.command()
@click.option("--kind", type=click.Choice(list(_KINDS)), help="Only disagreements of this kind.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write them; json has the proofs of both sides.",
)
@options.in_language("the sentences and of names")
@options.build_folder
def command(kind: str | None, form: str, language: str, build: Path) -> None:
    r"""Tell where texts and reference works disagree, with the words of both sides.

    \b
      kg disagreements
      kg disagreements --kind date --lang pt

    What only follows from the words counts too. Dates of which one is more precise do not
    disagree. A contradiction is a text's disagreement with itself.
    """
    graph = open_graph(build)
    names, proofs = names_of(graph, language), Proofs(graph.store)
    found = [d for d in disagree.read(graph.store) if kind is None or d.kind == _KINDS[kind]]
    if form == "json":
        told = [_as_json(each, disagree.sides(each, proofs), names) for each in found]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for each in found:
        click.echo("\n".join(_lines(each, disagree.sides(each, proofs), graph, names)) + "\n")
    click.echo(count(len(found), "disagreement"))


def _lines(found: Disagreement, sides: list[Side], graph: Graph, names: Names) -> Iterator[str]:
    about = f"{names.label(found.kind)}, {names.label(found.certainty)}"
    yield f"{names.label(found.name)}  [{about}]"
    for side in sides:
        evidence = [names.evidence(claim) for claim in side.claims]
        head = f"  {disagree.perspective_in_words(side.key, graph.store, names.language)}"
        if side.reading and any(told.quotes for told in evidence):
            reading = words.say(names.language, "weakest", reading=names.label(side.reading))
            head += f"  [{reading}]"
        yield head
        for told in evidence:
            yield f"    {told.words}  [{told.place(names.language)}]"


def _as_json(found: Disagreement, sides: list[Side], names: Names) -> dict[str, Any]:
    return {
        "name": found.name.value,
        "kind": shorten(found.kind),
        "subject": shorten(found.subject),
        "properties": [shorten(each) for each in found.properties],
        "certainty": shorten(found.certainty),
        "underReading": found.under and shorten(found.under),
        "words": names.label(found.name),
        "here": _side(sides[0], names),
        "there": _side(sides[-1], names),
    }


def _side(side: Side, names: Names) -> dict[str, Any]:
    return {
        "perspective": side.key,
        "weakestReading": side.reading and shorten(side.reading),
        "facts": [as_json(proof, names) for proof in side.proofs],
        "claims": [_claim(names.evidence(claim)) for claim in side.claims],
    }


def _claim(told: Evidence) -> dict[str, Any]:
    """Return a claim with its words in the text, or the address of the work that says it."""
    if told.source:
        return {"claim": told.claim.value, "source": told.source}
    return {"claim": told.claim.value, "quotes": [quote.exact for quote in told.quotes]}
