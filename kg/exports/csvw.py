"""CSV on the Web: tables of entities, names, events, relations, claims and evidence, as a zip.

`csv-metadata.json` tells of each column what it means, and how the tables hang together; all
names of terms are whole IRIs, several in a cell have a space between them. What the claims state
is held in memory, the rest streams.
Source: https://www.w3.org/TR/tabular-metadata/
"""

import csv
import json
import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import IO, Any, Self, cast
from zipfile import ZipFile

import pyoxigraph as ox

from kg.evidence import of_claim
from kg.exports import member
from kg.store import Graph
from kg.terms import CAS, PREFIXES, RDF, RDFS, SKOS
from kg.things import BOUNDS, claims, stated, things

MEDIA_TYPE, SUFFIX = "application/zip", "zip"
METADATA = "csv-metadata.json"
_LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table.

    Attributes:
        name: in the first line.
        says: what it holds.
        means: the property that leads there, as a template; empty where it is no statement.
        datatype: of CSVW.
        several: whether a cell holds a list.
        required: whether each row has it.
        about: what the property is told of, as a template, if not what its row is about.
    """

    name: str
    says: str
    means: str = ""
    datatype: str = "anyURI"
    several: bool = False
    required: bool = False
    about: str = ""

    def described(self) -> dict[str, Any]:
        """Return what the metadata say of it."""
        told: dict[str, Any] = {
            "name": self.name,
            "titles": self.name,
            "dc:description": self.says,
            "datatype": self.datatype,
            "required": self.required,
        }
        if self.several:
            told["separator"] = " "
        if not self.means:
            return {**told, "suppressOutput": True}
        if self.datatype == "anyURI" and not self.several:  # a template takes no list
            told["valueUrl"] = f"{{+{self.name}}}"
        if self.about:
            told["aboutUrl"] = self.about
        return {**told, "propertyUrl": self.means}


@dataclass(frozen=True, slots=True)
class _Table:
    """A table.

    Attributes:
        says: what a row is.
        columns: in their order.
        key: the columns that tell rows apart.
        about: the column that names what a row is about.
        within: columns that lead to the key of another table.
    """

    says: str
    columns: tuple[_Column, ...]
    key: tuple[str, ...]
    about: str
    within: Mapping[str, str]


_QUOTE, _POSITION = (f"{{+claim}}#q{{number}}-{part}" for part in ("quote", "position"))
_DAYS = tuple(
    _Column(
        name,
        f"the {said} day on which it may have {happened}",
        PREFIXES["cas"] + bound,
        "date",
        several=True,
    )
    for bound, name, said, happened in (
        ("earliestStart", "earliest_start", "first", "begun"),
        ("latestStart", "latest_start", "last", "begun"),
        ("earliestEnd", "earliest_end", "first", "ended"),
        ("latestEnd", "latest_end", "last", "ended"),
    )
)
_TABLES = {
    "entities": _Table(
        "Whatever the texts tell of, events included.",
        (
            _Column("entity", "its name", required=True),
            _Column("label", "its English name", datatype="string", required=True),
            _Column("kinds", "its classes", RDF.type.value, several=True),
            _Column("exact", "the same elsewhere", SKOS.exactMatch.value, several=True),
            _Column("close", "nearly the same elsewhere", SKOS.closeMatch.value, several=True),
        ),
        ("entity",),
        "entity",
        {},
    ),
    "names": _Table(
        "What an entity is called.",
        (
            _Column("entity", "what is called so", required=True),
            _Column("language", "of the name", datatype="string", required=True),
            _Column("name", "the words", datatype="string", required=True),
            _Column("preferred", "whether it is the usual one", datatype="boolean", required=True),
        ),
        ("entity", "language", "name", "preferred"),
        "entity",
        {"entity": "entities"},
    ),
    "events": _Table(
        "Whatever has a place in time, with the days between which it began and ended.",
        (
            _Column("event", "an entity", required=True),
            _Column("label", "its English name", datatype="string", required=True),
            *_DAYS,
            _Column("places", "where it took place", CAS.tookPlaceAt.value, several=True),
        ),
        ("event",),
        "event",
        {"event": "entities"},
    ),
    "relations": _Table(
        "How entities stand to one another.",
        (
            _Column("subject", "an entity", required=True),
            _Column("predicate", "a property of the ontology", required=True),
            _Column("object", "an entity", "{+predicate}", required=True),
            _Column("claims", "that state it; none where it follows", several=True),
        ),
        ("subject", "predicate", "object"),
        "subject",
        {"subject": "entities", "object": "entities"},
    ),
    "claims": _Table(
        "What is read in the texts.",
        (
            _Column("claim", "the name of its graph", required=True),
            _Column("text", "in which it stands", CAS.statedIn.value, required=True),
            _Column("sentence", "in which it stands", CAS.inSentence.value, required=True),
            _Column(
                "asserted", "or another reading", CAS.asserted.value, "boolean", required=True
            ),
            _Column("reading", "how the words were read", CAS.reading.value, required=True),
            _Column(
                "alternative_to", "the preferred readings", CAS.alternativeTo.value, several=True
            ),
            _Column("comment", "what was supplied", RDFS.comment.value, "string"),
        ),
        ("claim",),
        "claim",
        {},
    ),
    "evidence": _Table(
        "The words of a text that support a claim; offsets count code points.",
        (
            _Column("claim", "that they support", required=True),
            _Column("number", "of the quote", datatype="integer", required=True),
            *(
                _Column(term, says, PREFIXES["oa"] + term, datatype, required=needed, about=about)
                for term, says, datatype, needed, about in (
                    ("exact", "the words", "string", True, _QUOTE),
                    ("prefix", "the words before", "string", False, _QUOTE),
                    ("suffix", "the words after", "string", False, _QUOTE),
                    ("start", "of the words", "integer", True, _POSITION),
                    ("end", "of the words", "integer", True, _POSITION),
                )
            ),
        ),
        ("claim", "number"),
        "claim",
        {"claim": "claims"},
    ),
}


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the default graph."""
    with ExitStack() as files:
        tables = {name: files.enter_context(_Written(table)) for name, table in _TABLES.items()}
        _fill(tables, graph)
        # Where it cannot seek, zipfile writes in one way only, to a file and to a pipe alike.
        stream = cast("IO[bytes]", SimpleNamespace(write=out.write, flush=out.flush))
        with ZipFile(stream, "w") as bundle:
            about = json.dumps(metadata(), ensure_ascii=False, indent=2) + "\n"
            with bundle.open(member(METADATA), "w") as file:
                file.write(about.encode())
            for name, table in tables.items():
                with bundle.open(member(f"{name}.csv"), "w", force_zip64=True) as file:
                    shutil.copyfileobj(table.read(), file, _BLOCK)


def metadata() -> dict[str, Any]:
    """Return what the bundle says of itself."""
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": "Cassibile: the default graph as tables",
        "dc:license": {"@id": _LICENCE},
        "dialect": {"lineTerminators": ["\n"], "trim": False},
        "tables": [_described(name, table) for name, table in _TABLES.items()],
    }


def _described(name: str, table: _Table) -> dict[str, Any]:
    keys = [
        {
            "columnReference": column,
            "reference": {"resource": f"{other}.csv", "columnReference": _TABLES[other].about},
        }
        for column, other in table.within.items()
    ]
    schema: dict[str, Any] = {
        "aboutUrl": f"{{+{table.about}}}",
        "primaryKey": list(table.key),
        "columns": [column.described() for column in table.columns],
    }
    if keys:
        schema["foreignKeys"] = keys
    return {"url": f"{name}.csv", "dc:description": table.says, "tableSchema": schema}


class _Written:
    """A table that is being written, to a temporary file."""

    def __init__(self, table: _Table) -> None:
        self._file = TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 see __exit__
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(column.name for column in table.columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, *cells: str | int | Iterable[str]) -> None:
        """Write a row; a cell is a value, or a list of them."""
        self._rows.writerow(
            cell if isinstance(cell, str | int) else " ".join(cell) for cell in cells
        )

    def read(self) -> IO[bytes]:
        """Return what was written, from its beginning."""
        self._file.flush()
        self._file.seek(0)
        return cast("IO[bytes]", self._file.buffer)


def _fill(tables: Mapping[str, _Written], graph: Graph) -> None:
    known = stated(graph.store)
    with things(graph.store, graph.dump) as found:
        for thing in found:
            tables["entities"].add(thing.iri, thing.label, thing.kinds, thing.exact, thing.close)
            for name in thing.names:
                preferred = "true" if name.preferred else "false"
                tables["names"].add(thing.iri, name.language, name.words, preferred)
            if CAS.Occurrence.value in thing.kinds:
                days = (thing.days.get(bound, ()) for bound in BOUNDS)
                tables["events"].add(thing.iri, thing.label, *days, thing.related(CAS.tookPlaceAt))
            for predicate, other in thing.relations:
                claimed = known.get((thing.iri, predicate, other), ())
                tables["relations"].add(thing.iri, predicate, other, claimed)
    for claim in claims(graph.store):
        _fill_claim(tables, graph.store, claim)


def _fill_claim(tables: Mapping[str, _Written], store: ox.Store, claim: ox.NamedNode) -> None:
    def values(predicate: ox.NamedNode) -> list[str]:
        quads = store.quads_for_pattern(claim, predicate, None, ox.DefaultGraph())
        return sorted(q.object.value for q in quads if not isinstance(q.object, ox.Triple))

    said = of_claim(store, claim)
    tables["claims"].add(
        claim.value,
        values(CAS.statedIn),
        values(CAS.inSentence),
        values(CAS.asserted),
        said.reading.value,
        values(CAS.alternativeTo),
        said.comment,
    )
    for number, quote in enumerate(said.quotes, 1):
        tables["evidence"].add(
            claim.value,
            number,
            quote.exact,
            quote.prefix,
            quote.suffix,
            quote.span.start,
            quote.span.end,
        )
