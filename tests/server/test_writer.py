"""The process that writes, asked over its socket: real processes, real stores."""

import json
import random
import signal
import socket
import struct
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from server import process as processes
from tests.helpers import ENDLESS

MEMORY = 1_500_000_000
TEN = "INSERT DATA { " + " ".join(f"<urn:s> <urn:p> {n} ." for n in range(10)) + " }"


class Asking:
    """The other end of the socket."""

    def __init__(self, process: subprocess.Popen[bytes], end: socket.socket) -> None:
        self.process = process
        self._end = end
        self._read = end.makefile("rb")
        self._numbers = count()

    def send(self, kind: bytes, content: bytes = b"", **head: Any) -> None:
        payload = json.dumps({**head, "number": next(self._numbers)}).encode() + b"\n" + content
        self._end.sendall(struct.pack("!cI", kind, len(payload)) + payload)

    def receive(self) -> dict[str, Any]:
        """Return the next answer.

        Raises: ConnectionError, if the process is gone.
        """
        head = self._read.read(5)
        if not head:
            raise ConnectionError
        answer: dict[str, Any] = json.loads(self._read.read(struct.unpack("!cI", head)[1]))
        return answer

    def close(self) -> None:
        self._read.close()
        self._end.close()
        self.process.wait(timeout=10)

    def ask(self, kind: bytes, content: bytes = b"", **head: Any) -> dict[str, Any]:
        self.send(kind, content, **head)
        return self.receive()

    def update(self, text: str) -> dict[str, Any]:
        return self.ask(b"U", text.encode(), base=None, prefixes={})

    def put(self, graph: str | None, content: bytes, syntax: str = "turtle") -> dict[str, Any]:
        return self.ask(
            b"P", content, graph=graph, parts=[(syntax, len(content))], base="http://base/"
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def writing(store: Path, memory: int = MEMORY) -> Iterator[Asking]:
    ours, theirs = socket.socketpair()
    process = processes._run("server.writer", theirs, (str(memory), "0"), {})
    theirs.close()
    asking = Asking(process, ours)
    try:
        assert "error" not in asking.ask(b"O", store=str(store))
        yield asking
    finally:
        asking.close()


def read(store: Path) -> set[str]:
    """Return all quads."""
    return {str(quad) for quad in ox.Store.read_only(str(store))}


def test_an_update_uses_base_and_prefixes(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as asking:
        text = b"INSERT DATA { <s> p:p 1 }"
        asking.ask(b"U", text, base="http://base/", prefixes={"p": "http://prefix/"})

    assert read(tmp_path / "store") == {
        '<http://base/s> <http://prefix/p> "1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    }


def test_a_put_replaces_a_graph_and_no_other(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as asking:
        created = [
            asking.put("urn:g", b"<urn:s> <urn:p> 'one', 'gone' .")["created"],
            asking.put("urn:other", b"<urn:s> <urn:p> 'two' .")["created"],
            asking.put(None, b"<urn:s> <urn:p> 'old' .")["created"],
            asking.put("urn:g", b"<urn:s> <urn:p> 'three\\n\"' .")["created"],
            asking.put(None, b"<urn:s> <urn:p> 'four' .")["created"],
        ]

    assert created == [True, True, False, False, False]
    assert read(tmp_path / "store") == {
        '<urn:s> <urn:p> "three\\n\\"" <urn:g>',
        '<urn:s> <urn:p> "two" <urn:other>',
        '<urn:s> <urn:p> "four"',
    }


def test_a_put_keeps_what_a_blank_node_holds_together(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as asking:
        for _ in range(2):
            asking.put(
                "urn:g", b"<urn:s> <urn:p> _:b . _:b <urn:q> 1 , <<( <urn:s> <urn:p> _:b )>> ."
            )
    store = ox.Store.read_only(str(tmp_path / "store"))
    found = store.query(
        "ASK { GRAPH <urn:g> { <urn:s> <urn:p> ?b . ?b <urn:q> 1, <<( <urn:s> <urn:p> ?b )>> } }"
    )

    assert len(store) == 3
    assert bool(found)


def test_blank_nodes_of_two_clients_are_two(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as asking:
        for _ in range(2):
            asking.ask(
                b"M", b"_:b <urn:p> 1 .", graph="urn:g", parts=[("turtle", 15)], base="urn:x"
            )

    assert len(read(tmp_path / "store")) == 2


def test_an_empty_graph_is_a_graph(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as asking:
        created = asking.put("urn:g", b"")["created"]
        again = asking.put("urn:g", b"")["created"]
        filled = asking.put("urn:g", b"<urn:s> <urn:p> 1 .")["created"]
        asking.put("urn:g", b"")
        existed = asking.ask(b"D", graph="urn:g")["existed"]
        gone = asking.ask(b"D", graph="urn:g")["existed"]

    assert (created, again, filled, existed, gone) == (True, False, False, True, False)


@pytest.mark.parametrize(
    ("syntax", "content", "line"),
    [
        ("turtle", b"<urn:s> <urn:p> 1 .\n\n<urn:s> <urn:p> .", 3),
        ("turtle", b"<urn:s> <urn:p> '\xff' .", 1),
        ("rdfxml", b'<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "boom">]><x/>', 2),
        ("rdfxml", b'<r>\n\n<!doctype x [<!ENTITY a "boom">]></r>', 3),
        ("trig", b"<urn:g> { <urn:s> <urn:p> 1 }", 0),
        ("jsonld", b'{"@id": "urn:g", "@graph": [{"@id": "urn:s", "urn:p": 1}]}', 0),
        ("jsonld", b'{"@context": "http://127.0.0.1:9/c", "@id": "urn:s"}', 0),
    ],
)
def test_content_that_is_not_read_changes_nothing(
    tmp_path: Path, syntax: str, content: bytes, line: int
) -> None:
    with writing(tmp_path / "store") as asking:
        asking.put("urn:g", b"<urn:s> <urn:p> 'kept' .")
        answer = asking.put("urn:g", content, syntax)

    assert (answer["error"], answer["line"]) == ("content", line)
    assert read(tmp_path / "store") == {'<urn:s> <urn:p> "kept" <urn:g>'}


def test_an_update_that_fails_half_way_changes_nothing(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as asking:
        broken = asking.update("INSERT DATA { <urn:s> <urn:p> 1 } ; INSER DATA {}")
        failed = asking.update("INSERT DATA { <urn:s> <urn:p> 1 } ; DROP GRAPH <urn:absent>")

    assert (broken["error"], failed["error"]) == ("syntax", "evaluation")
    assert read(tmp_path / "store") == set()


def test_a_snapshot_of_the_state_before_is_made_while_a_write_is_at_work(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as asking:
        asking.update(TEN)
        asking.send(b"U", ENDLESS.encode(), base=None, prefixes={})
        time.sleep(0.1)
        answer = asking.ask(b"S", folder=str(tmp_path / "snapshot"))
        asking.kill()

    assert answer["number"] == 3  # that of the update comes after it, if ever
    assert len(read(tmp_path / "snapshot")) == 10


def test_a_snapshot_stays_as_it_is(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as asking:
        asking.update(TEN)
        asking.ask(b"S", folder=str(tmp_path / "snapshot"))
        asking.update("CLEAR ALL")

        assert len(read(tmp_path / "snapshot")) == 10


def test_it_ends_with_the_web_process_in_the_midst_of_a_write(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as asking:
        asking.update(TEN)
        asking.send(b"U", ENDLESS.encode(), base=None, prefixes={})
        started = time.monotonic()

    assert time.monotonic() - started < 5
    assert len(read(tmp_path / "store")) == 10


def test_signals_for_the_group_leave_it_alone(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as asking:
        asking.process.send_signal(signal.SIGINT)
        asking.process.send_signal(signal.SIGTERM)

        assert "error" not in asking.update(TEN)


def test_a_write_that_needs_too_much_memory_ends_the_process_and_changes_nothing(
    tmp_path: Path,
) -> None:
    many = b"\n".join(b"<urn:s> <urn:p> %d ." % n for n in range(200_000))
    with writing(tmp_path / "store", memory=300_000_000) as asking:
        asking.update(TEN)
        with pytest.raises(ConnectionError):
            asking.put("urn:g", many)
    with writing(tmp_path / "store"):
        pass

    assert len(read(tmp_path / "store")) == 10


@pytest.mark.slow
def test_more_is_carried_over_to_a_new_build_than_fits_into_memory(tmp_path: Path) -> None:
    graph, p = ox.NamedNode("urn:g"), ox.NamedNode("urn:p")
    for name, number in {"build": 1, "store": 160_000}.items():
        store = ox.Store(str(tmp_path / name))
        subjects = (ox.NamedNode(f"urn:{n}") for n in range(number))
        store.bulk_extend(ox.Quad(s, p, ox.Literal(s.value), graph) for s in subjects)
        store.add_graph(ox.NamedNode("urn:text"))
        store.flush()
        del store
    with writing(tmp_path / "store", memory=600_000_000) as asking:
        answer = asking.ask(
            b"B",
            build=str(tmp_path / "build"),
            store=str(tmp_path / "new"),
            protected=["urn:text"],
        )

    assert answer["protected"] == ["urn:g", "urn:text"]
    assert answer["aside"] == {"urn:g": "urn:g/written"}
    assert len(ox.Store.read_only(str(tmp_path / "new"))) == 160_001


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as first:
        first.update(TEN)
        with pytest.raises(AssertionError), writing(tmp_path / "store"):
            pass

        assert "error" not in first.update(TEN)


def sizes(store: Path) -> dict[int, int]:
    """Return of each subject of the default graph how many triples it has."""
    subjects = ox.Store.read_only(str(store)).quads_for_pattern(
        None, None, None, ox.DefaultGraph()
    )
    return Counter(int(str(quad.subject)[len("<urn:") : -1]) for quad in subjects)


def write(asking: Asking, number: int) -> None:
    """Write 400 triples in each of two graphs, and none else in one of them."""
    lines = "".join(f"<urn:{number}> <urn:p> {n} ." for n in range(400))
    last = f"GRAPH <urn:last> {{ {lines} }}"
    asking.update(f"CLEAR SILENT GRAPH <urn:last> ; INSERT DATA {{ {lines} {last} }}")


@pytest.mark.slow
def test_no_acknowledged_write_is_lost_and_none_is_half_done(tmp_path: Path) -> None:
    """Killed 16 times at random moments, mostly in the midst of a transaction."""
    moments = random.Random(1943)
    store = tmp_path / "store"
    numbers = count()
    acknowledged: list[int] = []
    for kill in range(16):
        with writing(store) as asking:
            asking.ask(b"S", folder=str(tmp_path / str(kill)))
            counts = sizes(tmp_path / str(kill))

            assert set(counts.values()) <= {400}
            assert set(acknowledged) <= set(counts)
            if kill % 2:  # however slow the machine, some are done
                number = next(numbers)
                write(asking, number)
                acknowledged.append(number)
            timer = threading.Timer(moments.uniform(0.0, 0.15), asking.kill)
            timer.start()
            with suppress(ConnectionError):
                for number in numbers:
                    write(asking, number)
                    acknowledged.append(number)
            timer.join()
    last = {
        str(quad.subject)
        for quad in ox.Store.read_only(str(tmp_path / "15")).quads_for_pattern(
            None, None, None, ox.NamedNode("urn:last")
        )
    }

    assert len(last) == 1
    assert len(acknowledged) >= 8
