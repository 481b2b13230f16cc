"""Links to Wikidata that nobody has verified: their ids are in no table.

Classes and properties stand in `ontology/wikibase/qids.tsv` and `pids.tsv`, the items of a text in
`items.tsv` beside its map, with the columns `qid`, `label`, `note` and `source`. An id that is in
none may be right; it is only that nobody has said so.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyoxigraph as ox

from kg import formats
from kg.errors import Finding, Place, UnreadableInput
from kg.load import Source
from kg.terms import PREFIXES, shorten

ITEMS = "items.tsv"
_MATCHES = frozenset(
    PREFIXES["skos"] + name
    for name in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
)


def unverified(sources: Iterable[Source], ontology: Path) -> Iterator[Finding]:
    """Yield a warning for each link of a text to an id of Wikidata that no table has.

    A table of a text that cannot be read is a warning too.

    Raises: UnreadableInput, if one of the ontology cannot be read.
    """
    common = {
        name
        for table, column in (("qids", "qid"), ("pids", "pid"))
        for name in _ids(ontology / "wikibase" / f"{table}.tsv", column)
    }
    for source in sources:
        table = source.place().path.with_name(ITEMS)
        try:
            known = common | (_ids(table, "qid") if table.is_file() else set())
        except UnreadableInput as error:
            place = error.place or Place(table)
            yield Finding("warning", "unreadable", place, error.message, error.hint)
            continue
        for subject, item in sorted(set(_links(source)), key=str):
            name = item.removeprefix(PREFIXES["wd"])
            if name not in known:
                yield Finding(
                    "warning",
                    "unverified",
                    source.place(item),
                    f"{shorten(subject)} is linked to {name}, which is unverified",
                    f"read {item}, and if it is meant, add a row to {table.parent.name}/{ITEMS}",
                )


def _links(source: Source) -> Iterator[tuple[ox.NamedNode | ox.BlankNode | ox.Triple, str]]:
    for quad in source.stated:
        to = quad.object.value if isinstance(quad.object, ox.NamedNode) else ""
        if quad.predicate.value in _MATCHES and to.startswith(PREFIXES["wd"]):
            yield quad.subject, to


def _ids(table: Path, column: str) -> set[str]:
    rows = csv.DictReader(
        formats.read_text(table).splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    if column not in (rows.fieldnames or ()):
        raise UnreadableInput(
            f"no column {column}",
            Place(table, 1),
            "the first line is: qid, label, note, source, with a tab between two",
        )
    return {row[column] for row in rows}
