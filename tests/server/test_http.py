"""Requests that do not come to an end: each client has so many seconds for a head, and no more."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.helpers import serving

LIMIT = 0.5
PROGRAM = f"""
from kg.__main__ import main
from server import http
http._SLOWEST_HEAD = {LIMIT}
main()
"""
HEAD = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def address(build: Path) -> Iterator[tuple[str, int]]:
    """The address of a server that waits for a head no longer than the limit."""
    options = ("--build", str(build), "--no-log", "--seconds", "2")
    with serving(*options, program=("-c", PROGRAM)) as (_, found):
        parts = urlsplit(found)
        assert parts.hostname
        assert parts.port
        yield parts.hostname, parts.port


@pytest.fixture
def connection(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=10) as found:
        yield found


def rest(connection: socket.socket) -> bytes:
    """Return all that comes until the server hangs up.

    To a byte that comes after that, it answers with a reset.
    """
    found = b""
    with suppress(ConnectionResetError):
        while block := connection.recv(65536):
            found += block
    return found


def drip(connection: socket.socket, data: bytes) -> threading.Event:
    """Send byte by byte, five within the limit; the event ends it."""
    enough = threading.Event()

    def run() -> None:
        for byte in data:
            try:
                connection.sendall(bytes([byte]))
            except OSError:  # hung up on
                return
            if enough.wait(LIMIT / 5):
                return

    threading.Thread(target=run, daemon=True).start()
    return enough


def dripped(connection: socket.socket, data: bytes) -> tuple[bytes, float]:
    """Return what a server answers that is sent a request byte by byte, and after how long."""
    started = time.monotonic()
    enough = drip(connection, data)
    answer = rest(connection)
    took = time.monotonic() - started
    enough.set()
    return answer, took


def assert_cut_off(answer: bytes, took: float) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    problem = json.loads(body)

    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nconnection: close" in head.lower()
    assert problem["type"].endswith("/problem/slow-request")
    assert f"within {LIMIT:g} s" in problem["detail"]
    assert LIMIT * 0.9 < took < LIMIT * 4


@pytest.mark.slow
@pytest.mark.parametrize("data", [HEAD, HEAD[:-2] + b"X: " + b"y" * 1000, b"\r\n" * 1000])
def test_a_head_that_comes_byte_by_byte_is_cut_off_in_time(
    connection: socket.socket, data: bytes
) -> None:
    answer, took = dripped(connection, data)

    assert_cut_off(answer, took)


@pytest.mark.slow
def test_a_client_that_connects_and_says_nothing_is_cut_off_in_time(
    connection: socket.socket,
) -> None:
    started = time.monotonic()
    answer = rest(connection)

    assert_cut_off(answer, time.monotonic() - started)


@pytest.mark.slow
def test_each_further_request_of_a_connection_has_its_own_time(connection: socket.socket) -> None:
    for _ in range(3):
        connection.sendall(HEAD)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        time.sleep(LIMIT * 0.8)
    answer, took = dripped(connection, HEAD)

    assert_cut_off(answer, took)


@pytest.mark.slow
def test_a_connection_whose_client_sends_nothing_but_line_ends_is_not_kept_for_ever(
    connection: socket.socket,
) -> None:
    connection.sendall(HEAD)
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    connection.sendall(b"\r\n")

    rest(connection)  # within its ten seconds


@pytest.mark.slow
def test_a_connection_on_which_nothing_more_is_asked_is_hung_up_without_a_word(
    connection: socket.socket,
) -> None:
    for _ in range(2):
        connection.sendall(HEAD)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    started = time.monotonic()

    assert rest(connection) == b""
    assert 4 < time.monotonic() - started < 8


@pytest.mark.slow
def test_what_comes_after_a_head_has_limits_of_its_own(connection: socket.socket) -> None:
    """A body that is slower, and a query that takes longer."""
    endless = b"query=SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    connection.sendall(
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n" % len(endless)
    )
    time.sleep(LIMIT * 1.5)
    connection.sendall(endless)

    assert rest(connection).startswith(b"HTTP/1.1 504 ")
