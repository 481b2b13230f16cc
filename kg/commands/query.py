"""`kg query`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pyoxigraph as ox

from kg import answers, formats, options
from kg.errors import BadQuery, did_you_mean
from kg.store import Graph, open_graph
from kg.terms import expand, shorten


@click.command()
@click.argument("sparql", required=False)
@click.option(
    "--file",
    "-f",
    type=click.Path(path_type=Path),
    help="Read the query from a file; - is standard input.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(answers.CHOICES),
    default=answers.TABLE,
    show_default=True,
    help="How to write the answer; a graph is written as Turtle by default.",
)
@click.option("--lang", "language", default="en", show_default=True, help="Language of names.")
@click.option(
    "--graph",
    "graphs",
    multiple=True,
    metavar="NAME",
    help="Ask this graph instead of the default one, e.g. g:view/text/italy-1943; repeatable.",
)
@options.build_folder
def command(
    sparql: str | None,
    file: Path | None,
    form: str,
    language: str,
    graphs: tuple[str, ...],
    build: Path,
) -> None:
    r"""Ask the built graph a query in SPARQL 1.1: an argument, a file, or standard input.

    \b
      kg query 'SELECT ?who { ?who cas:succeeded id:mussolini }'
      kg query --file question.rq --format csv
      echo 'ASK { id:mussolini cas:heldOffice ?any }' | kg query

    The project's prefixes (cas: id: text: g: rule: and the usual ones) need no declaration.
    The answer is about the preferred readings of all texts, with what follows from them.
    """
    text = _query(sparql, file)
    graph = open_graph(build)
    try:
        answer = graph.query(text, default_graphs=graphs or None)
    except BadQuery as error:
        raise _pointing(error, text) from error
    click.echo(answers.written(graph, answer, form, language), nl=False)
    _warn(graph, text, graphs)


def _query(sparql: str | None, file: Path | None) -> str:
    if sparql is not None and file is not None:
        raise click.UsageError("give the query as an argument or as a file, not both")
    if sparql is not None:
        return sparql
    if file is not None and str(file) != "-":
        return formats.read_text(file)
    if sys.stdin.isatty():
        raise click.UsageError("give a query, e.g. kg query 'SELECT * { ?s ?p ?o } LIMIT 5'")
    return formats.decode(sys.stdin.buffer.read(), Path("standard input"))


def _pointing(error: BadQuery, text: str) -> BadQuery:
    """Return the error with the line of the query, and a caret under the place."""
    if not error.line:
        return error
    line = text.split("\n")[error.line - 1] if error.line <= text.count("\n") + 1 else ""
    caret = " " * (error.column - 1) + "^"
    message = f"line {error.line}, column {error.column}: {error.message}\n  {line}\n  {caret}"
    return BadQuery(message, error.line, error.column, error.hint)


def _warn(graph: Graph, text: str, graphs: Sequence[str]) -> None:
    """Tell of names that make a right query an empty answer."""
    there = {name.value for name in graph.store.named_graphs()}
    known = [shorten(ox.NamedNode(name)) for name in there]
    for name in graphs:
        if expand(name).value not in there:
            _note(f"there is no graph {name}", did_you_mean(name, known))
    for name, hint in graph.misspelt(text):
        _note(f"{name} is not in the graph", hint)


def _note(what: str, hint: str) -> None:
    click.echo(f"note: {what}{'; ' + hint if hint else ''}", err=True)
