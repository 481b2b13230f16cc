"""What several tests need."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyoxigraph as ox

import kg
from kg.errors import Finding
from kg.terms import PREFIXES

TEXT = "O Gen. Badoglio foge. Roma cai em 4 de junho de 1944."
HEAD = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
HEAD += (
    "PREFIX c: <https://w3id.org/cassibile/text/small/claim/>\n"
    "PREFIX t: <https://w3id.org/cassibile/text/small/time/>\n"
)
ABOUT = (
    'text:small a cas:Text ; dct:title "Roma"@pt ; dct:language "pt" ; cas:abbreviation "Gen." .\n'
)
CLAIMS = """
c:s01-1 cas:quote "O Gen. Badoglio foge"@pt ; cas:reading cas:Literal .
c:s01-1 {
  id:flight a cas:Flight ; cas:carriedOutBy id:badoglio .
  id:badoglio a cas:Person .
}
c:s02-1 cas:quote "Roma cai em 4 de junho de 1944"@pt ; cas:reading cas:Literal .
c:s02-1 {
  id:fall-of-rome a cas:Fall ; cas:tookPlaceAt id:rome ; cas:hasInterval t:s02-1 .
  id:rome a cas:City .
  t:s02-1 a cas:TimeInterval ; cas:verbatim "em 4 de junho de 1944"@pt ; cas:edtf "1944-06-04" .
}
"""
ENTITIES = "".join(
    f'id:{slug} skos:prefLabel "{name}"@pt , "{name}"@en , "{name}"@it .\n'
    for slug, name in [
        ("flight", "fuga"),
        ("badoglio", "Badoglio"),
        ("fall-of-rome", "queda"),
        ("rome", "Roma"),
    ]
)
MAP = HEAD + ABOUT + CLAIMS + ENTITIES

# An update that never ends: of ten triples it looks at ten to the power of twelve.
_TRIPLES = " . ".join(f"?a{n} ?b{n} ?c{n}" for n in range(12))
ENDLESS = f"INSERT {{ GRAPH <urn:slow> {{ ?a0 ?b0 ?c11 }} }} WHERE {{ {_TRIPLES} }}"


def write_seed(folder: Path, trig: str = MAP, text: str = TEXT) -> Path:
    """Write a text named `small` and return the folder of texts."""
    small = folder / "seeds" / "small"
    small.mkdir(parents=True, exist_ok=True)
    (small / "text.txt").write_text(text, encoding="utf-8")
    (small / "map.trig").write_text(trig, encoding="utf-8")
    return folder / "seeds"


def findings(folder: Path, trig: str = MAP, text: str = TEXT) -> list[Finding]:
    """Return what the check finds in a small text with this map."""
    return kg.check(write_seed(folder, trig, text))[1]


def line_of(trig: str, words: str) -> int:
    """Return the line, from 1, on which the words first stand."""
    return trig[: trig.index(words)].count("\n") + 1


def rows(graph: kg.Graph, query: str) -> list[tuple[str, ...]]:
    """Return the rows of a SELECT, each term as its value."""
    answer = graph.query(query)
    assert isinstance(answer, ox.QuerySolutions)
    return [tuple("" if t is None else str(getattr(t, "value", t)) for t in row) for row in answer]


@contextmanager
def serving(
    *options: str, program: Sequence[str] = ("-m", "kg")
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `kg serve` on a free port; yield the process and its address."""
    words = [sys.executable, *program, "serve", "--port", "0", *options]
    # With any warning turned on, pyparsing warns of how the libraries above it use it.
    environment = {**os.environ, "PYTHONWARNINGS": "error,ignore:::pyparsing"}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        found = re.match(r"(http://\S+)/ ", process.stdout.readline())
        try:
            assert found
            yield process, found[1]
        finally:
            process.kill()


@contextmanager
def hosting(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Run a server of HTTP in a thread; yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
