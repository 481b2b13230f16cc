"""What is served: the current build, files, or an on-disk store; and the way to write to it.

Readers are given folders of stores that nothing writes to. What is written, and where it lies, is
told by `server.written`.
"""

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pyoxigraph as ox

from kg import formats
from kg.errors import BrokenSyntax, NoGraph, Place, UnknownName, UnreadableInput, count
from kg.store import CURRENT, STORE, open_graph
from server.scribe import (
    BrokenContent,
    BrokenUpdate,
    NotWritable,
    Overdue,
    ProtectedGraph,
    Scribe,
    StoreFailed,
    WriteFailed,
    WriterDied,
    WriteRefused,
    WriteTooLong,
)
from server.settings import Config
from server.written import BesideBuild, Protected, Request, State, WritableStore

__all__ = [
    "BrokenContent",
    "BrokenUpdate",
    "Dataset",
    "NotWritable",
    "Overdue",
    "Part",
    "Protected",
    "ProtectedGraph",
    "State",
    "StoreFailed",
    "Update",
    "WriteFailed",
    "WriteRefused",
    "WriteTooLong",
    "WriterDied",
]

log = logging.getLogger("server")
_NO_LIMIT = -1  # of memory
_LARGE = 10_000_000  # bytes of files whose loading is worth a line each


class Update(Protocol):
    """An update that was looked through, as `kg.updates` gives it.

    Attributes:
        text: what is evaluated.
        prefixes: those that it uses and does not declare.
    """

    @property
    def text(self) -> str: ...  # noqa: D102 told above

    @property
    def prefixes(self) -> Mapping[str, str]: ...  # noqa: D102 told above


class Part(NamedTuple):
    """A document of a graph.

    Attributes:
        syntax: a name of `kg.formats`.
        content: as sent.
    """

    syntax: str
    content: bytes


class Source(Protocol):
    """Where the data come from."""

    async def start(self) -> None:
        """Open it.

        Raises: KgError, if there is nothing to serve.
        """

    async def close(self) -> None:
        """Leave nothing behind that is not needed again."""

    async def current(self) -> State:
        """Return what readers read, with every write that was acknowledged."""


class Dataset:
    """What is served."""

    def __init__(self, config: Config) -> None:
        self._source = _source(config)

    async def start(self) -> None:
        """Open the data.

        Raises: KgError, if there is nothing to serve, or it cannot be written to as was asked.
        """
        await self._source.start()

    async def close(self) -> None:
        """Give the writes that were begun some time to end, and end all processes."""
        await self._source.close()

    @property
    def writable(self) -> bool:
        """Return whether it can be written to, by those who may."""
        return isinstance(self._source, WritableStore)

    async def current(self) -> State:
        """Return what readers read, with every write that was acknowledged.

        The store is there long enough for a query to wait its turn, not for ever.

        Raises: NoGraph, if there never was a build; WriteRefused, if no snapshot can be made.
        """
        return await self._source.current()

    async def update(
        self, scan: Callable[[Protected | None], Update], base: str | None = None
    ) -> None:
        """Do an update in one step.

        `scan` is called with what is protected, None where nothing is, and returns what is
        evaluated. It is called when no other write stands before this one: in the meantime a new
        build may have come, with other graphs.

        Raises: WriteRefused, and what `scan` raises.
        """

        def prepare(protected: Protected | None) -> Request:
            update = scan(protected)
            head = {"base": base, "prefixes": dict(update.prefixes)}
            return Request(b"U", head, update.text.encode())

        await self._written.write(prepare)

    async def put(self, graph: str | None, parts: Sequence[Part], base: str) -> bool:
        """Give a graph this content, the default graph if None, in one step.

        Returns whether the graph is new.

        Raises: WriteRefused.
        """
        return bool((await self._of_one_graph(b"P", graph, parts, base))["created"])

    async def post(self, graph: str | None, parts: Sequence[Part], base: str) -> bool:
        """Add this content to a graph, otherwise as `put`."""
        return bool((await self._of_one_graph(b"M", graph, parts, base))["created"])

    async def delete(self, graph: str | None) -> bool:
        """Remove a graph, or empty the default graph; return whether it was there.

        Raises: WriteRefused.
        """
        return bool((await self._of_one_graph(b"D", graph))["existed"])

    @property
    def _written(self) -> WritableStore:
        if not isinstance(self._source, WritableStore):
            raise NotWritable
        return self._source

    async def _of_one_graph(
        self,
        kind: bytes,
        graph: str | None,
        parts: Sequence[Part] = (),
        base: str = "",
    ) -> Mapping[str, Any]:
        def prepare(protected: Protected | None) -> Request:
            if protected and (graph is None or protected(graph)):
                raise ProtectedGraph(graph)
            lengths = [(part.syntax, len(part.content)) for part in parts]
            content = b"".join(part.content for part in parts)
            return Request(kind, {"graph": graph, "parts": lengths, "base": base}, content)

        return await self._written.write(prepare)


def _source(config: Config) -> Source:
    if config.data:
        return Files(config.data)
    if config.store:
        may_write = config.writable and config.token
        return WritableStore(config.store, config) if may_write else ReadOnlyStore(config.store)
    build = Build(config.build)
    return BesideBuild(config.build, build.name, config) if config.token else build


class Build:
    """The current build of a folder; a new one is there for the next reader."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = (0, 0)
        self._name = ""

    async def start(self) -> None:
        """Make sure that there is one that can be opened.

        Raises: NoGraph.
        """
        await asyncio.to_thread(open_graph, self._folder)

    async def close(self) -> None:
        """Do nothing."""

    async def current(self) -> State:
        """Return the current build.

        Raises: NoGraph, if there never was one.
        """
        name = self.name()
        return State(self._folder / name / STORE, name)

    def name(self) -> str:
        """Return the name of the current build, of the last one if the folder is gone.

        Raises: NoGraph, if there never was one.
        """
        pointer = self._folder / CURRENT
        with suppress(OSError):
            about = pointer.stat()
            seen = (about.st_ino, about.st_mtime_ns)  # the file is replaced, never changed
            if seen != self._seen:
                self._name = pointer.read_text(encoding="utf-8").strip()
                self._seen = seen
        if not self._name:
            raise NoGraph("there is no graph here yet", Place(self._folder), "kg build makes it")
        return self._name


class _File(NamedTuple):
    """A file of RDF to load.

    Attributes:
        path: as the user names it.
        name: within the folder that was named; relative IRIs in it begin there.
    """

    path: Path
    name: str


class Files:
    """RDF files, loaded into a store of their own that is removed at the end.

    N-Quads, TriG and JSON-LD keep their graphs; all else goes to the default graph. Relative IRIs
    are resolved against `file:///`, so that they tell nothing of this machine.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = tuple(paths)
        self._folder: Path | None = None
        self._state: State | None = None

    async def start(self) -> None:
        """Load the files.

        Raises: UnreadableInput, UnknownName, or BrokenSyntax with the line.
        """
        files = [file for path in self._paths for file in _rdf_files(path)]
        self._folder = Path(tempfile.mkdtemp(prefix="cassibile-"))
        scribe = Scribe(_NO_LIMIT, outbound=False)
        try:
            await scribe.open(self._folder / STORE)
            await _load(scribe, files)
        except BaseException:
            await scribe.close()
            await self.close()
            raise
        await scribe.close()
        self._state = State(self._folder / STORE, _version(files))

    async def close(self) -> None:
        """Remove the store."""
        if self._folder:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def current(self) -> State:
        """Return what was loaded."""
        assert self._state, "started"
        return self._state


class ReadOnlyStore:
    """An on-disk store that nothing writes to as long as it is served."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state: State | None = None

    async def start(self) -> None:
        """Make sure that it can be opened.

        Raises: NoGraph, if not.
        """
        if not (self._folder / CURRENT).is_file():
            hint = "with a token and --writable one is made, in a folder that is new or empty"
            raise NoGraph("there is no store here", Place(self._folder), hint)
        try:
            await asyncio.to_thread(ox.Store.read_only, str(self._folder))
        except (OSError, RuntimeError) as error:
            hint = "make sure that no other process has it open for writing"
            message = f"the store cannot be opened: {error}"
            raise NoGraph(message, Place(self._folder), hint) from error
        files = [path for path in sorted(self._folder.iterdir()) if path.is_file()]
        self._state = State(self._folder, _version(_File(path, path.name) for path in files))

    async def close(self) -> None:
        """Do nothing."""

    async def current(self) -> State:
        """Return the store."""
        assert self._state, "started"
        return self._state


def _rdf_files(path: Path) -> Iterator[_File]:
    """Yield a file, or all RDF files of a folder, in the order of their names.

    Raises: UnreadableInput, if there are none; UnknownName, if the suffix of a file is not known.
    """
    if not path.is_dir():
        formats.syntax_of(path)
        yield _File(path, path.name)
        return
    found = False
    for file in sorted(path.rglob("*")):
        with suppress(UnknownName):
            formats.syntax_of(file)
            if file.is_file():
                found = True
                yield _File(file, file.relative_to(path).as_posix())
    if not found:
        raise UnreadableInput("there are no RDF files in this folder", Place(path))


async def _load(scribe: Scribe, files: list[_File]) -> None:
    """Load files one by one.

    Raises: UnreadableInput, or BrokenSyntax with the line.
    """
    try:
        is_large = sum(file.path.stat().st_size for file in files) > _LARGE
    except OSError as error:
        message = (error.strerror or str(error)).lower()
        raise UnreadableInput(message, Place(Path(error.filename))) from error
    for number, file in enumerate(files, 1):
        if is_large:
            log.info("loading %s, %d of %s", file.path, number, count(len(files), "file"))
        syntax = formats.syntax_of(file.path)
        base = (Path("/") / file.name).as_uri()
        try:
            path = str(file.path.absolute())
            await scribe.ask(b"L", path=path, syntax=syntax.name, base=base)
        except BrokenContent as error:
            where = f"column {error.column}: " if error.column else ""
            message = f"this is not {syntax.title}: {where}{error}"
            raise BrokenSyntax(message, Place(file.path, error.line)) from error
        except WriteRefused as error:
            raise UnreadableInput(f"cannot be loaded: {error}", Place(file.path)) from error
    await scribe.ask(b"F")


def _version(files: Iterable[_File]) -> str:
    """Return a name for the content of files: another one when any has changed."""
    digest = sha256(ox.__version__.encode())
    for file in files:
        about = file.path.stat()
        digest.update(f"{file.name}\0{about.st_size}\0{about.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:16]
