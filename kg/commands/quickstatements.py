"""`kg quickstatements`."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import click

from kg import exports, items, options, perspectives, quickstatements
from kg.errors import CannotWrite, Place, UnknownName, count, did_you_mean
from kg.quickstatements import Offer, Terms
from kg.store import Graph, open_graph
from kg.terms import PREFIXES, expand, shorten


@click.command()
@click.option(
    "--entities",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Entity JSON, a file or a folder: what is there already is withheld.",
)
@click.option(
    "--csv",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for CSV files, one for each set of columns.",
)
@click.option("--dry", is_flag=True, help="List what is withheld, and why; write no command.")
@click.option("--inferred", is_flag=True, help="Also what follows from several claims.")
@click.option("--interpretive", is_flag=True, help="Also what is read into the words.")
@click.option(
    "--retrieved",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day on which the text was looked up, for the references.",
)
@click.option("--create", multiple=True, metavar="ID", help="A thing to make an item for.")
@click.option("--perspective", metavar="NAME", help="The text.  [default: the first text]")
@options.build_folder
def command(
    files: tuple[Path, ...],
    folder: Path | None,
    retrieved: datetime | None,
    create: tuple[str, ...],
    perspective: str | None,
    build: Path,
    *,
    dry: bool,
    inferred: bool,
    interpretive: bool,
) -> None:
    r"""Write what a text can give to Wikidata, for QuickStatements.

    \b
      kg quickstatements --entities items/ --retrieved 2026-12-01
      kg quickstatements --entities items/ --dry     what is withheld, and why
      kg quickstatements --entities items/ --csv out
      kg quickstatements --create id:surrender-signing

    Each statement has the words of the text as its reference. What is disputed is never given.
    Without --entities it is not known what is there already: compare before you send.
    """
    graph = open_graph(build)
    key = perspectives.choose(graph.store, perspective)
    if not key.startswith("text/"):
        raise UnknownName(f"{key} is no text, and gives no words", hint="choose one text/…")
    entities, findings = items.read(files) if files else (None, [])
    for finding in findings:
        click.echo(str(finding), err=True)
    terms = Terms(
        inferred=inferred,
        interpretive=interpretive,
        retrieved=retrieved.date() if retrieved else None,
        create=frozenset(expand(_thing(graph, name)) for name in create),
    )
    offer = quickstatements.offer(graph, key, entities, terms)
    if dry:
        _tell(offer)
    elif folder:
        _write(folder, quickstatements.as_csv([*offer.lines, *offer.only_csv]))
    else:
        click.echo(quickstatements.as_v1(offer.lines), nl=False)
    told = f"{count(len(offer.lines), 'command')}, {len(offer.withheld)} withheld"
    if not dry:
        told += " (--dry lists them)"
    click.echo(told, err=True)
    if entities is None and not dry:
        note = "nothing was compared with Wikidata: some of it may be there; see --entities"
        click.echo(f"note: {note}", err=True)


def _thing(graph: Graph, name: str) -> str:
    full = name if ":" in name else f"id:{name}"
    if full not in graph.names or not full.startswith("id:"):
        raise UnknownName(f"there is no thing {name}", hint=did_you_mean(full, graph.names))
    return full


def _tell(offer: Offer) -> None:
    """List what is withheld, by reason."""
    reasons = Counter(each.why for each in offer.withheld)
    for why, number in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])):
        click.echo(f"{why} ({number})")
        for each in offer.withheld:
            if each.why == why:
                name = each.item or shorten(each.thing)
                told = ", ".join(c.value.removeprefix(PREFIXES["text"]) for c in each.claims)
                claims = f"  [{told.replace('/claim/', ' ')}]" if told else ""
                click.echo(f"  {name} {each.what}{claims}")


def _write(folder: Path, tables: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            with exports.whole(folder.resolve() / f"{name}.csv") as out:
                out.write(table.encode())
            click.echo(str(folder / f"{name}.csv"))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise CannotWrite(f"cannot write the tables: {why}", Place(folder)) from error
