"""A process beside the web process: it is asked over a socket, and may be killed at any moment.

The web process has the asynchronous end, `Process`; the other one has `server.channel`.
"""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self, cast

from server.channel import HEAD, Frame, taken
from server.forks import NUMBER, adopt

# The engine takes memory and returns it for every row. Of each size glibc has 7 pieces at hand:
# with more a join takes a fortieth less; with mimalloc 6 to 10 % less.
# https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
_TUNED = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=512"}
# Where its package has mimalloc, below a folder that Python imports from.
_ALLOCATOR = Path("cmeel.prefix", "lib", "libmimalloc.so")
# It reserves a gigabyte at first, of the address space that is bounded; and huge pages, which are
# cleared as they are first used, kept all others waiting, for 20 to 130 ms at a time.
_TAMED = {"MIMALLOC_ARENA_RESERVE": "64MiB", "MIMALLOC_ALLOW_THP": "0"}
# Even so it takes 100 MB before there is any data: too much of a bound below ten times that.
_LEAST_FOR_MIMALLOC = 1_000_000_000
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Fork:
    """A process that is a fork of another one, and a child of this one: as `Popen` has it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def kill(self) -> None:
        """End it, unless it was waited for: its number may be another's by then."""
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Return how it ended, negative for a signal."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status


class Ended(Exception):
    """The process is gone: it was killed, or it died."""


class Process(asyncio.Protocol):
    """A Python module that runs as a process of its own, seen from the web process.

    Attributes:
        when_told: what is called with the frames that come, at once with all that are there; as
                   long as there is nothing, they wait for `receive`.
        when_ended: what is called once when it is gone, if anything is.
    """

    def __init__(
        self, process: subprocess.Popen[bytes] | Fork, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.when_told: Callable[[list[Frame]], None] | None = None
        self.when_ended: Callable[[], None] | None = None
        self._process = process
        self._loop = loop  # to ask for it, each time, is a system call
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._written: list[bytes] = []
        self._frames: deque[Frame] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._is_paused = False

    @classmethod
    async def start(
        cls, module: str, *arguments: str, variables: Mapping[str, str] = _NOTHING
    ) -> Self:
        """Start `python -m MODULE FD ARGUMENT…`, where FD is its end of the socket.

        Its environment has those variables that ours has not.
        Raises: OSError, if the system has no room for another process.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = _run(module, theirs, arguments, variables)
            except BaseException:
                ours.close()
                raise
        return await cls.connected(process, ours)

    @classmethod
    async def connected(cls, process: subprocess.Popen[bytes] | Fork, ours: socket.socket) -> Self:
        """Return a process that has the other end of a socket."""
        loop = asyncio.get_running_loop()
        try:
            _, started = await loop.create_connection(lambda: cls(process, loop), sock=ours)
        except BaseException:
            ours.close()
            process.kill()
            process.wait()
            raise
        return started

    @property
    def pid(self) -> int:
        """Return its number."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Return whether it can be asked."""
        return not self._ended

    def send(self, kind: bytes, payload: bytes) -> None:
        """Send a frame, together with all others of this turn of the loop.

        A system call and the wake-up of a process are most of what a small query costs here.
        """
        if not self._written:
            self._loop.call_soon(self._write)
        self._written += HEAD.pack(kind, len(payload)), payload

    async def receive(self) -> Frame:
        """Return the next frame.

        Raises: Ended, if there is none left and the process is gone.
        """
        while not self._frames:
            if self._ended:
                raise Ended
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._frames.popleft()

    def pause(self) -> None:
        """Read no more: the socket fills, and the process waits when it has more to say."""
        if self._transport and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on, if reading was paused."""
        if self._transport and self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    def kill(self) -> None:
        """End the process now, whatever it does."""
        self._process.kill()
        if self._transport:
            self._transport.abort()
        self._end()

    async def exit_status(self) -> int:
        """Return how it ended, negative for a signal; wait until the system has cleared it away.

        That takes a quarter of a second where it had a gigabyte.
        """
        return await asyncio.to_thread(self._process.wait)

    async def end(self) -> None:
        """Wait until it has ended, and leave it to `exit_status` to clear it away."""
        if hasattr(os, "waitid"):  # not on macOS
            ended = os.WEXITED | os.WNOWAIT
            with contextlib.suppress(ChildProcessError):  # it is cleared away
                await asyncio.to_thread(os.waitid, os.P_PID, self.pid, ended)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, see asyncio."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        """Take in what the process sent, see asyncio."""
        self._buffer += data
        frames = taken(self._buffer)
        if not self.when_told:
            self._frames.extend(frames)
            self._wake()
        elif frames:
            self.when_told(frames)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio's signature
        """Take note that the process is gone, see asyncio."""
        self._end()

    def _write(self) -> None:
        if self._transport:
            self._transport.write(b"".join(self._written))
        self._written.clear()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._wake()
        if self.when_ended:
            self.when_ended()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


class ForkServer:
    """Starts processes of one module, each a fork of one that has imported it, see `server.forks`.

    That takes a quarter of the time. Where the system has no such thing, each starts anew. Their
    environment has those variables that ours has not.
    """

    def __init__(self, module: str, variables: Mapping[str, str] = _NOTHING) -> None:
        self._module = module
        self._variables = variables
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._turn = asyncio.Lock()

    async def start(self, *arguments: str) -> Process:
        """Start `python -m MODULE FD ARGUMENT…`, where FD is its end of the socket.

        Raises: OSError, if the system has no room for another process.
        """
        if not adopt():
            return await Process.start(self._module, *arguments, variables=self._variables)
        ours, theirs = socket.socketpair()
        asked = asyncio.create_task(self._fork(theirs, arguments))
        try:
            fork = await asyncio.shield(asked)
        except BaseException:
            ours.close()
            with contextlib.suppress(OSError):
                fork = await asked
                fork.kill()
                fork.wait()
            raise
        return await Process.connected(fork, ours)

    async def close(self) -> None:
        """End what forks; what was started lives on."""
        if self._control and self._process:
            self._control.close()
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    async def _fork(self, theirs: socket.socket, arguments: tuple[str, ...]) -> Fork:
        with theirs:
            async with self._turn:
                control = self._running()
                socket.send_fds(control, [" ".join(arguments).encode()], [theirs.fileno()])
                told = await asyncio.get_running_loop().sock_recv(control, NUMBER)
        if not told:
            raise OSError("what forks was ended in just that moment")
        if not (pid := int.from_bytes(told, "big")):
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return Fork(pid)

    def _running(self) -> socket.socket:
        """Return the socket of what forks, which is started if it is not there or no longer."""
        if not self._control or not self._process or self._process.poll() is not None:
            if self._control:
                self._control.close()
            self._control, theirs = socket.socketpair()
            self._control.settimeout(0)  # as `sock_recv` has it
            with theirs:
                self._process = _run("server.forks", theirs, (self._module,), self._variables)
        return self._control


def allocator(memory: int) -> dict[str, str]:
    """Return the variables of a process that allocates by mimalloc, if that is here.

    None, where the process may have so few bytes of address space that it misses what that takes.
    """
    if sys.platform == "linux" and memory >= _LEAST_FOR_MIMALLOC:
        for folder in map(Path, sys.path):
            if (library := folder / _ALLOCATOR).is_file():
                return {"LD_PRELOAD": str(library.resolve()), **_TAMED}
    return {}


def _run(
    module: str, theirs: socket.socket, arguments: tuple[str, ...], variables: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    # -P: what lies in the current folder is no module of ours, whatever its name.
    command = [sys.executable, "-P", "-m", module, str(theirs.fileno()), *arguments]
    # An operator may say otherwise, but for this one: glibc reserves address space for each thread
    # that allocates, half a gigabyte for the engine.
    environment = {**_TUNED, **variables, **os.environ, "MALLOC_ARENA_MAX": "1"}
    return subprocess.Popen(  # noqa: S603 a module of ours; returns in a millisecond
        command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], env=environment
    )
