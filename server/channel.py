"""The end of a socket that a process has which the web process asks, and the frames that cross it.

A frame is one byte that tells the kind, the length in four bytes, then the payload. The other end
is `server.process`. It is another module since `asyncio`, which that one needs, is half of what a
worker would import.
"""

import ctypes
import json
import resource
import select
import signal
import socket
import struct
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple, Self

HEAD = struct.Struct("!cI")
END = struct.Struct("!Qd")  # what the end of an answer tells: its rows, and the milliseconds
# The kind of a frame that takes back those before it, as many as its payload says in one byte.
TAKE_BACK = b"C"
_NEW_USER_AND_NETWORK = 0x10000000 | 0x40000000  # CLONE_NEWUSER | CLONE_NEWNET of sched.h


class Frame(NamedTuple):
    """What is said at once: a kind of one byte, and what belongs to it."""

    kind: bytes
    payload: bytes

    def json(self) -> Any:
        """Return the payload as JSON."""
        return json.loads(self.payload.decode())


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
        with suppress(OSError):
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
        with suppress(ConnectionError):
            data = self._socket.recv(1 << 16)
        self._buffer += data
        for frame in taken(self._buffer):
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
            b"".join(HEAD.pack(kind, len(payload)) + payload for kind, payload in frames)
        )


def confine(memory: int, *, outbound: bool) -> None:
    """Take from this process what it does not need: memory (in bytes, -1 for all), the network."""
    # Ctrl-C and the end of a service go to all processes; the web process says what follows.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not outbound:  # containers and hardened systems refuse; the scans refuse SERVICE and LOAD
        with suppress(AttributeError):  # of Linux
            ctypes.CDLL(None).unshare(_NEW_USER_AND_NETWORK)


def taken(buffer: bytearray) -> list[Frame]:
    """Take the whole frames off the front of what was received, and return them."""
    frames = []
    at, whole = 0, len(buffer)
    with memoryview(buffer) as seen:  # a slice of the buffer itself would be copied twice
        while whole - at >= HEAD.size:
            kind, length = HEAD.unpack_from(seen, at)
            begin = at + HEAD.size
            if whole - begin < length:
                break
            at = begin + length
            frames.append(Frame(kind, bytes(seen[begin:at])))
    if frames:
        del buffer[:at]
    return frames
