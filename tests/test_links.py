"""What waits for an item is listed, a service proposes, and a link changes one line of a map."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result

import kg
from kg import formats, links, paths
from kg.cli import kg as commands
from kg.errors import KgError, UnknownName, UnreadableInput
from kg.links import Link
from kg.terms import SKOS, expand, shorten
from tests.entity_json import entity, write
from tests.helpers import hosting, serving


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, ["links", *map(str, words)])


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    shutil.copytree(paths.SEEDS / "italy-1943", tmp_path / "seeds" / "italy-1943")
    return tmp_path / "seeds"


def status(graph: kg.Graph) -> dict[str, Link]:
    return {shorten(link.thing): link for link in links.links(graph)}


def test_what_waits_for_an_item_is_listed_with_its_words(graph: kg.Graph) -> None:
    found = status(graph)

    assert found["id:gothic-line"].status == "to be reconciled"
    assert found["id:gothic-line"].quote == "Linha gótica"
    assert found["id:sicily"].status == "to be checked"
    assert found["id:sicily"].item == "Q1460, Q4951156"
    assert found["id:badoglio"].status == "linked"
    assert shorten(found["id:castellano"].kind) == "cas:Person"


def test_what_can_have_no_item_is_not_listed(graph: kg.Graph) -> None:
    found = status(graph)

    for thing in ("badoglio-premiership", "badoglio-representative", "rugged-terrain",
                  "exile-in-switzerland"):  # fmt: skip
        assert f"id:{thing}" not in found


def test_the_list_is_a_table_that_openrefine_opens(build: Path) -> None:
    done = run("--csv", "--build", build)
    read = list(csv.DictReader(io.StringIO(done.stdout)))

    assert done.exit_code == 0
    assert {row["status"] for row in read} == {"to be reconciled", "to be checked"}
    assert next(row["pt"] for row in read if row["thing"] == "id:dongo") == "Dongo"


def test_a_merged_item_is_told(build: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "items", entity("Q352"))
    moved = json.dumps({"entities": {"Q9916": entity("Q999999")}})
    (folder / "moved.json").write_text(moved)
    done = run("--all", "--entities", folder, "--build", build)

    assert (
        "moved\n  id:eisenhower  Dwight D. Eisenhower  [person]  Q9916  now Q999999" in done.stdout
    )
    assert "agrees\n  id:hitler" in done.stdout
    assert "not given" in done.stdout


@pytest.mark.parametrize("thing", ["id:dongo", "id:armistice", "id:gothic-line", "id:commandos"])
def test_an_accepted_link_changes_one_place_of_the_map(
    build: Path, seeds: Path, thing: str
) -> None:
    before = {p.name: p.read_text() for p in (seeds / "italy-1943").iterdir()}
    done = run("--accept", f"{thing}=Q1", "--seeds", seeds, "--build", build)
    after = {p.name: p.read_text() for p in (seeds / "italy-1943").iterdir()}
    (changed,) = (name for name in before if before[name] != after[name])
    gone = [li for li in before[changed].splitlines() if li not in after[changed].splitlines()]
    fresh = [li for li in after[changed].splitlines() if li not in before[changed].splitlines()]

    assert done.exit_code == 0
    assert "skos:exactMatch wd:Q1" in "".join(fresh)
    assert len(gone) <= 1  # where the last line ended in a full stop, it has a semicolon now
    assert len(fresh) <= 2
    path = seeds / "italy-1943" / changed
    added = set(formats.read(path)) - set(formats.read(paths.SEEDS / "italy-1943" / changed))
    assert added == {ox.Quad(expand(thing), SKOS.exactMatch, expand("wd:Q1"))}
    line = int(done.stdout.split(":")[1])
    assert path.read_text().splitlines()[line - 1].strip().startswith("skos:exactMatch wd:Q1")
    assert [f for f in kg.check(seeds)[1] if f.severity == "error"] == []


def test_line_ends_and_other_prefixes_stay_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "seeds" / "small"
    folder.mkdir(parents=True)
    written = (
        "@prefix e: <https://w3id.org/cassibile/id/> .\r\n"
        "@prefix s: <http://www.w3.org/2004/02/skos/core#> .\r\n"
        "# e:rome s:prefLabel is not here ; nor . here\r\n"
        "e:rome a <urn:x> ; s:prefLabel \"Ro;ma . \"@it ,\r\n  '''R.'''@pt . e:x s:prefLabel \"x\"@pt .\r\n"
    )
    (folder / "map.trig").write_bytes(written.encode())
    links.accept(tmp_path / "seeds", "small", expand("id:rome"), "Q220")
    link = " ;\r\n  s:exactMatch <http://www.wikidata.org/entity/Q220>"

    assert (folder / "map.trig").read_bytes().decode() == written.replace(
        "'''R.'''@pt", f"'''R.'''@pt{link}"
    )


@pytest.mark.parametrize(
    ("thing", "qid", "told"),
    [
        ("id:badoglio", "Q1", "id:badoglio is wd:Q200085 already"),
        ("id:dongo", "Q200085", "Q200085 is id:badoglio already"),
        ("id:dongoo", "Q1", "no map of italy-1943 names id:dongoo"),
        ("id:dongo", "P1", "'P1' is no item"),
        ("id:dongo", "Q01", "'Q01' is no item"),
    ],
)
def test_a_wrong_link_is_refused_and_nothing_written(
    seeds: Path, thing: str, qid: str, told: str
) -> None:
    before = {p.name: p.read_bytes() for p in (seeds / "italy-1943").iterdir()}

    with pytest.raises(UnknownName) as caught:
        links.accept(seeds, "italy-1943", expand(thing), qid)

    assert told in str(caught.value)
    assert before == {p.name: p.read_bytes() for p in (seeds / "italy-1943").iterdir()}


class _Service(BaseHTTPRequestHandler):
    """A reconciliation service of version 0.2 with one candidate for each name."""

    broken = b""
    batches: list[int] = []  # noqa: RUF012 emptied by the fixture

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        queries = json.loads(parse_qs(body)["queries"][0])
        self.batches.append(len(queries))
        found = {
            key: {
                "result": [
                    {"id": "Q7", "name": "other", "score": 3, "match": False},
                    {"id": "Q8", "name": query["query"], "score": 99.5, "match": True,
                     "description": "a thing"},
                ]
            }
            for key, query in queries.items()
        }  # fmt: skip
        written = self.broken or json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    _Service.broken = b""
    _Service.batches.clear()
    with hosting(_Service) as address:
        yield f"{address}/api"


def test_candidates_are_shown_with_their_scores_the_best_first(build: Path, service: str) -> None:
    done = run("--propose", "id:dongo", "--service", service, "--build", build)

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "id:dongo  Dongo",
        "   99.5  Q8  Dongo  a thing  the service is sure",
        "    3.0  Q7  other",
    ]


def test_all_that_is_open_is_asked_for_a_few_at_a_time(build: Path, service: str) -> None:
    done = run("--propose", "--service", service, "--build", build)

    assert done.stdout.count("the service is sure") == sum(_Service.batches) > 50
    assert max(_Service.batches) <= 10


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"q0": {}}', b'{"other": 1}'])
def test_what_is_no_answer_of_a_service_is_told(
    graph: kg.Graph, service: str, answer: bytes
) -> None:
    _Service.broken = answer

    with pytest.raises(UnreadableInput):
        list(links.propose(graph, [expand("id:dongo")], service))


def test_a_host_that_is_not_there_is_told(graph: kg.Graph) -> None:
    with pytest.raises(UnreadableInput) as caught:
        list(
            links.propose(graph, [expand("id:dongo")], "http://127.0.0.1:9/", wait=lambda _: None)
        )

    assert "cannot be asked" in caught.value.message


@pytest.mark.slow
def test_our_own_service_proposes_ourselves(build: Path) -> None:
    with serving("--build", str(build)) as (_, address):
        service = f"{address}/reconcile"
        done = run("--propose", "id:gothic-line", "--service", service, "--build", build)

    if isinstance(done.exception, KgError):
        raise done.exception
    assert done.stdout.splitlines()[1].split()[1:3] == ["gothic-line", "Gothic"]
