"""A process that evaluates queries and can be killed.

Started as `python -m server.worker FD MEMORY OUTBOUND`. What it is asked and what it says are
frames of `server.process`:

- says `R`, once: it is ready
- asked `Q`, as `marshal` writes it: store (a folder), text, base (null or an IRI), prefixes,
  default_graphs and named_graphs (null or IRIs), union (whether the default graph is all graphs),
  form (a name of `kg.formats`), functions (whether ours are called), unknown_functions (IRIs that
  give an error value when called)
- asked `C`, a byte: takes back so many of the last that were asked, where they are not yet begun
- says `H`, the kind of the answer ("solutions", "boolean" or "triples"); then `D`, bytes, any
  number of times; then `E`, rows and milliseconds, as `server.process` packs them
- or says `X`, JSON: error ("syntax", "evaluation", "store" or "form"), message; first of all, or
  after some `D` where an evaluation fails half way; with no payload for what was taken back

It may be asked several times at once, and answers in the order in which it was asked. It sends
each answer before it begins the next, so that the first one that has no end is what it works on.

Rows are counted in the bytes of the answer. The count is exact but for two: rows that bind nothing
are not counted in JSON, and a literal with a carriage return and a newline counts twice in CSV.

MEMORY bounds its address space, in bytes; beyond, the engine ends the process. Without OUTBOUND it
leaves the network where the system lets it.
"""

import json
import marshal
import os
import re
import resource
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import pyoxigraph as ox

from kg import formats, sparql
from kg.errors import UnknownName
from kg.formats import EngineFormat, Form
from kg.terms import PREFIXES, QUERY_PREFIXES
from server.process import END, TAKE_BACK, Channel, Frame, confine

if TYPE_CHECKING:
    from kg.wikibase.naming import Naming

_BLOCK = 1 << 16  # bytes of an answer that are sent at once
# The engine recurses as deep as a query nests, and overflows the usual 8 MB before 1,000 nested
# EXISTS; 256 MB hold 25,000. It is address space, so no more than a sixth of what there is.
_MOST_STACK = 256 << 20
_MOST_STORES = 2  # that are open at once: the data, and their view for Wikidata's clients
_SORTED = 10_000  # triples that are sorted, so that small answers are the same bytes and read well
_A = f"<{PREFIXES['rdf']}type>"  # which Turtle writes without its prefix


class _Mark(NamedTuple):
    """What stands once in each row, or between two.

    Attributes:
        length: of what the pattern finds.
        besides: how many more there are than rows; one less where it stands between them.
    """

    pattern: re.Pattern[bytes]
    length: int
    besides: int


_MARKS = {
    # A literal may hold all but the quotation mark, and end where it stands: then } or , follows.
    "json": _Mark(re.compile(rb"\},\{\"[^},]"), 5, -1),
    "xml": _Mark(re.compile(rb"<result>"), 8, 0),
    "csv": _Mark(re.compile(rb"\r\n"), 2, 1),
    "tsv": _Mark(re.compile(rb"\n"), 1, 1),
}
_NO_ROW = b'"bindings":[]}}'  # how JSON ends that has none


class _Failed(Exception):
    """A query that has no answer."""

    def __init__(self, kind: str, error: Exception) -> None:
        super().__init__(str(error))
        told = {"error": kind, "message": str(error)}
        self.frame = Frame(b"X", json.dumps(told).encode())


class _Failures:
    """Tells what the engine raises as the failure of a query.

    No `contextmanager`: on small queries two of them were a twentieth of the worker's time.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ConnectionError):
            return  # the web process is gone
        if isinstance(error, (OSError, RuntimeError, ValueError)):
            raise _Failed(self._kind, error) from error


_OF_STORE, _OF_EVALUATION = _Failures("store"), _Failures("evaluation")


class _Writer:
    """What the engine writes an answer to; it is sent block by block.

    Attributes:
        rows: how many were written, right at the end; an answer that is a boolean is one.
    """

    def __init__(self, channel: Channel, kind: bytes) -> None:
        self._channel = channel
        self._frames = [Frame(b"H", kind)]
        self._block = bytearray()
        self.rows = 1

    def write(self, data: bytes) -> int:
        """Take in a part of the answer."""
        self._block += data
        if len(self._block) >= _BLOCK:
            self._cut()
            self._channel.send(*self._frames)
            self._frames.clear()
        return len(data)

    def flush(self) -> None:
        """Do nothing; the engine asks for it, and `end` sends what is left."""

    def end(self, started: float) -> None:
        """Send the rest and the end."""
        self._cut()
        took = (perf_counter() - started) * 1000
        self._channel.send(*self._frames, Frame(b"E", END.pack(self.rows, took)))

    def _cut(self) -> None:
        self._frames.append(Frame(b"D", bytes(self._block)))
        self._block.clear()


class _RowWriter(_Writer):
    """A writer that counts rows, by their marks: to iterate over rows would cost more than all."""

    def __init__(self, channel: Channel, form: str) -> None:
        super().__init__(channel, b"solutions")
        self._mark = _MARKS[form]
        self._found = 0
        self._last = b""  # of what was seen: a mark may lie across two blocks

    def _cut(self) -> None:
        seen = self._last + self._block
        begin = max(0, len(self._last) + 1 - self._mark.length)
        self._found += len(self._mark.pattern.findall(seen, begin))
        self._last = bytes(seen[-len(_NO_ROW) :])
        self.rows = 0 if self._last == _NO_ROW else self._found - self._mark.besides
        super()._cut()


class _TripleWriter(_Writer):
    """A writer that counts triples as they pass."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel, b"triples")
        self.rows = 0

    def counted(self, triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
        """Yield the triples."""
        for triple in triples:
            self.rows += 1
            yield triple


class Evaluator:
    """The open store, and the answers to what is asked of it."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._folder = ""
        self._store = ox.Store()
        self._opened: dict[str, ox.Store] = {}
        self._functions: dict[ox.NamedNode, sparql.Function] = {}

    def run(self) -> None:
        """Answer until the web process is gone."""
        with suppress(ConnectionError):
            self._channel.send(Frame(b"R", b""))
            for frame in self._channel.requests():
                if frame.kind == TAKE_BACK:
                    self._channel.send(Frame(b"X", b""))
                    continue
                try:
                    self._answer(marshal.loads(frame.payload))  # noqa: S302 the web process's
                except _Failed as failed:
                    self._channel.send(failed.frame)

    def _answer(self, job: dict[str, Any]) -> None:
        started = perf_counter()
        self._open(job["store"])
        naming = self._deferred(job) if job["functions"] else None
        answer = self._evaluated(job)
        if isinstance(answer, ox.QueryTriples):
            writer = self._written_triples(answer, _form(job["form"], formats.RDF_SYNTAXES))
        else:
            writer = self._written(answer, _form(job["form"], formats.RESULT_FORMATS), naming)
        writer.end(started)

    def _open(self, folder: str) -> None:
        if folder != self._folder:
            if folder not in self._opened:
                if len(self._opened) >= _MOST_STORES:
                    del self._opened[next(iter(self._opened))]
                with _OF_STORE:
                    self._opened[folder] = ox.Store.read_only(folder)
            self._store = self._opened[folder]
            self._folder = folder
            self._functions = {}

    def _evaluated(self, job: dict[str, Any]) -> sparql.Answer:
        try:
            with _OF_EVALUATION:
                return sparql.evaluated(
                    self._store,
                    job["text"],
                    prefixes=job["prefixes"],
                    unknown_functions=job["unknown_functions"],
                    ours=self._our_functions() if job["functions"] else {},
                    base=job["base"],
                    union=job["union"],
                    default_graphs=_nodes(job["default_graphs"]),
                    named_graphs=_nodes(job["named_graphs"]),
                )
        except SyntaxError as error:
            raise _Failed("syntax", error) from error

    def _deferred(self, job: dict[str, Any]) -> "Callable[[_Writer], Naming] | None":
        """Take out of a query what can be named in its answer, and return what names it."""
        from kg.wikibase import naming  # noqa: PLC0415 as the functions, below

        if job["form"] not in naming.FORMS:
            return None
        job["text"], columns = naming.deferred(job["text"])
        if not columns:
            return None
        functions = self._our_functions()
        return lambda writer: naming.Naming(writer.write, job["form"], columns, functions)

    def _our_functions(self) -> dict[ox.NamedNode, sparql.Function]:
        if not self._functions:
            from kg.functions import functions  # noqa: PLC0415 a third of a start, and few queries need it

            self._functions = dict(functions(self._store))
        return self._functions

    def _written(
        self,
        answer: ox.QuerySolutions | ox.QueryBoolean,
        form: Form[ox.QueryResultsFormat],
        naming: "Callable[[_Writer], Naming] | None",
    ) -> _Writer:
        if isinstance(answer, ox.QueryBoolean):
            writer = _Writer(self._channel, b"boolean")
        else:
            writer = _RowWriter(self._channel, form.name)
        with _OF_EVALUATION:
            if naming and isinstance(writer, _RowWriter):
                named = naming(writer)
                answer.serialize(named, format=form.engine)  # type: ignore[arg-type]
                named.end()
            else:
                answer.serialize(writer, format=form.engine)  # type: ignore[arg-type]
        return writer

    def _written_triples(
        self, triples: Iterable[ox.Triple], syntax: Form[ox.RdfFormat]
    ) -> _Writer:
        writer = _TripleWriter(self._channel)
        with _OF_EVALUATION:
            rest = iter(triples)
            head = list(islice(rest, _SORTED + 1))
            prefixes = PREFIXES
            if len(head) <= _SORTED:
                head = formats.ordered(head)
                prefixes = _used(QUERY_PREFIXES, head)
            everything = writer.counted(chain(head, rest))
            ox.serialize(everything, writer, format=syntax.engine, prefixes=prefixes)  # type: ignore[arg-type]
        return writer


def _form(name: str, forms: Sequence[Form[EngineFormat]]) -> Form[EngineFormat]:
    try:
        return formats.named(name, forms)
    except UnknownName as error:
        raise _Failed("form", error) from error


def _used(prefixes: Mapping[str, str], triples: Iterable[ox.Triple]) -> dict[str, str]:
    written = "\n".join(map(str, triples)).replace(_A, "")
    return {prefix: iri for prefix, iri in prefixes.items() if f"<{iri}" in written}


def _nodes(names: list[str] | None) -> Any:
    return None if names is None else [ox.NamedNode(name) for name in names]


def _write_no_files() -> None:
    with suppress(OSError):  # without standard error
        if not stat.S_ISREG(os.fstat(2).st_mode):  # in a file, what it has to tell is worth more
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> None:
    """Serve one web process."""
    descriptor, memory, outbound = map(int, sys.argv[1:])
    channel = Channel(descriptor)
    confine(memory, outbound=bool(outbound))
    _write_no_files()
    threading.stack_size(min(_MOST_STACK, memory // 6) & ~0xFFFF)  # whole pages, of any system
    threading.Thread(target=_serve, args=(channel,), daemon=True).start()
    channel.wait_for_end()
    os._exit(0)  # without asking the engine, which may be busy for hours


def _serve(channel: Channel) -> None:
    with channel:
        Evaluator(channel).run()


if __name__ == "__main__":
    main()
