"""The edges of HTTP, against a server that runs: heads, bodies, clients that go away."""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from server.http import LONGEST_HEAD, LONGEST_TARGET
from tests.helpers import serving

PACKED = "Content-Encoding: gzip\nContent-Length: 1\nConnection: close"
ENDLESS = quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")


@pytest.fixture(scope="module")
def address(build: Path) -> Iterator[tuple[str, int]]:
    options = ("--build", str(build), "--no-log", "--seconds", "2", "--workers", "1")
    with serving(*options, "--waiting", "1", "--answer", "1") as (_, found):
        parts = urlsplit(found)
        assert parts.hostname
        assert parts.port
        yield parts.hostname, parts.port


def ask(address: tuple[str, int], head: str, body: bytes = b"") -> bytes:
    """Return all that a server answers to a request, as it comes."""
    with socket.create_connection(address, timeout=15) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + body)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def get(target: str, *headers: str) -> str:
    return "\n".join([f"GET {target} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""])


def status(answer: bytes) -> int:
    return int(answer.split()[1])


def problem(answer: bytes) -> dict[str, object]:
    found: dict[str, object] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "code"),
    [
        (get("/health?" + "x" * LONGEST_TARGET), 414),
        (get("/health", "X-Long: " + "x" * LONGEST_HEAD), 431),
        (get("/health", *(f"X-{n}: {'x' * 1000}" for n in range(70))), 431),
        ("POST /sparql HTTP/1.1\nHost: x\nContent-Length: -5\n\n", 400),
        ("POST /sparql HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\nConnection: close\n\n0\n\n", 411),
        ("POST /sparql HTTP/1.1\nHost: x\nContent-Length: 2000000\nConnection: close\n\n", 413),
        (f"POST /sparql HTTP/1.1\nHost: x\n{PACKED}\n\nx", 415),
        (get("/sparql?query=ASK{}", "Accept: image/png"), 406),
        (get("/sparql?query=ASK{}&query=ASK{}"), 400),
        (get("/sparql?query=%ff"), 400),
        (get("/sparql?" + "&".join(f"x{n}=1" for n in range(300))), 400),
        ("BREW /sparql HTTP/1.1\nHost: x\nConnection: close\n\n", 400),
    ],
)  # fmt: skip
def test_a_request_beyond_a_limit_is_refused_with_its_status(
    address: tuple[str, int], head: str, code: int
) -> None:
    answer = ask(address, head)

    assert status(answer) == code
    assert problem(answer)["status"] == code
    assert problem(answer)["detail"]


@pytest.mark.slow
def test_a_query_that_takes_too_long_says_which_limit_and_the_next_is_answered(
    address: tuple[str, int],
) -> None:
    late = ask(address, get(f"/sparql?query={ENDLESS}"))
    started = time.monotonic()
    after = ask(address, get("/sparql?query=ASK{?s%20?p%20?o}"))

    assert (status(late), problem(late)["limit"]) == (504, "2 s")
    assert status(after) == 200
    assert time.monotonic() - started < 1


@pytest.mark.slow
def test_overload_is_told_at_once_and_the_pages_go_on(address: tuple[str, int]) -> None:
    waiting = [socket.create_connection(address) for _ in range(2)]
    for number, connection in enumerate(waiting):
        connection.sendall(
            get(f"/sparql?query={ENDLESS}%23{number}").replace("\n", "\r\n").encode()
        )
    time.sleep(0.5)
    started = time.monotonic()
    refused = ask(address, get("/sparql?query=ASK{}%23overload"))
    alive = ask(address, get("/health"))
    took = time.monotonic() - started
    for connection in waiting:
        connection.close()

    assert status(refused) == 503
    assert b"\r\nretry-after: " in refused.lower()
    assert status(alive) == 200
    assert took < 1


@pytest.mark.slow
def test_a_client_that_goes_away_frees_its_worker(address: tuple[str, int]) -> None:
    time.sleep(1)  # until the test before has left
    with socket.create_connection(address) as connection:
        connection.sendall(get(f"/sparql?query={ENDLESS}%23gone").replace("\n", "\r\n").encode())
        time.sleep(0.3)
    time.sleep(0.5)
    started = time.monotonic()

    assert status(ask(address, get("/sparql?query=ASK{}%23after"))) == 200
    assert time.monotonic() - started < 1


@pytest.mark.slow
def test_an_answer_that_grows_too_long_is_broken_off_and_not_ended(
    address: tuple[str, int],
) -> None:
    query = quote("SELECT * { ?s ?p ?o . ?a ?b ?c } LIMIT 100000")
    answer = ask(address, get(f"/sparql?query={query}"))

    assert status(answer) == 200
    assert not answer.endswith(b"0\r\n\r\n")


@pytest.mark.slow
def test_an_answer_is_packed_for_who_takes_it(address: tuple[str, int]) -> None:
    target = "/sparql?query=" + quote("SELECT * { ?s ?p ?o } LIMIT 100")
    plain = ask(address, get(target)).partition(b"\r\n\r\n")[2]
    head, _, packed = ask(address, get(target, "Accept-Encoding: gzip")).partition(b"\r\n\r\n")

    assert b"content-encoding: gzip" in head.lower()
    assert len(packed) < len(plain)
    assert gzip.decompress(packed) == plain
