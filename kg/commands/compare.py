"""`kg compare`."""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from kg import compare, fetching, items, options, perspectives, restate, snaks, statements
from kg.compare import Compared, Verdict
from kg.errors import CannotWrite, Finding, Place, UnknownName, UnreadableInput, count
from kg.proof.render import Names, as_json, names_of
from kg.statements import Links
from kg.store import Graph, open_graph
from kg.terms import shorten

_ID = re.compile(r"[A-Za-z][0-9]+")
_VERDICTS = [verdict.value for verdict in Verdict]


@click.command()
@click.argument("sources", nargs=-1, metavar="[FILE|FOLDER|QID]…")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How to write it; csv has what disagrees, as the Mismatch Finder imports it.",
)
@click.option("--trig", is_flag=True, help="Write what Wikidata says as claims: wikidata.trig.")
@click.option("--only", multiple=True, type=click.Choice(_VERDICTS), help="Only these verdicts.")
@click.option(
    "--fail-on", multiple=True, type=click.Choice(_VERDICTS), help="End with 1 if there is one."
)
@click.option("--fetch", "online", is_flag=True, help="Ask Wikidata for what is not at hand.")
@click.option(
    "--cache",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of kept answers.  [default: in the user's cache]",
)
@click.option(
    "--from",
    "address",
    default=fetching.ADDRESS,
    show_default=True,
    metavar="URL",
    help="Where to ask, with {id} in it.",
)
@click.option("--perspective", metavar="NAME", help="E.g. reference.  [default: the first text]")
@options.in_language("names")
@options.build_folder
def command(
    sources: tuple[str, ...],
    form: str,
    only: tuple[str, ...],
    fail_on: tuple[str, ...],
    folder: Path | None,
    address: str,
    perspective: str | None,
    language: str,
    build: Path,
    *,
    trig: bool,
    online: bool,
) -> None:
    r"""Compare what a text says with Wikidata, statement by statement.

    \b
      kg compare Q23559.json Q200085.json   entity JSON: files, or a folder of them
      kg compare --fetch                    all linked items, asked of Wikidata and kept
      kg compare --fetch Q23559             one of them
      kg compare items/ --format csv        what disagrees, for the Mismatch Finder

    Nothing is asked of Wikidata without --fetch. What cannot be read is told on standard error,
    and the rest is compared. Exit status: 1 if some of it could not be read, or as --fail-on says.
    """
    graph = open_graph(build)
    key = perspectives.choose(graph.store, perspective)
    links = Links(graph.store)
    entities, findings = _given(sources, folder or fetching.cache(), address, links, online=online)
    for finding in findings:
        click.echo(str(finding), err=True)
    found = compare.compare(graph, key, entities)
    shown = [each for each in found if not only or each.verdict.value in only]
    names = names_of(graph, language)
    if trig:
        click.echo(restate.as_trig(graph, _text(graph, key), entities), nl=False)
    elif form == "csv":
        click.echo(compare.mismatches(graph, shown), nl=False)
    elif form == "json":
        told = [_as_json(each, names) for each in shown]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_table(shown, graph, links, names)))
    failed = any(finding.severity == "error" for finding in findings)
    if failed or any(each.verdict.value in fail_on for each in found):
        sys.exit(1)


def _given(
    sources: Iterable[str], folder: Path, address: str, links: Links, *, online: bool
) -> tuple[items.Entities, list[Finding]]:
    """Return the items that the words of the command line name, and what could not be had."""
    files: list[Path] = []
    wanted: list[str] = []
    for source in sources:
        if Path(source).exists() or not _ID.fullmatch(source):
            files.append(Path(source))
        elif snaks.ITEM_ID.fullmatch(source):
            wanted.append(source)
        else:
            raise UnknownName(f"{source!r} is no item", hint="an item is written Q220")
    if not files and not wanted:
        if not online:
            raise click.UsageError(
                "name files of entity JSON or items (Q…), or ask Wikidata for all: --fetch"
            )
        wanted = links.items()
    findings = []
    if online and wanted:
        try:
            findings = fetching.fetch(wanted, folder, address)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise CannotWrite(f"cannot keep the answers: {why}", Place(folder)) from error
    have = fetching.kept(wanted, folder)
    missing = [qid for qid in wanted if folder / f"{qid}.json" not in have]
    if missing and not online:
        raise UnreadableInput(
            f"{', '.join(missing)}: not at hand", Place(folder), "ask Wikidata: --fetch"
        )
    entities, faults = items.read([*files, *have])
    return entities, [*findings, *faults]


def _text(graph: Graph, key: str) -> str:
    """Return the text beside whose map the claims are to stand."""
    text = key if key.startswith("text/") else perspectives.choose(graph.store, None)
    return text.removeprefix("text/")


def _table(found: Iterable[Compared], graph: Graph, links: Links, names: Names) -> Iterator[str]:
    tally: Counter[Verdict] = Counter()
    for (qid, thing), about in groupby(found, key=lambda each: (each.qid, each.thing)):
        yield f"{names.label(thing)} ({qid})"
        for each in about:
            tally[each.verdict] += 1
            remark = f", {each.remark}" if each.remark else ""
            yield f"  {each.verdict.value}{remark}: {_about(each)}"
            if each.ours:
                rests = _remarks(each)
                here = compare.label(graph, each.ours.value, links, names.language)
                yield f"    here   {here}{rests}"
                for claim in each.ours.claims:
                    told = names.evidence(claim)
                    yield f"           {told.words}  [{told.place(names.language)}]"
                if each.source:
                    yield f"           <{each.source}>"
            if each.theirs is not None:
                there = compare.label(graph, each.theirs, links, names.language)
                yield f"    there  {there}{_place(each)}"
            if each.reference:
                said = (compare.label(graph, v, links, names.language) for v in each.reference)
                yield f"    reference works: {', '.join(said)}"
        yield ""
    counted = ", ".join(
        f"{tally[verdict]} {verdict.value}" for verdict in Verdict if tally[verdict]
    )
    total = sum(tally.values())
    yield f"{count(total, 'comparison')}: {counted}" if total else "nothing to compare"


def _about(found: Compared) -> str:
    known = statements.labels()
    name = f"{found.pid} {known.get(found.pid, '')}".rstrip()
    return (
        f"{name}, of {found.qualifies} {known.get(found.qualifies, '')}".rstrip()
        if (found.qualifies)
        else name
    )


def _remarks(found: Compared) -> str:
    assert found.ours, "asked only of what is said here"
    told = [
        *(["inferred"] if found.ours.inferred else []),
        *(["disputed"] if found.ours.disputed else []),
    ]
    return f"  [{', '.join(told)}]" if told else ""


def _place(found: Compared) -> str:
    statement = found.statement
    return f"  [{statement.rank}, {statement.id}]" if statement else ""


def _as_json(found: Compared, names: Names) -> dict[str, Any]:
    ours, statement = found.ours, found.statement
    return {
        "verdict": found.verdict.value,
        "remark": found.remark,
        "item": found.qid,
        "thing": found.thing.value,
        "label": names.label(found.thing),
        "property": found.pid,
        "propertyLabel": statements.labels().get(found.pid, ""),
        "qualifierOf": found.qualifies,
        "here": ours
        and {
            **_value(ours.value),
            "inferred": ours.inferred,
            "disputed": ours.disputed,
            "source": found.source,
            "claims": [
                {
                    "claim": claim.value,
                    "quotes": [quote.exact for quote in names.evidence(claim).quotes],
                    "source": names.evidence(claim).source,
                    "reading": shorten(names.evidence(claim).reading),
                }
                for claim in ours.claims
            ],
            "proofs": [as_json(node, names) for node in ours.proofs],
        },
        "there": None
        if found.theirs is None
        else {
            **_value(found.theirs),
            "rank": statement.rank if statement else "",
            "statement": statement.id if statement else "",
        },
        "referenceWorks": [str(value) for value in found.reference],
    }


def _value(value: snaks.Value) -> dict[str, Any]:
    told: dict[str, Any] = {"value": str(value)}
    if isinstance(value, snaks.Time):
        told |= {"time": value.time, "precision": value.precision, "calendar": value.calendar}
    elif isinstance(value, snaks.Point):
        told |= {"precision": value.precision, "globe": value.globe}
    days = snaks.days_of(value)
    if days:
        told |= {"first": days[0] and days[0].isoformat(), "last": days[1] and days[1].isoformat()}
    return told
