"""A process that evaluates queries and can be killed.

Started as `python -m server.worker FD MEMORY OUTBOUND`. What it is asked and what it says are
frames of `server.channel`:

- says `R`: it is ready
- asked `O`, the folder of a store: opens it, so that the first query need not wait for that, and
  says `R` again; if it cannot, those who ask are told
- asked `Q`, a `Job` as `marshal` writes it
- asked `C`, a byte: takes back so many of the last that were asked, where they are not yet begun
- says `A`: rows and milliseconds, as `server.channel` packs them; three words, the kind of the
  answer ("solutions", "boolean" or "triples"), its form, and "volatile" or "lasting", whether it
  may be another the next time; a newline, and the answer
- or, of an answer that is longer than a block, says `H`, the three words; then `D`, bytes, any
  number of times; then `E`, rows and milliseconds
- or says `X`, JSON: error ("query", "evaluation", "store" or "form") and message, of a query that
  is refused its class, line, column and hint besides; first of all, or after some `D` where an
  evaluation fails half way; with no payload for what was taken back

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
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from itertools import chain, islice
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import pyoxigraph as ox

from kg import formats, sparql
from kg.errors import BadQuery, UnknownName
from kg.formats import EngineFormat, Form
from kg.sparql import Scanned
from kg.terms import PREFIXES, QUERY_PREFIXES
from server.channel import END, TAKE_BACK, Channel, Frame, confine

if TYPE_CHECKING:
    from kg.wikibase.naming import Naming

_BLOCK = 1 << 16  # bytes of an answer that are sent at once
# The engine recurses as deep as a query nests, and overflows the usual 8 MB before 1,000 nested
# EXISTS; 256 MB hold 25,000. It is address space, so no more than a sixth of what there is.
_MOST_STACK = 256 << 20
# Seconds of processor time after which a query gives way to others. It is the last one of its
# thread, and for the next thread glibc has no memory at hand: up to 2 ms; mimalloc has.
_LONG = 0.02
_LESS = 15  # how much lower its priority is then: a thirtieth of the time where others want it
_MOST_STORES = 2  # that are open at once: the data, and their view for Wikidata's clients
_SORTED = 10_000  # triples that are sorted, so that small answers are the same bytes and read well
_A = f"<{PREFIXES['rdf']}type>"  # which Turtle writes without its prefix


class Job(NamedTuple):
    """A query, and how it is answered.

    Attributes:
        store: folder of the store that is asked.
        text: of the query, as it was asked.
        rows: form of an answer to SELECT or ASK, a name of `kg.formats`; empty if it has none.
        graph: form of an answer to CONSTRUCT or DESCRIBE, likewise.
        base: against which relative IRIs are resolved.
        default_graphs: IRIs of those that are the default graph.
        named_graphs: IRIs of those that can be named.
        union: whether the default graph is all graphs.
        hosts: that SERVICE may ask, see `kg.sparql.scan`.
    """

    store: str
    text: str
    rows: str = "json"
    graph: str = "turtle"
    base: str | None = None
    default_graphs: Sequence[str] | None = None
    named_graphs: Sequence[str] | None = None
    union: bool = False
    hosts: AbstractSet[str] = frozenset()

    @property
    def frame(self) -> bytes:
        """Return what is sent."""
        # Between processes of one Python, and a tenth of the time of JSON.
        job: tuple[Any, ...] = (*self,)
        return marshal.dumps(job)


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

    def __init__(self, kind: str, error: Exception | str, **about: object) -> None:
        super().__init__(str(error))
        told = {"error": kind, "message": str(error), **about}
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

    def __init__(self, channel: Channel, kind: str, form: str, scanned: Scanned) -> None:
        self._channel = channel
        lasts = "volatile" if scanned.volatile else "lasting"
        self._about = f"{kind} {form} {lasts}".encode()
        self._has_begun = False
        self._block = bytearray()
        self.rows = 1

    def write(self, data: bytes) -> int:
        """Take in a part of the answer."""
        self._block += data
        if len(self._block) >= _BLOCK:
            begin = () if self._has_begun else (Frame(b"H", self._about),)
            self._channel.send(*begin, Frame(b"D", self._cut()))
            self._has_begun = True
        return len(data)

    def flush(self) -> None:
        """Do nothing; the engine asks for it, and `end` sends what is left."""

    def end(self, started: float) -> None:
        """Send the rest and the end."""
        block = self._cut()
        end = END.pack(self.rows, (perf_counter() - started) * 1000)
        if self._has_begun:
            self._channel.send(Frame(b"D", block), Frame(b"E", end))
        else:
            self._channel.send(Frame(b"A", b"%s%s\n%s" % (end, self._about, block)))

    def _cut(self) -> bytes:
        """Return what was written since the last time."""
        block = bytes(self._block)
        self._block.clear()
        return block


class _RowWriter(_Writer):
    """A writer that counts rows, by their marks: to iterate over rows would cost more than all."""

    def __init__(self, channel: Channel, form: str, scanned: Scanned) -> None:
        super().__init__(channel, "solutions", form, scanned)
        self._mark = _MARKS[form]
        self._found = 0
        self._last = b""  # of what was seen: a mark may lie across two blocks

    def _cut(self) -> bytes:
        seen = self._last + self._block
        begin = max(0, len(self._last) + 1 - self._mark.length)
        self._found += len(self._mark.pattern.findall(seen, begin))
        self._last = bytes(seen[-len(_NO_ROW) :])
        self.rows = 0 if self._last == _NO_ROW else self._found - self._mark.besides
        return super()._cut()


class _TripleWriter(_Writer):
    """A writer that counts triples as they pass."""

    def __init__(self, channel: Channel, form: str, scanned: Scanned) -> None:
        super().__init__(channel, "triples", form, scanned)
        self.rows = 0

    def counted(self, triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
        """Yield the triples."""
        for triple in triples:
            self.rows += 1
            yield triple


class Evaluator:
    """The open store, and the answers to what is asked of it.

    Attributes:
        is_slow: whether a query has taken long.
        is_over: whether there is no one left to answer.
    """

    def __init__(self, channel: Channel) -> None:
        self.is_slow = False
        self.is_over = False
        self._channel = channel
        self._requests = channel.requests()
        self._folder = ""
        self._store = ox.Store()
        self._opened: dict[str, ox.Store] = {}
        self._functions: dict[ox.NamedNode, sparql.Function] = {}

    def run(self) -> None:
        """Answer until the web process is gone, or one query has taken long."""
        self.is_over = True
        with suppress(ConnectionError):
            for frame in self._requests:
                if frame.kind == TAKE_BACK:
                    self._channel.send(Frame(b"X", b""))
                    continue
                if frame.kind == b"O":
                    with suppress(_Failed):
                        self._open(frame.payload.decode())
                    self._channel.send(Frame(b"R", b""))
                    continue
                signal.setitimer(signal.ITIMER_PROF, _LONG)
                try:
                    self._answer(Job(*marshal.loads(frame.payload)))  # noqa: S302 the web process's
                except _Failed as failed:
                    self._channel.send(failed.frame)
                if self.is_slow:
                    self.is_over = self.is_slow = False
                    return

    def _answer(self, job: Job) -> None:
        started = perf_counter()
        self._open(job.store)
        try:
            scanned = sparql.scan(job.text, job.hosts)
            self._evaluated(job, scanned).end(started)
        except BadQuery as error:
            about = {"class": type(error).__name__, "hint": error.hint}
            place = {"line": error.line, "column": error.column}
            key, names = error.why
            told = {"why": key, "names": dict(names), "engine": error.engine}
            raise _Failed("query", error.message, **about, **place, **told) from error

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

    def _evaluated(self, job: Job, scanned: Scanned) -> _Writer:
        """Return the writer to which the answer was written.

        Raises: BadQuery, for what is no SPARQL.
        """
        is_of_triples = scanned.form in {"construct", "describe"}
        if not (job.graph if is_of_triples else job.rows):
            raise _Failed("form", "triples" if is_of_triples else "rows")
        text, naming = scanned.text, None
        if scanned.functions and job.rows:
            text, naming = self._deferred(text, job.rows)
        try:
            with _OF_EVALUATION:
                answer = sparql.evaluated(
                    self._store,
                    text,
                    prefixes=scanned.prefixes,
                    unknown_functions=scanned.unknown_functions,
                    ours=self._our_functions() if scanned.functions else {},
                    base=job.base,
                    union=job.union,
                    default_graphs=_nodes(job.default_graphs),
                    named_graphs=_nodes(job.named_graphs),
                )
        except SyntaxError as error:
            raise sparql.explained(job.text, str(error)) from error
        if isinstance(answer, ox.QueryTriples):
            return self._written_triples(answer, _form(job.graph, formats.RDF_SYNTAXES), scanned)
        form = _form(job.rows, formats.RESULT_FORMATS)
        return self._written(answer, form, scanned, naming)

    def _deferred(self, text: str, form: str) -> "tuple[str, Callable[[_Writer], Naming] | None]":
        """Take out of a query what can be named in its answer, and return what names it."""
        from kg.wikibase import naming  # noqa: PLC0415 as the functions, below

        if form not in naming.FORMS:
            return text, None
        text, columns = naming.deferred(text)
        if not columns:
            return text, None
        functions = self._our_functions()
        return text, lambda writer: naming.Naming(writer.write, form, columns, functions)

    def _our_functions(self) -> dict[ox.NamedNode, sparql.Function]:
        if not self._functions:
            from kg.functions import functions  # noqa: PLC0415 a third of a start, and few queries need it

            self._functions = dict(functions(self._store))
        return self._functions

    def _written(
        self,
        answer: ox.QuerySolutions | ox.QueryBoolean,
        form: Form[ox.QueryResultsFormat],
        scanned: Scanned,
        naming: "Callable[[_Writer], Naming] | None",
    ) -> _Writer:
        if isinstance(answer, ox.QueryBoolean):
            writer = _Writer(self._channel, "boolean", form.name, scanned)
        else:
            writer = _RowWriter(self._channel, form.name, scanned)
        with _OF_EVALUATION:
            if naming and isinstance(writer, _RowWriter):
                named = naming(writer)
                answer.serialize(named, format=form.engine)  # type: ignore[arg-type]
                named.end()
            else:
                answer.serialize(writer, format=form.engine)  # type: ignore[arg-type]
        return writer

    def _written_triples(
        self, triples: Iterable[ox.Triple], syntax: Form[ox.RdfFormat], scanned: Scanned
    ) -> _Writer:
        writer = _TripleWriter(self._channel, syntax.name, scanned)
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


def _nodes(names: Sequence[str] | None) -> Any:
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
    # The other threads inherit this: a signal that interrupted one would not wake the main one.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPROF})
    threading.Thread(target=_end_with, args=(channel,), daemon=True).start()
    threading.stack_size(min(_MOST_STACK, memory // 6) & ~0xFFFF)  # whole pages, of any system
    with channel:
        _serve(channel)


def _end_with(channel: Channel) -> None:
    channel.wait_for_end()
    os._exit(0)  # without asking the engine, which may be busy for hours


def _serve(channel: Channel) -> None:
    """Answer; a query that takes long gives way to those that do not.

    A thread may lower its priority, and not raise it again: after such a query another thread goes
    on, which begins as this one.
    """

    def give_way(*_: object) -> None:
        evaluator.is_slow = True
        with suppress(OSError):  # it has just ended
            priority = os.getpriority(os.PRIO_PROCESS, 0) + _LESS
            os.setpriority(os.PRIO_PROCESS, thread.native_id or -1, priority)

    evaluator = Evaluator(channel)
    signal.signal(signal.SIGPROF, give_way)
    with suppress(ConnectionError):
        channel.send(Frame(b"R", b""))
    while not evaluator.is_over:
        thread = threading.Thread(target=evaluator.run)
        thread.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF})
        thread.join()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPROF})


if __name__ == "__main__":
    main()
