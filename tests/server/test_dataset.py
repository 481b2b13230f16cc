"""What is served and what is written to it: real processes, real stores."""

import asyncio
import gzip
import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import formats
from kg.errors import BrokenSyntax, CannotWrite, NoGraph, UnknownName, UnreadableInput
from kg.formats import Form
from server import written
from server.dataset import (
    BrokenContent,
    BrokenUpdate,
    Dataset,
    NotWritable,
    Part,
    Protected,
    ProtectedGraph,
    State,
    WriterDied,
    WriteTooLong,
)
from server.settings import Config
from tests.helpers import ENDLESS

A, B = "a" * 16, "b" * 16
TEN = " ".join(f"<urn:s> <urn:p> {n} ." for n in range(10))
TRIPLE = ox.Triple(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal("o"))


@dataclass
class Scanned:
    text: str
    prefixes: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def serving(config: Config) -> AsyncIterator[Dataset]:
    dataset = Dataset(config)
    await dataset.start()
    try:
        yield dataset
    finally:
        await dataset.close()


def writable(store: Path, seconds: float = 10.0, write_seconds: float = 10.0) -> Config:
    return Config(
        store=store, writable=True, token="secret", seconds=seconds, write_seconds=write_seconds
    )


def build(folder: Path, name: str, graphs: Iterable[str]) -> None:
    """Make a build with a triple in the default graph and each of these, and make it current."""
    (folder / name).mkdir(parents=True)
    store = ox.Store(str(folder / name / "store"))
    quad = ox.Quad(*TRIPLE, ox.DefaultGraph())  # type: ignore[call-arg]
    store.bulk_extend([quad, *(ox.Quad(*TRIPLE, ox.NamedNode(g)) for g in graphs)])  # type: ignore[call-arg]
    store.flush()
    (folder / name / "report.json").write_text("{}")
    (folder / "CURRENT.new").write_text(name + "\n")
    (folder / "CURRENT.new").replace(folder / "CURRENT")


def quads(state: State) -> set[str]:
    return {str(quad) for quad in ox.Store.read_only(str(state.store))}


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


async def update(dataset: Dataset, text: str) -> None:
    await dataset.update(lambda _: Scanned(text))


async def put(dataset: Dataset, graph: str | None, text: str) -> bool:
    return await dataset.put(graph, [Part("turtle", text.encode())], "http://base/")


# --- a build


def test_a_build_is_served_under_its_name_and_a_new_one_from_the_next_reader_on(
    tmp_path: Path,
) -> None:
    build(tmp_path, A, [])

    async def main() -> list[State]:
        async with serving(Config(tmp_path)) as dataset:
            first = await dataset.current()
            build(tmp_path, B, [])
            return [first, await dataset.current()]

    assert asyncio.run(main()) == [
        State(tmp_path / A / "store", A),
        State(tmp_path / B / "store", B),
    ]


def test_without_a_token_a_build_is_not_written_to(tmp_path: Path) -> None:
    build(tmp_path, A, [])

    async def main() -> None:
        async with serving(Config(tmp_path, writable=True)) as dataset:
            assert not dataset.writable
            with pytest.raises(NotWritable):
                await put(dataset, "urn:g", "")
            with pytest.raises(NotWritable):
                await update(dataset, "INSERT DATA {}")

    asyncio.run(main())


def test_where_nothing_is_built_it_does_not_start(tmp_path: Path) -> None:
    for token in ("", "secret"):
        with pytest.raises(NoGraph, match="no graph here"):
            asyncio.run(Dataset(Config(tmp_path / "build", token=token)).start())


# --- files


@pytest.mark.parametrize("syntax", formats.RDF_SYNTAXES, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_files_of_every_syntax_are_served(
    tmp_path: Path, syntax: Form[ox.RdfFormat], *, packed: bool
) -> None:
    names = [ox.DefaultGraph()]
    if syntax not in formats.GRAPH_SYNTAXES or syntax.name == "jsonld":
        names.append(ox.NamedNode("urn:g"))  # type: ignore[arg-type]
    given = [ox.Quad(*TRIPLE, name) for name in names]  # type: ignore[call-arg]
    written = formats.serialize(given, syntax)
    path = tmp_path / f"x.{syntax.suffix}{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(written) if packed else written)

    async def main() -> set[str]:
        async with serving(Config(data=(path,))) as dataset:
            return quads(await dataset.current())

    assert asyncio.run(main()) == set(map(str, given))


def test_a_folder_of_files_is_served_whole_and_its_store_removed_at_the_end(
    tmp_path: Path,
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "one.ttl").write_text("<> <urn:p> _:b .")
    (tmp_path / "two.ttl").write_text("<> <urn:p> _:b .")
    (tmp_path / "README.md").write_text("no RDF")

    async def main() -> tuple[State, list[str]]:
        async with serving(Config(data=(tmp_path,))) as dataset:
            state = await dataset.current()
            return state, sorted(quads(state))

    state, found = asyncio.run(main())
    again, _ = asyncio.run(main())
    subjects = [quad.split()[0] for quad in found]
    objects = {quad.split()[2] for quad in found}

    assert subjects == ["<file:///deep/one.ttl>", "<file:///two.ttl>"]
    assert len(objects) == 2
    assert not state.store.exists()
    assert again.version == state.version
    (tmp_path / "two.ttl").write_text("<> <urn:p> 12345 .")

    assert asyncio.run(main())[0].version != state.version


def test_large_files_are_told_of_while_they_load(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "large.ttl").write_text(f"<urn:s> <urn:p> '{'x' * 11_000_000}' .")
    with caplog.at_level(logging.INFO, "server"):

        async def main() -> int:
            async with serving(Config(data=(tmp_path,))) as dataset:
                return len(quads(await dataset.current()))

        assert asyncio.run(main()) == 1
    assert f"loading {tmp_path}/large.ttl, 1 of 1 file" in caplog.text


@pytest.mark.parametrize("size", [1, 60_000], ids=["small", "large"])
def test_a_broken_file_is_told_with_its_line(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x.ttl"
    path.write_text("<urn:s> <urn:p> 'a long enough text' .\n" * size + "<urn:s> <urn:p> .\n")
    with pytest.raises(BrokenSyntax, match="not Turtle") as caught:
        asyncio.run(Dataset(Config(data=(path,))).start())

    assert caught.value.place
    assert (caught.value.place.path, caught.value.place.line) == (path, size + 1)


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("no RDF")
    (tmp_path / "x.nt.gz").write_bytes(gzip.compress(b"<urn:s> <urn:p> 1 .")[:-9])
    (tmp_path / "empty").mkdir()
    for name, error in {
        "x.txt": UnknownName,
        "x.nt.gz": UnreadableInput,
        "empty": UnreadableInput,
        "absent.ttl": UnreadableInput,
    }.items():
        with pytest.raises(error):
            asyncio.run(Dataset(Config(data=(tmp_path / name,))).start())


# --- a store


def test_a_store_is_served_as_it_is(tmp_path: Path) -> None:
    build(tmp_path, A, ["urn:g"])
    store = tmp_path / A / "store"
    before = digests(store)

    async def main() -> State:
        async with serving(Config(store=store, token="secret")) as dataset:
            assert not dataset.writable
            return await dataset.current()

    state = asyncio.run(main())

    assert state.store == store
    assert state == asyncio.run(main())
    assert digests(store) == before


def test_a_folder_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(NoGraph, match="no store"):
        asyncio.run(Dataset(Config(store=tmp_path)).start())
    with pytest.raises(CannotWrite, match="no store"):
        asyncio.run(Dataset(writable(tmp_path)).start())

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_was_written_is_there_for_the_next_reader_and_the_next_run(tmp_path: Path) -> None:
    async def main(number: int) -> tuple[list[str], list[int]]:
        async with serving(writable(tmp_path / "new")) as dataset:
            states = []
            for n in range(number, number + 5):
                await update(dataset, f"INSERT DATA {{ <urn:s> <urn:p> {n} }}")
                states.append(await dataset.current())
            return [state.version for state in states], [len(quads(state)) for state in states]

    first, second = asyncio.run(main(0)), asyncio.run(main(5))

    assert first[1] + second[1] == [*range(1, 11)]
    assert len({*first[0], *second[0]}) == 10  # no version twice, in both runs


def test_each_write_answers_what_http_needs(tmp_path: Path) -> None:
    async def main() -> list[bool]:
        async with serving(writable(tmp_path / "store")) as dataset:
            return [
                await put(dataset, "urn:g", TEN),
                await put(dataset, "urn:g", TEN),
                await dataset.post("urn:h", [Part("turtle", b"<x> <urn:p> 1 .")], "http://base/"),
                await dataset.post("urn:h", [Part("turtle", b"<x> <urn:p> 2 .")], "http://base/"),
                await put(dataset, None, TEN),
                await dataset.delete("urn:g"),
                await dataset.delete("urn:g"),
                await dataset.delete(None),
                len(quads(await dataset.current())) == 2,
            ]

    assert asyncio.run(main()) == [True, False, True, False, False, True, False, True, True]


def test_what_is_broken_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(writable(tmp_path / "store")) as dataset:
            before = await dataset.current()
            with pytest.raises(BrokenUpdate, match="1:"):
                await update(dataset, "INSER DATA {}")
            with pytest.raises(BrokenContent) as caught:
                await put(dataset, "urn:g", "\n<urn:s> <urn:p> .")

            assert caught.value.line == 2
            assert await dataset.current() == before  # nothing is changed, nothing is made

    asyncio.run(main())


def test_many_writes_and_many_readers_share_a_snapshot(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(writable(tmp_path / "store")) as dataset:
            await dataset.current()
            for n in range(20):
                await update(dataset, f"INSERT DATA {{ <urn:s> <urn:p> {n} }}")
            states = await asyncio.gather(*(dataset.current() for _ in range(20)))
            snapshots = tmp_path / "store" / "served" / "snapshots"

            assert len(set(states)) == 1
            assert len(quads(states[0])) == 20
            assert len([*snapshots.iterdir()]) == 2

    asyncio.run(main())


def test_a_snapshot_stays_for_its_readers_and_not_for_ever(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(writable(tmp_path / "store", seconds=0.2)) as dataset:
            states = []
            for n in range(6):
                await update(dataset, f"INSERT DATA {{ <urn:s> <urn:p> {n} }}")
                states.append(await dataset.current())

            assert [state.store.exists() for state in states] == [True] * 6
            await asyncio.sleep(0.5)
            await update(dataset, "INSERT DATA { <urn:s> <urn:p> 6 }")
            states.append(await dataset.current())

            assert [state.store.exists() for state in states] == [False] * 5 + [True] * 2
        assert not any(state.store.exists() for state in states)

    asyncio.run(main())


def test_readers_see_the_state_before_or_after_a_write(tmp_path: Path) -> None:
    async def main() -> set[frozenset[str]]:
        async with serving(writable(tmp_path / "store")) as dataset:
            seen = set()
            texts = [
                " ".join(f"<urn:{n}> <urn:p> '{each}' ." for n in range(300)) for each in "ab"
            ]
            await put(dataset, "urn:g", texts[0])
            for n in range(1, 11):
                writing = asyncio.create_task(put(dataset, "urn:g", texts[n % 2]))
                while not writing.done():
                    await asyncio.sleep(0)
                    found = quads(await dataset.current())
                    seen.add(frozenset(quad.split('"')[1] for quad in found))

                    assert len(found) == 300
                found = quads(await dataset.current())

                assert {quad.split('"')[1] for quad in found} == {"ab"[n % 2]}
            return seen

    assert asyncio.run(main()) == {frozenset("a"), frozenset("b")}


def test_a_write_beyond_the_limit_is_stopped_and_the_next_one_done(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(writable(tmp_path / "store", write_seconds=0.6)) as dataset:
            await put(dataset, None, TEN)
            slow = asyncio.create_task(update(dataset, ENDLESS))
            await asyncio.sleep(0.2)
            meanwhile = await dataset.current()

            assert not slow.done()
            with pytest.raises(WriteTooLong, match=r"0\.6 s"):
                await slow
            await put(dataset, "urn:g", "<urn:s> <urn:p> 1 .")

            assert len(quads(meanwhile)) == 10
            assert len(quads(await dataset.current())) == 11

    asyncio.run(main())


def test_a_write_is_done_although_its_client_is_gone(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(writable(tmp_path / "store")) as dataset:
            first = asyncio.create_task(put(dataset, "urn:g", TEN))
            await asyncio.sleep(0)
            first.cancel()
            await put(dataset, "urn:h", TEN)

            assert len(quads(await dataset.current())) == 20

    asyncio.run(main())


def test_a_write_has_a_limit_of_its_own(tmp_path: Path) -> None:
    """Not that of queries, which is shorter than this one takes."""
    many = " ".join(f"<urn:s> <urn:p> {n} ." for n in range(2000))

    async def main() -> None:
        config = writable(tmp_path / "store", seconds=0.001)
        async with serving(config) as dataset:
            await put(dataset, None, many)

            assert len(quads(await dataset.current())) == 2000

    asyncio.run(main())


def test_a_write_that_does_not_end_does_not_keep_the_store_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "_LEAVING", 0.3)

    async def main() -> None:
        async with serving(writable(tmp_path / "store", write_seconds=100)) as dataset:
            await put(dataset, None, TEN)
            writes = [asyncio.create_task(update(dataset, ENDLESS)) for _ in range(2)]
            await asyncio.sleep(0.2)
            started = time.monotonic()
        assert time.monotonic() - started < 2
        assert all(
            isinstance(found, asyncio.CancelledError)
            for found in await asyncio.gather(*writes, return_exceptions=True)
        )
        async with serving(writable(tmp_path / "store")) as dataset:
            assert len(quads(await dataset.current())) == 10

    asyncio.run(main())


def test_a_writer_killed_in_the_midst_of_a_write_is_replaced(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(writable(tmp_path / "store")) as dataset:
            await put(dataset, None, TEN)
            slow = asyncio.create_task(update(dataset, ENDLESS))
            await asyncio.sleep(0.2)
            kill_children()
            with pytest.raises(WriterDied):
                await slow

            assert len(quads(await dataset.current())) == 10
            assert await put(dataset, "urn:g", TEN)

    asyncio.run(main())


def kill_children() -> None:
    """Kill the writers that this process has started."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    for child in children.split():
        if b"server.writer" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(int(child), signal.SIGKILL)


def test_two_servers_of_one_store(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(writable(tmp_path / "store")) as first:
            with pytest.raises(CannotWrite, match=f"process {os.getpid()}") as caught:
                await Dataset(writable(tmp_path / "store")).start()

            assert caught.value.place
            assert caught.value.place.path == tmp_path / "store" / "served" / "LOCK"
            assert "stop it" in caught.value.hint
            assert await put(first, "urn:g", TEN)
            assert len(quads(await first.current())) == 10
        async with serving(writable(tmp_path / "store")) as second:
            assert len(quads(await second.current())) == 10

    asyncio.run(main())


def test_a_store_that_another_program_has_open_is_told(tmp_path: Path) -> None:
    other = ox.Store(str(tmp_path / "store"))
    with pytest.raises(CannotWrite, match="another process has the store open"):
        asyncio.run(Dataset(writable(tmp_path / "store")).start())
    del other


# --- beside a build


def test_what_is_written_beside_the_texts_leaves_them_as_they_are(tmp_path: Path) -> None:
    build(tmp_path, A, ["urn:text"])
    before = digests(tmp_path / A)

    async def main() -> set[str]:
        async with serving(Config(tmp_path, token="secret")) as dataset:
            given: list[Protected | None] = []

            def scan(protected: Protected | None) -> Scanned:
                given.append(protected)
                return Scanned("INSERT { GRAPH <urn:mine> { ?s ?p 2 } } WHERE { ?s ?p ?o }")

            await dataset.update(scan)
            assert given[0]
            assert [given[0](name) for name in ("urn:text", "urn:mine")] == [True, False]
            for graph in ("urn:text", None):
                with pytest.raises(ProtectedGraph):
                    await put(dataset, graph, TEN)
                with pytest.raises(ProtectedGraph):
                    await dataset.post(graph, [Part("turtle", b"")], "http://base/")
                with pytest.raises(ProtectedGraph):
                    await dataset.delete(graph)
            return quads(await dataset.current())

    assert asyncio.run(main()) == {
        '<urn:s> <urn:p> "o"',
        '<urn:s> <urn:p> "o" <urn:text>',
        '<urn:s> <urn:p> "2"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:mine>',
    }
    assert digests(tmp_path / A) == before


def test_what_is_written_is_carried_over_to_a_new_build(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    build(tmp_path, A, ["urn:text", "urn:old"])

    async def main() -> tuple[set[str], set[str], set[str]]:
        async with serving(Config(tmp_path, token="secret")) as dataset:
            await put(dataset, "urn:mine", "<urn:mine> <urn:p> 'mine' .")
            await put(dataset, "urn:empty", "")
            await put(dataset, "urn:new", "<urn:mine> <urn:p> 'clash' .")
            await put(dataset, "urn:new/written", "<urn:mine> <urn:p> 'taken' .")
            first = await dataset.current()
            build(tmp_path, B, ["urn:text", "urn:new"])
            second = await dataset.current()
            # The iterator has no name of its own: an exception would keep it with its frame, and
            # pyoxigraph's iterators may only be dropped by the thread that made them.
            store = ox.Store.read_only(str(second.store))
            names = {str(graph) for graph in store.named_graphs()}
            with pytest.raises(ProtectedGraph):
                await put(dataset, "urn:new", TEN)
            await dataset.delete("urn:new/written")
            await put(dataset, "urn:old", "<urn:mine> <urn:p> 'free now' .")

            assert first.version != second.version
            return quads(second), names, quads(await dataset.current())

    second, names, last = asyncio.run(main())
    texts = {
        '<urn:s> <urn:p> "o"',
        '<urn:s> <urn:p> "o" <urn:text>',
        '<urn:s> <urn:p> "o" <urn:new>',
    }
    kept = {
        '<urn:mine> <urn:p> "mine" <urn:mine>',
        '<urn:mine> <urn:p> "clash" <urn:new/written-2>',
    }

    assert second == texts | kept | {'<urn:mine> <urn:p> "taken" <urn:new/written>'}
    assert "<urn:empty>" in names
    assert last == texts | kept | {'<urn:mine> <urn:p> "free now" <urn:old>'}
    assert "what was written is in <urn:new/written-2>" in caplog.text

    async def again() -> set[str]:
        async with serving(Config(tmp_path, token="secret")) as dataset:
            return quads(await dataset.current())

    assert asyncio.run(again()) == last
    assert sorted(path.name[:17] for path in (tmp_path / "written").iterdir()) == [
        "CURRENT",
        "LOCK",
        f"{B}-",
    ]


def test_a_build_that_cannot_be_taken_over_leaves_the_last_one_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    build(tmp_path, A, [])

    async def main() -> None:
        async with serving(Config(tmp_path, token="secret")) as dataset:
            await put(dataset, "urn:g", TEN)
            (tmp_path / "CURRENT").unlink()
            (tmp_path / "CURRENT").write_text(B)

            assert len(quads(await dataset.current())) == 11
            assert await put(dataset, "urn:h", TEN)
            assert len(quads(await dataset.current())) == 21

    asyncio.run(main())

    assert f"the build {B} is not served" in caplog.text


SERVER = """
import asyncio, sys
from pathlib import Path
from server.dataset import Dataset, Part
from server.settings import Config

async def main():
    dataset = Dataset(Config(Path(sys.argv[1]), token="secret"))
    await dataset.start()
    number = int(sys.argv[2])
    while True:
        await dataset.put(
            f"urn:{number}", [Part("turtle", f"<urn:s> <urn:p> {number} .".encode())], "urn:x"
        )
        print(number, flush=True)
        number += 1

asyncio.run(main())
"""


@pytest.mark.slow
def test_a_server_killed_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    """Killed 12 times at random moments: at the start, while a build is taken over, in writes."""
    moments = random.Random(1943)
    written: set[int] = set()
    for kill in range(12):
        build(tmp_path, f"{kill:016x}", [f"urn:text:{n}" for n in range(20)])
        command = [sys.executable, "-c", SERVER, str(tmp_path), str(1000 * kill)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
            assert server.stdout
            told = b""
            if kill % 2:
                told = server.stdout.readline()  # however slow the machine, it has begun to write
                time.sleep(moments.uniform(0.0, 0.1))
            else:
                time.sleep(moments.uniform(0.15, 0.7))
            server.kill()
            told += server.communicate()[0]
        written |= set(map(int, told.split()[: told.count(b"\n")]))

    async def main() -> tuple[int, set[int]]:
        async with serving(Config(tmp_path, token="secret")) as dataset:
            store = ox.Store.read_only(str((await dataset.current()).store))
            graphs = {graph.value for graph in store.named_graphs() if graph.value}
            numbers = [graph.removeprefix("urn:") for graph in graphs]
            texts = {graph for graph in graphs if graph.startswith("urn:text:")}
            return len(texts), {int(number) for number in numbers if number.isdigit()}

    texts, found = asyncio.run(main())

    assert texts == 20
    assert written <= found
    assert len(written) >= 6
    assert len(found - written) <= 12  # done, and killed before they could be told
    assert json.loads(next((tmp_path / "written").glob("*/protected.json")).read_text())
