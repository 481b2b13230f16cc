"""`kg export`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from kg import exports, options
from kg.errors import CannotWrite, Place, count
from kg.store import open_graph

_LONG = 200_000  # quads from which on a dump takes a second, so that it tells of itself


@click.command()
@click.argument("form", required=False)
@click.option(
    "--output",
    "-o",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; without it, standard output.",
)
@click.option("--gzip", "-z", "packed", is_flag=True, help="Pack with gzip.")
@options.build_folder
def command(form: str | None, target: Path | None, build: Path, *, packed: bool) -> None:
    r"""Write the whole graph in one of the standard forms, or list them.

    \b
      kg export                        the forms
      kg export nquads --gzip -o cassibile.nq.gz
      kg export turtle | less

    The same build gives the same bytes. A file is there whole or not at all.
    """
    if form is None:
        _list()
        return
    export = exports.named(form)
    packed = packed and not export.is_packed
    if target is None and (export.is_packed or packed) and sys.stdout.isatty():
        raise click.UsageError(f"{export.name} is not for a terminal; give a file: -o FILE")
    graph = open_graph(build)
    size = graph.report["quads"]
    if size > _LONG:
        click.echo(f"writing {export.name} of {count(size, 'quad')} …", err=True)
    with _written(target) as file, exports.packing(file, packed=packed) as out:
        export.write(graph, out)


def _list() -> None:
    listed = exports.exports()
    width = max(len(export.name) for export in listed)
    for export in listed:
        click.echo(f"{export.name.ljust(width)}  {export.title}")


@contextmanager
def _written(target: Path | None) -> Iterator[IO[bytes]]:
    """Give where to write: a file has its name only when all is in it.

    Raises: CannotWrite, for what the system says against it.
    """
    try:
        if target is None:
            yield sys.stdout.buffer
        elif target.exists() and not target.is_file():  # a pipe or a device is written into
            with target.open("wb") as file:
                yield file
        else:
            with exports.whole(target.resolve()) as file:  # a link stays one
                yield file
    except BrokenPipeError:  # whoever reads has enough; click ends quietly
        raise
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        place = Place(target or Path("standard output"))
        raise CannotWrite(f"cannot write the export: {why}", place) from error
