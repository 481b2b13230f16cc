"""`kg links`."""

import csv
import io
from collections import Counter
from pathlib import Path

import click

from kg import items, links, options, paths, perspectives
from kg.errors import UnknownName, did_you_mean
from kg.links import Link
from kg.store import Graph, open_graph
from kg.terms import expand, shorten

_OPEN = ("to be reconciled", "to be checked", "moved")
_COLUMNS = ("status", "thing", "pt", "en", "class", "claims", "quote", "item", "note")


@click.command()
@click.argument("things", nargs=-1, metavar="[ID]…")
@click.option("--all", "every", is_flag=True, help="Also what is linked.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, which OpenRefine opens.")
@click.option(
    "--entities",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Entity JSON, a file or a folder: tell which items were merged.",
)
@click.option("--propose", is_flag=True, help="Ask a reconciliation service for candidates.")
@click.option(
    "--service",
    default=links.SERVICE,
    show_default=True,
    metavar="URL",
    help="The reconciliation service.",
)
@click.option("--limit", type=click.IntRange(1, 50), default=5, help="Candidates for each.")
@click.option(
    "--accept", multiple=True, metavar="ID=QID", help="Write this link into the map of the text."
)
@click.option("--text", metavar="NAME", help="The text to write to.  [default: the first text]")
@click.option(
    "--seeds",
    type=click.Path(path_type=Path),
    default=paths.SEEDS,
    help="Folder of the texts.  [default: seeds]",
)
@options.in_language("the names that are asked for")
@options.build_folder
def command(
    things: tuple[str, ...],
    files: tuple[Path, ...],
    service: str,
    limit: int,
    accept: tuple[str, ...],
    text: str | None,
    seeds: Path,
    language: str,
    build: Path,
    *,
    every: bool,
    as_csv: bool,
    propose: bool,
) -> None:
    r"""List what has no item of Wikidata yet, propose items, and write accepted links.

    \b
      kg links                              what is open
      kg links --propose id:dongo           candidates for one, or for all that is open
      kg links --accept id:dongo=Q…         write a link into the map

    Only --propose goes to the network. After --accept, build the graph again.
    """
    graph = open_graph(build)
    if accept:
        _accept(graph, accept, seeds, text)
        return
    entities, findings = items.read(files) if files else (None, [])
    for finding in findings:
        click.echo(str(finding), err=True)
    listed = links.links(graph, entities)
    if things:
        listed = _chosen(listed, things)
    elif not every:
        listed = [link for link in listed if link.status in _OPEN]
    if propose:
        _propose(graph, listed, service, language, limit)
    elif as_csv:
        click.echo(_as_csv(graph, listed), nl=False)
    else:
        _list(graph, listed, language)


def _chosen(listed: list[Link], things: tuple[str, ...]) -> list[Link]:
    known = {shorten(link.thing): link for link in listed}
    found = []
    for thing in things:
        name = thing if ":" in thing else f"id:{thing}"
        if name not in known:
            hint = did_you_mean(name, known) or "kg links --all lists what can have an item"
            raise UnknownName(f"{name} is no thing that can have an item", hint=hint)
        found.append(known[name])
    return found


def _list(graph: Graph, listed: list[Link], language: str) -> None:
    status = ""
    for link in listed:
        if link.status != status:
            status = link.status
            click.echo(status)
        told = f"  {shorten(link.thing)}  {graph.label(link.thing, language)}"
        told += f"  [{graph.label(link.kind, language)}]"
        told += f"  {link.item}" if link.item else ""
        told += f"  {link.note}" if link.note else ""
        told += f"  “{link.quote}”" if link.quote else ""
        click.echo(told)
    counted = Counter(link.status for link in listed)
    click.echo(", ".join(f"{number} {status}" for status, number in counted.items()) or "none")


def _as_csv(graph: Graph, listed: list[Link]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for link in listed:
        writer.writerow(
            [
                link.status,
                shorten(link.thing),
                graph.label(link.thing, "pt"),
                graph.label(link.thing, "en"),
                shorten(link.kind),
                link.claims,
                link.quote,
                link.item,
                link.note,
            ]
        )
    return out.getvalue()


def _propose(graph: Graph, listed: list[Link], service: str, language: str, limit: int) -> None:
    things = [link.thing for link in listed]
    for thing, candidates in links.propose(graph, things, service, language, limit=limit):
        click.echo(f"{shorten(thing)}  {graph.label(thing, language)}")
        for each in candidates:
            sure = "  the service is sure" if each.is_match else ""
            what = f"  {each.description}" if each.description else ""
            click.echo(f"  {each.score:5.1f}  {each.id}  {each.name}{what}{sure}")
        if not candidates:
            click.echo("  nothing is proposed")
    if things:
        click.echo("to write one into the map: kg links --accept ID=QID", err=True)


def _accept(graph: Graph, accept: tuple[str, ...], seeds: Path, text: str | None) -> None:
    name = text or perspectives.choose(graph.store, None).removeprefix("text/")
    for pair in accept:
        thing, equals, qid = pair.partition("=")
        if not equals:
            raise click.UsageError(f"{pair!r} is no pair of a thing and its item: write ID=QID")
        named = expand(thing if ":" in thing else f"id:{thing}")
        place = links.accept(seeds, name, named, qid.strip())
        click.echo(f"{place}: {shorten(named)} skos:exactMatch wd:{qid.strip()}")
    click.echo("build the graph again: kg build", err=True)
