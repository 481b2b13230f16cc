"""`kg without`."""

import re
from collections.abc import Iterable
from pathlib import Path

import click
import pyoxigraph as ox

from kg import falling, options, perspectives
from kg.errors import UnknownName, count, did_you_mean
from kg.proof.render import Names, names_of, sentence
from kg.proof.tree import Proofs
from kg.store import open_graph
from kg.terms import shorten


@click.command()
@click.argument("claims", nargs=-1, required=True, metavar="CLAIM…")
@options.in_language("names")
@options.build_folder
def command(claims: tuple[str, ...], language: str, build: Path) -> None:
    r"""Tell which conclusions fall without some claims, and which keep another support.

    \b
      kg without s05-2                    without one claim
      kg without s05                      without all claims of a sentence
      kg without s01-4 s04-5              without two together
      kg without italy-1943/s05-2         of this text, where several have such a claim

    Nothing is changed: the graph is closed again without them, and compared.
    """
    graph = open_graph(build)
    found = 0
    for key in perspectives.keys(graph.store):
        perspective = perspectives.read(graph.store, key)
        chosen = _chosen(claims, perspective)
        if not chosen:
            continue
        found += 1
        held = perspectives.holding(graph.store, key)
        fallen = falling.fallen(graph, key, chosen)
        proofs = Proofs(graph.store)
        touched = set[ox.Triple]().union(*(proofs.resting_on(claim) for claim in chosen))
        kept = (touched & held) - fallen
        click.echo(f"without {', '.join(shorten(claim) for claim in chosen)}")
        names = names_of(graph, language)
        _list(f"{count(len(fallen), 'triple')} fall", fallen, names)
        _list(f"kept by another support: {count(len(kept), 'conclusion')}", kept, names)
    if not found:
        known = [shorten(c) for key in perspectives.keys(graph.store)
                 for c in perspectives.read(graph.store, key).claims]  # fmt: skip
        local = [name.rpartition("/")[2] for name in known]
        hint = did_you_mean(claims[0], local) or "name a claim, s05-2, or a sentence, s05"
        raise UnknownName(f"there is no claim or sentence {' '.join(claims)!r}", hint=hint)


def _chosen(wanted: Iterable[str], perspective: perspectives.Perspective) -> list[ox.NamedNode]:
    """Return the claims of a perspective that are named, or stand in a named sentence."""
    found = []
    for claim in sorted(perspective.claims, key=str):
        text, _, name = shorten(claim).removeprefix("text:").partition("/claim/")
        sentence = re.sub(r"-\d+[a-z]?$", "", name)
        local = {name, sentence, f"{text}/{name}", f"{text}/{sentence}"}
        if {*local, shorten(claim), claim.value} & set(wanted):
            found.append(claim)
    return found


def _list(title: str, triples: Iterable[ox.Triple], names: Names) -> None:
    click.echo(f"\n{title}")
    for line in sorted(sentence(triple, names) for triple in triples):
        click.echo(f"  {line}")
