"""The statements of a store as sorted lines of N-Quads or N-Triples: any number, in flat memory.

Lines are sorted by their bytes, as `LC_ALL=C sort` does. What does not fit into one run goes to
temporary files, which are merged.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, cast

import pyoxigraph as ox

GraphName = ox.NamedNode | ox.DefaultGraph
_DEFAULT = ox.DefaultGraph()
_RUN = 16 << 20  # bytes that are sorted at once; as lines of Python they take half as much again
_BLOCK = 1 << 20  # bytes that are read of each run at once, while they are merged


def quads(store: ox.Store, dump: Path | None = None) -> Iterator[list[bytes]]:
    """Yield all quads as lines of N-Quads, in blocks of many.

    From a dump in TriG, where there is one: it is read twice as fast as the store.
    """
    if dump is None:
        return _sorted(partial(store.dump, format=ox.RdfFormat.N_QUADS))
    return _sorted(partial(_rewritten, dump))


def _rewritten(dump: Path, out: IO[bytes]) -> None:
    parsed = ox.parse(path=dump, format=ox.RdfFormat.TRIG)
    ox.serialize(parsed, out, format=ox.RdfFormat.N_QUADS)


def triples(store: ox.Store, graph: GraphName) -> Iterator[list[bytes]]:
    """Yield the triples of a graph as lines of N-Triples, in blocks of many."""
    return _sorted(partial(store.dump, format=ox.RdfFormat.N_TRIPLES, from_graph=graph))


def graphs(store: ox.Store) -> list[GraphName]:
    """Return the graphs of a store as `formats.ordered` does: the default one, then by name."""
    names = (name for name in store.named_graphs() if isinstance(name, ox.NamedNode))
    return [ox.DefaultGraph(), *sorted(names, key=lambda name: name.value)]


@contextmanager
def statements(store: ox.Store, *graphs: GraphName) -> Iterator[Iterator[ox.Quad]]:
    """Give the quads of some graphs one by one: graph after graph, each sorted."""
    with TemporaryFile() as file:
        for graph in graphs:
            end = b"" if isinstance(graph, ox.DefaultGraph) else f"{graph} ".encode()
            for block in triples(store, graph):
                file.writelines(b"%b%b.\n" % (line[:-2], end) for line in block)
        file.seek(0)
        # No generator of our own between parser and reader: it would take half their time.
        yield ox.parse(file, format=ox.RdfFormat.N_QUADS)


@contextmanager
def default_graph(store: ox.Store, dump: Path | None = None) -> Iterator[Iterator[ox.Quad]]:
    """Give the quads of the default graph one by one, sorted; from a dump, where there is one.

    There they are the first ones, and sorted: nothing is left but to read them.
    """
    if dump is None:
        with statements(store, _DEFAULT) as quads:
            yield quads
    else:
        parsed = ox.parse(path=dump, format=ox.RdfFormat.TRIG)
        yield takewhile(lambda quad: quad.graph_name == _DEFAULT, parsed)


def _sorted(dump: Callable[[IO[bytes]], object]) -> Iterator[list[bytes]]:
    with ExitStack() as files:
        runs = _Runs(files)
        dump(cast("IO[bytes]", runs))
        yield from runs.merged()


class _Runs:
    """What is written to it, line by line, in sorted runs."""

    def __init__(self, files: ExitStack) -> None:
        self._files = files
        self._runs: list[IO[bytes]] = []
        self._written: list[bytes] = []
        self._size = 0

    def write(self, block: bytes) -> int:
        """Take a block in, see io; lines may go on from one to the next."""
        self._written.append(block)
        self._size += len(block)
        if self._size > _RUN:
            self._spill()
        return len(block)

    def flush(self) -> None:
        """Do nothing, see io."""

    def merged(self) -> Iterator[list[bytes]]:
        """Yield all lines, sorted, in blocks of many."""
        if not self._runs:
            yield self._lines()[0]
            return
        self._spill()
        more = []
        for run in self._runs:
            run.seek(0)
            more.append(iter(partial(run.readlines, _BLOCK), []))
        blocks = [next(each, []) for each in more]
        while any(blocks):
            # What is not read yet comes after the last line of its block, so up to the least of
            # these all is there. To sort pieces that are sorted is to merge them, in C.
            least = min(block[-1] for block in blocks if block)
            cuts = [bisect_right(block, least) for block in blocks]
            taken = [line for block, cut in zip(blocks, cuts, strict=True) for line in block[:cut]]
            taken.sort()
            yield taken
            blocks = [
                block[cut:] or next(each, [])
                for block, cut, each in zip(blocks, cuts, more, strict=True)
            ]

    def _spill(self) -> None:
        lines, rest = self._lines()
        run = self._files.enter_context(TemporaryFile())  # noqa: SIM115 it is closed with the others
        run.writelines(lines)
        self._runs.append(run)
        self._written, self._size = [rest], len(rest)

    def _lines(self) -> tuple[list[bytes], bytes]:
        """Return the whole lines of what was written, sorted, and the rest."""
        lines = b"".join(self._written).splitlines(keepends=True)
        self._written.clear()
        rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        lines.sort()
        return lines, rest
