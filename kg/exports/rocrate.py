"""RO-Crate: the texts, their maps, the ontology and all other exports, as a zip with its metadata.

`ro-crate-metadata.json` tells of each file its size, digest, media type and licence, of the whole
who publishes it, which software made it, and which persons, groups, places and events the texts
tell of, each with its item of Wikidata. The texts come from the graph; the maps and the files of
the ontology lie where the program was installed, and are left out where they are not those that
the graph was built from. The day of publication is that of the ontology: no other is recorded.
Source: https://www.researchobject.org/ro-crate/specification/1.2/
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from importlib.metadata import metadata
from io import BufferedWriter, RawIOBase
from pathlib import Path
from shutil import copyfileobj
from types import SimpleNamespace
from typing import IO, Any, cast
from zipfile import ZipFile, ZipInfo

import pyoxigraph as ox

from kg import formats, paths
from kg.errors import BrokenSyntax, UnknownName, UnreadableInput
from kg.exports import EARLIEST, exports, member
from kg.load import TEXT_NAME, Source, read_source
from kg.store import Graph, GraphName
from kg.terms import BASE, CAS, DCT, PREFIXES, RDF, RDFS, SKOS, expand

MEDIA_TYPE, SUFFIX = "application/zip", "zip"

_METADATA = "ro-crate-metadata.json"
_CRATE = "https://w3id.org/ro/crate/1.2"
_SCHEMA = "https://schema.org/"
_NAME = __name__.rpartition(".")[2]  # of this form, which cannot hold itself
_PUBLISHER, _SOFTWARE, _BUILD, _UNLICENSED = "#publisher", "#software", "#build", "#unlicensed"
_ONTOLOGY = ox.NamedNode(BASE + "ontology")
_GRAPHS = {"core": "g:ontology", "shapes": "g:shapes", "alignments": "g:alignments"}
_FOLDER = 0o040755 << 16 | 0x10
_BLOCK = 1 << 16
_OTHER_TYPES = {
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".rq": "application/sparql-query",
    ".md": "text/markdown",
}
# What a reader calls the licences that the project uses; another goes by its address.
_CALLED = {
    "https://creativecommons.org/publicdomain/zero/1.0/": "CC0 1.0 Universal",
    "https://spdx.org/licenses/Apache-2.0": "Apache License 2.0",
    _UNLICENSED: "no licence recorded",
}
Entity = dict[str, Any]


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the crate; one file of it at a time is read into memory, exports stream."""
    gather(graph, out, {})


def gather(graph: Graph, out: IO[bytes], there: Mapping[str, Path]) -> None:
    """Write the crate, with those exports that are there already by their names."""
    # Where it cannot seek, zipfile writes in one way only, to a file and to a pipe alike.
    stream = cast("IO[bytes]", SimpleNamespace(write=out.write, flush=out.flush))
    with ZipFile(stream, "w") as bundle:
        crate = _Crate(bundle)
        sources = _write_texts(crate, graph.store)
        _write_ontology(crate, graph.store)
        results = _write_exports(crate, graph, there)
        crate.entities.extend(_mentioned(graph.store))
        crate.entities.extend(_made(crate, graph.store, sources, results))
        described = [*_root(crate, graph), *crate.entities]
        written = {"@context": f"{_CRATE}/context", "@graph": described}
        text = json.dumps(written, ensure_ascii=False, indent=2) + "\n"
        with bundle.open(member(_METADATA), "w") as file:
            file.write(text.encode())


class _Counted(RawIOBase):
    """Passes on what is written to it, and knows its size and digest."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self.size = 0
        self.digest = sha256()

    def writable(self) -> bool:
        """Return that it is for writing, see io."""
        return True

    def write(self, block: Any) -> int:
        """Write, see io."""
        self.size += len(block)
        self.digest.update(block)
        return self._file.write(block)


@dataclass(frozen=True, slots=True)
class _Crate:
    """What is in the zip so far.

    Attributes:
        bundle: the zip.
        entities: that the metadata tell of, the whole excepted.
        parts: names of the folders.
    """

    bundle: ZipFile
    entities: list[Entity] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def add(self, path: str, write: Callable[[IO[bytes]], object], said: Entity) -> None:
        """Write a file, and note what is known of it."""
        with self.bundle.open(member(path), "w", force_zip64=True) as file:
            counted = _Counted(file)
            with BufferedWriter(counted, _BLOCK) as blocks:  # some write line by line
                write(blocks)
        known = {"@id": path, "@type": "File", "contentSize": str(counted.size)}
        self.entities.append({**known, "sha256": counted.digest.hexdigest(), **said})

    def add_folder(self, path: str, said: Entity, parts: list[str]) -> None:
        """Note what a folder holds, and make it."""
        folder = ZipInfo(path, EARLIEST)
        folder.create_system, folder.external_attr = 3, _FOLDER
        self.bundle.writestr(folder, b"")
        self.parts.append(path)
        self.entities.append({"@id": path, "@type": "Dataset", **said, "hasPart": _links(*parts)})


def _links(*names: str) -> list[Entity]:
    return [{"@id": name} for name in names]


def _write_texts(crate: _Crate, store: ox.Store) -> list[str]:
    """Write the texts with their maps; return the names of the files."""
    quads = store.quads_for_pattern(None, RDF.type, CAS.Text, expand("g:claims"))
    found = []
    for text in sorted((q.subject for q in quads if isinstance(q.subject, ox.NamedNode)), key=str):
        name = text.value.removeprefix(PREFIXES["text"])
        if not TEXT_NAME.fullmatch(name):  # it becomes part of paths
            continue
        folder = f"texts/{name}/"
        titles = {t.language: t.value for t in _literals(store, text, DCT.title)}
        title = titles.get("en") or next(iter(titles.values()), name)
        files = [_write_words(crate, store, text, folder, title)]
        for path in _maps(store, paths.SEEDS / name):
            said = {"name": f"{title}: {path.name}", "encodingFormat": _media_type(path)}
            crate.add(folder + path.name, _copied(path), said)
            files.append(folder + path.name)
        crate.add_folder(folder, {"name": title}, files)
        found += files
    return found


def _write_words(
    crate: _Crate, store: ox.Store, text: ox.NamedNode, folder: str, title: str
) -> str:
    """Write a text as it is in the graph; return its name."""
    words = "".join(v.value for v in _literals(store, text, RDF.value))
    said: Entity = {"name": title, "encodingFormat": "text/plain"}
    for term, key in ((DCT.provenance, "description"), (DCT.language, "inLanguage")):
        told = {v.language: v.value for v in _literals(store, text, term)}
        if told:
            said[key] = told.get("en") or next(iter(told.values()))
    licences = _names(store, text, DCT.license, expand("g:claims"))
    said["license"] = {"@id": licences[0] if licences else _UNLICENSED}  # not that of the whole
    crate.add(f"{folder}text.txt", lambda out: out.write(words.encode()), said)
    return f"{folder}text.txt"


def _maps(store: ox.Store, folder: Path) -> list[Path]:
    """Return the maps in a folder, if the graph has been built from them."""
    try:
        source = read_source(folder)[0]
    except (UnreadableInput, BrokenSyntax):
        return []
    return sorted(folder.glob("*.trig")) if _is_built_from(store, source) else []


def _is_built_from(store: ox.Store, source: Source) -> bool:
    """Return whether a store has the words of a text and the same claims."""
    claims = (*source.claims, *source.reference)
    quads = store.quads_for_pattern(None, RDF.type, CAS.Claim, expand("g:claims"))
    ours = {q.subject for q in quads if str(q.subject).startswith(f"<{source.iri.value}/")}
    words = [v.value for v in _literals(store, source.iri, RDF.value)]
    same = words == [source.text] and ours == {claim.iri for claim in claims}
    return same and all(_triples(store, claim.iri) == set(claim.triples) for claim in claims)


def _triples(store: ox.Store, graph: ox.NamedNode) -> set[ox.Triple]:
    return {quad.triple for quad in store.quads_for_pattern(None, None, None, graph)}


def _write_ontology(crate: _Crate, store: ox.Store) -> None:
    """Write the files of the ontology, if the graph has been built from them."""
    for stem, graph in _GRAPHS.items():
        try:
            quads = formats.read(paths.ONTOLOGY / f"{stem}.ttl")
        except (UnreadableInput, BrokenSyntax):
            return
        if {quad.triple for quad in quads} != _triples(store, expand(graph)):
            return
    files = []
    for path in sorted(p for p in paths.ONTOLOGY.rglob("*") if p.is_file()):
        inside = path.relative_to(paths.ONTOLOGY)
        if not any(part.startswith(".") for part in inside.parts):
            name = f"ontology/{inside.as_posix()}"
            said = {"name": inside.as_posix(), "encodingFormat": _media_type(path)}
            crate.add(name, _copied(path), said)
            files.append(name)
    titles = {t.language: t.value for t in _literals(store, _ONTOLOGY, DCT.title, "g:ontology")}
    title = titles.get("en", "The ontology")
    crate.add_folder("ontology/", {"name": title}, files)


def _media_type(path: Path) -> str:
    try:
        return formats.syntax_of(path).media_type
    except UnknownName:
        return _OTHER_TYPES.get(path.suffix, "application/octet-stream")


def _copied(path: Path) -> Callable[[IO[bytes]], object]:
    def copy(out: IO[bytes]) -> None:
        with path.open("rb") as file:
            copyfileobj(file, out, _BLOCK)

    return copy


def _write_exports(crate: _Crate, graph: Graph, there: Mapping[str, Path]) -> list[str]:
    """Write all other exports; return the names of the files."""
    files = []
    for export in exports():
        if export.name != _NAME:
            name = f"exports/{export.name}.{export.suffix}"
            kind = export.media_type.partition(";")[0]
            said = {"name": export.name, "description": export.title, "encodingFormat": kind}
            lies = there.get(export.name)
            crate.add(name, _copied(lies) if lies else partial(export.write, graph), said)
            files.append(name)
    crate.add_folder("exports/", {"name": "The graph in its forms"}, files)
    return files


def _root(crate: _Crate, graph: Graph) -> list[Entity]:
    """Return what is said of the metadata and of the whole."""
    store = graph.store
    mentions = [e["@id"] for e in crate.entities if e["@id"].startswith(PREFIXES["id"])]
    days = [v.value for v in _literals(store, _ONTOLOGY, expand("dct:modified"), "g:ontology")]
    licence = _licence(store)
    whole: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "identifier": f"{BASE}data",
        "name": "Cassibile: historical texts as a knowledge graph",
        "description": "Texts, the claims read in them with the words that support each, what "
        "follows from these, and the ontology and rules that it follows by.",
        **({"datePublished": max(days)} if days else {}),
        **({"license": {"@id": licence}} if licence else {}),
        "publisher": {"@id": _PUBLISHER},
        "hasPart": _links(*crate.parts),
        "mentions": _links(*mentions, _BUILD),
    }
    descriptor: Entity = {
        "@id": _METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": _CRATE},
        "about": {"@id": "./"},
    }
    return [descriptor, whole]


def _made(
    crate: _Crate, store: ox.Store, sources: list[str], results: list[str]
) -> Iterator[Entity]:
    """Yield who publishes the graph, under which licence, and how it was made."""
    creators = [v.value for v in _literals(store, _ONTOLOGY, DCT.creator, "g:ontology")]
    about = metadata("cassibile")
    of_code = f"https://spdx.org/licenses/{about['License-Expression']}"
    of_files = {entity["license"]["@id"] for entity in crate.entities if "license" in entity}
    licences = {
        **dict.fromkeys(of_files, "the licence of a text"),
        _licence(store): "the licence of all files that name no other",
        of_code: "the licence of the software",
    }
    if _UNLICENSED in licences:
        licences[_UNLICENSED] = "the text is kept as it was received, its licence is not recorded"
    yield {"@id": _PUBLISHER, "@type": "Organization", "name": "; ".join(creators)}
    for licence, says in sorted(licences.items()):
        if licence:
            name = _CALLED.get(licence, licence)
            yield {"@id": licence, "@type": "CreativeWork", "name": name, "description": says}
    yield {
        "@id": _SOFTWARE,
        "@type": "SoftwareApplication",
        "name": about["Name"],
        "description": about["Summary"],
        "version": about["Version"],
        "url": BASE,
        "license": {"@id": of_code},
    }
    yield {
        "@id": _BUILD,
        "@type": "CreateAction",
        "name": "building the graph and writing its forms",
        "instrument": {"@id": _SOFTWARE},
        "object": _links(*sources),
        "result": _links(*results),
    }


def _mentioned(store: ox.Store) -> Iterator[Entity]:
    """Yield what the texts tell of: what has a class that our terms are aligned to."""
    kinds: dict[ox.NamedNode, list[str]] = {}
    for ours, how, theirs in sorted(_triples(store, expand("g:alignments")), key=str):
        if how == RDFS.subClassOf and str(theirs).startswith(f"<{_SCHEMA}"):
            assert isinstance(theirs, ox.NamedNode), "it has a name"
            kind = theirs.value.removeprefix(_SCHEMA)
            for quad in store.quads_for_pattern(None, RDF.type, ours, ox.DefaultGraph()):
                if isinstance(quad.subject, ox.NamedNode):
                    kinds.setdefault(quad.subject, []).append(kind)
    for thing in sorted(kinds, key=str):
        names = {
            v.language: v.value for v in _literals(store, thing, SKOS.prefLabel, "g:entities")
        }
        if thing.value.startswith(PREFIXES["id"]) and names:
            same = _names(store, thing, SKOS.exactMatch, expand("g:entities"))
            yield {
                "@id": thing.value,
                "@type": kinds[thing][0] if len(kinds[thing]) == 1 else kinds[thing],
                "name": names.get("en") or next(iter(names.values())),
                **({"sameAs": same[0] if len(same) == 1 else same} if same else {}),
            }


def _licence(store: ox.Store) -> str:
    """Return the licence of the ontology, which is that of the whole graph; may be empty."""
    return next(iter(_names(store, _ONTOLOGY, DCT.license, expand("g:ontology"))), "")


def _literals(
    store: ox.Store, subject: ox.NamedNode, predicate: ox.NamedNode, graph: str = "g:claims"
) -> list[ox.Literal]:
    quads = store.quads_for_pattern(subject, predicate, None, expand(graph))
    return sorted((q.object for q in quads if isinstance(q.object, ox.Literal)), key=str)


def _names(
    store: ox.Store, subject: ox.NamedNode, predicate: ox.NamedNode, graph: GraphName
) -> list[str]:
    quads = store.quads_for_pattern(subject, predicate, None, graph)
    return sorted(q.object.value for q in quads if isinstance(q.object, ox.NamedNode))
