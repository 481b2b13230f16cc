"""The Wikidata-shaped view of a built store: a graph a perspective, and a document an entity.

It is a projection: nothing is authored there, nothing reasons over it, and `kg build` does not
make it. What is held in memory is of its size.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import pyoxigraph as ox

from kg import perspectives
from kg.store import STORE
from kg.terms import PREFIXES, QUERY_PREFIXES, RDFS, expand
from kg.wikibase import documents, tables
from kg.wikibase.model import Entity
from kg.wikibase.rdf import OURS, counted, describe, described_property
from kg.wikibase.statements import Perspective, merged, properties_of

ENTITIES, NAMES = "entities", "names.json"
_WIKIDATA = ox.NamedNode("http://www.wikidata.org")
_MODIFIED = ox.NamedNode(QUERY_PREFIXES["schema"] + "dateModified")
_DATETIME = ox.NamedNode(PREFIXES["xsd"] + "dateTime")


def graph_of(key: str) -> ox.NamedNode:
    """Return the graph of what a perspective says, as Wikibase has it.

    >>> graph_of("text/italy-1943").value
    'https://w3id.org/cassibile/graph/wikibase/text/italy-1943'
    """
    return expand(f"g:wikibase/{key}")


def entities(store: ox.Store) -> dict[str, dict[str, Entity]]:
    """Return the entities of each perspective of a built store, by its key."""
    return {key: Perspective(store, key).entities for key in perspectives.keys(store)}


def of_texts(found: Mapping[str, Mapping[str, Entity]]) -> dict[str, Entity]:
    """Return what all texts say together, nothing of the reference works."""
    return merged(found[key] for key in found if key != perspectives.REFERENCE)


def triples(found: Mapping[str, Entity]) -> Iterator[ox.Triple]:
    """Yield entities, and the properties that their statements use."""
    for entity in found.values():
        yield from describe(entity)
        yield from counted(entity)
    for known in properties_of(found.values()):
        yield from described_property(known)
        if known.label:
            yield ox.Triple(OURS.of(known.pid), RDFS.label, ox.Literal(known.label, language="en"))


def quads(found: Mapping[str, Mapping[str, Entity]]) -> Iterator[ox.Quad]:
    """Yield the graph of each perspective."""
    for key in found:
        graph = graph_of(key)
        yield from (ox.Quad(t.subject, t.predicate, t.object, graph) for t in triples(found[key]))


def write(store: ox.Store, folder: Path, made: datetime) -> None:
    """Write the view into a folder that is empty: a store, and the documents of entities.

    Without `GRAPH` the store tells what all texts say. `made` is told as the date of the data.
    """
    found = entities(store)
    together = of_texts(found)
    target = ox.Store(str(folder / STORE))
    date = ox.Literal(made.strftime("%Y-%m-%dT%H:%M:%SZ"), datatype=_DATETIME)
    default = (ox.Quad(*triple) for triple in triples(together))
    target.bulk_extend([*quads(found), *default, ox.Quad(_WIKIDATA, _MODIFIED, date)])
    target.flush()
    target.optimize()
    (folder / ENTITIES).mkdir()

    def about(entity: Entity) -> dict[str, str | int]:  # a build has no revisions
        return {"title": entity.id, "ns": 0, "lastrevid": 0, "modified": date.value}

    names: dict[str, str] = {}
    for entity in (*together.values(), *_properties(together.values())):
        document = {"entities": {entity.id: {**about(entity), **documents.written(entity)}}}
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
        (folder / ENTITIES / f"{entity.id}.json").write_text(text, encoding="utf-8")
        names[entity.id] = entity.id
        names |= {same.removeprefix(PREFIXES["id"]): entity.id for same in entity.exact}
    (folder / NAMES).write_text(json.dumps(names, indent=0) + "\n", encoding="utf-8")


def _properties(found: Iterable[Entity]) -> Iterator[Entity]:
    for known in properties_of(found):
        labels = {"en": known.label} if known.label else {}
        datatype = tables.DATATYPES[known.datatype]
        yield Entity(known.pid, "property", labels, datatype=datatype)
