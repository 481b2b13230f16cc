"""Answers a second of `kg serve`, beside the native Oxigraph server and rdflib-endpoint.

Run it: `python bench/serve.py`, with the extra `bench` installed. All servers get the same triples
over loopback, and take turns several times with each query; a figure is the median of the turns.
A turn begins when no server has work left: the native one goes on with what no one waits for.
`--data FILE` serves other triples in place of our graph's default graph; rdflib-endpoint is left
out above a million.

Each kind of query is asked by 8 connections for some seconds: "new" has another comment in each
request, so that no answer is kept; "again" is the same request each time. "hostile" is "new"
with one cross product a second beside it, and asked of ours alone: rdflib-endpoint cannot stop a
query, and the native server with a time limit makes a thread for each query, until the system has
no more, and ends.

Lookups are asked by `wrk`, where it is installed: the client of this program takes half of two
cores, and so measures itself. The column "client" tells which it was.

Targets, on two cores: lookups at 20 times the rate of rdflib-endpoint; those not asked before at a
sixth of the native server's, repeated ones at a third; queries above 20 ms within 1.15 of its
time; the p99 of lookups beside a hostile query below 3 times the p99 without.
"""

import argparse
import asyncio
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import pyoxigraph as ox

CAS = "https://w3id.org/cassibile/ontology#"
ID = "https://w3id.org/cassibile/id/"
CLIENTS = 8
# Answers over each connection in a turn, at least: of what takes a second, the first ones alone
# would tell how a server shares its time out among all who begin at once.
ROUNDS = 3
PATIENCE = 10  # seconds after which a client gives up
IDLE = 0.05  # of a processor, below which a server has nothing to do
LARGE = 1_000_000  # triples, above which rdflib-endpoint would take an hour to load them
ACCEPT = "application/sparql-results+json"
PATHS = {"kg": "/sparql", "oxigraph": "/query", "rdflib-endpoint": "/"}
QUERIES = {
    "lookup": f"SELECT ?o {{ <{ID}badoglio> <{CAS}succeeded> ?o }}",
    "join": f"SELECT ?a ?b {{ ?a <{CAS}heldTenure> ?t . ?t <{CAS}office> ?o . "
    f"?u <{CAS}office> ?o . ?b <{CAS}heldTenure> ?u }}",
    "aggregate": "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c ORDER BY DESC(?n) ?c",
    "path": f"SELECT ?x ?y {{ ?x <{CAS}before>+ ?y }}",
    "scan": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?o a ?c }",
    "rows": "SELECT * { ?s ?p ?o } LIMIT 100000",
}
LUBM = "http://swat.cse.lehigh.edu/onto/univ-bench.owl#"
UNIVERSITY = "http://www.Department0.University0.edu/"
LUBM_QUERIES = {
    "lookup": f"SELECT ?o {{ <{UNIVERSITY}FullProfessor0> <{LUBM}worksFor> ?o }}",
    "join": f"SELECT ?s ?c {{ ?s a <{LUBM}GraduateStudent> . ?s <{LUBM}advisor> ?p . "
    f"?p <{LUBM}teacherOf> ?c . ?s <{LUBM}takesCourse> ?c }}",
    "aggregate": "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c ORDER BY DESC(?n) ?c",
    "path": f"SELECT ?x {{ ?x <{LUBM}subOrganizationOf>+ <http://www.University0.edu> }}",
    "scan": f"SELECT (COUNT(*) AS ?n) {{ ?s <{LUBM}takesCourse> ?c . ?t <{LUBM}teacherOf> ?c }}",
    "rows": "SELECT * { ?s ?p ?o } LIMIT 100000",
}
# What wrk asks. A counter of its own, in one thread: a number as large as a time would be written
# with 14 digits, and thousands of new queries would be the same one.
WRK_SCRIPT = """
local number = 0
request = function()
  number = number + 1
  return wrk.format("GET", "%s" .. %s)
end
"""
UNITS = {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}  # in milliseconds
HOSTILE = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs.

    Attributes:
        name: in the table.
        address: of its endpoint.
        pid: of its process.
    """

    name: str
    address: str
    pid: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a server did with a kind of query.

    Attributes:
        rate: answers a second.
        median: milliseconds of an answer.
        p99: milliseconds that one in a hundred takes, or more.
        failed: answers that were no 200.
    """

    rate: float
    median: float
    p99: float
    failed: int


@dataclass(frozen=True, slots=True)
class Load:
    """What a server is asked.

    Attributes:
        kind: of query.
        query: its text.
        seconds: for which it is asked.
        is_new: whether each request has another comment.
        hostile: a query that is asked once a second beside it, if any.
    """

    kind: str
    query: str
    seconds: float
    is_new: bool = True
    hostile: str = ""


def main() -> None:
    """Load the triples into each server and print a table."""
    options = _options()
    with TemporaryDirectory() as folder:
        triples = _triples(options.data, Path(folder))
        number = sum(1 for _ in triples.open("rb"))
        queries = LUBM_QUERIES if options.data else QUERIES
        commands = _commands(triples, Path(folder), number)
        print(f"{number:,} triples, {os.cpu_count()} cores, Python {platform.python_version()}")
        heads = "".join(f" {name}: /s, median, p99 ms |" for name in commands)
        print(f"| query | client |{heads}")
        print("|---|---|" + "---:|" * len(commands))
        small = Wrk(Path(folder)) if shutil.which("wrk") else Python()
        with _running(commands) as servers:
            for kind, query in queries.items():
                client = small if kind == "lookup" else Python()
                new = Load(kind, query, options.seconds)
                turns = options.turns
                _row("new", servers, client, new, turns)
                if kind == "lookup":
                    _row("again", servers, client, replace(new, is_new=False), turns)
                    _row("hostile", servers[:1], client, replace(new, hostile=HOSTILE), turns)
            for server in servers:
                print(f"{server.name}: at most {_memory(server.pid):.0f} MiB")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="N-Triples, LUBM's or its closure")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn")
    parser.add_argument("--turns", type=int, default=5, help="of each server with each query")
    return parser.parse_args()


def _triples(data: Path | None, folder: Path) -> Path:
    """Return N-Triples to serve: a file, or the default graph of a build."""
    if data:
        return data
    build, triples = folder / "build", folder / "default.nt"
    kg = [sys.executable, "-m", "kg", "build", "--quiet", "--build", str(build)]
    subprocess.run(kg, check=True)
    (store,) = build.glob("*/store")
    default = ox.DefaultGraph()
    ox.Store.read_only(str(store)).dump(
        str(triples), format=ox.RdfFormat.N_TRIPLES, from_graph=default
    )
    return triples


def _commands(triples: Path, folder: Path, number: int) -> dict[str, Callable[[int], list[str]]]:
    """Return how to start each server on a port."""
    binaries = Path(sys.executable).parent
    store = folder / "store"
    loaded = ox.Store(str(store))
    loaded.bulk_load(path=str(triples))
    loaded.optimize()
    del loaded
    native = [str(binaries / "oxigraph"), "serve-read-only"]
    ours = [sys.executable, "-m", "kg", "serve", "--no-log"]
    commands = {
        "kg serve": lambda port: [*ours, "--store", str(store), "--port", str(port)],
        f"oxigraph {version('oxigraph')}": lambda port: [
            *native,
            "--location",
            str(store),
            "--bind",
            f"127.0.0.1:{port}",
        ],
    }
    if number < LARGE:
        endpoint = [str(binaries / "rdflib-endpoint"), "serve", "--host", "127.0.0.1"]
        commands[f"rdflib-endpoint {version('rdflib-endpoint')}"] = lambda port: [
            *endpoint, "--port", str(port), str(triples)
        ]  # fmt: skip
    return commands


@contextmanager
def _running(commands: dict[str, Callable[[int], list[str]]]) -> Iterator[list[Server]]:
    """Run all servers; yield them when each has answered."""
    processes = []
    servers = []
    try:
        for name, command in commands.items():
            port = _free_port()
            quiet = subprocess.DEVNULL
            process = subprocess.Popen(command(port), stdout=quiet, stderr=quiet)
            processes.append(process)
            path = PATHS[name.split()[0]]
            server = Server(name, f"http://127.0.0.1:{port}{path}", process.pid)
            _wait(server, process)
            servers.append(server)
        yield servers
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _wait(server: Server, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        try:
            urlopen(f"{server.address}?query={quote('ASK { ?s ?p ?o }')}").close()
        except URLError:
            assert process.poll() is None, f"{server.name} has ended"
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(server.name)


def _new(query: str) -> Callable[[], str]:
    """Return what makes of a query one that was never asked."""
    numbers = count(time.time_ns())
    return lambda: f"{query} #{next(numbers)}"


def _row(
    title: str, servers: Sequence[Server], client: "Wrk | Python", load: Load, turns: int
) -> None:
    found: dict[Server, list[Figures]] = {server: [] for server in servers}
    for _ in range(turns):
        for server in servers:
            _wait_until_idle(servers)
            found[server].append(asyncio.run(_figures(server, client, load)))
    cells = []
    for figures in found.values():
        rate, median, p99 = (
            statistics.median(getattr(each, name) for each in figures)
            for name in ("rate", "median", "p99")
        )
        failed = sum(each.failed for each in figures)
        told = f" ({failed} failed)" if failed else ""
        cells.append(f"{rate:,.0f}, {median:.2f}, {p99:.2f}{told}")
    print(f"| {load.kind}, {title} | {client.name} | " + " | ".join(cells) + " |", flush=True)


def _wait_until_idle(servers: Sequence[Server]) -> None:
    before, now = -1.0, 0.0
    while now - before > IDLE / 2:
        before = now
        time.sleep(0.5)
        now = sum(_processor_time(server.pid) for server in servers)


async def _figures(server: Server, client: "Wrk | Python", load: Load) -> Figures:
    enemy = asyncio.create_task(_enemy(server, load.hostile)) if load.hostile else None
    try:
        return await client.figures(server, load)
    finally:
        if enemy:
            enemy.cancel()


async def _enemy(server: Server, hostile: str) -> None:
    """Ask what takes all time there is, once a second, and hang up before the answer."""
    query = _new(hostile)
    while True:
        _, writer = await asyncio.open_connection("127.0.0.1", _port(server))
        writer.write(_request(server, query()))
        await asyncio.sleep(1)
        writer.close()


class Wrk:
    """Asks by https://github.com/wg/wrk, one thread in C."""

    name = "wrk"

    def __init__(self, folder: Path) -> None:
        self._script = folder / "ask.lua"

    async def figures(self, server: Server, load: Load) -> Figures:
        """Ask for some seconds over several connections."""
        begin = f"{load.query} #{time.time_ns()}." if load.is_new else load.query
        target = f"{urlsplit(server.address).path}?query={quote(begin, safe='')}"
        self._script.write_text(WRK_SCRIPT % (target, "number" if load.is_new else "''"))
        options = ("-t1", f"-c{CLIENTS}", f"-d{load.seconds:.0f}s", f"--timeout={PATIENCE}s")
        more = ("--latency", "-s", str(self._script), "-H", f"Accept: {ACCEPT}", server.address)
        process = await asyncio.create_subprocess_exec(
            "wrk", *options, *more, stdout=subprocess.PIPE
        )
        told = (await process.communicate())[0].decode()
        assert process.returncode == 0, told
        rate, median, p99 = (
            re.search(pattern, told, re.MULTILINE)
            for pattern in (r"^Requests/sec: +([\d.]+)", *map(_line_of_percentile, (50, 99)))
        )
        assert rate, told
        assert median, told
        assert p99, told
        errors = re.search(
            r"Socket errors: connect (\d+), read (\d+), write (\d+), .* (\d+)", told
        )
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
        failed = sum(int(n) for found in (errors, bad) if found for n in found.groups())
        return Figures(float(rate[1]), _milliseconds(median), _milliseconds(p99), failed)


def _line_of_percentile(percentile: int) -> str:
    return rf"^ +{percentile}% +([\d.]+)(us|ms|s|m)$"


def _milliseconds(found: re.Match[str]) -> float:
    return float(found[1]) * UNITS[found[2]]


class Python:
    """Asks by this program."""

    name = "Python"

    async def figures(self, server: Server, load: Load) -> Figures:
        """Ask for some seconds over several connections, and some times over each at least."""
        query = _new(load.query) if load.is_new else partial(str, load.query)
        times: list[float] = []
        failed = 0
        started = time.perf_counter()
        until = started + load.seconds

        async def client() -> None:
            nonlocal failed
            reader, writer = await _connection(server)
            for nth in count(1):
                begun = time.perf_counter()
                writer.write(_request(server, query()))
                try:
                    async with asyncio.timeout(PATIENCE):
                        is_good = await _read(reader)
                except (asyncio.IncompleteReadError, OSError):  # broken off, or too late
                    is_good = False
                    reader, writer = await _connection(server)
                times.append(time.perf_counter() - begun)
                failed += not is_good
                if time.perf_counter() > until and nth >= ROUNDS:
                    break
            writer.close()

        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        took = time.perf_counter() - started
        times.sort()
        p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
        return Figures(len(times) / took, statistics.median(times) * 1000, p99 * 1000, failed)


async def _connection(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", _port(server), limit=1 << 20)


def _port(server: Server) -> int:
    port = urlsplit(server.address).port
    assert port, "each has one of its own"
    return port


def _request(server: Server, query: str) -> bytes:
    target = f"{urlsplit(server.address).path}?query={quote(query, safe='')}"
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {ACCEPT}\r\n\r\n".encode()


async def _read(reader: asyncio.StreamReader) -> bool:
    """Read an answer to its end; return whether it is a good one."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readuntil(b"\r\n")
    else:
        length = head.partition(b"content-length:")[2].split(b"\r\n")[0]
        await reader.readexactly(int(length or 0))
    return head.startswith(b"http/1.1 200")


def _memory(pid: int) -> float:
    """Return the most memory that a process had, with those that it has started, in MiB."""
    found = (
        re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE) for status in _told(pid, "status")
    )
    return sum(int(each[1]) / 1024 for each in found if each)


def _processor_time(pid: int) -> float:
    """Return how many seconds a process has worked, with those that it has started."""
    fields = (stat.rpartition(")")[2].split() for stat in _told(pid, "stat"))
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


def _told(pid: int, what: str) -> Iterator[str]:
    """Yield what the system tells of a process and of those that it has started."""
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in (str(pid), *started):
        with suppress(OSError):  # it has ended meanwhile
            yield Path("/proc", each, what).read_text()


if __name__ == "__main__":
    main()
