"""How a copy is run: every option of `kg serve`, with its default."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from kg import paths


@dataclass(frozen=True, slots=True)
class Config:
    """How this copy is served.

    Attributes:
        build: folder of the built graph; not looked at where data or store is given.
        data: RDF files or folders to serve in place of a build.
        store: folder of an on-disk store to serve in place of a build.
        writable: whether the store may be written to, by those who have the token.
        token: that writing needs; without one, writing is off.
        union: whether the default graph of a query is the union of all graphs.
        hosts: that SERVICE and LOAD may ask; `*` stands for every one.
        workers: processes that evaluate queries.
        seconds: that a query may take.
        memory: bytes of address space of a worker.
        write_seconds: that a write may take.
        write_memory: bytes of address space of the process that writes.
        answer: bytes that an answer may have.
        waiting: queries that may wait for a worker.
        client_seconds: of evaluation a minute that a client from elsewhere has; 0 for no limit.
        client_queries: that such a client may run at a time; 0 for no limit.
        longest_body: bytes of a request that are read.
        longest_upload: bytes of a graph or an update that are read.
        slowest_body: seconds that a client has to send a request.
        kept: bytes of answers that are kept for who asks the same again.
        most_rows: rows that a page shows; the endpoint itself gives all.
        here: where clients reach this copy: scheme, host and path.
        proxies: addresses of proxies whose X-Forwarded-For is believed.
    """

    build: Path = paths.BUILD
    data: tuple[Path, ...] = ()
    store: Path | None = None
    writable: bool = False
    token: str = ""
    union: bool = False
    hosts: frozenset[str] = frozenset()
    workers: int = field(default_factory=lambda: max(2, os.cpu_count() or 2))
    seconds: float = 10.0
    memory: int = 1_500_000_000
    # The longest upload, 50 MB of N-Triples, is half a million triples. One that replaces another
    # took 81 s on two cores and 135 s with other work beside; four times that is ten minutes. It
    # took 3.4 GB, 5.5 KB of a transaction for each triple and what is parsed. In Turtle more
    # triples have room in 50 MB, 27 bytes each: then memory ends the write, and not time.
    write_seconds: float = 600.0
    write_memory: int = 4_000_000_000
    answer: int = 50_000_000
    waiting: int = 16
    client_seconds: float = 60.0
    client_queries: int = 0
    longest_body: int = 1_000_000
    longest_upload: int = 50_000_000
    slowest_body: float = 10.0
    kept: int = 64_000_000
    most_rows: int = 1000
    here: str = "http://127.0.0.1:8000"
    proxies: frozenset[str] = frozenset()
