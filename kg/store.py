"""The built graph on disk: written once, opened read-only, asked in SPARQL.

A build folder holds one folder a build, named by the digest of what went in, and a file `CURRENT`
with the name of the one to open. That file is replaced in one step, so a reader sees the old
build or the new one, never half of one.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeAlias, TypeVar

import pyoxigraph as ox

from kg import formats, paths, sparql
from kg.errors import BadQuery, NoGraph, Place, UnknownName, did_you_mean, shown
from kg.functions import Function, functions
from kg.positions import Token, tokens
from kg.terms import CAS, PREFIXES, RDFS, SKOS, expand, shorten

CURRENT, REPORT, STORE, DUMP = "CURRENT", "report.json", "store", "graph.trig"
# At four loads the engine begins to merge what it has. The last one has nothing to run beside but
# the dump, so it should be a small one: our text, of 114,000 quads, takes three.
_BATCH = 36_000  # quads loaded at once
Answer = sparql.Answer
Term = sparql.Term
GraphName = ox.NamedNode | ox.DefaultGraph
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Graph:
    """The built graph, read-only.

    Attributes:
        store: the engine's.
        report: what the build said of itself, see `kg.pipeline.Report`.
        dump: the same quads as TriG, sorted, where there is such a file.
    """

    store: ox.Store
    report: dict[str, Any]
    dump: Path | None = None

    def query(
        self,
        text: str,
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
    ) -> Answer:
        """Return the answer to a SPARQL query; the canonical prefixes need not be declared.

        Without graphs the default graph is the view of all texts, the ontology, names and claims.

        Raises: BadQuery, if it is not SPARQL (with line and column), asks for another service,
                or cannot be evaluated.
        """
        scanned = sparql.scan(text)
        try:
            answer = sparql.evaluated(
                self.store,
                scanned.text,
                prefixes=scanned.prefixes,
                unknown_functions=scanned.unknown_functions,
                ours=self._functions if scanned.functions else {},
                default_graphs=_nodes(default_graphs),
                named_graphs=_nodes(named_graphs),
            )
        except SyntaxError as error:
            raise sparql.explained(text, str(error)) from error
        except (OSError, RuntimeError, ValueError) as error:
            raise BadQuery(f"the query cannot be evaluated: {error}") from error
        return answer

    @cached_property
    def _functions(self) -> dict[ox.NamedNode, Function]:
        return functions(self.store)

    def misspelt(self, query: str) -> list[tuple[str, str]]:
        """Return the names of a query that are not in the graph, each with a hint or an empty one.

        A query with a misspelt name is right SPARQL with no answer; this tells why.
        """
        declared = dict(PREFIXES)
        unknown = []
        previous: list[Token] = []
        for token in tokens(query):
            if token.kind == "comment":
                continue
            if token.kind == "iri" and previous and previous[-1].text.endswith(":"):
                declared[previous[-1].text[:-1]] = token.text[1:-1]
            if token.kind == "name":
                prefix, _, local = token.text.partition(":")
                full = declared.get(prefix, "") + re.sub(r"\\(.)", r"\1", local)
                short = shorten(ox.NamedNode(full)) if full and ":" in full else ""
                if local and short.startswith(("cas:", "id:")) and short not in self.names:
                    unknown.append((token.text, did_you_mean(short, self.names)))
            previous.append(token)
        return list(dict.fromkeys(unknown))

    def check_names(self, text: str) -> None:
        """Make sure that the names of a text of SPARQL or Turtle are in the graph.

        Raises: UnknownName, for the first one that is not, with the nearest.
        """
        for name, hint in self.misspelt(text):
            raise UnknownName(f"{name} is not in the graph", hint=hint)

    @cached_property
    def names(self) -> frozenset[str]:
        """Return the short names of all terms and entities."""
        things = (
            f"SELECT DISTINCT ?s {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), '{PREFIXES['id']}')) }}"
        )
        rows = self.store.query(things)
        assert isinstance(rows, ox.QuerySolutions), "SELECT gives solutions"
        return frozenset({shorten(row[0]) for row in rows} | {f"cas:{name}" for name in CAS.names})

    @cached_property
    def said(self) -> dict[Callable[..., Any], dict[Any, Any]]:
        """Return what functions have said of it by their arguments, see `kept`."""
        return {}

    def label(self, term: Term, language: str = "en") -> str:
        """Return the name of a term in a language, else in any, else its short form."""
        if not isinstance(term, ox.NamedNode):
            return shorten(term)
        found = _names_of(self, term)
        return found.get(language) or min(found.items(), default=("", shorten(term)))[1]


_OfGraph: TypeAlias = Callable[Concatenate[Graph, P], T]


def kept(most: int) -> Callable[[_OfGraph[P, T]], _OfGraph[P, T]]:
    """Return a decorator that keeps what a function says of a graph, as long as the graph is kept.

    No more than `most` answers to other arguments are kept; then it begins anew. A cache of
    functools would keep the graphs themselves, and with them the stores of builds long replaced.
    """

    def keeping(function: _OfGraph[P, T]) -> _OfGraph[P, T]:
        @wraps(function)
        def found(graph: Graph, /, *args: P.args, **kwargs: P.kwargs) -> T:
            key = args if not kwargs else (args, *kwargs.items())
            answer: T
            try:  # a page asks a hundred times
                answer = graph.said[function][key]
            except KeyError:
                known = graph.said.setdefault(function, {})
                if len(known) >= most:
                    known.clear()
                answer = known[key] = function(graph, *args, **kwargs)
            return answer

        return found

    return keeping


@kept(5_000)  # whoever asks for one language often asks for the others too
def _names_of(graph: Graph, term: ox.NamedNode) -> dict[str, str]:
    """Return the names of a term by their languages."""
    found = {}
    for predicate in (CAS.verbatim, RDFS.label, SKOS.prefLabel):
        for quad in graph.store.quads_for_pattern(term, predicate, None):
            if isinstance(quad.object, ox.Literal):
                found[quad.object.language or ""] = quad.object.value
    return found


def open_graph(build: Path) -> Graph:
    """Return the graph of a build folder.

    Raises: NoGraph, if nothing is built there, or what is there cannot be opened;
            UnreadableInput, if the pointer to it cannot be read.
    """
    pointer = build / CURRENT
    if not pointer.is_file():
        raise NoGraph("there is no graph here yet", Place(build), f"build it: {_command(build)}")
    return open_one(build / formats.read_text(pointer).strip())


def open_one(folder: Path) -> Graph:
    """Return the graph of one build, current or not.

    Raises: NoGraph, if it cannot be opened.
    """
    try:
        report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        store = ox.Store.read_only(str(folder / STORE))
    except (OSError, ValueError, RuntimeError) as error:  # the engine's is a RuntimeError
        hint = f"build it anew: {_command(folder.parent)}"
        raise NoGraph(f"the graph cannot be opened: {error}", Place(folder), hint) from error
    base = report.get("base", paths.CANONICAL)
    if base != paths.BASE:
        hint = f"set KG_BASE to that, or build it anew: {_command(folder.parent)}"
        raise NoGraph(f"the names of this graph begin with {base}", Place(folder), hint)
    dump = folder / DUMP
    return Graph(store, report, dump if dump.is_file() else None)


def _command(build: Path) -> str:
    return "kg build" if build == paths.BUILD else f"kg build --build {shown(build)}"


def point(folder: Path, name: str) -> str:
    """Make a name the one that `CURRENT` in a folder says, in one step; return the one before."""
    pointer = folder / CURRENT
    last = pointer.read_text(encoding="utf-8", errors="replace") if pointer.is_file() else ""
    last = last.strip()
    if last != name:
        fresh = folder / f".{CURRENT}-{os.getpid()}"
        fresh.write_text(f"{name}\n", encoding="utf-8")
        fresh.replace(pointer)
    return last


class Writer:
    """A new store on disk, loaded beside the work that makes what is added next.

    Attributes:
        graphs: what was added, each triple by its line of N-Triples.
    """

    def __init__(self, folder: Path) -> None:
        self.graphs: dict[GraphName, dict[str, ox.Triple]] = {}
        self._store = ox.Store(str(folder / STORE))
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._loads: list[Future[None]] = []
        self._named: list[str] = []  # N-Quads to load
        self._blank: list[str] = []  # those with blank nodes
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        """Wait until all is on disk; after a failure, only for what is being loaded."""
        if not failed:
            self.load()
        self._thread.shutdown(cancel_futures=failed is not None)
        if not failed:
            for load in self._loads:
                load.result()
            self._store.flush()
        del self._store  # closes it: a folder that is moved while it is open takes a second more

    def add(self, graph: GraphName, triples: Iterable[ox.Triple]) -> None:
        """Add triples to a graph."""
        self._add(graph, {str(triple): triple for triple in triples})

    def copy(self, graph: GraphName, target: GraphName) -> None:
        """Add the triples of a graph that is there to another one."""
        self._add(target, self.graphs[graph])

    def _add(self, graph: GraphName, found: Mapping[str, ox.Triple]) -> None:
        lines = sorted(found)
        self.graphs.setdefault(graph, {}).update((line, found[line]) for line in lines)
        end = _end(graph)
        blank = [line for line in lines if "_:" in line]
        named = [line for line in lines if "_:" not in line] if blank else lines
        self._named += [end.join(named), end] if named else []
        self._blank += [end.join(blank), end] if blank else []
        self._size += len(lines)
        if self._size > _BATCH:
            self.load()

    def load(self) -> None:
        """Begin to load what was added."""
        work = self._thread.submit(_load, self._store, "".join(self._named), "".join(self._blank))
        self._loads.append(work)
        self._named, self._blank, self._size = [], [], 0

    def as_trig(self) -> bytes:
        """Return what was added as TriG, in the order of `formats.ordered`.

        Graph by graph, from the triples that are there: to make quads of them takes four times as
        long as to write them.
        """
        trig, turtle = (formats.named(name, formats.RDF_SYNTAXES) for name in ("trig", "turtle"))
        written: list[bytes] = []
        for name in sorted(self.graphs, key=lambda name: getattr(name, "value", "")):
            found = self.graphs[name]
            triples = [found[line] for line in sorted(found)]
            head, body = _cut(formats.serialize(triples, turtle, PREFIXES))
            if triples and isinstance(name, ox.NamedNode):
                s, p, o = triples[0]
                _, alone = _cut(formats.serialize([ox.Quad(s, p, o, name)], trig, PREFIXES))
                opening = alone.partition(b"\n")[0]  # `g:claims {`
                # No literal has a line end in it, so all lines can be moved in.
                inside = body.removesuffix(b"\n").replace(b"\n", b"\n\t")
                body = b"%b\n\t%b\n}\n" % (opening, inside)
            written += [body] if written else [head, body]
        return b"".join(written)


def _cut(document: bytes) -> tuple[bytes, bytes]:
    """Return the prefixes of a document, and the rest."""
    lines = document.split(b"\n", len(PREFIXES))
    return b"\n".join([*lines[:-1], b""]), lines[-1]


def _end(graph: GraphName) -> str:
    """Return how a line of N-Quads ends that is in a graph."""
    return " .\n" if isinstance(graph, ox.DefaultGraph) else f" {graph} .\n"


def _load(store: ox.Store, named: str, blank: str) -> None:
    """Load N-Quads; other threads run meanwhile."""
    store.bulk_load(named.encode(), format=ox.RdfFormat.N_QUADS)
    # bulk_load would give blank nodes other names.
    store.bulk_extend(ox.parse(blank, format=ox.RdfFormat.N_QUADS))


def _nodes(graphs: Sequence[str] | None) -> list[ox.NamedNode] | None:
    try:
        return None if graphs is None else [expand(name) for name in graphs]
    except ValueError as error:
        raise BadQuery(f"this is no name of a graph: {error}") from error
