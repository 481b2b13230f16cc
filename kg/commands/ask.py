"""`kg ask`."""

from pathlib import Path

import click

from kg import answers, options, paths, perspectives, questions
from kg.store import open_graph


@click.command()
@click.argument("question", required=False)
@options.in_language("the question and of names")
@click.option(
    "--format",
    "form",
    type=click.Choice(answers.CHOICES),
    default=answers.TABLE,
    show_default=True,
    help="How to write the answer.",
)
@click.option(
    "--reading",
    metavar="CLAIM",
    help="Answer under another reading, e.g. s05-2b; `kg readings` lists them.",
)
@click.option("--sparql", is_flag=True, help="Print the query instead of asking it.")
@options.build_folder
def command(
    question: str | None,
    language: str,
    form: str,
    reading: str | None,
    build: Path,
    *,
    sparql: bool,
) -> None:
    r"""Ask one of the questions of ontology/questions, or list them.

    \b
      kg ask                                   the list
      kg ask who-succeeded-mussolini           an answer
      kg ask who-succeeded-mussolini --sparql  its query, to change and run with kg query
      kg ask mussolinis-life-in-order --reading s05-2b
                                               under another reading of the text
    """
    folder = paths.ONTOLOGY / "questions"
    if question is None:
        for each in questions.read_questions(folder):
            if not each.guards:
                click.echo(f"{each.name:33} {each.titles[language]}")
        return
    found = questions.find(question, folder)
    if sparql:
        click.echo(found.query, nl=False)
        return
    graph = open_graph(build)
    if form == answers.TABLE:
        click.echo(found.titles[language] + "\n")
    dataset: tuple[list[str], list[str]] | tuple[None, None] = None, None
    if reading is not None:
        key = perspectives.reading(graph.store, reading)
        dataset = perspectives.dataset(graph.store, key)
    answer = graph.query(found.query, *dataset)
    click.echo(answers.written(graph, answer, form, language), nl=False)
