"""Minutes of `kg serve` under 8 clients, with a worker killed every 20 seconds.

Run it: `python bench/soak.py`. Each client asks one query after the other and knows the right
answer. Whatever is not that answer has to be a clear 5xx that says what happened; memory has to
stay flat. Every second, another client asks for a cross product and hangs up.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlsplit

CLIENTS = 8
EVERY = 20.0  # seconds between two kills
QUERIES = {
    "SELECT ?o { id:badoglio cas:succeeded ?o }": 1,
    "SELECT * { ?s ?p ?o } LIMIT 1000": 1000,
    "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c ORDER BY ?c LIMIT 20": 20,
    "SELECT * { ?s ?p ?o } LIMIT 19000": 19000,
}
HOSTILE = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def main() -> None:
    """Serve, ask, kill, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    minutes: float = parser.parse_args().minutes
    with TemporaryDirectory() as folder:
        kg = [sys.executable, "-m", "kg"]
        subprocess.run([*kg, "build", "--quiet", "--build", folder], check=True)
        serve = [*kg, "serve", "--port", "0", "--build", folder, "--no-log"]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=quiet, text=True) as server:
            assert server.stdout is not None
            address = urlsplit(server.stdout.readline().split()[0]).netloc
            outcomes, memory, killed = _soak(server.pid, address, minutes * 60)
            server.send_signal(signal.SIGTERM)
            server.wait(30)
    print(f"{minutes:g} min, {CLIENTS} clients, {killed} workers killed")
    for outcome, number in outcomes.most_common():
        print(f"  {number:>9,}  {outcome}")
    print("memory, MiB, over time:", *(f"{each:.0f}" for each in memory))
    sys.exit(any(outcome.startswith("LOST") for outcome in outcomes))


def _soak(pid: int, address: str, seconds: float) -> tuple[Counter[str], list[float], int]:
    until = time.monotonic() + seconds
    outcomes: Counter[str] = Counter()
    threads = [
        threading.Thread(target=_ask, args=(address, until, outcomes, seed))
        for seed in range(CLIENTS)
    ]
    threads.append(threading.Thread(target=_hang_up, args=(address, until)))
    for thread in threads:
        thread.start()
    memory: list[float] = []
    killed = 0
    chance = random.Random(0)
    while time.monotonic() < until:
        time.sleep(min(EVERY, max(0.1, until - time.monotonic())))
        memory.append(_memory([pid, *_children(pid)]))
        if children := _children(pid):
            os.kill(chance.choice(children), signal.SIGKILL)
            killed += 1
    for thread in threads:
        thread.join()
    return outcomes, memory, killed


def _ask(address: str, until: float, outcomes: Counter[str], seed: int) -> None:
    chance = random.Random(seed)
    connection = HTTPConnection(address, timeout=30)
    number = 0
    while time.monotonic() < until:
        number += 1
        query, rows = chance.choice(list(QUERIES.items()))
        if chance.random() < 0.5:  # else it is kept
            query += f" #{seed}-{number}"
        try:
            connection.request("GET", f"/sparql?query={quote(query)}")
            answer = connection.getresponse()
            body = answer.read()
        except (HTTPException, OSError) as error:
            outcomes[f"broken off: {type(error).__name__}"] += 1
            connection = HTTPConnection(address, timeout=30)
            continue
        if answer.status == 200:
            found = len(json.loads(body)["results"]["bindings"])
            outcomes["right" if found == rows else f"LOST: {found} rows, not {rows}"] += 1
        elif answer.status >= 500:
            outcomes[f"{answer.status}: {json.loads(body)['detail']}"] += 1
        else:
            outcomes[f"LOST: {answer.status} {body[:80]!r}"] += 1


def _hang_up(address: str, until: float) -> None:
    number = 0
    while time.monotonic() < until:
        number += 1
        connection = HTTPConnection(address, timeout=30)
        connection.request("GET", f"/sparql?query={quote(f'{HOSTILE} #{number}')}")
        time.sleep(1)
        connection.close()


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def _memory(pids: list[int]) -> float:
    """Return the memory of processes, in MiB; those that have ended have none."""
    found = 0.0
    for pid in pids:
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        found += pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return found


if __name__ == "__main__":
    main()
