"""How long a page of a name takes, and 304, beside a server of files that has the same pages.

    python bench/pages.py

Freezes the built graph, serves it with `python -m http.server`, and asks both servers for the same
pages of entities, one after the other over one connection. The cache of neither is warm: each page
is asked for once. Prints medians, and how long the freeze took: the time on the clock depends on
what else the machine does, that of its processors hardly.
"""

import http.client
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep

from kg import open_graph, paths, resources
from server import documents

PORT, FILES_PORT = 8377, 8378


def main() -> None:  # noqa: D103 told above
    graph = open_graph(paths.BUILD)
    names = [name for name in resources.names(graph) if name.startswith("id/")]
    pages = [documents.address(name, language=each) for name in names for each in ("en", "pt")]
    data = [documents.address(name, documents.FORMS[1]) for name in names]
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        started = perf_counter()
        subprocess.run([sys.executable, "-m", "kg", "freeze", str(site)], check=True)
        taken = perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
        print(
            f"kg freeze: {taken:.1f} s on the clock, {used.ru_utime + used.ru_stime:.1f} s of "
            f"{os.cpu_count()} cores, {size:,} bytes"
        )
        print(f"the copy in one file: {(site / 'offline.html').stat().st_size:,} bytes")
        command = [sys.executable, "-m", "kg", "serve", "--port", str(PORT), "--no-log"]
        files = [sys.executable, "-m", "http.server", str(FILES_PORT), "--directory", str(site)]
        with (
            subprocess.Popen(command, stdout=subprocess.DEVNULL) as ours,
            subprocess.Popen(files, stderr=subprocess.DEVNULL) as plain,
        ):
            try:
                sleep(3)
                connection = http.client.HTTPConnection("127.0.0.1", PORT)
                beside = http.client.HTTPConnection("127.0.0.1", FILES_PORT)
                tags = {}
                _row("page of an entity, HTML", _timed(connection, pages, tags))
                _row("the same, a file", _timed(beside, pages, {}))
                _row("entity, Turtle", _timed(connection, data, tags))
                _row("the same, a file", _timed(beside, data, {}))
                _row("304 by ETag", _timed(connection, pages, {}, tags))
            finally:
                ours.terminate()
                plain.terminate()


def _timed(
    connection: http.client.HTTPConnection,
    addresses: list[str],
    tags: dict[str, str],
    known: dict[str, str] | None = None,
) -> list[float]:
    """Return the milliseconds of each answer; keep its tag."""
    taken = []
    for address in addresses:
        headers = {"If-None-Match": known[address]} if known else {}
        started = perf_counter()
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
        answer.read()
        taken.append(1000 * (perf_counter() - started))
        assert answer.status == (304 if known else 200), address
        tags[address] = answer.headers.get("ETag", "")
    return taken


def _row(what: str, taken: list[float]) -> None:
    worst = sorted(taken)[int(len(taken) * 0.99)]
    print(f"{what:26} median {statistics.median(taken):6.2f} ms   p99 {worst:6.2f} ms")


if __name__ == "__main__":
    main()
