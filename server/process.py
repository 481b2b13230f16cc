"""A process beside the web process: it is asked over a socket, and may be killed at any moment.

What crosses the socket are frames: one byte that tells the kind, the length in four bytes, then
the payload. The web process has the asynchronous end, `Process`; the other one has `Channel`.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self, cast

_HEAD = struct.Struct("!cI")
END = struct.Struct("!Qd")  # what the end of an answer tells: its rows, and the milliseconds
# The kind of a frame that takes back those before it, as many as its payload says in one byte.
TAKE_BACK = b"C"
# Of each size of memory glibc has 7 pieces at hand, where the engine takes and returns some for
# every row: with more a join takes a fortieth less. An operator may say otherwise, or preload
# another allocator. https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
_TUNED = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=512"}
_NEW_USER_AND_NETWORK = 0x10000000 | 0x40000000  # CLONE_NEWUSER | CLONE_NEWNET of sched.h


class Frame(NamedTuple):
    """What is said at once: a kind of one byte, and what belongs to it."""

    kind: bytes
    payload: bytes

    def json(self) -> Any:
        """Return the payload as JSON."""
        return json.loads(self.payload.decode())


class Ended(Exception):
    """The process is gone: it was killed, or it died."""


class Process(asyncio.Protocol):
    """A Python module that runs as a process of its own, seen from the web process.

    Attributes:
        when_told: what is called with the frames that come, at once with all that are there; as
                   long as there is nothing, they wait for `receive`.
        when_ended: what is called once when it is gone, if anything is.
    """

    def __init__(self, process: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop) -> None:
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
    async def start(cls, module: str, *arguments: str) -> Self:
        """Start `python -m MODULE FD ARGUMENT…`, where FD is its end of the socket.

        Raises: OSError, if the system has no room for another process.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = _run(module, theirs, arguments)
            except BaseException:
                ours.close()
                raise
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
        self._written += _HEAD.pack(kind, len(payload)), payload

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
        frames = _taken(self._buffer)
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


class Channel:
    """The end of the socket that a process has which is asked: blocking, one request at a time."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._buffer = bytearray()

    def __enter__(self) -> Self:
        """Do nothing; the end of the block closes the socket."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up: the web process learns of it, and so does `wait_for_end`."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def requests(self) -> Iterator[Frame]:
        """Yield what is asked, until the web process is gone.

        What is taken back before it is yielded becomes a frame of the kind `TAKE_BACK`.
        """
        # Linux wakes who sleeps in `recv` once more when the other end takes in what was said, and
        # not who sleeps in `poll`: that halves the switches between processes.
        asked = select.poll()
        asked.register(self._socket, select.POLLIN)
        waiting: deque[Frame] = deque()
        while True:
            # While others wait, no one sleeps: only what takes them back is looked for.
            if asked.poll(0 if waiting else None) and not self._take_in(waiting):
                yield from waiting
                return
            if waiting:
                yield waiting.popleft()

    def _take_in(self, waiting: deque[Frame]) -> bool:
        """Read what has come; return whether more may come."""
        data = b""
        with contextlib.suppress(ConnectionError):
            data = self._socket.recv(1 << 16)
        self._buffer += data
        for frame in _taken(self._buffer):
            if frame.kind == TAKE_BACK:
                for nth in range(1, min(len(waiting), frame.payload[0]) + 1):
                    waiting[-nth] = frame  # what was yielded is past taking back
            else:
                waiting.append(frame)
        return bool(data)

    def wait_for_end(self) -> None:
        """Return when the web process is gone or this end was hung up.

        For the main thread, while another one works: what is asked may keep that one busy long
        after there is no one left to tell.
        """
        hung_up = select.poll()
        hung_up.register(self._socket, 0)
        hung_up.poll()

    def send(self, *frames: tuple[bytes, bytes]) -> None:
        """Send frames; wait while the web process does not read.

        Raises: ConnectionError, if it is gone.
        """
        self._socket.sendall(
            b"".join(_HEAD.pack(kind, len(payload)) + payload for kind, payload in frames)
        )


def confine(memory: int, *, outbound: bool) -> None:
    """Take from this process what it does not need: memory (in bytes, -1 for all), the network."""
    # Ctrl-C and the end of a service go to all processes; the web process says what follows.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not outbound:  # containers and hardened systems refuse; the scans refuse SERVICE and LOAD
        with contextlib.suppress(AttributeError):  # of Linux
            ctypes.CDLL(None).unshare(_NEW_USER_AND_NETWORK)


def _run(
    module: str, theirs: socket.socket, arguments: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    # -P: what lies in the current folder is no module of ours, whatever its name.
    command = [sys.executable, "-P", "-m", module, str(theirs.fileno()), *arguments]
    # glibc reserves address space for each thread that allocates: half a gigabyte for the engine.
    environment = {**_TUNED, **os.environ, "MALLOC_ARENA_MAX": "1"}
    return subprocess.Popen(  # noqa: S603 a module of ours; returns in a millisecond
        command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], env=environment
    )


def _taken(buffer: bytearray) -> list[Frame]:
    """Take the whole frames off the front of what was received."""
    frames = []
    at, whole = 0, len(buffer)
    with memoryview(buffer) as seen:  # a slice of the buffer itself would be copied twice
        while whole - at >= _HEAD.size:
            kind, length = _HEAD.unpack_from(seen, at)
            begin = at + _HEAD.size
            if whole - begin < length:
                break
            at = begin + length
            frames.append(Frame(kind, bytes(seen[begin:at])))
    if frames:
        del buffer[:at]
    return frames
