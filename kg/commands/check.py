"""`kg check`."""

import sys
from pathlib import Path

import click

from kg import paths
from kg.errors import count
from kg.pipeline import check


@click.command()
@click.option(
    "--seeds",
    type=click.Path(path_type=Path),
    default=paths.SEEDS,
    help="Folder of the texts.  [default: those that come with Cassibile]",
)
def command(seeds: Path) -> None:
    """Find every fault in the mappings, each with its line and how to mend it.

    Exit status: 0 if nothing is wrong, 1 if there are faults; warnings alone are no fault.
    """
    sources, findings = check(seeds)
    for finding in findings:
        click.echo(finding)
    faults = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - faults
    claims = sum(len(source.claims) for source in sources)
    click.echo(
        f"{count(len(sources), 'text')}, {count(claims, 'claim')}: "
        f"{count(faults, 'fault')}, {count(warnings, 'warning')}"
    )
    sys.exit(1 if faults else 0)
