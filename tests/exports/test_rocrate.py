"""RO-Crate, read by the library of RO-Crate, checked by its validator, held against the graph."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zipfile import ZipFile

import pytest
from rocrate import rocrate as library
from rocrate.rocrate import ROCrate

import kg
from kg import paths
from kg.exports import exports, rocrate
from kg.terms import BASE, PREFIXES
from tests.helpers import MAP, rows, write_seed

METADATA = "ro-crate-metadata.json"
# Runs in a process of its own, where the validator is, and gives it the context, which is on the net.
VALIDATE = """
import sys, requests
from pathlib import Path
from requests.adapters import HTTPAdapter

def send(self, request, **_):
    answer = requests.Response()
    answer.request, answer.url, answer.status_code = request, request.url, 404
    if request.url == "https://w3id.org/ro/crate/1.2/context":
        answer.status_code, answer._content = 200, Path(sys.argv[2]).read_bytes()
        answer.headers["Content-Type"] = "application/ld+json"
    return answer

HTTPAdapter.send = send
from rocrate_validator import services
from rocrate_validator.models import Severity
result = services.validate({
    "rocrate_uri": sys.argv[1],
    "profile_identifier": "ro-crate-1.2",
    "requirement_severity": Severity.REQUIRED,
    "no_cache": True,
})
print(*(issue.message for issue in result.get_issues()), sep="\\n")
sys.exit(not result.passed())
"""


def written(graph: kg.Graph) -> bytes:
    out = BytesIO()
    rocrate.write(graph, out)
    return out.getvalue()


@pytest.fixture(scope="module")
def packed(graph: kg.Graph) -> bytes:
    return written(graph)


@pytest.fixture(scope="module")
def bundle(packed: bytes) -> ZipFile:
    return ZipFile(BytesIO(packed))


@pytest.fixture(scope="module")
def entities(bundle: ZipFile) -> dict[str, dict[str, Any]]:
    return {entity["@id"]: entity for entity in json.loads(bundle.read(METADATA))["@graph"]}


def test_all_files_are_told_with_size_and_digest(
    bundle: ZipFile, entities: dict[str, dict[str, Any]]
) -> None:
    names = [name for name in bundle.namelist() if not name.endswith("/")]
    told = {name: e for name, e in entities.items() if e["@type"] == "File"}

    assert len(names) == len(set(names))
    assert set(told) == set(names) - {METADATA}
    for name, entity in told.items():
        content = bundle.read(name)
        assert entity["contentSize"] == str(len(content))
        assert entity["sha256"] == sha256(content).hexdigest()
        assert entity["encodingFormat"]


def test_the_texts_are_those_of_the_graph(graph: kg.Graph, bundle: ZipFile) -> None:
    texts = rows(
        graph, "SELECT ?t ?words ?sha { ?t a cas:Text ; rdf:value ?words ; cas:sha256 ?sha }"
    )

    assert texts
    for text, words, digest in texts:
        content = bundle.read(f"texts/{text.removeprefix(PREFIXES['text'])}/text.txt")
        assert content.decode() == words
        assert sha256(content).hexdigest() == digest


@pytest.mark.parametrize(
    ("folder", "source", "pattern"),
    [("texts/", paths.SEEDS, "*/*.trig"), ("ontology/", paths.ONTOLOGY, "**/*.*")],
)
def test_maps_and_ontology_are_there_as_they_are(
    bundle: ZipFile, folder: str, source: Path, pattern: str
) -> None:
    files = [path for path in source.glob(pattern) if path.is_file()]
    inside = {
        n for n in bundle.namelist() if n.startswith(folder) and not n.endswith(("/", "text.txt"))
    }

    assert inside == {folder + path.relative_to(source).as_posix() for path in files}
    for path in files:
        assert bundle.read(folder + path.relative_to(source).as_posix()) == path.read_bytes()


def test_all_other_exports_are_there_to_the_byte(graph: kg.Graph, bundle: ZipFile) -> None:
    inside = {
        name for name in bundle.namelist() if name.startswith("exports/") and name != "exports/"
    }
    others = [export for export in exports() if export.name != "rocrate"]

    assert len(others) > 5
    assert inside == {f"exports/{export.name}.{export.suffix}" for export in others}
    for export in others:
        out = BytesIO()
        export.write(graph, out)
        assert bundle.read(f"exports/{export.name}.{export.suffix}") == out.getvalue()


def test_what_the_texts_tell_of_is_mentioned(
    graph: kg.Graph, entities: dict[str, dict[str, Any]]
) -> None:
    query = """SELECT ?x ?kind ?name (GROUP_CONCAT(STR(?same)) AS ?all) {
        VALUES (?class ?kind) { (cas:Person "Person") (cas:Group "Organization") (cas:Place "Place") (cas:Event "Event") }
        ?x a ?class ; skos:prefLabel ?name FILTER(LANG(?name) = "en")
        OPTIONAL { ?x skos:exactMatch ?same } } GROUP BY ?x ?kind ?name"""
    mentioned = {link["@id"] for link in entities["./"]["mentions"]} - {"#build"}
    found = []
    for name in mentioned:
        entity = entities[name]
        found.append((name, entity["@type"], entity["name"], entity.get("sameAs", "")))

    assert (
        f"{PREFIXES['id']}badoglio",
        "Person",
        "Pietro Badoglio",
        f"{PREFIXES['wd']}Q200085",
    ) in found
    assert sorted(rows(graph, query)) == sorted(found)


def test_licence_publisher_and_day_are_those_of_the_ontology(
    graph: kg.Graph, entities: dict[str, dict[str, Any]]
) -> None:
    query = (
        f"SELECT ?l ?c ?d {{ <{BASE}ontology> dct:license ?l ; dct:creator ?c ; dct:modified ?d }}"
    )
    whole = entities["./"]
    publisher = entities[whole["publisher"]["@id"]]

    assert rows(graph, query) == [
        (whole["license"]["@id"], publisher["name"], whole["datePublished"])
    ]
    assert entities["texts/italy-1943/text.txt"]["license"] == {"@id": "#unlicensed"}


def test_a_link_leads_to_what_is_told_of(entities: dict[str, dict[str, Any]]) -> None:
    def links(value: object) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(links, value))
        if isinstance(value, dict):
            return {value["@id"]} if set(value) == {"@id"} else links(list(value.values()))
        return set()

    assert links(list(entities.values())) - set(entities) == {"https://w3id.org/ro/crate/1.2"}


def test_the_library_reads_it(
    packed: bytes, bundle: ZipFile, tmp_path: Path, graph: kg.Graph
) -> None:
    (tmp_path / "crate.zip").write_bytes(packed)
    crate = ROCrate(tmp_path / "crate.zip")
    files = {entity.id for entity in crate.data_entities if entity.type == "File"}
    claims = rows(graph, "SELECT ?c { GRAPH g:claims { ?c a cas:Claim } }")
    annotations = json.loads(Path(crate.source, "exports/annotations.jsonld").read_bytes())

    assert crate.version == "1.2"
    assert files == {n for n in bundle.namelist() if not n.endswith("/")} - {METADATA}
    assert crate.publisher["name"] == "the Cassibile project"
    assert annotations["total"] == len(claims)


@pytest.mark.parametrize("changed", [False, True])
def test_a_map_that_the_graph_is_not_built_from_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, changed: bool
) -> None:
    seeds = write_seed(tmp_path)
    kg.build(tmp_path / "build", seeds)
    if changed:
        write_seed(tmp_path, MAP.replace("a cas:Flight ;", "a cas:Withdrawal ;"))
    monkeypatch.setattr(paths, "SEEDS", seeds)
    names = ZipFile(BytesIO(written(kg.open_graph(tmp_path / "build")))).namelist()

    assert "texts/small/text.txt" in names
    assert ("texts/small/map.trig" in names) is not changed


def test_the_same_graph_gives_the_same_bytes_to_a_file_and_to_a_pipe(
    packed: bytes, build: Path
) -> None:
    blocks: list[bytes] = []

    def write(block: bytes) -> int:
        blocks.append(bytes(block))
        return len(block)

    pipe = SimpleNamespace(write=write, flush=lambda: None)
    rocrate.write(kg.open_graph(build), cast("Any", pipe))

    assert packed == b"".join(blocks)


@pytest.mark.slow
def test_the_validator_finds_all_that_is_required(
    packed: bytes, tmp_path: Path, fetched: Callable[..., Path]
) -> None:
    """The validator wants an older rich than import-linter does, so it has a folder of its own."""
    folder = fetched("roc-validator==0.13.0")
    context = Path(library.__file__).parent / "data" / "ro-crate.jsonld"
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"}

    def validated(content: bytes) -> subprocess.CompletedProcess[str]:
        (tmp_path / "crate.zip").write_bytes(content)
        return subprocess.run(
            [sys.executable, "-c", VALIDATE, str(tmp_path / "crate.zip"), str(context)],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            timeout=300,
        )

    done = validated(packed)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    done = validated(packed.replace(b"texts/italy-1943/text.txt", b"texts/italy-1943/next.txt"))
    assert "texts/italy-1943/text.txt" in done.stdout
    assert done.returncode == 1
