"""Writing over HTTP: only with the token, only to graphs that no build has, and at once."""

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest

import kg
from tests.helpers import serving, write_seed

MINE = "https://example.org/mine"
TOKEN = {"Authorization": "Bearer secret"}
TURTLE = {"Content-Type": "text/turtle", **TOKEN}
UPDATE = {"Content-Type": "application/sparql-update", **TOKEN}


class Client:
    """One connection to a server."""

    def __init__(self, address: str) -> None:
        self.connection = HTTPConnection(urlsplit(address).netloc, timeout=20)

    def close(self) -> None:
        self.connection.close()

    def send(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[HTTPResponse, bytes]:
        self.connection.request(method, target, body, headers or {})
        answer = self.connection.getresponse()
        return answer, answer.read()

    def graph(self, name: str = MINE) -> str:
        return f"/rdf-graph-store?graph={quote(name, safe='')}"

    def ask(self, query: str, **parameters: str | list[str]) -> bool:
        target = "/sparql?" + urlencode({"query": query, **parameters}, doseq=True)
        answer, body = self.send("GET", target)
        assert answer.status == 200, body
        return bool(json.loads(body)["boolean"])


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server of texts that takes writes."""
    folder: Path = tmp_path_factory.mktemp("writing")
    kg.build(folder / "build", write_seed(folder))
    options = ("--build", str(folder / "build"), "--token", "secret", "--no-log")
    with serving(*options) as (_, address), closing(Client(address)) as found:
        yield found


@pytest.fixture(scope="module")
def reader(build: Path) -> Iterator[Client]:
    """A client of a server that takes no writes."""
    with (
        serving("--build", str(build), "--no-log") as (_, address),
        closing(Client(address)) as found,
    ):
        yield found


@pytest.mark.slow
def test_without_a_token_nothing_is_written(client: Client, reader: Client) -> None:
    wrong = {**UPDATE, "Authorization": "Bearer wrong"}
    update = b"INSERT DATA { GRAPH <urn:g> { <urn:s> <urn:p> 1 } }"

    off, _ = reader.send("POST", "/update", update, UPDATE)
    none, _ = client.send("POST", "/update", update, {"Content-Type": UPDATE["Content-Type"]})
    other, _ = client.send("PUT", client.graph(), b"", wrong)
    assert (off.status, none.status, other.status) == (403, 401, 401)
    assert none.headers["WWW-Authenticate"].startswith("Bearer")
    assert not client.ask("ASK { GRAPH <urn:g> { ?s ?p ?o } }")


@pytest.mark.slow
def test_a_graph_is_put_read_extended_and_removed(client: Client) -> None:
    first, _ = client.send("PUT", client.graph(), b"<s> <urn:p> 1 .", TURTLE)
    second, _ = client.send("PUT", client.graph(), b"<s> <urn:p> 2 .", TURTLE)
    third, _ = client.send("POST", client.graph(), b"<s> <urn:p> 3 .", TURTLE)
    read, body = client.send("GET", client.graph(), headers={"Accept": "application/n-triples"})

    assert (first.status, second.status, third.status, read.status) == (201, 204, 204, 200)
    subject = "<https://example.org/s>"  # relative to the graph
    integer = "^^<http://www.w3.org/2001/XMLSchema#integer>"
    assert body.decode().splitlines() == [
        f'{subject} <urn:p> "{number}"{integer} .' for number in (2, 3)
    ]
    gone, _ = client.send("DELETE", client.graph(), headers=TOKEN)
    missing, _ = client.send("GET", client.graph())
    assert (gone.status, missing.status) == (204, 404)


@pytest.mark.slow
def test_what_is_written_can_be_asked_beside_a_text_and_with_its_view(client: Client) -> None:
    update = f"INSERT DATA {{ GRAPH <{MINE}/notes> {{ id:rome <urn:note> 'mine' }} }}"
    done, _ = client.send("POST", "/update", update.encode(), UPDATE)
    view = "https://w3id.org/cassibile/graph/view/text/small"
    both = "ASK { id:rome <urn:note> ?note ; a cas:City }"

    assert done.status == 204
    assert not client.ask(both)
    assert client.ask(both, **{"default-graph-uri": [view, f"{MINE}/notes"]})


@pytest.mark.slow
@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { id:rome a cas:Village }",
        "INSERT DATA { GRAPH g:view/text/small { id:rome a cas:Village } }",
        "INSERT DATA { GRAPH <https://w3id.org/cassibile/graph/claims> { id:rome a cas:Village } }",
        "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
        "DROP ALL",
        "MOVE <https://w3id.org/cassibile/graph/claims> TO <urn:x>",
    ],
)
def test_what_a_build_holds_is_written_by_no_one(client: Client, update: str) -> None:
    refused, body = client.send("POST", "/update", update.encode(), UPDATE)

    assert refused.status in {400, 403}
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["detail"]
    assert client.ask("ASK { id:rome a cas:City }")
    assert not client.ask("ASK { GRAPH ?g { id:rome a cas:Village } }")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("update", "column", "hint"),
    [
        ("INSRT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }", 1, "did you mean INSERT?"),
        ("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> ids:x } }", 47, "did you mean id?"),
        ("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 }", 50, "close the bracket {"),
    ],
)
def test_an_update_with_a_typo_is_told_with_its_place(
    client: Client, update: str, column: int, hint: str
) -> None:
    refused, body = client.send("POST", "/update", update.encode(), UPDATE)
    problem = json.loads(body)

    assert refused.status == 400
    assert (problem["line"], problem["column"]) == (1, column)
    assert hint in problem["detail"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"<urn:s> <urn:p> .", "text/turtle", 400),
        (b"\xff", "text/turtle", 400),
        (b"<!DOCTYPE x []><x/>", "application/rdf+xml", 400),
        (b"1,2", "text/csv", 415),
    ],
)
def test_content_that_cannot_be_read_is_told_and_changes_nothing(
    client: Client, content: bytes, kind: str, status: int
) -> None:
    client.send("PUT", client.graph(), b"<s> <urn:p> 'kept' .", TURTLE)
    refused, body = client.send("PUT", client.graph(), content, {**TURTLE, "Content-Type": kind})

    assert refused.status == status
    assert json.loads(body)["detail"]
    assert client.ask(f"ASK {{ GRAPH <{MINE}> {{ ?s ?p 'kept' }} }}")


@pytest.mark.slow
def test_an_answer_is_kept_until_something_is_written(client: Client) -> None:
    target = "/sparql?" + urlencode(
        {"query": f"SELECT * {{ GRAPH <{MINE}/etag> {{ ?s ?p ?o }} }}"}
    )
    first, _ = client.send("GET", target)
    again, body = client.send("GET", target, headers={"If-None-Match": first.headers["ETag"]})
    client.send("PUT", client.graph(f"{MINE}/etag"), b"<urn:s> <urn:p> 1 .", TURTLE)
    changed, rows = client.send("GET", target, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status, again.status, body, changed.status) == (200, 304, b"", 200)
    assert len(json.loads(rows)["results"]["bindings"]) == 1


@pytest.mark.slow
def test_a_write_that_takes_too_long_says_which_limit_and_changes_nothing(tmp_path: Path) -> None:
    options = ("--store", str(tmp_path / "store"), "--writable", "--token", "secret", "--no-log")
    many = "".join(f"<urn:{n}> <urn:p> {n} .\n" for n in range(200_000))
    with (
        serving(*options, "--write-seconds", "0.5") as (_, address),
        closing(Client(address)) as client,
    ):
        done, _ = client.send("PUT", client.graph(), b"<urn:s> <urn:p> 'kept' .", TURTLE)
        late, body = client.send("PUT", client.graph(), many.encode(), TURTLE)

        assert (done.status, late.status) == (201, 504)
        assert late.headers["Content-Type"] == "application/problem+json"
        assert json.loads(body)["limit"] == "0.5 s"
        assert "kg serve --write-seconds" in json.loads(body)["detail"]
        assert client.ask(f"ASK {{ GRAPH <{MINE}> {{ ?s ?p 'kept' }} }}")
