"""A store that is written to, by itself or beside a build, and the snapshots that readers read.

Writes go to one store, by `server.scribe`. Readers are given snapshots, folders that nothing
writes to: the first reader after a write has one made, by hard links. Beside a build, `kg build`
never sees what is written, and the builds are never written to. In the folder of the builds, in
`written`, lie

- `CURRENT`: the name of the folder that counts, replaced in one step
- `<build>-<random>/store`: began as the store of that build, and holds what was written besides
- `<build>-<random>/protected.json`: the graphs of that build, which no one may write to
- `snapshots/<version>` and `LOCK`: of the process that serves it

After a new build a new such folder is made, and what was written is carried over. Where the build
has a graph of the same name, the build has it, and what was written is in `<name>/written`.
A store by itself has `snapshots` and `LOCK` in its own folder, in `served`.
"""

import asyncio
import fcntl
import json
import logging
import os
import shutil
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, NamedTuple, TypeVar

from kg.errors import CannotWrite, KgError, Place
from kg.store import CURRENT, STORE, point
from server.scribe import (
    Overdue,
    Scribe,
    StoreFailed,
    WriteFailed,
    WriterDied,
    WriteRefused,
)
from server.settings import Config

log = logging.getLogger("server")
WRITTEN, SERVED = "written", "served"
_SNAPSHOTS, _LOCK, _PROTECTED = "snapshots", "LOCK", "protected.json"
_MOST_WAIT = 1.0  # seconds that readers wait for a new build before they are given the last one
_LEAVING = 10.0  # seconds that writes have to end when the store is closed
_PAUSE = 5.0  # seconds before a new build is tried again that could not be taken over
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class State:
    """What readers read.

    Attributes:
        store: a folder that nothing writes to.
        version: of what is in it; no other content has had it, here or in an earlier run.
    """

    store: Path
    version: str


class Protected:
    """The graphs that no one may write to: the default graph, and those of a build.

    Attributes:
        graphs: the names of the latter.
    """

    def __init__(self, graphs: Iterable[str] = ()) -> None:
        self.graphs = frozenset(graphs)

    def __call__(self, graph: str) -> bool:
        """Return whether the graph of this name is one."""
        return graph in self.graphs


class Request(NamedTuple):
    """What the writer is asked to do, see `server.writer`."""

    kind: bytes
    head: Mapping[str, Any]
    content: bytes = b""


class Snapshots:
    """What readers read of a store that is written to.

    Those that are no longer the last one stay as long as a reader may be on its way to open them.
    """

    def __init__(self, scribe: Scribe, folder: Path, seconds: float) -> None:
        self._scribe = scribe
        self._folder = folder
        self._seconds = seconds
        self._writes = 0
        self._state: State | None = None
        self._held = 0  # writes that are surely in the last snapshot
        self._taking: asyncio.Task[None] | None = None
        self._retired: deque[tuple[float, Path]] = deque()

    def outdate(self) -> None:
        """Take note of a write: from now on no reader is given what was before it."""
        self._writes += 1

    async def current(self) -> State:
        """Return a snapshot with every write so far; readers who wait at a time share one.

        Raises: WriteRefused, if none can be made.
        """
        wanted = self._writes
        while self._state is None or self._held < wanted:
            if self._taking is None:
                self._taking = _quiet(asyncio.create_task(self._take()))
            await asyncio.shield(self._taking)
        return self._state

    async def _take(self) -> None:
        held = self._writes
        try:
            try:
                state = await self._new()
            except WriterDied:  # of a write, and there is another one
                state = await self._new()
        finally:
            self._taking = None
        now = asyncio.get_running_loop().time()
        if self._state:
            self._retired.append((now, self._state.store))
        self._state, self._held = state, held
        while len(self._retired) > 1 and now - self._retired[0][0] > self._seconds:
            await asyncio.to_thread(_remove, self._retired.popleft()[1])

    async def _new(self) -> State:
        version = token_hex(8)
        folder = self._folder / version
        await self._scribe.ask(b"S", folder=str(folder))
        return State(folder, version)


class WritableStore:
    """A store that is written to. One process at a time serves it."""

    def __init__(self, store: Path, config: Config, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder or store / SERVED
        self._seconds = config.write_seconds
        self._scribe = Scribe(config.write_memory, outbound=bool(config.hosts))
        # A query may wait as long as it may take; then its worker opens what it was given.
        self._snapshots = Snapshots(self._scribe, self._folder / _SNAPSHOTS, 2 * config.seconds)
        self._protected: Protected | None = None
        self._turn = asyncio.Lock()
        self._writes: set[asyncio.Task[Mapping[str, Any]]] = set()
        self._lock: IO[str] | None = None

    async def start(self) -> None:
        """Open the store for writing, and clear away what an earlier run has left.

        Raises: CannotWrite, if another process has it, or it cannot be opened or made.
        """
        try:
            self._check()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self._folder / _LOCK)
            _remove(self._folder / _SNAPSHOTS)
            (self._folder / _SNAPSHOTS).mkdir()
            await self._open()
        except (OSError, ValueError, WriteRefused) as error:
            await self.close()
            raise _cannot_write(error, self._store) from error
        except KgError:
            await self.close()
            raise

    async def close(self) -> None:
        """Give the writes that were begun some time, end the process, let others have the store.

        A write that is late is broken off: nothing is changed then.
        """
        if self._writes:
            _, late = await asyncio.wait(self._writes, timeout=_LEAVING)
            for write in late:
                write.cancel()
        await self._scribe.close()
        if self._lock:
            _remove(self._folder / _SNAPSHOTS)
            self._lock.close()
            self._lock = None

    async def current(self) -> State:
        """Return what readers read, with every write that was acknowledged.

        Raises: WriteRefused, if no snapshot can be made.
        """
        return await self._snapshots.current()

    async def write(self, prepare: Callable[[Protected | None], Request]) -> Mapping[str, Any]:
        """Return the answer to a write, which is done whether or not someone still waits for it.

        `prepare` is called when the write is next, since it depends on what is protected then.

        Raises: WriteRefused, and what `prepare` raises.
        """
        task = _quiet(asyncio.create_task(self._write(prepare)))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    async def _write(self, prepare: Callable[[Protected | None], Request]) -> Mapping[str, Any]:
        async with self._alone():
            request = prepare(self._protected)
            try:
                answer = await self._scribe.ask(
                    request.kind, request.content, self._seconds, **request.head
                )
            except WriteFailed:
                raise
            except WriteRefused:  # it may have ended in just the moment it was stopped
                self._snapshots.outdate()
                raise
            self._snapshots.outdate()
            return answer

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Wait for the turn, as long as a write may take."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._turn.acquire()
        except TimeoutError as error:
            raise Overdue(self._seconds) from error
        try:
            yield
        finally:
            self._turn.release()

    def _check(self) -> None:
        """Make sure that nothing else lies in the folder.

        Raises: CannotWrite.
        """
        if (self._store / CURRENT).is_file() or not self._store.exists():
            return
        if not self._store.is_dir() or {path.name for path in self._store.iterdir()} - {SERVED}:
            message = "this is no store, and no empty folder to make one in"
            raise CannotWrite(message, Place(self._store), "name a folder that is not there yet")

    async def _open(self) -> None:
        await self._scribe.open(self._store)


class BesideBuild(WritableStore):
    """What is written beside the texts: the store that holds the current build and all of it."""

    def __init__(self, build: Path, name: Callable[[], str], config: Config) -> None:
        super().__init__(build / WRITTEN, config, build / WRITTEN)
        self._build = build
        self._build_name = name
        self._base = ""  # the build that the store began from
        self._protected = Protected()
        self._following: asyncio.Task[None] | None = None
        self._not_before = 0.0

    async def close(self) -> None:
        """Give the writes that were begun some time, and let others have the store."""
        if self._following:
            await asyncio.wait([self._following])
        await super().close()

    async def current(self) -> State:
        """Return what readers read: the current build, and every write that was acknowledged.

        Where taking over a new build takes long, readers have the last one meanwhile.

        Raises: WriteRefused, if no snapshot can be made.
        """
        name = self._build_name()
        now = asyncio.get_running_loop().time()
        if name != self._base and now >= self._not_before:
            if self._following is None:
                self._following = asyncio.create_task(self._follow(name))
            await asyncio.wait([self._following], timeout=_MOST_WAIT)
        return await self._snapshots.current()

    def _check(self) -> None:
        """Do nothing: the folder has none but our files."""

    async def _open(self) -> None:
        pointer = self._folder / CURRENT
        current = pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else ""
        for left in self._folder.iterdir():
            if left.is_dir() and left.name not in {current, _SNAPSHOTS}:
                _remove(left)
        if current:
            written = (self._folder / current / _PROTECTED).read_text(encoding="utf-8")
            await self._scribe.open(self._folder / current / STORE)
            self._base = current.partition("-")[0]
            self._protected = Protected(json.loads(written))
        name = self._build_name()
        if name != self._base:
            await self._take_over(name)

    async def _follow(self, name: str) -> None:
        """Take over a new build; where that fails, what is there is served on."""
        try:
            async with self._turn:
                await self._take_over(name)
        except (OSError, WriteRefused):
            log.exception("the build %s is not served, since it could not be taken over", name)
            self._not_before = asyncio.get_running_loop().time() + _PAUSE
        finally:
            self._following = None

    async def _take_over(self, name: str) -> None:
        """Make a store of a build and all that was written, and go on with it."""
        assert self._protected, "beside a build there are graphs that are protected"
        fresh = self._folder / f"{name}-{token_hex(4)}"
        fresh.mkdir()
        try:
            answer = await self._scribe.ask(
                b"B",
                build=str(self._build / name / STORE),
                store=str(fresh / STORE),
                protected=sorted(self._protected.graphs),
            )
            written = json.dumps(answer["protected"], indent=1)
            (fresh / _PROTECTED).write_text(written, encoding="utf-8")
            last = point(self._folder, fresh.name)
        except BaseException:
            self._scribe.kill()  # the next one opens the last store again
            _remove(fresh)
            raise
        self._scribe.has_opened(fresh / STORE)
        self._base = name
        self._protected = Protected(answer["protected"])
        self._snapshots.outdate()
        for graph, aside in answer["aside"].items():
            log.warning(
                "the new build has a graph <%s>; what was written is in <%s>", graph, aside
            )
        if last:
            await asyncio.to_thread(_remove, self._folder / last)


def _locked(path: Path) -> IO[str]:
    """Return the lock file, open: it is ours until it is closed or the process ends.

    Raises: CannotWrite, if another process has it.
    """
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        who = file.read().strip() or "another process"
        file.close()
        hint = "stop it, or serve without a token, and so without writing"
        raise CannotWrite(f"{who} serves this for writing already", Place(path), hint) from error
    file.truncate(0)
    file.write(f"process {os.getpid()}\n")
    file.flush()
    return file


def _cannot_write(error: Exception, store: Path) -> CannotWrite:
    message = (getattr(error, "strerror", None) or str(error)).lower()
    if isinstance(error, StoreFailed) and "lock" in message:
        hint = f"stop it; {store / _LOCK} is the file that it has locked"
        return CannotWrite("another process has the store open", Place(store), hint)
    return CannotWrite(f"the store cannot be opened for writing: {message}", Place(store))


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _quiet(task: asyncio.Task[Result]) -> asyncio.Task[Result]:
    """Return a task whose failure is no news where no one waits for it any more."""
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task
