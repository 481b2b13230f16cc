"""`kg build`."""

import gc
import sys
from pathlib import Path

import click

from kg import paths
from kg.errors import count, shown
from kg.pipeline import Engine, Report, build
from kg.store import DUMP


@click.command()
@click.option(
    "--seeds",
    type=click.Path(path_type=Path),
    default=paths.SEEDS,
    help="Folder of the texts.  [default: those that come with Cassibile]",
)
@click.option(
    "--build",
    "out",
    type=click.Path(path_type=Path),
    default=paths.BUILD,
    show_default=True,
    help="Folder to write to.",
)
@click.option(
    "--engine",
    type=click.Choice(["columns", "owlrl"]),
    default="columns",
    show_default=True,
    help="What reasons; owlrl gives the same, slowly and without proofs.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but findings.")
def command(seeds: Path, out: Path, engine: Engine, *, quiet: bool) -> None:
    r"""Build the graph of all texts: check, reason, write.

    \b
    The build folder then holds
      CURRENT            the name of the last good build
      <name>/store/      the graph on disk, for kg query, kg ask and kg serve
      <name>/graph.trig  the same graph as TriG, the same bytes for the same input
      <name>/report.json

    Nothing is done where nothing has changed. A build that fails leaves the last good one.
    """
    progress = _Progress(silent=quiet)
    # What a build makes and drops is freed by its reference count; to look for cycles among what
    # it keeps, again and again, takes a tenth of its time.
    gc.disable()
    try:
        report = build(out, seeds, progress=progress.show, engine=engine)
    finally:
        gc.enable()
    progress.clear()
    for finding in report.findings:
        click.echo(finding, err=True)
    if not quiet:
        click.echo(_told(report))


class _Progress:
    """One line on stderr: rewritten in a terminal, one after the other in a log."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent
        self._terminal = sys.stderr.isatty()

    def show(self, step: str) -> None:
        if not self._silent:
            self.clear()
            click.echo(f"{step} …", err=True, nl=not self._terminal)

    def clear(self) -> None:
        if self._terminal and not self._silent:
            click.echo("\r\033[K", err=True, nl=False)


def _told(report: Report) -> str:
    if not report.changed:
        return f"nothing has changed since {shown(report.folder)} was built"
    lines = []
    for text in report.texts:
        lines.append(
            f"{text['name']}: {count(text['sentences'], 'sentence')}, "
            f"{count(text['claims'], 'claim')} and "
            f"{count(text['alternatives'], 'other reading')}, "
            f"{text['coverage']:.0%} of the text covered"
        )
        lines.append(f"  {count(text['stated'], 'triple')} stated, {text['derived']:,} derived")
    lines.append(count(len(report.findings), "finding"))
    lines.append(
        f"wrote {report.quads:,} quads in {report.seconds:.1f} s: "
        f"{shown(report.folder)}/store and {DUMP}"
    )
    return "\n".join(lines)
